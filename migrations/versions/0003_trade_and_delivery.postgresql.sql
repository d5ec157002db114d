DROP TABLE product_terms
--
ALTER TABLE fee_rules ADD COLUMN steps JSONB
--
UPDATE fee_rules SET steps = '[]'
--
ALTER TABLE fee_rules ALTER COLUMN steps SET NOT NULL
--
ALTER TABLE fee_rules ADD COLUMN scale VARCHAR
--
ALTER TABLE fee_rules ADD COLUMN every VARCHAR
--
UPDATE fee_rules SET every = 'product'
--
ALTER TABLE fee_rules ALTER COLUMN every SET NOT NULL
--
ALTER TABLE fee_rules ADD CONSTRAINT ck_fee_rules_scale_is_known CHECK (scale IS NULL OR scale IN ('order', 'year'))
--
ALTER TABLE fee_rules ADD CONSTRAINT ck_fee_rules_every_is_known CHECK (every IN ('product', 'version', 'year'))
--
ALTER TABLE subscription_slices ADD COLUMN sponsored_minor BIGINT
--
UPDATE subscription_slices SET sponsored_minor = 0
--
ALTER TABLE subscription_slices ALTER COLUMN sponsored_minor SET NOT NULL
--
ALTER TABLE subscription_slices ADD CONSTRAINT ck_subscription_slices_sponsored_not_negative CHECK (sponsored_minor >= 0)
--
CREATE TABLE taken_parts (
    source_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    obligation_id VARCHAR NOT NULL,
    share_code VARCHAR NOT NULL,
    share_owner VARCHAR NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency VARCHAR NOT NULL,
    CONSTRAINT pk_taken_parts PRIMARY KEY (source_id, position),
    CONSTRAINT ck_taken_parts_amount_positive CHECK (amount_minor > 0)
)
--
CREATE INDEX ix_taken_parts_obligation_id_share_code_share_owner ON taken_parts (obligation_id, share_code, share_owner)
--
CREATE TRIGGER taken_parts_append_only BEFORE UPDATE OR DELETE ON taken_parts FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER taken_parts_no_truncate BEFORE TRUNCATE ON taken_parts EXECUTE FUNCTION refuse_change()
--
CREATE INDEX ix_reconciliation_breaks_key_state ON reconciliation_breaks (key, state)
--
CREATE TABLE recipient_keys (
    id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    label VARCHAR NOT NULL,
    public_key VARCHAR NOT NULL,
    registered_by VARCHAR NOT NULL,
    registered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_recipient_keys PRIMARY KEY (id),
    CONSTRAINT fk_recipient_keys_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_recipient_keys_organisation_id_id ON recipient_keys (organisation_id, id)
--
CREATE UNIQUE INDEX uq_recipient_keys_live ON recipient_keys (organisation_id, public_key) WHERE retired_at IS NULL
--
CREATE TABLE search_entries (
    number BIGSERIAL NOT NULL,
    kind VARCHAR NOT NULL,
    subject_id VARCHAR NOT NULL,
    shown BOOLEAN NOT NULL,
    code VARCHAR NOT NULL,
    title_zh VARCHAR NOT NULL,
    title_en VARCHAR NOT NULL,
    summary VARCHAR NOT NULL,
    owner_id VARCHAR NOT NULL,
    CONSTRAINT pk_search_entries PRIMARY KEY (number),
    CONSTRAINT uq_search_entries_kind_subject_id UNIQUE (kind, subject_id),
    CONSTRAINT fk_search_entries_owner_id_organisations FOREIGN KEY(owner_id) REFERENCES organisations (id)
)
--
CREATE INDEX ix_search_entries_kind_shown_number ON search_entries (kind, shown, number)
--
ALTER TABLE products ADD COLUMN own_code VARCHAR
--
ALTER TABLE products ADD COLUMN valid_until DATE
--
ALTER TABLE products ADD COLUMN ended_as VARCHAR
--
ALTER TABLE products ADD CONSTRAINT uq_products_owner_id_own_code UNIQUE (owner_id, own_code)
--
ALTER TABLE products ADD CONSTRAINT ck_products_only_what_ended_ended_somehow CHECK (ended_as IS NULL OR state = 'delisted')
--
CREATE INDEX ix_products_state_valid_until ON products (state, valid_until)
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
    items JSONB NOT NULL,
    regions JSONB NOT NULL,
    update_frequency VARCHAR NOT NULL,
    delivery_mode VARCHAR,
    budget_min BIGINT,
    budget_max BIGINT,
    deadline DATE NOT NULL,
    visibility VARCHAR NOT NULL,
    broadcast BOOLEAN NOT NULL,
    written_at TIMESTAMP WITH TIME ZONE NOT NULL,
    published_at TIMESTAMP WITH TIME ZONE,
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
    chosen JSONB NOT NULL,
    seen BIGINT NOT NULL,
    saved_at TIMESTAMP WITH TIME ZONE NOT NULL,
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
    content BYTEA NOT NULL,
    handed_in_by VARCHAR NOT NULL,
    handed_in_at TIMESTAMP WITH TIME ZONE NOT NULL,
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
CREATE TRIGGER listing_files_append_only BEFORE UPDATE OR DELETE ON listing_files FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER listing_files_no_truncate BEFORE TRUNCATE ON listing_files EXECUTE FUNCTION refuse_change()
--
CREATE TABLE search_terms (
    shown BOOLEAN NOT NULL,
    term VARCHAR NOT NULL,
    weight INTEGER NOT NULL,
    entry BIGINT NOT NULL,
    kind VARCHAR NOT NULL,
    CONSTRAINT pk_search_terms PRIMARY KEY (shown, term, weight, entry),
    CONSTRAINT fk_search_terms_entry_search_entries FOREIGN KEY(entry) REFERENCES search_entries (number)
)
--
CREATE INDEX ix_search_terms_entry ON search_terms (entry)
--
CREATE TABLE search_facets (
    entry BIGINT NOT NULL,
    facet VARCHAR NOT NULL,
    value VARCHAR NOT NULL,
    CONSTRAINT pk_search_facets PRIMARY KEY (entry, facet, value),
    CONSTRAINT fk_search_facets_entry_search_entries FOREIGN KEY(entry) REFERENCES search_entries (number)
)
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
    sealed BYTEA,
    filed_by VARCHAR NOT NULL,
    filed_at TIMESTAMP WITH TIME ZONE NOT NULL,
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
CREATE TRIGGER product_materials_append_only BEFORE UPDATE OR DELETE ON product_materials FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER product_materials_no_truncate BEFORE TRUNCATE ON product_materials EXECUTE FUNCTION refuse_change()
--
ALTER TABLE refunds ADD COLUMN first_id VARCHAR
--
ALTER TABLE refunds ADD CONSTRAINT fk_refunds_first_id_refunds FOREIGN KEY(first_id) REFERENCES refunds (id)
--
CREATE INDEX ix_refunds_first_id_id ON refunds (first_id, id)
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
    quantity BIGINT NOT NULL,
    quote_minor BIGINT NOT NULL,
    quote_currency VARCHAR NOT NULL,
    plan VARCHAR NOT NULL,
    answered_at TIMESTAMP WITH TIME ZONE NOT NULL,
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
    parts JSONB NOT NULL,
    matched_at TIMESTAMP WITH TIME ZONE NOT NULL,
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
    value_fen BIGINT NOT NULL,
    name VARCHAR NOT NULL,
    media_type VARCHAR NOT NULL,
    size_bytes INTEGER NOT NULL,
    digest VARCHAR NOT NULL,
    sealed BYTEA NOT NULL,
    filed_by VARCHAR NOT NULL,
    filed_at TIMESTAMP WITH TIME ZONE NOT NULL,
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
CREATE TRIGGER asset_valuations_append_only BEFORE UPDATE OR DELETE ON asset_valuations FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER asset_valuations_no_truncate BEFORE TRUNCATE ON asset_valuations EXECUTE FUNCTION refuse_change()
--
CREATE UNIQUE INDEX uq_ledger_periods_id_status ON ledger_periods (id, status)
--
CREATE OR REPLACE FUNCTION ledger_apply() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  UPDATE ledger_balances b
  SET debits = CASE WHEN b.guard = 'credit' AND b.credits - b.debits + s.lowest < 0
               THEN b.credits + s.credits + 1 ELSE b.debits + s.debits END,
      credits = CASE WHEN b.guard = 'debit' AND b.credits - b.debits + s.highest > 0
                THEN b.debits + s.debits + 1 ELSE b.credits + s.credits END
  FROM (
    SELECT account_id, sum(debit) AS debits, sum(credit) AS credits,
           min(net) AS lowest, max(net) AS highest
    FROM (
      SELECT account_id, debit, credit, sum(credit - debit) OVER (
        PARTITION BY account_id ORDER BY entry_id, line_no) AS net
      FROM (
        SELECT debit_id AS account_id, entry_id, line_no, amount AS debit, 0 AS credit FROM written
        UNION ALL SELECT credit_id, entry_id, line_no, 0, amount FROM written
      ) AS moves
    ) AS runs GROUP BY account_id
  ) AS s
  WHERE b.account_id = s.account_id;
  RETURN NULL;
END $$
--
CREATE OR REPLACE FUNCTION ledger_seal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  found RECORD;
BEGIN
  IF (SELECT sum(n) FROM sealed) = (
    SELECT count(*) FROM sealed s JOIN ledger_entries e ON e.id = s.entry_id
    JOIN ledger_periods p ON p.id = e.period_id
    JOIN ledger_postings l ON l.entry_id = s.entry_id
    JOIN ledger_accounts d ON d.id = l.debit_id
    JOIN ledger_accounts c ON c.id = l.credit_id
    JOIN posting_rules r ON r.event = e.event
      AND r.debit_code = d.code AND r.credit_code = c.code
    WHERE e.reverses IS NULL AND p.status = 'open'
      AND e.period_id >= to_char(e.effective_on, 'YYYY-MM')
  ) THEN
    RETURN NULL;
  END IF;
  SELECT bool_or(p.status <> 'open') AS closed,
         bool_or(e.period_id < to_char(e.effective_on, 'YYYY-MM')) AS early,
         bool_or(s.n <> (SELECT count(*) FROM ledger_postings l WHERE l.entry_id = e.id)) AS part,
         bool_or(e.reverses IS NOT NULL) AS reversing,
         bool_or(EXISTS (SELECT 1 FROM ledger_entries he JOIN ledger_postings hp ON hp.entry_id = he.id JOIN ledger_accounts hd ON hd.id = hp.debit_id JOIN ledger_accounts hc ON hc.id = hp.credit_id WHERE he.id = s.entry_id AND NOT EXISTS (SELECT 1 FROM posting_rules r WHERE r.event = he.event AND r.debit_code = hd.code AND r.credit_code = hc.code))) AS unruly
  INTO found
  FROM sealed s JOIN ledger_entries e ON e.id = s.entry_id
  JOIN ledger_periods p ON p.id = e.period_id;
  IF found.closed THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'the period is not open', CONSTRAINT = 'ledger_periods_open';
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
CREATE OR REPLACE FUNCTION ledger_post(
  months TEXT[], heads JSON, refs JSON, sizes INT[],
  entry_of INT[], line_nos INT[], debit_of INT[], credit_of INT[], amounts BIGINT[],
  befores TEXT, afters TEXT, by_person TEXT, by_organisation TEXT, moment TIMESTAMPTZ,
  OUT ids BIGINT[], OUT broken TEXT
) LANGUAGE plpgsql
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  month TEXT;
  made BIGINT;
  numbers BIGINT[];
  currencies TEXT[];
  books TEXT[];
BEGIN
  FOREACH month IN ARRAY months LOOP
    PERFORM 1 FROM ledger_periods WHERE id = month AND status = 'open';
    IF NOT FOUND THEN
      broken := 'ledger_periods_open';
      RETURN;
    END IF;
  END LOOP;
  BEGIN
    ids := ARRAY[nextval('ledger_entries_id_seq')];
    WHILE cardinality(ids) < cardinality(sizes) LOOP
      ids := ids || nextval('ledger_entries_id_seq');
    END LOOP;
    INSERT INTO ledger_entries (id, event, source_id, seq, period_id, n, reverses, order_id,
                                person, organisation, effective_on, recorded_at)
    SELECT ids[place], event, source_id, seq, period_id, sizes[place], reverses, order_id,
           by_person, by_organisation, effective_on, moment
    FROM json_to_recordset(heads) AS h (place int, event text, source_id text, seq int, period_id text, reverses bigint, order_id text, effective_on date)
    ON CONFLICT (event, source_id, seq) DO NOTHING;
    GET DIAGNOSTICS made = ROW_COUNT;
    IF made < cardinality(ids) THEN
      SELECT array_agg(e.id ORDER BY place) INTO ids
      FROM unnest(ids) WITH ORDINALITY AS wanted (id, place)
      LEFT JOIN ledger_entries e ON e.id = wanted.id;
      RAISE unique_violation USING CONSTRAINT = 'uq_ledger_entries_event_source_id_seq';
    END IF;
    LOOP
      SELECT array_agg((
        SELECT a.id FROM ledger_accounts a
        WHERE a.code = r.code AND a.owner = r.owner AND a.currency = r.currency
      )), array_agg(currency), array_agg(book)
      INTO numbers, currencies, books FROM json_to_recordset(refs) AS r (code text, owner text, currency text, book text, kind text, guard text);
      EXIT WHEN array_position(numbers, NULL) IS NULL;
      INSERT INTO ledger_accounts (code, owner, currency, book, kind, guard)
      SELECT code, owner, currency, book, kind, guard
      FROM ROWS FROM (json_to_recordset(refs) AS (code text, owner text, currency text, book text, kind text, guard text)) WITH ORDINALITY AS r
      WHERE numbers[ordinality] IS NULL
      ON CONFLICT (code, owner, currency) DO NOTHING;
    END LOOP;
    PERFORM 1 FROM ledger_balances WHERE account_id = ANY (numbers) ORDER BY account_id FOR UPDATE;
    INSERT INTO ledger_postings (entry_id, line_no, n, debit_id, credit_id, currency, book, amount)
    SELECT ids[entry], line_no, sizes[entry], numbers[debit], numbers[credit],
           currencies[debit], books[debit], amount
    FROM unnest(entry_of, line_nos, debit_of, credit_of, amounts)
      AS l (entry, line_no, debit, credit, amount);
    INSERT INTO ledger_seals (entry_id, n, content_hash)
    SELECT id, n, encode(sha256(convert_to(before || id || after, 'UTF8')), 'hex')
    FROM unnest(ids, sizes, string_to_array(befores, chr(10)), string_to_array(afters, chr(10)))
      AS s (id, n, before, after);
  EXCEPTION WHEN unique_violation OR check_violation THEN
    GET STACKED DIAGNOSTICS broken = CONSTRAINT_NAME;
    IF broken NOT IN ('uq_ledger_entries_event_source_id_seq', 'ck_ledger_balances_never_overdrawn', 'ledger_periods_open') THEN
      RAISE;
    END IF;
  END;
END $$
--
ALTER TABLE delivery_tasks ADD COLUMN product_version_id VARCHAR
--
UPDATE delivery_tasks SET product_version_id = (SELECT v.id FROM order_lines l JOIN product_versions v ON v.id = l.product_version_id WHERE l.id = delivery_tasks.order_line_id)
--
ALTER TABLE delivery_tasks ALTER COLUMN product_version_id SET NOT NULL
--
ALTER TABLE delivery_tasks ADD COLUMN dataset_version_id VARCHAR
--
ALTER TABLE delivery_tasks ADD COLUMN mode VARCHAR
--
UPDATE delivery_tasks SET mode = (SELECT l.delivery_mode FROM order_lines l JOIN product_versions v ON v.id = l.product_version_id WHERE l.id = delivery_tasks.order_line_id)
--
ALTER TABLE delivery_tasks ALTER COLUMN mode SET NOT NULL
--
ALTER TABLE delivery_tasks ADD COLUMN grade VARCHAR
--
UPDATE delivery_tasks SET grade = (SELECT v.grade FROM order_lines l JOIN product_versions v ON v.id = l.product_version_id WHERE l.id = delivery_tasks.order_line_id)
--
ALTER TABLE delivery_tasks ALTER COLUMN grade SET NOT NULL
--
ALTER TABLE delivery_tasks ADD COLUMN pi_class VARCHAR
--
UPDATE delivery_tasks SET pi_class = (SELECT v.pi_class FROM order_lines l JOIN product_versions v ON v.id = l.product_version_id WHERE l.id = delivery_tasks.order_line_id)
--
ALTER TABLE delivery_tasks ALTER COLUMN pi_class SET NOT NULL
--
ALTER TABLE delivery_tasks ADD COLUMN origin VARCHAR
--
UPDATE delivery_tasks SET origin = (SELECT v.source_kind FROM order_lines l JOIN product_versions v ON v.id = l.product_version_id WHERE l.id = delivery_tasks.order_line_id)
--
ALTER TABLE delivery_tasks ALTER COLUMN origin SET NOT NULL
--
ALTER TABLE delivery_tasks ADD COLUMN bytes_delivered BIGINT
--
UPDATE delivery_tasks SET bytes_delivered = 0
--
ALTER TABLE delivery_tasks ALTER COLUMN bytes_delivered SET NOT NULL
--
ALTER TABLE delivery_tasks ADD COLUMN use_until DATE
--
ALTER TABLE delivery_tasks ADD CONSTRAINT uq_delivery_tasks_id_mode UNIQUE (id, mode)
--
ALTER TABLE delivery_tasks ADD CONSTRAINT ck_delivery_tasks_matrix_terms_known CHECK (grade IN ('CORE', 'G1', 'G2', 'G3', 'G4', 'IMPORTANT') AND pi_class IN ('minor_under_14', 'none', 'ordinary', 'sensitive') AND origin IN ('individual_consented', 'mixed', 'open_data', 'public_authorised', 'purchased', 'self_produced', 'web_collected') AND mode IN ('in_domain', 'masked_file', 'model', 'raw_file', 'record_api', 'verification'))
--
ALTER TABLE delivery_tasks ADD CONSTRAINT ck_delivery_tasks_matrix_by_grade CHECK (NOT (grade = 'CORE' AND mode IN ('in_domain', 'masked_file', 'model', 'raw_file', 'record_api', 'verification')) AND NOT (grade = 'IMPORTANT' AND mode IN ('masked_file', 'raw_file', 'record_api')) AND NOT (grade = 'G4' AND mode IN ('masked_file', 'raw_file', 'record_api')) AND NOT (grade = 'G3' AND mode IN ('raw_file')))
--
ALTER TABLE delivery_tasks ADD CONSTRAINT ck_delivery_tasks_matrix_by_person CHECK (NOT (pi_class = 'ordinary' AND mode IN ('raw_file')) AND NOT (pi_class = 'sensitive' AND mode IN ('raw_file', 'record_api')) AND NOT (pi_class = 'minor_under_14' AND mode IN ('in_domain', 'model', 'raw_file', 'record_api', 'verification')))
--
ALTER TABLE delivery_tasks ADD CONSTRAINT ck_delivery_tasks_matrix_by_origin CHECK (NOT (origin IN ('mixed', 'public_authorised') AND mode IN ('raw_file')) AND NOT (grade = 'G2' AND origin IN ('mixed', 'open_data', 'public_authorised') AND mode IN ('raw_file')))
--
ALTER TABLE delivery_tasks ADD CONSTRAINT ck_delivery_tasks_bytes_delivered_not_negative CHECK (bytes_delivered >= 0)
--
ALTER TABLE delivery_tasks ADD CONSTRAINT fk_delivery_tasks_dataset_version_id_dataset_versions FOREIGN KEY(dataset_version_id) REFERENCES dataset_versions (id)
--
ALTER TABLE product_versions ADD COLUMN dataset_version_id VARCHAR
--
ALTER TABLE product_versions ADD CONSTRAINT ck_product_versions_public_data_stays_in_its_resource CHECK (dataset_version_id IS NULL OR source_kind <> 'public_authorised')
--
ALTER TABLE product_versions ADD CONSTRAINT fk_product_versions_dataset_version_id_dataset_versions FOREIGN KEY(dataset_version_id) REFERENCES dataset_versions (id)
--
CREATE INDEX ix_product_versions_dataset_version_id_product_id ON product_versions (dataset_version_id, product_id)
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
    regions JSONB NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    exclusive BOOLEAN NOT NULL,
    sublicensable BOOLEAN NOT NULL,
    recorded_by VARCHAR NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
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
CREATE TRIGGER right_records_append_only BEFORE UPDATE OR DELETE ON right_records FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER right_records_no_truncate BEFORE TRUNCATE ON right_records EXECUTE FUNCTION refuse_change()
--
CREATE TABLE delivery_allowances (
    task_id VARCHAR NOT NULL,
    meter VARCHAR NOT NULL,
    limit_count BIGINT NOT NULL,
    used BIGINT NOT NULL,
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
    requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
    operator_id VARCHAR,
    manifest JSONB NOT NULL,
    held VARCHAR,
    fetched_at TIMESTAMP WITH TIME ZONE,
    reviewed_by VARCHAR,
    reviewed_at TIMESTAMP WITH TIME ZONE,
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
    issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
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
    requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
    kept_until TIMESTAMP WITH TIME ZONE NOT NULL,
    claimed_at TIMESTAMP WITH TIME ZONE,
    stage VARCHAR,
    progress_bp INTEGER NOT NULL,
    problem VARCHAR,
    row_count BIGINT,
    size_bytes BIGINT,
    sha256 VARCHAR,
    mark_column VARCHAR,
    manifest JSONB,
    signature JSONB,
    released_at TIMESTAMP WITH TIME ZONE,
    erased_at TIMESTAMP WITH TIME ZONE,
    bytes_sent BIGINT NOT NULL,
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
CREATE TRIGGER right_ends_append_only BEFORE UPDATE OR DELETE ON right_ends FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER right_ends_no_truncate BEFORE TRUNCATE ON right_ends EXECUTE FUNCTION refuse_change()
--
CREATE TABLE amendments (
    product_id VARCHAR NOT NULL,
    owner_id VARCHAR NOT NULL,
    size VARCHAR NOT NULL,
    before_id VARCHAR NOT NULL,
    after_id VARCHAR NOT NULL,
    major INTEGER NOT NULL,
    minor INTEGER NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    published_at TIMESTAMP WITH TIME ZONE,
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
CREATE TRIGGER api_call_requests_append_only BEFORE UPDATE OR DELETE ON api_call_requests FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER api_call_requests_no_truncate BEFORE TRUNCATE ON api_call_requests EXECUTE FUNCTION refuse_change()
--
CREATE TABLE handed_files (
    id VARCHAR NOT NULL,
    task_id VARCHAR NOT NULL,
    mode VARCHAR NOT NULL,
    round INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    note VARCHAR NOT NULL,
    size_bytes BIGINT NOT NULL,
    sha256 VARCHAR NOT NULL,
    handed_by VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    handed_at TIMESTAMP WITH TIME ZONE NOT NULL,
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
CREATE TRIGGER handed_files_append_only BEFORE UPDATE OR DELETE ON handed_files FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER handed_files_no_truncate BEFORE TRUNCATE ON handed_files EXECUTE FUNCTION refuse_change()
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
    at TIMESTAMP WITH TIME ZONE NOT NULL,
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
    parts JSONB NOT NULL,
    review_id VARCHAR,
    refused VARCHAR,
    decision_id VARCHAR,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_query_runs PRIMARY KEY (id),
    CONSTRAINT fk_query_runs_task_id_mode_delivery_tasks FOREIGN KEY(task_id, mode) REFERENCES delivery_tasks (id, mode),
    CONSTRAINT ck_query_runs_mode_opens_this_way CHECK (mode IN ('in_domain')),
    CONSTRAINT ck_query_runs_held_or_refused CHECK ((refused IS NULL) = (review_id IS NOT NULL)),
    CONSTRAINT uq_query_runs_organisation_id_data_id_number UNIQUE (organisation_id, data_id, number),
    CONSTRAINT fk_query_runs_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_query_runs_review_id_egress_reviews FOREIGN KEY(review_id) REFERENCES egress_reviews (id)
)
--
CREATE TRIGGER query_runs_append_only BEFORE UPDATE OR DELETE ON query_runs FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER query_runs_no_truncate BEFORE TRUNCATE ON query_runs EXECUTE FUNCTION refuse_change()
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
    rows BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    took_ms INTEGER NOT NULL,
    failure VARCHAR,
    decision_id VARCHAR,
    receipt JSONB,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
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
CREATE TRIGGER api_calls_append_only BEFORE UPDATE OR DELETE ON api_calls FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER api_calls_no_truncate BEFORE TRUNCATE ON api_calls EXECUTE FUNCTION refuse_change()
--
CREATE TABLE package_links (
    id VARCHAR NOT NULL,
    package_id VARCHAR NOT NULL,
    organisation_id VARCHAR NOT NULL,
    secret_digest VARCHAR NOT NULL,
    made_by VARCHAR NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    uses_max INTEGER NOT NULL,
    bytes_sent BIGINT NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
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
UPDATE delivery_tasks SET use_until = (SELECT CAST(o.use_scenario ->> 'period_to' AS DATE) FROM orders o WHERE o.id = delivery_tasks.order_id)
--
DROP FUNCTION ledger_post(json, json, json, text[], text, text, timestamptz)
