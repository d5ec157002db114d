from typing import Any

import pytest

from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import Town

ORDER: dict[str, Any] = {
    "quantity": "1",
    "field": "modern_agriculture",
    "purpose_code": "weather_insurance",
    "purpose_text": "按实测降雨赔付",
    "region": "110000",
    "period_from": "2026-07-20",
    "period_to": "2026-12-31",
}


@ON_SQLITE
def test_a_product_shows_price_sample_terms_and_the_chain_behind_it(
    visit: Visit, town: Town
) -> None:
    words = ("¥ 10,000.00 / 一次性", "Dongsi", "不可以", "SA-430000-2026-0001", town["certificate"])

    page = visit().shows(f"/products/{town['product']}", *words, "登录后下单")

    assert 'name="purpose_code"' not in page


@ON_SQLITE
def test_only_a_buyer_is_given_the_form_of_an_order(visit: Visit, town: Town) -> None:
    path = f"/products/{town['product']}"

    assert 'name="purpose_code"' in visit("per_buyer_editor").get(path).text
    assert "下单需要买方角色" in visit("per_dept_editor").get(path).text


@ON_SQLITE
def test_a_product_under_review_is_for_insiders(visit: Visit, town: Town) -> None:
    path = f"/products/{town['reviewed']}"

    assert visit().get(path).status_code == 404
    assert "形式审查通过" in visit("per_exchange_listing").get(path).text


def test_an_order_is_placed_by_its_form(visit: Visit, town: Town) -> None:
    buyer = visit("per_buyer_editor")

    answer = buyer.post(f"/products/{town['product']}/orders", **ORDER)

    assert answer.status_code == 303
    assert "待卖方确认" in buyer.get(answer.location).text


def test_the_same_form_sent_twice_places_one_order(visit: Visit, town: Town) -> None:
    buyer = visit("per_buyer_editor")
    path = f"/products/{town['product']}/orders"

    first = buyer.post(path, **ORDER, idempotency_key="once")
    again = buyer.post(path, **ORDER, idempotency_key="once")

    assert first.location == again.location


def test_an_order_that_may_not_be_is_refused_with_its_reasons(visit: Visit, town: Town) -> None:
    wrong = {**ORDER, "purpose_code": "logistics", "region": "440000"}

    answer = visit("per_buyer_editor").post(f"/products/{town['product']}/orders", **wrong)

    assert answer.status_code == 409
    assert "PURPOSE_MISMATCH" in answer.text
    assert "REGION_OUT_OF_SCOPE" in answer.text


@ON_SQLITE
@pytest.mark.parametrize(
    ("field", "value"), [("quantity", "many"), ("period_to", "soon"), ("purpose_text", "x" * 501)]
)
def test_what_cannot_be_read_is_refused_where_it_stands(
    visit: Visit, town: Town, field: str, value: str
) -> None:
    answer = visit("per_buyer_editor").post(
        f"/products/{town['product']}/orders", **{**ORDER, field: value}
    )

    assert answer.status_code == 422
    assert f"/{field}" in answer.text


@ON_SQLITE
def test_boards_show_who_keeps_them_and_what_stands_on_them(visit: Visit) -> None:
    visit().shows("/boards", "气象专板", "2 个产品")
    visit().shows("/boards/METEO", "演示·省气象部门", "北京十二站逐日气象指数")


def test_a_step_takes_the_answers_of_its_form(visit: Visit, town: Town) -> None:
    path = f"/products/{town['reviewed']}"
    officer = visit("per_exchange_listing")

    too_long = officer.post(f"/steps/product/{town['reviewed']}/return", reason="长" * 501)
    answer = officer.post(
        f"/steps/product/{town['reviewed']}/return",
        reason="缺少来源说明", supplement="来源说明\n\n更新承诺", next=path,
    )  # fmt: skip

    assert too_long.status_code == 422
    assert "/reason" in too_long.text
    assert answer.location == path
    visit("per_developer_editor").shows(path, "草稿", "提交审核")
