"""The doors of bulk listing, documents, revisions and drafts."""

import base64
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from app.story.entry import paper
from tests.app.api import trade
from tests.conftest import As, Client
from tests.marketplace import make
from tests.marketplace.shelving import sheet

MERCHANT = "per_developer_editor"


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def handed_in(as_: As, rows: list[dict[str, Any]]) -> Any:
    body = {"name": "a.csv", "content_base64": encoded(sheet.written(rows))}
    return as_(MERCHANT).post("/api/listing-files", json=body)


def test_a_file_is_tried_then_pushed_and_pushed_again(as_: As) -> None:
    made = handed_in(as_, [sheet.row(1), sheet.row(2, price="面议")])
    where = f"/api/listing-files/{made.json['id']}"

    first = as_(MERCHANT).post(f"{where}/push").json
    again = as_(MERCHANT).post(f"{where}/push").json
    shown = as_(MERCHANT).get(where).json
    listed = as_(MERCHANT).get("/api/listing-files").json

    assert made.status_code == 201
    assert made.json["counts"] == {"new": 1, "barred": 1}
    problem = made.json["rows"][1]["problems"][0]
    assert (problem["rule"], problem["column"], bool(problem["fix"])) == (
        "L-01",
        "price_plan",
        True,
    )
    assert (first["counts"], again["counts"]) == ({"new": 1, "barred": 1}, {"same": 1, "barred": 1})
    assert shown["rows"][0]["product_id"] == first["rows"][0]["product_id"]
    assert [each["id"] for each in listed["items"]] == [made.json["id"]]


def test_a_file_is_whose_it_is(as_: As, client: Client) -> None:
    where = f"/api/listing-files/{handed_in(as_, [sheet.row(1)]).json['id']}"

    assert as_("per_other_editor").get(where).status_code == 404
    assert as_("per_other_editor").post(f"{where}/push").status_code == 404
    assert client.post(f"{where}/push").status_code == 401
    bad = as_(MERCHANT).post("/api/listing-files", json={"name": "a.csv", "content_base64": "%"})
    assert bad.status_code == 422


def test_what_is_pulled_is_a_file(as_: As, client: Client) -> None:
    push = handed_in(as_, [sheet.row(1)]).json["id"]
    as_(MERCHANT).post(f"/api/listing-files/{push}/push")

    for kind, word in (("csv", "MET0001"), ("yaml", "code: MET0001"), ("ttl", "dcat:Dataset")):
        answer = as_(MERCHANT).get(f"/api/listing-files/pulled?format={kind}")
        assert word in answer.text
    assert "产品编号" in client.get("/api/listing-files/template").text


def test_the_rule_and_the_fix_are_told_when_a_product_is_submitted(
    as_: As, application: Flask
) -> None:
    def built(session: Session) -> Any:
        return make.draft(session, update_frequency="", dictionary=[], sample=[])

    made = trade.set_up(application, built).id
    zh = {"Accept-Language": "zh-CN"}

    answer = as_(MERCHANT).post(f"/api/products/{made}/submit", json={}, headers=zh)
    offered = as_(MERCHANT).get(f"/api/products/{made}").json["actions"]

    told = [(each["rule"], each["code"]) for each in answer.json["refusals"]]
    assert told == [
        ("L-02", "DICTIONARY_MISSING"), ("L-03", "SAMPLE_MISSING"), ("L-04", "FREQUENCY_MISSING"),
    ]  # fmt: skip
    assert all(each["fix"] for each in answer.json["refusals"])
    submit = next(each for each in offered if each["step"] == "submit")
    assert [each["rule"] for each in submit["barred_by"]] == ["L-02", "L-03", "L-04"]


def test_documents_and_rights_go_through_their_doors(as_: As, application: Flask) -> None:
    def built(session: Session) -> Any:
        return make.draft(session, source_kind="purchased")

    made = trade.set_up(application, built).id
    merchant = as_(MERCHANT)
    file = {"kind": "rights_basis", "product_id": made, "name": "合同.pdf",
            "content_base64": encoded(paper("contract")), "issued_on": "2026-06-01"}  # fmt: skip
    filed = merchant.post("/api/materials/files", json=file)
    broken = merchant.post("/api/materials/files", json={**file, "content_base64": "%"})
    stated = merchant.post(
        "/api/materials/statements",
        json={
            "kind": "source_statement",
            "product_id": made,
            "said": "数据购自演示观测站，采购合同在案可查，未作转授。",
        },
    )
    promised = merchant.post(
        "/api/materials/promises",
        json={"kind": "quality_report", "product_id": made, "due_on": "2026-07-10", "said": "补交"},
    )
    before = merchant.get(f"/api/materials/standing/{made}").json
    right = {
        "product_id": made, "source": "观测", "right": "right_operate",
        "grantor_name": "演示·观测站", "basis_id": filed.json["id"], "regions": ["430000"],
        "valid_from": "2026-01-01",
    }  # fmt: skip
    recorded = merchant.post("/api/materials/rights", json=right)
    after = merchant.get(f"/api/materials/standing/{made}").json
    ended = merchant.post(f"/api/materials/rights/{recorded.json['id']}/end", json={"reason": "止"})
    opened = as_("per_exchange_compliance").post(f"/api/materials/{filed.json['id']}/open")

    statuses = [each.status_code for each in (filed, stated, promised, recorded, ended, opened)]
    assert statuses == [201, 201, 201, 201, 204, 200]
    assert broken.status_code == 422
    assert [each["rule"] for each in before["refusals"]] == ["L-20"]
    assert after["refusals"] == []
    assert after["rights"] == [{"source": "观测", "effective": True, "until": None}]
    assert base64.b64decode(opened.json["content_base64"]) == paper("contract")
    assert len(merchant.get(f"/api/materials/rights?product_id={made}").json) == 1
    assert filed.json["id"] in {
        each["id"] for each in merchant.get(f"/api/materials?product_id={made}").json
    }
    assert as_("per_other_editor").get(f"/api/materials/standing/{made}").status_code == 404


def test_a_revision_goes_through_its_door(as_: As, application: Flask) -> None:
    made = trade.set_up(application, make.listed).id
    merchant = as_(MERCHANT)

    same = merchant.post("/api/amendments", json={"product_id": made})
    revised = merchant.post("/api/amendments", json={"product_id": made, "title_zh": "新名称"})
    where = f"/api/amendments/{revised.json['id']}"
    published = as_("per_exchange_listing").post(f"{where}/publish", json={})

    assert same.status_code == 422
    assert (revised.json["size"], revised.json["label"]) == ("minor", "1.1")
    assert published.json["state"] == "published"
    assert merchant.get(where).json["id"] == revised.json["id"]
    assert len(merchant.get(f"/api/amendments?product_id={made}").json["items"]) == 1
    assert merchant.get(f"/api/products/{made}").json["title_zh"] == "新名称"


def test_a_data_set_begins_a_product(as_: As, application: Flask) -> None:
    def built(session: Session) -> Any:
        made = make.draft(session)
        sheet.dataset(session)
        return made

    made = trade.set_up(application, built).id
    where = "/api/product-drafts/dsv_dst_org_developer_1"

    told = as_(MERCHANT).get(where).json
    kept = as_(MERCHANT).get(f"{where}?product_id={made}").json

    assert (told["title_zh"], told["delivery_mode"]) == ("各站降雨", "raw_file")
    assert {each["name"]: each["meaning"] for each in kept["dictionary"]}["station"]
    assert as_("per_other_editor").get(f"{where}?product_id={made}").status_code == 404
