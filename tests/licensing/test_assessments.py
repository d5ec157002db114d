from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel import journal
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.work import Work
from licensing import assessments, scenarios
from licensing.assessing import experts, members, panel, score_sheets
from licensing.assessing.members import PanelMember
from licensing.assessing.panel import PanelNotPossible
from licensing.assessments import State
from licensing.scenarios import Scenario
from tests.conftest import NOON, work_of
from tests.licensing import desk, hall

WorkAs = Callable[..., Work]


def refused(error: pytest.ExceptionInfo[StepRefused]) -> list[str]:
    return [refusal.code for refusal in error.value.refusals]


def test_the_seed_is_committed_to_before_the_draw_and_shown_with_it(session: Session) -> None:
    made = hall.planned(session)

    hidden = made.seed
    hall.go(session, made, "draw")

    plan, draw = journal.history(session, made.id, limit=9)
    assert hidden is None
    assert hall.SEED not in str(plan.data)
    assert hall.SEED not in made.sealed_seed
    assert plan.data["commitment"] == panel.commit(hall.SEED) == panel.commit(draw.data["seed"])
    assert plan.sequence < draw.sequence
    assert draw.data["members"] == hall.serving(session, made)


def test_without_a_given_seed_there_is_a_secret_one(session: Session, work_as: WorkAs) -> None:
    hall.pool(session)
    made = assessments.plan(work_as("per_agency_secretary"), hall.waiting(session).id)
    session.flush()

    hall.go(session, made, "draw")

    assert made.seed is not None
    assert len(made.seed) > 40


def test_the_draw_can_be_repeated_by_anybody(session: Session, work_as: WorkAs) -> None:
    made = hall.planned(session)
    hub = work_as("per_hub_officer")
    with pytest.raises(StepRefused) as early:
        assessments.redraw(hub, made.id)

    hall.go(session, made, "draw")
    proof = assessments.redraw(hub, made.id)

    assert refused(early) == ["SEED_SECRET"]
    assert proof.holds
    assert proof.members == tuple(hall.serving(session, made))
    assert (proof.seed, proof.commitment) == (hall.SEED, made.seed_commitment)


@pytest.mark.parametrize(
    "change",
    [{"seed": "another"}, {"seed_commitment": "0" * 64}, {"pool_fingerprint": "0" * 64}],
)
def test_a_draw_that_was_tampered_with_is_found_out(
    session: Session, work_as: WorkAs, change: dict[str, str]
) -> None:
    made = hall.planned(session)
    hall.go(session, made, "draw")

    session.execute(update(assessments.Assessment).values(change))
    session.expire_all()

    assert not assessments.redraw(work_as("per_hub_officer"), made.id).holds


def test_a_panel_is_odd_and_of_every_speciality(session: Session) -> None:
    made = hall.planned(session)
    hall.go(session, made, "draw")

    drawn = [experts.find(session, one) for one in hall.serving(session, made)]

    assert len(drawn) == 5
    assert {able for one in drawn for able in one.specialities} == set(hall.SPECIALITIES)
    assert made.serving == [one.person_id for one in drawn]


def test_a_high_risk_takes_a_panel_of_seven(session: Session) -> None:
    hall.pool(session)
    scenario = hall.waiting(session)
    scenario.risk = {"impact": 4, "likelihood": 3, "grade": "high"}

    made = hall.plan(session, scenario)
    hall.go(session, made, "draw")

    assert len(made.serving) == 7


def test_a_pool_that_is_too_small_gives_no_panel(session: Session) -> None:
    made = hall.planned(session, size=4)

    with pytest.raises(PanelNotPossible):
        hall.go(session, made, "draw")


