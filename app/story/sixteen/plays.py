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
from app.story.sixteen.beats import BEATS_MAX, Beat, moment, play, recalled, working_day
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


def go_on(house: House, *, say: Callable[[str], object], at_most: int = BEATS_MAX) -> int:
    """Play what has not been played yet, up to `at_most` beats; returns how many were.

    Nothing is played into a demonstration whose first day is past before it began: time
    does not run backwards. Whatever the domain refuses is said.
    """
    made = recalled(house)
    left = [beat for beat in script() if beat.key not in made][:at_most]
    if not left:
        return 0
    if not made and moment(house) > begins(house):
        say("  此演示库早于十六个场景，重置后可见 · made before the sixteen; reset it to see them")
        return 0
    say(f"  正在补齐十六个场景（{len(left)} 步），期间演示时钟会走动，请稍后登录")
    say("  sixteen scenarios are on their way; the clock moves meanwhile, so sign in after that")
    ends = local_date(clock.now())
    for day, today in groupby(left, key=lambda beat: beat.day):
        _wait_until(house, _morning(house, day))
        for refused in filter(None, [play(house, beat, made, ends) for beat in today]):
            say(f"    {refused}")
    _do_what_is_due(house)
    say("  十六个场景已就绪 · the sixteen scenarios are there")
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
