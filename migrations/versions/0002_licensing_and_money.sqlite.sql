DROP INDEX uq_payments_one_live_per_order
--
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
CREATE INDEX ix_clocks_owner_started_on_id ON clocks (owner, started_on, id)
--
CREATE UNIQUE INDEX uq_clocks_one_running_per_subject ON clocks (subject) WHERE completed_on IS NULL
--
CREATE INDEX ix_clocks_due_on_id ON clocks (due_on, id)
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
CREATE INDEX ix_decisions_outcome_id ON decisions (outcome, id)
--
CREATE INDEX ix_decisions_authorisation_id_id ON decisions (authorisation_id, id)
--
CREATE INDEX ix_decisions_authorisation_id_outcome ON decisions (authorisation_id, outcome, id)
--
CREATE INDEX ix_decisions_organisation_id_id ON decisions (organisation_id, id)
--
CREATE INDEX ix_decisions_organisation_id_outcome ON decisions (organisation_id, outcome, id)
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
CREATE TABLE posting_rules (
    event TEXT NOT NULL,
    debit_code TEXT NOT NULL,
    credit_code TEXT NOT NULL,
    CONSTRAINT pk_posting_rules PRIMARY KEY (event, debit_code, credit_code)
)
 WITHOUT ROWID,
 STRICT
--
CREATE TABLE currencies (
    code TEXT NOT NULL,
    exponent INTEGER NOT NULL,
    CONSTRAINT pk_currencies PRIMARY KEY (code),
    CONSTRAINT ck_currencies_code_is_iso CHECK (length(code) = 3 AND code = upper(code)),
    CONSTRAINT ck_currencies_exponent_is_small CHECK (exponent BETWEEN 0 AND 4)
)
 STRICT
--
CREATE TRIGGER currencies_no_update BEFORE UPDATE ON currencies BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER currencies_no_delete BEFORE DELETE ON currencies BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER currencies_no_replace BEFORE INSERT ON currencies WHEN EXISTS (SELECT 1 FROM currencies WHERE code = NEW.code) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
INSERT INTO currencies (code, exponent) VALUES ('AUD', 2), ('CAD', 2), ('CHF', 2), ('CNY', 2), ('DKK', 2), ('EUR', 2), ('GBP', 2), ('HKD', 2), ('IDR', 2), ('INR', 2), ('JPY', 0), ('KRW', 0), ('KWD', 3), ('MOP', 2), ('MYR', 2), ('NOK', 2), ('NZD', 2), ('PHP', 2), ('RUB', 2), ('SEK', 2), ('SGD', 2), ('THB', 2), ('TWD', 2), ('USD', 2), ('VND', 0), ('ZAR', 2)
--
CREATE TABLE provider_commands (
    id VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    body JSON NOT NULL,
    state VARCHAR NOT NULL,
    attempts INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    key_no INTEGER NOT NULL,
    last_error VARCHAR NOT NULL,
    given_at DATETIME NOT NULL,
    not_before DATETIME NOT NULL,
    lease_until DATETIME,
    first_sent_at DATETIME,
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
    number INTEGER NOT NULL,
    previous TEXT NOT NULL,
    root TEXT NOT NULL,
    size INTEGER NOT NULL,
    sealed_at TEXT NOT NULL,
    digest TEXT NOT NULL,
    alg TEXT NOT NULL,
    key_id TEXT NOT NULL,
    signature TEXT NOT NULL,
    CONSTRAINT pk_ledger_blocks PRIMARY KEY (number),
    CONSTRAINT uq_ledger_blocks_previous UNIQUE (previous),
    CONSTRAINT ck_ledger_blocks_number_from_one CHECK (number > 0),
    CONSTRAINT ck_ledger_blocks_size_is_some CHECK (size BETWEEN 1 AND 10000)
)
 STRICT
