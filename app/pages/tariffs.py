"""A price in words: what it is, what it comes to for some quantities, and a calculator."""

from collections.abc import Mapping
from typing import Any

from app import languages
from app.pages import shown
from kernel.errors import DomainError
from kernel.money import Money, UnitPrice
from kernel.words import Words
from marketplace import prices
from marketplace.prices import Plan, PlanKind

_EXAMPLES = (1, 1_000, 10_000, 100_000, 1_000_000)
QUANTITY_MAX = 10**12


def line(plan: Plan) -> Words:
    """Say what a price is, in one line."""
    return _said(plan)


def terms(plan: Plan) -> list[Words]:
    """Say everything else that the price states: tiers, free units, limits, milestones."""
    unit = plan.counts.label
    found = [_TIERS[plan.kind]] if plan.kind in _TIERS else []
    found += [_tier(tier.upto, tier.unit, unit) for tier in plan.tiers]
    if plan.free_quota:
        free = f"{plan.free_quota:,}"
        found.append(Words(f"前 {free} {unit.zh}免费", f"first {free} free"))
    if plan.overage is not None:
        each, most = _unit(plan.overage), f"{plan.included:,}"
        found.append(
            Words(
                f"每期含 {most} {unit.zh}，超出每{unit.zh} {each}",
                f"{most} {unit.en}s a period, {each} for each beyond",
            )
        )
    return [*found, *_limits(plan), *_parts(plan)]


def _limits(plan: Plan) -> list[Words]:
    limits = ((plan.minimum, _LEAST), (plan.maximum, _MOST))
    return [
        Words(f"{said.zh} {_yuan(amount)}", f"{said.en} {_yuan(amount)}")
        for amount, said in limits
        if amount is not None
    ]


def _parts(plan: Plan) -> list[Words]:
    base = [Words(f"基数：{plan.base}", f"of: {plan.base}")] if plan.base else []
    shares = [(f"{part.share_bp / 100:g}%", part.criterion) for part in plan.milestones]
    return [*base, *(Words(f"{share}：{said}", f"{share}: {said}") for share, said in shares)]


def examples(plan: Plan) -> list[tuple[int, Money]]:
    """Return what some quantities come to; none for a price that is one sum."""
    if plan.kind not in prices.METERED or prices.actionable(plan):
        return []
    ends = [tier.upto for tier in plan.tiers if tier.upto is not None]
    asked = sorted({*_EXAMPLES[1:4], *ends, *(end + 1 for end in ends)})
    return [(quantity, prices.amount(plan, quantity)) for quantity in asked]


def calculated(plan: Plan) -> dict[str, Any] | None:
    """Return what the quantity in the address comes to, step by step; None when there is none."""
    asked = shown.asked("units", max=15)
    if asked is None or plan.kind not in _BY_UNITS or prices.actionable(plan):
        return None
    if not (asked.isascii() and asked.isdigit() and int(asked) <= QUANTITY_MAX):
        return {"units": asked, "charge": None}
    try:
        return {"units": asked, "charge": prices.charged(plan, int(asked))}
    except (ValueError, DomainError):
        return {"units": asked, "charge": None}


def shown_of(written: Mapping[str, Any]) -> dict[str, Any]:
    """Return all that a page tells of a price."""
    plan = prices.parse(written)
    return {
        "terms": [languages.said(words) for words in terms(plan)],
        "examples": examples(plan),
        "calculates": plan.kind in _BY_UNITS and not prices.actionable(plan),
        "calculated": calculated(plan),
        "unit": languages.said(_BASE if plan.kind is PlanKind.REVENUE_SHARE else plan.counts.label),
        "modes": [(mode.value, languages.said(mode.label)) for mode in prices.modes(plan)],
        "agreed": plan.kind in prices.AGREED,
        "kind": plan.kind.value,
    }


_BASE = Words("分（报告的收入）", "fen of reported revenue")
_LEAST, _MOST = Words("每期最低", "at least"), Words("每期最高", "at most")
_BY_UNITS = prices.METERED | {PlanKind.REVENUE_SHARE}


def _said(plan: Plan) -> Words:
    if plan.kind is PlanKind.FREE:
        reason = plan.reason.label if plan.reason else Words("", "")
        return Words(f"免费（{reason.zh}）", f"free ({reason.en})")
    if plan.kind is PlanKind.REVENUE_SHARE:
        cycle = plan.cycle.label if plan.cycle else Words("", "")
        share = f"{plan.share_bp / 100:g}%"
        return Words(f"收入的 {share} / {cycle.zh}", f"{share} of revenue / {cycle.en}")
    if plan.kind in prices.AGREED:
        return _agreed(plan)
    if plan.price is not None:
        return _fixed(plan, plan.price)
    return _metered(plan)


def _agreed(plan: Plan) -> Words:
    amount = plan.price or plan.reserve
    if plan.kind is PlanKind.AUCTION and plan.price is None:
        at = "" if amount is None else _yuan(amount)
        return Words(f"竞价，起拍价 {at}", f"auction from {at}")
    at = "" if amount is None else f" {_yuan(amount)}"
    label = plan.kind.label
    return Words(f"{label.zh}{at}", f"{label.en}{at}")


def _fixed(plan: Plan, price: Money) -> Words:
    unit = plan.counts.label
    if plan.kind is PlanKind.PACKAGE:
        size = f"{plan.size:,}"
        return Words(f"{_yuan(price)} / {size} {unit.zh}", f"{_yuan(price)} / {size} {unit.en}s")
    label = plan.period.label if plan.period else _FIXED.get(plan.kind, plan.kind.label)
    return Words(f"{_yuan(price)} / {label.zh}", f"{_yuan(price)} / {label.en}")


def _metered(plan: Plan) -> Words:
    units = [tier.unit for tier in plan.tiers] if plan.unit is None else [plan.unit]
    if not units:
        return plan.kind.label
    unit, least = plan.counts.label, min(units)
    rises = Words(" 起", " and up") if len(units) > 1 else Words("", "")
    per = f"{plan.per:,} " if plan.per > 1 else ""
    each = _unit(least)
    return Words(f"{each} / {per}{unit.zh}{rises.zh}", f"{each} / {per}{unit.en}{rises.en}")


_TIERS = {
    PlanKind.TIER_VOLUME: Words(
        "全部用量按所达阶梯计价", "all units cost what the reached tier says"
    ),
    PlanKind.TIER_PROGRESSIVE: Words(
        "各阶梯内的用量分别计价", "each unit costs what its own tier says"
    ),
}
_FIXED = {PlanKind.ONE_OFF: Words("一次性", "one-off")}


def _tier(upto: int | None, unit: UnitPrice, counted: Words) -> Words:
    each = _unit(unit)
    if upto is None:
        return Words(f"其余每{counted.zh} {each}", f"{each} for each {counted.en} beyond")
    return Words(f"至 {upto:,} {counted.zh}：{each}", f"up to {upto:,} {counted.en}s: {each}")


def _yuan(amount: Money) -> str:
    return f"¥ {amount.minor // 100:,}.{amount.minor % 100:02}"


def _unit(unit: UnitPrice) -> str:
    yuan, rest = divmod(unit.e6, 100_000_000)
    decimals = f"{rest:08}".rstrip("0").ljust(2, "0")
    return f"¥ {yuan:,}.{decimals}"
