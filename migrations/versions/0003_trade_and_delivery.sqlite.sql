DROP TABLE product_terms
--
DROP TRIGGER ledger_postings_no_replace
--
DROP TRIGGER ledger_postings_unsealed
--
CREATE TABLE new_fee_rules (
    kind VARCHAR NOT NULL,
    payer VARCHAR NOT NULL,
    rate_bp INTEGER NOT NULL,
    min_fen INTEGER NOT NULL,
    cap_fen INTEGER,
    first_on DATE NOT NULL,
    last_on DATE,
    board_id VARCHAR,
    waived_for JSON NOT NULL,
    steps JSON NOT NULL,
    scale VARCHAR,
    every VARCHAR NOT NULL,
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
    CONSTRAINT ck_fee_rules_in_force_when_approved CHECK (state NOT IN ('approved', 'retired') OR approved_by IS NOT NULL),
    CONSTRAINT ck_fee_rules_scale_is_known CHECK (scale IS NULL OR scale IN ('order', 'year')),
    CONSTRAINT ck_fee_rules_every_is_known CHECK (every IN ('product', 'version', 'year'))
)
--
INSERT INTO new_fee_rules (kind, payer, rate_bp, min_fen, cap_fen, first_on, last_on, board_id, waived_for, steps, scale, every, drafted_by, drafted_at, approved_by, approved_at, id, state, version)
SELECT kind, payer, rate_bp, min_fen, cap_fen, first_on, last_on, board_id, waived_for, '[]', NULL, 'product', drafted_by, drafted_at, approved_by, approved_at, id, state, version FROM fee_rules
--
DROP TABLE fee_rules
--
ALTER TABLE new_fee_rules RENAME TO fee_rules
--
CREATE INDEX ix_fee_rules_kind_state_first_on ON fee_rules (kind, state, first_on)
--
CREATE TABLE new_subscription_slices (
    id VARCHAR NOT NULL,
    order_id VARCHAR NOT NULL,
    order_line_id VARCHAR NOT NULL,
    seq INTEGER NOT NULL,
    first_on DATE NOT NULL,
    last_on DATE NOT NULL,
    amount_minor INTEGER NOT NULL,
    amount_currency VARCHAR NOT NULL,
    sponsored_minor INTEGER NOT NULL,
    sale JSON NOT NULL,
    outcome VARCHAR NOT NULL,
    earned_at DATETIME,
    CONSTRAINT pk_subscription_slices PRIMARY KEY (id),
    CONSTRAINT uq_subscription_slices_order_line_id_seq UNIQUE (order_line_id, seq),
    CONSTRAINT ck_subscription_slices_amount_positive CHECK (amount_minor > 0),
    CONSTRAINT ck_subscription_slices_sponsored_not_negative CHECK (sponsored_minor >= 0),
    CONSTRAINT ck_subscription_slices_days_not_reversed CHECK (first_on <= last_on)
)
--
INSERT INTO new_subscription_slices (id, order_id, order_line_id, seq, first_on, last_on, amount_minor, amount_currency, sponsored_minor, sale, outcome, earned_at)
SELECT id, order_id, order_line_id, seq, first_on, last_on, amount_minor, amount_currency, 0, sale, outcome, earned_at FROM subscription_slices
--
DROP TABLE subscription_slices
--
ALTER TABLE new_subscription_slices RENAME TO subscription_slices
--
CREATE INDEX ix_subscription_slices_outcome_last_on_id ON subscription_slices (outcome, last_on, id)
--
CREATE INDEX ix_subscription_slices_order_id_first_on_id ON subscription_slices (order_id, first_on, id)
--
CREATE TABLE taken_parts (
    source_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    obligation_id VARCHAR NOT NULL,
    share_code VARCHAR NOT NULL,
    share_owner VARCHAR NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency VARCHAR NOT NULL,
    CONSTRAINT pk_taken_parts PRIMARY KEY (source_id, position),
    CONSTRAINT ck_taken_parts_amount_positive CHECK (amount_minor > 0)
)
--
CREATE INDEX ix_taken_parts_obligation_id_share_code_share_owner ON taken_parts (obligation_id, share_code, share_owner)
--
CREATE TRIGGER taken_parts_no_update BEFORE UPDATE ON taken_parts BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER taken_parts_no_delete BEFORE DELETE ON taken_parts BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER taken_parts_no_replace BEFORE INSERT ON taken_parts WHEN EXISTS (SELECT 1 FROM taken_parts WHERE source_id = NEW.source_id AND position = NEW.position) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE INDEX ix_reconciliation_breaks_key_state ON reconciliation_breaks ("key", state)
--
CREATE TABLE recipient_keys (
    id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    label VARCHAR NOT NULL,
    public_key VARCHAR NOT NULL,
    registered_by VARCHAR NOT NULL,
    registered_at DATETIME NOT NULL,
    retired_at DATETIME,
    CONSTRAINT pk_recipient_keys PRIMARY KEY (id),
    CONSTRAINT fk_recipient_keys_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_recipient_keys_organisation_id_id ON recipient_keys (organisation_id, id)
--
CREATE UNIQUE INDEX uq_recipient_keys_live ON recipient_keys (organisation_id, public_key) WHERE retired_at IS NULL
--
CREATE TABLE search_entries (
    number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind VARCHAR NOT NULL,
    subject_id VARCHAR NOT NULL,
    shown BOOLEAN NOT NULL,
    code VARCHAR NOT NULL,
    title_zh VARCHAR NOT NULL,
    title_en VARCHAR NOT NULL,
    summary VARCHAR NOT NULL,
    owner_id VARCHAR NOT NULL,
    CONSTRAINT uq_search_entries_kind_subject_id UNIQUE (kind, subject_id),
    CONSTRAINT fk_search_entries_owner_id_organisations FOREIGN KEY(owner_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_search_entries_kind_shown_number ON search_entries (kind, shown, number)
--
CREATE TABLE new_products (
    code VARCHAR NOT NULL,
    own_code VARCHAR,
    owner_id VARCHAR NOT NULL,
    current_version_id VARCHAR NOT NULL,
    listing_cert_no VARCHAR,
    listed_at DATETIME,
    valid_until DATE,
    created_at DATETIME NOT NULL,
    suspended_with VARCHAR,
    ended_as VARCHAR,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_products PRIMARY KEY (id),
    CONSTRAINT uq_products_code UNIQUE (code),
    CONSTRAINT uq_products_owner_id_own_code UNIQUE (owner_id, own_code),
    CONSTRAINT uq_products_listing_cert_no UNIQUE (listing_cert_no),
    CONSTRAINT ck_products_listed_is_dated_and_certified CHECK (state <> 'listed' OR (listed_at IS NOT NULL AND listing_cert_no IS NOT NULL)),
    CONSTRAINT ck_products_down_with_its_right CHECK (suspended_with IS NULL OR state = 'suspended'),
    CONSTRAINT ck_products_only_what_ended_ended_somehow CHECK (ended_as IS NULL OR state = 'delisted'),
    CONSTRAINT fk_products_owner_id_organisations FOREIGN KEY(owner_id) REFERENCES organisations (id)
)
--
INSERT INTO new_products (code, owner_id, current_version_id, listing_cert_no, listed_at, created_at, suspended_with, id, state, version)
SELECT code, owner_id, current_version_id, listing_cert_no, listed_at, created_at, suspended_with, id, state, version FROM products
--
DROP TABLE products
--
ALTER TABLE new_products RENAME TO products
--
CREATE INDEX ix_products_state_id ON products (state, id)
--
CREATE INDEX ix_products_owner_id_id ON products (owner_id, id)
--
CREATE INDEX ix_products_state_valid_until ON products (state, valid_until)
--
CREATE INDEX ix_products_state_listed_at_id ON products (state, listed_at, id)
--
CREATE INDEX ix_products_suspended_with_id ON products (suspended_with, id)
--
CREATE INDEX ix_obligations_seller_id_accepted_on ON obligations (seller_id, accepted_on)
--
CREATE TABLE demands (
    code VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    wanted VARCHAR NOT NULL,
    purpose VARCHAR NOT NULL,
    field VARCHAR NOT NULL,
    items JSON NOT NULL,
    regions JSON NOT NULL,
    update_frequency VARCHAR NOT NULL,
    delivery_mode VARCHAR,
    budget_min INTEGER,
    budget_max INTEGER,
    deadline DATE NOT NULL,
    visibility VARCHAR NOT NULL,
    broadcast BOOLEAN NOT NULL,
    written_at DATETIME NOT NULL,
    published_at DATETIME,
    awarded_id VARCHAR,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_demands PRIMARY KEY (id),
    CONSTRAINT uq_demands_code UNIQUE (code),
    CONSTRAINT ck_demands_budget_not_negative CHECK (budget_min >= 0),
    CONSTRAINT ck_demands_budget_not_backwards CHECK (budget_max >= budget_min),
    CONSTRAINT ck_demands_awarded_names_its_answer CHECK (state NOT IN ('awarded', 'contracted', 'closed') OR awarded_id IS NOT NULL),
    CONSTRAINT fk_demands_buyer_id_organisations FOREIGN KEY(buyer_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_demands_state_deadline_id ON demands (state, deadline, id)
--
CREATE INDEX ix_demands_buyer_id_id ON demands (buyer_id, id)
--
CREATE TABLE saved_searches (
    id VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    kind VARCHAR,
    chosen JSON NOT NULL,
    seen INTEGER NOT NULL,
    saved_at DATETIME NOT NULL,
    CONSTRAINT pk_saved_searches PRIMARY KEY (id),
    CONSTRAINT fk_saved_searches_person_id_people FOREIGN KEY(person_id) REFERENCES people (id)
)
--
CREATE INDEX ix_saved_searches_person_id_id ON saved_searches (person_id, id)
--
CREATE TABLE listing_files (
    id VARCHAR NOT NULL,
    owner_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    rows INTEGER NOT NULL,
    content BLOB NOT NULL,
    handed_in_by VARCHAR NOT NULL,
    handed_in_at DATETIME NOT NULL,
    CONSTRAINT pk_listing_files PRIMARY KEY (id),
    CONSTRAINT ck_listing_files_digest_has_64_digits CHECK (length(digest) = 64),
    CONSTRAINT ck_listing_files_rows_positive CHECK (rows > 0),
    CONSTRAINT fk_listing_files_owner_id_organisations FOREIGN KEY(owner_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_listing_files_owner_id_id ON listing_files (owner_id, id)
--
CREATE INDEX ix_listing_files_owner_id_digest ON listing_files (owner_id, digest)
--
CREATE TRIGGER listing_files_no_update BEFORE UPDATE ON listing_files BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER listing_files_no_delete BEFORE DELETE ON listing_files BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER listing_files_no_replace BEFORE INSERT ON listing_files WHEN EXISTS (SELECT 1 FROM listing_files WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE search_terms (
    shown BOOLEAN NOT NULL,
    term VARCHAR NOT NULL,
    weight INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    CONSTRAINT pk_search_terms PRIMARY KEY (shown, term, weight, entry),
    CONSTRAINT fk_search_terms_entry_search_entries FOREIGN KEY(entry) REFERENCES search_entries (number)
)
 WITHOUT ROWID
--
CREATE INDEX ix_search_terms_entry ON search_terms (entry)
--
CREATE TABLE search_facets (
    entry INTEGER NOT NULL,
    facet VARCHAR NOT NULL,
    value VARCHAR NOT NULL,
    CONSTRAINT pk_search_facets PRIMARY KEY (entry, facet, value),
    CONSTRAINT fk_search_facets_entry_search_entries FOREIGN KEY(entry) REFERENCES search_entries (number)
)
 WITHOUT ROWID
--
CREATE INDEX ix_search_facets_facet_value_entry ON search_facets (facet, value, entry)
--
CREATE TABLE product_materials (
    id VARCHAR NOT NULL,
    owner_id VARCHAR NOT NULL,
    product_id VARCHAR,
    kind VARCHAR NOT NULL,
    form VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    said VARCHAR NOT NULL,
    media_type VARCHAR,
    digest VARCHAR NOT NULL,
    issuer_id VARCHAR,
    issued_on DATE,
    valid_to DATE,
    due_on DATE,
    sealed BLOB,
    filed_by VARCHAR NOT NULL,
    filed_at DATETIME NOT NULL,
    CONSTRAINT pk_product_materials PRIMARY KEY (id),
    CONSTRAINT ck_product_materials_digest_has_64_digits CHECK (length(digest) = 64),
    CONSTRAINT ck_product_materials_only_files_have_bytes CHECK ((form = 'file') = (sealed IS NOT NULL)),
    CONSTRAINT ck_product_materials_only_promises_fall_due CHECK ((form = 'promise') = (due_on IS NOT NULL)),
    CONSTRAINT fk_product_materials_owner_id_organisations FOREIGN KEY(owner_id) REFERENCES organisations (id),
    CONSTRAINT fk_product_materials_product_id_products FOREIGN KEY(product_id) REFERENCES products (id),
    CONSTRAINT fk_product_materials_issuer_id_organisations FOREIGN KEY(issuer_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_product_materials_valid_to_id ON product_materials (valid_to, id)
--
CREATE INDEX ix_product_materials_due_on_id ON product_materials (due_on, id)
--
CREATE INDEX ix_product_materials_owner_id_product_id_id ON product_materials (owner_id, product_id, id)
--
CREATE INDEX ix_product_materials_product_id_id ON product_materials (product_id, id)
--
CREATE TRIGGER product_materials_no_update BEFORE UPDATE ON product_materials BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER product_materials_no_delete BEFORE DELETE ON product_materials BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER product_materials_no_replace BEFORE INSERT ON product_materials WHEN EXISTS (SELECT 1 FROM product_materials WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE new_refunds (
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
    first_id VARCHAR,
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
    CONSTRAINT fk_refunds_entry_id_ledger_entries FOREIGN KEY(entry_id) REFERENCES ledger_entries (id),
    CONSTRAINT fk_refunds_first_id_refunds FOREIGN KEY(first_id) REFERENCES refunds (id)
)
--
INSERT INTO new_refunds (kind, order_id, order_line_id, payer_id, amount_minor, amount_currency, reason, fee_refund, rail, account, object_id, payee_id, reference, entry_id, alone_max_minor, maker, requested_at, checker, approved_at, file_id, ended_on, failure, id, state, version)
SELECT kind, order_id, order_line_id, payer_id, amount_minor, amount_currency, reason, fee_refund, rail, account, object_id, payee_id, reference, entry_id, alone_max_minor, maker, requested_at, checker, approved_at, file_id, ended_on, failure, id, state, version FROM refunds
--
DROP TABLE refunds
--
ALTER TABLE new_refunds RENAME TO refunds
--
CREATE INDEX ix_refunds_order_id_id ON refunds (order_id, id)
--
CREATE INDEX ix_refunds_first_id_id ON refunds (first_id, id)
--
CREATE INDEX ix_refunds_payer_id_id ON refunds (payer_id, id)
--
CREATE INDEX ix_refunds_state_id ON refunds (state, id)
--
CREATE INDEX ix_refunds_object_id_id ON refunds (object_id, id)
--
CREATE TABLE demand_invitations (
    demand_id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    CONSTRAINT pk_demand_invitations PRIMARY KEY (demand_id, organisation_id),
    CONSTRAINT fk_demand_invitations_demand_id_demands FOREIGN KEY(demand_id) REFERENCES demands (id),
    CONSTRAINT fk_demand_invitations_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_demand_invitations_organisation_id_demand_id ON demand_invitations (organisation_id, demand_id)
--
CREATE TABLE demand_answers (
    code VARCHAR NOT NULL,
    demand_id VARCHAR NOT NULL,
    merchant_id VARCHAR NOT NULL,
    product_id VARCHAR,
    quantity INTEGER NOT NULL,
    quote_minor INTEGER NOT NULL,
    quote_currency VARCHAR NOT NULL,
    "plan" VARCHAR NOT NULL,
    answered_at DATETIME NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_demand_answers PRIMARY KEY (id),
    CONSTRAINT uq_demand_answers_code UNIQUE (code),
    CONSTRAINT ck_demand_answers_quote_positive CHECK (quote_minor > 0),
    CONSTRAINT ck_demand_answers_quantity_positive CHECK (quantity > 0),
    CONSTRAINT fk_demand_answers_demand_id_demands FOREIGN KEY(demand_id) REFERENCES demands (id),
    CONSTRAINT fk_demand_answers_merchant_id_organisations FOREIGN KEY(merchant_id) REFERENCES organisations (id),
    CONSTRAINT fk_demand_answers_product_id_products FOREIGN KEY(product_id) REFERENCES products (id)
)
--
CREATE UNIQUE INDEX uq_demand_answers_one_live_each ON demand_answers (demand_id, merchant_id) WHERE state <> 'withdrawn'
--
CREATE INDEX ix_demand_answers_merchant_id_id ON demand_answers (merchant_id, id)
--
CREATE TABLE demand_matches (
    demand_id VARCHAR NOT NULL,
    product_id VARCHAR NOT NULL,
    score INTEGER NOT NULL,
    parts JSON NOT NULL,
    matched_at DATETIME NOT NULL,
    CONSTRAINT pk_demand_matches PRIMARY KEY (demand_id, product_id),
    CONSTRAINT ck_demand_matches_score_of_a_hundred CHECK (score BETWEEN 0 AND 100),
    CONSTRAINT fk_demand_matches_demand_id_demands FOREIGN KEY(demand_id) REFERENCES demands (id),
    CONSTRAINT fk_demand_matches_product_id_products FOREIGN KEY(product_id) REFERENCES products (id)
)
--
CREATE INDEX ix_demand_matches_product_id_demand_id ON demand_matches (product_id, demand_id)
--
CREATE TABLE asset_valuations (
    id VARCHAR NOT NULL,
    card_id VARCHAR NOT NULL,
    appraiser VARCHAR NOT NULL,
    report_no VARCHAR NOT NULL,
    approach VARCHAR NOT NULL,
    valued_on DATE NOT NULL,
    value_fen INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    media_type VARCHAR NOT NULL,
    size_bytes INTEGER NOT NULL,
    digest VARCHAR NOT NULL,
    sealed BLOB NOT NULL,
    filed_by VARCHAR NOT NULL,
    filed_at DATETIME NOT NULL,
    CONSTRAINT pk_asset_valuations PRIMARY KEY (id),
    CONSTRAINT uq_asset_valuations_card_id_report_no UNIQUE (card_id, report_no),
    CONSTRAINT ck_asset_valuations_value_positive CHECK (value_fen > 0),
    CONSTRAINT ck_asset_valuations_report_not_empty CHECK (size_bytes > 0),
    CONSTRAINT ck_asset_valuations_digest_has_64_digits CHECK (length(digest) = 64),
    CONSTRAINT ck_asset_valuations_approach_is_known CHECK (approach IN ('cost', 'income', 'market')),
    CONSTRAINT fk_asset_valuations_card_id_asset_cards FOREIGN KEY(card_id) REFERENCES asset_cards (id)
)
--
CREATE INDEX ix_asset_valuations_card_id_id ON asset_valuations (card_id, id)
--
CREATE TRIGGER asset_valuations_no_update BEFORE UPDATE ON asset_valuations BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER asset_valuations_no_delete BEFORE DELETE ON asset_valuations BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER asset_valuations_no_replace BEFORE INSERT ON asset_valuations WHEN EXISTS (SELECT 1 FROM asset_valuations WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
DROP TRIGGER ledger_accounts_no_replace
--
CREATE TRIGGER ledger_accounts_no_replace BEFORE INSERT ON ledger_accounts WHEN EXISTS (SELECT 1 FROM ledger_accounts WHERE id = NEW.id) OR EXISTS (SELECT 1 FROM ledger_accounts WHERE code = NEW.code AND owner = NEW.owner AND currency = NEW.currency) BEGIN SELECT RAISE(ABORT, 'exists'); END
--
DROP TRIGGER ledger_entries_no_replace
--
CREATE TRIGGER ledger_entries_no_replace BEFORE INSERT ON ledger_entries WHEN EXISTS (SELECT 1 FROM ledger_entries WHERE id = NEW.id) OR EXISTS (SELECT 1 FROM ledger_entries WHERE event = NEW.event AND source_id = NEW.source_id AND seq = NEW.seq) OR EXISTS (SELECT 1 FROM ledger_entries WHERE reverses = NEW.reverses) BEGIN SELECT RAISE(ABORT, 'exists'); END
--
DROP TRIGGER ledger_balances_explained
--
CREATE TRIGGER ledger_balances_explained BEFORE UPDATE ON ledger_balances
WHEN NEW.account_id <> OLD.account_id OR NEW.guard <> OLD.guard OR NOT coalesce((
  SELECT CASE OLD.account_id
    WHEN p.debit_id THEN NEW.debits = OLD.debits + p.amount AND NEW.credits = OLD.credits
    WHEN p.credit_id THEN NEW.credits = OLD.credits + p.amount AND NEW.debits = OLD.debits
    END AND NOT EXISTS (SELECT 1 FROM ledger_seals s WHERE s.entry_id = p.entry_id)
  FROM ledger_postings p ORDER BY p.entry_id DESC, p.line_no DESC LIMIT 1), FALSE)
BEGIN SELECT RAISE(ABORT, 'no posting explains the balance'); END
--
CREATE TRIGGER ledger_postings_new BEFORE INSERT ON ledger_postings
WHEN EXISTS (SELECT 1 FROM ledger_postings WHERE entry_id = NEW.entry_id AND line_no = NEW.line_no) OR EXISTS (
  SELECT 1 FROM ledger_seals WHERE entry_id = NEW.entry_id)
BEGIN
  SELECT RAISE(ABORT, 'the entry is sealed') FROM ledger_seals WHERE entry_id = NEW.entry_id;
  SELECT RAISE(ABORT, 'exists');
END
--
DROP TRIGGER ledger_seals_check
--
CREATE TRIGGER ledger_seals_check BEFORE INSERT ON ledger_seals WHEN NEW.n <> (
  SELECT count(*) FROM ledger_entries e CROSS JOIN ledger_periods m ON m.id = e.period_id
  CROSS JOIN ledger_postings l ON l.entry_id = e.id
  CROSS JOIN ledger_accounts d ON d.id = l.debit_id
  CROSS JOIN ledger_accounts c ON c.id = l.credit_id
  CROSS JOIN posting_rules r ON r.event = e.event
    AND r.debit_code = d.code AND r.credit_code = c.code
  WHERE e.id = NEW.entry_id AND e.reverses IS NULL
    AND m.status = 'open' AND e.period_id >= substr(e.effective_on, 1, 7)) BEGIN
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
CREATE TABLE new_delivery_tasks (
    order_id VARCHAR NOT NULL,
    order_line_id VARCHAR NOT NULL,
    product_version_id VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    seller_id VARCHAR NOT NULL,
    authorisation_id VARCHAR,
    resource_id VARCHAR,
    dataset_version_id VARCHAR,
    mode VARCHAR NOT NULL,
    grade VARCHAR NOT NULL,
    pi_class VARCHAR NOT NULL,
    origin VARCHAR NOT NULL,
    purpose_code VARCHAR NOT NULL,
    items JSON NOT NULL,
    output_form VARCHAR,
    region VARCHAR NOT NULL,
    suspended_with VARCHAR,
    rows_delivered INTEGER NOT NULL,
    reads INTEGER NOT NULL,
    bytes_delivered INTEGER NOT NULL,
    use_until DATE,
    opened_at DATETIME NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_delivery_tasks PRIMARY KEY (id),
    CONSTRAINT uq_delivery_tasks_order_line_id UNIQUE (order_line_id),
    CONSTRAINT uq_delivery_tasks_id_mode UNIQUE (id, mode),
    CONSTRAINT ck_delivery_tasks_matrix_terms_known CHECK (grade IN ('CORE', 'G1', 'G2', 'G3', 'G4', 'IMPORTANT') AND pi_class IN ('minor_under_14', 'none', 'ordinary', 'sensitive') AND origin IN ('individual_consented', 'mixed', 'open_data', 'public_authorised', 'purchased', 'self_produced', 'web_collected') AND mode IN ('in_domain', 'masked_file', 'model', 'raw_file', 'record_api', 'verification')),
    CONSTRAINT ck_delivery_tasks_matrix_by_grade CHECK (NOT (grade = 'CORE' AND mode IN ('in_domain', 'masked_file', 'model', 'raw_file', 'record_api', 'verification')) AND NOT (grade = 'IMPORTANT' AND mode IN ('masked_file', 'raw_file', 'record_api')) AND NOT (grade = 'G4' AND mode IN ('masked_file', 'raw_file', 'record_api')) AND NOT (grade = 'G3' AND mode IN ('raw_file'))),
    CONSTRAINT ck_delivery_tasks_matrix_by_person CHECK (NOT (pi_class = 'ordinary' AND mode IN ('raw_file')) AND NOT (pi_class = 'sensitive' AND mode IN ('raw_file', 'record_api')) AND NOT (pi_class = 'minor_under_14' AND mode IN ('in_domain', 'model', 'raw_file', 'record_api', 'verification'))),
    CONSTRAINT ck_delivery_tasks_matrix_by_origin CHECK (NOT (origin IN ('mixed', 'public_authorised') AND mode IN ('raw_file')) AND NOT (grade = 'G2' AND origin IN ('mixed', 'open_data', 'public_authorised') AND mode IN ('raw_file'))),
    CONSTRAINT ck_delivery_tasks_rows_delivered_not_negative CHECK (rows_delivered >= 0),
    CONSTRAINT ck_delivery_tasks_reads_not_negative CHECK (reads >= 0),
    CONSTRAINT ck_delivery_tasks_bytes_delivered_not_negative CHECK (bytes_delivered >= 0),
    CONSTRAINT fk_delivery_tasks_buyer_id_organisations FOREIGN KEY(buyer_id) REFERENCES organisations (id),
    CONSTRAINT fk_delivery_tasks_seller_id_organisations FOREIGN KEY(seller_id) REFERENCES organisations (id),
    CONSTRAINT fk_delivery_tasks_authorisation_id_authorisations FOREIGN KEY(authorisation_id) REFERENCES authorisations (id),
    CONSTRAINT fk_delivery_tasks_resource_id_resources FOREIGN KEY(resource_id) REFERENCES resources (id),
    CONSTRAINT fk_delivery_tasks_dataset_version_id_dataset_versions FOREIGN KEY(dataset_version_id) REFERENCES dataset_versions (id)
)
--
INSERT INTO new_delivery_tasks (order_id, order_line_id, product_version_id, buyer_id, seller_id, authorisation_id, resource_id, mode, grade, pi_class, origin, purpose_code, items, output_form, region, suspended_with, rows_delivered, reads, bytes_delivered, opened_at, id, state, version)
SELECT order_id, order_line_id, (SELECT v.id FROM order_lines l JOIN product_versions v ON v.id = l.product_version_id WHERE l.id = delivery_tasks.order_line_id), buyer_id, seller_id, authorisation_id, resource_id, (SELECT l.delivery_mode FROM order_lines l JOIN product_versions v ON v.id = l.product_version_id WHERE l.id = delivery_tasks.order_line_id), (SELECT v.grade FROM order_lines l JOIN product_versions v ON v.id = l.product_version_id WHERE l.id = delivery_tasks.order_line_id), (SELECT v.pi_class FROM order_lines l JOIN product_versions v ON v.id = l.product_version_id WHERE l.id = delivery_tasks.order_line_id), (SELECT v.source_kind FROM order_lines l JOIN product_versions v ON v.id = l.product_version_id WHERE l.id = delivery_tasks.order_line_id), purpose_code, items, output_form, region, suspended_with, rows_delivered, reads, 0, opened_at, id, state, version FROM delivery_tasks
--
DROP TABLE delivery_tasks
--
ALTER TABLE new_delivery_tasks RENAME TO delivery_tasks
--
CREATE INDEX ix_delivery_tasks_order_id_id ON delivery_tasks (order_id, id)
--
CREATE INDEX ix_delivery_tasks_seller_id_id ON delivery_tasks (seller_id, id)
--
CREATE INDEX ix_delivery_tasks_authorisation_id_state_id ON delivery_tasks (authorisation_id, state, id)
--
CREATE INDEX ix_delivery_tasks_buyer_id_id ON delivery_tasks (buyer_id, id)
--
CREATE TABLE new_product_versions (
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
    dataset_version_id VARCHAR,
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
    CONSTRAINT ck_product_versions_public_data_stays_in_its_resource CHECK (dataset_version_id IS NULL OR source_kind <> 'public_authorised'),
    CONSTRAINT fk_product_versions_product_id_products FOREIGN KEY(product_id) REFERENCES products (id),
    CONSTRAINT fk_product_versions_dataset_version_id_dataset_versions FOREIGN KEY(dataset_version_id) REFERENCES dataset_versions (id)
)
--
INSERT INTO new_product_versions (id, product_id, number, title_zh, title_en, intro, product_type, industry, application_field, region_coverage, update_frequency, temporal_from, temporal_to, grade, pi_class, source_kind, authorisation_id, scenario_id, resource_id, items, output_form, delivery_mode, price_plan, accept_days, dictionary, sample, quality, digest, written_at, written_by)
SELECT id, product_id, number, title_zh, title_en, intro, product_type, industry, application_field, region_coverage, update_frequency, temporal_from, temporal_to, grade, pi_class, source_kind, authorisation_id, scenario_id, resource_id, items, output_form, delivery_mode, price_plan, accept_days, dictionary, sample, quality, digest, written_at, written_by FROM product_versions
--
DROP TABLE product_versions
--
ALTER TABLE new_product_versions RENAME TO product_versions
--
CREATE INDEX ix_product_versions_dataset_version_id_product_id ON product_versions (dataset_version_id, product_id)
--
CREATE INDEX ix_product_versions_industry_id ON product_versions (industry, id)
--
CREATE INDEX ix_product_versions_authorisation_id_product_id ON product_versions (authorisation_id, product_id)
--
CREATE TRIGGER product_versions_no_update BEFORE UPDATE ON product_versions BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER product_versions_no_delete BEFORE DELETE ON product_versions BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER product_versions_no_replace BEFORE INSERT ON product_versions WHEN EXISTS (SELECT 1 FROM product_versions WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE right_records (
    id VARCHAR NOT NULL,
    product_id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    "right" VARCHAR NOT NULL,
    holder_id VARCHAR NOT NULL,
    grantor_id VARCHAR,
    grantor_name VARCHAR NOT NULL,
    basis_id VARCHAR NOT NULL,
    parent_id VARCHAR,
    regions JSON NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    "exclusive" BOOLEAN NOT NULL,
    sublicensable BOOLEAN NOT NULL,
    recorded_by VARCHAR NOT NULL,
    recorded_at DATETIME NOT NULL,
    CONSTRAINT pk_right_records PRIMARY KEY (id),
    CONSTRAINT ck_right_records_ends_after_it_begins CHECK (valid_to IS NULL OR valid_to >= valid_from),
    CONSTRAINT ck_right_records_parent_has_grantor CHECK (parent_id IS NULL OR grantor_id IS NOT NULL),
    CONSTRAINT fk_right_records_product_id_products FOREIGN KEY(product_id) REFERENCES products (id),
    CONSTRAINT fk_right_records_holder_id_organisations FOREIGN KEY(holder_id) REFERENCES organisations (id),
    CONSTRAINT fk_right_records_grantor_id_organisations FOREIGN KEY(grantor_id) REFERENCES organisations (id),
    CONSTRAINT fk_right_records_basis_id_product_materials FOREIGN KEY(basis_id) REFERENCES product_materials (id),
    CONSTRAINT fk_right_records_parent_id_right_records FOREIGN KEY(parent_id) REFERENCES right_records (id)
)
--
CREATE INDEX ix_right_records_parent_id ON right_records (parent_id)
--
CREATE INDEX ix_right_records_holder_id_id ON right_records (holder_id, id)
--
CREATE INDEX ix_right_records_product_id_source_id ON right_records (product_id, source, id)
--
CREATE TRIGGER right_records_no_update BEFORE UPDATE ON right_records BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER right_records_no_delete BEFORE DELETE ON right_records BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER right_records_no_replace BEFORE INSERT ON right_records WHEN EXISTS (SELECT 1 FROM right_records WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE delivery_allowances (
    task_id VARCHAR NOT NULL,
    meter VARCHAR NOT NULL,
    limit_count INTEGER NOT NULL,
    used INTEGER NOT NULL,
    CONSTRAINT pk_delivery_allowances PRIMARY KEY (task_id, meter),
    CONSTRAINT ck_delivery_allowances_used_not_negative CHECK (used >= 0),
    CONSTRAINT ck_delivery_allowances_used_within_limit CHECK (used <= limit_count),
    CONSTRAINT fk_delivery_allowances_task_id_delivery_tasks FOREIGN KEY(task_id) REFERENCES delivery_tasks (id)
)
--
CREATE TABLE egress_reviews (
    task_id VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    requester_id VARCHAR NOT NULL,
    requested_by VARCHAR NOT NULL,
    requested_at DATETIME NOT NULL,
    operator_id VARCHAR,
    manifest JSON NOT NULL,
    held VARCHAR,
    fetched_at DATETIME,
    reviewed_by VARCHAR,
    reviewed_at DATETIME,
    note VARCHAR,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_egress_reviews PRIMARY KEY (id),
    CONSTRAINT ck_egress_reviews_subject_known CHECK (subject IN ('query', 'files')),
    CONSTRAINT ck_egress_reviews_reviewed_by_another CHECK (reviewed_by IS NULL OR reviewed_by <> requested_by),
    CONSTRAINT ck_egress_reviews_reviewed_says_by_whom CHECK ((state IN ('released', 'refused')) = (reviewed_by IS NOT NULL)),
    CONSTRAINT fk_egress_reviews_task_id_delivery_tasks FOREIGN KEY(task_id) REFERENCES delivery_tasks (id),
    CONSTRAINT fk_egress_reviews_requester_id_organisations FOREIGN KEY(requester_id) REFERENCES organisations (id),
    CONSTRAINT fk_egress_reviews_operator_id_organisations FOREIGN KEY(operator_id) REFERENCES organisations (id)
)
--
CREATE UNIQUE INDEX uq_egress_reviews_files_live ON egress_reviews (task_id) WHERE subject = 'files' AND state IN ('requested', 'released')
--
CREATE INDEX ix_egress_reviews_state_id ON egress_reviews (state, id)
--
CREATE INDEX ix_egress_reviews_task_id_id ON egress_reviews (task_id, id)
--
CREATE TABLE recipient_credentials (
    id VARCHAR NOT NULL,
    task_id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    label VARCHAR NOT NULL,
    secret_digest VARCHAR NOT NULL,
    issued_by VARCHAR NOT NULL,
    issued_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
    revoked_at DATETIME,
    rotated_to VARCHAR,
    CONSTRAINT pk_recipient_credentials PRIMARY KEY (id),
    CONSTRAINT ck_recipient_credentials_expires_after_it_was_issued CHECK (expires_at > issued_at),
    CONSTRAINT ck_recipient_credentials_kind_known CHECK (kind IN ('share', 'api')),
    CONSTRAINT fk_recipient_credentials_task_id_delivery_tasks FOREIGN KEY(task_id) REFERENCES delivery_tasks (id),
    CONSTRAINT fk_recipient_credentials_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT uq_recipient_credentials_secret_digest UNIQUE (secret_digest),
    CONSTRAINT fk_recipient_credentials_rotated_to_recipient_credentials FOREIGN KEY(rotated_to) REFERENCES recipient_credentials (id)
)
--
CREATE INDEX ix_recipient_credentials_organisation_id_id ON recipient_credentials (organisation_id, id)
--
CREATE INDEX ix_recipient_credentials_task_id_id ON recipient_credentials (task_id, id)
--
CREATE UNIQUE INDEX uq_recipient_credentials_live ON recipient_credentials (task_id, kind, label) WHERE revoked_at IS NULL AND rotated_to IS NULL
--
CREATE TABLE packages (
    task_id VARCHAR NOT NULL,
    buyer_id VARCHAR NOT NULL,
    key_id VARCHAR NOT NULL,
    public_key VARCHAR NOT NULL,
    format VARCHAR NOT NULL,
    requested_by VARCHAR NOT NULL,
    requested_at DATETIME NOT NULL,
    kept_until DATETIME NOT NULL,
    claimed_at DATETIME,
    stage VARCHAR,
    progress_bp INTEGER NOT NULL,
    problem VARCHAR,
    row_count INTEGER,
    size_bytes INTEGER,
    sha256 VARCHAR,
    mark_column VARCHAR,
    manifest JSON,
    signature JSON,
    released_at DATETIME,
    erased_at DATETIME,
    bytes_sent INTEGER NOT NULL,
    tidied BOOLEAN NOT NULL,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_packages PRIMARY KEY (id),
    CONSTRAINT ck_packages_size_positive CHECK (size_bytes IS NULL OR size_bytes > 0),
    CONSTRAINT ck_packages_bytes_not_negative CHECK (bytes_sent >= 0),
    CONSTRAINT ck_packages_format_known CHECK (format IN ('parquet', 'csv')),
    CONSTRAINT fk_packages_task_id_delivery_tasks FOREIGN KEY(task_id) REFERENCES delivery_tasks (id),
    CONSTRAINT fk_packages_buyer_id_organisations FOREIGN KEY(buyer_id) REFERENCES organisations (id),
    CONSTRAINT fk_packages_key_id_recipient_keys FOREIGN KEY(key_id) REFERENCES recipient_keys (id)
)
--
CREATE INDEX ix_packages_task_id_id ON packages (task_id, id)
--
CREATE INDEX ix_packages_state_id ON packages (state, id)
--
CREATE INDEX ix_packages_buyer_id_id ON packages (buyer_id, id)
--
CREATE TABLE right_ends (
    record_id VARCHAR NOT NULL,
    ended_on DATE NOT NULL,
    reason VARCHAR NOT NULL,
    ended_by VARCHAR NOT NULL,
    CONSTRAINT pk_right_ends PRIMARY KEY (record_id),
    CONSTRAINT fk_right_ends_record_id_right_records FOREIGN KEY(record_id) REFERENCES right_records (id)
)
--
CREATE TRIGGER right_ends_no_update BEFORE UPDATE ON right_ends BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER right_ends_no_delete BEFORE DELETE ON right_ends BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER right_ends_no_replace BEFORE INSERT ON right_ends WHEN EXISTS (SELECT 1 FROM right_ends WHERE record_id = NEW.record_id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE amendments (
    product_id VARCHAR NOT NULL,
    owner_id VARCHAR NOT NULL,
    size VARCHAR NOT NULL,
    before_id VARCHAR NOT NULL,
    after_id VARCHAR NOT NULL,
    major INTEGER NOT NULL,
    minor INTEGER NOT NULL,
    made_at DATETIME NOT NULL,
    published_at DATETIME,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_amendments PRIMARY KEY (id),
    CONSTRAINT ck_amendments_size_is_minor_or_major CHECK (size IN ('minor', 'major')),
    CONSTRAINT ck_amendments_published_is_dated CHECK ((state = 'published') = (published_at IS NOT NULL)),
    CONSTRAINT fk_amendments_product_id_products FOREIGN KEY(product_id) REFERENCES products (id),
    CONSTRAINT fk_amendments_owner_id_organisations FOREIGN KEY(owner_id) REFERENCES organisations (id),
    CONSTRAINT fk_amendments_before_id_product_versions FOREIGN KEY(before_id) REFERENCES product_versions (id),
    CONSTRAINT uq_amendments_after_id UNIQUE (after_id),
    CONSTRAINT fk_amendments_after_id_product_versions FOREIGN KEY(after_id) REFERENCES product_versions (id)
)
--
CREATE INDEX ix_amendments_state_id ON amendments (state, id)
--
CREATE UNIQUE INDEX uq_amendments_one_open_per_product ON amendments (product_id) WHERE state NOT IN ('published', 'rejected', 'withdrawn')
--
CREATE INDEX ix_amendments_owner_id_id ON amendments (owner_id, id)
--
CREATE INDEX ix_amendments_product_id_id ON amendments (product_id, id)
--
CREATE TABLE api_call_requests (
    task_id VARCHAR NOT NULL,
    request_id VARCHAR NOT NULL,
    fingerprint VARCHAR NOT NULL,
    call_id VARCHAR NOT NULL,
    CONSTRAINT pk_api_call_requests PRIMARY KEY (task_id, request_id),
    CONSTRAINT fk_api_call_requests_task_id_delivery_tasks FOREIGN KEY(task_id) REFERENCES delivery_tasks (id)
)
--
CREATE TRIGGER api_call_requests_no_update BEFORE UPDATE ON api_call_requests BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER api_call_requests_no_delete BEFORE DELETE ON api_call_requests BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER api_call_requests_no_replace BEFORE INSERT ON api_call_requests WHEN EXISTS (SELECT 1 FROM api_call_requests WHERE task_id = NEW.task_id AND request_id = NEW.request_id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE handed_files (
    id VARCHAR NOT NULL,
    task_id VARCHAR NOT NULL,
    mode VARCHAR NOT NULL,
    round INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    note VARCHAR NOT NULL,
    size_bytes INTEGER NOT NULL,
    sha256 VARCHAR NOT NULL,
    handed_by VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    handed_at DATETIME NOT NULL,
    CONSTRAINT pk_handed_files PRIMARY KEY (id),
    CONSTRAINT fk_handed_files_task_id_mode_delivery_tasks FOREIGN KEY(task_id, mode) REFERENCES delivery_tasks (id, mode),
    CONSTRAINT ck_handed_files_mode_opens_this_way CHECK (mode IN ('masked_file', 'model', 'raw_file')),
    CONSTRAINT uq_handed_files_task_id_round_name UNIQUE (task_id, round, name),
    CONSTRAINT ck_handed_files_round_positive CHECK (round > 0),
    CONSTRAINT ck_handed_files_size_positive CHECK (size_bytes > 0),
    CONSTRAINT ck_handed_files_sha256_has_64_digits CHECK (length(sha256) = 64),
    CONSTRAINT fk_handed_files_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE TRIGGER handed_files_no_update BEFORE UPDATE ON handed_files BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER handed_files_no_delete BEFORE DELETE ON handed_files BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER handed_files_no_replace BEFORE INSERT ON handed_files WHEN EXISTS (SELECT 1 FROM handed_files WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE package_headers (
    package_id VARCHAR NOT NULL,
    sealed VARCHAR NOT NULL,
    CONSTRAINT pk_package_headers PRIMARY KEY (package_id),
    CONSTRAINT fk_package_headers_package_id_packages FOREIGN KEY(package_id) REFERENCES packages (id)
)
--
CREATE TABLE api_call_nonces (
    credential_id VARCHAR NOT NULL,
    nonce VARCHAR NOT NULL,
    at DATETIME NOT NULL,
    CONSTRAINT pk_api_call_nonces PRIMARY KEY (credential_id, nonce),
    CONSTRAINT fk_api_call_nonces_credential_id_recipient_credentials FOREIGN KEY(credential_id) REFERENCES recipient_credentials (id)
)
--
CREATE INDEX ix_api_call_nonces_at ON api_call_nonces (at)
--
CREATE TABLE query_runs (
    id VARCHAR NOT NULL,
    task_id VARCHAR NOT NULL,
    mode VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    data_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    statement VARCHAR NOT NULL,
    parts JSON NOT NULL,
    review_id VARCHAR,
    refused VARCHAR,
    decision_id VARCHAR,
    at DATETIME NOT NULL,
    CONSTRAINT pk_query_runs PRIMARY KEY (id),
    CONSTRAINT fk_query_runs_task_id_mode_delivery_tasks FOREIGN KEY(task_id, mode) REFERENCES delivery_tasks (id, mode),
    CONSTRAINT ck_query_runs_mode_opens_this_way CHECK (mode IN ('in_domain')),
    CONSTRAINT ck_query_runs_held_or_refused CHECK ((refused IS NULL) = (review_id IS NOT NULL)),
    CONSTRAINT uq_query_runs_organisation_id_data_id_number UNIQUE (organisation_id, data_id, number),
    CONSTRAINT fk_query_runs_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_query_runs_review_id_egress_reviews FOREIGN KEY(review_id) REFERENCES egress_reviews (id)
)
--
CREATE TRIGGER query_runs_no_update BEFORE UPDATE ON query_runs BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER query_runs_no_delete BEFORE DELETE ON query_runs BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER query_runs_no_replace BEFORE INSERT ON query_runs WHEN EXISTS (SELECT 1 FROM query_runs WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE api_calls (
    id VARCHAR NOT NULL,
    task_id VARCHAR NOT NULL,
    mode VARCHAR NOT NULL,
    credential_id VARCHAR NOT NULL,
    dataset_version_id VARCHAR,
    kind VARCHAR NOT NULL,
    request_id VARCHAR NOT NULL,
    fingerprint VARCHAR NOT NULL,
    format VARCHAR NOT NULL,
    rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    took_ms INTEGER NOT NULL,
    failure VARCHAR,
    decision_id VARCHAR,
    receipt JSON,
    at DATETIME NOT NULL,
    CONSTRAINT pk_api_calls PRIMARY KEY (id),
    CONSTRAINT fk_api_calls_task_id_mode_delivery_tasks FOREIGN KEY(task_id, mode) REFERENCES delivery_tasks (id, mode),
    CONSTRAINT ck_api_calls_mode_opens_this_way CHECK (mode IN ('record_api', 'verification')),
    CONSTRAINT ck_api_calls_kind_known CHECK (kind IN ('rows', 'verify')),
    CONSTRAINT ck_api_calls_amounts_not_negative CHECK (rows >= 0 AND bytes >= 0),
    CONSTRAINT ck_api_calls_failed_gave_nothing CHECK (failure IS NULL OR (rows = 0 AND bytes = 0 AND receipt IS NULL)),
    CONSTRAINT ck_api_calls_success_is_receipted CHECK (failure IS NOT NULL OR receipt IS NOT NULL),
    CONSTRAINT fk_api_calls_credential_id_recipient_credentials FOREIGN KEY(credential_id) REFERENCES recipient_credentials (id),
    CONSTRAINT fk_api_calls_dataset_version_id_dataset_versions FOREIGN KEY(dataset_version_id) REFERENCES dataset_versions (id)
)
--
CREATE INDEX ix_api_calls_task_id_id ON api_calls (task_id, id)
--
CREATE TRIGGER api_calls_no_update BEFORE UPDATE ON api_calls BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER api_calls_no_delete BEFORE DELETE ON api_calls BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER api_calls_no_replace BEFORE INSERT ON api_calls WHEN EXISTS (SELECT 1 FROM api_calls WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE package_links (
    id VARCHAR NOT NULL,
    package_id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    secret_digest VARCHAR NOT NULL,
    made_by VARCHAR NOT NULL,
    made_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
    uses_max INTEGER NOT NULL,
    bytes_sent INTEGER NOT NULL,
    revoked_at DATETIME,
    CONSTRAINT pk_package_links PRIMARY KEY (id),
    CONSTRAINT ck_package_links_uses_positive CHECK (uses_max > 0),
    CONSTRAINT ck_package_links_bytes_not_negative CHECK (bytes_sent >= 0),
    CONSTRAINT ck_package_links_expires_after_it_was_made CHECK (expires_at > made_at),
    CONSTRAINT fk_package_links_package_id_packages FOREIGN KEY(package_id) REFERENCES packages (id),
    CONSTRAINT fk_package_links_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT uq_package_links_secret_digest UNIQUE (secret_digest)
)
--
CREATE INDEX ix_package_links_package_id_id ON package_links (package_id, id)
--
UPDATE delivery_tasks SET use_until = (SELECT json_extract(o.use_scenario, '$.period_to') FROM orders o WHERE o.id = delivery_tasks.order_id)
