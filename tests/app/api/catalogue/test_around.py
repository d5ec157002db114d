"""The doors around a directory: grades, consents, sources, errors, freshness, the item table."""

from typing import Any

import pytest

from app.unit import Exchange
from catalogue import directories
from tests.catalogue import shelf
from tests.conftest import As, Client, work_of


@pytest.fixture
def version_id(application: Exchange) -> str:
    """Publish a directory."""
    with application.house.engines.writing() as session:
        made = shelf.published(session).id
        session.commit()
    return made


@pytest.fixture
def directory_id(application: Exchange, version_id: str) -> str:
    """Say which directory it is."""
    with application.house.engines.reading() as session:
        return directories.find(session, version_id).directory_id


def test_a_grade_is_raised_at_once_and_lowered_by_another(
    as_: As, client: Client, directory_id: str
) -> None:
    up: dict[str, Any] = {
        "directory_id": directory_id,
        "changes": [{"item_code": "RAIN", "grade": "G3"}],
    }
    editor = as_("per_dept_editor")

    preview = editor.post("/api/regrades/preview", json=up)
    raised = editor.post("/api/regrades", json={**up, "reason": "精度提高"})
    down = {**up, "changes": [{"item_code": "RAIN", "grade": "G1"}], "reason": "降精度"}
    lowered = editor.post("/api/regrades", json=down).json["items"][0]
    door = f"/api/regrades/{lowered['id']}"
    approved = as_("per_hub_reviewer").post(f"{door}/approve", json={})
    hidden = as_("per_buyer_editor").get(door)
    unknown = editor.post("/api/regrades", json={**up, "reason": "x", "grade": "G1"})
    listed = as_("per_hub_officer").get("/api/regrades?state=applied").json["items"]

    assert (preview.json["before"]["grade"], preview.json["at_once"]["grade"]) == ("G1", "G3")
    assert raised.status_code == 201
    assert raised.json["items"][0]["state"] == "applied"
    assert (lowered["state"], approved.json["state"]) == ("proposed", "applied")
    assert (hidden.status_code, unknown.status_code, len(listed)) == (404, 422, 2)
    current = client.get(f"/api/directories/{directory_id}").json["current_version_id"]
    version = client.get(f"/api/directory-versions/{current}").json
    assert (version["number"], version["grade"], version["raised_by"]) == (3, "G1", [])
    assert as_("per_dept_editor").get(door).json["made_version_id"] == current


def test_a_consent_is_asked_for_and_given(as_: As, directory_id: str) -> None:
    asked = {
        "directory_id": directory_id,
        "provider_id": "org_roads",
        "request": "共享取得",
        "valid_to": "2027-06-30",
    }

    made = as_("per_dept_editor").post("/api/sharing-consents", json=asked)
    again = as_("per_dept_editor").post("/api/sharing-consents", json=asked)
    door = f"/api/sharing-consents/{made.json['id']}"
    inbox = as_("per_roads_editor").get("/api/sharing-consents?state=asked").json["items"]
    own = as_("per_dept_approver").post(f"{door}/give", json={})
    given = as_("per_roads_approver").post(f"{door}/give", json={"valid_to": "2026-12-31"})
    hidden = as_("per_buyer_editor").get(door)

    assert (made.status_code, again.status_code, own.status_code) == (201, 409, 403)
    assert [one["id"] for one in inbox] == [made.json["id"]]
    assert (given.json["state"], given.json["valid_to"]) == ("given", "2026-12-31")
    assert hidden.status_code == 404
    assert as_("per_dept_editor").get(door).json["valid_from"] == "2026-07-01"


