"""What one row of the posting rules says."""

from dataclasses import dataclass
from typing import Final, TypeAlias

from kernel.words import Words

Pair: TypeAlias = tuple[str, str]
"""The code debited and the code credited."""

PAYABLES: Final = ("2202.merchant", "2202.operator", "2202.broker", "2241.fiscal")
"""Where what a party has earned stands until it is paid."""

CASH: Final = ("1012.custody", "1012.psp")
"""Where money comes in and goes out: at the bank, and at the payment provider."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One event. source: what the second part of its natural key is the id of."""

    event: str
    source: str
    pairs: tuple[Pair, ...]
    says: Words


def to_each(debit: str, credited: tuple[str, ...]) -> tuple[Pair, ...]:
    """Return the pairs from one account to each of several."""
    return tuple((debit, credit) for credit in credited)


def from_each(debited: tuple[str, ...], credit: str) -> tuple[Pair, ...]:
    """Return the pairs from each of several accounts to one."""
    return tuple((debit, credit) for debit in debited)
