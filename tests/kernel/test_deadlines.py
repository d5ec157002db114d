from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import deadlines
from kernel.calendar import Calendar, Reckoning
from kernel.deadlines import Deadline, Light, Pause

CALENDAR = Calendar.parse(
    (Path(__file__).parents[2] / "config" / "holidays.csv").read_text("utf-8")
)
FRIDAY = date(2026, 1, 30)  # 5 working days later is Friday 6 February


def of_march(day: int) -> date:
    return date(2026, 3, day)


@st.composite
def some_deadlines(draw: st.DrawFn) -> Deadline:
    started_on = draw(st.dates(date(2024, 1, 1), date(2026, 6, 30)))
    steps = draw(st.lists(st.integers(0, 12), max_size=6))
    days = [started_on + timedelta(days=sum(steps[: place + 1])) for place in range(len(steps))]
    pauses: list[Pause] = list(zip(days[::2], days[1::2], strict=False))
    if len(days) % 2:
        pauses.append((days[-1], None))
    completed = draw(st.none() | st.integers(0, 60))
    return Deadline(
        started_on,
        draw(st.integers(1, 20)),
        tuple(pauses),
        draw(st.integers(0, 10)),
        None if completed is None else started_on + timedelta(days=completed),
    )


def counts(deadline: Deadline, day: date) -> bool:
    paused = any(
        begun <= day and (resumed is None or day <= resumed) for begun, resumed in deadline.pauses
    )
    return CALENDAR.is_workday(day) and not paused


def days_after(day: date, until: date) -> list[date]:
    return [day + timedelta(days=step) for step in range(1, (until - day).days + 1)]


def test_a_limit_ends_after_its_working_days() -> None:
    assert deadlines.due(Deadline(FRIDAY, 5), CALENDAR) == Reckoning(
        date(2026, 2, 6), provisional=False
    )


def test_an_extension_is_counted_on_top() -> None:
    deadline = Deadline(date(2026, 2, 13), 10, extension_wd=10)

    assert deadline.total_wd == 20
    assert deadlines.due(deadline, CALENDAR) == Reckoning(of_march(19), provisional=False)


def test_a_limit_that_ends_in_an_unpublished_year_is_provisional() -> None:
    deadline = Deadline(date(2026, 12, 30), 5)

    assert deadlines.due(deadline, CALENDAR) == Reckoning(date(2027, 1, 6), provisional=True)
    assert deadlines.remaining(deadline, CALENDAR, date(2027, 1, 5)) == 1
    assert deadlines.light(deadline, CALENDAR, date(2027, 1, 7)) is Light.RED


def test_the_day_of_the_event_needs_no_published_year() -> None:
    deadline = Deadline(date(2023, 12, 31), 1)

    assert deadlines.due(deadline, CALENDAR) == Reckoning(date(2024, 1, 2), provisional=False)


def test_neither_the_day_of_the_pause_nor_that_of_the_resumption_counts() -> None:
    # Monday 2 March; Tuesday counts; Wednesday paused, Friday resumed; Monday goes on.
    deadline = Deadline(of_march(2), 3, ((of_march(4), of_march(6)),))

    assert deadlines.due(deadline, CALENDAR) == Reckoning(of_march(10), provisional=False)
    assert [deadlines.remaining(deadline, CALENDAR, of_march(day)) for day in range(2, 11)] == [
        *(3, 2),
        *(2, 2, 2, 2, 2),
        *(1, 0),
    ]


def test_a_pause_resumed_the_same_day_costs_that_day() -> None:
    deadline = Deadline(of_march(2), 3, ((of_march(3), of_march(3)),))

    assert deadlines.due(deadline, CALENDAR) == Reckoning(of_march(6), provisional=False)
    assert deadlines.light(deadline, CALENDAR, of_march(3)) is Light.GREEN


def test_a_limit_that_was_used_up_before_a_later_pause_has_ended() -> None:
    deadline = Deadline(of_march(2), 3, ((of_march(9), None),))

    assert deadlines.due(deadline, CALENDAR) == Reckoning(of_march(5), provisional=False)
    assert deadlines.light(deadline, CALENDAR, of_march(10)) is Light.RED


def test_nobody_knows_the_end_of_a_limit_that_is_paused() -> None:
    deadline = Deadline(of_march(2), 3, ((of_march(4), None),))

    assert deadlines.due(deadline, CALENDAR) is None
    assert deadlines.remaining(deadline, CALENDAR, of_march(31)) == 2


def test_an_end_may_lie_before_a_second_pause() -> None:
    deadline = Deadline(
        of_march(2),
        3,
        ((of_march(3), of_march(4)), (of_march(4), of_march(5)), (of_march(20), None)),
    )

    assert deadlines.due(deadline, CALENDAR) == Reckoning(of_march(10), provisional=False)


def test_the_light_goes_from_green_over_yellow_to_red() -> None:
    deadline = Deadline(of_march(2), 3)  # ends Thursday 5 March

    assert [deadlines.light(deadline, CALENDAR, of_march(day)) for day in range(2, 7)] == [
        Light.GREEN,
        Light.GREEN,
        Light.YELLOW,
        Light.YELLOW,
        Light.RED,
    ]


def test_the_light_is_red_on_a_day_off_after_the_end() -> None:
    deadline = Deadline(of_march(2), 4)  # ends Friday 6 March
    saturday = of_march(7)

    assert deadlines.remaining(deadline, CALENDAR, saturday) == 0
    assert deadlines.light(deadline, CALENDAR, saturday) is Light.RED
    assert deadlines.remaining(deadline, CALENDAR, of_march(10)) == -2


