"""What the end of a listing does: to running orders, and when its time or its papers run out.

Voluntary: new orders stop with the notice, running ones go on under their version. Expired:
the same, without notice. Forced: everything stops at once; what is not accepted is revoked,
what runs is ended, and the orders wait for their refund. Source: delisting of the exchange.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from delivery import tasks
from delivery.tasks import DeliveryTask
from kernel.clock import local_date
from kernel.work import Work
from marketplace import listing, orders, versions
from marketplace.lines import OrderLine
from marketplace.listings.materials import Filed
from marketplace.listings.rights import RightEnd, RightRecord
from marketplace.products import LIFE, Product, State

LOOKED_BACK: Final = timedelta(days=31)
"""For how long after a document ran out its products are looked at every day."""

BEHIND: Final = frozenset({"L-19", "L-20", "L-21"})
"""The rules that a product on the market may come to break as time goes by."""

_REASON_MAX: Final = 500
_BATCH: Final = 200
_STEPS: Final = {
    tasks.State.NOT_STARTED: "revoke",
    tasks.State.IN_PROGRESS: "revoke",
    tasks.State.DELIVERED: "revoke",
    tasks.State.SUSPENDED: "revoke",
    tasks.State.ACCEPTED: "end_term",
}


def stop_for(work: Work, product_id: str) -> None:
    """Stop all deliveries and orders of a product that was delisted by force.

    Two SELECTs for each 200 orders of it.
    """
    house = work.as_system()
    reason = f"产品强制摘牌 product {product_id} was delisted by force"
    for task in _tasks(work.session, product_id):
        step = _STEPS.get(tasks.State(task.state))
        if step is not None:
            tasks.LIFE.take(step, task, house, reason=reason)
    for order in orders.of_lines(work.session, OrderLine.product_id == product_id):
        if order.state == orders.State.IN_DELIVERY:
            orders.LIFE.take("suspend_delivery", order, house, reason=reason)
        elif not orders.LIFE.refusals("lapse", order, house):
            orders.LIFE.take("lapse", order, house)


def expire_due(work: Work, *, limit: int) -> int:
    """End the listings whose last day has passed; return how many. One SELECT on an index."""
    statement = (
        select(Product)
        .where(
            Product.state.in_((State.LISTED, State.SUSPENDED, State.DELISTING)),
            Product.valid_until < local_date(work.now),
        )
        .order_by(Product.valid_until, Product.id)
        .limit(limit)
    )
    found = list(work.session.scalars(statement))
    for product in found:
        LIFE.take("expire", product, work.as_system())
    return len(found)


def suspend_unbacked(work: Work, *, limit: int) -> int:
    """Suspend what is listed with a document expired, a promise broken, a right gone (I-15, I-18).

    Returns how many. Three SELECTs, and for each candidate what the rules look at.
    """
    house = work.as_system()
    suspended = 0
    for product in _candidates(work.session, local_date(work.now), limit):
        version = versions.find(work.session, product.current_version_id)
        broken = [
            each
            for each in listing.refusals(version, product.owner_id, house)
            if each.rule in BEHIND
        ]
        if broken:
            told = "；".join(f"{each.rule} {each.zh} {each.en}" for each in broken)
            LIFE.take("suspend", product, house, reason=told[:_REASON_MAX])
            suspended += 1
    return suspended


def _candidates(session: Session, today: date, limit: int) -> list[Product]:
    since = today - LOOKED_BACK
    over = or_(Filed.valid_to.between(since, today), Filed.due_on.between(since, today))
    papers = session.execute(select(Filed.owner_id, Filed.product_id).where(over).distinct()).all()
    rights = (
        select(RightRecord.product_id)
        .join(RightEnd, RightEnd.record_id == RightRecord.id)
        .where(RightEnd.ended_on >= since)
    )
    named = {product_id for _, product_id in papers if product_id} | set(session.scalars(rights))
    owners = {owner_id for owner_id, product_id in papers if product_id is None}
    statement = (
        select(Product)
        .where(
            Product.state == State.LISTED, or_(Product.id.in_(named), Product.owner_id.in_(owners))
        )
        .order_by(Product.id)
        .limit(limit)
    )
    return list(session.scalars(statement))


def _tasks(session: Session, product_id: str) -> Iterator[DeliveryTask]:
    lines = select(OrderLine.id).where(OrderLine.product_id == product_id)
    after = ""
    while found := list(
        session.scalars(
            select(DeliveryTask)
            .where(DeliveryTask.order_line_id.in_(lines), DeliveryTask.id > after)
            .order_by(DeliveryTask.id)
            .limit(_BATCH)
        )
    ):
        yield from found
        after = found[-1].id
