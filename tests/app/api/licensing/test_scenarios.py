from typing import Any

import pytest

from app.unit import Exchange
from licensing import scenarios
from tests.conftest import As, Client
from tests.licensing import desk


@pytest.fixture
def application_body(application: Exchange) -> dict[str, Any]:
    """Return an application under an agreement in effect, as it is sent."""
    with application.house.engines.writing() as session:
        code = desk.directory(session)
        desk.effective(session, code)
        session.commit()
    given: dict[str, Any] = desk.application(code)
    return {**given, "period_from": "2026-07-01", "period_to": "2027-06-30"}


@pytest.fixture
def door(as_: As, application_body: dict[str, Any]) -> str:
    """Submit a scenario; return its address."""
    made = as_("per_developer_editor").post("/api/scenarios", json=application_body)
    assert made.status_code == 201, made.json
    where = f"/api/scenarios/{made.json['id']}"
    answer = as_("per_developer_editor").post(f"{where}/submit", json={})
    assert answer.status_code == 200, answer.json
    return where


def with_opinions(as_: As, door: str) -> str:
    for name in ("accept", "request-opinions"):
        answer = as_("per_agency_officer").post(f"{door}/{name}", json={})
        assert answer.status_code == 200, answer.json
    asked = as_("per_dept_approver").get("/api/opinions?state=asked")
    assert len(asked.json["items"]) == 1
    return f"/api/opinions/{asked.json['items'][0]['id']}"


def test_a_scenario_reaches_its_panel(as_: As, door: str) -> None:
    opinion = with_opinions(as_, door)

    graded = as_("per_agency_officer").post(f"{door}/grade-risk", json={})
    agreed = as_("per_dept_approver").post(f"{opinion}/agree", json={})
    shown = as_("per_developer_editor").get(door)

    assert graded.status_code == 200, graded.json
    assert graded.json["risk"] == {"impact": 1, "likelihood": 1, "grade": "low"}
    assert agreed.status_code == 200, agreed.json
    assert (agreed.json["state"], agreed.json["actions"]) == ("agreed", [])
    assert shown.json["state"] == "panel_forming"
    assert [one["state"] for one in shown.json["opinions"]] == ["agreed"]
    assert [one["item_code"] for one in shown.json["items"]] == ["TEMP", "RAIN"]


def test_the_door_tells_the_proposed_lane_and_takes_the_slower_one_for_a_reason(
    as_: As, door: str
) -> None:
    with_opinions(as_, door)
    officer = as_("per_agency_officer")

    told = officer.get(f"{door}/lane", headers={"Accept-Language": "en"})
    passed_over = officer.post(f"{door}/grade-risk", json={"lane": "ordinary"})
    graded = officer.post(
        f"{door}/grade-risk", json={"lane": "ordinary", "reason": "the first of its kind"}
    )

    assert (told.json["lane"], told.json["eligible"]) == ("fast", True)
    assert [one["code"] for one in told.json["conditions"]] == [
        "FAST_RISK", "FAST_GRADE", "FAST_PI", "FAST_OUTPUT", "FAST_CREDIT",
    ]  # fmt: skip
    assert told.json["conditions"][0] == {
        "code": "FAST_RISK", "asks": "the risk must be low", "found": "low", "met": True,
    }  # fmt: skip
    assert passed_over.status_code == 409
    assert "LANE_NEEDS_REASON" in passed_over.text
    assert graded.json["lane"] == "ordinary"
    assert as_("per_buyer_editor").get(f"{door}/lane").status_code == 404


def test_an_uncovered_application_tells_every_misfit(
    as_: As, application_body: dict[str, Any]
) -> None:
    wide = {**application_body, "regions": ["420000"], "output_forms": ["record_api"]}
    made = as_("per_developer_editor").post("/api/scenarios", json=wide)

    refused = as_("per_developer_editor").post(f"/api/scenarios/{made.json['id']}/submit", json={})

    assert [one["code"] for one in made.json["coverage"]] == ["REGION", "OUTPUT_FORM"]
    assert refused.status_code == 409
    assert [one["code"] for one in refused.json["refusals"]] == ["SCOPE_NOT_COVERED"]


def test_a_draft_is_written_anew_on_the_version_that_was_seen(
    as_: As, application_body: dict[str, Any]
) -> None:
    applicant = as_("per_developer_editor")
    made = applicant.post("/api/scenarios", json=application_body).json
    where = f"/api/scenarios/{made['id']}"
    changed = {**application_body, "title": "Frost cover"}

    stale = applicant.post(f"{where}/application", json=changed, headers={"If-Match": '"9"'})
    answer = applicant.post(
        f"{where}/application", json=changed, headers={"If-Match": f'"{made["version"]}"'}
    )

    assert stale.status_code == 412
    assert answer.status_code == 200, answer.json
    assert answer.json["title"] == "Frost cover"
    assert answer.json["coverage"] == []


def test_what_has_been_submitted_is_not_written_anew(
    as_: As, door: str, application_body: dict[str, Any]
) -> None:
    answer = as_("per_developer_editor").post(f"{door}/application", json=application_body)

    assert answer.status_code == 409


def test_a_foreign_scenario_looks_like_none(as_: As, door: str) -> None:
    stranger = as_("per_other_editor")

    foreign, missing = stranger.get(door), stranger.get("/api/scenarios/scn_none")

    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert foreign.json["title"] == missing.json["title"]
    assert stranger.get("/api/scenarios").json["items"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"wish": "more"},
        {"users_count": 0},
        {"fusion": "perhaps"},
        {"purpose_code": "mischief"},
        {"items": [{"directory_code": "CAT-0", "item_code": "X", "transform": "raw"}]},
    ],
)
def test_an_application_that_cannot_be_meant_is_refused(
    as_: As, application_body: dict[str, Any], changes: dict[str, Any]
) -> None:
    answer = as_("per_developer_editor").post(
        "/api/scenarios", json={**application_body, **changes}
    )

    assert answer.status_code == 422, answer.json
    assert answer.json["errors"]


def test_a_step_of_another_state_is_refused(as_: As, door: str) -> None:
    answer = as_("per_agency_officer").post(f"{door}/request-opinions", json={})

    assert answer.status_code == 409
    assert answer.json["refusals"][0]["code"] == "ILLEGAL_TRANSITION"


def test_officers_have_a_queue_with_lights(as_: As, door: str) -> None:
    queue = as_("per_agency_officer").get("/api/scenarios/queue").json["items"]
    listed = as_("per_developer_editor").get("/api/scenarios?state=formal_check").json["items"]

    assert [(row["state"], row["light"], row["days_left"]) for row in queue] == [
        ("formal_check", "green", 3)
    ]
    assert queue[0]["due_on"] == "2026-07-06"
    assert [row["id"] for row in listed] == [queue[0]["id"]]


def test_everybody_may_read_what_is_announced(
    application: Exchange, client: Client, as_: As, door: str
) -> None:
    before = client.get("/api/scenarios/announced").json["items"]
    with application.house.engines.writing() as session:
        made = scenarios.find(session, door.rsplit("/", 1)[1])
        desk.walk(session, made, *desk.TO_DECISION, "authorise")
        session.commit()
    after = client.get("/api/scenarios/announced").json["items"]

    assert before == []
    assert [row["title"] for row in after] == ["Agricultural weather insurance"]
    assert "scope" not in after[0]
    assert client.get("/api/scenarios").status_code == 401
