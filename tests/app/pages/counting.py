"""How many SELECTs a page costs."""

from typing import Any

from sqlalchemy import Engine, event

from tests.app.pages.conftest import Browser


def selects(browser: Browser, path: str) -> int:
    """Open a page, drawn anew; return how many SELECTs that took."""
    found: list[str] = []

    def count(_c: Any, _u: Any, statement: str, *_more: Any) -> None:
        found.append(statement)

    browser.client.set_cookie("of-its-own", "1")  # what somebody brings along is not shared
    event.listen(Engine, "before_cursor_execute", count)
    try:
        assert browser.get(path).status_code == 200
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    return sum(statement.lstrip().startswith("SELECT") for statement in found)
