"""A rejection (退回): why a buyer did not accept what was delivered, with its evidence.

Once it is delivered again; what is rejected anew is a dispute. Files that are handed over
count as delivered again when they came in a later round. Source: reject needs reason and
evidence, the seller re-delivers once.
"""

from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue.grades import Term
from delivery import tasks
from kernel import ids
from kernel.clock import Instant
from kernel.db import Base, append_only
from kernel.errors import Invalid
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, ask


class Ground(Term):
    """On what ground a delivery is rejected."""

    INCOMPLETE = "incomplete", "内容缺失", "something is missing"
    MISMATCH = "mismatch", "与约定不符", "not what was agreed"
    QUALITY = "quality", "质量不合格", "of poor quality"
    UNREADABLE = "unreadable", "无法打开或读取", "cannot be opened or read"
    LATE = "late", "逾期交付", "too late"
    RIGHTS_DEFECT = "rights_defect", "权利瑕疵", "a defect of rights"
    PI_VIOLATION = "pi_violation", "个人信息违规", "personal information"
    OTHER_GROUND = "other_ground", "其他", "another ground"


ASKS: Final = (
    ask("ground", "choice", Words("退回原因", "Ground"), optional=True,
        choices=tuple(each.value for each in Ground)),
    REASON,
    ask("evidence", "text", Words("证据（位置、行号、截图编号等）", "Evidence: where, which rows"),
        optional=True, max=2000),
)  # fmt: skip
"""What a buyer says when it rejects."""


class OrderRejection(Base):
    """One rejection. number: from 1. rounds: task → files handed over by then, in rounds."""

    __tablename__ = "order_rejections"
    __table_args__ = (
        UniqueConstraint("order_id", "number"),
        CheckConstraint("number > 0", name="number_positive"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    number: Mapped[int]
    ground: Mapped[str]
    reason: Mapped[str]
    evidence: Mapped[str]
    rounds: Mapped[dict[str, Any]]
    rejected_by: Mapped[str]
    rejected_at: Mapped[Instant]


append_only(OrderRejection.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


def write(work: Work, order_id: str, data: dict[str, Any]) -> OrderRejection:
    """Write a rejection down. data: the answers to `ASKS`. Raises Invalid for an unknown ground.

    Two SELECTs on indexes.
    """
    code = data.get("ground") or Ground.OTHER_GROUND
    if code not in {each.value for each in Ground}:
        raise Invalid("没有这个退回原因", "there is no such ground", pointer="/ground")
    made = OrderRejection(
        id=ids.new("rej_", work.now),
        order_id=order_id,
        number=_count(work.session, order_id) + 1,
        ground=str(code),
        reason=data["reason"],
        evidence=data.get("evidence") or "",
        rounds={task.id: task.rounds_handed for task in tasks.of_order(work.session, order_id)},
        rejected_by=work.actor.person,
        rejected_at=work.now,
    )
    work.session.add(made)
    return made


def of_order(session: Session, order_id: str) -> list[OrderRejection]:
    """Return the rejections of an order, first to last. One SELECT on an index."""
    statement = (
        select(OrderRejection)
        .where(OrderRejection.order_id == order_id)
        .order_by(OrderRejection.number)
        .limit(20)
    )
    return list(session.scalars(statement))


def delivered_anew(session: Session, order_id: str) -> bool:
    """Tell whether files of a later round stand for what was rejected last. Two SELECTs."""
    found = of_order(session, order_id)
    before = found[-1].rounds if found else {}
    return all(
        task.rounds_handed > before.get(task.id, 0)
        for task in tasks.of_order(session, order_id)
        if task.rounds_due
    )


def _count(session: Session, order_id: str) -> int:
    statement = (
        select(func.count()).select_from(OrderRejection).where(OrderRejection.order_id == order_id)
    )
    return int(session.execute(statement).scalar_one())
