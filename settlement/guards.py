"""The triggers of the ledger's tables, in the two dialects: the same refusals in each.

`DDL_SQLITE` and `DDL_POSTGRESQL` are run in order, once the six tables of
`settlement/books.py` are there. On PostgreSQL the functions run as the owner of the
schema, so that a role that may only SELECT and INSERT can post and cannot do more;
`refuse_change()` is the kernel's.
"""

# ruff: noqa: S608 - the statements are put together from names that stand in this file

import re
from typing import Final

# SQLite: INSERT OR REPLACE deletes without firing delete triggers (unless the connection
# asks for recursive triggers), so an insert whose key exists is refused on every table.
# Each key is looked up by itself: an OR within one look-up costs as much as several.
_KEYS: Final = {
    "ledger_accounts": (("id",), ("code", "owner", "currency")),
    "ledger_balances": (("account_id",),),
    "ledger_periods": (("id",),),
    "ledger_entries": (("id",), ("event", "source_id", "seq"), ("reverses",)),
    "ledger_seals": (("entry_id",),),
    "ledger_postings": (("entry_id", "line_no"),),
}
_FIXED: Final = ("ledger_accounts", "ledger_entries", "ledger_seals", "ledger_postings")
"""Tables whose rows never change; the rows of balances and periods move in one way each."""

# An entry taken back must be taken back whole: the same lines, with debit and credit swapped.
_LINES: Final = (
    "SELECT debit_id, credit_id, currency, amount, count(*) FROM ledger_postings"
    " WHERE entry_id = {mine} GROUP BY debit_id, credit_id, currency, amount"
)
_SWAPPED: Final = (
    "SELECT credit_id, debit_id, currency, amount, count(*) FROM ledger_postings"
    " WHERE entry_id = {other} GROUP BY debit_id, credit_id, currency, amount"
)


def not_the_mirror(mine: str, other: str) -> str:
    """Return the SQL condition under which the entry `mine` is not the mirror of `other`."""
    lines, swapped = _LINES.format(mine=mine), _SWAPPED.format(other=other)
    return f"(EXISTS ({lines} EXCEPT {swapped}) OR EXISTS ({swapped} EXCEPT {lines}))"


def off_the_rules(entry_id: str) -> str:
    """Return the SQL condition under which a line of the entry is between a pair no rule has."""
    return (
        "EXISTS (SELECT 1 FROM ledger_entries he JOIN ledger_postings hp ON hp.entry_id = he.id"
        " JOIN ledger_accounts hd ON hd.id = hp.debit_id"
        " JOIN ledger_accounts hc ON hc.id = hp.credit_id"
        f" WHERE he.id = {entry_id} AND NOT EXISTS (SELECT 1 FROM posting_rules r"
        " WHERE r.event = he.event AND r.debit_code = hd.code AND r.credit_code = hc.code))"
    )


def _taken(table: str) -> str:
    """Return the SQL condition under which a key of the new row is there already."""
    same = (" AND ".join(f"{name} = NEW.{name}" for name in key) for key in _KEYS[table])
    return " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {key})" for key in same)


def _sqlite_refusal(name: str, when: str, table: str, reason: str) -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE {when.format(table=table)} "
        f"BEGIN SELECT RAISE(ABORT, '{reason}'); END"
    )


