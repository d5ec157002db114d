"""The posting rules (记账规则): which event may move money from where to where.

One table, three readers: `ledger.post` refuses what is not in it, `fsck` finds what
slipped past, and the documentation is drawn from it. An event's name is the first part
of the natural key under which an entry is posted at most once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

from kernel.words import Words

Pair: TypeAlias = tuple[str, str]
"""The code debited and the code credited."""

REVERSAL: Final = "reversal"
"""The event of an entry that takes another one back, line by line (红字冲销)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One event. source: what the second part of its natural key is the id of."""

    event: str
    source: str
    pairs: tuple[Pair, ...]
    says: Words


_SHARES: Final = (
    "2202.merchant",
    "2202.operator",
    "2202.broker",
    "2241.fiscal",
    "6001.commission",
    "2221.vat",
)
_PAYABLES: Final = ("2202.merchant", "2202.operator", "2202.broker", "2241.fiscal")

_TABLE: Final = (
    Rule(
        "bank.received",
        "bank line",
        (("1012.custody", "2241.suspense"),),
        Words(
            "银行来款先记待核销，即使同一秒内已匹配",
            "money came in at the bank; always to suspense first, even if matched at once",
        ),
    ),
    Rule(
        "bank.matched",
        "match",
        (("2241.suspense", "2241.escrow"),),
        Words(
            "来款核销到订单；一笔来款可分到多个订单",
            "a receipt was matched; several rows are one receipt over several orders",
        ),
    ),
    Rule(
        "line.accepted",
        "order line",
        (("2241.escrow", "2241.accepted"), ("9001.counter", "9002.turnover")),
        Words(
            "订单行验收：托管款转待结算，同时计入交易额",
            "an order line was accepted: escrow becomes due for settlement, volume counts",
        ),
    ),
    Rule(
        "line.settled",
        "order line",
        tuple(("2241.accepted", share) for share in _SHARES),
        Words(
            "订单行结算：分给各方，每方一行，零份额不记",
            "an order line was settled: one row for each party, zero shares have none",
        ),
    ),
    Rule(
        "payout.initiated",
        "payout",
        tuple((payable, "2241.payout_transit") for payable in _PAYABLES),
        Words("付款指令已发出", "a payout was sent to the bank"),
    ),
    Rule(
        "payout.paid",
        "bank line",
        (("2241.payout_transit", "1012.custody"),),
        Words("银行确认付款", "the bank statement shows the payout"),
    ),
    Rule(
        "payout.failed",
        "payout",
        tuple(("2241.payout_transit", payable) for payable in _PAYABLES),
        Words("付款失败，恢复应付", "the payout failed; it is payable again"),
    ),
    Rule(
        "refund.requested",
        "refund",
        (("2241.escrow", "2241.refund_transit"),),
        Words("验收前退款：托管款转退款在途", "a refund before acceptance, out of escrow"),
    ),
    Rule(
        "refund.succeeded",
        "bank line",
        (("2241.refund_transit", "1012.custody"),),
        Words("银行确认退款", "the bank statement shows the refund"),
    ),
)


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


def allows(event: str, debit: str, credit: str) -> bool:
    """Tell whether `event` may debit the code `debit` and credit the code `credit`."""
    return event in RULES and (debit, credit) in RULES[event].pairs
