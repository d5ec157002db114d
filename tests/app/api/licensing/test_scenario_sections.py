from typing import Any

import pytest

from app.unit import Exchange
from tests.conftest import As
from tests.licensing import desk

EDITOR = "per_developer_editor"


@pytest.fixture
def code(application: Exchange) -> str:
    """Put a directory under an agreement in effect."""
    with application.house.engines.writing() as session:
        made = desk.directory(session)
        desk.effective(session, made)
        session.commit()
    return made


@pytest.fixture
def door(as_: As, code: str) -> str:
    """Open a draft; return its address."""
    assert code
    given = {
        "title": "Rain index",
        "operator_id": "org_operator",
        "implementing_agency_id": "org_agency",
    }
    made = as_(EDITOR).post("/api/scenarios/drafts", json=given)
    assert made.status_code == 201, made.json
    assert made.json["scenario_kind"] == "development"
    return f"/api/scenarios/{made.json['id']}"


def wire(code: str) -> dict[str, Any]:
    """Return a whole application as it is sent."""
    given: dict[str, Any] = desk.application(code)
    return {**given, "period_from": "2026-07-01", "period_to": "2027-06-30"}


def test_a_section_is_saved_as_it_is_written(as_: As, door: str) -> None:
    body = {"values": {"users_count": "about twenty", "quotas": None}, "revision": 1}

    saved = as_(EDITOR).post(f"{door}/sections/4", json=body)
    listed = as_(EDITOR).get(f"{door}/sections")
    past = as_(EDITOR).get(f"{door}/sections/history")

    assert saved.status_code == 200, saved.json
    assert (saved.json["revision"], saved.json["name"]) == (2, "use")
    assert "users" in saved.json["missing"]
    assert listed.json["items"][3]["values"]["users_count"] == "about twenty"
    assert len(past.json["items"]) == 8


def test_an_overtaken_save_is_told_what_changed(as_: As, door: str) -> None:
    first = {"values": {"contact_name": "Wang"}, "revision": 1}
    as_(EDITOR).post(f"{door}/sections/1", json=first)

    second = {"values": {"contact_name": "Lin"}, "revision": 1}
    clash = as_(EDITOR).post(f"{door}/sections/1", json=second)

    assert clash.status_code == 409
    assert "section-changed" in clash.json["type"]
    assert [each["code"] for each in clash.json["refusals"]] == ["FIELD_CHANGED"]


def test_what_no_section_has_is_refused(as_: As, door: str) -> None:
    unknown = as_(EDITOR).post(f"{door}/sections/1", json={"values": {"title": "x"}})
    nothing = as_(EDITOR).post(f"{door}/sections/1", json={"title": "x"})
    stranger = as_("per_other_editor").get(f"{door}/sections")

    assert (unknown.status_code, nothing.status_code) == (422, 422)
    assert stranger.status_code == 404


def test_a_section_is_restored_and_held(as_: As, door: str) -> None:
    as_(EDITOR).post(f"{door}/sections/2", json={"values": {"title": "Frost"}})

    held = as_(EDITOR).post(f"{door}/sections/2/hold", json={})
    restored = as_(EDITOR).post(f"{door}/sections/2/restore", json={"revision": 1})
    released = as_(EDITOR).post(f"{door}/sections/2/release", json={})

    assert (held.status_code, held.json["person"]) == (200, EDITOR)
    assert restored.json["values"]["title"] == "Rain index"
    assert released.status_code == 204


def test_the_self_check_and_the_estimate_are_live(as_: As, door: str, code: str) -> None:
    empty = as_(EDITOR).get(f"{door}/checks")
    item = {**desk.asked(code, "TEMP")}
    as_(EDITOR).post(f"{door}/sections/3", json={"values": {"items": [item]}})
    as_(EDITOR).post(
        f"{door}/sections/4", json={"values": {"output_forms": ["score"], "environments": ["tee"]}}
    )

    estimate = as_(EDITOR).get(f"{door}/estimate")

    assert not empty.json["submittable"]
    assert {each["outcome"] for each in empty.json["items"]} == {"pass", "warn", "fail"}
    assert estimate.json["risk"] == "low"
    assert (estimate.json["lane"], estimate.json["items"]) == ("fast", 1)


def test_a_whole_application_passes_and_is_like_itself(as_: As, code: str) -> None:
    doors = []
    for _ in range(2):
        made = as_(EDITOR).post("/api/scenarios", json=wire(code))
        assert made.status_code == 201, made.json
        doors.append(f"/api/scenarios/{made.json['id']}")

    checked = as_(EDITOR).get(f"{doors[0]}/checks")
    alike = as_(EDITOR).get(f"{doors[0]}/alike")

    assert checked.json["submittable"]
    assert [each["why"] for each in alike.json["items"]] == [["duplicate", "same_items"]]
    assert alike.json["items"][0]["items_bp"] == 10_000


def test_a_promise_is_handed_in_and_confirmed(as_: As, code: str) -> None:
    body = {
        **wire(code),
        "commitments": [{"material": "team_proof", "due_on": "2026-07-10"}],
    }
    del body["team_proof"]
    made = as_(EDITOR).post("/api/scenarios", json=body)
    submitted = as_(EDITOR).post(f"/api/scenarios/{made.json['id']}/submit", json={})
    assert submitted.status_code == 200, submitted.json
    (promise,) = (
        as_(EDITOR)
        .get(f"/api/commitments?scenario_id={made.json['id']}&state=promised")
        .json["items"]
    )
    where = f"/api/commitments/{promise['id']}"

    provided = as_(EDITOR).post(f"{where}/provide", json={"digest": "ab" * 32})
    confirmed = as_("per_agency_officer").post(f"{where}/confirm", json={})
    drawn = as_("per_agency_officer").post(
        "/api/commitments/rechecks",
        json={"since": "2026-07-01", "until": "2026-07-31", "seed": "7"},
    )

    assert (promise["material"], promise["due_on"]) == ("team_proof", "2026-07-10")
    assert provided.json["state"] == "provided"
    assert confirmed.json["state"] == "met"
    assert as_(EDITOR).get(where).json["evidence_digest"] == "ab" * 32
    assert as_("per_buyer_editor").get(where).status_code == 404
    assert drawn.json["scenario_ids"] == [made.json["id"]]
