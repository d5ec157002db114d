"""Tallied places of a league, in the order of their index: what is asked of the database.

The statements are handed to the driver as they stand: SQLAlchemy's own way there takes longer
than the database.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session, aliased

from kernel import pages
from kernel.clock import Instant
from kernel.engines import Among, Direct
from marketplace.counting import waiting
from marketplace.counting.adding import WHOLE
from marketplace.counting.spans import Span
from marketplace.counting.tallies import VolumeTally


class Standing(NamedTuple):
    """What a key stands at in one period."""

    counted: int
    trades: int
    reached_at: Instant
    key: str


class Earlier(NamedTuple):
    """What a key came to in the period before, and its place then; and a year before."""

    counted: int | None = None
    place: int | None = None
    of_year: int | None = None


class Found(NamedTuple):
    """Tallied places of a period, where they stood before, its total, and whether moves wait."""

    waits: bool
    total: int
    rows: list[Standing]
    earlier: dict[str, Earlier]


ORDER: Final[Any] = (
    (VolumeTally.counted, "desc"),
    (VolumeTally.trades, "desc"),
    (VolumeTally.reached_at, "asc"),
    (VolumeTally.key, "asc"),
)
STANDS: Final = (VolumeTally.counted != 0) | (VolumeTally.trades != 0)


def find(session: Session, asked: Mapping[str, Any]) -> Found:
    """Return tallied places in their order, with what is told of the period. One SELECT."""
    which = _BEHIND if "there_key" in asked else _FIRST
    told = which.rows(session, asked)
    rows: list[Standing] = []
    earlier: dict[str, Earlier] = {}
    for _, _, counted, trades, at, key, *then in told:
        if key is not None:
            rows.append(Standing(counted, trades, _instant(at), key))
            earlier[key] = Earlier(*then)
    return Found(told[0][0] is not None, told[0][1] or 0, rows, earlier)


def asking(kind: str, span: Span, limit: int) -> dict[str, Any]:
    """Return the parameters of a page from the first place on."""
    before, year = span.before(), span.year_before()
    return {
        "kind": kind,
        "period": span.code,
        "before": before.code if before else "",
        "year": year.code if before and year else "",
        "moved": [],
        "limit": limit + 1,
    }


def behind(session: Session, after: str) -> dict[str, Any]:
    """Return the parameters of a place. Raises Invalid for a made-up cursor."""
    counted, trades, at, key = pages.read(after, ORDER)
    if session.get_bind().dialect.name == "sqlite":  # as it writes instants
        at = at.replace(tzinfo=None).isoformat(" ", "microseconds")
    return {
        "there_counted": counted, "there_trades": trades, "there_at": at, "there_key": key
    }  # fmt: skip


def _instant(value: Any) -> Instant:
    at: datetime = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def above(session: Session, asked: Mapping[str, Any], value: int) -> tuple[int, int]:
    """Return how many keys stand higher than this value, and how many at least there.

    One SELECT on an index.
    """
    ((higher, least),) = _ABOVE.rows(session, {**asked, "value": value})
    return int(higher), least


def past(
    session: Session, kind: str, before: str, periods: list[str], keys: list[str]
) -> list[tuple[Any, ...]]:
    """Return key, period, counted, and how many stood higher in the period `before`.

    One SELECT on indexes, of a place for each key.
    """
    asked = {"kind": kind, "before": before, "periods": periods, "keys": keys}
    return _PAST.rows(session, asked)


def _of(name: str, column: Any) -> Any:
    return bindparam(name, type_=column.type)


def _places(among: Among, *, behind: bool) -> Select[Any]:
    """Return the SELECT of a page's places, each beside what is told of the period."""
    tally: Any = VolumeTally
    own = (tally.kind == _of("kind", tally.kind), tally.period == _of("period", tally.period))
    page = (
        select(tally.counted, tally.trades, tally.reached_at, tally.key)
        .where(*own, STANDS, case((among(tally.key, "moved"), 0), else_=1) == 1)
        .order_by(tally.counted.desc(), tally.trades.desc(), tally.reached_at, tally.key)
        .limit(bindparam("limit", type_=BigInteger()))
    )
    if behind:
        page = page.where(_lies_behind())
    found = page.subquery()
    whole = aliased(VolumeTally)
    total = (
        select(whole.counted)
        .where(whole.kind == WHOLE, whole.period == _of("period", tally.period), whole.key == "")
        .scalar_subquery()
    )
    head = select(waiting.first().label("waits"), total.label("total")).subquery()
    before: Any = aliased(VolumeTally)
    year: Any = aliased(VolumeTally)
    place = case((before.key.is_not(None), _higher_than(before) + 1))
    return (
        select(head.c.waits, head.c.total, *found.c, before.counted, place, year.counted)
        .select_from(
            head.outerjoin(found, true())
            .outerjoin(before, _is(before, found.c.key, "before"))
            .outerjoin(year, _is(year, found.c.key, "year"))
        )
        .order_by(found.c.counted.desc(), found.c.trades.desc(), found.c.reached_at, found.c.key)
    )


def _is(tally: Any, key: Any, period: str) -> ColumnElement[bool]:
    return and_(
        tally.kind == _of("kind", tally.kind),
        tally.period == _of(period, tally.period),
        tally.key == key,
        (tally.counted != 0) | (tally.trades != 0),
    )


def _higher_than(tally: Any) -> ColumnElement[int]:
    """Return how many stand higher in the same period, as part of a SELECT: read from an index."""
    other = aliased(VolumeTally)
    return (
        select(func.count())
        .where(
            other.kind == tally.kind, other.period == tally.period, other.counted > tally.counted
        )
        .where((other.counted != 0) | (other.trades != 0))
        .scalar_subquery()
    )


def _lies_behind() -> ColumnElement[bool]:
    tally: Any = VolumeTally
    counted, trades = _of("there_counted", tally.counted), _of("there_trades", tally.trades)
    at, key = bindparam("there_at", type_=DateTime(timezone=True)), _of("there_key", tally.key)
    same, alike = tally.counted == counted, tally.trades == trades
    return and_(
        tally.counted <= counted,  # what both databases look up in the index
        or_(
            tally.counted < counted,
            and_(same, tally.trades < trades),
            and_(same, alike, tally.reached_at > at),
            and_(same, alike, tally.reached_at == at, tally.key > key),
        ),
    )


def _higher(among: Among) -> Select[Any]:
    tally: Any = VolumeTally
    value = _of("value", tally.counted)
    higher = func.coalesce(func.sum(case((tally.counted > value, 1), else_=0)), 0)
    return select(higher, func.count()).where(
        tally.kind == _of("kind", tally.kind),
        tally.period == _of("period", tally.period),
        tally.counted >= value,
        STANDS,
        case((among(tally.key, "moved"), 0), else_=1) == 1,
    )


def _past(among: Among) -> Select[Any]:
    tally: Any = VolumeTally
    place = case((tally.period == _of("before", tally.period), _higher_than(tally)), else_=0)
    return select(tally.key, tally.period, tally.counted, place).where(
        tally.kind == _of("kind", tally.kind),
        among(tally.period, "periods"),
        among(tally.key, "keys"),
        STANDS,
    )


_FIRST: Final = Direct(lambda among: _places(among, behind=False))
_BEHIND: Final = Direct(lambda among: _places(among, behind=True))
_ABOVE: Final = Direct(_higher)
_PAST: Final = Direct(_past)
