"""Subscriptions (包期): a price paid for a term, earned period by period.

The term is divided by its days; a period that has passed is accepted and counted, one
that was not served is not. What is refunded out of escrow is taken off the periods to come,
in proportion; when nothing is left of them the subscription has ended. What was earned stays
earned.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final, NamedTuple

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel import ids, journal, numbers
from kernel.clock import Instant, local_date
from kernel.db import Base, Big, append_only
from kernel.money import Money, take_from
from kernel.work import Work
from settlement import escrow
from settlement.metering import meters, tariffs
from settlement.metering.meters import Basis

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_ENDED = "subscription.ended"

SPONSORS_SEQ: Final = 2
"""The slice of a line as which a sponsor's part becomes due, after its buyer's."""


class Outcome(StrEnum):
    """What became of a period."""

    PLANNED = "planned"
    PAUSED = "paused"
    EARNED = "earned"
    RETURNED = "returned"


TO_COME: Final = frozenset({Outcome.PLANNED, Outcome.PAUSED})
"""What became of a period that is still to be served."""


class SubscriptionSlice(Base):
    """One period of a subscription.

    seq: the slice of the order line, as escrow counts it. first_on, last_on: its days.
    amount: its part of what the buyer pays. sponsored_minor: of what a voucher pays later, once
    the term is over. sale: what escrow must know to divide it.
    """

    __tablename__ = "subscription_slices"
    __table_args__ = (
        UniqueConstraint("order_line_id", "seq"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("sponsored_minor >= 0", name="sponsored_not_negative"),
        CheckConstraint("first_on <= last_on", name="days_not_reversed"),
        Index(None, "outcome", "last_on", "id"),
        Index(None, "order_id", "first_on", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str]
    order_line_id: Mapped[str]
    seq: Mapped[int]
    first_on: Mapped[date]
    last_on: Mapped[date]
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    sponsored_minor: Mapped[int] = mapped_column(Big)
    sale: Mapped[dict[str, Any]]
    outcome: Mapped[str]
    earned_at: Mapped[Instant | None]

    @property
    def sponsored(self) -> Money:
        """What a voucher pays of it, once the term is over."""
        return Money(self.sponsored_minor, self.amount.currency)


class SliceCut(Base):
    """What was taken off a period. source_id: the refund or the dispute that took it."""

    __tablename__ = "subscription_cuts"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="amount_positive"),)

    source_id: Mapped[str] = mapped_column(primary_key=True)
    slice_id: Mapped[str] = mapped_column(ForeignKey("subscription_slices.id"), primary_key=True)
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )


append_only(SliceCut.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class Price(NamedTuple):
    """What the buyer pays of something, and what a voucher pays of it later."""

    own: Money
    sponsored: Money = Money(0)


def begin(  # noqa: PLR0913 - the facts of one term, each by its name
    work: Work,
    order_id: str,
    sale: Mapping[str, Any],
    *,
    price: Price,
    period: str,
    count: int,
    first_on: date | None = None,
) -> list[SubscriptionSlice]:
    """Plan the periods of a line from today; those that are planned already stay. One SELECT.

    sale: as `escrow.AcceptedLine`, without its amount. period: "month", "quarter", "year".
    first_on: the first day, when it follows another term.
    """
    line_id = sale["order_line_id"]
    there = [each for each in of_order(work.session, order_id) if each.order_line_id == line_id]
    if there:
        return there
    since, months = first_on or local_date(work.now), _MONTHS[period]
    terms = list(pairwise(_after(since, number * months) for number in range(count + 1)))
    days = [(end - begin).days for begin, end in terms]
    parts = tariffs.slices(price.own, days)
    others = tariffs.slices(price.sponsored, days)
    made = [
        _slice(work, order_id, sale, (begin, end - timedelta(days=1)), Price(part, other))
        for (begin, end), part, other in zip(terms, parts, others, strict=True)
        if part.minor
    ]
    work.session.add_all(made)
    work.record("subscription.begun", order_id, order_line_id=line_id, periods=len(made))
    return made


def earn_due(work: Work, *, limit: int) -> list[SubscriptionSlice]:
    """Accept, as the house, the periods that have passed, oldest first: a job.

    One SELECT on an index, and what `escrow.accept` costs for each.
    """
    statement = (
        select(SubscriptionSlice)
        .where(
            SubscriptionSlice.outcome == Outcome.PLANNED,
            SubscriptionSlice.last_on < local_date(work.now),
        )
        .order_by(SubscriptionSlice.last_on, SubscriptionSlice.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    found = list(work.session.scalars(statement))
    for each in found:
        _earn(work, each, each.amount)
    for order_id in sorted({each.order_id for each in found}):
        _close_if_over(work, order_id)
    return found


def stop(work: Work, order_id: str, *, on: date) -> Money:
    """Earn an order's periods up to the day `on`; return what of them was not used.

    The days up to `on` are earned by their share of the period; the rest is a period of its
    own, still to be served, until it is refunded. Two SELECTs, and what earning costs.
    """
    unused = Money(0)
    for each in _planned(work.session, order_id):
        if each.outcome == Outcome.PAUSED:
            unused += each.amount
            continue
        days = (each.last_on - each.first_on).days + 1
        used_days = min(max((on - each.first_on).days + 1, 0), days)
        used = tariffs.used_up(each.amount, used_days=used_days, days=days)
        unused += each.amount - used
        if not used.minor:
            continue
        if used < each.amount:
            other = tariffs.used_up(each.sponsored, used_days=used_days, days=days)
            rest = Price(each.amount - used, each.sponsored - other)
            later = on + timedelta(days=1), each.last_on
            work.session.add(_slice(work, order_id, each.sale, later, rest))
            each.last_on, each.amount, each.sponsored_minor = on, used, other.minor
        _earn(work, each, used)
    return unused


def pause(work: Work, order_id: str, *, on: date) -> None:
    """Earn an order's periods up to the day `on`, and serve nothing of the rest until `go_on`."""
    stop(work, order_id, on=on)
    work.session.flush()  # the periods that were divided are read back
    for each in _planned(work.session, order_id):
        each.outcome = Outcome.PAUSED


