"""Looking back when a time is over: a delivery's (S3), and a quarter's (S5). Each once.

How far it was looked is kept beside the look at acceptances; all of it may be run twice.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery.tasks import DeliveryTask
from kernel.clock import SHANGHAI, Instant, local_date
from kernel.work import Work
from marketplace.counting import spans
from marketplace.integrity import facts, flags, traces
from marketplace.integrity.looking import IntegrityLook
from marketplace.integrity.rules import Finding
from marketplace.integrity.traces import Delivery
from marketplace.lines import OrderLine
from settlement.metering.meters import Meter

LASTING: Final = frozenset({
    "subscription", "per_call", "per_row", "per_volume", "tier_progressive", "tier_volume",
    "package",
})  # fmt: skip
"""Price plans of which something is used up to a day: subscriptions, and interfaces."""

_ENDED, _QUARTER = "ended", "quarter"
_DAYS_MAX: Final = 31
_PAGE: Final = 500


def look_at_unused(work: Work) -> int:
    """Ask of each delivery whose last day is over whether it was used; return the flags raised.

    The days since the last look, a month's at most. A SELECT for each 500 deliveries of a day,
    and three for each order of them.
    """
    yesterday = local_date(work.now) - timedelta(days=1)
    look = _look(work, _ENDED, yesterday - timedelta(days=_DAYS_MAX))
    first = max(local_date(look.accepted_at), yesterday - timedelta(days=_DAYS_MAX))
    raised = 0
    for ago in range((yesterday - first).days):
        day = first + timedelta(days=ago + 1)
        for order_id in _ended_on(work.session, day):
            raised += _raise(work, _unused(work.session, order_id, day))
    look.accepted_at = _noon(yesterday)
    return raised


def look_at_quarter(work: Work) -> int:
    """Ask once, when a quarter is over, who sold its year in the last days; return the flags.

    A SELECT over the trades of those days, and two for each merchant of them.
    """
    quarter = spans.of("Q", local_date(work.now)).before()
    if quarter is None:
        return 0
    look = _look(work, _QUARTER, quarter.since)
    if local_date(look.accepted_at) >= quarter.until:
        return 0
    number, raised = work.rules.number, 0
    since = quarter.until - timedelta(days=number("integrity.quarter_days") - 1)
    begun = _noon(since) - timedelta(hours=12)
    ended = _noon(quarter.until) + timedelta(hours=12)
    for merchant_id in facts.merchants_within(work.session, since=begun, until=ended):
        last = facts.sold_within(work.session, merchant_id, since=since, until=ended)
        year, trades = facts.year_of(work.session, merchant_id, until=ended)
        found = traces.quarter_end(
            last, year, trades,
            share_bp=number("integrity.quarter_bp"), least=number("integrity.quarter_trades_min"),
        )  # fmt: skip
        raised += _raise(work, found)
    look.accepted_at = _noon(quarter.until)
    return raised


def _unused(session: Session, order_id: str, day: date) -> Finding | None:
    trade = facts.trade(session, order_id)
    if trade is None:
        return None
    plans = session.scalars(select(OrderLine.price_plan).where(OrderLine.order_id == order_id))
    if not any(plan.get("kind") in LASTING for plan in plans):
        return None
    tasks = session.scalars(
        select(DeliveryTask).where(DeliveryTask.order_id == order_id).order_by(DeliveryTask.id)
    ).all()
    if any(task.use_until is None or task.use_until > day for task in tasks):
        return None
    meters = session.scalars(select(Meter.id).where(Meter.order_id == order_id).limit(1))
    if meters.first() is not None:
        return None  # what is metered is paid by its use
    delivered = [
        Delivery(task.id, task.reads, task.rows_delivered, task.bytes_delivered) for task in tasks
    ]
    return traces.unused(order_id, trade.fen, delivered)


def _ended_on(session: Session, day: date) -> Iterator[str]:
    seen: set[str] = set()
    last = ""
    while True:
        statement = (
            select(DeliveryTask.id, DeliveryTask.order_id)
            .where(DeliveryTask.use_until == day, DeliveryTask.id > last)
            .order_by(DeliveryTask.id)
            .limit(_PAGE)
        )
        found = session.execute(statement).all()
        yield from sorted({order_id for _, order_id in found} - seen)
        seen |= {order_id for _, order_id in found}
        if len(found) < _PAGE:
            return
        last = found[-1][0]


def _look(work: Work, name: str, since: date) -> IntegrityLook:
    found = work.session.get(IntegrityLook, name)
    if found is None:
        found = IntegrityLook(name=name, accepted_at=_noon(since), number=0)
        work.session.add(found)
    return found


def _noon(day: date) -> Instant:
    return datetime.combine(day, time(12), SHANGHAI).astimezone(UTC)


def _raise(work: Work, finding: Finding | None) -> int:
    if finding is None:
        return 0
    made = [flags.raise_for(work, order_id, finding) for order_id in sorted(finding.orders)]
    return sum(flag is not None for flag in made)
