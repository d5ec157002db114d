"""Who, of the house, hears what came of a refund or a dispute at a provider, and in which words."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from kernel.clock import Instant
from kernel.money import Money
from kernel.work import Work
from settlement.entries import AccountRef


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeWord:
    """How a provider says that a dispute of a payment stands.

    charge_object: the payment there. order_id: the order that it paid, if it was one. state:
    "warning", "needs_response", "under_review", "won", "lost" or "closed". evidence_due:
    until when evidence is heard.
    """

    provider: str
    dispute_id: str
    charge_object: str
    order_id: str | None
    amount: Money
    state: str
    evidence_due: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeMove:
    """What a provider moved for a dispute: "withdrawn" or "reinstated".

    source_id: its balance transaction. account: of what it holds for us.
    """

    dispute_id: str
    kind: str
    amount: Money
    fee: Money
    source_id: str
    account: AccountRef


class RefundDesk(Protocol):
    """Who decides on refunds, and hears what came of them."""

    def succeeded(
        self, work: Work, refund_id: str, *, source_id: str, cash: AccountRef, on: date
    ) -> object:
        """Hear that a refund has reached the buyer."""

    def failed(
        self,
        work: Work,
        refund_id: str,
        *,
        source_id: str,
        cash: AccountRef | None,
        on: date,
        reason: str,
    ) -> object:
        """Hear that a refund did not arrive. cash: where the money is again; None: never left."""

    def of_suspense(
        self, work: Work, *, object_id: str, amount: Money, reason: str, payer_id: str
    ) -> object:
        """Send money in suspense, that came too late or twice, back where it came from."""


class DisputeDesk(Protocol):
    """Who answers disputes of a provider's payments."""

    def seen(self, work: Work, word: DisputeWord) -> object:
        """Hear how a dispute stands."""

    def moved(self, work: Work, move: DisputeMove) -> object:
        """Hear that money was withdrawn or reinstated."""
