import pytest

from app.unit import Exchange
from licensing import decisions
from tests.conftest import As, work_of
from tests.licensing import grants
from tests.licensing.test_decisions import request


@pytest.fixture
def key(application: Exchange) -> str:
    with application.house.engines.writing() as session:
        grants.agreement(session)
        made = grants.active(session).id
        session.commit()
    return made


def test_its_grantee_sees_it_and_what_may_be_done(as_: As, key: str) -> None:
    answer = as_("per_developer_signer").get(f"/api/authorisations/{key}")

    assert answer.status_code == 200, answer.json
    assert answer.json["state"] == "active"
    assert answer.json["scope"]["purpose_code"] == "weather_insurance"
    assert answer.json["quotas"] == [{"meter": "rows", "limit": 1000, "used": 0}]
    assert [action["step"] for action in answer.json["actions"]] == ["surrender"]


def test_a_stranger_finds_nothing(as_: As, key: str) -> None:
    stranger = as_("per_other_editor")

    foreign = stranger.get(f"/api/authorisations/{key}")
    missing = stranger.get("/api/authorisations/aut_nowhere")

    assert foreign.status_code == missing.status_code == 404
    assert foreign.json["detail"] == missing.json["detail"]
    assert stranger.get("/api/authorisations").json == {"items": [], "next": None}


def test_a_list_may_be_of_one_state(as_: As, key: str) -> None:
    hub = as_("per_hub_officer")

    active = hub.get("/api/authorisations?state=active").json["items"]

    assert [one["id"] for one in active] == [key]
    assert hub.get("/api/authorisations?state=revoked").json["items"] == []
    assert hub.get("/api/authorisations?state=lost").status_code == 422


def test_the_regulator_suspends_and_resumes(as_: As, key: str) -> None:
    regulator = as_("per_hub_supervisor")
    answers = {"cause": "security_incident", "reason": "a key was found"}

    suspended = regulator.post(f"/api/authorisations/{key}/suspend", json=answers)
    again = regulator.post(f"/api/authorisations/{key}/suspend", json=answers)
    resumed = regulator.post(f"/api/authorisations/{key}/resume", json={"reason": "changed"})

    assert suspended.json["suspend_reason"] == "security_incident"
    assert (again.status_code, again.json["refusals"][0]["code"]) == (409, "ILLEGAL_TRANSITION")
    assert resumed.json["state"] == "active"


def test_a_cause_is_one_of_the_list_and_a_field_is_known(as_: As, key: str) -> None:
    regulator = as_("per_hub_supervisor")

    whim = regulator.post(
        f"/api/authorisations/{key}/suspend", json={"cause": "whim", "reason": "no"}
    )
    unknown = regulator.post(
        f"/api/authorisations/{key}/resume", json={"reason": "why", "colour": "red"}
    )

    assert whim.status_code == 422
    assert (unknown.status_code, unknown.json["errors"][0]["pointer"]) == (422, "/colour")


def test_a_narrower_scope_is_amended(as_: As, key: str) -> None:
    narrower = {"items": grants.ITEMS[:1], "period": {"from": "2026-07-01", "to": "2026-12-31"}}

    answer = as_("per_agency_approver").post(
        f"/api/authorisations/{key}/amendments", json={"scope": narrower}
    )

    assert answer.status_code == 201, answer.json
    assert (answer.json["current_version"], answer.json["valid_to"]) == (2, "2026-12-31")
    versions = as_("per_dept_editor").get(f"/api/authorisations/{key}/versions").json["items"]
    assert [one["number"] for one in versions] == [2, 1]


def test_another_purpose_needs_a_new_scenario(as_: As, key: str) -> None:
    answer = as_("per_developer_editor").post(
        f"/api/authorisations/{key}/amendments",
        json={"scope": {}, "purpose_code": "site_selection"},
    )

    assert answer.status_code == 409
    assert answer.json["type"] == "/problems/new-scenario-required"
    assert [one["code"] for one in answer.json["refusals"]] == ["NEW_SCENARIO_REQUIRED", "PURPOSE"]


def test_a_day_that_is_none_is_no_period(as_: As, key: str) -> None:
    answer = as_("per_agency_approver").post(
        f"/api/authorisations/{key}/amendments",
        json={"scope": {"period": {"from": "2026-07-01", "to": "2026-13-31"}}},
    )

    assert answer.status_code == 422


def test_the_whole_certificate_is_for_the_parties(as_: As, key: str) -> None:
    answer = as_("per_developer_editor").get(f"/api/authorisations/{key}/certificate")

    assert answer.json["certificate"]["item_count"] == 2
    assert answer.json["signature"]["alg"] == "ed25519"
    stranger = as_("per_other_editor").get(f"/api/authorisations/{key}/certificate")
    assert stranger.status_code == 404


def test_an_impact_is_told(as_: As, key: str) -> None:
    answer = as_("per_hub_supervisor").get(f"/api/authorisations/{key}/impact")

    assert (answer.json["items"], answer.json["quotas_left"]) == (2, {"rows": 1000})


def test_decisions_are_told_to_parties_and_users(as_: As, application: Exchange, key: str) -> None:
    with application.house.engines.writing() as session:
        work = work_of(session, "per_buyer_editor")
        decisions.decide(work, request(key, purpose_code="other"))
        session.commit()

    party = as_("per_developer_editor").get(f"/api/authorisations/{key}/decisions")
    user = as_("per_buyer_editor").get("/api/decisions")

    assert party.json == user.json
    (told,) = party.json["items"]
    assert (told["outcome"], told["refusals"][0]["code"]) == ("deny", "PURPOSE_MISMATCH")
    assert told["items"] == [{"directory": grants.DIRECTORY, "item": "RAIN"}]
    assert as_("per_buyer_editor").get(f"/api/authorisations/{key}/decisions").status_code == 404
