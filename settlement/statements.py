"""What the ledger says: balances, statements of account, the trial balance. Read only."""

import re
from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    Subquery,
    func,
    literal,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session

from kernel.errors import Invalid, NotFound
from kernel.money import Money
from kernel.pages import Page
from settlement import chart
from settlement.books import accounts, balances, entries, postings
from settlement.entries import AccountRef, Entry, load
from settlement.sealing import snapshots
from settlement.sealing.snapshots import Last

_KEPT: Final = tuple(
    snapshots.snapshots.c[name]
    for name in ("book", "code", "owner", "currency", "debits", "credits")
)
_OTHER: Final = {"debit": "credit", "credit": "debit"}
_CURSOR: Final = re.compile(r"([0-9]{1,18})\.([0-9]{1,4})")


class StatementLine(NamedTuple):
    """One movement of one account: on which side, how much, and against which account."""

    entry_id: int
    line_no: int
    event: str
    source_id: str
    order_id: str | None
    effective_on: date
    side: str
    against: AccountRef
    amount: Money


class TrialRow(NamedTuple):
    """What all accounts of one code were debited and credited, in minor units."""

    book: str
    currency: str
    code: str
    debit: int
    credit: int


class TrialBalance(NamedTuple):
    """The trial balance (试算平衡表), by book, currency and code."""

    rows: tuple[TrialRow, ...]

    @property
    def differences(self) -> dict[tuple[str, str], int]:
        """Book and currency → debit less credit, where it is not zero: nowhere."""
        totals: dict[tuple[str, str], int] = {}
        for row in self.rows:
            key = (row.book, row.currency)
            totals[key] = totals.get(key, 0) + row.debit - row.credit
        return {key: total for key, total in totals.items() if total}

    @property
    def difference(self) -> int:
        """By how much books and currencies are out of balance, all together; always 0."""
        return sum(map(abs, self.differences.values()))


def balance(session: Session, ref: AccountRef) -> Money:
    """Return what is on the account, positive on the side on which its kind grows.

    A guarded account: one SELECT. A hot one: four, over what it was moved since the last
    close of a month. An account that was never posted to has zero. Raises LookupError for
    a code that the chart has not.
    """
    debited, credited = _sums(session.connection(), ref)
    kind = chart.account(ref.code).kind
    return Money(debited - credited if kind.grows_by_debit else credited - debited, ref.currency)


def statement(
    session: Session, ref: AccountRef, *, limit: int = 50, after: str | None = None
) -> Page[StatementLine]:
    """Return the movements of one account (明细账), in the order of the entries.

    One SELECT of at most `limit` + 1 rows on two indexes. after: the `next` of the page
    before; a made-up one is refused with Invalid.
    """
    sides = union_all(
        select(_side(ref, "debit", limit, after)), select(_side(ref, "credit", limit, after))
    ).subquery()
    found = session.execute(
        select(
            sides.c.entry_id,
            sides.c.line_no,
            entries.c.event,
            entries.c.source_id,
            entries.c.order_id,
            entries.c.effective_on,
            sides.c.side,
            accounts.c.code,
            accounts.c.owner,
            sides.c.amount,
        )
        .join(entries, entries.c.id == sides.c.entry_id)
        .join(accounts, accounts.c.id == sides.c.against_id)
        .order_by(sides.c.entry_id, sides.c.line_no)
        .limit(limit + 1)
    ).all()
    lines = [
        StatementLine(
            *row[:7],
            against=AccountRef(row.code, row.owner, ref.currency),
            amount=Money(row.amount, ref.currency),
        )
        for row in found[:limit]
    ]
    more = len(found) > limit
    return Page(lines, f"{lines[-1].entry_id}.{lines[-1].line_no}" if more else None)


def trial_balance(session: Session, *, kept: bool = True) -> TrialBalance:
    """Return the trial balance over everything posted.

    Two SELECTs: what was kept at the last close, and what was booked after it. Unless
    `kept`, one over all postings.
    """
    connection = session.connection()
    last = snapshots.last(connection) if kept else snapshots.NONE
    if last == snapshots.NONE:
        rows = snapshots.moved().subquery()
    else:
        before = select(*_KEPT).where(snapshots.snapshots.c.period_id == last.period_id)
        rows = union_all(before, snapshots.moved(snapshots.tail(last))).subquery()
    code = (rows.c.book, rows.c.currency, rows.c.code)
    sums = (func.sum(rows.c.debits), func.sum(rows.c.credits))
    found = session.execute(select(*code, *sums).group_by(*code).order_by(*code))
    return TrialBalance(tuple(TrialRow(*row[:3], int(row[3]), int(row[4])) for row in found))


