"""Entries are written to SQLite: there is one writer, and a statement is no journey.

So each entry is written as it will stand, head, lines and seal, before the next one; the
triggers know the posting that is being written by that.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, date
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from kernel.work import Work
from settlement.entries import AccountRef, Unnumbered, around_id, month, sealed
from settlement.posting.asked import ToPost, refs
from settlement.posting.overdraft import Kept, forbid_overdraft, guarded
from settlement.posting.savepoints import savepoint
from settlement.posting.written import Months, booked_in, opened_as, unnumbered

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

_Ids = dict[AccountRef, int]


class Sqlite:
    """Two statements an account and three an entry, none of which leaves the process."""

    def __init__(self, work: Work, connection: Connection) -> None:
        self._work = work
        self._connection = connection
        self._chosen: Months = {}
        # The driver's own cursor: SQLAlchemy's way to it takes ten times as long as SQLite.
        self._cursor = connection.connection.cursor()

    def write(self, asked: Sequence[ToPost]) -> list[int | None]:
        """Write entry by entry, in the order in which they were asked."""
        ids = self.claim(asked)
        free = [entry_id for entry_id in ids if entry_id is not None]
        if len(free) < len(ids):
            return ids
        with savepoint(self._connection):
            self._chosen |= booked_in(self._connection, self._new_days(asked))
            accounts, kept = self.accounts(refs(asked))
            forbid_overdraft(asked, kept)
            for entry_id, one in zip(free, asked, strict=True):
                self._write(entry_id, one, accounts)
        return ids

    def claim(self, asked: Sequence[ToPost]) -> list[int | None]:
        """Give numbers to the keys that are free: nobody else writes meanwhile."""
        first = self._row(_LAST)[0] + 1
        return [
            number if self._row(_TAKEN, one.key) is None else None
            for number, one in enumerate(asked, start=first)
        ]

    def accounts(self, named: Sequence[AccountRef]) -> tuple[_Ids, Kept]:
        """Open what is new; the whole database is locked already."""
        ids: _Ids = {}
        lefts: dict[AccountRef, int] = {}
        for ref in named:
            found = self._row(_FIND, ref)
            account_id, left = found or (self._row(_OPEN, tuple(opened_as(ref).values()))[0], 0)
            ids[ref], lefts[ref] = account_id, left
        return ids, {ref: lefts[ref] for ref in guarded(named)}

    def _new_days(self, asked: Sequence[ToPost]) -> Iterator[date]:
        return (one.effective_on for one in asked if month(one.effective_on) not in self._chosen)

    def _write(self, entry_id: int, one: ToPost, accounts: _Ids) -> None:
        entry = unnumbered(self._work, one, self._chosen)
        n = len(entry.lines)
        self._run(_HEAD, (entry_id, *_head(entry, n)))
        for line, (debit, credit, _) in zip(entry.lines, one.rows, strict=True):
            self._run(_LINE, (
                entry_id, line.line_no, n, accounts[debit], accounts[credit],
                line.currency, line.book, line.minor,
            ))  # fmt: skip
        self._run(_SEAL, (entry_id, n, sealed(entry_id, *around_id(entry))))

    def _row(self, sql: str, values: Sequence[Any] = ()) -> Any:
        return self._run(sql, values).fetchone()

    def _run(self, sql: str, values: Sequence[Any]) -> Any:
        try:
            return self._cursor.execute(sql, values)
        except sqlite3.IntegrityError as error:
            raise IntegrityError(sql, tuple(values), error) from error


def _head(entry: Unnumbered, n: int) -> tuple[Any, ...]:
    instant = entry.recorded_at.astimezone(UTC).isoformat(timespec="microseconds")
    return (
        entry.event, entry.source_id, entry.seq, entry.period_id, n, entry.reverses,
        entry.order_id, entry.person, entry.organisation, entry.effective_on.isoformat(), instant,
    )  # fmt: skip
