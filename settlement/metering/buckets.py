"""Hourly buckets (小时桶): use is gathered by the hour, and an hour is closed with a hash.

What comes after its hour is closed goes into the bucket of the present hour and says of
which hour it is. So a closed hour never changes, and every event stands in exactly one
bucket, whoever reports when, in however many processes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.clock import Instant, local_date
from kernel.db import Base, Big
from kernel.errors import DomainError, Kind
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work

HOUR: Final = timedelta(hours=1)
Key = tuple[str, Instant]
"""A meter and an hour."""


class State(StrEnum):
    """Whether the bucket still takes use in."""

    OPEN = "open"
    CLOSED = "closed"


class HourClosed(DomainError):
    """The present hour of the work is closed: it waited too long, or its clock is behind."""

    kind = Kind.UNAVAILABLE
    code = "hour-closed"
    title = Words("该小时已关闭，请重试", "The hour is closed: try again")


class UsageBucket(Base):
    """The use of one meter in one hour.

    hour: its first instant. period: the month in Shanghai, "2026-07". events: all of them;
    failed: those that cost nothing; units: of the others. digest: of its events, closed.
    """

    __tablename__ = "usage_buckets"
    __table_args__ = (
        UniqueConstraint("meter_id", "hour"),
        CheckConstraint("units >= 0", name="units_not_negative"),
        CheckConstraint("failed >= 0 AND failed <= events", name="failed_are_events"),
        CheckConstraint(
            "(state = 'closed') = (digest IS NOT NULL AND closed_at IS NOT NULL)",
            name="closed_has_its_hash",
        ),
        Index(None, "meter_id", "period", "state"),
        Index(None, "state", "hour", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    meter_id: Mapped[str] = mapped_column(ForeignKey("meters.id"))
    hour: Mapped[Instant]
    period: Mapped[str]
    state: Mapped[str]
    events: Mapped[int] = mapped_column(Big)
    failed: Mapped[int] = mapped_column(Big)
    units: Mapped[int] = mapped_column(Big)
    digest: Mapped[str | None]
    closed_at: Mapped[Instant | None]


@dataclass(frozen=True, slots=True)
class Sum:
    """The use of a meter over some buckets."""

    units: int
    events: int
    failed: int


def hour_of(instant: Instant) -> Instant:
    """Return the first instant of the hour."""
    return instant.replace(minute=0, second=0, microsecond=0)


def period_of(instant: Instant) -> str:
    """Return the month, in Shanghai, in which the instant falls."""
    return local_date(instant).isoformat()[:7]


def receiving(work: Work, keys: Iterable[Key]) -> dict[Key, UsageBucket]:
    """Return the open bucket for each meter and hour, locked until the end of the work.

    For an hour that is closed it is the one of the present hour. Raises HourClosed when that
    is closed as well: what was told must be told again. Three statements; locked in one
    order, so that two who report never wait for each other.
    """
    asked, now = sorted(set(keys)), hour_of(work.now)
    wanted = sorted(set(asked) | {(meter_id, now) for meter_id, _ in asked})
    horizon = _horizon(work)
    _open(work, [key for key in wanted if key[1] > horizon])
    statement = (
        select(UsageBucket)
        .where(tuple_(UsageBucket.meter_id, UsageBucket.hour).in_(wanted))
        .order_by(UsageBucket.meter_id, UsageBucket.hour)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = {(each.meter_id, each.hour): each for each in work.session.scalars(statement)}
    return {key: _taking(found, key, now) for key in asked}


def add(session: Session, bucket_id: str, seen: Sum) -> None:
    """Count use into a bucket that is locked. One statement."""
    statement = (
        update(UsageBucket)
        .where(UsageBucket.id == bucket_id, UsageBucket.state == State.OPEN)
        .values(
            units=UsageBucket.units + seen.units,
            events=UsageBucket.events + seen.events,
            failed=UsageBucket.failed + seen.failed,
        )
    )
    session.execute(statement)


def ended(work: Work, *, limit: int) -> list[UsageBucket]:
    """Return open buckets whose hour and its grace are over, oldest first, locked.

    What somebody else is just closing is left out. One SELECT on an index.
    """
    statement = (
        select(UsageBucket)
        .where(UsageBucket.state == State.OPEN, UsageBucket.hour <= _horizon(work))
        .order_by(UsageBucket.hour, UsageBucket.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return list(work.session.scalars(statement))


def used(session: Session, meter_id: str, period: str, *, closed: bool) -> Sum:
    """Return a month's use: of closed hours alone, or of all. One SELECT on an index."""
    statement = select(
        func.coalesce(func.sum(UsageBucket.units), 0),
        func.coalesce(func.sum(UsageBucket.events), 0),
        func.coalesce(func.sum(UsageBucket.failed), 0),
    ).where(UsageBucket.meter_id == meter_id, UsageBucket.period == period)
    if closed:
        statement = statement.where(UsageBucket.state == State.CLOSED)
    units, events, failed = session.execute(statement).one()
    return Sum(int(units), int(events), int(failed))  # PostgreSQL sums into a NUMERIC


