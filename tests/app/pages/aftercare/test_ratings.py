"""Pages of ratings: given after acceptance, shown with the product, a bad one put right."""

from typing import Any

import pytest

from tests.app.pages.conftest import ON_SQLITE, Browser, Visit
from tests.app.pages.town import Town

BAD: dict[str, Any] = {"overall": "1", "quality": "1", "accuracy": "2", "efficiency": "3",
                       "service": "2", "said": "缺少三个站点", "anonymous": "1"}  # fmt: skip


def rate(browser: Browser, order: str, **said: Any) -> Any:
    """Send the form of the first line."""
    page = browser.get(order).text
    line = page.partition('name="order_line_id" value="')[2].partition('"')[0]
    return browser.post(order, order_line_id=line, **said)


def step(browser: Browser, address: str, name: str, **answers: Any) -> None:
    """Take a step from its button on the page."""
    form = browser.get(address).text.partition(f'/{name}"')[2]
    version = form.partition('name="version" value="')[2].partition('"')[0]
    path = f"/steps/bad_review/{address.rpartition('/')[2]}/{name}"
    answer = browser.post(path, version=version, next=address, **answers)
    assert answer.status_code == 303, answer.text


@ON_SQLITE
def test_a_bad_review_is_shown_and_put_right(visit: Visit, town: Town) -> None:
    buyer, seller = visit("per_buyer_editor"), visit("per_developer_editor")
    officer, order = visit("per_exchange_compliance"), f"/orders/{town['accepted']}/ratings"
    buyer.shows(f"/orders/{town['accepted']}", "评价")
    buyer.shows(order, "总体", "数据质量")
    assert rate(buyer, order, **BAD).status_code == 303
    buyer.shows(order, "非常不满意", "缺少三个站点")
    product = visit().shows(f"/products/{town['product']}", "非常不满意", "匿名买方")
    assert "演示·保险公司" not in product
    page = seller.shows("/bad-reviews?open=1", "待联系")
    address = "/bad-reviews/" + page.partition("/bad-reviews/")[2].partition('"')[0]

    step(seller, address, "contact", contact="已联系买方")
    step(officer, address, "verify")
    step(seller, address, "put_right", remedy="补齐三个站点")
    step(buyer, address, "follow_up", level="5", said="已解决")

    assert "演示·保险公司" not in seller.shows(address, "已办结", "补齐三个站点")
    officer.shows(address, "全程留痕", "收到差评")
    visit().shows(f"/ratings?product={town['product']}", "追加评价", "已解决", "满意率")
    visit().shows("/ratings?merchant=org_developer", "缺少三个站点")


@ON_SQLITE
def test_words_are_hidden_by_an_officer(visit: Visit, town: Town) -> None:
    buyer, officer = visit("per_buyer_editor"), visit("per_exchange_compliance")
    order = f"/orders/{town['accepted']}/ratings"
    rate(buyer, order, **{**BAD, "overall": "4", "anonymous": ""})
    where = f"/ratings?product={town['product']}"
    page = officer.shows(where, "隐藏理由", "演示·保险公司")
    path = page.partition('action="/ratings/')[2].partition('"')[0]

    assert officer.post(f"/ratings/{path}", reason="含他人电话").status_code == 303

    assert "缺少三个站点" not in visit().shows(where, "含他人电话")


@ON_SQLITE
@pytest.mark.parametrize("change", [{"overall": ""}, {"quality": "9"}, {"said": ""}])
def test_a_rating_that_cannot_be_read_is_refused(
    visit: Visit, town: Town, change: dict[str, str]
) -> None:
    buyer, order = visit("per_buyer_editor"), f"/orders/{town['accepted']}/ratings"

    assert rate(buyer, order, **{**BAD, **change}).status_code == 422
    visit("per_developer_editor").shows(order, "买方尚未评价")
    visit("per_buyer_editor").shows(f"/orders/{town['paid']}/ratings", "验收后才能评价")
    assert visit().get("/ratings").status_code == 422
    visit().shows("/ratings?merchant=org_other", "还没有评价")
    buyer.shows("/bad-reviews", "没有差评")


@ON_SQLITE
def test_bad_reviews_are_sifted_and_saved_as_a_file(visit: Visit, town: Town) -> None:
    rate(visit("per_buyer_editor"), f"/orders/{town['accepted']}/ratings", **BAD)
    seller = visit("per_developer_editor")

    seller.shows("/bad-reviews?state=received", "待联系")
    seller.shows("/bad-reviews?state=closed", "没有差评")
    file = seller.get("/bad-reviews?file=csv&open=1")

    assert "待联系" in file.data.decode("utf-8-sig").splitlines()[1]
    assert len(visit("per_dept_editor").get("/bad-reviews?file=csv").data.splitlines()) == 1
