"""Calendar months: how long listings and documents are good. Pure."""

import calendar
from datetime import date, timedelta


def later(day: date, months: int) -> date:
    """Return the same day so many months later; the last of a month that has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def last_day(first: date, *, years: int, today: date) -> date:
    """Return the last day of a term of so many years that begins on a day, both counted.

    Who begins later than a term from today has no later end for it.
    """
    begins = min(first, later(today, 12 * years))
    return later(begins, 12 * years) - timedelta(days=1)