def entry(session: Session, entry_id: int) -> Entry:
    """Return the entry with its lines. Two SELECTs. Raises NotFound."""
    found = load(session.connection(), entries.c.id == entry_id, limit=1)
    if not found:
        raise NotFound(f"没有分录 {entry_id}", f"there is no entry {entry_id}")
    return found[0]


def entries_of(
    session: Session, order_id: str, *, limit: int = 50, after: str | None = None
) -> Page[Entry]:
    """Return the entries of one order, oldest first. Two SELECTs on an index."""
    last_id, _ = _read(after)
    mine = (entries.c.order_id == order_id, entries.c.id > last_id)
    found = load(session.connection(), *mine, limit=limit + 1)
    more = len(found) > limit
    return Page(found[:limit], f"{found[limit - 1].id}.0" if more else None)


def _account_id(ref: AccountRef) -> ScalarSelect[int]:
    code, owner, currency = ref
    return (
        select(accounts.c.id)
        .where(accounts.c.code == code, accounts.c.owner == owner, accounts.c.currency == currency)
        .scalar_subquery()
    )


def _sums(connection: Connection, ref: AccountRef) -> tuple[int, int]:
    """Return what the account was debited and credited."""
    account_id = _account_id(ref)
    if chart.account(ref.code).guard != chart.Guard.NONE:
        kept = select(balances.c.debits, balances.c.credits)
        row = connection.execute(kept.where(balances.c.account_id == account_id)).one_or_none()
        return (row.debits, row.credits) if row else (0, 0)
    last = snapshots.last(connection)
    debited, credited = _kept(connection, ref, last)
    return (
        debited + _tail(connection, postings.c.debit_id == account_id, last),
        credited + _tail(connection, postings.c.credit_id == account_id, last),
    )


def _kept(connection: Connection, ref: AccountRef, last: Last) -> tuple[int, int]:
    """Return what was kept of the account at the last close. One SELECT by key."""
    kept = snapshots.snapshots.c
    mine = (kept.code == ref.code, kept.owner == ref.owner, kept.currency == ref.currency)
    found = select(kept.debits, kept.credits).where(kept.period_id == last.period_id, *mine)
    row = connection.execute(found).one_or_none()
    return tuple(row) if row else (0, 0)


def _tail(connection: Connection, mine: ColumnElement[bool], last: Last) -> int:
    """Return what one side of the account was moved after the last close. One SELECT.

    Read by the account's index from where the tail begins; the few entries of later
    months that have lower ids than that (somebody was slow) are read by their months'.
    """
    by_entry = entries.c.id == postings.c.entry_id
    amounts = select(postings.c.amount.label("amount")).join(entries, by_entry).where(mine)
    later = snapshots.tail(last)
    both = union_all(
        amounts.where(later, postings.c.entry_id >= last.tail_from),
        amounts.where(later, entries.c.id < last.tail_from),
    ).subquery()
    # PostgreSQL sums whole numbers into a NUMERIC.
    return int(connection.scalars(select(func.coalesce(func.sum(both.c.amount), 0))).one())


def _side(ref: AccountRef, side: str, limit: int, after: str | None) -> Subquery:
    """Return the first movements beyond `after` on one side of the account."""
    mine, against = postings.c[f"{side}_id"], postings.c[f"{_OTHER[side]}_id"]
    place = tuple_(postings.c.entry_id, postings.c.line_no)
    return (
        select(
            postings.c.entry_id,
            postings.c.line_no,
            literal(side).label("side"),
            against.label("against_id"),
            postings.c.amount,
        )
        .where(mine == _account_id(ref), place > _read(after))
        .order_by(postings.c.entry_id, postings.c.line_no)
        .limit(limit + 1)
        .subquery()
    )


def _read(after: str | None) -> tuple[int, int]:
    """Return the entry and the line that a cursor names."""
    if after is None:
        return 0, 0
    found = _CURSOR.fullmatch(after)
    if found is None:
        raise Invalid("分页游标无效", "the cursor is not valid", pointer="/after")
    return int(found[1]), int(found[2])
