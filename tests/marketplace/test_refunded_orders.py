"""An order that is refunded says so: while the money is on its way, and when it has arrived."""

from typing import Any

from sqlalchemy.orm import Session

from delivery import tasks
from kernel.journal import Event
from kernel.money import Money
from marketplace import orders, progress, volume
from marketplace.orders import Order, State
from settlement import escrow
from settlement.ledger import AccountRef
from settlement.refunding import refunds
from settlement.refunding.refunds import Refund
from tests.conftest import WorkAs
from tests.marketplace import make
from tests.settlement import money

DAY = make.AFTER_PUBLICITY


def refunded(work_as: WorkAs, order: Order, amount: Money | None = None) -> Refund:
    """Ask for a refund, and let another approve it."""
    maker = work_as("per_exchange_settler", at=DAY)
    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    made = refunds.request(
        maker, order_id=order.id, amount=amount or order.total, reason="x", fee_refund=True
    )
    maker.session.flush()
    if made.state == refunds.State.REQUESTED:
        refunds.take(work_as("per_exchange_checker", at=DAY), made.id, "approve")
    maker.session.flush()
    return made


def told(work_as: WorkAs, refund: Refund, kind: str) -> None:
    """Send it, or let it arrive, and let the market hear of it, twice."""
    house = work_as("system", at=DAY)
    if kind == "refund.sent":
        refunds.send(house, refund, file_id="pof_1")
        react: Any = progress.refund_sent
    else:
        cash = AccountRef("1012.custody", "acc")
        refunds.succeeded(house, refund.id, source_id=refund.id, cash=cash, on=DAY.date())
        react = progress.refunded
    house.session.flush()
    for _ in range(2):
        react(house, Event(kind=kind, subject=refund.id, data={"order_id": refund.order_id}))
        house.session.flush()


def test_an_order_that_is_refunded_whole_is_delivered_no_further(
    session: Session, work_as: WorkAs
) -> None:
    order = make.paid(session)
    refund = refunded(work_as, order)

    told(work_as, refund, "refund.sent")
    going = order.state
    told(work_as, refund, "refund.succeeded")

    assert (going, order.state) == (State.REFUNDING, State.REFUNDED)
    assert {task.state for task in tasks.of_order(session, order.id)} == {tasks.State.REVOKED}
    assert escrow.left(session, order.id) == Money(0)


def test_a_part_that_is_refunded_leaves_the_order_as_it_was(
    session: Session, work_as: WorkAs
) -> None:
    order = make.delivered(session)
    refund = refunded(work_as, order, Money(5_000))

    told(work_as, refund, "refund.sent")
    told(work_as, refund, "refund.succeeded")
    make.take(session, order, "accept", "per_buyer_editor")

    (obligation,) = escrow.of_order(session, order.id)
    assert order.state == State.ACCEPTED
    assert obligation.amount == order.total - Money(5_000)
    assert volume.ties_out(session)


def test_what_was_accepted_and_is_refunded_reads_as_refunded(
    session: Session, work_as: WorkAs
) -> None:
    order = make.accepted(session)
    refund = refunded(work_as, order)

    told(work_as, refund, "refund.sent")
    told(work_as, refund, "refund.succeeded")

    assert order.state == State.REFUNDED
    assert {State.REFUNDED, State.COMPLETED, State.CLOSED} <= orders.DONE


def test_a_refund_of_no_order_says_nothing_to_the_market(work_as: WorkAs) -> None:
    house = work_as("system", at=DAY)

    for react in (progress.refund_sent, progress.refunded):
        react(house, Event(kind="refund.sent", subject="rfd_x", data={"order_id": None}))
