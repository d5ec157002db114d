"""The row of a dispute between buyer and merchant, and the words for what it is about."""

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from catalogue.grades import Term
from kernel.clock import Instant
from kernel.db import Base, Big, Living
from kernel.money import Money
from kernel.words import Words


class State(StrEnum):
    """Where a dispute stands."""

    FILED = "filed"
    ANSWERING = "answering"
    EVIDENCE = "evidence"
    MEDIATION = "mediation"
    RULING = "ruling"
    CONFIRMING = "confirming"
    RULED = "ruled"
    APPEALED = "appealed"
    STAYED = "stayed"
    EXECUTING = "executing"
    CLOSED = "closed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


OVER: Final = (State.CLOSED, State.REFUSED, State.WITHDRAWN)
"""When nothing of it is open any more."""

_OPEN: Final = text("state NOT IN ('closed', 'refused', 'withdrawn')")


class Ground(Term):
    """Why a buyer disputes (争议事由)."""

    NON_DELIVERY = "non_delivery", "未交付", "not delivered"
    QUALITY = "quality", "质量不符", "quality"
    MISMATCH = "mismatch", "与约定不符", "not what was agreed"
    RIGHTS_DEFECT = "rights_defect", "权利瑕疵", "defect of a right"
    PI_VIOLATION = "pi_violation", "侵害个人信息", "personal information violated"
    OVERUSE = "overuse", "超范围使用", "used beyond what was agreed"
    PRICE = "price", "价格争议", "price"
    LATE = "late", "逾期", "late"
    OTHER = "other", "其他", "other"


class Remedy(Term):
    """How a dispute ends (处理方式)."""

    DISMISS = "dismiss", "驳回请求", "the claim is dismissed"
    REDELIVER = "redeliver", "补充交付", "deliver again"
    PRICE_REDUCTION = "price_reduction", "减价退款", "a part is refunded"
    REFUND = "refund", "全额退款", "all of it is refunded"
    REPLACE = "replace", "更换版本", "another version instead"
    EXTEND = "extend", "延长使用期", "a longer term of use"
    TERMINATE = "terminate", "解除并退还未履行部分", "ended, the rest refunded"
    CORRECT = "correct", "更正挂牌信息并致歉", "corrected, with an apology"


PAID_BACK: Final = (Remedy.PRICE_REDUCTION, Remedy.REFUND)
"""The remedies by which money goes back."""

CLAIMABLE: Final = tuple(remedy.value for remedy in Remedy if remedy is not Remedy.DISMISS)
"""What a buyer may ask for."""


class TradeDispute(Living, Base):
    """One dispute (交易争议) of a buyer about lines of an order.

    line_ids: the disputed lines. claimed: what they cost, or the part that is asked back.
    order_was: where the order stood, to go back there. hold_id: the money that is set aside.
    remedy, awarded_minor: as proposed, ruled or decided last. buyer_agreed, seller_agreed: to
    that. judgment: what a court or arbitrators decided elsewhere; there is no appeal from it.
    """

    __tablename__ = "trade_disputes"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("claimed_minor >= 0", name="claim_not_negative"),
        CheckConstraint("awarded_minor >= 0", name="award_not_negative"),
        CheckConstraint(
            "state NOT IN ('confirming', 'ruled', 'executing', 'closed') OR remedy IS NOT NULL",
            name="decided_names_its_remedy",
        ),
        CheckConstraint(
            "remedy IN ('price_reduction', 'refund', 'terminate') OR awarded_minor = 0",
            name="only_refunds_award_money",
        ),
        Index(
            "uq_trade_disputes_one_open_per_order", "order_id", unique=True,
            sqlite_where=_OPEN, postgresql_where=_OPEN,
        ),
        Index(None, "order_id", "id"),
        Index(None, "buyer_id", "id"),
        Index(None, "seller_id", "id"),
        Index(None, "state", "id"),
        Index(None, "refund_id"),
    )  # fmt: skip

    code: Mapped[str]
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    buyer_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    seller_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    line_ids: Mapped[list[Any]]
    ground: Mapped[str]
    claim: Mapped[str]
    wanted: Mapped[str]
    claimed: Mapped[Money] = composite(
        mapped_column("claimed_minor", Big), mapped_column("claimed_currency")
    )
    order_was: Mapped[str]
    filed_by: Mapped[str]
    filed_at: Mapped[Instant]
    hold_id: Mapped[str | None] = mapped_column(ForeignKey("holds.id"))
    answer: Mapped[str | None]
    remedy: Mapped[str | None]
    awarded_minor: Mapped[int] = mapped_column(Big, default=0)
    fee_refund: Mapped[bool] = mapped_column(default=False)
    grounds_of_ruling: Mapped[str | None]
    buyer_agreed: Mapped[bool] = mapped_column(default=False)
    seller_agreed: Mapped[bool] = mapped_column(default=False)
    judgment: Mapped[str | None]
    refund_id: Mapped[str | None] = mapped_column(ForeignKey("refunds.id"))
    days: Mapped[int | None]
    version_number: Mapped[int | None]
    undertaking: Mapped[str | None]
    complied: Mapped[str | None]
    verified: Mapped[bool] = mapped_column(default=False)

    @property
    def awarded(self) -> Money:
        """What goes back to the buyer by the remedy."""
        return Money(self.awarded_minor, self.claimed.currency)


MISSING: Final = Words("没有这项争议", "no dispute")
"""What is said of a dispute that is not there, or not the caller's."""


def open_of(session: Session, order_id: str) -> TradeDispute | None:
    """Return the open dispute of an order, None if there is none. One SELECT on an index."""
    statement = select(TradeDispute).where(
        TradeDispute.order_id == order_id, TradeDispute.state.not_in(OVER)
    )
    return session.scalars(statement).one_or_none()


def of_order(session: Session, order_id: str) -> list[TradeDispute]:
    """Return up to 50 disputes of an order, oldest first. One SELECT on an index."""
    statement = (
        select(TradeDispute)
        .where(TradeDispute.order_id == order_id)
        .order_by(TradeDispute.id)
        .limit(50)
    )
    return list(session.scalars(statement))
