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
CREATE INDEX ix_data_locations_organisation_id_id ON data_locations (organisation_id, id)
--
CREATE INDEX ix_data_locations_look_at_id ON data_locations (look_at, id)
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
ALTER TABLE dataset_versions ALTER COLUMN upload_id DROP NOT NULL
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
CREATE INDEX ix_board_requests_merchant_id_id ON board_requests (merchant_id, id)
--
CREATE INDEX ix_board_requests_board_id_state_id ON board_requests (board_id, state, id)
--
CREATE INDEX ix_board_requests_curator_id_state_id ON board_requests (curator_id, state, id)
--
CREATE UNIQUE INDEX uq_board_requests_one_open_each ON board_requests (board_id, product_id) WHERE state = 'asked'
--
CREATE INDEX ix_board_requests_product_id_id ON board_requests (product_id, id)
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
CREATE INDEX ix_cancellations_asks_id_id ON cancellations (asks_id, id)
--
CREATE UNIQUE INDEX uq_cancellations_one_asked_per_order ON cancellations (order_id) WHERE state = 'asked'
--
CREATE INDEX ix_cancellations_answers_id_id ON cancellations (answers_id, id)
--
CREATE INDEX ix_cancellations_order_id_id ON cancellations (order_id, id)
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
CREATE INDEX ix_trade_disputes_state_id ON trade_disputes (state, id)
--
CREATE UNIQUE INDEX uq_trade_disputes_one_open_per_order ON trade_disputes (order_id) WHERE state NOT IN ('closed', 'refused', 'withdrawn')
--
CREATE INDEX ix_trade_disputes_refund_id ON trade_disputes (refund_id)
--
CREATE INDEX ix_trade_disputes_order_id_id ON trade_disputes (order_id, id)
--
CREATE INDEX ix_trade_disputes_buyer_id_id ON trade_disputes (buyer_id, id)
--
CREATE INDEX ix_trade_disputes_seller_id_id ON trade_disputes (seller_id, id)
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
CREATE INDEX ix_volume_facts_merchant_id_accepted_month_product_id_c_5743 ON volume_facts (merchant_id, accepted_month, product_id, counted, amount)
--
CREATE INDEX ix_volume_facts_buyer_id_accepted_month_product_id_amount ON volume_facts (buyer_id, accepted_month, product_id, amount)
--
CREATE INDEX ix_volume_adjustments_merchant_id_accepted_month_produc_31dc ON volume_adjustments (merchant_id, accepted_month, product_id, counted, amount)
