"""Paying on the page: by bank with its reference, or online, and the page after return."""

from dataclasses import replace
from typing import Any

import pytest

from app.unit import Exchange
from settlement import payments
from settlement.rails.fake_rail import LOST, FakeRail
from tests.app.pages.conftest import ON_SQLITE, Browser, Visit
from tests.app.pages.town import Town

BUYER = "per_buyer_signer"


@pytest.fixture
def application(application: Exchange) -> Exchange:
    """Serve with the provider that moves no money."""
    application.house = replace(application.house, rails={"fake": FakeRail()})
    return application


def fake(application: Exchange) -> FakeRail:
    found = application.house.rails["fake"]
    assert isinstance(found, FakeRail)
    return found


def page_of(application: Exchange, town: Town) -> str:
    with application.house.engines.reading() as session:
        found = payments.live_of(session, town["signed"])
        assert found is not None
        return f"/payments/{found.id}"


def begun(application: Exchange, town: Town, buyer: Browser, way: str = "fake/alipay") -> Any:
    return buyer.post(f"{page_of(application, town)}/attempts", way=way)


def onward(application: Exchange) -> str:
    return f"/pretend/{list(fake(application).objects)[-1]}"


@ON_SQLITE
def test_the_order_leads_to_every_way_to_pay_it(
    visit: Visit, town: Town, application: Exchange
) -> None:
    page, buyer = page_of(application, town), visit(BUYER)

    buyer.shows(f"/orders/{town['signed']}", page)

    buyer.shows(page, "银行转账", "监管账户", "在线支付", "支付宝", "尚缺")
    auditor = visit("per_exchange_auditor").shows(page, "银行转账")
    assert "在线支付" not in auditor, "only the payer pays"
    assert visit("per_other_editor").get(page).status_code == 404


@ON_SQLITE
def test_a_card_of_the_demonstration_pays_at_once(
    visit: Visit, town: Town, application: Exchange
) -> None:
    buyer = visit(BUYER)

    answer = begun(application, town, buyer, "fake/card")

    assert (answer.status_code, answer.location) == (303, page_of(application, town))
    shown = buyer.shows(page_of(application, town), "已收款", "足额到账")
    assert "银行转账" not in shown


@pytest.mark.parametrize(("said", "word"), [("yes", "已收款"), ("no", "失败")])
@ON_SQLITE
def test_the_buyer_goes_to_the_providers_page_and_comes_back(
    visit: Visit, town: Town, application: Exchange, said: str, word: str
) -> None:
    buyer = visit(BUYER)
    begun(application, town, buyer)
    there = onward(application)
    buyer.shows(page_of(application, town), "正在支付", there, "关闭，改用其他方式")
    buyer.shows(there, "不动真钱")

    back = buyer.post(there, said=said)

    assert back.location == page_of(application, town)
    buyer.shows(page_of(application, town), word)
    assert buyer.get(there).status_code == 404, "it has been decided"


@ON_SQLITE
def test_a_try_is_closed_on_the_page(visit: Visit, town: Town, application: Exchange) -> None:
    buyer = visit(BUYER)
    begun(application, town, buyer)
    (attempt,) = buyer.client.get(f"/api{page_of(application, town)}/attempts").json["items"]

    closed = buyer.post(f"/attempts/{attempt['id']}/closing")

    assert closed.location == page_of(application, town)
    shown = buyer.shows(page_of(application, town), "已关闭", "在线支付")
    assert "正在支付" not in shown


@ON_SQLITE
def test_an_answer_that_was_lost_is_said_to_be_looked_up(
    visit: Visit, town: Town, application: Exchange
) -> None:
    fake(application).faults.append(LOST)
    buyer = visit(BUYER)

    begun(application, town, buyer)

    buyer.shows(page_of(application, town), "不会重复扣款", "结果查询中")


@ON_SQLITE
def test_the_page_of_the_bank_that_does_not_exist_is_for_who_pays(
    visit: Visit, town: Town, application: Exchange
) -> None:
    buyer = visit(BUYER)
    begun(application, town, buyer)
    there = onward(application)

    assert visit("per_buyer_editor").get(there).status_code == 404
    assert buyer.get("/pretend/fpi_none").status_code == 404
    fake(application).objects.clear()
    assert buyer.get(there).status_code == 404, "the process was started anew"
    application.house = replace(application.house, rails={})
    assert buyer.get(there).status_code == 404


@ON_SQLITE
def test_a_way_that_is_not_offered_is_refused(
    visit: Visit, town: Town, application: Exchange
) -> None:
    answer = begun(application, town, visit(BUYER), "stripe/card")

    assert answer.status_code == 422


@ON_SQLITE
def test_without_rails_there_is_the_bank(visit: Visit, town: Town, application: Exchange) -> None:
    application.house = replace(application.house, rails={})

    shown = visit(BUYER).shows(page_of(application, town), "银行转账")

    assert "在线支付" not in shown
