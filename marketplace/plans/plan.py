"""A price plan (价格方案): its fields, and how it is read from JSON."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from kernel.errors import Invalid
from kernel.money import Money, UnitPrice
from marketplace.plans.kinds import (
    MEASURED,
    AuctionForm,
    FreeReason,
    Measure,
    Period,
    PlanKind,
)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Tier:
    """A step of a tiered price: `unit` for each unit up to and with the `upto`-th.

    upto: None for the last tier, which has no end.
    """

    upto: int | None
    unit: UnitPrice


@dataclass(frozen=True, slots=True)
class Milestone:
    """A part of a project: what is paid, in basis points, once the criterion is met."""

    share_bp: int
    criterion: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A price plan (价格方案); `checks.actionable` says whether it makes sense.

    price: of one piece, one period, one package (`size` units), or the whole project; of
    an agreed price, what was agreed. unit: of `per` units (0: of one) beyond `free_quota`.
    minimum, maximum: the least and the most that one bill comes to. tiers: ascending.
    included, overage: units of a subscription's period, and the price of each beyond.
    share_bp: of what the buyer earns with the data in a `cycle`, `base` says of what.
    reserve, step, deposit_bp: the least bid, the least raise, the deposit of the reserve.
    """

    kind: PlanKind
    price: Money | None = None
    period: Period | None = None
    unit: UnitPrice | None = None
    free_quota: int = 0
    minimum: Money | None = None
    tiers: tuple[Tier, ...] = ()
    reason: FreeReason | None = None
    per: int = 0
    maximum: Money | None = None
    measure: Measure | None = None
    size: int = 0
    included: int = 0
    overage: UnitPrice | None = None
    share_bp: int = 0
    cycle: Period | None = None
    base: str = ""
    milestones: tuple[Milestone, ...] = ()
    reserve: Money | None = None
    step: Money | None = None
    deposit_bp: int = 0
    form: AuctionForm | None = None

    @property
    def counts(self) -> Measure:
        """What is counted; calls, if nothing else is said."""
        return MEASURED.get(self.kind) or self.measure or Measure.CALL


def parse(written: Mapping[str, Any]) -> Plan:
    """Return the plan that is written as JSON. Raises Invalid when it is none.

    Money is {"minor", "currency"}, a unit price {"e6", "currency"}, a tier {"upto",
    "unit"}, a milestone {"share_bp", "criterion"}; what a kind does not need is left out
    or null. Whether anything can be charged by the plan is for `actionable` to say.
    """
    try:
        unknown = written.keys() - {field.name for field in fields(Plan)}
        if unknown:
            raise KeyError(*sorted(unknown))
        said = {name: value for name, value in written.items() if value is not None}
        return Plan(**{name: _READ[name](value) for name, value in said.items()})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Invalid(
            "价格方案的格式不正确", f"this is no price plan: {error!r}", pointer="/price_plan"
        ) from error


def _made(of: Callable[..., _T]) -> Callable[[Mapping[str, Any]], _T]:
    return lambda parts: of(**parts)


def _whole(number: Any) -> int:
    if type(number) is not int:
        raise TypeError(f"{number!r} is no whole number")
    return number


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError(f"{value!r} is no text")
    return value


def _tier(upto: int | None, unit: Mapping[str, Any]) -> Tier:
    return Tier(None if upto is None else _whole(upto), UnitPrice(**unit))


def _milestone(share_bp: int, criterion: str) -> Milestone:
    return Milestone(_whole(share_bp), _text(criterion))


_MONEY, _UNIT = _made(Money), _made(UnitPrice)
_READ: Mapping[str, Callable[[Any], Any]] = {
    "kind": PlanKind,
    "price": _MONEY,
    "period": Period,
    "unit": _UNIT,
    "free_quota": _whole,
    "minimum": _MONEY,
    "tiers": lambda tiers: tuple(_tier(**tier) for tier in tiers),
    "reason": FreeReason,
    "per": _whole,
    "maximum": _MONEY,
    "measure": Measure,
    "size": _whole,
    "included": _whole,
    "overage": _UNIT,
    "share_bp": _whole,
    "cycle": Period,
    "base": _text,
    "milestones": lambda parts: tuple(_milestone(**part) for part in parts),
    "reserve": _MONEY,
    "step": _MONEY,
    "deposit_bp": _whole,
    "form": AuctionForm,
}
