"""Calendar months as text, "2026-07": they sort as they follow, and are counted here."""

from collections.abc import Iterator
from datetime import date, timedelta

from kernel.errors import Invalid


def of(day: date) -> str:
    """Return the month in which the day falls."""
    return day.isoformat()[:7]


def end(month: str) -> date:
    """Return the last day of a month. Raises Invalid for what is none."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError as error:
        told = "请填写月份，如 2026-07", "a month such as 2026-07"
        raise Invalid(*told, pointer="/through") from error
    return (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def start(month: str) -> date:
    """Return the first day of a month. Raises Invalid for what is none."""
    return end(month).replace(day=1)


def after(month: str, by: int = 1) -> str:
    """Return the month `by` months later; earlier when it is negative."""
    whole = int(month[:4]) * 12 + int(month[5:]) - 1 + by
    return f"{whole // 12:04}-{whole % 12 + 1:02}"


def count(first: str, last: str) -> int:
    """Return how many months there are from the first to the last, both counted."""
    return (int(last[:4]) - int(first[:4])) * 12 + int(last[5:]) - int(first[5:]) + 1


def between(first: str, last: str) -> Iterator[str]:
    """Yield the months from the first to the last."""
    while first <= last:
        yield first
        first = after(first)


def whole(first: date, last: date) -> int:
    """Return how many whole months a right lasts from the first day to the last, both counted."""
    ends = last + timedelta(days=1)
    return count(of(first), of(ends)) - 1 - (1 if ends.day < first.day else 0)
