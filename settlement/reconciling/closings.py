"""A closed day (日终关账): reconciled, explained, and from then on as it is.

Days are closed one after the other, each by another person than the one who ran its
reconciliation, and only when nothing is left unexplained. What is booked for a closed day
afterwards is shown as late; the day itself keeps the hash of what it was.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel import ids
from kernel.clock import local_date
from kernel.errors import DomainError, Kind, NotFound, Refusal
from kernel.money import Money
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from settlement import access
from settlement.bank.statements import BankLine
from settlement.books import entries, postings, seals
from settlement.reconciling import breaks, rows
from settlement.reconciling.facts import Fact, Leg, Type
from settlement.reconciling.rows import ClosedDay

__all__ = ["ClosedDay"]

_BATCH: Final = 1_000
_LATE_MAX: Final = 1_000


class DayNotClosable(DomainError):
    """The day cannot be closed now; the refusals say why."""

    kind = Kind.CONFLICT
    code = "day-not-closable"
    title = Words("该日不能关账", "The day cannot be closed")


def close(work: Work, day: date) -> ClosedDay:
    """Close a day for good. Raises DayNotClosable with every reason.

    It is over, the day before it is closed (or it is the first), its newest run has seen
    every entry and was made by another, and no break up to it is unexplained.
    """
    access.require(work, access.settler, "reconciliation.close")
    refusals = tuple(_refusals(work, day))
    if refusals:
        raise DayNotClosable.of(refusals)
    run = rows.latest(work.session, day)
    count, root = rooted(work, day)
    made = ClosedDay(
        id=ids.new("cld_", work.now),
        day=day,
        run_id=run.id if run else "",
        entry_count=count,
        root=root,
        last_entry_id=rows.newest_entry(work.session),
        closed_by=work.actor.person,
        closed_at=work.now,
    )
    work.session.add(made)
    work.record(
        "day.closed", made.id, day=day.isoformat(), run_id=made.run_id, entries=count, root=root
    )
    return made


def barred(work: Work, day: date) -> tuple[Refusal, ...]:
    """Return every reason why a day cannot be closed by the caller now."""
    return tuple(_refusals(work, day))


def rooted(work: Work, day: date, *, until: int | None = None) -> tuple[int, str]:
    """Return how many entries took effect on a day, and one hash over all their hashes.

    until: only entries up to this id. Reads the day's seals on an index.
    """
    statement = (
        select(seals.c.content_hash)
        .join(entries, entries.c.id == seals.c.entry_id)
        .where(entries.c.effective_on == day)
        .order_by(entries.c.id)
        .execution_options(yield_per=_BATCH)
    )
    if until is not None:
        statement = statement.where(entries.c.id <= until)
    count, running = 0, work.crypto.digest(day.isoformat().encode())
    for content_hash in work.session.connection().scalars(statement):
        count, running = count + 1, work.crypto.digest((running + content_hash).encode())
    return count, running


def holds(work: Work, closed: ClosedDay) -> bool:
    """Tell whether the entries of a closed day are still what they were."""
    return rooted(work, closed.day, until=closed.last_entry_id) == (closed.entry_count, closed.root)


def late(session: Session) -> Iterator[Fact]:
    """Yield what was booked for closed days since the last of them was closed.

    A line that the bank told late is named by itself, once, and any other booking by its
    entry. One SELECT on two indexes.
    """
    closed, lines = rows.last(session), set[str]()
    if closed is None:
        return
    moved = (
        select(func.sum(postings.c.amount))
        .where(postings.c.entry_id == entries.c.id, postings.c.book == "money")
        .scalar_subquery()
    )
    statement = (
        select(entries.c.id, entries.c.effective_on, moved, BankLine.id, BankLine.amount_minor)
        .outerjoin(BankLine, BankLine.id == entries.c.source_id)
        .where(entries.c.effective_on <= closed.day, entries.c.id > closed.last_entry_id)
        .order_by(entries.c.id)
        .limit(_LATE_MAX)
    )
    for entry_id, day, amount, line_id, said in session.execute(statement):
        if line_id is None:
            booked = Money(int(amount or 0))
            yield Fact(Leg.TRADE, Type.LATE, f"entry:{entry_id}", booked, None, day)
        elif line_id not in lines:
            lines.add(line_id)
            yield Fact(Leg.BANK, Type.LATE, f"line:{line_id}@{day}", Money(said), Money(said), day)


def seen(work: Work, closed_id: str) -> ClosedDay:
    """Return the closed day to overseers; to others it does not exist. Raises NotFound."""
    found = work.session.get(ClosedDay, closed_id) if access.oversees(work.actor) else None
    if found is None:
        raise NotFound("没有这个关账日", f"no closed day {closed_id}")
    return found


def listed(work: Work, *, after: str | None, limit: int) -> Page[ClosedDay]:
    """Return the closed days, newest first, to overseers; to others none."""
    statement = select(ClosedDay)
    if not access.oversees(work.actor):
        statement = statement.where(ClosedDay.id == "")
    order: Any = ((ClosedDay.day, "desc"),)
    return keyset(work.session, statement, by=order, after=after, limit=limit)


def _refusals(work: Work, day: date) -> Iterator[Refusal]:
    session, closed, run = work.session, rows.last(work.session), rows.latest(work.session, day)
    if day >= local_date(work.now):
        yield Refusal("DAY_NOT_OVER", "该日尚未结束", "the day is not over")
    if closed is not None and day <= closed.day:
        yield Refusal("DAY_CLOSED", "该日已关账", "the day is closed already")
    elif closed is not None and day != closed.day + timedelta(days=1):
        next_on = closed.day + timedelta(days=1)
        yield Refusal("EARLIER_DAY_OPEN", f"请先关 {next_on}", f"{next_on} is to be closed first")
    if run is None:
        yield Refusal("NOT_RECONCILED", "该日尚未对账", "the day has not been reconciled")
        return
    if run.run_by == work.actor.person:
        yield Refusal(
            "FOUR_EYES", "由您对账，须由另一人关账", "you reconciled it; another person closes it"
        )
    if run.last_entry_id < _newest(session, day):
        yield Refusal(
            "BOOKED_SINCE", "对账后又有记账，请重新对账", "something was booked since; run it again"
        )
    if waiting := breaks.unexplained(work, day):
        count = len(waiting)
        told = "1 break is" if count == 1 else f"{count} breaks are"
        yield Refusal("UNEXPLAINED", f"尚有 {count} 条差异未说明", f"{told} not explained")


def _newest(session: Session, day: date) -> int:
    newest = select(func.coalesce(func.max(entries.c.id), 0)).where(entries.c.effective_on <= day)
    return int(session.scalars(newest).one())
