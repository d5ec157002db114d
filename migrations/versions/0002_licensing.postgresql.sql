CREATE TABLE hands (
    case_id VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    part VARCHAR NOT NULL,
    since TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_hands PRIMARY KEY (case_id, person_id)
)
--
CREATE INDEX ix_hands_person_id_case_id ON hands (person_id, case_id)
--
CREATE TRIGGER hands_append_only BEFORE UPDATE OR DELETE ON hands FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER hands_no_truncate BEFORE TRUNCATE ON hands EXECUTE FUNCTION refuse_change()
