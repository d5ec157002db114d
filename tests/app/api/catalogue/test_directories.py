from typing import Any

from tests.catalogue.shelf import FIELDS, ITEMS
from tests.conftest import As, Client

BODY: dict[str, Any] = {**FIELDS, "items": ITEMS}


def _published(as_: As, **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = (
        as_("per_dept_editor").post("/api/directories", json={**BODY, **changes}).json
    )
    door = f"/api/directory-versions/{made['id']}"
    as_("per_dept_editor").post(f"{door}/submit", json={})
    as_("per_dept_approver").post(f"{door}/pass", json={})
    answer = as_("per_hub_officer").post(f"{door}/accept", json={})
    assert answer.status_code == 200, answer.json
    return made


def test_a_directory_is_written_reviewed_and_published(as_: As, client: Client) -> None:
    made = _published(as_, temporal_from="2013-03-01", temporal_to="2017-02-28")

    version = client.get(f"/api/directory-versions/{made['id']}")
    directory = client.get(f"/api/directories/{made['directory_id']}")
    listed = client.get("/api/directories?text=beijing")

    assert version.status_code == 200
    assert version.json["state"] == "published"
    assert version.json["content"]["temporal_to"] == "2017-02-28"
    assert [item["code"] for item in version.json["items"]] == ["TEMP", "RAIN", "WSPM"]
    assert version.json["actions"] == []
    assert version.headers["ETag"] == f'"{version.json["version"]}"'
    assert directory.json["code"] == "CAT-430000-000001"
    assert directory.json["current_version_id"] == made["id"]
    assert listed.json["items"] == [directory.json]


def test_a_directory_is_revised(as_: As, client: Client) -> None:
    made = _published(as_)

    answer = as_("per_dept_editor").post(
        f"/api/directories/{made['directory_id']}/versions", json={**BODY, "title_en": "New"}
    )
    own = as_("per_dept_editor").get(
        f"/api/directory-versions?directory_id={made['directory_id']}&state=draft"
    )
    others = client.get("/api/directory-versions")

    assert answer.status_code == 201, answer.json
    assert (answer.json["number"], answer.json["state"]) == (2, "draft")
    assert [action["step"] for action in answer.json["actions"]] == ["submit"]
    assert [row["id"] for row in own.json["items"]] == [answer.json["id"]]
    assert [row["id"] for row in others.json["items"]] == [made["id"]]


def test_a_draft_and_no_directory_look_the_same_to_others(as_: As) -> None:
    made = as_("per_dept_editor").post("/api/directories", json=BODY).json
    stranger = as_("per_buyer_editor")

    for door, key in (("directory-versions", "id"), ("directories", "directory_id")):
        hidden = stranger.get(f"/api/{door}/{made[key]}")
        absent = stranger.get(f"/api/{door}/{made[key][:-1]}!")
        assert (hidden.status_code, absent.status_code) == (404, 404)
        assert hidden.json["title"] == absent.json["title"]


def test_a_field_that_is_unknown_or_wrong_is_pointed_at(as_: As) -> None:
    editor = as_("per_dept_editor")

    unknown = editor.post("/api/directories", json={**BODY, "colour": "blue"})
    wrong = editor.post("/api/directories", json={**BODY, "industry": "weather"[:5]})
    nested = editor.post(
        "/api/directories", json={**BODY, "items": [{**ITEMS[0], "data_type": "text"}]}
    )

    assert [answer.status_code for answer in (unknown, wrong, nested)] == [422, 422, 422]
    assert unknown.json["errors"][0]["pointer"] == "/colour"
    assert wrong.json["errors"][0]["pointer"] == "/industry"
    assert nested.json["errors"][0]["pointer"] == "/items/0/data_type"


def test_a_step_out_of_turn_is_refused_with_its_reason(as_: As) -> None:
    made = as_("per_dept_editor").post("/api/directories", json=BODY).json

    answer = as_("per_dept_approver").post(f"/api/directory-versions/{made['id']}/pass", json={})

    assert answer.status_code == 409
    assert [refusal["code"] for refusal in answer.json["refusals"]] == ["ILLEGAL_TRANSITION"]


def test_only_a_department_writes_directories(as_: As, client: Client) -> None:
    assert as_("per_buyer_editor").post("/api/directories", json=BODY).status_code == 403
    assert client.post("/api/directories", json=BODY).status_code == 401