def test_those_in_conflict_are_not_drawn(session: Session, work_as: WorkAs) -> None:
    tied, operator, applicant, officer, *free = hall.pool(session)
    secretary = work_as("per_agency_secretary")
    experts.declare_tie(secretary, tied.id, organisation_id="org_developer", kind="adviser")
    operator.employer_uscc = "91430000MAA0000211"
    applicant.employer_uscc = "91430104MAA00003XP"
    scenario = hall.waiting(session)
    work_of(session, officer.person_id).record("scenario.read", scenario.id)
    session.flush()

    made = hall.plan(session, scenario)
    hall.go(session, made, "draw")

    barred = {one["expert"] for one in made.pool if one["conflicted"] or one["from_operator"]}
    assert barred == {tied.id, operator.id, applicant.id, officer.id}
    assert set(hall.serving(session, made)) <= {one.id for one in free}


def test_at_least_half_come_from_outside_the_agency(session: Session) -> None:
    for one in hall.pool(session)[:6]:
        one.outside = False
    made = hall.plan(session, hall.waiting(session))
    hall.go(session, made, "draw")

    inside = sum(not experts.find(session, one).outside for one in hall.serving(session, made))

    assert inside <= 2


@pytest.mark.parametrize("person", ["per_agency_officer", "per_hub_officer"])
def test_only_the_secretary_plans(session: Session, work_as: WorkAs, person: str) -> None:
    scenario = hall.waiting(session)

    with pytest.raises(StepNotAllowed):
        assessments.plan(work_as(person), scenario.id)


def test_a_scenario_that_waits_for_no_panel_is_not_assessed(
    session: Session, work_as: WorkAs
) -> None:
    scenario = desk.submitted(session)

    with pytest.raises(StepRefused) as error:
        assessments.plan(work_as("per_agency_secretary"), scenario.id)

    assert refused(error) == ["ILLEGAL_TRANSITION"]


def test_one_round_has_one_assessment(session: Session) -> None:
    made = hall.planned(session)

    with pytest.raises(IntegrityError):
        hall.plan(session, session.get_one(Scenario, made.scenario_id))


def test_a_void_assessment_makes_room_for_another(session: Session) -> None:
    made = hall.scoring(session)
    hall.go(session, made, "void")
    scenario = session.get_one(Scenario, made.scenario_id)

    another = hall.plan(session, scenario)

    assert (made.state, another.state) == (State.VOID, State.PLANNED)
    assert scenario.state == scenarios.State.PANEL_FORMING


def test_a_plan_that_is_voided_leaves_the_scenario_where_it_is(session: Session) -> None:
    made = hall.planned(session)

    hall.go(session, made, "void")

    assert scenarios.find(session, made.scenario_id).state == scenarios.State.PANEL_FORMING


def test_a_member_in_conflict_is_replaced_and_the_record_stays(
    session: Session, work_as: WorkAs
) -> None:
    made = hall.planned(session)
    hall.go(session, made, "draw")
    before, leaving = hall.serving(session, made), made.serving[0]

    assessments.declare(work_as(leaving), made.id, conflicted=True, reason="advises the applicant")

    after = hall.serving(session, made)
    (gone,) = [one for one in members.of(session, made.id) if one.standing == "replaced"]
    assert (gone.expert_id, gone.position, gone.left_round) == (before[0], 1, 2)
    assert gone.reason == "advises the applicant"
    assert after[1:] == before[1:]
    assert after[0] not in before
    assert leaving not in made.serving
    assert assessments.redraw(work_as("per_hub_officer"), made.id).holds


def test_the_secretary_replaces_several_and_the_draw_still_holds(
    session: Session, work_as: WorkAs
) -> None:
    made = hall.planned(session)
    hall.go(session, made, "draw")
    secretary = work_as("per_agency_secretary")

    for _ in range(2):
        gone = hall.serving(session, made)[2]
        assessments.replace(secretary, made.id, expert_id=gone, reason="a relative works there")
        session.flush()

    proof = assessments.redraw(secretary, made.id)
    assert (len(proof.removed), proof.holds) == (2, True)


