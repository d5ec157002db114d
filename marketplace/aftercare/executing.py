"""What a dispute does to its order and the order's money: stand still, then be carried out.

From its filing on, the money of what is disputed is held; at its end the hold is lifted and
what was awarded goes back, all in one transaction, so that nothing can be settled between.
"""

from typing import Final

from delivery import tasks
from kernel.errors import DomainError, Invalid
from kernel.money import Money
from kernel.work import Work
from marketplace import fulfilment, lines, orders
from marketplace.aftercare import remedies
from marketplace.aftercare.dispute_rows import PAID_BACK, Remedy, TradeDispute
from marketplace.ordering import halts
from marketplace.orders import Order, State
from settlement.dividing import frozen
from settlement.dividing.frozen import Ground as HoldGround
from settlement.holding import holds
from settlement.refunding import refunds


def stop(work: Work, dispute: TradeDispute, order: Order, *, whole: bool) -> None:
    """Let the order stand still, and set aside the money of what is disputed."""
    house = work.as_system()
    orders.LIFE.take("dispute", order, house, dispute_id=dispute.id)
    amount = None if whole or not dispute.claimed.minor else dispute.claimed
    held = holds.place(
        house, order_id=order.id, amount=amount, ground=HoldGround.DISPUTE, reference=dispute.code
    )
    dispute.hold_id = held.id


def refundable(work: Work, dispute: TradeDispute) -> Money:
    """Return what of the disputed lines could go back: never more than is left of the order."""
    left = refunds.standing(work.session, dispute.order_id).left
    order = orders.find(work.session, dispute.order_id)
    return left if _is_whole(work, dispute, order) else min(left, _price(work, dispute))


def award(work: Work, dispute: TradeDispute, remedy: Remedy, amount: Money | None) -> int:
    """Return what a remedy gives back, in minor units. Raises Invalid with a pointer."""
    if remedy is Remedy.TERMINATE:
        return min(remedies.unserved(work, dispute), refundable(work, dispute)).minor
    if remedy not in PAID_BACK:
        if amount is not None and amount.minor:
            raise Invalid("此处理方式没有退款", "nothing is refunded by it", pointer="/amount")
        return 0
    most = refundable(work, dispute)
    if not most.minor:
        raise Invalid("没有可退的款项", "there is nothing that could go back", pointer="/remedy")
    if remedy is Remedy.REFUND:
        return most.minor
    if amount is None or not 0 < amount.minor <= most.minor:
        zh, en = f"退款金额须大于零且不超过 {most}", f"above nothing, up to {most}"
        raise Invalid(zh, en, pointer="/amount")
    return amount.minor


def carry_out(work: Work, dispute: TradeDispute) -> None:
    """Carry out what was decided: let the money go, give back what was awarded, go on.

    What cannot go back now (the buyer has no account yet) stays held, and its order stands
    still, until an officer of settlement asks for it again.
    """
    try:
        with work.session.begin_nested():
            let_go(work, dispute)
            if dispute.awarded_minor:
                give_back(work, dispute)
    except DomainError as error:
        work.record("trade_dispute.refund_barred", dispute.id, reason=f"{error.zh} {error.en}")
        return
    order = orders.find(work.session, dispute.order_id)
    if order.state != State.DISPUTED:
        return
    remedies.carry_out(work, dispute)
    if remedies.needs_redelivery(dispute):
        orders.LIFE.take("order_redelivery", order, work.as_system(), dispute_id=dispute.id)
    elif not _goes_back_whole(work, dispute):
        _go_on(work, dispute, order, decided=True)


def give_back(work: Work, dispute: TradeDispute) -> None:
    """Ask, as the house, for the refund of what was awarded; another person approves it."""
    order = orders.find(work.session, dispute.order_id)
    accepted = dispute.order_was in remedies.ACCEPTED
    alone = accepted and len(dispute.line_ids) == 1 and not _is_whole(work, dispute, order)
    reason = f"争议裁决 {dispute.code} settles the dispute"
    made = refunds.request(
        work.as_system(),
        order_id=order.id,
        amount=dispute.awarded,
        reason=reason,
        order_line_id=dispute.line_ids[0] if alone else None,
        fee_refund=dispute.fee_refund,
    )
    dispute.refund_id = made.id


