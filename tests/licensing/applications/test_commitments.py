import dataclasses
from datetime import date
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import timetable
from kernel import watch
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.journal import history
from licensing import scenarios
from licensing.applications import commitments
from licensing.applications.cases import Scenario
from licensing.applications.commitments import Commitment, State
from tests.conftest import WorkAs, work_of
from tests.licensing import desk

DUE = date(2026, 7, 13)
PROMISE: dict[str, Any] = {
    "destruction_plan": "",
    "commitments": [{"material": "destruction_plan", "due_on": DUE.isoformat()}],
}


def promised(session: Session, **changes: Any) -> tuple[Scenario, Commitment]:
    made = desk.submitted(session, **{**PROMISE, **changes})
    (found,) = commitments.outstanding(session, made.id)
    return made, found


def test_what_is_promised_is_accepted_and_clocked(session: Session) -> None:
    made, found = promised(session)
    desk.walk(session, made, "accept")
    clock = watch.running(session, found.id)

    assert made.state == "accepted"
    assert (found.material, found.due_on, found.case_id) == ("destruction_plan", DUE, made.id)
    assert clock is not None
    assert (clock.due_on, clock.overdue_step, clock.limit_days) == (DUE, "break", 8)
    assert [event.kind for event in history(session, found.id, limit=5)] == ["commitment.made"]


def test_a_promise_that_is_kept_is_met(session: Session) -> None:
    made, found = promised(session)
    work = work_of(session, "per_developer_editor")
    officer = work_of(session, "per_agency_officer")

    commitments.take(work, found.id, "provide", digest="AB" * 32)
    commitments.take(officer, found.id, "return", reason="illegible")
    commitments.take(work, found.id, "provide", digest="cd" * 32)
    commitments.take(officer, found.id, "confirm")

    assert (found.state, found.evidence_digest) == (State.MET, "cd" * 32)
    assert commitments.outstanding(session, made.id) == []
    assert watch.running(session, found.id) is None
    last = history(session, found.id, limit=9)[-1]
    assert (last.kind, last.data["scenario_id"]) == ("commitment.met", made.id)


def test_what_is_handed_in_is_a_digest(session: Session) -> None:
    _, found = promised(session)

    with pytest.raises(Invalid) as invalid:
        commitments.take(work_of(session, "per_developer_editor"), found.id, "provide", digest="no")

    assert invalid.value.pointer == "/digest"


def test_i_44_a_promise_is_broken_by_its_clock_within_one_tick(session: Session) -> None:
    made, found = promised(session)
    desk.walk(session, made, "accept", "request_opinions")

    before = timetable.take_overdue(work_of(session, "system", at=desk.days_later(12)))
    state = found.state
    timetable.take_overdue(work_of(session, "system", at=desk.days_later(13)))

    assert (before, state) == (0, State.PROMISED)
    assert found.state == State.BROKEN
    last = history(session, found.id, limit=9)[-1]
    assert (last.kind, last.data["scenario_id"]) == ("commitment.broken", made.id)


def test_who_broke_a_promise_makes_none_for_twelve_months(session: Session) -> None:
    made, _ = promised(session)
    timetable.take_overdue(work_of(session, "system", at=desk.days_later(13)))
    (code,) = {code for code, _ in made.asked.items}
    again = desk.applied(
        session, code, title="Again", purpose_text="Another purpose",
        destruction_plan="",
        commitments=[{"material": "destruction_plan", "due_on": "2026-07-20"}],
    )  # fmt: skip

    with pytest.raises(StepRefused) as refused:
        desk.walk(session, again, "submit", at=desk.days_later(14))

    assert "[R-34]" in refused.value.refusals[0].en


def test_a_promise_ends_with_its_case(session: Session) -> None:
    made, found = promised(session)

    desk.walk(session, made, "withdraw")

    assert found.state == State.RELEASED
    assert watch.running(session, found.id) is None


def test_a_promise_is_made_once(session: Session) -> None:
    made, _ = promised(session)

    desk.walk(session, made, "supplement", "resubmit")

    assert len(commitments.of(session, made.id)) == 1


def test_a_promise_is_seen_by_its_parties(session: Session, work_as: WorkAs) -> None:
    made, found = promised(session)

    for person in ("per_developer_editor", "per_agency_officer", "per_hub_supervisor"):
        assert commitments.seen(work_as(person), found.id) is found
        page = commitments.listed(
            work_as(person), scenario_id=made.id, state=State.PROMISED, limit=5
        )
        assert page.items == [found]
    with pytest.raises(NotFound):
        commitments.seen(work_as("per_buyer_editor"), found.id)
    assert commitments.listed(work_as("per_buyer_editor"), limit=5).items == []
    with pytest.raises(NotFound):
        commitments.find(session, "cmt_none")


def test_only_who_applied_hands_in_and_only_the_agency_confirms(session: Session) -> None:
    _, found = promised(session)

    with pytest.raises(StepNotAllowed):
        commitments.take(
            work_of(session, "per_agency_officer"), found.id, "provide", digest="ab" * 32
        )
    commitments.take(
        work_of(session, "per_developer_editor"), found.id, "provide", digest="ab" * 32
    )
    with pytest.raises(StepNotAllowed):
        commitments.take(work_of(session, "per_developer_editor"), found.id, "confirm")


def test_the_database_knows_no_promise_met_without_evidence(session: Session) -> None:
    promised(session)

    with pytest.raises(IntegrityError, match="met_with_evidence"):
        session.execute(update(Commitment).values(state="met"))


def test_rechecks_are_drawn_from_the_seed_alone(session: Session) -> None:
    made, _ = promised(session)
    work = work_of(session, "per_agency_officer")
    many = [f"scn_{number:02}" for number in range(25)]

    drawn = commitments.recheck(work, since=date(2026, 7, 1), until=date(2026, 7, 31), seed="7")
    first, again = commitments.chosen(work, many, "7"), commitments.chosen(work, many, "7")

    assert drawn == [made.id]
    assert first == again
    assert len(first) == 3
    assert commitments.chosen(work, many, "8") != first
    assert commitments.chosen(work, [], "7") == []
    event = history(session, "org_agency", limit=9)[-1]
    assert (event.kind, event.data["drawn"]) == ("commitment.recheck_drawn", [made.id])


def test_rechecks_are_for_case_officers(session: Session) -> None:
    officer = work_of(session, "per_agency_officer")
    idle = dataclasses.replace(
        officer, actor=dataclasses.replace(officer.actor, duties=frozenset())
    )

    for work in (idle, work_of(session, "per_hub_officer")):
        with pytest.raises(StepNotAllowed):
            commitments.recheck(work, since=date(2026, 7, 1), until=date(2026, 7, 31), seed="7")
    assert scenarios.LIFE.name == "scenario"
