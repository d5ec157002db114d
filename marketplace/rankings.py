"""Rankings (排名) and concentration: figures in, places out. Pure.

Everything is whole numbers, so the same rows give the same ranking on any machine.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from kernel.clock import Instant
from kernel.money import Money, half_up, share

WHOLE_BP: Final = 10_000
"""All of it, in basis points."""

_LARGEST: Final = 5


@dataclass(frozen=True, slots=True)
class Row:
    """One thing to be ranked.

    value_fen: what it is ranked by; may be negative when more was refunded than traded.
    count: how many trades. reached_at: when the value was reached. code: unique, for
    the order of equals.
    """

    key: str
    value_fen: int
    count: int
    reached_at: Instant
    code: str


@dataclass(frozen=True, slots=True)
class Before:
    """Where the same thing stood in the period before."""

    rank: int
    value_fen: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """One place of a ranking.

    rank: 1, 2, 2, 4: equal values share a place and the next ones are left out.
    share_bp: of the whole; the shares of a ranking add up to 10,000, or are all 0 when
    nothing was traded. change: places gained since the period before, negative when
    lost, None for a newcomer. growth_bp: None for a newcomer or when there was nothing.
    """

    rank: int
    row: Row
    share_bp: int
    change: int | None
    growth_bp: int | None


def rank(rows: Iterable[Row], *, before: Mapping[str, Before] | None = None) -> list[Ranked]:
    """Return the rows in their places, highest value first: a total and stable order.

    Equal values are shown by more trades, then the earlier to reach it, then code; that
    order gives no better rank. before: key → place in the period before.
    """
    ordered = sorted(rows, key=lambda row: (-row.value_fen, -row.count, row.reached_at, row.code))
    places: dict[int, int] = {}
    for place, row in enumerate(ordered, 1):
        places.setdefault(row.value_fen, place)
    ranking = []
    for row, share_bp in zip(ordered, shares_bp([row.value_fen for row in ordered]), strict=True):
        place, old = places[row.value_fen], (before or {}).get(row.key)
        change = None if old is None else old.rank - place
        growth = None if old is None else growth_bp(row.value_fen, before=old.value_fen)
        ranking.append(Ranked(place, row, share_bp, change, growth))
    return ranking


def shares_bp(values: Iterable[int]) -> list[int]:
    """Return the share of each value in basis points: largest remainder, 10,000 together.

    A negative value has no share. All are 0 when nothing is positive.
    """
    weights = _traded(values)
    if not any(weights):
        return [0] * len(weights)
    # Basis points are divided as fen are: without losing or inventing one.
    return [part.minor for part in share(Money(WHOLE_BP), weights)]


def growth_bp(now: int, *, before: int) -> int | None:
    """Return (now − before) / before in basis points, a half away from zero.

    None when there was nothing before, or less than nothing: that growth has no meaning.
    """
    return half_up((now - before) * WHOLE_BP, before) if before > 0 else None


def hhi(values: Iterable[int]) -> int | None:
    """Return the Herfindahl–Hirschman index: the sum of the squared shares in per cent.

    0–10,000, where 10,000 is a monopoly; None when nothing was traded.
    """
    traded = _traded(values)
    whole = sum(traded)
    squares = sum(value * value for value in traded)
    return half_up(squares * 10_000, whole * whole) if whole else None


def cr5(values: Iterable[int]) -> int | None:
    """Return the share of the five largest in basis points; None when nothing was traded."""
    traded = sorted(_traded(values), reverse=True)
    whole = sum(traded)
    return half_up(sum(traded[:_LARGEST]) * WHOLE_BP, whole) if whole else None


def _traded(values: Iterable[int]) -> list[int]:
    return [max(0, value) for value in values]
