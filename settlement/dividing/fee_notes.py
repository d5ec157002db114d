"""A fee note (服务费通知): the buyer's part of a fee, asked for besides the price."""

from sqlalchemy import CheckConstraint, Index, func, select
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel import ids
from kernel.clock import local_date
from kernel.db import Base, Big, append_only
from kernel.money import Money
from kernel.work import Work
from settlement.dividing.obligations import Obligation
from settlement.ledger import AccountRef, Row
from settlement.posting.asked import ToPost
from settlement.shares import VAT, vat


class FeeNote(Base):
    """One fee that a buyer owes the exchange for one settled line."""

    __tablename__ = "fee_notes"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        Index(None, "obligation_id", unique=True),
        Index(None, "order_id", "id"),
        Index(None, "payer_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str]
    obligation_id: Mapped[str]
    payer_id: Mapped[str]
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )


append_only(FeeNote.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


def write(work: Work, obligation: Obligation, amount: Money) -> tuple[FeeNote, ToPost]:
    """Write a note, and return it with the entry that makes the fee due."""
    made = FeeNote(
        id=ids.new("fno_", work.now),
        order_id=obligation.order_id,
        obligation_id=obligation.id,
        payer_id=obligation.buyer_id,
        amount=amount,
    )
    work.session.add(made)
    net, tax = vat(amount, work.rules.number("fees.vat_bp"))
    due = AccountRef("1122.fee", obligation.buyer_id, amount.currency)
    rows = [
        Row(due, AccountRef("6001.service", "", amount.currency), net),
        Row(due, AccountRef(VAT, "", amount.currency), tax),
    ]
    today = local_date(work.now)
    told = {"order_id": made.order_id, "payer_id": made.payer_id, "amount": amount}
    work.record("fee_note.written", made.id, **told)
    return made, ToPost("service.charged", made.id, rows, today, order_id=made.order_id)


def charged(session: Session, order_ids: set[str]) -> dict[str, Money]:
    """Return order → what its buyer was charged. One SELECT on an index."""
    statement = (
        select(FeeNote.order_id, func.sum(FeeNote.__table__.c.amount_minor))
        .where(FeeNote.order_id.in_(sorted(order_ids)))
        .group_by(FeeNote.order_id)
    )
    return {order_id: Money(int(minor)) for order_id, minor in session.execute(statement)}
