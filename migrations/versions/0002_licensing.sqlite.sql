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
--
CREATE TABLE new_clocks (
    id INTEGER NOT NULL,
    subject VARCHAR NOT NULL,
    life VARCHAR NOT NULL,
    "key" VARCHAR NOT NULL,
    limit_days INTEGER NOT NULL,
    "natural" BOOLEAN NOT NULL,
    extension_days INTEGER NOT NULL,
    started_on DATE NOT NULL,
    due_on DATE NOT NULL,
    provisional BOOLEAN NOT NULL,
    pauses JSON NOT NULL,
    completed_on DATE,
    overdue_step VARCHAR,
    owner VARCHAR,
    CONSTRAINT pk_clocks PRIMARY KEY (id),
    CONSTRAINT ck_clocks_limit_is_a_day_or_more CHECK (limit_days >= 1),
    CONSTRAINT ck_clocks_extension_not_negative CHECK (extension_days >= 0)
)
--
INSERT INTO new_clocks (id, subject, life, "key", limit_days, "natural", extension_days, started_on, due_on, provisional, pauses, completed_on, overdue_step)
SELECT id, subject, life, "key", limit_days, "natural", 0, started_on, due_on, provisional, pauses, completed_on, overdue_step FROM clocks
--
DROP TABLE clocks
--
ALTER TABLE new_clocks RENAME TO clocks
--
CREATE INDEX ix_clocks_due_on_id ON clocks (due_on, id)
--
CREATE INDEX ix_clocks_owner_started_on_id ON clocks (owner, started_on, id)
--
CREATE UNIQUE INDEX uq_clocks_one_running_per_subject ON clocks (subject) WHERE completed_on IS NULL
--
CREATE INDEX ix_clocks_subject_id ON clocks (subject, id)
--
CREATE INDEX ix_organisations_state_id ON organisations (state, id)
--
CREATE TABLE new_people (
    id VARCHAR NOT NULL,
    login VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    password_hash VARCHAR NOT NULL,
    failures INTEGER NOT NULL,
    locked_until DATETIME,
    entered_at DATETIME NOT NULL,
    identity_hash VARCHAR,
    CONSTRAINT pk_people PRIMARY KEY (id),
    CONSTRAINT uq_people_login UNIQUE (login),
    CONSTRAINT ck_people_failures_not_negative CHECK (failures >= 0)
)
--
INSERT INTO new_people (id, login, name, password_hash, failures, locked_until, entered_at)
SELECT id, login, name, password_hash, failures, locked_until, entered_at FROM people
--
DROP TABLE people
--
ALTER TABLE new_people RENAME TO people
--
CREATE UNIQUE INDEX ix_people_identity_hash ON people (identity_hash)
--
CREATE TABLE new_decisions (
    id VARCHAR NOT NULL,
    authorisation_id VARCHAR NOT NULL,
    version INTEGER,
    organisation_id VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    credential VARCHAR,
    purpose_code VARCHAR NOT NULL,
    items JSON NOT NULL,
    transform VARCHAR NOT NULL,
    output_form VARCHAR NOT NULL,
    region VARCHAR NOT NULL,
    environment VARCHAR NOT NULL,
    quantity JSON NOT NULL,
    subject VARCHAR NOT NULL,
    outcome VARCHAR NOT NULL,
    codes JSON NOT NULL,
    reasons JSON,
    at DATETIME NOT NULL,
    CONSTRAINT pk_decisions PRIMARY KEY (id),
    CONSTRAINT ck_decisions_outcome_known CHECK (outcome IN ('allow', 'deny'))
)
--
INSERT INTO new_decisions (id, authorisation_id, version, organisation_id, person_id, purpose_code, items, transform, output_form, region, environment, quantity, subject, outcome, codes, at)
SELECT id, authorisation_id, version, organisation_id, person_id, purpose_code, items, transform, output_form, region, environment, quantity, subject, outcome, codes, at FROM decisions
--
DROP TABLE decisions
--
ALTER TABLE new_decisions RENAME TO decisions
--
CREATE INDEX ix_decisions_authorisation_id_outcome ON decisions (authorisation_id, outcome, id)
--
CREATE INDEX ix_decisions_organisation_id_id ON decisions (organisation_id, id)
--
CREATE INDEX ix_decisions_organisation_id_outcome ON decisions (organisation_id, outcome, id)
--
CREATE INDEX ix_decisions_outcome_id ON decisions (outcome, id)
--
CREATE INDEX ix_decisions_authorisation_id_id ON decisions (authorisation_id, id)
--
CREATE TRIGGER decisions_no_update BEFORE UPDATE ON decisions BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER decisions_no_delete BEFORE DELETE ON decisions BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER decisions_no_replace BEFORE INSERT ON decisions WHEN EXISTS (SELECT 1 FROM decisions WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE decision_denials (
    decision_id VARCHAR NOT NULL,
    code VARCHAR NOT NULL,
    authorisation_id VARCHAR NOT NULL,
    at DATETIME NOT NULL,
    CONSTRAINT pk_decision_denials PRIMARY KEY (decision_id, code)
)
--
CREATE INDEX ix_decision_denials_code_decision_id ON decision_denials (code, decision_id)
--
CREATE INDEX ix_decision_denials_authorisation_id_code_at ON decision_denials (authorisation_id, code, at)
--
CREATE TRIGGER decision_denials_no_update BEFORE UPDATE ON decision_denials BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER decision_denials_no_delete BEFORE DELETE ON decision_denials BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER decision_denials_no_replace BEFORE INSERT ON decision_denials WHEN EXISTS (SELECT 1 FROM decision_denials WHERE decision_id = NEW.decision_id AND code = NEW.code) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE agreement_editions (
    agreement_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    body JSON NOT NULL,
    text_digest VARCHAR NOT NULL,
    signed_as VARCHAR NOT NULL,
    note TEXT NOT NULL,
    since DATETIME NOT NULL,
    CONSTRAINT pk_agreement_editions PRIMARY KEY (agreement_id, number)
)
--
CREATE TRIGGER agreement_editions_no_update BEFORE UPDATE ON agreement_editions BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER agreement_editions_no_delete BEFORE DELETE ON agreement_editions BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER agreement_editions_no_replace BEFORE INSERT ON agreement_editions WHEN EXISTS (SELECT 1 FROM agreement_editions WHERE agreement_id = NEW.agreement_id AND number = NEW.number) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE master_items (
    id VARCHAR NOT NULL,
    code VARCHAR NOT NULL,
    name_zh VARCHAR NOT NULL,
    name_en VARCHAR NOT NULL,
    definition VARCHAR NOT NULL,
    entered_at DATETIME NOT NULL,
    CONSTRAINT pk_master_items PRIMARY KEY (id),
    CONSTRAINT uq_master_items_code UNIQUE (code)
)
--
CREATE TABLE new_organisation_roles (
    organisation_id VARCHAR NOT NULL,
    role VARCHAR NOT NULL,
    granted_at DATETIME,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_organisation_roles PRIMARY KEY (id),
    CONSTRAINT fk_organisation_roles_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
INSERT INTO new_organisation_roles (organisation_id, role, granted_at, id, state, version)
SELECT organisation_id, role, granted_at, id, CASE WHEN granted_at IS NULL THEN 'requested' ELSE 'granted' END, 1 FROM organisation_roles
--
DROP TABLE organisation_roles
--
ALTER TABLE new_organisation_roles RENAME TO organisation_roles
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
    filed_at DATETIME NOT NULL,
    CONSTRAINT pk_organisation_documents PRIMARY KEY (id),
    CONSTRAINT ck_organisation_documents_digest_has_64_digits CHECK (length(digest) = 64),
    CONSTRAINT fk_organisation_documents_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_organisation_documents_organisation_id_id ON organisation_documents (organisation_id, id)
--
CREATE TRIGGER organisation_documents_no_update BEFORE UPDATE ON organisation_documents BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER organisation_documents_no_delete BEFORE DELETE ON organisation_documents BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER organisation_documents_no_replace BEFORE INSERT ON organisation_documents WHEN EXISTS (SELECT 1 FROM organisation_documents WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
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
    declared_at DATETIME NOT NULL,
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
CREATE TRIGGER ties_no_update BEFORE UPDATE ON ties BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER ties_no_delete BEFORE DELETE ON ties BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER ties_no_replace BEFORE INSERT ON ties WHEN EXISTS (SELECT 1 FROM ties WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
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
    checked_at DATETIME NOT NULL,
    CONSTRAINT pk_credit_checks PRIMARY KEY (id),
    CONSTRAINT fk_credit_checks_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_credit_checks_organisation_id_checked_at ON credit_checks (organisation_id, checked_at)
--
CREATE TRIGGER credit_checks_no_update BEFORE UPDATE ON credit_checks BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER credit_checks_no_delete BEFORE DELETE ON credit_checks BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER credit_checks_no_replace BEFORE INSERT ON credit_checks WHEN EXISTS (SELECT 1 FROM credit_checks WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE admissions (
    organisation_id VARCHAR NOT NULL,
    org_kind VARCHAR NOT NULL,
    registered_capital_fen INTEGER NOT NULL,
    established_on DATE NOT NULL,
    licence_valid_to DATE,
    business_scope VARCHAR NOT NULL,
    legal_rep_name VARCHAR NOT NULL,
    legal_rep_id_hash VARCHAR NOT NULL,
    legal_rep_id_masked VARCHAR NOT NULL,
    merchant_type VARCHAR,
    merchant_capabilities JSON NOT NULL,
    tax_kind VARCHAR NOT NULL,
    credit_declared JSON NOT NULL,
    mlps_level INTEGER NOT NULL,
    mlps_cert_no VARCHAR,
    mlps_valid_to DATE,
    security_officer VARCHAR NOT NULL,
    dpo VARCHAR NOT NULL,
    group_code VARCHAR,
    committed_until DATE,
    supplemented BOOLEAN NOT NULL,
    verified_on DATE,
    filed_at DATETIME NOT NULL,
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
    number_sealed BLOB NOT NULL,
    amount_sealed BLOB NOT NULL,
    tries INTEGER NOT NULL,
    requested_at DATETIME NOT NULL,
    verified_at DATETIME,
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
CREATE TABLE new_authorisations (
    cert_no VARCHAR NOT NULL,
    scenario_id VARCHAR NOT NULL,
    assessment_id VARCHAR NOT NULL,
    grantee_id VARCHAR NOT NULL,
    operator_id VARCHAR NOT NULL,
    implementing_agency_id VARCHAR NOT NULL,
    departments JSON NOT NULL,
    purpose_code VARCHAR NOT NULL,
    purpose_text VARCHAR NOT NULL,
    purpose_fingerprint VARCHAR NOT NULL,
    conditions JSON NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE NOT NULL,
    current_version INTEGER NOT NULL,
    suspend_reason VARCHAR,
    issued_at DATETIME NOT NULL,
    supersedes_id VARCHAR,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_authorisations PRIMARY KEY (id),
    CONSTRAINT uq_authorisations_cert_no UNIQUE (cert_no),
    CONSTRAINT uq_authorisations_assessment_id UNIQUE (assessment_id),
    CONSTRAINT ck_authorisations_period_not_reversed CHECK (valid_from <= valid_to),
    CONSTRAINT ck_authorisations_version_from_one CHECK (current_version >= 1),
    CONSTRAINT ck_authorisations_supersedes_another CHECK (supersedes_id <> id),
    CONSTRAINT ck_authorisations_suspension_has_reason CHECK ((state = 'suspended') = (suspend_reason IS NOT NULL)),
    CONSTRAINT fk_authorisations_grantee_id_organisations FOREIGN KEY(grantee_id) REFERENCES organisations (id),
    CONSTRAINT fk_authorisations_operator_id_organisations FOREIGN KEY(operator_id) REFERENCES organisations (id),
    CONSTRAINT fk_authorisations_implementing_agency_id_organisations FOREIGN KEY(implementing_agency_id) REFERENCES organisations (id),
    CONSTRAINT fk_authorisations_supersedes_id_authorisations FOREIGN KEY(supersedes_id) REFERENCES authorisations (id)
)
--
INSERT INTO new_authorisations (cert_no, scenario_id, assessment_id, grantee_id, operator_id, implementing_agency_id, departments, purpose_code, purpose_text, purpose_fingerprint, conditions, valid_from, valid_to, current_version, suspend_reason, issued_at, id, state, version)
SELECT cert_no, scenario_id, assessment_id, grantee_id, operator_id, implementing_agency_id, departments, purpose_code, purpose_text, purpose_fingerprint, conditions, valid_from, valid_to, current_version, suspend_reason, issued_at, id, state, version FROM authorisations
--
DROP TABLE authorisations
--
ALTER TABLE new_authorisations RENAME TO authorisations
--
CREATE UNIQUE INDEX uq_authorisations_one_live_per_scenario ON authorisations (scenario_id) WHERE state IN ('issued', 'active', 'active_conditional', 'suspended')
--
CREATE INDEX ix_authorisations_supersedes_id ON authorisations (supersedes_id)
--
CREATE INDEX ix_authorisations_valid_to_id ON authorisations (valid_to, id) WHERE state IN ('issued', 'active', 'active_conditional', 'suspended')
--
CREATE INDEX ix_authorisations_operator_id_id ON authorisations (operator_id, id)
--
CREATE INDEX ix_authorisations_grantee_id_id ON authorisations (grantee_id, id)
--
CREATE TRIGGER authorisations_root_fixed BEFORE UPDATE ON authorisations  WHEN OLD.scenario_id IS NOT NEW.scenario_id OR OLD.assessment_id IS NOT NEW.assessment_id OR OLD.grantee_id IS NOT NEW.grantee_id OR OLD.supersedes_id IS NOT NEW.supersedes_id OR OLD.purpose_code IS NOT NEW.purpose_code OR OLD.purpose_text IS NOT NEW.purpose_text OR OLD.purpose_fingerprint IS NOT NEW.purpose_fingerprint BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER authorisations_no_overlap_insert BEFORE INSERT ON authorisations WHEN EXISTS (SELECT 1 FROM authorisations AS earlier WHERE earlier.id = NEW.supersedes_id AND earlier.valid_to >= NEW.valid_from) OR EXISTS (SELECT 1 FROM authorisations AS later WHERE later.supersedes_id = NEW.id AND later.valid_from <= NEW.valid_to) BEGIN SELECT RAISE(ABORT, 'overlaps'); END
--
CREATE TRIGGER authorisations_no_overlap_update BEFORE UPDATE ON authorisations WHEN EXISTS (SELECT 1 FROM authorisations AS earlier WHERE earlier.id = NEW.supersedes_id AND earlier.valid_to >= NEW.valid_from) OR EXISTS (SELECT 1 FROM authorisations AS later WHERE later.supersedes_id = NEW.id AND later.valid_from <= NEW.valid_to) BEGIN SELECT RAISE(ABORT, 'overlaps'); END
--
CREATE TABLE new_scenarios (
    code VARCHAR NOT NULL,
    applicant_id VARCHAR NOT NULL,
    operator_id VARCHAR NOT NULL,
    implementing_agency_id VARCHAR NOT NULL,
    scenario_kind VARCHAR NOT NULL,
    renews_id VARCHAR,
    lane VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    application_field VARCHAR NOT NULL,
    purpose_code VARCHAR NOT NULL,
    purpose_text VARCHAR NOT NULL,
    purpose_class VARCHAR NOT NULL,
    use_mode VARCHAR NOT NULL,
    purpose_fingerprint VARCHAR NOT NULL,
    scope JSON NOT NULL,
    scope_hash VARCHAR NOT NULL,
    users_count INTEGER NOT NULL,
    fusion BOOLEAN NOT NULL,
    round INTEGER NOT NULL,
    supplemented BOOLEAN NOT NULL,
    risk JSON,
    conditions JSON NOT NULL,
    flaw JSON,
    notice JSON,
    applied_at DATETIME NOT NULL,
    submitted_at DATETIME,
    assessment_id VARCHAR,
    authorisation_id VARCHAR,
    decision_cause VARCHAR,
    decision_reason VARCHAR,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_scenarios PRIMARY KEY (id),
    CONSTRAINT ck_scenarios_no_redevelopment_by_operator CHECK ((scenario_kind = 'primary_product') = (applicant_id = operator_id)),
    CONSTRAINT ck_scenarios_scenario_kind_is_known CHECK (scenario_kind IN ('development', 'primary_product')),
    CONSTRAINT ck_scenarios_lane_is_known CHECK (lane IN ('ordinary', 'fast', 'short')),
    CONSTRAINT ck_scenarios_round_from_one CHECK (round >= 1),
    CONSTRAINT ck_scenarios_refusal_has_reason CHECK (state NOT IN ('refused', 'rejected') OR (decision_cause IS NOT NULL AND decision_reason IS NOT NULL)),
    CONSTRAINT ck_scenarios_authorised_after_assessment CHECK (state NOT IN ('authorised', 'closed') OR assessment_id IS NOT NULL),
    CONSTRAINT uq_scenarios_code UNIQUE (code),
    CONSTRAINT fk_scenarios_applicant_id_organisations FOREIGN KEY(applicant_id) REFERENCES organisations (id),
    CONSTRAINT fk_scenarios_operator_id_organisations FOREIGN KEY(operator_id) REFERENCES organisations (id),
    CONSTRAINT fk_scenarios_implementing_agency_id_organisations FOREIGN KEY(implementing_agency_id) REFERENCES organisations (id)
)
--
INSERT INTO new_scenarios (code, applicant_id, operator_id, implementing_agency_id, scenario_kind, lane, title, application_field, purpose_code, purpose_text, purpose_class, use_mode, purpose_fingerprint, scope, scope_hash, users_count, fusion, round, supplemented, risk, conditions, applied_at, submitted_at, assessment_id, authorisation_id, decision_cause, decision_reason, id, state, version)
SELECT code, applicant_id, operator_id, implementing_agency_id, 'development', 'ordinary', title, application_field, purpose_code, purpose_text, purpose_class, use_mode, purpose_fingerprint, scope, scope_hash, users_count, fusion, round, supplemented, risk, conditions, applied_at, submitted_at, assessment_id, authorisation_id, decision_cause, decision_reason, id, state, version FROM scenarios
--
DROP TABLE scenarios
--
ALTER TABLE new_scenarios RENAME TO scenarios
--
CREATE INDEX ix_scenarios_purpose_fingerprint ON scenarios (purpose_fingerprint)
--
CREATE INDEX ix_scenarios_implementing_agency_id_state_submitted_at_id ON scenarios (implementing_agency_id, state, submitted_at, id)
--
CREATE INDEX ix_scenarios_purpose_code_id ON scenarios (purpose_code, id)
--
CREATE INDEX ix_scenarios_applicant_id_id ON scenarios (applicant_id, id)
--
CREATE INDEX ix_scenarios_operator_id_id ON scenarios (operator_id, id)
--
CREATE TABLE violations (
    fault VARCHAR NOT NULL,
    owner VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    clock_id INTEGER,
    raised_at DATETIME NOT NULL,
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
    modes JSON NOT NULL,
    resource_scope JSON NOT NULL,
    term_from DATE NOT NULL,
    term_to DATE NOT NULL,
    elements JSON NOT NULL,
    decision JSON,
    text_digest VARCHAR,
    approved_by VARCHAR,
    drafted_at DATETIME NOT NULL,
    effective_at DATETIME,
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
    costs JSON NOT NULL,
    costs_fen INTEGER NOT NULL,
    profit_rate_bp INTEGER NOT NULL,
    profit_fen INTEGER NOT NULL,
    taxes_fen INTEGER NOT NULL,
    carry_over_fen INTEGER NOT NULL,
    max_revenue_fen INTEGER NOT NULL,
    excess_fen INTEGER,
    doc_no VARCHAR,
    proposed_at DATETIME NOT NULL,
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
CREATE TABLE new_products (
    code VARCHAR NOT NULL,
    owner_id VARCHAR NOT NULL,
    current_version_id VARCHAR NOT NULL,
    listing_cert_no VARCHAR,
    listed_at DATETIME,
    created_at DATETIME NOT NULL,
    suspended_with VARCHAR,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_products PRIMARY KEY (id),
    CONSTRAINT uq_products_code UNIQUE (code),
    CONSTRAINT uq_products_listing_cert_no UNIQUE (listing_cert_no),
    CONSTRAINT ck_products_listed_is_dated_and_certified CHECK (state <> 'listed' OR (listed_at IS NOT NULL AND listing_cert_no IS NOT NULL)),
    CONSTRAINT ck_products_down_with_its_right CHECK (suspended_with IS NULL OR state = 'suspended'),
    CONSTRAINT fk_products_owner_id_organisations FOREIGN KEY(owner_id) REFERENCES organisations (id)
)
--
INSERT INTO new_products (code, owner_id, current_version_id, listing_cert_no, listed_at, created_at, id, state, version)
SELECT code, owner_id, current_version_id, listing_cert_no, listed_at, created_at, id, state, version FROM products
--
DROP TABLE products
--
ALTER TABLE new_products RENAME TO products
--
CREATE INDEX ix_products_state_id ON products (state, id)
--
CREATE INDEX ix_products_suspended_with_id ON products (suspended_with, id)
--
CREATE INDEX ix_products_owner_id_id ON products (owner_id, id)
--
CREATE INDEX ix_products_state_listed_at_id ON products (state, listed_at, id)
--
CREATE TABLE cascade_nodes (
    id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    level VARCHAR NOT NULL,
    region VARCHAR NOT NULL,
    public_key VARCHAR NOT NULL,
    last_seq INTEGER NOT NULL,
    last_sent_at DATETIME,
    joined_at DATETIME NOT NULL,
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
    body JSON NOT NULL,
    digest_alg VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    alg VARCHAR NOT NULL,
    key_id VARCHAR NOT NULL,
    value VARCHAR NOT NULL,
    published_at DATETIME NOT NULL,
    published_by VARCHAR NOT NULL,
    CONSTRAINT pk_disclosures PRIMARY KEY (id),
    CONSTRAINT uq_disclosures_organisation_id_kind_year_number UNIQUE (organisation_id, kind, year, number),
    CONSTRAINT fk_disclosures_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_disclosures_published_by_people FOREIGN KEY(published_by) REFERENCES people (id)
)
--
CREATE INDEX ix_disclosures_year_id ON disclosures (year, id)
--
CREATE TRIGGER disclosures_no_update BEFORE UPDATE ON disclosures BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER disclosures_no_delete BEFORE DELETE ON disclosures BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER disclosures_no_replace BEFORE INSERT ON disclosures WHEN EXISTS (SELECT 1 FROM disclosures WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE tie_ends (
    tie_id VARCHAR NOT NULL,
    until DATE NOT NULL,
    ended_by VARCHAR NOT NULL,
    CONSTRAINT pk_tie_ends PRIMARY KEY (tie_id),
    CONSTRAINT fk_tie_ends_tie_id_ties FOREIGN KEY(tie_id) REFERENCES ties (id)
)
--
CREATE TRIGGER tie_ends_no_update BEFORE UPDATE ON tie_ends BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER tie_ends_no_delete BEFORE DELETE ON tie_ends BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER tie_ends_no_replace BEFORE INSERT ON tie_ends WHEN EXISTS (SELECT 1 FROM tie_ends WHERE tie_id = NEW.tie_id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE quota_windows (
    authorisation_id VARCHAR NOT NULL,
    meter VARCHAR NOT NULL,
    window_name VARCHAR NOT NULL,
    limit_count INTEGER NOT NULL,
    used INTEGER NOT NULL,
    CONSTRAINT pk_quota_windows PRIMARY KEY (authorisation_id, meter, window_name),
    CONSTRAINT ck_quota_windows_used_not_negative CHECK (used >= 0),
    CONSTRAINT ck_quota_windows_used_within_limit CHECK (used <= limit_count),
    CONSTRAINT fk_quota_windows_authorisation_id_authorisations FOREIGN KEY(authorisation_id) REFERENCES authorisations (id)
)
--
CREATE TRIGGER directory_versions_root_fixed BEFORE UPDATE ON directory_versions WHEN OLD.directory_id IS NOT NEW.directory_id OR OLD.department_id IS NOT NEW.department_id OR OLD.number IS NOT NEW.number OR OLD.published_at IS NOT NEW.published_at AND OLD.published_at IS NOT NULL BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE operation_agreements (
    implementing_agency_id VARCHAR NOT NULL,
    plan_id VARCHAR NOT NULL,
    mode VARCHAR NOT NULL,
    code VARCHAR NOT NULL,
    operator_id VARCHAR NOT NULL,
    term_from DATE NOT NULL,
    term_to DATE NOT NULL,
    scope JSON NOT NULL,
    scope_hash VARCHAR NOT NULL,
    elements JSON NOT NULL,
    revenue JSON,
    decision JSON,
    final_digest VARCHAR,
    edition INTEGER NOT NULL,
    proposal JSON,
    letter_digest VARCHAR,
    handover JSON,
    drafted_at DATETIME NOT NULL,
    effective_at DATETIME,
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
CREATE TABLE new_registrations (
    directory_id VARCHAR NOT NULL,
    department_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    years INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    returned_count INTEGER NOT NULL,
    code VARCHAR,
    valid_from DATE,
    valid_to DATE,
    applied_at DATETIME NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_registrations PRIMARY KEY (id),
    CONSTRAINT uq_registrations_code UNIQUE (code),
    CONSTRAINT ck_registrations_years_positive CHECK (years > 0),
    CONSTRAINT ck_registrations_revision_positive CHECK (revision > 0),
    CONSTRAINT ck_registrations_term_not_backwards CHECK (valid_to >= valid_from),
    CONSTRAINT ck_registrations_registered_has_code_and_term CHECK (state NOT IN ('registered', 'change_review', 'correction_review', 'renewal_review', 'dereg_review') OR (code IS NOT NULL AND valid_from IS NOT NULL AND valid_to IS NOT NULL)),
    CONSTRAINT fk_registrations_directory_id_directories FOREIGN KEY(directory_id) REFERENCES directories (id),
    CONSTRAINT fk_registrations_department_id_organisations FOREIGN KEY(department_id) REFERENCES organisations (id)
)
--
INSERT INTO new_registrations (directory_id, department_id, kind, years, revision, returned_count, code, valid_from, valid_to, applied_at, id, state, version)
SELECT directory_id, department_id, kind, years, 1, 0, code, valid_from, valid_to, applied_at, id, state, version FROM registrations
--
DROP TABLE registrations
--
ALTER TABLE new_registrations RENAME TO registrations
--
CREATE INDEX ix_registrations_department_id_id ON registrations (department_id, id)
--
CREATE INDEX ix_registrations_state_valid_to_id ON registrations (state, valid_to, id)
--
CREATE UNIQUE INDEX uq_registrations_one_live_per_directory ON registrations (directory_id) WHERE state NOT IN ('withdrawn', 'refused', 'deregistered', 'expired')
--
CREATE TABLE sharing_consents (
    directory_id VARCHAR NOT NULL,
    department_id VARCHAR NOT NULL,
    provider_id VARCHAR NOT NULL,
    request VARCHAR NOT NULL,
    asked_at DATETIME NOT NULL,
    answered_at DATETIME,
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
CREATE TABLE new_opinions (
    scenario_id VARCHAR NOT NULL,
    implementing_agency_id VARCHAR NOT NULL,
    round INTEGER NOT NULL,
    department_id VARCHAR NOT NULL,
    items JSON NOT NULL,
    condition VARCHAR,
    reason VARCHAR,
    clause VARCHAR,
    asked_at DATETIME NOT NULL,
    given_at DATETIME,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_opinions PRIMARY KEY (id),
    CONSTRAINT uq_opinions_scenario_id_round_department_id UNIQUE (scenario_id, round, department_id),
    CONSTRAINT ck_opinions_disagreement_has_reason CHECK (state <> 'disagreed' OR reason IS NOT NULL),
    CONSTRAINT ck_opinions_condition_goes_with_agreement CHECK (condition IS NULL OR state IN ('agreed_with_condition', 'partly_agreed')),
    CONSTRAINT ck_opinions_condition_is_told CHECK (state <> 'agreed_with_condition' OR condition IS NOT NULL),
    CONSTRAINT ck_opinions_silence_says_nothing CHECK (state <> 'asked' OR (given_at IS NULL AND clause IS NULL)),
    CONSTRAINT fk_opinions_scenario_id_scenarios FOREIGN KEY(scenario_id) REFERENCES scenarios (id),
    CONSTRAINT fk_opinions_implementing_agency_id_organisations FOREIGN KEY(implementing_agency_id) REFERENCES organisations (id),
    CONSTRAINT fk_opinions_department_id_organisations FOREIGN KEY(department_id) REFERENCES organisations (id)
)
--
INSERT INTO new_opinions (scenario_id, implementing_agency_id, round, department_id, items, condition, reason, asked_at, given_at, id, state, version)
SELECT scenario_id, implementing_agency_id, round, department_id, items, condition, reason, asked_at, given_at, id, state, version FROM opinions
--
DROP TABLE opinions
--
ALTER TABLE new_opinions RENAME TO opinions
--
CREATE INDEX ix_opinions_department_id_state_id ON opinions (department_id, state, id)
--
CREATE INDEX ix_opinions_implementing_agency_id_id ON opinions (implementing_agency_id, id)
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
CREATE INDEX ix_authorisation_items_directory_code_item_code_authorisation_id ON authorisation_items (directory_code, item_code, authorisation_id)
--
CREATE TRIGGER authorisation_items_no_update BEFORE UPDATE ON authorisation_items BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER authorisation_items_no_delete BEFORE DELETE ON authorisation_items BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER authorisation_items_no_replace BEFORE INSERT ON authorisation_items WHEN EXISTS (SELECT 1 FROM authorisation_items WHERE authorisation_id = NEW.authorisation_id AND number = NEW.number AND directory_code = NEW.directory_code AND item_code = NEW.item_code) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE destructions (
    authorisation_id VARCHAR NOT NULL,
    grantee_id VARCHAR NOT NULL,
    implementing_agency_id VARCHAR NOT NULL,
    ended_as VARCHAR NOT NULL,
    opened_at DATETIME NOT NULL,
    method VARCHAR,
    digest VARCHAR,
    certified_at DATETIME,
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
    ended_at DATETIME,
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
    raised_at DATETIME NOT NULL,
    closed_at DATETIME,
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
CREATE TABLE new_resources (
    system_id VARCHAR NOT NULL,
    directory_id VARCHAR NOT NULL,
    department_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    location VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    row_count INTEGER NOT NULL,
    byte_size INTEGER NOT NULL,
    columns JSON NOT NULL,
    attached_at DATETIME NOT NULL,
    refreshed_at DATETIME,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_resources PRIMARY KEY (id),
    CONSTRAINT ck_resources_row_count_not_negative CHECK (row_count >= 0),
    CONSTRAINT ck_resources_byte_size_positive CHECK (byte_size > 0),
    CONSTRAINT ck_resources_sha256_has_64_digits CHECK (length(sha256) = 64),
    CONSTRAINT fk_resources_system_id_info_systems FOREIGN KEY(system_id) REFERENCES info_systems (id),
    CONSTRAINT fk_resources_directory_id_directories FOREIGN KEY(directory_id) REFERENCES directories (id),
    CONSTRAINT fk_resources_department_id_organisations FOREIGN KEY(department_id) REFERENCES organisations (id)
)
--
INSERT INTO new_resources (system_id, directory_id, department_id, name, location, sha256, row_count, byte_size, columns, attached_at, id, state, version)
SELECT system_id, directory_id, department_id, name, location, sha256, row_count, byte_size, columns, attached_at, id, state, version FROM resources
--
DROP TABLE resources
--
ALTER TABLE new_resources RENAME TO resources
--
CREATE INDEX ix_resources_department_id_id ON resources (department_id, id)
--
CREATE UNIQUE INDEX uq_resources_location_attached_once ON resources (location) WHERE state = 'attached'
--
CREATE INDEX ix_resources_directory_id_id ON resources (directory_id, id)
--
CREATE INDEX ix_resources_location ON resources (location)
--
CREATE TABLE application_sections (
    scenario_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    written JSON NOT NULL,
    saved_at DATETIME NOT NULL,
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
    until DATETIME NOT NULL,
    CONSTRAINT pk_section_holds PRIMARY KEY (scenario_id, number),
    CONSTRAINT fk_section_holds_scenario_id_scenarios FOREIGN KEY(scenario_id) REFERENCES scenarios (id)
)
--
CREATE TABLE section_revisions (
    scenario_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    written JSON NOT NULL,
    saved_at DATETIME NOT NULL,
    saved_by VARCHAR NOT NULL,
    CONSTRAINT pk_section_revisions PRIMARY KEY (scenario_id, number, revision),
    CONSTRAINT fk_section_revisions_scenario_id_scenarios FOREIGN KEY(scenario_id) REFERENCES scenarios (id)
)
--
CREATE TABLE new_assessments (
    scenario_id VARCHAR NOT NULL,
    agency_id VARCHAR NOT NULL,
    round INTEGER NOT NULL,
    lane VARCHAR NOT NULL,
    scope_hash VARCHAR NOT NULL,
    seed_commitment VARCHAR NOT NULL,
    sealed_seed VARCHAR NOT NULL,
    seed VARCHAR,
    pool JSON NOT NULL,
    pool_fingerprint VARCHAR NOT NULL,
    size INTEGER NOT NULL,
    kept JSON NOT NULL,
    serving JSON NOT NULL,
    standard JSON NOT NULL,
    result VARCHAR,
    mean INTEGER,
    reasons JSON NOT NULL,
    struck JSON NOT NULL,
    conditions JSON NOT NULL,
    planned_at DATETIME NOT NULL,
    concluded_at DATETIME,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_assessments PRIMARY KEY (id),
    CONSTRAINT ck_assessments_concluded_has_result CHECK (state <> 'concluded' OR result IS NOT NULL),
    CONSTRAINT ck_assessments_result_once_concluded CHECK (result IS NULL OR state IN ('concluded', 'void')),
    CONSTRAINT ck_assessments_result_has_mean CHECK ((result IS NULL) = (mean IS NULL)),
    CONSTRAINT ck_assessments_panel_is_odd CHECK (size >= 3 AND size % 2 = 1),
    CONSTRAINT ck_assessments_lane_is_known CHECK (lane IN ('ordinary', 'fast', 'short')),
    CONSTRAINT fk_assessments_scenario_id_scenarios FOREIGN KEY(scenario_id) REFERENCES scenarios (id),
    CONSTRAINT fk_assessments_agency_id_organisations FOREIGN KEY(agency_id) REFERENCES organisations (id)
)
--
INSERT INTO new_assessments (scenario_id, agency_id, round, lane, scope_hash, seed_commitment, sealed_seed, seed, pool, pool_fingerprint, size, kept, serving, standard, result, mean, reasons, struck, conditions, planned_at, concluded_at, id, state, version)
SELECT scenario_id, agency_id, round, 'ordinary', scope_hash, seed_commitment, sealed_seed, seed, pool, pool_fingerprint, size, '[]', serving, standard, result, mean, reasons, struck, conditions, planned_at, concluded_at, id, state, version FROM assessments
--
DROP TABLE assessments
--
ALTER TABLE new_assessments RENAME TO assessments
--
CREATE UNIQUE INDEX uq_assessments_one_per_round ON assessments (scenario_id, round) WHERE state <> 'void'
--
CREATE INDEX ix_assessments_agency_id_id ON assessments (agency_id, id)
--
CREATE TABLE publicity_objections (
    scenario_id VARCHAR NOT NULL,
    agency_id VARCHAR NOT NULL,
    filed_for VARCHAR NOT NULL,
    filed_by VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    answer VARCHAR,
    remedy VARCHAR,
    filed_at DATETIME NOT NULL,
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
    idle_since DATETIME NOT NULL,
    given_at DATETIME NOT NULL,
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
    figures JSON NOT NULL,
    benefits VARCHAR,
    finding VARCHAR,
    opened_at DATETIME NOT NULL,
    decided_at DATETIME,
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
    amount_fen INTEGER NOT NULL,
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
CREATE TRIGGER fee_revenues_no_update BEFORE UPDATE ON fee_revenues BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER fee_revenues_no_delete BEFORE DELETE ON fee_revenues BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER fee_revenues_no_replace BEFORE INSERT ON fee_revenues WHEN EXISTS (SELECT 1 FROM fee_revenues WHERE order_line_id = NEW.order_line_id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE fee_revenue_totals (
    period_id VARCHAR NOT NULL,
    earned_fen INTEGER NOT NULL,
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
    cap_e6 INTEGER NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE NOT NULL,
    doc_no VARCHAR NOT NULL,
    fixed_by VARCHAR NOT NULL,
    fixed_at DATETIME NOT NULL,
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
CREATE TRIGGER fee_caps_no_update BEFORE UPDATE ON fee_caps BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER fee_caps_no_delete BEFORE DELETE ON fee_caps BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER fee_caps_no_replace BEFORE INSERT ON fee_caps WHEN EXISTS (SELECT 1 FROM fee_caps WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE cascade_envelopes (
    node_id VARCHAR NOT NULL,
    seq INTEGER NOT NULL,
    op VARCHAR NOT NULL,
    directory_code VARCHAR NOT NULL,
    content JSON NOT NULL,
    digest VARCHAR NOT NULL,
    signature VARCHAR NOT NULL,
    sent_at DATETIME NOT NULL,
    received_at DATETIME NOT NULL,
    CONSTRAINT pk_cascade_envelopes PRIMARY KEY (node_id, seq),
    CONSTRAINT fk_cascade_envelopes_node_id_cascade_nodes FOREIGN KEY(node_id) REFERENCES cascade_nodes (id)
)
--
CREATE TRIGGER cascade_envelopes_no_update BEFORE UPDATE ON cascade_envelopes BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER cascade_envelopes_no_delete BEFORE DELETE ON cascade_envelopes BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER cascade_envelopes_no_replace BEFORE INSERT ON cascade_envelopes WHEN EXISTS (SELECT 1 FROM cascade_envelopes WHERE node_id = NEW.node_id AND seq = NEW.seq) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE cascaded_directories (
    node_id VARCHAR NOT NULL,
    directory_code VARCHAR NOT NULL,
    content JSON NOT NULL,
    seq INTEGER NOT NULL,
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
    claimed_at DATETIME NOT NULL,
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
    reported_at DATETIME NOT NULL,
    answered_at DATETIME,
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
    decision INTEGER NOT NULL,
    reason VARCHAR NOT NULL,
    answer VARCHAR,
    remedy VARCHAR,
    filed_at DATETIME NOT NULL,
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
    figures JSON NOT NULL,
    person_id VARCHAR NOT NULL,
    reported_at DATETIME NOT NULL,
    CONSTRAINT pk_usage_reports PRIMARY KEY (id),
    CONSTRAINT fk_usage_reports_authorisation_id_authorisations FOREIGN KEY(authorisation_id) REFERENCES authorisations (id)
)
--
CREATE INDEX ix_usage_reports_authorisation_id_id ON usage_reports (authorisation_id, id)
--
CREATE TRIGGER usage_reports_no_update BEFORE UPDATE ON usage_reports BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER usage_reports_no_delete BEFORE DELETE ON usage_reports BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER usage_reports_no_replace BEFORE INSERT ON usage_reports WHEN EXISTS (SELECT 1 FROM usage_reports WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE new_directory_contents (
    version_id VARCHAR NOT NULL,
    title_zh VARCHAR NOT NULL,
    title_en VARCHAR NOT NULL,
    abstract VARCHAR NOT NULL,
    industry VARCHAR NOT NULL,
    update_frequency VARCHAR NOT NULL,
    share_type VARCHAR NOT NULL,
    open_type VARCHAR NOT NULL,
    legal_basis VARCHAR NOT NULL,
    operation_type VARCHAR NOT NULL,
    format VARCHAR NOT NULL,
    spatial JSON NOT NULL,
    keywords JSON NOT NULL,
    temporal_from DATE,
    temporal_to DATE,
    share_mode VARCHAR,
    share_condition VARCHAR,
    open_condition VARCHAR,
    source_acquisition VARCHAR,
    persons_count INTEGER,
    CONSTRAINT pk_directory_contents PRIMARY KEY (version_id),
    CONSTRAINT ck_directory_contents_period_not_backwards CHECK (temporal_to >= temporal_from),
    CONSTRAINT ck_directory_contents_persons_not_negative CHECK (persons_count >= 0),
    CONSTRAINT ck_directory_contents_withheld_on_a_legal_basis CHECK (length(trim(legal_basis)) > 0 OR (share_type <> 'not_shared' AND open_type <> 'not_open')),
    CONSTRAINT fk_directory_contents_version_id_directory_versions FOREIGN KEY(version_id) REFERENCES directory_versions (id)
)
--
INSERT INTO new_directory_contents (version_id, title_zh, title_en, abstract, industry, update_frequency, share_type, open_type, legal_basis, operation_type, format, spatial, keywords, temporal_from, temporal_to)
SELECT version_id, title_zh, title_en, abstract, industry, update_frequency, share_type, open_type, legal_basis, operation_type, format, spatial, keywords, temporal_from, temporal_to FROM directory_contents
--
DROP TABLE directory_contents
--
ALTER TABLE new_directory_contents RENAME TO directory_contents
--
CREATE TRIGGER directory_contents_no_update BEFORE UPDATE ON directory_contents BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER directory_contents_no_delete BEFORE DELETE ON directory_contents BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER directory_contents_no_replace BEFORE INSERT ON directory_contents WHEN EXISTS (SELECT 1 FROM directory_contents WHERE version_id = NEW.version_id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER data_items_not_late BEFORE INSERT ON data_items WHEN EXISTS (
  SELECT 1 FROM directory_versions v JOIN directories d ON d.id = v.directory_id
  WHERE v.id = NEW.version_id AND (v.state IN ('dept_review', 'hub_review', 'superseded', 'revoked')
    OR d.current_version_id = v.id)) BEGIN SELECT RAISE(ABORT, 'the version is complete'); END
--
CREATE TABLE directory_gradings (
    version_id VARCHAR NOT NULL,
    grade VARCHAR NOT NULL,
    pi_class VARCHAR NOT NULL,
    raised_by JSON NOT NULL,
    rule_version VARCHAR NOT NULL,
    graded_at DATETIME NOT NULL,
    CONSTRAINT pk_directory_gradings PRIMARY KEY (version_id),
    CONSTRAINT fk_directory_gradings_version_id_directory_versions FOREIGN KEY(version_id) REFERENCES directory_versions (id)
)
--
CREATE TRIGGER directory_gradings_no_update BEFORE UPDATE ON directory_gradings BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER directory_gradings_no_delete BEFORE DELETE ON directory_gradings BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER directory_gradings_no_replace BEFORE INSERT ON directory_gradings WHEN EXISTS (SELECT 1 FROM directory_gradings WHERE version_id = NEW.version_id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
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
CREATE TRIGGER status_entries_no_update BEFORE UPDATE ON status_entries BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER status_entries_no_delete BEFORE DELETE ON status_entries BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER status_entries_no_replace BEFORE INSERT ON status_entries WHEN EXISTS (SELECT 1 FROM status_entries WHERE certificate_id = NEW.certificate_id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE registration_forms (
    registration_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    body JSON NOT NULL,
    commitment VARCHAR,
    organisation_id VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    given_at DATETIME NOT NULL,
    CONSTRAINT pk_registration_forms PRIMARY KEY (registration_id, number),
    CONSTRAINT ck_registration_forms_number_positive CHECK (number > 0),
    CONSTRAINT fk_registration_forms_registration_id_registrations FOREIGN KEY(registration_id) REFERENCES registrations (id),
    CONSTRAINT fk_registration_forms_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE TRIGGER registration_forms_no_update BEFORE UPDATE ON registration_forms BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER registration_forms_no_delete BEFORE DELETE ON registration_forms BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER registration_forms_no_replace BEFORE INSERT ON registration_forms WHEN EXISTS (SELECT 1 FROM registration_forms WHERE registration_id = NEW.registration_id AND number = NEW.number) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE registration_grants (
    registration_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE NOT NULL,
    granted_at DATETIME NOT NULL,
    CONSTRAINT pk_registration_grants PRIMARY KEY (registration_id, number),
    CONSTRAINT ck_registration_grants_term_not_backwards CHECK (valid_to >= valid_from),
    CONSTRAINT fk_registration_grants_registration_id_registrations FOREIGN KEY(registration_id) REFERENCES registrations (id)
)
--
CREATE TRIGGER registration_grants_no_update BEFORE UPDATE ON registration_grants BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER registration_grants_no_delete BEFORE DELETE ON registration_grants BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER registration_grants_no_replace BEFORE INSERT ON registration_grants WHEN EXISTS (SELECT 1 FROM registration_grants WHERE registration_id = NEW.registration_id AND number = NEW.number) BEGIN SELECT RAISE(ABORT, 'append-only'); END
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
CREATE TRIGGER opinion_items_no_update BEFORE UPDATE ON opinion_items BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER opinion_items_no_delete BEFORE DELETE ON opinion_items BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER opinion_items_no_replace BEFORE INSERT ON opinion_items WHEN EXISTS (SELECT 1 FROM opinion_items WHERE opinion_id = NEW.opinion_id AND directory_code = NEW.directory_code AND item_code = NEW.item_code) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE new_supply_agreements (
    department_id VARCHAR NOT NULL,
    operation_agreement_id VARCHAR,
    industry VARCHAR NOT NULL,
    unique_key VARCHAR NOT NULL,
    purpose_limits JSON NOT NULL,
    suspended_directories JSON NOT NULL,
    code VARCHAR NOT NULL,
    operator_id VARCHAR NOT NULL,
    term_from DATE NOT NULL,
    term_to DATE NOT NULL,
    scope JSON NOT NULL,
    scope_hash VARCHAR NOT NULL,
    elements JSON NOT NULL,
    revenue JSON,
    decision JSON,
    final_digest VARCHAR,
    edition INTEGER NOT NULL,
    proposal JSON,
    letter_digest VARCHAR,
    handover JSON,
    drafted_at DATETIME NOT NULL,
    effective_at DATETIME,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_supply_agreements PRIMARY KEY (id),
    CONSTRAINT ck_supply_agreements_two_parties CHECK (department_id <> operator_id),
    CONSTRAINT ck_supply_agreements_term_not_backwards CHECK (term_from <= term_to),
    CONSTRAINT ck_supply_agreements_effective_only_when_filed CHECK (state NOT IN ('effective', 'amending', 'suspended', 'terminating') OR (letter_digest IS NOT NULL AND effective_at IS NOT NULL)),
    CONSTRAINT fk_supply_agreements_department_id_organisations FOREIGN KEY(department_id) REFERENCES organisations (id),
    CONSTRAINT fk_supply_agreements_operation_agreement_id_operation_agreements FOREIGN KEY(operation_agreement_id) REFERENCES operation_agreements (id),
    CONSTRAINT uq_supply_agreements_code UNIQUE (code),
    CONSTRAINT fk_supply_agreements_operator_id_organisations FOREIGN KEY(operator_id) REFERENCES organisations (id)
)
--
INSERT INTO new_supply_agreements (department_id, industry, unique_key, purpose_limits, suspended_directories, code, operator_id, term_from, term_to, scope, scope_hash, elements, revenue, edition, letter_digest, drafted_at, effective_at, id, state, version)
SELECT department_id, industry, unique_key, purpose_limits, '{}', code, operator_id, term_from, term_to, scope, scope_hash, '{}', revenue, 1, letter_digest, drafted_at, effective_at, id, state, version FROM supply_agreements
--
DROP TABLE supply_agreements
--
ALTER TABLE new_supply_agreements RENAME TO supply_agreements
--
CREATE UNIQUE INDEX uq_supply_agreements_one_live ON supply_agreements (unique_key) WHERE state IN ('effective', 'amending', 'suspended')
--
CREATE INDEX ix_supply_agreements_operation_agreement_id_state_id ON supply_agreements (operation_agreement_id, state, id)
--
CREATE INDEX ix_supply_agreements_department_id_state_id ON supply_agreements (department_id, state, id)
--
CREATE INDEX ix_supply_agreements_operator_id_state_id ON supply_agreements (operator_id, state, id)
--
CREATE TABLE challenges (
    assessment_id VARCHAR NOT NULL,
    scenario_id VARCHAR NOT NULL,
    agency_id VARCHAR NOT NULL,
    applicant_id VARCHAR NOT NULL,
    expert_id VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    answer VARCHAR,
    filed_at DATETIME NOT NULL,
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
CREATE TABLE new_order_lines (
    id VARCHAR NOT NULL,
    order_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    product_id VARCHAR NOT NULL,
    product_version_id VARCHAR NOT NULL,
    price_plan JSON NOT NULL,
    quantity INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    authorisation_id VARCHAR,
    resource_id VARCHAR,
    delivery_mode VARCHAR NOT NULL,
    fee_ground VARCHAR NOT NULL,
    price_e6 INTEGER NOT NULL,
    cap_id VARCHAR,
    cap_e6 INTEGER,
    CONSTRAINT pk_order_lines PRIMARY KEY (id),
    CONSTRAINT uq_order_lines_order_id_position UNIQUE (order_id, position),
    CONSTRAINT ck_order_lines_quantity_positive CHECK (quantity > 0),
    CONSTRAINT ck_order_lines_amount_not_negative CHECK (amount_minor >= 0),
    CONSTRAINT ck_order_lines_price_not_negative CHECK (price_e6 >= 0),
    CONSTRAINT ck_order_lines_price_within_cap CHECK (price_e6 <= cap_e6),
    CONSTRAINT ck_order_lines_industry_pays_under_a_cap CHECK (fee_ground <> 'industry' OR price_e6 = 0 OR (cap_id IS NOT NULL AND cap_e6 IS NOT NULL)),
    CONSTRAINT ck_order_lines_public_interest_is_free CHECK (fee_ground <> 'public_interest' OR (price_e6 = 0 AND amount_minor = 0)),
    CONSTRAINT ck_order_lines_public_data_has_its_ground CHECK ((authorisation_id IS NULL) = (fee_ground = 'own')),
    CONSTRAINT fk_order_lines_cap_id_cap_e6_fee_caps FOREIGN KEY(cap_id, cap_e6) REFERENCES fee_caps (id, cap_e6),
    CONSTRAINT fk_order_lines_order_id_orders FOREIGN KEY(order_id) REFERENCES orders (id),
    CONSTRAINT fk_order_lines_product_id_products FOREIGN KEY(product_id) REFERENCES products (id),
    CONSTRAINT fk_order_lines_product_version_id_product_versions FOREIGN KEY(product_version_id) REFERENCES product_versions (id)
)
--
INSERT INTO new_order_lines (id, order_id, position, product_id, product_version_id, price_plan, quantity, amount_minor, amount_currency, authorisation_id, resource_id, delivery_mode, fee_ground, price_e6)
SELECT id, order_id, position, product_id, product_version_id, price_plan, quantity, amount_minor, amount_currency, authorisation_id, resource_id, delivery_mode, CASE WHEN authorisation_id IS NULL THEN 'own' ELSE 'industry' END, 0 FROM order_lines
--
DROP TABLE order_lines
--
ALTER TABLE new_order_lines RENAME TO order_lines
--
CREATE INDEX ix_order_lines_authorisation_id_order_id ON order_lines (authorisation_id, order_id)
--
CREATE INDEX ix_order_lines_product_id_order_id ON order_lines (product_id, order_id)
--
CREATE TRIGGER order_lines_no_update BEFORE UPDATE ON order_lines BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER order_lines_no_delete BEFORE DELETE ON order_lines BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER order_lines_no_replace BEFORE INSERT ON order_lines WHEN EXISTS (SELECT 1 FROM order_lines WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE source_conflicts (
    master_item_id VARCHAR NOT NULL,
    standing_claim_id VARCHAR NOT NULL,
    rival_claim_id VARCHAR NOT NULL,
    standing_department_id VARCHAR NOT NULL,
    rival_department_id VARCHAR NOT NULL,
    winner VARCHAR,
    opened_at DATETIME NOT NULL,
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
    raised_at DATETIME NOT NULL,
    answered_at DATETIME,
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
    changes JSON NOT NULL,
    raises BOOLEAN NOT NULL,
    reason VARCHAR NOT NULL,
    proposed_by VARCHAR NOT NULL,
    proposed_at DATETIME NOT NULL,
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
CREATE TABLE new_score_sheets (
    assessment_id VARCHAR NOT NULL,
    expert_id VARCHAR NOT NULL,
    edition INTEGER DEFAULT 1 NOT NULL,
    superseding VARCHAR,
    person_id VARCHAR NOT NULL,
    scores JSON NOT NULL,
    comments JSON NOT NULL,
    verdict VARCHAR NOT NULL,
    struck JSON NOT NULL,
    conditions JSON NOT NULL,
    vetoed JSON NOT NULL,
    total INTEGER NOT NULL,
    digest VARCHAR NOT NULL,
    alg VARCHAR NOT NULL,
    key_id VARCHAR NOT NULL,
    signature VARCHAR NOT NULL,
    signed_at DATETIME NOT NULL,
    CONSTRAINT pk_score_sheets PRIMARY KEY (assessment_id, expert_id, edition),
    CONSTRAINT ck_score_sheets_total_in_range CHECK (total BETWEEN 0 AND 10000),
    CONSTRAINT ck_score_sheets_edition_from_one CHECK (edition >= 1),
    CONSTRAINT ck_score_sheets_correction_has_reason CHECK ((edition = 1) = (superseding IS NULL)),
    CONSTRAINT fk_score_sheets_assessment_id_assessments FOREIGN KEY(assessment_id) REFERENCES assessments (id),
    CONSTRAINT fk_score_sheets_expert_id_experts FOREIGN KEY(expert_id) REFERENCES experts (id),
    CONSTRAINT fk_score_sheets_person_id_people FOREIGN KEY(person_id) REFERENCES people (id)
)
--
INSERT INTO new_score_sheets (assessment_id, expert_id, person_id, scores, comments, verdict, struck, conditions, vetoed, total, digest, alg, key_id, signature, signed_at)
SELECT assessment_id, expert_id, person_id, scores, comments, verdict, struck, conditions, vetoed, total, digest, alg, key_id, signature, signed_at FROM score_sheets
--
DROP TABLE score_sheets
--
ALTER TABLE new_score_sheets RENAME TO score_sheets
--
CREATE TRIGGER score_sheets_no_update BEFORE UPDATE ON score_sheets BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER score_sheets_no_delete BEFORE DELETE ON score_sheets BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER score_sheets_no_replace BEFORE INSERT ON score_sheets WHEN EXISTS (SELECT 1 FROM score_sheets WHERE assessment_id = NEW.assessment_id AND expert_id = NEW.expert_id AND edition = NEW.edition) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE voided_sheets (
    assessment_id VARCHAR NOT NULL,
    expert_id VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    voided_by VARCHAR NOT NULL,
    voided_at DATETIME NOT NULL,
    CONSTRAINT pk_voided_sheets PRIMARY KEY (assessment_id, expert_id),
    CONSTRAINT ck_voided_sheets_voiding_has_reason CHECK (length(reason) > 0),
    CONSTRAINT fk_voided_sheets_assessment_id_assessments FOREIGN KEY(assessment_id) REFERENCES assessments (id),
    CONSTRAINT fk_voided_sheets_expert_id_experts FOREIGN KEY(expert_id) REFERENCES experts (id)
)
--
CREATE TRIGGER voided_sheets_no_update BEFORE UPDATE ON voided_sheets BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER voided_sheets_no_delete BEFORE DELETE ON voided_sheets BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER voided_sheets_no_replace BEFORE INSERT ON voided_sheets WHEN EXISTS (SELECT 1 FROM voided_sheets WHERE assessment_id = NEW.assessment_id AND expert_id = NEW.expert_id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE new_panel_members (
    assessment_id VARCHAR NOT NULL,
    expert_id VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    joined_round INTEGER NOT NULL,
    left_round INTEGER,
    reason VARCHAR,
    seated_at DATETIME NOT NULL,
    declared_at DATETIME,
    CONSTRAINT pk_panel_members PRIMARY KEY (assessment_id, expert_id),
    CONSTRAINT ck_panel_members_replacement_has_reason CHECK ((left_round IS NULL) = (reason IS NULL)),
    CONSTRAINT fk_panel_members_assessment_id_assessments FOREIGN KEY(assessment_id) REFERENCES assessments (id),
    CONSTRAINT fk_panel_members_expert_id_experts FOREIGN KEY(expert_id) REFERENCES experts (id),
    CONSTRAINT fk_panel_members_person_id_people FOREIGN KEY(person_id) REFERENCES people (id)
)
--
INSERT INTO new_panel_members (assessment_id, expert_id, person_id, position, joined_round, left_round, reason, seated_at, declared_at)
SELECT assessment_id, expert_id, person_id, position, joined_round, left_round, reason, (SELECT planned_at FROM assessments WHERE assessments.id = panel_members.assessment_id), declared_at FROM panel_members
--
DROP TABLE panel_members
--
ALTER TABLE new_panel_members RENAME TO panel_members
--
CREATE UNIQUE INDEX uq_panel_members_one_serving_per_seat ON panel_members (assessment_id, position) WHERE left_round IS NULL
--
CREATE INDEX ix_panel_members_person_id_assessment_id ON panel_members (person_id, assessment_id)
--
INSERT INTO authorisation_items (authorisation_id, number, directory_code, item_code)
SELECT v.authorisation_id, v.number, json_extract(i.value, '$.directory'), json_extract(i.value, '$.item')
FROM authorisation_versions v, json_each(v.scope, '$.items') i