def go_on(work: Work, order_id: str, *, days: int) -> None:
    """Serve what was paused, so many days later than it was planned. One SELECT."""
    for each in _planned(work.session, order_id):
        each.first_on += timedelta(days=days)
        each.last_on += timedelta(days=days)
        each.outcome = Outcome.PLANNED


def cut(work: Work, order_id: str, source_id: str, amount: Money) -> None:
    """Take what left escrow off the periods to come; the same again changes nothing.

    In proportion to each. Nothing when the order has no such period. Two SELECTs.
    """
    if not amount.minor or _cuts(work.session, source_id):
        return
    found = _planned(work.session, order_id)
    there = [each.amount for each in found]
    whole = sum(there, Money(0))
    if not whole.minor:
        return
    for each, part in zip(found, take_from(there, min(amount, whole)), strict=True):
        if part.minor:
            work.session.add(SliceCut(source_id=source_id, slice_id=each.id, amount=part))
        if part == each.amount:
            each.outcome = Outcome.RETURNED
        else:
            each.amount -= part


def mend(work: Work, source_id: str) -> None:
    """Give the periods back what a refund had taken off them, for it was withdrawn."""
    for taken in _cuts(work.session, source_id):
        each = work.session.get_one(SubscriptionSlice, taken.slice_id, with_for_update=True)
        if each.outcome == Outcome.RETURNED:
            each.outcome, each.amount = Outcome.PLANNED, taken.amount
        else:
            each.amount += taken.amount


