"""The row of a voucher. Spoken of as vouchers.Voucher."""

from datetime import date
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, composite, mapped_column

from kernel.clock import Instant
from kernel.db import Base, Big, Living
from kernel.money import Money
from settlement.entries import AccountRef


class State(StrEnum):
    """Where a voucher stands."""

    ISSUED = "issued"
    CLAIMED = "claimed"
    LOCKED = "locked"
    REDEEMED = "redeemed"
    REIMBURSED = "reimbursed"
    EXPIRED = "expired"
    REVOKED = "revoked"


USED: Final = (State.LOCKED, State.REDEEMED, State.REIMBURSED)
"""In which a voucher belongs to an order."""


class Voucher(Living, Base):
    """One voucher of one holder.

    face: what it is worth; of one that came back after it was redeemed, what it had paid.
    used: what it pays of its order; nothing without one. used_year: towards which calendar
    year's limit that counts. issued_by, redeemed_by: persons. evidence: of the use, as its
    auditor wrote it down. bank_line_id: the receipt with which the sponsor paid for it.
    reversals: how often it came back or its receipt was taken back; tells its entries apart.
    """

    __tablename__ = "vouchers"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("used_minor >= 0 AND used_minor <= face_minor", name="used_within_face"),
        CheckConstraint("used_currency = face_currency", name="one_currency"),
        CheckConstraint(
            "(state IN ('locked', 'redeemed', 'reimbursed')) = (order_id IS NOT NULL)",
            name="used_for_an_order",
        ),
        CheckConstraint("(order_id IS NULL) = (used_minor = 0)", name="used_is_something"),
        CheckConstraint("redeemed_by <> issued_by", name="audited_by_another"),
        CheckConstraint(
            "state NOT IN ('redeemed', 'reimbursed') OR redeemed_by IS NOT NULL",
            name="redeemed_by_somebody",
        ),
        CheckConstraint(
            "(state = 'reimbursed') = (bank_line_id IS NOT NULL)", name="reimbursed_by_a_receipt"
        ),
        CheckConstraint("reversals >= 0", name="reversals_not_negative"),
        Index(
            "uq_vouchers_one_per_order",
            "order_id",
            unique=True,
            sqlite_where=text("order_id IS NOT NULL"),
            postgresql_where=text("order_id IS NOT NULL"),
        ),
        Index(None, "holder_id", "id"),
        Index(None, "batch_id", "id"),
        Index(None, "state", "id"),
    )

    code: Mapped[str]
    batch_id: Mapped[str] = mapped_column(ForeignKey("voucher_batches.id"))
    holder_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    face: Mapped[Money] = composite(
        mapped_column("face_minor", Big), mapped_column("face_currency")
    )
    used: Mapped[Money] = composite(
        mapped_column("used_minor", Big), mapped_column("used_currency")
    )
    valid_to: Mapped[date]
    order_id: Mapped[str | None]
    used_year: Mapped[int | None]
    issued_by: Mapped[str]
    issued_at: Mapped[Instant]
    redeemed_by: Mapped[str | None]
    redeemed_at: Mapped[Instant | None]
    evidence: Mapped[str | None]
    bank_line_id: Mapped[str | None]
    reversals: Mapped[int] = mapped_column(default=0)

    @property
    def value(self) -> AccountRef:
        """The account on which its value stands until it is used or ends."""
        return AccountRef("9103.voucher", self.id, self.face.currency)
