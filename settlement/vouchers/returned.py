"""That a voucher came back from an order that was refunded whole: written once, never changed."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.db import Base, Big, append_only
from kernel.money import Money


class VoucherReturn(Base):
    """One return. number: the voucher's `reversals` before. was_due: its part had fallen due."""

    __tablename__ = "voucher_returns"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        Index(None, "order_id"),
    )

    voucher_id: Mapped[str] = mapped_column(ForeignKey("vouchers.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    order_id: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(Big)
    currency: Mapped[str]
    was_due: Mapped[bool]
    returned_on: Mapped[date]


append_only(VoucherReturn.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


def never_due(session: Session, order_ids: Iterable[str]) -> dict[str, Money]:
    """Return order → what a voucher promised it and took back before it fell due. One SELECT."""
    statement = (
        select(VoucherReturn.order_id, VoucherReturn.currency, func.sum(VoucherReturn.amount_minor))
        .where(VoucherReturn.order_id.in_(sorted(set(order_ids))), VoucherReturn.was_due.is_(False))
        .group_by(VoucherReturn.order_id, VoucherReturn.currency)
    )
    return {row[0]: Money(int(row[2]), row[1]) for row in session.execute(statement)}
