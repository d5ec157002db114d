"""Entries are written to SQLite: there is one writer, and a statement is no journey.

So each entry is written as it will stand, head, lines and seal, before the next one; the
triggers know the posting that is being written by that.
"""

import sqlite3
from collections.abc import Sequence
from datetime import UTC
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from settlement.entries import AccountRef
from settlement.posting.asked import Key
from settlement.posting.written import Ids, Kept, Written, guarded, opened_as

_TAKEN: Final = "SELECT 1 FROM ledger_entries WHERE event = ? AND source_id = ? AND seq = ?"
_LAST: Final = "SELECT coalesce(max(id), 0) FROM ledger_entries"
_FIND: Final = (
    "SELECT a.id, abs(b.credits - b.debits) FROM ledger_accounts a"
    " LEFT JOIN ledger_balances b ON b.account_id = a.id"
    " WHERE a.code = ? AND a.owner = ? AND a.currency = ?"
)
_OPEN: Final = (
    "INSERT INTO ledger_accounts (code, owner, currency, book, kind, guard)"
    " VALUES (?, ?, ?, ?, ?, ?) RETURNING id"
)
_HEAD: Final = (
    "INSERT INTO ledger_entries (id, event, source_id, seq, period_id, n, reverses, order_id,"
    " person, organisation, effective_on, recorded_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_LINE: Final = (
    "INSERT INTO ledger_postings (entry_id, line_no, n, debit_id, credit_id, currency, book,"
    " amount) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_SEAL: Final = "INSERT INTO ledger_seals (entry_id, n, content_hash) VALUES (?, ?, ?)"


class Sqlite:
    """Two statements an account and three an entry, none of which leaves the process."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        # The driver's own cursor: SQLAlchemy's way to it takes ten times as long as SQLite.
        self._cursor = connection.connection.cursor()

    def claim(self, heads: Sequence[dict[str, Any]]) -> dict[Key, int]:
        """Give numbers to the keys that are free: nobody else writes meanwhile."""
        last = self._row(_LAST)[0]
        keys = [(head["event"], head["source_id"], head["seq"]) for head in heads]
        free = [key for key in keys if self._row(_TAKEN, key) is None]
        return {key: last + number for number, key in enumerate(free, start=1)}

    def accounts(self, refs: Sequence[AccountRef]) -> tuple[Ids, Kept]:
        """Open what is new; the whole database is locked already."""
        ids: Ids = {}
        kept: Kept = {}
        for ref in refs:
            found = self._row(_FIND, ref)
            account_id, left = found or (self._row(_OPEN, tuple(opened_as(ref).values()))[0], 0)
            ids[ref] = account_id
            if guarded(ref):
                kept[account_id] = left
        return ids, kept

    def write(self, written: Sequence[Written], ids: Ids) -> None:
        """Write entry by entry, in the order in which they were asked."""
        for one in written:
            n = one.head["n"]
            self._run(_HEAD, (one.entry_id, *_stored(one.head)))
            for line in one.lines:
                self._run(_LINE, (
                    one.entry_id, line.line_no, n, ids[line.debit], ids[line.credit],
                    line.currency, line.book, line.minor,
                ))  # fmt: skip
            self._run(_SEAL, (one.entry_id, n, one.content_hash))

    def _row(self, sql: str, values: Sequence[Any] = ()) -> Any:
        return self._run(sql, values).fetchone()

    def _run(self, sql: str, values: Sequence[Any]) -> Any:
        try:
            return self._cursor.execute(sql, values)
        except sqlite3.IntegrityError as error:
            raise IntegrityError(sql, tuple(values), error) from error


def _stored(head: dict[str, Any]) -> tuple[Any, ...]:
    *values, effective_on, recorded_at = head.values()
    instant = recorded_at.astimezone(UTC).isoformat(timespec="microseconds")
    return (*values, effective_on.isoformat(), instant)
