"""The rows of a mandate: what it allows, what was done under it, which orders earn by it."""

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue.grades import Term
from kernel.clock import Instant
from kernel.db import Base, Living, append_only


class State(StrEnum):
    """How far a mandate is signed, and whether it was ended."""

    TO_SIGN = "to_sign"
    HALF_SIGNED = "half_signed"
    SIGNED = "signed"
    REVOKED = "revoked"


class Power(Term):
    """What an agent may do in its principal's name (代理权限)."""

    LIST = "list", "代为挂牌", "list products"
    PRICE = "price", "代为议价", "agree on prices"
    CONTRACT = "contract", "代为确认与签约", "confirm and sign orders"
    COLLECT = "collect", "结算时直接取得佣金", "receive its commission at settlement"


class Mandate(Living, Base):
    """One mandate (委托授权). product_ids, industries: what it covers, either or both.

    industries: sections of GB/T 4754. powers: sorted. commission_bp: of what a sale brings
    after the exchange's fee, out of the principal's share. valid_to: the last day.
    """

    __tablename__ = "mandates"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("principal_id <> agent_id", name="nobody_is_its_own_agent"),
        CheckConstraint("valid_from <= valid_to", name="term_in_order"),
        CheckConstraint(
            "commission_bp >= 0 AND commission_bp <= 10000", name="commission_is_a_part"
        ),
        CheckConstraint("state <> 'signed' OR signed_at IS NOT NULL", name="signed_is_dated"),
        Index(None, "principal_id", "id"),
        Index(None, "agent_id", "id"),
    )

    code: Mapped[str]
    principal_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    agent_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    product_ids: Mapped[list[Any]]
    industries: Mapped[list[Any]]
    powers: Mapped[list[Any]]
    commission_bp: Mapped[int]
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    text: Mapped[str]
    text_digest: Mapped[str]
    drawn_at: Mapped[Instant]
    signed_at: Mapped[Instant | None]


class MandateUse(Base):
    """One act of an agent in its principal's name; added, never changed.

    act: life cycle and step, "order.confirm". subject_id: of what.
    """

    __tablename__ = "mandate_uses"
    __table_args__ = (Index(None, "mandate_id", "id"), Index(None, "subject_id", "id"))

    id: Mapped[str] = mapped_column(primary_key=True)
    mandate_id: Mapped[str] = mapped_column(ForeignKey("mandates.id"))
    act: Mapped[str]
    subject_id: Mapped[str]
    person_id: Mapped[str]
    at: Mapped[Instant]


class MandatedOrder(Base):
    """An order that an agent has confirmed: what it earns by it, whatever becomes of the mandate.

    collects: the exchange pays the commission out of the sale; else the two settle it.
    """

    __tablename__ = "mandated_orders"
    __table_args__ = (Index(None, "mandate_id", "order_id"),)

    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    mandate_id: Mapped[str] = mapped_column(ForeignKey("mandates.id"))
    agent_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    commission_bp: Mapped[int]
    collects: Mapped[bool]


append_only(MandateUse.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table
append_only(MandatedOrder.__table__)  # type: ignore[arg-type]  # as above


def earning(session: Session, order_id: str) -> dict[str, Any] | None:
    """Return the commission that settlement divides an order with; None for none. One SELECT."""
    found = session.get(MandatedOrder, order_id)
    if found is None or not found.collects or not found.commission_bp:
        return None
    return {"owner": found.agent_id, "share_bp": found.commission_bp}


def orders_of(session: Session, mandate_id: str) -> list[MandatedOrder]:
    """Return up to 100 orders that were confirmed under a mandate, newest first. One SELECT."""
    statement = (
        select(MandatedOrder)
        .where(MandatedOrder.mandate_id == mandate_id)
        .order_by(MandatedOrder.order_id.desc())
        .limit(100)
    )
    return list(session.scalars(statement))


def uses(session: Session, mandate_id: str, *, limit: int) -> list[MandateUse]:
    """Return what was done under a mandate, newest first. One SELECT on an index."""
    statement = (
        select(MandateUse)
        .where(MandateUse.mandate_id == mandate_id)
        .order_by(MandateUse.id.desc())
        .limit(limit)
    )
    return list(session.scalars(statement))


def was_used(session: Session, mandate_id: str, act: tuple[str, str], at: Instant) -> bool:
    """Tell whether an act was done to a subject under a mandate at an instant. One SELECT."""
    doing, subject_id = act
    statement = select(MandateUse.id).where(
        MandateUse.subject_id == subject_id,
        MandateUse.mandate_id == mandate_id,
        MandateUse.act == doing,
        MandateUse.at == at,
    )
    return session.scalars(statement.limit(1)).first() is not None


def agents_of(
    session: Session, principal_id: str, product: tuple[str, str], on: date, *, limit: int
) -> list[str]:
    """Return who sells a product in its owner's name on a day, the longest mandated first.

    product: its id and industry. An agent that may but agree on prices sells nothing alone.
    One SELECT on an index.
    """
    key, industry = product
    statement = (
        select(Mandate)
        .where(
            Mandate.principal_id == principal_id,
            Mandate.state == State.SIGNED,
            Mandate.valid_from <= on,
            Mandate.valid_to >= on,
        )
        .order_by(Mandate.id)
        .limit(limit)
    )
    found = [
        one.agent_id
        for one in session.scalars(statement)
        if (key in one.product_ids or industry[:1] in one.industries)
        and {Power.LIST.value, Power.CONTRACT.value} & set(one.powers)
    ]
    return list(dict.fromkeys(found))
