"""Usage events (用量事件): each use that is told, counted once, whoever tells it how often.

A source and its own number for the event are the event's name (I-55): told again it is
seen before, and costs nothing. Only what succeeded is charged; what failed is kept with
its reason. Events are added and never changed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, insert, or_, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.clock import SHANGHAI, Instant
from kernel.crypto import canonical
from kernel.db import Base, Big, append_only
from kernel.errors import Invalid, Refusal
from kernel.pages import Page, keyset
from kernel.work import Work
from settlement import access
from settlement.metering import buckets, meters
from settlement.metering.buckets import Sum, UsageBucket
from settlement.metering.meters import Basis, Meter

BATCH_MAX: Final = 1_000
"""The most events that one report may hold."""

UNITS_MAX: Final = 10**15
OWN: Final = "delivery"
"""The source under which this house counts what it delivers itself."""


class Outcome(StrEnum):
    """What became of an event that was told."""

    COUNTED = "counted"
    SEEN = "seen_before"
    REFUSED = "refused"


class UsageEvent(Base):
    """One use.

    source: the reporting organisation and its own name for the connector. units: of the
    meter's unit. failure: why it failed; then it costs nothing. late_of: the hour in which
    it happened, if that was closed.
    """

    __tablename__ = "usage_events"
    __table_args__ = (
        CheckConstraint("units >= 0", name="units_not_negative"),
        Index(None, "meter_id", "occurred_at", "event_id", "source"),
        Index(None, "bucket_id", "source", "event_id"),
    )

    source: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    meter_id: Mapped[str] = mapped_column(ForeignKey("meters.id"))
    bucket_id: Mapped[str] = mapped_column(ForeignKey("usage_buckets.id"))
    occurred_at: Mapped[Instant]
    units: Mapped[int] = mapped_column(Big)
    failure: Mapped[str | None]
    late_of: Mapped[Instant | None]
    received_at: Mapped[Instant]


append_only(UsageEvent.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One event as it is told. failure: empty when the use succeeded."""

    event_id: str
    order_line_id: str
    occurred_at: Instant
    units: int
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one event. late_of: the closed hour to which it belongs."""

    event_id: str
    outcome: Outcome
    reason: Refusal | None = None
    late_of: Instant | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events to list: days in Shanghai, both included."""

    meter_id: str | None = None
    since: date | None = None
    until: date | None = None
    failed: bool | None = None


def report(work: Work, *, source: str, told: Sequence[Told]) -> list[Answer]:
    """Count events of the caller's connector `source`; answer each, in the order told.

    At most 1,000, else Invalid. One that was counted before, here or in the same report,
    is "seen before"; one that cannot be counted says why and can be told again.
    Nine statements, whatever the number.
    """
    if len(told) > BATCH_MAX:
        raise Invalid(f"每批至多 {BATCH_MAX} 条", f"at most {BATCH_MAX} events", pointer="/events")
    named = f"{work.actor.organisation}/{source}"
    found = meters.of_lines(work.session, (each.order_line_id for each in told))
    answers: dict[int, Answer] = {}
    fresh: dict[str, Told] = {}
    before = _there(work.session, named, {each.event_id for each in told})
    for place, each in enumerate(told):
        reason = _refused(work, each, found.get(each.order_line_id))
        if each.event_id in before or each.event_id in fresh:
            answers[place] = Answer(each.event_id, Outcome.SEEN)
        elif reason is not None:
            answers[place] = Answer(each.event_id, Outcome.REFUSED, reason)
        else:
            fresh[each.event_id] = each
    counted = _count(work, named, fresh.values(), found)
    return [
        answers.get(place) or counted.get(each.event_id) or Answer(each.event_id, Outcome.SEEN)
        for place, each in enumerate(told)
    ]


def close_due(work: Work, *, limit: int) -> list[UsageBucket]:
    """Close the hours that are over: with the hash of their events, and an event each.

    Two SELECTs a bucket.
    """
    found = buckets.ended(work, limit=limit)
    for bucket in found:
        bucket.digest = digest(work, bucket)
        bucket.state, bucket.closed_at = buckets.State.CLOSED, work.now
        work.record(
            "usage.hour_closed",
            bucket.meter_id,
            bucket_id=bucket.id,
            units=bucket.units,
            digest=bucket.digest,
        )
    return found


def digest(work: Work, bucket: UsageBucket) -> str:
    """Return the hash of the events that stand in the bucket, in the order of their names."""
    statement = (
        select(UsageEvent.source, UsageEvent.event_id, UsageEvent.units, UsageEvent.failure)
        .where(UsageEvent.bucket_id == bucket.id)
        .order_by(UsageEvent.source, UsageEvent.event_id)
        .execution_options(yield_per=1_000)
    )
    rows = [list(row) for row in work.session.execute(statement)]
    named = {
        "bucket": bucket.id,
        "hour": bucket.hour.isoformat(),
        "events": sorted(map(_key, rows)),
    }
    return work.crypto.digest(canonical(named))


