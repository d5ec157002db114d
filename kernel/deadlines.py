"""Time limits (时限) of a case, and the lights (红黄绿灯) that watch them; pure arithmetic.

A limit of n working days begins the day after its event. While it is paused nothing
runs: what remains is frozen when the pause begins, neither the day of the pause nor
the day of the resumption counts, and counting goes on the day after.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final, TypeAlias

from kernel.calendar import Calendar, Reckoning
from kernel.words import Words

Pause: TypeAlias = tuple[dt.date, dt.date | None]
"""From which day, and on which day it was resumed; None while it lasts."""

WARN_BP: Final = 2_000
"""Yellow begins when this part of the limit, in basis points, remains: a fifth."""

_ONE_DAY: Final = dt.timedelta(days=1)


class Light(StrEnum):
    """What electronic supervision (电子监察) shows for a deadline."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    GREY = "grey"
    DONE_GREEN = "done_green"
    DONE_RED = "done_red"

    @property
    def label(self) -> Words:
        """The light in words."""
        return _LABELS[self]


_LABELS: Final = {
    Light.GREEN: Words("正常", "on time"),
    Light.YELLOW: Words("即将到期", "nearly due"),
    Light.RED: Words("已超期", "overdue"),
    Light.GREY: Words("已暂停", "paused"),
    Light.DONE_GREEN: Words("按时办结", "done on time"),
    Light.DONE_RED: Words("超期办结", "done too late"),
}


@dataclass(frozen=True, slots=True)
class Deadline:
    """A running, paused or finished limit; all days are days in Asia/Shanghai.

    limit_wd: working days, one or more. pauses: in order, not overlapping, none before
    the start; only the last may still last. extension_wd: working days granted on top.
    Raises ValueError otherwise.
    """

    started_on: dt.date
    limit_wd: int
    pauses: tuple[Pause, ...] = ()
    extension_wd: int = 0
    completed_on: dt.date | None = None

    def __post_init__(self) -> None:
        if self.limit_wd < 1 or self.extension_wd < 0:
            raise ValueError("a limit is at least one working day, an extension not negative")
        if self.completed_on is not None and self.completed_on < self.started_on:
            raise ValueError("a deadline cannot be met before it starts")
        if any(end is None for _, end in self.pauses[:-1]):
            raise ValueError("only the last pause may still last")
        turns = [self.started_on]
        turns += [day for pause in self.pauses for day in pause if day is not None]
        if any(later < earlier for earlier, later in pairwise(turns)):
            raise ValueError("pauses must follow each other, and the start")

    @property
    def total_wd(self) -> int:
        """All working days there are: the limit and its extension."""
        return self.limit_wd + self.extension_wd

    def is_paused(self, today: dt.date) -> bool:
        """Tell whether `today` lies in a pause; the day of the resumption does not."""
        return any(
            begun <= today and (resumed is None or today < resumed)
            for begun, resumed in self.pauses
        )


def due(deadline: Deadline, calendar: Calendar) -> Reckoning | None:
    """Return the last day of the limit, always a working day.

    None while a pause lasts that began before the limit was used up: nobody knows yet.
    """
    left = deadline.total_wd
    for after, until in _runs(deadline):
        within = left if until is None else calendar.between(after, until, provisional=True)
        if within >= left:
            day = calendar.add(after, left, provisional=True)
            first = deadline.started_on + _ONE_DAY
            return Reckoning(day, provisional=not calendar.covers(first, day))
        left -= within
    return None


def remaining(deadline: Deadline, calendar: Calendar, today: dt.date) -> int:
    """Return how many working days are left after `today`, or were when it was completed.

    0 on the last day, and on days off that follow it; negative: so many too late.
    Frozen while paused. Days of unpublished years count by weekends.
    """
    last = min(today, deadline.completed_on or today)
    used = sum(
        calendar.between(after, max(after, min(last, until or last)), provisional=True)
        for after, until in _runs(deadline)
    )
    return deadline.total_wd - used


def light(
    deadline: Deadline, calendar: Calendar, today: dt.date, *, warn_bp: int = WARN_BP
) -> Light:
    """Return the light of the deadline on `today`; nothing else decides it.

    Yellow: at most ⌈limit × warn_bp⌉ working days remain, and always on the last day
    and the working day before it. Red: the last day has passed, paused since or not.
    """
    end = due(deadline, calendar)
    if deadline.completed_on is not None:
        late = end is not None and deadline.completed_on > end.date
        return Light.DONE_RED if late else Light.DONE_GREEN
    if end is not None and today > end.date:
        return Light.RED
    if deadline.is_paused(today):
        return Light.GREY
    warned_wd = max(1, -(-deadline.limit_wd * warn_bp // 10_000))
    near = remaining(deadline, calendar, today) <= warned_wd
    return Light.YELLOW if near else Light.GREEN


def _runs(deadline: Deadline) -> Iterator[tuple[dt.date, dt.date | None]]:
    """Yield the stretches in which the clock runs: after a day, until a day or on and on."""
    after = deadline.started_on
    for begun, resumed in deadline.pauses:
        yield after, max(after, begun - _ONE_DAY)
        if resumed is None:
            return
        after = resumed
    yield after, None
