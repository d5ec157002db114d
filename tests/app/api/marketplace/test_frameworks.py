from flask import Flask

from tests.app.api import trade
from tests.app.api.marketplace.test_orders import USE, key
from tests.conftest import As
from tests.marketplace import make

BUYER_USCC = "9144030071526726XG"


def fen(minor: int) -> dict[str, object]:
    return {"minor": minor, "currency": "CNY"}


def test_a_framework_with_two_orders_and_none_beyond_its_ceiling(
    as_: As, application: Flask
) -> None:
    product = trade.set_up(application, make.listed).id
    seller, buyer = as_("per_developer_editor"), as_("per_buyer_editor")
    terms = {
        "title": "全年供应",
        "buyer_uscc": BUYER_USCC,
        "period_from": "2026-07-01",
        "period_to": "2027-06-30",
        "ceiling": fen(2_000_000),
        "items": [{"product_id": product, "price": fen(800_000)}],
    }

    made = seller.post("/api/frameworks", json=terms)
    assert made.status_code == 201, made.json
    path = f"/api/frameworks/{made.json['id']}"
    asked = {"lines": [{"product_id": product, "quantity": 1}], "use_scenario": USE}
    early = buyer.post(f"{path}/orders", json=asked, headers=key("early"))
    for person in ("per_developer_signer", "per_buyer_signer"):
        assert as_(person).post(f"{path}/sign", json={}).status_code == 200
    placed = [buyer.post(f"{path}/orders", json=asked, headers=key(f"o{n}")) for n in range(2)]
    again = buyer.post(f"{path}/orders", json=asked, headers=key("o1"))
    beyond = buyer.post(f"{path}/orders", json=asked, headers=key("o3"))
    shown = buyer.get(path).json
    ended = as_("per_buyer_signer").post(f"{path}/terminate", json={"reason": "改由他方供应"})

    assert [refusal["code"] for refusal in early.json["refusals"]] == ["FRAMEWORK_NOT_IN_FORCE"]
    assert [one.json["total"] for one in placed] == [fen(800_000)] * 2
    assert again.json["id"] == placed[1].json["id"]
    assert [refusal["code"] for refusal in beyond.json["refusals"]] == ["BEYOND_FRAMEWORK_CEILING"]
    assert (shown["used"], shown["left"]) == (fen(1_600_000), fen(400_000))
    assert {one["order_id"] for one in shown["call_offs"]} == {one.json["id"] for one in placed}
    assert shown["is_whole"]
    assert ended.json["state"] == "terminated"
    assert [one["code"] for one in seller.get("/api/frameworks").json["items"]] == [shown["code"]]
    assert as_("per_other_editor").get(path).status_code == 404
