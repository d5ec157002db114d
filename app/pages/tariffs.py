"""A price in words: what it is, what it comes to for some quantities, and a calculator."""

from collections.abc import Mapping
from typing import Any

from app import languages
from app.pages import shown
from kernel.errors import DomainError
from kernel.money import Money
from kernel.words import Words
from marketplace import prices
from marketplace.plans import wording
from marketplace.prices import Plan, PlanKind

_EXAMPLES = (1, 1_000, 10_000, 100_000, 1_000_000)
QUANTITY_MAX = 10**12


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
        "terms": [languages.said(words) for words in wording.terms(plan)],
        "examples": examples(plan),
        "calculates": plan.kind in _BY_UNITS and not prices.actionable(plan),
        "calculated": calculated(plan),
        "unit": languages.said(_BASE if plan.kind is PlanKind.REVENUE_SHARE else plan.counts.label),
        "modes": [(mode.value, languages.said(mode.label)) for mode in prices.modes(plan)],
        "agreed": plan.kind in prices.AGREED,
        "kind": plan.kind.value,
    }


_BASE = Words("分（报告的收入）", "fen of reported revenue")
_BY_UNITS = prices.METERED | {PlanKind.REVENUE_SHARE}
