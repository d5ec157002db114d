CREATE TABLE events (
    sequence INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    person VARCHAR NOT NULL,
    organisation VARCHAR NOT NULL,
    at DATETIME NOT NULL,
    rule_version VARCHAR NOT NULL,
    data JSON NOT NULL,
    digest VARCHAR NOT NULL
)
--
CREATE INDEX ix_events_subject_sequence ON events (subject, sequence)
--
CREATE INDEX ix_events_kind_sequence ON events (kind, sequence)
--
CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER events_no_replace BEFORE INSERT ON events WHEN EXISTS (SELECT 1 FROM events WHERE sequence = NEW.sequence) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE clock_shift (
    id INTEGER NOT NULL,
    seconds INTEGER NOT NULL,
    CONSTRAINT pk_clock_shift PRIMARY KEY (id),
    CONSTRAINT ck_clock_shift_there_is_one CHECK (id = 1)
)
--
CREATE TABLE idempotency_keys (
    tenant VARCHAR NOT NULL,
    "key" VARCHAR NOT NULL,
    fingerprint VARCHAR NOT NULL,
    status INTEGER,
    content_type VARCHAR,
    location VARCHAR,
    body VARCHAR,
    claimed_at DATETIME NOT NULL,
    CONSTRAINT pk_idempotency_keys PRIMARY KEY (tenant, "key"),
    CONSTRAINT ck_idempotency_keys_key_is_short CHECK (length(key) BETWEEN 1 AND 200)
)
--
CREATE INDEX ix_idempotency_keys_claimed_at ON idempotency_keys (claimed_at)
--
CREATE TABLE clocks (
    id INTEGER NOT NULL,
    subject VARCHAR NOT NULL,
    life VARCHAR NOT NULL,
    "key" VARCHAR NOT NULL,
    limit_days INTEGER NOT NULL,
    "natural" BOOLEAN NOT NULL,
    started_on DATE NOT NULL,
    due_on DATE NOT NULL,
    provisional BOOLEAN NOT NULL,
    pauses JSON NOT NULL,
    completed_on DATE,
    overdue_step VARCHAR,
    CONSTRAINT pk_clocks PRIMARY KEY (id),
    CONSTRAINT ck_clocks_limit_is_a_day_or_more CHECK (limit_days >= 1)
)
--
CREATE UNIQUE INDEX uq_clocks_one_running_per_subject ON clocks (subject) WHERE completed_on IS NULL
--
CREATE INDEX ix_clocks_subject_id ON clocks (subject, id)
--
CREATE INDEX ix_clocks_due_on_id ON clocks (due_on, id)
--
CREATE TABLE organisations (
    uscc VARCHAR NOT NULL,
    name_zh VARCHAR NOT NULL,
    name_en VARCHAR NOT NULL,
    region VARCHAR NOT NULL,
    entered_at DATETIME NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_organisations PRIMARY KEY (id),
    CONSTRAINT uq_organisations_uscc UNIQUE (uscc),
    CONSTRAINT ck_organisations_uscc_has_18_characters CHECK (length(uscc) = 18),
    CONSTRAINT ck_organisations_region_has_6_digits CHECK (length(region) = 6)
)
--
CREATE TABLE people (
    id VARCHAR NOT NULL,
    login VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    password_hash VARCHAR NOT NULL,
    failures INTEGER NOT NULL,
    locked_until DATETIME,
    entered_at DATETIME NOT NULL,
    CONSTRAINT pk_people PRIMARY KEY (id),
    CONSTRAINT uq_people_login UNIQUE (login),
    CONSTRAINT ck_people_failures_not_negative CHECK (failures >= 0)
)
--
CREATE TABLE numbers (
    series VARCHAR NOT NULL,
    value INTEGER NOT NULL,
    CONSTRAINT pk_numbers PRIMARY KEY (series),
    CONSTRAINT ck_numbers_value_positive CHECK (value > 0)
)
--
CREATE TABLE ledger_accounts (
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
    CONSTRAINT ck_ledger_accounts_currency_is_iso CHECK (length(currency) = 3 AND currency = upper(currency)),
    CONSTRAINT ck_ledger_accounts_book_is_known CHECK (book IN ('money', 'memo')),
    CONSTRAINT ck_ledger_accounts_guard_is_known CHECK (guard IN ('none', 'credit', 'debit')),
    CONSTRAINT ck_ledger_accounts_kind_belongs_to_book CHECK ((book = 'money' AND kind IN ('asset', 'liability', 'equity', 'income', 'expense')) OR (book = 'memo' AND kind IN ('memo_debit', 'memo_credit')))
)
 STRICT
--
CREATE TABLE ledger_periods (
    id TEXT NOT NULL,
    status TEXT NOT NULL,
    closed_at TEXT,
    closed_by TEXT,
    entries INTEGER,
    root_hash TEXT,
    CONSTRAINT pk_ledger_periods PRIMARY KEY (id),
    CONSTRAINT ck_ledger_periods_id_is_year_and_month CHECK (length(id) = 7),
    CONSTRAINT ck_ledger_periods_closed_says_by_whom_and_what CHECK ((status = 'open' AND closed_at IS NULL AND closed_by IS NULL AND entries IS NULL AND root_hash IS NULL) OR (status = 'closed' AND closed_at IS NOT NULL AND closed_by IS NOT NULL AND entries IS NOT NULL AND root_hash IS NOT NULL))
)
 STRICT
