"""Plays the sixteen into a demonstration, day by day, so that it ends about now.

Whatever ends is long over then, and whatever runs has its clock still running.
"""

from collections.abc import Callable
from datetime import datetime, time
from itertools import groupby
from typing import Final

from app import demonstration, unit, worker
from app.house import House
from app.story.sixteen import cases, ground
from app.story.sixteen.beats import Beat, moment, play, recalled, working_day
from kernel import clock
from kernel.actor import SYSTEM
from kernel.clock import SHANGHAI, Instant, local_date
from kernel.work import Work

OPENS_AT: Final = time(9, 30, tzinfo=SHANGHAI)
"""At what time of its day a beat is played."""


def script() -> list[Beat]:
    """Return every beat, in the order in which they are played."""
    return sorted([*ground.beats(), *cases.beats()], key=lambda beat: -beat.day)


def begins(house: House) -> Instant:
    """Return the moment of the first beat, if the play is to end today."""
    return _morning(house, max(beat.day for beat in script()))


def go_on(house: House, *, say: Callable[[str], object]) -> int:
    """Play what has not been played yet; returns how many beats were.

    Nothing is played into a demonstration whose first day is past before it began: time
    does not run backwards. Whatever the domain refuses is said.
    """
    made = recalled(house)
    left = [beat for beat in script() if beat.key not in made]
    if not left or (not made and moment(house) > begins(house)):
        return 0
    ends = local_date(clock.now())
    for day, today in groupby(left, key=lambda beat: beat.day):
        _wait_until(house, _morning(house, day))
        for refused in filter(None, [play(house, beat, made, ends) for beat in today]):
            say(f"    {refused}")
    _do_what_is_due(house)
    return len(left)


def _morning(house: House, day: int) -> Instant:
    on = working_day(house.calendar, local_date(clock.now()), day)
    return min(datetime.combine(on, OPENS_AT), clock.now())


def _wait_until(house: House, instant: Instant) -> None:
    def command(work: Work) -> None:
        if instant > work.now:
            demonstration.set_to(work, instant)

    unit.committed(house, SYSTEM, command)
    _do_what_is_due(house)


def _do_what_is_due(house: House) -> None:
    worker.run_jobs(house)
    worker.drain(house)