@pytest.mark.parametrize(
    ("limit_wd", "warned_wd"), [(1, 1), (5, 1), (6, 2), (10, 2), (11, 3), (20, 4)]
)
def test_yellow_begins_when_a_fifth_remains(limit_wd: int, warned_wd: int) -> None:
    deadline = Deadline(of_march(2), limit_wd)
    yellow_on = CALENDAR.add(of_march(2), limit_wd - warned_wd)

    assert deadlines.remaining(deadline, CALENDAR, yellow_on) == warned_wd
    assert deadlines.light(deadline, CALENDAR, yellow_on) is Light.YELLOW
    if limit_wd > warned_wd:
        day_before = CALENDAR.add(of_march(2), limit_wd - warned_wd - 1)
        assert deadlines.light(deadline, CALENDAR, day_before) is Light.GREEN


def test_the_warned_part_of_a_limit_can_be_ruled_otherwise() -> None:
    deadline = Deadline(of_march(2), 10)

    assert deadlines.light(deadline, CALENDAR, of_march(2), warn_bp=10_000) is Light.YELLOW
    assert deadlines.light(deadline, CALENDAR, of_march(2)) is Light.GREEN


def test_a_paused_limit_is_grey_until_the_day_of_its_resumption() -> None:
    deadline = Deadline(of_march(2), 10, ((of_march(4), of_march(6)),))

    assert [deadlines.light(deadline, CALENDAR, of_march(day)) for day in range(3, 7)] == [
        Light.GREEN,
        Light.GREY,
        Light.GREY,
        Light.GREEN,
    ]


@pytest.mark.parametrize(
    ("completed_on", "light"),
    [
        (of_march(2), Light.DONE_GREEN),
        (of_march(5), Light.DONE_GREEN),
        (of_march(6), Light.DONE_RED),
    ],
)
def test_a_completed_limit_keeps_its_light(completed_on: date, light: Light) -> None:
    deadline = Deadline(of_march(2), 3, completed_on=completed_on)

    assert deadlines.light(deadline, CALENDAR, of_march(31)) is light
    assert deadlines.remaining(deadline, CALENDAR, of_march(31)) == deadlines.remaining(
        deadline, CALENDAR, completed_on
    )


def test_a_limit_completed_in_a_pause_is_on_time() -> None:
    deadline = Deadline(of_march(2), 3, ((of_march(4), None),), completed_on=of_march(30))

    assert deadlines.light(deadline, CALENDAR, of_march(31)) is Light.DONE_GREEN


def test_nothing_is_used_before_the_start() -> None:
    assert deadlines.remaining(Deadline(of_march(2), 3), CALENDAR, date(2026, 1, 1)) == 3


def test_every_light_has_a_word_in_both_languages() -> None:
    assert all(light.label.zh and light.label.en for light in Light)


@given(some_deadlines())
def test_a_limit_ends_on_the_working_day_on_which_it_is_used_up(deadline: Deadline) -> None:
    end = deadlines.due(deadline, CALENDAR)

    if end is None:
        last = deadline.pauses[-1][0]
        used = sum(counts(deadline, day) for day in days_after(deadline.started_on, last))
        assert used < deadline.total_wd
    else:
        assert CALENDAR.is_workday(end.date)
        assert counts(deadline, end.date)
        used = sum(counts(deadline, day) for day in days_after(deadline.started_on, end.date))
        assert used == deadline.total_wd
        assert not end.provisional


@given(some_deadlines(), st.integers(0, 90))
def test_what_remains_is_the_limit_less_the_days_that_counted(
    deadline: Deadline, later: int
) -> None:
    today = deadline.started_on + timedelta(days=later)

    remaining = deadlines.remaining(deadline, CALENDAR, today)

    last = min(today, deadline.completed_on or today)
    used = sum(counts(deadline, day) for day in days_after(deadline.started_on, last))
    assert remaining == deadline.total_wd - used


@given(some_deadlines(), st.integers(0, 90))
def test_a_light_depends_on_nothing_but_the_day_the_limit_and_the_calendar(
    deadline: Deadline, later: int
) -> None:
    today = deadline.started_on + timedelta(days=later)
    same = Deadline(
        deadline.started_on,
        deadline.limit_wd,
        deadline.pauses,
        deadline.extension_wd,
        deadline.completed_on,
    )

    light = deadlines.light(deadline, CALENDAR, today)

    assert light is deadlines.light(same, Calendar(reversed(CALENDAR.days)), today)
    assert (light in {Light.DONE_GREEN, Light.DONE_RED}) == (deadline.completed_on is not None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit_wd": 0},
        {"extension_wd": -1},
        {"completed_on": of_march(1)},
        {"pauses": ((of_march(1), of_march(3)),)},
        {"pauses": ((of_march(4), of_march(3)),)},
        {"pauses": ((of_march(4), of_march(6)), (of_march(5), of_march(7)))},
        {"pauses": ((of_march(4), None), (of_march(5), of_march(7)))},
    ],
)
def test_a_limit_that_could_not_have_happened_is_refused(wrong: dict[str, object]) -> None:
    right: dict[str, object] = {"started_on": of_march(2), "limit_wd": 3}

    with pytest.raises(ValueError, match=r"limit|pause|deadline"):
        Deadline(**(right | wrong))  # type: ignore[arg-type]  # the refusal is what is tested
