"""Pages of invoices and receipts."""

import io
from typing import Any

from app.unit import Exchange
from tests.app.api.papers.test_invoices import sold
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.conftest import NOON, work_of
from tests.settlement import money


@ON_SQLITE
def test_a_buyer_asks_the_seller_issues_and_both_print(visit: Visit, application: Exchange) -> None:
    sold(application)
    buyer, seller = visit("per_buyer_editor"), visit("per_developer_signer")
    buyer.shows("/invoices", "可开票订单", "¥ 10,600.00", "申请开票", "没有发票")

    made = buyer.post(
        "/invoices", order_id="ord_1", about="price", kind="vat_general_e", amount="10,600",
        spec="月度聚合报告", buyer_name="", buyer_address="长沙", email="a@b.c",
    )  # fmt: skip
    assert made.status_code == 303, made.text
    seller.shows(made.location, "待开具", "非税务凭证", "月度聚合报告", "长沙")
    went = seller.post(
        f"/steps/invoice/{made.location.rpartition('/')[2]}/issue", version=1, number="",
        next=made.location,
    )  # fmt: skip

    assert went.status_code == 303, went.text
    buyer.shows(made.location, "FP-2026-000001", "壹万零陆佰元整", "签名有效", "6%")
    buyer.shows("/invoices?state=issued", "FP-2026-000001", "已开具")
    assert visit("per_other_editor").get(made.location).status_code == 404
    csv = buyer.get("/invoices?format=csv&state=issued").data.decode("utf-8-sig")
    assert "FP-2026-000001,issued,ord_1,货款" in csv
    assert buyer.get("/invoices?format=xlsx").data.startswith(b"PK")
    assert io.StringIO(csv).readline().startswith("发票号码")


@ON_SQLITE
def test_red_letters_and_the_treasurys_receipts_stand_on_the_invoice(
    visit: Visit, application: Exchange
) -> None:
    sold(application, public=True)
    buyer, seller = visit("per_buyer_editor"), visit("per_developer_signer")
    settler = visit("per_exchange_settler")
    settler.shows("/invoices", "登记非税收入票据")
    settler.post("/invoices/non-tax", order_id="ord_1", number="4300-1", amount="3,084.60")
    made = buyer.post("/invoices", order_id="ord_1", about="price", kind="vat_special_e",
                      amount="7,515.40", spec="")  # fmt: skip
    steps = f"/steps/invoice/{made.location.rpartition('/')[2]}"

    seller.post(f"{steps}/issue", version=1, number="", next=made.location)
    seller.post(f"{steps}/ask_red", version=2, amount_fen="100", reason="有误", next=made.location)
    seller.shows(made.location, "待冲红", "¥ 1.00", "有误")
    seller.post(f"{steps}/issue_red", version=3, number="", confirm_no="4301", next=made.location)

    buyer.shows(made.location, "FR-2026-000001", "4301", "已开红字发票", "4300-1", "¥ 3,084.60")
    seller.shows("/invoices?about=commission", "交易服务费", "演示·交易所")


@ON_SQLITE
def test_a_merchant_gives_its_mandate(visit: Visit) -> None:
    seller = visit("per_developer_signer")
    seller.shows("/invoices", "自行开具")

    seller.post("/invoices/mandate", given="yes")
    seller.shows("/invoices", "已委托本所")
    seller.post("/invoices/mandate", given="no")

    seller.shows("/invoices", "自行开具")


@ON_SQLITE
def test_a_receipt_is_drawn_and_printed(visit: Visit, application: Exchange) -> None:
    payment_id = sold(application)
    buyer = visit("per_buyer_editor")

    buyer.shows(f"/receipts/{payment_id}", "出具回单")
    drawn = buyer.post(f"/receipts/{payment_id}")

    assert drawn.status_code == 303
    buyer.shows(drawn.location, "收款回单", "RC-2026-000001", "壹元整", "签名有效", "订单货款")
    buyer.shows(f"/payments/{payment_id}", "收款回单")
    assert visit("per_other_editor").get(drawn.location).status_code == 404


@ON_SQLITE
def test_before_it_has_arrived_there_is_no_receipt(visit: Visit, application: Exchange) -> None:
    with application.house.engines.writing() as session:

        def work_as(person: str, at: Any = NOON) -> Any:
            return work_of(session, person, at=at)

        payment_id = money.asked(work_as).id
        session.commit()

    buyer = visit("per_buyer_editor")

    buyer.shows(f"/receipts/{payment_id}", "尚缺")
    assert buyer.post(f"/receipts/{payment_id}").status_code == 409
