DROP INDEX uq_payments_one_live_per_order
--
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
CREATE INDEX ix_decisions_outcome_id ON decisions (outcome, id)
--
CREATE INDEX ix_decisions_authorisation_id_outcome ON decisions (authorisation_id, outcome, id)
--
CREATE INDEX ix_decisions_organisation_id_outcome ON decisions (organisation_id, outcome, id)
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
CREATE TABLE posting_rules (
    event TEXT NOT NULL,
    debit_code TEXT NOT NULL,
    credit_code TEXT NOT NULL,
    CONSTRAINT pk_posting_rules PRIMARY KEY (event, debit_code, credit_code)
)
--
CREATE TABLE currencies (
    code TEXT NOT NULL,
    exponent INTEGER NOT NULL,
    CONSTRAINT pk_currencies PRIMARY KEY (code),
    CONSTRAINT ck_currencies_code_is_iso CHECK (length(code) = 3 AND code = upper(code)),
    CONSTRAINT ck_currencies_exponent_is_small CHECK (exponent BETWEEN 0 AND 4)
)
--
CREATE TRIGGER currencies_append_only BEFORE UPDATE OR DELETE ON currencies FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER currencies_no_truncate BEFORE TRUNCATE ON currencies EXECUTE FUNCTION refuse_change()
--
INSERT INTO currencies (code, exponent) VALUES ('AUD', 2), ('CAD', 2), ('CHF', 2), ('CNY', 2), ('DKK', 2), ('EUR', 2), ('GBP', 2), ('HKD', 2), ('IDR', 2), ('INR', 2), ('JPY', 0), ('KRW', 0), ('KWD', 3), ('MOP', 2), ('MYR', 2), ('NOK', 2), ('NZD', 2), ('PHP', 2), ('RUB', 2), ('SEK', 2), ('SGD', 2), ('THB', 2), ('TWD', 2), ('USD', 2), ('VND', 0), ('ZAR', 2)
--
CREATE TABLE provider_commands (
    id VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    amount_minor BIGINT NOT NULL,
    amount_currency VARCHAR NOT NULL,
    body JSONB NOT NULL,
    state VARCHAR NOT NULL,
    attempts INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    key_no INTEGER NOT NULL,
    last_error VARCHAR NOT NULL,
    given_at TIMESTAMP WITH TIME ZONE NOT NULL,
    not_before TIMESTAMP WITH TIME ZONE NOT NULL,
    lease_until TIMESTAMP WITH TIME ZONE,
    first_sent_at TIMESTAMP WITH TIME ZONE,
    object_id VARCHAR,
    vouched_by VARCHAR,
    confirmed_by VARCHAR,
    CONSTRAINT pk_provider_commands PRIMARY KEY (id),
    CONSTRAINT ck_provider_commands_state_is_known CHECK (state IN ('new', 'sent', 'unknown', 'stuck', 'done', 'refused')),
    CONSTRAINT ck_provider_commands_kind_is_known CHECK (kind IN ('start', 'capture', 'cancel', 'refund', 'payout')),
    CONSTRAINT ck_provider_commands_amount_not_negative CHECK (amount_minor >= 0),
    CONSTRAINT ck_provider_commands_touched_at_some_time CHECK (state = 'new' OR first_sent_at IS NOT NULL),
    CONSTRAINT ck_provider_commands_vouched_for_by_two CHECK (vouched_by <> confirmed_by)
)
--
CREATE UNIQUE INDEX uq_provider_commands_one_object_each ON provider_commands (provider, object_id) WHERE object_id IS NOT NULL
--
CREATE INDEX ix_provider_commands_subject_id ON provider_commands (subject, id)
--
CREATE INDEX ix_provider_commands_due ON provider_commands (not_before, id) WHERE state IN ('new', 'sent', 'unknown')
--
CREATE INDEX ix_provider_commands_state_id ON provider_commands (state, id)
--
CREATE TABLE ledger_blocks (
    number BIGINT NOT NULL,
    previous TEXT NOT NULL,
    root TEXT NOT NULL,
    size INTEGER NOT NULL,
    sealed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    digest TEXT NOT NULL,
    alg TEXT NOT NULL,
    key_id TEXT NOT NULL,
    signature TEXT NOT NULL,
    CONSTRAINT pk_ledger_blocks PRIMARY KEY (number),
    CONSTRAINT uq_ledger_blocks_previous UNIQUE (previous),
    CONSTRAINT ck_ledger_blocks_number_from_one CHECK (number > 0),
    CONSTRAINT ck_ledger_blocks_size_is_some CHECK (size BETWEEN 1 AND 10000)
)
--
CREATE TRIGGER ledger_blocks_append_only BEFORE UPDATE OR DELETE ON ledger_blocks FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER ledger_blocks_no_truncate BEFORE TRUNCATE ON ledger_blocks EXECUTE FUNCTION refuse_change()
--
CREATE TABLE fee_rules (
    kind VARCHAR NOT NULL,
    payer VARCHAR NOT NULL,
    rate_bp INTEGER NOT NULL,
    min_fen BIGINT NOT NULL,
    cap_fen BIGINT,
    first_on DATE NOT NULL,
    last_on DATE,
    board_id VARCHAR,
    waived_for JSONB NOT NULL,
    drafted_by VARCHAR NOT NULL,
    drafted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    approved_by VARCHAR,
    approved_at TIMESTAMP WITH TIME ZONE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_fee_rules PRIMARY KEY (id),
    CONSTRAINT ck_fee_rules_rate_is_a_share CHECK (rate_bp >= 0 AND rate_bp <= 10000),
    CONSTRAINT ck_fee_rules_min_not_negative CHECK (min_fen >= 0),
    CONSTRAINT ck_fee_rules_cap_above_min CHECK (cap_fen IS NULL OR cap_fen >= min_fen),
    CONSTRAINT ck_fee_rules_ends_after_it_begins CHECK (last_on IS NULL OR last_on >= first_on),
    CONSTRAINT ck_fee_rules_approved_by_another CHECK (drafted_by <> approved_by),
    CONSTRAINT ck_fee_rules_in_force_when_approved CHECK (state NOT IN ('approved', 'retired') OR approved_by IS NOT NULL)
)
--
CREATE INDEX ix_fee_rules_kind_state_first_on ON fee_rules (kind, state, first_on)
--
CREATE TABLE holds (
    order_id VARCHAR NOT NULL,
    ground VARCHAR NOT NULL,
    reference VARCHAR NOT NULL,
    amount_minor BIGINT NOT NULL,
    amount_currency VARCHAR NOT NULL,
    placed_by VARCHAR NOT NULL,
    placed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    lifted_by VARCHAR,
    lifted_at TIMESTAMP WITH TIME ZONE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_holds PRIMARY KEY (id),
    CONSTRAINT ck_holds_amount_not_negative CHECK (amount_minor >= 0),
    CONSTRAINT ck_holds_lifted_is_dated CHECK (state <> 'lifted' OR lifted_at IS NOT NULL)
)
--
CREATE INDEX ix_holds_state_id ON holds (state, id)
--
CREATE INDEX ix_holds_order_id_id ON holds (order_id, id)
--
CREATE TABLE revenue_rules (
    scope VARCHAR NOT NULL,
    scope_id VARCHAR NOT NULL,
    base VARCHAR NOT NULL,
    first_on DATE NOT NULL,
    last_on DATE,
    document VARCHAR NOT NULL,
    drafted_by VARCHAR NOT NULL,
    drafted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    approved_by VARCHAR,
    approved_at TIMESTAMP WITH TIME ZONE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_revenue_rules PRIMARY KEY (id),
    CONSTRAINT ck_revenue_rules_ends_after_it_begins CHECK (last_on IS NULL OR last_on >= first_on),
    CONSTRAINT ck_revenue_rules_approved_by_another CHECK (drafted_by <> approved_by),
    CONSTRAINT ck_revenue_rules_in_force_when_approved CHECK (state NOT IN ('approved', 'retired') OR approved_by IS NOT NULL)
)
--
CREATE INDEX ix_revenue_rules_scope_scope_id_first_on ON revenue_rules (scope, scope_id, first_on)
--
CREATE TABLE hold_list (
    party_id VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    put_by VARCHAR NOT NULL,
    put_at TIMESTAMP WITH TIME ZONE NOT NULL,
    off_at TIMESTAMP WITH TIME ZONE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_hold_list PRIMARY KEY (id),
    CONSTRAINT ck_hold_list_taken_off_is_dated CHECK (state <> 'off' OR off_at IS NOT NULL)
)
--
CREATE INDEX ix_hold_list_party_id_id ON hold_list (party_id, id)
--
CREATE UNIQUE INDEX uq_hold_list_once_at_a_time ON hold_list (party_id) WHERE state = 'on'
--
CREATE TABLE subscription_slices (
    id VARCHAR NOT NULL,
    order_id VARCHAR NOT NULL,
    order_line_id VARCHAR NOT NULL,
    seq INTEGER NOT NULL,
    first_on DATE NOT NULL,
    last_on DATE NOT NULL,
    amount_minor BIGINT NOT NULL,
    amount_currency VARCHAR NOT NULL,
    sale JSONB NOT NULL,
    outcome VARCHAR NOT NULL,
    earned_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_subscription_slices PRIMARY KEY (id),
    CONSTRAINT uq_subscription_slices_order_line_id_seq UNIQUE (order_line_id, seq),
    CONSTRAINT ck_subscription_slices_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT ck_subscription_slices_days_not_reversed CHECK (first_on <= last_on)
)
--
CREATE INDEX ix_subscription_slices_outcome_last_on_id ON subscription_slices (outcome, last_on, id)
--
CREATE INDEX ix_subscription_slices_order_id_first_on_id ON subscription_slices (order_id, first_on, id)
--
ALTER TABLE settlement_batches DROP CONSTRAINT ck_settlement_batches_posted_when_checked
--
ALTER TABLE settlement_batches ADD CONSTRAINT ck_settlement_batches_posted_when_checked CHECK (state NOT IN ('posting', 'posted') OR checker IS NOT NULL)
--
CREATE TABLE invoice_rooms (
    order_id VARCHAR NOT NULL,
    about VARCHAR NOT NULL,
    paid_minor BIGINT NOT NULL,
    refunded_minor BIGINT NOT NULL,
    room_minor BIGINT NOT NULL,
    asked_minor BIGINT NOT NULL,
    red_minor BIGINT NOT NULL,
    fiscal_minor BIGINT NOT NULL,
    noted_minor BIGINT NOT NULL,
    CONSTRAINT pk_invoice_rooms PRIMARY KEY (order_id, about),
    CONSTRAINT ck_invoice_rooms_invoiced_within_room CHECK (asked_minor - red_minor <= room_minor),
    CONSTRAINT ck_invoice_rooms_room_within_paid CHECK (room_minor <= paid_minor - refunded_minor),
    CONSTRAINT ck_invoice_rooms_room_not_negative CHECK (room_minor >= 0),
    CONSTRAINT ck_invoice_rooms_red_within_invoiced CHECK (red_minor >= 0 AND red_minor <= asked_minor),
    CONSTRAINT ck_invoice_rooms_noted_within_fiscal CHECK (noted_minor >= 0 AND noted_minor <= fiscal_minor)
)
--
CREATE TABLE papers (
    id VARCHAR NOT NULL,
    number VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    party_id VARCHAR NOT NULL,
    body JSONB NOT NULL,
    digest VARCHAR NOT NULL,
    alg VARCHAR NOT NULL,
    key_id VARCHAR NOT NULL,
    value VARCHAR NOT NULL,
    issued_by VARCHAR NOT NULL,
    issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_papers PRIMARY KEY (id),
    CONSTRAINT uq_papers_number UNIQUE (number)
)
--
CREATE INDEX ix_papers_party_id_id ON papers (party_id, id)
--
CREATE INDEX ix_papers_subject_id ON papers (subject, id)
--
CREATE TRIGGER papers_append_only BEFORE UPDATE OR DELETE ON papers FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER papers_no_truncate BEFORE TRUNCATE ON papers EXECUTE FUNCTION refuse_change()
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
ALTER TABLE bank_statements ADD COLUMN sequence INTEGER
--
ALTER TABLE bank_statements ADD COLUMN form VARCHAR
--
CREATE TABLE reconciliation_breaks (
    leg VARCHAR NOT NULL,
    type VARCHAR NOT NULL,
    key VARCHAR NOT NULL,
    currency VARCHAR NOT NULL,
    left_minor BIGINT,
    right_minor BIGINT,
    day DATE NOT NULL,
    first_seen DATE NOT NULL,
    run_id VARCHAR NOT NULL,
    owner VARCHAR,
    cause VARCHAR,
    explained_by VARCHAR,
    entry_id BIGINT,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_reconciliation_breaks PRIMARY KEY (id),
    CONSTRAINT ck_reconciliation_breaks_says_something CHECK (left_minor IS NOT NULL OR right_minor IS NOT NULL),
    CONSTRAINT ck_reconciliation_breaks_explained_by_somebody CHECK (state <> 'explained' OR (cause IS NOT NULL AND explained_by IS NOT NULL))
)
--
CREATE UNIQUE INDEX uq_reconciliation_breaks_one_live_per_key ON reconciliation_breaks (leg, key) WHERE state <> 'cleared'
--
CREATE INDEX ix_reconciliation_breaks_state_day_id ON reconciliation_breaks (state, day, id)
--
CREATE INDEX ix_reconciliation_breaks_run_id ON reconciliation_breaks (run_id)
--
CREATE TABLE adjustments (
    kind VARCHAR NOT NULL,
    debit_code VARCHAR NOT NULL,
    debit_owner VARCHAR NOT NULL,
    credit_code VARCHAR NOT NULL,
    credit_owner VARCHAR NOT NULL,
    amount_minor BIGINT NOT NULL,
    amount_currency VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    document VARCHAR NOT NULL,
    maker VARCHAR NOT NULL,
    proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    checker VARCHAR,
    posted_at TIMESTAMP WITH TIME ZONE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_adjustments PRIMARY KEY (id),
    CONSTRAINT ck_adjustments_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT ck_adjustments_checked_by_another CHECK (maker <> checker),
    CONSTRAINT ck_adjustments_posted_when_checked CHECK (state <> 'posted' OR checker IS NOT NULL),
    CONSTRAINT ck_adjustments_reason_is_given CHECK (reason <> ''),
    CONSTRAINT ck_adjustments_document_is_a_digest CHECK (length(document) = 64)
)
--
CREATE INDEX ix_adjustments_state_id ON adjustments (state, id)
--
CREATE TABLE provider_inbox (
    provider VARCHAR NOT NULL,
    event_id VARCHAR NOT NULL,
    type VARCHAR NOT NULL,
    body VARCHAR NOT NULL,
    came VARCHAR NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    handled_at TIMESTAMP WITH TIME ZONE,
    not_before TIMESTAMP WITH TIME ZONE,
    tries INTEGER NOT NULL,
    error VARCHAR NOT NULL,
    CONSTRAINT pk_provider_inbox PRIMARY KEY (provider, event_id)
)
--
CREATE INDEX ix_provider_inbox_waiting ON provider_inbox (not_before, provider, event_id) WHERE handled_at IS NULL AND not_before IS NOT NULL
--
CREATE INDEX ix_provider_inbox_received_at_provider_event_id ON provider_inbox (received_at, provider, event_id)
--
CREATE INDEX ix_provider_inbox_open ON provider_inbox (received_at, provider, event_id) WHERE handled_at IS NULL
--
CREATE TABLE provider_objects (
    provider VARCHAR NOT NULL,
    id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    command_id VARCHAR NOT NULL,
    parent VARCHAR NOT NULL,
    amount_minor BIGINT NOT NULL,
    amount_currency VARCHAR(3) NOT NULL,
    phase VARCHAR NOT NULL,
    rank INTEGER NOT NULL,
    handover JSONB NOT NULL,
    raw JSONB NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_provider_objects PRIMARY KEY (provider, id),
    CONSTRAINT ck_provider_objects_rank_not_negative CHECK (rank >= 0)
)
--
CREATE TABLE provider_balance_lines (
    provider VARCHAR NOT NULL,
    id VARCHAR NOT NULL,
    type VARCHAR NOT NULL,
    source_id VARCHAR NOT NULL,
    amount_minor BIGINT NOT NULL,
    amount_currency VARCHAR(3) NOT NULL,
    fee_minor BIGINT NOT NULL,
    fee_currency VARCHAR(3) NOT NULL,
    net_minor BIGINT NOT NULL,
    net_currency VARCHAR(3) NOT NULL,
    available_on TIMESTAMP WITH TIME ZONE NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    told_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_provider_balance_lines PRIMARY KEY (provider, id),
    CONSTRAINT ck_provider_balance_lines_net_is_after_fee CHECK (net_minor = amount_minor - fee_minor),
    CONSTRAINT ck_provider_balance_lines_one_currency CHECK (amount_currency = fee_currency AND amount_currency = net_currency)
)
--
CREATE INDEX ix_provider_balance_lines_provider_at_id ON provider_balance_lines (provider, at, id)
--
CREATE INDEX ix_provider_balance_lines_source_id ON provider_balance_lines (source_id)
--
CREATE INDEX ix_provider_balance_lines_told_at ON provider_balance_lines (told_at)
--
CREATE INDEX ix_provider_balance_lines_at ON provider_balance_lines (at)
--
CREATE TRIGGER provider_balance_lines_append_only BEFORE UPDATE OR DELETE ON provider_balance_lines FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER provider_balance_lines_no_truncate BEFORE TRUNCATE ON provider_balance_lines EXECUTE FUNCTION refuse_change()
--
CREATE TABLE provider_cursors (
    provider VARCHAR NOT NULL,
    what VARCHAR NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_provider_cursors PRIMARY KEY (provider, what)
)
--
CREATE TABLE reconciliation_runs (
    id VARCHAR NOT NULL,
    day DATE NOT NULL,
    first_on DATE NOT NULL,
    position INTEGER NOT NULL,
    digest VARCHAR NOT NULL,
    found INTEGER NOT NULL,
    blocking INTEGER NOT NULL,
    last_entry_id BIGINT NOT NULL,
    run_by VARCHAR NOT NULL,
    run_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_reconciliation_runs PRIMARY KEY (id),
    CONSTRAINT uq_reconciliation_runs_day_position UNIQUE (day, position)
)
--
CREATE INDEX ix_reconciliation_runs_day_id ON reconciliation_runs (day, id)
--
CREATE TRIGGER reconciliation_runs_append_only BEFORE UPDATE OR DELETE ON reconciliation_runs FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER reconciliation_runs_no_truncate BEFORE TRUNCATE ON reconciliation_runs EXECUTE FUNCTION refuse_change()
--
CREATE TABLE non_tax_receipts (
    id VARCHAR NOT NULL,
    order_id VARCHAR NOT NULL,
    number VARCHAR NOT NULL,
    amount_minor BIGINT NOT NULL,
    amount_currency VARCHAR NOT NULL,
    noted_by VARCHAR NOT NULL,
    noted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_non_tax_receipts PRIMARY KEY (id),
    CONSTRAINT uq_non_tax_receipts_number UNIQUE (number),
    CONSTRAINT ck_non_tax_receipts_amount_positive CHECK (amount_minor > 0)
)
--
CREATE INDEX ix_non_tax_receipts_order_id_id ON non_tax_receipts (order_id, id)
--
CREATE TRIGGER non_tax_receipts_append_only BEFORE UPDATE OR DELETE ON non_tax_receipts FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER non_tax_receipts_no_truncate BEFORE TRUNCATE ON non_tax_receipts EXECUTE FUNCTION refuse_change()
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
CREATE INDEX ix_organisation_roles_state_id ON organisation_roles (state, id)
--
CREATE UNIQUE INDEX uq_organisation_roles_one_live_each ON organisation_roles (organisation_id, role) WHERE state <> 'revoked'
--
CREATE INDEX ix_organisation_roles_role_organisation_id ON organisation_roles (role, organisation_id)
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
CREATE INDEX ix_ties_organisation_id_id ON ties (organisation_id, id)
--
CREATE INDEX ix_ties_node ON ties (node)
--
CREATE INDEX ix_ties_other ON ties (other)
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
CREATE INDEX ix_admissions_verified_on_organisation_id ON admissions (verified_on, organisation_id)
--
CREATE INDEX ix_admissions_committed_until_organisation_id ON admissions (committed_until, organisation_id)
--
CREATE INDEX ix_admissions_licence_valid_to_organisation_id ON admissions (licence_valid_to, organisation_id)
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
CREATE INDEX ix_bank_checks_state_id ON bank_checks (state, id)
--
CREATE INDEX ix_bank_checks_organisation_id_id ON bank_checks (organisation_id, id)
--
CREATE UNIQUE INDEX uq_bank_checks_one_open_each ON bank_checks (organisation_id) WHERE state IN ('requested', 'sent')
--
ALTER TABLE authorisations ADD COLUMN supersedes_id VARCHAR
--
ALTER TABLE authorisations ADD CONSTRAINT ck_authorisations_supersedes_another CHECK (supersedes_id <> id)
--
ALTER TABLE authorisations ADD CONSTRAINT fk_authorisations_supersedes_id_authorisations FOREIGN KEY(supersedes_id) REFERENCES authorisations (id)
--
DROP INDEX ix_authorisations_valid_to_id
--
CREATE INDEX ix_authorisations_valid_to_id ON authorisations (valid_to, id) WHERE state IN ('issued', 'active', 'active_conditional', 'suspended')
--
CREATE INDEX ix_authorisations_operator_id_id ON authorisations (operator_id, id)
--
CREATE INDEX ix_authorisations_grantee_id_id ON authorisations (grantee_id, id)
--
DROP INDEX uq_authorisations_one_live_per_scenario
--
CREATE UNIQUE INDEX uq_authorisations_one_live_per_scenario ON authorisations (scenario_id) WHERE state IN ('issued', 'active', 'active_conditional', 'suspended')
--
CREATE INDEX ix_authorisations_supersedes_id ON authorisations (supersedes_id)
--
CREATE INDEX ix_authorisations_state_id ON authorisations (state, id)
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
CREATE INDEX ix_scenarios_purpose_code_id ON scenarios (purpose_code, id)
--
CREATE INDEX ix_scenarios_purpose_fingerprint ON scenarios (purpose_fingerprint)
--
ALTER TABLE ledger_accounts ADD CONSTRAINT fk_ledger_accounts_currency_currencies FOREIGN KEY(currency) REFERENCES currencies (code)
--
CREATE INDEX ix_ledger_entries_effective_on ON ledger_entries (effective_on, id)
--
CREATE TABLE uploads (
    organisation_id VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    size_bytes BIGINT NOT NULL,
    part_bytes INTEGER NOT NULL,
    sha256 VARCHAR,
    dataset_id VARCHAR NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    claimed_at TIMESTAMP WITH TIME ZONE,
    stage VARCHAR,
    problems JSONB,
    tidied BOOLEAN NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_uploads PRIMARY KEY (id),
    CONSTRAINT ck_uploads_size_positive CHECK (size_bytes > 0),
    CONSTRAINT ck_uploads_part_positive CHECK (part_bytes > 0),
    CONSTRAINT fk_uploads_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_uploads_state_id ON uploads (state, id)
--
CREATE INDEX ix_uploads_organisation_id_id ON uploads (organisation_id, id)
--
CREATE TABLE datasets (
    id VARCHAR NOT NULL,
    owner_id VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_datasets PRIMARY KEY (id),
    CONSTRAINT fk_datasets_owner_id_organisations FOREIGN KEY(owner_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_datasets_owner_id_id ON datasets (owner_id, id)
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
CREATE INDEX ix_violations_owner_id ON violations (owner, id)
--
CREATE INDEX ix_violations_subject_id ON violations (subject, id)
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
CREATE INDEX ix_fee_periods_operator_id_last_on_id ON fee_periods (operator_id, last_on, id)
--
CREATE UNIQUE INDEX uq_fee_periods_one_approved_a_day ON fee_periods (operator_id, first_on) WHERE state IN ('approved', 'closed')
--
ALTER TABLE products ADD COLUMN suspended_with VARCHAR
--
ALTER TABLE products ADD CONSTRAINT ck_products_down_with_its_right CHECK (suspended_with IS NULL OR state = 'suspended')
--
CREATE INDEX ix_products_suspended_with_id ON products (suspended_with, id)
--
CREATE TABLE ledger_snapshots (
    period_id TEXT NOT NULL,
    code TEXT NOT NULL,
    owner TEXT NOT NULL,
    currency TEXT NOT NULL,
    book TEXT NOT NULL,
    debits BIGINT NOT NULL,
    credits BIGINT NOT NULL,
    CONSTRAINT pk_ledger_snapshots PRIMARY KEY (period_id, code, owner, currency),
    CONSTRAINT fk_ledger_snapshots_period_id_ledger_periods FOREIGN KEY(period_id) REFERENCES ledger_periods (id),
    CONSTRAINT ck_ledger_snapshots_sums_not_negative CHECK (debits >= 0 AND credits >= 0)
)
--
CREATE TRIGGER ledger_snapshots_append_only BEFORE UPDATE OR DELETE ON ledger_snapshots FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER ledger_snapshots_no_truncate BEFORE TRUNCATE ON ledger_snapshots EXECUTE FUNCTION refuse_change()
--
CREATE TABLE hold_pieces (
    hold_id VARCHAR NOT NULL,
    account_code VARCHAR NOT NULL,
    owner VARCHAR NOT NULL,
    currency VARCHAR NOT NULL,
    amount_minor BIGINT NOT NULL,
    left_minor BIGINT NOT NULL,
    CONSTRAINT pk_hold_pieces PRIMARY KEY (hold_id, account_code, owner),
    CONSTRAINT ck_hold_pieces_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT ck_hold_pieces_left_within CHECK (left_minor >= 0 AND left_minor <= amount_minor),
    CONSTRAINT fk_hold_pieces_hold_id_holds FOREIGN KEY(hold_id) REFERENCES holds (id)
)
--
CREATE INDEX ix_hold_pieces_owner_account_code ON hold_pieces (owner, account_code)
--
CREATE TABLE revenue_parties (
    rule_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    owner VARCHAR NOT NULL,
    share_bp INTEGER NOT NULL,
    CONSTRAINT pk_revenue_parties PRIMARY KEY (rule_id, kind, owner),
    CONSTRAINT ck_revenue_parties_share_is_a_part CHECK (share_bp >= 0 AND share_bp <= 10000),
    CONSTRAINT ck_revenue_parties_a_broker_is_named CHECK ((kind = 'broker') = (owner <> '')),
    CONSTRAINT fk_revenue_parties_rule_id_revenue_rules FOREIGN KEY(rule_id) REFERENCES revenue_rules (id)
)
--
ALTER TABLE obligations DROP CONSTRAINT uq_obligations_order_line_id
--
ALTER TABLE obligations ADD COLUMN seq INTEGER
--
UPDATE obligations SET seq = 1
--
ALTER TABLE obligations ALTER COLUMN seq SET NOT NULL
--
ALTER TABLE obligations ADD COLUMN taken_minor BIGINT
--
UPDATE obligations SET taken_minor = 0
--
ALTER TABLE obligations ALTER COLUMN taken_minor SET NOT NULL
--
ALTER TABLE obligations ADD COLUMN buyer_id VARCHAR
--
UPDATE obligations SET buyer_id = COALESCE((SELECT buyer_id FROM orders WHERE orders.id = obligations.order_id), '')
--
ALTER TABLE obligations ALTER COLUMN buyer_id SET NOT NULL
--
ALTER TABLE obligations ADD COLUMN waiver VARCHAR
--
ALTER TABLE obligations ADD COLUMN fee_rule_id VARCHAR
--
ALTER TABLE obligations ADD COLUMN revenue_rule_id VARCHAR
--
ALTER TABLE obligations ADD COLUMN draft VARCHAR
--
ALTER TABLE obligations ADD COLUMN holds INTEGER
--
UPDATE obligations SET holds = 0
--
ALTER TABLE obligations ALTER COLUMN holds SET NOT NULL
--
ALTER TABLE obligations ADD CONSTRAINT uq_obligations_order_line_id_seq UNIQUE (order_line_id, seq)
--
ALTER TABLE obligations ADD CONSTRAINT ck_obligations_seq_positive CHECK (seq > 0)
--
ALTER TABLE obligations ADD CONSTRAINT ck_obligations_holds_not_negative CHECK (holds >= 0)
--
ALTER TABLE obligations ADD CONSTRAINT ck_obligations_taken_within_amount CHECK (taken_minor >= 0 AND taken_minor <= amount_minor)
--
ALTER TABLE obligations ADD CONSTRAINT fk_obligations_fee_rule_id_fee_rules FOREIGN KEY(fee_rule_id) REFERENCES fee_rules (id)
--
ALTER TABLE obligations ADD CONSTRAINT fk_obligations_revenue_rule_id_revenue_rules FOREIGN KEY(revenue_rule_id) REFERENCES revenue_rules (id)
--
CREATE INDEX ix_obligations_buyer_id_id ON obligations (buyer_id, id)
--
CREATE INDEX ix_obligations_seller_id_order_id ON obligations (seller_id, order_id)
--
ALTER TABLE payments ADD COLUMN purpose VARCHAR
--
UPDATE payments SET purpose = 'order'
--
ALTER TABLE payments ALTER COLUMN purpose SET NOT NULL
--
ALTER TABLE payments ADD COLUMN target VARCHAR
--
UPDATE payments SET target = order_id
--
ALTER TABLE payments ALTER COLUMN target SET NOT NULL
--
ALTER TABLE payments ALTER COLUMN order_id DROP NOT NULL
--
ALTER TABLE payments ADD CONSTRAINT ck_payments_purpose_is_known CHECK (purpose IN ('order', 'bill', 'wallet', 'fee'))
--
ALTER TABLE payments ADD CONSTRAINT ck_payments_escrow_has_its_order CHECK ((purpose IN ('order', 'bill')) = (order_id IS NOT NULL))
--
CREATE INDEX ix_payments_open_by_due ON payments ((amount_minor - funded_minor), id) WHERE state IN ('awaiting', 'part_funded')
--
CREATE INDEX ix_payments_order_id_id ON payments (order_id, id)
--
CREATE UNIQUE INDEX uq_payments_one_live_per_target ON payments (purpose, target) WHERE state <> 'void' AND NOT (purpose = 'wallet' AND state = 'funded')
--
CREATE TABLE meters (
    order_id VARCHAR NOT NULL,
    order_code VARCHAR NOT NULL,
    order_line_id VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    seller_id VARCHAR NOT NULL,
    sale JSONB NOT NULL,
    title_zh VARCHAR NOT NULL,
    title_en VARCHAR NOT NULL,
    mode VARCHAR NOT NULL,
    basis VARCHAR NOT NULL,
    unit VARCHAR NOT NULL,
    tariff JSONB NOT NULL,
    milestones JSONB NOT NULL,
    cycle VARCHAR NOT NULL,
    until DATE NOT NULL,
    began_on DATE NOT NULL,
    ended_on DATE,
    stopped_for VARCHAR,
    stopped_at TIMESTAMP WITH TIME ZONE,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_meters PRIMARY KEY (id),
    CONSTRAINT uq_meters_order_line_id UNIQUE (order_line_id),
    CONSTRAINT ck_meters_buyer_is_not_seller CHECK (buyer_id <> seller_id),
    CONSTRAINT ck_meters_mode_is_known CHECK (mode IN ('wallet', 'postpaid')),
    CONSTRAINT ck_meters_stopped_says_why CHECK ((state = 'stopped') = (stopped_for IS NOT NULL)),
    CONSTRAINT ck_meters_closed_says_when CHECK ((state = 'closed') = (ended_on IS NOT NULL)),
    CONSTRAINT fk_meters_buyer_id_organisations FOREIGN KEY(buyer_id) REFERENCES organisations (id),
    CONSTRAINT fk_meters_seller_id_organisations FOREIGN KEY(seller_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_meters_buyer_id_id ON meters (buyer_id, id)
--
CREATE INDEX ix_meters_mode_state_id ON meters (mode, state, id)
--
CREATE INDEX ix_meters_order_id_id ON meters (order_id, id)
--
CREATE INDEX ix_meters_seller_id_id ON meters (seller_id, id)
--
CREATE TABLE subscription_cuts (
    source_id VARCHAR NOT NULL,
    slice_id VARCHAR NOT NULL,
    amount_minor BIGINT NOT NULL,
    amount_currency VARCHAR NOT NULL,
    CONSTRAINT pk_subscription_cuts PRIMARY KEY (source_id, slice_id),
    CONSTRAINT ck_subscription_cuts_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT fk_subscription_cuts_slice_id_subscription_slices FOREIGN KEY(slice_id) REFERENCES subscription_slices (id)
)
--
CREATE TRIGGER subscription_cuts_append_only BEFORE UPDATE OR DELETE ON subscription_cuts FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER subscription_cuts_no_truncate BEFORE TRUNCATE ON subscription_cuts EXECUTE FUNCTION refuse_change()
--
CREATE TABLE bills (
    code VARCHAR NOT NULL,
    order_id VARCHAR NOT NULL,
    order_code VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    seller_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    basis VARCHAR NOT NULL,
    period VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    used_from DATE NOT NULL,
    used_to DATE NOT NULL,
    drawn BOOLEAN NOT NULL,
    amount_minor BIGINT NOT NULL,
    amount_currency VARCHAR NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    confirmed_at TIMESTAMP WITH TIME ZONE,
    settled_at TIMESTAMP WITH TIME ZONE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_bills PRIMARY KEY (id),
    CONSTRAINT uq_bills_code UNIQUE (code),
    CONSTRAINT uq_bills_order_id_number UNIQUE (order_id, number),
    CONSTRAINT ck_bills_amount_not_negative CHECK (amount_minor >= 0),
    CONSTRAINT ck_bills_days_not_reversed CHECK (used_from <= used_to),
    CONSTRAINT fk_bills_buyer_id_organisations FOREIGN KEY(buyer_id) REFERENCES organisations (id),
    CONSTRAINT fk_bills_seller_id_organisations FOREIGN KEY(seller_id) REFERENCES organisations (id)
)
--
CREATE UNIQUE INDEX uq_bills_one_live_per_period ON bills (order_id, basis, period) WHERE state <> 'void'
--
CREATE INDEX ix_bills_buyer_id_id ON bills (buyer_id, id)
--
CREATE INDEX ix_bills_seller_id_id ON bills (seller_id, id)
--
CREATE INDEX ix_bills_state_id ON bills (state, id)
--
CREATE TABLE chargebacks (
    provider VARCHAR NOT NULL,
    dispute_id VARCHAR NOT NULL,
    charge_object VARCHAR NOT NULL,
    order_id VARCHAR,
    amount_minor BIGINT NOT NULL,
    amount_currency VARCHAR NOT NULL,
    lost_minor BIGINT NOT NULL,
    evidence_due TIMESTAMP WITH TIME ZONE,
    evidence VARCHAR,
    hold_id VARCHAR,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_chargebacks PRIMARY KEY (id),
    CONSTRAINT uq_chargebacks_provider_dispute_id UNIQUE (provider, dispute_id),
    CONSTRAINT ck_chargebacks_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT ck_chargebacks_lost_within CHECK (lost_minor >= 0 AND lost_minor <= amount_minor),
    CONSTRAINT fk_chargebacks_hold_id_holds FOREIGN KEY(hold_id) REFERENCES holds (id)
)
--
CREATE INDEX ix_chargebacks_order_id_id ON chargebacks (order_id, id)
--
CREATE INDEX ix_chargebacks_state_evidence_due ON chargebacks (state, evidence_due)
--
CREATE TABLE voucher_batches (
    sponsor_id VARCHAR NOT NULL,
    title_zh VARCHAR NOT NULL,
    title_en VARCHAR NOT NULL,
    doc_no VARCHAR NOT NULL,
    budget_minor BIGINT NOT NULL,
    budget_currency VARCHAR NOT NULL,
    face_minor BIGINT NOT NULL,
    face_currency VARCHAR NOT NULL,
    deduct_bp INTEGER NOT NULL,
    order_max_minor BIGINT NOT NULL,
    order_max_currency VARCHAR NOT NULL,
    year_max_minor BIGINT NOT NULL,
    year_max_currency VARCHAR NOT NULL,
    roles JSONB NOT NULL,
    regions JSONB NOT NULL,
    product_types JSONB NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE NOT NULL,
    advanced BOOLEAN NOT NULL,
    maker VARCHAR NOT NULL,
    drafted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    checker VARCHAR,
    opened_at TIMESTAMP WITH TIME ZONE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_voucher_batches PRIMARY KEY (id),
    CONSTRAINT ck_voucher_batches_face_positive CHECK (face_minor > 0),
    CONSTRAINT ck_voucher_batches_budget_for_one_at_least CHECK (budget_minor >= face_minor),
    CONSTRAINT ck_voucher_batches_never_the_whole_price CHECK (deduct_bp > 0 AND deduct_bp < 10000),
    CONSTRAINT ck_voucher_batches_order_max_positive CHECK (order_max_minor > 0),
    CONSTRAINT ck_voucher_batches_year_holds_an_order CHECK (year_max_minor >= order_max_minor),
    CONSTRAINT ck_voucher_batches_one_currency CHECK (budget_currency = face_currency AND face_currency = order_max_currency AND order_max_currency = year_max_currency),
    CONSTRAINT ck_voucher_batches_ends_after_it_begins CHECK (valid_to >= valid_from),
    CONSTRAINT ck_voucher_batches_checked_by_another CHECK (maker <> checker),
    CONSTRAINT ck_voucher_batches_opened_when_checked CHECK (state NOT IN ('open', 'closed') OR checker IS NOT NULL),
    CONSTRAINT fk_voucher_batches_sponsor_id_organisations FOREIGN KEY(sponsor_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_voucher_batches_sponsor_id_id ON voucher_batches (sponsor_id, id)
--
CREATE INDEX ix_voucher_batches_state_id ON voucher_batches (state, id)
--
ALTER TABLE orders DROP CONSTRAINT ck_orders_paid_in_advance
--
ALTER TABLE orders ADD CONSTRAINT ck_orders_pay_mode_is_known CHECK (pay_mode IN ('prepaid', 'wallet', 'postpaid'))
--
ALTER TABLE payouts DROP CONSTRAINT ck_payouts_sent_when_checked
--
ALTER TABLE payouts DROP CONSTRAINT ck_payouts_paid_on_a_day
--
ALTER TABLE payouts ADD COLUMN attempt INTEGER
--
UPDATE payouts SET attempt = 1
--
ALTER TABLE payouts ALTER COLUMN attempt SET NOT NULL
--
ALTER TABLE payouts ADD CONSTRAINT ck_payouts_sent_when_checked CHECK (state NOT IN ('approved', 'sent', 'paid', 'reconciled') OR checker IS NOT NULL)
--
ALTER TABLE payouts ADD CONSTRAINT ck_payouts_paid_on_a_day CHECK (state NOT IN ('paid', 'reconciled') OR paid_on IS NOT NULL)
--
ALTER TABLE payouts ADD CONSTRAINT ck_payouts_attempt_positive CHECK (attempt > 0)
--
CREATE INDEX ix_payouts_account_id_state ON payouts (account_id, state)
--
CREATE TABLE credit_limits (
    id VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    limit_minor BIGINT NOT NULL,
    limit_currency VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    granted_by VARCHAR NOT NULL,
    granted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_credit_limits PRIMARY KEY (id),
    CONSTRAINT ck_credit_limits_limit_not_negative CHECK (limit_minor >= 0),
    CONSTRAINT fk_credit_limits_buyer_id_organisations FOREIGN KEY(buyer_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_credit_limits_buyer_id_id ON credit_limits (buyer_id, id)
--
CREATE TRIGGER credit_limits_append_only BEFORE UPDATE OR DELETE ON credit_limits FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER credit_limits_no_truncate BEFORE TRUNCATE ON credit_limits EXECUTE FUNCTION refuse_change()
--
CREATE TABLE invoicing_mandates (
    seller_id VARCHAR NOT NULL,
    given_by VARCHAR NOT NULL,
    given_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_invoicing_mandates PRIMARY KEY (seller_id),
    CONSTRAINT ck_invoicing_mandates_ends_after_it_began CHECK (ended_at IS NULL OR ended_at >= given_at),
    CONSTRAINT fk_invoicing_mandates_seller_id_organisations FOREIGN KEY(seller_id) REFERENCES organisations (id)
)
--
CREATE TABLE invoices (
    order_id VARCHAR NOT NULL,
    about VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    seller_id VARCHAR NOT NULL,
    seller_name VARCHAR NOT NULL,
    seller_uscc VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    buyer_name VARCHAR NOT NULL,
    buyer_uscc VARCHAR NOT NULL,
    buyer_address VARCHAR NOT NULL,
    buyer_phone VARCHAR NOT NULL,
    buyer_bank VARCHAR NOT NULL,
    buyer_account VARCHAR NOT NULL,
    email VARCHAR NOT NULL,
    total_minor BIGINT NOT NULL,
    total_currency VARCHAR NOT NULL,
    net_minor BIGINT NOT NULL,
    tax_minor BIGINT NOT NULL,
    rate_bp INTEGER NOT NULL,
    remark VARCHAR NOT NULL,
    mandated BOOLEAN NOT NULL,
    requested_by VARCHAR NOT NULL,
    requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
    number VARCHAR,
    tax_document BOOLEAN NOT NULL,
    issuer VARCHAR,
    issued_at TIMESTAMP WITH TIME ZONE,
    paper_id VARCHAR,
    red_minor BIGINT NOT NULL,
    red_asked_minor BIGINT NOT NULL,
    red_reason VARCHAR,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_invoices PRIMARY KEY (id),
    CONSTRAINT uq_invoices_number UNIQUE (number),
    CONSTRAINT ck_invoices_total_positive CHECK (total_minor > 0),
    CONSTRAINT ck_invoices_net_and_tax_make_the_total CHECK (net_minor + tax_minor = total_minor),
    CONSTRAINT ck_invoices_red_within_total CHECK (red_minor >= 0 AND red_asked_minor >= 0 AND red_minor + red_asked_minor <= total_minor),
    CONSTRAINT ck_invoices_issued_on_paper CHECK ((state IN ('requested', 'rejected')) = (paper_id IS NULL)),
    CONSTRAINT ck_invoices_red_asked_while_asked CHECK ((state = 'red_requested') = (red_asked_minor > 0)),
    CONSTRAINT ck_invoices_about_is_known CHECK (about IN ('price', 'commission', 'fee')),
    CONSTRAINT ck_invoices_buyer_uscc_has_18_characters CHECK (length(buyer_uscc) = 18),
    CONSTRAINT fk_invoices_seller_id_organisations FOREIGN KEY(seller_id) REFERENCES organisations (id),
    CONSTRAINT fk_invoices_buyer_id_organisations FOREIGN KEY(buyer_id) REFERENCES organisations (id),
    CONSTRAINT fk_invoices_paper_id_papers FOREIGN KEY(paper_id) REFERENCES papers (id)
)
--
CREATE INDEX ix_invoices_buyer_id_id ON invoices (buyer_id, id)
--
CREATE INDEX ix_invoices_state_id ON invoices (state, id)
--
CREATE INDEX ix_invoices_order_id_about_id ON invoices (order_id, about, id)
--
CREATE INDEX ix_invoices_seller_id_id ON invoices (seller_id, id)
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
CREATE TABLE asset_disclosures (
    owner_id VARCHAR NOT NULL,
    first_on DATE NOT NULL,
    last_on DATE NOT NULL,
    figures JSONB NOT NULL,
    prepared_by VARCHAR NOT NULL,
    prepared_at TIMESTAMP WITH TIME ZONE NOT NULL,
    signed_off_by VARCHAR,
    accountant VARCHAR,
    accountant_no VARCHAR,
    paper_id VARCHAR,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_asset_disclosures PRIMARY KEY (id),
    CONSTRAINT ck_asset_disclosures_ends_after_it_begins CHECK (last_on >= first_on),
    CONSTRAINT ck_asset_disclosures_signed_off_by_another CHECK (prepared_by <> signed_off_by),
    CONSTRAINT ck_asset_disclosures_final_names_its_accountant CHECK (state <> 'final' OR (signed_off_by IS NOT NULL AND accountant IS NOT NULL)),
    CONSTRAINT fk_asset_disclosures_owner_id_organisations FOREIGN KEY(owner_id) REFERENCES organisations (id),
    CONSTRAINT fk_asset_disclosures_paper_id_papers FOREIGN KEY(paper_id) REFERENCES papers (id)
)
--
CREATE UNIQUE INDEX uq_asset_disclosures_one_each_period ON asset_disclosures (owner_id, first_on, last_on) WHERE state <> 'dropped'
--
CREATE INDEX ix_asset_disclosures_owner_id_last_on_id ON asset_disclosures (owner_id, last_on, id)
--
CREATE TABLE asset_cards (
    code VARCHAR NOT NULL,
    owner_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    form VARCHAR NOT NULL,
    version_written INTEGER NOT NULL,
    version_in_force INTEGER,
    gross_fen BIGINT NOT NULL,
    amortised_fen BIGINT NOT NULL,
    provision_fen BIGINT NOT NULL,
    from_card_id VARCHAR,
    written_by VARCHAR NOT NULL,
    submitted_by VARCHAR,
    recognised_by VARCHAR,
    recognised_on DATE,
    amortised_through VARCHAR,
    accountant VARCHAR,
    accountant_no VARCHAR,
    begun_at TIMESTAMP WITH TIME ZONE NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_asset_cards PRIMARY KEY (id),
    CONSTRAINT uq_asset_cards_code UNIQUE (code),
    CONSTRAINT ck_asset_cards_gross_not_negative CHECK (gross_fen >= 0),
    CONSTRAINT ck_asset_cards_amortised_not_negative CHECK (amortised_fen >= 0),
    CONSTRAINT ck_asset_cards_provision_not_negative CHECK (provision_fen >= 0),
    CONSTRAINT ck_asset_cards_carrying_not_negative CHECK (gross_fen >= amortised_fen + provision_fen),
    CONSTRAINT ck_asset_cards_recognised_by_another CHECK (submitted_by <> recognised_by),
    CONSTRAINT ck_asset_cards_recognised_is_signed_off CHECK (state NOT IN ('recognised', 'revising', 'derecognised') OR (recognised_on IS NOT NULL AND version_in_force IS NOT NULL AND accountant IS NOT NULL)),
    CONSTRAINT fk_asset_cards_owner_id_organisations FOREIGN KEY(owner_id) REFERENCES organisations (id),
    CONSTRAINT fk_asset_cards_from_card_id_asset_cards FOREIGN KEY(from_card_id) REFERENCES asset_cards (id)
)
--
CREATE INDEX ix_asset_cards_owner_id_id ON asset_cards (owner_id, id)
--
CREATE INDEX ix_asset_cards_state_id ON asset_cards (state, id)
--
ALTER TABLE bank_lines ADD COLUMN counterparty_sealed BYTEA
--
ALTER TABLE bank_lines ADD COLUMN end_to_end VARCHAR
--
ALTER TABLE bank_lines ADD COLUMN sub_account VARCHAR
--
CREATE INDEX ix_bank_lines_account_booked_on_id ON bank_lines (account, booked_on, id)
--
CREATE TABLE virtual_accounts (
    number VARCHAR NOT NULL,
    serial INTEGER NOT NULL,
    payer_id VARCHAR NOT NULL,
    order_id VARCHAR NOT NULL,
    opened_by VARCHAR NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_virtual_accounts PRIMARY KEY (id),
    CONSTRAINT uq_virtual_accounts_number UNIQUE (number),
    CONSTRAINT uq_virtual_accounts_serial UNIQUE (serial),
    CONSTRAINT ck_virtual_accounts_serial_positive CHECK (serial > 0),
    CONSTRAINT fk_virtual_accounts_payer_id_organisations FOREIGN KEY(payer_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_virtual_accounts_payer_id_id ON virtual_accounts (payer_id, id)
--
CREATE UNIQUE INDEX uq_virtual_accounts_one_open_each ON virtual_accounts (payer_id, order_id) WHERE state = 'open'
--
CREATE TABLE outgoing_files (
    id VARCHAR NOT NULL,
    form VARCHAR NOT NULL,
    item_count INTEGER NOT NULL,
    total_minor BIGINT NOT NULL,
    total_currency VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    execute_on DATE NOT NULL,
    made_by VARCHAR NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    answered_at TIMESTAMP WITH TIME ZONE,
    reason VARCHAR,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_outgoing_files PRIMARY KEY (id),
    CONSTRAINT ck_outgoing_files_something_is_in_it CHECK (item_count > 0),
    CONSTRAINT fk_outgoing_files_id_payout_files FOREIGN KEY(id) REFERENCES payout_files (id)
)
--
CREATE INDEX ix_outgoing_files_state_id ON outgoing_files (state, id)
--
CREATE TABLE party_statements (
    party_id VARCHAR NOT NULL,
    payable VARCHAR NOT NULL,
    currency VARCHAR NOT NULL,
    first_on DATE NOT NULL,
    last_on DATE NOT NULL,
    issue INTEGER NOT NULL,
    paper_id VARCHAR NOT NULL,
    opening_minor BIGINT NOT NULL,
    closing_minor BIGINT NOT NULL,
    line_count INTEGER NOT NULL,
    issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
    claimed_minor BIGINT,
    disputed_on DATE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_party_statements PRIMARY KEY (id),
    CONSTRAINT uq_party_statements_party_id_payable_currency_first_on__b697 UNIQUE (party_id, payable, currency, first_on, last_on, issue),
    CONSTRAINT ck_party_statements_ends_after_it_begins CHECK (last_on >= first_on),
    CONSTRAINT ck_party_statements_claims_a_sum CHECK (state <> 'disputed' OR claimed_minor IS NOT NULL),
    CONSTRAINT fk_party_statements_paper_id_papers FOREIGN KEY(paper_id) REFERENCES papers (id)
)
--
CREATE INDEX ix_party_statements_party_id_last_on_id ON party_statements (party_id, last_on, id)
--
CREATE INDEX ix_party_statements_state_id ON party_statements (state, id)
--
CREATE TABLE closed_days (
    id VARCHAR NOT NULL,
    day DATE NOT NULL,
    run_id VARCHAR NOT NULL,
    entry_count INTEGER NOT NULL,
    root VARCHAR NOT NULL,
    last_entry_id BIGINT NOT NULL,
    closed_by VARCHAR NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_closed_days PRIMARY KEY (id),
    CONSTRAINT uq_closed_days_day UNIQUE (day),
    CONSTRAINT fk_closed_days_run_id_reconciliation_runs FOREIGN KEY(run_id) REFERENCES reconciliation_runs (id)
)
--
CREATE TRIGGER closed_days_append_only BEFORE UPDATE OR DELETE ON closed_days FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER closed_days_no_truncate BEFORE TRUNCATE ON closed_days EXECUTE FUNCTION refuse_change()
--
CREATE TABLE evidence_packs (
    id VARCHAR NOT NULL,
    number VARCHAR NOT NULL,
    about VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    party_id VARCHAR NOT NULL,
    paper_id VARCHAR NOT NULL,
    file_count INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    digest VARCHAR NOT NULL,
    sealed BYTEA NOT NULL,
    issued_by VARCHAR NOT NULL,
    issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_evidence_packs PRIMARY KEY (id),
    CONSTRAINT ck_evidence_packs_pack_not_empty CHECK (size_bytes > 0),
    CONSTRAINT ck_evidence_packs_about_is_known CHECK (about IN ('order', 'deal', 'period', 'asset')),
    CONSTRAINT fk_evidence_packs_party_id_organisations FOREIGN KEY(party_id) REFERENCES organisations (id),
    CONSTRAINT fk_evidence_packs_paper_id_papers FOREIGN KEY(paper_id) REFERENCES papers (id)
)
--
CREATE INDEX ix_evidence_packs_subject_id ON evidence_packs (subject, id)
--
CREATE INDEX ix_evidence_packs_party_id_id ON evidence_packs (party_id, id)
--
CREATE TRIGGER evidence_packs_append_only BEFORE UPDATE OR DELETE ON evidence_packs FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER evidence_packs_no_truncate BEFORE TRUNCATE ON evidence_packs EXECUTE FUNCTION refuse_change()
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
CREATE TABLE organisation_document_contents (
    document_id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    media_type VARCHAR NOT NULL,
    size_bytes INTEGER NOT NULL,
    sealed BYTEA NOT NULL,
    CONSTRAINT pk_organisation_document_contents PRIMARY KEY (document_id),
    CONSTRAINT ck_organisation_document_contents_content_not_empty CHECK (size_bytes > 0),
    CONSTRAINT fk_organisation_document_contents_document_id_organisat_b6cc FOREIGN KEY(document_id) REFERENCES organisation_documents (id),
    CONSTRAINT fk_organisation_document_contents_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_organisation_document_contents_organisation_id ON organisation_document_contents (organisation_id)
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
CREATE INDEX ix_operation_agreements_implementing_agency_id_state_id ON operation_agreements (implementing_agency_id, state, id)
--
CREATE INDEX ix_operation_agreements_operator_id_state_id ON operation_agreements (operator_id, state, id)
--
CREATE INDEX ix_operation_agreements_plan_id_id ON operation_agreements (plan_id, id)
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
CREATE INDEX ix_sharing_consents_department_id_id ON sharing_consents (department_id, id)
--
CREATE INDEX ix_sharing_consents_state_valid_to_id ON sharing_consents (state, valid_to, id)
--
CREATE UNIQUE INDEX uq_sharing_consents_one_live_per_provider ON sharing_consents (directory_id, provider_id) WHERE state IN ('asked', 'given')
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
CREATE INDEX ix_destructions_implementing_agency_id_id ON destructions (implementing_agency_id, id)
--
CREATE INDEX ix_destructions_state_id ON destructions (state, id)
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
CREATE UNIQUE INDEX uq_commitments_one_open ON commitments (scenario_id, material) WHERE state IN ('promised', 'provided')
--
CREATE INDEX ix_commitments_applicant_id_state_id ON commitments (applicant_id, state, id)
--
CREATE INDEX ix_commitments_scenario_id_id ON commitments (scenario_id, id)
--
CREATE INDEX ix_commitments_implementing_agency_id_id ON commitments (implementing_agency_id, id)
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
CREATE UNIQUE INDEX uq_breaker_alerts_one_live ON breaker_alerts (authorisation_id, code) WHERE state IN ('raised', 'proposed')
--
CREATE INDEX ix_breaker_alerts_authorisation_id_id ON breaker_alerts (authorisation_id, id)
--
CREATE INDEX ix_breaker_alerts_state_id ON breaker_alerts (state, id)
--
ALTER TABLE ledger_balances SET (fillfactor = 60)
--
CREATE TABLE upload_parts (
    upload_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    sha256 VARCHAR NOT NULL,
    CONSTRAINT pk_upload_parts PRIMARY KEY (upload_id, number),
    CONSTRAINT ck_upload_parts_number_positive CHECK (number > 0),
    CONSTRAINT fk_upload_parts_upload_id_uploads FOREIGN KEY(upload_id) REFERENCES uploads (id)
)
--
CREATE TABLE dataset_versions (
    id VARCHAR NOT NULL,
    dataset_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    delta_version BIGINT NOT NULL,
    upload_id VARCHAR NOT NULL,
    format VARCHAR NOT NULL,
    size_bytes BIGINT NOT NULL,
    sha256 VARCHAR NOT NULL,
    row_count BIGINT NOT NULL,
    columns JSONB NOT NULL,
    grade VARCHAR NOT NULL,
    pi_class VARCHAR NOT NULL,
    profile JSONB NOT NULL,
    sample JSONB NOT NULL,
    loaded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_dataset_versions PRIMARY KEY (id),
    CONSTRAINT uq_dataset_versions_dataset_id_number UNIQUE (dataset_id, number),
    CONSTRAINT uq_dataset_versions_upload_id UNIQUE (upload_id),
    CONSTRAINT ck_dataset_versions_number_positive CHECK (number > 0),
    CONSTRAINT ck_dataset_versions_rows_positive CHECK (row_count > 0),
    CONSTRAINT fk_dataset_versions_dataset_id_datasets FOREIGN KEY(dataset_id) REFERENCES datasets (id),
    CONSTRAINT fk_dataset_versions_upload_id_uploads FOREIGN KEY(upload_id) REFERENCES uploads (id)
)
--
CREATE TRIGGER dataset_versions_append_only BEFORE UPDATE OR DELETE ON dataset_versions FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER dataset_versions_no_truncate BEFORE TRUNCATE ON dataset_versions EXECUTE FUNCTION refuse_change()
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
CREATE TABLE submitted_sections (
    scenario_id VARCHAR NOT NULL,
    round INTEGER NOT NULL,
    number INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    CONSTRAINT pk_submitted_sections PRIMARY KEY (scenario_id, round, number),
    CONSTRAINT fk_submitted_sections_scenario_id_scenarios FOREIGN KEY(scenario_id) REFERENCES scenarios (id)
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
ALTER TABLE assessments ADD COLUMN coarsened JSONB
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
CREATE INDEX ix_publicity_objections_agency_id_id ON publicity_objections (agency_id, id)
--
CREATE INDEX ix_publicity_objections_filed_for_id ON publicity_objections (filed_for, id)
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
CREATE INDEX ix_idle_notices_authorisation_id_id ON idle_notices (authorisation_id, id)
--
CREATE INDEX ix_idle_notices_implementing_agency_id_id ON idle_notices (implementing_agency_id, id)
--
CREATE UNIQUE INDEX uq_idle_notices_one_given ON idle_notices (authorisation_id) WHERE state = 'given'
--
CREATE INDEX ix_idle_notices_grantee_id_id ON idle_notices (grantee_id, id)
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
CREATE INDEX ix_authorisation_reviews_grantee_id_id ON authorisation_reviews (grantee_id, id)
--
CREATE INDEX ix_authorisation_reviews_implementing_agency_id_state_id ON authorisation_reviews (implementing_agency_id, state, id)
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
CREATE TABLE fee_revenue_adjustments (
    source_id VARCHAR NOT NULL,
    order_line_id VARCHAR NOT NULL,
    operator_id VARCHAR NOT NULL,
    period_id VARCHAR,
    amount_fen BIGINT NOT NULL,
    adjusted_on DATE NOT NULL,
    CONSTRAINT pk_fee_revenue_adjustments PRIMARY KEY (source_id, order_line_id),
    CONSTRAINT ck_fee_revenue_adjustments_amount_not_zero CHECK (amount_fen <> 0),
    CONSTRAINT fk_fee_revenue_adjustments_operator_id_organisations FOREIGN KEY(operator_id) REFERENCES organisations (id),
    CONSTRAINT fk_fee_revenue_adjustments_period_id_fee_periods FOREIGN KEY(period_id) REFERENCES fee_periods (id)
)
--
CREATE INDEX ix_fee_revenue_adjustments_period_id_source_id ON fee_revenue_adjustments (period_id, source_id)
--
CREATE INDEX ix_fee_revenue_adjustments_operator_id_adjusted_on ON fee_revenue_adjustments (operator_id, adjusted_on)
--
CREATE TRIGGER fee_revenue_adjustments_append_only BEFORE UPDATE OR DELETE ON fee_revenue_adjustments FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER fee_revenue_adjustments_no_truncate BEFORE TRUNCATE ON fee_revenue_adjustments EXECUTE FUNCTION refuse_change()
--
CREATE TABLE fee_revenue_totals (
    period_id VARCHAR NOT NULL,
    earned_fen BIGINT NOT NULL,
    CONSTRAINT pk_fee_revenue_totals PRIMARY KEY (period_id),
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
CREATE INDEX ix_fee_caps_period_id_id ON fee_caps (period_id, id)
--
CREATE INDEX ix_fee_caps_operator_id_product_type_meter_valid_from ON fee_caps (operator_id, product_type, meter, valid_from)
--
CREATE TRIGGER fee_caps_append_only BEFORE UPDATE OR DELETE ON fee_caps FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER fee_caps_no_truncate BEFORE TRUNCATE ON fee_caps EXECUTE FUNCTION refuse_change()
--
CREATE TABLE ledger_closings (
    period_id TEXT NOT NULL,
    tail_from BIGINT NOT NULL,
    kept INTEGER NOT NULL,
    CONSTRAINT pk_ledger_closings PRIMARY KEY (period_id),
    CONSTRAINT fk_ledger_closings_period_id_ledger_periods FOREIGN KEY(period_id) REFERENCES ledger_periods (id)
)
--
CREATE TRIGGER ledger_closings_append_only BEFORE UPDATE OR DELETE ON ledger_closings FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER ledger_closings_no_truncate BEFORE TRUNCATE ON ledger_closings EXECUTE FUNCTION refuse_change()
--
CREATE OR REPLACE FUNCTION ledger_keep() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM ledger_periods WHERE id = NEW.period_id AND status = 'closed') OR EXISTS (SELECT 1 FROM ledger_closings WHERE period_id >= NEW.period_id) THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'figures are kept once, of a closed period';
  END IF;
  RETURN NEW;
END $$
--
CREATE TRIGGER ledger_snapshots_of_closed BEFORE INSERT ON ledger_snapshots FOR EACH ROW EXECUTE FUNCTION ledger_keep()
--
CREATE TRIGGER ledger_closings_of_closed BEFORE INSERT ON ledger_closings FOR EACH ROW EXECUTE FUNCTION ledger_keep()
--
CREATE TABLE fee_notes (
    code VARCHAR NOT NULL,
    payer_id VARCHAR NOT NULL,
    amount_minor BIGINT NOT NULL,
    amount_currency VARCHAR NOT NULL,
    credited_minor BIGINT NOT NULL,
    lost_minor BIGINT NOT NULL,
    payment_id VARCHAR,
    drawn_at TIMESTAMP WITH TIME ZONE NOT NULL,
    due_on DATE NOT NULL,
    reminders INTEGER NOT NULL,
    proposed_by VARCHAR,
    decided_by VARCHAR,
    closed_at TIMESTAMP WITH TIME ZONE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_fee_notes PRIMARY KEY (id),
    CONSTRAINT uq_fee_notes_code UNIQUE (code),
    CONSTRAINT ck_fee_notes_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT ck_fee_notes_taken_off_within_amount CHECK (credited_minor >= 0 AND lost_minor >= 0 AND credited_minor + lost_minor <= amount_minor),
    CONSTRAINT ck_fee_notes_reminders_not_negative CHECK (reminders >= 0),
    CONSTRAINT ck_fee_notes_decided_by_another CHECK (proposed_by <> decided_by),
    CONSTRAINT ck_fee_notes_ended_when_decided CHECK (state NOT IN ('cancelled', 'written_off') OR decided_by IS NOT NULL),
    CONSTRAINT fk_fee_notes_payer_id_organisations FOREIGN KEY(payer_id) REFERENCES organisations (id),
    CONSTRAINT fk_fee_notes_payment_id_payments FOREIGN KEY(payment_id) REFERENCES payments (id)
)
--
CREATE INDEX ix_fee_notes_state_id ON fee_notes (state, id)
--
CREATE INDEX ix_fee_notes_payer_id_id ON fee_notes (payer_id, id)
--
CREATE INDEX ix_fee_notes_state_due_on ON fee_notes (state, due_on)
--
CREATE TABLE direct_deals (
    merchant_id VARCHAR NOT NULL,
    buyer_name VARCHAR NOT NULL,
    buyer_uscc VARCHAR NOT NULL,
    buyer_id VARCHAR,
    title VARCHAR NOT NULL,
    contract_no VARCHAR NOT NULL,
    amount_minor BIGINT NOT NULL,
    amount_currency VARCHAR NOT NULL,
    signed_on DATE NOT NULL,
    delivered_on DATE NOT NULL,
    drafted_by VARCHAR NOT NULL,
    drafted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    verified_by VARCHAR,
    registered_by VARCHAR,
    registered_at TIMESTAMP WITH TIME ZONE,
    fee_minor BIGINT,
    payment_id VARCHAR,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_direct_deals PRIMARY KEY (id),
    CONSTRAINT ck_direct_deals_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT ck_direct_deals_verified_by_two CHECK (verified_by <> registered_by),
    CONSTRAINT ck_direct_deals_registered_by_two CHECK (state <> 'registered' OR (verified_by IS NOT NULL AND registered_by IS NOT NULL)),
    CONSTRAINT ck_direct_deals_delivered_after_signature CHECK (delivered_on >= signed_on),
    CONSTRAINT fk_direct_deals_merchant_id_organisations FOREIGN KEY(merchant_id) REFERENCES organisations (id),
    CONSTRAINT fk_direct_deals_buyer_id_organisations FOREIGN KEY(buyer_id) REFERENCES organisations (id),
    CONSTRAINT fk_direct_deals_payment_id_payments FOREIGN KEY(payment_id) REFERENCES payments (id)
)
--
CREATE INDEX ix_direct_deals_merchant_id_id ON direct_deals (merchant_id, id)
--
CREATE INDEX ix_direct_deals_state_id ON direct_deals (state, id)
--
CREATE UNIQUE INDEX uq_direct_deals_one_each_contract ON direct_deals (merchant_id, contract_no) WHERE state <> 'rejected'
--
CREATE TABLE bill_lines (
    id VARCHAR NOT NULL,
    bill_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    meter_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    used_from DATE NOT NULL,
    used_to DATE NOT NULL,
    units BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    free BIGINT NOT NULL,
    workings JSONB NOT NULL,
    limited VARCHAR,
    amount_minor BIGINT NOT NULL,
    amount_currency VARCHAR NOT NULL,
    note VARCHAR NOT NULL,
    CONSTRAINT pk_bill_lines PRIMARY KEY (id),
    CONSTRAINT uq_bill_lines_bill_id_position UNIQUE (bill_id, position),
    CONSTRAINT ck_bill_lines_only_adjusted_down CHECK (kind = 'adjustment' OR amount_minor >= 0),
    CONSTRAINT ck_bill_lines_counts_not_negative CHECK (units >= 0 AND failed >= 0 AND free >= 0),
    CONSTRAINT fk_bill_lines_bill_id_bills FOREIGN KEY(bill_id) REFERENCES bills (id),
    CONSTRAINT fk_bill_lines_meter_id_meters FOREIGN KEY(meter_id) REFERENCES meters (id)
)
--
CREATE INDEX ix_bill_lines_meter_id_bill_id ON bill_lines (meter_id, bill_id)
--
CREATE TRIGGER bill_lines_append_only BEFORE UPDATE OR DELETE ON bill_lines FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER bill_lines_no_truncate BEFORE TRUNCATE ON bill_lines EXECUTE FUNCTION refuse_change()
--
CREATE TABLE bill_adjustments (
    id VARCHAR NOT NULL,
    meter_id VARCHAR NOT NULL,
    period VARCHAR NOT NULL,
    amount_minor BIGINT NOT NULL,
    amount_currency VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    made_by VARCHAR NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_bill_adjustments PRIMARY KEY (id),
    CONSTRAINT ck_bill_adjustments_amount_not_zero CHECK (amount_minor <> 0),
    CONSTRAINT fk_bill_adjustments_meter_id_meters FOREIGN KEY(meter_id) REFERENCES meters (id)
)
--
CREATE INDEX ix_bill_adjustments_meter_id_id ON bill_adjustments (meter_id, id)
--
CREATE TRIGGER bill_adjustments_append_only BEFORE UPDATE OR DELETE ON bill_adjustments FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER bill_adjustments_no_truncate BEFORE TRUNCATE ON bill_adjustments EXECUTE FUNCTION refuse_change()
--
CREATE TABLE usage_buckets (
    id VARCHAR NOT NULL,
    meter_id VARCHAR NOT NULL,
    hour TIMESTAMP WITH TIME ZONE NOT NULL,
    period VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    events BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    units BIGINT NOT NULL,
    digest VARCHAR,
    closed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_usage_buckets PRIMARY KEY (id),
    CONSTRAINT uq_usage_buckets_meter_id_hour UNIQUE (meter_id, hour),
    CONSTRAINT ck_usage_buckets_units_not_negative CHECK (units >= 0),
    CONSTRAINT ck_usage_buckets_failed_are_events CHECK (failed >= 0 AND failed <= events),
    CONSTRAINT ck_usage_buckets_closed_has_its_hash CHECK ((state = 'closed') = (digest IS NOT NULL AND closed_at IS NOT NULL)),
    CONSTRAINT fk_usage_buckets_meter_id_meters FOREIGN KEY(meter_id) REFERENCES meters (id)
)
--
CREATE INDEX ix_usage_buckets_state_hour_id ON usage_buckets (state, hour, id)
--
CREATE INDEX ix_usage_buckets_meter_id_period_state ON usage_buckets (meter_id, period, state)
--
CREATE TABLE wallet_draws (
    source_id VARCHAR NOT NULL,
    meter_id VARCHAR NOT NULL,
    period VARCHAR NOT NULL,
    amount_minor BIGINT NOT NULL,
    amount_currency VARCHAR NOT NULL,
    drawn_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_wallet_draws PRIMARY KEY (source_id),
    CONSTRAINT ck_wallet_draws_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT fk_wallet_draws_meter_id_meters FOREIGN KEY(meter_id) REFERENCES meters (id)
)
--
CREATE INDEX ix_wallet_draws_meter_id_period ON wallet_draws (meter_id, period)
--
CREATE TRIGGER wallet_draws_append_only BEFORE UPDATE OR DELETE ON wallet_draws FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER wallet_draws_no_truncate BEFORE TRUNCATE ON wallet_draws EXECUTE FUNCTION refuse_change()
--
CREATE TABLE payment_attempts (
    payment_id VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    method VARCHAR NOT NULL,
    manual BOOLEAN NOT NULL,
    command_id VARCHAR NOT NULL,
    object_id VARCHAR,
    amount_minor BIGINT NOT NULL,
    amount_currency VARCHAR(3) NOT NULL,
    captured_minor BIGINT NOT NULL,
    captured_currency VARCHAR(3) NOT NULL,
    refunded_minor BIGINT NOT NULL,
    refunded_currency VARCHAR(3) NOT NULL,
    begun_by VARCHAR NOT NULL,
    begun_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    reason VARCHAR NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_payment_attempts PRIMARY KEY (id),
    CONSTRAINT ck_payment_attempts_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT ck_payment_attempts_refunded_within_captured CHECK (refunded_minor >= 0 AND refunded_minor <= captured_minor),
    CONSTRAINT ck_payment_attempts_captured_within_amount CHECK (captured_minor <= amount_minor),
    CONSTRAINT ck_payment_attempts_one_currency CHECK (amount_currency = captured_currency AND amount_currency = refunded_currency),
    CONSTRAINT ck_payment_attempts_method_is_known CHECK (method IN ('card', 'alipay', 'wechat_pay')),
    CONSTRAINT fk_payment_attempts_payment_id_payments FOREIGN KEY(payment_id) REFERENCES payments (id),
    CONSTRAINT fk_payment_attempts_command_id_provider_commands FOREIGN KEY(command_id) REFERENCES provider_commands (id)
)
--
CREATE INDEX ix_payment_attempts_object_id ON payment_attempts (object_id)
--
CREATE INDEX ix_payment_attempts_payment_id_id ON payment_attempts (payment_id, id)
--
CREATE UNIQUE INDEX ix_payment_attempts_command_id ON payment_attempts (command_id)
--
CREATE INDEX ix_payment_attempts_live ON payment_attempts (expires_at) WHERE state IN ('created', 'processing', 'requires_action', 'authorised', 'unknown')
--
CREATE UNIQUE INDEX uq_payment_attempts_object ON payment_attempts (provider, object_id)
--
CREATE UNIQUE INDEX uq_payment_attempts_one_live_each ON payment_attempts (payment_id) WHERE state IN ('created', 'processing', 'requires_action', 'authorised', 'unknown')
--
CREATE TABLE reserves (
    obligation_id VARCHAR NOT NULL,
    party_id VARCHAR NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency VARCHAR NOT NULL,
    release_on DATE NOT NULL,
    released_on DATE,
    released_minor BIGINT NOT NULL,
    CONSTRAINT pk_reserves PRIMARY KEY (obligation_id),
    CONSTRAINT ck_reserves_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT ck_reserves_released_within CHECK (released_minor >= 0 AND released_minor <= amount_minor),
    CONSTRAINT fk_reserves_obligation_id_obligations FOREIGN KEY(obligation_id) REFERENCES obligations (id)
)
--
CREATE INDEX ix_reserves_party_id_obligation_id ON reserves (party_id, obligation_id)
--
CREATE INDEX ix_reserves_release_on ON reserves (release_on, obligation_id)
--
CREATE TABLE vouchers (
    code VARCHAR NOT NULL,
    batch_id VARCHAR NOT NULL,
    holder_id VARCHAR NOT NULL,
    face_minor BIGINT NOT NULL,
    face_currency VARCHAR NOT NULL,
    used_minor BIGINT NOT NULL,
    used_currency VARCHAR NOT NULL,
    valid_to DATE NOT NULL,
    order_id VARCHAR,
    used_year INTEGER,
    issued_by VARCHAR NOT NULL,
    issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
    redeemed_by VARCHAR,
    redeemed_at TIMESTAMP WITH TIME ZONE,
    evidence VARCHAR,
    bank_line_id VARCHAR,
    reversals INTEGER NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_vouchers PRIMARY KEY (id),
    CONSTRAINT uq_vouchers_code UNIQUE (code),
    CONSTRAINT ck_vouchers_used_within_face CHECK (used_minor >= 0 AND used_minor <= face_minor),
    CONSTRAINT ck_vouchers_one_currency CHECK (used_currency = face_currency),
    CONSTRAINT ck_vouchers_used_for_an_order CHECK ((state IN ('locked', 'redeemed', 'reimbursed')) = (order_id IS NOT NULL)),
    CONSTRAINT ck_vouchers_used_is_something CHECK ((order_id IS NULL) = (used_minor = 0)),
    CONSTRAINT ck_vouchers_audited_by_another CHECK (redeemed_by <> issued_by),
    CONSTRAINT ck_vouchers_redeemed_by_somebody CHECK (state NOT IN ('redeemed', 'reimbursed') OR redeemed_by IS NOT NULL),
    CONSTRAINT ck_vouchers_reimbursed_by_a_receipt CHECK ((state = 'reimbursed') = (bank_line_id IS NOT NULL)),
    CONSTRAINT ck_vouchers_reversals_not_negative CHECK (reversals >= 0),
    CONSTRAINT fk_vouchers_batch_id_voucher_batches FOREIGN KEY(batch_id) REFERENCES voucher_batches (id),
    CONSTRAINT fk_vouchers_holder_id_organisations FOREIGN KEY(holder_id) REFERENCES organisations (id)
)
--
CREATE UNIQUE INDEX uq_vouchers_one_per_order ON vouchers (order_id) WHERE order_id IS NOT NULL
--
CREATE INDEX ix_vouchers_state_id ON vouchers (state, id)
--
CREATE INDEX ix_vouchers_batch_id_id ON vouchers (batch_id, id)
--
CREATE INDEX ix_vouchers_holder_id_id ON vouchers (holder_id, id)
--
CREATE TABLE refunds (
    kind VARCHAR NOT NULL,
    order_id VARCHAR,
    order_line_id VARCHAR,
    payer_id VARCHAR,
    amount_minor BIGINT NOT NULL,
    amount_currency VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    fee_refund BOOLEAN NOT NULL,
    rail VARCHAR NOT NULL,
    account VARCHAR NOT NULL,
    object_id VARCHAR NOT NULL,
    payee_id VARCHAR,
    reference VARCHAR NOT NULL,
    entry_id BIGINT NOT NULL,
    alone_max_minor BIGINT NOT NULL,
    maker VARCHAR NOT NULL,
    requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
    checker VARCHAR,
    approved_at TIMESTAMP WITH TIME ZONE,
    file_id VARCHAR,
    ended_on DATE,
    failure VARCHAR,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_refunds PRIMARY KEY (id),
    CONSTRAINT uq_refunds_reference UNIQUE (reference),
    CONSTRAINT ck_refunds_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT ck_refunds_checked_by_another CHECK (maker <> checker),
    CONSTRAINT ck_refunds_sent_when_checked CHECK (state IN ('requested', 'cancelled') OR checker IS NOT NULL OR amount_minor <= alone_max_minor),
    CONSTRAINT ck_refunds_order_is_named CHECK (kind <> 'order' OR order_id IS NOT NULL),
    CONSTRAINT ck_refunds_wallet_is_somebodys CHECK (kind <> 'wallet' OR payer_id IS NOT NULL),
    CONSTRAINT ck_refunds_ended_on_a_day CHECK (state <> 'succeeded' OR ended_on IS NOT NULL),
    CONSTRAINT fk_refunds_payee_id_bank_accounts FOREIGN KEY(payee_id) REFERENCES bank_accounts (id),
    CONSTRAINT fk_refunds_entry_id_ledger_entries FOREIGN KEY(entry_id) REFERENCES ledger_entries (id)
)
--
CREATE INDEX ix_refunds_object_id_id ON refunds (object_id, id)
--
CREATE INDEX ix_refunds_payer_id_id ON refunds (payer_id, id)
--
CREATE INDEX ix_refunds_state_id ON refunds (state, id)
--
CREATE INDEX ix_refunds_order_id_id ON refunds (order_id, id)
--
CREATE TABLE payout_attempts (
    payout_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    key VARCHAR NOT NULL,
    reference VARCHAR NOT NULL,
    account_id VARCHAR NOT NULL,
    begun_by VARCHAR NOT NULL,
    begun_at TIMESTAMP WITH TIME ZONE NOT NULL,
    outcome VARCHAR,
    ended_on DATE,
    reason VARCHAR,
    CONSTRAINT pk_payout_attempts PRIMARY KEY (payout_id, number),
    CONSTRAINT uq_payout_attempts_key UNIQUE (key),
    CONSTRAINT uq_payout_attempts_reference UNIQUE (reference),
    CONSTRAINT ck_payout_attempts_number_positive CHECK (number > 0),
    CONSTRAINT ck_payout_attempts_an_outcome_is_dated CHECK ((outcome IS NULL) = (ended_on IS NULL)),
    CONSTRAINT fk_payout_attempts_payout_id_payouts FOREIGN KEY(payout_id) REFERENCES payouts (id),
    CONSTRAINT fk_payout_attempts_account_id_bank_accounts FOREIGN KEY(account_id) REFERENCES bank_accounts (id)
)
--
CREATE INDEX ix_payout_attempts_account_id_payout_id ON payout_attempts (account_id, payout_id)
--
CREATE TABLE payout_items (
    payout_id VARCHAR NOT NULL,
    attempt INTEGER NOT NULL,
    obligation_id VARCHAR NOT NULL,
    account_code VARCHAR NOT NULL,
    owner VARCHAR NOT NULL,
    amount_minor BIGINT NOT NULL,
    live BOOLEAN NOT NULL,
    CONSTRAINT pk_payout_items PRIMARY KEY (payout_id, attempt, obligation_id),
    CONSTRAINT ck_payout_items_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT fk_payout_items_payout_id_payouts FOREIGN KEY(payout_id) REFERENCES payouts (id)
)
--
CREATE INDEX ix_payout_items_obligation_id_payout_id ON payout_items (obligation_id, payout_id)
--
CREATE TABLE invoice_lines (
    invoice_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    item_name VARCHAR NOT NULL,
    tax_code VARCHAR NOT NULL,
    spec VARCHAR NOT NULL,
    unit VARCHAR NOT NULL,
    quantity BIGINT NOT NULL,
    unit_price_e6 BIGINT NOT NULL,
    rate_bp INTEGER NOT NULL,
    gross_minor BIGINT NOT NULL,
    net_minor BIGINT NOT NULL,
    tax_minor BIGINT NOT NULL,
    currency VARCHAR NOT NULL,
    CONSTRAINT pk_invoice_lines PRIMARY KEY (invoice_id, position),
    CONSTRAINT ck_invoice_lines_something_is_sold CHECK (gross_minor > 0 AND quantity > 0),
    CONSTRAINT ck_invoice_lines_net_and_tax_make_the_gross CHECK (net_minor + tax_minor = gross_minor),
    CONSTRAINT ck_invoice_lines_parts_not_negative CHECK (net_minor >= 0 AND tax_minor >= 0),
    CONSTRAINT ck_invoice_lines_tax_within_one_fen CHECK (abs(net_minor * rate_bp - tax_minor * 10000) <= 10000),
    CONSTRAINT ck_invoice_lines_tax_code_has_19_digits CHECK (length(tax_code) = 19),
    CONSTRAINT fk_invoice_lines_invoice_id_invoices FOREIGN KEY(invoice_id) REFERENCES invoices (id)
)
--
CREATE TRIGGER invoice_lines_append_only BEFORE UPDATE OR DELETE ON invoice_lines FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER invoice_lines_no_truncate BEFORE TRUNCATE ON invoice_lines EXECUTE FUNCTION refuse_change()
--
CREATE TABLE red_letters (
    id VARCHAR NOT NULL,
    invoice_id VARCHAR NOT NULL,
    seq INTEGER NOT NULL,
    number VARCHAR NOT NULL,
    confirm_no VARCHAR NOT NULL,
    tax_document BOOLEAN NOT NULL,
    amount_minor BIGINT NOT NULL,
    net_minor BIGINT NOT NULL,
    tax_minor BIGINT NOT NULL,
    currency VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    paper_id VARCHAR NOT NULL,
    issued_by VARCHAR NOT NULL,
    issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_red_letters PRIMARY KEY (id),
    CONSTRAINT uq_red_letters_number UNIQUE (number),
    CONSTRAINT uq_red_letters_invoice_id_seq UNIQUE (invoice_id, seq),
    CONSTRAINT ck_red_letters_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT ck_red_letters_net_and_tax_make_the_amount CHECK (net_minor + tax_minor = amount_minor),
    CONSTRAINT ck_red_letters_parts_not_negative CHECK (net_minor >= 0 AND tax_minor >= 0),
    CONSTRAINT fk_red_letters_invoice_id_invoices FOREIGN KEY(invoice_id) REFERENCES invoices (id),
    CONSTRAINT fk_red_letters_paper_id_papers FOREIGN KEY(paper_id) REFERENCES papers (id)
)
--
CREATE TRIGGER red_letters_append_only BEFORE UPDATE OR DELETE ON red_letters FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER red_letters_no_truncate BEFORE TRUNCATE ON red_letters EXECUTE FUNCTION refuse_change()
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
CREATE INDEX ix_error_reports_reporter_id_id ON error_reports (reporter_id, id)
--
CREATE INDEX ix_error_reports_directory_id_id ON error_reports (directory_id, id)
--
CREATE INDEX ix_error_reports_department_id_id ON error_reports (department_id, id)
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
CREATE INDEX ix_appeals_scenario_id_id ON appeals (scenario_id, id)
--
CREATE INDEX ix_appeals_agency_id_id ON appeals (agency_id, id)
--
CREATE INDEX ix_appeals_applicant_id_id ON appeals (applicant_id, id)
--
CREATE TABLE asset_movements (
    id VARCHAR NOT NULL,
    card_id VARCHAR NOT NULL,
    owner_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    form VARCHAR NOT NULL,
    section VARCHAR NOT NULL,
    line VARCHAR NOT NULL,
    fen BIGINT NOT NULL,
    on_day DATE NOT NULL,
    month VARCHAR,
    change_id VARCHAR,
    version INTEGER NOT NULL,
    prepared_by VARCHAR NOT NULL,
    booked_by VARCHAR NOT NULL,
    booked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_asset_movements PRIMARY KEY (id),
    CONSTRAINT ck_asset_movements_movement_positive CHECK (fen > 0),
    CONSTRAINT ck_asset_movements_only_intangibles_wear_off CHECK (section <> 'amortisation' OR kind = 'intangible'),
    CONSTRAINT ck_asset_movements_movement_by_two CHECK (prepared_by <> booked_by),
    CONSTRAINT ck_asset_movements_a_charge_has_its_month CHECK ((month IS NOT NULL) = (section = 'amortisation' AND line = 'charged')),
    CONSTRAINT uq_asset_movements_card_id_month UNIQUE (card_id, month),
    CONSTRAINT fk_asset_movements_card_id_asset_cards FOREIGN KEY(card_id) REFERENCES asset_cards (id)
)
--
CREATE INDEX ix_asset_movements_owner_id_on_day ON asset_movements (owner_id, on_day)
--
CREATE INDEX ix_asset_movements_card_id_id ON asset_movements (card_id, id)
--
CREATE TRIGGER asset_movements_append_only BEFORE UPDATE OR DELETE ON asset_movements FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER asset_movements_no_truncate BEFORE TRUNCATE ON asset_movements EXECUTE FUNCTION refuse_change()
--
CREATE TABLE asset_card_versions (
    card_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    rights_basis VARCHAR NOT NULL,
    right_until DATE,
    renewal_likely BOOLEAN NOT NULL,
    authorisation_id VARCHAR,
    product_id VARCHAR,
    conditions JSONB NOT NULL,
    costs JSONB NOT NULL,
    initial_fen BIGINT NOT NULL,
    life_months INTEGER,
    life_basis VARCHAR NOT NULL,
    method VARCHAR NOT NULL,
    residual_fen BIGINT NOT NULL,
    expected_fen BIGINT,
    written_by VARCHAR NOT NULL,
    written_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_asset_card_versions PRIMARY KEY (card_id, number),
    CONSTRAINT ck_asset_card_versions_number_from_one CHECK (number > 0),
    CONSTRAINT ck_asset_card_versions_life_positive CHECK (life_months IS NULL OR life_months > 0),
    CONSTRAINT ck_asset_card_versions_residual_not_negative CHECK (residual_fen >= 0),
    CONSTRAINT ck_asset_card_versions_residual_within_cost CHECK (initial_fen >= residual_fen),
    CONSTRAINT ck_asset_card_versions_by_benefit_says_how_much CHECK (method <> 'by_benefit' OR expected_fen > 0),
    CONSTRAINT uq_asset_card_versions_card_id_number UNIQUE (card_id, number),
    CONSTRAINT fk_asset_card_versions_card_id_asset_cards FOREIGN KEY(card_id) REFERENCES asset_cards (id),
    CONSTRAINT fk_asset_card_versions_authorisation_id_authorisations FOREIGN KEY(authorisation_id) REFERENCES authorisations (id)
)
--
CREATE TRIGGER asset_card_versions_append_only BEFORE UPDATE OR DELETE ON asset_card_versions FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER asset_card_versions_no_truncate BEFORE TRUNCATE ON asset_card_versions EXECUTE FUNCTION refuse_change()
--
CREATE TABLE asset_changes (
    card_id VARCHAR NOT NULL,
    owner_id VARCHAR NOT NULL,
    what VARCHAR NOT NULL,
    fen BIGINT NOT NULL,
    on_day DATE NOT NULL,
    cost_kind VARCHAR,
    document VARCHAR NOT NULL,
    proposed_by VARCHAR NOT NULL,
    proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    booked_by VARCHAR,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_asset_changes PRIMARY KEY (id),
    CONSTRAINT ck_asset_changes_change_positive CHECK (fen > 0),
    CONSTRAINT ck_asset_changes_booked_by_another CHECK (proposed_by <> booked_by),
    CONSTRAINT ck_asset_changes_added_cost_has_its_kind CHECK ((what = 'addition') = (cost_kind IS NOT NULL)),
    CONSTRAINT ck_asset_changes_booked_names_who CHECK (state <> 'booked' OR booked_by IS NOT NULL),
    CONSTRAINT fk_asset_changes_card_id_asset_cards FOREIGN KEY(card_id) REFERENCES asset_cards (id)
)
--
CREATE INDEX ix_asset_changes_card_id_id ON asset_changes (card_id, id)
--
CREATE INDEX ix_asset_changes_owner_id_id ON asset_changes (owner_id, id)
--
ALTER TABLE bank_matches DROP CONSTRAINT ck_bank_matches_payment_or_payout
--
ALTER TABLE bank_matches ADD COLUMN kind VARCHAR
--
ALTER TABLE bank_matches DISABLE TRIGGER USER
--
UPDATE bank_matches SET kind = CASE WHEN payment_id IS NULL THEN 'payout' ELSE 'payment' END
--
ALTER TABLE bank_matches ENABLE TRIGGER USER
--
ALTER TABLE bank_matches ALTER COLUMN kind SET NOT NULL
--
ALTER TABLE bank_matches ADD COLUMN target VARCHAR
--
ALTER TABLE bank_matches ADD CONSTRAINT ck_bank_matches_payment_is_named CHECK ((kind = 'payment') = (payment_id IS NOT NULL))
--
ALTER TABLE bank_matches ADD CONSTRAINT ck_bank_matches_payout_is_named CHECK ((kind = 'payout') = (payout_id IS NOT NULL))
--
ALTER TABLE bank_matches ADD CONSTRAINT ck_bank_matches_something_is_named CHECK (payment_id IS NOT NULL OR payout_id IS NOT NULL OR target IS NOT NULL)
--
CREATE INDEX ix_bank_matches_target_id ON bank_matches (target, id)
--
CREATE TABLE clearings (
    line_id VARCHAR NOT NULL,
    action VARCHAR NOT NULL,
    amount_minor BIGINT NOT NULL,
    amount_currency VARCHAR NOT NULL,
    parts JSONB NOT NULL,
    reason VARCHAR NOT NULL,
    maker VARCHAR NOT NULL,
    proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    checker VARCHAR,
    done_at TIMESTAMP WITH TIME ZONE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_clearings PRIMARY KEY (id),
    CONSTRAINT ck_clearings_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT ck_clearings_checked_by_another CHECK (maker <> checker),
    CONSTRAINT ck_clearings_a_person_says_why CHECK (reason <> ''),
    CONSTRAINT fk_clearings_line_id_bank_lines FOREIGN KEY(line_id) REFERENCES bank_lines (id)
)
--
CREATE INDEX ix_clearings_state_id ON clearings (state, id)
--
CREATE UNIQUE INDEX uq_clearings_one_proposed_per_line ON clearings (line_id) WHERE state = 'proposed'
--
CREATE INDEX ix_clearings_line_id_id ON clearings (line_id, id)
--
CREATE TABLE outgoing_items (
    file_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    subject_id VARCHAR NOT NULL,
    reference VARCHAR NOT NULL,
    account_name VARCHAR NOT NULL,
    bank_name VARCHAR NOT NULL,
    number_sealed BYTEA NOT NULL,
    amount_minor BIGINT NOT NULL,
    amount_currency VARCHAR NOT NULL,
    CONSTRAINT pk_outgoing_items PRIMARY KEY (file_id, position),
    CONSTRAINT uq_outgoing_items_file_id_reference UNIQUE (file_id, reference),
    CONSTRAINT ck_outgoing_items_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT fk_outgoing_items_file_id_outgoing_files FOREIGN KEY(file_id) REFERENCES outgoing_files (id)
)
--
CREATE INDEX ix_outgoing_items_reference ON outgoing_items (reference)
--
CREATE TRIGGER outgoing_items_append_only BEFORE UPDATE OR DELETE ON outgoing_items FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER outgoing_items_no_truncate BEFORE TRUNCATE ON outgoing_items EXECUTE FUNCTION refuse_change()
--
CREATE TABLE outgoing_answers (
    id VARCHAR NOT NULL,
    file_id VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    rejected JSONB NOT NULL,
    read_by VARCHAR NOT NULL,
    read_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_outgoing_answers PRIMARY KEY (id),
    CONSTRAINT uq_outgoing_answers_file_id_digest UNIQUE (file_id, digest),
    CONSTRAINT fk_outgoing_answers_file_id_outgoing_files FOREIGN KEY(file_id) REFERENCES outgoing_files (id)
)
--
CREATE TRIGGER outgoing_answers_append_only BEFORE UPDATE OR DELETE ON outgoing_answers FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER outgoing_answers_no_truncate BEFORE TRUNCATE ON outgoing_answers EXECUTE FUNCTION refuse_change()
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
CREATE TABLE receipts (
    payment_id VARCHAR NOT NULL,
    paper_id VARCHAR NOT NULL,
    CONSTRAINT pk_receipts PRIMARY KEY (payment_id),
    CONSTRAINT fk_receipts_payment_id_payments FOREIGN KEY(payment_id) REFERENCES payments (id),
    CONSTRAINT fk_receipts_paper_id_papers FOREIGN KEY(paper_id) REFERENCES papers (id)
)
--
CREATE TRIGGER receipts_append_only BEFORE UPDATE OR DELETE ON receipts FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER receipts_no_truncate BEFORE TRUNCATE ON receipts EXECUTE FUNCTION refuse_change()
--
CREATE TABLE case_assignments (
    scenario_id VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    assigned_by VARCHAR NOT NULL,
    assigned_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_case_assignments PRIMARY KEY (scenario_id),
    CONSTRAINT fk_case_assignments_scenario_id_scenarios FOREIGN KEY(scenario_id) REFERENCES scenarios (id),
    CONSTRAINT fk_case_assignments_person_id_people FOREIGN KEY(person_id) REFERENCES people (id),
    CONSTRAINT fk_case_assignments_assigned_by_people FOREIGN KEY(assigned_by) REFERENCES people (id)
)
--
CREATE INDEX ix_case_assignments_person_id_scenario_id ON case_assignments (person_id, scenario_id)
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
    transform VARCHAR,
    CONSTRAINT pk_opinion_items PRIMARY KEY (opinion_id, directory_code, item_code),
    CONSTRAINT ck_opinion_items_verdict_is_known CHECK (verdict IN ('agree', 'agree_with_condition', 'disagree')),
    CONSTRAINT ck_opinion_items_disagreement_has_reason CHECK (verdict <> 'disagree' OR (cause IS NOT NULL AND text IS NOT NULL)),
    CONSTRAINT ck_opinion_items_condition_is_told CHECK (verdict <> 'agree_with_condition' OR text IS NOT NULL),
    CONSTRAINT ck_opinion_items_coarser_treatment_is_a_condition CHECK (transform IS NULL OR verdict = 'agree_with_condition'),
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
CREATE OR REPLACE FUNCTION ledger_open_balance() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO ledger_balances (account_id, guard, debits, credits)
  SELECT id, guard, 0, 0 FROM opened WHERE guard <> 'none';
  RETURN NULL;
END $$
--
CREATE OR REPLACE FUNCTION ledger_apply() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  overdrawn BOOLEAN;
BEGIN
  WITH moves AS (
    SELECT debit_id AS account_id, entry_id, line_no, amount AS debit, 0 AS credit FROM written
    UNION ALL SELECT credit_id, entry_id, line_no, 0, amount FROM written
  ), runs AS (
    SELECT account_id, debit, credit, sum(credit - debit) OVER (
      PARTITION BY account_id ORDER BY entry_id, line_no) AS net
    FROM moves
  ), sums AS (
    SELECT account_id, sum(debit) AS debits, sum(credit) AS credits,
           min(net) AS lowest, max(net) AS highest
    FROM runs GROUP BY account_id
  ), moved AS (
    UPDATE ledger_balances b
    SET debits = b.debits + s.debits, credits = b.credits + s.credits
    FROM sums s WHERE b.account_id = s.account_id
    RETURNING CASE b.guard
      WHEN 'credit' THEN b.credits - b.debits - s.credits + s.debits + s.lowest < 0
      ELSE b.credits - b.debits - s.credits + s.debits + s.highest > 0 END AS beyond
  )
  SELECT bool_or(beyond) INTO overdrawn FROM moved;
  IF overdrawn THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'overdrawn between two lines', CONSTRAINT = 'ck_ledger_balances_never_overdrawn';
  END IF;
  RETURN NULL;
END $$
--
CREATE OR REPLACE FUNCTION ledger_seal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  found RECORD;
BEGIN
  PERFORM 1 FROM ledger_periods WHERE id IN (
    SELECT e.period_id FROM sealed s JOIN ledger_entries e ON e.id = s.entry_id
  ) ORDER BY id FOR SHARE;
  SELECT bool_or(p.status <> 'open') AS closed,
         bool_or(e.period_id < to_char(e.effective_on, 'YYYY-MM')) AS early,
         bool_or(s.n <> (SELECT count(*) FROM ledger_postings l WHERE l.entry_id = e.id)) AS part,
         bool_or(e.reverses IS NOT NULL) AS reversing,
         bool_or(EXISTS (SELECT 1 FROM ledger_entries he JOIN ledger_postings hp ON hp.entry_id = he.id JOIN ledger_accounts hd ON hd.id = hp.debit_id JOIN ledger_accounts hc ON hc.id = hp.credit_id WHERE he.id = s.entry_id AND NOT EXISTS (SELECT 1 FROM posting_rules r WHERE r.event = he.event AND r.debit_code = hd.code AND r.credit_code = hc.code))) AS unruly
  INTO found
  FROM sealed s JOIN ledger_entries e ON e.id = s.entry_id
  JOIN ledger_periods p ON p.id = e.period_id;
  IF found.closed THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'the period is not open';
  ELSIF found.early THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'the period lies before the entry';
  ELSIF found.part THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'lines are missing';
  ELSIF found.reversing THEN
    IF EXISTS (
        SELECT 1 FROM sealed s JOIN ledger_entries e ON e.id = s.entry_id
        JOIN ledger_entries o ON o.id = e.reverses WHERE o.reverses IS NOT NULL) THEN
      RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'a reversal is not reversed';
    ELSIF EXISTS (
        SELECT 1 FROM sealed s JOIN ledger_entries e ON e.id = s.entry_id
        WHERE e.reverses IS NOT NULL AND (EXISTS (SELECT debit_id, credit_id, currency, amount, count(*) FROM ledger_postings WHERE entry_id = e.id GROUP BY debit_id, credit_id, currency, amount EXCEPT SELECT credit_id, debit_id, currency, amount, count(*) FROM ledger_postings WHERE entry_id = e.reverses GROUP BY debit_id, credit_id, currency, amount) OR EXISTS (SELECT credit_id, debit_id, currency, amount, count(*) FROM ledger_postings WHERE entry_id = e.reverses GROUP BY debit_id, credit_id, currency, amount EXCEPT SELECT debit_id, credit_id, currency, amount, count(*) FROM ledger_postings WHERE entry_id = e.id GROUP BY debit_id, credit_id, currency, amount))) THEN
      RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'not the mirror';
    END IF;
  END IF;
  IF found.unruly THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'no posting rule';
  END IF;
  RETURN NULL;
END $$
--
DROP TRIGGER ledger_accounts_open_balance ON ledger_accounts
--
CREATE TRIGGER ledger_accounts_open_balance AFTER INSERT ON ledger_accounts REFERENCING NEW TABLE AS opened FOR EACH STATEMENT EXECUTE FUNCTION ledger_open_balance()
--
DROP TRIGGER ledger_postings_apply ON ledger_postings
--
CREATE TRIGGER ledger_postings_apply AFTER INSERT ON ledger_postings REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION ledger_apply()
--
DROP TRIGGER ledger_seals_check ON ledger_seals
--
CREATE TRIGGER ledger_seals_check AFTER INSERT ON ledger_seals REFERENCING NEW TABLE AS sealed FOR EACH STATEMENT EXECUTE FUNCTION ledger_seal()
--
CREATE OR REPLACE FUNCTION ledger_post(
  heads JSON, refs JSON, lines JSON, months TEXT[], by_person TEXT, by_organisation TEXT,
  moment TIMESTAMPTZ, OUT ids BIGINT[], OUT broken TEXT
) LANGUAGE plpgsql
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  held BIGINT;
  sizes INT[];
  numbers BIGINT[];
  currencies TEXT[];
  books TEXT[];
BEGIN
  PERFORM 1 FROM ledger_periods
  WHERE id = ANY (months) AND status = 'open' ORDER BY id FOR SHARE;
  GET DIAGNOSTICS held = ROW_COUNT;
  IF held < cardinality(months) THEN
    broken := 'period';
    RETURN;
  END IF;
  BEGIN
    WITH numbered AS MATERIALIZED (
      SELECT nextval('ledger_entries_id_seq') AS id, h.*
      FROM json_to_recordset(heads) AS h (place int, event text, source_id text, seq int, period_id text, n int, reverses bigint, order_id text, effective_on date, before text, after text)
    ), claimed AS (
      INSERT INTO ledger_entries (id, event, source_id, seq, period_id, n, reverses, order_id,
                                  person, organisation, effective_on, recorded_at)
      SELECT id, event, source_id, seq, period_id, n, reverses, order_id,
             by_person, by_organisation, effective_on, moment
      FROM numbered ORDER BY event, source_id, seq
      ON CONFLICT (event, source_id, seq) DO NOTHING RETURNING id
    )
    SELECT array_agg(claimed.id ORDER BY place), array_agg(n ORDER BY place) INTO ids, sizes
    FROM numbered LEFT JOIN claimed USING (id);
    IF array_position(ids, NULL) IS NOT NULL THEN
      RAISE unique_violation USING CONSTRAINT = 'uq_ledger_entries_event_source_id_seq';
    END IF;
    LOOP
      SELECT array_agg((
        SELECT a.id FROM ledger_accounts a
        WHERE a.code = r.code AND a.owner = r.owner AND a.currency = r.currency
      ) ORDER BY place), array_agg(currency ORDER BY place), array_agg(book ORDER BY place)
      INTO numbers, currencies, books FROM json_to_recordset(refs) AS r (place int, code text, owner text, currency text, book text, kind text, guard text);
      EXIT WHEN array_position(numbers, NULL) IS NULL;
      INSERT INTO ledger_accounts (code, owner, currency, book, kind, guard)
      SELECT code, owner, currency, book, kind, guard FROM json_to_recordset(refs) AS r (place int, code text, owner text, currency text, book text, kind text, guard text)
      WHERE numbers[place] IS NULL ORDER BY code, owner, currency
      ON CONFLICT (code, owner, currency) DO NOTHING;
    END LOOP;
    PERFORM 1 FROM ledger_balances WHERE account_id = ANY (numbers) ORDER BY account_id FOR UPDATE;
    INSERT INTO ledger_postings (entry_id, line_no, n, debit_id, credit_id, currency, book, amount)
    SELECT ids[entry], line_no, sizes[entry], numbers[debit], numbers[credit],
           currencies[debit], books[debit], amount
    FROM json_to_recordset(lines) AS l (entry int, line_no int, debit int, credit int, amount bigint);
    INSERT INTO ledger_seals (entry_id, n, content_hash)
    SELECT ids[place], n, encode(sha256(convert_to(before || ids[place] || after, 'UTF8')), 'hex')
    FROM json_to_recordset(heads) AS h (place int, event text, source_id text, seq int, period_id text, n int, reverses bigint, order_id text, effective_on date, before text, after text);
  EXCEPTION WHEN unique_violation OR check_violation THEN
    GET STACKED DIAGNOSTICS broken = CONSTRAINT_NAME;
    IF broken NOT IN ('uq_ledger_entries_event_source_id_seq', 'ck_ledger_balances_never_overdrawn') THEN
      RAISE;
    END IF;
  END;
END $$
--
CREATE VIEW ledger_lines AS
SELECT e.id AS entry_id, p.line_no, e.period_id, e.effective_on, e.event, e.source_id,
       a.book, a.code, a.owner, a.currency, p.amount AS debit, NULL AS credit
FROM ledger_postings p JOIN ledger_entries e ON e.id = p.entry_id
JOIN ledger_accounts a ON a.id = p.debit_id
UNION ALL
SELECT e.id, p.line_no, e.period_id, e.effective_on, e.event, e.source_id,
       a.book, a.code, a.owner, a.currency, NULL, p.amount
FROM ledger_postings p JOIN ledger_entries e ON e.id = p.entry_id
JOIN ledger_accounts a ON a.id = p.credit_id
--
CREATE VIEW ledger_trial_balance AS
SELECT book, currency, code, sum(coalesce(debit, 0)) AS debits, sum(coalesce(credit, 0)) AS credits
FROM ledger_lines GROUP BY book, currency, code
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
ALTER TABLE score_sheets DROP CONSTRAINT pk_score_sheets
--
ALTER TABLE score_sheets ADD COLUMN edition INTEGER DEFAULT 1 NOT NULL
--
ALTER TABLE score_sheets ADD COLUMN superseding VARCHAR
--
ALTER TABLE score_sheets ADD COLUMN coarsened JSONB
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
CREATE TABLE agreed_prices (
    id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    source_id VARCHAR NOT NULL,
    product_id VARCHAR NOT NULL,
    product_version_id VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    seller_id VARCHAR NOT NULL,
    quantity BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    amount_currency VARCHAR NOT NULL,
    valid_until DATE NOT NULL,
    agreed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    order_id VARCHAR,
    CONSTRAINT pk_agreed_prices PRIMARY KEY (id),
    CONSTRAINT uq_agreed_prices_source_source_id UNIQUE (source, source_id),
    CONSTRAINT ck_agreed_prices_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT ck_agreed_prices_quantity_positive CHECK (quantity > 0),
    CONSTRAINT fk_agreed_prices_product_id_products FOREIGN KEY(product_id) REFERENCES products (id),
    CONSTRAINT fk_agreed_prices_product_version_id_product_versions FOREIGN KEY(product_version_id) REFERENCES product_versions (id),
    CONSTRAINT fk_agreed_prices_buyer_id_organisations FOREIGN KEY(buyer_id) REFERENCES organisations (id),
    CONSTRAINT fk_agreed_prices_seller_id_organisations FOREIGN KEY(seller_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_agreed_prices_order_id ON agreed_prices (order_id)
--
CREATE INDEX ix_agreed_prices_buyer_id_id ON agreed_prices (buyer_id, id)
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
CREATE TABLE registered_deals (
    deal_id VARCHAR NOT NULL,
    merchant_id VARCHAR NOT NULL,
    buyer VARCHAR NOT NULL,
    region VARCHAR NOT NULL,
    amount BIGINT NOT NULL,
    accepted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    accepted_on DATE NOT NULL,
    accepted_month VARCHAR NOT NULL,
    counted BOOLEAN NOT NULL,
    exclude_reason VARCHAR,
    CONSTRAINT pk_registered_deals PRIMARY KEY (deal_id),
    CONSTRAINT ck_registered_deals_amount_positive CHECK (amount > 0),
    CONSTRAINT ck_registered_deals_excluded_has_reason CHECK (counted = (exclude_reason IS NULL)),
    CONSTRAINT fk_registered_deals_deal_id_direct_deals FOREIGN KEY(deal_id) REFERENCES direct_deals (id)
)
--
CREATE INDEX ix_registered_deals_counted_accepted_on_merchant_id_amount ON registered_deals (counted, accepted_on, merchant_id, amount)
--
CREATE INDEX ix_registered_deals_accepted_month_counted_amount ON registered_deals (accepted_month, counted, amount)
--
CREATE TRIGGER registered_deals_append_only BEFORE UPDATE OR DELETE ON registered_deals FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER registered_deals_no_truncate BEFORE TRUNCATE ON registered_deals EXECUTE FUNCTION refuse_change()
--
CREATE TABLE ledger_block_entries (
    entry_id BIGINT NOT NULL,
    block_number BIGINT NOT NULL,
    position INTEGER NOT NULL,
    CONSTRAINT pk_ledger_block_entries PRIMARY KEY (entry_id),
    CONSTRAINT fk_ledger_block_entries_entry_id_ledger_seals FOREIGN KEY(entry_id) REFERENCES ledger_seals (entry_id),
    CONSTRAINT fk_ledger_block_entries_block_number_ledger_blocks FOREIGN KEY(block_number) REFERENCES ledger_blocks (number),
    CONSTRAINT uq_ledger_block_entries_block_number_position UNIQUE (block_number, position),
    CONSTRAINT ck_ledger_block_entries_position_from_zero CHECK (position >= 0)
)
--
CREATE TRIGGER ledger_block_entries_append_only BEFORE UPDATE OR DELETE ON ledger_block_entries FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER ledger_block_entries_no_truncate BEFORE TRUNCATE ON ledger_block_entries EXECUTE FUNCTION refuse_change()
--
CREATE TABLE deal_papers (
    id VARCHAR NOT NULL,
    deal_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    media_type VARCHAR NOT NULL,
    size_bytes INTEGER NOT NULL,
    digest VARCHAR NOT NULL,
    sealed BYTEA NOT NULL,
    filed_by VARCHAR NOT NULL,
    filed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_deal_papers PRIMARY KEY (id),
    CONSTRAINT ck_deal_papers_paper_not_empty CHECK (size_bytes > 0),
    CONSTRAINT ck_deal_papers_digest_has_64_digits CHECK (length(digest) = 64),
    CONSTRAINT fk_deal_papers_deal_id_direct_deals FOREIGN KEY(deal_id) REFERENCES direct_deals (id)
)
--
CREATE INDEX ix_deal_papers_deal_id_id ON deal_papers (deal_id, id)
--
CREATE INDEX ix_deal_papers_digest ON deal_papers (digest)
--
CREATE TRIGGER deal_papers_append_only BEFORE UPDATE OR DELETE ON deal_papers FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER deal_papers_no_truncate BEFORE TRUNCATE ON deal_papers EXECUTE FUNCTION refuse_change()
--
CREATE TABLE fee_charges (
    id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    payer_id VARCHAR NOT NULL,
    order_id VARCHAR,
    rule_id VARCHAR,
    income VARCHAR NOT NULL,
    amount_minor BIGINT NOT NULL,
    amount_currency VARCHAR NOT NULL,
    tax_minor BIGINT NOT NULL,
    credited_minor BIGINT NOT NULL,
    credited_tax_minor BIGINT NOT NULL,
    charged_on DATE NOT NULL,
    note_id VARCHAR,
    CONSTRAINT pk_fee_charges PRIMARY KEY (id),
    CONSTRAINT uq_fee_charges_kind_subject_payer_id UNIQUE (kind, subject, payer_id),
    CONSTRAINT ck_fee_charges_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT ck_fee_charges_tax_within_amount CHECK (tax_minor >= 0 AND tax_minor <= amount_minor),
    CONSTRAINT ck_fee_charges_credited_within_amount CHECK (credited_minor >= 0 AND credited_minor <= amount_minor),
    CONSTRAINT ck_fee_charges_credited_tax_within_tax CHECK (credited_tax_minor >= 0 AND credited_tax_minor <= tax_minor AND credited_minor - credited_tax_minor <= amount_minor - tax_minor),
    CONSTRAINT fk_fee_charges_rule_id_fee_rules FOREIGN KEY(rule_id) REFERENCES fee_rules (id),
    CONSTRAINT fk_fee_charges_note_id_fee_notes FOREIGN KEY(note_id) REFERENCES fee_notes (id)
)
--
CREATE INDEX ix_fee_charges_open ON fee_charges (payer_id, id) WHERE note_id IS NULL
--
CREATE INDEX ix_fee_charges_order_id_kind ON fee_charges (order_id, kind)
--
CREATE INDEX ix_fee_charges_note_id_id ON fee_charges (note_id, id)
--
CREATE TABLE bill_adjustments_taken (
    adjustment_id VARCHAR NOT NULL,
    bill_id VARCHAR NOT NULL,
    CONSTRAINT pk_bill_adjustments_taken PRIMARY KEY (adjustment_id),
    CONSTRAINT fk_bill_adjustments_taken_adjustment_id_bill_adjustments FOREIGN KEY(adjustment_id) REFERENCES bill_adjustments (id),
    CONSTRAINT fk_bill_adjustments_taken_bill_id_bills FOREIGN KEY(bill_id) REFERENCES bills (id)
)
--
CREATE INDEX ix_bill_adjustments_taken_bill_id ON bill_adjustments_taken (bill_id)
--
CREATE TABLE split_shares (
    obligation_id VARCHAR NOT NULL,
    account_code VARCHAR NOT NULL,
    owner VARCHAR NOT NULL,
    currency VARCHAR NOT NULL,
    amount_minor BIGINT NOT NULL,
    remaining_minor BIGINT NOT NULL,
    claimed_minor BIGINT NOT NULL,
    CONSTRAINT pk_split_shares PRIMARY KEY (obligation_id, account_code, owner),
    CONSTRAINT ck_split_shares_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT ck_split_shares_remaining_within_amount CHECK (remaining_minor >= 0 AND remaining_minor <= amount_minor),
    CONSTRAINT ck_split_shares_claimed_within_amount CHECK (claimed_minor >= 0 AND claimed_minor <= amount_minor),
    CONSTRAINT fk_split_shares_obligation_id_settlement_lines FOREIGN KEY(obligation_id) REFERENCES settlement_lines (obligation_id)
)
--
CREATE INDEX ix_split_shares_owner_account_code_obligation_id ON split_shares (owner, account_code, obligation_id)
--
CREATE TABLE refund_parts (
    refund_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    obligation_id VARCHAR NOT NULL,
    share_code VARCHAR NOT NULL,
    share_owner VARCHAR NOT NULL,
    back_code VARCHAR NOT NULL,
    back_owner VARCHAR NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency VARCHAR NOT NULL,
    CONSTRAINT pk_refund_parts PRIMARY KEY (refund_id, position),
    CONSTRAINT ck_refund_parts_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT fk_refund_parts_refund_id_refunds FOREIGN KEY(refund_id) REFERENCES refunds (id)
)
--
CREATE INDEX ix_refund_parts_obligation_id_refund_id ON refund_parts (obligation_id, refund_id)
--
CREATE TRIGGER refund_parts_append_only BEFORE UPDATE OR DELETE ON refund_parts FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER refund_parts_no_truncate BEFORE TRUNCATE ON refund_parts EXECUTE FUNCTION refuse_change()
--
CREATE TABLE voucher_returns (
    voucher_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    order_id VARCHAR NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency VARCHAR NOT NULL,
    was_due BOOLEAN NOT NULL,
    returned_on DATE NOT NULL,
    CONSTRAINT pk_voucher_returns PRIMARY KEY (voucher_id, number),
    CONSTRAINT ck_voucher_returns_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT fk_voucher_returns_voucher_id_vouchers FOREIGN KEY(voucher_id) REFERENCES vouchers (id)
)
--
CREATE INDEX ix_voucher_returns_order_id ON voucher_returns (order_id)
--
CREATE TRIGGER voucher_returns_append_only BEFORE UPDATE OR DELETE ON voucher_returns FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER voucher_returns_no_truncate BEFORE TRUNCATE ON voucher_returns EXECUTE FUNCTION refuse_change()
--
CREATE TABLE auction_lots (
    code VARCHAR NOT NULL,
    product_id VARCHAR NOT NULL,
    product_version_id VARCHAR NOT NULL,
    seller_id VARCHAR NOT NULL,
    form VARCHAR NOT NULL,
    reserve_minor BIGINT NOT NULL,
    reserve_currency VARCHAR NOT NULL,
    step_minor BIGINT NOT NULL,
    step_currency VARCHAR NOT NULL,
    deposit_minor BIGINT NOT NULL,
    deposit_currency VARCHAR NOT NULL,
    opens_at TIMESTAMP WITH TIME ZONE NOT NULL,
    closes_at TIMESTAMP WITH TIME ZONE NOT NULL,
    extensions INTEGER NOT NULL,
    highest BIGINT,
    winner_id VARCHAR,
    winner_entry_id VARCHAR,
    order_id VARCHAR,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_auction_lots PRIMARY KEY (id),
    CONSTRAINT uq_auction_lots_code UNIQUE (code),
    CONSTRAINT ck_auction_lots_form_is_known CHECK (form IN ('english', 'sealed')),
    CONSTRAINT ck_auction_lots_opens_before_it_closes CHECK (opens_at < closes_at),
    CONSTRAINT ck_auction_lots_step_positive CHECK (step_minor > 0 AND deposit_minor >= 0),
    CONSTRAINT ck_auction_lots_sealed_is_not_known_before CHECK (form <> 'sealed' OR highest IS NULL OR state NOT IN ('scheduled', 'open')),
    CONSTRAINT fk_auction_lots_product_id_products FOREIGN KEY(product_id) REFERENCES products (id),
    CONSTRAINT fk_auction_lots_product_version_id_product_versions FOREIGN KEY(product_version_id) REFERENCES product_versions (id),
    CONSTRAINT fk_auction_lots_seller_id_organisations FOREIGN KEY(seller_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_auction_lots_state_opens_at_id ON auction_lots (state, opens_at, id)
--
CREATE INDEX ix_auction_lots_order_id ON auction_lots (order_id)
--
CREATE INDEX ix_auction_lots_state_closes_at_id ON auction_lots (state, closes_at, id)
--
CREATE INDEX ix_auction_lots_seller_id_id ON auction_lots (seller_id, id)
--
CREATE TABLE usage_events (
    source VARCHAR NOT NULL,
    event_id VARCHAR NOT NULL,
    meter_id VARCHAR NOT NULL,
    bucket_id VARCHAR NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    units BIGINT NOT NULL,
    failure VARCHAR,
    late_of TIMESTAMP WITH TIME ZONE,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_usage_events PRIMARY KEY (source, event_id),
    CONSTRAINT ck_usage_events_units_not_negative CHECK (units >= 0),
    CONSTRAINT fk_usage_events_meter_id_meters FOREIGN KEY(meter_id) REFERENCES meters (id),
    CONSTRAINT fk_usage_events_bucket_id_usage_buckets FOREIGN KEY(bucket_id) REFERENCES usage_buckets (id)
)
--
CREATE INDEX ix_usage_events_bucket_id_source_event_id ON usage_events (bucket_id, source, event_id)
--
CREATE INDEX ix_usage_events_meter_id_occurred_at_event_id_source ON usage_events (meter_id, occurred_at, event_id, source)
--
CREATE TRIGGER usage_events_append_only BEFORE UPDATE OR DELETE ON usage_events FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER usage_events_no_truncate BEFORE TRUNCATE ON usage_events EXECUTE FUNCTION refuse_change()
--
CREATE TABLE invoice_red_rooms (
    invoice_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    gross_minor BIGINT NOT NULL,
    tax_minor BIGINT NOT NULL,
    asked_minor BIGINT NOT NULL,
    red_minor BIGINT NOT NULL,
    red_tax_minor BIGINT NOT NULL,
    CONSTRAINT pk_invoice_red_rooms PRIMARY KEY (invoice_id, position),
    CONSTRAINT fk_invoice_red_rooms_invoice_id_position_invoice_lines FOREIGN KEY(invoice_id, position) REFERENCES invoice_lines (invoice_id, position),
    CONSTRAINT ck_invoice_red_rooms_red_within_line CHECK (red_minor >= 0 AND asked_minor >= 0 AND red_minor + asked_minor <= gross_minor),
    CONSTRAINT ck_invoice_red_rooms_red_tax_within_tax CHECK (red_tax_minor >= 0 AND red_tax_minor <= tax_minor AND red_minor - red_tax_minor <= gross_minor - tax_minor)
)
--
CREATE TABLE red_letter_lines (
    letter_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    gross_minor BIGINT NOT NULL,
    net_minor BIGINT NOT NULL,
    tax_minor BIGINT NOT NULL,
    CONSTRAINT pk_red_letter_lines PRIMARY KEY (letter_id, position),
    CONSTRAINT ck_red_letter_lines_gross_positive CHECK (gross_minor > 0),
    CONSTRAINT ck_red_letter_lines_net_and_tax_make_the_gross CHECK (net_minor + tax_minor = gross_minor),
    CONSTRAINT ck_red_letter_lines_parts_not_negative CHECK (net_minor >= 0 AND tax_minor >= 0),
    CONSTRAINT fk_red_letter_lines_letter_id_red_letters FOREIGN KEY(letter_id) REFERENCES red_letters (id)
)
--
CREATE TRIGGER red_letter_lines_append_only BEFORE UPDATE OR DELETE ON red_letter_lines FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER red_letter_lines_no_truncate BEFORE TRUNCATE ON red_letter_lines EXECUTE FUNCTION refuse_change()
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
CREATE UNIQUE INDEX uq_source_conflicts_one_open_per_rival ON source_conflicts (rival_claim_id) WHERE state <> 'decided'
--
CREATE INDEX ix_source_conflicts_rival_department_id_id ON source_conflicts (rival_department_id, id)
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
CREATE INDEX ix_registration_objections_registration_id_id ON registration_objections (registration_id, id)
--
CREATE INDEX ix_registration_objections_department_id_id ON registration_objections (department_id, id)
--
CREATE INDEX ix_registration_objections_objector_id_id ON registration_objections (objector_id, id)
--
CREATE UNIQUE INDEX uq_registration_objections_one_open_per_objector ON registration_objections (registration_id, objector_id) WHERE state = 'raised'
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
CREATE INDEX ix_regrades_department_id_id ON regrades (department_id, id)
--
CREATE INDEX ix_regrades_directory_id_id ON regrades (directory_id, id)
--
ALTER TABLE panel_members ADD COLUMN seated_at TIMESTAMP WITH TIME ZONE
--
UPDATE panel_members SET seated_at = (SELECT planned_at FROM assessments WHERE assessments.id = panel_members.assessment_id)
--
ALTER TABLE panel_members ALTER COLUMN seated_at SET NOT NULL
--
CREATE TABLE sheet_drafts (
    assessment_id VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    written JSONB NOT NULL,
    saved_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_sheet_drafts PRIMARY KEY (assessment_id, person_id),
    CONSTRAINT fk_sheet_drafts_assessment_id_assessments FOREIGN KEY(assessment_id) REFERENCES assessments (id),
    CONSTRAINT fk_sheet_drafts_person_id_people FOREIGN KEY(person_id) REFERENCES people (id)
)
--
CREATE TABLE quotations (
    code VARCHAR NOT NULL,
    product_id VARCHAR NOT NULL,
    product_version_id VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    seller_id VARCHAR NOT NULL,
    quantity BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    amount_currency VARCHAR NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_quotations PRIMARY KEY (id),
    CONSTRAINT uq_quotations_code UNIQUE (code),
    CONSTRAINT ck_quotations_buyer_is_not_seller CHECK (buyer_id <> seller_id),
    CONSTRAINT ck_quotations_quantity_positive CHECK (quantity > 0),
    CONSTRAINT ck_quotations_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT fk_quotations_product_id_products FOREIGN KEY(product_id) REFERENCES products (id),
    CONSTRAINT fk_quotations_product_version_id_product_versions FOREIGN KEY(product_version_id) REFERENCES product_versions (id),
    CONSTRAINT fk_quotations_buyer_id_organisations FOREIGN KEY(buyer_id) REFERENCES organisations (id),
    CONSTRAINT fk_quotations_seller_id_organisations FOREIGN KEY(seller_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_quotations_seller_id_id ON quotations (seller_id, id)
--
CREATE INDEX ix_quotations_buyer_id_id ON quotations (buyer_id, id)
--
ALTER TABLE volume_facts DROP CONSTRAINT pk_volume_facts
--
ALTER TABLE volume_facts ADD COLUMN seq INTEGER
--
ALTER TABLE volume_facts DISABLE TRIGGER USER
--
UPDATE volume_facts SET seq = 1
--
ALTER TABLE volume_facts ENABLE TRIGGER USER
--
ALTER TABLE volume_facts ALTER COLUMN seq SET NOT NULL
--
ALTER TABLE volume_facts ADD CONSTRAINT pk_volume_facts PRIMARY KEY (order_line_id, seq)
--
CREATE TABLE fee_credits (
    id VARCHAR NOT NULL,
    number VARCHAR NOT NULL,
    charge_id VARCHAR NOT NULL,
    note_id VARCHAR,
    amount_minor BIGINT NOT NULL,
    tax_minor BIGINT NOT NULL,
    wallet_minor BIGINT NOT NULL,
    currency VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    given_by VARCHAR NOT NULL,
    given_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_fee_credits PRIMARY KEY (id),
    CONSTRAINT uq_fee_credits_number UNIQUE (number),
    CONSTRAINT ck_fee_credits_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT ck_fee_credits_tax_within_amount CHECK (tax_minor >= 0 AND tax_minor <= amount_minor),
    CONSTRAINT ck_fee_credits_wallet_within_amount CHECK (wallet_minor >= 0 AND wallet_minor <= amount_minor),
    CONSTRAINT fk_fee_credits_charge_id_fee_charges FOREIGN KEY(charge_id) REFERENCES fee_charges (id),
    CONSTRAINT fk_fee_credits_note_id_fee_notes FOREIGN KEY(note_id) REFERENCES fee_notes (id)
)
--
CREATE INDEX ix_fee_credits_charge_id_id ON fee_credits (charge_id, id)
--
CREATE INDEX ix_fee_credits_note_id_id ON fee_credits (note_id, id)
--
CREATE TRIGGER fee_credits_append_only BEFORE UPDATE OR DELETE ON fee_credits FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER fee_credits_no_truncate BEFORE TRUNCATE ON fee_credits EXECUTE FUNCTION refuse_change()
--
CREATE TABLE auction_entries (
    id VARCHAR NOT NULL,
    lot_id VARCHAR NOT NULL,
    bidder_id VARCHAR NOT NULL,
    use_scenario JSONB NOT NULL,
    entered_by VARCHAR NOT NULL,
    entered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_auction_entries PRIMARY KEY (id),
    CONSTRAINT uq_auction_entries_lot_id_bidder_id UNIQUE (lot_id, bidder_id),
    CONSTRAINT fk_auction_entries_lot_id_auction_lots FOREIGN KEY(lot_id) REFERENCES auction_lots (id),
    CONSTRAINT fk_auction_entries_bidder_id_organisations FOREIGN KEY(bidder_id) REFERENCES organisations (id)
)
--
CREATE TRIGGER auction_entries_append_only BEFORE UPDATE OR DELETE ON auction_entries FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER auction_entries_no_truncate BEFORE TRUNCATE ON auction_entries EXECUTE FUNCTION refuse_change()
--
CREATE TABLE auction_bids (
    id VARCHAR NOT NULL,
    lot_id VARCHAR NOT NULL,
    bidder_id VARCHAR NOT NULL,
    person VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    amount BIGINT,
    sealed VARCHAR,
    digest VARCHAR,
    bid_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_auction_bids PRIMARY KEY (id),
    CONSTRAINT uq_auction_bids_lot_id_number UNIQUE (lot_id, number),
    CONSTRAINT uq_auction_bids_lot_id_amount UNIQUE (lot_id, amount),
    CONSTRAINT ck_auction_bids_open_or_sealed CHECK ((amount IS NULL) = (sealed IS NOT NULL)),
    CONSTRAINT ck_auction_bids_sealed_has_its_digest CHECK ((sealed IS NULL) = (digest IS NULL)),
    CONSTRAINT fk_auction_bids_lot_id_auction_lots FOREIGN KEY(lot_id) REFERENCES auction_lots (id),
    CONSTRAINT fk_auction_bids_bidder_id_organisations FOREIGN KEY(bidder_id) REFERENCES organisations (id)
)
--
CREATE UNIQUE INDEX uq_auction_bids_one_sealed ON auction_bids (lot_id, bidder_id) WHERE sealed IS NOT NULL
--
CREATE TRIGGER auction_bids_append_only BEFORE UPDATE OR DELETE ON auction_bids FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER auction_bids_no_truncate BEFORE TRUNCATE ON auction_bids EXECUTE FUNCTION refuse_change()
--
CREATE TABLE quotation_offers (
    id VARCHAR NOT NULL,
    quotation_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    organisation_id VARCHAR NOT NULL,
    amount_minor BIGINT NOT NULL,
    amount_currency VARCHAR NOT NULL,
    note VARCHAR NOT NULL,
    offered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_quotation_offers PRIMARY KEY (id),
    CONSTRAINT uq_quotation_offers_quotation_id_number UNIQUE (quotation_id, number),
    CONSTRAINT fk_quotation_offers_quotation_id_quotations FOREIGN KEY(quotation_id) REFERENCES quotations (id)
)
--
CREATE TRIGGER quotation_offers_append_only BEFORE UPDATE OR DELETE ON quotation_offers FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER quotation_offers_no_truncate BEFORE TRUNCATE ON quotation_offers EXECUTE FUNCTION refuse_change()
--
CREATE TABLE volume_adjustments (
    source_id VARCHAR NOT NULL,
    order_line_id VARCHAR NOT NULL,
    seq INTEGER NOT NULL,
    order_id VARCHAR NOT NULL,
    merchant_id VARCHAR NOT NULL,
    product_id VARCHAR NOT NULL,
    industry VARCHAR NOT NULL,
    board_id VARCHAR,
    amount BIGINT NOT NULL,
    accepted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    accepted_on DATE NOT NULL,
    accepted_month VARCHAR NOT NULL,
    counted BOOLEAN NOT NULL,
    CONSTRAINT pk_volume_adjustments PRIMARY KEY (source_id, order_line_id),
    CONSTRAINT fk_volume_adjustments_order_line_id_seq_volume_facts FOREIGN KEY(order_line_id, seq) REFERENCES volume_facts (order_line_id, seq),
    CONSTRAINT ck_volume_adjustments_amount_not_zero CHECK (amount <> 0),
    CONSTRAINT fk_volume_adjustments_order_id_orders FOREIGN KEY(order_id) REFERENCES orders (id)
)
--
CREATE INDEX ix_volume_adjustments_counted_accepted_on_product_id_amount ON volume_adjustments (counted, accepted_on, product_id, amount)
--
CREATE INDEX ix_volume_adjustments_order_id ON volume_adjustments (order_id)
--
CREATE INDEX ix_volume_adjustments_counted_accepted_on_industry_amount ON volume_adjustments (counted, accepted_on, industry, amount)
--
CREATE INDEX ix_volume_adjustments_counted_accepted_on_merchant_id_amount ON volume_adjustments (counted, accepted_on, merchant_id, amount)
--
CREATE INDEX ix_volume_adjustments_accepted_month_counted_amount ON volume_adjustments (accepted_month, counted, amount)
--
CREATE TRIGGER volume_adjustments_append_only BEFORE UPDATE OR DELETE ON volume_adjustments FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER volume_adjustments_no_truncate BEFORE TRUNCATE ON volume_adjustments EXECUTE FUNCTION refuse_change()
--
CREATE TABLE auction_openings (
    bid_id VARCHAR NOT NULL,
    lot_id VARCHAR NOT NULL,
    bidder_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    amount BIGINT NOT NULL,
    secret VARCHAR NOT NULL,
    holds BOOLEAN NOT NULL,
    CONSTRAINT pk_auction_openings PRIMARY KEY (bid_id),
    CONSTRAINT ck_auction_openings_amount_positive CHECK (amount > 0),
    CONSTRAINT fk_auction_openings_bid_id_auction_bids FOREIGN KEY(bid_id) REFERENCES auction_bids (id),
    CONSTRAINT fk_auction_openings_lot_id_auction_lots FOREIGN KEY(lot_id) REFERENCES auction_lots (id)
)
--
CREATE INDEX ix_auction_openings_lot_id ON auction_openings (lot_id)
--
CREATE TRIGGER auction_openings_append_only BEFORE UPDATE OR DELETE ON auction_openings FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER auction_openings_no_truncate BEFORE TRUNCATE ON auction_openings EXECUTE FUNCTION refuse_change()
--
INSERT INTO authorisation_items (authorisation_id, number, directory_code, item_code)
SELECT v.authorisation_id, v.number, i->>'directory', i->>'item'
FROM authorisation_versions v, jsonb_array_elements(v.scope->'items') i
