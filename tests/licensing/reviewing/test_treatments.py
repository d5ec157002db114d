"""Coarser treatments: advised by departments and experts, carried into the authorisation."""

from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel import journal
from kernel.errors import Invalid
from licensing import assessments, authorisations, consents, scenarios, scope
from licensing.applications import items, opinions
from licensing.applications.cases import Scenario
from licensing.applications.opinions import OpinionItem
from licensing.assessing import replays
from licensing.assessments import Assessment
from licensing.pleading import recommendations
from licensing.scope import Transform
from tests.conftest import NOON, WorkAs, work_of
from tests.licensing import desk, hall
from tests.licensing.reviewing import bench
from tests.licensing.reviewing.bench import RAIN, TEMP

MASKED, GENERALISED, AGGREGATED = Transform.MASKED, Transform.GENERALISED, Transform.AGGREGATED


def answered(session: Session, *given: Any) -> Scenario:
    """Have the department answer, and the risk graded."""
    made = bench.submitted(session)
    desk.walk(session, made, *desk.TO_OPINIONS, "grade_risk")
    opinion = desk.opinion_of(session, made)
    consents.answer(work_of(session, "per_dept_approver"), opinion.id, items=given)
    session.flush()
    return made


def scoring(session: Session, *given: Any) -> Assessment:
    """Bring a case, answered by its department, to where the panel scores."""
    made = answered(session, *(given or (bench.answer(RAIN), bench.answer(TEMP))))
    hall.pool(session)
    panel = hall.plan(session, made)
    hall.go(session, panel, *hall.TO_SCORING)
    return panel


def scored(session: Session, panel: Assessment, *wishes: Any) -> None:
    """Have every member sign, each with its own wishes, and conclude."""
    for person, wish in zip(panel.serving, [*wishes, *[{}] * 5], strict=False):
        hall.sign(session, panel, person, 8000, **wish)
    hall.go(session, panel, "tally", "conclude")


# --- departments -------------------------------------------------------------------------


def test_a_department_agrees_to_an_item_in_a_coarser_form(session: Session) -> None:
    made = answered(session, bench.coarser(RAIN, "aggregated"), bench.answer(TEMP))

    (opinion,) = consents.of(session, made.id, 1)
    assert made.state == scenarios.State.PANEL_FORMING
    assert made.asked.items == {RAIN: AGGREGATED, TEMP: MASKED}
    assert opinion.condition == "a coarser form is enough"
    assert opinions.coarser(session, made.id, 1) == {RAIN: AGGREGATED}
    told = [event for event in journal.history(session, made.id, limit=20)
            if event.kind == "scenario.opinions_in"]  # fmt: skip
    assert told[0].data["coarsened"] == [[*RAIN, "aggregated"]]
    assert told[0].data["scope_hash"] == made.scope_hash


def test_what_departments_coarsen_and_strike_only_narrows(session: Session) -> None:
    made = answered(
        session,
        bench.coarser(RAIN, "generalised"),
        bench.answer(TEMP, verdict="disagree", cause="too_sensitive", text="not needed"),
    )

    whole = scope.from_json({**made.scope, "items": [
        {"directory": item[0], "item": item[1], "transform": "masked"} for item in (RAIN, TEMP)
    ]})  # fmt: skip
    assert made.asked.items == {RAIN: GENERALISED}
    assert scope.fits(made.asked, whole) == ()
    assert scope.fits(whole, made.asked) != ()


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"verdict": "agree", "transform": "aggregated"}, "/items/0/transform"),
        ({"verdict": "agree_with_condition", "text": "so", "transform": "masked"},
         "/items/0/transform"),
        ({"verdict": "agree_with_condition", "text": "so", "transform": "raw"},
         "/items/0/transform"),
        ({"verdict": "agree_with_condition", "text": "so", "transform": "no_such"},
         "/items/0/transform"),
        ({"verdict": "agree_with_condition", "transform": "aggregated"}, "/items/0/text"),
    ],
)  # fmt: skip
def test_a_treatment_that_is_not_coarser_or_not_a_condition_is_refused(
    session: Session, said: Any, pointer: str
) -> None:
    with pytest.raises(Invalid) as refused:
        answered(session, bench.answer(RAIN, **said), bench.answer(TEMP))

    assert refused.value.pointer == pointer


def test_the_database_knows_that_a_coarser_treatment_is_a_condition(session: Session) -> None:
    made = bench.submitted(session)
    desk.walk(session, made, *desk.TO_OPINIONS)
    opinion = desk.opinion_of(session, made)
    session.add(
        OpinionItem(
            opinion_id=opinion.id, directory_code=RAIN[0], item_code=RAIN[1],
            verdict="agree", transform="aggregated",
        )
    )  # fmt: skip

    with pytest.raises(IntegrityError, match="coarser_treatment_is_a_condition"):
        session.flush()


# --- the panel ---------------------------------------------------------------------------


