import pytest

from app.unit import Exchange
from catalogue import registrations
from tests.catalogue import shelf
from tests.conftest import As, Client, work_of


@pytest.fixture
def directory_id(application: Exchange) -> str:
    """Publish a directory."""
    with application.house.engines.writing() as session:
        made = shelf.published(session).directory_id
        session.commit()
    return made


def test_a_registration_goes_from_application_to_publicity(
    as_: As, client: Client, directory_id: str
) -> None:
    applied = as_("per_dept_editor").post(
        "/api/registrations", json={"directory_id": directory_id, "years": 3}
    )
    door = f"/api/registrations/{applied.json['id']}"
    hidden = client.get(door)
    accepted = as_("per_hub_reviewer").post(f"{door}/accept", json={})
    shown = client.get(door)

    assert applied.status_code == 201, applied.json
    assert hidden.status_code == 404
    assert accepted.json["state"] == "in_publicity"
    assert shown.json["code"] is None
    assert [row["id"] for row in client.get("/api/registrations").json["items"]] == [
        applied.json["id"]
    ]


def test_a_code_is_looked_up_by_anybody(
    client: Client, directory_id: str, application: Exchange
) -> None:
    with application.house.engines.writing() as session:
        made = shelf.registered(session, directory_id)
        code = made.code
        session.commit()

    found = client.get(f"/api/registrations/codes/{code}")
    wrong = client.get("/api/registrations/codes/430000-2026-000001-Y")

    assert found.status_code == 200
    assert (found.json["code"], found.json["valid_to"]) == (code, "2029-06-30")
    assert wrong.status_code == 404


def test_a_registration_is_not_ended_before_its_publicity(
    as_: As, directory_id: str, application: Exchange
) -> None:
    with application.house.engines.writing() as session:
        made = registrations.apply(
            work_of(session, "per_dept_editor"), directory_id=directory_id, years=1
        )
        session.flush()
        registrations.take(work_of(session, "per_hub_reviewer"), made.id, "accept")
        session.commit()
        key = made.id

    answer = as_("per_hub_supervisor").post(f"/api/registrations/{key}/register", json={})

    assert answer.status_code == 409
    assert [refusal["code"] for refusal in answer.json["refusals"]] == ["PUBLICITY_RUNNING"]


def test_an_application_says_no_more_than_it_may(as_: As, directory_id: str) -> None:
    body = {"directory_id": directory_id, "years": 3}
    editor = as_("per_dept_editor")

    unknown = editor.post("/api/registrations", json={**body, "code": "mine"})
    longer = editor.post("/api/registrations", json={**body, "years": 4})
    stranger = as_("per_buyer_editor").post("/api/registrations", json=body)

    assert (unknown.status_code, longer.status_code) == (422, 422)
    assert longer.json["errors"][0]["pointer"] == "/years"
    assert stranger.status_code == 403
