"""Data assets and evidence packs over HTTP, from the first cost to a pack that anybody verifies."""

import base64
from typing import Any

import pytest

from app import demonstration
from app.unit import Exchange
from tests.conftest import As, Client
from tests.settlement.assets.town import CHECKER, NEXT_YEAR, SIGNED, WRITER

TERMS: dict[str, Any] = {
    "rights_basis": "数据使用权，合同 HT-1",
    "life_basis": "更新频率",
    "costs": [
        {"kind": "purchase_price", "phase": "acquisition", "fen": 120_000, "on": "2026-07-01",
         "document": "发票 0001"},
    ],
    "conditions": ["controlled", "benefits_probable", "cost_measurable"],
    "life_months": 12,
}  # fmt: skip
CARD = {**TERMS, "name": "农业气象数据集", "kind": "intangible", "form": "purchased"}
YEAR = {"first_on": "2026-01-01", "last_on": "2026-12-31"}


@pytest.fixture(autouse=True)
def _next_year(application: Exchange) -> None:
    """Let it be January after the year before anybody asks."""
    with application.house.engines.writing() as session:
        demonstration.begin_at(session, NEXT_YEAR)
        session.commit()


def sent(client: Client, path: str, body: dict[str, Any], status: int = 200) -> Any:
    answer = client.post(path, json=body)
    assert answer.status_code == status, answer.json
    return answer.json


def recognised(as_: As) -> str:
    card = sent(as_(WRITER), "/api/asset-cards", CARD, 201)["id"]
    sent(as_(WRITER), f"/api/asset-cards/{card}/mend", {**TERMS, "residual_fen": 0})
    sent(as_(WRITER), f"/api/asset-cards/{card}/submit", {})
    signed = {"recognised_on": "2026-07-01", **SIGNED}
    sent(as_(CHECKER), f"/api/asset-cards/{card}/recognise", signed)
    return str(card)


def test_a_valuation_report_is_filed_listed_and_downloaded(as_: As) -> None:
    card, writer = recognised(as_), as_(WRITER)
    encoded = base64.b64encode(b"%PDF-1.7").decode()
    report = {"card_id": card, "appraiser": "演示·资产评估机构", "report_no": "评字1号",
              "approach": "market", "valued_on": "2026-12-31", "value_fen": 150_000,
              "name": "r.pdf", "content_base64": encoded}  # fmt: skip

    made = sent(writer, "/api/asset-valuations", report, 201)
    wrong = sent(writer, "/api/asset-valuations", {**report, "content_base64": "?"}, 422)
    twice = sent(writer, "/api/asset-valuations", report, 422)
    listed = writer.get(f"/api/asset-cards/{card}/valuations").json["items"]
    door = f"/api/asset-valuations/{made['id']}"

    assert made["approach_label"] in {"市场法", "market approach"}
    assert [one["id"] for one in listed] == [made["id"]]
    assert writer.get(f"{door}/content").data == b"%PDF-1.7"
    assert writer.get(door).json["digest"] == made["digest"]
    assert as_("per_buyer_editor").get(door).status_code == 404
    assert wrong["errors"][0]["pointer"].endswith("content_base64")
    assert twice["errors"][0]["pointer"].endswith("report_no")
    assert writer.get(f"/api/asset-cards/{card}/registrations").json == {"items": []}


