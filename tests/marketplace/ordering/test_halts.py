"""A suspended order stands still whole, until everything that holds it up is gone."""

import pytest
from sqlalchemy.orm import Session

from delivery import gate, tasks
from delivery.ways import Way
from kernel import journal
from kernel.errors import StepRefused
from kernel.journal import Event
from licensing import authorisations
from marketplace import progress, versions
from marketplace.aftercare import disputes
from marketplace.instalments import schedules
from marketplace.orders import Order, State
from marketplace.paying import instalments
from tests.conftest import WorkAs, work_of
from tests.licensing import grants
from tests.marketplace import make
from tests.marketplace.aftercare import cases
from tests.marketplace.instalments import test_instalments as parts

DAY = make.AFTER_PUBLICITY
SELLER = "per_developer_editor"
REGULATOR = "per_hub_supervisor"
LATE = make.days_later(60, DAY)


def task_of(session: Session, order: Order) -> tasks.DeliveryTask:
    (found,) = tasks.of_order(session, order.id)
    return found


def suspended(session: Session) -> Order:
    """Have the regulator suspend an order that is being delivered."""
    order = make.paid(session)
    tasks.take(work_of(session, SELLER, at=DAY), task_of(session, order).id, "provision")
    return make.take(session, order, "suspend_delivery", REGULATOR, reason="核查")


def codes(error: pytest.ExceptionInfo[StepRefused]) -> list[str]:
    return [refusal.code for refusal in error.value.refusals]


def test_a_seller_completes_nothing_while_its_order_is_suspended(
    session: Session, work_as: WorkAs
) -> None:
    order = suspended(session)
    task = task_of(session, order)
    offered = {each.step: each for each in tasks.LIFE.offers(task, work_as(SELLER, at=DAY))}

    with pytest.raises(StepRefused) as error:
        tasks.take(work_as(SELLER, at=DAY), task.id, "complete")

    assert codes(error) == ["DELIVERY_STOPPED"]
    assert "核查" in error.value.refusals[0].zh
    assert [each.code for each in offered["complete"].barred_by] == ["DELIVERY_STOPPED"]
    assert task.state == tasks.State.IN_PROGRESS


def test_nothing_of_a_suspended_order_is_read(session: Session, work_as: WorkAs) -> None:
    order = suspended(session)

    with pytest.raises(gate.BeyondOrder) as error:
        gate.admit(work_as("per_buyer_editor", at=DAY), task_of(session, order), Way.QUERY)

    assert "DELIVERY_STOPPED" in [refusal.code for refusal in error.value.refusals]


def test_what_was_suspended_before_it_was_provisioned_is_provisioned_after(
    session: Session, work_as: WorkAs
) -> None:
    order = make.paid(session)
    make.take(session, order, "suspend_delivery", REGULATOR, reason="核查")

    with pytest.raises(StepRefused) as error:
        tasks.take(work_as(SELLER, at=DAY), task_of(session, order).id, "provision")
    make.take(session, order, "resume_delivery", REGULATOR)
    tasks.take(work_as(SELLER, at=DAY), task_of(session, order).id, "provision")

    assert codes(error) == ["DELIVERY_STOPPED"]


def test_a_resumed_order_is_completed_and_inspected(session: Session, work_as: WorkAs) -> None:
    order = suspended(session)

    make.take(session, order, "resume_delivery", REGULATOR)
    tasks.take(work_as(SELLER, at=DAY), task_of(session, order).id, "complete")
    event = Event(kind="delivery.completed", subject=task_of(session, order).id, data={})
    progress.mark_delivered(work_as("system", at=DAY), event)

    assert order.state == State.PENDING_ACCEPTANCE


def test_what_was_complete_before_a_suspension_is_inspected_after_it(
    session: Session, work_as: WorkAs
) -> None:
    order = make.paid(session)
    for step in ("provision", "complete"):
        tasks.take(work_as(SELLER, at=DAY), task_of(session, order).id, step)
    make.take(session, order, "suspend_delivery", REGULATOR, reason="核查")
    event = Event(kind="delivery.completed", subject=task_of(session, order).id, data={})
    progress.mark_delivered(work_as("system", at=DAY), event)
    stood = order.state

    make.take(session, order, "resume_delivery", REGULATOR)
    event = Event(kind="order.delivery_resumed", subject=order.id, data={})
    for _ in range(2):  # an errand may run twice
        progress.resumed(work_as("system", at=DAY), event)

    assert (stood, order.state) == (State.DELIVERY_SUSPENDED, State.PENDING_ACCEPTANCE)


def test_a_paid_instalment_does_not_lift_what_the_regulator_suspended(
    session: Session, work_as: WorkAs
) -> None:
    order = parts.signed(session)
    parts.pay(session, order, 1)
    make.take(session, order, "suspend_delivery", REGULATOR, reason="核查")

    parts.pay(session, order, 2)
    held = (order.state, task_of(session, order).stopped_for)
    make.take(session, order, "resume_delivery", REGULATOR)

    assert held == (State.DELIVERY_SUSPENDED, "核查")
    assert (order.state, task_of(session, order).stopped_for) == (State.IN_DELIVERY, None)


def test_a_resumed_right_does_not_lift_what_an_overdue_instalment_stops(
    session: Session, work_as: WorkAs
) -> None:
    product = make.listed(session, make.public_content(session))
    named = versions.find(session, product.current_version_id).authorisation_id or ""
    order = parts.signed(session, product=product)
    parts.pay(session, order, 1)
    grants.suspend(work_as(REGULATOR), authorisations.find(session, named))
    progress.suspend_for(work_as("system", at=DAY), named)
    overdue(session, order)
    authorisations.take(work_as(REGULATOR, at=DAY), named, "resume", reason="cleared")

    progress.resume_for(work_as("system", at=DAY), named)
    held = (order.state, task_of(session, order).stopped_for is not None)
    parts.pay(session, order, 2)

    assert held == (State.DELIVERY_SUSPENDED, True)
    assert (order.state, task_of(session, order).stopped_for) == (State.IN_DELIVERY, None)


def test_a_dispute_that_is_withdrawn_does_not_lift_what_the_regulator_suspended(
    session: Session,
) -> None:
    order = suspended(session)
    dispute = cases.raised(session, order)

    disputes.take(
        work_of(session, cases.BUYER, at=cases.NOW), dispute.id, "withdraw", reason="已解决"
    )
    held = (order.state, task_of(session, order).stopped_for is not None)
    make.take(session, order, "resume_delivery", REGULATOR)

    assert held == (State.DELIVERY_SUSPENDED, True)
    assert (order.state, task_of(session, order).stopped_for) == (State.IN_DELIVERY, None)


def test_a_regulator_does_not_resume_what_is_overdue(session: Session) -> None:
    order = parts.signed(session)
    parts.pay(session, order, 1)
    overdue(session, order)

    with pytest.raises(StepRefused) as error:
        make.take(session, order, "resume_delivery", REGULATOR)

    assert codes(error) == ["INSTALMENT_OVERDUE"]


def overdue(session: Session, order: Order) -> None:
    """Let the second part of an order fall overdue."""
    part = parts.part_of(session, order, 2)
    house = work_of(session, "system", at=DAY)
    schedules.take(house, part.id, "overdue")
    session.flush()
    instalments.stop(house, journal.history(session, part.id, limit=1)[0])
