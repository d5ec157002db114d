"""Lists of money as files: what the tests read of them."""

import csv

from tests.app.pages.conftest import Browser

FEN = "（分）"


def saved(browser: Browser, path: str) -> list[list[str]]:
    """Return the rows of a list saved as CSV, its head first."""
    answer = browser.get(f"{path}{'&' if '?' in path else '?'}file=csv")
    assert (answer.status_code, answer.mimetype) == (200, "text/csv"), answer.text
    return list(csv.reader(answer.data.decode("utf-8-sig").splitlines()))


def sums(rows: list[list[str]]) -> dict[str, int]:
    """Return column → the sum of its amounts, in fen."""
    head, *lines = rows
    return {
        name: sum(int(line[place] or 0) for line in lines)
        for place, name in enumerate(head)
        if name.endswith(FEN)
    }
