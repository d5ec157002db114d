"""What a quantity comes to: the arithmetic of every price that depends on use. Pure.

Whole numbers only: unit prices in 10⁻⁶ fen, sums in 10⁻⁶ fen, and one rounding, half up,
at the end of a bill line. Rounded call by call, ten thousand calls at 0.03 fen would be
nothing; rounded once they are three yuan. The least and the most that a line comes to are
applied after the rounding.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from kernel.money import Money, half_up, share

E6: Final = 1_000_000
"""10⁻⁶ fen in a fen."""

WHOLE_BP: Final = 10_000


class Shape(StrEnum):
    """How the price of a quantity is formed."""

    FLAT = "flat"  # each unit alike
    PROGRESSIVE = "progressive"  # each unit by the tier in which it lies
    VOLUME = "volume"  # all units by the tier that their number reaches
    PACKAGE = "package"  # whole packages, the last one counts whole
    SHARE = "share"  # a share of an amount that was reported, in fen


@dataclass(frozen=True, slots=True)
class Step:
    """One tier: `unit_e6` for each unit up to and with the `upto`-th; None: without end."""

    upto: int | None
    unit_e6: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """How use is charged.

    per: units that make one unit of charge, a begun one counting whole (a package's size).
    free_quota: units of each bill that cost nothing. minimum_fen, maximum_fen: the least
    and the most that one bill line comes to. share_bp: of the amount reported.
    """

    shape: Shape
    unit_e6: int = 0
    per: int = 1
    free_quota: int = 0
    minimum_fen: int = 0
    maximum_fen: int | None = None
    steps: tuple[Step, ...] = ()
    share_bp: int = 0
    currency: str = "CNY"


@dataclass(frozen=True, slots=True)
class Working:
    """One row of how a charge came about: `count` units of charge at `unit_e6`, together."""

    count: int
    unit_e6: int
    sum_e6: int


@dataclass(frozen=True, slots=True)
class Charge:
    """What a quantity comes to, and how.

    free: units that cost nothing. limited: "minimum" or "maximum" when that decided.
    """

    amount: Money
    free: int
    workings: tuple[Working, ...]
    limited: str | None


def charge(tariff: Tariff, units: int) -> Charge:
    """Return what `units` come to by the tariff, rounded once.

    Raises ValueError for a negative quantity, or an amount that cannot be stored.
    """
    if units < 0:
        raise ValueError("a quantity cannot be negative")
    free = min(units, tariff.free_quota)
    rows = tuple(_ROWS[tariff.shape](tariff, units - free))
    rounded = half_up(sum(row.sum_e6 for row in rows), E6)
    bounded, limited = _bounded(tariff, rounded)
    return Charge(Money(bounded, tariff.currency), free, rows, limited)


def slices(price: Money, days: Sequence[int]) -> list[Money]:
    """Divide the price of a term over its periods, by their days; the parts are the whole."""
    return share(price, days)


def used_up(price: Money, *, used_days: int, days: int) -> Money:
    """Return what of a period's price belongs to its used days; the rest goes back.

    Raises ValueError unless 0 ≤ used_days ≤ days and there is a day.
    """
    if not 0 <= used_days <= days or days == 0:
        raise ValueError("a period has days, and no more of them are used")
    return share(price, [used_days, days - used_days])[0]


def milestones(price: Money, shares_bp: Sequence[int]) -> list[Money]:
    """Divide a project's price over its milestones; the parts are the whole.

    Raises ValueError unless the shares are positive and make up 10,000.
    """
    if sum(shares_bp) != WHOLE_BP or min(shares_bp) <= 0:
        raise ValueError("milestones are parts of one whole")
    return share(price, shares_bp)


def written(tariff: Tariff) -> dict[str, Any]:
    """Return the tariff as JSON."""
    plain = asdict(tariff)
    return {**plain, "shape": tariff.shape.value, "steps": [asdict(step) for step in tariff.steps]}


def read(plain: Mapping[str, Any]) -> Tariff:
    """Return the tariff that `written` wrote."""
    steps = tuple(Step(step["upto"], step["unit_e6"]) for step in plain["steps"])
    return Tariff(**{**plain, "shape": Shape(plain["shape"]), "steps": steps})


def _bounded(tariff: Tariff, fen: int) -> tuple[int, str | None]:
    if tariff.maximum_fen is not None and fen > tariff.maximum_fen:
        return tariff.maximum_fen, "maximum"
    if fen < tariff.minimum_fen:
        return tariff.minimum_fen, "minimum"
    return fen, None


def _row(count: int, unit_e6: int) -> Working:
    return Working(count, unit_e6, count * unit_e6)


def _count(tariff: Tariff, units: int) -> int:
    return -(-units // tariff.per)


def _flat(tariff: Tariff, units: int) -> list[Working]:
    return [_row(_count(tariff, units), tariff.unit_e6)]


def _progressive(tariff: Tariff, units: int) -> list[Working]:
    rows, below, count = [], 0, _count(tariff, units)
    for step in tariff.steps:
        reached = count if step.upto is None else min(count, step.upto)
        rows.append(_row(max(0, reached - below), step.unit_e6))
        below = max(below, reached)
    return [row for row in rows if row.count]


def _volume(tariff: Tariff, units: int) -> list[Working]:
    count = _count(tariff, units)
    reached = next(step for step in tariff.steps if step.upto is None or count <= step.upto)
    return [_row(count, reached.unit_e6)]


def _share(tariff: Tariff, units: int) -> list[Working]:
    # A basis point of a fen is a hundred of 10⁻⁶ fen.
    return [_row(units, tariff.share_bp * (E6 // WHOLE_BP))]


_ROWS: Final[Mapping[Shape, Callable[[Tariff, int], list[Working]]]] = {
    Shape.FLAT: _flat,
    Shape.PROGRESSIVE: _progressive,
    Shape.VOLUME: _volume,
    Shape.PACKAGE: _flat,
    Shape.SHARE: _share,
}
