from datetime import date

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import timetable
from kernel import journal, watch
from kernel.errors import StepRefused
from kernel.parties import people
from licensing import scenarios
from licensing.applications import drafting, likeness, sections
from licensing.applications.cases import Scenario, State
from licensing.applications.likeness import Why
from tests.conftest import WorkAs, work_of
from tests.licensing import desk


def due(session: Session, made: Scenario) -> date:
    clock = watch.running(session, made.id)
    assert clock is not None
    return clock.due_on


def codes(refused: pytest.ExceptionInfo[StepRefused]) -> list[str]:
    return [refusal.code for refusal in refused.value.refusals]


def alike(session: Session, made: Scenario, person: str) -> list[tuple[str, tuple[Why, ...]]]:
    found = likeness.of(work_of(session, person), made)
    return [(each.scenario_id, each.why) for each in found]


# --- formal check ------------------------------------------------------------------------


def test_silence_for_three_working_days_is_acceptance(session: Session) -> None:
    made = desk.submitted(session)

    timetable.take_overdue(work_of(session, "system", at=desk.days_later(6)))

    assert due(session, made) == date(2026, 7, 8)
    assert made.state == State.ACCEPTED


def test_who_does_not_supplement_in_time_lapses(session: Session) -> None:
    made = desk.submitted(session)
    desk.walk(session, made, "supplement")

    last_day = due(session, made)
    timetable.take_overdue(work_of(session, "system", at=desk.days_later(14)))
    still = made.state
    timetable.take_overdue(work_of(session, "system", at=desk.days_later(15)))

    assert last_day == date(2026, 7, 15)
    assert (still, made.state) == (State.SUPPLEMENTING, State.LAPSED)


def test_more_time_is_given_once(session: Session) -> None:
    made = desk.submitted(session)
    desk.walk(session, made, "supplement")
    work = work_of(session, "per_developer_editor")

    scenarios.take(work, made.id, "ask_for_time", reason="the auditor is away")

    assert due(session, made) == date(2026, 7, 29)
    with pytest.raises(StepRefused) as refused:
        scenarios.take(work, made.id, "ask_for_time", reason="again")
    assert codes(refused) == ["EXTENDED_ONCE"]


def test_everything_missing_is_told_at_once(session: Session) -> None:
    made = desk.submitted(session)
    officer = work_of(session, "per_agency_officer")

    with pytest.raises(StepRefused) as empty:
        scenarios.take(officer, made.id, "supplement", reason="incomplete", missing=[])
    scenarios.take(officer, made.id, "supplement", reason="incomplete", missing=["a", " ", "b "])

    assert codes(empty) == ["ANSWER_NEEDED"]
    assert made.notice == {"missing": ["a", "b"], "reason": "incomplete"}


def test_i_42_every_refusal_has_a_cause_and_a_text(session: Session) -> None:
    made = desk.submitted(session)
    officer = work_of(session, "per_agency_officer")

    for answers in ({}, {"cause": "incomplete"}, {"reason": "so"}):
        with pytest.raises(StepRefused) as refused:
            scenarios.take(officer, made.id, "refuse", **answers)
        assert set(codes(refused)) == {"ANSWER_NEEDED"}
    desk.walk(session, made, "refuse")
    told = journal.history(session, made.id, limit=9)[-1].data

    assert (told["cause"], told["reason"]) == ("incomplete", "no region")
    with pytest.raises(IntegrityError, match="refusal_has_reason"):
        session.execute(update(Scenario).values(decision_reason=None))


def test_i_44_nothing_is_accepted_without_what_may_never_wait(session: Session) -> None:
    made = desk.submitted(session)
    fifth = sections.find(session, made.id, 5)
    fifth.written = {**fifth.written, "security_plan": ""}
    session.flush()

    with pytest.raises(StepRefused) as refused:
        desk.walk(session, made, "accept")
    timetable.take_overdue(work_of(session, "system", at=desk.days_later(9)))

    assert codes(refused) == ["MATERIAL_MISSING"]
    assert "安全方案" in refused.value.refusals[0].zh
    assert made.state == State.FORMAL_CHECK


