from datetime import UTC, date, datetime, timedelta

import pytest

from kernel import clock


def test_now_is_an_aware_instant_in_utc() -> None:
    instant = clock.now()

    assert instant.tzinfo is UTC


def test_the_clock_of_the_machine_runs_forwards() -> None:
    ticking: clock.Clock = clock.SystemClock()

    earlier = clock.now()
    later = ticking.now()

    assert earlier <= later <= earlier + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 1, 30, 15, 59, 59, 999_999, tzinfo=UTC), date(2026, 1, 30)),
        (datetime(2026, 1, 30, 16, 0, tzinfo=UTC), date(2026, 1, 31)),
        (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_a_day_begins_at_midnight_in_shanghai(instant: clock.Instant, day: date) -> None:
    assert clock.local_date(instant) == day


def test_a_naive_datetime_falls_on_no_day() -> None:
    naive = datetime(2026, 1, 30, 12, 0, tzinfo=UTC).replace(tzinfo=None)

    with pytest.raises(ValueError, match="naive"):
        clock.local_date(naive)


def test_a_day_ends_with_its_last_millisecond_in_shanghai() -> None:
    end = clock.end_of_day(date(2026, 2, 6))

    assert end == datetime(2026, 2, 6, 15, 59, 59, 999_000, tzinfo=UTC)
    assert end.tzinfo is UTC
    assert clock.local_date(end) == date(2026, 2, 6)
    assert clock.local_date(end + timedelta(milliseconds=1)) == date(2026, 2, 7)