# fmt: off
DDL_SQLITE: Final = (
    *(_sqlite_refusal(f"{table}_no_update", "UPDATE ON {table}", table, "append-only")
      for table in _FIXED),
    *(_sqlite_refusal(f"{table}_no_delete", "DELETE ON {table}", table, "append-only")
      for table in _KEYS),
    *(_sqlite_refusal(f"{table}_no_replace",
                      f"INSERT ON {table} WHEN {_taken(table)}", table, "exists")
      for table in _KEYS if table != "ledger_postings"),
    """
CREATE TRIGGER ledger_accounts_open_balance AFTER INSERT ON ledger_accounts
WHEN NEW.guard <> 'none' BEGIN
  INSERT INTO ledger_balances (account_id, guard, debits, credits)
  VALUES (NEW.id, NEW.guard, 0, 0);
END
""",
    _sqlite_refusal("ledger_balances_begin_at_zero",
                    "INSERT ON {table} WHEN NEW.debits <> 0 OR NEW.credits <> 0",
                    "ledger_balances", "a balance begins at zero"),
    # Only the posting that is being written may move a balance, by its own amount. It is the
    # last one, because lines are written in the order of their entries and their numbers.
    """
CREATE TRIGGER ledger_balances_explained BEFORE UPDATE ON ledger_balances
WHEN NEW.account_id <> OLD.account_id OR NEW.guard <> OLD.guard OR NOT coalesce((
  SELECT CASE OLD.account_id
    WHEN p.debit_id THEN NEW.debits = OLD.debits + p.amount AND NEW.credits = OLD.credits
    WHEN p.credit_id THEN NEW.credits = OLD.credits + p.amount AND NEW.debits = OLD.debits
    END AND NOT EXISTS (SELECT 1 FROM ledger_seals s WHERE s.entry_id = p.entry_id)
  FROM ledger_postings p ORDER BY p.entry_id DESC, p.line_no DESC LIMIT 1), FALSE)
BEGIN SELECT RAISE(ABORT, 'no posting explains the balance'); END
""",
    # One trigger for both, because it is asked with every line.
    f"""
CREATE TRIGGER ledger_postings_new BEFORE INSERT ON ledger_postings
WHEN {_taken("ledger_postings")} OR EXISTS (
  SELECT 1 FROM ledger_seals WHERE entry_id = NEW.entry_id)
BEGIN
  SELECT RAISE(ABORT, 'the entry is sealed') FROM ledger_seals WHERE entry_id = NEW.entry_id;
  SELECT RAISE(ABORT, 'exists');
END
""",
    """
CREATE TRIGGER ledger_postings_apply AFTER INSERT ON ledger_postings BEGIN
  UPDATE ledger_balances SET debits = debits + NEW.amount WHERE account_id = NEW.debit_id;
  UPDATE ledger_balances SET credits = credits + NEW.amount WHERE account_id = NEW.credit_id;
END
""",
    # As many lines as there are to be, each between a pair that a rule has, of an open period:
    # nearly always that is so, and one look says it. Of others it is asked what is wrong.
    f"""
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
    AND {not_the_mirror("e.id", "e.reverses")};
  SELECT RAISE(ABORT, 'no posting rule') WHERE {off_the_rules("NEW.entry_id")};
END
""",
    _sqlite_refusal("ledger_periods_open_in_order",
                    "INSERT ON {table} WHEN NEW.status <> 'open' OR EXISTS ("
                    "SELECT 1 FROM {table} WHERE status = 'closed' AND id >= NEW.id)",
                    "ledger_periods", "a period opens after the closed ones"),
    _sqlite_refusal("ledger_periods_one_way",
                    "UPDATE ON {table} WHEN OLD.status <> 'open' OR NEW.status <> 'closed'"
                    " OR NEW.id <> OLD.id OR EXISTS ("
                    "SELECT 1 FROM {table} WHERE status = 'open' AND id < OLD.id)",
                    "ledger_periods", "a period closes once, in order"),
)
"""What SQLite runs after the tables."""
# fmt: on

_AS_OWNER: Final = "LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT"

# Plans are made once and kept for the life of a connection: one made while tables were small
# must not scan them, and none is worth making anew for each entry.
_FIXED_PLANS: Final = "SET enable_seqscan = off SET plan_cache_mode = force_generic_plan"


def _refusal(reason: str) -> str:
    return f"RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = '{reason}'"


def _postgresql_trigger(name: str, when: str, function: str) -> str:
    return f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION {function}()"


NOT_OPEN: Final = "ledger_periods_open"
"""What PostgreSQL names as the constraint when a period is not open."""

