"""Which procedure the rules propose, and what an officer may make of it."""

import pytest
from sqlalchemy.orm import Session

from kernel.errors import NotFound, StepRefused
from kernel.journal import history
from licensing import scenarios
from licensing.applications import items
from licensing.assessing import lanes
from licensing.assessing.lanes import Lane
from licensing.scenarios import Scenario
from tests.conftest import WorkAs, work_of
from tests.licensing import desk

CONDITIONS = ["FAST_RISK", "FAST_GRADE", "FAST_PI", "FAST_OUTPUT", "FAST_CREDIT"]


@pytest.fixture
def made(session: Session) -> Scenario:
    """A case that meets every condition of the simplified procedure."""
    found = desk.submitted(session)
    desk.walk(session, found, *desk.TO_OPINIONS)
    return found


def expose(session: Session, made: Scenario) -> None:
    """Let the case be graver than it was."""
    for row in items.of(session, made.id):
        row.grade, row.pi_class = "G3", "ordinary"


def verdicts(found: lanes.Proposal) -> dict[str, bool]:
    return {one.code: one.met for one in found.conditions}


def test_what_meets_every_condition_is_proposed_as_fast(session: Session, made: Scenario) -> None:
    found = lanes.proposal(work_of(session, "per_agency_officer"), made)

    assert (found.lane, found.eligible) == (Lane.FAST, True)
    assert verdicts(found) == dict.fromkeys(CONDITIONS, True)
    assert all(one.asks.zh and one.asks.en and one.found.zh for one in found.conditions)


def test_each_condition_has_its_own_verdict(session: Session, made: Scenario) -> None:
    expose(session, made)

    found = lanes.proposal(work_of(session, "per_agency_officer"), made)

    assert (found.lane, found.eligible) == (Lane.ORDINARY, False)
    assert verdicts(found) == {
        "FAST_RISK": True, "FAST_GRADE": False, "FAST_PI": False,
        "FAST_OUTPUT": True, "FAST_CREDIT": True,
    }  # fmt: skip
    assert found.conditions[1].found.zh == "一般数据3级"


def test_a_case_takes_the_lane_that_is_proposed(session: Session, made: Scenario) -> None:
    scenarios.grade_risk(work_of(session, "per_agency_officer"), made.id)
    session.flush()

    graded = next(
        event
        for event in history(session, made.id, limit=9)
        if event.kind == "scenario.risk_graded"
    )
    assert made.lane == "fast"
    assert graded.data["lane"] == "fast"


@pytest.mark.parametrize("reason", [{}, {"reason": "  "}])
def test_the_slower_lane_needs_its_reason(
    session: Session, made: Scenario, reason: dict[str, str]
) -> None:
    with pytest.raises(StepRefused) as refused:
        scenarios.grade_risk(
            work_of(session, "per_agency_officer"), made.id, lane="ordinary", **reason
        )

    assert [one.code for one in refused.value.refusals] == ["LANE_NEEDS_REASON"]


def test_the_slower_lane_is_taken_for_a_reason(session: Session, made: Scenario) -> None:
    told = {"lane": "ordinary", "reason": "a new kind of use"}
    scenarios.grade_risk(work_of(session, "per_agency_officer"), made.id, **told)

    assert made.lane == "ordinary"


def test_what_does_not_qualify_needs_no_reason_for_the_ordinary_lane(
    session: Session, made: Scenario
) -> None:
    expose(session, made)

    scenarios.grade_risk(work_of(session, "per_agency_officer"), made.id, lane="ordinary")

    assert made.lane == "ordinary"


def test_a_raised_risk_is_assessed_in_the_ordinary_way(session: Session, made: Scenario) -> None:
    officer = work_of(session, "per_agency_officer")

    with pytest.raises(StepRefused) as refused:
        scenarios.grade_risk(officer, made.id, grade="medium", reason="new", lane="fast")
    scenarios.grade_risk(officer, made.id, grade="medium", reason="new")

    assert [one.code for one in refused.value.refusals] == ["FAST_RISK"]
    assert made.lane == "ordinary"


def test_a_renewal_is_short_whatever_it_meets(session: Session, made: Scenario) -> None:
    made.renews_id = "aut_before"

    found = lanes.proposal(work_of(session, "per_agency_officer"), made)
    scenarios.grade_risk(work_of(session, "per_agency_officer"), made.id, lane="ordinary")

    assert (found.lane, made.lane) == (Lane.SHORT, "short")


def test_the_proposal_is_told_to_those_who_see_the_case(session: Session, work_as: WorkAs) -> None:
    code = desk.directory(session)
    desk.effective(session, code)
    made = desk.applied(session, code)
    with pytest.raises(NotFound):
        scenarios.lane_proposal(work_as("per_developer_editor"), made.id)
    desk.walk(session, made, "submit")

    assert scenarios.lane_proposal(work_as("per_agency_officer"), made.id).lane == Lane.FAST
    with pytest.raises(NotFound):
        scenarios.lane_proposal(work_as("per_buyer_editor"), made.id)
