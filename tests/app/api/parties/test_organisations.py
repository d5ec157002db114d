from tests.conftest import As, Client

ENTRY = {
    "uscc": "91110108717743469K",
    "name_zh": "演示·新数商",
    "name_en": "Demo Newcomer",
    "region": "430100",
    "roles": ["merchant"],
}


def test_an_organisation_is_entered_as_a_draft(as_: As) -> None:
    entered = as_("per_exchange_compliance").post("/api/organisations", json=ENTRY)

    approved = as_("per_exchange_approver").post(
        f"/api/organisations/{entered.json['id']}/approve", json={}
    )

    assert entered.status_code == 201, entered.json
    assert (entered.json["state"], entered.json["roles"]) == ("draft", ["merchant"])
    assert approved.status_code == 409
    assert [one["code"] for one in approved.json["refusals"]] == ["ILLEGAL_TRANSITION"]


def test_a_code_is_entered_once(as_: As) -> None:
    registrar = as_("per_exchange_compliance")
    registrar.post("/api/organisations", json=ENTRY)

    again = registrar.post("/api/organisations", json=ENTRY)

    assert again.status_code == 409
    assert again.json["type"] == "/problems/organisation-exists"


def test_a_wrong_code_is_refused_with_its_reason(as_: As) -> None:
    answer = as_("per_exchange_compliance").post(
        "/api/organisations", json={**ENTRY, "uscc": "91110108717743469X"}
    )

    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"


def test_only_the_registrar_enters(as_: As, client: Client) -> None:
    assert as_("per_buyer_editor").post("/api/organisations", json=ENTRY).status_code == 403
    assert client.post("/api/organisations", json=ENTRY).status_code == 401


def test_a_stale_version_is_told(as_: As) -> None:
    made = as_("per_exchange_compliance").post("/api/organisations", json=ENTRY).json

    answer = as_("per_exchange_approver").post(
        f"/api/organisations/{made['id']}/approve", json={}, headers={"If-Match": '"9"'}
    )

    assert answer.status_code == 412
