import re

import pytest

from marketplace.counting import spans
from tests.app.pages.conftest import ON_SQLITE, Visit

pytestmark = ON_SQLITE


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("kind=merchants", "演示·枫香科技"),
        ("kind=products&period=A", "北京十二站逐日气象指数"),
        ("kind=industries&period=M", "农、林、牧、渔业"),
        ("kind=fields&period=Q", "现代农业"),
        ("kind=regions&period=T2026-07", "岳麓区"),
        ("kind=boards&period=W2026-29", "气象专板"),
        ("kind=merchants&period=D2026-07-13", "演示·枫香科技"),
        ("kind=nonsense&period=nonsense", "演示·枫香科技"),
    ],
)
def test_a_ranking_names_its_places(visit: Visit, query: str, name: str) -> None:
    visit().shows(f"/rankings?{query}", name, "10,000.00", "100.00%")


def test_overseers_are_told_whether_the_ranking_ties_out(visit: Visit) -> None:
    assert "9002 核对：一致" in visit("per_exchange_auditor").get("/rankings").text
    assert "核对：一致" not in visit().get("/rankings").text


def test_a_period_that_is_not_over_says_so_and_leads_to_the_one_before(visit: Visit) -> None:
    page = visit().shows("/rankings?period=M", "2026 年 7 月成交榜", "暂计", "2026 年 6 月")

    assert 'rel="next"' not in page
    earlier = visit().shows("/rankings?period=M2026-06", "本期没有成交", "2026 年 7 月")
    assert "暂计" not in earlier
    assert 'rel="next" href="/rankings?kind=merchants&period=M2026-07"' in earlier


@pytest.mark.parametrize(
    "code", ["D2026-07-13", "W2026-01", "M2026-07", "Q2026-3", "Y2026", "T2026-07", "A"]
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_period_has_a_name(visit: Visit, code: str, language: str) -> None:
    page = visit().get(f"/rankings?period={code}&lang={language}").text

    heading = re.search(r"<h1>(.*?)</h1>", page, re.DOTALL)
    assert heading is not None
    assert ("成交榜" if language == "zh" else "volume ranking") in heading[1]
    assert spans.parse(code).code == code


def test_a_league_is_saved_as_it_is_shown(visit: Visit) -> None:
    saved = visit().get("/rankings?kind=merchants&period=Y2026&file=csv")
    book = visit().get("/rankings?kind=merchants&period=Y2026&file=xlsx")

    header, line = saved.data.decode("utf-8-sig").splitlines()
    assert header.startswith("名次,变动,编码,名称,成交额（分）")
    assert line == "1,,org_developer,演示·枫香科技,1000000,10000,,,1,Y2026"
    assert book.data.startswith(b"PK")
    assert 'filename="ranking-merchants-Y2026.xlsx"' in book.headers["Content-Disposition"]


def test_where_merchants_are_registered_is_a_grid_of_tiles(visit: Visit) -> None:
    page = visit().shows("/rankings", "市州成交额", "长沙")

    assert page.count('<li class="shade-0">') == 13
    assert page.count('<li class="shade-4">') == 1
