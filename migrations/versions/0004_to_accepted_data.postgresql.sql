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
CREATE UNIQUE INDEX uq_cancellations_one_asked_per_order ON cancellations (order_id) WHERE state = 'asked'
--
CREATE INDEX ix_cancellations_asks_id_id ON cancellations (asks_id, id)
--
CREATE INDEX ix_cancellations_answers_id_id ON cancellations (answers_id, id)
--
CREATE INDEX ix_cancellations_order_id_id ON cancellations (order_id, id)
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
ALTER TABLE delivery_tasks ADD CONSTRAINT ck_delivery_tasks_by_hand_comes_with_files CHECK (state NOT IN ('delivered', 'accepted') OR rounds_handed >= rounds_due)