def drop(work: Work, dispute: TradeDispute) -> None:
    """Let everything go on as if nothing had been said: it was refused or withdrawn."""
    let_go(work, dispute)
    order = orders.find(work.session, dispute.order_id)
    if order.state == State.DISPUTED:
        _go_on(work, dispute, order, decided=False)


def let_go(work: Work, dispute: TradeDispute) -> None:
    """Lift the hold, unless somebody has done so."""
    hold_id = dispute.hold_id or ""
    if holds.find(work.session, hold_id).state == frozen.State.OPEN:
        holds.lift(work.as_system(), hold_id, reason=f"争议终结 {dispute.code} is over")


def is_awaited(work: Work, dispute: TradeDispute) -> bool:
    """Tell whether something of the execution has still to come: a refund, or the delivery."""
    if dispute.refund_id is not None:
        found = refunds.find(work.session, dispute.refund_id)
        return any(
            each.state not in {refunds.State.SUCCEEDED, refunds.State.MANUAL}
            for each in refunds.together(work.session, found)
        )
    if dispute.remedy == Remedy.CORRECT:
        return not dispute.verified
    if not remedies.needs_redelivery(dispute):
        return bool(dispute.awarded_minor)
    return orders.find(work.session, dispute.order_id).state == State.REDELIVERY


def _go_on(work: Work, dispute: TradeDispute, order: Order, *, decided: bool) -> None:
    """Bring the order back to where it was; what was ruled to be delivered is accepted."""
    house, was = work.as_system(), State(dispute.order_was)
    delivered = tasks.all_delivered(work.session, order.id)
    if was in remedies.ACCEPTED:
        orders.LIFE.take("stand_accepted", order, house, dispute_id=dispute.id)
    elif was in {State.PENDING_ACCEPTANCE, State.REDELIVERY} and decided and delivered:
        orders.LIFE.take("uphold_delivery", order, house, dispute_id=dispute.id)
    else:
        orders.LIFE.take(_BACK[was], order, house, dispute_id=dispute.id)
        _catch_up(work, order)
    orders.finish(order, house)


def _catch_up(work: Work, order: Order) -> None:
    """Do to an order in delivery what would have happened to it meanwhile."""
    if order.state != State.IN_DELIVERY:
        return
    house = work.as_system()
    if refused := (*fulfilment.barred(work, order), *halts.held(order, house)):
        reason = "；".join(f"{refusal.zh} {refusal.en}" for refusal in refused)
        orders.take(house, order.id, "suspend_delivery", reason=reason)
    elif tasks.all_delivered(work.session, order.id):
        orders.take(house, order.id, "delivered")


_BACK: Final = {
    State.IN_DELIVERY: "go_on_delivering",
    State.DELIVERY_SUSPENDED: "go_on_delivering",
    State.PENDING_ACCEPTANCE: "inspect_again",
    State.REDELIVERY: "go_on_redelivering",
}


def _is_whole(work: Work, dispute: TradeDispute, order: Order) -> bool:
    return len(dispute.line_ids) == len(lines.of(work.session, order.id))


def _price(work: Work, dispute: TradeDispute) -> Money:
    found = lines.of(work.session, dispute.order_id)
    return sum((line.amount for line in found if line.id in dispute.line_ids), Money(0))


def _goes_back_whole(work: Work, dispute: TradeDispute) -> bool:
    """Tell whether nothing is left: the order then waits, disputed, until its refund is sent."""
    return (
        dispute.remedy == Remedy.REFUND
        and not refunds.standing(work.session, dispute.order_id).left.minor
    )
