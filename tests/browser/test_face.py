"""The public face, as everybody sees it: accessible, on a phone, on paper, without scripts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from app import demonstration
from tests.app.pages import town as builders
from tests.browser import seeing, windows
from tests.marketplace.demands import test_demands

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ALL_LOOKS: Final = ((("desk", "zh"), ("desk", "en"), ("phone", "zh"), ("phone", "en")),) * 2

PAGES: Final = (
    "/", "/tour", "/open", "/notices", "/rules", "/rules/trading", "/rules/remedies",
    "/rules/privacy", "/rules/framework", "/developers", "/register", "/register/operations",
    "/register/supplies", "/register/revocations", "/verify", "/boards", "/products", "/demands",
    "/rankings", "/rankings/exclusions", "/rankings/buyers", "/rankings/exchanges", "/releases",
    "/releases/verify", "/method", "/fees", "/problems/stale-version", "/evidence/verify",
)  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Serve the town in which every page has something to show."""

    def build(session: Session) -> None:
        builders.build(session)
        test_demands.published(session)
        demonstration.begin_at(session, builders.TODAY)

    folder = tmp_path_factory.mktemp("face")
    with windows.serving(folder, build, clock="adjustable", worker=False) as (port, _):
        yield port


@pytest.fixture(scope="module")
def window(served: int) -> Iterator[Page]:
    """Open a window whose every page can be examined."""
    with seeing.window(served) as opened:
        yield opened


@pytest.mark.parametrize("path", PAGES)
def test_a_public_page_is_accessible_in_both_languages_and_sizes(window: Page, path: str) -> None:
    assert seeing.faults(window, [path], ALL_LOOKS) == []


def test_the_face_works_without_javascript(window: Page, served: int) -> None:
    browser = window.context.browser
    assert browser is not None
    page = windows.opened(browser, served, java_script_enabled=False)

    for path in PAGES:
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        assert page.locator("h1").count() == 1, path
    page.goto("/")
    page.fill("#home-number", "AU-1")
    page.locator("#home-number").press("Enter")
    expect(page.locator("main")).to_contain_text("未找到不等于伪造")
    page.goto("/")
    page.locator("summary", has_text="查看数据与口径").click()
    expect(page.locator(".board-card tbody th").first).to_have_text("2026-07")
    page.context.close()


def test_a_rule_is_printed_without_what_is_for_the_screen(window: Page, tmp_path: Path) -> None:
    window.set_viewport_size({"width": 1280, "height": 900})
    window.goto("/rules/trading?lang=zh")
    window.emulate_media(media="print")
    try:
        for hidden in (".util", ".mast", ".foot"):
            expect(window.locator(hidden)).to_be_hidden()
        expect(window.locator(".rule-text")).to_be_visible()
        paper = tmp_path / "rule.pdf"
        window.pdf(path=paper, prefer_css_page_size=True)
        assert paper.read_bytes().count(b"/Type /Page\n") <= 2
    finally:
        window.emulate_media(media="screen")