def test_a_member_gives_up_no_seat_but_the_own(session: Session, work_as: WorkAs) -> None:
    made = hall.planned(session)
    hall.go(session, made, "draw")
    own, *_, other = hall.serving(session, made)
    work = work_as(made.serving[0])

    with pytest.raises(StepNotAllowed):
        assessments.replace(work, made.id, expert_id=other, reason="I do not like them")
    with pytest.raises(Invalid) as error:
        assessments.replace(
            work_as("per_agency_secretary"), made.id, expert_id="exp_x", reason="gone"
        )
    assessments.replace(work, made.id, expert_id=own, reason="my brother works there")

    assert error.value.pointer == "/expert_id"
    assert own not in hall.serving(session, made)


def test_a_conflict_needs_a_reason(session: Session, work_as: WorkAs) -> None:
    made = hall.planned(session)
    hall.go(session, made, "draw")

    with pytest.raises(StepRefused, match="must be given"):
        assessments.declare(work_as(made.serving[0]), made.id, conflicted=True)


def test_a_replacement_always_has_a_reason_in_the_database(session: Session) -> None:
    made = hall.planned(session)
    hall.go(session, made, "draw")

    with pytest.raises(IntegrityError, match="replacement_has_reason"):
        session.execute(update(PanelMember).values(left_round=2))


def test_who_is_not_on_the_panel_declares_nothing(session: Session, work_as: WorkAs) -> None:
    made = hall.planned(session)
    hall.go(session, made, "draw")

    with pytest.raises(StepNotAllowed):
        assessments.declare(work_as("per_agency_secretary"), made.id, conflicted=True, reason="x")


def test_a_panel_is_confirmed_when_all_have_declared(session: Session, work_as: WorkAs) -> None:
    made = hall.planned(session)
    hall.go(session, made, "draw")
    for person in made.serving[:4]:
        assessments.declare(work_as(person), made.id, conflicted=False)

    with pytest.raises(StepRefused) as error:
        hall.go(session, made, "clear")
    assessments.declare(work_as(made.serving[4]), made.id, conflicted=False)
    hall.go(session, made, "clear")

    assert refused(error) == ["DECLARATION_MISSING"]
    assert made.state == State.READY


def test_opening_the_documents_begins_the_assessment_of_the_scenario(session: Session) -> None:
    made = hall.scoring(session)

    scenario = scenarios.find(session, made.scenario_id)

    assert (made.state, scenario.state) == (State.SCORING, scenarios.State.ASSESSING)
    assert scenario.assessment_id == made.id
    assert desk.clock_key(session, scenario.id) == "clocks.assessment"
    assert "pi_protection" not in made.standard["weights"]


def test_a_scope_that_has_changed_is_not_opened(session: Session) -> None:
    made = hall.planned(session)
    hall.go(session, made, "draw", "declare", "clear")
    scenarios.find(session, made.scenario_id).scope_hash = "0" * 64

    with pytest.raises(StepRefused) as error:
        hall.go(session, made, "open_documents")

    assert refused(error) == ["SCOPE_CHANGED"]


def test_sheets_are_blind_until_the_tally(session: Session, work_as: WorkAs) -> None:
    made = hall.scoring(session)
    hall.score(session, made, *hall.SCORES)
    first, second = work_as(made.serving[0]), work_as("per_agency_secretary")

    own = assessments.sheets(first, made.id)
    secretary = assessments.sheets(second, made.id)
    hall.go(session, made, "tally")

    assert [row.person_id for row in own] == [made.serving[0]]
    assert secretary == []
    assert len(assessments.sheets(first, made.id)) == 5
    assert len(assessments.sheets(second, made.id)) == 5


def test_no_score_is_in_the_journal(session: Session) -> None:
    made = hall.scoring(session)
    hall.score(session, made, 8200)

    (*_, event) = journal.history(session, made.id, limit=99)

    assert event.kind == "assessment.sheet_signed"
    assert set(event.data) == {"before", "after", "expert_id", "digest"}


