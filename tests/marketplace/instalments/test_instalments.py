from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from delivery import gate, tasks
from delivery.ways import Way
from kernel import journal, watch
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.money import Money, share
from marketplace import contracts, lines, orders, volume
from marketplace.instalments import schedules
from marketplace.instalments.schedules import Due, Instalment, Part, State
from marketplace.orders import Order
from marketplace.paying import instalments, vouchers
from settlement import escrow, fsck, payments, turnover
from settlement.refunding import refunds
from tests.conftest import WorkAs, work_of
from tests.marketplace import make
from tests.settlement import bookkeeping, money

DAY = make.AFTER_PUBLICITY
ON = date(2026, 9, 1)
THREE: Sequence[Part] = (
    {"due": Due.SIGNATURE, "amount": Money(300_000)},
    {"due": Due.DATE, "amount": Money(333_333), "due_on": ON},
    {"due": Due.ACCEPTANCE, "amount": Money(366_667)},
)


def planned(session: Session, parts: Sequence[Part] = THREE, **changes: Any) -> Order:
    """Have an order planned in parts and confirmed."""
    order = make.placed(session, **changes)
    instalments.plan(work_of(session, "per_buyer_editor", at=DAY), order.id, parts)
    session.flush()
    return make.take(session, order, "confirm", "per_developer_editor")


def signed(session: Session, parts: Sequence[Part] = THREE, **changes: Any) -> Order:
    """Have it signed by both."""
    order = planned(session, parts, **changes)
    for person in ("per_buyer_signer", "per_developer_signer"):
        orders.sign(work_of(session, person, at=DAY), order.id)
    session.flush()
    return order


def part_of(session: Session, order: Order, number: int) -> Instalment:
    return schedules.of_order(session, order.id)[number - 1]


def pay(session: Session, order: Order, number: int, at: Any = DAY) -> None:
    """Let the money of a part arrive, and let the market hear of it, twice."""
    house = work_of(session, "system", at=at)
    part = part_of(session, order, number)
    payment = schedules.payment_of(session, part.id)
    assert payment is not None
    line = f"bsl_{part.id}"
    bookkeeping.received(house, line, part.amount.minor)
    bookkeeping.matched(house, line, order.id, part.amount.minor)
    payments.receive(house, payment, part.amount)
    session.flush()
    event = journal.history(session, payment.id, limit=1)[0]
    for _ in range(2):
        instalments.received(house, event)
        session.flush()


def codes(error: pytest.ExceptionInfo[StepRefused]) -> list[str]:
    return [refusal.code for refusal in error.value.refusals]


def counted(session: Session, order: Order) -> int:
    return sum(
        move.amount
        for line in lines.of(session, order.id)
        for move in session.query(volume.VolumeMove).filter_by(subject_id=line.id)
    )


def test_an_order_in_three_parts_is_delivered_after_the_first_and_ends_with_the_last(
    session: Session,
) -> None:
    order = signed(session)
    assert [part.state for part in schedules.of_order(session, order.id)] == [
        State.ASKED, State.ASKED, State.PLANNED,
    ]  # fmt: skip

    pay(session, order, 1)
    assert order.state == orders.State.IN_DELIVERY
    make.deliver(session, order)
    make.take(session, order, "accept", "per_buyer_editor")
    session.flush()
    assert (order.state, escrow.left(session, order.id)) == ("accepted", Money(0))
    assert counted(session, order) == 300_000

    assert part_of(session, order, 3).state == State.ASKED
    pay(session, order, 3)
    pay(session, order, 2)

    found = escrow.of_order(session, order.id)
    assert sorted((one.seq, one.amount.minor) for one in found) == [
        (1, 300_000), (3, 333_333), (4, 366_667),
    ]  # fmt: skip
    assert counted(session, order) == order.total.minor == 1_000_000
    assert not schedules.unpaid(session, order.id)
    assert turnover.sides(session).counted == Money(1_000_000)


def test_what_was_paid_before_acceptance_is_accepted_together(session: Session) -> None:
    order = signed(session)
    pay(session, order, 1)
    pay(session, order, 2)
    make.deliver(session, order)

    make.take(session, order, "accept", "per_buyer_editor")
    session.flush()

    assert [one.amount for one in escrow.of_order(session, order.id)] == [Money(633_333)]
    assert escrow.left(session, order.id) == Money(0)


