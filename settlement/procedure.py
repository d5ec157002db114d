"""How PostgreSQL writes entries: one call from outside, because every statement is a journey.

`ledger_post` is no door past the guards. It runs with the rights of whoever calls it, who
may only SELECT and INSERT, and every trigger, key and CHECK looks at what it writes. It
writes everything it was given or nothing, and then names what stood in the way; whoever
called finds the words for it.
"""

from typing import Final

TAKEN: Final = "uq_ledger_entries_event_source_id_seq"
"""A natural key is taken: the ids that come with it are null where it is."""

OVERDRAWN: Final = "ck_ledger_balances_never_overdrawn"
"""A guarded account has not what was to be taken out of it."""

NOT_OPEN: Final = "period"
"""A period is not open, or is not there."""

_HEAD: Final = (
    "place int, event text, source_id text, seq int, period_id text, n int, reverses bigint,"
    " order_id text, effective_on date, before text, after text"
)
_REF: Final = "place int, code text, owner text, currency text, book text, kind text, guard text"
_LINE: Final = "entry int, line_no int, debit int, credit int, amount bigint"

# Whoever posts does it in this order. The period is held open. The keys are claimed, sorted,
# so that a twin is waited for before anything else is looked at. Accounts are opened, sorted;
# the guarded ones are locked in the order of their ids. Then come all lines and all seals, at
# which the triggers look once. Plans are kept for the life of a connection: one made while
# tables were small must not scan them.
POST: Final = f"""
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
    broken := '{NOT_OPEN}';
    RETURN;
  END IF;
  BEGIN
    WITH numbered AS MATERIALIZED (
      SELECT nextval('ledger_entries_id_seq') AS id, h.*
      FROM json_to_recordset(heads) AS h ({_HEAD})
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
      RAISE unique_violation USING CONSTRAINT = '{TAKEN}';
    END IF;
    LOOP
      SELECT array_agg((
        SELECT a.id FROM ledger_accounts a
        WHERE a.code = r.code AND a.owner = r.owner AND a.currency = r.currency
      ) ORDER BY place), array_agg(currency ORDER BY place), array_agg(book ORDER BY place)
      INTO numbers, currencies, books FROM json_to_recordset(refs) AS r ({_REF});
      EXIT WHEN array_position(numbers, NULL) IS NULL;
      INSERT INTO ledger_accounts (code, owner, currency, book, kind, guard)
      SELECT code, owner, currency, book, kind, guard FROM json_to_recordset(refs) AS r ({_REF})
      WHERE numbers[place] IS NULL ORDER BY code, owner, currency
      ON CONFLICT (code, owner, currency) DO NOTHING;
    END LOOP;
    PERFORM 1 FROM ledger_balances WHERE account_id = ANY (numbers) ORDER BY account_id FOR UPDATE;
    INSERT INTO ledger_postings (entry_id, line_no, n, debit_id, credit_id, currency, book, amount)
    SELECT ids[entry], line_no, sizes[entry], numbers[debit], numbers[credit],
           currencies[debit], books[debit], amount
    FROM json_to_recordset(lines) AS l ({_LINE});
    INSERT INTO ledger_seals (entry_id, n, content_hash)
    SELECT ids[place], n, encode(sha256(convert_to(before || ids[place] || after, 'UTF8')), 'hex')
    FROM json_to_recordset(heads) AS h ({_HEAD});
  EXCEPTION WHEN unique_violation OR check_violation THEN
    GET STACKED DIAGNOSTICS broken = CONSTRAINT_NAME;
    IF broken NOT IN ('{TAKEN}', '{OVERDRAWN}') THEN
      RAISE;
    END IF;
  END;
END $$
"""  # noqa: S608 - names of this file
"""What PostgreSQL runs once its tables are there."""
