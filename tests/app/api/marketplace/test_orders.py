from typing import Any

from flask import Flask

from tests.app.api import trade
from tests.conftest import As, Client
from tests.marketplace import make

USE = {
    "field": "modern_agriculture",
    "purpose_code": "weather_insurance",
    "purpose_text": "按实测降雨赔付的农业保险",
    "region": "430100",
    "period_from": "2026-07-20",
    "period_to": "2026-12-31",
}


def wanted(product_id: str, **changes: Any) -> dict[str, Any]:
    line = {"product_id": product_id, "quantity": 1}
    return {"lines": [line], "use_scenario": USE, **changes}


def key(name: str = "order-1") -> dict[str, str]:
    return {"Idempotency-Key": name}


def test_an_order_is_placed_confirmed_and_signed(as_: As, application: Flask) -> None:
    product = trade.set_up(application, make.listed).id

    placed = as_("per_buyer_editor").post("/api/orders", json=wanted(product), headers=key())
    order = f"/api/orders/{placed.json['id']}"
    confirmed = as_("per_developer_editor").post(f"{order}/confirm", json={})
    first = as_("per_buyer_signer").post(f"{order}/sign", json={})
    second = as_("per_developer_signer").post(f"{order}/sign", json={})
    contract = as_("per_buyer_editor").get(f"{order}/contract")

    assert placed.status_code == 201, placed.json
    assert placed.json["total"] == {"minor": 1_000_000, "currency": "CNY"}
    assert placed.json["lines"][0]["product_id"] == product
    assert placed.json["use_scenario"] == USE
    assert confirmed.status_code == 200, confirmed.json
    assert (first.json["state"], second.json["state"]) == ("contract_signing", "awaiting_payment")
    assert contract.json["is_whole"]
    assert len(contract.json["signatures"]) == 2
    assert "数据提供合同" in contract.json["text"]


def test_the_same_key_places_one_order(as_: As, application: Flask) -> None:
    product = trade.set_up(application, make.listed).id
    buyer = as_("per_buyer_editor")

    first = buyer.post("/api/orders", json=wanted(product), headers=key())
    again = buyer.post("/api/orders", json=wanted(product), headers=key())

    assert again.json["id"] == first.json["id"]
    assert again.headers["Idempotency-Replayed"] == "true"


def test_an_order_needs_its_key(as_: As, application: Flask) -> None:
    product = trade.set_up(application, make.listed).id

    answer = as_("per_buyer_editor").post("/api/orders", json=wanted(product))

    assert answer.status_code == 400
    assert answer.json["type"] == "/problems/idempotency-key-missing"


def test_every_reason_against_an_order_is_told(as_: As, application: Flask) -> None:
    product = trade.set_up(
        application, lambda session: make.listed(session, make.public_content(session))
    ).id
    use = {**USE, "purpose_code": "loan_monitoring", "region": "110000"}

    answer = as_("per_buyer_editor").post(
        "/api/orders", json=wanted(product, use_scenario=use), headers=key()
    )

    assert answer.status_code == 409
    assert [refusal["code"] for refusal in answer.json["refusals"]] == [
        "PURPOSE_MISMATCH",
        "REGION_OUT_OF_SCOPE",
    ]


def test_an_order_without_a_use_is_refused(as_: As, application: Flask) -> None:
    product = trade.set_up(application, make.listed).id
    body = wanted(product)
    del body["use_scenario"]

    answer = as_("per_buyer_editor").post("/api/orders", json=body, headers=key())

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == ["/use_scenario"]


def test_an_unknown_field_is_refused(as_: As, application: Flask) -> None:
    product = trade.set_up(application, make.listed).id

    answer = as_("per_buyer_editor").post(
        "/api/orders", json=wanted(product, discount=1), headers=key()
    )

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == ["/discount"]


def test_a_foreign_order_is_answered_like_none(as_: As, application: Flask) -> None:
    order = trade.set_up(application, make.placed).id
    stranger = as_("per_other_editor")

    hidden, missing = (stranger.get(f"/api/orders/{name}") for name in (order, "ord_none"))

    assert (hidden.status_code, missing.status_code) == (404, 404)
    assert hidden.json["detail"] == missing.json["detail"]


def test_a_step_before_its_time_is_refused(as_: As, application: Flask) -> None:
    order = trade.set_up(application, make.placed).id

    answer = as_("per_buyer_editor").post(f"/api/orders/{order}/accept", json={})

    assert answer.status_code == 409
    assert answer.json["refusals"][0]["code"] == "ILLEGAL_TRANSITION"