--
CREATE TABLE obligations (
    id VARCHAR NOT NULL,
    order_id VARCHAR NOT NULL,
    order_line_id VARCHAR NOT NULL,
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    seller_id VARCHAR NOT NULL,
    operator_id VARCHAR,
    shares JSON,
    accepted_on DATE NOT NULL,
    due_on DATE NOT NULL,
    settled_on DATE,
    batch_id VARCHAR,
    CONSTRAINT pk_obligations PRIMARY KEY (id),
    CONSTRAINT uq_obligations_order_line_id UNIQUE (order_line_id),
    CONSTRAINT ck_obligations_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT ck_obligations_public_has_operator CHECK (kind <> 'public' OR operator_id IS NOT NULL),
    CONSTRAINT ck_obligations_settled_by_a_batch CHECK (settled_on IS NULL OR batch_id IS NOT NULL)
)
--
CREATE INDEX ix_obligations_batch_id_id ON obligations (batch_id, id)
--
CREATE INDEX ix_obligations_open_due_on ON obligations (due_on, id) WHERE batch_id IS NULL
--
CREATE INDEX ix_obligations_order_id_id ON obligations (order_id, id)
--
CREATE TABLE bank_accounts (
    party_id VARCHAR NOT NULL,
    account_name VARCHAR NOT NULL,
    bank_name VARCHAR NOT NULL,
    number_sealed BLOB NOT NULL,
    number_masked VARCHAR NOT NULL,
    registered_by VARCHAR NOT NULL,
    registered_at DATETIME NOT NULL,
    verified_by VARCHAR,
    verified_at DATETIME,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_bank_accounts PRIMARY KEY (id),
    CONSTRAINT ck_bank_accounts_verified_by_another CHECK (verified_by <> registered_by),
    CONSTRAINT ck_bank_accounts_verified_by_somebody CHECK (state <> 'verified' OR verified_by IS NOT NULL)
)
--
CREATE INDEX ix_bank_accounts_party_id_id ON bank_accounts (party_id, id)
--
CREATE UNIQUE INDEX uq_bank_accounts_one_verified_per_party ON bank_accounts (party_id) WHERE state = 'verified'
--
CREATE TABLE settlement_batches (
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
    CONSTRAINT ck_settlement_batches_posted_when_checked CHECK (state <> 'posted' OR checker IS NOT NULL),
    CONSTRAINT ck_settlement_batches_holds_something CHECK (obligation_count > 0)
)
--
CREATE TABLE payout_files (
    id VARCHAR NOT NULL,
    payout_count INTEGER NOT NULL,
    total_minor INTEGER NOT NULL,
    total_currency VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    made_by VARCHAR NOT NULL,
    made_at DATETIME NOT NULL,
    CONSTRAINT pk_payout_files PRIMARY KEY (id)
)
--
CREATE TRIGGER payout_files_no_update BEFORE UPDATE ON payout_files BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER payout_files_no_delete BEFORE DELETE ON payout_files BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER payout_files_no_replace BEFORE INSERT ON payout_files WHEN EXISTS (SELECT 1 FROM payout_files WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE seals (
    number INTEGER NOT NULL,
    previous VARCHAR NOT NULL,
    root VARCHAR NOT NULL,
    size INTEGER NOT NULL,
    sealed_at DATETIME NOT NULL,
    digest VARCHAR NOT NULL,
    alg VARCHAR NOT NULL,
    key_id VARCHAR NOT NULL,
    signature VARCHAR NOT NULL,
    CONSTRAINT pk_seals PRIMARY KEY (number)
)
--
CREATE TRIGGER seals_no_update BEFORE UPDATE ON seals BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER seals_no_delete BEFORE DELETE ON seals BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER seals_no_replace BEFORE INSERT ON seals WHEN EXISTS (SELECT 1 FROM seals WHERE number = NEW.number) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE job_runs (
    job VARCHAR NOT NULL,
    slot INTEGER NOT NULL,
    CONSTRAINT pk_job_runs PRIMARY KEY (job, slot)
)
--
CREATE TABLE decisions (
    id VARCHAR NOT NULL,
    authorisation_id VARCHAR NOT NULL,
    version INTEGER,
    organisation_id VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
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
    at DATETIME NOT NULL,
    CONSTRAINT pk_decisions PRIMARY KEY (id),
    CONSTRAINT ck_decisions_outcome_known CHECK (outcome IN ('allow', 'deny'))
)
--
CREATE INDEX ix_decisions_authorisation_id_id ON decisions (authorisation_id, id)
--
CREATE INDEX ix_decisions_organisation_id_id ON decisions (organisation_id, id)
--
CREATE TRIGGER decisions_no_update BEFORE UPDATE ON decisions BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER decisions_no_delete BEFORE DELETE ON decisions BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER decisions_no_replace BEFORE INSERT ON decisions WHEN EXISTS (SELECT 1 FROM decisions WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE bank_statements (
    id VARCHAR NOT NULL,
    account VARCHAR NOT NULL,
    number VARCHAR NOT NULL,
    position INTEGER NOT NULL,
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
CREATE TRIGGER bank_statements_no_update BEFORE UPDATE ON bank_statements BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER bank_statements_no_delete BEFORE DELETE ON bank_statements BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER bank_statements_no_replace BEFORE INSERT ON bank_statements WHEN EXISTS (SELECT 1 FROM bank_statements WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE errands (
    id INTEGER NOT NULL,
    event_sequence INTEGER NOT NULL,
    reaction VARCHAR NOT NULL,
    due_at DATETIME NOT NULL,
    attempts INTEGER NOT NULL,
    last_error VARCHAR,
    CONSTRAINT pk_errands PRIMARY KEY (id),
    CONSTRAINT fk_errands_event_sequence_events FOREIGN KEY(event_sequence) REFERENCES events (sequence)
)
--
CREATE INDEX ix_errands_due_at_id ON errands (due_at, id)
--
CREATE TABLE organisation_roles (
    id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    role VARCHAR NOT NULL,
    granted_at DATETIME,
    CONSTRAINT pk_organisation_roles PRIMARY KEY (id),
    CONSTRAINT uq_organisation_roles_organisation_id_role UNIQUE (organisation_id, role),
    CONSTRAINT fk_organisation_roles_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE TABLE memberships (
    person_id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    duties JSON NOT NULL,
    CONSTRAINT pk_memberships PRIMARY KEY (person_id, organisation_id),
    CONSTRAINT fk_memberships_person_id_people FOREIGN KEY(person_id) REFERENCES people (id),
    CONSTRAINT fk_memberships_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_memberships_organisation_id ON memberships (organisation_id)
--
CREATE TABLE sign_ins (
    id VARCHAR NOT NULL,
    secret_hash VARCHAR NOT NULL,
    csrf VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    signed_in_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
    ended_at DATETIME,
    CONSTRAINT pk_sign_ins PRIMARY KEY (id),
    CONSTRAINT uq_sign_ins_secret_hash UNIQUE (secret_hash),
    CONSTRAINT fk_sign_ins_person_id_people FOREIGN KEY(person_id) REFERENCES people (id),
    CONSTRAINT fk_sign_ins_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_sign_ins_person_id ON sign_ins (person_id)
--
CREATE TABLE api_tokens (
    id VARCHAR NOT NULL,
    secret_hash VARCHAR NOT NULL,
    label VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    scopes JSON NOT NULL,
    issued_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
    revoked_at DATETIME,
    CONSTRAINT pk_api_tokens PRIMARY KEY (id),
    CONSTRAINT uq_api_tokens_secret_hash UNIQUE (secret_hash),
    CONSTRAINT fk_api_tokens_person_id_people FOREIGN KEY(person_id) REFERENCES people (id),
    CONSTRAINT fk_api_tokens_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_api_tokens_person_id ON api_tokens (person_id)
--
CREATE TABLE directories (
    id VARCHAR NOT NULL,
    code VARCHAR NOT NULL,
    department_id VARCHAR NOT NULL,
    title_zh VARCHAR NOT NULL,
    title_en VARCHAR NOT NULL,
    current_version_id VARCHAR,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_directories PRIMARY KEY (id),
    CONSTRAINT uq_directories_code UNIQUE (code),
    CONSTRAINT fk_directories_department_id_organisations FOREIGN KEY(department_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_directories_department_id_code ON directories (department_id, code)
--
CREATE TABLE info_systems (
    id VARCHAR NOT NULL,
    department_id VARCHAR NOT NULL,
    name_zh VARCHAR NOT NULL,
    name_en VARCHAR NOT NULL,
    entered_at DATETIME NOT NULL,
    CONSTRAINT pk_info_systems PRIMARY KEY (id),
    CONSTRAINT fk_info_systems_department_id_organisations FOREIGN KEY(department_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_info_systems_department_id_id ON info_systems (department_id, id)
--
CREATE TABLE authorisations (
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
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_authorisations PRIMARY KEY (id),
    CONSTRAINT uq_authorisations_cert_no UNIQUE (cert_no),
    CONSTRAINT uq_authorisations_assessment_id UNIQUE (assessment_id),
    CONSTRAINT ck_authorisations_period_not_reversed CHECK (valid_from <= valid_to),
    CONSTRAINT ck_authorisations_version_from_one CHECK (current_version >= 1),
    CONSTRAINT ck_authorisations_suspension_has_reason CHECK ((state = 'suspended') = (suspend_reason IS NOT NULL)),
    CONSTRAINT fk_authorisations_grantee_id_organisations FOREIGN KEY(grantee_id) REFERENCES organisations (id),
    CONSTRAINT fk_authorisations_operator_id_organisations FOREIGN KEY(operator_id) REFERENCES organisations (id),
    CONSTRAINT fk_authorisations_implementing_agency_id_organisations FOREIGN KEY(implementing_agency_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_authorisations_valid_to_id ON authorisations (valid_to, id) WHERE state IN ('issued', 'active', 'suspended')
--
CREATE UNIQUE INDEX uq_authorisations_one_live_per_scenario ON authorisations (scenario_id) WHERE state IN ('issued', 'active', 'suspended')
--
CREATE TRIGGER authorisations_root_fixed BEFORE UPDATE ON authorisations  WHEN OLD.scenario_id IS NOT NEW.scenario_id OR OLD.assessment_id IS NOT NEW.assessment_id OR OLD.grantee_id IS NOT NEW.grantee_id OR OLD.purpose_code IS NOT NEW.purpose_code OR OLD.purpose_text IS NOT NEW.purpose_text OR OLD.purpose_fingerprint IS NOT NEW.purpose_fingerprint BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE supply_agreements (
    code VARCHAR NOT NULL,
    department_id VARCHAR NOT NULL,
    operator_id VARCHAR NOT NULL,
    industry VARCHAR NOT NULL,
    unique_key VARCHAR NOT NULL,
    term_from DATE NOT NULL,
    term_to DATE NOT NULL,
    purpose_limits JSON NOT NULL,
    scope JSON NOT NULL,
    scope_hash VARCHAR NOT NULL,
    revenue JSON,
    letter_digest VARCHAR,
    drafted_at DATETIME NOT NULL,
    effective_at DATETIME,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_supply_agreements PRIMARY KEY (id),
    CONSTRAINT ck_supply_agreements_two_parties CHECK (department_id <> operator_id),
    CONSTRAINT ck_supply_agreements_term_not_backwards CHECK (term_from <= term_to),
    CONSTRAINT ck_supply_agreements_effective_only_when_filed CHECK (state NOT IN ('effective', 'suspended') OR (letter_digest IS NOT NULL AND effective_at IS NOT NULL)),
    CONSTRAINT uq_supply_agreements_code UNIQUE (code),
    CONSTRAINT fk_supply_agreements_department_id_organisations FOREIGN KEY(department_id) REFERENCES organisations (id),
    CONSTRAINT fk_supply_agreements_operator_id_organisations FOREIGN KEY(operator_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_supply_agreements_operator_id_state_id ON supply_agreements (operator_id, state, id)
--
CREATE UNIQUE INDEX uq_supply_agreements_one_live ON supply_agreements (unique_key) WHERE state IN ('effective', 'suspended')
--
CREATE INDEX ix_supply_agreements_department_id_state_id ON supply_agreements (department_id, state, id)
--
CREATE TABLE scenarios (
    code VARCHAR NOT NULL,
    applicant_id VARCHAR NOT NULL,
    operator_id VARCHAR NOT NULL,
    implementing_agency_id VARCHAR NOT NULL,
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
    CONSTRAINT ck_scenarios_no_redevelopment_by_operator CHECK (applicant_id <> operator_id),
    CONSTRAINT ck_scenarios_round_from_one CHECK (round >= 1),
    CONSTRAINT ck_scenarios_refusal_has_reason CHECK (state NOT IN ('refused', 'rejected') OR (decision_cause IS NOT NULL AND decision_reason IS NOT NULL)),
    CONSTRAINT ck_scenarios_authorised_after_assessment CHECK (state NOT IN ('authorised', 'closed') OR assessment_id IS NOT NULL),
    CONSTRAINT uq_scenarios_code UNIQUE (code),
    CONSTRAINT fk_scenarios_applicant_id_organisations FOREIGN KEY(applicant_id) REFERENCES organisations (id),
    CONSTRAINT fk_scenarios_operator_id_organisations FOREIGN KEY(operator_id) REFERENCES organisations (id),
    CONSTRAINT fk_scenarios_implementing_agency_id_organisations FOREIGN KEY(implementing_agency_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_scenarios_operator_id_id ON scenarios (operator_id, id)
--
CREATE INDEX ix_scenarios_implementing_agency_id_state_submitted_at_id ON scenarios (implementing_agency_id, state, submitted_at, id)
--
CREATE INDEX ix_scenarios_applicant_id_id ON scenarios (applicant_id, id)
--
CREATE TABLE boards (
    id VARCHAR NOT NULL,
    code VARCHAR NOT NULL,
    name_zh VARCHAR NOT NULL,
    name_en VARCHAR NOT NULL,
    sponsor_id VARCHAR NOT NULL,
    curator_id VARCHAR NOT NULL,
    industry VARCHAR NOT NULL,
    rules_zh VARCHAR NOT NULL,
    rules_en VARCHAR NOT NULL,
    opened_at DATETIME NOT NULL,
    CONSTRAINT pk_boards PRIMARY KEY (id),
    CONSTRAINT uq_boards_code UNIQUE (code),
    CONSTRAINT ck_boards_code_not_empty CHECK (length(code) > 0),
    CONSTRAINT fk_boards_sponsor_id_organisations FOREIGN KEY(sponsor_id) REFERENCES organisations (id),
    CONSTRAINT fk_boards_curator_id_organisations FOREIGN KEY(curator_id) REFERENCES organisations (id)
)
--
CREATE TABLE products (
    code VARCHAR NOT NULL,
    owner_id VARCHAR NOT NULL,
    current_version_id VARCHAR NOT NULL,
    listing_cert_no VARCHAR,
    listed_at DATETIME,
    created_at DATETIME NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_products PRIMARY KEY (id),
    CONSTRAINT uq_products_code UNIQUE (code),
    CONSTRAINT uq_products_listing_cert_no UNIQUE (listing_cert_no),
    CONSTRAINT ck_products_listed_is_dated_and_certified CHECK (state <> 'listed' OR (listed_at IS NOT NULL AND listing_cert_no IS NOT NULL)),
    CONSTRAINT fk_products_owner_id_organisations FOREIGN KEY(owner_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_products_state_listed_at_id ON products (state, listed_at, id)
--
CREATE INDEX ix_products_state_id ON products (state, id)
--
CREATE INDEX ix_products_owner_id_id ON products (owner_id, id)
--
CREATE TABLE signatures (
    id VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    at DATETIME NOT NULL,
    text_digest VARCHAR NOT NULL,
    alg VARCHAR NOT NULL,
    key_id VARCHAR NOT NULL,
    value VARCHAR NOT NULL,
    CONSTRAINT pk_signatures PRIMARY KEY (id),
    CONSTRAINT uq_signatures_subject_organisation_id UNIQUE (subject, organisation_id),
    CONSTRAINT fk_signatures_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_signatures_person_id_people FOREIGN KEY(person_id) REFERENCES people (id)
)
--
CREATE TRIGGER signatures_no_update BEFORE UPDATE ON signatures BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER signatures_no_delete BEFORE DELETE ON signatures BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER signatures_no_replace BEFORE INSERT ON signatures WHEN EXISTS (SELECT 1 FROM signatures WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE ledger_balances (
    account_id INTEGER NOT NULL,
    guard TEXT NOT NULL,
    debits INTEGER NOT NULL,
    credits INTEGER NOT NULL,
    CONSTRAINT pk_ledger_balances PRIMARY KEY (account_id),
    CONSTRAINT fk_ledger_balances_account_id_guard_ledger_accounts FOREIGN KEY(account_id, guard) REFERENCES ledger_accounts (id, guard),
    CONSTRAINT ck_ledger_balances_sums_not_negative CHECK (debits >= 0 AND credits >= 0),
    CONSTRAINT ck_ledger_balances_never_overdrawn CHECK ((guard = 'credit' AND credits >= debits) OR (guard = 'debit' AND debits >= credits))
)
 STRICT
--
CREATE TABLE ledger_entries (
    id INTEGER NOT NULL,
    event TEXT NOT NULL,
    source_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    period_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    reverses INTEGER,
    order_id TEXT,
    person TEXT NOT NULL,
    organisation TEXT NOT NULL,
    effective_on TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    CONSTRAINT pk_ledger_entries PRIMARY KEY (id),
    CONSTRAINT uq_ledger_entries_event_source_id_seq UNIQUE (event, source_id, seq),
    CONSTRAINT uq_ledger_entries_id_n UNIQUE (id, n),
    CONSTRAINT uq_ledger_entries_reverses UNIQUE (reverses),
    CONSTRAINT fk_ledger_entries_period_id_ledger_periods FOREIGN KEY(period_id) REFERENCES ledger_periods (id),
    CONSTRAINT fk_ledger_entries_reverses_ledger_entries FOREIGN KEY(reverses) REFERENCES ledger_entries (id),
    CONSTRAINT fk_ledger_entries_id_ledger_seals FOREIGN KEY(id) REFERENCES ledger_seals (entry_id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT ck_ledger_entries_lines_are_some CHECK (n BETWEEN 1 AND 1000),
    CONSTRAINT ck_ledger_entries_seq_not_negative CHECK (seq >= 0),
    CONSTRAINT ck_ledger_entries_key_says_something CHECK (event <> '' AND source_id <> ''),
    CONSTRAINT ck_ledger_entries_reverses_another CHECK (reverses <> id),
    CONSTRAINT ck_ledger_entries_reversal_says_so CHECK ((event = 'reversal') = (reverses IS NOT NULL))
)
 STRICT
--
CREATE INDEX ix_ledger_entries_order_id ON ledger_entries (order_id, id)
--
CREATE INDEX ix_ledger_entries_period_id ON ledger_entries (period_id, id)
--
CREATE TABLE payments (
    order_id VARCHAR NOT NULL,
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
    CONSTRAINT fk_payments_payer_id_organisations FOREIGN KEY(payer_id) REFERENCES organisations (id)
)
--
CREATE UNIQUE INDEX uq_payments_one_live_per_order ON payments (order_id) WHERE state <> 'void'
--
CREATE INDEX ix_payments_payer_id_id ON payments (payer_id, id)
--
CREATE TABLE orders (
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
    CONSTRAINT ck_orders_paid_in_advance CHECK (pay_mode = 'prepaid'),
    CONSTRAINT ck_orders_accepted_is_dated CHECK (state NOT IN ('accepted', 'completed') OR accepted_at IS NOT NULL),
    CONSTRAINT fk_orders_buyer_id_organisations FOREIGN KEY(buyer_id) REFERENCES organisations (id),
    CONSTRAINT fk_orders_seller_id_organisations FOREIGN KEY(seller_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_orders_seller_id_id ON orders (seller_id, id)
--
CREATE INDEX ix_orders_state_id ON orders (state, id)
--
CREATE INDEX ix_orders_buyer_id_id ON orders (buyer_id, id)
--
CREATE TABLE experts (
    person_id VARCHAR NOT NULL,
    agency_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    specialities JSON NOT NULL,
    fields JSON NOT NULL,
    employer_name VARCHAR NOT NULL,
    employer_uscc VARCHAR,
    outside BOOLEAN NOT NULL,
    enrolled_at DATETIME NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_experts PRIMARY KEY (id),
    CONSTRAINT uq_experts_person_id UNIQUE (person_id),
    CONSTRAINT ck_experts_employer_has_a_code CHECK (employer_uscc IS NULL OR length(employer_uscc) = 18),
    CONSTRAINT fk_experts_person_id_people FOREIGN KEY(person_id) REFERENCES people (id),
    CONSTRAINT fk_experts_agency_id_organisations FOREIGN KEY(agency_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_experts_state_id ON experts (state, id)
--
CREATE TABLE payouts (
    payable VARCHAR NOT NULL,
    party_id VARCHAR NOT NULL,
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
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
    CONSTRAINT ck_payouts_sent_when_checked CHECK (state NOT IN ('approved', 'sent', 'paid') OR checker IS NOT NULL),
    CONSTRAINT ck_payouts_paid_on_a_day CHECK (state <> 'paid' OR paid_on IS NOT NULL),
    CONSTRAINT fk_payouts_account_id_bank_accounts FOREIGN KEY(account_id) REFERENCES bank_accounts (id),
    CONSTRAINT fk_payouts_file_id_payout_files FOREIGN KEY(file_id) REFERENCES payout_files (id)
)
--
CREATE INDEX ix_payouts_party_id_id ON payouts (party_id, id)
--
CREATE INDEX ix_payouts_file_id_id ON payouts (file_id, id)
--
CREATE INDEX ix_payouts_state_id ON payouts (state, id)
--
CREATE TABLE sealed_events (
    event_sequence INTEGER NOT NULL,
    seal_number INTEGER NOT NULL,
    position INTEGER NOT NULL,
    leaf VARCHAR NOT NULL,
    CONSTRAINT pk_sealed_events PRIMARY KEY (event_sequence),
    CONSTRAINT uq_sealed_events_seal_number_position UNIQUE (seal_number, position),
    CONSTRAINT fk_sealed_events_seal_number_seals FOREIGN KEY(seal_number) REFERENCES seals (number)
)
--
CREATE TRIGGER sealed_events_no_update BEFORE UPDATE ON sealed_events BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER sealed_events_no_delete BEFORE DELETE ON sealed_events BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER sealed_events_no_replace BEFORE INSERT ON sealed_events WHEN EXISTS (SELECT 1 FROM sealed_events WHERE event_sequence = NEW.event_sequence) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE bank_lines (
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
    text VARCHAR NOT NULL,
    note VARCHAR,
    CONSTRAINT pk_bank_lines PRIMARY KEY (id),
    CONSTRAINT uq_bank_lines_account_bank_ref UNIQUE (account, bank_ref),
    CONSTRAINT uq_bank_lines_statement_id_position UNIQUE (statement_id, position),
    CONSTRAINT ck_bank_lines_amount_moves_something CHECK (amount_minor <> 0),
    CONSTRAINT fk_bank_lines_statement_id_bank_statements FOREIGN KEY(statement_id) REFERENCES bank_statements (id)
)
--
CREATE INDEX ix_bank_lines_noted ON bank_lines (id) WHERE note IS NOT NULL
--
CREATE TRIGGER bank_lines_no_update BEFORE UPDATE ON bank_lines BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER bank_lines_no_delete BEFORE DELETE ON bank_lines BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER bank_lines_no_replace BEFORE INSERT ON bank_lines WHEN EXISTS (SELECT 1 FROM bank_lines WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE directory_versions (
    directory_id VARCHAR NOT NULL,
    department_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    submitted_at DATETIME,
    returned_at DATETIME,
    published_at DATETIME,
    suspended_by VARCHAR,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_directory_versions PRIMARY KEY (id),
    CONSTRAINT uq_directory_versions_directory_id_number UNIQUE (directory_id, number),
    CONSTRAINT ck_directory_versions_number_positive CHECK (number > 0),
    CONSTRAINT fk_directory_versions_directory_id_directories FOREIGN KEY(directory_id) REFERENCES directories (id),
    CONSTRAINT fk_directory_versions_department_id_organisations FOREIGN KEY(department_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_directory_versions_department_id_id ON directory_versions (department_id, id)
--
CREATE UNIQUE INDEX uq_directory_versions_one_open_per_directory ON directory_versions (directory_id) WHERE state IN ('draft', 'dept_review', 'hub_review')
--
CREATE INDEX ix_directory_versions_state_id ON directory_versions (state, id)
--
CREATE TABLE resources (
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
CREATE INDEX ix_resources_department_id_id ON resources (department_id, id)
--
CREATE UNIQUE INDEX uq_resources_location_attached_once ON resources (location) WHERE state = 'attached'
--
CREATE INDEX ix_resources_directory_id_id ON resources (directory_id, id)
--
CREATE INDEX ix_resources_location ON resources (location)
--
CREATE TABLE authorisation_versions (
    authorisation_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    scope JSON NOT NULL,
    scope_hash VARCHAR NOT NULL,
    issued_at DATETIME NOT NULL,
    CONSTRAINT pk_authorisation_versions PRIMARY KEY (authorisation_id, number),
    CONSTRAINT fk_authorisation_versions_authorisation_id_authorisations FOREIGN KEY(authorisation_id) REFERENCES authorisations (id)
)
--
CREATE TRIGGER authorisation_versions_no_update BEFORE UPDATE ON authorisation_versions BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER authorisation_versions_no_delete BEFORE DELETE ON authorisation_versions BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER authorisation_versions_no_replace BEFORE INSERT ON authorisation_versions WHEN EXISTS (SELECT 1 FROM authorisation_versions WHERE authorisation_id = NEW.authorisation_id AND number = NEW.number) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE certificates (
    id VARCHAR NOT NULL,
    authorisation_id VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    cert_no VARCHAR NOT NULL,
    body JSON NOT NULL,
    digest_alg VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    alg VARCHAR NOT NULL,
    key_id VARCHAR NOT NULL,
    signature VARCHAR NOT NULL,
    issued_at DATETIME NOT NULL,
    CONSTRAINT pk_certificates PRIMARY KEY (id),
    CONSTRAINT uq_certificates_authorisation_id_version UNIQUE (authorisation_id, version),
    CONSTRAINT uq_certificates_cert_no_version UNIQUE (cert_no, version),
    CONSTRAINT fk_certificates_authorisation_id_authorisations FOREIGN KEY(authorisation_id) REFERENCES authorisations (id)
)
--
CREATE TRIGGER certificates_no_update BEFORE UPDATE ON certificates BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER certificates_no_delete BEFORE DELETE ON certificates BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER certificates_no_replace BEFORE INSERT ON certificates WHEN EXISTS (SELECT 1 FROM certificates WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE quotas (
    authorisation_id VARCHAR NOT NULL,
    meter VARCHAR NOT NULL,
    limit_count INTEGER NOT NULL,
    used INTEGER NOT NULL,
    CONSTRAINT pk_quotas PRIMARY KEY (authorisation_id, meter),
    CONSTRAINT ck_quotas_used_not_negative CHECK (used >= 0),
    CONSTRAINT ck_quotas_used_within_limit CHECK (used <= limit_count),
    CONSTRAINT fk_quotas_authorisation_id_authorisations FOREIGN KEY(authorisation_id) REFERENCES authorisations (id)
)
--
CREATE TABLE authorisation_parties (
    organisation_id VARCHAR NOT NULL,
    authorisation_id VARCHAR NOT NULL,
    CONSTRAINT pk_authorisation_parties PRIMARY KEY (organisation_id, authorisation_id),
    CONSTRAINT fk_authorisation_parties_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_authorisation_parties_authorisation_id_authorisations FOREIGN KEY(authorisation_id) REFERENCES authorisations (id)
)
--
CREATE TRIGGER authorisation_parties_no_update BEFORE UPDATE ON authorisation_parties BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER authorisation_parties_no_delete BEFORE DELETE ON authorisation_parties BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER authorisation_parties_no_replace BEFORE INSERT ON authorisation_parties WHEN EXISTS (SELECT 1 FROM authorisation_parties WHERE organisation_id = NEW.organisation_id AND authorisation_id = NEW.authorisation_id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE registrations (
    directory_id VARCHAR NOT NULL,
    department_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    years INTEGER NOT NULL,
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
    CONSTRAINT ck_registrations_term_not_backwards CHECK (valid_to >= valid_from),
    CONSTRAINT ck_registrations_registered_has_code_and_term CHECK (state <> 'registered' OR (code IS NOT NULL AND valid_from IS NOT NULL AND valid_to IS NOT NULL)),
    CONSTRAINT fk_registrations_directory_id_directories FOREIGN KEY(directory_id) REFERENCES directories (id),
    CONSTRAINT fk_registrations_department_id_organisations FOREIGN KEY(department_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_registrations_state_valid_to_id ON registrations (state, valid_to, id)
--
CREATE INDEX ix_registrations_department_id_id ON registrations (department_id, id)
--
CREATE UNIQUE INDEX uq_registrations_one_live_per_directory ON registrations (directory_id) WHERE state IN ('under_review', 'returned', 'in_publicity', 'registered')
--
CREATE TABLE scenario_items (
    scenario_id VARCHAR NOT NULL,
    directory_code VARCHAR NOT NULL,
    item_code VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    directory_id VARCHAR NOT NULL,
    department_id VARCHAR NOT NULL,
    necessity_reason VARCHAR NOT NULL,
    transform VARCHAR NOT NULL,
    grade VARCHAR NOT NULL,
    pi_class VARCHAR NOT NULL,
    struck BOOLEAN NOT NULL,
    CONSTRAINT pk_scenario_items PRIMARY KEY (scenario_id, directory_code, item_code),
    CONSTRAINT ck_scenario_items_necessity_is_told CHECK (length(necessity_reason) > 0),
    CONSTRAINT fk_scenario_items_scenario_id_scenarios FOREIGN KEY(scenario_id) REFERENCES scenarios (id),
    CONSTRAINT fk_scenario_items_directory_id_directories FOREIGN KEY(directory_id) REFERENCES directories (id),
    CONSTRAINT fk_scenario_items_department_id_organisations FOREIGN KEY(department_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_scenario_items_department_id_scenario_id ON scenario_items (department_id, scenario_id)
--
CREATE TABLE opinions (
    scenario_id VARCHAR NOT NULL,
    implementing_agency_id VARCHAR NOT NULL,
    round INTEGER NOT NULL,
    department_id VARCHAR NOT NULL,
    items JSON NOT NULL,
    condition VARCHAR,
    reason VARCHAR,
    asked_at DATETIME NOT NULL,
    given_at DATETIME,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_opinions PRIMARY KEY (id),
    CONSTRAINT uq_opinions_scenario_id_round_department_id UNIQUE (scenario_id, round, department_id),
    CONSTRAINT ck_opinions_disagreement_has_reason CHECK (state <> 'disagreed' OR reason IS NOT NULL),
    CONSTRAINT ck_opinions_condition_is_told CHECK ((state = 'agreed_with_condition') = (condition IS NOT NULL)),
    CONSTRAINT fk_opinions_scenario_id_scenarios FOREIGN KEY(scenario_id) REFERENCES scenarios (id),
    CONSTRAINT fk_opinions_implementing_agency_id_organisations FOREIGN KEY(implementing_agency_id) REFERENCES organisations (id),
    CONSTRAINT fk_opinions_department_id_organisations FOREIGN KEY(department_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_opinions_implementing_agency_id_id ON opinions (implementing_agency_id, id)
--
CREATE INDEX ix_opinions_department_id_state_id ON opinions (department_id, state, id)
--
CREATE TABLE product_versions (
    id VARCHAR NOT NULL,
    product_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    title_zh VARCHAR NOT NULL,
    title_en VARCHAR NOT NULL,
    intro VARCHAR NOT NULL,
    product_type VARCHAR NOT NULL,
    industry VARCHAR NOT NULL,
    application_field VARCHAR NOT NULL,
    region_coverage JSON NOT NULL,
    update_frequency VARCHAR NOT NULL,
    temporal_from DATE,
    temporal_to DATE,
    grade VARCHAR NOT NULL,
    pi_class VARCHAR NOT NULL,
    source_kind VARCHAR NOT NULL,
    authorisation_id VARCHAR,
    scenario_id VARCHAR,
    resource_id VARCHAR,
    items JSON NOT NULL,
    output_form VARCHAR,
    delivery_mode VARCHAR NOT NULL,
    price_plan JSON NOT NULL,
    accept_days INTEGER NOT NULL,
    dictionary JSON NOT NULL,
    sample JSON NOT NULL,
    quality JSON,
    digest VARCHAR NOT NULL,
    written_at DATETIME NOT NULL,
    written_by VARCHAR NOT NULL,
    CONSTRAINT pk_product_versions PRIMARY KEY (id),
    CONSTRAINT uq_product_versions_product_id_number UNIQUE (product_id, number),
    CONSTRAINT ck_product_versions_number_positive CHECK (number > 0),
    CONSTRAINT ck_product_versions_accept_days_positive CHECK (accept_days > 0),
    CONSTRAINT ck_product_versions_public_data_names_its_authorisation CHECK ((source_kind = 'public_authorised') = (authorisation_id IS NOT NULL)),
    CONSTRAINT ck_product_versions_public_data_names_its_scenario CHECK ((source_kind = 'public_authorised') = (scenario_id IS NOT NULL)),
    CONSTRAINT fk_product_versions_product_id_products FOREIGN KEY(product_id) REFERENCES products (id)
)
--
CREATE INDEX ix_product_versions_authorisation_id_product_id ON product_versions (authorisation_id, product_id)
--
CREATE INDEX ix_product_versions_industry_id ON product_versions (industry, id)
--
CREATE TRIGGER product_versions_no_update BEFORE UPDATE ON product_versions BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER product_versions_no_delete BEFORE DELETE ON product_versions BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER product_versions_no_replace BEFORE INSERT ON product_versions WHEN EXISTS (SELECT 1 FROM product_versions WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE product_terms (
    term VARCHAR NOT NULL,
    product_id VARCHAR NOT NULL,
    CONSTRAINT pk_product_terms PRIMARY KEY (term, product_id),
    CONSTRAINT fk_product_terms_product_id_products FOREIGN KEY(product_id) REFERENCES products (id)
)
--
CREATE INDEX ix_product_terms_product_id ON product_terms (product_id)
--
CREATE TABLE board_products (
    board_id VARCHAR NOT NULL,
    product_id VARCHAR NOT NULL,
    admitted_at DATETIME NOT NULL,
    admitted_by VARCHAR NOT NULL,
    CONSTRAINT pk_board_products PRIMARY KEY (board_id, product_id),
    CONSTRAINT fk_board_products_board_id_boards FOREIGN KEY(board_id) REFERENCES boards (id),
    CONSTRAINT fk_board_products_product_id_products FOREIGN KEY(product_id) REFERENCES products (id)
)
--
CREATE INDEX ix_board_products_product_id_admitted_at ON board_products (product_id, admitted_at)
--
CREATE TABLE contracts (
    order_id VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    seller_id VARCHAR NOT NULL,
    drawn_at DATETIME NOT NULL,
    signed_at DATETIME,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_contracts PRIMARY KEY (id),
    CONSTRAINT uq_contracts_order_id UNIQUE (order_id),
    CONSTRAINT ck_contracts_parties_differ CHECK (buyer_id <> seller_id),
    CONSTRAINT ck_contracts_signed_is_dated CHECK (state <> 'signed' OR signed_at IS NOT NULL),
    CONSTRAINT fk_contracts_order_id_orders FOREIGN KEY(order_id) REFERENCES orders (id),
    CONSTRAINT fk_contracts_buyer_id_organisations FOREIGN KEY(buyer_id) REFERENCES organisations (id),
    CONSTRAINT fk_contracts_seller_id_organisations FOREIGN KEY(seller_id) REFERENCES organisations (id)
)
--
CREATE TABLE ledger_seals (
    entry_id INTEGER NOT NULL,
    n INTEGER NOT NULL,
    content_hash TEXT NOT NULL,
    CONSTRAINT pk_ledger_seals PRIMARY KEY (entry_id),
    CONSTRAINT fk_ledger_seals_entry_id_n_ledger_entries FOREIGN KEY(entry_id, n) REFERENCES ledger_entries (id, n),
    CONSTRAINT ck_ledger_seals_hash_is_whole CHECK (length(content_hash) = 64)
)
 STRICT
--
CREATE TABLE expert_ties (
    id VARCHAR NOT NULL,
    expert_id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    until DATE,
    declared_at DATETIME NOT NULL,
    CONSTRAINT pk_expert_ties PRIMARY KEY (id),
    CONSTRAINT fk_expert_ties_expert_id_experts FOREIGN KEY(expert_id) REFERENCES experts (id),
    CONSTRAINT fk_expert_ties_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_expert_ties_organisation_id_expert_id ON expert_ties (organisation_id, expert_id)
--
CREATE TABLE assessments (
    scenario_id VARCHAR NOT NULL,
    agency_id VARCHAR NOT NULL,
    round INTEGER NOT NULL,
    scope_hash VARCHAR NOT NULL,
    seed_commitment VARCHAR NOT NULL,
    sealed_seed VARCHAR NOT NULL,
    seed VARCHAR,
    pool JSON NOT NULL,
    pool_fingerprint VARCHAR NOT NULL,
    size INTEGER NOT NULL,
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
    CONSTRAINT ck_assessments_concluded_has_result CHECK ((state = 'concluded') = (result IS NOT NULL)),
    CONSTRAINT ck_assessments_result_has_mean CHECK ((result IS NULL) = (mean IS NULL)),
    CONSTRAINT ck_assessments_panel_is_odd CHECK (size >= 3 AND size % 2 = 1),
    CONSTRAINT fk_assessments_scenario_id_scenarios FOREIGN KEY(scenario_id) REFERENCES scenarios (id),
    CONSTRAINT fk_assessments_agency_id_organisations FOREIGN KEY(agency_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_assessments_agency_id_id ON assessments (agency_id, id)
--
CREATE UNIQUE INDEX uq_assessments_one_per_round ON assessments (scenario_id, round) WHERE state <> 'void'
--
CREATE TABLE settlement_lines (
    obligation_id VARCHAR NOT NULL,
    batch_id VARCHAR NOT NULL,
    order_id VARCHAR NOT NULL,
    entry_id INTEGER NOT NULL,
    fee_minor INTEGER NOT NULL,
    fee_currency VARCHAR NOT NULL,
    parts JSON NOT NULL,
    CONSTRAINT pk_settlement_lines PRIMARY KEY (obligation_id),
    CONSTRAINT uq_settlement_lines_entry_id UNIQUE (entry_id),
    CONSTRAINT ck_settlement_lines_fee_not_negative CHECK (fee_minor >= 0),
    CONSTRAINT fk_settlement_lines_obligation_id_obligations FOREIGN KEY(obligation_id) REFERENCES obligations (id),
    CONSTRAINT fk_settlement_lines_batch_id_settlement_batches FOREIGN KEY(batch_id) REFERENCES settlement_batches (id),
    CONSTRAINT fk_settlement_lines_entry_id_ledger_entries FOREIGN KEY(entry_id) REFERENCES ledger_entries (id)
)
--
CREATE INDEX ix_settlement_lines_order_id_obligation_id ON settlement_lines (order_id, obligation_id)
--
CREATE INDEX ix_settlement_lines_batch_id_obligation_id ON settlement_lines (batch_id, obligation_id)
--
CREATE TRIGGER settlement_lines_no_update BEFORE UPDATE ON settlement_lines BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER settlement_lines_no_delete BEFORE DELETE ON settlement_lines BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER settlement_lines_no_replace BEFORE INSERT ON settlement_lines WHEN EXISTS (SELECT 1 FROM settlement_lines WHERE obligation_id = NEW.obligation_id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE bank_matches (
    id VARCHAR NOT NULL,
    line_id VARCHAR NOT NULL,
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    payment_id VARCHAR,
    payout_id VARCHAR,
    by_hand BOOLEAN NOT NULL,
    reason VARCHAR NOT NULL,
    matched_by VARCHAR NOT NULL,
    matched_at DATETIME NOT NULL,
    CONSTRAINT pk_bank_matches PRIMARY KEY (id),
    CONSTRAINT ck_bank_matches_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT ck_bank_matches_payment_or_payout CHECK ((payment_id IS NULL) <> (payout_id IS NULL)),
    CONSTRAINT ck_bank_matches_a_person_says_why CHECK (NOT by_hand OR reason <> ''),
    CONSTRAINT fk_bank_matches_line_id_bank_lines FOREIGN KEY(line_id) REFERENCES bank_lines (id),
    CONSTRAINT fk_bank_matches_payment_id_payments FOREIGN KEY(payment_id) REFERENCES payments (id),
    CONSTRAINT fk_bank_matches_payout_id_payouts FOREIGN KEY(payout_id) REFERENCES payouts (id)
)
--
CREATE INDEX ix_bank_matches_payment_id_id ON bank_matches (payment_id, id)
--
CREATE INDEX ix_bank_matches_line_id_id ON bank_matches (line_id, id)
--
CREATE TRIGGER bank_matches_no_update BEFORE UPDATE ON bank_matches BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER bank_matches_no_delete BEFORE DELETE ON bank_matches BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER bank_matches_no_replace BEFORE INSERT ON bank_matches WHEN EXISTS (SELECT 1 FROM bank_matches WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE directory_contents (
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
    CONSTRAINT pk_directory_contents PRIMARY KEY (version_id),
    CONSTRAINT ck_directory_contents_period_not_backwards CHECK (temporal_to >= temporal_from),
    CONSTRAINT fk_directory_contents_version_id_directory_versions FOREIGN KEY(version_id) REFERENCES directory_versions (id)
)
--
CREATE TRIGGER directory_contents_no_update BEFORE UPDATE ON directory_contents BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER directory_contents_no_delete BEFORE DELETE ON directory_contents BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER directory_contents_no_replace BEFORE INSERT ON directory_contents WHEN EXISTS (SELECT 1 FROM directory_contents WHERE version_id = NEW.version_id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE data_items (
    id VARCHAR NOT NULL,
    version_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    code VARCHAR NOT NULL,
    name_zh VARCHAR NOT NULL,
    name_en VARCHAR NOT NULL,
    data_type VARCHAR NOT NULL,
    unit VARCHAR NOT NULL,
    grade VARCHAR NOT NULL,
    pi_class VARCHAR NOT NULL,
    description VARCHAR NOT NULL,
    CONSTRAINT pk_data_items PRIMARY KEY (id),
    CONSTRAINT uq_data_items_version_id_code UNIQUE (version_id, code),
    CONSTRAINT uq_data_items_version_id_position UNIQUE (version_id, position),
    CONSTRAINT fk_data_items_version_id_directory_versions FOREIGN KEY(version_id) REFERENCES directory_versions (id)
)
--
CREATE TRIGGER data_items_no_update BEFORE UPDATE ON data_items BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER data_items_no_delete BEFORE DELETE ON data_items BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER data_items_no_replace BEFORE INSERT ON data_items WHEN EXISTS (SELECT 1 FROM data_items WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE delivery_tasks (
    order_id VARCHAR NOT NULL,
    order_line_id VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    seller_id VARCHAR NOT NULL,
    authorisation_id VARCHAR,
    resource_id VARCHAR,
    purpose_code VARCHAR NOT NULL,
    items JSON NOT NULL,
    output_form VARCHAR,
    region VARCHAR NOT NULL,
    suspended_with VARCHAR,
    rows_delivered INTEGER NOT NULL,
    reads INTEGER NOT NULL,
    opened_at DATETIME NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_delivery_tasks PRIMARY KEY (id),
    CONSTRAINT uq_delivery_tasks_order_line_id UNIQUE (order_line_id),
    CONSTRAINT ck_delivery_tasks_rows_delivered_not_negative CHECK (rows_delivered >= 0),
    CONSTRAINT ck_delivery_tasks_reads_not_negative CHECK (reads >= 0),
    CONSTRAINT fk_delivery_tasks_buyer_id_organisations FOREIGN KEY(buyer_id) REFERENCES organisations (id),
    CONSTRAINT fk_delivery_tasks_seller_id_organisations FOREIGN KEY(seller_id) REFERENCES organisations (id),
    CONSTRAINT fk_delivery_tasks_authorisation_id_authorisations FOREIGN KEY(authorisation_id) REFERENCES authorisations (id),
    CONSTRAINT fk_delivery_tasks_resource_id_resources FOREIGN KEY(resource_id) REFERENCES resources (id)
)
--
CREATE INDEX ix_delivery_tasks_authorisation_id_state_id ON delivery_tasks (authorisation_id, state, id)
--
CREATE INDEX ix_delivery_tasks_order_id_id ON delivery_tasks (order_id, id)
--
CREATE INDEX ix_delivery_tasks_seller_id_id ON delivery_tasks (seller_id, id)
--
CREATE INDEX ix_delivery_tasks_buyer_id_id ON delivery_tasks (buyer_id, id)
--
CREATE TABLE contract_texts (
    contract_id VARCHAR NOT NULL,
    template VARCHAR NOT NULL,
    template_version INTEGER NOT NULL,
    variables JSON NOT NULL,
    text VARCHAR NOT NULL,
    text_digest VARCHAR NOT NULL,
    CONSTRAINT pk_contract_texts PRIMARY KEY (contract_id),
    CONSTRAINT fk_contract_texts_contract_id_contracts FOREIGN KEY(contract_id) REFERENCES contracts (id)
)
--
CREATE TRIGGER contract_texts_no_update BEFORE UPDATE ON contract_texts BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER contract_texts_no_delete BEFORE DELETE ON contract_texts BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER contract_texts_no_replace BEFORE INSERT ON contract_texts WHEN EXISTS (SELECT 1 FROM contract_texts WHERE contract_id = NEW.contract_id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE order_lines (
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
    CONSTRAINT pk_order_lines PRIMARY KEY (id),
    CONSTRAINT uq_order_lines_order_id_position UNIQUE (order_id, position),
    CONSTRAINT ck_order_lines_quantity_positive CHECK (quantity > 0),
    CONSTRAINT ck_order_lines_amount_not_negative CHECK (amount_minor >= 0),
    CONSTRAINT fk_order_lines_order_id_orders FOREIGN KEY(order_id) REFERENCES orders (id),
    CONSTRAINT fk_order_lines_product_id_products FOREIGN KEY(product_id) REFERENCES products (id),
    CONSTRAINT fk_order_lines_product_version_id_product_versions FOREIGN KEY(product_version_id) REFERENCES product_versions (id)
)
--
CREATE INDEX ix_order_lines_product_id_order_id ON order_lines (product_id, order_id)
--
CREATE INDEX ix_order_lines_authorisation_id_order_id ON order_lines (authorisation_id, order_id)
--
CREATE TRIGGER order_lines_no_update BEFORE UPDATE ON order_lines BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER order_lines_no_delete BEFORE DELETE ON order_lines BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER order_lines_no_replace BEFORE INSERT ON order_lines WHEN EXISTS (SELECT 1 FROM order_lines WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE ledger_postings (
    entry_id INTEGER NOT NULL,
    line_no INTEGER NOT NULL,
    n INTEGER NOT NULL,
    debit_id INTEGER NOT NULL,
    credit_id INTEGER NOT NULL,
    currency TEXT NOT NULL,
    book TEXT NOT NULL,
    amount INTEGER NOT NULL,
    CONSTRAINT pk_ledger_postings PRIMARY KEY (entry_id, line_no),
    CONSTRAINT fk_ledger_postings_entry_id_n_ledger_entries FOREIGN KEY(entry_id, n) REFERENCES ledger_entries (id, n),
    CONSTRAINT fk_ledger_postings_debit_id_ledger_accounts FOREIGN KEY(debit_id, currency, book) REFERENCES ledger_accounts (id, currency, book),
    CONSTRAINT fk_ledger_postings_credit_id_ledger_accounts FOREIGN KEY(credit_id, currency, book) REFERENCES ledger_accounts (id, currency, book),
    CONSTRAINT ck_ledger_postings_amount_positive CHECK (amount > 0),
    CONSTRAINT ck_ledger_postings_line_within_entry CHECK (line_no BETWEEN 1 AND n),
    CONSTRAINT ck_ledger_postings_two_accounts CHECK (debit_id <> credit_id)
)
 WITHOUT ROWID,
 STRICT
--
CREATE INDEX ix_ledger_postings_credit_id ON ledger_postings (credit_id, entry_id, line_no)
--
CREATE INDEX ix_ledger_postings_debit_id ON ledger_postings (debit_id, entry_id, line_no)
--
CREATE TRIGGER ledger_accounts_no_update BEFORE UPDATE ON ledger_accounts BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER ledger_entries_no_update BEFORE UPDATE ON ledger_entries BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER ledger_seals_no_update BEFORE UPDATE ON ledger_seals BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER ledger_postings_no_update BEFORE UPDATE ON ledger_postings BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER ledger_accounts_no_delete BEFORE DELETE ON ledger_accounts BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER ledger_balances_no_delete BEFORE DELETE ON ledger_balances BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER ledger_periods_no_delete BEFORE DELETE ON ledger_periods BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER ledger_entries_no_delete BEFORE DELETE ON ledger_entries BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER ledger_seals_no_delete BEFORE DELETE ON ledger_seals BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER ledger_postings_no_delete BEFORE DELETE ON ledger_postings BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER ledger_accounts_no_replace BEFORE INSERT ON ledger_accounts WHEN EXISTS (SELECT 1 FROM ledger_accounts WHERE id = NEW.id OR (code = NEW.code AND owner = NEW.owner AND currency = NEW.currency)) BEGIN SELECT RAISE(ABORT, 'exists'); END
--
CREATE TRIGGER ledger_balances_no_replace BEFORE INSERT ON ledger_balances WHEN EXISTS (SELECT 1 FROM ledger_balances WHERE account_id = NEW.account_id) BEGIN SELECT RAISE(ABORT, 'exists'); END
--
CREATE TRIGGER ledger_periods_no_replace BEFORE INSERT ON ledger_periods WHEN EXISTS (SELECT 1 FROM ledger_periods WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'exists'); END
--
CREATE TRIGGER ledger_entries_no_replace BEFORE INSERT ON ledger_entries WHEN EXISTS (SELECT 1 FROM ledger_entries WHERE id = NEW.id OR reverses = NEW.reverses OR (event = NEW.event AND source_id = NEW.source_id AND seq = NEW.seq)) BEGIN SELECT RAISE(ABORT, 'exists'); END
--
CREATE TRIGGER ledger_seals_no_replace BEFORE INSERT ON ledger_seals WHEN EXISTS (SELECT 1 FROM ledger_seals WHERE entry_id = NEW.entry_id) BEGIN SELECT RAISE(ABORT, 'exists'); END
--
CREATE TRIGGER ledger_postings_no_replace BEFORE INSERT ON ledger_postings WHEN EXISTS (SELECT 1 FROM ledger_postings WHERE entry_id = NEW.entry_id AND line_no = NEW.line_no) BEGIN SELECT RAISE(ABORT, 'exists'); END
--
CREATE TRIGGER ledger_accounts_open_balance AFTER INSERT ON ledger_accounts
WHEN NEW.guard <> 'none' BEGIN
  INSERT INTO ledger_balances (account_id, guard, debits, credits)
  VALUES (NEW.id, NEW.guard, 0, 0);
END
--
CREATE TRIGGER ledger_balances_begin_at_zero BEFORE INSERT ON ledger_balances WHEN NEW.debits <> 0 OR NEW.credits <> 0 BEGIN SELECT RAISE(ABORT, 'a balance begins at zero'); END
--
CREATE TRIGGER ledger_balances_explained BEFORE UPDATE ON ledger_balances
WHEN NEW.account_id <> OLD.account_id OR NEW.guard <> OLD.guard OR NOT EXISTS (
  SELECT 1 FROM ledger_postings p
  WHERE p.entry_id = (SELECT max(id) FROM ledger_entries)
    AND NOT EXISTS (SELECT 1 FROM ledger_seals s WHERE s.entry_id = p.entry_id)
    AND ((p.debit_id = OLD.account_id
          AND NEW.debits = OLD.debits + p.amount AND NEW.credits = OLD.credits)
      OR (p.credit_id = OLD.account_id
          AND NEW.credits = OLD.credits + p.amount AND NEW.debits = OLD.debits)))
BEGIN SELECT RAISE(ABORT, 'no posting explains the balance'); END
--
CREATE TRIGGER ledger_postings_unsealed BEFORE INSERT ON ledger_postings
WHEN EXISTS (SELECT 1 FROM ledger_seals WHERE entry_id = NEW.entry_id)
BEGIN SELECT RAISE(ABORT, 'the entry is sealed'); END
--
CREATE TRIGGER ledger_postings_apply AFTER INSERT ON ledger_postings BEGIN
  UPDATE ledger_balances SET debits = debits + NEW.amount WHERE account_id = NEW.debit_id;
  UPDATE ledger_balances SET credits = credits + NEW.amount WHERE account_id = NEW.credit_id;
END
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
END
--
CREATE TRIGGER ledger_periods_open_in_order BEFORE INSERT ON ledger_periods WHEN NEW.status <> 'open' OR EXISTS (SELECT 1 FROM ledger_periods WHERE status = 'closed' AND id >= NEW.id) BEGIN SELECT RAISE(ABORT, 'a period opens after the closed ones'); END
--
CREATE TRIGGER ledger_periods_one_way BEFORE UPDATE ON ledger_periods WHEN OLD.status <> 'open' OR NEW.status <> 'closed' OR NEW.id <> OLD.id OR EXISTS (SELECT 1 FROM ledger_periods WHERE status = 'open' AND id < OLD.id) BEGIN SELECT RAISE(ABORT, 'a period closes once, in order'); END
--
CREATE TABLE panel_members (
    assessment_id VARCHAR NOT NULL,
    expert_id VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    joined_round INTEGER NOT NULL,
    left_round INTEGER,
    reason VARCHAR,
    declared_at DATETIME,
    CONSTRAINT pk_panel_members PRIMARY KEY (assessment_id, expert_id),
    CONSTRAINT ck_panel_members_replacement_has_reason CHECK ((left_round IS NULL) = (reason IS NULL)),
    CONSTRAINT fk_panel_members_assessment_id_assessments FOREIGN KEY(assessment_id) REFERENCES assessments (id),
    CONSTRAINT fk_panel_members_expert_id_experts FOREIGN KEY(expert_id) REFERENCES experts (id),
    CONSTRAINT fk_panel_members_person_id_people FOREIGN KEY(person_id) REFERENCES people (id)
)
--
CREATE INDEX ix_panel_members_person_id_assessment_id ON panel_members (person_id, assessment_id)
--
CREATE UNIQUE INDEX uq_panel_members_one_serving_per_seat ON panel_members (assessment_id, position) WHERE left_round IS NULL
--
CREATE TABLE score_sheets (
    assessment_id VARCHAR NOT NULL,
    expert_id VARCHAR NOT NULL,
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
    CONSTRAINT pk_score_sheets PRIMARY KEY (assessment_id, expert_id),
    CONSTRAINT ck_score_sheets_total_in_range CHECK (total BETWEEN 0 AND 10000),
    CONSTRAINT fk_score_sheets_assessment_id_assessments FOREIGN KEY(assessment_id) REFERENCES assessments (id),
    CONSTRAINT fk_score_sheets_expert_id_experts FOREIGN KEY(expert_id) REFERENCES experts (id),
    CONSTRAINT fk_score_sheets_person_id_people FOREIGN KEY(person_id) REFERENCES people (id)
)
--
CREATE TRIGGER score_sheets_no_update BEFORE UPDATE ON score_sheets BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER score_sheets_no_delete BEFORE DELETE ON score_sheets BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER score_sheets_no_replace BEFORE INSERT ON score_sheets WHEN EXISTS (SELECT 1 FROM score_sheets WHERE assessment_id = NEW.assessment_id AND expert_id = NEW.expert_id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE volume_facts (
    order_line_id VARCHAR NOT NULL,
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
    CONSTRAINT pk_volume_facts PRIMARY KEY (order_line_id),
    CONSTRAINT ck_volume_facts_amount_not_negative CHECK (amount >= 0),
    CONSTRAINT ck_volume_facts_excluded_has_reason CHECK (counted = (exclude_reason IS NULL)),
    CONSTRAINT fk_volume_facts_order_line_id_order_lines FOREIGN KEY(order_line_id) REFERENCES order_lines (id),
    CONSTRAINT fk_volume_facts_order_id_orders FOREIGN KEY(order_id) REFERENCES orders (id)
)
--
CREATE INDEX ix_volume_facts_counted_accepted_on_merchant_id_amount ON volume_facts (counted, accepted_on, merchant_id, amount)
--
CREATE INDEX ix_volume_facts_accepted_month_counted_amount ON volume_facts (accepted_month, counted, amount)
--
CREATE INDEX ix_volume_facts_order_id ON volume_facts (order_id)
--
CREATE INDEX ix_volume_facts_counted_accepted_on_industry_amount ON volume_facts (counted, accepted_on, industry, amount)
--
CREATE INDEX ix_volume_facts_counted_accepted_on_product_id_amount ON volume_facts (counted, accepted_on, product_id, amount)
--
CREATE TRIGGER volume_facts_no_update BEFORE UPDATE ON volume_facts BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER volume_facts_no_delete BEFORE DELETE ON volume_facts BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER volume_facts_no_replace BEFORE INSERT ON volume_facts WHEN EXISTS (SELECT 1 FROM volume_facts WHERE order_line_id = NEW.order_line_id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
