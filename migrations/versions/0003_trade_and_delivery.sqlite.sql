CREATE TABLE new_delivery_tasks (
    order_id VARCHAR NOT NULL,
    order_line_id VARCHAR NOT NULL,
    product_version_id VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    seller_id VARCHAR NOT NULL,
    authorisation_id VARCHAR,
    resource_id VARCHAR,
    dataset_version_id VARCHAR,
    mode VARCHAR NOT NULL,
    grade VARCHAR NOT NULL,
    pi_class VARCHAR NOT NULL,
    origin VARCHAR NOT NULL,
    purpose_code VARCHAR NOT NULL,
    items JSON NOT NULL,
    output_form VARCHAR,
    region VARCHAR NOT NULL,
    suspended_with VARCHAR,
    rows_delivered INTEGER NOT NULL,
    reads INTEGER NOT NULL,
    opened_at DATETIME NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_delivery_tasks PRIMARY KEY (id),
    CONSTRAINT uq_delivery_tasks_order_line_id UNIQUE (order_line_id),
    CONSTRAINT ck_delivery_tasks_rows_delivered_not_negative CHECK (rows_delivered >= 0),
    CONSTRAINT ck_delivery_tasks_reads_not_negative CHECK (reads >= 0),
    CONSTRAINT fk_delivery_tasks_buyer_id_organisations FOREIGN KEY(buyer_id) REFERENCES organisations (id),
    CONSTRAINT fk_delivery_tasks_seller_id_organisations FOREIGN KEY(seller_id) REFERENCES organisations (id),
    CONSTRAINT fk_delivery_tasks_authorisation_id_authorisations FOREIGN KEY(authorisation_id) REFERENCES authorisations (id),
    CONSTRAINT fk_delivery_tasks_resource_id_resources FOREIGN KEY(resource_id) REFERENCES resources (id),
    CONSTRAINT fk_delivery_tasks_dataset_version_id_dataset_versions FOREIGN KEY(dataset_version_id) REFERENCES dataset_versions (id)
)
--
INSERT INTO new_delivery_tasks (order_id, order_line_id, product_version_id, buyer_id, seller_id, authorisation_id, resource_id, mode, grade, pi_class, origin, purpose_code, items, output_form, region, suspended_with, rows_delivered, reads, opened_at, id, state, version)
SELECT order_id, order_line_id, (SELECT v.id FROM order_lines l JOIN product_versions v ON v.id = l.product_version_id WHERE l.id = delivery_tasks.order_line_id), buyer_id, seller_id, authorisation_id, resource_id, (SELECT l.delivery_mode FROM order_lines l JOIN product_versions v ON v.id = l.product_version_id WHERE l.id = delivery_tasks.order_line_id), (SELECT v.grade FROM order_lines l JOIN product_versions v ON v.id = l.product_version_id WHERE l.id = delivery_tasks.order_line_id), (SELECT v.pi_class FROM order_lines l JOIN product_versions v ON v.id = l.product_version_id WHERE l.id = delivery_tasks.order_line_id), (SELECT v.source_kind FROM order_lines l JOIN product_versions v ON v.id = l.product_version_id WHERE l.id = delivery_tasks.order_line_id), purpose_code, items, output_form, region, suspended_with, rows_delivered, reads, opened_at, id, state, version FROM delivery_tasks
--
DROP TABLE delivery_tasks
--
ALTER TABLE new_delivery_tasks RENAME TO delivery_tasks
--
CREATE INDEX ix_delivery_tasks_buyer_id_id ON delivery_tasks (buyer_id, id)
--
CREATE INDEX ix_delivery_tasks_seller_id_id ON delivery_tasks (seller_id, id)
--
CREATE INDEX ix_delivery_tasks_authorisation_id_state_id ON delivery_tasks (authorisation_id, state, id)
--
CREATE INDEX ix_delivery_tasks_order_id_id ON delivery_tasks (order_id, id)
--
CREATE TABLE new_product_versions (
    id VARCHAR NOT NULL,
    product_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    title_zh VARCHAR NOT NULL,
    title_en VARCHAR NOT NULL,
    intro VARCHAR NOT NULL,
    product_type VARCHAR NOT NULL,
    industry VARCHAR NOT NULL,
    application_field VARCHAR NOT NULL,
    region_coverage JSON NOT NULL,
    update_frequency VARCHAR NOT NULL,
    temporal_from DATE,
    temporal_to DATE,
    grade VARCHAR NOT NULL,
    pi_class VARCHAR NOT NULL,
    source_kind VARCHAR NOT NULL,
    authorisation_id VARCHAR,
    scenario_id VARCHAR,
    resource_id VARCHAR,
    dataset_version_id VARCHAR,
    items JSON NOT NULL,
    output_form VARCHAR,
    delivery_mode VARCHAR NOT NULL,
    price_plan JSON NOT NULL,
    accept_days INTEGER NOT NULL,
    dictionary JSON NOT NULL,
    sample JSON NOT NULL,
    quality JSON,
    digest VARCHAR NOT NULL,
    written_at DATETIME NOT NULL,
    written_by VARCHAR NOT NULL,
    CONSTRAINT pk_product_versions PRIMARY KEY (id),
    CONSTRAINT uq_product_versions_product_id_number UNIQUE (product_id, number),
    CONSTRAINT ck_product_versions_number_positive CHECK (number > 0),
    CONSTRAINT ck_product_versions_accept_days_positive CHECK (accept_days > 0),
    CONSTRAINT ck_product_versions_public_data_names_its_authorisation CHECK ((source_kind = 'public_authorised') = (authorisation_id IS NOT NULL)),
    CONSTRAINT ck_product_versions_public_data_names_its_scenario CHECK ((source_kind = 'public_authorised') = (scenario_id IS NOT NULL)),
    CONSTRAINT ck_product_versions_public_data_stays_in_its_resource CHECK (dataset_version_id IS NULL OR source_kind <> 'public_authorised'),
    CONSTRAINT fk_product_versions_product_id_products FOREIGN KEY(product_id) REFERENCES products (id),
    CONSTRAINT fk_product_versions_dataset_version_id_dataset_versions FOREIGN KEY(dataset_version_id) REFERENCES dataset_versions (id)
)
--
INSERT INTO new_product_versions (id, product_id, number, title_zh, title_en, intro, product_type, industry, application_field, region_coverage, update_frequency, temporal_from, temporal_to, grade, pi_class, source_kind, authorisation_id, scenario_id, resource_id, items, output_form, delivery_mode, price_plan, accept_days, dictionary, sample, quality, digest, written_at, written_by)
SELECT id, product_id, number, title_zh, title_en, intro, product_type, industry, application_field, region_coverage, update_frequency, temporal_from, temporal_to, grade, pi_class, source_kind, authorisation_id, scenario_id, resource_id, items, output_form, delivery_mode, price_plan, accept_days, dictionary, sample, quality, digest, written_at, written_by FROM product_versions
--
DROP TABLE product_versions
--
ALTER TABLE new_product_versions RENAME TO product_versions
--
CREATE INDEX ix_product_versions_authorisation_id_product_id ON product_versions (authorisation_id, product_id)
--
CREATE INDEX ix_product_versions_industry_id ON product_versions (industry, id)
--
CREATE INDEX ix_product_versions_dataset_version_id_product_id ON product_versions (dataset_version_id, product_id)
--
CREATE TRIGGER product_versions_no_update BEFORE UPDATE ON product_versions BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER product_versions_no_delete BEFORE DELETE ON product_versions BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER product_versions_no_replace BEFORE INSERT ON product_versions WHEN EXISTS (SELECT 1 FROM product_versions WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
