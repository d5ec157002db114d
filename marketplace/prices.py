"""What a product costs: price plans and the one sum that follows from them. Pure.

Prices include tax. Money is whole fen, metered units are priced in 10⁻⁶ fen, and a line
is rounded once, never call by call.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any, Final, TypeVar

from catalogue.grades import Term
from kernel.errors import DomainError, Invalid, Kind, Refusal
from kernel.money import Money, UnitPrice, half_up
from kernel.words import Words


class PlanKind(Term):
    """How a price is formed."""

    FREE = "free", "免费", "free"
    ONE_OFF = "one_off", "一次性", "one-off"
    SUBSCRIPTION = "subscription", "包期", "subscription"
    PER_CALL = "per_call", "按次", "per call"
    TIER_PROGRESSIVE = "tier_progressive", "累进阶梯", "progressive tiers"
    TIER_VOLUME = "tier_volume", "全量阶梯", "volume tiers"


class FreeReason(Term):
    """Why something is given for nothing."""

    WELFARE = "welfare", "公益事业", "public welfare"
    GOVERNANCE = "governance", "公共治理", "public governance"
    TRIAL = "trial", "试用", "trial"
    PROMOTION = "promotion", "推广", "promotion"


class Period(Term):
    """How long one period of a subscription is."""

    MONTH = "month", "月", "month"
    QUARTER = "quarter", "季", "quarter"
    YEAR = "year", "年", "year"


@dataclass(frozen=True, slots=True)
class Tier:
    """A step of a tiered price: `unit` for each unit up to and with the `upto`-th.

    upto: None for the last tier, which has no end.
    """

    upto: int | None
    unit: UnitPrice


@dataclass(frozen=True, slots=True)
class Plan:
    """A price plan (价格方案); `actionable` says whether it makes sense.

    price: of one piece (one_off) or one period (subscription). unit: of one call beyond
    `free_quota`. minimum: the least that a bill of calls comes to. tiers: ascending.
    """

    kind: PlanKind
    price: Money | None = None
    period: Period | None = None
    unit: UnitPrice | None = None
    free_quota: int = 0
    minimum: Money | None = None
    tiers: tuple[Tier, ...] = ()
    reason: FreeReason | None = None


class PriceNotActionable(DomainError):
    """The price plan is incomplete or contradicts itself, so nothing can be charged by it."""

    kind = Kind.CONFLICT
    code = "price-not-actionable"
    title = Words("价格方案不能计价", "Nothing can be charged by this price plan")


# What a plan of each kind must state, and what it may; anything else would mislead.
# fmt: off
_STATED: Final[Mapping[PlanKind, tuple[frozenset[str], frozenset[str]]]] = {
    PlanKind.FREE:             (frozenset({"reason"}), frozenset()),
    PlanKind.ONE_OFF:          (frozenset({"price"}), frozenset()),
    PlanKind.SUBSCRIPTION:     (frozenset({"price", "period"}), frozenset()),
    PlanKind.PER_CALL:         (frozenset({"unit"}), frozenset({"free_quota", "minimum"})),
    PlanKind.TIER_PROGRESSIVE: (frozenset({"tiers"}), frozenset()),
    PlanKind.TIER_VOLUME:      (frozenset({"tiers"}), frozenset()),
}
_NAMES: Final[Mapping[str, Words]] = {
    "price": Words("价格", "price"),
    "period": Words("周期", "period"),
    "unit": Words("单价", "unit price"),
    "free_quota": Words("免费额度", "free quota"),
    "minimum": Words("最低收费", "minimum charge"),
    "tiers": Words("阶梯", "tiers"),
    "reason": Words("免费理由", "reason"),
}
# fmt: on

_BY_PIECE: Final = frozenset({PlanKind.FREE, PlanKind.ONE_OFF, PlanKind.SUBSCRIPTION})

_T = TypeVar("_T")


def parse(written: Mapping[str, Any]) -> Plan:
    """Return the plan that is written as JSON. Raises Invalid when it is none.

    Money is {"minor", "currency"}, a unit price {"e6", "currency"}, a tier {"upto",
    "unit"}; what a kind does not need is left out or null. Whether anything can be
    charged by the plan is for `actionable` to say.
    """
    try:
        unknown = written.keys() - {field.name for field in fields(Plan)}
        if unknown:
            raise KeyError(*sorted(unknown))
        return Plan(
            kind=PlanKind(written["kind"]),
            price=_made(Money, written.get("price")),
            period=_coded(Period, written.get("period")),
            unit=_made(UnitPrice, written.get("unit")),
            free_quota=_whole(written.get("free_quota") or 0),
            minimum=_made(Money, written.get("minimum")),
            tiers=tuple(_tier(**tier) for tier in written.get("tiers") or ()),
            reason=_coded(FreeReason, written.get("reason")),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Invalid(
            "价格方案的格式不正确", f"this is no price plan: {error!r}", pointer="/price_plan"
        ) from error


def actionable(plan: Plan) -> tuple[Refusal, ...]:
    """Return every reason why nothing can be charged by the plan; empty when it can be."""
    return (*_incomplete(plan), *_not_positive(plan), *_tiers_out_of_order(plan), *_mixed(plan))


def amount(plan: Plan, quantity: int) -> Money:
    """Return the price of `quantity` pieces, periods or calls, tax included.

    Raises PriceNotActionable with the reasons, Invalid for a quantity that is not whole,
    too large, negative, or zero pieces; no calls at all can be billed.
    """
    refusals = actionable(plan)
    if refusals:
        raise PriceNotActionable(
            "；".join(refusal.zh for refusal in refusals),
            "; ".join(refusal.en for refusal in refusals),
            refusals,
        )
    least = 1 if plan.kind in _BY_PIECE else 0
    if type(quantity) is not int or quantity < least:
        raise Invalid("数量不正确", f"a quantity is {least} or more", pointer="/quantity")
    try:
        return _SUMS[plan.kind](plan, quantity)
    except ValueError as error:
        raise Invalid("金额过大", "the amount is too large", pointer="/quantity") from error


def _free(_plan: Plan, _quantity: int) -> Money:
    return Money(0)


def _by_piece(plan: Plan, quantity: int) -> Money:
    assert plan.price is not None  # noqa: S101 -- `actionable` has asked
    return plan.price.times(quantity)


def _by_call(plan: Plan, quantity: int) -> Money:
    assert plan.unit is not None  # noqa: S101 -- `actionable` has asked
    charged = plan.unit.times(max(0, quantity - plan.free_quota))
    return charged if plan.minimum is None else max(plan.minimum, charged)


def _progressive(plan: Plan, quantity: int) -> Money:
    """Charge each unit by the tier in which it lies."""
    sum_e6 = below = 0
    for tier in plan.tiers:
        reached = quantity if tier.upto is None else min(quantity, tier.upto)
        sum_e6 += max(0, reached - below) * tier.unit.e6
        below = max(below, reached)
    return Money(half_up(sum_e6, 1_000_000), plan.tiers[0].unit.currency)


def _by_volume(plan: Plan, quantity: int) -> Money:
    """Charge all units by the tier that their number reaches."""
    reached = next(tier for tier in plan.tiers if tier.upto is None or quantity <= tier.upto)
    return reached.unit.times(quantity)


_SUMS: Final[Mapping[PlanKind, Callable[[Plan, int], Money]]] = {
    PlanKind.FREE: _free,
    PlanKind.ONE_OFF: _by_piece,
    PlanKind.SUBSCRIPTION: _by_piece,
    PlanKind.PER_CALL: _by_call,
    PlanKind.TIER_PROGRESSIVE: _progressive,
    PlanKind.TIER_VOLUME: _by_volume,
}


def _incomplete(plan: Plan) -> Iterator[Refusal]:
    needed, optional = _STATED[plan.kind]
    kind = plan.kind.label
    for name, said in _NAMES.items():
        stated = getattr(plan, name) not in (None, 0, ())
        if name in needed and not stated:
            yield Refusal(
                "PRICE_INCOMPLETE",
                f"“{kind.zh}”方案须填写{said.zh}",
                f"a plan of kind “{kind.en}” needs its {said.en}",
            )
        if stated and name not in needed | optional:
            yield Refusal(
                "PRICE_AMBIGUOUS",
                f"“{kind.zh}”方案不应填写{said.zh}",
                f"a plan of kind “{kind.en}” has no {said.en}",
            )


def _not_positive(plan: Plan) -> Iterator[Refusal]:
    negative = plan.free_quota < 0 or (plan.minimum is not None and plan.minimum.minor < 0)
    nothing = (
        (plan.price is not None and plan.price.minor <= 0)
        or (plan.unit is not None and plan.unit.e6 == 0)
        or (bool(plan.tiers) and not any(tier.unit.e6 for tier in plan.tiers))
    )
    if nothing:
        yield Refusal(
            "PRICE_NOT_POSITIVE",
            "价格须大于零；免费提供请选择“免费”方案",
            "a price is more than zero; what is free has a free plan",
        )
    if negative:
        yield Refusal(
            "PRICE_NEGATIVE",
            "免费额度与最低收费不得为负",
            "neither a free quota nor a minimum charge is negative",
        )


def _tiers_out_of_order(plan: Plan) -> Iterator[Refusal]:
    limits = [tier.upto for tier in plan.tiers]
    ends = [0, *(limit for limit in limits[:-1] if limit is not None)]
    ascending = all(low < high for low, high in pairwise(ends))
    open_once = limits.count(None) == 1 and limits[-1] is None
    if limits and not (ascending and open_once):
        yield Refusal(
            "TIERS_NOT_ASCENDING",
            "各阶梯的上限须递增，且仅最后一级不设上限",
            "tiers ascend, and the last one alone has no end",
        )


def _mixed(plan: Plan) -> Iterator[Refusal]:
    priced = [plan.price, plan.unit, plan.minimum, *(tier.unit for tier in plan.tiers)]
    if len({price.currency for price in priced if price is not None}) > 1:
        yield Refusal(
            "CURRENCIES_MIXED",
            "一个价格方案只能使用一种货币",
            "a price plan is in one currency",
        )


def _made(of: Callable[..., _T], parts: Mapping[str, Any] | None) -> _T | None:
    return None if parts is None else of(**parts)


def _coded(of: Callable[[str], _T], code: str | None) -> _T | None:
    return None if code is None else of(code)


def _whole(number: Any) -> int:
    if type(number) is not int:
        raise TypeError(f"{number!r} is no whole number")
    return number


def _tier(upto: int | None, unit: Mapping[str, Any]) -> Tier:
    return Tier(None if upto is None else _whole(upto), UnitPrice(**unit))
