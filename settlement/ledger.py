"""The ledger (总账): entries go in by `post`, go back by `reverse`, and nothing else happens.

    ledger.post(
        work, "bank.received", line.id,
        [Row(AccountRef("1012.custody", "acc_1"), AccountRef("2241.suspense", line.id), amount)],
        effective_on=line.booked_on,
    )

An event is posted at most once: its natural key (event, source_id, seq) is claimed before
any line is written, so a repeat is recognised before it could be taken for an overdraft.
What the rules do not allow is refused here; what could lose a fen is refused by the
database as well, whoever writes.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, tuple_
from sqlalchemy.dialects import postgresql

from kernel.errors import DomainError, Kind, Refusal
from kernel.money import Money
from kernel.words import Words
from kernel.work import Work
from settlement import chart, periods, rules
from settlement.books import LINES_MAX, accounts, balances, entries, postings, seals
from settlement.entries import AccountRef, Entry, Line, Row, digest, load
from settlement.periods import PeriodNotClosable, close_period
from settlement.statements import (
    StatementLine,
    TrialBalance,
    TrialRow,
    balance,
    entries_of,
    entry,
    statement,
    trial_balance,
)

__all__ = [
    "AccountRef",
    "AlreadyPostedDifferently",
    "Entry",
    "Line",
    "NotReversible",
    "NothingToPost",
    "Overdrawn",
    "PeriodNotClosable",
    "Posted",
    "Row",
    "StatementLine",
    "TrialBalance",
    "TrialRow",
    "balance",
    "close_period",
    "entries_of",
    "entry",
    "post",
    "reverse",
    "statement",
    "trial_balance",
]


# Statements are put together once: half the time of posting would go into it otherwise.
_KEY: Final = (entries.c.event, entries.c.source_id, entries.c.seq)
_TAKEN: Final = select(entries.c.id).where(*(column == bindparam(column.name) for column in _KEY))
_CLAIM: Final = insert(entries).returning(entries.c.id)
# A twin that is under way is waited for.
_CLAIM_UNLESS_TAKEN: Final = (
    postgresql.insert(entries).on_conflict_do_nothing(index_elements=_KEY).returning(entries.c.id)
)
_NAME: Final = (accounts.c.code, accounts.c.owner, accounts.c.currency)
_IDS: Final = select(*_NAME, accounts.c.id).where(
    tuple_(*_NAME).in_(bindparam("refs", expanding=True))
)
_OPEN: Final = insert(accounts)
_OPEN_UNLESS_OPEN: Final = postgresql.insert(accounts).on_conflict_do_nothing()
# Everybody locks guarded accounts in this order.
_ROOM: Final = (
    select(balances)
    .where(balances.c.account_id.in_(bindparam("ids", expanding=True)))
    .order_by(balances.c.account_id)
    .with_for_update()
)
_WRITE: Final = insert(postings)
_SEAL: Final = insert(seals)


class Overdrawn(DomainError):
    """A guarded account has not what was to be taken out of it."""

    kind = Kind.CONFLICT
    code = "overdrawn"
    title = Words("账户余额不足", "There is not enough on the account")


class AlreadyPostedDifferently(DomainError):
    """The same event was posted before with other accounts, amounts or another order."""

    kind = Kind.CONFLICT
    code = "already-posted-differently"
    title = Words("同一事项已按不同内容记账", "The event was posted with other content")


class NothingToPost(DomainError):
    """Every row is zero: there is no entry to be made."""

    kind = Kind.INVALID
    code = "nothing-to-post"
    title = Words("没有可记账的金额", "There is nothing to post")


class NotReversible(DomainError):
    """The entry is itself a reversal; what was right is posted anew instead."""

    kind = Kind.CONFLICT
    code = "not-reversible"
    title = Words("该分录不能冲销", "The entry cannot be reversed")


class Posted(NamedTuple):
    """The entry of an event, and whether it was there already."""

    entry_id: int
    already: bool


class _Claim(NamedTuple):
    """What an entry says besides its rows."""

    event: str
    source_id: str
    seq: int
    effective_on: date
    order_id: str | None
    reverses: int | None


class _Room(NamedTuple):
    """What a guarded account still has to give."""

    guard: str
    left: int


def post(  # noqa: PLR0913 - the natural key has three parts, and an entry has three more
    work: Work,
    event: str,
    source_id: str,
    rows: Iterable[Row],
    *,
    seq: int = 0,
    effective_on: date,
    order_id: str | None = None,
) -> Posted:
    """Post the rows as one entry, at most once for (event, source_id, seq).

    Rows of zero are left out. A repeat with the same rows and order returns the entry
    that is there, whatever its day; with others it raises AlreadyPostedDifferently.
    Raises NothingToPost when no row is left and Overdrawn when a guarded account would be
    overdrawn by any row, in order. After each of them nothing was written, and the
    transaction goes on. Raises ValueError for rows that the posting rules do not know:
    that is a mistake in a program, not of a user.
    Seven statements and a savepoint; two more when an account is used for the first time.
    Guarded accounts are locked in one order, so single posts never deadlock; two
    transactions of several posts each can, and then PostgreSQL ends one of them.
    """
    claim = _Claim(event, source_id, seq, effective_on, order_id, reverses=None)
    return _post(work, claim, rows)


def reverse(work: Work, entry_id: int, *, effective_on: date) -> Posted:
    """Take an entry back by its exact mirror (冲销); a repeat returns the mirror that is there.

    Raises NotFound, NotReversible for an entry that is a reversal, and Overdrawn when what
    it brought is no longer where it went.
    """
    original = entry(work.session, entry_id)
    if original.reverses is not None:
        raise NotReversible(
            f"分录 {entry_id} 本身是冲销分录", f"entry {entry_id} is itself a reversal"
        )
    # Backwards: what was passed on by a later line must come back before an earlier one.
    rows = [Row(line.credit, line.debit, line.amount) for line in reversed(original.lines)]
    claim = _Claim(
        rules.REVERSAL, str(entry_id), 0, effective_on, original.order_id, reverses=entry_id
    )
    return _post(work, claim, rows)


def _post(work: Work, claim: _Claim, asked: Iterable[Row]) -> Posted:
    rows = _checked(claim.event, asked)
    connection = work.session.connection()
    with connection.begin_nested():
        period_id = periods.choose(connection, claim.effective_on)
        head: dict[str, Any] = {
            **claim._asdict(),
            "period_id": period_id,
            "person": work.actor.person,
            "organisation": work.actor.organisation,
            "recorded_at": work.now,
        }
        entry_id = _claimed(connection, {**head, "n": len(rows)})
        if entry_id is None:
            return Posted(_same(connection, claim, rows), already=True)
        ids = _opened(connection, rows)
        _forbid_overdraft(rows, ids, _room(connection, ids.values()))
        lines = tuple(_line(number, row) for number, row in enumerate(rows, start=1))
        connection.execute(_WRITE, [_values(entry_id, len(rows), line, ids) for line in lines])
        content_hash = digest(Entry(id=entry_id, **head, lines=lines))
        seal = {"entry_id": entry_id, "n": len(rows), "content_hash": content_hash}
        connection.execute(_SEAL, seal)
    return Posted(entry_id, already=False)


def _checked(event: str, asked: Iterable[Row]) -> list[Row]:
    rows = [row for row in asked if row.amount.minor != 0]
    if not rows:
        raise NothingToPost("所有金额均为零", "every amount is zero")
    if len(rows) > LINES_MAX:
        raise ValueError(f"an entry has at most {LINES_MAX} lines")
    for row in rows:
        _check(event, row)
    return rows


def _check(event: str, row: Row) -> None:
    debit, credit, amount = row
    if amount.minor < 0:
        raise ValueError("an amount cannot be negative: swap debit and credit")
    if not debit.currency == credit.currency == amount.currency:
        raise ValueError(f"a row has one currency: {row}")
    if not rules.allows(event, debit.code, credit.code):
        raise ValueError(f"{event}: no rule debits {debit.code} and credits {credit.code}")
    for ref in (debit, credit):
        if bool(ref.owner) != bool(chart.account(ref.code).owner):
            raise ValueError(f"{ref}: whether {ref.code} has an owner, the chart says")


def _claimed(connection: Connection, values: dict[str, Any]) -> int | None:
    """Write the head of the entry; None when the natural key is taken."""
    if connection.dialect.name == "postgresql":
        return connection.scalars(_CLAIM_UNLESS_TAKEN, values).one_or_none()
    key = {column.name: values[column.name] for column in _KEY}
    if connection.scalar(_TAKEN, key) is not None:
        return None
    entry_id: int = connection.scalars(_CLAIM, values).one()
    return entry_id


def _same(connection: Connection, claim: _Claim, rows: list[Row]) -> int:
    """Return the id of the entry that has the natural key, when it says the same."""
    key = (claim.event, claim.source_id, claim.seq)
    (there,) = load(connection, tuple_(*_KEY) == key, limit=1)
    same_rows = sorted(line.row for line in there.lines) == sorted(rows)
    if same_rows and there.order_id == claim.order_id:
        return there.id
    named = " ".join(map(str, key))
    raise AlreadyPostedDifferently(
        f"{named} 已记为分录 {there.id}，内容不同",
        f"{named} is entry {there.id} already, with other content",
    )


def _opened(connection: Connection, rows: list[Row]) -> dict[AccountRef, int]:
    """Return the id of every account in the rows, opening those that are new."""
    refs = sorted({ref for row in rows for ref in (row.debit, row.credit)})
    ids = _ids(connection, refs)
    missing = [_account(ref) for ref in refs if ref not in ids]
    if missing:
        on_postgresql = connection.dialect.name == "postgresql"
        connection.execute(_OPEN_UNLESS_OPEN if on_postgresql else _OPEN, missing)
        ids = _ids(connection, refs)
    return ids


def _ids(connection: Connection, refs: list[AccountRef]) -> dict[AccountRef, int]:
    found = connection.execute(_IDS, {"refs": refs})
    return {AccountRef(*ref): account_id for *ref, account_id in found}


def _account(ref: AccountRef) -> dict[str, Any]:
    row = chart.account(ref.code)
    kind = {"book": row.kind.book.value, "kind": row.kind.value, "guard": row.guard.value}
    return {**ref._asdict(), **kind}


def _room(connection: Connection, ids: Iterable[int]) -> dict[int, _Room]:
    """Lock the guarded accounts, and return what may be taken out of each, and how."""
    found = connection.execute(_ROOM, {"ids": list(ids)})
    return {row.account_id: _Room(row.guard, abs(row.credits - row.debits)) for row in found}


def _forbid_overdraft(rows: list[Row], ids: dict[AccountRef, int], room: dict[int, _Room]) -> None:
    for debit, credit, amount in rows:
        for ref, takes in ((debit, chart.Guard.CREDIT), (credit, chart.Guard.DEBIT)):
            account_id = ids[ref]
            if account_id not in room:
                continue
            guard, left = room[account_id]
            now_left = left - amount.minor if guard == takes else left + amount.minor
            if now_left < 0:
                raise _overdrawn(ref, Money(left, ref.currency), amount)
            room[account_id] = _Room(guard, now_left)


def _overdrawn(ref: AccountRef, there: Money, asked: Money) -> Overdrawn:
    name = chart.account(ref.code).name
    reason = Refusal(
        "OVERDRAWN",
        f"“{name.zh}”（{ref.owner}）可用 {there}，需要 {asked}",
        f"{name.en} ({ref.owner}): {there} is there, {asked} is asked",
    )
    return Overdrawn(reason.zh, reason.en, (reason,))


def _line(number: int, row: Row) -> Line:
    book = chart.account(row.debit.code).kind.book.value
    return Line(
        number, *row.debit[:2], *row.credit[:2], row.amount.currency, book, row.amount.minor
    )


def _values(entry_id: int, n: int, line: Line, ids: dict[AccountRef, int]) -> dict[str, Any]:
    return {
        "entry_id": entry_id,
        "line_no": line.line_no,
        "n": n,
        "debit_id": ids[line.debit],
        "credit_id": ids[line.credit],
        "currency": line.currency,
        "book": line.book,
        "amount": line.minor,
    }
