"""What brings orders forward, or stops them, from the rooms below (reactions to their events).

Each runs after the commit of the event that it follows, and may run twice: the second
time it finds the order where the first left it, and does nothing.
"""

from collections.abc import Iterator, Sequence
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
from marketplace import fulfilment, lines, orders, volume
from marketplace.lines import OrderLine
from marketplace.orders import Order, State
from marketplace.products import Product
from marketplace.products import State as Listing
from marketplace.versions import ProductVersion
from settlement import payments, payouts
from settlement.metering import bills, subscriptions
from settlement.refunding import refunds, voucher_returns
from settlement.vouchers import parts as sponsored
from settlement.vouchers import vouchers

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
    suspended at once, and its money stays in escrow. What was paid for something else
    (a bill, a wallet, a fee) is no concern of an order's.
    """
    told = event.data
    if told.get("purpose", payments.Purpose.ORDER) != payments.Purpose.ORDER:
        return
    if told.get("target", told["order_id"]) == told["order_id"]:
        go_into_delivery(work, told["order_id"])


def go_into_delivery(work: Work, order_id: str) -> None:
    """Bring a funded order into delivery; suspended at once, if something bars it by now."""
    order = orders.find(work.session, order_id)
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
    if tasks.for_trial(task):
        return
    order = orders.find(work.session, task.order_id)
    if order.state == State.IN_DELIVERY and tasks.all_delivered(work.session, order.id):
        orders.take(work.as_system(), order.id, "delivered")


def settled(work: Work, event: Event) -> None:
    """After "order.settled": the order is completed."""
    orders.finish(orders.find(work.session, event.data["order_id"]), work.as_system())


def recognised(work: Work, event: Event) -> None:
    """Together with "sale.recognised": what a bill or a period came to counts as volume."""
    order = orders.find(work.session, event.subject)
    by_id = {line.id: line for line in lines.of(work.session, order.id)}
    told = [
        (by_id[one["order_line_id"]], one["seq"], Money(**one["amount"]))
        for one in event.data["lines"]
    ]
    volume.count_slices(work, order, told)
    volume.align(work, event)


def billed(work: Work, event: Event) -> None:
    """After "bill.settled": what stood goes on; the order is completed, if this was the last."""
    order = orders.find(work.session, bills.find(work.session, event.subject).order_id)
    resume(work, order)
    orders.finish(order, work.as_system())


def resume(work: Work, order: Order) -> None:
    """Go on with a suspended order, as the house, unless something still holds it up."""
    house = work.as_system()
    if not orders.LIFE.refusals("resume_delivery", order, house):
        orders.take(house, order.id, "resume_delivery")


def resumed(work: Work, event: Event) -> None:
    """After "order.delivery_resumed": the buyer inspects what was complete before it stood."""
    order = orders.find(work.session, event.subject)
    if order.state == State.IN_DELIVERY and tasks.all_delivered(work.session, order.id):
        orders.take(work.as_system(), order.id, "delivered")


def stop_defaulter(work: Work, event: Event) -> None:
    """After "bill.defaulted": what is being delivered to who does not pay stands."""
    order = orders.find(work.session, bills.find(work.session, event.subject).order_id)
    if order.state == State.IN_DELIVERY:
        reason = "账单逾期未付 a bill is long overdue"
        orders.take(work.as_system(), order.id, "suspend_delivery", reason=reason)


def refund_sent(work: Work, event: Event) -> None:
    """After "refund.sent": an order of which nothing is left is being refunded.

    A subscription of which nothing is to come any more has ended: it is read no more.
    """
    order = _of_refund(work, event)
    if order is None:
        return
    _end_term(work, order)
    if not refunds.standing(work.session, order.id).left.minor and not _is_sponsored(work, order):
        _refund(work, order)


def refunded(work: Work, event: Event) -> None:
    """After a refund has arrived, or a dispute was lost: what is refunded whole reads so.

    Then its voucher comes back; but what the sponsor has paid already stays with the order.
    Of what is refunded in part the rest goes its way.
    """
    order = _of_refund(work, event)
    if order is None:
        return
    _end_term(work, order)
    standing = refunds.standing(work.session, order.id)
    if not (standing.left.minor or standing.under_way.minor):
        voucher_returns.give_back(work, order.id)
        work.session.flush()  # the sponsor's part is looked at next
        if not sponsored.of_order(work.session, order.id).minor:
            _refund(work, order)
    if order.state == State.REFUNDING:
        orders.take(work.as_system(), order.id, "refunded")
    orders.finish(order, work.as_system())


def adjusted(work: Work, event: Event) -> None:
    """Together with "turnover.moved": what was taken back counts no more, from today."""
    volume.adjust(work, event)


def aligned(work: Work, event: Event) -> None:
    """Together with "escrow.accepted": what does not count is set aside in the books as well."""
    volume.align(work, event)


def registered(work: Work, event: Event) -> None:
    """Together with "deal.registered": the deal counts, apart from what is traded here."""
    volume.register(work, event)


def _end_term(work: Work, order: Order) -> None:
    if not subscriptions.end_if_returned(work, order.id):
        return
    reason = "包期已终止 the subscription has ended"
    for line_id in sorted({each.order_line_id for each in subscriptions.of_order(
        work.session, order.id)}):  # fmt: skip
        tasks.end_term_for(work, line_id, reason=reason)


def _is_sponsored(work: Work, order: Order) -> bool:
    """Tell whether a sponsor has paid a part of the order, which does not go back."""
    voucher = vouchers.of_order(work.session, order.id)
    return voucher is not None and voucher.state == vouchers.State.REIMBURSED


def _of_refund(work: Work, event: Event) -> Order | None:
    order_id = event.data.get("order_id")
    return orders.find(work.session, order_id) if order_id else None


def _refund(work: Work, order: Order) -> None:
    if order.state in orders.LIFE.steps["refund"].source:
        orders.take(work.as_system(), order.id, "refund")


def suspend_for(work: Work, authorisation_id: str) -> None:
    """Stop what is being delivered under an authorisation that is not in force any more.

    Not what goes on with other lines. One SELECT for each 200 orders, two for each.
    """
    reason = f"授权失效 authorisation {authorisation_id} is not in force"
    for order in _under(work.session, authorisation_id, State.IN_DELIVERY):
        if fulfilment.needs(work, order, authorisation_id):
            orders.take(work.as_system(), order.id, "suspend_delivery", reason=reason)


def resume_for(work: Work, authorisation_id: str) -> None:
    """Go on with what was stopped, unless something else bars it."""
    for order in _under(work.session, authorisation_id, State.DELIVERY_SUSPENDED):
        resume(work, order)


def _under(session: Session, authorisation_id: str, state: State) -> Iterator[Order]:
    return orders.of_lines(session, OrderLine.authorisation_id == authorisation_id, state)


def let_go(work: Work, event: Event) -> None:
    """Refuse an organisation's exit while anything of it is open. Raises StepRefused, whole.

    Open are its orders, the authorisations that it holds, and what it has yet to be paid.
    Three SELECTs on indexes.
    """
    party = event.subject
    told = (_open_orders(work, party), _live_authorisations(work, party), _unpaid(work, party))
    reasons = tuple(each for each in told if each is not None)
    if reasons:
        raise StepRefused.of(reasons)


def refuse_surrender(work: Work, authorisation_id: str) -> None:
    """Refuse the surrender of an authorisation while orders are open under it. One SELECT."""
    statement = (
        select(Order.code)
        .where(Order.id.in_(_lines_under([authorisation_id])), Order.state.not_in(orders.DONE))
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
            Order.state.not_in(orders.DONE),
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
        Order.state.not_in(orders.DONE),
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
