"""Reads: each use is decided anew, a no is kept, only aggregates of what was bought come out."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from catalogue import resources
from delivery import reads, tasks
from delivery.domain import By, Cut
from delivery.reads import BeyondOrder, Reading, Use
from delivery.tasks import DeliveryTask
from kernel import journal
from kernel.errors import DomainError, Invalid, NotFound, StepNotAllowed
from licensing import authorisations, decisions, quotas
from licensing.decisions import UseDenied
from tests.conftest import WorkAs, work_of
from tests.delivery import parcels
from tests.delivery.parcels import USE, july
from tests.licensing import grants

DATES = {"since": date(2013, 7, 1), "until": date(2013, 7, 2)}


def read(
    session: Session,
    task: DeliveryTask,
    use: Use = USE,
    cut: Cut | None = None,
    *,
    person: str = "per_buyer_editor",
) -> Reading:
    """Read as the buyer, unless another is named."""
    work = work_of(session, person)
    return reads.read(work, task.id, use, cut or july(), data_dir=parcels.DATA)


def codes(error: DomainError) -> list[str]:
    """Return the codes of an error's refusals."""
    return [refusal.code for refusal in error.refusals]


@pytest.fixture
def task(session: Session) -> DeliveryTask:
    """Open and provision a delivery under an authorisation."""
    return parcels.provisioned(session, parcels.opened(session, parcels.authorised(session).id))


@pytest.fixture
def free(session: Session) -> DeliveryTask:
    """Open and provision a delivery that needs no authorisation."""
    return parcels.provisioned(session, parcels.opened(session, None))


def test_a_buyer_reads_aggregates_of_what_was_bought(session: Session, task: DeliveryTask) -> None:
    found = read(session, task)

    assert found.rows[0] == {
        "station": "Dongsi", "date": "2013-07-01", "item": "TEMP", "count": 24,
        "min": 23.0, "mean": 24.88, "max": 26.8, "sum": 597.1,
    }  # fmt: skip
    assert (len(found.rows), found.suppressed, found.more) == (31, 0, False)
    assert found.remaining == {"rows": 1000 - 31}


def test_a_read_is_counted_and_written_down(session: Session, task: DeliveryTask) -> None:
    found = read(session, task)
    read(session, task)

    session.expire(task)
    assert (task.reads, task.rows_delivered) == (2, 62)
    event = journal.history(session, task.id, limit=9)[-1]
    assert event.kind == "delivery.used"
    assert event.data["digest"] == found.digest
    assert event.data["rows"] == 31
    decision = session.get_one(decisions.Decision, found.decision_id)
    assert decision.allowed
    assert decision.subject == task.id
    assert decision.items == [[grants.DIRECTORY, "TEMP"]]


@pytest.mark.parametrize(
    ("use", "code"),
    [
        (replace(USE, purpose_code="advertising"), "PURPOSE_MISMATCH"),
        (replace(USE, output_form="score"), "OUTPUT_FORM_NOT_ALLOWED"),
        (replace(USE, region="110000"), "REGION_OUT_OF_SCOPE"),
    ],
)
def test_a_use_beyond_the_authorisation_is_denied_and_kept(
    session: Session, task: DeliveryTask, use: Use, code: str
) -> None:
    with pytest.raises(UseDenied) as denied:
        read(session, task, use)

    assert codes(denied.value) == [code]
    kept = decisions.own(work_of(session, "per_buyer_editor"), after=None, limit=5).items
    assert [decision.codes for decision in kept] == [[code]]
    session.expire(task)
    assert task.reads == 0


def test_an_item_beyond_the_authorisation_is_denied(session: Session, task: DeliveryTask) -> None:
    with pytest.raises(UseDenied) as denied:
        read(session, task, cut=july("TEMP", "WSPM"))

    assert codes(denied.value) == ["ITEM_OUT_OF_SCOPE"]


def test_i_54_a_suspension_bites_at_the_next_read(session: Session, task: DeliveryTask) -> None:
    read(session, task)
    assert task.authorisation_id is not None
    authorisation = authorisations.find(session, task.authorisation_id)
    grants.suspend(work_of(session, "per_hub_supervisor"), authorisation)

    with pytest.raises(UseDenied) as denied:
        read(session, task)
    tasks.suspend_for(work_of(session, "system"), authorisation.id)
    with pytest.raises(UseDenied) as again:
        read(session, task)

    assert codes(denied.value) == codes(again.value) == ["AUTH_SUSPENDED"]


