"""What reconciling compares, and what it can find. Pure.

Two sides that speak of the same thing carry the same key. What is on one side alone, or
differs, is a finding; its sign is kept, for a shortage is not a surplus.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kernel.money import Money
from kernel.words import Words


class Leg(StrEnum):
    """Which two sides are compared."""

    TRADE = "trade"  # what is said to be paid, accepted, paid out | the books
    PROVIDER = "provider"  # the books | the payment provider's balance lines
    BANK = "bank"  # the books | the bank's statement lines
    SAFEGUARD = "safeguard"  # what we hold | what we owe to others
    PARTY = "party"  # our statement | what its party says
    VOLUME = "volume"  # counted volume | the money of the same trades

    @property
    def label(self) -> Words:
        """The leg in words."""
        return _LEGS[self]


_LEGS = {
    Leg.TRADE: Words("业务与账簿", "trade and books"),
    Leg.PROVIDER: Words("账簿与支付机构", "books and provider"),
    Leg.BANK: Words("账簿与银行", "books and bank"),
    Leg.SAFEGUARD: Words("客户资金保障", "safeguarding"),
    Leg.PARTY: Words("结算单与对方", "statement and party"),
    Leg.VOLUME: Words("交易额与资金", "volume and money"),
}


class Type(StrEnum):
    """What is wrong."""

    MISSING_RIGHT = "missing_right"  # we say so, they do not
    MISSING_LEFT = "missing_left"  # they say so, we do not
    AMOUNT = "amount"
    CURRENCY = "currency"
    FEE = "fee"
    FX = "fx"  # what was converted is not what had come in
    DUPLICATE = "duplicate"  # told twice
    TIMING = "timing"  # not there yet, within the rail's usual time
    BALANCE = "balance"  # every line agrees, the sum does not
    GAP = "gap"  # a statement is missing between two that are there
    UNMATCHED_RECEIPT = "unmatched_receipt"
    LATE = "late"  # booked for a day that was closed already

    @property
    def label(self) -> Words:
        """The finding in words."""
        return _TYPES[self]


_TYPES = {
    Type.MISSING_RIGHT: Words("我方有、对方无", "we have it, they have not"),
    Type.MISSING_LEFT: Words("对方有、我方无", "they have it, we have not"),
    Type.AMOUNT: Words("金额不符", "another amount"),
    Type.CURRENCY: Words("币种不符", "another currency"),
    Type.FEE: Words("手续费不符", "another fee"),
    Type.FX: Words("结汇金额不符", "another amount was converted"),
    Type.DUPLICATE: Words("对方重复入账", "told twice"),
    Type.TIMING: Words("在途", "on its way"),
    Type.BALANCE: Words("余额不符", "another balance"),
    Type.GAP: Words("对账单缺号", "a statement is missing"),
    Type.UNMATCHED_RECEIPT: Words("来款未核销", "a receipt is not matched"),
    Type.LATE: Words("关账后补记", "booked after the day was closed"),
}

WAITING = frozenset({Type.TIMING, Type.LATE})
"""What does not keep a day open."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One finding. left: our side; right: theirs; None where a side says nothing.

    key: what the two sides speak of: "kind:id", or "kind:id@day". since: the day from which
    it has been so.
    """

    leg: Leg
    type: Type
    key: str
    left: Money | None
    right: Money | None
    since: date

    @property
    def difference(self) -> Money:
        """Our side less theirs; the surplus is positive, the shortage negative."""
        if self.left is None or self.right is None:
            one = self.left or self.right or Money(0)
            return one if self.right is None else Money(-one.minor, one.currency)
        if self.left.currency != self.right.currency:
            return self.left
        return self.left - self.right


def compare(
    leg: Leg,
    about: str,
    left: Mapping[str, Money],
    right: Mapping[str, Money],
    *,
    since: date,
    dated: bool = False,
) -> Iterator[Fact]:
    """Yield a fact for every key on which two sides do not agree, in the order of the keys.

    about: what the keys are of ("paid"); it goes before them. dated: the day goes after them,
    for things that can differ on several days.
    """
    for key in sorted({*left, *right}):
        ours, theirs = left.get(key), right.get(key)
        if ours != theirs:
            named = f"{about}:{key}@{since}" if dated else f"{about}:{key}"
            yield Fact(leg, _type(ours, theirs), named, ours, theirs, since)


def _type(ours: Money | None, theirs: Money | None) -> Type:
    if theirs is None:
        return Type.MISSING_RIGHT
    if ours is None:
        return Type.MISSING_LEFT
    return Type.AMOUNT if ours.currency == theirs.currency else Type.CURRENCY
