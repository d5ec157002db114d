"""The rows of what was traded (交易额): accepted lines, what refunds take back, registered deals.

Each is written once and never changed. On-exchange volume is facts and their adjustments;
what is registered stands apart from it, as the national statistics ask.
"""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from kernel.clock import Instant
from kernel.db import Base, Big, append_only


class VolumeFact(Base):
    """What one accepted line, or one slice of it, counts for, in fixed dimensions.

    seq: which slice, from 1: a period of a subscription, a bill of what was used.
    amount: fen, tax included. region: of the merchant's registration. board_id: the first
    board on which the product stood. related: the parties declared that they belong together.
    """

    __tablename__ = "volume_facts"
    __table_args__ = (
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        CheckConstraint("counted = (exclude_reason IS NULL)", name="excluded_has_reason"),
        Index(None, "counted", "accepted_on", "merchant_id", "amount"),
        Index(None, "counted", "accepted_on", "product_id", "amount"),
        Index(None, "counted", "accepted_on", "industry", "amount"),
        Index(None, "accepted_month", "counted", "amount"),
        Index(None, "merchant_id", "accepted_month", "product_id", "counted", "amount"),
        Index(None, "buyer_id", "accepted_month", "product_id", "amount"),
        Index(None, "order_id"),
    )

    order_line_id: Mapped[str] = mapped_column(ForeignKey("order_lines.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    merchant_id: Mapped[str]
    buyer_id: Mapped[str]
    product_id: Mapped[str]
    industry: Mapped[str]
    application_field: Mapped[str]
    region: Mapped[str]
    board_id: Mapped[str | None]
    amount: Mapped[int] = mapped_column(Big)
    accepted_at: Mapped[Instant]
    accepted_on: Mapped[date]
    accepted_month: Mapped[str]
    related: Mapped[bool]
    counted: Mapped[bool]
    exclude_reason: Mapped[str | None]


append_only(VolumeFact.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class VolumeAdjustment(Base):
    """What a refund takes of a line's volume, or gives back, on the day on which it happens.

    source_id: the refund, its withdrawal, a lost dispute, or a voucher's return. seq: the
    first slice of the line, whose dimensions are copied. amount: fen, never nothing.
    """

    __tablename__ = "volume_adjustments"
    __table_args__ = (
        ForeignKeyConstraint(
            ["order_line_id", "seq"], ["volume_facts.order_line_id", "volume_facts.seq"]
        ),
        CheckConstraint("amount <> 0", name="amount_not_zero"),
        Index(None, "counted", "accepted_on", "merchant_id", "amount"),
        Index(None, "counted", "accepted_on", "product_id", "amount"),
        Index(None, "counted", "accepted_on", "industry", "amount"),
        Index(None, "accepted_month", "counted", "amount"),
        Index(None, "merchant_id", "accepted_month", "product_id", "counted", "amount"),
        Index(None, "order_id"),
    )

    source_id: Mapped[str] = mapped_column(primary_key=True)
    order_line_id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    merchant_id: Mapped[str]
    product_id: Mapped[str]
    industry: Mapped[str]
    board_id: Mapped[str | None]
    amount: Mapped[int] = mapped_column(Big)
    accepted_at: Mapped[Instant]
    accepted_on: Mapped[date]
    accepted_month: Mapped[str]
    counted: Mapped[bool]


append_only(VolumeAdjustment.__table__)  # type: ignore[arg-type]  # as above


class RegisteredDeal(Base):
    """A deal made outside and registered here: the registered component (备案), always apart.

    buyer: as the books know it. accepted_on: the day of its registration. region: of the
    merchant's registration.
    """

    __tablename__ = "registered_deals"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("counted = (exclude_reason IS NULL)", name="excluded_has_reason"),
        Index(None, "counted", "accepted_on", "merchant_id", "amount"),
        Index(None, "accepted_month", "counted", "amount"),
    )

    deal_id: Mapped[str] = mapped_column(ForeignKey("direct_deals.id"), primary_key=True)
    merchant_id: Mapped[str]
    buyer: Mapped[str]
    region: Mapped[str]
    amount: Mapped[int] = mapped_column(Big)
    accepted_at: Mapped[Instant]
    accepted_on: Mapped[date]
    accepted_month: Mapped[str]
    counted: Mapped[bool]
    exclude_reason: Mapped[str | None]


append_only(RegisteredDeal.__table__)  # type: ignore[arg-type]  # as above
