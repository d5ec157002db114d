from typing import Any

from tests.conftest import As

ENTRY: dict[str, Any] = {
    "person_id": "per_expert_1",
    "specialities": ["law", "field"],
    "fields": ["modern_agriculture"],
    "employer_name": "Demo University",
    "outside": True,
}


def test_a_secretary_enrols_and_ties_an_expert(as_: As) -> None:
    secretary = as_("per_agency_secretary")

    made = secretary.post("/api/experts", json=ENTRY)
    key = made.json["id"]
    tie = secretary.post(
        f"/api/experts/{key}/ties",
        json={"organisation_id": "org_developer", "kind": "adviser", "until": "2026-01-31"},
    )
    shown = secretary.get(f"/api/experts/{key}")

    assert made.status_code == 201, made.json
    assert made.json["fields"] == ["modern_agriculture"]
    assert tie.status_code == 201, tie.json
    assert shown.json["ties"] == [tie.json]
    assert [action["step"] for action in shown.json["actions"]] == ["rest"]


def test_an_expert_rests_and_returns(as_: As) -> None:
    secretary = as_("per_agency_secretary")
    key = secretary.post("/api/experts", json=ENTRY).json["id"]

    rested = secretary.post(f"/api/experts/{key}/rest", json={"reason": "abroad"})
    again = secretary.post(f"/api/experts/{key}/rest", json={"reason": "abroad"})

    assert rested.json["state"] == "resting"
    assert again.status_code == 409


def test_the_pool_is_not_for_strangers(as_: As) -> None:
    key = as_("per_agency_secretary").post("/api/experts", json=ENTRY).json["id"]
    stranger = as_("per_other_editor")

    foreign, missing = stranger.get(f"/api/experts/{key}"), stranger.get("/api/experts/exp_x")

    assert foreign.status_code == missing.status_code == 404
    assert foreign.json["detail"] == missing.json["detail"]
    assert stranger.post("/api/experts", json=ENTRY).status_code == 403
    assert [one["id"] for one in as_("per_expert_1").get("/api/experts").json["items"]] == [key]


def test_an_unknown_field_is_refused(as_: As) -> None:
    answer = as_("per_agency_secretary").post("/api/experts", json={**ENTRY, "rank": 1})

    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/rank")