def test_who_applied_does_not_accept(session: Session) -> None:
    made = desk.submitted(session)
    officer = work_of(session, "per_agency_officer")
    people.join(officer, "per_developer_editor", "org_agency", [])

    assert journal.part(session, made.id, "per_developer_editor") == "applicant"
    desk.walk(session, made, "accept")
    assert journal.part(session, made.id, "per_agency_officer") == "officer"


def test_i_25_another_round_is_assessed_anew(session: Session) -> None:
    made = desk.submitted(session)
    desk.walk(session, made, *desk.TO_ASSESSMENT)
    first, hashed = made.assessment_id, made.scope_hash
    desk.walk(session, made, "assessed_revise")
    work = work_of(session, "per_developer_editor")

    drafting.save(work, made.id, 4, {"users_count": 10, "quotas": [{"meter": "rows", "limit": 9}]})
    desk.walk(session, made, "resubmit_revised")

    assert (made.round, made.assessment_id, made.notice) == (2, None, None)
    assert first is not None
    assert made.scope_hash != hashed


def test_a_revision_that_does_not_come_lapses(session: Session) -> None:
    made = desk.submitted(session)
    desk.walk(session, made, *desk.TO_ASSESSMENT, "assessed_revise")

    timetable.take_overdue(work_of(session, "system", at=desk.days_later(29)))

    assert made.state == State.LAPSED


def test_without_a_clock_nothing_is_extended(session: Session) -> None:
    made = desk.submitted(session)
    desk.walk(session, made, "supplement")
    session.execute(delete(watch.Clock))

    scenarios.take(work_of(session, "per_developer_editor"), made.id, "ask_for_time", reason="so")

    assert made.state == State.SUPPLEMENTING


# --- similar scenarios ---------------------------------------------------------------------


def test_the_same_again_is_a_duplicate(session: Session) -> None:
    first = desk.submitted(session)
    (code,) = {code for code, _ in first.asked.items}
    again = desk.applied(session, code)

    assert alike(session, again, "per_developer_editor") == [
        (first.id, (Why.DUPLICATE, Why.SAME_ITEMS))
    ]


def test_one_purpose_in_two_halves_may_have_been_split(session: Session) -> None:
    first = desk.submitted(session)
    (code,) = {code for code, _ in first.asked.items}

    half = desk.applied(
        session, code, items=[desk.asked(code, "WSPM")],
        purpose_text="Price frost and rain cover for the farms",
    )  # fmt: skip

    assert alike(session, half, "per_agency_officer") == [
        (first.id, (Why.SPLITTING, Why.NEAR_PURPOSE))
    ]


def test_what_is_authorised_already_may_be_used(session: Session) -> None:
    first = desk.submitted(session)
    (code,) = {code for code, _ in first.asked.items}
    desk.walk(session, first, *desk.TO_DECISION, "authorise")
    again = desk.applied(session, code)

    ((found, why),) = alike(session, again, "per_developer_editor")

    assert found == first.id
    assert Why.REUSE in why


def test_others_applications_are_told_to_who_may_know_of_them(
    session: Session, work_as: WorkAs
) -> None:
    first = desk.submitted(session)
    (code,) = {code for code, _ in first.asked.items}
    other = desk.applied(session, code, title="Other", purpose_text="Schedule the irrigation")

    for person in ("per_agency_officer", "per_hub_supervisor"):
        assert [each for each, _ in alike(session, other, person)] == [first.id]
    assert alike(session, other, "per_buyer_editor") == []


def test_what_is_not_alike_is_not_told(session: Session) -> None:
    first = desk.submitted(session)
    (code,) = {code for code, _ in first.asked.items}
    far = desk.applied(
        session, code, items=[desk.asked(code, "WSPM")], purpose_code="education",
        purpose_text="Teach how the wind blows",
    )  # fmt: skip

    assert alike(session, far, "per_developer_editor") == []


def test_texts_are_compared_by_pairs_of_characters() -> None:
    assert likeness.similarity_bp("", "") == 0
    assert likeness.similarity_bp("农业气象保险", "农业 气象、保险") == 10_000
    assert likeness.similarity_bp("abcd", "abxy") == 3_333
