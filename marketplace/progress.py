"""What brings orders forward, or stops them, from the rooms below (reactions to their events).

Each runs after the commit of the event that it follows, and may run twice: the second
time it finds the order where the first left it, and does nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from delivery import tasks
from kernel.errors import Refusal, StepRefused
from kernel.journal import Event
from kernel.money import Money
from kernel.work import Work
from licensing import authorisations
from licensing.authorisations import Authorisation
from marketplace import fulfilment, orders
from marketplace.lines import OrderLine
from marketplace.orders import Order, State
from marketplace.products import Product
from marketplace.products import State as Listing
from marketplace.versions import ProductVersion
from settlement import payouts

_BATCH = 200
_NAMED = 5
_PAID = frozenset(
    {
        State.IN_DELIVERY, State.DELIVERY_SUSPENDED, State.PENDING_ACCEPTANCE, State.REDELIVERY,
        State.DISPUTED, State.ACCEPTED,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Touched:
    """What of the trade stands on some authorisations.

    in_escrow: paid for lines that are not completed; outstanding: ordered, not yet paid.
    """

    products: int
    orders: int
    buyers: list[str]
    in_escrow: Money
    outstanding: Money


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


def let_go(work: Work, event: Event) -> None:
    """Refuse an organisation's exit while anything of it is open. Raises StepRefused, whole.

    Open are its orders, the authorisations that it holds, and what it has yet to be paid.
    Three SELECTs on indexes.
    """
    party = event.subject
    told = (_open_orders(work, party), _live_authorisations(work, party), _unpaid(work, party))
    reasons = tuple(each for each in told if each is not None)
    if reasons:
        raise StepRefused(
            "；".join(each.zh for each in reasons), "; ".join(each.en for each in reasons), reasons
        )


def refuse_surrender(work: Work, authorisation_id: str) -> None:
    """Refuse the surrender of an authorisation while orders are open under it. One SELECT."""
    statement = (
        select(Order.code)
        .where(
            Order.id.in_(_lines_under([authorisation_id])), Order.state.not_in(orders.LIFE.finals)
        )
        .order_by(Order.id)
        .limit(_NAMED)
    )
    if codes := ", ".join(work.session.scalars(statement)):
        zh, en = f"仍有未完结的订单：{codes}", f"there are orders that are not finished: {codes}"
        raise StepRefused(zh, en, (Refusal("OPEN_ORDERS", zh, en),))


def touched(session: Session, authorisation_ids: Sequence[str]) -> Touched:
    """Return what would stop with these authorisations, at most 500 of them. Two SELECTs."""
    listed = (
        select(func.count())
        .select_from(Product)
        .join(ProductVersion, ProductVersion.id == Product.current_version_id)
        .where(
            ProductVersion.authorisation_id.in_(authorisation_ids), Product.state == Listing.LISTED
        )
    )
    open_lines = (
        select(Order.id, Order.buyer_id, Order.state, OrderLine.amount)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(
            OrderLine.authorisation_id.in_(authorisation_ids),
            Order.state.not_in(orders.LIFE.finals),
        )
    )
    rows = session.execute(open_lines).all()
    paid = [row.amount.minor for row in rows if row.state in _PAID]
    unpaid = [row.amount.minor for row in rows if row.state not in _PAID]
    return Touched(
        products=session.execute(listed).scalar_one(),
        orders=len({row.id for row in rows}),
        buyers=sorted({row.buyer_id for row in rows}),
        in_escrow=Money(sum(paid)),
        outstanding=Money(sum(unpaid)),
    )


def _lines_under(authorisation_ids: Sequence[str]) -> Select[str]:
    return select(OrderLine.order_id).where(OrderLine.authorisation_id.in_(authorisation_ids))


def _open_orders(work: Work, party_id: str) -> Refusal | None:
    statement = select(Order.id).where(
        or_(Order.buyer_id == party_id, Order.seller_id == party_id),
        Order.state.not_in(orders.LIFE.finals),
    )
    if work.session.scalars(statement.limit(1)).first() is None:
        return None
    return Refusal("OPEN_ORDERS", "仍有未完结的订单", "there are orders that are not finished")


def _live_authorisations(work: Work, party_id: str) -> Refusal | None:
    statement = select(Authorisation.id).where(
        Authorisation.grantee_id == party_id, Authorisation.state.in_(authorisations.LIVE)
    )
    if work.session.scalars(statement.limit(1)).first() is None:
        return None
    return Refusal("LIVE_AUTHORISATIONS", "仍有有效的授权", "it holds a live authorisation")


def _unpaid(work: Work, party_id: str) -> Refusal | None:
    if not payouts.earned(work, party_id=party_id):
        return None
    return Refusal("UNPAID_BALANCE", "仍有应付未付款项", "it has yet to be paid")
