import re
from pathlib import Path

from app.unit import Exchange
from config.settings import Settings
from tests import conftest
from tests.app.pages.conftest import ON_SQLITE, Browser, Visit
from tests.app.pages.counting import selects
from tests.marketplace import make
from tests.marketplace.demands import test_demands

pytestmark = ON_SQLITE

SELECTS_MAX = 26


def test_the_front_page_tells_what_the_books_hold(visit: Visit) -> None:
    page = visit().shows("/", "1.00", "万元", "气象专板", "最新成交", "1—10 万元")

    assert "2026-07-13</span> 至 <span" in page
    assert re.search(r'入驻数商</dt><dd><a href="/catalogue">2<', page)
    assert re.search(r'已发布目录</dt><dd><a href="/open">1<', page)
    assert "部门 5 个工作日内提意见" in page


def test_every_bar_stands_in_a_table_too(visit: Visit) -> None:
    page = visit().get("/").text

    assert page.count("<title>2026-07:") == 1
    assert '<th scope="row">2026-07</th><td class="num">10,000.00</td>' in page
    assert 'href="/rankings"' in page


def test_no_amount_of_one_trader_is_told(visit: Visit) -> None:
    trades = re.search(r'<section id="trades".*?</section>', visit().get("/").text, re.DOTALL)

    assert trades is not None
    assert "1—10 万元" in trades[0]
    assert "10,000.00" not in trades[0]
    assert "北京十二站" in trades[0]


def test_the_latest_trades_are_renewed_alone(visit: Visit) -> None:
    fragment = visit().get("/latest-trades").text

    assert fragment.lstrip().startswith('<section id="trades"')
    assert "北京十二站逐日气象指数" in fragment


def test_an_open_need_stands_on_the_wall_with_a_band_of_its_budget(
    visit: Visit, application: Exchange
) -> None:
    with application.house.engines.writing() as session:
        demand = test_demands.published(session)
        drafted = test_demands.drafted(session, title="还没有发布的需求")
        session.commit()
        href, title, hidden = f"/demands/{demand.id}", demand.title, drafted.title

    page = visit().get("/").text

    assert href in page
    assert title in page
    assert hidden not in page


def test_the_front_page_costs_the_same_however_much_stands_on_it(
    visit: Visit, application: Exchange
) -> None:
    visitor = visit()
    selects(visitor, "/")  # what is read once and kept is read here
    before = selects(visitor, "/")
    with application.house.engines.writing() as session:
        for number in range(3):
            make.board(session, code=f"b{number}")
            make.accepted(session, make.listed(session, title_zh=f"站点日报 {number}"))
        test_demands.published(session)
        session.commit()

    assert before <= SELECTS_MAX
    assert selects(visitor, "/") == before


def test_on_day_nought_there_are_noughts_and_the_reason(
    database_url: str, serving: conftest.Serving, tmp_path: Path
) -> None:
    assert database_url.startswith("sqlite")
    url = f"sqlite:///{tmp_path}/new.db"
    conftest.furnish(url)
    made = serving(Settings(database_url=url, environment="test", key=bytes(32).hex(),
                            data_dir=str(tmp_path), state_dir=str(tmp_path)))  # fmt: skip

    page = Browser(made.test_client()).shows(
        "/", "首笔成交验收后显示金额与走势", "还没有专板", "还没有成交", "目前没有公开征集的需求"
    )

    assert re.search(r"在架产品</dt><dd><a[^>]*>0<", page)
    assert '<svg class="bars"' not in page
    assert page.count('0<span class="unit">个场景') == 5
    made.house.engines.dispose()
