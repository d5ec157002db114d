"""The provider's leg: what was booked on its account beside its own balance lines.

The two sides meet by the provider's object (a payment, a refund, a payout, a dispute):
fees and conversions are booked under the line that told of them, and the line names its
object. What is compared is what an object moved in all, after fees, in each currency.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.orm import Session

from kernel.clock import end_of_day, local_date
from kernel.money import Money
from kernel.work import Work
from settlement.books import accounts, entries, postings
from settlement.rails.balance_lines import ProviderBalanceLine
from settlement.reconciling.facts import Fact, Leg, Type, compare

ACCOUNT: Final = "1012.psp"

Amounts = dict[tuple[str, str], int]
"""(object, currency) → minor units."""


def compared(work: Work, first: date, last: date) -> Iterator[Fact]:
    """Yield what books and provider do not agree on, of objects that moved in these days.

    What we booked and the provider has not told yet is on its way for as long as the rules
    say. Five SELECTs on indexes.
    """
    session = work.session
    touched = _touched(session, first, last)
    lines = _lines(session, touched)
    ours = _booked(session, touched, {line.id: line.source_id for line in lines})
    theirs: Amounts = {}
    for line in lines:
        key = (line.source_id, line.net.currency)
        theirs[key] = theirs.get(key, 0) + line.net.minor
    lag = work.rules.number("reconciliation.lag_wd")
    for source, since in sorted(touched.items()):
        waits = work.calendar.between(since, last, provisional=True) <= lag
        for fact in compare(
            Leg.PROVIDER, "provider", _of(ours, source), _of(theirs, source), since=since
        ):
            late = fact.type == Type.MISSING_RIGHT and waits
            kind = Type.TIMING if late else fact.type
            yield Fact(fact.leg, kind, fact.key, fact.left, fact.right, since)


def _of(amounts: Amounts, source: str) -> dict[str, Money]:
    return {
        f"{found}/{currency}": Money(minor, currency)
        for (found, currency), minor in amounts.items()
        if found == source and minor
    }


def _touched(session: Session, first: date, last: date) -> dict[str, date]:
    """Return object → the first of these days on which either side moved it."""
    table = ProviderBalanceLine.__table__
    told = select(ProviderBalanceLine.source_id, ProviderBalanceLine.at).where(
        table.c.at >= end_of_day(first - timedelta(days=1)), table.c.at < end_of_day(last)
    )
    found: dict[str, date] = {}
    for source, at in session.execute(told):
        found[source] = min(found.get(source, last), local_date(at))
    booked = (
        select(entries.c.source_id, func.min(entries.c.effective_on))
        .join(postings, postings.c.entry_id == entries.c.id)
        .where(
            entries.c.effective_on.between(first, last),
            or_(postings.c.debit_id.in_(_accounts()), postings.c.credit_id.in_(_accounts())),
        )
        .group_by(entries.c.source_id)
    )
    ours = {str(source): day for source, day in session.execute(booked)}
    named = select(ProviderBalanceLine.id, ProviderBalanceLine.source_id).where(
        ProviderBalanceLine.id.in_(sorted(ours))
    )
    objects = {str(line): str(source) for line, source in session.execute(named)}
    for source, day in ours.items():
        key = objects.get(source, source)
        found[key] = min(found.get(key, last), day)
    return found


def _lines(session: Session, sources: Iterable[str]) -> list[ProviderBalanceLine]:
    wanted = ProviderBalanceLine.source_id.in_(sorted(sources))
    return list(session.scalars(select(ProviderBalanceLine).where(wanted)))


def _booked(session: Session, sources: Iterable[str], lines: dict[str, str]) -> Amounts:
    """Return what was booked for these objects, under their own ids and those of their lines."""
    moved = case((postings.c.debit_id.in_(_accounts()), postings.c.amount), else_=0) - case(
        (postings.c.credit_id.in_(_accounts()), postings.c.amount), else_=0
    )
    statement = (
        select(entries.c.source_id, postings.c.currency, func.sum(moved))
        .join(postings, postings.c.entry_id == entries.c.id)
        .where(entries.c.source_id.in_(sorted({*sources, *lines})))
        .group_by(entries.c.source_id, postings.c.currency)
    )
    found: Amounts = {}
    for source, currency, minor in session.execute(statement):
        key = (lines.get(source, source), currency)
        found[key] = found.get(key, 0) + int(minor)
    return found


def _accounts() -> Select[int]:
    return select(accounts.c.id).where(accounts.c.code == ACCOUNT)
