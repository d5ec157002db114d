"""The invariants of assessment, I-39 to I-43, each by its number, on both databases."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from kernel import journal, watch
from kernel.deadlines import Light
from kernel.errors import StepRefused
from kernel.parties import relations
from kernel.work import Work
from licensing import agreements, assessments, authorisations, consents, scenarios
from licensing.assessing import experts, members, panel, replays, score_sheets
from licensing.scenarios import State
from tests.conftest import NOON, work_of
from tests.licensing import desk, hall

WorkAs = Callable[..., Work]
LATER = NOON + timedelta(days=12)


def test_i_39_the_panel_is_odd_covers_every_speciality_and_the_result_recomputes(
    session: Session,
) -> None:
    made = hall.concluded(session)

    again = assessments.recompute(session, made.id)
    signed = {row.expert_id for row in score_sheets.of(session, made.id)}
    able = {able for one in signed for able in experts.find(session, one).specialities}
    conflicted = {one["expert"] for one in made.pool if one["conflicted"]}

    assert made.size % 2 == 1
    assert able == set(hall.SPECIALITIES)
    assert not signed & conflicted
    assert (again.result, again.mean) == (made.result, made.mean)
    assert replays.check(session) == []


def test_i_39_a_conflict_found_after_the_issue_suspends_at_once_and_is_assessed_anew(
    session: Session, work_as: WorkAs
) -> None:
    made = hall.concluded(session)
    scenario = scenarios.find(session, made.scenario_id)
    desk.walk(session, scenario, "authorise")
    desk.walk(session, scenario, "close_publicity", at=LATER)
    first = authorisations.find(session, str(scenario.authorisation_id))
    secretary = work_as("per_agency_secretary", at=LATER)

    for gone in hall.serving(session, made)[:2]:
        if made.result is not None and made.state != assessments.State.VOID:
            assessments.void_sheet(secretary, made.id, expert_id=gone, reason="owns shares")
            session.flush()
    held = (first.state, first.suspend_reason, scenario.state)
    another = assessments.plan(secretary, scenario.id)
    session.flush()
    hall.go(session, another, *hall.TO_SCORING, at=LATER)
    for person in another.serving:
        assessments.submit_sheet(
            work_of(session, person, at=LATER), another.id, **hall.sheet(another, 8000)
        )
    session.flush()
    hall.go(session, another, "tally", "conclude", at=LATER)
    desk.walk(session, scenario, "authorise", at=LATER)
    desk.walk(session, scenario, "close_publicity", at=LATER + timedelta(days=12))

    second = authorisations.find(session, str(scenario.authorisation_id))
    assert held == ("suspended", "coi_found", State.PANEL_FORMING)
    assert first.state == authorisations.State.REVOKED
    assert (second.state, second.assessment_id) == (authorisations.State.ISSUED, another.id)
    assert scenario.state == State.AUTHORISED


def test_i_39_whom_the_parties_are_related_to_is_looked_for_too(
    session: Session, work_as: WorkAs
) -> None:
    near, *_ = hall.pool(session)
    secretary = work_as("per_agency_secretary")
    experts.declare_tie(secretary, near.id, organisation_id="org_other", kind="adviser")
    scenario = hall.waiting(session)
    relations.declare(
        work_as("per_hub_supervisor"),
        "org_developer",
        relations.Kind.CONTROLS,
        relations.Other(name="Demo Bystander", uscc="91330100799655058B"),
    )
    session.flush()

    pool = members.frozen(secretary, scenario)

    (found,) = [one for one in pool if one["expert"] == near.id]
    assert (found["conflicted"], found["why"]) == (True, ["tied"])


def test_i_40_the_commitment_precedes_the_draw_and_the_draw_repeats(
    session: Session, work_as: WorkAs
) -> None:
    made = hall.planned(session)
    hall.go(session, made, "draw")
    gone = hall.serving(session, made)[0]
    assessments.replace(
        work_as("per_agency_secretary"), made.id, expert_id=gone, reason="a relative"
    )
    session.flush()

    planned, drawn, _ = journal.history(session, made.id, limit=9)
    proof = assessments.redraw(work_as("per_hub_officer"), made.id)

    assert planned.sequence < drawn.sequence
    assert planned.data["commitment"] == panel.commit(drawn.data["seed"])
    assert (proof.removed, proof.holds) == ((gone,), True)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE score_sheets SET total = 10000",
        "DELETE FROM score_sheets",
        "UPDATE voided_sheets SET reason = 'none'",
        "DELETE FROM voided_sheets",
        "UPDATE opinion_items SET verdict = 'agree'",
        "DELETE FROM opinion_items",
    ],
)
def test_i_41_what_was_signed_cannot_be_changed_in_the_database(
    session: Session, work_as: WorkAs, statement: str
) -> None:
    made = hall.scoring(session)
    hall.score(session, made, *hall.SCORES)
    hall.go(session, made, "tally")
    assessments.void_sheet(
        work_as("per_agency_secretary"),
        made.id,
        expert_id=hall.serving(session, made)[0],
        reason="owns shares",
    )
    session.flush()

    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text(statement))


def test_i_41_no_expert_reads_another_sheet_before_the_tally(
    session: Session, work_as: WorkAs
) -> None:
    made = hall.scoring(session)
    hall.score(session, made, *hall.SCORES)

    for person in made.serving:
        seen = assessments.sheets(work_as(person), made.id)
        assert [row.person_id for row in seen] == [person]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE scenarios SET state = 'rejected', decision_cause = NULL, decision_reason = 'x'",
        "UPDATE opinions SET state = 'disagreed', reason = NULL",
        "UPDATE panel_members SET left_round = 2",
    ],
)
def test_i_42_no_no_without_its_reason_reaches_the_database(
    session: Session, statement: str
) -> None:
    hall.scoring(session)

    with pytest.raises(IntegrityError):
        session.execute(text(statement))


def test_i_43_silence_changes_nothing_but_the_light(session: Session, work_as: WorkAs) -> None:
    made = desk.submitted(session)
    desk.walk(session, made, *desk.TO_OPINIONS, "grade_risk")
    much_later = desk.days_later(60)
    system = work_as("system", at=much_later)
    clock = watch.running(session, made.id)
    assert clock is not None

    due = [one.subject for one in watch.overdue(session, much_later.date(), limit=200)]
    scenarios.advance(system, made)

    assert made.id not in due
    assert clock.overdue_step is None
    assert watch.light(clock, system.calendar, much_later.date()) == Light.RED
    assert (made.state, desk.opinion_of(session, made).state) == (State.DEPT_OPINION, "asked")
    with pytest.raises(StepRefused) as error:
        desk.walk(session, made, "opinions_in", at=much_later)
    assert [one.code for one in error.value.refusals] == ["OPINION_MISSING"]


@pytest.mark.parametrize(
    ("outputs", "state"), [(["aggregate_report"], "agreed"), (["score"], "asked")]
)
def test_i_43_only_a_clause_of_the_department_answers_for_it(
    session: Session, outputs: list[str], state: str
) -> None:
    code = desk.directory(session)
    rule = {
        "purpose_codes": ["weather_insurance"], "risk_max": "low", "output_forms": outputs,
    }  # fmt: skip
    supplied = desk.effective(session, code, standing_consent_rules=[rule])
    made = desk.applied(session, code)
    desk.walk(session, made, "submit", *desk.TO_OPINIONS)
    asked = desk.opinion_of(session, made)
    before = asked.state

    desk.walk(session, made, "grade_risk")

    assert before == consents.State.ASKED
    assert asked.state == state
    assert made.state == (State.PANEL_FORMING if state == "agreed" else State.DEPT_OPINION)
    if asked.clause is not None:
        told = journal.history(session, asked.id, limit=9)[-1]
        assert agreements.find(session, supplied.id).id in asked.clause
        assert (told.kind, told.person) == ("opinion.agreed_beforehand", "system")
    else:
        assert state == "asked"
