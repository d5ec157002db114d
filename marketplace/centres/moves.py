"""Whose move it is in an order: the orders that wait for one organisation, the nearest first."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, select

from kernel.money import Money
from kernel.watch import Clock
from kernel.work import Work
from licensing.signatures import Signature
from marketplace.orders import Order, State
from settlement.books import accounts, balances
from settlement.escrow import ESCROW

SELLER: Final = (State.SUBMITTED, State.CONTRACT_SIGNING, State.IN_DELIVERY, State.REDELIVERY)
"""Where the seller confirms, signs or delivers."""

BUYER: Final = (State.CONTRACT_SIGNING, State.AWAITING_PAYMENT, State.PENDING_ACCEPTANCE)
"""Where the buyer signs, pays or inspects."""

FUNDED: Final = (State.IN_DELIVERY, State.DELIVERY_SUSPENDED, State.PENDING_ACCEPTANCE,
                 State.REDELIVERY, State.DISPUTED)  # fmt: skip
"""Where escrow may hold the price."""


def sold(work: Work, *, limit: int) -> list[Order]:
    """Return the orders in which the caller's organisation moves as the seller.

    What is due first stands first; what it has signed already does not wait for it. One
    SELECT on the index of seller and state.
    """
    return _waiting(work, Order.seller_id == work.actor.organisation, SELLER, limit)


def bought(work: Work, *, limit: int) -> list[Order]:
    """Return the orders in which the caller's organisation moves as the buyer, like `sold`."""
    return _waiting(work, Order.buyer_id == work.actor.organisation, BUYER, limit)


def held(work: Work, *, selling: bool) -> Money:
    """Return what escrow holds for the caller's open orders: sold ones, or bought ones.

    One SELECT, of one row for each order that is paid and not yet accepted.
    """
    own = Order.seller_id if selling else Order.buyer_id
    statement = (
        select(func.coalesce(func.sum(balances.c.credits - balances.c.debits), 0))
        .join(accounts, accounts.c.id == balances.c.account_id)
        .join(Order, (accounts.c.owner == Order.id) & (accounts.c.code == ESCROW))
        .where(own == work.actor.organisation, Order.state.in_(FUNDED))
    )
    return Money(int(work.session.execute(statement).scalar_one()))


def _waiting(work: Work, own: object, states: Sequence[State], limit: int) -> list[Order]:
    signed = (
        select(Signature.id)
        .where(
            Signature.subject == Order.contract_id,
            Signature.organisation_id == work.actor.organisation,
        )
        .exists()
    )
    statement = (
        select(Order)
        .outerjoin(Clock, (Clock.subject == Order.id) & Clock.completed_on.is_(None))
        .where(own, Order.state.in_(states))  # type: ignore[arg-type]  # a comparison of columns
        .where((Order.state != State.CONTRACT_SIGNING) | ~signed)
        .order_by(Clock.due_on.is_(None), Clock.due_on, Order.id)
        .limit(limit)
    )
    return list(work.session.scalars(statement))
