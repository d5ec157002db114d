"""The only module that may ask what time it is.

Everything below `app/` is handed `work.now`, read once for each request or job,
so one action has one time, and a test can stand at any moment it likes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time
from typing import Protocol, TypeAlias
from zoneinfo import ZoneInfo

Instant: TypeAlias = datetime
"""A timezone-aware datetime in UTC. Naive datetimes are refused by the database type."""

SHANGHAI = ZoneInfo("Asia/Shanghai")
"""The zone in which days begin and end, and in which people read times."""

_LAST_MOMENT = time(23, 59, 59, 999_000)


class Clock(Protocol):
    """Whatever can be asked for the present instant."""

    def now(self) -> Instant:
        """Return the present instant, in UTC."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> Instant:
        """Return the machine's present instant, in UTC, to the microsecond."""
        return datetime.now(UTC)


def now() -> Instant:
    """Return the machine's present instant, in UTC, to the microsecond."""
    return _held.get() or SystemClock().now()


_held: ContextVar[Instant | None] = ContextVar("held", default=None)


@contextmanager
def held(instant: Instant) -> Iterator[None]:
    """Let this thread find the machine's clock standing at `instant`: for a made-up history."""
    token = _held.set(instant)
    try:
        yield
    finally:
        _held.reset(token)


def local_date(instant: Instant) -> date:
    """Return the calendar day in Asia/Shanghai on which `instant` falls.

    Raises ValueError for a naive datetime: it names no instant.
    """
    if instant.tzinfo is None:
        raise ValueError("a naive datetime names no instant")
    return instant.astimezone(SHANGHAI).date()


def end_of_day(day: date) -> Instant:
    """Return the last millisecond of `day` in Asia/Shanghai (23:59:59.999), in UTC.

    A time limit that ends on `day` ends then.
    """
    return datetime.combine(day, _LAST_MOMENT, SHANGHAI).astimezone(UTC)
