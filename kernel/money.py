"""Money as whole minor units (分) of one currency.

There is no float and no hidden rounding. A fraction of a fen can appear in three
places only, and each says where it goes: `share` hands out exactly what it was
given, `half_up` rounds once, `UnitPrice.times` rounds once for a whole bill line.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import total_ordering
from typing import Final, Self

MINOR_MAX: Final = 2**63 - 1
"""The greatest number of minor units, either way: what the databases can hold."""

_E6: Final = 1_000_000
_CURRENCY: Final = re.compile(r"[A-Z]{3}")

# ISO 4217: the currencies whose minor unit is not a hundredth.
# fmt: off
_UNDIVIDED: Final = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW",
                     "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"}
_THOUSANDTHS: Final = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}
# fmt: on
_DECIMALS: Final = dict.fromkeys(_UNDIVIDED, 0) | dict.fromkeys(_THOUSANDTHS, 3)


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An amount of `minor` units (fen for CNY) in `currency` (ISO 4217).

    Raises TypeError unless `minor` is an int and nothing but an int (a bool, a float
    and a Decimal are refused), ValueError beyond ±(2⁶³ − 1) or for a currency that is
    not three capital letters. Amounts of two currencies neither add up nor compare:
    both raise ValueError. Add many with `sum(amounts, Money(0))`.
    """

    minor: int
    currency: str = "CNY"

    def __post_init__(self) -> None:
        _require_int(self.minor)
        _require_currency(self.currency)

    def __add__(self, other: Self) -> Self:
        _require_same(self.currency, other.currency)
        return type(self)(self.minor + other.minor, self.currency)

    def __sub__(self, other: Self) -> Self:
        _require_same(self.currency, other.currency)
        return type(self)(self.minor - other.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        _require_same(self.currency, other.currency)
        return self.minor < other.minor

    def __str__(self) -> str:
        decimals = _DECIMALS.get(self.currency, 2)
        sign = "-" if self.minor < 0 else ""
        whole, fraction = divmod(abs(self.minor), 10**decimals)
        tail = f".{fraction:0{decimals}d}" if decimals else ""
        return f"{self.currency} {sign}{whole:,}{tail}"

    def times(self, count: int) -> Self:
        """Return `count` times the amount; exact, for there is nothing to round."""
        _require_int(count)
        return type(self)(self.minor * count, self.currency)


@total_ordering
@dataclass(frozen=True, slots=True)
class UnitPrice:
    """The price of one metered unit (a call, a row) in 10⁻⁶ fen: 30,000 is 0.03 fen.

    e6: zero or more. Refuses what Money refuses.
    """

    e6: int
    currency: str = "CNY"

    def __post_init__(self) -> None:
        _require_int(self.e6)
        _require_not_negative(self.e6, "a unit price")
        _require_currency(self.currency)

    def __lt__(self, other: "UnitPrice") -> bool:
        _require_same(self.currency, other.currency)
        return self.e6 < other.e6

    def times(self, count: int) -> Money:
        """Return the price of `count` units, rounded half up to the fen, once.

        count: zero or more. Call it once for a bill line, never once for a call:
        10,000 calls at 0.03 fen are 3.00 yuan, and rounded one by one they are nothing.
        """
        _require_int(count)
        _require_not_negative(count, "a count of units")
        return Money(half_up(self.e6 * count, _E6), self.currency)


def half_up(numerator: int, denominator: int) -> int:
    """Return the quotient rounded to the nearest whole, a half away from zero.

    denominator: positive, else ValueError.
    """
    if denominator <= 0:
        raise ValueError("the denominator must be positive")
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    return rounded if numerator >= 0 else -rounded


def share(total: Money, weights: Sequence[int]) -> list[Money]:
    """Divide `total` in proportion to `weights`, losing and inventing nothing.

    weights: whole numbers, zero or more, one for each party (basis points, days, fen).
    Returns one Money for each weight, in order; they add up to `total` exactly, each
    is its exact proportion rounded down or up, and a weight of zero gets zero.
    Left-over fen go to the largest remainders (Hamilton), ties to the earlier party.
    Raises ValueError when there is no positive weight, a negative one, or the total
    is negative.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("weights must be zero or more, and one of them more")
    _require_not_negative(total.minor, "an amount to share")
    floors = [total.minor * weight // whole for weight in weights]
    remainders = [total.minor * weight % whole for weight in weights]
    left_over = total.minor - sum(floors)
    by_remainder = sorted(range(len(weights)), key=lambda place: (-remainders[place], place))
    for place in by_remainder[:left_over]:
        floors[place] += 1
    return [Money(minor, total.currency) for minor in floors]


def take_from(remaining: Sequence[Money], amount: Money) -> list[Money]:
    """Divide a refund of `amount` over what `remaining` still holds of earlier shares.

    Returns one Money for each entry, in order: never more than the entry, together
    exactly `amount`; so any run of refunds ends at exact zeros. Splitting the running
    total anew would not do: a share can shrink as the total grows (Alabama paradox).
    Raises ValueError when `amount` is negative or more than there is, when an entry is
    negative, or when the currencies differ.
    """
    for entry in remaining:
        _require_same(entry.currency, amount.currency)
        _require_not_negative(entry.minor, "what remains of a share")
    weights = [entry.minor for entry in remaining]
    if amount.minor > sum(weights):
        raise ValueError("cannot take more than remains")
    if amount.minor == 0:
        return [Money(0, amount.currency) for _ in remaining]
    return share(amount, weights)


def _require_int(number: int) -> None:
    if type(number) is not int:
        raise TypeError(f"{number!r} is not a whole number of type int")
    if abs(number) > MINOR_MAX:
        raise ValueError(f"{number} is beyond what can be stored")


def _require_not_negative(number: int, what: str) -> None:
    if number < 0:
        raise ValueError(f"{what} cannot be negative")


def _require_currency(currency: str) -> None:
    if not _CURRENCY.fullmatch(currency):
        raise ValueError(f"{currency!r} is not a currency code of three capital letters")


def _require_same(one: str, other: str) -> None:
    if one != other:
        raise ValueError(f"cannot mix {one} with {other}")