def test_a_sheet_is_signed_once_and_never_changed(session: Session, work_as: WorkAs) -> None:
    made = hall.scoring(session)
    hall.score(session, made, 8200)

    with pytest.raises(StepRefused) as error:
        hall.score(session, made, 9900)
    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(text("UPDATE score_sheets SET total = 10000"))

    assert refused(error) == ["SHEET_SIGNED"]


def test_nobody_else_signs_a_sheet(session: Session, work_as: WorkAs) -> None:
    made = hall.scoring(session)

    with pytest.raises(StepNotAllowed):
        assessments.submit_sheet(work_as("per_agency_secretary"), made.id, **hall.sheet(made, 8000))


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"verdict": "perhaps"}, "/verdict"),
        ({"verdict": "agree_with_condition"}, "/conditions"),
        ({"conditions": ["only by day"]}, "/conditions"),
        ({"struck": [("CAT-430000-000001", "WSPM")]}, "/struck"),
        ({"scores": {"legality": 8000}}, "/scores"),
        ({"scores": {"legality": 10001}}, "/scores/legality"),
        ({"vetoed": ["benefit"]}, "/vetoed"),
    ],
)
def test_a_sheet_must_be_complete(
    session: Session, work_as: WorkAs, changes: dict[str, Any], pointer: str
) -> None:
    made = hall.scoring(session)

    with pytest.raises(Invalid) as error:
        hall.score(session, made, 8000, **changes)

    assert error.value.pointer == pointer
    assert score_sheets.of(session, made.id) == []


def test_a_low_score_needs_a_comment(session: Session) -> None:
    made = hall.scoring(session)
    low = hall.sheet(made, 8000)["scores"] | {"benefit": 5999}

    with pytest.raises(Invalid) as error:
        hall.score(session, made, 8000, scores=low, comments={"benefit": " too short           "})
    hall.score(session, made, 8000, scores=low, comments={"benefit": "nobody but one gains by it"})

    assert error.value.pointer == "/comments/benefit"
    assert len(score_sheets.of(session, made.id)) == 1


def test_the_five_sheets_of_the_story_come_to_78_70(session: Session) -> None:
    made = hall.concluded(session)

    found = assessments.recompute(session, made.id)

    assert (made.result, made.mean) == ("pass", 7870)
    assert (found.result, found.mean) == ("pass", 7870)
    assert scenarios.find(session, made.scenario_id).state == scenarios.State.DECIDING


def test_struck_items_and_conditions_go_to_the_scenario(session: Session) -> None:
    made = hall.scoring(session)
    scenario = scenarios.find(session, made.scenario_id)
    item = next(iter(scenario.asked.items))
    hall.score(
        session, made, *hall.SCORES, struck=[item],
        verdict="agree_with_condition", conditions=["by day only"],
    )  # fmt: skip
    hall.go(session, made, "tally", "conclude")

    assert (made.result, made.conditions) == ("conditional_pass", ["by day only"])
    assert scenario.state == scenarios.State.AWAITING_CONDITIONS
    assert item not in scenario.asked.items
    assert "by day only" in scenario.conditions


def test_a_middling_mean_sends_the_scenario_back(session: Session) -> None:
    made = hall.concluded(session, (7000,) * 5)

    scenario = scenarios.find(session, made.scenario_id)

    assert made.result == "revise"
    assert scenario.state == scenarios.State.REVISING


def test_a_veto_of_most_fails_the_case_with_reasons(session: Session) -> None:
    made = hall.concluded(session, hall.SCORES, vetoed=["legality"])

    scenario = scenarios.find(session, made.scenario_id)

    assert made.result == "fail"
    assert [reason["code"] for reason in made.reasons] == ["VETOED"]
    assert scenario.state == scenarios.State.REJECTED
    assert "一票否决" in str(scenario.decision_reason)


