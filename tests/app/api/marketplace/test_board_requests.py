from flask import Flask

from tests.app.api import trade
from tests.app.api.marketplace.test_boards import BOARD
from tests.conftest import As, Client
from tests.marketplace import make

SAID = {"size_bytes": 1000, "as_of": "2026-06-30", "basis_zh": "主办方归集的全部数据",
        "basis_en": "all that was gathered"}  # fmt: skip


def test_asked_answered_put_first_and_counted(as_: As, client: Client, application: Flask) -> None:
    product = trade.set_up(application, make.listed).id
    merchant, curator = as_("per_developer_editor"), as_("per_exchange_listing")
    board = curator.post("/api/boards", json=BOARD).json["id"]

    asked = merchant.post(
        "/api/board-requests", json={"board_id": board, "product_ids": [product, "prd_none"]}
    )
    (waiting,) = merchant.get("/api/board-requests", query_string={"state": "asked"}).json["items"]
    shown = curator.get(f"/api/board-requests/{waiting['id']}")
    none = curator.post(
        "/api/board-requests/answers", json={"request_ids": [waiting["id"]], "step": "decline"}
    )
    answered = curator.post(
        "/api/board-requests/answers", json={"request_ids": [waiting["id"]], "step": "admit"}
    )
    pinned = curator.post(f"/api/boards/{board}/pins", json={"product_ids": [product]})
    declared = curator.post(f"/api/boards/{board}/declarations", json=SAID)
    figures = client.get(f"/api/boards/{board}/figures")

    assert (asked.status_code, asked.json["done"]) == (201, 1), asked.json
    assert [each["subject_id"] for each in asked.json["barred"]] == ["prd_none"]
    assert {action["step"] for action in shown.json["actions"]} == {"admit", "decline"}
    assert shown.json["clock"]["due_on"] == "2026-07-03"
    assert none.json["barred"][0]["refusals"][0]["code"] == "ANSWER_NEEDED"
    assert answered.json == {"done": 1, "barred": []}
    assert (pinned.status_code, declared.status_code) == (204, 201)
    assert figures.json["products"] == figures.json["merchants"] == 1
    assert figures.json["declared"]["size_bytes"] == 1000


def test_a_stranger_finds_no_request(as_: As, application: Flask) -> None:
    product = trade.set_up(application, make.listed).id
    merchant, stranger = as_("per_developer_editor"), as_("per_buyer_editor")
    board = as_("per_exchange_listing").post("/api/boards", json=BOARD).json["id"]
    merchant.post("/api/board-requests", json={"board_id": board, "product_ids": [product]})
    (waiting,) = merchant.get("/api/board-requests").json["items"]

    assert stranger.get(f"/api/board-requests/{waiting['id']}").status_code == 404
    assert stranger.get("/api/board-requests").json["items"] == []
