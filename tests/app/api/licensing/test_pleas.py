"""The doors of challenges, objections and appeals; their journeys are in tests/journeys."""

import pytest

from app.unit import Exchange
from licensing import scenarios
from tests.conftest import As
from tests.licensing import desk, hall


@pytest.fixture
def announced(application: Exchange) -> str:
    """Announce a decision; return its scenario."""
    with application.house.engines.writing() as session:
        made = hall.concluded(session)
        scenario = scenarios.find(session, made.scenario_id)
        desk.walk(session, scenario, "authorise")
        session.commit()
        return str(scenario.id)


def test_anybody_objects_and_is_answered(as_: As, announced: str) -> None:
    other, doors = as_("per_other_editor"), "/api/publicity-objections"
    plea = {"scenario_id": announced, "reason": "it is ours"}

    filed = other.post(doors, json=plea)
    unknown = other.post(doors, json={**plea, "remedy": "redecide"})
    here = f"{doors}/{filed.json['id']}"
    foreign = as_("per_buyer_editor").get(here)
    nowhere = as_("per_buyer_editor").get(f"{doors}/pob_nowhere")
    answered = as_("per_agency_approver").post(f"{here}/dismiss", json={"reason": "it is not"})
    again = as_("per_agency_approver").post(f"{here}/dismiss", json={"reason": "it is not"})

    assert (filed.status_code, unknown.status_code) == (201, 422)
    assert (foreign.status_code, nowhere.status_code) == (404, 404)
    assert foreign.json["title"] == nowhere.json["title"]
    assert (answered.json["state"], answered.json["answer"]) == ("dismissed", "it is not")
    assert again.status_code == 409
    assert other.get(here).headers["ETag"]
    assert len(other.get(f"{doors}?scenario_id={announced}").json["items"]) == 1


def test_the_applicant_challenges_whom_it_is_told_of(as_: As, application: Exchange) -> None:
    with application.house.engines.writing() as session:
        made = hall.planned(session)
        hall.go(session, made, "draw")
        scenario_id = made.scenario_id
        session.commit()
    applicant = as_("per_developer_editor")

    told = applicant.get(f"/api/challenges/panels/{scenario_id}").json
    foreign = as_("per_other_editor").get(f"/api/challenges/panels/{scenario_id}")
    filed = applicant.post("/api/challenges", json={
        "assessment_id": told["assessment_id"], "reason": "a rival",
        "expert_id": told["seats"][0]["expert_id"],
    })  # fmt: skip
    upheld = as_("per_agency_secretary").post(
        f"/api/challenges/{filed.json['id']}/uphold", json={"reason": "so it is"}
    )

    assert (len(told["seats"]), foreign.status_code) == (5, 404)
    assert (filed.status_code, upheld.json["state"]) == (201, "upheld")
    assert applicant.get(f"/api/challenges/{filed.json['id']}").json["answer"] == "so it is"
    assert len(applicant.get("/api/challenges").json["items"]) == 1
    again = applicant.get(f"/api/challenges/panels/{scenario_id}").json["seats"]
    assert told["seats"][0]["expert_id"] not in [seat["expert_id"] for seat in again]


def test_an_appeal_tells_the_remedies_outside_with_its_answer(
    as_: As, application: Exchange
) -> None:
    with application.house.engines.writing() as session:
        made = desk.submitted(session)
        desk.walk(session, made, "refuse")
        scenario_id = made.id
        session.commit()
    applicant, hub = as_("per_developer_editor"), as_("per_hub_officer")

    filed = applicant.post("/api/appeals", json={"scenario_id": scenario_id, "reason": "wrong"})
    here = f"/api/appeals/{filed.json['id']}"
    hub.post(f"{here}/accept", json={})
    answered = hub.post(f"{here}/dismiss", json={"reason": "it is right"})

    assert (filed.status_code, filed.json["outside"]) == (201, None)
    assert "60" in answered.json["outside"]
    assert applicant.get(here).json["state"] == "dismissed"
    assert len(applicant.get(f"/api/appeals?scenario_id={scenario_id}").json["items"]) == 1


def test_a_leader_lowers_the_risk(as_: As, application: Exchange) -> None:
    with application.house.engines.writing() as session:
        made = desk.submitted(session)
        desk.walk(session, made, *desk.TO_OPINIONS)
        here = f"/api/scenarios/{made.id}"
        session.commit()
    officer, leader = as_("per_agency_officer"), as_("per_agency_approver")

    raised = officer.post(f"{here}/grade-risk", json={"grade": "high", "reason": "new use"})
    own = officer.post(f"{here}/lower-risk", json={"grade": "low", "reason": "known use"})
    lowered = leader.post(f"{here}/lower-risk", json={"grade": "low", "reason": "known use"})

    assert raised.json["risk"]["grade"] == "high"
    assert own.status_code == 403
    assert lowered.json["risk"]["grade"] == "low"