def test_missing_sheets_are_waited_for(session: Session) -> None:
    made = hall.scoring(session)
    hall.score(session, made, *hall.SCORES[:4])

    with pytest.raises(StepRefused) as error:
        hall.go(session, made, "tally")

    assert refused(error)[0] == "SHEETS_MISSING"


def test_after_the_deadline_a_quorum_suffices(session: Session) -> None:
    made = hall.planned(session)
    hall.go(session, made, *hall.TO_SCORING)
    sitting = dict(zip(made.serving, hall.serving(session, made), strict=True))
    able = {one: experts.find(session, sitting[one]).specialities[0] for one in made.serving}
    spare = next(one for one in made.serving if list(able.values()).count(able[one]) > 1)
    for person in made.serving:
        if person != spare:
            work = work_of(session, person)
            assessments.submit_sheet(work, made.id, **hall.sheet(made, 8000))
    session.flush()

    hall.go(session, made, "tally", at=NOON + timedelta(days=30))

    assert made.state == State.TALLIED


def test_without_a_quorum_nothing_is_concluded_and_no_sheet_is_shown(
    session: Session, work_as: WorkAs
) -> None:
    made = hall.scoring(session)
    hall.score(session, made, 8000)

    hall.go(session, made, "tally", at=NOON + timedelta(days=30))

    with pytest.raises(StepRefused) as error:
        hall.go(session, made, "conclude", at=NOON + timedelta(days=30))
    assert refused(error)[0] == "QUORUM_TOO_FEW"
    assert assessments.sheets(work_as("per_agency_secretary"), made.id) == []


def test_a_panel_without_a_quorum_is_drawn_again_for_the_absent(
    session: Session, work_as: WorkAs
) -> None:
    later = NOON + timedelta(days=30)
    made = hall.scoring(session)
    present = made.serving[0]
    hall.score(session, made, 8000)
    with pytest.raises(StepRefused) as early:
        hall.redraw(session, made, at=later)
    hall.go(session, made, "tally", at=later)

    hall.redraw(session, made, at=later)
    drawn = made.state
    hall.go(session, made, "declare", "clear", "open_documents", at=later)

    proof = assessments.redraw(work_as("per_hub_officer"), made.id)
    assert refused(early) == ["ILLEGAL_TRANSITION"]
    assert drawn == State.DRAWN
    assert present in made.serving
    assert (len(made.serving), len(proof.removed), proof.holds) == (5, 4, True)
    assert scenarios.find(session, made.scenario_id).state == scenarios.State.ASSESSING
    assert len(score_sheets.of(session, made.id)) == 1


def test_with_a_quorum_nobody_is_drawn_again(session: Session) -> None:
    made = hall.scoring(session)
    hall.score(session, made, *hall.SCORES)
    hall.go(session, made, "tally")

    with pytest.raises(StepRefused) as error:
        hall.redraw(session, made)

    assert refused(error) == ["QUORUM_REACHED"]


def test_a_sheet_is_superseded_with_a_reason_and_the_old_one_stays(
    session: Session, work_as: WorkAs
) -> None:
    made = hall.scoring(session)
    work = work_as(made.serving[0])
    with pytest.raises(StepRefused) as early:
        assessments.supersede_sheet(work, made.id, reason="x", **hall.sheet(made, 9000))
    hall.score(session, made, *hall.SCORES)
    hall.go(session, made, "tally")

    assessments.supersede_sheet(work, made.id, reason="misread", **hall.sheet(made, 9000))
    session.flush()
    reopened = made.state
    hall.go(session, made, "tally", "conclude")

    first, second = [
        row for row in score_sheets.every(session, made.id) if row.person_id == made.serving[0]
    ]
    assert refused(early) == ["NO_SHEET"]
    assert reopened == State.SCORING
    assert (first.total, first.edition, first.superseding) == (8200, 1, None)
    assert (second.total, second.edition, second.superseding) == (9000, 2, "misread")
    assert made.mean == 8030
    with pytest.raises(StepRefused) as late:
        assessments.supersede_sheet(work, made.id, reason="again", **hall.sheet(made, 9900))
    assert refused(late) == ["ILLEGAL_TRANSITION"]