def test_nothing_is_delivered_before_every_part_due_on_signature(session: Session) -> None:
    parts: Sequence[Part] = (
        {"due": Due.SIGNATURE, "amount": Money(400_000)},
        {"due": Due.SIGNATURE, "amount": Money(600_000)},
    )
    order = signed(session, parts)

    pay(session, order, 2)
    waiting = order.state
    with pytest.raises(StepRefused) as error:
        orders.take(work_of(session, "system", at=DAY), order.id, "mark_paid")
    pay(session, order, 1)

    assert (waiting, codes(error)) == (orders.State.AWAITING_PAYMENT, ["NOT_FUNDED"])
    assert order.state == orders.State.IN_DELIVERY


def test_the_contract_says_its_parts_in_words(session: Session) -> None:
    order = planned(session)

    text = contracts.text(session, order.contract_id or "").text

    assert "第 1 期：CNY 3,000.00，合同签署后、交付前支付" in text
    assert "第 2 期：CNY 3,333.33，约定日期前 2026-09-01支付" in text
    assert "Part 3: CNY 3,666.67, after acceptance;" in text


def test_a_part_that_is_overdue_stops_every_use_until_it_is_paid(session: Session) -> None:
    order = signed(session)
    pay(session, order, 1)
    task = tasks.of_order(session, order.id)[0]
    tasks.take(work_of(session, "per_developer_signer", at=DAY), task.id, "provision")
    part, late = part_of(session, order, 2), make.days_later(60, DAY)
    clock = watch.running(session, part.id)
    assert clock is not None
    assert (clock.due_on, clock.overdue_step) == (ON, "overdue")

    schedules.take(work_of(session, "system", at=late), part.id, "overdue")
    session.flush()
    instalments.stop(
        work_of(session, "system", at=late), journal.history(session, part.id, limit=1)[0]
    )
    stopped = order.state
    with pytest.raises(gate.BeyondOrder) as error:
        gate.admit(work_of(session, "per_buyer_editor", at=late), task, Way.QUERY)
    pay(session, order, 2, at=late)

    assert stopped == orders.State.DELIVERY_SUSPENDED
    assert "DELIVERY_STOPPED" in [refusal.code for refusal in error.value.refusals]
    assert order.state == orders.State.IN_DELIVERY
    assert task.stopped_for is None


def test_what_was_accepted_stops_as_well(session: Session) -> None:
    order = make_accepted(session)
    part = part_of(session, order, 3)

    schedules.take(work_of(session, "system", at=DAY), part.id, "overdue")
    session.flush()
    event = journal.history(session, part.id, limit=1)[0]
    for _ in range(2):
        instalments.stop(work_of(session, "system", at=DAY), event)

    assert order.state == orders.State.ACCEPTED
    assert tasks.of_order(session, order.id)[0].stopped_for is not None


def make_accepted(session: Session) -> Order:
    """Bring an order of which one part is paid to acceptance."""
    order = signed(session)
    pay(session, order, 1)
    make.deliver(session, order)
    make.take(session, order, "accept", "per_buyer_editor")
    session.flush()
    return order


def test_an_order_is_not_finished_while_a_part_is_open(session: Session) -> None:
    order = make_accepted(session)

    with pytest.raises(StepRefused) as error:
        orders.take(work_of(session, "system", at=DAY), order.id, "settled")

    assert codes(error) == ["INSTALMENTS_OPEN"]


def test_a_refund_goes_over_the_parts(session: Session, work_as: WorkAs) -> None:
    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    order = signed(session)
    pay(session, order, 1)
    pay(session, order, 2)

    maker = work_as("per_exchange_settler", at=DAY)
    first = refunds.request(maker, order_id=order.id, amount=Money(500_000), reason="x")
    session.flush()

    together = refunds.together(session, first)
    assert sum((one.amount for one in together), Money(0)) == Money(500_000)
    assert escrow.left(session, order.id) == Money(133_333)
    make.deliver(session, order)
    make.take(session, order, "accept", "per_buyer_editor")
    session.flush()
    assert [one.amount for one in escrow.of_order(session, order.id)] == [Money(133_333)]


def test_parts_of_an_order_that_lapses_are_void(session: Session) -> None:
    order = signed(session)

    orders.take(work_of(session, "system", at=make.days_later(60, DAY)), order.id, "lapse")

    assert {part.state for part in schedules.of_order(session, order.id)} == {State.VOID}
    assert payments.of_order(session, order.id) == []


def test_an_order_of_which_a_part_has_come_does_not_lapse(session: Session) -> None:
    parts: Sequence[Part] = (
        {"due": Due.SIGNATURE, "amount": Money(400_000)},
        {"due": Due.SIGNATURE, "amount": Money(600_000)},
    )
    order = signed(session, parts)
    pay(session, order, 1)

    with pytest.raises(StepRefused) as error:
        orders.take(work_of(session, "system", at=DAY), order.id, "lapse")

    assert codes(error) == ["PAYMENT_RECEIVED"]