# fmt: off
DDL_POSTGRESQL: Final = (
    # The status belongs to a key. So to close a period is to change its key, for which
    # PostgreSQL waits until every transaction has ended that wrote an entry into it.
    "CREATE UNIQUE INDEX uq_ledger_periods_id_status ON ledger_periods (id, status)",
    f"""
CREATE OR REPLACE FUNCTION ledger_open_balance() RETURNS trigger {_AS_OWNER} AS $$
BEGIN
  INSERT INTO ledger_balances (account_id, guard, debits, credits)
  SELECT id, guard, 0, 0 FROM opened WHERE guard <> 'none';
  RETURN NULL;
END $$
""",
    # Once for all lines of a statement: an account that is moved by each of 500 lines is
    # updated once. Within the statement too it may not be overdrawn at any line; where it
    # would, it is moved so far that the table's own CHECK refuses it. A sealed entry has all
    # its lines, and their numbers leave no room for another.
    f"""
CREATE OR REPLACE FUNCTION ledger_apply() RETURNS trigger {_AS_OWNER}
{_FIXED_PLANS} AS $$
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
""",
    # As many lines as there are to be, each between a pair that a rule has, of an open period:
    # nearly always that is so, and one look says it. Of others it is asked what is wrong.
    # An entry's reference to its period keeps whoever closes it waiting, and the other way
    # round (see the index above): what is open here stays open to the commit.
    f"""
CREATE OR REPLACE FUNCTION ledger_seal() RETURNS trigger {_AS_OWNER}
{_FIXED_PLANS} AS $$
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
         bool_or({off_the_rules("s.entry_id")}) AS unruly
  INTO found
  FROM sealed s JOIN ledger_entries e ON e.id = s.entry_id
  JOIN ledger_periods p ON p.id = e.period_id;
  IF found.closed THEN
    {_refusal("the period is not open")}, CONSTRAINT = '{NOT_OPEN}';
  ELSIF found.early THEN
    {_refusal("the period lies before the entry")};
  ELSIF found.part THEN
    {_refusal("lines are missing")};
  ELSIF found.reversing THEN
    IF EXISTS (
        SELECT 1 FROM sealed s JOIN ledger_entries e ON e.id = s.entry_id
        JOIN ledger_entries o ON o.id = e.reverses WHERE o.reverses IS NOT NULL) THEN
      {_refusal("a reversal is not reversed")};
    ELSIF EXISTS (
        SELECT 1 FROM sealed s JOIN ledger_entries e ON e.id = s.entry_id
        WHERE e.reverses IS NOT NULL AND {not_the_mirror("e.id", "e.reverses")}) THEN
      {_refusal("not the mirror")};
    END IF;
  END IF;
  IF found.unruly THEN
    {_refusal("no posting rule")};
  END IF;
  RETURN NULL;
END $$
""",
    f"""
CREATE OR REPLACE FUNCTION ledger_period() RETURNS trigger {_AS_OWNER} AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.status <> 'open' OR EXISTS (
        SELECT 1 FROM ledger_periods WHERE status = 'closed' AND id >= NEW.id) THEN
      {_refusal("a period opens after the closed ones")};
    END IF;
  ELSIF OLD.status <> 'open' OR NEW.status <> 'closed' OR NEW.id <> OLD.id OR EXISTS (
      SELECT 1 FROM ledger_periods WHERE status = 'open' AND id < OLD.id) THEN
    {_refusal("a period closes once, in order")};
  END IF;
  RETURN NEW;
END $$
""",
    *(_postgresql_trigger(f"{table}_append_only",
                          f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW", "refuse_change")
      for table in _FIXED),
    *(_postgresql_trigger(f"{table}_no_truncate", f"BEFORE TRUNCATE ON {table}", "refuse_change")
      for table in _KEYS),
    _postgresql_trigger("ledger_accounts_open_balance",
                        "AFTER INSERT ON ledger_accounts REFERENCING NEW TABLE AS opened"
                        " FOR EACH STATEMENT", "ledger_open_balance"),
    # Only from inside another trigger may a balance be opened or moved.
    _postgresql_trigger("ledger_balances_by_trigger_alone",
                        "BEFORE INSERT OR UPDATE ON ledger_balances FOR EACH ROW"
                        " WHEN (pg_trigger_depth() = 0)", "refuse_change"),
    _postgresql_trigger("ledger_balances_no_delete",
                        "BEFORE DELETE ON ledger_balances FOR EACH ROW", "refuse_change"),
    _postgresql_trigger("ledger_postings_apply",
                        "AFTER INSERT ON ledger_postings REFERENCING NEW TABLE AS written"
                        " FOR EACH STATEMENT", "ledger_apply"),
    _postgresql_trigger("ledger_seals_check",
                        "AFTER INSERT ON ledger_seals REFERENCING NEW TABLE AS sealed"
                        " FOR EACH STATEMENT", "ledger_seal"),
    _postgresql_trigger("ledger_periods_in_order",
                        "BEFORE INSERT OR UPDATE ON ledger_periods FOR EACH ROW", "ledger_period"),
    _postgresql_trigger("ledger_periods_no_delete",
                        "BEFORE DELETE ON ledger_periods FOR EACH ROW", "refuse_change"),
)
"""What PostgreSQL runs after the tables."""
# fmt: on

# What an accountant expects to see: a line has a debit or a credit (借/贷), never both.
VIEWS: Final = (
    """
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
""",
    """
CREATE VIEW ledger_trial_balance AS
SELECT book, currency, code, sum(coalesce(debit, 0)) AS debits, sum(coalesce(credit, 0)) AS credits
FROM ledger_lines GROUP BY book, currency, code
""",
)
"""The same on both databases: the lines by side, and the trial balance (试算平衡表)."""

_TRIGGER: Final = re.compile(r"CREATE TRIGGER (\w+)")


def triggers(dialect: str) -> frozenset[str]:
    """Return the names of the triggers that must be there on "sqlite" or "postgresql"."""
    ddl = DDL_SQLITE if dialect == "sqlite" else DDL_POSTGRESQL
    return frozenset(name for statement in ddl for name in _TRIGGER.findall(statement))
