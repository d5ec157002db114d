"""A receipt (收款回单): says that a payment has arrived. Drawn once, when somebody wants it."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from kernel import journal
from kernel.clock import Instant
from kernel.db import Base, append_only
from kernel.errors import DomainError, Kind, NotFound
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from settlement import payments
from settlement.papers import invoice_lines, papers
from settlement.papers.papers import Paper
from settlement.payments import Payment, State


class Receipt(Base):
    """Which paper is the receipt of a payment."""

    __tablename__ = "receipts"

    payment_id: Mapped[str] = mapped_column(ForeignKey("payments.id"), primary_key=True)
    paper_id: Mapped[str] = mapped_column(ForeignKey("papers.id"))


append_only(Receipt.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class NotArrived(DomainError):
    """There is no receipt for money that has not all come."""

    kind = Kind.CONFLICT
    code = "payment-not-arrived"
    title = Words("款项尚未足额到账", "The payment has not arrived in full")


def draw(work: Work, payment_id: str) -> Paper:
    """Draw the receipt of a payment; the one that is there, when it was drawn before.

    For its payer and for overseers. Raises NotFound to others, NotArrived.
    """
    payments.seen(work, payment_id)
    payment = payments.locked_by_id(work.session, payment_id)
    if (there := drawn(work, payment_id)) is not None:
        return there
    if payment.state != State.FUNDED:
        raise NotArrived(f"尚缺 {payment.due}", f"{payment.due} is still to come")
    body = _body(work, payment)
    made = papers.issue(
        work, papers.Kind.RECEIPT, subject=payment.id, party_id=payment.payer_id, body=body
    )
    work.session.flush()  # the receipt refers to its paper by id alone
    work.session.add(Receipt(payment_id=payment.id, paper_id=made.id))
    return made


def drawn(work: Work, payment_id: str) -> Paper | None:
    """Return the receipt of a payment, to its payer and overseers; None before it is drawn."""
    payments.seen(work, payment_id)
    there = work.session.get(Receipt, payment_id)
    return None if there is None else work.session.get_one(Paper, there.paper_id)


def seen(work: Work, payment_id: str) -> Paper:
    """Return the receipt of a payment to its payer and overseers. Raises NotFound."""
    found = drawn(work, payment_id)
    if found is None:
        raise NotFound("尚未出具回单", f"no receipt of payment {payment_id} was drawn")
    return found


def _body(work: Work, payment: Payment) -> dict[str, object]:
    payer = organisations.find(work.session, payment.payer_id)
    arrived = _arrived_at(work, payment)
    return {
        "payment": payment.id,
        "reference": payment.reference,
        "purpose": str(payment.purpose),
        "target": payment.target,
        "order_id": payment.order_id or "",
        "payer": payer.name_zh,
        "payer_uscc": payer.uscc,
        "payee": work.rules.text("settlement.custody_name"),
        "payee_account": work.rules.text("settlement.custody_account"),
        "amount": payment.amount.minor,
        "currency": payment.amount.currency,
        "amount_cn": invoice_lines.in_capitals(payment.amount),
        "arrived_at": arrived.isoformat(),
    }


def _arrived_at(work: Work, payment: Payment) -> Instant:
    work.session.flush()  # what has just arrived is in the journal only then
    told = journal.history(work.session, payment.id, limit=20)
    return next(event.at for event in told[::-1] if event.kind == "payment.received")
