CREATE TABLE data_locations (
    organisation_id VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    root VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    keys BYTEA,
    key_hint VARCHAR,
    dataset_id VARCHAR NOT NULL,
    registered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    looked_at TIMESTAMP WITH TIME ZONE,
    look_at TIMESTAMP WITH TIME ZONE,
    stage VARCHAR,
    found VARCHAR,
    problems JSONB,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_data_locations PRIMARY KEY (id),
    CONSTRAINT ck_data_locations_kind_known CHECK (kind IN ('folder', 'bucket')),
    CONSTRAINT ck_data_locations_keys_open_buckets CHECK ((kind = 'folder') = (key_hint IS NULL)),
    CONSTRAINT ck_data_locations_keys_end_with_it CHECK (state <> 'ended' OR keys IS NULL),
    CONSTRAINT fk_data_locations_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_data_locations_look_at_id ON data_locations (look_at, id)
--
CREATE INDEX ix_data_locations_organisation_id_id ON data_locations (organisation_id, id)
--
CREATE TABLE frameworks (
    code VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    seller_id VARCHAR NOT NULL,
    period_from DATE NOT NULL,
    period_to DATE NOT NULL,
    ceiling_minor BIGINT NOT NULL,
    ceiling_currency VARCHAR NOT NULL,
    used_minor BIGINT NOT NULL,
    used_currency VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    text_digest VARCHAR NOT NULL,
    drawn_at TIMESTAMP WITH TIME ZONE NOT NULL,
    signed_at TIMESTAMP WITH TIME ZONE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_frameworks PRIMARY KEY (id),
    CONSTRAINT uq_frameworks_code UNIQUE (code),
    CONSTRAINT ck_frameworks_parties_differ CHECK (buyer_id <> seller_id),
    CONSTRAINT ck_frameworks_period_in_order CHECK (period_from <= period_to),
    CONSTRAINT ck_frameworks_ceiling_positive CHECK (ceiling_minor > 0),
    CONSTRAINT ck_frameworks_within_ceiling CHECK (used_minor >= 0 AND used_minor <= ceiling_minor),
    CONSTRAINT ck_frameworks_one_currency CHECK (ceiling_currency = used_currency),
    CONSTRAINT ck_frameworks_signed_is_dated CHECK (state <> 'signed' OR signed_at IS NOT NULL),
    CONSTRAINT fk_frameworks_buyer_id_organisations FOREIGN KEY(buyer_id) REFERENCES organisations (id),
    CONSTRAINT fk_frameworks_seller_id_organisations FOREIGN KEY(seller_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_frameworks_buyer_id_id ON frameworks (buyer_id, id)
--
CREATE INDEX ix_frameworks_seller_id_id ON frameworks (seller_id, id)
--
CREATE INDEX ix_orders_buyer_id_state_id ON orders (buyer_id, state, id)
--
CREATE INDEX ix_orders_seller_id_state_id ON orders (seller_id, state, id)
--
CREATE TABLE aftercare_papers (
    id VARCHAR NOT NULL,
    subject_id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    said VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    media_type VARCHAR,
    digest VARCHAR NOT NULL,
    sealed BYTEA,
    filed_by VARCHAR NOT NULL,
    filed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_aftercare_papers PRIMARY KEY (id),
    CONSTRAINT ck_aftercare_papers_digest_has_64_digits CHECK (length(digest) = 64),
    CONSTRAINT ck_aftercare_papers_files_have_bytes CHECK ((media_type IS NULL) = (sealed IS NULL)),
    CONSTRAINT fk_aftercare_papers_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_aftercare_papers_subject_id_id ON aftercare_papers (subject_id, id)
--
CREATE TRIGGER aftercare_papers_append_only BEFORE UPDATE OR DELETE ON aftercare_papers FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER aftercare_papers_no_truncate BEFORE TRUNCATE ON aftercare_papers EXECUTE FUNCTION refuse_change()
--
CREATE TABLE webhook_endpoints (
    id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    url VARCHAR NOT NULL,
    note VARCHAR NOT NULL,
    kinds JSONB NOT NULL,
    secret VARCHAR NOT NULL,
    former VARCHAR,
    former_until TIMESTAMP WITH TIME ZONE,
    added_by VARCHAR NOT NULL,
    added_at TIMESTAMP WITH TIME ZONE NOT NULL,
    failing_since TIMESTAMP WITH TIME ZONE,
    off_at TIMESTAMP WITH TIME ZONE,
    off_because VARCHAR,
    CONSTRAINT pk_webhook_endpoints PRIMARY KEY (id),
    CONSTRAINT ck_webhook_endpoints_says_why_it_is_off CHECK ((off_at IS NULL) = (off_because IS NULL)),
    CONSTRAINT fk_webhook_endpoints_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_webhook_endpoints_organisation_id_id ON webhook_endpoints (organisation_id, id)
--
ALTER TABLE dataset_versions ALTER COLUMN upload_id DROP NOT NULL
--
CREATE TABLE call_offs (
    id VARCHAR NOT NULL,
    framework_id VARCHAR NOT NULL,
    order_id VARCHAR NOT NULL,
    amount_minor BIGINT NOT NULL,
    amount_currency VARCHAR NOT NULL,
    called_at TIMESTAMP WITH TIME ZONE NOT NULL,
    given_back_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_call_offs PRIMARY KEY (id),
    CONSTRAINT uq_call_offs_order_id UNIQUE (order_id),
    CONSTRAINT ck_call_offs_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT fk_call_offs_framework_id_frameworks FOREIGN KEY(framework_id) REFERENCES frameworks (id),
    CONSTRAINT fk_call_offs_order_id_orders FOREIGN KEY(order_id) REFERENCES orders (id)
)
--
CREATE INDEX ix_call_offs_framework_id_id ON call_offs (framework_id, id)
--
CREATE TABLE framework_items (
    id VARCHAR NOT NULL,
    framework_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    product_id VARCHAR NOT NULL,
    price_minor BIGINT NOT NULL,
    price_currency VARCHAR NOT NULL,
    CONSTRAINT pk_framework_items PRIMARY KEY (id),
    CONSTRAINT uq_framework_items_framework_id_product_id UNIQUE (framework_id, product_id),
    CONSTRAINT uq_framework_items_framework_id_position UNIQUE (framework_id, position),
    CONSTRAINT ck_framework_items_price_positive CHECK (price_minor > 0),
    CONSTRAINT fk_framework_items_framework_id_frameworks FOREIGN KEY(framework_id) REFERENCES frameworks (id),
    CONSTRAINT fk_framework_items_product_id_products FOREIGN KEY(product_id) REFERENCES products (id)
)
--
CREATE TRIGGER framework_items_append_only BEFORE UPDATE OR DELETE ON framework_items FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER framework_items_no_truncate BEFORE TRUNCATE ON framework_items EXECUTE FUNCTION refuse_change()
--
CREATE TABLE instalments (
    order_id VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    seller_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    due VARCHAR NOT NULL,
    due_on DATE,
    amount_minor BIGINT NOT NULL,
    amount_currency VARCHAR NOT NULL,
    paid_at TIMESTAMP WITH TIME ZONE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_instalments PRIMARY KEY (id),
    CONSTRAINT uq_instalments_order_id_number UNIQUE (order_id, number),
    CONSTRAINT ck_instalments_number_positive CHECK (number > 0),
    CONSTRAINT ck_instalments_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT ck_instalments_due_is_known CHECK (due IN ('signature', 'date', 'acceptance')),
    CONSTRAINT ck_instalments_a_date_is_named CHECK (due <> 'date' OR due_on IS NOT NULL),
    CONSTRAINT ck_instalments_paid_is_dated CHECK ((state = 'paid') = (paid_at IS NOT NULL)),
    CONSTRAINT fk_instalments_order_id_orders FOREIGN KEY(order_id) REFERENCES orders (id),
    CONSTRAINT fk_instalments_buyer_id_organisations FOREIGN KEY(buyer_id) REFERENCES organisations (id),
    CONSTRAINT fk_instalments_seller_id_organisations FOREIGN KEY(seller_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_instalments_buyer_id_id ON instalments (buyer_id, id)
--
CREATE INDEX ix_instalments_seller_id_id ON instalments (seller_id, id)
--
CREATE TABLE order_rejections (
    id VARCHAR NOT NULL,
    order_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    ground VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    evidence VARCHAR NOT NULL,
    rounds JSONB NOT NULL,
    rejected_by VARCHAR NOT NULL,
    rejected_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_order_rejections PRIMARY KEY (id),
    CONSTRAINT uq_order_rejections_order_id_number UNIQUE (order_id, number),
    CONSTRAINT ck_order_rejections_number_positive CHECK (number > 0),
    CONSTRAINT fk_order_rejections_order_id_orders FOREIGN KEY(order_id) REFERENCES orders (id)
)
--
CREATE TRIGGER order_rejections_append_only BEFORE UPDATE OR DELETE ON order_rejections FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER order_rejections_no_truncate BEFORE TRUNCATE ON order_rejections EXECUTE FUNCTION refuse_change()
--
CREATE TABLE webhook_notices (
    id VARCHAR NOT NULL,
    endpoint_id VARCHAR NOT NULL,
    event_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    body JSONB NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE,
    attempts INTEGER NOT NULL,
    tried_at TIMESTAMP WITH TIME ZONE,
    status INTEGER,
    error VARCHAR,
    took_ms INTEGER,
    arrived_at TIMESTAMP WITH TIME ZONE,
    given_up_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_webhook_notices PRIMARY KEY (id),
    CONSTRAINT ck_webhook_notices_due_or_done CHECK ((due_at IS NULL) <> (arrived_at IS NULL AND given_up_at IS NULL)),
    CONSTRAINT ck_webhook_notices_attempts_not_negative CHECK (attempts >= 0),
    CONSTRAINT fk_webhook_notices_endpoint_id_webhook_endpoints FOREIGN KEY(endpoint_id) REFERENCES webhook_endpoints (id),
    CONSTRAINT uq_webhook_notices_event_id UNIQUE (event_id)
)
--
CREATE INDEX ix_webhook_notices_due_at_id ON webhook_notices (due_at, id)
--
CREATE INDEX ix_webhook_notices_endpoint_id_id ON webhook_notices (endpoint_id, id)
--
CREATE TABLE board_requests (
    board_id VARCHAR NOT NULL,
    product_id VARCHAR NOT NULL,
    merchant_id VARCHAR NOT NULL,
    curator_id VARCHAR NOT NULL,
    note VARCHAR NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_board_requests PRIMARY KEY (id),
    CONSTRAINT fk_board_requests_board_id_boards FOREIGN KEY(board_id) REFERENCES boards (id),
    CONSTRAINT fk_board_requests_product_id_products FOREIGN KEY(product_id) REFERENCES products (id),
    CONSTRAINT fk_board_requests_merchant_id_organisations FOREIGN KEY(merchant_id) REFERENCES organisations (id),
    CONSTRAINT fk_board_requests_curator_id_organisations FOREIGN KEY(curator_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_board_requests_board_id_state_id ON board_requests (board_id, state, id)
--
CREATE INDEX ix_board_requests_curator_id_state_id ON board_requests (curator_id, state, id)
--
CREATE INDEX ix_board_requests_merchant_id_id ON board_requests (merchant_id, id)
--
CREATE INDEX ix_board_requests_product_id_id ON board_requests (product_id, id)
--
CREATE UNIQUE INDEX uq_board_requests_one_open_each ON board_requests (board_id, product_id) WHERE state = 'asked'
--
CREATE TABLE cancellations (
    order_id VARCHAR NOT NULL,
    asks_id VARCHAR NOT NULL,
    answers_id VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    refund_id VARCHAR,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_cancellations PRIMARY KEY (id),
    CONSTRAINT ck_cancellations_parties_differ CHECK (asks_id <> answers_id),
    CONSTRAINT ck_cancellations_state_is_known CHECK (state IN ('asked', 'agreed', 'declined', 'withdrawn', 'lapsed')),
    CONSTRAINT fk_cancellations_order_id_orders FOREIGN KEY(order_id) REFERENCES orders (id),
    CONSTRAINT fk_cancellations_asks_id_organisations FOREIGN KEY(asks_id) REFERENCES organisations (id),
    CONSTRAINT fk_cancellations_answers_id_organisations FOREIGN KEY(answers_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_cancellations_answers_id_id ON cancellations (answers_id, id)
--
CREATE INDEX ix_cancellations_asks_id_id ON cancellations (asks_id, id)
--
CREATE INDEX ix_cancellations_order_id_id ON cancellations (order_id, id)
--
CREATE UNIQUE INDEX uq_cancellations_one_asked_per_order ON cancellations (order_id) WHERE state = 'asked'
--
CREATE TABLE board_declarations (
    id VARCHAR NOT NULL,
    board_id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    size_bytes BIGINT NOT NULL,
    as_of DATE NOT NULL,
    basis_zh VARCHAR NOT NULL,
    basis_en VARCHAR NOT NULL,
    declared_by VARCHAR NOT NULL,
    declared_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_board_declarations PRIMARY KEY (id),
    CONSTRAINT ck_board_declarations_size_positive CHECK (size_bytes > 0),
    CONSTRAINT fk_board_declarations_board_id_boards FOREIGN KEY(board_id) REFERENCES boards (id),
    CONSTRAINT fk_board_declarations_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_board_declarations_board_id_id ON board_declarations (board_id, id)
--
CREATE TRIGGER board_declarations_append_only BEFORE UPDATE OR DELETE ON board_declarations FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER board_declarations_no_truncate BEFORE TRUNCATE ON board_declarations EXECUTE FUNCTION refuse_change()
--
ALTER TABLE delivery_tasks ADD COLUMN rounds_due INTEGER
--
UPDATE delivery_tasks SET rounds_due = 0
--
ALTER TABLE delivery_tasks ALTER COLUMN rounds_due SET NOT NULL
--
ALTER TABLE delivery_tasks ADD COLUMN rounds_handed INTEGER
--
UPDATE delivery_tasks SET rounds_handed = 0
--
ALTER TABLE delivery_tasks ALTER COLUMN rounds_handed SET NOT NULL
--
ALTER TABLE delivery_tasks ADD COLUMN stopped_for VARCHAR
--
ALTER TABLE delivery_tasks ADD CONSTRAINT ck_delivery_tasks_by_hand_comes_with_files CHECK (state NOT IN ('delivered', 'accepted') OR rounds_handed >= rounds_due)
--
CREATE INDEX ix_delivery_tasks_state_use_until_id ON delivery_tasks (state, use_until, id)
--
CREATE TABLE dataset_mounts (
    version_id VARCHAR NOT NULL,
    location_id VARCHAR NOT NULL,
    table_id VARCHAR NOT NULL,
    table_schema VARCHAR NOT NULL,
    features JSONB NOT NULL,
    pieces JSONB NOT NULL,
    size_bytes BIGINT NOT NULL,
    CONSTRAINT pk_dataset_mounts PRIMARY KEY (version_id),
    CONSTRAINT fk_dataset_mounts_version_id_dataset_versions FOREIGN KEY(version_id) REFERENCES dataset_versions (id),
    CONSTRAINT fk_dataset_mounts_location_id_data_locations FOREIGN KEY(location_id) REFERENCES data_locations (id)
)
--
CREATE INDEX ix_dataset_mounts_location_id_version_id ON dataset_mounts (location_id, version_id)
--
CREATE TRIGGER dataset_mounts_append_only BEFORE UPDATE OR DELETE ON dataset_mounts FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER dataset_mounts_no_truncate BEFORE TRUNCATE ON dataset_mounts EXECUTE FUNCTION refuse_change()
--
CREATE TABLE trade_disputes (
    code VARCHAR NOT NULL,
    order_id VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    seller_id VARCHAR NOT NULL,
    line_ids JSONB NOT NULL,
    ground VARCHAR NOT NULL,
    claim VARCHAR NOT NULL,
    wanted VARCHAR NOT NULL,
    claimed_minor BIGINT NOT NULL,
    claimed_currency VARCHAR NOT NULL,
    order_was VARCHAR NOT NULL,
    filed_by VARCHAR NOT NULL,
    filed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    hold_id VARCHAR,
    answer VARCHAR,
    remedy VARCHAR,
    awarded_minor BIGINT NOT NULL,
    fee_refund BOOLEAN NOT NULL,
    grounds_of_ruling VARCHAR,
    buyer_agreed BOOLEAN NOT NULL,
    seller_agreed BOOLEAN NOT NULL,
    judgment VARCHAR,
    refund_id VARCHAR,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_trade_disputes PRIMARY KEY (id),
    CONSTRAINT uq_trade_disputes_code UNIQUE (code),
    CONSTRAINT ck_trade_disputes_claim_not_negative CHECK (claimed_minor >= 0),
    CONSTRAINT ck_trade_disputes_award_not_negative CHECK (awarded_minor >= 0),
    CONSTRAINT ck_trade_disputes_decided_names_its_remedy CHECK (state NOT IN ('confirming', 'ruled', 'executing', 'closed') OR remedy IS NOT NULL),
    CONSTRAINT ck_trade_disputes_only_refunds_award_money CHECK (remedy IN ('price_reduction', 'refund') OR awarded_minor = 0),
    CONSTRAINT fk_trade_disputes_order_id_orders FOREIGN KEY(order_id) REFERENCES orders (id),
    CONSTRAINT fk_trade_disputes_buyer_id_organisations FOREIGN KEY(buyer_id) REFERENCES organisations (id),
    CONSTRAINT fk_trade_disputes_seller_id_organisations FOREIGN KEY(seller_id) REFERENCES organisations (id),
    CONSTRAINT fk_trade_disputes_hold_id_holds FOREIGN KEY(hold_id) REFERENCES holds (id),
    CONSTRAINT fk_trade_disputes_refund_id_refunds FOREIGN KEY(refund_id) REFERENCES refunds (id)
)
--
CREATE INDEX ix_trade_disputes_buyer_id_id ON trade_disputes (buyer_id, id)
--
CREATE INDEX ix_trade_disputes_order_id_id ON trade_disputes (order_id, id)
--
CREATE INDEX ix_trade_disputes_refund_id ON trade_disputes (refund_id)
--
CREATE INDEX ix_trade_disputes_seller_id_id ON trade_disputes (seller_id, id)
--
CREATE INDEX ix_trade_disputes_state_id ON trade_disputes (state, id)
--
CREATE UNIQUE INDEX uq_trade_disputes_one_open_per_order ON trade_disputes (order_id) WHERE state NOT IN ('closed', 'refused', 'withdrawn')
--
CREATE TABLE supply_requests (
    demand_id VARCHAR NOT NULL,
    directory_id VARCHAR NOT NULL,
    department_id VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    said VARCHAR NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    accepted_at TIMESTAMP WITH TIME ZONE,
    supplied_version_id VARCHAR,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_supply_requests PRIMARY KEY (id),
    CONSTRAINT ck_supply_requests_supplied_names_its_version CHECK ((state = 'supplied') = (supplied_version_id IS NOT NULL)),
    CONSTRAINT fk_supply_requests_demand_id_demands FOREIGN KEY(demand_id) REFERENCES demands (id),
    CONSTRAINT fk_supply_requests_directory_id_directories FOREIGN KEY(directory_id) REFERENCES directories (id),
    CONSTRAINT fk_supply_requests_department_id_organisations FOREIGN KEY(department_id) REFERENCES organisations (id),
    CONSTRAINT fk_supply_requests_buyer_id_organisations FOREIGN KEY(buyer_id) REFERENCES organisations (id),
    CONSTRAINT fk_supply_requests_supplied_version_id_directory_versions FOREIGN KEY(supplied_version_id) REFERENCES directory_versions (id)
)
--
CREATE INDEX ix_supply_requests_buyer_id_id ON supply_requests (buyer_id, id)
--
CREATE INDEX ix_supply_requests_demand_id_id ON supply_requests (demand_id, id)
--
CREATE INDEX ix_supply_requests_department_id_state_id ON supply_requests (department_id, state, id)
--
CREATE UNIQUE INDEX uq_supply_requests_one_open_each ON supply_requests (demand_id, directory_id) WHERE state IN ('asked', 'accepted')
--
CREATE TABLE board_places (
    board_id VARCHAR NOT NULL,
    product_id VARCHAR NOT NULL,
    place INTEGER NOT NULL,
    CONSTRAINT pk_board_places PRIMARY KEY (board_id, product_id),
    CONSTRAINT fk_board_places_board_id_product_id_board_products FOREIGN KEY(board_id, product_id) REFERENCES board_products (board_id, product_id) ON DELETE CASCADE,
    CONSTRAINT ck_board_places_place_positive CHECK (place > 0)
)
--
CREATE TABLE data_destructions (
    task_id VARCHAR NOT NULL,
    order_id VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    seller_id VARCHAR NOT NULL,
    cause VARCHAR NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    method VARCHAR,
    digest VARCHAR,
    signer VARCHAR,
    certified_at TIMESTAMP WITH TIME ZONE,
    sampled BOOLEAN NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_data_destructions PRIMARY KEY (id),
    CONSTRAINT uq_data_destructions_task_id UNIQUE (task_id),
    CONSTRAINT ck_data_destructions_certified_with_proof CHECK (state NOT IN ('certified', 'audited') OR (digest IS NOT NULL AND method IS NOT NULL AND signer IS NOT NULL AND certified_at IS NOT NULL)),
    CONSTRAINT fk_data_destructions_task_id_delivery_tasks FOREIGN KEY(task_id) REFERENCES delivery_tasks (id),
    CONSTRAINT fk_data_destructions_order_id_orders FOREIGN KEY(order_id) REFERENCES orders (id),
    CONSTRAINT fk_data_destructions_buyer_id_organisations FOREIGN KEY(buyer_id) REFERENCES organisations (id),
    CONSTRAINT fk_data_destructions_seller_id_organisations FOREIGN KEY(seller_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_data_destructions_buyer_id_id ON data_destructions (buyer_id, id)
--
CREATE INDEX ix_data_destructions_seller_id_id ON data_destructions (seller_id, id)
--
CREATE INDEX ix_data_destructions_state_id ON data_destructions (state, id)
--
CREATE INDEX ix_volume_facts_buyer_id_accepted_month_product_id_amount ON volume_facts (buyer_id, accepted_month, product_id, amount)
--
CREATE INDEX ix_volume_facts_merchant_id_accepted_month_product_id_c_5743 ON volume_facts (merchant_id, accepted_month, product_id, counted, amount)
--
CREATE TABLE ratings (
    id VARCHAR NOT NULL,
    order_line_id VARCHAR NOT NULL,
    product_id VARCHAR NOT NULL,
    merchant_id VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    overall INTEGER NOT NULL,
    quality INTEGER NOT NULL,
    accuracy INTEGER NOT NULL,
    efficiency INTEGER NOT NULL,
    service INTEGER NOT NULL,
    said VARCHAR NOT NULL,
    anonymous BOOLEAN NOT NULL,
    rated_by VARCHAR NOT NULL,
    rated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_ratings PRIMARY KEY (id),
    CONSTRAINT uq_ratings_order_line_id UNIQUE (order_line_id),
    CONSTRAINT ck_ratings_nobody_rates_itself CHECK (buyer_id <> merchant_id),
    CONSTRAINT ck_ratings_overall_is_a_level CHECK (overall BETWEEN 1 AND 5),
    CONSTRAINT ck_ratings_quality_is_a_level CHECK (quality BETWEEN 1 AND 5),
    CONSTRAINT ck_ratings_accuracy_is_a_level CHECK (accuracy BETWEEN 1 AND 5),
    CONSTRAINT ck_ratings_efficiency_is_a_level CHECK (efficiency BETWEEN 1 AND 5),
    CONSTRAINT ck_ratings_service_is_a_level CHECK (service BETWEEN 1 AND 5),
    CONSTRAINT fk_ratings_order_line_id_order_lines FOREIGN KEY(order_line_id) REFERENCES order_lines (id),
    CONSTRAINT fk_ratings_product_id_products FOREIGN KEY(product_id) REFERENCES products (id),
    CONSTRAINT fk_ratings_merchant_id_organisations FOREIGN KEY(merchant_id) REFERENCES organisations (id),
    CONSTRAINT fk_ratings_buyer_id_organisations FOREIGN KEY(buyer_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_ratings_buyer_id_id ON ratings (buyer_id, id)
--
CREATE INDEX ix_ratings_merchant_id_id ON ratings (merchant_id, id)
--
CREATE INDEX ix_ratings_product_id_id ON ratings (product_id, id)
--
CREATE TRIGGER ratings_append_only BEFORE UPDATE OR DELETE ON ratings FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER ratings_no_truncate BEFORE TRUNCATE ON ratings EXECUTE FUNCTION refuse_change()
--
CREATE INDEX ix_volume_adjustments_merchant_id_accepted_month_produc_31dc ON volume_adjustments (merchant_id, accepted_month, product_id, counted, amount)
--
CREATE TABLE bad_reviews (
    rating_id VARCHAR NOT NULL,
    product_id VARCHAR NOT NULL,
    merchant_id VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    contact VARCHAR,
    valid BOOLEAN,
    remedy VARCHAR,
    level_after INTEGER,
    said_after VARCHAR,
    revisited_at TIMESTAMP WITH TIME ZONE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_bad_reviews PRIMARY KEY (id),
    CONSTRAINT uq_bad_reviews_rating_id UNIQUE (rating_id),
    CONSTRAINT ck_bad_reviews_level_after_is_a_level CHECK (level_after BETWEEN 1 AND 5),
    CONSTRAINT ck_bad_reviews_closed_revisited CHECK (state <> 'closed' OR revisited_at IS NOT NULL),
    CONSTRAINT fk_bad_reviews_rating_id_ratings FOREIGN KEY(rating_id) REFERENCES ratings (id),
    CONSTRAINT fk_bad_reviews_product_id_products FOREIGN KEY(product_id) REFERENCES products (id),
    CONSTRAINT fk_bad_reviews_merchant_id_organisations FOREIGN KEY(merchant_id) REFERENCES organisations (id),
    CONSTRAINT fk_bad_reviews_buyer_id_organisations FOREIGN KEY(buyer_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_bad_reviews_buyer_id_id ON bad_reviews (buyer_id, id)
--
CREATE INDEX ix_bad_reviews_merchant_id_id ON bad_reviews (merchant_id, id)
--
CREATE INDEX ix_bad_reviews_state_id ON bad_reviews (state, id)
--
CREATE TABLE hidden_ratings (
    rating_id VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    hidden_by VARCHAR NOT NULL,
    hidden_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_hidden_ratings PRIMARY KEY (rating_id),
    CONSTRAINT fk_hidden_ratings_rating_id_ratings FOREIGN KEY(rating_id) REFERENCES ratings (id)
)
--
CREATE TRIGGER hidden_ratings_append_only BEFORE UPDATE OR DELETE ON hidden_ratings FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER hidden_ratings_no_truncate BEFORE TRUNCATE ON hidden_ratings EXECUTE FUNCTION refuse_change()
