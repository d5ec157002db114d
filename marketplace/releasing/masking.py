"""What of a league may be made known: no place may tell what a single trader did. Pure.

Two rules of official statistics: a place needs so many organisations, and none of those that it
doesn't name may make up most of it. Where a single place is hidden, the total would give it
away: so the smallest shown one is hidden with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from kernel.money import half_up
from marketplace.rankings import WHOLE_BP
from marketplace.releasing.figures import Stand

FEW: Final = "few_organisations"
DOMINATED: Final = "dominated"
BESIDE: Final = "complementary"
_TOGETHER: Final = 2
"""So many places must be hidden at once, or the total gives one away."""


@dataclass(frozen=True, slots=True)
class Disclosure:
    """The rules under which a release was made. dominant_bp: of a place, the most of one."""

    organisations_min: int
    dominant_bp: int
    places_max: int


def league(kind: str, stands: Sequence[Stand], total: int, rule: Disclosure) -> dict[str, Any]:
    """Return a league as it is made known: its first places, and what the others come to.

    stands: in their order. A hidden place keeps its rank, and has a reason instead of figures.
    """
    head = stands[: rule.places_max]
    rest = stands[rule.places_max :]
    reasons = _reasons(head, rest, rule)
    ranks = _ranks(head)
    places = [
        {"rank": rank, "masked": reason}
        if reason
        else {
            "rank": rank,
            "key": one.key,
            "value_fen": one.counted,
            "trades": one.trades,
            "share_bp": half_up(max(0, one.counted) * WHOLE_BP, total) if total > 0 else 0,
        }
        for one, rank, reason in zip(head, ranks, reasons, strict=True)
    ]
    hidden = [one for one, reason in zip(head, reasons, strict=True) if reason]
    others = [*hidden, *rest]
    return {
        "kind": kind,
        "places": places,
        "others": {
            "places": len(others),
            "value_fen": sum(one.counted for one in others),
            "trades": sum(one.trades for one in others),
        },
    }


def _reasons(head: Sequence[Stand], rest: Sequence[Stand], rule: Disclosure) -> list[str | None]:
    reasons = [_reason(one, rule) for one in head]
    hidden = sum(reason is not None for reason in reasons) + len(rest)
    for place in reversed(range(len(head))):
        if not 0 < hidden < _TOGETHER:
            break
        if reasons[place] is None:
            reasons[place] = BESIDE
            hidden += 1
    return reasons


def _reason(one: Stand, rule: Disclosure) -> str | None:
    if one.traders < rule.organisations_min:
        return FEW
    if one.largest * WHOLE_BP > max(0, one.counted) * rule.dominant_bp:
        return DOMINATED
    return None


def _ranks(stands: Sequence[Stand]) -> list[int]:
    """Return 1, 2, 2, 4: by the amount alone."""
    ranks: list[int] = []
    for position, one in enumerate(stands):
        tied = position and stands[position - 1].counted == one.counted
        ranks.append(ranks[-1] if tied else position + 1)
    return ranks