def open_in(session: Session, meter_id: str, period: str) -> bool:
    """Tell whether an hour of the month is still open. One SELECT on an index."""
    statement = select(UsageBucket.id).where(
        UsageBucket.meter_id == meter_id,
        UsageBucket.period == period,
        UsageBucket.state == State.OPEN,
    )
    return session.scalars(statement.limit(1)).first() is not None


def periods(session: Session, meter_id: str) -> list[str]:
    """Return the months in which the meter was used, oldest first. One SELECT on an index."""
    statement = (
        select(UsageBucket.period)
        .where(UsageBucket.meter_id == meter_id)
        .group_by(UsageBucket.period)
        .order_by(UsageBucket.period)
    )
    return list(session.scalars(statement))


def last_closed(session: Session, meter_id: str, period: str) -> UsageBucket | None:
    """Return the month's closed bucket that is the latest. One SELECT on an index."""
    statement = (
        select(UsageBucket)
        .where(
            UsageBucket.meter_id == meter_id,
            UsageBucket.period == period,
            UsageBucket.state == State.CLOSED,
        )
        .order_by(UsageBucket.hour.desc())
        .limit(1)
    )
    return session.scalars(statement).one_or_none()


def of_meter(
    session: Session, meter_id: str, *, after: str | None, limit: int
) -> Page[UsageBucket]:
    """Return a meter's hours, latest first. One SELECT on an index."""
    statement = select(UsageBucket).where(UsageBucket.meter_id == meter_id)
    order: Any = ((UsageBucket.hour, "desc"), (UsageBucket.id, "desc"))
    return keyset(session, statement, by=order, after=after, limit=limit)


def _open(work: Work, keys: list[Key]) -> None:
    on_postgresql = work.session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert if on_postgresql else sqlite.insert
    rows = [
        {
            "id": ids.new("ubk_", work.now),
            "meter_id": meter_id,
            "hour": hour,
            "period": period_of(hour),
            "state": State.OPEN,
            "events": 0,
            "failed": 0,
            "units": 0,
        }
        for meter_id, hour in keys
    ]
    work.session.execute(insert(UsageBucket).on_conflict_do_nothing(), rows)


def _taking(found: dict[Key, UsageBucket], key: Key, now: Instant) -> UsageBucket:
    own = found.get(key)
    taking = own if own is not None and own.state == State.OPEN else found[key[0], now]
    if taking.state != State.OPEN:
        raise HourClosed(f"{now} 已关闭，请重新上报", f"the hour of {now} is closed: tell it again")
    return taking


def _horizon(work: Work) -> Instant:
    """Return the latest hour that may be closed; no bucket is opened for it any more."""
    return work.now - HOUR - timedelta(minutes=work.rules.number("metering.grace_minutes"))
