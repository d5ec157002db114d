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
--
ALTER TABLE clocks ADD COLUMN extension_days INTEGER
--
UPDATE clocks SET extension_days = 0
--
ALTER TABLE clocks ALTER COLUMN extension_days SET NOT NULL
--
ALTER TABLE clocks ADD COLUMN owner VARCHAR
--
ALTER TABLE clocks ADD CONSTRAINT ck_clocks_extension_not_negative CHECK (extension_days >= 0)
--
CREATE INDEX ix_clocks_owner_started_on_id ON clocks (owner, started_on, id)
--
CREATE INDEX ix_organisations_state_id ON organisations (state, id)
--
ALTER TABLE people ADD COLUMN identity_hash VARCHAR
--
CREATE UNIQUE INDEX ix_people_identity_hash ON people (identity_hash)
--
ALTER TABLE decisions ADD COLUMN credential VARCHAR
--
ALTER TABLE decisions ADD COLUMN reasons JSONB
--
CREATE INDEX ix_decisions_authorisation_id_outcome ON decisions (authorisation_id, outcome, id)
--
CREATE INDEX ix_decisions_organisation_id_outcome ON decisions (organisation_id, outcome, id)
--
CREATE INDEX ix_decisions_outcome_id ON decisions (outcome, id)
--
CREATE TABLE decision_denials (
    decision_id VARCHAR NOT NULL,
    code VARCHAR NOT NULL,
    authorisation_id VARCHAR NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_decision_denials PRIMARY KEY (decision_id, code)
)
--
CREATE INDEX ix_decision_denials_code_decision_id ON decision_denials (code, decision_id)
--
CREATE INDEX ix_decision_denials_authorisation_id_code_at ON decision_denials (authorisation_id, code, at)
--
CREATE TRIGGER decision_denials_append_only BEFORE UPDATE OR DELETE ON decision_denials FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER decision_denials_no_truncate BEFORE TRUNCATE ON decision_denials EXECUTE FUNCTION refuse_change()
--
CREATE TABLE agreement_editions (
    agreement_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    body JSONB NOT NULL,
    text_digest VARCHAR NOT NULL,
    signed_as VARCHAR NOT NULL,
    note TEXT NOT NULL,
    since TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_agreement_editions PRIMARY KEY (agreement_id, number)
)
--
CREATE TRIGGER agreement_editions_append_only BEFORE UPDATE OR DELETE ON agreement_editions FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER agreement_editions_no_truncate BEFORE TRUNCATE ON agreement_editions EXECUTE FUNCTION refuse_change()
--
CREATE TABLE master_items (
    id VARCHAR NOT NULL,
    code VARCHAR NOT NULL,
    name_zh VARCHAR NOT NULL,
    name_en VARCHAR NOT NULL,
    definition VARCHAR NOT NULL,
    entered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_master_items PRIMARY KEY (id),
    CONSTRAINT uq_master_items_code UNIQUE (code)
)
--
ALTER TABLE organisation_roles DROP CONSTRAINT uq_organisation_roles_organisation_id_role
--
ALTER TABLE organisation_roles ADD COLUMN state VARCHAR
--
UPDATE organisation_roles SET state = CASE WHEN granted_at IS NULL THEN 'requested' ELSE 'granted' END
--
ALTER TABLE organisation_roles ALTER COLUMN state SET NOT NULL
--
ALTER TABLE organisation_roles ADD COLUMN version INTEGER
--
UPDATE organisation_roles SET version = 1
--
ALTER TABLE organisation_roles ALTER COLUMN version SET NOT NULL
--
CREATE UNIQUE INDEX uq_organisation_roles_one_live_each ON organisation_roles (organisation_id, role) WHERE state <> 'revoked'
--
CREATE INDEX ix_organisation_roles_role_organisation_id ON organisation_roles (role, organisation_id)
--
CREATE INDEX ix_organisation_roles_state_id ON organisation_roles (state, id)
--
CREATE TABLE organisation_documents (
    id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    doc_type VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    valid_to DATE,
    filed_by VARCHAR NOT NULL,
    filed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_organisation_documents PRIMARY KEY (id),
    CONSTRAINT ck_organisation_documents_digest_has_64_digits CHECK (length(digest) = 64),
    CONSTRAINT fk_organisation_documents_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_organisation_documents_organisation_id_id ON organisation_documents (organisation_id, id)
--
CREATE TRIGGER organisation_documents_append_only BEFORE UPDATE OR DELETE ON organisation_documents FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER organisation_documents_no_truncate BEFORE TRUNCATE ON organisation_documents EXECUTE FUNCTION refuse_change()
--
CREATE TABLE ties (
    id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    node VARCHAR NOT NULL,
    other VARCHAR NOT NULL,
    other_name VARCHAR NOT NULL,
    share_bp INTEGER,
    counts BOOLEAN NOT NULL,
    since DATE NOT NULL,
    declared_by VARCHAR NOT NULL,
    declared_for VARCHAR NOT NULL,
    declared_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_ties PRIMARY KEY (id),
    CONSTRAINT ck_ties_nobody_is_tied_to_itself CHECK (node <> other),
    CONSTRAINT ck_ties_share_is_a_part CHECK (share_bp IS NULL OR share_bp BETWEEN 1 AND 10000),
    CONSTRAINT ck_ties_only_shareholders_have_shares CHECK ((kind = 'shareholder') = (share_bp IS NOT NULL)),
    CONSTRAINT fk_ties_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_ties_node ON ties (node)
--
CREATE INDEX ix_ties_other ON ties (other)
--
CREATE INDEX ix_ties_organisation_id_id ON ties (organisation_id, id)
--
CREATE TRIGGER ties_append_only BEFORE UPDATE OR DELETE ON ties FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER ties_no_truncate BEFORE TRUNCATE ON ties EXECUTE FUNCTION refuse_change()
--
CREATE TABLE credit_checks (
    id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    dishonest_debtor BOOLEAN NOT NULL,
    tax_violation BOOLEAN NOT NULL,
    serious_dishonesty BOOLEAN NOT NULL,
    abnormal_operation BOOLEAN NOT NULL,
    source VARCHAR NOT NULL,
    checked_by VARCHAR NOT NULL,
    checked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_credit_checks PRIMARY KEY (id),
    CONSTRAINT fk_credit_checks_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_credit_checks_organisation_id_checked_at ON credit_checks (organisation_id, checked_at)
--
CREATE TRIGGER credit_checks_append_only BEFORE UPDATE OR DELETE ON credit_checks FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER credit_checks_no_truncate BEFORE TRUNCATE ON credit_checks EXECUTE FUNCTION refuse_change()
--
CREATE TABLE admissions (
    organisation_id VARCHAR NOT NULL,
    org_kind VARCHAR NOT NULL,
    registered_capital_fen BIGINT NOT NULL,
    established_on DATE NOT NULL,
    licence_valid_to DATE,
    business_scope VARCHAR NOT NULL,
    legal_rep_name VARCHAR NOT NULL,
    legal_rep_id_hash VARCHAR NOT NULL,
    legal_rep_id_masked VARCHAR NOT NULL,
    merchant_type VARCHAR,
    merchant_capabilities JSONB NOT NULL,
    tax_kind VARCHAR NOT NULL,
    credit_declared JSONB NOT NULL,
    mlps_level INTEGER NOT NULL,
    mlps_cert_no VARCHAR,
    mlps_valid_to DATE,
    security_officer VARCHAR NOT NULL,
    dpo VARCHAR NOT NULL,
    group_code VARCHAR,
    committed_until DATE,
    supplemented BOOLEAN NOT NULL,
    verified_on DATE,
    filed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_admissions PRIMARY KEY (organisation_id),
    CONSTRAINT ck_admissions_capital_not_negative CHECK (registered_capital_fen >= 0),
    CONSTRAINT ck_admissions_mlps_level_is_0_to_4 CHECK (mlps_level BETWEEN 0 AND 4),
    CONSTRAINT fk_admissions_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_admissions_licence_valid_to_organisation_id ON admissions (licence_valid_to, organisation_id)
--
CREATE INDEX ix_admissions_verified_on_organisation_id ON admissions (verified_on, organisation_id)
--
CREATE INDEX ix_admissions_committed_until_organisation_id ON admissions (committed_until, organisation_id)
--
CREATE TABLE bank_checks (
    organisation_id VARCHAR NOT NULL,
    account_name VARCHAR NOT NULL,
    bank_name VARCHAR NOT NULL,
    number_masked VARCHAR NOT NULL,
    number_sealed BYTEA NOT NULL,
    amount_sealed BYTEA NOT NULL,
    tries INTEGER NOT NULL,
    requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
    verified_at TIMESTAMP WITH TIME ZONE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_bank_checks PRIMARY KEY (id),
    CONSTRAINT ck_bank_checks_tries_not_negative CHECK (tries >= 0),
    CONSTRAINT fk_bank_checks_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE UNIQUE INDEX uq_bank_checks_one_open_each ON bank_checks (organisation_id) WHERE state IN ('requested', 'sent')
--
CREATE INDEX ix_bank_checks_state_id ON bank_checks (state, id)
--
CREATE INDEX ix_bank_checks_organisation_id_id ON bank_checks (organisation_id, id)
--
ALTER TABLE authorisations ADD COLUMN supersedes_id VARCHAR
--
ALTER TABLE authorisations ADD CONSTRAINT ck_authorisations_supersedes_another CHECK (supersedes_id <> id)
--
ALTER TABLE authorisations ADD CONSTRAINT fk_authorisations_supersedes_id_authorisations FOREIGN KEY(supersedes_id) REFERENCES authorisations (id)
--
DROP INDEX uq_authorisations_one_live_per_scenario
--
CREATE UNIQUE INDEX uq_authorisations_one_live_per_scenario ON authorisations (scenario_id) WHERE state IN ('issued', 'active', 'active_conditional', 'suspended')
--
CREATE INDEX ix_authorisations_supersedes_id ON authorisations (supersedes_id)
--
DROP INDEX ix_authorisations_valid_to_id
--
CREATE INDEX ix_authorisations_valid_to_id ON authorisations (valid_to, id) WHERE state IN ('issued', 'active', 'active_conditional', 'suspended')
--
CREATE INDEX ix_authorisations_operator_id_id ON authorisations (operator_id, id)
--
CREATE INDEX ix_authorisations_grantee_id_id ON authorisations (grantee_id, id)
--
DROP TRIGGER authorisations_root_fixed ON authorisations
--
CREATE TRIGGER authorisations_root_fixed BEFORE UPDATE ON authorisations  FOR EACH ROW WHEN (OLD.scenario_id IS DISTINCT FROM NEW.scenario_id OR OLD.assessment_id IS DISTINCT FROM NEW.assessment_id OR OLD.grantee_id IS DISTINCT FROM NEW.grantee_id OR OLD.supersedes_id IS DISTINCT FROM NEW.supersedes_id OR OLD.purpose_code IS DISTINCT FROM NEW.purpose_code OR OLD.purpose_text IS DISTINCT FROM NEW.purpose_text OR OLD.purpose_fingerprint IS DISTINCT FROM NEW.purpose_fingerprint) EXECUTE FUNCTION refuse_change()
--
CREATE OR REPLACE FUNCTION refuse_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM authorisations AS earlier WHERE earlier.id = NEW.supersedes_id AND earlier.valid_to >= NEW.valid_from) OR EXISTS (SELECT 1 FROM authorisations AS later WHERE later.supersedes_id = NEW.id AND later.valid_from <= NEW.valid_to) THEN
    RAISE EXCEPTION 'overlaps: %%', NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$
--
CREATE TRIGGER authorisations_no_overlap BEFORE INSERT OR UPDATE ON authorisations FOR EACH ROW EXECUTE FUNCTION refuse_overlap()
--
ALTER TABLE scenarios DROP CONSTRAINT ck_scenarios_no_redevelopment_by_operator
--
ALTER TABLE scenarios ADD COLUMN scenario_kind VARCHAR
--
UPDATE scenarios SET scenario_kind = 'development'
--
ALTER TABLE scenarios ALTER COLUMN scenario_kind SET NOT NULL
--
ALTER TABLE scenarios ADD COLUMN renews_id VARCHAR
--
ALTER TABLE scenarios ADD COLUMN lane VARCHAR
--
UPDATE scenarios SET lane = 'ordinary'
--
ALTER TABLE scenarios ALTER COLUMN lane SET NOT NULL
--
ALTER TABLE scenarios ADD COLUMN flaw JSONB
--
ALTER TABLE scenarios ADD COLUMN notice JSONB
--
ALTER TABLE scenarios ADD CONSTRAINT ck_scenarios_no_redevelopment_by_operator CHECK ((scenario_kind = 'primary_product') = (applicant_id = operator_id))
--
ALTER TABLE scenarios ADD CONSTRAINT ck_scenarios_scenario_kind_is_known CHECK (scenario_kind IN ('development', 'primary_product'))
--
ALTER TABLE scenarios ADD CONSTRAINT ck_scenarios_lane_is_known CHECK (lane IN ('ordinary', 'fast', 'short'))
--
CREATE INDEX ix_scenarios_purpose_fingerprint ON scenarios (purpose_fingerprint)
--
CREATE INDEX ix_scenarios_purpose_code_id ON scenarios (purpose_code, id)
--
CREATE TABLE violations (
    fault VARCHAR NOT NULL,
    owner VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    clock_id BIGINT,
    raised_at TIMESTAMP WITH TIME ZONE NOT NULL,
    explanation VARCHAR,
    ruling VARCHAR,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_violations PRIMARY KEY (id),
    CONSTRAINT uq_violations_clock_id UNIQUE (clock_id),
    CONSTRAINT ck_violations_ruled_with_reason CHECK (state NOT IN ('upheld', 'cleared') OR ruling IS NOT NULL),
    CONSTRAINT fk_violations_clock_id_clocks FOREIGN KEY(clock_id) REFERENCES clocks (id)
)
--
CREATE INDEX ix_violations_subject_id ON violations (subject, id)
--
CREATE INDEX ix_violations_owner_id ON violations (owner, id)
--
CREATE TABLE implementation_plans (
    code VARCHAR NOT NULL,
    edition INTEGER NOT NULL,
    implementing_agency_id VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    modes JSONB NOT NULL,
    resource_scope JSONB NOT NULL,
    term_from DATE NOT NULL,
    term_to DATE NOT NULL,
    elements JSONB NOT NULL,
    decision JSONB,
    text_digest VARCHAR,
    approved_by VARCHAR,
    drafted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    effective_at TIMESTAMP WITH TIME ZONE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_implementation_plans PRIMARY KEY (id),
    CONSTRAINT uq_implementation_plans_code_edition UNIQUE (code, edition),
    CONSTRAINT ck_implementation_plans_term_not_backwards CHECK (term_from <= term_to),
    CONSTRAINT ck_implementation_plans_decided_with_a_record CHECK (state IN ('draft', 'withdrawn') OR (decision IS NOT NULL AND text_digest IS NOT NULL)),
    CONSTRAINT ck_implementation_plans_approved_by_somebody CHECK (state NOT IN ('approved', 'effective') OR approved_by IS NOT NULL),
    CONSTRAINT fk_implementation_plans_implementing_agency_id_organisations FOREIGN KEY(implementing_agency_id) REFERENCES organisations (id),
    CONSTRAINT fk_implementation_plans_approved_by_people FOREIGN KEY(approved_by) REFERENCES people (id)
)
--
CREATE UNIQUE INDEX uq_implementation_plans_one_effective ON implementation_plans (code) WHERE state = 'effective'
--
CREATE INDEX ix_implementation_plans_implementing_agency_id_state_id ON implementation_plans (implementing_agency_id, state, id)
--
CREATE TABLE fee_periods (
    operator_id VARCHAR NOT NULL,
    first_on DATE NOT NULL,
    last_on DATE NOT NULL,
    trial BOOLEAN NOT NULL,
    costs JSONB NOT NULL,
    costs_fen BIGINT NOT NULL,
    profit_rate_bp INTEGER NOT NULL,
    profit_fen BIGINT NOT NULL,
    taxes_fen BIGINT NOT NULL,
    carry_over_fen BIGINT NOT NULL,
    max_revenue_fen BIGINT NOT NULL,
    excess_fen BIGINT,
    doc_no VARCHAR,
    proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_fee_periods PRIMARY KEY (id),
    CONSTRAINT ck_fee_periods_period_not_reversed CHECK (first_on <= last_on),
    CONSTRAINT ck_fee_periods_parts_not_negative CHECK (costs_fen >= 0 AND profit_fen >= 0 AND taxes_fen >= 0 AND carry_over_fen >= 0),
    CONSTRAINT ck_fee_periods_maximum_is_the_sum CHECK (max_revenue_fen = costs_fen + profit_fen + taxes_fen - carry_over_fen),
    CONSTRAINT ck_fee_periods_maximum_not_negative CHECK (max_revenue_fen >= 0),
    CONSTRAINT ck_fee_periods_approved_by_document CHECK (state NOT IN ('approved', 'closed') OR doc_no IS NOT NULL),
    CONSTRAINT ck_fee_periods_closed_has_excess CHECK ((state = 'closed') = (excess_fen IS NOT NULL)),
    CONSTRAINT fk_fee_periods_operator_id_organisations FOREIGN KEY(operator_id) REFERENCES organisations (id)
)
--
CREATE UNIQUE INDEX uq_fee_periods_one_approved_a_day ON fee_periods (operator_id, first_on) WHERE state IN ('approved', 'closed')
--
CREATE INDEX ix_fee_periods_operator_id_last_on_id ON fee_periods (operator_id, last_on, id)
--
ALTER TABLE products ADD COLUMN suspended_with VARCHAR
--
ALTER TABLE products ADD CONSTRAINT ck_products_down_with_its_right CHECK (suspended_with IS NULL OR state = 'suspended')
--
CREATE INDEX ix_products_suspended_with_id ON products (suspended_with, id)
--
CREATE TABLE cascade_nodes (
    id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    level VARCHAR NOT NULL,
    region VARCHAR NOT NULL,
    public_key VARCHAR NOT NULL,
    last_seq BIGINT NOT NULL,
    last_sent_at TIMESTAMP WITH TIME ZONE,
    joined_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_cascade_nodes PRIMARY KEY (id),
    CONSTRAINT uq_cascade_nodes_organisation_id UNIQUE (organisation_id),
    CONSTRAINT ck_cascade_nodes_key_has_32_bytes CHECK (length(public_key) = 64),
    CONSTRAINT ck_cascade_nodes_seq_not_negative CHECK (last_seq >= 0),
    CONSTRAINT fk_cascade_nodes_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE TABLE disclosures (
    id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    year INTEGER NOT NULL,
    number INTEGER NOT NULL,
    body JSONB NOT NULL,
    digest_alg VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    alg VARCHAR NOT NULL,
    key_id VARCHAR NOT NULL,
    value VARCHAR NOT NULL,
    published_at TIMESTAMP WITH TIME ZONE NOT NULL,
    published_by VARCHAR NOT NULL,
    CONSTRAINT pk_disclosures PRIMARY KEY (id),
    CONSTRAINT uq_disclosures_organisation_id_kind_year_number UNIQUE (organisation_id, kind, year, number),
    CONSTRAINT fk_disclosures_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_disclosures_published_by_people FOREIGN KEY(published_by) REFERENCES people (id)
)
--
CREATE INDEX ix_disclosures_year_id ON disclosures (year, id)
--
CREATE TRIGGER disclosures_append_only BEFORE UPDATE OR DELETE ON disclosures FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER disclosures_no_truncate BEFORE TRUNCATE ON disclosures EXECUTE FUNCTION refuse_change()
--
CREATE TABLE tie_ends (
    tie_id VARCHAR NOT NULL,
    until DATE NOT NULL,
    ended_by VARCHAR NOT NULL,
    CONSTRAINT pk_tie_ends PRIMARY KEY (tie_id),
    CONSTRAINT fk_tie_ends_tie_id_ties FOREIGN KEY(tie_id) REFERENCES ties (id)
)
--
CREATE TRIGGER tie_ends_append_only BEFORE UPDATE OR DELETE ON tie_ends FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER tie_ends_no_truncate BEFORE TRUNCATE ON tie_ends EXECUTE FUNCTION refuse_change()
--
CREATE TABLE quota_windows (
    authorisation_id VARCHAR NOT NULL,
    meter VARCHAR NOT NULL,
    window_name VARCHAR NOT NULL,
    limit_count BIGINT NOT NULL,
    used BIGINT NOT NULL,
    CONSTRAINT pk_quota_windows PRIMARY KEY (authorisation_id, meter, window_name),
    CONSTRAINT ck_quota_windows_used_not_negative CHECK (used >= 0),
    CONSTRAINT ck_quota_windows_used_within_limit CHECK (used <= limit_count),
    CONSTRAINT fk_quota_windows_authorisation_id_authorisations FOREIGN KEY(authorisation_id) REFERENCES authorisations (id)
)
--
CREATE TRIGGER directory_versions_root_fixed BEFORE UPDATE ON directory_versions FOR EACH ROW WHEN (OLD.directory_id IS DISTINCT FROM NEW.directory_id OR OLD.department_id IS DISTINCT FROM NEW.department_id OR OLD.number IS DISTINCT FROM NEW.number OR OLD.published_at IS DISTINCT FROM NEW.published_at AND OLD.published_at IS NOT NULL) EXECUTE FUNCTION refuse_change()
--
CREATE TABLE operation_agreements (
    implementing_agency_id VARCHAR NOT NULL,
    plan_id VARCHAR NOT NULL,
    mode VARCHAR NOT NULL,
    code VARCHAR NOT NULL,
    operator_id VARCHAR NOT NULL,
    term_from DATE NOT NULL,
    term_to DATE NOT NULL,
    scope JSONB NOT NULL,
    scope_hash VARCHAR NOT NULL,
    elements JSONB NOT NULL,
    revenue JSONB,
    decision JSONB,
    final_digest VARCHAR,
    edition INTEGER NOT NULL,
    proposal JSONB,
    letter_digest VARCHAR,
    handover JSONB,
    drafted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    effective_at TIMESTAMP WITH TIME ZONE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_operation_agreements PRIMARY KEY (id),
    CONSTRAINT ck_operation_agreements_grantee_is_no_grantor CHECK (implementing_agency_id <> operator_id),
    CONSTRAINT ck_operation_agreements_term_not_backwards CHECK (term_from <= term_to),
    CONSTRAINT ck_operation_agreements_effective_only_when_filed CHECK (state NOT IN ('effective', 'amending', 'suspended', 'terminating') OR (letter_digest IS NOT NULL AND final_digest IS NOT NULL AND effective_at IS NOT NULL)),
    CONSTRAINT fk_operation_agreements_implementing_agency_id_organisations FOREIGN KEY(implementing_agency_id) REFERENCES organisations (id),
    CONSTRAINT fk_operation_agreements_plan_id_implementation_plans FOREIGN KEY(plan_id) REFERENCES implementation_plans (id),
    CONSTRAINT uq_operation_agreements_code UNIQUE (code),
    CONSTRAINT fk_operation_agreements_operator_id_organisations FOREIGN KEY(operator_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_operation_agreements_plan_id_id ON operation_agreements (plan_id, id)
--
CREATE INDEX ix_operation_agreements_operator_id_state_id ON operation_agreements (operator_id, state, id)
--
CREATE INDEX ix_operation_agreements_implementing_agency_id_state_id ON operation_agreements (implementing_agency_id, state, id)
--
ALTER TABLE registrations DROP CONSTRAINT ck_registrations_registered_has_code_and_term
--
ALTER TABLE registrations ADD COLUMN revision INTEGER
--
UPDATE registrations SET revision = 1
--
ALTER TABLE registrations ALTER COLUMN revision SET NOT NULL
--
ALTER TABLE registrations ADD COLUMN returned_count INTEGER
--
UPDATE registrations SET returned_count = 0
--
ALTER TABLE registrations ALTER COLUMN returned_count SET NOT NULL
--
ALTER TABLE registrations ADD CONSTRAINT ck_registrations_revision_positive CHECK (revision > 0)
--
ALTER TABLE registrations ADD CONSTRAINT ck_registrations_registered_has_code_and_term CHECK (state NOT IN ('registered', 'change_review', 'correction_review', 'renewal_review', 'dereg_review') OR (code IS NOT NULL AND valid_from IS NOT NULL AND valid_to IS NOT NULL))
--
DROP INDEX uq_registrations_one_live_per_directory
--
CREATE UNIQUE INDEX uq_registrations_one_live_per_directory ON registrations (directory_id) WHERE state NOT IN ('withdrawn', 'refused', 'deregistered', 'expired')
--
CREATE TABLE sharing_consents (
    directory_id VARCHAR NOT NULL,
    department_id VARCHAR NOT NULL,
    provider_id VARCHAR NOT NULL,
    request VARCHAR NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    answered_at TIMESTAMP WITH TIME ZONE,
    valid_from DATE,
    valid_to DATE NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_sharing_consents PRIMARY KEY (id),
    CONSTRAINT ck_sharing_consents_provider_is_another CHECK (department_id <> provider_id),
    CONSTRAINT ck_sharing_consents_given_from_a_day_on CHECK (state <> 'given' OR valid_from IS NOT NULL),
    CONSTRAINT ck_sharing_consents_term_not_backwards CHECK (valid_to >= valid_from),
    CONSTRAINT fk_sharing_consents_directory_id_directories FOREIGN KEY(directory_id) REFERENCES directories (id),
    CONSTRAINT fk_sharing_consents_department_id_organisations FOREIGN KEY(department_id) REFERENCES organisations (id),
    CONSTRAINT fk_sharing_consents_provider_id_organisations FOREIGN KEY(provider_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_sharing_consents_state_valid_to_id ON sharing_consents (state, valid_to, id)
--
CREATE UNIQUE INDEX uq_sharing_consents_one_live_per_provider ON sharing_consents (directory_id, provider_id) WHERE state IN ('asked', 'given')
--
CREATE INDEX ix_sharing_consents_department_id_id ON sharing_consents (department_id, id)
--
CREATE INDEX ix_sharing_consents_directory_id_id ON sharing_consents (directory_id, id)
--
CREATE INDEX ix_sharing_consents_provider_id_id ON sharing_consents (provider_id, id)
--
CREATE INDEX ix_scenario_items_directory_code_item_code_scenario_id ON scenario_items (directory_code, item_code, scenario_id)
--
ALTER TABLE opinions DROP CONSTRAINT ck_opinions_condition_is_told
--
ALTER TABLE opinions ADD COLUMN clause VARCHAR
--
ALTER TABLE opinions ADD CONSTRAINT ck_opinions_condition_goes_with_agreement CHECK (condition IS NULL OR state IN ('agreed_with_condition', 'partly_agreed'))
--
ALTER TABLE opinions ADD CONSTRAINT ck_opinions_condition_is_told CHECK (state <> 'agreed_with_condition' OR condition IS NOT NULL)
--
ALTER TABLE opinions ADD CONSTRAINT ck_opinions_silence_says_nothing CHECK (state <> 'asked' OR (given_at IS NULL AND clause IS NULL))
--
CREATE TABLE authorisation_items (
    authorisation_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    directory_code VARCHAR NOT NULL,
    item_code VARCHAR NOT NULL,
    CONSTRAINT pk_authorisation_items PRIMARY KEY (authorisation_id, number, directory_code, item_code),
    CONSTRAINT fk_authorisation_items_authorisation_id_authorisations FOREIGN KEY(authorisation_id) REFERENCES authorisations (id)
)
--
CREATE INDEX ix_authorisation_items_directory_code_item_code_authori_7b77 ON authorisation_items (directory_code, item_code, authorisation_id)
--
CREATE TRIGGER authorisation_items_append_only BEFORE UPDATE OR DELETE ON authorisation_items FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER authorisation_items_no_truncate BEFORE TRUNCATE ON authorisation_items EXECUTE FUNCTION refuse_change()
--
CREATE TABLE destructions (
    authorisation_id VARCHAR NOT NULL,
    grantee_id VARCHAR NOT NULL,
    implementing_agency_id VARCHAR NOT NULL,
    ended_as VARCHAR NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    method VARCHAR,
    digest VARCHAR,
    certified_at TIMESTAMP WITH TIME ZONE,
    sampled BOOLEAN NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_destructions PRIMARY KEY (id),
    CONSTRAINT uq_destructions_authorisation_id UNIQUE (authorisation_id),
    CONSTRAINT ck_destructions_certified_with_proof CHECK (state NOT IN ('certified', 'audited') OR (digest IS NOT NULL AND method IS NOT NULL AND certified_at IS NOT NULL)),
    CONSTRAINT fk_destructions_authorisation_id_authorisations FOREIGN KEY(authorisation_id) REFERENCES authorisations (id),
    CONSTRAINT fk_destructions_grantee_id_organisations FOREIGN KEY(grantee_id) REFERENCES organisations (id),
    CONSTRAINT fk_destructions_implementing_agency_id_organisations FOREIGN KEY(implementing_agency_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_destructions_grantee_id_id ON destructions (grantee_id, id)
--
CREATE INDEX ix_destructions_state_id ON destructions (state, id)
--
CREATE INDEX ix_destructions_implementing_agency_id_id ON destructions (implementing_agency_id, id)
--
CREATE TABLE commitments (
    scenario_id VARCHAR NOT NULL,
    applicant_id VARCHAR NOT NULL,
    implementing_agency_id VARCHAR NOT NULL,
    material VARCHAR NOT NULL,
    promised_on DATE NOT NULL,
    due_on DATE NOT NULL,
    evidence_digest VARCHAR,
    ended_at TIMESTAMP WITH TIME ZONE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_commitments PRIMARY KEY (id),
    CONSTRAINT ck_commitments_due_after_the_promise CHECK (promised_on < due_on),
    CONSTRAINT ck_commitments_met_with_evidence CHECK (state <> 'met' OR evidence_digest IS NOT NULL),
    CONSTRAINT fk_commitments_scenario_id_scenarios FOREIGN KEY(scenario_id) REFERENCES scenarios (id),
    CONSTRAINT fk_commitments_applicant_id_organisations FOREIGN KEY(applicant_id) REFERENCES organisations (id),
    CONSTRAINT fk_commitments_implementing_agency_id_organisations FOREIGN KEY(implementing_agency_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_commitments_scenario_id_id ON commitments (scenario_id, id)
--
CREATE INDEX ix_commitments_implementing_agency_id_id ON commitments (implementing_agency_id, id)
--
CREATE UNIQUE INDEX uq_commitments_one_open ON commitments (scenario_id, material) WHERE state IN ('promised', 'provided')
--
CREATE INDEX ix_commitments_applicant_id_state_id ON commitments (applicant_id, state, id)
--
CREATE TABLE breaker_alerts (
    authorisation_id VARCHAR NOT NULL,
    code VARCHAR NOT NULL,
    denials INTEGER NOT NULL,
    raised_at TIMESTAMP WITH TIME ZONE NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_breaker_alerts PRIMARY KEY (id),
    CONSTRAINT ck_breaker_alerts_denials_positive CHECK (denials > 0),
    CONSTRAINT fk_breaker_alerts_authorisation_id_authorisations FOREIGN KEY(authorisation_id) REFERENCES authorisations (id)
)
--
CREATE INDEX ix_breaker_alerts_state_id ON breaker_alerts (state, id)
--
CREATE UNIQUE INDEX uq_breaker_alerts_one_live ON breaker_alerts (authorisation_id, code) WHERE state IN ('raised', 'proposed')
--
CREATE INDEX ix_breaker_alerts_authorisation_id_id ON breaker_alerts (authorisation_id, id)
--
ALTER TABLE resources ADD COLUMN refreshed_at TIMESTAMP WITH TIME ZONE
--
CREATE TABLE application_sections (
    scenario_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    written JSONB NOT NULL,
    saved_at TIMESTAMP WITH TIME ZONE NOT NULL,
    saved_by VARCHAR NOT NULL,
    CONSTRAINT pk_application_sections PRIMARY KEY (scenario_id, number),
    CONSTRAINT ck_application_sections_one_of_seven CHECK (number BETWEEN 1 AND 7),
    CONSTRAINT fk_application_sections_scenario_id_scenarios FOREIGN KEY(scenario_id) REFERENCES scenarios (id)
)
--
CREATE TABLE section_holds (
    scenario_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    person VARCHAR NOT NULL,
    until TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_section_holds PRIMARY KEY (scenario_id, number),
    CONSTRAINT fk_section_holds_scenario_id_scenarios FOREIGN KEY(scenario_id) REFERENCES scenarios (id)
)
--
CREATE TABLE section_revisions (
    scenario_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    written JSONB NOT NULL,
    saved_at TIMESTAMP WITH TIME ZONE NOT NULL,
    saved_by VARCHAR NOT NULL,
    CONSTRAINT pk_section_revisions PRIMARY KEY (scenario_id, number, revision),
    CONSTRAINT fk_section_revisions_scenario_id_scenarios FOREIGN KEY(scenario_id) REFERENCES scenarios (id)
)
--
ALTER TABLE assessments DROP CONSTRAINT ck_assessments_concluded_has_result
--
ALTER TABLE assessments ADD COLUMN lane VARCHAR
--
UPDATE assessments SET lane = 'ordinary'
--
ALTER TABLE assessments ALTER COLUMN lane SET NOT NULL
--
ALTER TABLE assessments ADD COLUMN kept JSONB
--
UPDATE assessments SET kept = '[]'
--
ALTER TABLE assessments ALTER COLUMN kept SET NOT NULL
--
ALTER TABLE assessments ADD CONSTRAINT ck_assessments_concluded_has_result CHECK (state <> 'concluded' OR result IS NOT NULL)
--
ALTER TABLE assessments ADD CONSTRAINT ck_assessments_result_once_concluded CHECK (result IS NULL OR state IN ('concluded', 'void'))
--
ALTER TABLE assessments ADD CONSTRAINT ck_assessments_lane_is_known CHECK (lane IN ('ordinary', 'fast', 'short'))
--
CREATE TABLE publicity_objections (
    scenario_id VARCHAR NOT NULL,
    agency_id VARCHAR NOT NULL,
    filed_for VARCHAR NOT NULL,
    filed_by VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    answer VARCHAR,
    remedy VARCHAR,
    filed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_publicity_objections PRIMARY KEY (id),
    CONSTRAINT ck_publicity_objections_reason_is_told CHECK (length(reason) > 0),
    CONSTRAINT ck_publicity_objections_answer_has_reason CHECK ((state = 'filed') = (answer IS NULL)),
    CONSTRAINT ck_publicity_objections_upheld_has_remedy CHECK ((state = 'upheld') = (remedy IS NOT NULL)),
    CONSTRAINT fk_publicity_objections_scenario_id_scenarios FOREIGN KEY(scenario_id) REFERENCES scenarios (id),
    CONSTRAINT fk_publicity_objections_agency_id_organisations FOREIGN KEY(agency_id) REFERENCES organisations (id),
    CONSTRAINT fk_publicity_objections_filed_for_organisations FOREIGN KEY(filed_for) REFERENCES organisations (id),
    CONSTRAINT fk_publicity_objections_filed_by_people FOREIGN KEY(filed_by) REFERENCES people (id)
)
--
CREATE INDEX ix_publicity_objections_scenario_id_state_id ON publicity_objections (scenario_id, state, id)
--
CREATE INDEX ix_publicity_objections_filed_for_id ON publicity_objections (filed_for, id)
--
CREATE INDEX ix_publicity_objections_agency_id_id ON publicity_objections (agency_id, id)
--
CREATE TABLE idle_notices (
    authorisation_id VARCHAR NOT NULL,
    grantee_id VARCHAR NOT NULL,
    implementing_agency_id VARCHAR NOT NULL,
    idle_since TIMESTAMP WITH TIME ZONE NOT NULL,
    given_at TIMESTAMP WITH TIME ZONE NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_idle_notices PRIMARY KEY (id),
    CONSTRAINT fk_idle_notices_authorisation_id_authorisations FOREIGN KEY(authorisation_id) REFERENCES authorisations (id),
    CONSTRAINT fk_idle_notices_grantee_id_organisations FOREIGN KEY(grantee_id) REFERENCES organisations (id),
    CONSTRAINT fk_idle_notices_implementing_agency_id_organisations FOREIGN KEY(implementing_agency_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_idle_notices_implementing_agency_id_id ON idle_notices (implementing_agency_id, id)
--
CREATE INDEX ix_idle_notices_grantee_id_id ON idle_notices (grantee_id, id)
--
CREATE INDEX ix_idle_notices_authorisation_id_id ON idle_notices (authorisation_id, id)
--
CREATE UNIQUE INDEX uq_idle_notices_one_given ON idle_notices (authorisation_id) WHERE state = 'given'
--
CREATE TABLE authorisation_reviews (
    authorisation_id VARCHAR NOT NULL,
    year INTEGER NOT NULL,
    grantee_id VARCHAR NOT NULL,
    implementing_agency_id VARCHAR NOT NULL,
    figures JSONB NOT NULL,
    benefits VARCHAR,
    finding VARCHAR,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_authorisation_reviews PRIMARY KEY (id),
    CONSTRAINT uq_authorisation_reviews_authorisation_id_year UNIQUE (authorisation_id, year),
    CONSTRAINT fk_authorisation_reviews_authorisation_id_authorisations FOREIGN KEY(authorisation_id) REFERENCES authorisations (id),
    CONSTRAINT fk_authorisation_reviews_grantee_id_organisations FOREIGN KEY(grantee_id) REFERENCES organisations (id),
    CONSTRAINT fk_authorisation_reviews_implementing_agency_id_organisations FOREIGN KEY(implementing_agency_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_authorisation_reviews_implementing_agency_id_state_id ON authorisation_reviews (implementing_agency_id, state, id)
--
CREATE INDEX ix_authorisation_reviews_grantee_id_id ON authorisation_reviews (grantee_id, id)
--
CREATE TABLE fee_revenues (
    order_line_id VARCHAR NOT NULL,
    operator_id VARCHAR NOT NULL,
    period_id VARCHAR,
    amount_fen BIGINT NOT NULL,
    recognised_on DATE NOT NULL,
    CONSTRAINT pk_fee_revenues PRIMARY KEY (order_line_id),
    CONSTRAINT ck_fee_revenues_amount_not_negative CHECK (amount_fen >= 0),
    CONSTRAINT fk_fee_revenues_operator_id_organisations FOREIGN KEY(operator_id) REFERENCES organisations (id),
    CONSTRAINT fk_fee_revenues_period_id_fee_periods FOREIGN KEY(period_id) REFERENCES fee_periods (id)
)
--
CREATE INDEX ix_fee_revenues_period_id_order_line_id ON fee_revenues (period_id, order_line_id)
--
CREATE INDEX ix_fee_revenues_operator_id_recognised_on ON fee_revenues (operator_id, recognised_on)
--
CREATE TRIGGER fee_revenues_append_only BEFORE UPDATE OR DELETE ON fee_revenues FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER fee_revenues_no_truncate BEFORE TRUNCATE ON fee_revenues EXECUTE FUNCTION refuse_change()
--
CREATE TABLE fee_revenue_totals (
    period_id VARCHAR NOT NULL,
    earned_fen BIGINT NOT NULL,
    CONSTRAINT pk_fee_revenue_totals PRIMARY KEY (period_id),
    CONSTRAINT ck_fee_revenue_totals_earned_not_negative CHECK (earned_fen >= 0),
    CONSTRAINT fk_fee_revenue_totals_period_id_fee_periods FOREIGN KEY(period_id) REFERENCES fee_periods (id)
)
--
CREATE TABLE fee_caps (
    id VARCHAR NOT NULL,
    period_id VARCHAR NOT NULL,
    operator_id VARCHAR NOT NULL,
    authorisation_id VARCHAR,
    product_type VARCHAR NOT NULL,
    meter VARCHAR NOT NULL,
    cap_e6 BIGINT NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE NOT NULL,
    doc_no VARCHAR NOT NULL,
    fixed_by VARCHAR NOT NULL,
    fixed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_fee_caps PRIMARY KEY (id),
    CONSTRAINT uq_fee_caps_id_cap_e6 UNIQUE (id, cap_e6),
    CONSTRAINT ck_fee_caps_cap_positive CHECK (cap_e6 > 0),
    CONSTRAINT ck_fee_caps_validity_not_reversed CHECK (valid_from <= valid_to),
    CONSTRAINT fk_fee_caps_period_id_fee_periods FOREIGN KEY(period_id) REFERENCES fee_periods (id),
    CONSTRAINT fk_fee_caps_operator_id_organisations FOREIGN KEY(operator_id) REFERENCES organisations (id),
    CONSTRAINT fk_fee_caps_authorisation_id_authorisations FOREIGN KEY(authorisation_id) REFERENCES authorisations (id),
    CONSTRAINT fk_fee_caps_fixed_by_organisations FOREIGN KEY(fixed_by) REFERENCES organisations (id)
)
--
CREATE INDEX ix_fee_caps_operator_id_product_type_meter_valid_from ON fee_caps (operator_id, product_type, meter, valid_from)
--
CREATE INDEX ix_fee_caps_period_id_id ON fee_caps (period_id, id)
--
CREATE TRIGGER fee_caps_append_only BEFORE UPDATE OR DELETE ON fee_caps FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER fee_caps_no_truncate BEFORE TRUNCATE ON fee_caps EXECUTE FUNCTION refuse_change()
--
CREATE TABLE cascade_envelopes (
    node_id VARCHAR NOT NULL,
    seq BIGINT NOT NULL,
    op VARCHAR NOT NULL,
    directory_code VARCHAR NOT NULL,
    content JSONB NOT NULL,
    digest VARCHAR NOT NULL,
    signature VARCHAR NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_cascade_envelopes PRIMARY KEY (node_id, seq),
    CONSTRAINT fk_cascade_envelopes_node_id_cascade_nodes FOREIGN KEY(node_id) REFERENCES cascade_nodes (id)
)
--
CREATE TRIGGER cascade_envelopes_append_only BEFORE UPDATE OR DELETE ON cascade_envelopes FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER cascade_envelopes_no_truncate BEFORE TRUNCATE ON cascade_envelopes EXECUTE FUNCTION refuse_change()
--
CREATE TABLE cascaded_directories (
    node_id VARCHAR NOT NULL,
    directory_code VARCHAR NOT NULL,
    content JSONB NOT NULL,
    seq BIGINT NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_cascaded_directories PRIMARY KEY (id),
    CONSTRAINT uq_cascaded_directories_node_id_directory_code UNIQUE (node_id, directory_code),
    CONSTRAINT fk_cascaded_directories_node_id_cascade_nodes FOREIGN KEY(node_id) REFERENCES cascade_nodes (id)
)
--
CREATE INDEX ix_cascaded_directories_state_id ON cascaded_directories (state, id)
--
CREATE TABLE source_claims (
    master_item_id VARCHAR NOT NULL,
    directory_id VARCHAR NOT NULL,
    item_code VARCHAR NOT NULL,
    department_id VARCHAR NOT NULL,
    level VARCHAR NOT NULL,
    region VARCHAR NOT NULL,
    grounds VARCHAR NOT NULL,
    claimed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_source_claims PRIMARY KEY (id),
    CONSTRAINT fk_source_claims_master_item_id_master_items FOREIGN KEY(master_item_id) REFERENCES master_items (id),
    CONSTRAINT fk_source_claims_directory_id_directories FOREIGN KEY(directory_id) REFERENCES directories (id),
    CONSTRAINT fk_source_claims_department_id_organisations FOREIGN KEY(department_id) REFERENCES organisations (id)
)
--
CREATE UNIQUE INDEX uq_source_claims_one_authoritative ON source_claims (master_item_id, level, region) WHERE state = 'confirmed'
--
CREATE INDEX ix_source_claims_directory_id_item_code ON source_claims (directory_id, item_code)
--
CREATE UNIQUE INDEX uq_source_claims_one_running_per_item ON source_claims (master_item_id, directory_id, item_code) WHERE state IN ('claimed', 'contested', 'confirmed')
--
CREATE INDEX ix_source_claims_department_id_id ON source_claims (department_id, id)
--
CREATE TABLE error_reports (
    directory_id VARCHAR NOT NULL,
    item_code VARCHAR NOT NULL,
    department_id VARCHAR NOT NULL,
    reporter_id VARCHAR NOT NULL,
    finding VARCHAR NOT NULL,
    answer VARCHAR,
    reported_at TIMESTAMP WITH TIME ZONE NOT NULL,
    answered_at TIMESTAMP WITH TIME ZONE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_error_reports PRIMARY KEY (id),
    CONSTRAINT fk_error_reports_directory_id_directories FOREIGN KEY(directory_id) REFERENCES directories (id),
    CONSTRAINT fk_error_reports_department_id_organisations FOREIGN KEY(department_id) REFERENCES organisations (id),
    CONSTRAINT fk_error_reports_reporter_id_organisations FOREIGN KEY(reporter_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_error_reports_department_id_id ON error_reports (department_id, id)
--
CREATE INDEX ix_error_reports_reporter_id_id ON error_reports (reporter_id, id)
--
CREATE INDEX ix_error_reports_directory_id_id ON error_reports (directory_id, id)
--
CREATE TABLE appeals (
    scenario_id VARCHAR NOT NULL,
    agency_id VARCHAR NOT NULL,
    applicant_id VARCHAR NOT NULL,
    decision BIGINT NOT NULL,
    reason VARCHAR NOT NULL,
    answer VARCHAR,
    remedy VARCHAR,
    filed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_appeals PRIMARY KEY (id),
    CONSTRAINT uq_appeals_decision UNIQUE (decision),
    CONSTRAINT ck_appeals_reason_is_told CHECK (length(reason) > 0),
    CONSTRAINT ck_appeals_answer_has_reason CHECK ((state IN ('upheld', 'dismissed')) = (answer IS NOT NULL)),
    CONSTRAINT ck_appeals_upheld_has_remedy CHECK ((state = 'upheld') = (remedy IS NOT NULL)),
    CONSTRAINT fk_appeals_scenario_id_scenarios FOREIGN KEY(scenario_id) REFERENCES scenarios (id),
    CONSTRAINT fk_appeals_agency_id_organisations FOREIGN KEY(agency_id) REFERENCES organisations (id),
    CONSTRAINT fk_appeals_applicant_id_organisations FOREIGN KEY(applicant_id) REFERENCES organisations (id),
    CONSTRAINT fk_appeals_decision_events FOREIGN KEY(decision) REFERENCES events (sequence)
)
--
CREATE INDEX ix_appeals_applicant_id_id ON appeals (applicant_id, id)
--
CREATE INDEX ix_appeals_scenario_id_id ON appeals (scenario_id, id)
--
CREATE INDEX ix_appeals_agency_id_id ON appeals (agency_id, id)
--
CREATE TABLE usage_reports (
    id VARCHAR NOT NULL,
    authorisation_id VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    figures JSONB NOT NULL,
    person_id VARCHAR NOT NULL,
    reported_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_usage_reports PRIMARY KEY (id),
    CONSTRAINT fk_usage_reports_authorisation_id_authorisations FOREIGN KEY(authorisation_id) REFERENCES authorisations (id)
)
--
CREATE INDEX ix_usage_reports_authorisation_id_id ON usage_reports (authorisation_id, id)
--
CREATE TRIGGER usage_reports_append_only BEFORE UPDATE OR DELETE ON usage_reports FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER usage_reports_no_truncate BEFORE TRUNCATE ON usage_reports EXECUTE FUNCTION refuse_change()
--
ALTER TABLE directory_contents ADD COLUMN share_mode VARCHAR
--
ALTER TABLE directory_contents ADD COLUMN share_condition VARCHAR
--
ALTER TABLE directory_contents ADD COLUMN open_condition VARCHAR
--
ALTER TABLE directory_contents ADD COLUMN source_acquisition VARCHAR
--
ALTER TABLE directory_contents ADD COLUMN persons_count BIGINT
--
ALTER TABLE directory_contents ADD CONSTRAINT ck_directory_contents_persons_not_negative CHECK (persons_count >= 0)
--
ALTER TABLE directory_contents ADD CONSTRAINT ck_directory_contents_withheld_on_a_legal_basis CHECK (length(trim(legal_basis)) > 0 OR (share_type <> 'not_shared' AND open_type <> 'not_open'))
--
CREATE OR REPLACE FUNCTION refuse_late_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
  SELECT 1 FROM directory_versions v JOIN directories d ON d.id = v.directory_id
  WHERE v.id = NEW.version_id AND (v.state IN ('dept_review', 'hub_review', 'superseded', 'revoked')
    OR d.current_version_id = v.id)) THEN
    RAISE EXCEPTION 'the version is complete' USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$
--
CREATE TRIGGER data_items_not_late BEFORE INSERT ON data_items FOR EACH ROW EXECUTE FUNCTION refuse_late_item()
--
CREATE TABLE directory_gradings (
    version_id VARCHAR NOT NULL,
    grade VARCHAR NOT NULL,
    pi_class VARCHAR NOT NULL,
    raised_by JSONB NOT NULL,
    rule_version VARCHAR NOT NULL,
    graded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_directory_gradings PRIMARY KEY (version_id),
    CONSTRAINT fk_directory_gradings_version_id_directory_versions FOREIGN KEY(version_id) REFERENCES directory_versions (id)
)
--
CREATE TRIGGER directory_gradings_append_only BEFORE UPDATE OR DELETE ON directory_gradings FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER directory_gradings_no_truncate BEFORE TRUNCATE ON directory_gradings EXECUTE FUNCTION refuse_change()
--
CREATE TABLE status_entries (
    certificate_id VARCHAR NOT NULL,
    list_no INTEGER NOT NULL,
    position INTEGER NOT NULL,
    CONSTRAINT pk_status_entries PRIMARY KEY (certificate_id),
    CONSTRAINT uq_status_entries_list_no_position UNIQUE (list_no, position),
    CONSTRAINT ck_status_entries_list_from_one CHECK (list_no >= 1),
    CONSTRAINT ck_status_entries_position_in_list CHECK (position >= 0 AND position < 131072),
    CONSTRAINT fk_status_entries_certificate_id_certificates FOREIGN KEY(certificate_id) REFERENCES certificates (id)
)
--
CREATE TRIGGER status_entries_append_only BEFORE UPDATE OR DELETE ON status_entries FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER status_entries_no_truncate BEFORE TRUNCATE ON status_entries EXECUTE FUNCTION refuse_change()
--
CREATE TABLE registration_forms (
    registration_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    body JSONB NOT NULL,
    commitment VARCHAR,
    organisation_id VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    given_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_registration_forms PRIMARY KEY (registration_id, number),
    CONSTRAINT ck_registration_forms_number_positive CHECK (number > 0),
    CONSTRAINT fk_registration_forms_registration_id_registrations FOREIGN KEY(registration_id) REFERENCES registrations (id),
    CONSTRAINT fk_registration_forms_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE TRIGGER registration_forms_append_only BEFORE UPDATE OR DELETE ON registration_forms FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER registration_forms_no_truncate BEFORE TRUNCATE ON registration_forms EXECUTE FUNCTION refuse_change()
--
CREATE TABLE registration_grants (
    registration_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE NOT NULL,
    granted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_registration_grants PRIMARY KEY (registration_id, number),
    CONSTRAINT ck_registration_grants_term_not_backwards CHECK (valid_to >= valid_from),
    CONSTRAINT fk_registration_grants_registration_id_registrations FOREIGN KEY(registration_id) REFERENCES registrations (id)
)
--
CREATE TRIGGER registration_grants_append_only BEFORE UPDATE OR DELETE ON registration_grants FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER registration_grants_no_truncate BEFORE TRUNCATE ON registration_grants EXECUTE FUNCTION refuse_change()
--
CREATE TABLE opinion_items (
    opinion_id VARCHAR NOT NULL,
    directory_code VARCHAR NOT NULL,
    item_code VARCHAR NOT NULL,
    verdict VARCHAR NOT NULL,
    cause VARCHAR,
    text VARCHAR,
    CONSTRAINT pk_opinion_items PRIMARY KEY (opinion_id, directory_code, item_code),
    CONSTRAINT ck_opinion_items_verdict_is_known CHECK (verdict IN ('agree', 'agree_with_condition', 'disagree')),
    CONSTRAINT ck_opinion_items_disagreement_has_reason CHECK (verdict <> 'disagree' OR (cause IS NOT NULL AND text IS NOT NULL)),
    CONSTRAINT ck_opinion_items_condition_is_told CHECK (verdict <> 'agree_with_condition' OR text IS NOT NULL),
    CONSTRAINT fk_opinion_items_opinion_id_opinions FOREIGN KEY(opinion_id) REFERENCES opinions (id)
)
--
CREATE TRIGGER opinion_items_append_only BEFORE UPDATE OR DELETE ON opinion_items FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER opinion_items_no_truncate BEFORE TRUNCATE ON opinion_items EXECUTE FUNCTION refuse_change()
--
ALTER TABLE supply_agreements DROP CONSTRAINT ck_supply_agreements_effective_only_when_filed
--
ALTER TABLE supply_agreements ADD COLUMN operation_agreement_id VARCHAR
--
ALTER TABLE supply_agreements ADD COLUMN suspended_directories JSONB
--
UPDATE supply_agreements SET suspended_directories = '{}'
--
ALTER TABLE supply_agreements ALTER COLUMN suspended_directories SET NOT NULL
--
ALTER TABLE supply_agreements ADD COLUMN elements JSONB
--
UPDATE supply_agreements SET elements = '{}'
--
ALTER TABLE supply_agreements ALTER COLUMN elements SET NOT NULL
--
ALTER TABLE supply_agreements ADD COLUMN decision JSONB
--
ALTER TABLE supply_agreements ADD COLUMN final_digest VARCHAR
--
ALTER TABLE supply_agreements ADD COLUMN edition INTEGER
--
UPDATE supply_agreements SET edition = 1
--
ALTER TABLE supply_agreements ALTER COLUMN edition SET NOT NULL
--
ALTER TABLE supply_agreements ADD COLUMN proposal JSONB
--
ALTER TABLE supply_agreements ADD COLUMN handover JSONB
--
ALTER TABLE supply_agreements ADD CONSTRAINT ck_supply_agreements_effective_only_when_filed CHECK (state NOT IN ('effective', 'amending', 'suspended', 'terminating') OR (letter_digest IS NOT NULL AND effective_at IS NOT NULL))
--
ALTER TABLE supply_agreements ADD CONSTRAINT fk_supply_agreements_operation_agreement_id_operation_a_b68b FOREIGN KEY(operation_agreement_id) REFERENCES operation_agreements (id)
--
DROP INDEX uq_supply_agreements_one_live
--
CREATE UNIQUE INDEX uq_supply_agreements_one_live ON supply_agreements (unique_key) WHERE state IN ('effective', 'amending', 'suspended')
--
CREATE INDEX ix_supply_agreements_operation_agreement_id_state_id ON supply_agreements (operation_agreement_id, state, id)
--
CREATE TABLE challenges (
    assessment_id VARCHAR NOT NULL,
    scenario_id VARCHAR NOT NULL,
    agency_id VARCHAR NOT NULL,
    applicant_id VARCHAR NOT NULL,
    expert_id VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    answer VARCHAR,
    filed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_challenges PRIMARY KEY (id),
    CONSTRAINT ck_challenges_reason_is_told CHECK (length(reason) > 0),
    CONSTRAINT ck_challenges_answer_has_reason CHECK ((state = 'filed') = (answer IS NULL)),
    CONSTRAINT fk_challenges_assessment_id_assessments FOREIGN KEY(assessment_id) REFERENCES assessments (id),
    CONSTRAINT fk_challenges_scenario_id_scenarios FOREIGN KEY(scenario_id) REFERENCES scenarios (id),
    CONSTRAINT fk_challenges_agency_id_organisations FOREIGN KEY(agency_id) REFERENCES organisations (id),
    CONSTRAINT fk_challenges_applicant_id_organisations FOREIGN KEY(applicant_id) REFERENCES organisations (id),
    CONSTRAINT fk_challenges_expert_id_experts FOREIGN KEY(expert_id) REFERENCES experts (id)
)
--
CREATE UNIQUE INDEX uq_challenges_one_open_per_member ON challenges (assessment_id, expert_id) WHERE state = 'filed'
--
CREATE INDEX ix_challenges_assessment_id_id ON challenges (assessment_id, id)
--
ALTER TABLE order_lines ADD COLUMN fee_ground VARCHAR
--
ALTER TABLE order_lines DISABLE TRIGGER USER
--
UPDATE order_lines SET fee_ground = CASE WHEN authorisation_id IS NULL THEN 'own' ELSE 'industry' END
--
ALTER TABLE order_lines ENABLE TRIGGER USER
--
ALTER TABLE order_lines ALTER COLUMN fee_ground SET NOT NULL
--
ALTER TABLE order_lines ADD COLUMN price_e6 BIGINT
--
ALTER TABLE order_lines DISABLE TRIGGER USER
--
UPDATE order_lines SET price_e6 = 0
--
ALTER TABLE order_lines ENABLE TRIGGER USER
--
ALTER TABLE order_lines ALTER COLUMN price_e6 SET NOT NULL
--
ALTER TABLE order_lines ADD COLUMN cap_id VARCHAR
--
ALTER TABLE order_lines ADD COLUMN cap_e6 BIGINT
--
ALTER TABLE order_lines ADD CONSTRAINT ck_order_lines_price_not_negative CHECK (price_e6 >= 0)
--
ALTER TABLE order_lines ADD CONSTRAINT ck_order_lines_price_within_cap CHECK (price_e6 <= cap_e6)
--
ALTER TABLE order_lines ADD CONSTRAINT ck_order_lines_industry_pays_under_a_cap CHECK (fee_ground <> 'industry' OR price_e6 = 0 OR (cap_id IS NOT NULL AND cap_e6 IS NOT NULL))
--
ALTER TABLE order_lines ADD CONSTRAINT ck_order_lines_public_interest_is_free CHECK (fee_ground <> 'public_interest' OR (price_e6 = 0 AND amount_minor = 0))
--
ALTER TABLE order_lines ADD CONSTRAINT ck_order_lines_public_data_has_its_ground CHECK ((authorisation_id IS NULL) = (fee_ground = 'own'))
--
ALTER TABLE order_lines ADD CONSTRAINT fk_order_lines_cap_id_cap_e6_fee_caps FOREIGN KEY(cap_id, cap_e6) REFERENCES fee_caps (id, cap_e6)
--
CREATE TABLE source_conflicts (
    master_item_id VARCHAR NOT NULL,
    standing_claim_id VARCHAR NOT NULL,
    rival_claim_id VARCHAR NOT NULL,
    standing_department_id VARCHAR NOT NULL,
    rival_department_id VARCHAR NOT NULL,
    winner VARCHAR,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_source_conflicts PRIMARY KEY (id),
    CONSTRAINT ck_source_conflicts_two_claims CHECK (standing_claim_id <> rival_claim_id),
    CONSTRAINT ck_source_conflicts_decided_for_one CHECK ((state = 'decided') = (winner IS NOT NULL)),
    CONSTRAINT fk_source_conflicts_master_item_id_master_items FOREIGN KEY(master_item_id) REFERENCES master_items (id),
    CONSTRAINT fk_source_conflicts_standing_claim_id_source_claims FOREIGN KEY(standing_claim_id) REFERENCES source_claims (id),
    CONSTRAINT fk_source_conflicts_rival_claim_id_source_claims FOREIGN KEY(rival_claim_id) REFERENCES source_claims (id),
    CONSTRAINT fk_source_conflicts_standing_department_id_organisations FOREIGN KEY(standing_department_id) REFERENCES organisations (id),
    CONSTRAINT fk_source_conflicts_rival_department_id_organisations FOREIGN KEY(rival_department_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_source_conflicts_standing_department_id_id ON source_conflicts (standing_department_id, id)
--
CREATE INDEX ix_source_conflicts_rival_department_id_id ON source_conflicts (rival_department_id, id)
--
CREATE UNIQUE INDEX uq_source_conflicts_one_open_per_rival ON source_conflicts (rival_claim_id) WHERE state <> 'decided'
--
CREATE TABLE registration_objections (
    registration_id VARCHAR NOT NULL,
    department_id VARCHAR NOT NULL,
    objector_id VARCHAR NOT NULL,
    grounds VARCHAR NOT NULL,
    raised_at TIMESTAMP WITH TIME ZONE NOT NULL,
    answered_at TIMESTAMP WITH TIME ZONE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_registration_objections PRIMARY KEY (id),
    CONSTRAINT ck_registration_objections_objector_is_another CHECK (objector_id <> department_id),
    CONSTRAINT fk_registration_objections_registration_id_registrations FOREIGN KEY(registration_id) REFERENCES registrations (id),
    CONSTRAINT fk_registration_objections_department_id_organisations FOREIGN KEY(department_id) REFERENCES organisations (id),
    CONSTRAINT fk_registration_objections_objector_id_organisations FOREIGN KEY(objector_id) REFERENCES organisations (id)
)
--
CREATE UNIQUE INDEX uq_registration_objections_one_open_per_objector ON registration_objections (registration_id, objector_id) WHERE state = 'raised'
--
CREATE INDEX ix_registration_objections_registration_id_id ON registration_objections (registration_id, id)
--
CREATE INDEX ix_registration_objections_objector_id_id ON registration_objections (objector_id, id)
--
CREATE INDEX ix_registration_objections_department_id_id ON registration_objections (department_id, id)
--
CREATE TABLE regrades (
    directory_id VARCHAR NOT NULL,
    department_id VARCHAR NOT NULL,
    changes JSONB NOT NULL,
    raises BOOLEAN NOT NULL,
    reason VARCHAR NOT NULL,
    proposed_by VARCHAR NOT NULL,
    proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    made_version_id VARCHAR,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_regrades PRIMARY KEY (id),
    CONSTRAINT ck_regrades_reason_is_told CHECK (length(reason) > 0),
    CONSTRAINT fk_regrades_directory_id_directories FOREIGN KEY(directory_id) REFERENCES directories (id),
    CONSTRAINT fk_regrades_department_id_organisations FOREIGN KEY(department_id) REFERENCES organisations (id),
    CONSTRAINT fk_regrades_made_version_id_directory_versions FOREIGN KEY(made_version_id) REFERENCES directory_versions (id)
)
--
CREATE INDEX ix_regrades_directory_id_id ON regrades (directory_id, id)
--
CREATE INDEX ix_regrades_department_id_id ON regrades (department_id, id)
--
ALTER TABLE score_sheets DROP CONSTRAINT pk_score_sheets
--
ALTER TABLE score_sheets ADD COLUMN edition INTEGER DEFAULT 1 NOT NULL
--
ALTER TABLE score_sheets ADD COLUMN superseding VARCHAR
--
ALTER TABLE score_sheets ADD CONSTRAINT pk_score_sheets PRIMARY KEY (assessment_id, expert_id, edition)
--
ALTER TABLE score_sheets ADD CONSTRAINT ck_score_sheets_edition_from_one CHECK (edition >= 1)
--
ALTER TABLE score_sheets ADD CONSTRAINT ck_score_sheets_correction_has_reason CHECK ((edition = 1) = (superseding IS NULL))
--
CREATE TABLE voided_sheets (
    assessment_id VARCHAR NOT NULL,
    expert_id VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    voided_by VARCHAR NOT NULL,
    voided_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_voided_sheets PRIMARY KEY (assessment_id, expert_id),
    CONSTRAINT ck_voided_sheets_voiding_has_reason CHECK (length(reason) > 0),
    CONSTRAINT fk_voided_sheets_assessment_id_assessments FOREIGN KEY(assessment_id) REFERENCES assessments (id),
    CONSTRAINT fk_voided_sheets_expert_id_experts FOREIGN KEY(expert_id) REFERENCES experts (id)
)
--
CREATE TRIGGER voided_sheets_append_only BEFORE UPDATE OR DELETE ON voided_sheets FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER voided_sheets_no_truncate BEFORE TRUNCATE ON voided_sheets EXECUTE FUNCTION refuse_change()
--
ALTER TABLE panel_members ADD COLUMN seated_at TIMESTAMP WITH TIME ZONE
--
UPDATE panel_members SET seated_at = (SELECT planned_at FROM assessments WHERE assessments.id = panel_members.assessment_id)
--
ALTER TABLE panel_members ALTER COLUMN seated_at SET NOT NULL
--
INSERT INTO authorisation_items (authorisation_id, number, directory_code, item_code)
SELECT v.authorisation_id, v.number, i->>'directory', i->>'item'
FROM authorisation_versions v, jsonb_array_elements(v.scope->'items') i