def test_an_order_without_a_contract_yet_shows_none(as_: As, application: Flask) -> None:
    order = trade.set_up(application, make.placed).id

    answer = as_("per_buyer_editor").get(f"/api/orders/{order}/contract")

    assert answer.status_code == 404


def test_a_signature_on_a_stale_version_is_refused(as_: As, application: Flask) -> None:
    order = trade.set_up(application, make.confirmed).id

    answer = as_("per_buyer_signer").post(
        f"/api/orders/{order}/sign", json={}, headers={"If-Match": '"99"'}
    )

    assert answer.status_code == 412


def test_each_side_lists_its_orders(as_: As, application: Flask) -> None:
    order = trade.set_up(application, make.placed).id

    def listed(person: str, **query: str) -> list[str]:
        answer = as_(person).get("/api/orders", query_string=query)
        assert answer.status_code == 200, answer.json
        return [item["id"] for item in answer.json["items"]]

    assert listed("per_buyer_editor") == [order]
    assert listed("per_developer_editor", side="sold") == [order]
    assert listed("per_exchange_settler", side="overseen", state="submitted") == [order]
    assert listed("per_other_editor", side="overseen") == []


def test_one_order_shows_its_clock_and_actions(as_: As, application: Flask) -> None:
    order = trade.set_up(application, make.placed).id

    answer = as_("per_developer_editor").get(f"/api/orders/{order}")

    assert {action["step"] for action in answer.json["actions"]} == {"confirm", "decline"}
    assert answer.json["clock"]["due_on"] == "2026-07-16"
    assert answer.headers["ETag"] == f'"{answer.json["version"]}"'


def test_orders_are_not_for_the_street(client: Client) -> None:
    assert client.get("/api/orders").status_code == 401


def test_an_order_is_placed_with_its_instalments(as_: As, application: Flask) -> None:
    product = trade.set_up(application, make.listed).id
    parts = [
        {"due": "signature", "amount": {"minor": 400_000, "currency": "CNY"}},
        {
            "due": "date",
            "due_on": "2026-12-01",
            "amount": {"minor": 600_000, "currency": "CNY"},
        },
    ]
    buyer = as_("per_buyer_editor")

    placed = buyer.post("/api/orders", json=wanted(product, instalments=parts), headers=key())
    one_too_much = buyer.post(
        "/api/orders", json=wanted(product, instalments=[*parts, parts[0]]), headers=key("two")
    )

    assert placed.status_code == 201, placed.json
    assert [(part["state"], part["due_on"]) for part in placed.json["instalments"]] == [
        ("planned", None),
        ("planned", "2026-12-01"),
    ]
    assert one_too_much.status_code == 422
    assert len(buyer.get("/api/orders").json["items"]) == 1


def test_both_see_what_a_cancellation_gives_back_and_costs(as_: As, application: Flask) -> None:
    order = trade.set_up(application, make.paid)
    asked = as_("per_buyer_editor").post(
        "/api/cancellations", json={"order_id": order.id, "reason": "项目取消"}
    )

    seen = as_("per_developer_signer").get(f"/api/cancellations/{asked.json['id']}").json

    assert seen["refund_cost"] == {"minor": 500, "currency": "CNY"}
    assert seen["refund_amount"] == {"minor": 999_500, "currency": "CNY"}
    assert (asked.json["refund_amount"], asked.json["refund_cost"]) == (
        seen["refund_amount"], seen["refund_cost"],
    )  # fmt: skip


def test_a_cancellation_is_asked_and_agreed_to(as_: As, application: Flask) -> None:
    order = trade.set_up(application, make.signed)
    buyer, seller = as_("per_buyer_editor"), as_("per_developer_signer")

    asked = buyer.post("/api/cancellations", json={"order_id": order.id, "reason": "项目取消"})
    path = f"/api/cancellations/{asked.json['id']}"
    listed = seller.get(f"/api/cancellations?order_id={order.id}")
    agreed = seller.post(f"{path}/agree", json={}, headers=key())

    assert asked.status_code == 201, asked.json
    assert [one["id"] for one in listed.json["items"]] == [asked.json["id"]]
    assert agreed.json["state"] == "agreed", agreed.json
    assert buyer.get(path).json["state"] == "agreed"
    assert buyer.get(f"/api/orders/{order.id}").json["state"] == "closed"
