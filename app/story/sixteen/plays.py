"""Plays the sixteen into a demonstration, day by day, so that it ends about now.

Whatever ends is long over then, and whatever runs has its clock still running.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, time
from itertools import groupby
from typing import Final

from app import demonstration, unit, worker
from app.house import House
from app.story.sixteen import cases, ground
from app.story.sixteen.beats import BEATS_MAX, Beat, Made, moment, play, recalled, working_day
from app.story.sixteen.trades import script as trades
from kernel import clock
from kernel.actor import SYSTEM
from kernel.clock import SHANGHAI, Instant, local_date
from kernel.work import Work

OPENS_AT: Final = time(9, 30, tzinfo=SHANGHAI)
"""At what time of its day a beat is played."""


def script() -> list[Beat]:
    """Return every beat, in the order in which they are played."""
    return sorted([*_sixteen(), *trades.beats()], key=lambda beat: -beat.day)


def _sixteen() -> list[Beat]:
    return [*ground.beats(), *cases.beats()]


def begins(house: House) -> Instant:
    """Return the moment of the first beat, if the play is to end today."""
    return _morning(house, max(beat.day for beat in script()))


def go_on(
    house: House,
    *,
    say: Callable[[str], object],
    at_most: int = BEATS_MAX,
    stopped: Callable[[], bool] = bool,
) -> int:
    """Play what has not been played yet, up to `at_most` beats; returns how many were.

    stopped: asked before each beat. Raises KeyboardInterrupt when it says so.

    Nothing is played into a demonstration whose first day is past before it began: time
    does not run backwards. Whatever the domain refuses is said.
    """
    made = recalled(house)
    left = [beat for beat in wanted(made) if beat.key not in made][:at_most]
    if not left:
        return 0
    if not made and moment(house) > begins(house):
        say("  此演示库早于十六个场景，重置后可见 · made before the sixteen; reset it to see them")
        return 0
    say(f"  正在补齐十六个场景与各类交易（{len(left)} 步），期间演示时钟会走动，请稍后登录")
    say("  scenarios and trades are on their way; the clock moves meanwhile: sign in after that")
    play_all(house, _until(stopped, left), made, say=say)
    say("  十六个场景与各类交易已就绪 · the scenarios are there, and the trades")
    return len(left)


def _until(stopped: Callable[[], bool], beats: Iterable[Beat]) -> Iterator[Beat]:
    for beat in beats:
        if stopped():
            raise KeyboardInterrupt
        yield beat


def play_all(
    house: House, beats: Iterable[Beat], made: Made, *, say: Callable[[str], object]
) -> None:
    """Play beats day by day, in their order; whatever the domain refuses is said."""
    ends = local_date(clock.now())
    for day, today in groupby(beats, key=lambda beat: beat.day):
        _wait_until(house, _morning(house, day))
        for refused in filter(None, [play(house, beat, made, ends) for beat in today]):
            say(f"    {refused}")
    _do_what_is_due(house)


def wanted(made: Made) -> list[Beat]:
    """Return what is to be played: no trades where the sixteen were over before there were any."""
    traded = any(beat.key in made for beat in trades.beats())
    over = all(beat.key in made for beat in _sixteen())
    return _sixteen() if over and not traded else script()


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
