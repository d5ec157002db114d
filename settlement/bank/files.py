"""The rows of a payment file (付款文件): the file, each payment in it, what the bank answered."""

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    select,
)
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel.clock import Instant
from kernel.db import Base, Big, Living, append_only
from kernel.money import Money

_ITEMS_MAX = 1_000
"""The most payments in one file: 500 payouts and 500 refunds."""


class State(StrEnum):
    """What the bank has said of a file."""

    SENT = "sent"
    ACCEPTED = "accepted"
    PART_ACCEPTED = "part_accepted"
    REJECTED = "rejected"


class Form(StrEnum):
    """How a file is written."""

    CSV = "csv"
    PAIN = "pain.001"


class Kind(StrEnum):
    """What one payment of a file is."""

    PAYOUT = "payout"
    REFUND = "refund"


class OutgoingFile(Living, Base):
    """One file for the bank. digest: of its bytes. execute_on: when the bank is to pay.

    reason: why the bank rejected all of it. answered_at: when it answered at last.
    """

    __tablename__ = "outgoing_files"
    __table_args__ = (
        CheckConstraint("item_count > 0", name="something_is_in_it"),
        Index(None, "state", "id"),
    )

    id: Mapped[str] = mapped_column(ForeignKey("payout_files.id"), primary_key=True)
    form: Mapped[Form] = mapped_column(String)
    item_count: Mapped[int]
    total: Mapped[Money] = composite(
        mapped_column("total_minor", Big), mapped_column("total_currency")
    )
    digest: Mapped[str]
    execute_on: Mapped[date]
    made_by: Mapped[str]
    made_at: Mapped[Instant]
    answered_at: Mapped[Instant | None]
    reason: Mapped[str | None]

    @property
    def payout_count(self) -> int:
        """How many payments it asks for, by the name that the door of payouts knows."""
        return self.item_count


class OutgoingItem(Base):
    """One payment of a file, as the bank was told it."""

    __tablename__ = "outgoing_items"
    __table_args__ = (
        UniqueConstraint("file_id", "reference"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        Index(None, "reference"),
    )

    file_id: Mapped[str] = mapped_column(ForeignKey("outgoing_files.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[Kind] = mapped_column(String)
    subject_id: Mapped[str]
    reference: Mapped[str]
    account_name: Mapped[str]
    bank_name: Mapped[str]
    number_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )


class OutgoingAnswer(Base):
    """One answer of the bank to a file. rejected: reference → the bank's reason code."""

    __tablename__ = "outgoing_answers"
    __table_args__ = (UniqueConstraint("file_id", "digest"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    file_id: Mapped[str] = mapped_column(ForeignKey("outgoing_files.id"))
    digest: Mapped[str]
    status: Mapped[str]
    reason: Mapped[str]
    rejected: Mapped[dict[str, Any]]
    read_by: Mapped[str]
    read_at: Mapped[Instant]


for _table in (OutgoingItem, OutgoingAnswer):
    append_only(_table.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


def items(session: Session, file_id: str) -> list[OutgoingItem]:
    """Return the payments of a file, in order. One SELECT on an index."""
    statement = (
        select(OutgoingItem)
        .where(OutgoingItem.file_id == file_id)
        .order_by(OutgoingItem.position)
        .limit(_ITEMS_MAX)
    )
    return list(session.scalars(statement))


def answers(session: Session, file_id: str) -> list[OutgoingAnswer]:
    """Return what the bank answered to a file, the first answer first. One SELECT."""
    statement = (
        select(OutgoingAnswer)
        .where(OutgoingAnswer.file_id == file_id)
        .order_by(OutgoingAnswer.id)
        .limit(100)
    )
    return list(session.scalars(statement))
