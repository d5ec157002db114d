ALTER TABLE volume_waiting ADD COLUMN written_by BIGINT DEFAULT 0 NOT NULL
--
CREATE INDEX ix_volume_waiting_written_by_number ON volume_waiting (written_by, number)
--
ALTER TABLE volume_waiting SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0)
--
CREATE OR REPLACE FUNCTION volume_wait() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO volume_waiting (number, written_by)
  VALUES (NEW.number, pg_current_xact_id()::text::bigint);
  RETURN NULL;
END $$
--
ALTER TABLE volume_rounds ADD COLUMN beyond BIGINT
