"""The attempts at a payout (付款批次号): each with a key and a reference of its own.

So that a word about the first attempt is never taken for one about the second.
"""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.clock import Instant
from kernel.db import Base


class PayoutAttempt(Base):
    """One attempt. key: under which the bank or a provider carries it out at most once.

    outcome: "failed", "returned", "cancelled" or "paid"; None while nobody knows.
    """

    __tablename__ = "payout_attempts"
    __table_args__ = (
        UniqueConstraint("key"),
        UniqueConstraint("reference"),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint("(outcome IS NULL) = (ended_on IS NULL)", name="an_outcome_is_dated"),
        Index(None, "account_id", "payout_id"),
    )

    payout_id: Mapped[str] = mapped_column(ForeignKey("payouts.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
    reference: Mapped[str]
    account_id: Mapped[str] = mapped_column(ForeignKey("bank_accounts.id"))
    begun_by: Mapped[str]
    begun_at: Mapped[Instant]
    outcome: Mapped[str | None]
    ended_on: Mapped[date | None]
    reason: Mapped[str | None]


def key(payout_id: str, number: int) -> str:
    """Return the key of an attempt."""
    return f"payout-{payout_id}-{number}"


def end(session: Session, payout_id: str, number: int, outcome: str, on: date, reason: str) -> None:
    """Write down what came of an attempt; of one from before attempts were kept, nothing."""
    found = session.get(PayoutAttempt, (payout_id, number))
    if found is not None:
        found.outcome, found.ended_on, found.reason = outcome, on, reason or None


def of(session: Session, payout_id: str) -> list[PayoutAttempt]:
    """Return the attempts at a payout, the first one first. One SELECT by key."""
    statement = (
        select(PayoutAttempt)
        .where(PayoutAttempt.payout_id == payout_id)
        .order_by(PayoutAttempt.number)
    )
    return list(session.scalars(statement))
