"""What opinions, risk and lane do to a scenario, until it waits for its panel."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from catalogue.grades import Grade
from kernel import journal, watch
from kernel.errors import Invalid, StepNotAllowed, StepRefused
from kernel.work import Work
from licensing import assessments, consents, scenarios
from licensing.applications import items
from licensing.assessing import lanes, panel
from licensing.scenarios import Scenario, State
from tests.conftest import NOON, RULES, work_of
from tests.licensing import desk, hall

WorkAs = Callable[..., Work]


def refused(error: pytest.ExceptionInfo[StepRefused]) -> list[str]:
    return [refusal.code for refusal in error.value.refusals]


def asked(session: Session, **changes: Any) -> Scenario:
    """Bring a scenario to where its department is asked."""
    made = desk.submitted(session, **changes)
    desk.walk(session, made, *desk.TO_OPINIONS)
    return made


def said(made: Scenario, *verdicts: dict[str, Any]) -> list[Any]:
    """Return an answer to each item of the scenario, in order."""
    return [
        {"directory_code": directory, "item_code": item, **verdict}
        for (directory, item), verdict in zip(sorted(made.asked.items), verdicts, strict=True)
    ]


YES: dict[str, Any] = {"verdict": "agree"}
NO: dict[str, Any] = {"verdict": "disagree", "cause": "too_sensitive", "text": "of a barracks"}
IF: dict[str, Any] = {"verdict": "agree_with_condition", "text": "name the source"}


def test_an_item_that_a_department_refuses_is_struck_before_the_panel(
    session: Session, work_as: WorkAs
) -> None:
    made = asked(session)
    desk.walk(session, made, "grade_risk")
    first, second = sorted(made.asked.items)
    before = made.scope_hash
    opinion = desk.opinion_of(session, made)

    consents.answer(work_as("per_dept_approver"), opinion.id, items=said(made, NO, IF))
    session.flush()

    told = consents.said(session, [opinion.id])[opinion.id]
    struck = [row.item for row in items.of(session, made.id) if row.struck]
    assert (opinion.state, made.state) == (consents.State.PARTLY_AGREED, State.PANEL_FORMING)
    assert (struck, set(made.asked.items)) == ([first], {second})
    assert made.scope_hash != before
    assert made.conditions == ["name the source"]
    assert [(row.verdict, row.cause) for row in told] == [
        ("disagree", "too_sensitive"), ("agree_with_condition", None),
    ]  # fmt: skip


def test_when_nothing_is_left_the_scenario_is_rejected(session: Session, work_as: WorkAs) -> None:
    made = asked(session)
    desk.walk(session, made, "grade_risk")
    opinion = desk.opinion_of(session, made)

    consents.answer(work_as("per_dept_approver"), opinion.id, items=said(made, NO, NO))

    assert (made.state, made.decision_cause) == (State.REJECTED, "department_disagrees")
    assert "of a barracks" in str(made.decision_reason)


@pytest.mark.parametrize(
    ("verdicts", "pointer"),
    [
        ([YES], "/items"),
        ([YES, {"verdict": "perhaps"}], "/items/1/verdict"),
        ([YES, {**NO, "text": " "}], "/items/1/text"),
        ([{**NO, "cause": None}, YES], "/items/0/cause"),
        ([{**YES, "cause": "quality"}, YES], "/items/0/cause"),
        ([YES, {"verdict": "agree_with_condition"}], "/items/1/text"),
    ],
)
def test_an_answer_by_item_must_be_whole(
    session: Session, work_as: WorkAs, verdicts: list[dict[str, Any]], pointer: str
) -> None:
    made = asked(session)
    given: list[Any] = [
        {"directory_code": directory, "item_code": item, **verdict}
        for (directory, item), verdict in zip(sorted(made.asked.items), verdicts, strict=False)
    ]

    with pytest.raises(Invalid) as error:
        consents.answer(
            work_as("per_dept_approver"), desk.opinion_of(session, made).id, items=given
        )

    assert error.value.pointer == pointer


def test_the_officer_raises_the_risk_with_a_reason(session: Session, work_as: WorkAs) -> None:
    made = asked(session)
    officer = work_as("per_agency_officer")
    with pytest.raises(StepRefused) as silent:
        scenarios.grade_risk(officer, made.id, grade="medium")
    session.rollback()
    made = asked(session)

    scenarios.grade_risk(work_as("per_agency_officer"), made.id, grade="medium", reason="new use")

    assert refused(silent) == ["REASON_NEEDED"]
    assert made.risk == {
        "impact": 1, "likelihood": 1, "grade": "medium", "proposed": "low", "reason": "new use",
    }  # fmt: skip


def test_only_a_leader_lowers_the_risk(session: Session, work_as: WorkAs) -> None:
    made = asked(session)
    officer, leader = work_as("per_agency_officer"), work_as("per_agency_approver")
    scenarios.grade_risk(officer, made.id, grade="high", reason="new use")

    with pytest.raises(StepNotAllowed):
        scenarios.lower_risk(officer, made.id, grade="low", reason="known use")
    scenarios.lower_risk(leader, made.id, grade="medium", reason="known use")
    with pytest.raises(StepRefused) as below:
        scenarios.grade_risk(officer, made.id, grade="low")
    with pytest.raises(StepRefused) as same:
        scenarios.lower_risk(leader, made.id, grade="medium", reason="known use")

    assert refused(below) == ["RISK_MAY_NOT_BE_LOWERED"]
    assert refused(same) == ["RISK_NOT_LOWER"]
    assert made.risk is not None
    assert (made.risk["grade"], made.risk["lowered"]) == ("medium", True)


def test_the_officer_never_goes_below_what_is_proposed(session: Session, work_as: WorkAs) -> None:
    made = asked(session)
    for row in items.of(session, made.id):
        row.grade = "G4"
    made.scope = {**made.scope, "output_forms": ["record_api"]}

    with pytest.raises(StepRefused) as error:
        scenarios.grade_risk(work_as("per_agency_officer"), made.id, grade="low")

    assert refused(error) == ["RISK_MAY_NOT_BE_LOWERED"]


def test_the_simplified_procedure_takes_three_experts_and_fewer_days(session: Session) -> None:
    hall.pool(session)
    made = asked(session)
    scenarios.grade_risk(work_of(session, "per_agency_officer"), made.id, lane="fast")
    desk.walk(session, made, "agree")

    assessment = hall.plan(session, made)
    hall.go(session, assessment, *hall.TO_SCORING)

    clock = watch.running(session, made.id)
    assert clock is not None
    assert (made.lane, assessment.lane, assessment.size) == ("fast", "fast", 3)
    assert (clock.key, clock.limit_days) == ("clocks.assessment_fast", 5)
    hall.score(session, assessment, 8000, 8000, 8000)
    hall.go(session, assessment, "tally", "conclude")
    desk.walk(session, made, "authorise")
    publicity = watch.running(session, made.id)
    assert publicity is not None
    assert (publicity.key, publicity.overdue_step) == ("clocks.publicity_fast", "close_publicity")
    assert publicity.limit_days == 3


def test_what_is_not_harmless_does_not_take_the_simplified_procedure(
    session: Session, work_as: WorkAs
) -> None:
    made = asked(session)
    for row in items.of(session, made.id):
        row.grade, row.pi_class = "G3", "ordinary"
    made.scope = {**made.scope, "output_forms": ["masked_record_api"]}

    with pytest.raises(StepRefused) as error:
        scenarios.grade_risk(work_as("per_agency_officer"), made.id, lane="fast")

    assert refused(error) == ["FAST_RISK", "FAST_GRADE", "FAST_PI", "FAST_OUTPUT"]


def test_an_applicant_of_poor_credit_does_not_take_it_either(
    session: Session, work_as: WorkAs
) -> None:
    made = asked(session)
    values = {**RULES.values, "lanes": {**RULES.values["lanes"], "credit_needed": "A"}}
    strict = type(RULES)("strict", values)

    with pytest.raises(StepRefused) as error:
        scenarios.grade_risk(work_as("per_agency_officer", rules=strict), made.id, lane="fast")

    assert refused(error) == ["FAST_CREDIT"]


def test_more_of_the_same_is_assessed_briefly(session: Session) -> None:
    hall.pool(session)
    made = asked(session)
    made.renews_id = "aut_before"
    desk.walk(session, made, "grade_risk", "agree")

    assessment = hall.plan(session, made)
    hall.go(session, assessment, *hall.TO_SCORING)

    assert (made.lane, assessment.size) == ("short", 3)
    assert desk.clock_key(session, made.id) == "clocks.assessment_short"


def test_important_data_takes_seven_experts_in_any_lane(session: Session) -> None:
    made = asked(session)
    rows = items.of(session, made.id)
    rows[0].grade = Grade.IMPORTANT.value

    together = lanes.collective(made, rows)

    assert together
    assert lanes.size(RULES, "short", collective=together) == 7
    assert lanes.size(RULES, "ordinary", collective=False) == 5
    assert (lanes.cover("ordinary"), lanes.cover("fast")) == (panel.FULL, panel.FAST)


def test_high_risk_is_decided_in_a_meeting(session: Session, work_as: WorkAs) -> None:
    made = desk.submitted(session)
    desk.walk(session, made, *desk.TO_DECISION)
    made.risk = {"impact": 5, "likelihood": 3, "grade": "high"}
    approver = work_as("per_agency_approver")

    with session.no_autoflush, pytest.raises(StepRefused) as alone:
        scenarios.take(approver, made.id, "authorise")
    session.refresh(made)
    made.risk = {"impact": 5, "likelihood": 3, "grade": "high"}
    scenarios.take(approver, made.id, "authorise", meeting_no="2026-07")
    session.flush()

    (*_, told) = journal.history(session, made.id, limit=99)
    assert refused(alone) == ["MEETING_NEEDED"]
    assert (told.data["meeting_no"], told.data["recommended"]) == ("2026-07", "authorise")


def test_who_accepted_the_case_does_not_decide_it(session: Session, work_as: WorkAs) -> None:
    made = desk.submitted(session)
    desk.walk(session, made, *desk.TO_DECISION)
    session.add(
        journal.Hand(case_id=made.id, person_id="per_agency_approver", part="officer", since=NOON)
    )
    session.flush()

    with pytest.raises(StepRefused) as error:
        scenarios.take(work_as("per_agency_approver"), made.id, "authorise")

    assert refused(error) == ["FOUR_EYES"]


def test_one_who_supplies_the_data_is_not_asked_twice(session: Session, work_as: WorkAs) -> None:
    made = asked(session)
    opinion = desk.opinion_of(session, made)
    consents.answer(work_as("per_dept_approver"), opinion.id, items=said(made, YES, IF))

    with pytest.raises(StepRefused):
        consents.answer(work_as("per_dept_approver"), opinion.id, items=said(made, YES, YES))

    assert assessments.listed(work_as("per_agency_secretary"), after=None, limit=5).items == []
