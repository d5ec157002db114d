from app.unit import Exchange
from tests.app.api import till
from tests.conftest import As
from tests.settlement import money


def test_a_payer_sees_its_own_number_and_pays_by_it(application: Exchange, as_: As) -> None:
    payment = till.asked(application, as_)
    settler, buyer = as_("per_exchange_settler"), as_("per_buyer_editor")

    made = settler.post("/api/virtual-accounts", json={"payer_id": "org_buyer"})
    again = settler.post("/api/virtual-accounts", json={"payer_id": "org_buyer"})
    (listed,) = buyer.get("/api/virtual-accounts").json["items"]
    shown = buyer.get(f"/api/virtual-accounts/{listed['id']}")

    assert made.status_code == 201, made.json
    assert again.json["id"] == made.json["id"] == listed["id"]
    assert made.json["number"] == f"{money.CUSTODY}000001"
    assert (shown.status_code, payment["state"]) == (200, "awaiting")
    assert as_("per_developer_editor").get("/api/virtual-accounts").json["items"] == []
    stranger = as_("per_developer_editor").get(f"/api/virtual-accounts/{listed['id']}")
    assert stranger.status_code == 404


def test_only_a_settlement_officer_opens_and_closes_one(as_: As) -> None:
    settler = as_("per_exchange_settler")
    refused = as_("per_buyer_editor").post("/api/virtual-accounts", json={"payer_id": "org_buyer"})
    made = settler.post("/api/virtual-accounts", json={"payer_id": "org_buyer"}).json

    closed = settler.post(f"/api/virtual-accounts/{made['id']}/close", json={"reason": "停用"})
    other = settler.post("/api/virtual-accounts", json={"payer_id": "org_buyer"}).json
    nobody = settler.get("/api/virtual-accounts/vac_none")

    assert refused.status_code == 403
    assert (closed.json["state"], nobody.status_code) == ("closed", 404)
    assert other["number"] == f"{money.CUSTODY}000002"