def test_a_source_is_claimed_and_confirmed_and_a_second_claim_is_a_conflict(
    as_: As, client: Client, directory_id: str, application: Exchange
) -> None:
    master = {"code": "rainfall", "name_zh": "降水", "name_en": "Rain", "definition": "毫米"}
    hub = as_("per_hub_reviewer")
    entered = hub.post("/api/master-items", json=master)
    claim = {
        "master_item_code": "rainfall",
        "directory_id": directory_id,
        "item_code": "RAIN",
        "grounds": "法定职责",
    }

    first = as_("per_dept_editor").post("/api/source-claims", json=claim)
    hub.post(f"/api/source-claims/{first.json['id']}/confirm", json={})
    rival = {**claim, "item_code": "TEMP"}
    second = as_("per_dept_editor").post("/api/source-claims", json=rival)
    door = f"/api/source-conflicts/{second.json['conflict_id']}"
    as_("per_hub_officer").post(f"{door}/mediate", json={})
    decided = hub.post(f"{door}/decide", json={"winner": "rival", "reason": "更全"})

    assert (entered.status_code, first.json["conflict_id"]) == (201, None)
    assert second.json["state"] == "contested"
    assert (decided.json["state"], decided.json["winner"]) == ("decided", "rival")
    states = {one["item_code"]: one["state"] for one in hub.get("/api/source-claims").json["items"]}
    assert states == {"RAIN": "ended", "TEMP": "confirmed"}
    assert len(as_("per_dept_editor").get("/api/source-conflicts").json["items"]) == 1
    assert as_("per_buyer_editor").get(door).status_code == 404
    assert as_("per_dept_editor").get(door).status_code == 200
    one = as_("per_buyer_editor").get(f"/api/source-claims/{second.json['id']}")
    assert one.json["level"] == "province"
    assert [each["code"] for each in client.get("/api/master-items").json["items"]] == ["rainfall"]


def test_an_error_is_reported_and_answered(as_: As, directory_id: str) -> None:
    found = {"directory_id": directory_id, "item_code": "RAIN", "finding": "负值"}

    made = as_("per_buyer_editor").post("/api/error-reports", json=found)
    wrong = as_("per_buyer_editor").post("/api/error-reports", json={**found, "item_code": "X"})
    door = f"/api/error-reports/{made.json['id']}"
    answered = as_("per_dept_editor").post(f"{door}/correct", json={"answer": "已更正"})
    listed = as_("per_dept_editor").get("/api/error-reports").json["items"]

    assert (made.status_code, wrong.status_code) == (201, 422)
    assert (answered.json["state"], answered.json["answer"]) == ("corrected", "已更正")
    assert [one["id"] for one in listed] == [made.json["id"]]
    assert as_("per_other_editor").get(door).status_code == 404
    assert as_("per_buyer_editor").get(door).json["answered_at"] is not None


def test_freshness_and_attach_rate_are_public(
    client: Client, directory_id: str, application: Exchange
) -> None:
    bare = client.get(f"/api/directories/{directory_id}/freshness").json
    with application.house.engines.writing() as session:
        shelf.attached(session, directory_id)
        session.commit()

    fresh = client.get(f"/api/directories/{directory_id}/freshness").json
    rate = client.get("/api/directories/attach-rate").json

    assert (bare["resources"], bare["light"]) == (0, None)
    assert (fresh["resources"], fresh["light"]) == (1, "green")
    assert rate == {"attached": 1, "published": 1, "rate_bp": 10_000}


def test_the_items_are_downloaded_as_a_table(client: Client, version_id: str) -> None:
    answer = client.get(f"/api/directory-versions/{version_id}/items.csv")
    none = client.get("/api/directory-versions/dvn_none/items.csv")

    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].endswith('-v1-items.csv"')
    assert len(answer.text.splitlines()) == 4
    assert none.status_code == 404


def test_a_revocation_says_whether_it_is_confirmed(
    as_: As, version_id: str, application: Exchange
) -> None:
    door = f"/api/directory-versions/{version_id}/revoke"

    answer = as_("per_dept_approver").post(door, json={"reason": "合并", "confirmed": True})

    assert answer.json["state"] == "revoked"
    with application.house.engines.reading() as session:
        events = directories.versions(
            work_of(session, "per_hub_officer"), after=None, limit=5
        ).items
        assert [one.id for one in events] == [version_id]
