"""A price plan in words: what it is in one line, and everything else that it states. Pure."""

from kernel.money import Money, UnitPrice
from kernel.words import Words
from marketplace.plans.kinds import AGREED, PlanKind
from marketplace.plans.plan import Plan


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


_LEAST, _MOST = Words("每期最低", "at least"), Words("每期最高", "at most")


def _said(plan: Plan) -> Words:
    if plan.kind is PlanKind.FREE:
        reason = plan.reason.label if plan.reason else Words("", "")
        return Words(f"免费（{reason.zh}）", f"free ({reason.en})")
    if plan.kind is PlanKind.REVENUE_SHARE:
        cycle = plan.cycle.label if plan.cycle else Words("", "")
        share = f"{plan.share_bp / 100:g}%"
        return Words(f"收入的 {share} / {cycle.zh}", f"{share} of revenue / {cycle.en}")
    if plan.kind in AGREED:
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
