DROP TRIGGER volume_moves_wait
--
ALTER TABLE volume_waiting RENAME TO volume_waiting_before
--
CREATE TABLE volume_waiting (
    number INTEGER NOT NULL,
    written_by INTEGER DEFAULT 0 NOT NULL,
    CONSTRAINT pk_volume_waiting PRIMARY KEY (number),
    CONSTRAINT fk_volume_waiting_number_volume_moves FOREIGN KEY(number) REFERENCES volume_moves (number)
)
--
INSERT INTO volume_waiting (number) SELECT number FROM volume_waiting_before
--
DROP TABLE volume_waiting_before
--
CREATE INDEX ix_volume_waiting_written_by_number ON volume_waiting (written_by, number)
--
CREATE TRIGGER volume_moves_wait AFTER INSERT ON volume_moves BEGIN INSERT INTO volume_waiting (number) VALUES (NEW.number); END
--
DROP TRIGGER volume_rounds_no_update
--
DROP TRIGGER volume_rounds_no_delete
--
DROP TRIGGER volume_rounds_no_replace
--
ALTER TABLE volume_rounds RENAME TO volume_rounds_before
--
CREATE TABLE volume_rounds (
    number INTEGER NOT NULL,
    size INTEGER NOT NULL,
    tallied_at DATETIME NOT NULL,
    beyond INTEGER,
    CONSTRAINT pk_volume_rounds PRIMARY KEY (number),
    CONSTRAINT ck_volume_rounds_size_is_some CHECK (size > 0)
)
--
INSERT INTO volume_rounds (number, size, tallied_at) SELECT number, size, tallied_at FROM volume_rounds_before
--
DROP TABLE volume_rounds_before
--
CREATE TRIGGER volume_rounds_no_update BEFORE UPDATE ON volume_rounds BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER volume_rounds_no_delete BEFORE DELETE ON volume_rounds BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER volume_rounds_no_replace BEFORE INSERT ON volume_rounds WHEN EXISTS (SELECT 1 FROM volume_rounds WHERE number = NEW.number) BEGIN SELECT RAISE(ABORT, 'append-only'); END
