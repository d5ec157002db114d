"""What the catalogue lets through to licensing: published, registered, eligible, consented."""

from datetime import date

import pytest
from sqlalchemy.orm import Session

from catalogue import directories, registrations, sharing
from kernel.errors import StepRefused
from licensing.applications import items
from tests.catalogue import shelf
from tests.conftest import WorkAs, work_of
from tests.licensing import desk

TODAY = date(2026, 7, 1)


def _codes(session: Session, code: str, on: date = TODAY) -> list[str]:
    return [refusal.code for refusal in items.unsupplied(session, [code], on)]


def _consented(session: Session, code: str, valid_to: date = date(2026, 12, 31)) -> str:
    directory = directories.by_code(session, code)
    made = sharing.ask_for(
        work_of(session, "per_dept_editor"),
        directory_id=directory.id,
        provider_id="org_roads",
        request="道面温度由交通部门共享",
        valid_to=valid_to,
    )
    session.flush()
    sharing.take(work_of(session, "per_roads_approver"), made.id, "give")
    session.flush()
    return made.id


def test_i_12_what_is_excluded_supplies_nothing(session: Session) -> None:
    version = shelf.published(session, operation_type="excluded")
    code = directories.find_directory(session, version.directory_id).code

    assert _codes(session, code) == ["DIRECTORY_NOT_ELIGIBLE", "DIRECTORY_NOT_REGISTERED"]


def test_i_12_shared_in_data_supply_while_their_provider_consents(
    session: Session, work_as: WorkAs
) -> None:
    code = desk.directory(session, operation_type="eligible_with_consent")

    without = _codes(session, code)
    consent = _consented(session, code)
    days = (TODAY, date(2026, 12, 31), date(2027, 1, 1))
    with_it = [_codes(session, code, day) for day in days]
    sharing.take(work_as("per_roads_approver"), consent, "withdraw", reason="停止共享")
    session.flush()

    assert without == ["DIRECTORY_NEEDS_CONSENT"]
    assert with_it == [[], [], ["DIRECTORY_NEEDS_CONSENT"]]
    assert _codes(session, code) == ["DIRECTORY_NEEDS_CONSENT"]


def test_i_12_no_agreement_takes_effect_on_what_is_suspended(session: Session) -> None:
    code = desk.directory(session)
    made = desk.drafted(session, code)
    desk.go(session, made, *desk.TO_SIGNED, "letter")
    current = directories.by_code(session, code).current_version_id
    shelf.go(session, directories.find(session, str(current)), "suspend")

    with pytest.raises(StepRefused) as refused:
        desk.go(session, made, "file")
    shelf.go(session, directories.find(session, str(current)), "resume")
    desk.go(session, made, "file")

    assert [each.code for each in refused.value.refusals] == ["DIRECTORY_NOT_PUBLISHED"]
    assert made.state == "effective"


def test_i_14_what_is_not_registered_is_not_applied_for(session: Session, work_as: WorkAs) -> None:
    code = desk.directory(session)
    desk.effective(session, code)
    made = desk.applied(session, code)
    directory = directories.by_code(session, code)
    registration = registrations.in_force(session, directory.id, TODAY)
    assert registration is not None
    registrations.take(work_as("per_dept_approver"), registration.id, "deregister", reason="x")
    session.flush()

    still = _codes(session, code)
    registrations.take(work_as("per_hub_reviewer"), registration.id, "confirm_deregistration")
    session.flush()
    with pytest.raises(StepRefused) as refused:
        desk.walk(session, made, "submit")

    assert still == []
    assert [each.code for each in refused.value.refusals] == ["DIRECTORY_NOT_REGISTERED"]


def test_i_14_a_registration_supplies_from_its_first_to_its_last_day(session: Session) -> None:
    code = desk.directory(session)

    days = (date(2026, 6, 30), TODAY, date(2029, 6, 30), date(2029, 7, 1))

    assert [_codes(session, code, day) for day in days] == [
        ["DIRECTORY_NOT_REGISTERED"],
        [],
        [],
        ["DIRECTORY_NOT_REGISTERED"],
    ]


def test_a_scenario_on_shared_in_data_goes_through_with_consent(session: Session) -> None:
    code = desk.directory(session, operation_type="eligible_with_consent")
    _consented(session, code)
    desk.effective(session, code)
    made = desk.applied(session, code)

    desk.walk(session, made, "submit")

    assert made.state == "formal_check"
