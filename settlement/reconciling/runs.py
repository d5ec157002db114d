"""A run (对账批次): every leg looked at, from the first day that is not closed to one day.

A run is a function of the books, the statements and the day: run again over the same, it
finds the same, and its digest says so. It may be repeated as often as one likes.
"""

from datetime import date, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel import ids
from kernel.actor import system_only
from kernel.clock import Instant, local_date
from kernel.crypto import canonical
from kernel.errors import Invalid, NotFound
from kernel.pages import Page, keyset
from kernel.work import Work
from settlement import access
from settlement.bank.statements import BankLine
from settlement.books import entries
from settlement.rails.balance_lines import ProviderBalanceLine
from settlement.reconciling import breaks, closings, legs, parties, rows
from settlement.reconciling.facts import WAITING, Fact
from settlement.reconciling.rows import ReconciliationRun
from settlement.reconciling.sides import Days

__all__ = ["ReconciliationRun"]

DAYS_MAX: Final = 400
"""The most days that one run looks at."""


def run(work: Work, day: date) -> ReconciliationRun:
    """Reconcile everything up to `day`, for a settlement officer or the house.

    Raises Invalid for a day to come, or for one too far from the last day closed.
    """
    if not access.settler.matches(work.actor, None):
        access.require(work, system_only, "reconciliation.run")
    if day > local_date(work.now):
        raise Invalid("不能对未来日期对账", "that day has not come yet", pointer="/day")
    days = Days(_first(work.session, day), day)
    if (day - days.first).days > DAYS_MAX:
        raise Invalid(
            f"距上一关账日超过 {DAYS_MAX} 日，请先逐日关账",
            f"more than {DAYS_MAX} days since the last that was closed",
            pointer="/day",
        )
    facts = [fact for leg in legs.LEGS for fact in leg(work, days)]
    facts += closings.late(work.session)
    facts += parties.disputed(work.session)
    made = _made(work, days, facts)
    work.session.add(made)
    live = breaks.keep(work, made.id, days.first, facts)
    work.record(
        "reconciliation.run",
        made.id,
        day=day.isoformat(),
        found=made.found,
        live=len(live),
        digest=made.digest,
    )
    return made


def seen(work: Work, run_id: str) -> ReconciliationRun:
    """Return the run to overseers; to others it does not exist. Raises NotFound."""
    found = work.session.get(ReconciliationRun, run_id) if access.oversees(work.actor) else None
    if found is None:
        raise NotFound("没有这次对账", f"no run {run_id}")
    return found


def listed(work: Work, *, after: str | None, limit: int) -> Page[ReconciliationRun]:
    """Return the runs, newest first, to overseers; to others none. One SELECT on the key."""
    statement = select(ReconciliationRun)
    if not access.oversees(work.actor):
        statement = statement.where(ReconciliationRun.id == "")
    order = ((ReconciliationRun.id, "desc"),)
    return keyset(work.session, statement, by=order, after=after, limit=limit)  # type: ignore[arg-type]  # a literal tuple


def yesterday(work: Work) -> ReconciliationRun | None:
    """Reconcile up to yesterday, unless it was done and nothing was booked since.

    Where nobody has closed a day for longer than a run looks back, it is left to people.
    """
    day = local_date(work.now) - timedelta(days=1)
    last = rows.latest(work.session, day)
    done = last is not None and last.last_entry_id == rows.newest_entry(work.session)
    if done or (day - _first(work.session, day)).days > DAYS_MAX:
        return None
    return run(work, day)


def _first(session: Session, day: date) -> date:
    """Return the first day that is not closed, at the latest `day` itself."""
    closed = rows.last(session)
    if closed is not None:
        return min(closed.day + timedelta(days=1), day)
    booked: date | None = session.scalars(select(func.min(entries.c.effective_on))).one()
    said: date | None = session.scalars(select(func.min(BankLine.booked_on))).one()
    told: Instant | None = session.scalars(select(func.min(ProviderBalanceLine.at))).one()
    return min(booked or day, said or day, day if told is None else local_date(told), day)


def _made(work: Work, days: Days, facts: list[Fact]) -> ReconciliationRun:
    before = rows.latest(work.session, days.last)
    told = [
        [fact.leg, fact.type, fact.key, str(fact.left), str(fact.right), fact.since.isoformat()]
        for fact in facts
    ]
    return ReconciliationRun(
        id=ids.new("rcr_", work.now),
        day=days.last,
        first_on=days.first,
        position=before.position + 1 if before else 1,
        digest=work.crypto.digest(canonical(told)),
        found=len(facts),
        blocking=sum(fact.type not in WAITING for fact in facts),
        last_entry_id=rows.newest_entry(work.session),
        run_by=work.actor.person,
        run_at=work.now,
    )
