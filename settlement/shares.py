"""Who gets what of one payment: fee, tax and the parties' shares. Pure.

Nothing is lost and nothing invented: what is left over by rounding goes to the largest
remainders, ties to the first by account code, and the parts add up to the whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final, NamedTuple

from kernel.errors import Invalid
from kernel.money import Money, half_up, share, take_from

WHOLE_BP: Final = 10_000
"""All of it, in basis points."""

COMMISSION: Final = "6001.commission"
"""The account of the exchange's own fee, net of tax."""

VAT: Final = "2221.vat"
"""The account of the value-added tax (增值税) on that fee."""


class Base(StrEnum):
    """Of what the parties' shares are taken."""

    NET_OF_FEE = "net_of_fee"
    GROSS = "gross"  # of the whole price; the seller's fee then falls on the merchant first


MERCHANT: Final = "2202.merchant"
"""The account of who sells."""


class Step(NamedTuple):
    """From which amount on another rate holds, for what lies above it."""

    above_fen: int
    rate_bp: int


@dataclass(frozen=True, slots=True)
class Party:
    """Who shares in what is left after the fee: an account, its owner, basis points."""

    account_code: str
    owner: str
    share_bp: int


@dataclass(frozen=True, slots=True)
class Rule:
    """How payments are divided. fee_cap: the most that the fee can be, None for no limit.

    fee_min: the least, but never more than the payment. seller_bp: how much of the fee is
    kept of the price; the rest is asked of the buyer. base: of what the shares are taken;
    when it is the gross, the fee falls on the parties of `bears` first. steps, before: as
    `fee` has them.
    Raises Invalid unless rates are 0–10,000 bp, the shares add up to 10,000, and no
    party is named twice.
    """

    fee_bp: int
    fee_cap: Money | None
    vat_bp: int
    parties: tuple[Party, ...]
    fee_min: Money | None = None
    seller_bp: int = WHOLE_BP
    base: Base = Base.NET_OF_FEE
    bears: str = MERCHANT
    steps: tuple[Step, ...] = ()
    before: int = 0

    def __post_init__(self) -> None:
        shared = [party.share_bp for party in self.parties]
        stepped = [step.rate_bp for step in self.steps]
        rates = (self.fee_bp, self.vat_bp, self.seller_bp, *shared, *stepped)
        if not all(0 <= rate <= WHOLE_BP for rate in rates):
            raise Invalid("比例须在0至100%之间", "a rate is 0–10,000 basis points")
        if sum(shared) != WHOLE_BP:
            raise Invalid(
                "各方比例之和须为100%",
                "the shares must add up to 10,000 basis points",
                pointer="/parties",
            )
        if len({(party.account_code, party.owner) for party in self.parties}) != len(self.parties):
            raise Invalid("同一方不得重复", "a party is named twice", pointer="/parties")


@dataclass(frozen=True, slots=True)
class Part:
    """What one account of one owner gets; the owner is empty for the exchange itself."""

    account_code: str
    owner: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Split:
    """A payment, divided. fee = commission + vat; gross = fee + the parties' parts.

    fee: what is kept of the price; buyer_fee: what the buyer pays besides. parts: one for
    each party of the rule, ordered by account code, then owner; a part may be zero.
    """

    gross: Money
    fee: Money
    commission: Money
    vat: Money
    parts: tuple[Part, ...]
    buyer_fee: Money

    @property
    def lines(self) -> tuple[Part, ...]:
        """Everything that is to be posted: parts, commission, tax; without zeros. Σ = gross."""
        own = (Part(COMMISSION, "", self.commission), Part(VAT, "", self.vat))
        return tuple(part for part in (*self.parts, *own) if part.amount.minor)


def fee(
    gross: Money,
    rate_bp: int,
    *,
    cap: Money | None = None,
    steps: Sequence[Step] = (),
    before: int = 0,
) -> Money:
    """Return the exchange's fee, tax included: `rate_bp` of `gross`, half up, `cap` at most.

    steps: other rates for what lies above their amounts (累进); `gross` lies above `before`
    fen, so that the fees of any parts of an amount add up to that of the whole.
    Raises ValueError for a negative gross or a cap in another currency.
    """
    if gross.minor < 0:
        raise ValueError("there is no fee on a negative amount")
    if steps:
        upper, lower = (_over(end, rate_bp, steps) for end in (before + gross.minor, before))
        charged = Money(upper - lower, gross.currency)
    else:
        charged = Money(half_up(gross.minor * rate_bp, WHOLE_BP), gross.currency)
    return charged if cap is None else min(cap, charged)


def _over(amount: int, rate_bp: int, steps: Sequence[Step]) -> int:
    """Return the fee on the first `amount` fen, rounded once."""
    bounds = [Step(0, rate_bp), *steps, Step(amount, 0)]
    parts = (
        max(0, min(amount, upper.above_fen) - lower.above_fen) * lower.rate_bp
        for lower, upper in pairwise(bounds)
    )
    return half_up(sum(parts), WHOLE_BP)


def vat(amount: Money, rate_bp: int) -> tuple[Money, Money]:
    """Return (net, tax) of an amount that includes tax at `rate_bp`; they add up to it.

    The net is amount × 10,000 / (10,000 + rate), rounded half up.
    """
    net, tax = share(amount, [WHOLE_BP, rate_bp])
    return net, tax


def tax_of_part(part: int, own: int, *, net_left: int, tax_left: int) -> int:
    """Return the tax in a part of what includes tax, in fen: `own`, or as near as is left. Pure.

    The part that takes all of what is left takes all of its tax, so that any run of parts
    ends at exact zeros of net and tax.
    """
    return min(max(own, part - net_left), tax_left)


def divide(gross: Money, rule: Rule) -> Split:
    """Divide a payment by a rule: first the fee, then the rest among the parties.

    Raises ValueError for a negative gross or a cap in another currency.
    """
    whole = fee(gross, rule.fee_bp, cap=rule.fee_cap, steps=rule.steps, before=rule.before)
    if rule.fee_min is not None:
        whole = min(max(whole, rule.fee_min), gross)
    kept, asked = share(whole, [rule.seller_bp, WHOLE_BP - rule.seller_bp])
    commission, tax = vat(kept, rule.vat_bp)
    parties = sorted(rule.parties, key=lambda party: (party.account_code, party.owner))
    weights = [party.share_bp for party in parties]
    if rule.base == Base.NET_OF_FEE:
        amounts = share(gross - kept, weights)
    else:
        amounts = _bear(parties, share(gross, weights), kept, rule.bears)
    return Split(gross, kept, commission, tax, _parts(parties, amounts), asked)


def _bear(
    parties: Sequence[Party], amounts: Sequence[Money], kept: Money, bears: str
) -> list[Money]:
    """Take the fee from those who bear it, and what they cannot bear from the others."""
    own = [
        amount if party.account_code == bears else Money(0, kept.currency)
        for party, amount in zip(parties, amounts, strict=True)
    ]
    first = take_from(own, min(kept, sum(own, Money(0, kept.currency))))
    left = [amount - taken for amount, taken in zip(amounts, first, strict=True)]
    rest = take_from(left, kept - sum(first, Money(0, kept.currency)))
    return [amount - taken for amount, taken in zip(left, rest, strict=True)]


def _parts(parties: Sequence[Party], amounts: Sequence[Money]) -> tuple[Part, ...]:
    return tuple(
        Part(party.account_code, party.owner, amount)
        for party, amount in zip(parties, amounts, strict=True)
    )
