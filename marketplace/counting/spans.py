"""Periods (统计期): days, ISO weeks, months, quarters, years, spans of twelve months, all time.

A day belongs to one of each kind, and to twelve spans of twelve months. A period has a code,
which sorts within its kind: "D2026-07-13", "W2026-29", "M2026-07", "Q2026-3", "Y2026",
"T2026-07" (the twelve months up to July) and "A" (all). Days are those of Shanghai.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from kernel.errors import Invalid

EVER: Final = "A"
FIRST: Final = date(2000, 1, 1)
"""No exchange is older."""

LAST: Final = date(2999, 12, 31)

_MONTHS: Final = 12
_QUARTER: Final = 3
_FORMS: Final = re.compile(
    r"D\d{4}-\d\d-\d\d|W\d{4}-\d\d|[MT]\d{4}-(?:0[1-9]|1[0-2])|Q\d{4}-[1-4]|Y\d{4}|A"
)


@dataclass(frozen=True, slots=True)
class Span:
    """One period: its code, its first and its last day."""

    code: str
    since: date
    until: date

    @property
    def kind(self) -> str:
        """The letter of its kind."""
        return self.code[0]

    def before(self) -> "Span | None":
        """Return the period directly before, of as many days or months; None before all time."""
        if self.kind == EVER:
            return None
        if self.kind == "T":
            return _shifted(self, _MONTHS)
        day = self.since - timedelta(days=1)
        return of(self.kind, day) if day >= FIRST else None

    def year_before(self) -> "Span | None":
        """Return the same period a year earlier; None where that year has none such."""
        if self.kind == EVER:
            return None
        if self.kind == "W":
            return _week(self.since.isocalendar().year - 1, self.since.isocalendar().week)
        if self.kind == "D":
            is_leap_day = (self.since.month, self.since.day) == (2, 29)
            earlier = None if is_leap_day else self.since.replace(year=self.since.year - 1)
            return of("D", earlier) if earlier and earlier >= FIRST else None
        return _shifted(self, _MONTHS)


def parse(code: str) -> Span:
    """Return the period of a code. Raises Invalid for what is none."""
    span = _parsed(code) if _FORMS.fullmatch(code) else None
    if span is None or not (FIRST <= span.since <= span.until <= LAST):
        raise Invalid("不是统计期", "not a period", pointer="/period")
    return span


def of(kind: str, day: date) -> Span:
    """Return the period of a kind ("D", "W", "M", "Q", "Y", "T" or "A") to which a day belongs.

    Of twelve months, those that end with the day's.
    """
    codes = {code[0]: code for code in reversed(codes_of(day))}
    return parse(codes[kind])


@lru_cache(maxsize=4096)
def codes_of(day: date) -> tuple[str, ...]:
    """Return the codes of all periods to which a day belongs: eighteen."""
    year, week, _ = day.isocalendar()
    months = (_plus(day.year, day.month, ahead) for ahead in range(_MONTHS))
    quarter = (day.month - 1) // _QUARTER + 1
    return (
        f"D{day.isoformat()}",
        f"W{year:04}-{week:02}",
        f"M{day.isoformat()[:7]}",
        f"Q{day.year:04}-{quarter}",
        f"Y{day.year:04}",
        EVER,
        *(f"T{year:04}-{month:02}" for year, month in months),
    )


def _parsed(code: str) -> Span | None:
    kind, (year, *parts) = code[0], [int(part) for part in (code[1:] or "0").split("-")]
    if kind == "W":
        return _week(year, parts[0])
    since, until = FIRST, LAST
    try:
        if kind == "D":
            since = until = date(year, *parts)
        elif kind == "Q":
            since, until = date(year, parts[0] * _QUARTER - 2, 1), _end(year, parts[0] * _QUARTER)
        elif kind == "Y":
            since, until = date(year, 1, 1), date(year, _MONTHS, 31)
        elif kind != EVER:
            back = _MONTHS - 1 if kind == "T" else 0
            since, until = date(*_plus(year, parts[0], -back), 1), _end(year, parts[0])
    except ValueError:
        return None
    return Span(code, since, until)


def _week(year: int, week: int) -> Span | None:
    try:
        first = date.fromisocalendar(year, week, 1)
    except ValueError:  # not every year has a week 53
        return None
    return Span(f"W{year:04}-{week:02}", first, first + timedelta(days=6))


def _shifted(span: Span, months: int) -> Span | None:
    last = _plus(span.until.year, span.until.month, -months)
    found = of(span.kind, date(*last, 1)) if date(*last, 1) >= FIRST else None
    return found if found and found.since >= FIRST else None


def _plus(year: int, month: int, ahead: int) -> tuple[int, int]:
    years, month = divmod(year * _MONTHS + month - 1 + ahead, _MONTHS)
    return years, month + 1


def _end(year: int, month: int) -> date:
    return date(*_plus(year, month, 1), 1) - timedelta(days=1)
