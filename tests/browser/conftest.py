"""One browser for the tests of a module."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.windows import ARGUMENTS
from tests.completeness import chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Open a browser; every window of it has cookies of its own."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield opened
        opened.close()
