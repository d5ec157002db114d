"""The rows of reconciling that are never changed: runs, and the days that were closed.

Spoken of as runs.ReconciliationRun and closings.ClosedDay.
"""

from datetime import date

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.clock import Instant
from kernel.db import Base, Big, append_only
from settlement.books import entries


class ReconciliationRun(Base):
    """One run. first_on, day: what it looked at. position: the how-manieth of its day.

    digest: of everything that it found. found: findings, of them `blocking` keep days open.
    last_entry_id: the newest entry that it has seen.
    """

    __tablename__ = "reconciliation_runs"
    __table_args__ = (UniqueConstraint("day", "position"), Index(None, "day", "id"))

    id: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date]
    first_on: Mapped[date]
    position: Mapped[int]
    digest: Mapped[str]
    found: Mapped[int]
    blocking: Mapped[int]
    last_entry_id: Mapped[int] = mapped_column(Big)
    run_by: Mapped[str]
    run_at: Mapped[Instant]


append_only(ReconciliationRun.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class ClosedDay(Base):
    """One day that was closed, after the day before it.

    entry_count, root: how many entries took effect on it, and one hash over their hashes.
    last_entry_id: the newest entry there was. closed_by: another person than the run's.
    """

    __tablename__ = "closed_days"
    __table_args__ = (UniqueConstraint("day"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date]
    run_id: Mapped[str] = mapped_column(ForeignKey("reconciliation_runs.id"))
    entry_count: Mapped[int]
    root: Mapped[str]
    last_entry_id: Mapped[int] = mapped_column(Big)
    closed_by: Mapped[str]
    closed_at: Mapped[Instant]


append_only(ClosedDay.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


def latest(session: Session, day: date) -> ReconciliationRun | None:
    """Return the newest run of a day. One SELECT on an index."""
    statement = (
        select(ReconciliationRun)
        .where(ReconciliationRun.day == day)
        .order_by(ReconciliationRun.position.desc())
        .limit(1)
    )
    return session.scalars(statement).one_or_none()


def last(session: Session) -> ClosedDay | None:
    """Return the last day that was closed. One SELECT on an index."""
    statement = select(ClosedDay).order_by(ClosedDay.day.desc()).limit(1)
    return session.scalars(statement).one_or_none()


def newest_entry(session: Session) -> int:
    """Return the id of the newest entry, 0 when there is none. One SELECT on the key."""
    return int(session.scalars(select(func.coalesce(func.max(entries.c.id), 0))).one())
