"""Entries are written to SQLite: all heads, the accounts, all lines, all seals.

There is one writer, and a statement is no journey; but each that fires triggers first puts
by every page it may have to restore, and rows that are written by one statement share
that. So a statement takes as many rows as there are, up to sixteen, and beyond that in
portions whose sizes are powers of two: few texts, each of which is prepared once for the life
of a connection.

It goes by what nearly always holds: every month is open, no key is taken, the money is
there. When it does not, the database refuses, everything is undone, and only then is it
asked what stands in the way.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from itertools import chain
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from kernel.work import Work
from settlement.entries import AccountRef, Unnumbered, around_id, month, sealed
from settlement.posting.asked import ToPost, refs
from settlement.posting.overdraft import Kept, forbid_overdraft, guarded
from settlement.posting.savepoints import savepoint
from settlement.posting.written import Months, booked_in, opened_as, unnumbered

_LAST_ENTRY: Final = "SELECT coalesce(max(id), 0) FROM ledger_entries"
_LAST_ACCOUNT: Final = "SELECT coalesce(max(id), 0) FROM ledger_accounts"
_TAKEN: Final = "SELECT 1 FROM ledger_entries WHERE event = ? AND source_id = ? AND seq = ?"
_LEFT: Final = (
    "SELECT abs(b.credits - b.debits) FROM ledger_accounts a"
    " JOIN ledger_balances b ON b.account_id = a.id"
    " WHERE a.code = ? AND a.owner = ? AND a.currency = ?"
)

ROWS_MAX: Final = 256
"""The most rows of one statement."""

_Ids = dict[AccountRef, int]


class _Rows(NamedTuple):
    """A statement that takes rows: what stands before them and behind, and their width."""

    before: str
    width: int
    behind: str = ""

    def taking(self, size: int) -> str:
        """Return the statement for so many rows."""
        row = f"({', '.join('?' * self.width)})"
        return f"{self.before} {', '.join([row] * size)}{self.behind}"


_FIND: Final = _Rows(
    "WITH wanted (code, owner, currency) AS (VALUES", 3,
    ") SELECT a.code, a.owner, a.currency, a.id FROM wanted"
    " CROSS JOIN ledger_accounts a USING (code, owner, currency)",
)  # fmt: skip
_OPEN: Final = _Rows(
    "INSERT INTO ledger_accounts (id, code, owner, currency, book, kind, guard) VALUES", 7
)
_HEADS: Final = _Rows(
    "INSERT INTO ledger_entries (id, event, source_id, seq, period_id, n, reverses, order_id,"
    " person, organisation, effective_on, recorded_at) VALUES", 12,
)  # fmt: skip
_LINES: Final = _Rows(
    "INSERT INTO ledger_postings (entry_id, line_no, n, debit_id, credit_id, currency, book,"
    " amount) VALUES", 8,
)  # fmt: skip
_SEALS: Final = _Rows("INSERT INTO ledger_seals (entry_id, n, content_hash) VALUES", 3)
_EXACT_MAX: Final = 16  # a lone order has nine lines among ten accounts
_SIZES: Final = (*range(1, _EXACT_MAX + 1), 32, 64, 128, ROWS_MAX)
_TEXTS: Final = {
    rows: {size: rows.taking(size) for size in _SIZES}
    for rows in (_FIND, _OPEN, _HEADS, _LINES, _SEALS)
}


class Sqlite:
    """Six statements for as many entries as are written together, none a journey."""

    def __init__(self, work: Work, connection: Connection) -> None:
        self._work = work
        self._connection = connection
        self._chosen: Months = {}
        # The driver's own cursor: SQLAlchemy's way to it takes ten times as long as SQLite.
        self._cursor = connection.connection.cursor()

    def write(self, asked: Sequence[ToPost]) -> list[int | None]:
        """Write them; when the database refuses, look what stands in the way and see to it."""
        try:
            with savepoint(self._connection):
                return self._written(asked)
        except sqlite3.IntegrityError:
            return self._seen_to(asked)

    def claim(self, asked: Sequence[ToPost]) -> list[int | None]:
        """Give numbers to the keys that are free: nobody else writes meanwhile."""
        first = self._row(_LAST_ENTRY)[0] + 1
        return [
            number if self._row(_TAKEN, one.key) is None else None
            for number, one in enumerate(asked, start=first)
        ]

    def kept(self, named: Sequence[AccountRef]) -> Kept:
        """Return what is there on the guarded ones; the whole database is locked already."""
        return {ref: (self._row(_LEFT, ref) or (0,))[0] for ref in guarded(named)}

    def _seen_to(self, asked: Sequence[ToPost]) -> list[int | None]:
        ids = self.claim(asked)
        if None in ids:
            return ids
        with savepoint(self._connection):  # no month is opened for what is then refused
            self._chosen |= booked_in(self._connection, (one.effective_on for one in asked))
            forbid_overdraft(asked, self.kept(refs(asked)))
            try:
                return self._written(asked)
            except sqlite3.IntegrityError as error:
                raise IntegrityError("ledger", None, error) from error

    def _written(self, asked: Sequence[ToPost]) -> list[int | None]:
        wanted = {month(one.effective_on) for one in asked}
        months = {name: self._chosen.get(name, name) for name in wanted}
        first = self._row(_LAST_ENTRY)[0] + 1
        made = list(enumerate((unnumbered(self._work, one, months) for one in asked), start=first))
        at = self._work.now.astimezone(UTC).isoformat(timespec="microseconds")
        self._insert(_HEADS, [_head(number, entry, at) for number, entry in made])
        accounts = self._accounts(refs(asked))
        # In this order the triggers expect them: by entry, and by number within it.
        self._insert(_LINES, [
            (number, line.line_no, len(entry.lines), accounts[row.debit], accounts[row.credit],
             line.currency, line.book, line.minor)
            for (number, entry), one in zip(made, asked, strict=True)
            for line, row in zip(entry.lines, one.rows, strict=True)
        ])  # fmt: skip
        self._insert(_SEALS, [
            (number, len(entry.lines), sealed(number, *around_id(entry)))
            for number, entry in made
        ])  # fmt: skip
        return [number for number, _ in made]

    def _accounts(self, named: Sequence[AccountRef]) -> _Ids:
        """Return the ids of the accounts; open those that are new."""
        ids: _Ids = {}
        for portion in self._run(_FIND, named):
            ids |= {AccountRef(*ref): account_id for *ref, account_id in portion}
        new = [ref for ref in named if ref not in ids]
        if new:
            first = self._row(_LAST_ACCOUNT)[0] + 1
            ids |= {ref: account_id for account_id, ref in enumerate(new, start=first)}
            self._insert(_OPEN, [(ids[ref], *opened_as(ref).values()) for ref in new])
        return ids

    def _insert(self, into: _Rows, rows: Sequence[Sequence[Any]]) -> None:
        for _ in self._run(into, rows):
            pass

    def _run(self, statement: _Rows, rows: Sequence[Sequence[Any]]) -> Iterator[Iterable[Any]]:
        """Run the statement over all rows, some at a time; yield what each run returns."""
        texts, begin = _TEXTS[statement], 0
        while begin < len(rows):
            left = len(rows) - begin
            even = 1 << (left.bit_length() - 1)
            size = left if left <= _EXACT_MAX else min(even, ROWS_MAX)
            values = tuple(chain.from_iterable(rows[begin : begin + size]))
            yield self._cursor.execute(texts[size], values)
            begin += size

    def _row(self, sql: str, values: Sequence[Any] = ()) -> Any:
        return self._cursor.execute(sql, values).fetchone()


def _head(number: int, entry: Unnumbered, recorded_at: str) -> tuple[Any, ...]:
    return (
        number, entry.event, entry.source_id, entry.seq, entry.period_id, len(entry.lines),
        entry.reverses, entry.order_id, entry.person, entry.organisation,
        entry.effective_on.isoformat(), recorded_at,
    )  # fmt: skip
