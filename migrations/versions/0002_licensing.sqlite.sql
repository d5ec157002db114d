CREATE TABLE hands (
    case_id VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    part VARCHAR NOT NULL,
    since DATETIME NOT NULL,
    CONSTRAINT pk_hands PRIMARY KEY (case_id, person_id)
)
--
CREATE INDEX ix_hands_person_id_case_id ON hands (person_id, case_id)
--
CREATE TRIGGER hands_no_update BEFORE UPDATE ON hands BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER hands_no_delete BEFORE DELETE ON hands BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER hands_no_replace BEFORE INSERT ON hands WHEN EXISTS (SELECT 1 FROM hands WHERE case_id = NEW.case_id AND person_id = NEW.person_id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
