"""The row of a subscription's term, which `marketplace.renewing` leads through its life."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue.grades import Term
from kernel.clock import Instant
from kernel.db import Base, Living


class State(StrEnum):
    """Where a term stands."""

    RUNNING = "running"
    ENDING = "ending"
    RENEWING = "renewing"
    GRACE = "grace"
    LAPSED = "lapsed"
    PAUSED = "paused"
    RENEWED = "renewed"
    ENDED = "ended"


class Renewal(Term):
    """What is to follow a term."""

    AUTO = "auto", "自动续订", "renewed by itself"
    ASK = "ask", "到期前确认", "asked before its end"
    NEVER = "never", "到期终止", "ended with its period"


OVER: Final = frozenset({State.RENEWED, State.ENDED})
"""Where a term stands of which nothing is to come."""


class SubscriptionTerm(Living, Base):
    """The term of one order that was paid by the period.

    renewal: a code of Renewal; arranged_by: whose standing instruction that is. ends_on: its
    last day. look_on: the day on which it is looked at again; None when it is over.
    paused_on: the last day served before a pause; paused_days: of all pauses that are over.
    """

    __tablename__ = "subscription_terms"
    __table_args__ = (
        UniqueConstraint("order_id"),
        UniqueConstraint("next_order_id"),
        CheckConstraint("next_order_id <> order_id", name="next_is_another"),
        CheckConstraint("renewal IN ('ask', 'auto', 'never')", name="renewal_is_known"),
        CheckConstraint("(state = 'paused') = (paused_on IS NOT NULL)", name="paused_is_dated"),
        CheckConstraint("paused_days >= 0", name="paused_days_not_negative"),
        CheckConstraint(
            "(state IN ('renewed', 'ended')) = (look_on IS NULL)", name="over_is_left_alone"
        ),
        Index(None, "look_on", "id"),
        Index(None, "buyer_id", "id"),
        Index(None, "seller_id", "id"),
    )

    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    next_order_id: Mapped[str | None] = mapped_column(ForeignKey("orders.id"))
    buyer_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    seller_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    renewal: Mapped[str]
    arranged_by: Mapped[str | None]
    begun_on: Mapped[date]
    ends_on: Mapped[date]
    look_on: Mapped[date | None]
    paused_on: Mapped[date | None]
    paused_days: Mapped[int]
    begun_at: Mapped[Instant]


def of_order(session: Session, order_id: str) -> SubscriptionTerm | None:
    """Return the term of an order. One SELECT on an index."""
    statement = select(SubscriptionTerm).where(SubscriptionTerm.order_id == order_id)
    return session.scalars(statement).one_or_none()


def before(session: Session, order_id: str) -> SubscriptionTerm | None:
    """Return the term that an order renews. One SELECT on an index."""
    statement = select(SubscriptionTerm).where(SubscriptionTerm.next_order_id == order_id)
    return session.scalars(statement).one_or_none()


def begins_on(session: Session, order_id: str) -> date | None:
    """Return the first day of an order's term, if it follows another; else None. One SELECT.

    The day after the last, when nothing was closed in between: so no day is paid twice, and
    none that was served is free. After it was closed: the day on which it begins.
    """
    found = before(session, order_id)
    if found is None or found.state in {State.LAPSED, *OVER}:
        return None
    return found.ends_on + timedelta(days=1)
