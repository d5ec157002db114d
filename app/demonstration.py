"""The adjustable clock: only a demonstration or a test may let days pass by hand.

The shift against the system's time is one row, so that every process sees the same day.
"""

from datetime import timedelta
from math import ceil

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import clock
from kernel.clock import Instant
from kernel.db import Base, Big
from kernel.errors import Invalid
from kernel.work import Work


class ClockShift(Base):
    """By how many seconds the demonstration's time differs from the system's."""

    __tablename__ = "clock_shift"
    __table_args__ = (CheckConstraint("id = 1", name="there_is_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seconds: Mapped[int] = mapped_column(Big)


def now(session: Session, *, adjustable: bool) -> Instant:
    """Return the present instant; with an adjustable clock at the cost of one SELECT by key."""
    instant = clock.now()
    shift = session.get(ClockShift, 1) if adjustable else None
    return instant if shift is None else instant + timedelta(seconds=shift.seconds)


def set_to(work: Work, instant: Instant) -> None:
    """Let it be `instant`. Time never runs backwards. Raises Invalid."""
    if instant < work.now and work.session.get(ClockShift, 1) is not None:
        raise Invalid("时间不能倒流", "time does not run backwards", pointer="/to")
    begin_at(work.session, instant)
    work.record("clock.adjusted", "clock", to=instant)


def begin_at(session: Session, instant: Instant) -> None:
    """Let a fresh demonstration begin at `instant`, or within the second after it; never before."""
    seconds = ceil((instant - clock.now()).total_seconds())
    shift = session.get(ClockShift, 1)
    if shift is None:
        session.add(ClockShift(id=1, seconds=seconds))
    else:
        shift.seconds = seconds
