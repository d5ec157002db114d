import pytest

from app.unit import Exchange
from catalogue import registrations
from tests.catalogue import shelf
from tests.conftest import NOON, As, Client, work_of


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
        "/api/registrations",
        json={"directory_id": directory_id, "years": 3, "form": shelf.FORM},
    )
    door = f"/api/registrations/{applied.json['id']}"
    hidden = client.get(door)
    as_("per_hub_officer").post(f"{door}/accept", json={})
    accepted = as_("per_hub_reviewer").post(f"{door}/pass", json={})
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
        made = shelf.applied(session, directory_id, at=NOON)
        registrations.take(work_of(session, "per_hub_officer"), made.id, "accept")
        registrations.take(work_of(session, "per_hub_reviewer"), made.id, "pass")
        session.commit()
        key = made.id

    answer = as_("per_hub_supervisor").post(f"/api/registrations/{key}/register", json={})

    assert answer.status_code == 409
    assert [refusal["code"] for refusal in answer.json["refusals"]] == ["PUBLICITY_RUNNING"]


def test_an_application_says_no_more_than_it_may(as_: As, directory_id: str) -> None:
    body = {"directory_id": directory_id, "years": 3, "form": shelf.FORM}
    editor = as_("per_dept_editor")

    unknown = editor.post("/api/registrations", json={**body, "code": "mine"})
    longer = editor.post("/api/registrations", json={**body, "years": 4})
    stranger = as_("per_buyer_editor").post("/api/registrations", json=body)

    assert (unknown.status_code, longer.status_code) == (422, 422)
    assert longer.json["errors"][0]["pointer"] == "/years"
    assert stranger.status_code == 403


def test_an_application_is_kept_back_filled_and_shown_to_its_parties(
    as_: As, directory_id: str
) -> None:
    body = {"directory_id": directory_id, "years": 2, "form": shelf.FORM, "submit": False}
    editor = as_("per_dept_editor")

    kept = editor.post("/api/registrations", json=body)
    door = f"/api/registrations/{kept.json['id']}"
    filled = editor.post(f"{door}/forms", json={"form": {**shelf.FORM, "storage": "三区"}})
    forms = as_("per_hub_officer").get(f"{door}/forms")
    stranger = as_("per_buyer_editor").get(f"{door}/forms")

    assert (kept.json["state"], filled.status_code) == ("to_register", 200)
    assert [one["body"]["storage"] for one in forms.json["items"]] == ["三区", "省政务云安全域"]
    assert stranger.status_code == 404


def test_a_change_and_a_correction_are_asked_for(
    as_: As, directory_id: str, application: Exchange
) -> None:
    with application.house.engines.writing() as session:
        key = shelf.registered(session, directory_id).id
        session.commit()
    door = f"/api/registrations/{key}"

    changed = as_("per_dept_editor").post(f"{door}/change", json={"form": shelf.FORM})
    passed = as_("per_hub_reviewer").post(f"{door}/pass-change", json={})
    corrected = as_("per_buyer_editor").post(f"{door}/correct", json={"text": "站点为十二"})

    assert changed.json["state"] == "change_review"
    assert (passed.json["state"], passed.json["revision"]) == ("registered", 2)
    assert passed.json["grants"] == [
        {"number": 1, "valid_from": "2026-07-01", "valid_to": "2029-06-30"}
    ]
    assert corrected.json["state"] == "correction_review"


def test_an_objection_is_raised_and_answered(
    as_: As, directory_id: str, application: Exchange
) -> None:
    with application.house.engines.writing() as session:
        key = shelf.in_publicity(session, directory_id).id
        session.commit()
    asked = {"registration_id": key, "grounds": "来源存疑"}

    raised = as_("per_buyer_editor").post("/api/objections", json=asked)
    again = as_("per_buyer_editor").post("/api/objections", json=asked)
    door = f"/api/objections/{raised.json['id']}"
    hidden = as_("per_other_editor").get(door)
    listed = as_("per_dept_editor").get("/api/objections").json["items"]
    upheld = as_("per_hub_reviewer").post(f"{door}/uphold", json={"reason": "属实"})

    assert (raised.status_code, again.status_code, hidden.status_code) == (201, 409, 404)
    assert [one["id"] for one in listed] == [raised.json["id"]]
    assert as_("per_buyer_editor").get(door).json["state"] == "upheld"
    assert upheld.json["answered_at"] is not None
