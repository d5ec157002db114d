"""Electronic supervision (电子监察): the clocks that run on cases, and their lights.

The arithmetic is `kernel/deadlines.py`; here are the rows. A life cycle opens, pauses
and completes them (see `within` in `kernel/workflow.py`); nobody else does.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import deadlines
from kernel.calendar import Calendar
from kernel.clock import local_date
from kernel.db import Base, Big
from kernel.deadlines import Deadline, Light
from kernel.work import Work


class Clock(Base):
    """One running, paused or stopped clock of one subject.

    limit: working days, or calendar days when `natural`. pauses: [from, to | null] dates.
    owner: the organisation that must act in time, or "role:…" for whoever holds a role.
    provisional: the due date falls in a year whose holidays are not published yet.
    """

    __tablename__ = "clocks"
    __table_args__ = (
        CheckConstraint("limit_days >= 1", name="limit_is_a_day_or_more"),
        CheckConstraint("extension_days >= 0", name="extension_not_negative"),
        Index(
            "uq_clocks_one_running_per_subject",
            "subject",
            unique=True,
            sqlite_where=text("completed_on IS NULL"),
            postgresql_where=text("completed_on IS NULL"),
        ),
        Index(None, "due_on", "id"),
        Index(None, "subject", "id"),
        Index(None, "owner", "started_on", "id"),
    )

    id: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=True)
    subject: Mapped[str]
    life: Mapped[str]
    key: Mapped[str]
    limit_days: Mapped[int]
    natural: Mapped[bool] = mapped_column(default=False)
    extension_days: Mapped[int] = mapped_column(default=0)
    started_on: Mapped[date]
    due_on: Mapped[date]
    provisional: Mapped[bool] = mapped_column(default=False)
    pauses: Mapped[list[Any]]
    completed_on: Mapped[date | None]
    overdue_step: Mapped[str | None]
    owner: Mapped[str | None]


def start(
    work: Work, subject: str, life: str, key: str, overdue: str | None, *, owner: str | None = None
) -> Clock:
    """Open the clock `key` of the rules (limit_wd or limit_days) on `subject`, from today."""
    rule = work.rules.table(key)
    natural = "limit_days" in rule
    limit = work.rules.number(f"{key}.{'limit_days' if natural else 'limit_wd'}")
    today = local_date(work.now)
    clock = Clock(
        subject=subject,
        life=life,
        key=key,
        limit_days=limit,
        natural=natural,
        started_on=today,
        due_on=today,
        pauses=[],
        completed_on=None,
        overdue_step=overdue,
        owner=owner,
    )
    _reckon(clock, work.calendar)
    # One running clock a subject: of a table, what is changed is written before what is new,
    # so that the old one's completion reaches the index first.
    work.session.add(clock)
    return clock


def running(session: Session, subject: str) -> Clock | None:
    """Return the clock that runs (or stands paused) on `subject`. One SELECT on an index."""
    statement = select(Clock).where(Clock.subject == subject, Clock.completed_on.is_(None))
    return session.scalars(statement).one_or_none()


def of(session: Session, subject: str) -> list[Clock]:
    """Return every clock that ever ran on `subject`, oldest first. One SELECT on an index."""
    statement = select(Clock).where(Clock.subject == subject).order_by(Clock.id).limit(200)
    return list(session.scalars(statement))


def all_running(session: Session, subjects: Iterable[str]) -> dict[str, Clock]:
    """Return subject → its running clock, for one page of a list. One SELECT."""
    statement = select(Clock).where(Clock.subject.in_(list(subjects)), Clock.completed_on.is_(None))
    return {clock.subject: clock for clock in session.scalars(statement)}


def stop(clock: Clock, today: date) -> None:
    """Complete the clock; its colour stays what it is today."""
    clock.completed_on = today


def pause(clock: Clock, today: date) -> None:
    """Stop counting from today; today itself does not count. One that stands goes on standing."""
    if paused(clock):
        return
    clock.pauses = [*clock.pauses, [today.isoformat(), None]]


def resume(clock: Clock, today: date, calendar: Calendar) -> None:
    """Count again from tomorrow, with what was left."""
    clock.pauses = [*clock.pauses[:-1], [clock.pauses[-1][0], today.isoformat()]]
    _reckon(clock, calendar)


def extend(clock: Clock, days: int, calendar: Calendar) -> None:
    """Grant `days` on top of the limit, once or more; a paused clock stays paused."""
    clock.extension_days += days
    _reckon(clock, calendar)


def reckon_again(clock: Clock, calendar: Calendar, today: date) -> bool:
    """Reckon a provisional clock anew; tell whether that settled or moved it.

    Never to a day before today: what was promised stays possible (I-47).
    """
    before = clock.due_on, clock.provisional
    _reckon(clock, calendar)
    clock.due_on = max(clock.due_on, min(today, before[0]))
    return (clock.due_on, clock.provisional) != before


def paused(clock: Clock) -> bool:
    """Tell whether the clock stands."""
    return bool(clock.pauses) and clock.pauses[-1][1] is None


def light(clock: Clock, calendar: Calendar, today: date) -> Light:
    """Return the clock's colour today: a pure function of clock, calendar and day."""
    return deadlines.light(deadline(clock), _days(clock, calendar), today)


def remaining(clock: Clock, calendar: Calendar, today: date) -> int:
    """Return the days that are left; negative when overdue."""
    return deadlines.remaining(deadline(clock), _days(clock, calendar), today)


def overdue(session: Session, today: date, *, limit: int) -> list[Clock]:
    """Return running clocks past their day that have a step to take. One SELECT on an index."""
    statement = (
        select(Clock)
        .where(Clock.completed_on.is_(None), Clock.due_on < today, Clock.overdue_step.is_not(None))
        .order_by(Clock.due_on, Clock.id)
        .limit(limit)
    )
    return [clock for clock in session.scalars(statement) if not paused(clock)]


def deadline(clock: Clock) -> Deadline:
    """Return the pure value behind the row."""
    return Deadline(
        started_on=clock.started_on,
        limit_wd=clock.limit_days,
        extension_wd=clock.extension_days or 0,
        pauses=tuple(
            (date.fromisoformat(begin), None if end is None else date.fromisoformat(end))
            for begin, end in clock.pauses
        ),
        completed_on=clock.completed_on,
    )


class _EveryDay(Calendar):
    """A calendar without days off, for the limits that count natural days (自然日)."""

    def is_workday(self, day: date, *, provisional: bool = False) -> bool:  # noqa: ARG002 - every day
        return True

    def covers(self, first: date, last: date) -> bool:  # noqa: ARG002 - needs no notice
        return True


_EVERY_DAY = _EveryDay(())


def _days(clock: Clock, calendar: Calendar) -> Calendar:
    return _EVERY_DAY if clock.natural else calendar


def _reckon(clock: Clock, calendar: Calendar) -> None:
    reckoning = deadlines.due(deadline(clock), _days(clock, calendar))
    if reckoning is not None:
        clock.due_on, clock.provisional = reckoning.date, reckoning.provisional
