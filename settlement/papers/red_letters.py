"""A red letter (红字发票): writes an issued invoice off, whole or in part. It only ever adds."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from kernel import ids
from kernel.clock import Instant
from kernel.db import Base, Big, append_only
from kernel.money import Money
from kernel.work import Work
from settlement.papers import invoice_lines
from settlement.papers.invoice_lines import InvoiceLine
from settlement.papers.invoice_rows import Invoice
from settlement.papers.papers import Paper
from settlement.papers.red_lines import Part, RedLine


class RedLetter(Base):
    """One red letter. seq: the how-manieth of its invoice. Amounts are what it takes off."""

    __tablename__ = "red_letters"
    __table_args__ = (
        UniqueConstraint("number"),
        UniqueConstraint("invoice_id", "seq"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("net_minor + tax_minor = amount_minor", name="net_and_tax_make_the_amount"),
        CheckConstraint("net_minor >= 0 AND tax_minor >= 0", name="parts_not_negative"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    invoice_id: Mapped[str] = mapped_column(ForeignKey("invoices.id"))
    seq: Mapped[int]
    number: Mapped[str]
    confirm_no: Mapped[str]
    tax_document: Mapped[bool]
    amount_minor: Mapped[int] = mapped_column(Big)
    net_minor: Mapped[int] = mapped_column(Big)
    tax_minor: Mapped[int] = mapped_column(Big)
    currency: Mapped[str]
    reason: Mapped[str]
    paper_id: Mapped[str] = mapped_column(ForeignKey("papers.id"))
    issued_by: Mapped[str]
    issued_at: Mapped[Instant]

    paper: Mapped[Paper] = relationship(lazy="raise")

    @property
    def amount(self) -> Money:
        """What it takes off, with tax."""
        return Money(self.amount_minor, self.currency)


append_only(RedLetter.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


def draft(
    work: Work, invoice: Invoice, parts: Sequence[Part], *, confirm_no: str
) -> tuple[RedLetter, list[RedLine]]:
    """Return the red letter of what is taken off the lines, and its own lines.

    It has no number yet. One SELECT by key.
    """
    amount, tax = (sum(each) for each in zip(*((one.gross, one.tax) for one in parts), strict=True))
    made = RedLetter(
        id=ids.new("red_", work.now),
        invoice_id=invoice.id,
        seq=_count(work.session, invoice.id) + 1,
        confirm_no=confirm_no,
        amount_minor=amount,
        net_minor=amount - tax,
        tax_minor=tax,
        currency=invoice.total.currency,
        reason=invoice.red_reason or "",
        issued_by=work.actor.person,
        issued_at=work.now,
    )
    lines = [
        RedLine(
            letter_id=made.id,
            position=one.position,
            gross_minor=one.gross,
            net_minor=one.gross - one.tax,
            tax_minor=one.tax,
        )
        for one in parts
    ]
    return made, lines


def lined(lines: Sequence[InvoiceLine], red: Sequence[RedLine]) -> list[dict[str, Any]]:
    """Return the lines of its paper: those of the invoice that it touches, with negative sums."""
    named = {line.position: line for line in lines}
    return [
        {
            "position": one.position,
            "item_name": named[one.position].item_name,
            "tax_code": named[one.position].tax_code,
            "spec": named[one.position].spec,
            "rate_bp": named[one.position].rate_bp,
            "net_minor": -one.net_minor,
            "tax_minor": -one.tax_minor,
        }
        for one in red
    ]


def said(made: RedLetter, invoice: Invoice) -> dict[str, Any]:
    """Return what its paper says otherwise than the invoice's: negative sums, and of what."""
    return {
        "net": -made.net_minor,
        "tax": -made.tax_minor,
        "total": -made.amount_minor,
        "total_cn": f"负{invoice_lines.in_capitals(made.amount)}",
        "red_of": invoice.number,
        "red_confirm_no": made.confirm_no,
        "reason": made.reason,
    }


def of(session: Session, invoice_id: str) -> list[RedLetter]:
    """Return the red letters of an invoice in order, at most 100. One SELECT on an index."""
    statement = (
        select(RedLetter)
        .where(RedLetter.invoice_id == invoice_id)
        .order_by(RedLetter.seq)
        .limit(100)
    )
    return list(session.scalars(statement))


def is_one(session: Session, letter_id: str) -> bool:
    """Tell whether this is the id, or the number, of a red letter. One SELECT."""
    statement = select(RedLetter.id).where(
        or_(RedLetter.id == letter_id, RedLetter.number == letter_id)
    )
    return session.scalars(statement).first() is not None


def _count(session: Session, invoice_id: str) -> int:
    statement = select(func.count()).where(RedLetter.invoice_id == invoice_id)
    return int(session.scalars(statement).one())
