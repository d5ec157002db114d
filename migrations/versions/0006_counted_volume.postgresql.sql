CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'append-only: %% on %% refused', TG_OP, TG_TABLE_NAME USING ERRCODE = '23514';
END $$
--
CREATE TABLE volume_moves (
    number BIGSERIAL NOT NULL,
    cause VARCHAR NOT NULL,
    source_id VARCHAR NOT NULL,
    subject_id VARCHAR NOT NULL,
    seq INTEGER NOT NULL,
    order_id VARCHAR,
    merchant_id VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    product_id VARCHAR NOT NULL,
    industry VARCHAR NOT NULL,
    application_field VARCHAR NOT NULL,
    region VARCHAR NOT NULL,
    board_id VARCHAR NOT NULL,
    registered BOOLEAN NOT NULL,
    counted BIGINT NOT NULL,
    excluded BIGINT NOT NULL,
    opens INTEGER NOT NULL,
    trades INTEGER NOT NULL,
    frees INTEGER NOT NULL,
    accepted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    accepted_on DATE NOT NULL,
    accepted_month VARCHAR NOT NULL,
    reason VARCHAR,
    CONSTRAINT pk_volume_moves PRIMARY KEY (number),
    CONSTRAINT uq_volume_moves_subject_id_cause_source_id_seq UNIQUE (subject_id, cause, source_id, seq),
    CONSTRAINT ck_volume_moves_known_cause CHECK (cause IN ('accepted', 'adjusted', 'excluded', 'restored', 'registered')),
    CONSTRAINT ck_volume_moves_one_trade_at_most CHECK (trades IN (-1, 0, 1)),
    CONSTRAINT ck_volume_moves_registered_has_no_order CHECK (registered = (order_id IS NULL)),
    CONSTRAINT ck_volume_moves_sides_balance CHECK (cause NOT IN ('excluded', 'restored') OR counted + excluded = 0),
    CONSTRAINT ck_volume_moves_excluded_has_reason CHECK (cause IN ('accepted', 'registered', 'adjusted') OR reason IS NOT NULL),
    CONSTRAINT fk_volume_moves_order_id_orders FOREIGN KEY(order_id) REFERENCES orders (id)
)
--
CREATE INDEX ix_volume_moves_order_id ON volume_moves (order_id)
--
CREATE INDEX ix_volume_moves_buyer_id_accepted_month_product_id_coun_2daf ON volume_moves (buyer_id, accepted_month, product_id, counted, excluded)
--
CREATE INDEX ix_volume_moves_merchant_id_accepted_month_product_id_c_e2ca ON volume_moves (merchant_id, accepted_month, product_id, counted, excluded)
--
CREATE INDEX ix_volume_moves_cause_accepted_at_number ON volume_moves (cause, accepted_at, number)
--
CREATE TRIGGER volume_moves_append_only BEFORE UPDATE OR DELETE ON volume_moves FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER volume_moves_no_truncate BEFORE TRUNCATE ON volume_moves EXECUTE FUNCTION refuse_change()
--
CREATE TABLE volume_rounds (
    number BIGINT NOT NULL,
    size INTEGER NOT NULL,
    tallied_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_volume_rounds PRIMARY KEY (number),
    CONSTRAINT ck_volume_rounds_size_is_some CHECK (size > 0)
)
--
CREATE TRIGGER volume_rounds_append_only BEFORE UPDATE OR DELETE ON volume_rounds FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER volume_rounds_no_truncate BEFORE TRUNCATE ON volume_rounds EXECUTE FUNCTION refuse_change()
--
CREATE TABLE volume_tallies (
    kind VARCHAR NOT NULL,
    period VARCHAR NOT NULL,
    key VARCHAR NOT NULL,
    counted BIGINT NOT NULL,
    excluded BIGINT NOT NULL,
    trades BIGINT NOT NULL,
    frees BIGINT NOT NULL,
    registered BIGINT NOT NULL,
    registered_excluded BIGINT NOT NULL,
    deals BIGINT NOT NULL,
    reached_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_volume_tallies PRIMARY KEY (kind, period, key)
)
--
CREATE INDEX ix_volume_tallies_places ON volume_tallies (kind, period, counted DESC, trades DESC, reached_at, key)
--
CREATE TABLE volume_waiting (
    number BIGINT NOT NULL,
    CONSTRAINT pk_volume_waiting PRIMARY KEY (number),
    CONSTRAINT fk_volume_waiting_number_volume_moves FOREIGN KEY(number) REFERENCES volume_moves (number)
)
--
CREATE OR REPLACE FUNCTION volume_wait() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO volume_waiting (number) VALUES (NEW.number);
  RETURN NULL;
