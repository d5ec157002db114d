CREATE TABLE mandates (
    code VARCHAR NOT NULL,
    principal_id VARCHAR NOT NULL,
    agent_id VARCHAR NOT NULL,
    product_ids JSONB NOT NULL,
    industries JSONB NOT NULL,
    powers JSONB NOT NULL,
    commission_bp INTEGER NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE NOT NULL,
    text VARCHAR NOT NULL,
    text_digest VARCHAR NOT NULL,
    drawn_at TIMESTAMP WITH TIME ZONE NOT NULL,
    signed_at TIMESTAMP WITH TIME ZONE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_mandates PRIMARY KEY (id),
    CONSTRAINT uq_mandates_code UNIQUE (code),
    CONSTRAINT ck_mandates_nobody_is_its_own_agent CHECK (principal_id <> agent_id),
    CONSTRAINT ck_mandates_term_in_order CHECK (valid_from <= valid_to),
    CONSTRAINT ck_mandates_commission_is_a_part CHECK (commission_bp >= 0 AND commission_bp <= 10000),
    CONSTRAINT ck_mandates_signed_is_dated CHECK (state <> 'signed' OR signed_at IS NOT NULL),
    CONSTRAINT fk_mandates_principal_id_organisations FOREIGN KEY(principal_id) REFERENCES organisations (id),
    CONSTRAINT fk_mandates_agent_id_organisations FOREIGN KEY(agent_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_mandates_agent_id_id ON mandates (agent_id, id)
--
CREATE INDEX ix_mandates_principal_id_id ON mandates (principal_id, id)
--
CREATE TABLE dataset_holds (
    id VARCHAR NOT NULL,
    dataset_id VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    held_by VARCHAR NOT NULL,
    held_at TIMESTAMP WITH TIME ZONE NOT NULL,
    lifted_by VARCHAR,
    lifted_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_dataset_holds PRIMARY KEY (id),
    CONSTRAINT ck_dataset_holds_reason_given CHECK (reason <> ''),
    CONSTRAINT fk_dataset_holds_dataset_id_datasets FOREIGN KEY(dataset_id) REFERENCES datasets (id)
)
--
CREATE UNIQUE INDEX uq_dataset_holds_one_at_a_time ON dataset_holds (dataset_id) WHERE lifted_at IS NULL
--
ALTER TABLE search_terms DROP CONSTRAINT pk_search_terms
--
ALTER TABLE search_terms ADD CONSTRAINT pk_search_terms PRIMARY KEY (shown, term, kind, weight, entry)
--
ALTER TABLE search_entries ADD COLUMN codes VARCHAR DEFAULT '' NOT NULL
--
UPDATE search_entries SET codes = coalesce((
    SELECT string_agg(code, '') FROM (
        SELECT facet || chr(31) || value || chr(30) AS code FROM search_facets
        WHERE entry = search_entries.number ORDER BY facet, value
    ) AS ordered
), '')
--
CREATE TABLE search_lists (
    kind VARCHAR NOT NULL,
    facet VARCHAR NOT NULL,
    term VARCHAR NOT NULL,
    block INTEGER NOT NULL,
    titled BYTEA NOT NULL,
    plain BYTEA NOT NULL,
    CONSTRAINT pk_search_lists PRIMARY KEY (kind, facet, term, block)
)
--
CREATE TABLE subscription_terms (
    order_id VARCHAR NOT NULL,
    next_order_id VARCHAR,
    buyer_id VARCHAR NOT NULL,
    seller_id VARCHAR NOT NULL,
    renewal VARCHAR NOT NULL,
    arranged_by VARCHAR,
    begun_on DATE NOT NULL,
    ends_on DATE NOT NULL,
    look_on DATE,
    paused_on DATE,
    paused_days INTEGER NOT NULL,
    begun_at TIMESTAMP WITH TIME ZONE NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_subscription_terms PRIMARY KEY (id),
    CONSTRAINT uq_subscription_terms_order_id UNIQUE (order_id),
    CONSTRAINT uq_subscription_terms_next_order_id UNIQUE (next_order_id),
    CONSTRAINT ck_subscription_terms_next_is_another CHECK (next_order_id <> order_id),
    CONSTRAINT ck_subscription_terms_renewal_is_known CHECK (renewal IN ('ask', 'auto', 'never')),
    CONSTRAINT ck_subscription_terms_paused_is_dated CHECK ((state = 'paused') = (paused_on IS NOT NULL)),
    CONSTRAINT ck_subscription_terms_paused_days_not_negative CHECK (paused_days >= 0),
    CONSTRAINT ck_subscription_terms_over_is_left_alone CHECK ((state IN ('renewed', 'ended')) = (look_on IS NULL)),
    CONSTRAINT fk_subscription_terms_order_id_orders FOREIGN KEY(order_id) REFERENCES orders (id),
    CONSTRAINT fk_subscription_terms_next_order_id_orders FOREIGN KEY(next_order_id) REFERENCES orders (id),
    CONSTRAINT fk_subscription_terms_buyer_id_organisations FOREIGN KEY(buyer_id) REFERENCES organisations (id),
    CONSTRAINT fk_subscription_terms_seller_id_organisations FOREIGN KEY(seller_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_subscription_terms_buyer_id_id ON subscription_terms (buyer_id, id)
--
CREATE INDEX ix_subscription_terms_look_on_id ON subscription_terms (look_on, id)
--
CREATE INDEX ix_subscription_terms_seller_id_id ON subscription_terms (seller_id, id)
--
CREATE TABLE mandate_uses (
    id VARCHAR NOT NULL,
    mandate_id VARCHAR NOT NULL,
    act VARCHAR NOT NULL,
    subject_id VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_mandate_uses PRIMARY KEY (id),
    CONSTRAINT fk_mandate_uses_mandate_id_mandates FOREIGN KEY(mandate_id) REFERENCES mandates (id)
)
--
CREATE INDEX ix_mandate_uses_mandate_id_id ON mandate_uses (mandate_id, id)
--
CREATE INDEX ix_mandate_uses_subject_id_id ON mandate_uses (subject_id, id)
--
CREATE TRIGGER mandate_uses_append_only BEFORE UPDATE OR DELETE ON mandate_uses FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER mandate_uses_no_truncate BEFORE TRUNCATE ON mandate_uses EXECUTE FUNCTION refuse_change()
--
CREATE TABLE mandated_orders (
    order_id VARCHAR NOT NULL,
    mandate_id VARCHAR NOT NULL,
    agent_id VARCHAR NOT NULL,
    commission_bp INTEGER NOT NULL,
    collects BOOLEAN NOT NULL,
    CONSTRAINT pk_mandated_orders PRIMARY KEY (order_id),
    CONSTRAINT fk_mandated_orders_order_id_orders FOREIGN KEY(order_id) REFERENCES orders (id),
    CONSTRAINT fk_mandated_orders_mandate_id_mandates FOREIGN KEY(mandate_id) REFERENCES mandates (id),
    CONSTRAINT fk_mandated_orders_agent_id_organisations FOREIGN KEY(agent_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_mandated_orders_mandate_id_order_id ON mandated_orders (mandate_id, order_id)
--
CREATE TRIGGER mandated_orders_append_only BEFORE UPDATE OR DELETE ON mandated_orders FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER mandated_orders_no_truncate BEFORE TRUNCATE ON mandated_orders EXECUTE FUNCTION refuse_change()
--
CREATE TABLE trial_offers (
    product_id VARCHAR NOT NULL,
    seller_id VARCHAR NOT NULL,
    calls INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    days INTEGER NOT NULL,
    offered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_trial_offers PRIMARY KEY (id),
    CONSTRAINT ck_trial_offers_calls_positive CHECK (calls > 0),
    CONSTRAINT ck_trial_offers_rows_not_negative CHECK (rows >= 0),
    CONSTRAINT ck_trial_offers_days_positive CHECK (days > 0),
    CONSTRAINT ck_trial_offers_state_is_known CHECK (state IN ('offered', 'withdrawn')),
    CONSTRAINT fk_trial_offers_product_id_products FOREIGN KEY(product_id) REFERENCES products (id),
    CONSTRAINT fk_trial_offers_seller_id_organisations FOREIGN KEY(seller_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_trial_offers_seller_id_id ON trial_offers (seller_id, id)
--
CREATE UNIQUE INDEX uq_trial_offers_one_offered_per_product ON trial_offers (product_id) WHERE state = 'offered'
--
CREATE TABLE dataset_removals (
    version_id VARCHAR NOT NULL,
    removed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    swept BOOLEAN NOT NULL,
    freed_bytes BIGINT NOT NULL,
    CONSTRAINT pk_dataset_removals PRIMARY KEY (version_id),
    CONSTRAINT ck_dataset_removals_freed_not_negative CHECK (freed_bytes >= 0),
    CONSTRAINT fk_dataset_removals_version_id_dataset_versions FOREIGN KEY(version_id) REFERENCES dataset_versions (id)
)
--
CREATE INDEX ix_dataset_removals_swept_version_id ON dataset_removals (swept, version_id)
--
ALTER TABLE trade_disputes DROP CONSTRAINT ck_trade_disputes_only_refunds_award_money
--
ALTER TABLE trade_disputes ADD COLUMN days INTEGER
--
ALTER TABLE trade_disputes ADD COLUMN version_number INTEGER
--
ALTER TABLE trade_disputes ADD COLUMN undertaking VARCHAR
--
ALTER TABLE trade_disputes ADD COLUMN complied VARCHAR
--
ALTER TABLE trade_disputes ADD COLUMN verified BOOLEAN
--
UPDATE trade_disputes SET verified = FALSE
--
ALTER TABLE trade_disputes ALTER COLUMN verified SET NOT NULL
--
ALTER TABLE trade_disputes ADD CONSTRAINT ck_trade_disputes_only_refunds_award_money CHECK (remedy IN ('price_reduction', 'refund', 'terminate') OR awarded_minor = 0)
--
CREATE TABLE trials (
    product_id VARCHAR NOT NULL,
    product_version_id VARCHAR NOT NULL,
    offer_id VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    seller_id VARCHAR NOT NULL,
    task_id VARCHAR NOT NULL,
    purpose_text VARCHAR NOT NULL,
    until DATE NOT NULL,
    order_id VARCHAR,
    begun_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_trials PRIMARY KEY (id),
    CONSTRAINT uq_trials_buyer_id_product_id UNIQUE (buyer_id, product_id),
    CONSTRAINT uq_trials_task_id UNIQUE (task_id),
    CONSTRAINT ck_trials_buyer_is_not_seller CHECK (buyer_id <> seller_id),
    CONSTRAINT ck_trials_state_is_known CHECK (state IN ('active', 'ended')),
    CONSTRAINT fk_trials_product_id_products FOREIGN KEY(product_id) REFERENCES products (id),
    CONSTRAINT fk_trials_product_version_id_product_versions FOREIGN KEY(product_version_id) REFERENCES product_versions (id),
    CONSTRAINT fk_trials_offer_id_trial_offers FOREIGN KEY(offer_id) REFERENCES trial_offers (id),
    CONSTRAINT fk_trials_buyer_id_organisations FOREIGN KEY(buyer_id) REFERENCES organisations (id),
    CONSTRAINT fk_trials_seller_id_organisations FOREIGN KEY(seller_id) REFERENCES organisations (id),
    CONSTRAINT fk_trials_task_id_delivery_tasks FOREIGN KEY(task_id) REFERENCES delivery_tasks (id),
    CONSTRAINT fk_trials_order_id_orders FOREIGN KEY(order_id) REFERENCES orders (id)
)
--
CREATE INDEX ix_trials_buyer_id_id ON trials (buyer_id, id)
--
CREATE INDEX ix_trials_product_id_state_id ON trials (product_id, state, id)
--
CREATE INDEX ix_trials_seller_id_id ON trials (seller_id, id)
--
CREATE INDEX ix_trials_state_until_id ON trials (state, until, id)
--
CREATE TABLE complaints (
    code VARCHAR NOT NULL,
    about VARCHAR NOT NULL,
    category VARCHAR NOT NULL,
    subject_id VARCHAR NOT NULL,
    order_id VARCHAR,
    complainant_id VARCHAR NOT NULL,
    respondent_id VARCHAR NOT NULL,
    hidden BOOLEAN NOT NULL,
    urgent BOOLEAN NOT NULL,
    office VARCHAR NOT NULL,
    said VARCHAR NOT NULL,
    filed_by VARCHAR NOT NULL,
    filed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    accepted_at TIMESTAMP WITH TIME ZONE,
    handler VARCHAR,
    extended BOOLEAN NOT NULL,
    answer VARCHAR,
    answered_at TIMESTAMP WITH TIME ZONE,
    demanded VARCHAR,
    put_right VARCHAR,
    finding VARCHAR,
    outcome VARCHAR,
    resolved_at TIMESTAMP WITH TIME ZONE,
    level INTEGER,
    level_said VARCHAR,
    dispute_id VARCHAR,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_complaints PRIMARY KEY (id),
    CONSTRAINT uq_complaints_code UNIQUE (code),
    CONSTRAINT ck_complaints_nobody_complains_of_itself CHECK (complainant_id <> respondent_id),
    CONSTRAINT ck_complaints_level_is_a_level CHECK (level BETWEEN 1 AND 5),
    CONSTRAINT ck_complaints_handled_by_an_office CHECK (office IN ('exchange_operator', 'data_authority')),
    CONSTRAINT ck_complaints_resolved_with_a_finding CHECK (state <> 'resolved' OR (finding IS NOT NULL AND outcome IS NOT NULL)),
    CONSTRAINT fk_complaints_order_id_orders FOREIGN KEY(order_id) REFERENCES orders (id),
    CONSTRAINT fk_complaints_complainant_id_organisations FOREIGN KEY(complainant_id) REFERENCES organisations (id),
    CONSTRAINT fk_complaints_respondent_id_organisations FOREIGN KEY(respondent_id) REFERENCES organisations (id),
    CONSTRAINT fk_complaints_dispute_id_trade_disputes FOREIGN KEY(dispute_id) REFERENCES trade_disputes (id)
)
--
CREATE INDEX ix_complaints_complainant_id_id ON complaints (complainant_id, id)
--
CREATE INDEX ix_complaints_filed_at_id ON complaints (filed_at, id)
--
CREATE INDEX ix_complaints_respondent_id_id ON complaints (respondent_id, id)
--
CREATE INDEX ix_complaints_state_id ON complaints (state, id)
--
CREATE UNIQUE INDEX uq_complaints_one_open_of_a_kind ON complaints (complainant_id, subject_id, category) WHERE state NOT IN ('closed', 'refused', 'withdrawn')
--
CREATE TABLE allowance_leases (
    holder VARCHAR NOT NULL,
    task_id VARCHAR NOT NULL,
    meter VARCHAR NOT NULL,
    granted BIGINT NOT NULL,
    used BIGINT NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_allowance_leases PRIMARY KEY (holder, task_id, meter),
    CONSTRAINT fk_allowance_leases_task_id_meter_delivery_allowances FOREIGN KEY(task_id, meter) REFERENCES delivery_allowances (task_id, meter),
    CONSTRAINT ck_allowance_leases_used_not_negative CHECK (used >= 0),
    CONSTRAINT ck_allowance_leases_used_within_what_was_granted CHECK (used <= granted)
)
--
CREATE INDEX ix_allowance_leases_expires_at ON allowance_leases (expires_at)
--
CREATE INDEX ix_allowance_leases_task_id_meter ON allowance_leases (task_id, meter)
--
UPDATE delivery_tasks SET stopped_for = '订单已暂停 its order is suspended', version = version + 1
WHERE stopped_for IS NULL AND order_id IN (SELECT id FROM orders WHERE state = 'delivery_suspended')
--
ALTER TABLE refunds ADD COLUMN occasion VARCHAR
--
UPDATE refunds SET occasion = 'undelivered'
WHERE reason = '未交付部分退款 what was not delivered goes back'
