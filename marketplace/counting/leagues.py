"""Leagues (榜单): a page of places in a named period, at the cost of the rows it shows.

Places are read from the tallies in the order of their index; what still waits to be tallied is
added to the few keys that it touches. So a trade moves its place at once, and a period of ten
million trades costs what one of a thousand does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from kernel import pages
from kernel.clock import Instant
from kernel.money import Money, half_up
from marketplace.counting import places
from marketplace.counting.adding import Sums, put
from marketplace.counting.places import ORDER, Earlier, Standing
from marketplace.counting.reading import Ranking, Tail, tallied, waiting_days, within
from marketplace.counting.spans import Span
from marketplace.rankings import WHOLE_BP, growth_bp

LARGEST: Final = 5


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a league.

    rank: 1, 2, 2, 4. value_fen: may be negative when more came back than was traded.
    share_bp: of all that counts in the period, rounded; 0 of what is not positive. change:
    places gained since the period before; growth_bp, yoy_bp: against the period before, and
    the same period a year earlier. Each None when there was nothing to compare with.
    """

    rank: int
    key: str
    value_fen: int
    count: int
    reached_at: Instant
    share_bp: int
    change: int | None
    growth_bp: int | None
    yoy_bp: int | None


@dataclass(frozen=True, slots=True)
class League:
    """A page of places. total: of all keys. cr5_bp: the share of the five largest; None of none."""

    span: Span
    places: list[Place]
    total: Money
    cr5_bp: int | None
    next: str | None


def league(session: Session, kind: Ranking, span: Span, *, after: str | None, limit: int) -> League:
    """Return a page of a kind's league: one SELECT of `limit` rows; a few more while moves wait.

    A page behind a cursor counts the places before it once more, on an index. Raises Invalid
    for a made-up cursor.
    """
    asked = places.asking(kind, span, limit)
    if after is not None:
        asked |= places.behind(session, after)
    found = places.find(session, asked)
    tail: Tail = {}
    late: Mapping[str, Sums] = {}
    moved: list[Standing] = []
    if found.waits:
        tail = waiting_days(session, kind)
        late = within(tail, span.since, span.until)
        moved = _moved(session, kind, span, late)
    if moved:
        asked["moved"] = [each.key for each in moved]
        found = places.find(session, asked)
    beside = [each for each in moved if each.counted or each.trades]
    page = pages.merged(found.rows, beside, by=ORDER, after=after, limit=limit)
    rows: list[Standing] = page.items
    total = found.total + sum(each.counted for each in late.values())
    largest = rows
    if after is not None or limit < LARGEST:
        largest = _largest(session, asked, kind, span, beside)
    earlier = found.earlier
    if tail:
        earlier = _earlier(session, kind, span, [row.key for row in rows], tail)
    return League(
        span=span,
        places=_placed(rows, _above(session, asked, beside, rows), total, earlier),
        total=Money(total),
        cr5_bp=_share(sum(max(0, row.counted) for row in largest[:LARGEST]), total),
        next=page.next,
    )


def _largest(
    session: Session, asked: dict[str, Any], kind: str, span: Span, beside: list[Standing]
) -> list[Standing]:
    told = places.asking(kind, span, LARGEST) | {"moved": asked["moved"]}
    found = places.find(session, told).rows
    return pages.merged(found, beside, by=ORDER, after=None, limit=LARGEST).items


def _above(
    session: Session, asked: Mapping[str, Any], beside: list[Standing], rows: list[Standing]
) -> tuple[int, int] | None:
    """Return how many stand higher than the first row behind a cursor, and at least there."""
    if "there_key" not in asked or not rows:
        return None
    value = rows[0].counted
    higher, least = places.above(session, asked, value)
    values = [each.counted for each in beside]
    return (
        higher + sum(each > value for each in values),
        least + sum(each >= value for each in values),
    )


def _moved(session: Session, kind: str, span: Span, late: Mapping[str, Sums]) -> list[Standing]:
    """Return what the keys stand at for which something waits. One SELECT if there are any."""
    if not late:
        return []
    found = tallied(session, kind, span, late)
    for key, sums in late.items():
        put(found, key, sums)
    return [
        Standing(each.counted, each.trades, each.reached_at, key)
        for key, each in found.items()
        if each.reached_at is not None
    ]


def _earlier(
    session: Session, kind: Ranking, span: Span, keys: list[str], tail: Tail
) -> dict[str, Earlier]:
    """Return key → where it stood before. One SELECT on indexes, of a place for each key.

    In the seconds after a period has ended, while the last of it waits, it is ranked whole.
    """
    before, year = span.before(), span.year_before()
    if before is None or not keys:
        return {}
    late, late_of_year = (
        within(tail, before.since, before.until),
        within(tail, year.since, year.until) if year else {},
    )
    found = {key: Earlier() for key in keys}
    told = [before.code, *([year.code] if year else [])]
    for key, period, counted, higher in places.past(session, kind, before.code, told, keys):
        if period == before.code:
            found[key] = found[key]._replace(counted=counted, place=higher + 1)
        if year and period == year.code:
            found[key] = found[key]._replace(of_year=counted)
    for key in set(keys) & set(late_of_year):
        of_year = (found[key].of_year or 0) + late_of_year[key].counted
        found[key] = found[key]._replace(of_year=of_year)
    if late:
        found |= _ranked_whole(session, kind, before, late, found)
    return found


def _ranked_whole(
    session: Session, kind: str, before: Span, late: Mapping[str, Sums], known: dict[str, Earlier]
) -> dict[str, Earlier]:
    ended = tallied(session, kind, before)
    for key, sums in late.items():
        put(ended, key, sums)
    stands = {key: each.counted for key, each in ended.items() if each.counted or each.trades}
    values = sorted(stands.values(), reverse=True)
    return {
        key: each._replace(counted=stands[key], place=values.index(stands[key]) + 1)
        if key in stands
        else each._replace(counted=None, place=None)
        for key, each in known.items()
    }


def _placed(
    rows: Sequence[Standing],
    above: tuple[int, int] | None,
    total: int,
    earlier: Mapping[str, Earlier],
) -> list[Place]:
    """Return the rows in their places. above: of the first row's value, behind a cursor."""
    ties = sum(row.counted == rows[0].counted for row in rows) if rows else 0
    higher, least = above or (0, ties)
    told: list[Place] = []
    for position, row in enumerate(rows):
        rank = higher + 1 if position < ties else least - ties + position + 1
        if told and told[-1].value_fen == row.counted:
            rank = told[-1].rank
        then = earlier.get(row.key, Earlier())
        told.append(
            Place(
                rank=rank,
                key=row.key,
                value_fen=row.counted,
                count=row.trades,
                reached_at=row.reached_at,
                share_bp=_share(max(0, row.counted), total) or 0,
                change=None if then.place is None else then.place - rank,
                growth_bp=_growth(row.counted, then.counted),
                yoy_bp=_growth(row.counted, then.of_year),
            )
        )
    return told


def _growth(now: int, before: int | None) -> int | None:
    return None if before is None else growth_bp(now, before=before)


def _share(part: int, total: int) -> int | None:
    return half_up(part * WHOLE_BP, total) if total > 0 else None
