"""Pages of disputes: raised from the order, heard, ruled, listed, saved as a file."""

import io
from functools import partial
from typing import Any

from app.unit import Exchange
from tests.app.pages.conftest import ON_SQLITE, Browser, Visit
from tests.app.pages.town import Town
from tests.conftest import work_of
from tests.settlement import money


def step(browser: Browser, address: str, name: str, **answers: Any) -> None:
    """Take a step from its button on the page."""
    page = browser.get(address).text
    form = page.partition(f'/{name}"')[2]
    version = form.partition('name="version" value="')[2].partition('"')[0]
    dispute = address.rpartition("/")[2]
    path = f"/steps/trade_dispute/{dispute}/{name}"
    answer = browser.post(path, version=version, next=address, **answers)
    assert answer.status_code == 303, answer.text


@ON_SQLITE
def test_a_dispute_goes_from_its_order_to_a_ruling(
    application: Exchange, visit: Visit, town: Town
) -> None:
    with application.house.engines.writing() as session:
        money.verified(partial(work_of, session), "org_buyer", money.BUYER_NAME)
        session.commit()
    buyer, seller = visit("per_buyer_editor"), visit("per_developer_editor")
    order = f"/orders/{town['paid']}"
    buyer.shows(order, "提出争议")
    buyer.shows(f"{order}/dispute", "事由", "减价退款", "补充交付")
    paper = (io.BytesIO(b"%PDF-1.7 proof"), "样本.pdf")
    answer = buyer.post(
        f"{order}/dispute", ground="quality", wanted="price_reduction", amount="1,000",
        claim="缺少三个站点", file=paper,
    )  # fmt: skip
    address = answer.location
    page = buyer.shows(address, "缺少三个站点", "冻结中", "1,000.00", "样本.pdf")
    piece = page.partition(f"{address}/evidence/")[2].partition('"')[0]
    opened = seller.post(f"{address}/evidence/{piece}")
    assert opened.data == b"%PDF-1.7 proof"
    assert opened.headers["Cache-Control"] == "no-store"
    assert buyer.get(f"{order}/dispute").status_code == 409

    _rule(visit, address)
    buyer.shows(address, "执行中", "已解除")
    buyer.shows(order, "争议 DS-")


def _rule(visit: Visit, address: str) -> None:
    buyer, seller = visit("per_buyer_editor"), visit("per_developer_editor")
    officer, approver = visit("per_exchange_compliance"), visit("per_exchange_approver")
    step(officer, address, "accept")
    assert seller.post(f"{address}/evidence", said="交付记录").status_code == 303
    step(seller, address, "answer", answer="已按约定交付")
    step(officer, address, "close_evidence")
    step(buyer, address, "fail_mediation")
    step(officer, address, "rule", remedy="price_reduction", amount="800", reason="部分成立")
    step(approver, address, "confirm")
    step(buyer, address, "accept_ruling")
    seller.shows(address, "减价退款", "800.00", "部分成立", "已按约定交付")
    step(seller, address, "accept_ruling")


@ON_SQLITE
def test_disputes_are_listed_and_saved_to_whom_they_concern(visit: Visit, town: Town) -> None:
    buyer, stranger = visit("per_buyer_editor"), visit("per_other_editor")
    buyer.shows("/disputes", "没有争议")
    buyer.post(
        f"/orders/{town['accepted']}/dispute", ground="late", wanted="refund", claim="逾期",
        amount="",
    )  # fmt: skip

    buyer.shows("/disputes?state=filed&open=1", "DS-2026-000001", "逾期")
    buyer.shows("/desk", "未结争议", "DS-2026-000001")
    visit("per_exchange_settler").shows("/settlement", "交易争议冻结款")
    visit("per_exchange_compliance").shows("/desk", "DS-2026-000001")
    assert "DS-2026-000001" not in stranger.get("/disputes").text
    saved = buyer.get("/disputes?file=csv")
    assert "DS-2026-000001" in saved.data.decode("utf-8-sig")
    assert buyer.get("/disputes?file=xlsx").data.startswith(b"PK")


@ON_SQLITE
def test_a_claim_that_cannot_be_read_is_refused(visit: Visit, town: Town) -> None:
    buyer = visit("per_buyer_editor")
    order = f"/orders/{town['accepted']}/dispute"
    claim = {"ground": "late", "wanted": "refund", "claim": "逾期"}

    assert "补充交付" not in buyer.shows(order, "全额退款")
    for change in ({"ground": "x"}, {"wanted": "dismiss"}, {"claim": ""},
                   {"wanted": "price_reduction", "amount": "x"}):  # fmt: skip
        assert buyer.post(order, **{**claim, **change}).status_code == 422, change
