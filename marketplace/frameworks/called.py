"""What was called off (框架订单) under a framework contract: which order, for how much."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select, update
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel.clock import Instant
from kernel.db import Base, Big
from kernel.money import Money


class CallOff(Base):
    """One order under a framework. given_back_at: when its amount could be used again."""

    __tablename__ = "call_offs"
    __table_args__ = (
        UniqueConstraint("order_id"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        Index(None, "framework_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    framework_id: Mapped[str] = mapped_column(ForeignKey("frameworks.id"))
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    called_at: Mapped[Instant]
    given_back_at: Mapped[Instant | None]


def of_order(session: Session, order_id: str) -> CallOff | None:
    """Return what an order is under a framework, if it is. One SELECT on an index."""
    statement = select(CallOff).where(CallOff.order_id == order_id)
    return session.scalars(statement).one_or_none()


def of_framework(session: Session, framework_id: str, *, limit: int = 100) -> list[CallOff]:
    """Return what was called off, newest first. One SELECT on an index."""
    statement = (
        select(CallOff)
        .where(CallOff.framework_id == framework_id)
        .order_by(CallOff.id.desc())
        .limit(limit)
    )
    return list(session.scalars(statement))


def end(session: Session, call_off_id: str, at: Instant) -> bool:
    """Mark that its amount is given back; False when it was before. One UPDATE."""
    statement = (
        update(CallOff)
        .where(CallOff.id == call_off_id, CallOff.given_back_at.is_(None))
        .values(given_back_at=at)
        .execution_options(synchronize_session=False)
    )
    return bool(session.execute(statement).rowcount)  # type: ignore[attr-defined]  # of a cursor