--
CREATE TRIGGER ledger_blocks_no_update BEFORE UPDATE ON ledger_blocks BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER ledger_blocks_no_delete BEFORE DELETE ON ledger_blocks BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER ledger_blocks_no_replace BEFORE INSERT ON ledger_blocks WHEN EXISTS (SELECT 1 FROM ledger_blocks WHERE number = NEW.number) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE fee_rules (
    kind VARCHAR NOT NULL,
    payer VARCHAR NOT NULL,
    rate_bp INTEGER NOT NULL,
    min_fen INTEGER NOT NULL,
    cap_fen INTEGER,
    first_on DATE NOT NULL,
    last_on DATE,
    board_id VARCHAR,
    waived_for JSON NOT NULL,
    drafted_by VARCHAR NOT NULL,
    drafted_at DATETIME NOT NULL,
    approved_by VARCHAR,
    approved_at DATETIME,
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
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    placed_by VARCHAR NOT NULL,
    placed_at DATETIME NOT NULL,
    lifted_by VARCHAR,
    lifted_at DATETIME,
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
    drafted_at DATETIME NOT NULL,
    approved_by VARCHAR,
    approved_at DATETIME,
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
    put_at DATETIME NOT NULL,
    off_at DATETIME,
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
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    sale JSON NOT NULL,
    outcome VARCHAR NOT NULL,
    earned_at DATETIME,
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
CREATE TABLE new_settlement_batches (
    cutoff DATE NOT NULL,
    rule_version VARCHAR NOT NULL,
    input_digest VARCHAR NOT NULL,
    obligation_count INTEGER NOT NULL,
    total_minor INTEGER NOT NULL,
    total_currency VARCHAR NOT NULL,
    maker VARCHAR NOT NULL,
    computed_at DATETIME NOT NULL,
    checker VARCHAR,
    posted_at DATETIME,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_settlement_batches PRIMARY KEY (id),
    CONSTRAINT ck_settlement_batches_checked_by_another CHECK (maker <> checker),
    CONSTRAINT ck_settlement_batches_posted_when_checked CHECK (state NOT IN ('posting', 'posted') OR checker IS NOT NULL),
    CONSTRAINT ck_settlement_batches_holds_something CHECK (obligation_count > 0)
)
--
INSERT INTO new_settlement_batches (cutoff, rule_version, input_digest, obligation_count, total_minor, total_currency, maker, computed_at, checker, posted_at, id, state, version)
SELECT cutoff, rule_version, input_digest, obligation_count, total_minor, total_currency, maker, computed_at, checker, posted_at, id, state, version FROM settlement_batches
--
DROP TABLE settlement_batches
--
ALTER TABLE new_settlement_batches RENAME TO settlement_batches
--
CREATE TABLE invoice_rooms (
    order_id VARCHAR NOT NULL,
    about VARCHAR NOT NULL,
    paid_minor INTEGER NOT NULL,
    refunded_minor INTEGER NOT NULL,
    room_minor INTEGER NOT NULL,
    asked_minor INTEGER NOT NULL,
    red_minor INTEGER NOT NULL,
    fiscal_minor INTEGER NOT NULL,
    noted_minor INTEGER NOT NULL,
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
    body JSON NOT NULL,
    digest VARCHAR NOT NULL,
    alg VARCHAR NOT NULL,
    key_id VARCHAR NOT NULL,
    value VARCHAR NOT NULL,
    issued_by VARCHAR NOT NULL,
    issued_at DATETIME NOT NULL,
    CONSTRAINT pk_papers PRIMARY KEY (id),
    CONSTRAINT uq_papers_number UNIQUE (number)
)
--
CREATE INDEX ix_papers_party_id_id ON papers (party_id, id)
--
CREATE INDEX ix_papers_subject_id ON papers (subject, id)
--
CREATE TRIGGER papers_no_update BEFORE UPDATE ON papers BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER papers_no_delete BEFORE DELETE ON papers BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER papers_no_replace BEFORE INSERT ON papers WHEN EXISTS (SELECT 1 FROM papers WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
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
CREATE TABLE new_bank_statements (
    id VARCHAR NOT NULL,
    account VARCHAR NOT NULL,
    number VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    sequence INTEGER,
    form VARCHAR,
    digest VARCHAR NOT NULL,
    opening_minor INTEGER NOT NULL,
    opening_currency VARCHAR NOT NULL,
    closing_minor INTEGER NOT NULL,
    closing_currency VARCHAR NOT NULL,
    line_count INTEGER NOT NULL,
    imported_by VARCHAR NOT NULL,
    imported_at DATETIME NOT NULL,
    CONSTRAINT pk_bank_statements PRIMARY KEY (id),
    CONSTRAINT uq_bank_statements_digest UNIQUE (digest),
    CONSTRAINT uq_bank_statements_account_number UNIQUE (account, number),
    CONSTRAINT uq_bank_statements_account_position UNIQUE (account, position)
)
--
INSERT INTO new_bank_statements (id, account, number, position, digest, opening_minor, opening_currency, closing_minor, closing_currency, line_count, imported_by, imported_at)
SELECT id, account, number, position, digest, opening_minor, opening_currency, closing_minor, closing_currency, line_count, imported_by, imported_at FROM bank_statements
--
DROP TABLE bank_statements
--
ALTER TABLE new_bank_statements RENAME TO bank_statements
--
CREATE TRIGGER bank_statements_no_update BEFORE UPDATE ON bank_statements BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER bank_statements_no_delete BEFORE DELETE ON bank_statements BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER bank_statements_no_replace BEFORE INSERT ON bank_statements WHEN EXISTS (SELECT 1 FROM bank_statements WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE reconciliation_breaks (
    leg VARCHAR NOT NULL,
    type VARCHAR NOT NULL,
    "key" VARCHAR NOT NULL,
    currency VARCHAR NOT NULL,
    left_minor INTEGER,
    right_minor INTEGER,
    day DATE NOT NULL,
    first_seen DATE NOT NULL,
    run_id VARCHAR NOT NULL,
    owner VARCHAR,
    cause VARCHAR,
    explained_by VARCHAR,
    entry_id INTEGER,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_reconciliation_breaks PRIMARY KEY (id),
    CONSTRAINT ck_reconciliation_breaks_says_something CHECK (left_minor IS NOT NULL OR right_minor IS NOT NULL),
    CONSTRAINT ck_reconciliation_breaks_explained_by_somebody CHECK (state <> 'explained' OR (cause IS NOT NULL AND explained_by IS NOT NULL))
)
--
CREATE UNIQUE INDEX uq_reconciliation_breaks_one_live_per_key ON reconciliation_breaks (leg, "key") WHERE state <> 'cleared'
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
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    document VARCHAR NOT NULL,
    maker VARCHAR NOT NULL,
    proposed_at DATETIME NOT NULL,
    checker VARCHAR,
    posted_at DATETIME,
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
    received_at DATETIME NOT NULL,
    handled_at DATETIME,
    not_before DATETIME,
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
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR(3) NOT NULL,
    phase VARCHAR NOT NULL,
    rank INTEGER NOT NULL,
    handover JSON NOT NULL,
    raw JSON NOT NULL,
    seen_at DATETIME NOT NULL,
    CONSTRAINT pk_provider_objects PRIMARY KEY (provider, id),
    CONSTRAINT ck_provider_objects_rank_not_negative CHECK (rank >= 0)
)
--
CREATE TABLE provider_balance_lines (
    provider VARCHAR NOT NULL,
    id VARCHAR NOT NULL,
    type VARCHAR NOT NULL,
    source_id VARCHAR NOT NULL,
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR(3) NOT NULL,
    fee_minor INTEGER NOT NULL,
    fee_currency VARCHAR(3) NOT NULL,
    net_minor INTEGER NOT NULL,
    net_currency VARCHAR(3) NOT NULL,
    available_on DATETIME NOT NULL,
    at DATETIME NOT NULL,
    told_at DATETIME NOT NULL,
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
CREATE TRIGGER provider_balance_lines_no_update BEFORE UPDATE ON provider_balance_lines BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER provider_balance_lines_no_delete BEFORE DELETE ON provider_balance_lines BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER provider_balance_lines_no_replace BEFORE INSERT ON provider_balance_lines WHEN EXISTS (SELECT 1 FROM provider_balance_lines WHERE provider = NEW.provider AND id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE provider_cursors (
    provider VARCHAR NOT NULL,
    what VARCHAR NOT NULL,
    at DATETIME NOT NULL,
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
    last_entry_id INTEGER NOT NULL,
    run_by VARCHAR NOT NULL,
    run_at DATETIME NOT NULL,
    CONSTRAINT pk_reconciliation_runs PRIMARY KEY (id),
    CONSTRAINT uq_reconciliation_runs_day_position UNIQUE (day, position)
)
--
CREATE INDEX ix_reconciliation_runs_day_id ON reconciliation_runs (day, id)
--
CREATE TRIGGER reconciliation_runs_no_update BEFORE UPDATE ON reconciliation_runs BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER reconciliation_runs_no_delete BEFORE DELETE ON reconciliation_runs BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER reconciliation_runs_no_replace BEFORE INSERT ON reconciliation_runs WHEN EXISTS (SELECT 1 FROM reconciliation_runs WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE non_tax_receipts (
    id VARCHAR NOT NULL,
    order_id VARCHAR NOT NULL,
    number VARCHAR NOT NULL,
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    noted_by VARCHAR NOT NULL,
    noted_at DATETIME NOT NULL,
    CONSTRAINT pk_non_tax_receipts PRIMARY KEY (id),
    CONSTRAINT uq_non_tax_receipts_number UNIQUE (number),
    CONSTRAINT ck_non_tax_receipts_amount_positive CHECK (amount_minor > 0)
)
--
CREATE INDEX ix_non_tax_receipts_order_id_id ON non_tax_receipts (order_id, id)
--
CREATE TRIGGER non_tax_receipts_no_update BEFORE UPDATE ON non_tax_receipts BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER non_tax_receipts_no_delete BEFORE DELETE ON non_tax_receipts BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER non_tax_receipts_no_replace BEFORE INSERT ON non_tax_receipts WHEN EXISTS (SELECT 1 FROM non_tax_receipts WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
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
CREATE INDEX ix_ties_organisation_id_id ON ties (organisation_id, id)
--
CREATE INDEX ix_ties_node ON ties (node)
--
CREATE INDEX ix_ties_other ON ties (other)
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
CREATE INDEX ix_bank_checks_state_id ON bank_checks (state, id)
--
CREATE INDEX ix_bank_checks_organisation_id_id ON bank_checks (organisation_id, id)
--
CREATE UNIQUE INDEX uq_bank_checks_one_open_each ON bank_checks (organisation_id) WHERE state IN ('requested', 'sent')
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
CREATE INDEX ix_authorisations_valid_to_id ON authorisations (valid_to, id) WHERE state IN ('issued', 'active', 'active_conditional', 'suspended')
--
CREATE INDEX ix_authorisations_operator_id_id ON authorisations (operator_id, id)
--
CREATE INDEX ix_authorisations_grantee_id_id ON authorisations (grantee_id, id)
--
CREATE UNIQUE INDEX uq_authorisations_one_live_per_scenario ON authorisations (scenario_id) WHERE state IN ('issued', 'active', 'active_conditional', 'suspended')
--
CREATE INDEX ix_authorisations_supersedes_id ON authorisations (supersedes_id)
--
CREATE INDEX ix_authorisations_state_id ON authorisations (state, id)
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
CREATE INDEX ix_scenarios_purpose_code_id ON scenarios (purpose_code, id)
--
CREATE INDEX ix_scenarios_applicant_id_id ON scenarios (applicant_id, id)
--
CREATE INDEX ix_scenarios_operator_id_id ON scenarios (operator_id, id)
--
CREATE INDEX ix_scenarios_purpose_fingerprint ON scenarios (purpose_fingerprint)
--
CREATE INDEX ix_scenarios_implementing_agency_id_state_submitted_at_id ON scenarios (implementing_agency_id, state, submitted_at, id)
--
CREATE TABLE new_ledger_accounts (
    id INTEGER NOT NULL,
    code TEXT NOT NULL,
    owner TEXT NOT NULL,
    currency TEXT NOT NULL,
    book TEXT NOT NULL,
    kind TEXT NOT NULL,
    guard TEXT NOT NULL,
    CONSTRAINT pk_ledger_accounts PRIMARY KEY (id),
    CONSTRAINT uq_ledger_accounts_code_owner_currency UNIQUE (code, owner, currency),
    CONSTRAINT uq_ledger_accounts_id_currency_book UNIQUE (id, currency, book),
    CONSTRAINT uq_ledger_accounts_id_guard UNIQUE (id, guard),
    CONSTRAINT fk_ledger_accounts_currency_currencies FOREIGN KEY(currency) REFERENCES currencies (code),
    CONSTRAINT ck_ledger_accounts_currency_is_iso CHECK (length(currency) = 3 AND currency = upper(currency)),
    CONSTRAINT ck_ledger_accounts_book_is_known CHECK (book IN ('money', 'memo')),
    CONSTRAINT ck_ledger_accounts_guard_is_known CHECK (guard IN ('none', 'credit', 'debit')),
    CONSTRAINT ck_ledger_accounts_kind_belongs_to_book CHECK ((book = 'money' AND kind IN ('asset', 'liability', 'equity', 'income', 'expense')) OR (book = 'memo' AND kind IN ('memo_debit', 'memo_credit')))
)
 STRICT
--
INSERT INTO new_ledger_accounts (id, code, owner, currency, book, kind, guard)
SELECT id, code, owner, currency, book, kind, guard FROM ledger_accounts
--
DROP TABLE ledger_accounts
--
ALTER TABLE new_ledger_accounts RENAME TO ledger_accounts
--
CREATE INDEX ix_ledger_entries_effective_on ON ledger_entries (effective_on, id)
--
CREATE TABLE uploads (
    organisation_id VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    size_bytes INTEGER NOT NULL,
    part_bytes INTEGER NOT NULL,
    sha256 VARCHAR,
    dataset_id VARCHAR NOT NULL,
    opened_at DATETIME NOT NULL,
    claimed_at DATETIME,
    stage VARCHAR,
    problems JSON,
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
    made_at DATETIME NOT NULL,
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
CREATE INDEX ix_violations_owner_id ON violations (owner, id)
--
CREATE INDEX ix_violations_subject_id ON violations (subject, id)
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
CREATE INDEX ix_fee_periods_operator_id_last_on_id ON fee_periods (operator_id, last_on, id)
--
CREATE UNIQUE INDEX uq_fee_periods_one_approved_a_day ON fee_periods (operator_id, first_on) WHERE state IN ('approved', 'closed')
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
CREATE INDEX ix_products_state_listed_at_id ON products (state, listed_at, id)
--
CREATE INDEX ix_products_suspended_with_id ON products (suspended_with, id)
--
CREATE INDEX ix_products_owner_id_id ON products (owner_id, id)
--
CREATE TABLE ledger_snapshots (
    period_id TEXT NOT NULL,
    code TEXT NOT NULL,
    owner TEXT NOT NULL,
    currency TEXT NOT NULL,
    book TEXT NOT NULL,
    debits INTEGER NOT NULL,
    credits INTEGER NOT NULL,
    CONSTRAINT pk_ledger_snapshots PRIMARY KEY (period_id, code, owner, currency),
    CONSTRAINT fk_ledger_snapshots_period_id_ledger_periods FOREIGN KEY(period_id) REFERENCES ledger_periods (id),
    CONSTRAINT ck_ledger_snapshots_sums_not_negative CHECK (debits >= 0 AND credits >= 0)
)
 WITHOUT ROWID,
 STRICT
--
CREATE TRIGGER ledger_snapshots_no_update BEFORE UPDATE ON ledger_snapshots BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER ledger_snapshots_no_delete BEFORE DELETE ON ledger_snapshots BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER ledger_snapshots_no_replace BEFORE INSERT ON ledger_snapshots WHEN EXISTS (SELECT 1 FROM ledger_snapshots WHERE period_id = NEW.period_id AND code = NEW.code AND owner = NEW.owner AND currency = NEW.currency) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE hold_pieces (
    hold_id VARCHAR NOT NULL,
    account_code VARCHAR NOT NULL,
    owner VARCHAR NOT NULL,
    currency VARCHAR NOT NULL,
    amount_minor INTEGER NOT NULL,
    left_minor INTEGER NOT NULL,
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
CREATE TABLE new_obligations (
    id VARCHAR NOT NULL,
    order_id VARCHAR NOT NULL,
    order_line_id VARCHAR NOT NULL,
    seq INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    taken_minor INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    seller_id VARCHAR NOT NULL,
    operator_id VARCHAR,
    shares JSON,
    waiver VARCHAR,
    fee_rule_id VARCHAR,
    revenue_rule_id VARCHAR,
    accepted_on DATE NOT NULL,
    due_on DATE NOT NULL,
    settled_on DATE,
    batch_id VARCHAR,
    draft VARCHAR,
    holds INTEGER NOT NULL,
    CONSTRAINT pk_obligations PRIMARY KEY (id),
    CONSTRAINT uq_obligations_order_line_id_seq UNIQUE (order_line_id, seq),
    CONSTRAINT ck_obligations_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT ck_obligations_seq_positive CHECK (seq > 0),
    CONSTRAINT ck_obligations_holds_not_negative CHECK (holds >= 0),
    CONSTRAINT ck_obligations_taken_within_amount CHECK (taken_minor >= 0 AND taken_minor <= amount_minor),
    CONSTRAINT ck_obligations_public_has_operator CHECK (kind <> 'public' OR operator_id IS NOT NULL),
    CONSTRAINT ck_obligations_settled_by_a_batch CHECK (settled_on IS NULL OR batch_id IS NOT NULL),
    CONSTRAINT fk_obligations_fee_rule_id_fee_rules FOREIGN KEY(fee_rule_id) REFERENCES fee_rules (id),
    CONSTRAINT fk_obligations_revenue_rule_id_revenue_rules FOREIGN KEY(revenue_rule_id) REFERENCES revenue_rules (id)
)
--
INSERT INTO new_obligations (id, order_id, order_line_id, seq, amount_minor, amount_currency, taken_minor, kind, buyer_id, seller_id, operator_id, shares, accepted_on, due_on, settled_on, batch_id, holds)
SELECT id, order_id, order_line_id, 1, amount_minor, amount_currency, 0, kind, COALESCE((SELECT buyer_id FROM orders WHERE orders.id = obligations.order_id), ''), seller_id, operator_id, shares, accepted_on, due_on, settled_on, batch_id, 0 FROM obligations
--
DROP TABLE obligations
--
ALTER TABLE new_obligations RENAME TO obligations
--
CREATE INDEX ix_obligations_batch_id_id ON obligations (batch_id, id)
--
CREATE INDEX ix_obligations_open_due_on ON obligations (due_on, id) WHERE batch_id IS NULL
--
CREATE INDEX ix_obligations_buyer_id_id ON obligations (buyer_id, id)
--
CREATE INDEX ix_obligations_order_id_id ON obligations (order_id, id)
--
CREATE INDEX ix_obligations_seller_id_order_id ON obligations (seller_id, order_id)
--
CREATE TABLE new_payments (
    purpose VARCHAR NOT NULL,
    target VARCHAR NOT NULL,
    order_id VARCHAR,
    payer_id VARCHAR NOT NULL,
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    funded_minor INTEGER NOT NULL,
    funded_currency VARCHAR NOT NULL,
    reference VARCHAR NOT NULL,
    instructed_at DATETIME NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_payments PRIMARY KEY (id),
    CONSTRAINT uq_payments_reference UNIQUE (reference),
    CONSTRAINT ck_payments_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT ck_payments_funded_within_amount CHECK (funded_minor >= 0 AND funded_minor <= amount_minor),
    CONSTRAINT ck_payments_one_currency CHECK (amount_currency = funded_currency),
    CONSTRAINT ck_payments_purpose_is_known CHECK (purpose IN ('order', 'bill', 'wallet', 'fee')),
    CONSTRAINT ck_payments_escrow_has_its_order CHECK ((purpose IN ('order', 'bill')) = (order_id IS NOT NULL)),
    CONSTRAINT fk_payments_payer_id_organisations FOREIGN KEY(payer_id) REFERENCES organisations (id)
)
--
INSERT INTO new_payments (purpose, target, order_id, payer_id, amount_minor, amount_currency, funded_minor, funded_currency, reference, instructed_at, id, state, version)
SELECT 'order', order_id, order_id, payer_id, amount_minor, amount_currency, funded_minor, funded_currency, reference, instructed_at, id, state, version FROM payments
--
DROP TABLE payments
--
ALTER TABLE new_payments RENAME TO payments
--
CREATE INDEX ix_payments_open_by_due ON payments ((amount_minor - funded_minor), id) WHERE state IN ('awaiting', 'part_funded')
--
CREATE INDEX ix_payments_order_id_id ON payments (order_id, id)
--
CREATE INDEX ix_payments_payer_id_id ON payments (payer_id, id)
--
CREATE UNIQUE INDEX uq_payments_one_live_per_target ON payments (purpose, target) WHERE state <> 'void' AND NOT (purpose = 'wallet' AND state = 'funded')
--
CREATE TABLE meters (
    order_id VARCHAR NOT NULL,
    order_code VARCHAR NOT NULL,
    order_line_id VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    seller_id VARCHAR NOT NULL,
    sale JSON NOT NULL,
    title_zh VARCHAR NOT NULL,
    title_en VARCHAR NOT NULL,
    mode VARCHAR NOT NULL,
    basis VARCHAR NOT NULL,
    unit VARCHAR NOT NULL,
    tariff JSON NOT NULL,
    milestones JSON NOT NULL,
    cycle VARCHAR NOT NULL,
    until DATE NOT NULL,
    began_on DATE NOT NULL,
    ended_on DATE,
    stopped_for VARCHAR,
    stopped_at DATETIME,
    opened_at DATETIME NOT NULL,
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
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    CONSTRAINT pk_subscription_cuts PRIMARY KEY (source_id, slice_id),
    CONSTRAINT ck_subscription_cuts_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT fk_subscription_cuts_slice_id_subscription_slices FOREIGN KEY(slice_id) REFERENCES subscription_slices (id)
)
--
CREATE TRIGGER subscription_cuts_no_update BEFORE UPDATE ON subscription_cuts BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER subscription_cuts_no_delete BEFORE DELETE ON subscription_cuts BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER subscription_cuts_no_replace BEFORE INSERT ON subscription_cuts WHEN EXISTS (SELECT 1 FROM subscription_cuts WHERE source_id = NEW.source_id AND slice_id = NEW.slice_id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
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
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    made_at DATETIME NOT NULL,
    confirmed_at DATETIME,
    settled_at DATETIME,
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
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    lost_minor INTEGER NOT NULL,
    evidence_due DATETIME,
    evidence VARCHAR,
    hold_id VARCHAR,
    seen_at DATETIME NOT NULL,
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
    budget_minor INTEGER NOT NULL,
    budget_currency VARCHAR NOT NULL,
    face_minor INTEGER NOT NULL,
    face_currency VARCHAR NOT NULL,
    deduct_bp INTEGER NOT NULL,
    order_max_minor INTEGER NOT NULL,
    order_max_currency VARCHAR NOT NULL,
    year_max_minor INTEGER NOT NULL,
    year_max_currency VARCHAR NOT NULL,
    roles JSON NOT NULL,
    regions JSON NOT NULL,
    product_types JSON NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE NOT NULL,
    advanced BOOLEAN NOT NULL,
    maker VARCHAR NOT NULL,
    drafted_at DATETIME NOT NULL,
    checker VARCHAR,
    opened_at DATETIME,
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
CREATE TABLE new_orders (
    code VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    seller_id VARCHAR NOT NULL,
    use_scenario JSON NOT NULL,
    accept_days INTEGER NOT NULL,
    total_minor INTEGER NOT NULL,
    total_currency VARCHAR NOT NULL,
    pay_mode VARCHAR NOT NULL,
    is_related_party BOOLEAN NOT NULL,
    contract_id VARCHAR,
    rejections INTEGER NOT NULL,
    placed_at DATETIME NOT NULL,
    delivered_at DATETIME,
    accepted_at DATETIME,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_orders PRIMARY KEY (id),
    CONSTRAINT uq_orders_code UNIQUE (code),
    CONSTRAINT ck_orders_buyer_is_not_seller CHECK (buyer_id <> seller_id),
    CONSTRAINT ck_orders_total_not_negative CHECK (total_minor >= 0),
    CONSTRAINT ck_orders_accept_days_positive CHECK (accept_days > 0),
    CONSTRAINT ck_orders_pay_mode_is_known CHECK (pay_mode IN ('prepaid', 'wallet', 'postpaid')),
    CONSTRAINT ck_orders_accepted_is_dated CHECK (state NOT IN ('accepted', 'completed') OR accepted_at IS NOT NULL),
    CONSTRAINT fk_orders_buyer_id_organisations FOREIGN KEY(buyer_id) REFERENCES organisations (id),
    CONSTRAINT fk_orders_seller_id_organisations FOREIGN KEY(seller_id) REFERENCES organisations (id)
)
--
INSERT INTO new_orders (code, buyer_id, seller_id, use_scenario, accept_days, total_minor, total_currency, pay_mode, is_related_party, contract_id, rejections, placed_at, delivered_at, accepted_at, id, state, version)
SELECT code, buyer_id, seller_id, use_scenario, accept_days, total_minor, total_currency, pay_mode, is_related_party, contract_id, rejections, placed_at, delivered_at, accepted_at, id, state, version FROM orders
--
DROP TABLE orders
--
ALTER TABLE new_orders RENAME TO orders
--
CREATE INDEX ix_orders_buyer_id_id ON orders (buyer_id, id)
--
CREATE INDEX ix_orders_state_id ON orders (state, id)
--
CREATE INDEX ix_orders_seller_id_id ON orders (seller_id, id)
--
CREATE TABLE new_payouts (
    payable VARCHAR NOT NULL,
    party_id VARCHAR NOT NULL,
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    attempt INTEGER NOT NULL,
    reference VARCHAR NOT NULL,
    account_id VARCHAR NOT NULL,
    account_name VARCHAR NOT NULL,
    account_masked VARCHAR NOT NULL,
    maker VARCHAR NOT NULL,
    requested_at DATETIME NOT NULL,
    checker VARCHAR,
    approved_at DATETIME,
    file_id VARCHAR,
    paid_on DATE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_payouts PRIMARY KEY (id),
    CONSTRAINT uq_payouts_reference UNIQUE (reference),
    CONSTRAINT ck_payouts_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT ck_payouts_checked_by_another CHECK (maker <> checker),
    CONSTRAINT ck_payouts_sent_when_checked CHECK (state NOT IN ('approved', 'sent', 'paid', 'reconciled') OR checker IS NOT NULL),
    CONSTRAINT ck_payouts_paid_on_a_day CHECK (state NOT IN ('paid', 'reconciled') OR paid_on IS NOT NULL),
    CONSTRAINT ck_payouts_attempt_positive CHECK (attempt > 0),
    CONSTRAINT fk_payouts_account_id_bank_accounts FOREIGN KEY(account_id) REFERENCES bank_accounts (id),
    CONSTRAINT fk_payouts_file_id_payout_files FOREIGN KEY(file_id) REFERENCES payout_files (id)
)
--
INSERT INTO new_payouts (payable, party_id, amount_minor, amount_currency, attempt, reference, account_id, account_name, account_masked, maker, requested_at, checker, approved_at, file_id, paid_on, id, state, version)
SELECT payable, party_id, amount_minor, amount_currency, 1, reference, account_id, account_name, account_masked, maker, requested_at, checker, approved_at, file_id, paid_on, id, state, version FROM payouts
--
DROP TABLE payouts
--
ALTER TABLE new_payouts RENAME TO payouts
--
CREATE INDEX ix_payouts_state_id ON payouts (state, id)
--
CREATE INDEX ix_payouts_account_id_state ON payouts (account_id, state)
--
CREATE INDEX ix_payouts_party_id_id ON payouts (party_id, id)
--
CREATE INDEX ix_payouts_file_id_id ON payouts (file_id, id)
--
CREATE TABLE credit_limits (
    id VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    limit_minor INTEGER NOT NULL,
    limit_currency VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    granted_by VARCHAR NOT NULL,
    granted_at DATETIME NOT NULL,
    CONSTRAINT pk_credit_limits PRIMARY KEY (id),
    CONSTRAINT ck_credit_limits_limit_not_negative CHECK (limit_minor >= 0),
    CONSTRAINT fk_credit_limits_buyer_id_organisations FOREIGN KEY(buyer_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_credit_limits_buyer_id_id ON credit_limits (buyer_id, id)
--
CREATE TRIGGER credit_limits_no_update BEFORE UPDATE ON credit_limits BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER credit_limits_no_delete BEFORE DELETE ON credit_limits BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER credit_limits_no_replace BEFORE INSERT ON credit_limits WHEN EXISTS (SELECT 1 FROM credit_limits WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE invoicing_mandates (
    seller_id VARCHAR NOT NULL,
    given_by VARCHAR NOT NULL,
    given_at DATETIME NOT NULL,
    ended_at DATETIME,
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
    total_minor INTEGER NOT NULL,
    total_currency VARCHAR NOT NULL,
    net_minor INTEGER NOT NULL,
    tax_minor INTEGER NOT NULL,
    rate_bp INTEGER NOT NULL,
    remark VARCHAR NOT NULL,
    mandated BOOLEAN NOT NULL,
    requested_by VARCHAR NOT NULL,
    requested_at DATETIME NOT NULL,
    number VARCHAR,
    tax_document BOOLEAN NOT NULL,
    issuer VARCHAR,
    issued_at DATETIME,
    paper_id VARCHAR,
    red_minor INTEGER NOT NULL,
    red_asked_minor INTEGER NOT NULL,
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
CREATE TABLE asset_disclosures (
    owner_id VARCHAR NOT NULL,
    first_on DATE NOT NULL,
    last_on DATE NOT NULL,
    figures JSON NOT NULL,
    prepared_by VARCHAR NOT NULL,
    prepared_at DATETIME NOT NULL,
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
    gross_fen INTEGER NOT NULL,
    amortised_fen INTEGER NOT NULL,
    provision_fen INTEGER NOT NULL,
    from_card_id VARCHAR,
    written_by VARCHAR NOT NULL,
    submitted_by VARCHAR,
    recognised_by VARCHAR,
    recognised_on DATE,
    amortised_through VARCHAR,
    accountant VARCHAR,
    accountant_no VARCHAR,
    begun_at DATETIME NOT NULL,
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
CREATE TABLE new_bank_lines (
    id VARCHAR NOT NULL,
    statement_id VARCHAR NOT NULL,
    account VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    bank_ref VARCHAR NOT NULL,
    booked_on DATE NOT NULL,
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    counterparty_name VARCHAR NOT NULL,
    counterparty_account VARCHAR NOT NULL,
    counterparty_sealed BLOB,
    text VARCHAR NOT NULL,
    end_to_end VARCHAR,
    sub_account VARCHAR,
    note VARCHAR,
    CONSTRAINT pk_bank_lines PRIMARY KEY (id),
    CONSTRAINT uq_bank_lines_account_bank_ref UNIQUE (account, bank_ref),
    CONSTRAINT uq_bank_lines_statement_id_position UNIQUE (statement_id, position),
    CONSTRAINT ck_bank_lines_amount_moves_something CHECK (amount_minor <> 0),
    CONSTRAINT fk_bank_lines_statement_id_bank_statements FOREIGN KEY(statement_id) REFERENCES bank_statements (id)
)
--
INSERT INTO new_bank_lines (id, statement_id, account, position, bank_ref, booked_on, amount_minor, amount_currency, counterparty_name, counterparty_account, text, note)
SELECT id, statement_id, account, position, bank_ref, booked_on, amount_minor, amount_currency, counterparty_name, counterparty_account, text, note FROM bank_lines
--
DROP TABLE bank_lines
--
ALTER TABLE new_bank_lines RENAME TO bank_lines
--
CREATE INDEX ix_bank_lines_account_booked_on_id ON bank_lines (account, booked_on, id)
--
CREATE INDEX ix_bank_lines_noted ON bank_lines (id) WHERE note IS NOT NULL
--
CREATE TRIGGER bank_lines_no_update BEFORE UPDATE ON bank_lines BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER bank_lines_no_delete BEFORE DELETE ON bank_lines BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER bank_lines_no_replace BEFORE INSERT ON bank_lines WHEN EXISTS (SELECT 1 FROM bank_lines WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE virtual_accounts (
    number VARCHAR NOT NULL,
    serial INTEGER NOT NULL,
    payer_id VARCHAR NOT NULL,
    order_id VARCHAR NOT NULL,
    opened_by VARCHAR NOT NULL,
    opened_at DATETIME NOT NULL,
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
    total_minor INTEGER NOT NULL,
    total_currency VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    execute_on DATE NOT NULL,
    made_by VARCHAR NOT NULL,
    made_at DATETIME NOT NULL,
    answered_at DATETIME,
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
    opening_minor INTEGER NOT NULL,
    closing_minor INTEGER NOT NULL,
    line_count INTEGER NOT NULL,
    issued_at DATETIME NOT NULL,
    claimed_minor INTEGER,
    disputed_on DATE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_party_statements PRIMARY KEY (id),
    CONSTRAINT uq_party_statements_party_id_payable_currency_first_on_last_on_issue UNIQUE (party_id, payable, currency, first_on, last_on, issue),
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
    last_entry_id INTEGER NOT NULL,
    closed_by VARCHAR NOT NULL,
    closed_at DATETIME NOT NULL,
    CONSTRAINT pk_closed_days PRIMARY KEY (id),
    CONSTRAINT uq_closed_days_day UNIQUE (day),
    CONSTRAINT fk_closed_days_run_id_reconciliation_runs FOREIGN KEY(run_id) REFERENCES reconciliation_runs (id)
)
--
CREATE TRIGGER closed_days_no_update BEFORE UPDATE ON closed_days BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER closed_days_no_delete BEFORE DELETE ON closed_days BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER closed_days_no_replace BEFORE INSERT ON closed_days WHEN EXISTS (SELECT 1 FROM closed_days WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
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
    sealed BLOB NOT NULL,
    issued_by VARCHAR NOT NULL,
    issued_at DATETIME NOT NULL,
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
CREATE TRIGGER evidence_packs_no_update BEFORE UPDATE ON evidence_packs BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER evidence_packs_no_delete BEFORE DELETE ON evidence_packs BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER evidence_packs_no_replace BEFORE INSERT ON evidence_packs WHEN EXISTS (SELECT 1 FROM evidence_packs WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
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
CREATE TABLE organisation_document_contents (
    document_id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    media_type VARCHAR NOT NULL,
    size_bytes INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    CONSTRAINT pk_organisation_document_contents PRIMARY KEY (document_id),
    CONSTRAINT ck_organisation_document_contents_content_not_empty CHECK (size_bytes > 0),
    CONSTRAINT fk_organisation_document_contents_document_id_organisation_documents FOREIGN KEY(document_id) REFERENCES organisation_documents (id),
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
CREATE INDEX ix_operation_agreements_implementing_agency_id_state_id ON operation_agreements (implementing_agency_id, state, id)
--
CREATE INDEX ix_operation_agreements_operator_id_state_id ON operation_agreements (operator_id, state, id)
--
CREATE INDEX ix_operation_agreements_plan_id_id ON operation_agreements (plan_id, id)
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
CREATE UNIQUE INDEX uq_registrations_one_live_per_directory ON registrations (directory_id) WHERE state NOT IN ('withdrawn', 'refused', 'deregistered', 'expired')
--
CREATE INDEX ix_registrations_state_valid_to_id ON registrations (state, valid_to, id)
--
CREATE INDEX ix_registrations_department_id_id ON registrations (department_id, id)
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
CREATE INDEX ix_opinions_implementing_agency_id_id ON opinions (implementing_agency_id, id)
--
CREATE INDEX ix_opinions_department_id_state_id ON opinions (department_id, state, id)
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
CREATE UNIQUE INDEX uq_breaker_alerts_one_live ON breaker_alerts (authorisation_id, code) WHERE state IN ('raised', 'proposed')
--
CREATE INDEX ix_breaker_alerts_authorisation_id_id ON breaker_alerts (authorisation_id, id)
--
CREATE INDEX ix_breaker_alerts_state_id ON breaker_alerts (state, id)
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
    delta_version INTEGER NOT NULL,
    upload_id VARCHAR NOT NULL,
    format VARCHAR NOT NULL,
    size_bytes INTEGER NOT NULL,
    sha256 VARCHAR NOT NULL,
    row_count INTEGER NOT NULL,
    columns JSON NOT NULL,
    grade VARCHAR NOT NULL,
    pi_class VARCHAR NOT NULL,
    profile JSON NOT NULL,
    sample JSON NOT NULL,
    loaded_at DATETIME NOT NULL,
    CONSTRAINT pk_dataset_versions PRIMARY KEY (id),
    CONSTRAINT uq_dataset_versions_dataset_id_number UNIQUE (dataset_id, number),
    CONSTRAINT uq_dataset_versions_upload_id UNIQUE (upload_id),
    CONSTRAINT ck_dataset_versions_number_positive CHECK (number > 0),
    CONSTRAINT ck_dataset_versions_rows_positive CHECK (row_count > 0),
    CONSTRAINT fk_dataset_versions_dataset_id_datasets FOREIGN KEY(dataset_id) REFERENCES datasets (id),
    CONSTRAINT fk_dataset_versions_upload_id_uploads FOREIGN KEY(upload_id) REFERENCES uploads (id)
)
--
CREATE TRIGGER dataset_versions_no_update BEFORE UPDATE ON dataset_versions BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER dataset_versions_no_delete BEFORE DELETE ON dataset_versions BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER dataset_versions_no_replace BEFORE INSERT ON dataset_versions WHEN EXISTS (SELECT 1 FROM dataset_versions WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
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
CREATE INDEX ix_resources_location ON resources (location)
--
CREATE INDEX ix_resources_department_id_id ON resources (department_id, id)
--
CREATE UNIQUE INDEX uq_resources_location_attached_once ON resources (location) WHERE state = 'attached'
--
CREATE INDEX ix_resources_directory_id_id ON resources (directory_id, id)
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
CREATE TABLE submitted_sections (
    scenario_id VARCHAR NOT NULL,
    round INTEGER NOT NULL,
    number INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    CONSTRAINT pk_submitted_sections PRIMARY KEY (scenario_id, round, number),
    CONSTRAINT fk_submitted_sections_scenario_id_scenarios FOREIGN KEY(scenario_id) REFERENCES scenarios (id)
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
    coarsened JSON,
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
CREATE INDEX ix_assessments_agency_id_id ON assessments (agency_id, id)
--
CREATE UNIQUE INDEX uq_assessments_one_per_round ON assessments (scenario_id, round) WHERE state <> 'void'
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
CREATE INDEX ix_publicity_objections_agency_id_id ON publicity_objections (agency_id, id)
--
CREATE INDEX ix_publicity_objections_filed_for_id ON publicity_objections (filed_for, id)
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
CREATE INDEX ix_authorisation_reviews_grantee_id_id ON authorisation_reviews (grantee_id, id)
--
CREATE INDEX ix_authorisation_reviews_implementing_agency_id_state_id ON authorisation_reviews (implementing_agency_id, state, id)
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
CREATE TABLE fee_revenue_adjustments (
    source_id VARCHAR NOT NULL,
    order_line_id VARCHAR NOT NULL,
    operator_id VARCHAR NOT NULL,
    period_id VARCHAR,
    amount_fen INTEGER NOT NULL,
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
CREATE TRIGGER fee_revenue_adjustments_no_update BEFORE UPDATE ON fee_revenue_adjustments BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER fee_revenue_adjustments_no_delete BEFORE DELETE ON fee_revenue_adjustments BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER fee_revenue_adjustments_no_replace BEFORE INSERT ON fee_revenue_adjustments WHEN EXISTS (SELECT 1 FROM fee_revenue_adjustments WHERE source_id = NEW.source_id AND order_line_id = NEW.order_line_id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE fee_revenue_totals (
    period_id VARCHAR NOT NULL,
    earned_fen INTEGER NOT NULL,
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
CREATE INDEX ix_fee_caps_period_id_id ON fee_caps (period_id, id)
--
CREATE INDEX ix_fee_caps_operator_id_product_type_meter_valid_from ON fee_caps (operator_id, product_type, meter, valid_from)
--
CREATE TRIGGER fee_caps_no_update BEFORE UPDATE ON fee_caps BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER fee_caps_no_delete BEFORE DELETE ON fee_caps BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER fee_caps_no_replace BEFORE INSERT ON fee_caps WHEN EXISTS (SELECT 1 FROM fee_caps WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE ledger_closings (
    period_id TEXT NOT NULL,
    tail_from INTEGER NOT NULL,
    kept INTEGER NOT NULL,
    CONSTRAINT pk_ledger_closings PRIMARY KEY (period_id),
    CONSTRAINT fk_ledger_closings_period_id_ledger_periods FOREIGN KEY(period_id) REFERENCES ledger_periods (id)
)
 STRICT
--
CREATE TRIGGER ledger_closings_no_update BEFORE UPDATE ON ledger_closings BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER ledger_closings_no_delete BEFORE DELETE ON ledger_closings BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER ledger_closings_no_replace BEFORE INSERT ON ledger_closings WHEN EXISTS (SELECT 1 FROM ledger_closings WHERE period_id = NEW.period_id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER ledger_snapshots_of_closed BEFORE INSERT ON ledger_snapshots WHEN NOT EXISTS (SELECT 1 FROM ledger_periods WHERE id = NEW.period_id AND status = 'closed') OR EXISTS (SELECT 1 FROM ledger_closings WHERE period_id >= NEW.period_id) BEGIN SELECT RAISE(ABORT, 'figures are kept once, of a closed period'); END
--
CREATE TRIGGER ledger_closings_of_closed BEFORE INSERT ON ledger_closings WHEN NOT EXISTS (SELECT 1 FROM ledger_periods WHERE id = NEW.period_id AND status = 'closed') OR EXISTS (SELECT 1 FROM ledger_closings WHERE period_id >= NEW.period_id) BEGIN SELECT RAISE(ABORT, 'figures are kept once, of a closed period'); END
--
CREATE TABLE fee_notes (
    code VARCHAR NOT NULL,
    payer_id VARCHAR NOT NULL,
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    credited_minor INTEGER NOT NULL,
    lost_minor INTEGER NOT NULL,
    payment_id VARCHAR,
    drawn_at DATETIME NOT NULL,
    due_on DATE NOT NULL,
    reminders INTEGER NOT NULL,
    proposed_by VARCHAR,
    decided_by VARCHAR,
    closed_at DATETIME,
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
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    signed_on DATE NOT NULL,
    delivered_on DATE NOT NULL,
    drafted_by VARCHAR NOT NULL,
    drafted_at DATETIME NOT NULL,
    verified_by VARCHAR,
    registered_by VARCHAR,
    registered_at DATETIME,
    fee_minor INTEGER,
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
    units INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    free INTEGER NOT NULL,
    workings JSON NOT NULL,
    limited VARCHAR,
    amount_minor INTEGER NOT NULL,
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
CREATE TRIGGER bill_lines_no_update BEFORE UPDATE ON bill_lines BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER bill_lines_no_delete BEFORE DELETE ON bill_lines BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER bill_lines_no_replace BEFORE INSERT ON bill_lines WHEN EXISTS (SELECT 1 FROM bill_lines WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE bill_adjustments (
    id VARCHAR NOT NULL,
    meter_id VARCHAR NOT NULL,
    period VARCHAR NOT NULL,
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    made_by VARCHAR NOT NULL,
    made_at DATETIME NOT NULL,
    CONSTRAINT pk_bill_adjustments PRIMARY KEY (id),
    CONSTRAINT ck_bill_adjustments_amount_not_zero CHECK (amount_minor <> 0),
    CONSTRAINT fk_bill_adjustments_meter_id_meters FOREIGN KEY(meter_id) REFERENCES meters (id)
)
--
CREATE INDEX ix_bill_adjustments_meter_id_id ON bill_adjustments (meter_id, id)
--
CREATE TRIGGER bill_adjustments_no_update BEFORE UPDATE ON bill_adjustments BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER bill_adjustments_no_delete BEFORE DELETE ON bill_adjustments BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER bill_adjustments_no_replace BEFORE INSERT ON bill_adjustments WHEN EXISTS (SELECT 1 FROM bill_adjustments WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE usage_buckets (
    id VARCHAR NOT NULL,
    meter_id VARCHAR NOT NULL,
    hour DATETIME NOT NULL,
    period VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    events INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    units INTEGER NOT NULL,
    digest VARCHAR,
    closed_at DATETIME,
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
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    drawn_at DATETIME NOT NULL,
    CONSTRAINT pk_wallet_draws PRIMARY KEY (source_id),
    CONSTRAINT ck_wallet_draws_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT fk_wallet_draws_meter_id_meters FOREIGN KEY(meter_id) REFERENCES meters (id)
)
--
CREATE INDEX ix_wallet_draws_meter_id_period ON wallet_draws (meter_id, period)
--
CREATE TRIGGER wallet_draws_no_update BEFORE UPDATE ON wallet_draws BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER wallet_draws_no_delete BEFORE DELETE ON wallet_draws BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER wallet_draws_no_replace BEFORE INSERT ON wallet_draws WHEN EXISTS (SELECT 1 FROM wallet_draws WHERE source_id = NEW.source_id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE payment_attempts (
    payment_id VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    method VARCHAR NOT NULL,
    manual BOOLEAN NOT NULL,
    command_id VARCHAR NOT NULL,
    object_id VARCHAR,
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR(3) NOT NULL,
    captured_minor INTEGER NOT NULL,
    captured_currency VARCHAR(3) NOT NULL,
    refunded_minor INTEGER NOT NULL,
    refunded_currency VARCHAR(3) NOT NULL,
    begun_by VARCHAR NOT NULL,
    begun_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
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
    amount_minor INTEGER NOT NULL,
    currency VARCHAR NOT NULL,
    release_on DATE NOT NULL,
    released_on DATE,
    released_minor INTEGER NOT NULL,
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
    face_minor INTEGER NOT NULL,
    face_currency VARCHAR NOT NULL,
    used_minor INTEGER NOT NULL,
    used_currency VARCHAR NOT NULL,
    valid_to DATE NOT NULL,
    order_id VARCHAR,
    used_year INTEGER,
    issued_by VARCHAR NOT NULL,
    issued_at DATETIME NOT NULL,
    redeemed_by VARCHAR,
    redeemed_at DATETIME,
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
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    fee_refund BOOLEAN NOT NULL,
    rail VARCHAR NOT NULL,
    account VARCHAR NOT NULL,
    object_id VARCHAR NOT NULL,
    payee_id VARCHAR,
    reference VARCHAR NOT NULL,
    entry_id INTEGER NOT NULL,
    alone_max_minor INTEGER NOT NULL,
    maker VARCHAR NOT NULL,
    requested_at DATETIME NOT NULL,
    checker VARCHAR,
    approved_at DATETIME,
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
    "key" VARCHAR NOT NULL,
    reference VARCHAR NOT NULL,
    account_id VARCHAR NOT NULL,
    begun_by VARCHAR NOT NULL,
    begun_at DATETIME NOT NULL,
    outcome VARCHAR,
    ended_on DATE,
    reason VARCHAR,
    CONSTRAINT pk_payout_attempts PRIMARY KEY (payout_id, number),
    CONSTRAINT uq_payout_attempts_key UNIQUE ("key"),
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
    amount_minor INTEGER NOT NULL,
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
    quantity INTEGER NOT NULL,
    unit_price_e6 INTEGER NOT NULL,
    rate_bp INTEGER NOT NULL,
    gross_minor INTEGER NOT NULL,
    net_minor INTEGER NOT NULL,
    tax_minor INTEGER NOT NULL,
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
CREATE TRIGGER invoice_lines_no_update BEFORE UPDATE ON invoice_lines BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER invoice_lines_no_delete BEFORE DELETE ON invoice_lines BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER invoice_lines_no_replace BEFORE INSERT ON invoice_lines WHEN EXISTS (SELECT 1 FROM invoice_lines WHERE invoice_id = NEW.invoice_id AND position = NEW.position) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE red_letters (
    id VARCHAR NOT NULL,
    invoice_id VARCHAR NOT NULL,
    seq INTEGER NOT NULL,
    number VARCHAR NOT NULL,
    confirm_no VARCHAR NOT NULL,
    tax_document BOOLEAN NOT NULL,
    amount_minor INTEGER NOT NULL,
    net_minor INTEGER NOT NULL,
    tax_minor INTEGER NOT NULL,
    currency VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    paper_id VARCHAR NOT NULL,
    issued_by VARCHAR NOT NULL,
    issued_at DATETIME NOT NULL,
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
CREATE TRIGGER red_letters_no_update BEFORE UPDATE ON red_letters BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER red_letters_no_delete BEFORE DELETE ON red_letters BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER red_letters_no_replace BEFORE INSERT ON red_letters WHEN EXISTS (SELECT 1 FROM red_letters WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
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
    fen INTEGER NOT NULL,
    on_day DATE NOT NULL,
    month VARCHAR,
    change_id VARCHAR,
    version INTEGER NOT NULL,
    prepared_by VARCHAR NOT NULL,
    booked_by VARCHAR NOT NULL,
    booked_at DATETIME NOT NULL,
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
CREATE TRIGGER asset_movements_no_update BEFORE UPDATE ON asset_movements BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER asset_movements_no_delete BEFORE DELETE ON asset_movements BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER asset_movements_no_replace BEFORE INSERT ON asset_movements WHEN EXISTS (SELECT 1 FROM asset_movements WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE asset_card_versions (
    card_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    rights_basis VARCHAR NOT NULL,
    right_until DATE,
    renewal_likely BOOLEAN NOT NULL,
    authorisation_id VARCHAR,
    product_id VARCHAR,
    conditions JSON NOT NULL,
    costs JSON NOT NULL,
    initial_fen INTEGER NOT NULL,
    life_months INTEGER,
    life_basis VARCHAR NOT NULL,
    method VARCHAR NOT NULL,
    residual_fen INTEGER NOT NULL,
    expected_fen INTEGER,
    written_by VARCHAR NOT NULL,
    written_at DATETIME NOT NULL,
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
CREATE TRIGGER asset_card_versions_no_update BEFORE UPDATE ON asset_card_versions BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER asset_card_versions_no_delete BEFORE DELETE ON asset_card_versions BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER asset_card_versions_no_replace BEFORE INSERT ON asset_card_versions WHEN EXISTS (SELECT 1 FROM asset_card_versions WHERE card_id = NEW.card_id AND number = NEW.number) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE asset_changes (
    card_id VARCHAR NOT NULL,
    owner_id VARCHAR NOT NULL,
    what VARCHAR NOT NULL,
    fen INTEGER NOT NULL,
    on_day DATE NOT NULL,
    cost_kind VARCHAR,
    document VARCHAR NOT NULL,
    proposed_by VARCHAR NOT NULL,
    proposed_at DATETIME NOT NULL,
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
CREATE TABLE new_bank_matches (
    id VARCHAR NOT NULL,
    line_id VARCHAR NOT NULL,
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    target VARCHAR,
    payment_id VARCHAR,
    payout_id VARCHAR,
    by_hand BOOLEAN NOT NULL,
    reason VARCHAR NOT NULL,
    matched_by VARCHAR NOT NULL,
    matched_at DATETIME NOT NULL,
    CONSTRAINT pk_bank_matches PRIMARY KEY (id),
    CONSTRAINT ck_bank_matches_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT ck_bank_matches_payment_is_named CHECK ((kind = 'payment') = (payment_id IS NOT NULL)),
    CONSTRAINT ck_bank_matches_payout_is_named CHECK ((kind = 'payout') = (payout_id IS NOT NULL)),
    CONSTRAINT ck_bank_matches_something_is_named CHECK (payment_id IS NOT NULL OR payout_id IS NOT NULL OR target IS NOT NULL),
    CONSTRAINT ck_bank_matches_a_person_says_why CHECK (NOT by_hand OR reason <> ''),
    CONSTRAINT fk_bank_matches_line_id_bank_lines FOREIGN KEY(line_id) REFERENCES bank_lines (id),
    CONSTRAINT fk_bank_matches_payment_id_payments FOREIGN KEY(payment_id) REFERENCES payments (id),
    CONSTRAINT fk_bank_matches_payout_id_payouts FOREIGN KEY(payout_id) REFERENCES payouts (id)
)
--
INSERT INTO new_bank_matches (id, line_id, amount_minor, amount_currency, kind, payment_id, payout_id, by_hand, reason, matched_by, matched_at)
SELECT id, line_id, amount_minor, amount_currency, CASE WHEN payment_id IS NULL THEN 'payout' ELSE 'payment' END, payment_id, payout_id, by_hand, reason, matched_by, matched_at FROM bank_matches
--
DROP TABLE bank_matches
--
ALTER TABLE new_bank_matches RENAME TO bank_matches
--
CREATE INDEX ix_bank_matches_payment_id_id ON bank_matches (payment_id, id)
--
CREATE INDEX ix_bank_matches_target_id ON bank_matches (target, id)
--
CREATE INDEX ix_bank_matches_line_id_id ON bank_matches (line_id, id)
--
CREATE TRIGGER bank_matches_no_update BEFORE UPDATE ON bank_matches BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER bank_matches_no_delete BEFORE DELETE ON bank_matches BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER bank_matches_no_replace BEFORE INSERT ON bank_matches WHEN EXISTS (SELECT 1 FROM bank_matches WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE clearings (
    line_id VARCHAR NOT NULL,
    action VARCHAR NOT NULL,
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    parts JSON NOT NULL,
    reason VARCHAR NOT NULL,
    maker VARCHAR NOT NULL,
    proposed_at DATETIME NOT NULL,
    checker VARCHAR,
    done_at DATETIME,
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
    number_sealed BLOB NOT NULL,
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    CONSTRAINT pk_outgoing_items PRIMARY KEY (file_id, position),
    CONSTRAINT uq_outgoing_items_file_id_reference UNIQUE (file_id, reference),
    CONSTRAINT ck_outgoing_items_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT fk_outgoing_items_file_id_outgoing_files FOREIGN KEY(file_id) REFERENCES outgoing_files (id)
)
--
CREATE INDEX ix_outgoing_items_reference ON outgoing_items (reference)
--
CREATE TRIGGER outgoing_items_no_update BEFORE UPDATE ON outgoing_items BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER outgoing_items_no_delete BEFORE DELETE ON outgoing_items BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER outgoing_items_no_replace BEFORE INSERT ON outgoing_items WHEN EXISTS (SELECT 1 FROM outgoing_items WHERE file_id = NEW.file_id AND position = NEW.position) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE outgoing_answers (
    id VARCHAR NOT NULL,
    file_id VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    rejected JSON NOT NULL,
    read_by VARCHAR NOT NULL,
    read_at DATETIME NOT NULL,
    CONSTRAINT pk_outgoing_answers PRIMARY KEY (id),
    CONSTRAINT uq_outgoing_answers_file_id_digest UNIQUE (file_id, digest),
    CONSTRAINT fk_outgoing_answers_file_id_outgoing_files FOREIGN KEY(file_id) REFERENCES outgoing_files (id)
)
--
CREATE TRIGGER outgoing_answers_no_update BEFORE UPDATE ON outgoing_answers BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER outgoing_answers_no_delete BEFORE DELETE ON outgoing_answers BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER outgoing_answers_no_replace BEFORE INSERT ON outgoing_answers WHEN EXISTS (SELECT 1 FROM outgoing_answers WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
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
CREATE TABLE receipts (
    payment_id VARCHAR NOT NULL,
    paper_id VARCHAR NOT NULL,
    CONSTRAINT pk_receipts PRIMARY KEY (payment_id),
    CONSTRAINT fk_receipts_payment_id_payments FOREIGN KEY(payment_id) REFERENCES payments (id),
    CONSTRAINT fk_receipts_paper_id_papers FOREIGN KEY(paper_id) REFERENCES papers (id)
)
--
CREATE TRIGGER receipts_no_update BEFORE UPDATE ON receipts BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER receipts_no_delete BEFORE DELETE ON receipts BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER receipts_no_replace BEFORE INSERT ON receipts WHEN EXISTS (SELECT 1 FROM receipts WHERE payment_id = NEW.payment_id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE case_assignments (
    scenario_id VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    assigned_by VARCHAR NOT NULL,
    assigned_at DATETIME NOT NULL,
    CONSTRAINT pk_case_assignments PRIMARY KEY (scenario_id),
    CONSTRAINT fk_case_assignments_scenario_id_scenarios FOREIGN KEY(scenario_id) REFERENCES scenarios (id),
    CONSTRAINT fk_case_assignments_person_id_people FOREIGN KEY(person_id) REFERENCES people (id),
    CONSTRAINT fk_case_assignments_assigned_by_people FOREIGN KEY(assigned_by) REFERENCES people (id)
)
--
CREATE INDEX ix_case_assignments_person_id_scenario_id ON case_assignments (person_id, scenario_id)
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
    transform VARCHAR,
    CONSTRAINT pk_opinion_items PRIMARY KEY (opinion_id, directory_code, item_code),
    CONSTRAINT ck_opinion_items_verdict_is_known CHECK (verdict IN ('agree', 'agree_with_condition', 'disagree')),
    CONSTRAINT ck_opinion_items_disagreement_has_reason CHECK (verdict <> 'disagree' OR (cause IS NOT NULL AND text IS NOT NULL)),
    CONSTRAINT ck_opinion_items_condition_is_told CHECK (verdict <> 'agree_with_condition' OR text IS NOT NULL),
    CONSTRAINT ck_opinion_items_coarser_treatment_is_a_condition CHECK (transform IS NULL OR verdict = 'agree_with_condition'),
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
CREATE INDEX ix_supply_agreements_department_id_state_id ON supply_agreements (department_id, state, id)
--
CREATE UNIQUE INDEX uq_supply_agreements_one_live ON supply_agreements (unique_key) WHERE state IN ('effective', 'amending', 'suspended')
--
CREATE INDEX ix_supply_agreements_operator_id_state_id ON supply_agreements (operator_id, state, id)
--
CREATE INDEX ix_supply_agreements_operation_agreement_id_state_id ON supply_agreements (operation_agreement_id, state, id)
--
CREATE TRIGGER ledger_accounts_no_update BEFORE UPDATE ON ledger_accounts BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER ledger_accounts_no_delete BEFORE DELETE ON ledger_accounts BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER ledger_accounts_no_replace BEFORE INSERT ON ledger_accounts WHEN EXISTS (SELECT 1 FROM ledger_accounts WHERE id = NEW.id OR (code = NEW.code AND owner = NEW.owner AND currency = NEW.currency)) BEGIN SELECT RAISE(ABORT, 'exists'); END
--
CREATE TRIGGER ledger_accounts_open_balance AFTER INSERT ON ledger_accounts
WHEN NEW.guard <> 'none' BEGIN
  INSERT INTO ledger_balances (account_id, guard, debits, credits)
  VALUES (NEW.id, NEW.guard, 0, 0);
END
--
DROP TRIGGER ledger_seals_check
--
CREATE TRIGGER ledger_seals_check BEFORE INSERT ON ledger_seals BEGIN
  SELECT RAISE(ABORT, 'the period is not open') WHERE NOT EXISTS (
    SELECT 1 FROM ledger_entries e JOIN ledger_periods p ON p.id = e.period_id
    WHERE e.id = NEW.entry_id AND p.status = 'open');
  SELECT RAISE(ABORT, 'the period lies before the entry') FROM ledger_entries e
  WHERE e.id = NEW.entry_id AND e.period_id < substr(e.effective_on, 1, 7);
  SELECT RAISE(ABORT, 'lines are missing')
  WHERE (SELECT count(*) FROM ledger_postings WHERE entry_id = NEW.entry_id) <> NEW.n;
  SELECT RAISE(ABORT, 'a reversal is not reversed')
  FROM ledger_entries e JOIN ledger_entries o ON o.id = e.reverses
  WHERE e.id = NEW.entry_id AND o.reverses IS NOT NULL;
  SELECT RAISE(ABORT, 'not the mirror') FROM ledger_entries e
  WHERE e.id = NEW.entry_id AND e.reverses IS NOT NULL
    AND (EXISTS (SELECT debit_id, credit_id, currency, amount, count(*) FROM ledger_postings WHERE entry_id = e.id GROUP BY debit_id, credit_id, currency, amount EXCEPT SELECT credit_id, debit_id, currency, amount, count(*) FROM ledger_postings WHERE entry_id = e.reverses GROUP BY debit_id, credit_id, currency, amount) OR EXISTS (SELECT credit_id, debit_id, currency, amount, count(*) FROM ledger_postings WHERE entry_id = e.reverses GROUP BY debit_id, credit_id, currency, amount EXCEPT SELECT debit_id, credit_id, currency, amount, count(*) FROM ledger_postings WHERE entry_id = e.id GROUP BY debit_id, credit_id, currency, amount));
  SELECT RAISE(ABORT, 'no posting rule') WHERE EXISTS (SELECT 1 FROM ledger_entries he JOIN ledger_postings hp ON hp.entry_id = he.id JOIN ledger_accounts hd ON hd.id = hp.debit_id JOIN ledger_accounts hc ON hc.id = hp.credit_id WHERE he.id = NEW.entry_id AND NOT EXISTS (SELECT 1 FROM posting_rules r WHERE r.event = he.event AND r.debit_code = hd.code AND r.credit_code = hc.code));
END
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
    coarsened JSON,
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
CREATE TABLE agreed_prices (
    id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    source_id VARCHAR NOT NULL,
    product_id VARCHAR NOT NULL,
    product_version_id VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    seller_id VARCHAR NOT NULL,
    quantity INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    valid_until DATE NOT NULL,
    agreed_at DATETIME NOT NULL,
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
CREATE TABLE registered_deals (
    deal_id VARCHAR NOT NULL,
    merchant_id VARCHAR NOT NULL,
    buyer VARCHAR NOT NULL,
    region VARCHAR NOT NULL,
    amount INTEGER NOT NULL,
    accepted_at DATETIME NOT NULL,
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
CREATE TRIGGER registered_deals_no_update BEFORE UPDATE ON registered_deals BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER registered_deals_no_delete BEFORE DELETE ON registered_deals BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER registered_deals_no_replace BEFORE INSERT ON registered_deals WHEN EXISTS (SELECT 1 FROM registered_deals WHERE deal_id = NEW.deal_id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE ledger_block_entries (
    entry_id INTEGER NOT NULL,
    block_number INTEGER NOT NULL,
    position INTEGER NOT NULL,
    CONSTRAINT pk_ledger_block_entries PRIMARY KEY (entry_id),
    CONSTRAINT fk_ledger_block_entries_entry_id_ledger_seals FOREIGN KEY(entry_id) REFERENCES ledger_seals (entry_id),
    CONSTRAINT fk_ledger_block_entries_block_number_ledger_blocks FOREIGN KEY(block_number) REFERENCES ledger_blocks (number),
    CONSTRAINT uq_ledger_block_entries_block_number_position UNIQUE (block_number, position),
    CONSTRAINT ck_ledger_block_entries_position_from_zero CHECK (position >= 0)
)
 STRICT
--
CREATE TRIGGER ledger_block_entries_no_update BEFORE UPDATE ON ledger_block_entries BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER ledger_block_entries_no_delete BEFORE DELETE ON ledger_block_entries BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER ledger_block_entries_no_replace BEFORE INSERT ON ledger_block_entries WHEN EXISTS (SELECT 1 FROM ledger_block_entries WHERE entry_id = NEW.entry_id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE deal_papers (
    id VARCHAR NOT NULL,
    deal_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    media_type VARCHAR NOT NULL,
    size_bytes INTEGER NOT NULL,
    digest VARCHAR NOT NULL,
    sealed BLOB NOT NULL,
    filed_by VARCHAR NOT NULL,
    filed_at DATETIME NOT NULL,
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
CREATE TRIGGER deal_papers_no_update BEFORE UPDATE ON deal_papers BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER deal_papers_no_delete BEFORE DELETE ON deal_papers BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER deal_papers_no_replace BEFORE INSERT ON deal_papers WHEN EXISTS (SELECT 1 FROM deal_papers WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE fee_charges (
    id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    payer_id VARCHAR NOT NULL,
    order_id VARCHAR,
    rule_id VARCHAR,
    income VARCHAR NOT NULL,
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    tax_minor INTEGER NOT NULL,
    credited_minor INTEGER NOT NULL,
    credited_tax_minor INTEGER NOT NULL,
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
    amount_minor INTEGER NOT NULL,
    remaining_minor INTEGER NOT NULL,
    claimed_minor INTEGER NOT NULL,
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
    amount_minor INTEGER NOT NULL,
    currency VARCHAR NOT NULL,
    CONSTRAINT pk_refund_parts PRIMARY KEY (refund_id, position),
    CONSTRAINT ck_refund_parts_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT fk_refund_parts_refund_id_refunds FOREIGN KEY(refund_id) REFERENCES refunds (id)
)
--
CREATE INDEX ix_refund_parts_obligation_id_refund_id ON refund_parts (obligation_id, refund_id)
--
CREATE TRIGGER refund_parts_no_update BEFORE UPDATE ON refund_parts BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER refund_parts_no_delete BEFORE DELETE ON refund_parts BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER refund_parts_no_replace BEFORE INSERT ON refund_parts WHEN EXISTS (SELECT 1 FROM refund_parts WHERE refund_id = NEW.refund_id AND position = NEW.position) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE voucher_returns (
    voucher_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    order_id VARCHAR NOT NULL,
    amount_minor INTEGER NOT NULL,
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
CREATE TRIGGER voucher_returns_no_update BEFORE UPDATE ON voucher_returns BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER voucher_returns_no_delete BEFORE DELETE ON voucher_returns BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER voucher_returns_no_replace BEFORE INSERT ON voucher_returns WHEN EXISTS (SELECT 1 FROM voucher_returns WHERE voucher_id = NEW.voucher_id AND number = NEW.number) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE auction_lots (
    code VARCHAR NOT NULL,
    product_id VARCHAR NOT NULL,
    product_version_id VARCHAR NOT NULL,
    seller_id VARCHAR NOT NULL,
    form VARCHAR NOT NULL,
    reserve_minor INTEGER NOT NULL,
    reserve_currency VARCHAR NOT NULL,
    step_minor INTEGER NOT NULL,
    step_currency VARCHAR NOT NULL,
    deposit_minor INTEGER NOT NULL,
    deposit_currency VARCHAR NOT NULL,
    opens_at DATETIME NOT NULL,
    closes_at DATETIME NOT NULL,
    extensions INTEGER NOT NULL,
    highest INTEGER,
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
    occurred_at DATETIME NOT NULL,
    units INTEGER NOT NULL,
    failure VARCHAR,
    late_of DATETIME,
    received_at DATETIME NOT NULL,
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
CREATE TRIGGER usage_events_no_update BEFORE UPDATE ON usage_events BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER usage_events_no_delete BEFORE DELETE ON usage_events BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER usage_events_no_replace BEFORE INSERT ON usage_events WHEN EXISTS (SELECT 1 FROM usage_events WHERE source = NEW.source AND event_id = NEW.event_id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE invoice_red_rooms (
    invoice_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    gross_minor INTEGER NOT NULL,
    tax_minor INTEGER NOT NULL,
    asked_minor INTEGER NOT NULL,
    red_minor INTEGER NOT NULL,
    red_tax_minor INTEGER NOT NULL,
    CONSTRAINT pk_invoice_red_rooms PRIMARY KEY (invoice_id, position),
    CONSTRAINT fk_invoice_red_rooms_invoice_id_position_invoice_lines FOREIGN KEY(invoice_id, position) REFERENCES invoice_lines (invoice_id, position),
    CONSTRAINT ck_invoice_red_rooms_red_within_line CHECK (red_minor >= 0 AND asked_minor >= 0 AND red_minor + asked_minor <= gross_minor),
    CONSTRAINT ck_invoice_red_rooms_red_tax_within_tax CHECK (red_tax_minor >= 0 AND red_tax_minor <= tax_minor AND red_minor - red_tax_minor <= gross_minor - tax_minor)
)
--
CREATE TABLE red_letter_lines (
    letter_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    gross_minor INTEGER NOT NULL,
    net_minor INTEGER NOT NULL,
    tax_minor INTEGER NOT NULL,
    CONSTRAINT pk_red_letter_lines PRIMARY KEY (letter_id, position),
    CONSTRAINT ck_red_letter_lines_gross_positive CHECK (gross_minor > 0),
    CONSTRAINT ck_red_letter_lines_net_and_tax_make_the_gross CHECK (net_minor + tax_minor = gross_minor),
    CONSTRAINT ck_red_letter_lines_parts_not_negative CHECK (net_minor >= 0 AND tax_minor >= 0),
    CONSTRAINT fk_red_letter_lines_letter_id_red_letters FOREIGN KEY(letter_id) REFERENCES red_letters (id)
)
--
CREATE TRIGGER red_letter_lines_no_update BEFORE UPDATE ON red_letter_lines BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER red_letter_lines_no_delete BEFORE DELETE ON red_letter_lines BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER red_letter_lines_no_replace BEFORE INSERT ON red_letter_lines WHEN EXISTS (SELECT 1 FROM red_letter_lines WHERE letter_id = NEW.letter_id AND position = NEW.position) BEGIN SELECT RAISE(ABORT, 'append-only'); END
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
CREATE UNIQUE INDEX uq_source_conflicts_one_open_per_rival ON source_conflicts (rival_claim_id) WHERE state <> 'decided'
--
CREATE INDEX ix_source_conflicts_rival_department_id_id ON source_conflicts (rival_department_id, id)
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
CREATE INDEX ix_regrades_department_id_id ON regrades (department_id, id)
--
CREATE INDEX ix_regrades_directory_id_id ON regrades (directory_id, id)
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
CREATE TABLE sheet_drafts (
    assessment_id VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    written JSON NOT NULL,
    saved_at DATETIME NOT NULL,
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
    quantity INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    asked_at DATETIME NOT NULL,
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
CREATE TABLE new_volume_facts (
    order_line_id VARCHAR NOT NULL,
    seq INTEGER NOT NULL,
    order_id VARCHAR NOT NULL,
    merchant_id VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    product_id VARCHAR NOT NULL,
    industry VARCHAR NOT NULL,
    application_field VARCHAR NOT NULL,
    region VARCHAR NOT NULL,
    board_id VARCHAR,
    amount INTEGER NOT NULL,
    accepted_at DATETIME NOT NULL,
    accepted_on DATE NOT NULL,
    accepted_month VARCHAR NOT NULL,
    related BOOLEAN NOT NULL,
    counted BOOLEAN NOT NULL,
    exclude_reason VARCHAR,
    CONSTRAINT pk_volume_facts PRIMARY KEY (order_line_id, seq),
    CONSTRAINT ck_volume_facts_amount_not_negative CHECK (amount >= 0),
    CONSTRAINT ck_volume_facts_excluded_has_reason CHECK (counted = (exclude_reason IS NULL)),
    CONSTRAINT fk_volume_facts_order_line_id_order_lines FOREIGN KEY(order_line_id) REFERENCES order_lines (id),
    CONSTRAINT fk_volume_facts_order_id_orders FOREIGN KEY(order_id) REFERENCES orders (id)
)
--
INSERT INTO new_volume_facts (order_line_id, seq, order_id, merchant_id, buyer_id, product_id, industry, application_field, region, board_id, amount, accepted_at, accepted_on, accepted_month, related, counted, exclude_reason)
SELECT order_line_id, 1, order_id, merchant_id, buyer_id, product_id, industry, application_field, region, board_id, amount, accepted_at, accepted_on, accepted_month, related, counted, exclude_reason FROM volume_facts
--
DROP TABLE volume_facts
--
ALTER TABLE new_volume_facts RENAME TO volume_facts
--
CREATE INDEX ix_volume_facts_counted_accepted_on_merchant_id_amount ON volume_facts (counted, accepted_on, merchant_id, amount)
--
CREATE INDEX ix_volume_facts_counted_accepted_on_industry_amount ON volume_facts (counted, accepted_on, industry, amount)
--
CREATE INDEX ix_volume_facts_counted_accepted_on_product_id_amount ON volume_facts (counted, accepted_on, product_id, amount)
--
CREATE INDEX ix_volume_facts_accepted_month_counted_amount ON volume_facts (accepted_month, counted, amount)
--
CREATE INDEX ix_volume_facts_order_id ON volume_facts (order_id)
--
CREATE TRIGGER volume_facts_no_update BEFORE UPDATE ON volume_facts BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER volume_facts_no_delete BEFORE DELETE ON volume_facts BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER volume_facts_no_replace BEFORE INSERT ON volume_facts WHEN EXISTS (SELECT 1 FROM volume_facts WHERE order_line_id = NEW.order_line_id AND seq = NEW.seq) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE fee_credits (
    id VARCHAR NOT NULL,
    number VARCHAR NOT NULL,
    charge_id VARCHAR NOT NULL,
    note_id VARCHAR,
    amount_minor INTEGER NOT NULL,
    tax_minor INTEGER NOT NULL,
    wallet_minor INTEGER NOT NULL,
    currency VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    given_by VARCHAR NOT NULL,
    given_at DATETIME NOT NULL,
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
CREATE TRIGGER fee_credits_no_update BEFORE UPDATE ON fee_credits BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER fee_credits_no_delete BEFORE DELETE ON fee_credits BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER fee_credits_no_replace BEFORE INSERT ON fee_credits WHEN EXISTS (SELECT 1 FROM fee_credits WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE auction_entries (
    id VARCHAR NOT NULL,
    lot_id VARCHAR NOT NULL,
    bidder_id VARCHAR NOT NULL,
    use_scenario JSON NOT NULL,
    entered_by VARCHAR NOT NULL,
    entered_at DATETIME NOT NULL,
    CONSTRAINT pk_auction_entries PRIMARY KEY (id),
    CONSTRAINT uq_auction_entries_lot_id_bidder_id UNIQUE (lot_id, bidder_id),
    CONSTRAINT fk_auction_entries_lot_id_auction_lots FOREIGN KEY(lot_id) REFERENCES auction_lots (id),
    CONSTRAINT fk_auction_entries_bidder_id_organisations FOREIGN KEY(bidder_id) REFERENCES organisations (id)
)
--
CREATE TRIGGER auction_entries_no_update BEFORE UPDATE ON auction_entries BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER auction_entries_no_delete BEFORE DELETE ON auction_entries BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER auction_entries_no_replace BEFORE INSERT ON auction_entries WHEN EXISTS (SELECT 1 FROM auction_entries WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE auction_bids (
    id VARCHAR NOT NULL,
    lot_id VARCHAR NOT NULL,
    bidder_id VARCHAR NOT NULL,
    person VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    amount INTEGER,
    sealed VARCHAR,
    digest VARCHAR,
    bid_at DATETIME NOT NULL,
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
CREATE TRIGGER auction_bids_no_update BEFORE UPDATE ON auction_bids BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER auction_bids_no_delete BEFORE DELETE ON auction_bids BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER auction_bids_no_replace BEFORE INSERT ON auction_bids WHEN EXISTS (SELECT 1 FROM auction_bids WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE quotation_offers (
    id VARCHAR NOT NULL,
    quotation_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    organisation_id VARCHAR NOT NULL,
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    note VARCHAR NOT NULL,
    offered_at DATETIME NOT NULL,
    CONSTRAINT pk_quotation_offers PRIMARY KEY (id),
    CONSTRAINT uq_quotation_offers_quotation_id_number UNIQUE (quotation_id, number),
    CONSTRAINT fk_quotation_offers_quotation_id_quotations FOREIGN KEY(quotation_id) REFERENCES quotations (id)
)
--
CREATE TRIGGER quotation_offers_no_update BEFORE UPDATE ON quotation_offers BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER quotation_offers_no_delete BEFORE DELETE ON quotation_offers BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER quotation_offers_no_replace BEFORE INSERT ON quotation_offers WHEN EXISTS (SELECT 1 FROM quotation_offers WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
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
    amount INTEGER NOT NULL,
    accepted_at DATETIME NOT NULL,
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
CREATE TRIGGER volume_adjustments_no_update BEFORE UPDATE ON volume_adjustments BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER volume_adjustments_no_delete BEFORE DELETE ON volume_adjustments BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER volume_adjustments_no_replace BEFORE INSERT ON volume_adjustments WHEN EXISTS (SELECT 1 FROM volume_adjustments WHERE source_id = NEW.source_id AND order_line_id = NEW.order_line_id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE auction_openings (
    bid_id VARCHAR NOT NULL,
    lot_id VARCHAR NOT NULL,
    bidder_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    amount INTEGER NOT NULL,
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
CREATE TRIGGER auction_openings_no_update BEFORE UPDATE ON auction_openings BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER auction_openings_no_delete BEFORE DELETE ON auction_openings BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER auction_openings_no_replace BEFORE INSERT ON auction_openings WHEN EXISTS (SELECT 1 FROM auction_openings WHERE bid_id = NEW.bid_id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
INSERT INTO authorisation_items (authorisation_id, number, directory_code, item_code)
SELECT v.authorisation_id, v.number, json_extract(i.value, '$.directory'), json_extract(i.value, '$.item')
FROM authorisation_versions v, json_each(v.scope, '$.items') i
