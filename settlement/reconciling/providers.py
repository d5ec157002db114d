"""The provider's leg: what was booked on its account beside its own balance lines.

The two sides meet by the provider's object (a payment, a refund, a payout, a dispute):
fees and conversions are booked under the line that told of them, and the line names its
object. What is compared is what an object moved in all before fees, in each currency, and
its fees apart. That we book a thing twice the ledger's natural key forbids; that a provider
tells it twice is found.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from kernel.clock import end_of_day, local_date
from kernel.money import Money
from kernel.work import Work
from settlement.books import accounts, entries, postings
from settlement.rails.balance_lines import ProviderBalanceLine
from settlement.reconciling.facts import Fact, Leg, Type, compare

ACCOUNT: Final = "1012.psp"
FEES: Final = ("6603.psp_fee", "6603.dispute_fee")
"""What a provider's fees are booked as."""

Amounts = dict[tuple[str, str], int]
"""(object, currency) → minor units."""


class Side(NamedTuple):
    """What one side says: what moved before fees, and the fees."""

    gross: Amounts
    fees: Amounts


def compared(work: Work, first: date, last: date) -> Iterator[Fact]:
    """Yield what books and provider do not agree on, of objects that moved in these days.

    An object also counts of which the provider told only now, for a day before them. What
    we booked and the provider has not told yet is on its way for as long as the rules say.
    Six SELECTs on indexes.
    """
    session = work.session
    touched = _touched(session, first, last)
    lines = _lines(session, touched)
    ours = _booked(session, touched, {line.id: line.source_id for line in lines})
    theirs, once = _told(lines), _told(_without_repeats(lines))
    converted = _converted(session, lines)
    lag = work.rules.number("reconciliation.lag_wd")
    for source, since in sorted(touched.items()):
        waits = work.calendar.between(since, last, provisional=True) <= lag
        found = [side.gross for side in (ours, theirs, once)]
        for fact in _differing(source, since, *found):
            late = fact.type == Type.MISSING_RIGHT and waits and source not in converted
            fx = fact.type == Type.MISSING_RIGHT and source in converted
            yield replace(fact, type=Type.TIMING if late else Type.FX if fx else fact.type)
        for fact in compare(
            Leg.PROVIDER, "fee", _of(ours.fees, source), _of(theirs.fees, source), since=since
        ):
            yield replace(fact, type=Type.FEE)


def _differing(
    source: str, since: date, ours: Amounts, theirs: Amounts, once: Amounts
) -> Iterator[Fact]:
    """Yield how an object differs before fees. once: theirs, what was told twice told once."""
    left, right, single = (_of(side, source) for side in (ours, theirs, once))
    if len(left) == len(right) == 1 and left.keys() != right.keys():
        (mine,), (yours,) = left.values(), right.values()
        yield from compare(Leg.PROVIDER, "provider", {source: mine}, {source: yours}, since=since)
        return
    for fact in compare(Leg.PROVIDER, "provider", left, right, since=since):
        twice = fact.left is not None and fact.left == single.get(fact.key.partition(":")[2])
        yield replace(fact, type=Type.DUPLICATE if twice else fact.type)


def _of(amounts: Amounts, source: str) -> dict[str, Money]:
    return {
        f"{found}/{currency}": Money(minor, currency)
        for (found, currency), minor in amounts.items()
        if found == source and minor
    }


def _touched(session: Session, first: date, last: date) -> dict[str, date]:
    """Return object → the first of these days on which either side moved it, or told of it."""
    at, told_at = ProviderBalanceLine.at, ProviderBalanceLine.told_at
    begin, end = end_of_day(first - timedelta(days=1)), end_of_day(last)
    told = select(ProviderBalanceLine.source_id, at).where(
        at < end, or_(and_(at >= begin, at < end), and_(told_at >= begin, told_at < end))
    )
    found: dict[str, date] = {}
    for source, moved_at in session.execute(told):
        found[source] = min(found.get(source, last), local_date(moved_at))
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
    statement = select(ProviderBalanceLine).where(wanted)
    return list(session.scalars(statement.order_by(ProviderBalanceLine.id)))


def _told(lines: Iterable[ProviderBalanceLine]) -> Side:
    side = Side({}, {})
    for line in lines:
        key = (line.source_id, line.amount.currency)
        side.gross[key] = side.gross.get(key, 0) + line.amount.minor
        side.fees[key] = side.fees.get(key, 0) + line.fee.minor
    return side


def _without_repeats(lines: Iterable[ProviderBalanceLine]) -> Collection[ProviderBalanceLine]:
    """Return the lines, but of those that tell of one movement alike only the first."""
    found: dict[object, ProviderBalanceLine] = {}
    for line in lines:
        found.setdefault((line.source_id, line.type, line.amount), line)
    return found.values()


def _booked(session: Session, sources: Iterable[str], lines: Mapping[str, str]) -> Side:
    """Return what was booked for these objects, under their own ids and those of their lines."""
    debited, credited = accounts.alias(), accounts.alias()
    moved = case((debited.c.code == ACCOUNT, postings.c.amount), else_=0) - case(
        (credited.c.code == ACCOUNT, postings.c.amount), else_=0
    )
    is_fee = or_(debited.c.code.in_(FEES), credited.c.code.in_(FEES)).label("is_fee")
    statement = (
        select(entries.c.source_id, postings.c.currency, is_fee, func.sum(moved))
        .join(postings, postings.c.entry_id == entries.c.id)
        .join(debited, debited.c.id == postings.c.debit_id)
        .join(credited, credited.c.id == postings.c.credit_id)
        .where(entries.c.source_id.in_(sorted({*sources, *lines})))
        .group_by(entries.c.source_id, postings.c.currency, "is_fee")
    )
    side = Side({}, {})
    for source, currency, fee, minor in session.execute(statement):
        key, amounts = (lines.get(source, source), currency), side.fees if fee else side.gross
        amounts[key] = amounts.get(key, 0) + (-int(minor) if fee else int(minor))
    return side


def _converted(session: Session, lines: Iterable[ProviderBalanceLine]) -> set[str]:
    """Return the objects whose money the provider converted."""
    sources = {line.id: line.source_id for line in lines}
    statement = select(entries.c.source_id).where(
        entries.c.event == "fx.converted", entries.c.source_id.in_(sorted(sources))
    )
    return {sources[line_id] for line_id in session.scalars(statement)}


def _accounts() -> Select[int]:
    return select(accounts.c.id).where(accounts.c.code == ACCOUNT)
