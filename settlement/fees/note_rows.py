"""A fee note as a row: who is asked for how much, and what became of it."""

from datetime import date
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, composite, mapped_column

from kernel.clock import Instant
from kernel.db import Base, Big, Living
from kernel.money import Money


class State(StrEnum):
    """Where a fee note stands."""

    DRAWN = "drawn"
    ISSUED = "issued"
    OVERDUE = "overdue"
    CANCELLING = "cancelling"
    WRITING_OFF = "writing_off"
    PAID = "paid"
    CANCELLED = "cancelled"
    WRITTEN_OFF = "written_off"


class FeeNote(Living, Base):
    """One note of one payer. amount: of its charges. credited_minor: what credits took off.

    lost_minor: what was written off. proposed_by: who asked to cancel it, or to write it off.
    payment_id: by which it is asked for. due_on: when it is late.
    """

    __tablename__ = "fee_notes"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint(
            "credited_minor >= 0 AND lost_minor >= 0"
            " AND credited_minor + lost_minor <= amount_minor",
            name="taken_off_within_amount",
        ),
        CheckConstraint("reminders >= 0", name="reminders_not_negative"),
        CheckConstraint("proposed_by <> decided_by", name="decided_by_another"),
        CheckConstraint(
            "state NOT IN ('cancelled', 'written_off') OR decided_by IS NOT NULL",
            name="ended_when_decided",
        ),
        Index(None, "payer_id", "id"),
        Index(None, "state", "id"),
        Index(None, "state", "due_on"),
    )

    code: Mapped[str]
    payer_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    credited_minor: Mapped[int] = mapped_column(Big)
    lost_minor: Mapped[int] = mapped_column(Big)
    payment_id: Mapped[str | None] = mapped_column(ForeignKey("payments.id"))
    drawn_at: Mapped[Instant]
    due_on: Mapped[date]
    reminders: Mapped[int]
    proposed_by: Mapped[str | None]
    decided_by: Mapped[str | None]
    closed_at: Mapped[Instant | None]

    @property
    def credited(self) -> Money:
        """What credit notes took off."""
        return Money(self.credited_minor, self.amount.currency)

    @property
    def lost(self) -> Money:
        """What was written off."""
        return Money(self.lost_minor, self.amount.currency)

    @property
    def owed(self) -> Money:
        """What was, or is, to be paid for it."""
        return self.amount - self.credited - self.lost
