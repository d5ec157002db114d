DROP TABLE product_terms
--
ALTER TABLE fee_rules ADD COLUMN steps JSONB
--
UPDATE fee_rules SET steps = '[]'
--
ALTER TABLE fee_rules ALTER COLUMN steps SET NOT NULL
--
ALTER TABLE fee_rules ADD COLUMN scale VARCHAR
--
ALTER TABLE fee_rules ADD COLUMN every VARCHAR
--
UPDATE fee_rules SET every = 'product'
--
ALTER TABLE fee_rules ALTER COLUMN every SET NOT NULL
--
ALTER TABLE fee_rules ADD CONSTRAINT ck_fee_rules_scale_is_known CHECK (scale IS NULL OR scale IN ('order', 'year'))
--
ALTER TABLE fee_rules ADD CONSTRAINT ck_fee_rules_every_is_known CHECK (every IN ('product', 'version', 'year'))
--
ALTER TABLE subscription_slices ADD COLUMN sponsored_minor BIGINT
--
UPDATE subscription_slices SET sponsored_minor = 0
--
ALTER TABLE subscription_slices ALTER COLUMN sponsored_minor SET NOT NULL
--
ALTER TABLE subscription_slices ADD CONSTRAINT ck_subscription_slices_sponsored_not_negative CHECK (sponsored_minor >= 0)
--
CREATE TABLE taken_parts (
    source_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    obligation_id VARCHAR NOT NULL,
    share_code VARCHAR NOT NULL,
    share_owner VARCHAR NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency VARCHAR NOT NULL,
    CONSTRAINT pk_taken_parts PRIMARY KEY (source_id, position),
    CONSTRAINT ck_taken_parts_amount_positive CHECK (amount_minor > 0)
)
--
CREATE INDEX ix_taken_parts_obligation_id_share_code_share_owner ON taken_parts (obligation_id, share_code, share_owner)
--
CREATE TRIGGER taken_parts_append_only BEFORE UPDATE OR DELETE ON taken_parts FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER taken_parts_no_truncate BEFORE TRUNCATE ON taken_parts EXECUTE FUNCTION refuse_change()
--
CREATE INDEX ix_reconciliation_breaks_key_state ON reconciliation_breaks (key, state)
--
CREATE TABLE search_entries (
    number BIGSERIAL NOT NULL,
    kind VARCHAR NOT NULL,
    subject_id VARCHAR NOT NULL,
    shown BOOLEAN NOT NULL,
    code VARCHAR NOT NULL,
    title_zh VARCHAR NOT NULL,
    title_en VARCHAR NOT NULL,
    summary VARCHAR NOT NULL,
    owner_id VARCHAR NOT NULL,
    CONSTRAINT pk_search_entries PRIMARY KEY (number),
    CONSTRAINT uq_search_entries_kind_subject_id UNIQUE (kind, subject_id),
    CONSTRAINT fk_search_entries_owner_id_organisations FOREIGN KEY(owner_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_search_entries_kind_shown_number ON search_entries (kind, shown, number)
--
ALTER TABLE products ADD COLUMN own_code VARCHAR
--
ALTER TABLE products ADD COLUMN valid_until DATE
--
ALTER TABLE products ADD COLUMN ended_as VARCHAR
--
ALTER TABLE products ADD CONSTRAINT uq_products_owner_id_own_code UNIQUE (owner_id, own_code)
--
ALTER TABLE products ADD CONSTRAINT ck_products_only_what_ended_ended_somehow CHECK (ended_as IS NULL OR state = 'delisted')
--
CREATE INDEX ix_products_state_valid_until ON products (state, valid_until)
--
CREATE INDEX ix_obligations_seller_id_accepted_on ON obligations (seller_id, accepted_on)
--
CREATE TABLE saved_searches (
    id VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    kind VARCHAR,
    chosen JSONB NOT NULL,
    seen BIGINT NOT NULL,
    saved_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_saved_searches PRIMARY KEY (id),
    CONSTRAINT fk_saved_searches_person_id_people FOREIGN KEY(person_id) REFERENCES people (id)
)
--
CREATE INDEX ix_saved_searches_person_id_id ON saved_searches (person_id, id)
--
CREATE TABLE search_terms (
    term VARCHAR NOT NULL,
    entry BIGINT NOT NULL,
    weight INTEGER NOT NULL,
    CONSTRAINT pk_search_terms PRIMARY KEY (term, entry),
    CONSTRAINT fk_search_terms_entry_search_entries FOREIGN KEY(entry) REFERENCES search_entries (number)
)
--
CREATE INDEX ix_search_terms_entry ON search_terms (entry)
--
CREATE TABLE search_facets (
    facet VARCHAR NOT NULL,
    value VARCHAR NOT NULL,
    entry BIGINT NOT NULL,
    CONSTRAINT pk_search_facets PRIMARY KEY (facet, value, entry),
    CONSTRAINT fk_search_facets_entry_search_entries FOREIGN KEY(entry) REFERENCES search_entries (number)
)
--
CREATE INDEX ix_search_facets_entry ON search_facets (entry)
--
CREATE TABLE product_materials (
    id VARCHAR NOT NULL,
    owner_id VARCHAR NOT NULL,
    product_id VARCHAR,
    kind VARCHAR NOT NULL,
    form VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    said VARCHAR NOT NULL,
    media_type VARCHAR,
    digest VARCHAR NOT NULL,
    issuer_id VARCHAR,
    issued_on DATE,
    valid_to DATE,
    due_on DATE,
    sealed BYTEA,
    filed_by VARCHAR NOT NULL,
    filed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_product_materials PRIMARY KEY (id),
    CONSTRAINT ck_product_materials_digest_has_64_digits CHECK (length(digest) = 64),
    CONSTRAINT ck_product_materials_only_files_have_bytes CHECK ((form = 'file') = (sealed IS NOT NULL)),
    CONSTRAINT ck_product_materials_only_promises_fall_due CHECK ((form = 'promise') = (due_on IS NOT NULL)),
    CONSTRAINT fk_product_materials_owner_id_organisations FOREIGN KEY(owner_id) REFERENCES organisations (id),
    CONSTRAINT fk_product_materials_product_id_products FOREIGN KEY(product_id) REFERENCES products (id),
    CONSTRAINT fk_product_materials_issuer_id_organisations FOREIGN KEY(issuer_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_product_materials_owner_id_product_id_id ON product_materials (owner_id, product_id, id)
--
CREATE INDEX ix_product_materials_due_on_id ON product_materials (due_on, id)
--
CREATE INDEX ix_product_materials_product_id_id ON product_materials (product_id, id)
--
CREATE INDEX ix_product_materials_valid_to_id ON product_materials (valid_to, id)
--
CREATE TRIGGER product_materials_append_only BEFORE UPDATE OR DELETE ON product_materials FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER product_materials_no_truncate BEFORE TRUNCATE ON product_materials EXECUTE FUNCTION refuse_change()
--
ALTER TABLE refunds ADD COLUMN first_id VARCHAR
--
ALTER TABLE refunds ADD CONSTRAINT fk_refunds_first_id_refunds FOREIGN KEY(first_id) REFERENCES refunds (id)
--
CREATE INDEX ix_refunds_first_id_id ON refunds (first_id, id)
--
ALTER TABLE delivery_tasks ADD COLUMN product_version_id VARCHAR
--
UPDATE delivery_tasks SET product_version_id = (SELECT v.id FROM order_lines l JOIN product_versions v ON v.id = l.product_version_id WHERE l.id = delivery_tasks.order_line_id)
--
ALTER TABLE delivery_tasks ALTER COLUMN product_version_id SET NOT NULL
--
ALTER TABLE delivery_tasks ADD COLUMN dataset_version_id VARCHAR
--
ALTER TABLE delivery_tasks ADD COLUMN mode VARCHAR
--
UPDATE delivery_tasks SET mode = (SELECT l.delivery_mode FROM order_lines l JOIN product_versions v ON v.id = l.product_version_id WHERE l.id = delivery_tasks.order_line_id)
--
ALTER TABLE delivery_tasks ALTER COLUMN mode SET NOT NULL
--
ALTER TABLE delivery_tasks ADD COLUMN grade VARCHAR
--
UPDATE delivery_tasks SET grade = (SELECT v.grade FROM order_lines l JOIN product_versions v ON v.id = l.product_version_id WHERE l.id = delivery_tasks.order_line_id)
--
ALTER TABLE delivery_tasks ALTER COLUMN grade SET NOT NULL
--
ALTER TABLE delivery_tasks ADD COLUMN pi_class VARCHAR
--
UPDATE delivery_tasks SET pi_class = (SELECT v.pi_class FROM order_lines l JOIN product_versions v ON v.id = l.product_version_id WHERE l.id = delivery_tasks.order_line_id)
--
ALTER TABLE delivery_tasks ALTER COLUMN pi_class SET NOT NULL
--
ALTER TABLE delivery_tasks ADD COLUMN origin VARCHAR
--
UPDATE delivery_tasks SET origin = (SELECT v.source_kind FROM order_lines l JOIN product_versions v ON v.id = l.product_version_id WHERE l.id = delivery_tasks.order_line_id)
--
ALTER TABLE delivery_tasks ALTER COLUMN origin SET NOT NULL
--
ALTER TABLE delivery_tasks ADD COLUMN bytes_delivered BIGINT
--
UPDATE delivery_tasks SET bytes_delivered = 0
--
ALTER TABLE delivery_tasks ALTER COLUMN bytes_delivered SET NOT NULL
--
ALTER TABLE delivery_tasks ADD COLUMN use_until DATE
--
ALTER TABLE delivery_tasks ADD CONSTRAINT uq_delivery_tasks_id_mode UNIQUE (id, mode)
--
ALTER TABLE delivery_tasks ADD CONSTRAINT ck_delivery_tasks_matrix_terms_known CHECK (grade IN ('CORE', 'G1', 'G2', 'G3', 'G4', 'IMPORTANT') AND pi_class IN ('minor_under_14', 'none', 'ordinary', 'sensitive') AND origin IN ('individual_consented', 'mixed', 'open_data', 'public_authorised', 'purchased', 'self_produced', 'web_collected') AND mode IN ('in_domain', 'masked_file', 'model', 'raw_file', 'record_api', 'verification'))
--
ALTER TABLE delivery_tasks ADD CONSTRAINT ck_delivery_tasks_matrix_by_grade CHECK (NOT (grade = 'CORE' AND mode IN ('in_domain', 'masked_file', 'model', 'raw_file', 'record_api', 'verification')) AND NOT (grade = 'IMPORTANT' AND mode IN ('masked_file', 'raw_file', 'record_api')) AND NOT (grade = 'G4' AND mode IN ('masked_file', 'raw_file', 'record_api')) AND NOT (grade = 'G3' AND mode IN ('raw_file')))
--
ALTER TABLE delivery_tasks ADD CONSTRAINT ck_delivery_tasks_matrix_by_person CHECK (NOT (pi_class = 'ordinary' AND mode IN ('raw_file')) AND NOT (pi_class = 'sensitive' AND mode IN ('raw_file', 'record_api')) AND NOT (pi_class = 'minor_under_14' AND mode IN ('in_domain', 'model', 'raw_file', 'record_api', 'verification')))
--
ALTER TABLE delivery_tasks ADD CONSTRAINT ck_delivery_tasks_matrix_by_origin CHECK (NOT (origin IN ('mixed', 'public_authorised') AND mode IN ('raw_file')) AND NOT (grade = 'G2' AND origin IN ('mixed', 'open_data', 'public_authorised') AND mode IN ('raw_file')))
--
ALTER TABLE delivery_tasks ADD CONSTRAINT ck_delivery_tasks_bytes_delivered_not_negative CHECK (bytes_delivered >= 0)
--
ALTER TABLE delivery_tasks ADD CONSTRAINT fk_delivery_tasks_dataset_version_id_dataset_versions FOREIGN KEY(dataset_version_id) REFERENCES dataset_versions (id)
--
ALTER TABLE product_versions ADD COLUMN dataset_version_id VARCHAR
--
ALTER TABLE product_versions ADD CONSTRAINT ck_product_versions_public_data_stays_in_its_resource CHECK (dataset_version_id IS NULL OR source_kind <> 'public_authorised')
--
ALTER TABLE product_versions ADD CONSTRAINT fk_product_versions_dataset_version_id_dataset_versions FOREIGN KEY(dataset_version_id) REFERENCES dataset_versions (id)
--
CREATE INDEX ix_product_versions_dataset_version_id_product_id ON product_versions (dataset_version_id, product_id)
--
CREATE TABLE right_records (
    id VARCHAR NOT NULL,
    product_id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    "right" VARCHAR NOT NULL,
    holder_id VARCHAR NOT NULL,
    grantor_id VARCHAR,
    grantor_name VARCHAR NOT NULL,
    basis_id VARCHAR NOT NULL,
    parent_id VARCHAR,
    regions JSONB NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    exclusive BOOLEAN NOT NULL,
    sublicensable BOOLEAN NOT NULL,
    recorded_by VARCHAR NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_right_records PRIMARY KEY (id),
    CONSTRAINT ck_right_records_ends_after_it_begins CHECK (valid_to IS NULL OR valid_to >= valid_from),
    CONSTRAINT ck_right_records_parent_has_grantor CHECK (parent_id IS NULL OR grantor_id IS NOT NULL),
    CONSTRAINT fk_right_records_product_id_products FOREIGN KEY(product_id) REFERENCES products (id),
    CONSTRAINT fk_right_records_holder_id_organisations FOREIGN KEY(holder_id) REFERENCES organisations (id),
    CONSTRAINT fk_right_records_grantor_id_organisations FOREIGN KEY(grantor_id) REFERENCES organisations (id),
    CONSTRAINT fk_right_records_basis_id_product_materials FOREIGN KEY(basis_id) REFERENCES product_materials (id),
    CONSTRAINT fk_right_records_parent_id_right_records FOREIGN KEY(parent_id) REFERENCES right_records (id)
)
--
CREATE INDEX ix_right_records_parent_id ON right_records (parent_id)
--
CREATE INDEX ix_right_records_holder_id_id ON right_records (holder_id, id)
--
CREATE INDEX ix_right_records_product_id_source_id ON right_records (product_id, source, id)
--
CREATE TRIGGER right_records_append_only BEFORE UPDATE OR DELETE ON right_records FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER right_records_no_truncate BEFORE TRUNCATE ON right_records EXECUTE FUNCTION refuse_change()
--
CREATE TABLE right_ends (
    record_id VARCHAR NOT NULL,
    ended_on DATE NOT NULL,
    reason VARCHAR NOT NULL,
    ended_by VARCHAR NOT NULL,
    CONSTRAINT pk_right_ends PRIMARY KEY (record_id),
    CONSTRAINT fk_right_ends_record_id_right_records FOREIGN KEY(record_id) REFERENCES right_records (id)
)
--
CREATE TRIGGER right_ends_append_only BEFORE UPDATE OR DELETE ON right_ends FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER right_ends_no_truncate BEFORE TRUNCATE ON right_ends EXECUTE FUNCTION refuse_change()
--
CREATE TABLE delivery_allowances (
    task_id VARCHAR NOT NULL,
    meter VARCHAR NOT NULL,
    limit_count BIGINT NOT NULL,
    used BIGINT NOT NULL,
    CONSTRAINT pk_delivery_allowances PRIMARY KEY (task_id, meter),
    CONSTRAINT ck_delivery_allowances_used_not_negative CHECK (used >= 0),
    CONSTRAINT ck_delivery_allowances_used_within_limit CHECK (used <= limit_count),
    CONSTRAINT fk_delivery_allowances_task_id_delivery_tasks FOREIGN KEY(task_id) REFERENCES delivery_tasks (id)
)
--
CREATE TABLE egress_reviews (
    task_id VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    requester_id VARCHAR NOT NULL,
    requested_by VARCHAR NOT NULL,
    requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
    operator_id VARCHAR,
    manifest JSONB NOT NULL,
    reviewed_by VARCHAR,
    reviewed_at TIMESTAMP WITH TIME ZONE,
    note VARCHAR,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_egress_reviews PRIMARY KEY (id),
    CONSTRAINT ck_egress_reviews_subject_known CHECK (subject IN ('query', 'files')),
    CONSTRAINT ck_egress_reviews_reviewed_by_another CHECK (reviewed_by IS NULL OR reviewed_by <> requested_by),
    CONSTRAINT ck_egress_reviews_reviewed_says_by_whom CHECK ((state IN ('released', 'refused')) = (reviewed_by IS NOT NULL)),
    CONSTRAINT fk_egress_reviews_task_id_delivery_tasks FOREIGN KEY(task_id) REFERENCES delivery_tasks (id),
    CONSTRAINT fk_egress_reviews_requester_id_organisations FOREIGN KEY(requester_id) REFERENCES organisations (id),
    CONSTRAINT fk_egress_reviews_operator_id_organisations FOREIGN KEY(operator_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_egress_reviews_state_id ON egress_reviews (state, id)
--
CREATE UNIQUE INDEX uq_egress_reviews_files_live ON egress_reviews (task_id) WHERE subject = 'files' AND state IN ('requested', 'released')
--
CREATE INDEX ix_egress_reviews_task_id_id ON egress_reviews (task_id, id)
--
CREATE TABLE recipient_credentials (
    id VARCHAR NOT NULL,
    task_id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    label VARCHAR NOT NULL,
    secret_digest VARCHAR NOT NULL,
    issued_by VARCHAR NOT NULL,
    issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    rotated_to VARCHAR,
    CONSTRAINT pk_recipient_credentials PRIMARY KEY (id),
    CONSTRAINT ck_recipient_credentials_expires_after_it_was_issued CHECK (expires_at > issued_at),
    CONSTRAINT ck_recipient_credentials_kind_known CHECK (kind IN ('share', 'api')),
    CONSTRAINT fk_recipient_credentials_task_id_delivery_tasks FOREIGN KEY(task_id) REFERENCES delivery_tasks (id),
    CONSTRAINT fk_recipient_credentials_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT uq_recipient_credentials_secret_digest UNIQUE (secret_digest),
    CONSTRAINT fk_recipient_credentials_rotated_to_recipient_credentials FOREIGN KEY(rotated_to) REFERENCES recipient_credentials (id)
)
--
CREATE INDEX ix_recipient_credentials_task_id_id ON recipient_credentials (task_id, id)
--
CREATE UNIQUE INDEX uq_recipient_credentials_live ON recipient_credentials (task_id, kind, label) WHERE revoked_at IS NULL AND rotated_to IS NULL
--
CREATE TABLE api_call_requests (
    task_id VARCHAR NOT NULL,
    request_id VARCHAR NOT NULL,
    fingerprint VARCHAR NOT NULL,
    call_id VARCHAR NOT NULL,
    CONSTRAINT pk_api_call_requests PRIMARY KEY (task_id, request_id),
    CONSTRAINT fk_api_call_requests_task_id_delivery_tasks FOREIGN KEY(task_id) REFERENCES delivery_tasks (id)
)
--
CREATE TRIGGER api_call_requests_append_only BEFORE UPDATE OR DELETE ON api_call_requests FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER api_call_requests_no_truncate BEFORE TRUNCATE ON api_call_requests EXECUTE FUNCTION refuse_change()
--
CREATE TABLE api_calls (
    id VARCHAR NOT NULL,
    task_id VARCHAR NOT NULL,
    mode VARCHAR NOT NULL,
    credential_id VARCHAR NOT NULL,
    dataset_version_id VARCHAR,
    kind VARCHAR NOT NULL,
    request_id VARCHAR NOT NULL,
    fingerprint VARCHAR NOT NULL,
    format VARCHAR NOT NULL,
    rows BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    took_ms INTEGER NOT NULL,
    failure VARCHAR,
    decision_id VARCHAR,
    receipt JSONB,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_api_calls PRIMARY KEY (id),
    CONSTRAINT fk_api_calls_task_id_mode_delivery_tasks FOREIGN KEY(task_id, mode) REFERENCES delivery_tasks (id, mode),
    CONSTRAINT ck_api_calls_mode_opens_this_way CHECK (mode IN ('record_api', 'verification')),
    CONSTRAINT ck_api_calls_kind_known CHECK (kind IN ('rows', 'verify')),
    CONSTRAINT ck_api_calls_amounts_not_negative CHECK (rows >= 0 AND bytes >= 0),
    CONSTRAINT ck_api_calls_failed_gave_nothing CHECK (failure IS NULL OR (rows = 0 AND bytes = 0 AND receipt IS NULL)),
    CONSTRAINT ck_api_calls_success_is_receipted CHECK (failure IS NOT NULL OR receipt IS NOT NULL),
    CONSTRAINT fk_api_calls_credential_id_recipient_credentials FOREIGN KEY(credential_id) REFERENCES recipient_credentials (id),
    CONSTRAINT fk_api_calls_dataset_version_id_dataset_versions FOREIGN KEY(dataset_version_id) REFERENCES dataset_versions (id)
)
--
CREATE INDEX ix_api_calls_task_id_id ON api_calls (task_id, id)
--
CREATE TRIGGER api_calls_append_only BEFORE UPDATE OR DELETE ON api_calls FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER api_calls_no_truncate BEFORE TRUNCATE ON api_calls EXECUTE FUNCTION refuse_change()
--
CREATE TABLE api_call_nonces (
    credential_id VARCHAR NOT NULL,
    nonce VARCHAR NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_api_call_nonces PRIMARY KEY (credential_id, nonce),
    CONSTRAINT fk_api_call_nonces_credential_id_recipient_credentials FOREIGN KEY(credential_id) REFERENCES recipient_credentials (id)
)
--
CREATE INDEX ix_api_call_nonces_at ON api_call_nonces (at)
--
UPDATE delivery_tasks SET use_until = (SELECT CAST(o.use_scenario ->> 'period_to' AS DATE) FROM orders o WHERE o.id = delivery_tasks.order_id)
