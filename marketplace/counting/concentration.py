"""How far the volume of a period lies with few (集中度): the Herfindahl–Hirschman index."""

from collections.abc import Iterator, Mapping
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel.money import half_up
from marketplace.counting.adding import Sums
from marketplace.counting.reading import Ranking, tallied, waiting_days, within
from marketplace.counting.spans import Span
from marketplace.counting.tallies import VolumeTally

_SPLIT: Final = 1_000_000
"""Squares of fen outgrow a database's whole numbers: they are added up in three parts."""


def hhi(session: Session, kind: Ranking, span: Span) -> int | None:
    """Return the sum of the squared shares in per cent, 0–10,000; None when nothing was traded.

    None of products too: they are too many, and no firms.

    Exact; a key that came to less than nothing has no share. Two SELECTs, three while moves
    wait: a row of an index for each key of the period.
    """
    if kind == "products":
        return None
    tally = VolumeTally
    high, low = tally.counted // _SPLIT, tally.counted % _SPLIT
    parts = (tally.counted, high * high, high * low, low * low)
    statement = select(*(func.coalesce(func.sum(part), 0) for part in parts)).where(
        tally.kind == kind, tally.period == span.code, tally.counted > 0
    )
    whole, most, middle, least = (int(part) for part in session.execute(statement).one())
    squares = most * _SPLIT**2 + 2 * middle * _SPLIT + least
    late = within(waiting_days(session, kind), span.since, span.until)
    for value, weight in _moved(session, kind, span, late):
        whole, squares = whole + weight * value, squares + weight * value * value
    return half_up(squares * 10_000, whole * whole) if whole else None


def _moved(
    session: Session, kind: Ranking, span: Span, late: Mapping[str, Sums]
) -> Iterator[tuple[int, int]]:
    """Yield what a key with moves that wait came to, weight -1, and what it comes to now, 1."""
    before = tallied(session, kind, span, late) if late else {}
    for key, sums in late.items():
        old = before[key].counted if key in before else 0
        yield max(0, old), -1
        yield max(0, old + sums.counted), 1
