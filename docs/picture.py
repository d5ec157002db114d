"""Take the picture that README shows, of the front page of an exchange that runs.

    make run                 # in one terminal, until the scenarios are there
    make picture             # in another; ARGS=http://127.0.0.1:8001 where it runs elsewhere

Needs a Chromium, as the browser tests do.
"""

import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

from tests.browser.windows import ARGUMENTS
from tests.completeness import chromium

PICTURE: Final = Path(__file__).parent / "home.jpg"
BYTES_MAX: Final = 150_000
WIDTH, HEIGHT = 1280, 1180
QUALITY: Final = 72


def main(address: str) -> None:
    """Write docs/home.jpg."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, locale="zh-CN")
        page.goto(f"{address}/?lang=zh")
        page.screenshot(path=PICTURE, type="jpeg", quality=QUALITY)
        browser.close()
    if PICTURE.stat().st_size > BYTES_MAX:
        sys.exit(f"larger than {BYTES_MAX:,} bytes: lower QUALITY")


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://127.0.0.1:8000")