def test_a_panel_that_strikes_everything_fails_the_case(session: Session) -> None:
    made = hall.scoring(session)
    everything = list(scenarios.find(session, made.scenario_id).asked.items)

    hall.score(session, made, *hall.SCORES, struck=everything)
    hall.go(session, made, "tally", "conclude")

    assert (made.result, [one["code"] for one in made.reasons]) == ("fail", ["ALL_STRUCK"])
    assert scenarios.find(session, made.scenario_id).state == scenarios.State.REJECTED


def test_a_conflict_found_while_they_score_voids_the_sheet_and_gives_the_seat_away(
    session: Session, work_as: WorkAs
) -> None:
    made = hall.scoring(session)
    hall.score(session, made, *hall.SCORES[:2])
    gone = hall.serving(session, made)[0]

    assessments.void_sheet(
        work_as("per_agency_secretary"), made.id, expert_id=gone, reason="a brother there"
    )
    session.flush()

    assert made.state == State.DRAWN
    assert gone not in hall.serving(session, made)
    assert [row.expert_id for row in score_sheets.of(session, made.id)] != [gone]
    assert score_sheets.voided(session, made.id)[gone].reason == "a brother there"
    assert len(score_sheets.every(session, made.id)) == 2


def test_a_conflict_found_later_that_changes_nothing_lets_the_result_stand(
    session: Session, work_as: WorkAs
) -> None:
    made = hall.concluded(session, (8000, 8000, 8000, 8000, 9000))
    gone = _spare(session, made)
    before = made.mean

    assessments.void_sheet(
        work_as("per_hub_supervisor"), made.id, expert_id=gone, reason="a paid adviser"
    )
    session.flush()

    assert (made.state, made.result) == (State.CONCLUDED, "pass")
    assert made.mean == assessments.recompute(session, made.id).mean
    assert before == 8200
    assert assessments.recomputed(work_as("per_hub_officer"), made.id).holds


def test_a_conflict_that_breaks_the_quorum_voids_the_assessment(
    session: Session, work_as: WorkAs
) -> None:
    made = hall.concluded(session)
    scenario = scenarios.find(session, made.scenario_id)
    secretary = work_as("per_agency_secretary")
    with pytest.raises(Invalid) as nobody:
        assessments.void_sheet(secretary, made.id, expert_id="exp_x", reason="gone")

    for gone in hall.serving(session, made)[:2]:
        if made.state == State.CONCLUDED:
            assessments.void_sheet(secretary, made.id, expert_id=gone, reason="related")
            session.flush()

    (*_, told) = journal.history(session, made.id, limit=99)
    assert nobody.value.pointer == "/expert_id"
    assert (made.state, made.result) == (State.VOID, "pass")
    assert scenario.state == scenarios.State.PANEL_FORMING
    assert (told.kind, told.data["scenario_id"]) == ("assessment.annulled", scenario.id)
    another = hall.plan(session, scenario)
    barred = {one["expert"] for one in another.pool if "left" in one["why"]}
    assert barred == set(score_sheets.voided(session, made.id))


def test_what_a_voided_assessment_struck_is_asked_for_again(
    session: Session, work_as: WorkAs
) -> None:
    made = hall.scoring(session)
    scenario = scenarios.find(session, made.scenario_id)
    item, whole = next(iter(scenario.asked.items)), scenario.scope_hash
    hall.score(
        session, made, *hall.SCORES, struck=[item],
        verdict="agree_with_condition", conditions=["by day only"],
    )  # fmt: skip
    hall.go(session, made, "tally", "conclude")
    narrowed = scenario.scope_hash

    assessments.annul(work_as("per_hub_officer"), made, "the panel was told what to say")

    assert narrowed != whole
    assert scenario.scope_hash == whole
    assert item in scenario.asked.items
    assert scenario.conditions == []


