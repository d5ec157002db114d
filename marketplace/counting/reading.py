"""What is told of volume: tallies, and what still waits to be tallied, on one snapshot.

Read in a session that sees one snapshot (`Engines.reading`), or in the writer's own: a round
that commits between two statements would else be told twice, or not at all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import ColumnElement, Date, func, select, text
from sqlalchemy.orm import Session, aliased

from kernel.db import UTCDateTime
from kernel.money import Money
from marketplace import rankings
from marketplace.counting import adding, spans, waiting
from marketplace.counting.adding import FIGURES, READ, WHOLE, Sums, put
from marketplace.counting.moves import Cause, VolumeMove
from marketplace.counting.tallies import VolumeTally
from marketplace.rankings import Before, Ranked, Row

Ranking: TypeAlias = Literal[
    "merchants", "products", "industries", "fields", "regions", "boards", "buyers"
]
Tail: TypeAlias = Mapping[tuple[str, date], Sums]
"""Key and day → what waits to be tallied."""

NOTHING: Final = Money(0)

_NEVER: Final = datetime.min.replace(tzinfo=UTC)
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Totals:
    """The figures of a period. tx_count: orders that count; free_count: orders without price.

    counted: on the exchange, less refunds. registered: what was made outside and registered,
    never part of `counted`. An order counts once, on the day of its first acceptance.
    """

    counted: Money
    excluded: Money
    tx_count: int
    free_count: int
    registered: Money = NOTHING
    registered_excluded: Money = NOTHING
    registered_count: int = 0


@dataclass(frozen=True, slots=True)
class Month:
    """The counted amount of one calendar month, such as "2026-07"; registered deals apart."""

    month: str
    amount: Money
    registered: Money = NOTHING


def totals(session: Session, *, since: date, until: date) -> Totals:
    """Return the figures of the days from `since` to `until`, both included. Two SELECTs.

    Costs a tally for each day.
    """
    found = summed(session, WHOLE, since=since, until=until).get("", Sums())
    return Totals(
        counted=Money(found.counted),
        excluded=Money(found.excluded),
        tx_count=found.trades,
        free_count=found.frees,
        registered=Money(found.registered),
        registered_excluded=Money(found.registered_excluded),
        registered_count=found.deals,
    )


def months(session: Session, *, last: int, today: date) -> list[Month]:
    """Return the counted amounts of the `last` months up to this one, oldest first.

    A month without trade is there, with zero. Two SELECTs on indexes.
    """
    wanted = months_until(today, last)
    found = by_month(session, WHOLE, wanted)
    told = [(month, found.get(("", month), Sums())) for month in wanted]
    return [Month(month, Money(sums.counted), Money(sums.registered)) for month, sums in told]


def by_month(session: Session, kind: str, months: Sequence[str]) -> dict[tuple[str, str], Sums]:
    """Return key and month → what it traded, of these months. Two SELECTs.

    A tally for each key and month, and what waits.
    """
    tally = VolumeTally
    statement = select(tally.key, tally.period, *(getattr(tally, name) for name in READ)).where(
        tally.kind == kind, tally.period.in_([f"M{month}" for month in months])
    )
    found = {
        (key, period[1:]): adding.of(figures)
        for key, period, *figures in session.execute(statement)
    }
    for (key, day), sums in waiting_days(session, kind).items():
        if (month := f"{day:%Y-%m}") in months:
            put(found, (key, month), sums)
    return found


def months_until(today: date, last: int) -> list[str]:
    """Return the `last` months up to that of `today`, oldest first: "2026-06", "2026-07"."""
    months = [divmod(today.year * 12 + today.month - 1 - ago, 12) for ago in range(last)]
    return [f"{year:04}-{month + 1:02}" for year, month in reversed(months)]


def by_board(session: Session) -> dict[str, Money]:
    """Return board id → what was traded on it, over all time. Two SELECTs."""
    found = in_period(session, "boards", spans.parse(spans.EVER))
    return {key: Money(sums.counted) for key, sums in found.items() if key}


def latest(session: Session, *, limit: int) -> list[VolumeMove]:
    """Return the last acceptances whose order counts now, newest first. One SELECT on indexes."""
    of_order = aliased(VolumeMove)
    counts = (
        select(func.sum(of_order.trades))
        .where(of_order.order_id == VolumeMove.order_id)
        .scalar_subquery()
    )
    statement = (
        select(VolumeMove)
        .where(VolumeMove.cause == Cause.ACCEPTED, VolumeMove.counted > 0, counts > 0)
        .order_by(VolumeMove.accepted_at.desc(), VolumeMove.number.desc())
        .limit(limit)
    )
    return list(session.scalars(statement))


def began_on(session: Session) -> date | None:
    """Return the day of the first trade that counted. One SELECT on an index."""
    statement = (
        select(VolumeMove.accepted_on)
        .where(VolumeMove.cause == Cause.ACCEPTED, VolumeMove.counted > 0)
        .order_by(VolumeMove.accepted_at, VolumeMove.number)
        .limit(1)
    )
    return session.scalars(statement).first()


def ranking(
    session: Session, kind: Ranking, *, since: date, until: date, limit: int
) -> list[Ranked]:
    """Return the first `limit` places by counted amount, from `since` to `until` inclusive.

    The code of a row is its key: an organisation, a product, a section of GB/T 4754. Change
    and growth are against as many days directly before. For days of one's own choice: it costs
    a tally for each day and key; `leagues.league` reads a named period at the cost of a page.
    """
    span = until - since
    earlier = since - span - DAY
    before = {
        place.row.key: Before(place.rank, place.row.value_fen)
        for place in rankings.rank(_rows(session, kind, earlier, earlier + span))
    }
    return rankings.rank(_rows(session, kind, since, until), before=before)[:limit]


def registered(session: Session, *, since: date, until: date, limit: int) -> list[Ranked]:
    """Return the first `limit` merchants by what they registered in these days. Two SELECTs.

    Always apart from the volume on the exchange; no change is told.
    """
    found = summed(session, "merchants", since=since, until=until)
    return rankings.rank(
        Row(key=key, value_fen=each.registered, count=each.deals, reached_at=_NEVER, code=key)
        for key, each in found.items()
        if each.deals or each.registered
    )[:limit]


def summed(session: Session, kind: str, *, since: date, until: date) -> dict[str, Sums]:
    """Return key → what it traded in these days. Two SELECTs: a tally for each day and key."""
    days = VolumeTally.period.between(f"D{since.isoformat()}", f"D{until.isoformat()}")
    statement = (
        select(VolumeTally.key, *_added_tallies())
        .where(VolumeTally.kind == kind, days)
        .group_by(VolumeTally.key)
    )
    found = {key: adding.of(figures) for key, *figures in session.execute(statement)}
    return _with(found, within(waiting_days(session, kind), since, until))


def in_period(session: Session, kind: str, span: spans.Span) -> dict[str, Sums]:
    """Return key → what it traded in a named period. Two SELECTs: a row for each key."""
    late = within(waiting_days(session, kind), span.since, span.until)
    return _with(tallied(session, kind, span), late)


def tallied(
    session: Session, kind: str, span: spans.Span, keys: Iterable[str] | None = None
) -> dict[str, Sums]:
    """Return key → what was tallied of it in a named period, without what waits. One SELECT."""
    columns = (getattr(VolumeTally, name) for name in READ)
    statement = select(VolumeTally.key, *columns).where(
        VolumeTally.kind == kind, VolumeTally.period == span.code
    )
    if keys is not None:
        statement = statement.where(VolumeTally.key.in_(list(keys)))
    return {key: adding.of(figures) for key, *figures in session.execute(statement)}


def waiting_days(session: Session, kind: str) -> Tail:
    """Return key and day → what waits to be tallied.

    One SELECT on an index, and another over what waits if something does.
    """
    if not (numbers := waiting.moves(session)):
        return {}
    which = adding.among(session, "number", "numbers", "BIGINT")
    rows = session.execute(
        text(
            f"WITH moved AS (SELECT * FROM volume_moves WHERE {which}) {adding.by_day(kind)}"  # noqa: S608 - our own words
        ).columns(day=Date, reached_at=UTCDateTime),
        {"numbers": adding.given(session, numbers)},
    )
    return {(key, day): adding.of(figures) for _, key, day, _, *figures in rows}


def within(tail: Tail, since: date, until: date) -> dict[str, Sums]:
    """Return key → what waits of these days. Pure."""
    found: dict[str, Sums] = {}
    for (key, day), sums in tail.items():
        if since <= day <= until:
            put(found, key, sums)
    return found


def _with(found: dict[str, Sums], late: Mapping[str, Sums]) -> dict[str, Sums]:
    for key, sums in late.items():
        put(found, key, sums)
    return found


def _rows(session: Session, kind: Ranking, since: date, until: date) -> list[Row]:
    return [
        Row(
            key=key, value_fen=each.counted, count=each.trades, reached_at=each.reached_at, code=key
        )
        for key, each in summed(session, kind, since=since, until=until).items()
        if each.reached_at is not None and (each.counted or each.trades)
    ]


def _added_tallies() -> list[ColumnElement[Any]]:
    sums = [func.sum(getattr(VolumeTally, name)) for name in FIGURES]
    return [*sums, func.max(VolumeTally.reached_at)]
