from typing import Any

import pytest
from sqlalchemy.orm import Session

from delivery import tasks
from kernel import watch
from kernel.errors import StepRefused
from kernel.journal import Event
from licensing import authorisations
from marketplace import orders, progress, versions
from marketplace.orders import Order, State
from marketplace.products import Product
from settlement import batches, escrow
from tests.conftest import WorkAs, work_of
from tests.licensing import grants
from tests.marketplace import make

DAY = make.AFTER_PUBLICITY


def public(session: Session) -> tuple[Product, authorisations.Authorisation]:
    product = make.listed(session, make.public_content(session))
    named = versions.find(session, product.current_version_id).authorisation_id
    return product, authorisations.find(session, named or "")


def said(kind: str, **data: Any) -> Event:
    return Event(kind=kind, subject="x", data=data)


def test_a_payment_heard_of_twice_opens_deliveries_once(session: Session, work_as: WorkAs) -> None:
    order = make.signed(session)
    event = make.fund(session, order)

    progress.mark_paid(work_as("system", at=DAY), event)
    progress.mark_paid(work_as("system", at=DAY), event)

    assert order.state == State.IN_DELIVERY
    assert len(tasks.of_order(session, order.id)) == 1


def test_what_became_forbidden_is_paid_and_not_delivered(session: Session, work_as: WorkAs) -> None:
    product, granted = public(session)
    order = make.signed(session, product)
    event = make.fund(session, order)
    grants.suspend(work_as("per_hub_supervisor"), granted)

    progress.mark_paid(work_as("system", at=DAY), event)

    assert order.state == State.DELIVERY_SUSPENDED


def test_an_order_waits_for_its_last_delivery(session: Session, work_as: WorkAs) -> None:
    one, other = make.listed(session), make.listed(session)
    order = orders.place(
        work_as("per_buyer_editor", at=DAY),
        wanted=[{"product_id": one.id, "quantity": 1}, {"product_id": other.id, "quantity": 1}],
        use=make.use(),
    )
    make.take(session, order, "confirm", "per_developer_editor")
    for person in ("per_buyer_signer", "per_developer_signer"):
        orders.sign(work_as(person, at=DAY), order.id)
    progress.mark_paid(work_as("system", at=DAY), make.fund(session, order))
    states, completed = [], said("delivery.completed")
    for task in tasks.of_order(session, order.id):
        for step in ("provision", "complete"):
            tasks.take(work_as("per_developer_editor", at=DAY), task.id, step)
        completed = Event(kind="delivery.completed", subject=task.id, data={})
        progress.mark_delivered(work_as("system", at=DAY), completed)
        states.append(order.state)

    progress.mark_delivered(work_as("system", at=DAY), completed)

    assert states == [State.IN_DELIVERY, State.PENDING_ACCEPTANCE]


def test_an_order_is_completed_when_it_is_settled(session: Session, work_as: WorkAs) -> None:
    order = make.accepted(session)
    later = make.days_later(14, DAY)
    batch = batches.compute(work_as("per_exchange_settler", at=later))
    session.flush()
    batches.take(work_as("per_exchange_checker", at=later), batch.id, "confirm")
    event = said("order.settled", order_id=order.id)

    progress.settled(work_as("system", at=later), event)
    progress.settled(work_as("system", at=later), event)

    assert order.state == State.COMPLETED
    assert {due.state for due in escrow.of_order(session, order.id)} == {escrow.State.SETTLED}


def test_a_suspension_stops_deliveries_and_a_resumption_goes_on(
    session: Session, work_as: WorkAs
) -> None:
    product, granted = public(session)
    order, beside = make.paid(session, product), make.paid(session)
    grants.suspend(work_as("per_hub_supervisor"), granted)
    system = work_as("system", at=DAY)

    progress.suspend_for(system, granted.id)
    stopped = (order.state, beside.state, _paused(session, order))
    progress.resume_for(system, granted.id)  # too early: it is still suspended
    early = order.state
    authorisations.take(
        work_as("per_hub_supervisor", at=DAY), granted.id, "resume", reason="cleared"
    )
    progress.resume_for(system, granted.id)

    assert stopped == (State.DELIVERY_SUSPENDED, State.IN_DELIVERY, True)
    assert early == State.DELIVERY_SUSPENDED
    assert (order.state, _paused(session, order)) == (State.IN_DELIVERY, False)


def test_a_regulator_cannot_resume_what_is_still_barred(session: Session) -> None:
    product, granted = public(session)
    order = make.paid(session, product)
    make.take(session, order, "suspend_delivery", "per_hub_supervisor", reason="核查")
    grants.suspend(work_of(session, "per_hub_supervisor"), granted)

    with pytest.raises(StepRefused) as error:
        make.take(session, order, "resume_delivery", "per_hub_supervisor")

    assert [refusal.code for refusal in error.value.refusals] == ["AUTHORISATION_NOT_LIVE"]


def _paused(session: Session, order: Order) -> bool:
    clock = watch.running(session, order.id)
    assert clock is not None
    return watch.paused(clock)
