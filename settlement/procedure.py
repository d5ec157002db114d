"""How PostgreSQL writes entries: one call from outside, because every statement is a journey.

`ledger_post` is no door past the guards. It runs with the rights of whoever calls it, who
may only SELECT and INSERT, and every trigger, key and CHECK looks at what it writes. It
writes everything it was given or nothing, and then names what stood in the way; whoever
called finds the words for it.
"""

from typing import Final

from settlement.guards import NOT_OPEN

TAKEN: Final = "uq_ledger_entries_event_source_id_seq"
"""A natural key is taken: the ids that come with it are null where it is."""

OVERDRAWN: Final = "ck_ledger_balances_never_overdrawn"
"""A guarded account has not what was to be taken out of it."""

_HEAD: Final = (
    "place int, event text, source_id text, seq int, period_id text, reverses bigint,"
    " order_id text, effective_on date"
)
_REF: Final = "code text, owner text, currency text, book text, kind text, guard text"

# Whoever posts does it in this order. The keys are claimed, so that a twin is waited for
# before anything else is looked at, and so is whoever closes the period. Accounts are opened; the
# guarded ones are locked in the order of their ids. Then come all lines and all seals, at
# which the triggers look once. The heads by their keys and the accounts by their
# names come sorted; what is numbered comes in the order in which it was asked. Plans are kept
# for the life of a connection: one made while tables were small must not scan them. Of one
# entry most of the time goes into setting up its statements: each is as plain as it can be.
POST: Final = f"""
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
      broken := '{NOT_OPEN}';
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
    FROM json_to_recordset(heads) AS h ({_HEAD})
    ON CONFLICT (event, source_id, seq) DO NOTHING;
    GET DIAGNOSTICS made = ROW_COUNT;
    IF made < cardinality(ids) THEN
      SELECT array_agg(e.id ORDER BY place) INTO ids
      FROM unnest(ids) WITH ORDINALITY AS wanted (id, place)
      LEFT JOIN ledger_entries e ON e.id = wanted.id;
      RAISE unique_violation USING CONSTRAINT = '{TAKEN}';
    END IF;
    LOOP
      SELECT array_agg((
        SELECT a.id FROM ledger_accounts a
        WHERE a.code = r.code AND a.owner = r.owner AND a.currency = r.currency
      )), array_agg(currency), array_agg(book)
      INTO numbers, currencies, books FROM json_to_recordset(refs) AS r ({_REF});
      EXIT WHEN array_position(numbers, NULL) IS NULL;
      INSERT INTO ledger_accounts (code, owner, currency, book, kind, guard)
      SELECT code, owner, currency, book, kind, guard
      FROM ROWS FROM (json_to_recordset(refs) AS ({_REF})) WITH ORDINALITY AS r
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
    IF broken NOT IN ('{TAKEN}', '{OVERDRAWN}', '{NOT_OPEN}') THEN
      RAISE;
    END IF;
  END;
END $$
"""  # noqa: S608 - names of this file
"""What PostgreSQL runs once its tables are there."""