def test_a_card_wears_off_changes_and_is_disclosed(as_: As) -> None:
    card = recognised(as_)
    door, writer = f"/api/asset-cards/{card}", as_(WRITER)

    charged = sent(as_(CHECKER), f"{door}/amortise", {"through": "2026-09"})
    asked = {"card_id": card, "what": "disposal", "fen": 40_000, "on": "2026-10-05",
             "document": "凭证"}  # fmt: skip
    change = sent(writer, "/api/asset-changes", asked, 201)
    booked = sent(as_(CHECKER), f"/api/asset-changes/{change['id']}/book", {})
    made = sent(writer, "/api/asset-disclosures", YEAR, 201)
    final = sent(as_(CHECKER), f"/api/asset-disclosures/{made['id']}/sign-off", SIGNED)

    assert [one["fen"] for one in charged["items"]] == [10_000] * 3
    assert (change["state"], booked["state"], final["state"]) == ("proposed", "booked", "final")
    shown = writer.get(door).json
    assert (shown["gross_fen"], shown["carrying_fen"]) == (80_000, 60_000)
    assert [one["number"] for one in writer.get(f"{door}/versions").json["items"]] == [2, 1]
    moved = writer.get(f"{door}/movements").json
    assert (len(moved["items"]), moved["planned"][0]["month"]) == (6, "2026-10")
    drawn = writer.get("/api/asset-disclosures/tables", query_string=YEAR).json
    assert [table["adds_up"] for table in drawn["tables"]] == [True, True]
    assert drawn["balance_sheet"]["intangible"] == 60_000
    assert writer.get("/api/asset-disclosures").json["items"][0]["paper_id"] == final["paper_id"]
    assert writer.get(f"/api/asset-disclosures/{made['id']}").json["accountant"] == "陈会计"
    listed = writer.get(f"/api/asset-changes?card_id={card}").json["items"]
    assert [one["id"] for one in listed] == [change["id"]]
    assert writer.get(f"/api/asset-changes/{change['id']}").json["what_label"]


def test_estimates_are_revised_and_revenue_is_told(as_: As) -> None:
    card = recognised(as_)
    door = f"/api/asset-cards/{card}"

    revised = sent(as_(WRITER), f"{door}/revise", {**TERMS, "life_months": 24})
    approved = sent(as_(CHECKER), f"{door}/approve", {})
    brought = as_(WRITER).get(f"{door}/revenue?first=2026-07&last=2026-12").json

    assert (revised["state"], approved["version_in_force"]) == ("revising", 3)
    assert brought == {"fen_by_month": {}, "total_fen": 0}


def test_a_pack_is_made_handed_out_and_verified_by_anybody(as_: As, client: Client) -> None:
    card = recognised(as_)
    asked = {"about": "asset", "subject": card}
    made = sent(as_(WRITER), "/api/evidence-packs", asked, 201)
    door = f"/api/evidence-packs/{made['id']}"

    content = as_(WRITER).get(f"{door}/file").data
    edited = content.replace("陈会计".encode(), "王会计".encode())
    told = [sent(client, "/api/evidence-packs/verify",
                 {"content_base64": base64.b64encode(each).decode()})
            for each in (content, edited, b"nothing")]  # fmt: skip

    assert as_(WRITER).get(f"{door}/file").data == content
    assert as_(WRITER).get(door).json["number"] == "EP-2027-000001"
    assert as_(WRITER).get("/api/evidence-packs").json["items"] == [made]
    assert [(each["ok"], each["known"]) for each in told] == [
        (True, True), (False, True), (False, False),
    ]  # fmt: skip
    assert {"asset/card.json", "history/asset.json"} == {
        one["where"] for one in told[1]["findings"]
    }
    assert told[2]["findings"][0]["code"] == "NOT_A_ZIP"


def test_strangers_and_wrong_asks_are_refused(as_: As, client: Client) -> None:
    card = recognised(as_)
    stranger = as_("per_other_editor")
    reversed_days = {"about": "period", "first_on": "2026-12-31", "last_on": "2026-01-01"}

    sent(stranger, "/api/evidence-packs", {"about": "asset", "subject": card}, 404)
    sent(stranger, "/api/evidence-packs", {"about": "order", "subject": "ord_x"}, 404)
    sent(as_(WRITER), "/api/evidence-packs", reversed_days, 422)
    sent(client, "/api/evidence-packs/verify", {"content_base64": "***"}, 422)
    sent(client, "/api/evidence-packs", reversed_days, 401)
    asked = {"card_id": card, "what": "addition", "fen": 1, "on": "2026-10-05",
             "document": "x", "cost_kind": "labour"}  # fmt: skip
    sent(stranger, "/api/asset-changes", asked, 404)
    early = sent(as_(WRITER), "/api/asset-changes", asked, 201)
    barred = sent(as_(CHECKER), f"/api/asset-changes/{early['id']}/book", {}, 409)

    assert stranger.get(f"/api/asset-cards/{card}").status_code == 404
    assert stranger.get("/api/asset-cards?state=recognised").json["items"] == []
    assert [one["code"] for one in barred["refusals"]] == ["AMORTISE_FIRST"]
