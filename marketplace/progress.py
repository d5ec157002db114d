"""What brings orders forward, or stops them, from the rooms below (reactions to their events).

Each runs after the commit of the event that it follows, and may run twice: the second
time it finds the order where the first left it, and does nothing.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import tasks
from kernel.journal import Event
from kernel.work import Work
from marketplace import fulfilment, orders
from marketplace.lines import OrderLine
from marketplace.orders import Order, State

_BATCH = 200


def mark_paid(work: Work, event: Event) -> None:
    """After "payment.received": the order goes into delivery, once escrow holds the price.

    What has become forbidden since the order was placed is not delivered: the order is
    suspended at once, and its money stays in escrow.
    """
    order = orders.find(work.session, event.data["order_id"])
    if order.state != State.AWAITING_PAYMENT:
        return
    orders.take(work.as_system(), order.id, "mark_paid")
    refused = fulfilment.barred(work, order)
    if refused:
        reason = "；".join(f"{refusal.zh} {refusal.en}" for refusal in refused)
        orders.take(work.as_system(), order.id, "suspend_delivery", reason=reason)


def mark_delivered(work: Work, event: Event) -> None:
    """After "delivery.completed": the buyer may inspect, once nothing is outstanding."""
    task = tasks.find(work.session, event.subject)
    order = orders.find(work.session, task.order_id)
    if order.state == State.IN_DELIVERY and tasks.all_delivered(work.session, order.id):
        orders.take(work.as_system(), order.id, "delivered")


def settled(work: Work, event: Event) -> None:
    """After "order.settled": the order is completed."""
    order = orders.find(work.session, event.data["order_id"])
    if order.state == State.ACCEPTED:
        orders.take(work.as_system(), order.id, "settled")


def suspend_for(work: Work, authorisation_id: str) -> None:
    """Stop what is being delivered under an authorisation that is not in force any more.

    One SELECT for each 200 orders.
    """
    reason = f"授权失效 authorisation {authorisation_id} is not in force"
    while found := _under(work.session, authorisation_id, State.IN_DELIVERY):
        for order in found:
            orders.take(work.as_system(), order.id, "suspend_delivery", reason=reason)


def resume_for(work: Work, authorisation_id: str) -> None:
    """Go on with what was stopped, unless something else bars it."""
    after = ""
    while found := _under(work.session, authorisation_id, State.DELIVERY_SUSPENDED, after):
        for order in found:
            if not fulfilment.barred(work, order):
                orders.take(work.as_system(), order.id, "resume_delivery")
        after = found[-1].id


def _under(session: Session, authorisation_id: str, state: State, after: str = "") -> list[Order]:
    with_it = select(OrderLine.order_id).where(OrderLine.authorisation_id == authorisation_id)
    statement = (
        select(Order)
        .where(Order.id.in_(with_it), Order.state == state, Order.id > after)
        .order_by(Order.id)
        .limit(_BATCH)
    )
    return list(session.scalars(statement))
