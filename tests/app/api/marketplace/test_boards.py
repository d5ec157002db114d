from flask import Flask

from tests.app.api import trade
from tests.conftest import As, Client
from tests.marketplace import make

BOARD = {
    "code": "METEO",
    "name_zh": "气象专板",
    "name_en": "Meteorological board",
    "sponsor_id": "org_dept",
    "curator_id": "org_exchange",
    "industry": "M",
    "rules_zh": "气象数据产品",
    "rules_en": "Meteorological data products",
}


def test_a_board_is_opened_and_filled(as_: As, client: Client, application: Flask) -> None:
    product = trade.set_up(application, make.listed).id
    officer = as_("per_exchange_listing")

    opened = officer.post("/api/boards", json=BOARD)
    board = f"/api/boards/{opened.json['id']}"
    admitted = officer.post(f"{board}/products", json={"product_id": product})
    again = officer.post(f"{board}/products", json={"product_id": product})
    shown = client.get(board)
    shelf = client.get("/api/products", query_string={"board": opened.json["id"]})
    dismissed = officer.post(f"{board}/products/{product}/dismiss", json={"reason": "重复"})
    listed = client.get("/api/boards")

    assert opened.status_code == 201, opened.json
    assert admitted.status_code == 201, admitted.json
    assert again.status_code == 409
    assert shown.json["products"] == 1
    assert [item["id"] for item in shelf.json["items"]] == [product]
    assert dismissed.status_code == 204
    assert [(item["code"], item["products"]) for item in listed.json["items"]] == [("METEO", 0)]


def test_a_board_is_opened_by_the_exchange_alone(as_: As) -> None:
    assert as_("per_developer_editor").post("/api/boards", json=BOARD).status_code == 403


def test_an_unknown_field_is_refused(as_: As) -> None:
    answer = as_("per_exchange_listing").post("/api/boards", json={**BOARD, "colour": "blue"})

    assert answer.status_code == 422


def test_a_board_that_is_not_there_is_not_found(client: Client) -> None:
    assert client.get("/api/boards/brd_none").status_code == 404
