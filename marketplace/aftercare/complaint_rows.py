"""The row of a complaint (投诉), and the words for what it is about and how it ends."""

from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue.grades import Term
from kernel.clock import Instant
from kernel.db import Base, Living
from kernel.errors import NotFound


class State(StrEnum):
    """Where a complaint stands."""

    FILED = "filed"
    ANSWERING = "answering"
    HANDLING = "handling"
    RECTIFYING = "rectifying"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


OVER: Final = (State.CLOSED, State.REFUSED, State.WITHDRAWN)
"""When nothing of it is open any more."""

_OPEN: Final = text("state NOT IN ('closed', 'refused', 'withdrawn')")


class About(Term):
    """What is complained about (投诉对象)."""

    PRODUCT = "product", "数据产品", "a product"
    MERCHANT = "merchant", "数商", "a merchant"
    ORDER = "order", "订单", "an order"
    PLATFORM = "platform", "交易所", "the exchange"


class Category(Term):
    """What is said to be wrong (投诉类别)."""

    FALSE_LISTING = "false_listing", "虚假挂牌", "false listing"
    NON_PERFORMANCE = "non_performance", "不履行约定", "agreement not performed"
    INFRINGEMENT = "infringement", "侵犯知识产权或商业秘密", "infringement of rights"
    PI_VIOLATION = "pi_violation", "侵害个人信息", "personal information violated"
    ILLEGAL_CONTENT = "illegal_content", "违法内容", "illegal content"
    OVERPRICING = "overpricing", "超出收费上限", "price above its cap"
    UNFAIR_PRACTICE = "unfair_practice", "歧视或排他交易", "discrimination, exclusive dealing"
    MISCONDUCT = "misconduct", "工作人员不当行为", "misconduct of an officer"
    OTHER = "other", "其他", "other"


URGENT: Final = (Category.PI_VIOLATION, Category.ILLEGAL_CONTENT)
"""What is taken up within a day."""


class Finding(Term):
    """What was found of it (调查结论)."""

    UPHELD = "upheld", "属实", "it is right"
    PARTLY = "partly_upheld", "部分属实", "it is right in part"
    UNFOUNDED = "unfounded", "不属实", "it is not right"


class Complaint(Living, Base):
    """One complaint. subject_id: the product, the order or the organisation it is about.

    hidden: the respondent is not told who complains. office: the role of those who handle it.
    handler: the officer whose case it is. order_id: of a complaint about an order, that order.
    demanded: what the respondent was ordered to put right. level: satisfaction, 1 to 5.
    """

    __tablename__ = "complaints"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("complainant_id <> respondent_id", name="nobody_complains_of_itself"),
        CheckConstraint("level BETWEEN 1 AND 5", name="level_is_a_level"),
        CheckConstraint(
            "office IN ('exchange_operator', 'data_authority')", name="handled_by_an_office"
        ),
        CheckConstraint(
            "state <> 'resolved' OR (finding IS NOT NULL AND outcome IS NOT NULL)",
            name="resolved_with_a_finding",
        ),
        Index(
            "uq_complaints_one_open_of_a_kind", "complainant_id", "subject_id", "category",
            unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN,
        ),
        Index(None, "complainant_id", "id"),
        Index(None, "respondent_id", "id"),
        Index(None, "state", "id"),
        Index(None, "filed_at", "id"),
    )  # fmt: skip

    code: Mapped[str]
    about: Mapped[str]
    category: Mapped[str]
    subject_id: Mapped[str]
    order_id: Mapped[str | None] = mapped_column(ForeignKey("orders.id"))
    complainant_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    respondent_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    hidden: Mapped[bool]
    urgent: Mapped[bool]
    office: Mapped[str]
    said: Mapped[str]
    filed_by: Mapped[str]
    filed_at: Mapped[Instant]
    accepted_at: Mapped[Instant | None]
    handler: Mapped[str | None]
    extended: Mapped[bool] = mapped_column(default=False)
    answer: Mapped[str | None]
    answered_at: Mapped[Instant | None]
    demanded: Mapped[str | None]
    put_right: Mapped[str | None]
    finding: Mapped[str | None]
    outcome: Mapped[str | None]
    resolved_at: Mapped[Instant | None]
    level: Mapped[int | None]
    level_said: Mapped[str | None]
    dispute_id: Mapped[str | None] = mapped_column(ForeignKey("trade_disputes.id"))

    @property
    def desk(self) -> str:
        """Whose time runs while an officer is to act: whoever holds the role of the office."""
        return f"role:{self.office}"


def open_of_kind(
    session: Session, complainant_id: str, subject_id: str, category: str
) -> Complaint | None:
    """Return the open complaint of the same about the same, if there is one. One SELECT."""
    statement = select(Complaint).where(
        Complaint.complainant_id == complainant_id,
        Complaint.subject_id == subject_id,
        Complaint.category == category,
        Complaint.state.not_in(OVER),
    )
    return session.scalars(statement).one_or_none()


def find(session: Session, complaint_id: str) -> Complaint:
    """Return the complaint. Raises NotFound. One SELECT by key."""
    found = session.get(Complaint, complaint_id)
    if found is None:
        raise missing(complaint_id)
    return found


def missing(complaint_id: str) -> NotFound:
    """Return what is raised of a complaint that is not there, or not the caller's."""
    return NotFound("没有这项投诉", f"no complaint {complaint_id}")
