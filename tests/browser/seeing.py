"""How a page is seen: in which sizes and languages, and what is wrong with it for its reader.

One browser window, into which one person after the other signs in; it changes its size and its
language. What axe needs stands in the window from its beginning, so no page waits for it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

from tests.browser.windows import ARGUMENTS, SIZES, TAGS, WIDTHS
from tests.completeness import chromium

OPTIONS: Final = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
EXAMINED: Final = """options => axe.run(document, options).then(
    told => told.violations.map(one => [one.id, one.nodes[0].html.slice(0, 120)]))"""

Looks = tuple[tuple[tuple[str, str], ...], ...]

LOOKS: Final[Looks] = ((("desk", "zh"), ("phone", "en")), (("desk", "en"), ("phone", "zh")))
"""In which sizes and languages a page is seen; every second one the other way round."""

NARROW: Final[Looks] = ((("phone", "en"),), (("phone", "zh"),))
"""The same, on a phone alone, where most goes wrong."""


@contextmanager
def window(port: int) -> Iterator[Page]:
    """Open a window whose every page can be examined."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        context = opened.new_context(base_url=f"http://127.0.0.1:{port}", locale="zh-CN")
        context.add_init_script(Axe().axe_script)
        yield context.new_page()
        opened.close()


def faults(page: Page, addresses: Iterable[str], looks: Looks = LOOKS) -> list[str]:
    """Return what is wrong with pages: what axe finds, and a sideways scroll."""
    found = []
    for place, address in enumerate(addresses):
        for size, language in looks[place % 2]:
            width, height = SIZES[size]
            page.set_viewport_size({"width": width, "height": height})
            joint = "&" if "?" in address else "?"
            found += _faults(page, f"{address}{joint}lang={language}")
    return found


def _faults(page: Page, address: str) -> list[str]:
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200, address
    at = f"{address} {page.viewport_size}"
    told = [f"{at}: {rule} {place}" for rule, place in page.evaluate(EXAMINED, OPTIONS)]
    content, width = page.evaluate(WIDTHS)
    return [*told, f"{at}: {content} > {width} px"] if content > width else told


def sign_in(page: Page, login: str, password: str) -> None:
    """Sign somebody else in, by the form."""
    page.context.clear_cookies()
    page.goto("/sign-in")
    page.fill("#login", login)
    page.fill("#password", password)
    page.click("main button.btn-primary")
    page.wait_for_url("**/desk")
