"""What is frozen (冻结), as rows: holds on orders, and what each took from where.

How a hold is placed and lifted is in `settlement.holding.holds`.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, select
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel.clock import Instant
from kernel.db import Base, Big, Living
from kernel.money import Money
from kernel.words import Words
from settlement.ledger import AccountRef

ACCOUNT: Final = "2241.hold"
"""Where held money stands, by hold."""


class State(StrEnum):
    """Whether the money is still set aside."""

    OPEN = "open"
    LIFTED = "lifted"


class Ground(StrEnum):
    """Why money is set aside."""

    DISPUTE = "dispute"  # between the parties, on the platform
    CHARGEBACK = "chargeback"  # the payment provider disputes the charge
    COURT = "court"
    ALERT = "alert"
    OTHER = "other"

    @property
    def label(self) -> Words:
        """What the ground is called."""
        return _GROUNDS[self]


_GROUNDS: Final = {
    Ground.DISPUTE: Words("交易争议", "dispute of the parties"),
    Ground.CHARGEBACK: Words("支付争议", "dispute of the payment provider"),
    Ground.COURT: Words("司法冻结", "order of a court"),
    Ground.ALERT: Words("风险预警", "alert"),
    Ground.OTHER: Words("其他", "other"),
}


class Hold(Living, Base):
    """One hold on one order. amount: what was found and set aside; may be nothing.

    reference: the dispute, the court's file or the alert that it goes back to.
    """

    __tablename__ = "holds"
    __table_args__ = (
        CheckConstraint("amount_minor >= 0", name="amount_not_negative"),
        CheckConstraint("state <> 'lifted' OR lifted_at IS NOT NULL", name="lifted_is_dated"),
        Index(None, "order_id", "id"),
        Index(None, "state", "id"),
    )

    order_id: Mapped[str]
    ground: Mapped[str]
    reference: Mapped[str]
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    placed_by: Mapped[str]
    placed_at: Mapped[Instant]
    lifted_by: Mapped[str | None]
    lifted_at: Mapped[Instant | None]

    @property
    def account(self) -> AccountRef:
        """Where the money stands meanwhile."""
        return AccountRef(ACCOUNT, self.id, self.amount.currency)


class HoldPiece(Base):
    """What a hold took from one account, and how much of that is still held."""

    __tablename__ = "hold_pieces"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("left_minor >= 0 AND left_minor <= amount_minor", name="left_within"),
        Index(None, "owner", "account_code"),
    )

    hold_id: Mapped[str] = mapped_column(ForeignKey("holds.id"), primary_key=True)
    account_code: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(Big)
    left_minor: Mapped[int] = mapped_column(Big)

    @property
    def home(self) -> AccountRef:
        """Where it came from, and where it goes back to."""
        return AccountRef(self.account_code, self.owner, self.currency)


def open_on(session: Session, order_id: str) -> list[Hold]:
    """Return the open holds on an order, oldest first. One SELECT on an index."""
    statement = (
        select(Hold).where(Hold.order_id == order_id, Hold.state == State.OPEN).order_by(Hold.id)
    )
    return list(session.scalars(statement))


def pieces(session: Session, hold_ids: Iterable[str]) -> list[HoldPiece]:
    """Return what holds took, locked in one order. One SELECT by key."""
    statement = (
        select(HoldPiece)
        .where(HoldPiece.hold_id.in_(sorted(hold_ids)))
        .order_by(HoldPiece.hold_id, HoldPiece.account_code, HoldPiece.owner)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(statement))


def held_of(session: Session, home: AccountRef) -> int:
    """Return how much of an account's money holds have, in minor units. One SELECT."""
    statement = select(func.coalesce(func.sum(HoldPiece.left_minor), 0)).where(
        HoldPiece.account_code == home.code, HoldPiece.owner == home.owner
    )
    return int(session.scalars(statement).one())


def of_hold(session: Session, hold_id: str) -> list[HoldPiece]:
    """Return what one hold took, by account; locks nothing. One SELECT by key."""
    statement = (
        select(HoldPiece)
        .where(HoldPiece.hold_id == hold_id)
        .order_by(HoldPiece.account_code, HoldPiece.owner)
    )
    return list(session.scalars(statement))