def listed(work: Work, wanted: Wanted, *, after: str | None, limit: int) -> Page[UsageEvent]:
    """Return the events that the caller may see, latest first. One SELECT on an index."""
    statement = _filtered(_visible(work), wanted)
    order: Any = (
        (UsageEvent.occurred_at, "desc"),
        (UsageEvent.event_id, "desc"),
        (UsageEvent.source, "desc"),
    )
    return keyset(work.session, statement, by=order, after=after, limit=limit)


def _key(row: list[Any]) -> list[Any]:
    return [row[0], row[1], row[2], row[3] or ""]


def _visible(work: Work) -> Select[Any]:
    statement = select(UsageEvent)
    if access.oversees(work.actor):
        return statement
    own = work.actor.organisation
    mine = select(Meter.id).where(or_(Meter.buyer_id == own, Meter.seller_id == own))
    return statement.where(UsageEvent.meter_id.in_(mine))


def _filtered(statement: Select[Any], wanted: Wanted) -> Select[Any]:
    if wanted.meter_id is not None:
        statement = statement.where(UsageEvent.meter_id == wanted.meter_id)
    if wanted.since is not None:
        statement = statement.where(UsageEvent.occurred_at >= _midnight(wanted.since))
    if wanted.until is not None:
        following = wanted.until + timedelta(days=1)
        statement = statement.where(UsageEvent.occurred_at < _midnight(following))
    if wanted.failed is not None:
        none = UsageEvent.failure.is_(None)
        statement = statement.where(~none if wanted.failed else none)
    return statement


def _midnight(day: date) -> Instant:
    return datetime.combine(day, time(), SHANGHAI)


def _there(session: Session, source: str, event_ids: set[str]) -> set[str]:
    statement = select(UsageEvent.event_id).where(
        UsageEvent.source == source, UsageEvent.event_id.in_(sorted(event_ids))
    )
    return set(session.scalars(statement))


def _refused(work: Work, told: Told, meter: Meter | None) -> Refusal | None:
    if meter is None or not _may_tell(work, meter):
        return Refusal("NO_METER", "没有可计量的订单行", "there is no meter of this order line")
    if meter.basis not in {Basis.USE, Basis.OVERAGE}:
        return Refusal("NOT_BY_USE", "该订单行不按用量计费", "this line is not charged by use")
    if told.occurred_at > work.now:
        return Refusal("NOT_YET", "发生时间晚于现在", "it has not happened yet")
    days = work.rules.number("metering.late_days_max")
    if told.occurred_at < max(meter.opened_at, work.now - timedelta(days=days)):
        return Refusal(
            "TOO_OLD", f"早于开通时间或超过 {days} 日", f"before it began, or {days} days ago"
        )
    stands = meters.barred(meter)
    since = meter.stopped_at
    return stands if stands and (since is None or told.occurred_at >= since) else None


def _may_tell(work: Work, meter: Meter) -> bool:
    return meters.seller.matches(work.actor, meter) or work.actor == work.as_system().actor


def _count(
    work: Work, source: str, fresh: Iterable[Told], found: dict[str, Meter]
) -> dict[str, Answer]:
    """Write what is new, and count it into the buckets; somebody else's twin is left out."""
    asked = {
        each.event_id: (each, (found[each.order_line_id].id, buckets.hour_of(each.occurred_at)))
        for each in sorted(fresh, key=lambda each: each.event_id)
    }
    if not asked:
        return {}
    into = buckets.receiving(work, [key for _, key in asked.values()])
    rows = [_row(work, source, each, into[key], key[1]) for each, key in asked.values()]
    new = _inserted(work.session, rows)
    written = [row for row in rows if row["event_id"] in new]
    sums: dict[str, Sum] = {}
    for row in written:
        had = sums.get(row["bucket_id"], Sum(0, 0, 0))
        failed = row["failure"] is not None
        units = 0 if failed else row["units"]
        sums[row["bucket_id"]] = Sum(had.units + units, had.events + 1, had.failed + failed)
    for bucket_id, counted in sums.items():
        buckets.add(work.session, bucket_id, counted)
    if written:
        work.record("usage.reported", source, events=len(written), buckets=sorted(sums))
    return {
        row["event_id"]: Answer(row["event_id"], Outcome.COUNTED, late_of=row["late_of"])
        for row in written
    }


def _row(work: Work, source: str, told: Told, bucket: UsageBucket, hour: Instant) -> dict[str, Any]:
    return {
        "source": source,
        "event_id": told.event_id,
        "meter_id": bucket.meter_id,
        "bucket_id": bucket.id,
        "occurred_at": told.occurred_at,
        "units": told.units,
        "failure": told.failure or None,
        "late_of": None if bucket.hour == hour else hour,
        "received_at": work.now,
    }


def _inserted(session: Session, rows: list[dict[str, Any]]) -> set[str]:
    """Write rows whose name is free, and return their event ids.

    On PostgreSQL a twin that is under way is waited for. On SQLite one writes at a time,
    so that what `_there` did not find is not there.
    """
    if session.get_bind().dialect.name == "postgresql":
        claim = postgresql.insert(UsageEvent).on_conflict_do_nothing()
        told = session.execute(claim.values(rows).returning(UsageEvent.event_id))
        return set(told.scalars())
    session.execute(insert(UsageEvent), rows)
    return {row["event_id"] for row in rows}