def end_if_returned(work: Work, order_id: str) -> bool:
    """End an order's subscriptions when nothing of them is to come and some was returned.

    Tells whether they ended; a second time nothing is recorded. One SELECT, two when it ends.
    """
    found = of_order(work.session, order_id)
    outcomes = {each.outcome for each in found}
    if Outcome.RETURNED not in outcomes or outcomes & TO_COME:
        return False
    meters.close_for(work, order_id, Basis.OVERAGE)
    if not journal.takers(work.session, order_id, [_ENDED]):
        work.record("subscription.ended", order_id, on=local_date(work.now))
    return True


def of_order(session: Session, order_id: str) -> list[SubscriptionSlice]:
    """Return the periods of an order, in order. One SELECT on an index."""
    statement = (
        select(SubscriptionSlice)
        .where(SubscriptionSlice.order_id == order_id)
        .order_by(SubscriptionSlice.first_on, SubscriptionSlice.id)
        .limit(500)
    )
    return list(session.scalars(statement))


def unsponsored(session: Session, order_id: str) -> dict[str, Money]:
    """Return line → what its voucher does not pay any more, for it was not served. One SELECT."""
    gone: dict[str, Money] = {}
    for each in of_order(session, order_id):
        if each.outcome == Outcome.RETURNED and each.sponsored_minor:
            before = gone.get(each.order_line_id, Money(0, each.amount.currency))
            gone[each.order_line_id] = before + each.sponsored
    return gone


def unserved(session: Session, order_id: str) -> bool:
    """Tell whether a period of the order is still to come or under way. One SELECT."""
    found = of_order(session, order_id)
    return any(each.outcome in TO_COME for each in found)


def _planned(session: Session, order_id: str) -> list[SubscriptionSlice]:
    statement = (
        select(SubscriptionSlice)
        .where(
            SubscriptionSlice.order_id == order_id,
            SubscriptionSlice.outcome.in_(sorted(TO_COME)),
        )
        .order_by(SubscriptionSlice.first_on, SubscriptionSlice.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(statement))


def _cuts(session: Session, source_id: str) -> list[SliceCut]:
    statement = select(SliceCut).where(SliceCut.source_id == source_id).order_by(SliceCut.slice_id)
    return list(session.scalars(statement))


def _seq(work: Work, order_id: str) -> int:
    """Return the next slice of an order; the second is for what a sponsor pays in the end."""
    number = numbers.following(work.session, f"slices {order_id}")
    return number if number < SPONSORS_SEQ else number + 1


def _slice(
    work: Work, order_id: str, sale: Mapping[str, Any], days: tuple[date, date], price: Price
) -> SubscriptionSlice:
    return SubscriptionSlice(
        id=ids.new("sbs_", work.now),
        order_id=order_id,
        order_line_id=sale["order_line_id"],
        seq=_seq(work, order_id),
        first_on=days[0],
        last_on=days[1],
        amount=price.own,
        sponsored_minor=price.sponsored.minor,
        sale=dict(sale),
        outcome=Outcome.PLANNED,
        earned_at=None,
    )


def _earn(work: Work, each: SubscriptionSlice, amount: Money) -> None:
    volume = amount + each.sponsored  # what is counted is the whole price
    line = {**each.sale, "seq": each.seq, "amount": amount, "volume": volume}
    escrow.accept(work.as_system(), each.order_id, [line])
    if each.outcome == Outcome.PLANNED:
        each.outcome = Outcome.EARNED
    each.earned_at = work.now
    told: Sequence[Mapping[str, Any]] = [
        {"order_line_id": each.order_line_id, "seq": each.seq, "amount": volume}
    ]
    work.as_system().record("sale.recognised", each.order_id, slice_id=each.id, lines=told)


def _close_if_over(work: Work, order_id: str) -> None:
    if not unserved(work.session, order_id):
        meters.close_for(work, order_id, Basis.OVERAGE)


def _after(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for shorter in range(4):
        try:
            return date(year, month + 1, day.day - shorter)
        except ValueError:
            continue
    raise AssertionError("a month has 28 days")  # pragma: no cover - at most three days too many
