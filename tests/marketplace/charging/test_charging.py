"""An order that is charged by use opens a meter; what it delivers is counted there."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from delivery import tasks
from kernel import journal
from kernel.errors import StepRefused
from kernel.journal import Event
from kernel.money import Money
from marketplace import lines, orders, progress, volume
from marketplace.charging import using
from marketplace.orders import Order
from settlement import escrow
from settlement.metering import bills, buckets, meters, subscriptions
from settlement.metering.meters import Stop
from tests.conftest import work_of
from tests.marketplace import make

AT = make.AFTER_PUBLICITY
PER_CALL: Any = {"kind": "per_call", "unit": {"e6": 50_000_000}}
PER_ROW: Any = {"kind": "per_row", "unit": {"e6": 50_000_000}}
PER_VOLUME: Any = {"kind": "per_volume", "unit": {"e6": 50_000_000}}
MONTHLY: Any = {
    "kind": "subscription",
    "price": {"minor": 31_000},
    "period": "month",
    "included": 5,
    "overage": {"e6": 1_000_000},
}
PROJECT: Any = {
    "kind": "project",
    "price": {"minor": 900_001},
    "milestones": [
        {"share_bp": 3_000, "criterion": "方案"},
        {"share_bp": 7_000, "criterion": "验收"},
    ],
}


def metered(session: Session, plan: Any = PER_CALL, pay_mode: str = "postpaid") -> Order:
    """Bring an order by use into delivery."""
    order = make.signed(session, make.listed(session, price_plan=plan), pay_mode=pay_mode)
    session.flush()
    return order


def read(session: Session, order: Order, rows: int, *, sequence: int = 900) -> None:
    """Tell of a read, as the delivery's event does."""
    (task,) = tasks.of_order(session, order.id)
    event = Event(
        sequence=sequence, kind="delivery.read", subject=task.id, at=AT, data={"rows": rows}
    )
    using.count_read(work_of(session, "system", at=AT), event)
    session.flush()


def units(session: Session, order: Order) -> int:
    (it,) = meters.of_order(session, order.id)
    return buckets.used(session, it.id, "2026-07", closed=False).units


@pytest.mark.parametrize(("plan", "counted"), [(PER_CALL, 1), (PER_ROW, 7), (PER_VOLUME, 0)])
def test_a_read_of_this_house_is_counted_once_in_the_orders_unit(
    session: Session, plan: Any, counted: int
) -> None:
    order = metered(session, plan)

    for _ in range(2):
        read(session, order, 7)

    assert (order.total, order.state) == (Money(0), orders.State.IN_DELIVERY)
    assert units(session, order) == counted


def test_a_read_of_what_is_not_metered_counts_nothing(session: Session) -> None:
    order = make.paid(session)

    read(session, order, 7)
    using.require(
        work_of(session, "per_buyer_editor", at=AT), tasks.of_order(session, order.id)[0].id
    )

    assert meters.of_order(session, order.id) == []


def test_a_meter_that_stands_refuses_the_next_read(session: Session) -> None:
    order = metered(session)
    (it,), (task,) = meters.of_order(session, order.id), tasks.of_order(session, order.id)
    buyer = work_of(session, "per_buyer_editor", at=AT)
    using.require(buyer, task.id)

    meters.stop(work_of(session, "system", at=AT), it, Stop.BILL_OVERDUE)

    with pytest.raises(meters.UseRefused) as refused:
        using.require(buyer, task.id)
    assert refused.value.refusals[0].code == "BILL_OVERDUE"


def test_a_way_to_pay_that_the_price_does_not_offer_is_refused(session: Session) -> None:
    with pytest.raises(StepRefused) as refused:
        make.placed(session, make.listed(session), pay_mode="wallet")

    assert [refusal.code for refusal in refused.value.refusals] == ["PAY_MODE_NOT_OFFERED"]


def test_a_project_opens_a_meter_of_its_milestones(session: Session) -> None:
    order = metered(session, PROJECT)

    (it,) = meters.of_order(session, order.id)

    assert [part["fen"] for part in it.milestones] == [270_000, 630_001]
    assert (it.basis, it.unit, it.title.en) == ("milestones", "fen", "Daily rain index")


def test_a_subscription_is_earned_and_counted_by_the_period_and_then_completed(
    session: Session,
) -> None:
    order = make.accepted(session, make.listed(session, price_plan=MONTHLY))
    session.flush()
    (it,) = meters.of_order(session, order.id)
    (period,) = subscriptions.of_order(session, order.id)
    assert (it.basis, order.state) == ("overage", orders.State.ACCEPTED)
    assert escrow.of_order(session, order.id) == []

    house = work_of(session, "system", at=AT + timedelta(days=40))
    subscriptions.earn_due(house, limit=9)
    session.flush()
    (event,) = (
        e for e in journal.history(session, order.id, limit=99) if e.kind == "sale.recognised"
    )
    progress.recognised(house, event)
    session.flush()

    (due,) = escrow.of_order(session, order.id)
    assert (due.amount, period.outcome) == (Money(31_000), subscriptions.Outcome.EARNED)
    assert it.state == meters.State.CLOSED
    assert volume.ties_out(session)
    assert lines.of(session, order.id)[0].amount == Money(31_000)


def test_a_long_overdue_bill_stops_the_delivery_and_its_payment_lets_it_go_on(
    session: Session,
) -> None:
    order = metered(session)
    house = work_of(session, "system", at=AT)
    bill = bills.Bill(
        id="bil_1", state="overdue", code="BL-1", order_id=order.id, order_code=order.code,
        buyer_id=order.buyer_id, seller_id=order.seller_id, kind="periodic", basis="use",
        period="2026-07", number=1, used_from=AT.date(), used_to=AT.date(), drawn=False,
        amount=Money(1), made_at=AT,
    )  # fmt: skip
    session.add(bill)
    session.flush()
    event = Event(kind="bill.defaulted", subject=bill.id, data={})

    for _ in range(2):
        progress.stop_defaulter(house, event)
    progress.billed(house, event)  # of another bill: this one is still overdue
    assert order.state == orders.State.DELIVERY_SUSPENDED
    bill.state = "settled"
    session.flush()
    progress.billed(house, event)

    assert order.state == orders.State.IN_DELIVERY


def test_an_order_by_use_without_use_is_completed_when_it_is_accepted(session: Session) -> None:
    order = metered(session)
    make.deliver(session, order)

    make.take(session, order, "accept", "per_buyer_editor")

    assert order.state == orders.State.COMPLETED
    assert volume.ties_out(session)
