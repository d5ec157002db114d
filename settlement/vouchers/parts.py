"""What of an order's money is its sponsor's: no refund gives that to the buyer."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.money import Money
from settlement.dividing.obligations import Obligation
from settlement.metering.subscriptions import SPONSORS_SEQ
from settlement.vouchers.rows import State, Voucher


def of_order(session: Session, order_id: str) -> Money:
    """Return what a voucher that was redeemed has brought into the order. One SELECT."""
    statement = select(Voucher).where(
        Voucher.order_id == order_id, Voucher.state.in_((State.REDEEMED, State.REIMBURSED))
    )
    found = session.scalars(statement).one_or_none()
    return found.used if found else Money(0)


def in_escrow(session: Session, order_id: str) -> Money:
    """Return what of it stands in escrow, because it has not fallen due. Two SELECTs."""
    brought = of_order(session, order_id)
    if not brought.minor:
        return brought
    due = select(Obligation.id).where(
        Obligation.order_id == order_id, Obligation.seq == SPONSORS_SEQ
    )
    fallen = session.scalars(due.limit(1)).first() is not None
    return Money(0) if fallen else brought
