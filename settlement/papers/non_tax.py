"""A non-tax receipt (非税收入票据): what the treasury got of an order, by the number it gave.

The treasury's share of public data is revenue of the state and stands on no VAT invoice. The
finance department issues its own receipt; here is its number.
"""

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel import ids
from kernel.clock import Instant
from kernel.db import Base, Big, append_only
from kernel.errors import DomainError, Invalid, Kind
from kernel.money import Money
from kernel.words import Words
from kernel.work import Work
from settlement import access
from settlement.papers import invoice_rooms
from settlement.papers.invoice_rooms import About


class NonTaxReceipt(Base):
    """One receipt of the treasury, for one order."""

    __tablename__ = "non_tax_receipts"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        Index(None, "order_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str]
    number: Mapped[str]
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    noted_by: Mapped[str]
    noted_at: Mapped[Instant]


append_only(NonTaxReceipt.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class AlreadyNoted(DomainError):
    """A number of the treasury's receipts is noted once."""

    kind = Kind.CONFLICT
    code = "non-tax-receipt-noted"
    title = Words("该票据号码已登记", "This receipt has been noted")


def note(work: Work, *, order_id: str, number: str, amount: Money) -> NonTaxReceipt:
    """Note the treasury's receipt for its share of an order; for settlement officers.

    Raises AlreadyNoted, and Invalid beyond what the treasury got and is on no receipt yet.
    """
    access.require(work, access.settler, "non_tax.note")
    room = invoice_rooms.locked(work.session, order_id, About.PRICE)
    told = invoice_rooms.figures(work.session, [order_id], About.PRICE).get(order_id)
    left = Money((told.fiscal if told else 0) - room.noted_minor)
    if not 0 < amount.minor <= left.minor:
        raise Invalid(
            f"财政份额尚有 {left} 未开票据",
            f"{left} of the treasury's share is on no receipt",
            pointer="/amount",
        )
    there = select(NonTaxReceipt.id).where(NonTaxReceipt.number == number)
    if work.session.scalars(there).first() is not None:
        raise AlreadyNoted(f"票据 {number} 已登记", f"receipt {number} has been noted")
    made = NonTaxReceipt(
        id=ids.new("ntr_", work.now),
        order_id=order_id,
        number=number,
        amount=amount,
        noted_by=work.actor.person,
        noted_at=work.now,
    )
    room.fiscal_minor = told.fiscal if told else 0
    room.noted_minor += amount.minor
    work.session.add(made)
    work.record("non_tax_receipt.noted", made.id, order_id=order_id, number=number, amount=amount)
    return made


def of(session: Session, order_id: str) -> list[NonTaxReceipt]:
    """Return the treasury's receipts of an order, at most 100. One SELECT on an index."""
    statement = (
        select(NonTaxReceipt)
        .where(NonTaxReceipt.order_id == order_id)
        .order_by(NonTaxReceipt.id)
        .limit(100)
    )
    return list(session.scalars(statement))
