import json
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from app.unit import Exchange
from marketplace import products
from tests.app.api import trade
from tests.conftest import As, Client, work_of
from tests.marketplace import make


def body(**changes: Any) -> dict[str, Any]:
    said = {**make.content(), **changes}
    plain: dict[str, Any] = json.loads(json.dumps(said, default=str))
    return plain


def test_a_merchant_writes_revises_and_submits(as_: As) -> None:
    merchant = as_("per_developer_editor")

    made = merchant.post("/api/products", json=body())
    revised = merchant.post(
        f"/api/products/{made.json['id']}/revise",
        json={"title_en": "Rain by the day"},
        headers={"If-Match": f'"{made.json["version"]}"'},
    )
    submitted = merchant.post(f"/api/products/{made.json['id']}/submit", json={})

    assert made.status_code == 201, made.json
    assert made.json["code"] == "DP-000001"
    assert {action["step"] for action in made.json["actions"]} == {
        "revise", "submit", "withdraw"
    }  # fmt: skip
    assert revised.status_code == 200, revised.json
    assert (revised.json["title_en"], revised.json["number"]) == ("Rain by the day", 2)
    assert submitted.status_code == 200, submitted.json
    assert submitted.json["state"] == "formal_check"
    assert submitted.json["clock"]["light"] in {"green", "yellow"}


def test_a_foreign_draft_is_answered_like_none(as_: As, application: Flask) -> None:
    made = trade.set_up(application, make.draft).id
    stranger = as_("per_other_editor")

    hidden, missing = (
        stranger.get(f"/api/products/{product_id}") for product_id in (made, "prd_none")
    )

    assert (hidden.status_code, missing.status_code) == (404, 404)
    for answer in (hidden, missing):
        answer.json.pop("request_id")
        answer.json.pop("instance")
    assert hidden.json["title"] == missing.json["title"]
    assert hidden.json["detail"] == missing.json["detail"]


def test_an_unknown_field_is_refused(as_: As) -> None:
    answer = as_("per_developer_editor").post("/api/products", json=body(price=1))

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == ["/price"]


def test_a_cell_of_a_sample_is_plain(as_: As) -> None:
    merchant = as_("per_developer_editor")
    samples = ([{"rain": [1]}], [{"rain": "x" * 501}], [{"rain": "\0"}])

    answers = [merchant.post("/api/products", json=body(sample=sample)) for sample in samples]
    beyond = merchant.post(
        "/api/products",
        data=json.dumps(body(sample=[{"rain": "?"}])).replace('"?"', "1e999"),
        content_type="application/json",
    )

    assert [answer.status_code for answer in (*answers, beyond)] == [422] * 4


def test_what_cannot_be_meant_is_told_with_its_place(as_: As) -> None:
    answer = as_("per_developer_editor").post("/api/products", json=body(accept_days=31))

    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/accept_days"


def test_a_step_from_the_wrong_state_is_refused_with_the_reason(
    as_: As, application: Flask
) -> None:
    made = trade.set_up(application, make.draft).id

    answer = as_("per_exchange_listing").post(f"/api/products/{made}/pass-formal", json={})

    assert answer.status_code == 409
    assert [refusal["code"] for refusal in answer.json["refusals"]] == ["ILLEGAL_TRANSITION"]


def test_the_shelf_is_open_to_everybody(client: Client, application: Flask) -> None:
    made = trade.set_up(application, make.listed).id

    shelf = client.get("/api/products", query_string={"text": "降雨", "industry": "M"})
    one = client.get(f"/api/products/{made}")

    assert [item["id"] for item in shelf.json["items"]] == [made]
    assert one.status_code == 200
    assert one.json["sample"][0] == {"station": "Dongsi", "rain": 3.5}
    assert one.json["actions"] == []
    assert one.headers["ETag"] == f'"{one.json["version"]}"'


def test_publicity_announces_and_shows_no_more(as_: As, client: Client, application: Flask) -> None:
    def announced(session: Session) -> Any:
        return make.reviewed(session, make.draft(session))

    made = trade.set_up(application, announced).id

    others = client.get(f"/api/products/{made}").json
    owner = as_("per_developer_editor").get(f"/api/products/{made}").json
    page = client.get("/api/products/in-publicity").json

    assert others["title_zh"] == "逐日降雨指数"
    assert "price_plan" not in others
    assert owner["price_plan"] == make.PRICE
    assert [item["id"] for item in page["items"]] == [made]
    assert "grade" not in page["items"][0]


def test_officers_see_the_queue_with_its_lights(as_: As, application: Flask) -> None:
    def submitted(session: Session) -> Any:
        made = make.draft(session)
        return products.take(work_of(session, "per_developer_editor"), made.id, "submit")

    made = trade.set_up(application, submitted).id

    queue = as_("per_exchange_listing").get("/api/products/queue").json
    own = as_("per_developer_editor").get("/api/products/own").json
    nothing = as_("per_other_editor").get("/api/products/queue").json

    assert [item["id"] for item in queue["items"]] == [made]
    assert queue["items"][0]["clock"]["due_on"] == "2026-07-03"
    assert [item["id"] for item in own["items"]] == [made]
    assert nothing["items"] == []
    assert isinstance(application, Exchange)
