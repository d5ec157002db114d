"""Pages of demands: post, publish, answer under seal, award, order at the quote."""

from typing import Any

from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import Town

WISH: dict[str, Any] = {
    "title": "农业降雨指数", "wanted": "逐日各站降雨汇总", "purpose": "理赔参考",
    "field": "modern_agriculture", "items": "降雨：毫米\n站点", "regions": "430100，430200",
    "update_frequency": "daily", "delivery_mode": "", "budget_min": "", "budget_max": "10,000",
    "deadline": "2026-12-01", "visibility": "public", "invited": "", "broadcast": "1",
}  # fmt: skip


@ON_SQLITE
def test_a_demand_is_posted_answered_awarded_and_can_be_ordered(visit: Visit, town: Town) -> None:
    buyer, merchant = visit("per_buyer_editor"), visit("per_developer_editor")
    buyer.shows("/demands/new?title=农业降雨", "农业降雨", "个工作日")
    address = buyer.post("/demands", **WISH).location
    buyer.shows(address, "农业降雨指数", "草稿", "降雨")
    assert merchant.get(address).status_code == 404
    buyer.shows(f"{address}/edit", "降雨：毫米")
    assert buyer.post(f"{address}/edit", **{**WISH, "title": "降雨"}).status_code == 303
    demand = address.rpartition("/")[2]
    step = {"version": "2", "next": address}
    assert buyer.post(f"/steps/demand/{demand}/publish", **step).status_code == 303

    merchant.shows("/demands?field=modern_agriculture", "降雨", "10,000.00")
    merchant.shows(address, "响应此需求")
    offer = {"quote": "9,000", "quantity": "1", "plan": "按日更新", "product_id": town["product"]}
    assert merchant.post(f"{address}/answers", **offer).status_code == 303
    merchant.shows(address, "本机构的响应", "9,000.00")
    merchant.shows("/demands/own", "9,000.00")
    assert "9,000.00" not in visit().get(address).text

    page = buyer.shows(address, "9,000.00", "按日更新")
    version = page.partition('name="version" value="')[2].partition('"')[0]
    assert buyer.post(
        f"/steps/demand/{demand}/select", version=version, next=address
    ).status_code == 303  # fmt: skip
    page = buyer.shows(address, "选定")
    answer = page.partition('name="answer_id" value="')[2].partition('"')[0]
    buyer.post(f"{address}/award", answer_id=answer)
    buyer.shows(address, "按选定价格下单", "9,000.00")
    buyer.shows("/demands/own", "已选定")


@ON_SQLITE
def test_a_form_that_cannot_be_read_is_refused_where_it_stands(visit: Visit) -> None:
    buyer = visit("per_buyer_editor")

    for change in ({"items": "：没有名称"}, {"budget_max": "面议"}, {"visibility": "secret"},
                   {"visibility": "invited", "invited": "没有这家"}):  # fmt: skip
        assert buyer.post("/demands", **{**WISH, **change}).status_code == 422, change
