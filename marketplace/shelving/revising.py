"""Whether a revision of a listed product is minor or major (小版本、大版本).

Minor is what no buyer could mind: words, a sample, quality, more days to inspect, fresher
data of the same columns, a lower price. Everything else is reviewed like a new product.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

from sqlalchemy.orm import Session

from delivery.tables import datasets
from kernel.money import Money, UnitPrice
from marketplace.plans.plan import Plan, Tier, parse
from marketplace.versions import Content


class Size(StrEnum):
    """How much of a product a revision changes."""

    NONE = "none"
    MINOR = "minor"
    MAJOR = "major"


WORDS: Final = frozenset({"title_zh", "title_en", "intro", "sample", "quality"})
"""Fields that may change in any way and remain a minor revision."""

_LESS: Final = ("price", "unit", "minimum", "maximum", "reserve", "overage", "share_bp")
_MORE: Final = ("free_quota", "included")


def size(session: Session, before: Content, after: Content) -> Size:
    """Return how much differs. Two SELECTs by key where the data differs, else none."""
    told: Mapping[str, Any] = after
    differing = {name for name, value in before.items() if told.get(name) != value}
    if not differing:
        return Size.NONE
    if all(
        name in WORDS or (name in _MILD and _MILD[name](session, before, after))
        for name in differing
    ):
        return Size.MINOR
    return Size.MAJOR


def no_dearer(before: Plan, after: Plan) -> bool:
    """Tell whether nobody would pay more by the plan `after`. Pure."""
    same = all(
        getattr(before, name) == getattr(after, name)
        for name in Plan.__dataclass_fields__
        if name not in {*_LESS, *_MORE, "tiers"}
    )
    less = all(_at_most(getattr(after, name), getattr(before, name)) for name in _LESS)
    more = all(getattr(after, name) >= getattr(before, name) for name in _MORE)
    return same and less and more and _tiers(before.tiers, after.tiers)


def _at_most(new: Any, old: Any) -> bool:
    if new is None or old is None:
        return new is old
    if isinstance(new, Money) and isinstance(old, Money):
        return new.currency == old.currency and new.minor <= old.minor
    if isinstance(new, UnitPrice) and isinstance(old, UnitPrice):
        return new.currency == old.currency and new.e6 <= old.e6
    return bool(new <= old)


def _tiers(before: tuple[Tier, ...], after: tuple[Tier, ...]) -> bool:
    return [tier.upto for tier in before] == [tier.upto for tier in after] and all(
        _at_most(new.unit, old.unit) for new, old in zip(after, before, strict=True)
    )


def _price(_session: Session, before: Content, after: Content) -> bool:
    return no_dearer(parse(before["price_plan"]), parse(after["price_plan"]))


def _days(_session: Session, before: Content, after: Content) -> bool:
    return after["accept_days"] > before["accept_days"]


def _last_day(_session: Session, before: Content, after: Content) -> bool:
    old, new = before["temporal_to"], after["temporal_to"]
    return old is not None and new is not None and new > old


def _data(session: Session, before: Content, after: Content) -> bool:
    old, new = before["dataset_version_id"], after["dataset_version_id"]
    if old is None or new is None:
        return False
    first, second = datasets.by_id(session, old), datasets.by_id(session, new)
    fresher = first.dataset_id == second.dataset_id and second.number > first.number
    return fresher and not datasets.changes(first, second)


_MILD: Final[Mapping[str, Callable[[Session, Content, Content], bool]]] = {
    "price_plan": _price,
    "accept_days": _days,
    "temporal_to": _last_day,
    "dataset_version_id": _data,
}
