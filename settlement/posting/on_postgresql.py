"""Entries are written to PostgreSQL: sets, not rows, because every statement is a journey.

A set travels as one array for each column, so that the statement's text is always the
same and its plan is kept.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection

from settlement.entries import AccountRef
from settlement.posting.asked import Key
from settlement.posting.written import Ids, Kept, Written, guarded, opened_as

_HEAD: Final = {
    "event": "text",
    "source_id": "text",
    "seq": "int",
    "period_id": "text",
    "n": "int",
    "reverses": "bigint",
    "order_id": "text",
    "person": "text",
    "organisation": "text",
    "effective_on": "date",
    "recorded_at": "timestamptz",
}
_ACCOUNT: Final = dict.fromkeys(("code", "owner", "currency", "book", "kind", "guard"), "text")
_POSTING: Final = {
    "entry_id": "bigint",
    "line_no": "int",
    "n": "int",
    "debit_id": "bigint",
    "credit_id": "bigint",
    "currency": "text",
    "book": "text",
    "amount": "bigint",
}
_SEAL: Final = {"entry_id": "bigint", "n": "int", "content_hash": "text"}
_NAME: Final = dict.fromkeys(("code", "owner", "currency"), "text")


def _arrays(columns: Mapping[str, str]) -> str:
    return ", ".join(f"%({name})s::{kind}[]" for name, kind in columns.items())


def _insert(table: str, columns: Mapping[str, str]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT * FROM unnest({_arrays(columns)})"  # noqa: S608 - names of this file


# Numbered as they were asked, claimed in one order by everybody.
_CLAIM: Final = f"""
WITH numbered AS MATERIALIZED (
  SELECT nextval('ledger_entries_id_seq') AS id, asked.*
  FROM unnest({_arrays(_HEAD)}) AS asked ({", ".join(_HEAD)})
)
INSERT INTO ledger_entries (id, {", ".join(_HEAD)})
SELECT * FROM numbered ORDER BY event, source_id, seq
ON CONFLICT (event, source_id, seq) DO NOTHING RETURNING event, source_id, seq, id
"""  # noqa: S608 - names of this file
_OPEN: Final = (
    f"{_insert('ledger_accounts', _ACCOUNT)}"
    " ON CONFLICT (code, owner, currency) DO NOTHING RETURNING code, owner, currency, id"
)
# Everybody locks guarded accounts in the order of their ids.
_FIND: Final = f"""
WITH named AS MATERIALIZED (
  SELECT a.id, a.code, a.owner, a.currency
  FROM unnest({_arrays(_NAME)}) AS r (code, owner, currency)
  JOIN ledger_accounts a USING (code, owner, currency)
), locked AS MATERIALIZED (
  SELECT account_id, abs(credits - debits) AS kept FROM ledger_balances
  WHERE account_id IN (SELECT id FROM named) ORDER BY account_id FOR UPDATE
)
SELECT code, owner, currency, id, NULL FROM named
UNION ALL SELECT NULL, NULL, NULL, account_id, kept FROM locked
"""  # noqa: S608 - as above
_WRITE: Final = _insert("ledger_postings", _POSTING)
_SEALED: Final = _insert("ledger_seals", _SEAL)


class Postgresql:
    """Four statements for a portion; five when it opens accounts."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def claim(self, heads: Sequence[dict[str, Any]]) -> dict[Key, int]:
        """Claim the keys; a twin that is under way is waited for."""
        found = self._run(_CLAIM, _HEAD, heads)
        return {(event, source_id, seq): entry_id for event, source_id, seq, entry_id in found}

    def accounts(self, refs: Sequence[AccountRef]) -> tuple[Ids, Kept]:
        """Open what is new, lock what is guarded."""
        ids: Ids = {}
        kept: Kept = {}
        self._find(refs, ids, kept)
        missing = [ref for ref in refs if ref not in ids]
        if missing:
            opened = self._run(_OPEN, _ACCOUNT, [opened_as(ref) for ref in missing])
            for *name, account_id in opened:
                ref = AccountRef(*name)
                ids[ref] = account_id
                if guarded(ref):
                    kept[account_id] = 0
            # What somebody else opened in this very moment.
            self._find([ref for ref in missing if ref not in ids], ids, kept)
        return ids, kept

    def write(self, written: Sequence[Written], ids: Ids) -> None:
        """Write all lines, then all seals."""
        lines = [
            (one.entry_id, line.line_no, one.head["n"], ids[line.debit], ids[line.credit],
             line.currency, line.book, line.minor)
            for one in written for line in one.lines
        ]  # fmt: skip
        seals = [(one.entry_id, one.head["n"], one.content_hash) for one in written]
        self._execute(_WRITE, _POSTING, lines)
        self._execute(_SEALED, _SEAL, seals)

    def _find(self, refs: Sequence[AccountRef], ids: Ids, kept: Kept) -> None:
        if not refs:
            return
        for *name, account_id, left in self._execute(_FIND, _NAME, refs):
            if left is None:
                ids[AccountRef(*name)] = account_id
            else:
                kept[account_id] = left

    def _run(self, sql: str, columns: Mapping[str, str], rows: Sequence[dict[str, Any]]) -> Any:
        return self._execute(sql, columns, [tuple(row[name] for name in columns) for row in rows])

    def _execute(self, sql: str, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> Any:
        arrays = dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True))
        return self.connection.exec_driver_sql(sql, arrays)
