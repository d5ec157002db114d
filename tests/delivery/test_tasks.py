"""Delivery tasks: opened once a line, provisioned by the seller, accepted by the buyer."""

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalogue import resources
from delivery import tasks
from delivery.tasks import DeliveryTask, State
from kernel import journal
from kernel.errors import NotFound, StepNotAllowed, StepRefused
from tests.conftest import WorkAs, work_of
from tests.delivery import parcels
from tests.licensing import grants

SELLER = "per_developer_signer"


@pytest.fixture
def task(session: Session) -> DeliveryTask:
    """Open one task under an authorisation."""
    made = parcels.opened(session, parcels.authorised(session).id)
    session.flush()
    return made


def test_a_task_is_opened_once_for_each_line(session: Session, work_as: WorkAs) -> None:
    first = parcels.line(None, None)
    second = parcels.line(None, None, order_line_id="orl_2")

    once = tasks.open_for(work_as("system"), order_id="ord_1", lines=[first])
    again = tasks.open_for(work_as("system"), order_id="ord_1", lines=[first, second])

    assert [task.order_line_id for task in once] == ["orl_1"]
    assert {task.order_line_id for task in again} == {"orl_1", "orl_2"}
    assert {task.state for task in again} == {State.NOT_STARTED}
    assert (once[0].reads, once[0].rows_delivered) == (0, 0)
    assert [event.kind for event in journal.history(session, once[0].id, limit=5)] == [
        "delivery.opened"
    ]


def test_the_database_holds_one_task_for_a_line(session: Session, work_as: WorkAs) -> None:
    line = parcels.line(None, None)
    tasks.open_for(work_as("system"), order_id="ord_1", lines=[line])

    with pytest.raises(IntegrityError):
        tasks.open_for(work_as("system"), order_id="ord_2", lines=[line])


def test_a_delivery_goes_from_seller_to_buyer(
    session: Session, work_as: WorkAs, task: DeliveryTask
) -> None:
    assert not tasks.all_delivered(session, "ord_1")
    tasks.take(work_as(SELLER), task.id, "provision")
    tasks.take(work_as(SELLER), task.id, "complete")
    delivered = tasks.all_delivered(session, "ord_1")
    tasks.accept_for(work_as("per_buyer_editor"), "ord_1")

    assert delivered
    assert task.state == State.ACCEPTED
    assert tasks.all_delivered(session, "ord_1")
    assert not tasks.all_delivered(session, "ord_none")


def test_what_is_not_delivered_is_not_accepted(work_as: WorkAs, task: DeliveryTask) -> None:
    with pytest.raises(StepRefused):
        tasks.accept_for(work_as("per_buyer_editor"), "ord_1")


def test_each_step_has_its_own_people(work_as: WorkAs, task: DeliveryTask) -> None:
    for person, name in (
        ("per_buyer_editor", "provision"),
        (SELLER, "suspend"),
        ("per_hub_officer", "revoke"),
    ):
        with pytest.raises(StepNotAllowed):
            tasks.take(work_as(person), task.id, name, reason="because")


def test_a_detached_resource_is_not_provisioned(
    session: Session, work_as: WorkAs, task: DeliveryTask
) -> None:
    assert task.resource_id is not None
    resources.take(work_as("per_dept_editor"), task.resource_id, "detach", reason="moved")

    with pytest.raises(StepRefused) as refused:
        tasks.take(work_as(SELLER), task.id, "provision")

    assert [refusal.code for refusal in refused.value.refusals] == ["RESOURCE_DETACHED"]


def test_a_service_without_data_is_provisioned_too(session: Session, work_as: WorkAs) -> None:
    task = parcels.opened(session, None, resource=False)

    parcels.provisioned(session, task)

    assert task.state == State.IN_PROGRESS


def test_tasks_go_down_and_come_back_with_their_authorisation(
    session: Session, work_as: WorkAs, task: DeliveryTask
) -> None:
    work, authorisation = work_as("per_hub_supervisor"), task.authorisation_id
    assert authorisation is not None
    untouched = tasks.suspend_for(work, authorisation)
    tasks.take(work_as(SELLER), task.id, "provision")

    suspended = (tasks.suspend_for(work, authorisation), tasks.suspend_for(work, authorisation))
    down = task.state
    resumed = (tasks.resume_for(work, authorisation), tasks.resume_for(work, authorisation))

    assert (untouched, suspended, resumed) == (0, (1, 0), (1, 0))
    assert (down, task.state) == (State.SUSPENDED, State.IN_PROGRESS)
    assert task.suspended_with is None


def test_what_a_regulator_suspended_does_not_come_back_by_itself(
    session: Session, work_as: WorkAs, task: DeliveryTask
) -> None:
    assert task.authorisation_id is not None
    regulator = work_as("per_hub_supervisor")
    tasks.take(work_as(SELLER), task.id, "provision")
    tasks.take(regulator, task.id, "suspend", reason="a complaint")

    resumed = tasks.resume_for(regulator, task.authorisation_id)
    state = task.state
    tasks.take(regulator, task.id, "resume", reason="settled")

    assert (resumed, state, task.state) == (0, State.SUSPENDED, State.IN_PROGRESS)


def test_a_task_is_seen_by_its_parties_only(
    session: Session, work_as: WorkAs, task: DeliveryTask
) -> None:
    people = ("per_buyer_signer", SELLER, "per_hub_officer", "per_exchange_listing", "system")
    for person in people:
        assert tasks.seen(work_as(person), task.id) is task
        assert tasks.listed(work_as(person), after=None, limit=5).items == [task]
    for key in (task.id, "dlv_none"):
        with pytest.raises(NotFound):
            tasks.seen(work_as("per_other_editor"), key)
    assert tasks.listed(work_as("per_other_editor"), after=None, limit=5).items == []
    other = tasks.listed(work_as("per_buyer_editor"), order_id="ord_2", after=None, limit=5)
    assert other.items == []
    with pytest.raises(NotFound):
        tasks.find(session, "dlv_none")
    assert tasks.find(session, task.id) is task


def test_a_task_refers_to_an_authorisation_that_exists(session: Session) -> None:
    assert grants.DIRECTORY

    with pytest.raises(IntegrityError):
        tasks.open_for(
            work_of(session, "system"), order_id="ord_1", lines=[parcels.line("aut_none", None)]
        )
