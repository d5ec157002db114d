"""What browser tests share: an exchange of their own, and a window that somebody signs in at."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from playwright.sync_api import Browser, Page
from sqlalchemy.orm import Session

from app import serve
from app.story import stage
from config.settings import Settings
from kernel.engines import Engines
from tests import cast, conftest

T = TypeVar("T")

ARGUMENTS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES: Final = {"desk": (1440, 900), "phone": (390, 844)}
TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS: Final = "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"


@contextmanager
def serving(
    folder: Path, build: Callable[[Session], T], **settings: Any
) -> Iterator[tuple[int, T]]:
    """Serve the people of the tests and what `build` makes; give the port, and what it returns.

    Its files lie in "domain" in the folder.
    """
    url = f"sqlite:///{folder}/test.db"
    conftest.furnish(url)
    engines = Engines(url)
    with engines.writing() as session:
        built = build(session)
        session.commit()
    engines.dispose()
    told = Settings(
        database_url=url, data_dir=f"{folder}/domain", key=bytes(range(32)).hex(),
        log_level="WARNING", password_memory_kib=8, password_rounds=1, **settings,
    )  # fmt: skip
    port = serve.free_port("127.0.0.1", 0)
    with stage.served(told, host="127.0.0.1", port=port):
        yield port, built


def opened(
    browser: Browser, port: int, *, size: str = "desk", locale: str = "zh-CN", **options: Any
) -> Page:
    """Open a window of its own, with nobody signed in."""
    width, height = SIZES[size]
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{port}",
        viewport={"width": width, "height": height},
        locale=locale,
        **options,
    )
    return context.new_page()


def sign_in(page: Page, login: str, password: str = cast.PASSWORD) -> Page:
    """Sign in by the form."""
    page.goto("/sign-in")
    page.fill("#login", login)
    page.fill("#password", password)
    page.click("main button.btn-primary")
    page.wait_for_url("**/desk")
    return page
