"""What is done beside and after an order: its pages are accessible, and fit a phone."""

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from app import demonstration, serve
from app.story import stage
from config.settings import Settings
from kernel.engines import Engines
from tests import cast, conftest
from tests.browser import bazaar, seeing
from tests.browser.bazaar import Places

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BUYER, SELLER, OTHER = "per_buyer_editor", "per_developer_editor", "per_other_editor"

PAGES: Final = {
    BUYER: (
        "/disputes", "{dispute}", "{ruled}", "{to_dispute}", "/complaints", "{complaint}",
        "{resolved}", "/complaints/new?about=product", "{to_rate}", "{rated}",
        "/data-destructions", "{destruction}", "{cancelled}", "{instalments}", "{order}",
        "/frameworks", "{framework}", "/subscriptions", "{subscribed}", "{supply}",
        "{demand}", "/webhooks", "{webhook}", "/tokens", "{tried}",
    ),
    SELLER: (
        "/mandates", "{unsigned}", "/mandates/new", "/bad-reviews", "{bad_review}",
        "/frameworks/new", "/data", "{dataset}", "/data/locations", "{mounted}",
        "{revised}", "{revise}", "{board}", "/listing",
    ),
    OTHER: ("{mandate}", "/trials", "{trial}", "/disputes", "/complaints", "/frameworks"),
    "per_exchange_compliance": ("/complaints/figures", "{complaint}", "{bad_review}"),
    "per_exchange_listing": ("{board}/desk", "{board}/requests"),
    "per_dept_approver": ("/supply-requests", "{ratings}"),
}  # fmt: skip
"""Who sees which pages; in braces what `bazaar.fill` has made. The last of each sees few rows."""


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Places]]:
    """Serve a market in which everything waits; gives the port, and where things are shown."""
    folder = tmp_path_factory.mktemp("bazaar")
    url = f"sqlite:///{folder}/bazaar.db"
    conftest.furnish(url)
    engines = Engines(url)
    with engines.writing() as session:
        places = bazaar.fill(session, folder / "domain")
        demonstration.begin_at(session, bazaar.TODAY)
        session.commit()
    engines.dispose()
    settings = Settings(
        database_url=url, data_dir=f"{folder}/domain", key=bytes(range(32)).hex(),
        log_level="WARNING", worker=False, clock="adjustable", password_memory_kib=8,
        password_rounds=1,
    )  # fmt: skip
    port = serve.free_port("127.0.0.1", 0)
    with stage.served(settings, host="127.0.0.1", port=port):
        yield port, places


@pytest.fixture(scope="module")
def window(market: tuple[int, Places]) -> Iterator[Page]:
    """Open a window."""
    with seeing.window(market[0]) as opened:
        yield opened


def test_what_is_done_beside_an_order_is_accessible_and_fits_a_phone(
    window: Page, market: tuple[int, Places]
) -> None:
    faults = []
    for person, pages in PAGES.items():
        seeing.sign_in(window, f"{person}@test", cast.PASSWORD)
        places = [path.format(**market[1]) for path in pages]
        faults += seeing.faults(window, places, seeing.NARROW)

    assert faults == []


def test_a_bad_form_is_answered_with_what_is_wrong_and_is_accessible(
    window: Page, market: tuple[int, Places]
) -> None:
    seeing.sign_in(window, f"{BUYER}@test", cast.PASSWORD)
    window.goto(market[1]["to_dispute"])
    window.fill("#amount", "-1")
    window.fill("textarea[name=claim]", "缺少三个站点")
    window.keyboard.press("Tab")
    with window.expect_navigation() as answered:
        window.locator("main form button.btn-primary").press("Enter")

    assert answered.value.status == 422
    expect(window.locator("main")).to_contain_text("12800.00")
    assert window.evaluate(seeing.EXAMINED, seeing.OPTIONS) == []
