"""Pages of complaints: made from a product, answered without a name, told, counted."""

import io
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
    path = f"/steps/complaint/{address.rpartition('/')[2]}/{name}"
    answer = browser.post(path, version=version, next=address, **answers)
    assert answer.status_code == 303, answer.text


@ON_SQLITE
def test_a_complaint_of_a_product_is_answered_without_a_name(visit: Visit, town: Town) -> None:
    buyer, seller = visit("per_buyer_editor"), visit("per_developer_editor")
    officer, product = visit("per_exchange_compliance"), town["product"]
    buyer.shows(f"/products/{product}", "投诉此产品")
    buyer.shows(f"/complaints/new?about=product&subject={product}", "不向被投诉方透露")
    paper = (io.BytesIO(b"%PDF-1.7 proof"), "样本.pdf")
    address = buyer.post(
        "/complaints/new", about="product", subject_id=product, category="false_listing",
        said="样本与说明不符", hidden="1", file=paper,
    ).location  # fmt: skip
    page = buyer.shows(address, "样本与说明不符", "样本.pdf", "演示·保险公司")
    piece = page.partition(f"{address}/evidence/")[2].partition('"')[0]
    officer.shows("/desk", "未结投诉", "虚假挂牌")
    step(officer, address, "accept")

    page = seller.shows(address, "投诉人（已隐去）", "样本与说明不符")
    assert "演示·保险公司" not in page
    assert "样本.pdf" not in page
    assert seller.post(f"{address}/evidence/{piece}").status_code == 404
    assert seller.post(f"{address}/evidence", said="挂牌记录").status_code == 303
    step(seller, address, "answer", answer="已更正说明")
    assert officer.post(f"{address}/evidence/{piece}").data == b"%PDF-1.7 proof"
    step(officer, address, "resolve", finding="upheld", outcome="责令更正")
    step(buyer, address, "rate", level="5")
    buyer.shows(address, "已办结", "责令更正", "5/5")


@ON_SQLITE
def test_complaints_are_listed_saved_and_counted(visit: Visit, town: Town) -> None:
    buyer, supervisor = visit("per_buyer_editor"), visit("per_hub_supervisor")
    buyer.shows("/complaints", "没有投诉")
    for about in ("merchant", "order", "platform"):
        buyer.shows(f"/complaints/new?about={about}", "我要投诉")
    buyer.shows(f"/orders/{town['paid']}", "投诉对方")
    answer = buyer.post("/complaints/new", about="platform", category="misconduct", said="拖延")
    assert answer.status_code == 303, answer.text

    supervisor.shows("/complaints?open=1&state=filed&category=misconduct", "TS-2026-000001")
    for kind in ("csv", "xlsx"):
        assert supervisor.get(f"/complaints?file={kind}").status_code == 200
        assert supervisor.get(f"/complaints/figures?file={kind}").status_code == 200
    supervisor.shows("/complaints/figures", "工作人员不当行为", "演示·交易所", "投诉受理")
    supervisor.shows("/complaints/figures?since=2026-01-01&until=2026-01-02", "没有投诉")
    assert supervisor.get("/complaints/figures?since=x").status_code == 422
    assert buyer.get("/complaints/figures").status_code == 403
    step(supervisor, answer.location, "accept")
    assert supervisor.post(f"{answer.location}/take-over").status_code == 303


@ON_SQLITE
def test_a_complaint_about_an_order_becomes_a_dispute_on_its_page(
    application: Exchange, visit: Visit, town: Town
) -> None:
    with application.house.engines.writing() as session:
        money.verified(lambda *who, **at: work_of(session, *who, **at), "org_buyer",
                       money.BUYER_NAME)  # fmt: skip
        session.commit()
    buyer, order = visit("per_buyer_editor"), town["paid"]
    address = buyer.post(
        "/complaints/new", about="order", subject_id=order, category="non_performance", said="未交"
    ).location
    form = f"/orders/{order}/dispute"
    complaint = address.rpartition("/")[2]
    buyer.shows(address, f"{form}?complaint={complaint}")
    buyer.shows(f"{form}?complaint={complaint}", f'value="{complaint}"')

    raised = buyer.post(form, ground="non_delivery", wanted="refund", claim="未交付",
                        complaint=complaint)  # fmt: skip

    assert raised.status_code == 303, raised.text
    buyer.shows(address, "已办结", raised.location)
