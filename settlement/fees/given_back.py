"""Fees that go back with a refund: the charge of a line is credited in the part that came back.

What the exchange kept of the price goes back with the refund itself; here are the fees that
were asked for besides. Which kinds go back at all, the rules say.
"""

from sqlalchemy import func, select

from kernel.journal import Event
from kernel.money import Money, half_up
from kernel.work import Work
from settlement import escrow
from settlement.dividing import charges
from settlement.dividing.charges import FeeCharge
from settlement.fees import fee_notes
from settlement.fees.credit_notes import FeeCredit
from settlement.refunding.parts import RefundPart
from settlement.refunding.rows import Refund, State

_ARRIVED = (State.SUCCEEDED, State.MANUAL)


def refunded(work: Work, event: Event) -> list[FeeCredit]:
    """After money of an order went back: credit the fees of its lines in the same part.

    A repeat finds nothing to do: a charge is credited up to its part, never twice. Three
    SELECTs, and an entry for each charge.
    """
    order_id = event.data.get("order_id")
    if not order_id:
        return []
    kinds = work.rules.table("fees")["credited_on_refund"]
    found = [one for one in charges.of_order(work.session, order_id) if one.kind in kinds]
    if not found:
        return []
    sold = {one.id: one.amount for one in escrow.of_order(work.session, order_id)}
    back = _back(work, sorted(sold))
    given = []
    for one in found:
        amount = _due(one, sold.get(one.subject, Money(0)), back.get(one.subject, 0))
        if amount.minor:
            reason = "随订单退款退还"
            given.append(fee_notes.credit(work.as_system(), one, amount, reason=reason))
    return [one for one in given if one is not None]


def _due(charge: FeeCharge, sold: Money, back: int) -> Money:
    """Return what is to be credited now, so that the part of the line is the part of the fee."""
    if not sold.minor:
        return Money(0, charge.amount.currency)
    part = half_up(charge.amount.minor * min(back, sold.minor), sold.minor)
    return Money(max(0, part - charge.credited_minor), charge.amount.currency)


def _back(work: Work, obligation_ids: list[str]) -> dict[str, int]:
    statement = (
        select(RefundPart.obligation_id, func.sum(RefundPart.amount_minor))
        .join(Refund, Refund.id == RefundPart.refund_id)
        .where(RefundPart.obligation_id.in_(obligation_ids), Refund.state.in_(_ARRIVED))
        .group_by(RefundPart.obligation_id)
    )
    return {str(key): int(minor) for key, minor in work.session.execute(statement)}
