from app.unit import Exchange
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.marketplace.counting import test_naming

pytestmark = ON_SQLITE
STAT = {
    "exchange": "南方数据交易所", "measure": "cumulative", "registered": "yes",
    "value": "50000000.00", "as_of": "2026-06-30", "source": "半年通报", "url": "",
    "confidence": "medium",
}  # fmt: skip


def test_a_figure_of_another_exchange_goes_from_the_desk_to_the_public_page(visit: Visit) -> None:
    statistician, checker = visit("per_exchange_approver"), visit("per_exchange_compliance")
    statistician.shows("/exchange-stats", "还没有录入", "录入一条")

    made = statistician.post("/exchange-stats", **STAT)
    assert made.status_code == 303, made.text
    where = made.headers["Location"]
    assert "南方数据交易所" not in visit().shows("/rankings/exchanges", "本交易机构", "仅场内成交")
    subject_id = where.rpartition("/")[2]
    page = checker.shows(where, "待核对", "与来源相符，公布", "媒体报道")
    assert f"exchange_stat/{subject_id}" in page or subject_id in page
    assert "录入一条" not in checker.get("/exchange-stats").text

    step = checker.post(f"/steps/exchange_stat/{subject_id}/check", version="1")
    assert step.status_code == 303, step.text
    visit().shows("/rankings/exchanges", "南方数据交易所", "50,000,000.00", "半年通报")
    assert "南方数据交易所" in visit().get("/rankings/exchanges?file=csv").text


def test_a_merchant_has_no_desk_of_statistics(visit: Visit) -> None:
    assert visit("per_developer_editor").get("/exchange-stats").status_code == 403


def test_buyers_stand_in_bands_until_they_agree(visit: Visit, application: Exchange) -> None:
    visit().shows("/rankings/buyers", "不足 3 家需方时不公布")
    with application.house.engines.writing() as session:
        test_naming.three(session)
        session.commit()
    visit().shows("/rankings/buyers", "未具名")
    signer = visit("per_buyer_signer")
    page = signer.shows("/rankings/buyers?period=M", "您的机构", "同意具名")
    assert "演示" not in page[page.index("<tbody>") : page.index("</tbody>")]

    assert signer.post("/rankings/buyers/named", named="yes").status_code == 303
    signer.shows("/rankings/buyers?period=M", "撤回具名同意")
    shown = visit().get("/rankings/buyers?period=M").text
    assert "未具名" in shown
    assert "演示" in shown[shown.index("<tbody>") : shown.index("</tbody>")]
