from app.unit import Exchange
from tests.app.api import till
from tests.conftest import As

PARTS = {
    "2202.merchant": 6_208_001,
    "2202.operator": 2_483_200,
    "2221.vat": 21_736,
    "2241.fiscal": 3_724_800,
    "6001.commission": 362_264,
}


def test_a_batch_is_computed_by_one_and_posted_by_another(application: Exchange, as_: As) -> None:
    till.accepted(application, as_)
    settler, checker = as_("per_exchange_settler"), as_("per_exchange_checker")
    made = settler.post("/api/settlements", json={})
    door = f"/api/settlements/{made.json['id']}"
    before = checker.get(door).json

    own = settler.post(f"{door}/confirm", json={}, headers=till.keyed())
    posted = checker.post(f"{door}/confirm", json={}, headers=till.keyed())
    again = checker.post(f"{door}/confirm", json={}, headers=till.keyed())

    after = checker.get(door).json
    assert (made.status_code, own.status_code, posted.status_code) == (201, 409, 200), posted.json
    assert [refusal["code"] for refusal in own.json["refusals"]] == ["FOUR_EYES"]
    assert again.status_code == 409
    (line,) = after["lines"]
    assert {part["account_code"]: part["amount"]["minor"] for part in line["parts"]} == PARTS
    assert line["parts"] == before["lines"][0]["parts"]
    assert (line["fee"]["minor"], before["lines"][0]["entry_id"]) == (384_000, None)
    assert (after["state"], after["checker"]) == ("posted", "per_exchange_checker")


def test_the_merchant_sees_what_is_to_come(application: Exchange, as_: As) -> None:
    till.accepted(application, as_)

    (own,) = as_("per_developer_editor").get("/api/settlements/obligations").json["items"]
    none = as_("per_exchange_auditor").get("/api/settlements/obligations?order_id=ord_9").json

    assert (own["state"], own["accepted_on"], own["due_on"]) == ("open", "2026-07-01", "2026-07-10")
    assert none["items"] == []
    assert as_("per_buyer_editor").get("/api/settlements/obligations").json["items"] == []


def test_batches_are_hidden_from_who_does_not_oversee(application: Exchange, as_: As) -> None:
    made = till.settled(application, as_)
    merchant = as_("per_developer_editor")

    (listed,) = as_("per_hub_supervisor").get("/api/settlements").json["items"]

    assert {**listed, "actions": []} == {**made, "actions": []}
    assert merchant.get("/api/settlements").status_code == 403
    assert merchant.get(f"/api/settlements/{made['id']}").status_code == 404
    assert merchant.get("/api/settlements/stb_none").status_code == 404


def test_nothing_due_and_bad_days_are_told(as_: As) -> None:
    settler = as_("per_exchange_settler")

    nothing = settler.post("/api/settlements", json={})
    future = settler.post("/api/settlements", json={"cutoff": "2030-01-01"})
    unknown = settler.post("/api/settlements", json={"until": "2026-07-01"})

    assert (nothing.status_code, future.status_code, unknown.status_code) == (409, 422, 422)
    assert nothing.json["type"] == "/problems/nothing-due"
    assert future.json["errors"][0]["pointer"] == "/cutoff"
