"""Pages of registered deals: a merchant's proof, and two officers who verify it."""

from io import BytesIO
from typing import Any

from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.settlement.deals.test_deals import MERCHANT, OUTSIDER

FORM: dict[str, Any] = {
    "title": "气象指数年度服务",
    "contract_no": "HT-2026-001",
    "buyer_name": "某采购公司",
    "buyer_uscc": OUTSIDER,
    "amount": "10,000.00",
    "signed_on": "2026-06-01",
    "delivered_on": "2026-06-20",
}


@ON_SQLITE
def test_a_deal_is_registered_by_a_merchant_and_two_officers(visit: Visit) -> None:
    merchant, first = visit(MERCHANT), visit("per_exchange_compliance")
    second = visit("per_exchange_settler")
    merchant.shows("/deals", "新建备案", "没有备案")
    made = merchant.post("/deals", **FORM)
    assert made.status_code == 303, made.text
    deal = made.location
    for kind in ("contract", "payment_proof", "delivery_proof"):
        filed = merchant.post(
            f"{deal}/papers", kind=kind, file=(BytesIO(b"%PDF-1.7 " + kind.encode()), "证明.pdf")
        )
        assert filed.status_code == 303, filed.text
    merchant.shows(deal, "证明.pdf", "提交备案")

    deal_id = deal.rpartition("/")[2]
    steps = [(merchant, "submit", 1), (first, "verify", 2), (second, "register", 3)]
    for browser, step, version in steps:
        taken = browser.post(f"/steps/direct_deal/{deal_id}/{step}", version=version, next=deal)
        assert taken.status_code == 303, taken.text

    merchant.shows(deal, "已备案", "300.00", "附言")
    second.shows("/deals?state=registered", "气象指数年度服务")
    merchant.shows("/deals?state=nonsense", "气象指数年度服务")
    text = second.get(deal).text
    paper = text.partition(f'href="{deal}/papers/')[2].partition('"')[0]
    assert second.get(f"{deal}/papers/{paper}").data.startswith(b"%PDF-1.7")
    assert visit("per_buyer_editor").get(deal).status_code == 404


@ON_SQLITE
def test_what_is_missing_is_asked_for(visit: Visit) -> None:
    merchant = visit(MERCHANT)
    made = merchant.post("/deals", **FORM)

    unnamed = merchant.post("/deals", **{**FORM, "title": ""})
    empty = merchant.post(f"{made.location}/papers", kind="contract")

    assert (unnamed.status_code, empty.status_code) == (422, 422)
