"""The merchant's and the buyer's centre: pages and doors, each to its own organisation."""

from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import Town
from tests.conftest import As

pytestmark = ON_SQLITE


def test_each_centre_says_what_to_do_and_what_there_is(visit: Visit, town: Town) -> None:
    merchant, buyer = visit("per_developer_editor"), visit("per_buyer_editor")

    merchant.shows("/selling", "数商中心", "轮到我办", "挂牌描述得分", "我的产品")
    buyer.shows("/buying", "买方中心", "轮到我办", "现在能用的数据", "已存检索")
    merchant.shows("/desk", 'href="/selling"')
    buyer.shows("/desk", 'href="/buying"')
    assert town["product"] in merchant.get("/selling").text
    assert merchant.get("/buying").status_code == 403
    assert buyer.get("/selling").status_code == 403
    assert visit().get("/selling").status_code == 303


def test_the_doors_tell_the_same(as_: As) -> None:
    merchant, buyer = as_("per_developer_editor"), as_("per_buyer_editor")

    sold = merchant.get("/api/centres/selling")
    bought = buyer.get("/api/centres/buying")

    assert sold.json["products"]["listed"] == 2
    assert 0 < sold.json["points"] <= 100
    assert [one["worth"] > 0 for one in sold.json["fixes"]] == [True, True]
    assert len(sold.json["months"]) == len(bought.json["months"]) == 12
    assert bought.json["held"] == sold.json["held"] == {"minor": 1_000_000, "currency": "CNY"}
    assert merchant.get("/api/centres/buying").status_code == 403
