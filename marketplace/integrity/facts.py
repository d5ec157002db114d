"""What the rules are asked about: trades, ties, prices and refunds, each read on an index.

Every reading is bounded: what a rule has to see more of than the bound is a trade among very
many like it.
"""

from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from kernel.clock import local_date
from kernel.parties import admission, organisations, relations
from kernel.work import Work
from marketplace.counting.moves import Cause, VolumeMove
from marketplace.counting.writing import BY_RULE
from marketplace.integrity.rules import Link, Trade
from marketplace.lines import OrderLine
from marketplace.listings import months as calendar
from marketplace.orders import Order
from settlement.refunding import refunds
from settlement.refunding.refunds import Refund

TRADES_MAX: Final = 500
"""Trades that are read of one step of a ring, or of one merchant."""

PRICES_MAX: Final = 1_000
"""Other prices of a product that are read: the latest."""

_REFUNDS_MAX: Final = 100
_E6: Final = 1_000_000
_FEN: Final = func.sum(VolumeMove.counted + VolumeMove.excluded)
_AT: Final = func.min(VolumeMove.accepted_at)


def trade(session: Session, order_id: str) -> Trade | None:
    """Return an order as it was accepted, all its slices together; None where none can count.

    One SELECT.
    """
    may_count = or_(VolumeMove.reason.is_(None), VolumeMove.reason.not_in(sorted(BY_RULE)))
    found = _trades(session, VolumeMove.order_id == order_id, may_count)
    return found[0] if found else None


def chain(session: Session, one: Trade) -> list[Link]:
    """Return the nearest ties between the parties on the day of acceptance; empty for none.

    Costs what `relations.explained` does.
    """
    on = local_date(one.at)
    for way in relations.explained(session, one.buyer_id, on=on):
        if way.organisation_id == one.merchant_id:
            return [Link(tie.id, tie.kind, tie.share_bp) for tie in way.ties]
    return []


def returned(session: Session, one: Trade, *, days: int) -> int:
    """Return the fen of the trade that arrived back within days of acceptance. Two SELECTs."""
    until = local_date(one.at) + timedelta(days=days)
    arrived = (
        select(Refund.id)
        .where(
            Refund.order_id == one.order_id,
            Refund.state == refunds.State.SUCCEEDED,
            Refund.ended_on <= until,
        )
        .order_by(Refund.id)
        .limit(_REFUNDS_MAX)
    )
    moved = select(func.sum(VolumeMove.counted + VolumeMove.excluded)).where(
        VolumeMove.order_id == one.order_id,
        VolumeMove.cause == Cause.ADJUSTED,
        VolumeMove.source_id.in_(list(session.scalars(arrived))),
    )
    return -int(session.scalars(moved).one() or 0)


def onward(
    session: Session, one: Trade, *, steps: int, days: int, tolerance_bp: int
) -> list[Trade]:
    """Return the trades that lead on from a trade's buyer, near it in time and amount.

    steps: how far they are followed, with one SELECT for each.
    """
    window, slack = timedelta(days=days), one.fen * tolerance_bp // 10_000
    found: list[Trade] = []
    passed, level = {one.merchant_id}, {one.buyer_id}
    for _ in range(steps):
        ahead = _trades(
            session,
            VolumeMove.merchant_id.in_(sorted(level)),
            VolumeMove.accepted_month >= f"{local_date(one.at - window):%Y-%m}",
            VolumeMove.accepted_at.between(one.at - window, one.at + window),
            near=(one.fen - slack, one.fen + slack),
        )
        found += ahead
        passed |= level
        level = {each.buyer_id for each in ahead} - passed
        if not level:
            break
    return found


def sold(session: Session, one: Trade) -> list[Trade]:
    """Return what the merchant had sold by this trade, this trade among it. One SELECT."""
    return _trades(
        session, VolumeMove.merchant_id == one.merchant_id, VolumeMove.accepted_at <= one.at
    )


def are_young(work: Work, one: Trade, *, months: int) -> bool:
    """Tell whether both parties came to be less than so many months before the trade.

    By the day on which a company was established, as it filed it: everybody is new to a new
    exchange. Who filed nothing is as old as its entry.
    """
    since = _before(one.at, months)
    parties = (one.merchant_id, one.buyer_id)
    known = admission.established(work.session, parties)
    return all(
        known[each] > local_date(since)
        if each in known
        else organisations.find(work.session, each).entered_at > since
        for each in parties
    )


