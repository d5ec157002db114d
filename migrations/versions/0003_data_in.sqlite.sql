CREATE TABLE uploads (
    organisation_id VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    size_bytes INTEGER NOT NULL,
    part_bytes INTEGER NOT NULL,
    sha256 VARCHAR,
    dataset_id VARCHAR NOT NULL,
    opened_at DATETIME NOT NULL,
    claimed_at DATETIME,
    stage VARCHAR,
    problems JSON,
    tidied BOOLEAN NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_uploads PRIMARY KEY (id),
    CONSTRAINT ck_uploads_size_positive CHECK (size_bytes > 0),
    CONSTRAINT ck_uploads_part_positive CHECK (part_bytes > 0),
    CONSTRAINT fk_uploads_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_uploads_state_id ON uploads (state, id)
--
CREATE INDEX ix_uploads_organisation_id_id ON uploads (organisation_id, id)
--
CREATE TABLE datasets (
    id VARCHAR NOT NULL,
    owner_id VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    made_at DATETIME NOT NULL,
    CONSTRAINT pk_datasets PRIMARY KEY (id),
    CONSTRAINT fk_datasets_owner_id_organisations FOREIGN KEY(owner_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_datasets_owner_id_id ON datasets (owner_id, id)
--
CREATE TABLE upload_parts (
    upload_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    sha256 VARCHAR NOT NULL,
    CONSTRAINT pk_upload_parts PRIMARY KEY (upload_id, number),
    CONSTRAINT ck_upload_parts_number_positive CHECK (number > 0),
    CONSTRAINT fk_upload_parts_upload_id_uploads FOREIGN KEY(upload_id) REFERENCES uploads (id)
)
--
CREATE TABLE dataset_versions (
    id VARCHAR NOT NULL,
    dataset_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    delta_version INTEGER NOT NULL,
    upload_id VARCHAR NOT NULL,
    format VARCHAR NOT NULL,
    size_bytes INTEGER NOT NULL,
    sha256 VARCHAR NOT NULL,
    row_count INTEGER NOT NULL,
    columns JSON NOT NULL,
    grade VARCHAR NOT NULL,
    pi_class VARCHAR NOT NULL,
    profile JSON NOT NULL,
    sample JSON NOT NULL,
    loaded_at DATETIME NOT NULL,
    CONSTRAINT pk_dataset_versions PRIMARY KEY (id),
    CONSTRAINT uq_dataset_versions_dataset_id_number UNIQUE (dataset_id, number),
    CONSTRAINT uq_dataset_versions_upload_id UNIQUE (upload_id),
    CONSTRAINT ck_dataset_versions_number_positive CHECK (number > 0),
    CONSTRAINT ck_dataset_versions_rows_positive CHECK (row_count > 0),
    CONSTRAINT fk_dataset_versions_dataset_id_datasets FOREIGN KEY(dataset_id) REFERENCES datasets (id),
    CONSTRAINT fk_dataset_versions_upload_id_uploads FOREIGN KEY(upload_id) REFERENCES uploads (id)
)
--
CREATE TRIGGER dataset_versions_no_update BEFORE UPDATE ON dataset_versions BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER dataset_versions_no_delete BEFORE DELETE ON dataset_versions BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER dataset_versions_no_replace BEFORE INSERT ON dataset_versions WHEN EXISTS (SELECT 1 FROM dataset_versions WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
