from flask import Flask

from tests.app.api import trade
from tests.conftest import As
from tests.marketplace import make

DEARER = {"kind": "one_off", "price": {"minor": 2_000_000, "currency": "CNY"}}


def test_a_revision_is_tried_made_and_compared(as_: As, application: Flask) -> None:
    product = trade.set_up(application, make.listed).id
    merchant = as_("per_developer_editor")
    said = {"product_id": product, "price_plan": DEARER, "temporal_to": "2027-01-01"}

    tried = merchant.post("/api/amendments/trials", json=said)
    none = merchant.get("/api/amendments").json["items"]
    made = merchant.post("/api/amendments", json=said)
    told = merchant.get(f"/api/amendments/{made.json['id']}/differences")

    assert tried.status_code == 200, tried.json
    assert (tried.json["size"], tried.json["refusals"], tried.json["running"]) == ("major", [], 0)
    assert none == []
    assert made.status_code == 201, made.json
    assert told.json["fields"] == tried.json["fields"]
    assert {each["name"] for each in told.json["fields"]} == {"price_plan", "temporal_to"}


def test_what_bars_it_is_told_and_strangers_see_nothing(as_: As, application: Flask) -> None:
    product = trade.set_up(application, make.listed).id
    said = {"product_id": product, "intro": "短"}

    tried = as_("per_developer_editor").post("/api/amendments/trials", json=said)
    stranger = as_("per_buyer_editor").post("/api/amendments/trials", json=said)

    assert [each["rule"] for each in tried.json["refusals"]] == ["L-05"]
    assert stranger.status_code == 404
