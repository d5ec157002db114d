import base64
from typing import Any

import pytest

from tests.app.api import till
from tests.conftest import As
from tests.settlement.deals.test_deals import MERCHANT, OUTSIDER

PDF = base64.b64encode(b"%PDF-1.7 x").decode()


def body(**changed: Any) -> dict[str, Any]:
    return {
        "buyer_name": "某采购公司",
        "buyer_uscc": OUTSIDER,
        "title": "年度服务",
        "contract_no": "HT-1",
        "amount": {"minor": 1_000_000, "currency": "CNY"},
        "signed_on": "2026-06-01",
        "delivered_on": "2026-06-02",
        **changed,
    }


def test_a_deal_is_registered_from_draft_to_fee(as_: As) -> None:
    merchant, first, second = (
        as_(MERCHANT), as_("per_exchange_compliance"), as_("per_exchange_settler"),
    )  # fmt: skip
    made = merchant.post("/api/deals", json=body())
    door = f"/api/deals/{made.json['id']}"
    for kind in ("contract", "payment_proof", "delivery_proof"):
        content = base64.b64encode(b"%PDF-1.7 " + kind.encode()).decode()
        filed = merchant.post(
            f"{door}/papers", json={"kind": kind, "name": "x.pdf", "content_base64": content}
        )
        assert filed.status_code == 201, filed.json

    submitted = merchant.post(f"{door}/submit", json={})
    verified = first.post(f"{door}/verify", json={})
    registered = second.post(f"{door}/register", json={}, headers=till.keyed())

    assert made.status_code == 201, made.json
    assert (submitted.json["state"], verified.json["state"]) == ("submitted", "verifying")
    assert (registered.status_code, registered.json["state"]) == (200, "registered")
    assert registered.json["fee"]["minor"] == 30_000
    papers = second.get(f"{door}/papers").json["items"]
    assert [paper["kind"] for paper in papers] == ["contract", "payment_proof", "delivery_proof"]
    paper = second.get(f"{door}/papers/{papers[0]['id']}")
    assert (paper.data, paper.content_type) == (b"%PDF-1.7 contract", "application/pdf")
    assert merchant.get(door).json["payment_id"] == registered.json["payment_id"]
    (listed,) = merchant.get("/api/deals?state=registered").json["items"]
    assert listed["id"] == made.json["id"]


def test_strangers_see_nothing_and_only_merchants_begin(as_: As) -> None:
    made = as_(MERCHANT).post("/api/deals", json=body()).json
    stranger = as_("per_buyer_editor")

    assert stranger.post("/api/deals", json=body()).status_code == 403
    assert stranger.get(f"/api/deals/{made['id']}").status_code == 404
    assert stranger.get("/api/deals").json["items"] == []


@pytest.mark.parametrize("content", ["?", base64.b64encode(b"MZ").decode()])
def test_what_is_no_paper_is_refused(as_: As, content: str) -> None:
    made = as_(MERCHANT).post("/api/deals", json=body()).json

    answer = as_(MERCHANT).post(
        f"/api/deals/{made['id']}/papers",
        json={"kind": "contract", "name": "x", "content_base64": content},
    )

    assert answer.status_code == 422