END $$
--
CREATE TRIGGER volume_moves_wait AFTER INSERT ON volume_moves FOR EACH ROW EXECUTE FUNCTION volume_wait()
--
CREATE TABLE volume_round_moves (
    number BIGINT NOT NULL,
    round_number BIGINT NOT NULL,
    CONSTRAINT pk_volume_round_moves PRIMARY KEY (number),
    CONSTRAINT fk_volume_round_moves_number_volume_moves FOREIGN KEY(number) REFERENCES volume_moves (number),
    CONSTRAINT fk_volume_round_moves_round_number_volume_rounds FOREIGN KEY(round_number) REFERENCES volume_rounds (number)
)
--
CREATE INDEX ix_volume_round_moves_round_number ON volume_round_moves (round_number)
--
CREATE TRIGGER volume_round_moves_append_only BEFORE UPDATE OR DELETE ON volume_round_moves FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER volume_round_moves_no_truncate BEFORE TRUNCATE ON volume_round_moves EXECUTE FUNCTION refuse_change()
--
CREATE TABLE integrity_flags (
    order_id VARCHAR NOT NULL,
    merchant_id VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    rule VARCHAR NOT NULL,
    score_bp INTEGER NOT NULL,
    evidence JSONB NOT NULL,
    raised_at TIMESTAMP WITH TIME ZONE NOT NULL,
    decided_by VARCHAR,
    decided_at TIMESTAMP WITH TIME ZONE,
    reason VARCHAR,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_integrity_flags PRIMARY KEY (id),
    CONSTRAINT uq_integrity_flags_order_id_rule UNIQUE (order_id, rule),
    CONSTRAINT ck_integrity_flags_rule_is_known CHECK (rule IN ('H2', 'H3', 'H4', 'S1', 'S2', 'S6')),
    CONSTRAINT ck_integrity_flags_state_is_known CHECK (state IN ('cleared', 'confirmed', 'open')),
    CONSTRAINT ck_integrity_flags_score_is_a_part CHECK (score_bp BETWEEN 0 AND 10000),
    CONSTRAINT ck_integrity_flags_parties_differ CHECK (merchant_id <> buyer_id),
    CONSTRAINT ck_integrity_flags_hard_is_never_open CHECK (state <> 'open' OR rule NOT IN ('H2', 'H3', 'H4')),
    CONSTRAINT ck_integrity_flags_decided_says_by_whom_and_why CHECK ((state = 'open') = (decided_by IS NULL) AND (state = 'open') = (decided_at IS NULL) AND (state = 'open') = (reason IS NULL)),
    CONSTRAINT fk_integrity_flags_order_id_orders FOREIGN KEY(order_id) REFERENCES orders (id),
    CONSTRAINT fk_integrity_flags_merchant_id_organisations FOREIGN KEY(merchant_id) REFERENCES organisations (id),
    CONSTRAINT fk_integrity_flags_buyer_id_organisations FOREIGN KEY(buyer_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_integrity_flags_rule_state_id ON integrity_flags (rule, state, id)
--
CREATE INDEX ix_integrity_flags_state_id ON integrity_flags (state, id)
--
CREATE TABLE integrity_looks (
    name VARCHAR NOT NULL,
    accepted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    number BIGINT NOT NULL,
    CONSTRAINT pk_integrity_looks PRIMARY KEY (name)
)
--
INSERT INTO volume_moves (cause, source_id, subject_id, seq, order_id, merchant_id, buyer_id, product_id, industry, application_field, region, board_id, registered, counted, excluded, opens, trades, frees, accepted_at, accepted_on, accepted_month, reason)
SELECT cause, source_id, subject_id, seq, order_id, merchant_id, buyer_id, product_id, industry, application_field, region, board_id, registered, CASE WHEN counts THEN amount ELSE 0 END, CASE WHEN counts THEN 0 ELSE amount END, opens, CASE WHEN counts AND opens > 0 THEN 1 ELSE 0 END, frees, accepted_at, accepted_on, accepted_month, reason
FROM (
    SELECT 'accepted' AS cause, order_line_id AS source_id, order_line_id AS subject_id, seq, order_id, merchant_id, buyer_id, product_id, industry, application_field, region, coalesce(board_id, '') AS board_id, FALSE AS registered, amount, counted AS counts, CASE WHEN amount > 0 THEN bits ELSE 0 END AS opens, CASE WHEN amount = 0 THEN bits ELSE 0 END AS frees, accepted_at, accepted_on, accepted_month, exclude_reason AS reason
    FROM (SELECT f.*, CASE WHEN ROW_NUMBER() OVER (PARTITION BY order_id, amount = 0 ORDER BY accepted_at, order_line_id, seq) = 1 THEN 1 ELSE 0 END + CASE WHEN ROW_NUMBER() OVER (PARTITION BY order_id, product_id, amount = 0 ORDER BY accepted_at, order_line_id, seq) = 1 THEN 2 ELSE 0 END + CASE WHEN ROW_NUMBER() OVER (PARTITION BY order_id, industry, amount = 0 ORDER BY accepted_at, order_line_id, seq) = 1 THEN 4 ELSE 0 END + CASE WHEN ROW_NUMBER() OVER (PARTITION BY order_id, application_field, amount = 0 ORDER BY accepted_at, order_line_id, seq) = 1 THEN 8 ELSE 0 END + CASE WHEN ROW_NUMBER() OVER (PARTITION BY order_id, board_id, amount = 0 ORDER BY accepted_at, order_line_id, seq) = 1 THEN 16 ELSE 0 END AS bits FROM volume_facts f) AS facts
    UNION ALL
    SELECT 'adjusted', a.source_id, a.order_line_id, a.seq, a.order_id, a.merchant_id, f.buyer_id, a.product_id, a.industry, f.application_field, f.region, coalesce(a.board_id, ''), FALSE, a.amount, a.counted, 0, 0, a.accepted_at, a.accepted_on, a.accepted_month, NULL
    FROM volume_adjustments a JOIN volume_facts f ON f.order_line_id = a.order_line_id AND f.seq = a.seq
    UNION ALL
    SELECT 'registered', deal_id, deal_id, 1, NULL, merchant_id, buyer, '', '', '', region, '', TRUE, amount, counted, 31, 0, accepted_at, accepted_on, accepted_month, exclude_reason
    FROM registered_deals
) AS moved
ORDER BY accepted_at, subject_id, seq
--
DROP TABLE volume_adjustments
--
DROP TABLE volume_facts
--
DROP TABLE registered_deals
