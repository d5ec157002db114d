"""What a word of a provider means for us: a pure fold, however the word came.

    object, and what we know  →  calls, in order

Nothing is written here; `settlement.outcomes` carries the calls out, in one unit of work.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from kernel.money import Money
from settlement.rails.attempts import LIVE, State
from settlement.rails.port import Object, Phase


@dataclass(frozen=True, slots=True)
class Known:
    """What we know of the payment that an object collects.

    state, captured: of the attempt. due: what the payment still awaits; zero once it awaits
    nothing. closing: a command to close it there is on its way already.
    """

    state: State
    captured: Money
    due: Money
    closing: bool


@dataclass(frozen=True, slots=True)
class Arrived:
    """Money arrived: so much is what was asked, the rest is too much or too late."""

    asked: Money
    over: Money


@dataclass(frozen=True, slots=True)
class Step:
    """The attempt takes a step of its life."""

    name: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CloseThere:
    """We have closed it, and the provider has it open: it is told."""


@dataclass(frozen=True, slots=True)
class WentBack:
    """A refund has reached the buyer."""

    amount: Money


@dataclass(frozen=True, slots=True)
class CameBack:
    """A refund has not reached the buyer. regained: the money is with the provider again."""

    amount: Money
    regained: bool
    reason: str


Call: TypeAlias = Arrived | Step | CloseThere | WentBack | CameBack

_STEPS: Final[Mapping[Phase, tuple[str, State]]] = {
    Phase.PROCESSING: ("process", State.PROCESSING),
    Phase.REQUIRES_ACTION: ("ask_buyer", State.REQUIRES_ACTION),
    Phase.AUTHORISED: ("authorise", State.AUTHORISED),
    Phase.FAILED: ("fail", State.FAILED),
    Phase.CANCELLED: ("cancel", State.CANCELLED),
}
_OPEN_THERE: Final = frozenset(
    {Phase.CREATED, Phase.PROCESSING, Phase.REQUIRES_ACTION, Phase.AUTHORISED}
)


def payment(told: Object, known: Known) -> list[Call]:
    """Return what follows from a word on a payment.

    What arrives is booked once: what the object says arrived, not what was asked. Success is
    heard in every state; what comes for a payment that awaits nothing is too late.
    """
    if told.phase == Phase.SUCCEEDED:
        return _arrived(told.amount, known)
    if known.state in LIVE:
        name, target = _STEPS.get(told.phase, ("", known.state))
        return [] if target == known.state else [Step(name, told.reason)]
    if told.phase in _OPEN_THERE and not known.captured.minor and not known.closing:
        return [CloseThere()]
    return []


def refund(told: Object, before: str) -> list[Call]:
    """Return what follows from a word on a refund. before: its phase as we knew it.

    A refund that had succeeded can still fail, when the account at its end is closed.
    """
    if told.phase == Phase.SUCCEEDED:
        return [WentBack(told.amount)]
    if told.phase in {Phase.FAILED, Phase.CANCELLED}:
        return [CameBack(told.amount, before == Phase.SUCCEEDED, told.reason)]
    return []


def standing(captured: Money, refunded: Money, *, disputed: bool) -> str:
    """Return the step that brings an attempt to where its money stands."""
    if disputed:
        return "dispute"
    if not refunded.minor:
        return "regain"
    return "refund" if refunded == captured else "refund_part"


def _arrived(amount: Money, known: Known) -> list[Call]:
    if known.captured.minor:
        return []
    asked = min(amount, known.due)
    return [Arrived(asked, amount - asked), Step("capture")]