def test_more_rows_than_the_quota_leaves_are_denied(session: Session) -> None:
    authorisation = parcels.authorised(session, quotas={"rows": 40, "calls": 2})
    task = parcels.provisioned(session, parcels.opened(session, authorisation.id))

    with pytest.raises(UseDenied) as denied:
        read(session, task, cut=july(stations=()))
    found = read(session, task, cut=july(**DATES))

    assert codes(denied.value) == ["QUOTA_EXCEEDED"]
    assert found.remaining == {"calls": 1, "rows": 38}


def test_rows_that_did_not_come_are_given_back(session: Session, task: DeliveryTask) -> None:
    found = read(session, task, cut=july(stations=("Dongsi", "Nowhere"), **DATES))

    assert len(found.rows) == 2
    assert found.remaining == {"rows": 998}


def test_months_are_counted_as_months(session: Session, task: DeliveryTask) -> None:
    whole = july(since=date(2013, 12, 1), until=date(2014, 1, 31), by=By.MONTH)

    found = read(session, task, cut=whole)

    assert [row["date"] for row in found.rows] == ["2013-12-01", "2014-01-01"]
    assert quotas.remaining(session, str(task.authorisation_id)) == {"rows": 998}


def test_what_is_authorised_but_was_not_ordered_is_refused(session: Session) -> None:
    authorisation = parcels.authorised(session, output_forms=["aggregate_report", "record_api"])
    task = parcels.provisioned(
        session,
        parcels.opened(
            session,
            authorisation.id,
            items=[{"directory": grants.DIRECTORY, "item": "TEMP"}],
            region="430100",
        ),
    )
    use = replace(USE, output_form="record_api", region="430300")

    with pytest.raises(BeyondOrder) as beyond:
        read(session, task, use, july("TEMP", "RAIN"))

    assert codes(beyond.value) == ["FORM_NOT_ORDERED", "REGION_NOT_ORDERED", "ITEM_NOT_ORDERED"]


def test_what_needs_no_authorisation_is_held_to_its_order(
    session: Session, free: DeliveryTask
) -> None:
    found = read(session, free)

    with pytest.raises(BeyondOrder) as beyond:
        read(session, free, replace(USE, purpose_code="advertising"))

    assert (found.remaining, found.decision_id) == ({}, None)
    assert codes(beyond.value) == ["PURPOSE_NOT_ORDERED"]


def test_a_form_that_the_domain_does_not_compute_is_not_faked(session: Session) -> None:
    task = parcels.provisioned(session, parcels.opened(session, None, output_form="score"))

    with pytest.raises(BeyondOrder) as beyond:
        read(session, task, replace(USE, output_form="score"))

    assert codes(beyond.value) == ["FORM_NOT_ORDERED"]


def test_a_delivery_is_read_while_it_stands_open(session: Session) -> None:
    task = parcels.opened(session, None)
    session.flush()
    seller, buyer = (
        work_of(session, person) for person in ("per_developer_signer", "per_buyer_editor")
    )

    with pytest.raises(BeyondOrder) as early:
        read(session, task)
    tasks.take(seller, task.id, "provision")
    tasks.take(seller, task.id, "complete")
    delivered = read(session, task)
    tasks.accept_for(buyer, task.order_id)
    accepted = read(session, task)

    assert codes(early.value) == ["NOT_OPEN"]
    assert delivered == accepted


def test_a_delivery_without_its_resource_is_not_read(
    session: Session, work_as: WorkAs, free: DeliveryTask
) -> None:
    resources.take(work_as("per_dept_editor"), str(free.resource_id), "detach", reason="moved")

    with pytest.raises(BeyondOrder) as beyond:
        read(session, free)

    assert codes(beyond.value) == ["NO_RESOURCE"]


def test_an_authorised_service_without_data_is_not_read(session: Session) -> None:
    authorisation = parcels.authorised(session)
    task = parcels.opened(session, authorisation.id, resource=False)
    parcels.provisioned(session, task)

    with pytest.raises(BeyondOrder) as beyond:
        read(session, task)

    assert codes(beyond.value) == ["NO_RESOURCE"]


def test_only_the_buyer_reads(session: Session, task: DeliveryTask) -> None:
    for person in ("per_developer_signer", "per_hub_supervisor"):
        with pytest.raises(StepNotAllowed):
            read(session, task, person=person)
    with pytest.raises(NotFound):
        read(session, task, person="per_other_editor")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"limit": 0}, "/limit"),
        ({"limit": 10_001}, "/limit"),
        ({"until": date(2013, 6, 30)}, "/until"),
        ({"items": ()}, "/items"),
        ({"items": ("TEMP", "TEMP")}, "/items"),
    ],
)
def test_a_question_that_cannot_be_meant_is_named(
    session: Session, free: DeliveryTask, changes: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(Invalid) as wrong:
        read(session, free, cut=july(**changes))

    assert wrong.value.pointer == pointer
