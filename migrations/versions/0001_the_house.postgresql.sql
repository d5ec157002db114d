CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'append-only: %% on %% refused', TG_OP, TG_TABLE_NAME USING ERRCODE = '23514';
END $$
--
CREATE TABLE events (
    sequence BIGSERIAL NOT NULL,
    kind VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    person VARCHAR NOT NULL,
    organisation VARCHAR NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    rule_version VARCHAR NOT NULL,
    data JSONB NOT NULL,
    digest VARCHAR NOT NULL,
    CONSTRAINT pk_events PRIMARY KEY (sequence)
)
--
CREATE INDEX ix_events_subject_sequence ON events (subject, sequence)
--
CREATE INDEX ix_events_kind_sequence ON events (kind, sequence)
--
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events EXECUTE FUNCTION refuse_change()
--
CREATE TABLE clock_shift (
    id INTEGER NOT NULL,
    seconds BIGINT NOT NULL,
    CONSTRAINT pk_clock_shift PRIMARY KEY (id),
    CONSTRAINT ck_clock_shift_there_is_one CHECK (id = 1)
)
--
CREATE TABLE idempotency_keys (
    tenant VARCHAR NOT NULL,
    key VARCHAR NOT NULL,
    fingerprint VARCHAR NOT NULL,
    status INTEGER,
    content_type VARCHAR,
    location VARCHAR,
    body VARCHAR,
    claimed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_idempotency_keys PRIMARY KEY (tenant, key),
    CONSTRAINT ck_idempotency_keys_key_is_short CHECK (length(key) BETWEEN 1 AND 200)
)
--
CREATE INDEX ix_idempotency_keys_claimed_at ON idempotency_keys (claimed_at)
--
CREATE TABLE clocks (
    id BIGSERIAL NOT NULL,
    subject VARCHAR NOT NULL,
    life VARCHAR NOT NULL,
    key VARCHAR NOT NULL,
    limit_days INTEGER NOT NULL,
    "natural" BOOLEAN NOT NULL,
    started_on DATE NOT NULL,
    due_on DATE NOT NULL,
    provisional BOOLEAN NOT NULL,
    pauses JSONB NOT NULL,
    completed_on DATE,
    overdue_step VARCHAR,
    CONSTRAINT pk_clocks PRIMARY KEY (id),
    CONSTRAINT ck_clocks_limit_is_a_day_or_more CHECK (limit_days >= 1)
)
--
CREATE INDEX ix_clocks_due_on_id ON clocks (due_on, id)
--
CREATE INDEX ix_clocks_subject_id ON clocks (subject, id)
--
CREATE UNIQUE INDEX uq_clocks_one_running_per_subject ON clocks (subject) WHERE completed_on IS NULL
--
CREATE TABLE organisations (
    uscc VARCHAR NOT NULL,
    name_zh VARCHAR NOT NULL,
    name_en VARCHAR NOT NULL,
    region VARCHAR NOT NULL,
    entered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_organisations PRIMARY KEY (id),
    CONSTRAINT uq_organisations_uscc UNIQUE (uscc),
    CONSTRAINT ck_organisations_uscc_has_18_characters CHECK (length(uscc) = 18),
    CONSTRAINT ck_organisations_region_has_6_digits CHECK (length(region) = 6)
)
--
CREATE TABLE people (
    id VARCHAR NOT NULL,
    login VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    password_hash VARCHAR NOT NULL,
    failures INTEGER NOT NULL,
    locked_until TIMESTAMP WITH TIME ZONE,
    entered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_people PRIMARY KEY (id),
    CONSTRAINT uq_people_login UNIQUE (login),
    CONSTRAINT ck_people_failures_not_negative CHECK (failures >= 0)
)
--
CREATE TABLE seals (
    number BIGINT NOT NULL,
    previous VARCHAR NOT NULL,
    root VARCHAR NOT NULL,
    size INTEGER NOT NULL,
    sealed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    digest VARCHAR NOT NULL,
    alg VARCHAR NOT NULL,
    key_id VARCHAR NOT NULL,
    signature VARCHAR NOT NULL,
    CONSTRAINT pk_seals PRIMARY KEY (number)
)
--
CREATE TRIGGER seals_append_only BEFORE UPDATE OR DELETE ON seals FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER seals_no_truncate BEFORE TRUNCATE ON seals EXECUTE FUNCTION refuse_change()
--
CREATE TABLE job_runs (
    job VARCHAR NOT NULL,
    slot BIGINT NOT NULL,
    CONSTRAINT pk_job_runs PRIMARY KEY (job, slot)
)
--
CREATE TABLE errands (
    id BIGSERIAL NOT NULL,
    event_sequence BIGINT NOT NULL,
    reaction VARCHAR NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    attempts INTEGER NOT NULL,
    last_error VARCHAR,
    CONSTRAINT pk_errands PRIMARY KEY (id),
    CONSTRAINT fk_errands_event_sequence_events FOREIGN KEY(event_sequence) REFERENCES events (sequence)
)
--
CREATE INDEX ix_errands_due_at_id ON errands (due_at, id)
--
CREATE TABLE organisation_roles (
    id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    role VARCHAR NOT NULL,
    granted_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_organisation_roles PRIMARY KEY (id),
    CONSTRAINT uq_organisation_roles_organisation_id_role UNIQUE (organisation_id, role),
    CONSTRAINT fk_organisation_roles_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE TABLE memberships (
    person_id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    duties JSONB NOT NULL,
    CONSTRAINT pk_memberships PRIMARY KEY (person_id, organisation_id),
    CONSTRAINT fk_memberships_person_id_people FOREIGN KEY(person_id) REFERENCES people (id),
    CONSTRAINT fk_memberships_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_memberships_organisation_id ON memberships (organisation_id)
--
CREATE TABLE sign_ins (
    id VARCHAR NOT NULL,
    secret_hash VARCHAR NOT NULL,
    csrf VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    signed_in_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_sign_ins PRIMARY KEY (id),
    CONSTRAINT uq_sign_ins_secret_hash UNIQUE (secret_hash),
    CONSTRAINT fk_sign_ins_person_id_people FOREIGN KEY(person_id) REFERENCES people (id),
    CONSTRAINT fk_sign_ins_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_sign_ins_person_id ON sign_ins (person_id)
--
CREATE TABLE api_tokens (
    id VARCHAR NOT NULL,
    secret_hash VARCHAR NOT NULL,
    label VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    scopes JSONB NOT NULL,
    issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_api_tokens PRIMARY KEY (id),
    CONSTRAINT uq_api_tokens_secret_hash UNIQUE (secret_hash),
    CONSTRAINT fk_api_tokens_person_id_people FOREIGN KEY(person_id) REFERENCES people (id),
    CONSTRAINT fk_api_tokens_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_api_tokens_person_id ON api_tokens (person_id)
--
CREATE TABLE sealed_events (
    event_sequence BIGINT NOT NULL,
    seal_number BIGINT NOT NULL,
    position INTEGER NOT NULL,
    leaf VARCHAR NOT NULL,
    CONSTRAINT pk_sealed_events PRIMARY KEY (event_sequence),
    CONSTRAINT uq_sealed_events_seal_number_position UNIQUE (seal_number, position),
    CONSTRAINT fk_sealed_events_seal_number_seals FOREIGN KEY(seal_number) REFERENCES seals (number)
)
--
CREATE TRIGGER sealed_events_append_only BEFORE UPDATE OR DELETE ON sealed_events FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER sealed_events_no_truncate BEFORE TRUNCATE ON sealed_events EXECUTE FUNCTION refuse_change()
