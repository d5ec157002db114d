"""What a provider of payments is asked, and what it answers: the narrow port.

Nothing else of a provider comes through: an adapter turns its answers into these.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Protocol

from kernel.clock import Instant
from kernel.money import Money


class Kind(StrEnum):
    """What a provider's object is."""

    PAYMENT = "payment"
    REFUND = "refund"
    DISPUTE = "dispute"
    PAYOUT = "payout"


class Phase(StrEnum):
    """How far a provider's object has come, in our words."""

    CREATED = "created"
    PROCESSING = "processing"
    REQUIRES_ACTION = "requires_action"
    AUTHORISED = "authorised"  # may be captured, by us
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUCCEEDED = "succeeded"
    UNDER_REVIEW = "under_review"  # of a dispute: the evidence is with the card's bank
    WON = "won"
    LOST = "lost"
    CLOSED = "closed"  # of a dispute: it never took money


# Success beats failure where a provider may learn of success late; a refund or a payout that
# had succeeded can still fail (the account was closed), so there failure is the later word.
_PAYMENT: Final = {
    Phase.CREATED: 0, Phase.PROCESSING: 1, Phase.REQUIRES_ACTION: 1, Phase.AUTHORISED: 2,
    Phase.FAILED: 3, Phase.CANCELLED: 3, Phase.SUCCEEDED: 4,
}  # fmt: skip
_SENT: Final = {
    Phase.CREATED: 0, Phase.PROCESSING: 1, Phase.REQUIRES_ACTION: 1, Phase.SUCCEEDED: 2,
    Phase.FAILED: 3, Phase.CANCELLED: 3,
}  # fmt: skip
_DISPUTE: Final = {
    Phase.CREATED: 0, Phase.REQUIRES_ACTION: 1, Phase.UNDER_REVIEW: 2,
    Phase.WON: 3, Phase.LOST: 3, Phase.CLOSED: 3,
}  # fmt: skip
RANKS: Final[Mapping[Kind, Mapping[Phase, int]]] = {
    Kind.PAYMENT: _PAYMENT,
    Kind.REFUND: _SENT,
    Kind.PAYOUT: _SENT,
    Kind.DISPUTE: _DISPUTE,
}
"""How late a word each phase is: what is known of an object never goes down in rank."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """One object of a provider, as it stood when it was told.

    command_id: the command that made it; empty when we did not. amount: asked for a payment
    that is under way, arrived for one that succeeded. parent: the payment that a refund or
    a dispute is about. at: when the provider made it. due: until when evidence is heard.
    handover: what the buyer's browser needs to go on ("redirect_url", "client_secret", "qr").
    """

    provider: str
    kind: Kind
    id: str
    command_id: str
    amount: Money
    phase: Phase
    at: Instant
    parent: str = ""
    reason: str = ""
    due: Instant | None = None
    handover: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rank(self) -> int:
        """How late a word its phase is."""
        return RANKS[self.kind][self.phase]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One notice of a provider. object: as it stood then; None for what is no concern of ours."""

    provider: str
    id: str
    type: str
    at: Instant
    object: Object | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceLine:
    """One movement of our balance with a provider: its word on what money moved.

    amount: positive when it came in; net = amount - fee. source_id: the object it is for.
    converted: what the payer paid, when that was another currency.
    """

    id: str
    type: str
    source_id: str
    amount: Money
    fee: Money
    net: Money
    available_on: Instant
    at: Instant
    converted: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a command tells a provider.

    id: it stands in what the command makes there. key: under which the provider does it
    once. since: when it was sent for the first time. failures: how often it was answered
    by one failure that may be kept with the key. vouched: people have looked there, and
    say that it was not done.
    """

    id: str
    key: str
    kind: str
    subject: str
    amount: Money
    body: Mapping[str, Any]
    since: Instant
    failures: int = 0
    vouched: bool = False


class NoAnswer(Exception):
    """Nobody knows whether it was done: the line was cut, or the provider stumbled.

    code: what tells one such answer from another.
    """

    def __init__(self, code: str, *, stored: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.stored = stored  # the answer may be one that the provider keeps with the key


class NotYet(Exception):
    """It was not done, and may be asked again later."""


class Declined(Exception):
    """It was not done, and will not be, however often it is asked."""

    def __init__(self, code: str, told: str) -> None:
        super().__init__(code, told)
        self.code = code
        self.told = told


class BadNotice(Exception):
    """A notice is not from the provider, not for us, or not of now."""


class PaymentPort(Protocol):
    """A provider of payments.

    Each command is done once under its key, however often it is called. Calls raise NoAnswer,
    NotYet, Declined. can: names of what it is able to do, out of `ABILITIES`.
    """

    @property
    def name(self) -> str:
        """Name of the provider, and of its account in the books."""

    @property
    def can(self) -> frozenset[str]:
        """What it is able to do."""

    def run(self, order: Order) -> Object:
        """Do what a command says; return the object that it made or changed."""

    def fetch(self, kind: Kind, object_id: str) -> Object:
        """Return an object as it stands now."""

    def find(self, order: Order) -> Object | None:
        """Return the object that a command has made, by the id that it carries."""

    def events(self, since: Instant) -> Iterable[tuple[Event, bytes]]:
        """Return the events from `since` on, oldest first, each as it would be notified."""

    def verify(self, headers: Mapping[str, str], body: bytes, now: Instant) -> Event:
        """Read a notice. Raises BadNotice unless it is the provider's, for us, and of now."""

    def read(self, body: bytes) -> Event:
        """Read an event that was verified before it was kept."""

    def balance_lines(self, since: Instant) -> Iterable[BalanceLine]:
        """Return the movements of our balance from `since` on; oldest first."""


ABILITIES: Final = (
    "idempotency", "manual_capture", "partial_capture", "cancel", "refunds", "partial_refunds",
    "refund_limit", "disputes", "payouts", "fees", "balance_lines", "fx", "redirects", "events",
    "search",
)  # fmt: skip
"""What an adapter may be able to do; what it is not is told, never passed over."""
