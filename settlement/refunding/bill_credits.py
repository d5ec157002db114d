"""What refunds have taken of bills (账单贷项): shown with the bill, which itself never changes."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from kernel.clock import Instant
from kernel.money import Money
from settlement.dividing.obligations import Obligation
from settlement.metering.bills import Bill
from settlement.refunding.parts import RefundPart
from settlement.refunding.rows import Refund, State


class Credit(NamedTuple):
    """What one refund took of one line of a bill. reference: of the refund."""

    refund_id: str
    reference: str
    state: str
    requested_at: Instant
    order_line_id: str
    amount: Money


def of_bills(session: Session, bills: Iterable[Bill]) -> dict[str, list[Credit]]:
    """Return bill → what refunds took of it, the oldest first. One SELECT on indexes."""
    slices = {(bill.order_id, bill.number): bill.id for bill in bills}
    if not slices:
        return {}
    statement = (
        select(
            Obligation.order_id,
            Obligation.seq,
            Obligation.order_line_id,
            Refund,
            func.sum(RefundPart.amount_minor),
        )
        .join(RefundPart, RefundPart.obligation_id == Obligation.id)
        .join(Refund, Refund.id == RefundPart.refund_id)
        .where(
            tuple_(Obligation.order_id, Obligation.seq).in_(sorted(slices)),
            Refund.state != State.CANCELLED,
        )
        .group_by(Obligation.order_id, Obligation.seq, Obligation.order_line_id, Refund.id)
        .order_by(Refund.id, Obligation.order_line_id)
    )
    found: dict[str, list[Credit]] = {}
    for order_id, seq, line_id, refund, minor in session.execute(statement):
        credit = Credit(
            refund.id,
            refund.reference,
            str(refund.state),
            refund.requested_at,
            line_id,
            Money(int(minor), refund.amount.currency),
        )
        found.setdefault(slices[order_id, seq], []).append(credit)
    return found


def total(credits_: Iterable[Credit]) -> Money:
    """Return what credits come to."""
    return sum((each.amount for each in credits_), Money(0))
