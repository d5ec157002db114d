"""The posting rules (记账规则): which event may move money from where to where.

One table, three readers: `ledger.post` refuses what is not in it, `fsck` finds what
slipped past, and the documentation is drawn from it. An event's name is the first part
of the natural key under which an entry is posted at most once.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from kernel.words import Words
from settlement.rules.coming_in import COMING_IN
from settlement.rules.going_back import GOING_BACK
from settlement.rules.going_out import GOING_OUT
from settlement.rules.keeping import KEEPING
from settlement.rules.rule import Pair, Rule
from settlement.rules.trading import TRADING

__all__ = ["REVERSAL", "RULES", "Pair", "Rule", "allows"]

REVERSAL: Final = "reversal"
"""The event of an entry that takes another one back, line by line (红字冲销)."""

_TABLE: Final = (*COMING_IN, *TRADING, *GOING_OUT, *GOING_BACK, *KEEPING)


def _mirrored(rules: Iterable[Rule]) -> tuple[Pair, ...]:
    pairs = ((credit, debit) for rule in rules for debit, credit in rule.pairs)
    return tuple(dict.fromkeys(pairs))


_REVERSAL_RULE: Final = Rule(
    REVERSAL,
    "entry",
    _mirrored(_TABLE),
    Words("冲销：与原分录逐行相反", "an entry was taken back by its exact mirror"),
)

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {rule.event: rule for rule in (*_TABLE, _REVERSAL_RULE)}
)
"""Event → rule, in the order in which money travels."""


_ALLOWED: Final = frozenset(
    (rule.event, *pair) for rule in RULES.values() for pair in rule.pairs
)  # fmt: skip


def allows(event: str, debit: str, credit: str) -> bool:
    """Tell whether `event` may debit the code `debit` and credit the code `credit`."""
    return (event, debit, credit) in _ALLOWED
