"""What one party sold or bought, by month and by product: acceptances, less what came back."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from kernel.clock import Instant, local_date
from kernel.money import Money
from marketplace.counting.moves import VolumeMove
from marketplace.volume import Month, months_until

MONTHS = 12


class Traded(NamedTuple):
    """How much of one product was sold or bought."""

    product_id: str
    amount: Money


def sold_months(session: Session, seller_id: str, now: Instant) -> list[Month]:
    """Return what the seller's accepted lines came to in each of the last twelve months.

    What the hard rules exclude is part of it: it was sold all the same. Less refunds, in the
    month in which they happened. One SELECT on two indexes.
    """
    return _months(session, _sold(seller_id, now), now)


def bought_months(session: Session, buyer_id: str, now: Instant) -> list[Month]:
    """Return what the buyer accepted in each of the last twelve months, like `sold_months`."""
    return _months(session, _bought(buyer_id, now), now)


def sold_products(session: Session, seller_id: str, now: Instant, *, limit: int) -> list[Traded]:
    """Return the products of which the seller sold most in twelve months. One SELECT."""
    return _products(session, _sold(seller_id, now), limit)


def bought_products(session: Session, buyer_id: str, now: Instant, *, limit: int) -> list[Traded]:
    """Return the products for which the buyer paid most in twelve months. One SELECT."""
    return _products(session, _bought(buyer_id, now), limit)


def _since(now: Instant) -> str:
    return months_until(local_date(now), MONTHS)[0]


def _sold(seller_id: str, now: Instant) -> Select[Any]:
    return _moved(VolumeMove.merchant_id == seller_id, now)


def _bought(buyer_id: str, now: Instant) -> Select[Any]:
    return _moved(VolumeMove.buyer_id == buyer_id, now)


def _moved(own: ColumnElement[bool], now: Instant) -> Select[Any]:
    amount = (VolumeMove.counted + VolumeMove.excluded).label("amount")
    columns: tuple[Any, ...] = (VolumeMove.accepted_month, VolumeMove.product_id, amount)
    here = VolumeMove.registered.is_(False)
    return select(*columns).where(own, here, VolumeMove.accepted_month >= _since(now))


def _months(session: Session, traded: Select[Any], now: Instant) -> list[Month]:
    rows = traded.subquery()
    month = rows.c.accepted_month
    found = dict(_summed(session, select(month, func.sum(rows.c.amount)).group_by(month)))
    return [
        Month(name, Money(found.get(name, 0))) for name in months_until(local_date(now), MONTHS)
    ]


def _products(session: Session, traded: Select[Any], limit: int) -> list[Traded]:
    rows = traded.subquery()
    amount = func.sum(rows.c.amount)
    statement = (
        select(rows.c.product_id, amount)
        .group_by(rows.c.product_id)
        .having(amount > 0)
        .order_by(amount.desc(), rows.c.product_id)
        .limit(limit)
    )
    return [Traded(key, Money(minor)) for key, minor in _summed(session, statement)]


def _summed(session: Session, statement: Select[Any]) -> Sequence[tuple[str, int]]:
    return [(key, int(minor)) for key, minor in session.execute(statement)]
