"""A dispute at the payment provider (支付争议, chargeback): the payer's bank wants money back.

While it is open the order's money is held, and nothing of the order is refunded, or it would
go back twice. What the provider says of it comes in by `settlement.refunding.chargebacks`.
"""

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel.actor import system_only
from kernel.clock import Instant
from kernel.db import Base, Big, Living
from kernel.errors import Refusal
from kernel.money import Money
from kernel.pages import Page
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import Workflow, ask, step
from settlement import access
from settlement.dividing import frozen
from settlement.holding import holds
from settlement.ledger import AccountRef

DISPUTED: Final = "1221.dispute"
"""What a provider has withdrawn, by its dispute."""


class State(StrEnum):
    """Where the dispute stands at the provider."""

    WARNING = "warning"
    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"
    CLOSED = "closed"


OPEN: Final = frozenset({State.WARNING, State.NEEDS_RESPONSE, State.UNDER_REVIEW})
"""While nothing is decided."""


class Chargeback(Living, Base):
    """One dispute of one charge. dispute_id: the provider's. evidence_due: until when to answer.

    order_id: None when the charge paid for something else. evidence: what was answered.
    lost_minor: what of it the parties bear already.
    """

    __tablename__ = "chargebacks"
    __table_args__ = (
        UniqueConstraint("provider", "dispute_id"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("lost_minor >= 0 AND lost_minor <= amount_minor", name="lost_within"),
        Index(None, "order_id", "id"),
        Index(None, "state", "evidence_due"),
    )

    provider: Mapped[str]
    dispute_id: Mapped[str]
    charge_object: Mapped[str]
    order_id: Mapped[str | None]
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    lost_minor: Mapped[int] = mapped_column(Big)
    evidence_due: Mapped[Instant | None]
    evidence: Mapped[str | None]
    hold_id: Mapped[str | None] = mapped_column(ForeignKey("holds.id"))
    seen_at: Mapped[Instant]

    @property
    def withdrawn(self) -> AccountRef:
        """Where it stands what the provider withdrew."""
        return AccountRef(DISPUTED, self.dispute_id, self.amount.currency)


def _answer(chargeback: Chargeback, _work: Work, data: dict[str, Any]) -> None:
    chargeback.evidence = data["evidence"]


def let_go(chargeback: Chargeback, work: Work, _data: dict[str, Any]) -> None:
    """Effect: let what is still held go back to where it came from."""
    if chargeback.hold_id is None:
        return
    if holds.find(work.session, chargeback.hold_id).state == frozen.State.OPEN:
        reason = f"支付争议终结 dispute {chargeback.dispute_id} is over"
        holds.lift(work, chargeback.hold_id, reason=reason)


# fmt: off
LIFE: Workflow[State, Chargeback] = Workflow(
    "chargeback", State, State.WARNING,
    step("ask",    {State.WARNING}, State.NEEDS_RESPONSE, system_only, own_door=True,
         says="chargeback.evidence_asked", label=Words("要求举证", "Evidence is asked for")),
    step("review", {State.WARNING, State.NEEDS_RESPONSE}, State.UNDER_REVIEW, system_only,
         own_door=True,
         says="chargeback.under_review", label=Words("审理中", "Under review")),
    step("answer", {State.WARNING, State.NEEDS_RESPONSE}, State.UNDER_REVIEW, access.settler,
         asks=(ask("evidence", label=Words("举证要点", "What was answered"), max=2000),),
         then=(_answer,),
         says="chargeback.answered", label=Words("已举证", "Evidence was given")),
    step("win",    OPEN, State.WON, system_only, own_door=True, then=(let_go,),
         says="chargeback.won", label=Words("胜诉", "Won")),
    step("lose",   OPEN, State.LOST, system_only, own_door=True,
         says="chargeback.lost", label=Words("败诉", "Lost")),
    step("close",  OPEN, State.CLOSED, system_only, own_door=True, then=(let_go,),
         says="chargeback.closed", label=Words("关闭", "Closed")),
)
# fmt: on


def refusal(session: Session, order_id: str) -> Refusal | None:
    """Return why nothing of the order is refunded now, or None. One SELECT on an index."""
    statement = select(Chargeback.dispute_id).where(
        Chargeback.order_id == order_id, Chargeback.state.in_(OPEN)
    )
    dispute_id = session.scalars(statement.limit(1)).first()
    if dispute_id is None:
        return None
    return Refusal(
        "DISPUTE_OPEN",
        f"支付争议 {dispute_id} 未终结，不得另行退款",
        f"dispute {dispute_id} at the provider is open: it would be paid twice",
    )


_OWN: Final = access.overseen(Chargeback, LIFE, Words("没有这项支付争议", "no dispute"))
find, seen, take = _OWN.find, _OWN.seen, _OWN.take


def listed(
    work: Work, *, state: State | None = None, after: str | None, limit: int
) -> Page[Chargeback]:
    """Return the disputes, newest first, to overseers. One SELECT on an index."""
    where = [] if state is None else [Chargeback.state == state]
    return _OWN.listed(work, *where, after=after, limit=limit)