def test_a_panel_coarsens_and_the_authorisation_carries_it(session: Session) -> None:
    panel = scoring(session)
    scored(session, panel, *[{"coarsened": {RAIN: "aggregated"}}] * 3)
    made = scenarios.find(session, panel.scenario_id)

    assert panel.result == "conditional_pass"
    assert panel.coarsened == [[*RAIN, "aggregated"]]
    assert made.state == scenarios.State.AWAITING_CONDITIONS
    assert made.asked.items == {RAIN: AGGREGATED, TEMP: MASKED}

    desk.walk(session, made, "accept_conditions", "authorise")
    desk.walk(session, made, "close_publicity", at=desk.days_later(20))
    granted = authorisations.find(session, str(made.authorisation_id))
    assert authorisations.scope_of(session, granted).items == {RAIN: AGGREGATED, TEMP: MASKED}


def test_less_than_half_of_a_panel_does_not_coarsen(session: Session) -> None:
    panel = scoring(session)
    few = len(panel.serving) // 2
    scored(session, panel, *[{"coarsened": {RAIN: "aggregated"}}] * few)

    assert (panel.result, panel.coarsened) == ("pass", [])
    assert scenarios.find(session, panel.scenario_id).asked.items[RAIN] == MASKED


def test_a_recommendation_and_a_replay_know_what_was_coarsened(
    session: Session, work_as: WorkAs
) -> None:
    panel = scoring(session)
    scored(session, panel, *[{"coarsened": {RAIN: "aggregated"}}] * 5)

    found = recommendations.of(work_as("per_agency_approver"), panel.id)
    assert found is not None
    assert found.coarsened == ((*RAIN, "aggregated"),)
    assert replays.check(session) == []
    session.execute(update(Assessment).values(coarsened=[]))
    assert [one.code for one in replays.check(session)] == ["RESULT_DIFFERS"]


@pytest.mark.parametrize(
    "wish",
    [
        {"coarsened": {RAIN: "masked"}},
        {"coarsened": {RAIN: "no_such"}},
        {"coarsened": {("CAT-430000-000001", "WIND"): "aggregated"}},
        {"coarsened": {RAIN: "aggregated"}, "struck": [RAIN]},
    ],
)
def test_a_sheet_coarsens_only_what_it_can(session: Session, wish: Any) -> None:
    panel = scoring(session)

    with pytest.raises(Invalid) as refused:
        hall.sign(session, panel, panel.serving[0], 8000, **wish)

    assert str(refused.value.pointer).startswith("/coarsened/")


def test_a_sheet_is_bound_to_the_treatment_that_the_department_left(session: Session) -> None:
    panel = scoring(session, bench.coarser(RAIN, "generalised"), bench.answer(TEMP))

    with pytest.raises(Invalid):
        hall.sign(session, panel, panel.serving[0], 8000, coarsened={RAIN: "pseudonymised"})
    scored(session, panel, *[{"coarsened": {RAIN: "aggregated"}}] * 3)

    made = scenarios.find(session, panel.scenario_id)
    assert made.asked.items == {RAIN: AGGREGATED, TEMP: MASKED}


def test_a_voided_assessment_takes_its_treatments_back_and_leaves_the_departments(
    session: Session, work_as: WorkAs
) -> None:
    panel = scoring(session, bench.coarser(RAIN, "generalised"), bench.answer(TEMP))
    wish = {"coarsened": {RAIN: "aggregated", TEMP: "generalised"}}
    scored(session, panel, *[wish] * 5)
    made = scenarios.find(session, panel.scenario_id)
    before = dict(made.asked.items)

    assessments.annul(work_as("per_agency_approver"), panel, "a conflict was found")
    session.flush()

    assert before == {RAIN: AGGREGATED, TEMP: GENERALISED}
    assert made.asked.items == {RAIN: GENERALISED, TEMP: MASKED}


def test_a_sheet_that_turns_out_void_voids_a_result_that_coarsens_no_more(
    session: Session, work_as: WorkAs
) -> None:
    panel = scoring(session)
    scored(session, panel, *[{"coarsened": {RAIN: "aggregated"}}] * 3)
    gone = hall.serving(session, panel)[0]

    assessments.void_sheet(
        work_as("per_agency_secretary"), panel.id, expert_id=gone, reason="a brother there"
    )
    session.flush()

    assert panel.state == assessments.State.VOID
    made = scenarios.find(session, panel.scenario_id)
    assert made.asked.items == {RAIN: MASKED, TEMP: MASKED}


def test_an_appeal_begins_again_with_what_was_asked_for(session: Session) -> None:
    made = answered(session, bench.coarser(RAIN, "generalised"), bench.answer(TEMP))
    desk.walk(session, made, "reject")

    scenarios.take(work_of(session, "system", at=NOON), made.id, "recheck_on_appeal")
    session.flush()

    assert made.asked.items == {RAIN: MASKED, TEMP: MASKED}
    assert [row.struck for row in items.of(session, made.id)] == [False, False]


def test_an_item_outside_the_scope_is_not_coarsened_into_it(session: Session) -> None:
    made = bench.submitted(session)
    other = ("CAT-430000-000009", "WIND")

    narrowed = items.coarsen(made.asked, {other: AGGREGATED, RAIN: Transform.RAW})

    assert narrowed == made.asked
