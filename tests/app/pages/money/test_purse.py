"""One page for a party's money, and the console that says what is to be done today."""

from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import Town

pytestmark = ON_SQLITE


def test_a_merchant_sees_when_it_gets_its_money(visit: Visit, town: Town) -> None:
    merchant = visit("per_developer_editor")

    merchant.shows("/money", "我什么时候收到钱", "待结算", "结算日历", "成交额结算")
    visit("per_exchange_checker").post(f"/steps/settlement_batch/{town['batch']}/confirm")

    merchant.shows("/money", "应得未付", "等待交易所制单付款")


def test_a_buyer_sees_what_it_has_to_pay_and_what_can_be_invoiced(visit: Visit) -> None:
    page = visit("per_buyer_editor").shows("/money", "我要付什么", "去付款", "订单货款", "可开票")

    assert "我什么时候收到钱" not in page


def test_who_neither_sells_nor_buys_has_nothing_to_pay(visit: Visit) -> None:
    page = visit("per_hub_supervisor").shows("/money", "没有待付款")

    assert "预存款余额" not in page
    assert visit().get("/money").status_code == 303


def test_the_console_says_what_is_to_be_done_today_and_by_whom(visit: Visit, town: Town) -> None:
    maker, checker = visit("per_exchange_settler"), visit("per_exchange_checker")

    maker.shows("/settlement", "今日待办", "导入对账单", "昨日尚未对账", "须另一人复核")
    checker.shows("/settlement", "复核结算批次", "1 件待您办理")
    checker.post(f"/steps/settlement_batch/{town['batch']}/confirm")

    assert "复核结算批次" not in checker.get("/settlement").text


def test_a_day_that_is_closed_is_told_as_done(visit: Visit) -> None:
    maker, checker = visit("per_exchange_settler"), visit("per_exchange_checker")
    maker.post("/reconciliation/runs", day="2026-07-19")

    open_ = checker.shows("/settlement", "2026-07-19")
    checker.post("/reconciliation/days", day="2026-07-19")
    closed = checker.shows("/settlement", "已完成")

    assert "已关至 2026-07-19" not in open_
    assert "已关至 2026-07-19" in closed


def test_the_way_back_leads_to_the_desk_that_the_reader_has(visit: Visit) -> None:
    refunds = "/settlement/refunds"

    assert 'href="/settlement"' in visit("per_exchange_auditor").get(refunds).text
    assert 'href="/money"' in visit("per_buyer_editor").get(refunds).text
