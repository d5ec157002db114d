"""Challenges, objections and appeals: who may plead what, until when, and what comes of it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from kernel import journal, watch
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.work import Work
from licensing import assessments, scenarios
from licensing.assessing import score_sheets
from licensing.assessments import Assessment
from licensing.pleading import appeals, challenges
from licensing.pleading import publicity_objections as objections
from licensing.pleading.appeals import Appeal
from licensing.pleading.challenges import Challenge
from licensing.pleading.publicity_objections import PublicityObjection
from licensing.scenarios import Scenario, State
from tests.conftest import NOON
from tests.licensing import desk, hall

WorkAs = Callable[..., Work]
LOW = {
    "comments": dict.fromkeys(
        ("legality", "necessity", "security", "feasibility", "benefit"), "not good enough at all"
    )
}


def refused(error: pytest.ExceptionInfo[StepRefused]) -> list[str]:
    return [refusal.code for refusal in error.value.refusals]


# --- challenges -------------------------------------------------------------------------


def drawn(session: Session) -> Assessment:
    made = hall.planned(session)
    hall.go(session, made, "draw")
    return made


def challenged(session: Session, work_as: WorkAs, made: Assessment) -> Challenge:
    filed = challenges.file(
        work_as("per_developer_editor"),
        made.id,
        expert_id=hall.serving(session, made)[0],
        reason="works for a rival",
    )
    session.flush()
    return filed


def test_the_applicant_is_told_who_sits(session: Session, work_as: WorkAs) -> None:
    made = hall.planned(session)
    applicant = work_as("per_developer_editor")
    with pytest.raises(NotFound):
        challenges.told(applicant, made.scenario_id)
    hall.go(session, made, "draw")

    told = challenges.told(applicant, made.scenario_id)

    assert told.assessment_id == made.id
    assert [seat.expert_id for seat in told.seats] == hall.serving(session, made)
    assert {seat.until for seat in told.seats} == {(NOON + timedelta(days=2)).date()}
    with pytest.raises(NotFound):
        challenges.told(work_as("per_other_editor"), made.scenario_id)


def test_a_challenge_that_is_upheld_replaces_the_member(session: Session, work_as: WorkAs) -> None:
    made = drawn(session)
    filed = challenged(session, work_as, made)
    hall.go(session, made, "declare")
    with pytest.raises(StepRefused) as waiting:
        hall.go(session, made, "clear")

    challenges.take(work_as("per_agency_secretary"), filed.id, "uphold", reason="so he does")
    session.flush()

    assert refused(waiting) == ["CHALLENGE_OPEN"]
    assert filed.expert_id not in hall.serving(session, made)
    assert (filed.state, filed.answer) == (challenges.State.UPHELD, "so he does")
    assert assessments.redraw(work_as("per_hub_officer"), made.id).holds


def test_a_challenge_that_is_dismissed_leaves_the_panel(session: Session, work_as: WorkAs) -> None:
    made = drawn(session)
    before = hall.serving(session, made)
    filed = challenged(session, work_as, made)
    secretary = work_as("per_agency_secretary")

    with pytest.raises(StepRefused):
        challenges.take(secretary, filed.id, "dismiss")
    challenges.take(secretary, filed.id, "dismiss", reason="a namesake")
    hall.go(session, made, "declare", "clear")

    assert hall.serving(session, made) == before


def test_a_challenge_is_upheld_after_the_member_has_left_all_the_same(
    session: Session, work_as: WorkAs
) -> None:
    made = drawn(session)
    filed = challenged(session, work_as, made)
    secretary = work_as("per_agency_secretary")
    assessments.replace(secretary, made.id, expert_id=filed.expert_id, reason="ill")
    session.flush()
    before = hall.serving(session, made)

    challenges.take(secretary, filed.id, "uphold", reason="has left anyway")

    assert hall.serving(session, made) == before


def test_a_challenge_has_two_working_days(session: Session, work_as: WorkAs) -> None:
    made = drawn(session)
    sitting = hall.serving(session, made)
    late = work_as("per_developer_editor", at=NOON + timedelta(days=5))

    with pytest.raises(StepRefused) as error:
        challenges.file(late, made.id, expert_id=sitting[0], reason="a rival")

    assert refused(error) == ["CHALLENGE_LATE"]


def test_only_the_applicant_challenges_and_only_who_sits(session: Session, work_as: WorkAs) -> None:
    made = drawn(session)
    sitting = hall.serving(session, made)

    with pytest.raises(NotFound):
        challenges.file(work_as("per_other_editor"), made.id, expert_id=sitting[0], reason="x")
    with pytest.raises(Invalid):
        challenges.file(work_as("per_developer_editor"), made.id, expert_id="exp_x", reason="x")


def test_a_challenge_is_seen_by_applicant_agency_and_authority(
    session: Session, work_as: WorkAs
) -> None:
    made = drawn(session)
    filed = challenged(session, work_as, made)

    for person in ("per_developer_editor", "per_agency_secretary", "per_hub_officer"):
        work = work_as(person)
        assert challenges.seen(work, filed.id) is filed
        here = challenges.listed(work, assessment_id=made.id, after=None, limit=5)
        assert here.items == [filed]
    for person in ("per_other_editor", made.serving[0]):
        with pytest.raises(NotFound):
            challenges.seen(work_as(person), filed.id)
        assert challenges.listed(work_as(person), after=None, limit=5).items == []
    with pytest.raises(NotFound):
        challenges.find(session, "chl_nowhere")


# --- objections -------------------------------------------------------------------------


def announced(session: Session) -> tuple[Scenario, Assessment]:
    made = hall.concluded(session)
    scenario = scenarios.find(session, made.scenario_id)
    desk.walk(session, scenario, "authorise")
    return scenario, made


def objected(session: Session, work_as: WorkAs, scenario: Scenario) -> PublicityObjection:
    filed = objections.file(work_as("per_other_editor"), scenario.id, reason="it is ours")
    session.flush()
    return filed


def test_while_an_objection_waits_nothing_is_issued(session: Session, work_as: WorkAs) -> None:
    scenario, _ = announced(session)
    filed = objected(session, work_as, scenario)
    later = NOON + timedelta(days=12)

    with pytest.raises(StepRefused) as error:
        desk.walk(session, scenario, "close_publicity", at=later)
    objections.take(work_as("per_agency_approver"), filed.id, "dismiss", reason="it is not")
    session.flush()
    desk.walk(session, scenario, "close_publicity", at=later)

    assert refused(error) == ["OBJECTION_OPEN"]
    assert scenario.state == State.AUTHORISED
    assert watch.running(session, filed.id) is None


def test_an_upheld_objection_sends_it_back_to_the_decision(
    session: Session, work_as: WorkAs
) -> None:
    scenario, _ = announced(session)
    filed = objected(session, work_as, scenario)
    approver = work_as("per_agency_approver")

    objections.take(approver, filed.id, "uphold", remedy="redecide", reason="so it is")
    session.flush()
    again = scenario.state
    with session.no_autoflush, pytest.raises(StepRefused) as silent:
        scenarios.take(approver, scenario.id, "authorise")
    session.refresh(scenario)
    scenarios.take(approver, scenario.id, "authorise", reason="with a licence of the neighbour")
    session.flush()

    (*_, told) = journal.history(session, scenario.id, limit=99)
    assert again == State.DECIDING
    assert refused(silent) == ["DEVIATION_NEEDS_REASON"]
    assert told.data["recommended"] == "reject"
    assert scenario.state == State.PUBLICITY


def test_an_upheld_objection_may_void_the_assessment(session: Session, work_as: WorkAs) -> None:
    scenario, made = announced(session)
    filed = objected(session, work_as, scenario)
    second = objected(session, work_as, scenario)
    approver = work_as("per_agency_approver")

    objections.take(approver, filed.id, "uphold", remedy="reassess", reason="the panel was paid")
    session.flush()

    assert (made.state, scenario.state) == (assessments.State.VOID, State.PANEL_FORMING)
    with pytest.raises(StepRefused) as moved:
        objections.take(approver, second.id, "uphold", remedy="redecide", reason="so it is")
    assert refused(moved) == ["NOT_IN_PUBLICITY"]


def test_one_objects_to_what_is_announced_and_while_it_is(
    session: Session, work_as: WorkAs
) -> None:
    made = hall.concluded(session)
    scenario = scenarios.find(session, made.scenario_id)
    other = work_as("per_other_editor")
    with pytest.raises(NotFound):
        objections.file(other, scenario.id, reason="it is ours")
    desk.walk(session, scenario, "authorise")
    desk.walk(session, scenario, "close_publicity", at=NOON + timedelta(days=12))

    with pytest.raises(StepRefused) as late:
        objections.file(other, scenario.id, reason="it is ours")

    assert refused(late) == ["NOT_IN_PUBLICITY"]


def test_an_objection_is_seen_by_who_filed_it_agency_and_authority(
    session: Session, work_as: WorkAs
) -> None:
    scenario, _ = announced(session)
    filed = objected(session, work_as, scenario)

    for person in ("per_other_editor", "per_agency_officer", "per_hub_officer"):
        work = work_as(person)
        assert objections.seen(work, filed.id) is filed
        here = objections.listed(work, scenario_id=scenario.id, after=None, limit=5)
        assert here.items == [filed]
    with pytest.raises(NotFound):
        objections.seen(work_as("per_buyer_editor"), filed.id)
    with pytest.raises(NotFound):
        objections.find(session, "pob_nowhere")


# --- appeals ----------------------------------------------------------------------------


def failed(session: Session) -> tuple[Scenario, Assessment]:
    made = hall.concluded(session, (4000,) * 5, **LOW)
    return scenarios.find(session, made.scenario_id), made


def appealed(session: Session, work_as: WorkAs, scenario: Scenario) -> Appeal:
    filed = appeals.file(work_as("per_developer_editor"), scenario.id, reason="misread")
    session.flush()
    return filed


def test_an_upheld_appeal_brings_another_assessment(session: Session, work_as: WorkAs) -> None:
    scenario, made = failed(session)
    filed = appealed(session, work_as, scenario)
    hub = work_as("per_hub_officer")
    appeals.take(hub, filed.id, "accept")
    session.flush()
    clock = watch.running(session, filed.id)
    assert clock is not None

    appeals.take(hub, filed.id, "uphold", remedy="reassess", reason="they misread it")
    session.flush()

    assert (clock.key, clock.limit_days) == ("clocks.appeal", 10)
    assert (made.state, scenario.state) == (assessments.State.VOID, State.PANEL_FORMING)
    assert scenario.decision_cause is None
    assert len(score_sheets.of(session, made.id)) == 5
    assert hall.plan(session, scenario).state == assessments.State.PLANNED


def test_who_has_a_part_in_the_case_answers_no_appeal(session: Session, work_as: WorkAs) -> None:
    scenario, _ = failed(session)
    filed = appealed(session, work_as, scenario)
    session.add(
        journal.Hand(
            case_id=scenario.id, person_id="per_hub_officer", part="supervisor", since=NOON
        )
    )
    session.flush()

    with pytest.raises(StepRefused) as error:
        appeals.take(work_as("per_hub_officer"), filed.id, "accept")
    appeals.take(work_as("per_hub_supervisor"), filed.id, "accept")
    session.flush()
    appeals.take(work_as("per_hub_supervisor"), filed.id, "dismiss", reason="they read it well")

    assert refused(error) == ["FOUR_EYES"]
    assert filed.state == appeals.State.DISMISSED
    (*_, told) = journal.history(session, filed.id, limit=9)
    assert "60" in told.data["outside"][0]


def test_a_rejection_against_the_advice_is_decided_anew(session: Session, work_as: WorkAs) -> None:
    made = hall.concluded(session)
    scenario = scenarios.find(session, made.scenario_id)
    desk.walk(session, scenario, "reject")
    filed = appealed(session, work_as, scenario)
    hub = work_as("per_hub_officer")
    appeals.take(hub, filed.id, "accept")

    appeals.take(hub, filed.id, "uphold", remedy="redecide", reason="no ground for a no")
    session.flush()

    assert (scenario.state, made.state) == (State.DECIDING, assessments.State.CONCLUDED)


def test_what_failed_is_not_decided_without_another_assessment(
    session: Session, work_as: WorkAs
) -> None:
    scenario, _ = failed(session)
    filed = appealed(session, work_as, scenario)
    hub = work_as("per_hub_officer")
    appeals.take(hub, filed.id, "accept")

    with pytest.raises(StepRefused) as error:
        appeals.take(hub, filed.id, "uphold", remedy="redecide", reason="never mind")

    assert refused(error) == ["NOT_PASSED"]


def test_a_refusal_that_was_wrong_is_checked_anew(session: Session, work_as: WorkAs) -> None:
    scenario = desk.submitted(session)
    desk.walk(session, scenario, "refuse")
    filed = appealed(session, work_as, scenario)
    hub = work_as("per_hub_officer")
    appeals.take(hub, filed.id, "accept")
    session.flush()
    with session.no_autoflush, pytest.raises(StepRefused) as never:
        appeals.take(hub, filed.id, "uphold", remedy="reassess", reason="assess it")
    session.refresh(filed)

    appeals.take(hub, filed.id, "uphold", remedy="recheck", reason="it is complete")
    session.flush()

    assert refused(never) == ["NOT_ASSESSED"]
    assert (scenario.state, scenario.round) == (State.FORMAL_CHECK, 1)


def test_what_departments_refused_is_asked_for_again_in_another_round(
    session: Session, work_as: WorkAs
) -> None:
    scenario = desk.submitted(session)
    desk.walk(session, scenario, *desk.TO_PANEL)
    desk.walk(session, scenario, "reject")
    filed = appealed(session, work_as, scenario)
    hub = work_as("per_hub_officer")
    appeals.take(hub, filed.id, "accept")

    appeals.take(hub, filed.id, "uphold", remedy="recheck", reason="ask again")
    session.flush()
    desk.walk(session, scenario, *desk.TO_PANEL)

    assert (scenario.state, scenario.round) == (State.PANEL_FORMING, 2)


def test_an_appeal_comes_once_and_in_time_and_against_a_no(
    session: Session, work_as: WorkAs
) -> None:
    scenario, _ = failed(session)
    late = work_as("per_developer_editor", at=NOON + timedelta(days=30))
    with pytest.raises(StepRefused) as too_late:
        appeals.file(late, scenario.id, reason="misread")
    appealed(session, work_as, scenario)
    with pytest.raises(StepRefused) as twice:
        appealed(session, work_as, scenario)
    (code,) = {code for code, _ in scenario.asked.items}
    draft = desk.applied(session, code, title="Another")
    with pytest.raises(StepRefused) as nothing:
        appealed(session, work_as, draft)
    with pytest.raises(NotFound):
        appeals.file(work_as("per_other_editor"), scenario.id, reason="misread")

    assert refused(too_late) == ["APPEAL_LATE"]
    assert refused(twice) == ["APPEALED_ALREADY"]
    assert refused(nothing) == ["NOTHING_TO_APPEAL"]


def test_an_appeal_is_seen_by_applicant_agency_and_authority(
    session: Session, work_as: WorkAs
) -> None:
    scenario, _ = failed(session)
    filed = appealed(session, work_as, scenario)

    for person in ("per_developer_editor", "per_agency_officer", "per_hub_officer"):
        work = work_as(person)
        assert appeals.seen(work, filed.id) is filed
        here = appeals.listed(work, scenario_id=scenario.id, after=None, limit=5)
        assert here.items == [filed]
    with pytest.raises(NotFound):
        appeals.seen(work_as("per_buyer_editor"), filed.id)
    with pytest.raises(NotFound):
        appeals.find(session, "apl_nowhere")
    with pytest.raises(StepNotAllowed):
        appeals.take(work_as("per_agency_approver"), filed.id, "accept")
