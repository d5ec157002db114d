"""A red letter (红字发票): writes an issued invoice off, whole or in part. It only ever adds."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from kernel import ids
from kernel.clock import Instant
from kernel.db import Base, Big, append_only
from kernel.money import Money
from kernel.work import Work
from settlement import shares
from settlement.papers import invoice_lines
from settlement.papers.invoice_rows import Invoice
from settlement.papers.papers import Paper


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


def draft(work: Work, invoice: Invoice, *, confirm_no: str) -> RedLetter:
    """Return the red letter of what is asked of an invoice; it has no number yet.

    The last one takes what is left of net and tax, so that both end at exact zeros.
    One SELECT by key.
    """
    amount = invoice.red_asked
    count, net_before, tax_before = _before(work.session, invoice.id)
    net_left, tax_left = invoice.net_minor - net_before, invoice.tax_minor - tax_before
    if amount.minor == net_left + tax_left:
        tax = tax_left
    else:
        part = shares.vat(amount, invoice.rate_bp)[1].minor
        tax = min(max(part, amount.minor - net_left), tax_left)
    return RedLetter(
        id=ids.new("red_", work.now),
        invoice_id=invoice.id,
        seq=count + 1,
        confirm_no=confirm_no,
        amount_minor=amount.minor,
        net_minor=amount.minor - tax,
        tax_minor=tax,
        currency=amount.currency,
        reason=invoice.red_reason or "",
        issued_by=work.actor.person,
        issued_at=work.now,
    )


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


def _before(session: Session, invoice_id: str) -> tuple[int, int, int]:
    statement = select(
        func.count(),
        func.coalesce(func.sum(RedLetter.net_minor), 0),
        func.coalesce(func.sum(RedLetter.tax_minor), 0),
    ).where(RedLetter.invoice_id == invoice_id)
    count, net, tax = session.execute(statement).one()
    return int(count), int(net), int(tax)
