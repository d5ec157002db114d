from dataclasses import replace
from typing import Any

import pytest

from app.unit import Exchange
from tests.catalogue import shelf
from tests.conftest import As
from tests.delivery import parcels


@pytest.fixture
def directory_id(application: Exchange) -> str:
    """Publish a directory, and mount the real weather."""
    house = application.house
    settings = replace(house.settings, data_dir=str(parcels.DATA))
    application.house = replace(house, settings=settings)
    with house.engines.writing() as session:
        made = shelf.published(session).directory_id
        session.commit()
    return made


def _body(as_: As, directory_id: str, **changes: Any) -> dict[str, Any]:
    system = as_("per_dept_editor").post(
        "/api/systems", json={"name_zh": "观测系统", "name_en": "Observation"}
    )
    assert system.status_code == 201, system.json
    return {
        "directory_id": directory_id,
        "system_id": system.json["id"],
        "name": "Hourly observations",
        "location": parcels.WEATHER,
        **changes,
    }


def test_a_file_is_inspected_and_attached(as_: As, directory_id: str) -> None:
    body = _body(as_, directory_id)

    attached = as_("per_dept_editor").post("/api/resources", json=body)
    shown = as_("per_hub_officer").get(f"/api/resources/{attached.json['id']}")
    listed = as_("per_dept_editor").get(f"/api/resources?directory_id={directory_id}")
    systems = as_("per_dept_editor").get("/api/systems")

    assert attached.status_code == 201, attached.json
    assert attached.json["row_count"] == 420_768
    assert attached.json["columns"][2] == {"name": "TEMP", "type": "decimal", "missing_bp": 9}
    assert [action["step"] for action in attached.json["actions"]] == ["detach", "refresh"]
    assert shown.json["sha256"] == attached.json["sha256"]
    assert [row["id"] for row in listed.json["items"]] == [attached.json["id"]]
    assert [row["id"] for row in systems.json["items"]] == [body["system_id"]]


def test_a_file_that_is_not_there_or_is_a_path_is_pointed_at(as_: As, directory_id: str) -> None:
    body = _body(as_, directory_id)
    editor = as_("per_dept_editor")

    for location in ("gone.parquet", "../data/beijing_weather_hourly.parquet"):
        answer = editor.post("/api/resources", json={**body, "location": location})
        assert answer.status_code == 422, answer.json
        assert answer.json["errors"][0]["pointer"] == "/location"
    unknown = editor.post("/api/resources", json={**body, "sha256": "0" * 64})
    assert unknown.status_code == 422


def test_a_file_is_attached_once_and_detached(as_: As, directory_id: str) -> None:
    body = _body(as_, directory_id)
    editor = as_("per_dept_editor")
    made = editor.post("/api/resources", json=body).json

    twice = editor.post("/api/resources", json=body)
    detached = editor.post(f"/api/resources/{made['id']}/detach", json={"reason": "moved"})
    again = editor.post(f"/api/resources/{made['id']}/detach", json={"reason": "moved"})

    assert (twice.status_code, twice.json["type"]) == (409, "/problems/location-taken")
    assert (detached.status_code, detached.json["state"]) == (200, "detached")
    assert again.status_code == 409


def test_a_stranger_neither_sees_nor_attaches(as_: As, directory_id: str) -> None:
    body = _body(as_, directory_id)
    made = as_("per_dept_editor").post("/api/resources", json=body).json
    stranger = as_("per_buyer_editor")

    hidden = stranger.get(f"/api/resources/{made['id']}")
    absent = stranger.get("/api/resources/res_none")
    attached = stranger.post("/api/resources", json=body)

    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert hidden.json["title"] == absent.json["title"]
    assert attached.status_code == 403


def test_a_file_is_inspected_anew_when_data_have_come(as_: As, directory_id: str) -> None:
    made = as_("per_dept_editor").post("/api/resources", json=_body(as_, directory_id)).json
    door = f"/api/resources/{made['id']}/refresh"

    refreshed = as_("per_dept_editor").post(door, json={})
    stranger = as_("per_hub_officer").post(door, json={})

    assert made["refreshed_at"] is None
    assert (refreshed.status_code, refreshed.json["sha256"]) == (200, made["sha256"])
    assert refreshed.json["refreshed_at"] is not None
    assert stranger.status_code == 403
