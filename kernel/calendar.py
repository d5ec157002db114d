"""Working days (工作日): the table that the State Council publishes, and counting by it.

Each November the State Council's General Office (国务院办公厅) says which days of the next
year are holidays and which Saturdays and Sundays are worked in exchange (调休). That is
data, in `config/holidays.csv`; a year without its notice is not guessed at, unless the
caller asks for a provisional answer and gets it marked as one.
"""

import csv
import datetime as dt
import io
from collections.abc import Iterable
from typing import Final, NamedTuple, Self

from kernel.clock import Instant, end_of_day
from kernel.words import Words

_COLUMNS: Final = ["date", "is_workday", "name", "source"]
_FLAGS: Final = {"true": True, "false": False}
_SATURDAY: Final = 5
_ONE_DAY: Final = dt.timedelta(days=1)


class UnpublishedYear(ValueError):
    """The answer depends on a year whose holidays the table does not have."""

    def __init__(self, year: int) -> None:
        super().__init__(year)
        self.year = year

    @property
    def words(self) -> Words:
        """What is missing and what to do about it."""
        return Words(
            f"日历中没有{self.year}年的放假安排：请先导入国务院办公厅该年度通知，"
            "或按“暂定”方式计算（只扣除周末）",
            f"the calendar has no holidays for {self.year}: import the State Council's notice "
            "for that year, or ask for a provisional answer (weekends only)",
        )

    def __str__(self) -> str:
        return self.words.en


class Day(NamedTuple):
    """A day on which the notice says something: a holiday, or a weekend day worked.

    source: number of the notice, such as 国办发明电〔2025〕7号.
    """

    date: dt.date
    is_workday: bool
    name: str
    source: str


class Reckoning(NamedTuple):
    """A day that was counted out. `provisional`: some of it by weekends only."""

    date: dt.date
    provisional: bool

    @property
    def ends_at(self) -> Instant:
        """The last moment of the day, 23:59:59.999 in Asia/Shanghai."""
        return end_of_day(self.date)


class Calendar:
    """The working days of the published years.

    A year counts as published when the table has its National Day (1 October), which
    every notice names; a few rows of a year do not make it so. Questions that touch
    another year raise UnpublishedYear, unless asked with `provisional=True`.
    """

    def __init__(self, days: Iterable[Day]) -> None:
        self.days = tuple(sorted(days))
        self._is_workday = {day.date: day.is_workday for day in self.days}
        if len(self._is_workday) != len(self.days):
            raise ValueError("the calendar names a day twice")
        self._years = {day.year for day in self._is_workday if (day.month, day.day) == (10, 1)}

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a CSV with the columns date, is_workday, name, source.

        date: 2026-10-01; is_workday: true or false. Raises ValueError that names the
        line for anything else, and for a day named twice.
        """
        reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
        if next(reader, None) != _COLUMNS:
            raise ValueError(f"the calendar's first line must be {','.join(_COLUMNS)}")
        return cls(_day(row, reader.line_num) for row in reader if row)

    @property
    def last_published_year(self) -> int:
        """The last year that can be counted in for good; ValueError when there is none."""
        return max(self._years)

    def covers(self, first: dt.date, last: dt.date) -> bool:
        """Tell whether every year from `first` to `last` is published."""
        return all(year in self._years for year in range(first.year, last.year + 1))

    def is_workday(self, day: dt.date, *, provisional: bool = False) -> bool:
        """Tell whether `day` is worked: the notice decides, else Monday to Friday."""
        if not provisional and day.year not in self._years:
            raise UnpublishedYear(day.year)
        return self._is_workday.get(day, day.weekday() < _SATURDAY)

    def add(self, day: dt.date, days: int, *, provisional: bool = False) -> dt.date:
        """Return the `days`-th working day after `day`, which itself is not counted.

        days: zero or more, else ValueError; zero gives `day` back, worked or not. So
        adding n, then m, is adding n + m. Not counting the day of the event: Civil Code
        (民法典) art. 201.
        """
        if days < 0:
            raise ValueError("a number of working days cannot be negative")
        left = days
        while left:
            day += _ONE_DAY
            left -= self.is_workday(day, provisional=provisional)
        return day

    def between(self, first: dt.date, last: dt.date, *, provisional: bool = False) -> int:
        """Count the working days after `first`, up to and including `last`.

        Negative when `last` is earlier: -between(last, first). The inverse of `add`:
        between(day, add(day, n)) is n. Costs one step a day.
        """
        if last < first:
            return -self.between(last, first, provisional=provisional)
        span = range(1, (last - first).days + 1)
        return sum(
            self.is_workday(first + dt.timedelta(days=step), provisional=provisional)
            for step in span
        )

    def due(self, day: dt.date, days: int) -> Reckoning:
        """Return when a limit of `days` working days that begins by an event on `day` ends.

        Never raises for an unpublished year: it counts weekends there, and says so.
        """
        date = self.add(day, days, provisional=True)
        return Reckoning(date, not self.covers(day + _ONE_DAY, date))


def _day(row: list[str], line: int) -> Day:
    try:
        date, is_workday, name, source = row
        return Day(dt.date.fromisoformat(date), _FLAGS[is_workday], name, source)
    except (ValueError, KeyError) as error:
        raise ValueError(f"line {line} of the calendar is not {','.join(_COLUMNS)}") from error
