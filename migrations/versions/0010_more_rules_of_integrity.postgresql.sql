ALTER TABLE integrity_flags DROP CONSTRAINT ck_integrity_flags_rule_is_known
--
ALTER TABLE integrity_flags ADD CONSTRAINT ck_integrity_flags_rule_is_known CHECK (rule IN ('H2', 'H3', 'H4', 'S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7', 'S8', 'V1'))
--
CREATE INDEX ix_integrity_flags_merchant_id_id ON integrity_flags (merchant_id, id)
--
CREATE INDEX ix_volume_moves_excluded ON volume_moves (accepted_on) WHERE excluded <> 0