def test_the_next_round_keeps_the_panel(session: Session) -> None:
    made = hall.concluded(session, (7000,) * 5)
    scenario = scenarios.find(session, made.scenario_id)
    desk.walk(session, scenario, "resubmit_revised", *desk.TO_PANEL)

    again = hall.plan(session, scenario)
    hall.go(session, again, "draw")

    assert (again.round, len(again.kept)) == (2, 5)
    assert set(hall.serving(session, again)) == set(hall.serving(session, made))


def test_a_failed_purpose_is_known_for_as_long_as_one_asks(session: Session) -> None:
    made = hall.concluded(session, (4000,) * 5, comments=dict.fromkeys(
        ("legality", "necessity", "security", "feasibility", "benefit"), "not good enough at all"
    ))  # fmt: skip
    scenario = scenarios.find(session, made.scenario_id)
    fingerprint, today = scenario.purpose_fingerprint, NOON.date()

    assert assessments.failed_since(session, fingerprint, today)
    assert not assessments.failed_since(session, fingerprint, today + timedelta(days=1))
    assert not assessments.failed_since(session, "another", today)


def test_the_quorum_is_told_without_a_score(session: Session, work_as: WorkAs) -> None:
    made = hall.scoring(session)
    hall.score(session, made, 8000)

    told = assessments.quorum(work_as("per_agency_secretary"), made.id)

    assert (told.sheets, told.size) == (1, 5)
    assert told.missing[0].code == "QUORUM_TOO_FEW"
    with pytest.raises(NotFound):
        assessments.recomputed(work_as("per_agency_secretary"), made.id)


def _spare(session: Session, made: assessments.Assessment) -> str:
    sitting = hall.serving(session, made)
    able = {one: experts.find(session, one).specialities[0] for one in sitting}
    return next(one for one in sitting if list(able.values()).count(able[one]) > 1)


@pytest.mark.parametrize(
    "person", ["per_developer_editor", "per_dept_editor", "per_exchange_listing", "per_expert_12"]
)
def test_others_see_no_assessment(session: Session, work_as: WorkAs, person: str) -> None:
    hall.pool(session, 11)
    made = hall.plan(session, hall.waiting(session))
    work = work_as(person)

    with pytest.raises(NotFound) as foreign:
        assessments.seen(work, made.id)
    with pytest.raises(NotFound) as missing:
        assessments.seen(work, "asm_nowhere")

    assert foreign.value.zh == missing.value.zh
    assert assessments.listed(work, after=None, limit=5).items == []


def test_panel_agency_and_authority_see_it(session: Session, work_as: WorkAs) -> None:
    made = hall.scoring(session)

    for person in (made.serving[0], "per_agency_officer", "per_hub_officer", "system"):
        work = work_as(person)
        assert assessments.seen(work, made.id) is made
        assert assessments.listed(work, after=None, limit=5).items == [made]
        here = assessments.listed(work, scenario_id=made.scenario_id, after=None, limit=5)
        elsewhere = assessments.listed(work, scenario_id="scn_x", after=None, limit=5)
        assert (here.items, elsewhere.items) == ([made], [])


def test_sheets_of_a_void_assessment_stay_with_their_experts(
    session: Session, work_as: WorkAs
) -> None:
    made = hall.scoring(session)
    hall.score(session, made, 8000)
    hall.go(session, made, "void")

    assert assessments.sheets(work_as("per_agency_secretary"), made.id) == []
    assert len(assessments.sheets(work_as(made.serving[0]), made.id)) == 1


def test_who_is_not_on_the_panel_has_no_seat(session: Session, work_as: WorkAs) -> None:
    made = hall.scoring(session)

    with pytest.raises(StepNotAllowed):
        members.seat_of(work_as("per_agency_secretary"), made.id)
