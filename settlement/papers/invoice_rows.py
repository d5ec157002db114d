"""An invoice as a row: who sold what to whom, for how much, and what of it is written off."""

from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, composite, mapped_column, relationship

from kernel.clock import Instant
from kernel.db import Base, Big, Living
from kernel.money import Money
from kernel.words import Words
from settlement.papers.papers import Paper


class State(StrEnum):
    """Where an invoice stands."""

    REQUESTED = "requested"
    ISSUED = "issued"
    REJECTED = "rejected"
    RED_REQUESTED = "red_requested"
    RED_ISSUED = "red_issued"


class Kind(StrEnum):
    """Which kind of invoice is wanted."""

    VAT_SPECIAL_E = "vat_special_e"
    VAT_GENERAL_E = "vat_general_e"

    @property
    def label(self) -> Words:
        """The kind in words."""
        return _LABELS[self]


_LABELS: Final = {
    Kind.VAT_SPECIAL_E: Words(
        "电子发票（增值税专用发票）", "electronic invoice (special VAT invoice)"
    ),
    Kind.VAT_GENERAL_E: Words("电子发票（普通发票）", "electronic invoice (ordinary)"),
}


class Invoice(Living, Base):
    """One invoice, from the request on. total: with tax; net and tax: the sums of its lines.

    about: the price, the fee kept of it, or a fee note, whose id is the order_id then.
    mandated: the exchange may issue it for its seller. number: the tax administration's when
    tax_document, else ours. issuer: the person who issued it. red, red_asked: how much of it
    was written off, and how much is to be.
    """

    __tablename__ = "invoices"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint("total_minor > 0", name="total_positive"),
        CheckConstraint("net_minor + tax_minor = total_minor", name="net_and_tax_make_the_total"),
        CheckConstraint(
            "red_minor >= 0 AND red_asked_minor >= 0"
            " AND red_minor + red_asked_minor <= total_minor",
            name="red_within_total",
        ),
        CheckConstraint(
            "(state IN ('requested', 'rejected')) = (paper_id IS NULL)", name="issued_on_paper"
        ),
        CheckConstraint(
            "(state = 'red_requested') = (red_asked_minor > 0)", name="red_asked_while_asked"
        ),
        CheckConstraint("about IN ('price', 'commission', 'fee')", name="about_is_known"),
        CheckConstraint("length(buyer_uscc) = 18", name="buyer_uscc_has_18_characters"),
        Index(None, "order_id", "about", "id"),
        Index(None, "buyer_id", "id"),
        Index(None, "seller_id", "id"),
        Index(None, "state", "id"),
    )

    order_id: Mapped[str]
    about: Mapped[str]
    kind: Mapped[str]
    seller_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    seller_name: Mapped[str]
    seller_uscc: Mapped[str]
    buyer_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    buyer_name: Mapped[str]
    buyer_uscc: Mapped[str]
    buyer_address: Mapped[str]
    buyer_phone: Mapped[str]
    buyer_bank: Mapped[str]
    buyer_account: Mapped[str]
    email: Mapped[str]
    total: Mapped[Money] = composite(
        mapped_column("total_minor", Big), mapped_column("total_currency")
    )
    net_minor: Mapped[int] = mapped_column(Big)
    tax_minor: Mapped[int] = mapped_column(Big)
    rate_bp: Mapped[int]
    remark: Mapped[str]
    mandated: Mapped[bool]
    requested_by: Mapped[str]
    requested_at: Mapped[Instant]
    number: Mapped[str | None]
    tax_document: Mapped[bool]
    issuer: Mapped[str | None]
    issued_at: Mapped[Instant | None]
    paper_id: Mapped[str | None] = mapped_column(ForeignKey("papers.id"))
    red_minor: Mapped[int] = mapped_column(Big)
    red_asked_minor: Mapped[int] = mapped_column(Big)
    red_reason: Mapped[str | None]

    paper: Mapped[Paper | None] = relationship(lazy="raise")

    @property
    def net(self) -> Money:
        """What it is without tax."""
        return Money(self.net_minor, self.total.currency)

    @property
    def tax(self) -> Money:
        """The tax in it."""
        return Money(self.tax_minor, self.total.currency)

    @property
    def red(self) -> Money:
        """What of it was written off."""
        return Money(self.red_minor, self.total.currency)

    @property
    def red_asked(self) -> Money:
        """What of it is to be written off."""
        return Money(self.red_asked_minor, self.total.currency)

    @property
    def left(self) -> Money:
        """What it still stands for, once what is asked in red is issued."""
        return self.total - self.red - self.red_asked
