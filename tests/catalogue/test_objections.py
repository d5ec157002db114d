"""Objections: the publicity stands still, and runs on or is taken back."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from catalogue import objections, registrations
from catalogue.objections import AlreadyObjected, Objection, State
from catalogue.registrations import Registration
from kernel import watch
from kernel.errors import NotFound, StepNotAllowed, StepRefused
from tests.catalogue import shelf
from tests.conftest import WorkAs, work_of

RAISED = datetime(2026, 3, 6, 4, tzinfo=UTC)  # a Friday, in the publicity's first week
ANSWERED = datetime(2026, 3, 11, 4, tzinfo=UTC)  # the Wednesday after


def _objected(
    session: Session, registration: Registration, person: str = "per_buyer_editor"
) -> Objection:
    made = objections.object_to(
        work_of(session, person, at=RAISED), registration_id=registration.id, grounds="来源存疑"
    )
    session.flush()  # a living record gets its first version from the database
    return made


def _publicised(session: Session) -> Registration:
    return shelf.in_publicity(session, shelf.published(session).directory_id)


def test_an_objection_stops_the_publicity_until_it_is_answered(
    session: Session, work_as: WorkAs
) -> None:
    registration = _publicised(session)
    made = _objected(session, registration)
    stands = watch.running(session, registration.id)
    answer = watch.running(session, made.id)
    assert stands is not None
    assert answer is not None
    paused, due = watch.paused(stands), answer.due_on
    review = registration.state

    objections.take(work_as("per_hub_reviewer", at=ANSWERED), made.id, "dismiss", reason="已核")
    session.flush()

    assert (paused, due) == (True, date(2026, 3, 20))
    assert review == registrations.State.OBJECTION_REVIEW
    assert (made.state, registration.state) == (State.DISMISSED, registrations.State.IN_PUBLICITY)
    # Three of ten working days were used up; the seven others follow the answer.
    assert (stands.due_on, stands.overdue_step) == (date(2026, 3, 20), "register")
    assert watch.running(session, made.id) is None


def test_an_objection_that_is_upheld_sends_the_application_back(
    session: Session, work_as: WorkAs
) -> None:
    registration = _publicised(session)
    made = _objected(session, registration)

    objections.take(work_as("per_hub_reviewer", at=ANSWERED), made.id, "uphold", reason="属实")
    registrations.take(work_as("per_dept_editor", at=ANSWERED), registration.id, "resubmit")
    session.flush()

    assert made.state == State.UPHELD
    assert registration.state == registrations.State.UNDER_REVIEW
    assert registration.returned_count == 0


def test_the_publicity_goes_on_when_no_objection_is_open(session: Session, work_as: WorkAs) -> None:
    registration = _publicised(session)
    first = _objected(session, registration)
    second = _objected(session, registration, "per_other_editor")

    objections.take(work_as("per_hub_reviewer", at=ANSWERED), first.id, "dismiss", reason="no")
    session.flush()
    between = registration.state
    objections.take(work_as("per_other_editor", at=ANSWERED), second.id, "withdraw", reason="ok")
    session.flush()

    assert between == registrations.State.OBJECTION_REVIEW
    assert registration.state == registrations.State.IN_PUBLICITY


def test_one_that_is_still_open_when_another_was_upheld_may_only_be_withdrawn(
    session: Session, work_as: WorkAs
) -> None:
    registration = _publicised(session)
    first = _objected(session, registration)
    second = _objected(session, registration, "per_other_editor")
    reviewer = work_as("per_hub_reviewer", at=ANSWERED)
    objections.take(reviewer, first.id, "uphold", reason="属实")
    session.flush()

    with pytest.raises(StepRefused) as refused:
        objections.take(reviewer, second.id, "dismiss", reason="late")
    objections.take(work_as("per_other_editor"), second.id, "withdraw", reason="done")

    assert [refusal.code for refusal in refused.value.refusals] == ["REGISTRATION_MOVED_ON"]
    assert second.state == State.WITHDRAWN


def test_who_objects_is_another_and_objects_once(session: Session) -> None:
    registration = _publicised(session)
    _objected(session, registration)

    with pytest.raises(AlreadyObjected):
        _objected(session, registration)
    with pytest.raises(StepNotAllowed):
        _objected(session, registration, "per_dept_approver")


def test_what_is_not_in_publicity_is_not_objected_to(session: Session) -> None:
    registered = shelf.registered(session, shelf.published(session).directory_id)
    hidden = shelf.applied(session, shelf.published(session).directory_id)

    with pytest.raises(StepRefused):
        _objected(session, registered)
    with pytest.raises(NotFound):
        _objected(session, hidden)


def test_an_objection_is_between_its_parties_and_the_authority(
    session: Session, work_as: WorkAs
) -> None:
    registration = _publicised(session)
    made = _objected(session, registration)

    def seen(person: str, **more: Any) -> list[Objection]:
        return objections.listed(work_as(person), **more, after=None, limit=5).items

    parties = ("per_buyer_editor", "per_dept_editor", "per_hub_officer")
    assert [seen(person) for person in parties] == [[made]] * 3
    assert seen("per_hub_officer", registration_id="reg_none") == seen("per_other_editor") == []
    assert objections.find(session, made.id) is made
    for key in (made.id, "obj_none"):
        with pytest.raises(NotFound):
            objections.seen(work_as("per_other_editor"), key)
    with pytest.raises(NotFound):
        objections.find(session, "obj_none")
