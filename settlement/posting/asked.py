"""What is asked to be posted, and what a program may not ask."""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from settlement import chart, rules
from settlement.books import LINES_MAX
from settlement.entries import AccountRef, Line, Row
from settlement.posting.refusals import NothingToPost

Key = tuple[str, str, int]
"""The natural key of an entry: event, source_id, seq."""

# Asked with every line, so looked up in plain dictionaries.
_BOOKS: Final = {code: row.kind.book.value for code, row in chart.CHART.items()}
_OWNED: Final = {code: bool(row.owner) for code, row in chart.CHART.items()}


class ToPost(NamedTuple):
    """One entry that is to be made.

    (event, source_id, seq): its natural key. seq numbers the instalments of one event:
    slices of a subscription, attempts of a payout. rows: in the order in which guarded
    accounts must hold; rows of zero are left out. reverses: for the ledger itself.
    """

    event: str
    source_id: str
    rows: Sequence[Row]
    effective_on: date
    seq: int = 0
    order_id: str | None = None
    reverses: int | None = None

    @property
    def key(self) -> Key:
        """What makes it the same as another one, for ever."""
        return self.event, self.source_id, self.seq

    def says_as(self, rows: Sequence[Row], order_id: str | None) -> bool:
        """Tell whether an entry of these rows for this order says the same."""
        return order_id == self.order_id and sorted(rows) == sorted(self.rows)


class Posted(NamedTuple):
    """The entry of an event, and whether it was there already."""

    entry_id: int
    already: bool


def checked(asked: ToPost) -> ToPost:
    """Return what was asked without its zeros.

    Raises NothingToPost, and ValueError for what no rule of the ledger allows: that is a
    mistake in a program, not of a user.
    """
    rows = [row for row in asked.rows if row.amount.minor != 0]
    if not rows:
        raise NothingToPost("所有金额均为零", "every amount is zero")
    if len(rows) > LINES_MAX:
        raise ValueError(f"an entry has at most {LINES_MAX} lines")
    for row in rows:
        _check(asked.event, row)
    return asked if len(rows) == len(asked.rows) else asked._replace(rows=rows)


def lines(asked: ToPost) -> tuple[Line, ...]:
    """Return the lines of the entry, numbered from 1."""
    return tuple(_line(number, row) for number, row in enumerate(asked.rows, start=1))


def refs(asked: Sequence[ToPost]) -> list[AccountRef]:
    """Return the accounts that the rows name, each once, in one order for everybody."""
    return sorted({ref for one in asked for row in one.rows for ref in (row.debit, row.credit)})


def _check(event: str, row: Row) -> None:
    debit, credit, amount = row
    if amount.minor < 0:
        raise ValueError("an amount cannot be negative: swap debit and credit")
    if not debit.currency == credit.currency == amount.currency:
        raise ValueError(f"a row has one currency: {row}")
    if not rules.allows(event, debit.code, credit.code):
        raise ValueError(f"{event}: no rule debits {debit.code} and credits {credit.code}")
    for ref in (debit, credit):
        if bool(ref.owner) is not _OWNED[ref.code]:
            raise ValueError(f"{ref}: whether {ref.code} has an owner, the chart says")


def _line(number: int, row: Row) -> Line:
    debit, credit, amount = row
    return Line(
        number, debit.code, debit.owner, credit.code, credit.owner, amount.currency,
        _BOOKS[debit.code], amount.minor,
    )  # fmt: skip
