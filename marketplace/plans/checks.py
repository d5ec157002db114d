"""Whether anything can be charged by a price plan: what each kind states, and what it may."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final

from kernel.errors import Refusal
from kernel.words import Words
from marketplace.plans.kinds import PlanKind
from marketplace.plans.plan import Plan

WHOLE_BP: Final = 10_000

# What a plan of each kind must state, and what it may; anything else would mislead.
_LIMITS: Final = frozenset({"minimum", "maximum"})
# fmt: off
_STATED: Final[Mapping[PlanKind, tuple[frozenset[str], frozenset[str]]]] = {
    PlanKind.FREE:             (frozenset({"reason"}), frozenset()),
    PlanKind.ONE_OFF:          (frozenset({"price"}), frozenset()),
    PlanKind.LISTING_FIXED:    (frozenset({"price"}), frozenset()),
    PlanKind.SUBSCRIPTION:     (frozenset({"price", "period"}),
                                frozenset({"included", "overage", "measure"})),
    PlanKind.PER_CALL:         (frozenset({"unit"}), _LIMITS | {"free_quota"}),
    PlanKind.PER_ROW:          (frozenset({"unit"}), _LIMITS | {"free_quota", "per"}),
    PlanKind.PER_VOLUME:       (frozenset({"unit"}), _LIMITS | {"free_quota", "per"}),
    PlanKind.TIER_PROGRESSIVE: (frozenset({"tiers"}), _LIMITS | {"measure"}),
    PlanKind.TIER_VOLUME:      (frozenset({"tiers"}), _LIMITS | {"measure"}),
    PlanKind.PACKAGE:          (frozenset({"price", "size"}), frozenset({"measure"})),
    PlanKind.REVENUE_SHARE:    (frozenset({"share_bp", "cycle"}), _LIMITS | {"base"}),
    PlanKind.PROJECT:          (frozenset({"price", "milestones"}), frozenset()),
    PlanKind.NEGOTIATED:       (frozenset(), frozenset({"price"})),
    PlanKind.AUCTION:          (frozenset({"reserve", "step", "form"}),
                                frozenset({"deposit_bp", "price"})),
}
_NAMES: Final[Mapping[str, Words]] = {
    "price": Words("价格", "price"),
    "period": Words("周期", "period"),
    "unit": Words("单价", "unit price"),
    "free_quota": Words("免费额度", "free quota"),
    "minimum": Words("最低收费", "minimum charge"),
    "tiers": Words("阶梯", "tiers"),
    "reason": Words("免费理由", "reason"),
    "per": Words("计价单位", "unit of charge"),
    "maximum": Words("最高收费", "maximum charge"),
    "measure": Words("计量口径", "measure"),
    "size": Words("每包数量", "package size"),
    "included": Words("包含额度", "included quota"),
    "overage": Words("超额单价", "price beyond the quota"),
    "share_bp": Words("分成比例", "share"),
    "cycle": Words("报告周期", "reporting cycle"),
    "base": Words("分成基数", "base of the share"),
    "milestones": Words("里程碑", "milestones"),
    "reserve": Words("起拍价", "reserve"),
    "step": Words("加价幅度", "step"),
    "deposit_bp": Words("保证金比例", "deposit"),
    "form": Words("竞价方式", "form of auction"),
}
# fmt: on


def actionable(plan: Plan) -> tuple[Refusal, ...]:
    """Return every reason why nothing can be charged by the plan; empty when it can be."""
    return (
        *_incomplete(plan),
        *_not_positive(plan),
        *_tiers_out_of_order(plan),
        *_parts_do_not_fit(plan),
        *_mixed(plan),
    )


def _incomplete(plan: Plan) -> Iterator[Refusal]:
    needed, optional = _STATED[plan.kind]
    kind = plan.kind.label
    for name, said in _NAMES.items():
        stated = getattr(plan, name) not in (None, 0, (), "")
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
    counts = (plan.free_quota, plan.per, plan.size, plan.included, plan.share_bp, plan.deposit_bp)
    amounts = (plan.price, plan.reserve, plan.step, plan.maximum)
    units = (plan.unit, plan.overage)
    negative = min(counts) < 0 or (plan.minimum is not None and plan.minimum.minor < 0)
    nothing = (
        any(amount is not None and amount.minor <= 0 for amount in amounts)
        or any(unit is not None and unit.e6 == 0 for unit in units)
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
            "免费额度、最低收费与各项数量不得为负",
            "neither a free quota nor a minimum charge nor any count is negative",
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


def _parts_do_not_fit(plan: Plan) -> Iterator[Refusal]:
    shares = [part.share_bp for part in plan.milestones]
    whole = sum(shares) == WHOLE_BP and min(shares) > 0 if shares else True
    if not (whole and all(part.criterion.strip() for part in plan.milestones)):
        zh = "里程碑比例须为正数且合计 100%，并各有验收标准"
        en = "milestones are positive parts of 100 %, each with its criterion"
        yield Refusal("MILESTONES_NOT_WHOLE", zh, en)
    if max(plan.share_bp, plan.deposit_bp) > WHOLE_BP:
        yield Refusal("SHARE_TOO_LARGE", "比例不得超过 100%", "a share is at most 100 %")
    if (plan.included == 0) != (plan.overage is None):
        zh, en = "包含额度与超额单价须同时填写", "an included quota has a price beyond it"
        yield Refusal("OVERAGE_INCOMPLETE", zh, en)


def _mixed(plan: Plan) -> Iterator[Refusal]:
    amounts = [plan.price, plan.minimum, plan.maximum, plan.reserve, plan.step]
    units = [plan.unit, plan.overage, *(tier.unit for tier in plan.tiers)]
    if len({price.currency for price in (*amounts, *units) if price is not None}) > 1:
        yield Refusal(
            "CURRENCIES_MIXED",
            "一个价格方案只能使用一种货币",
            "a price plan is in one currency",
        )
    elif plan.minimum is not None and plan.maximum is not None and plan.maximum < plan.minimum:
        zh, en = "最高收费低于最低收费", "the maximum charge is below the minimum"
        yield Refusal("LIMITS_REVERSED", zh, en)