def priced(session: Session, order_id: str) -> list[OrderLine]:
    """Return the lines of an order that have a price. One SELECT."""
    statement = select(OrderLine).where(OrderLine.order_id == order_id)
    found = session.scalars(statement.order_by(OrderLine.position))
    return [line for line in found if line.amount.minor > 0]


def price(line: OrderLine) -> int:
    """Return what one unit of a line costs, in millionths of a fen."""
    return line.amount.minor * _E6 // line.quantity


def prices(session: Session, line: OrderLine, one: Trade, *, months: int) -> list[int]:
    """Return what others paid for one unit of the product, by the same kind of price plan."""
    statement = (
        select(OrderLine)
        .join(Order, Order.id == OrderLine.order_id)
        .where(
            OrderLine.product_id == line.product_id,
            OrderLine.order_id != line.order_id,
            Order.accepted_at >= _before(one.at, months),
            Order.accepted_at <= one.at,
        )
        .order_by(OrderLine.order_id.desc(), OrderLine.position)
        .limit(PRICES_MAX)
    )
    kind = line.price_plan.get("kind")
    return [
        price(other)
        for other in session.scalars(statement)
        if other.amount.minor > 0 and other.price_plan.get("kind") == kind
    ]


def between(session: Session, parties: frozenset[str], *, since: date) -> list[Trade]:
    """Return what some parties have traded among themselves since a day. One SELECT."""
    own = sorted(parties)
    return _trades(
        session,
        VolumeMove.merchant_id.in_(own),
        VolumeMove.buyer_id.in_(own),
        VolumeMove.accepted_on >= since,
    )


def sold_within(session: Session, merchant_id: str, *, since: date, until: datetime) -> list[Trade]:
    """Return what a merchant sold from a day on and before an instant. One SELECT."""
    return _trades(
        session,
        VolumeMove.merchant_id == merchant_id,
        VolumeMove.accepted_month >= f"{since:%Y-%m}",
        VolumeMove.accepted_on >= since,
        VolumeMove.accepted_at <= until,
    )


def merchants_within(session: Session, *, since: datetime, until: datetime) -> list[str]:
    """Return who sold between two instants. One SELECT over their acceptances."""
    statement = (
        select(VolumeMove.merchant_id)
        .where(VolumeMove.cause == Cause.ACCEPTED, VolumeMove.accepted_at.between(since, until))
        .distinct()
        .order_by(VolumeMove.merchant_id)
    )
    return list(session.scalars(statement))


def year_of(session: Session, merchant_id: str, *, until: datetime) -> tuple[int, int]:
    """Return fen and number of all trades of a merchant's twelve months. One SELECT."""
    since = _before(until, 12)
    statement = select(
        func.coalesce(func.sum(VolumeMove.counted + VolumeMove.excluded), 0),
        func.count(VolumeMove.order_id.distinct()),
    ).where(
        VolumeMove.merchant_id == merchant_id,
        VolumeMove.accepted_month >= f"{local_date(since):%Y-%m}",
        VolumeMove.cause == Cause.ACCEPTED,
        VolumeMove.accepted_at.between(since, until),
    )
    fen, trades = session.execute(statement).one()
    return int(fen), int(trades)


def _trades(
    session: Session, *where: ColumnElement[bool], near: tuple[int, int] | None = None
) -> list[Trade]:
    """Return the accepted orders that are meant, the latest first. near: least and most fen."""
    named = (VolumeMove.order_id, VolumeMove.merchant_id, VolumeMove.buyer_id)
    statement = (
        select(*named, _FEN, _AT)
        .where(VolumeMove.cause == Cause.ACCEPTED, *where)
        .group_by(*named)
        .order_by(_AT.desc(), VolumeMove.order_id)
        .limit(TRADES_MAX)
    )
    statement = statement.having(_FEN.between(*near) if near else _FEN > 0)
    return [
        Trade(str(order_id), merchant_id, buyer_id, int(fen), at)
        for order_id, merchant_id, buyer_id, fen, at in session.execute(statement)
    ]


def _before(at: datetime, months: int) -> datetime:
    """Return the moment so many calendar months earlier."""
    day = local_date(at)
    return at - (day - calendar.later(day, -months))
