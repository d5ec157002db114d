"""What a merchant and a buyer come for, in as many presses as are promised, in a real browser.

List one product from a file in five, list three hundred from a sheet in three, find, judge and
try in three, hand in a second version in one. A press is a click that sends or leads somewhere;
what is typed, ticked or chosen in between is none.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy.orm import Session

from app import demonstration
from marketplace.finding import sources
from marketplace.indexing.index import Kind
from tests.browser import windows
from tests.browser.windows import WIDTHS
from tests.conftest import work_of
from tests.marketplace import make
from tests.marketplace.shelving import sheet
from tests.marketplace.trying import test_trials

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MERCHANT = "per_developer_editor"
ROWS = 300
READ_MS = 180_000
"""How long a file may take to be read in the background."""

# Seattle, January 2012: NOAA, public domain.
WEATHER = """date,precipitation,temp_max,temp_min,wind,weather
2012-01-01,0.0,12.8,5.0,4.7,drizzle
2012-01-02,10.9,10.6,2.8,4.5,rain
2012-01-03,0.8,11.7,7.2,2.3,rain
2012-01-04,20.3,12.2,5.6,4.7,rain
2012-01-05,1.3,8.9,2.8,6.1,rain
2012-01-06,2.5,4.4,2.2,2.2,rain
2012-01-07,0.0,7.2,2.8,2.3,rain
2012-01-08,0.0,10.0,2.8,2.0,sun
2012-01-09,4.3,9.4,5.0,3.4,rain
2012-01-10,1.0,6.1,0.6,3.4,rain
"""
SAID = {
    "title_en": "Daily weather at the station",
    "intro": "站点每日降水、最高与最低气温、风速与天气现象，可用于农业气象保险的定价与理赔参考。",
    "region_coverage": "430100",
    "price": "12,800.00",
    "said-source_statement": "数据由本机构自有观测站逐日观测形成，未混入其他来源，未作转授。",
    "said-compliance_statement": "产品内容与流通符合法律法规，不含个人信息，不损害国家与公共利益。",
}


class Hand:
    """A person at a browser, whose presses are counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.presses = 0

    def press(self, target: Locator) -> None:
        """Press something, and wait for where it leads."""
        self.presses += 1
        target.click()
        self.page.wait_for_load_state()
        expect(self.page.locator(".problem")).to_have_count(0)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Serve the people of the tests, and one product that can be found and tried."""
    folder = tmp_path_factory.mktemp("journeys")

    def build(session: Session) -> None:
        demonstration.begin_at(session, make.AFTER_PUBLICITY)
        product = test_trials.tabled(session, folder / "domain")
        test_trials.offered(session, product)
        sources.refresh(work_of(session, "system"), Kind.PRODUCT, product.id)

    with windows.serving(folder, build, clock="adjustable") as (port, _):
        yield port


def at(browser: Browser, port: int, person: str, **options: Any) -> Hand:
    """Sit a person down at a window of its own, signed in."""
    page = windows.opened(browser, port, **options)
    page.set_default_timeout(READ_MS)
    return Hand(windows.sign_in(page, f"{person}@test"))


def button(page: Page, name: str) -> Locator:
    """Return a button of the page itself, by all that it says."""
    return page.get_by_role("main").get_by_role("button", name=name, exact=True)


def uploaded(hand: Hand, path: Path, title: str | None) -> None:
    """Upload a file, and wait until it has been read."""
    if title is not None:
        hand.page.fill("#title", title)
    hand.page.set_input_files("#file", path)
    hand.press(button(hand.page, "上传"))
    hand.page.wait_for_url("**/data/uploads/*", timeout=READ_MS)
    hand.page.wait_for_url("**/data/dst_*", timeout=READ_MS)


def test_one_product_is_listed_from_a_file_in_five_presses(
    browser: Browser, served: int, tmp_path: Path
) -> None:
    file = tmp_path / "weather.csv"
    file.write_text(WEATHER, encoding="utf-8")
    hand = at(browser, served, MERCHANT)
    page = hand.page

    page.goto("/data")
    uploaded(hand, file, "站点逐日天气")
    expect(page.get_by_text("temp_max").first).to_be_visible()
    hand.press(page.get_by_role("link", name="上架此数据集"))
    described(page)
    hand.press(button(page, "5 保存并核对"))
    expect(page.get_by_text("各项规则均已满足")).to_be_visible()
    hand.press(button(page, "提交审核"))

    assert hand.presses <= 5
    expect(page.locator("h1 .tag")).to_have_text("形式审查")
    page.context.close()


def described(page: Page) -> None:
    """Fill in the form of a new product."""
    for place, field in enumerate(page.locator("input[name^=meaning-]").all()):
        field.fill(f"含义 {place}")
    for name, value in SAID.items():
        page.fill(f"#{name}", value)
    page.select_option("#application_field", "meteorological_services")
    page.select_option("#source_kind", "self_produced")


def test_a_second_version_shows_what_became_of_the_columns_in_one_press(
    browser: Browser, served: int, tmp_path: Path
) -> None:
    file, lines = tmp_path / "weather.csv", WEATHER.splitlines()
    file.write_text(WEATHER, encoding="utf-8")
    hand = at(browser, served, MERCHANT)
    hand.page.goto("/data")
    uploaded(hand, file, "两个版本的天气")
    hand.presses = 0

    file.write_text("\n".join([f"{lines[0]},snow", *(f"{line},0.0" for line in lines[1:])]))
    uploaded(hand, file, None)

    assert hand.presses == 1
    expect(hand.page.get_by_text("相对上一版")).to_contain_text("snow 新增")
    hand.page.context.close()


def test_three_hundred_products_are_listed_from_a_sheet_in_three_presses(
    browser: Browser, served: int, tmp_path: Path
) -> None:
    file = tmp_path / "products.csv"
    rows = [sheet.row(number) for number in range(1, ROWS + 1)]
    file.write_bytes(sheet.written([*rows, sheet.row(ROWS + 1, price="面议")]))
    hand = at(browser, served, MERCHANT)
    page = hand.page

    page.goto("/listing/files")
    page.set_input_files("#file", file)
    hand.press(button(page, "试运行"))
    expect(page.get_by_text("L-01").first).to_be_visible()
    hand.press(button(page, f"提交 {ROWS} 行"))

    assert hand.presses <= 3
    expect(page.locator("dl.figures")).to_contain_text(f"无变化{ROWS}")
    page.context.close()


@pytest.mark.parametrize(
    ("person", "language", "words", "size"),
    [
        ("per_buyer_editor", "zh-CN", ("样本", "怎么用", "立即试用", "还可以用多少"), "desk"),
        ("per_other_editor", "en-GB",
         ("Sample", "How to use it", "Try it now", "What is left of it"), "phone"),
    ],
)  # fmt: skip
def test_a_product_is_found_judged_and_tried_in_three_presses(
    browser: Browser, served: int, person: str, language: str, words: tuple[str, ...], size: str
) -> None:
    hand = at(browser, served, person, size=size, locale=language)
    page = hand.page
    sample, how, begin, left = words

    page.goto("/products")
    page.fill("#q", "降雨")
    hand.press(page.locator("form#search button.btn-primary"))
    hand.press(page.locator("ul.results h2 a").first)
    for name in (sample, how):
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    expect(page.locator("pre code").first).not_to_be_empty()
    page.fill("#trial-purpose", "核对站点覆盖与缺测情况")
    hand.press(button(page, begin))
    page.wait_for_url("**/trials/*")

    assert hand.presses == 3
    expect(page.get_by_role("heading", name=left, exact=True)).to_be_visible()
    expect(page.locator("main a[href^='/deliveries/']")).to_be_visible()
    content, window = page.evaluate(WIDTHS)
    assert content <= window
    page.context.close()
