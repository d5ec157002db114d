CREATE TABLE new_integrity_flags (
    order_id VARCHAR NOT NULL,
    merchant_id VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    rule VARCHAR NOT NULL,
    score_bp INTEGER NOT NULL,
    evidence JSON NOT NULL,
    raised_at DATETIME NOT NULL,
    decided_by VARCHAR,
    decided_at DATETIME,
    reason VARCHAR,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_integrity_flags PRIMARY KEY (id),
    CONSTRAINT uq_integrity_flags_order_id_rule UNIQUE (order_id, rule),
    CONSTRAINT ck_integrity_flags_rule_is_known CHECK (rule IN ('H2', 'H3', 'H4', 'S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7', 'S8', 'V1')),
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
INSERT INTO new_integrity_flags (order_id, merchant_id, buyer_id, rule, score_bp, evidence, raised_at, decided_by, decided_at, reason, id, state, version)
SELECT order_id, merchant_id, buyer_id, rule, score_bp, evidence, raised_at, decided_by, decided_at, reason, id, state, version FROM integrity_flags
--
DROP TABLE integrity_flags
--
ALTER TABLE new_integrity_flags RENAME TO integrity_flags
--
CREATE INDEX ix_integrity_flags_rule_state_id ON integrity_flags (rule, state, id)
--
CREATE INDEX ix_integrity_flags_state_id ON integrity_flags (state, id)
--
CREATE INDEX ix_integrity_flags_merchant_id_id ON integrity_flags (merchant_id, id)
--
CREATE INDEX ix_volume_moves_excluded ON volume_moves (accepted_on) WHERE excluded <> 0