def test_the_books_and_the_market_agree_over_parts(session: Session) -> None:
    make_accepted(session)

    assert fsck.check(session) == ()


@pytest.mark.parametrize(
    ("parts", "pointer"),
    [
        ([{"due": "signature", "amount": Money(1_000_000)}], "/instalments"),
        ([{"due": "signature", "amount": Money(1)}] * 13, "/instalments"),
        ([{"due": "signature", "amount": Money(1_000_001)},
          {"due": "acceptance", "amount": Money(-1)}], "/instalments"),
        ([{"due": "signature", "amount": Money(300_000)},
          {"due": "acceptance", "amount": Money(699_999)}], "/instalments"),
        ([{"due": "signature", "amount": Money(99_999)},
          {"due": "acceptance", "amount": Money(900_001)}], "/instalments"),
        ([{"due": "signature", "amount": Money(300_000)},
          {"due": "date", "amount": Money(700_000)}], "/instalments/1/due_on"),
        ([{"due": "signature", "amount": Money(300_000), "due_on": ON},
          {"due": "acceptance", "amount": Money(700_000)}], "/instalments/0/due_on"),
        ([{"due": "signature", "amount": Money(300_000)},
          {"due": "date", "due_on": DAY.date(), "amount": Money(700_000)}],
         "/instalments/1/due_on"),
        ([{"due": "signature", "amount": Money(300_000)},
          {"due": "date", "due_on": DAY.date() + timedelta(days=731), "amount": Money(700_000)}],
         "/instalments/1/due_on"),
    ],
)  # fmt: skip
def test_parts_that_cannot_be_meant_are_refused(
    session: Session, parts: list[Any], pointer: str
) -> None:
    order = make.placed(session)

    with pytest.raises(Invalid) as error:
        instalments.plan(work_of(session, "per_buyer_editor", at=DAY), order.id, parts)

    assert error.value.pointer == pointer
    assert schedules.of_order(session, order.id) == []


def test_only_the_buyer_plans_once_and_before_the_seller_confirms(session: Session) -> None:
    order = planned(session)
    free = make.placed(session, make.listed(session, price_plan=make.FREE))
    twice = make.placed(session)
    buyer = work_of(session, "per_buyer_editor", at=DAY)
    instalments.plan(buyer, twice.id, THREE)
    session.flush()

    def refused(found: Order) -> list[str]:
        with pytest.raises(StepRefused) as error:
            instalments.plan(buyer, found.id, THREE)
        return codes(error)

    assert refused(order) == ["TOO_LATE", "INSTALMENTS_PLANNED"]
    assert refused(free) == ["NOT_PAID_AT_ONCE"]
    assert refused(twice) == ["INSTALMENTS_PLANNED"]
    with pytest.raises(StepNotAllowed):
        instalments.plan(work_of(session, "per_developer_editor", at=DAY), twice.id, THREE)


def test_no_voucher_pays_for_parts(session: Session) -> None:
    order = make.placed(session)
    instalments.plan(work_of(session, "per_buyer_editor", at=DAY), order.id, THREE)
    session.flush()

    with pytest.raises(StepRefused) as error:
        vouchers.use(work_of(session, "per_buyer_editor", at=DAY), order.id, "vch_any")

    assert "PAID_IN_INSTALMENTS" in codes(error)


def test_what_is_paid_for_something_else_is_no_part(session: Session) -> None:
    order = make.paid(session)
    payment = payments.live_of(session, order.id)
    assert payment is not None
    event = journal.history(session, payment.id, limit=1)[0]

    instalments.received(work_of(session, "system", at=DAY), event)

    assert schedules.barred_from_delivery(session, order.id) is None


def test_strangers_do_not_see_parts(session: Session) -> None:
    part = part_of(session, signed(session), 1)

    with pytest.raises(NotFound):
        schedules.seen(work_of(session, "per_other_editor"), part.id)
    with pytest.raises(NotFound):
        schedules.find(session, "ins_none")
    assert schedules.seen(work_of(session, "per_exchange_auditor"), part.id) is part


@given(
    amounts=st.lists(st.integers(1, 10**9), min_size=1, max_size=5),
    weights=st.lists(st.integers(1, 1000), min_size=2, max_size=12),
)
def test_lines_are_divided_over_parts_to_the_fen(amounts: list[int], weights: list[int]) -> None:
    of_lines = [Money(amount) for amount in amounts]
    parts = share(sum(of_lines, Money(0)), weights)

    found = schedules.divided(of_lines, parts)

    assert [sum(row, Money(0)) for row in found] == parts
    assert [sum(column, Money(0)) for column in zip(*found, strict=True)] == of_lines
    assert all(one.minor >= 0 for row in found for one in row)
