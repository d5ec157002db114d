"""The letter of a certificate, as a browser prints it: one page of A4, however much it says."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from sqlalchemy.orm import Session

from tests.browser import windows
from tests.browser.windows import SIZES, TAGS, WIDTHS
from tests.catalogue import shelf
from tests.licensing import grants

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TEMPERATURE, _rain, _wind = shelf.ITEMS
PAPER_WIDE = 733
"""The width between the margins of A4, in CSS pixels."""

CODES = [f"ITEM_NUMBER_{number:02}" for number in range(40)]


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, list[str]]]:
    """Serve three certificates: of 2, of 14 and of 40 items; return the port and the numbers."""
    with windows.serving(tmp_path_factory.mktemp("letters"), _built, worker=False) as letters:
        yield letters


def _built(session: Session) -> list[str]:
    shelf.published(session, items=[{**TEMPERATURE, "code": code, "grade": "G2"}
                                    for code in CODES])  # fmt: skip
    everything = [_item(code) for code in CODES]
    grants.agreement(session, items=everything)
    return [
        grants.issued(
            session, given=grants.scope(items=everything[:count], **more),
            scenario_id=f"scn_{count}", assessment_id=f"asm_{count}",
        ).cert_no
        for count, more in ((2, {}), (14, {}), (40, {"quotas": {"calls/day": 9, "rows": 8}}))
    ]  # fmt: skip


def _item(code: str) -> dict[str, str]:
    return {"directory": grants.DIRECTORY, "item": code, "transform": "aggregated"}


@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
def test_a_certificate_is_exactly_one_page_of_a4(
    browser: Browser, letters: tuple[int, list[str]], locale: str
) -> None:
    port, numbers = letters
    page = windows.opened(browser, port, locale=locale)

    for number in numbers:
        page.goto(f"/certificates/{number}")
        printed = page.pdf(prefer_css_page_size=True)
        page.emulate_media(media="print")
        page.set_viewport_size({"width": PAPER_WIDE, "height": 1050})
        letter = page.locator(".letter")
        room = letter.evaluate("node => [node.scrollHeight, node.clientHeight]")
        page.emulate_media(media="null")  # else the next one prints as a screen

        pages = printed.count(b"/Type /Page") - printed.count(b"/Type /Pages")
        assert pages == 1, number
        assert room[0] <= room[1], f"{number}: some of the letter is cut off"
        assert letter.locator("svg.qr").count() == 1
        assert letter.locator("svg.seal").count() == 1


@pytest.mark.parametrize("size", sorted(SIZES))
@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
def test_letter_and_verification_are_accessible(
    browser: Browser, letters: tuple[int, list[str]], locale: str, size: str
) -> None:
    port, numbers = letters
    page = windows.opened(browser, port, size=size, locale=locale)

    for path in (f"/certificates/{numbers[1]}", "/verify", f"/verify?number={numbers[1]}"):
        page.goto(path)
        found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
        wide, shown = page.evaluate(WIDTHS)

        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        assert wide <= shown, f"{path} is wider than the screen"
