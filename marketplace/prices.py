"""What a product costs: price plans and the one sum that follows from them. Pure.

Prices include tax. Money is whole fen, metered units are priced in 10⁻⁶ fen, and a line
is rounded once, never call by call: the arithmetic is `settlement.metering.tariffs`.
"""

from collections.abc import Mapping
from typing import Final

from kernel.errors import DomainError, Invalid, Kind, Refusal
from kernel.money import Money
from kernel.words import Words
from marketplace.plans.checks import actionable
from marketplace.plans.kinds import (
    AGREED,
    BY_PIECE,
    METERED,
    AuctionForm,
    FreeReason,
    Measure,
    PayMode,
    Period,
    PlanKind,
)
from marketplace.plans.plan import Milestone, Plan, Tier, parse
from settlement.metering import tariffs
from settlement.metering.tariffs import Charge, Shape, Tariff

__all__ = [
    "AGREED",
    "METERED",
    "AuctionForm",
    "FreeReason",
    "Measure",
    "Milestone",
    "PayMode",
    "Period",
    "Plan",
    "PlanKind",
    "PriceNotActionable",
    "Tier",
    "actionable",
    "amount",
    "charged",
    "modes",
    "parse",
    "tariff",
]


class PriceNotActionable(DomainError):
    """The price plan is incomplete or contradicts itself, so nothing can be charged by it."""

    kind = Kind.CONFLICT
    code = "price-not-actionable"
    title = Words("价格方案不能计价", "Nothing can be charged by this price plan")


BYTES: Final = 1_000_000
"""Bytes in a megabyte: what is delivered is counted in bytes and charged in megabytes."""

_SHAPES: Final[Mapping[PlanKind, Shape]] = {
    PlanKind.PER_CALL: Shape.FLAT,
    PlanKind.PER_ROW: Shape.FLAT,
    PlanKind.PER_VOLUME: Shape.FLAT,
    PlanKind.TIER_PROGRESSIVE: Shape.PROGRESSIVE,
    PlanKind.TIER_VOLUME: Shape.VOLUME,
    PlanKind.PACKAGE: Shape.PACKAGE,
    PlanKind.SUBSCRIPTION: Shape.FLAT,
    PlanKind.REVENUE_SHARE: Shape.SHARE,
}


def amount(plan: Plan, quantity: int) -> Money:
    """Return the price of `quantity` pieces, periods or units, tax included.

    Raises PriceNotActionable with the reasons, also when the price must be agreed or
    follows from a report; Invalid for a quantity that is not whole, too large, negative,
    or zero pieces; no calls at all can be billed.
    """
    _require_actionable(plan)
    least = 1 if plan.kind in BY_PIECE else 0
    if type(quantity) is not int or quantity < least:
        raise Invalid("数量不正确", f"a quantity is {least} or more", pointer="/quantity")
    try:
        return _sum(plan, quantity)
    except ValueError as error:
        raise Invalid("金额过大", "the amount is too large", pointer="/quantity") from error


def charged(plan: Plan, units: int) -> Charge:
    """Return what `units` of use come to, and how; of a subscription, what is beyond it.

    Raises PriceNotActionable, ValueError as `tariffs.charge` does.
    """
    _require_actionable(plan)
    return tariffs.charge(tariff(plan), units)


def tariff(plan: Plan, *, in_bytes: bool = False) -> Tariff:
    """Return how use is charged by the plan. Raises KeyError for a kind that charges no use.

    in_bytes: megabytes are counted in bytes, so that they are rounded up only once.
    """
    scale = BYTES if in_bytes and plan.counts is Measure.MEGABYTE else 1
    return Tariff(
        shape=_SHAPES[plan.kind],
        unit_e6=_unit_e6(plan),
        per=max(plan.per, plan.size, 1) * scale,
        free_quota=(plan.free_quota + plan.included) * scale,
        minimum_fen=0 if plan.minimum is None else plan.minimum.minor,
        maximum_fen=None if plan.maximum is None else plan.maximum.minor,
        steps=tuple(tariffs.Step(tier.upto, tier.unit.e6) for tier in plan.tiers),
        share_bp=plan.share_bp,
        currency=_currency(plan),
    )


def modes(plan: Plan) -> tuple[PayMode, ...]:
    """Return how an order of this price can be paid, the usual way first.

    Volume tiers are not drawn from a wallet: what was drawn already would have to go back
    when a cheaper tier is reached.
    """
    if plan.kind in {PlanKind.REVENUE_SHARE, PlanKind.PROJECT}:
        return (PayMode.POSTPAID,)
    if plan.kind is PlanKind.TIER_VOLUME:
        return (PayMode.PREPAID, PayMode.POSTPAID)
    if plan.kind in METERED:
        return (PayMode.PREPAID, PayMode.WALLET, PayMode.POSTPAID)
    return (PayMode.PREPAID,)


def _require_actionable(plan: Plan) -> None:
    if refusals := actionable(plan):
        raise PriceNotActionable.of(refusals)


def _sum(plan: Plan, quantity: int) -> Money:
    if plan.kind is PlanKind.FREE:
        return Money(0)
    if plan.kind in METERED:
        return tariffs.charge(tariff(plan), quantity).amount
    if plan.price is None:
        raise _unknown_yet(plan)
    return plan.price.times(quantity)


def _unknown_yet(plan: Plan) -> PriceNotActionable:
    if plan.kind in AGREED:
        zh, en = "价格须先由双方议定或竞价产生", "the parties agree on the price first"
        return PriceNotActionable(zh, en, (Refusal("PRICE_AGREED_FIRST", zh, en),))
    zh, en = "金额按报告的基数逐期结算", "the amount follows from what is reported"
    return PriceNotActionable(zh, en, (Refusal("PRICE_FOLLOWS_REPORT", zh, en),))


def _unit_e6(plan: Plan) -> int:
    if plan.kind is PlanKind.PACKAGE and plan.price is not None:
        return plan.price.minor * tariffs.E6
    unit = plan.overage or plan.unit
    return 0 if unit is None else unit.e6


def _currency(plan: Plan) -> str:
    priced = (plan.price, plan.unit, plan.minimum, plan.maximum, *(t.unit for t in plan.tiers))
    return next((price.currency for price in priced if price is not None), "CNY")
