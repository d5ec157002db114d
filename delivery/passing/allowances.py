"""An allowance (约定用量): how much of a meter an order line bought, spent atomically.

"calls" of so many calls, "rows" of so many rows. A meter without an allowance is not
limited by its order. Counting and comparing are one statement; used ≤ limit is a CHECK.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import CheckConstraint, CursorResult, ForeignKey, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.db import Base, Big


class Allowance(Base):
    """What one delivery may use of one meter, and what it has used."""

    __tablename__ = "delivery_allowances"
    __table_args__ = (
        CheckConstraint("used >= 0", name="used_not_negative"),
        CheckConstraint("used <= limit_count", name="used_within_limit"),
    )

    task_id: Mapped[str] = mapped_column(ForeignKey("delivery_tasks.id"), primary_key=True)
    meter: Mapped[str] = mapped_column(primary_key=True)
    limit: Mapped[int] = mapped_column("limit_count", Big)
    used: Mapped[int] = mapped_column(Big, default=0)

    @property
    def left(self) -> int:
        """What may still be used."""
        return self.limit - self.used


def grant(session: Session, task_id: str, meter: str, limit: int) -> None:
    """Limit a meter of a delivery, from none used; one that is limited already stays so."""
    if session.get(Allowance, (task_id, meter)) is None:
        # The delivery is there already: it is written before what refers to it by id alone.
        session.flush()
        session.add(Allowance(task_id=task_id, meter=meter, limit=limit, used=0))


def of(session: Session, task_id: str) -> list[Allowance]:
    """Return the allowances of a delivery, by meter. One SELECT by key."""
    statement = (
        select(Allowance)
        .where(Allowance.task_id == task_id)
        .order_by(Allowance.meter)
        .execution_options(populate_existing=True)  # they are counted past the session
    )
    return list(session.scalars(statement))


def spend(session: Session, task_id: str, quantity: Mapping[str, int]) -> tuple[str, ...]:
    """Use up `quantity` of all meters or of none; return the meters that refuse.

    A negative amount gives back. One UPDATE for each meter that has an allowance, in the
    order of their names, so that two spenders wait and never lock each other out.
    """
    limited = [each.meter for each in of(session, task_id) if quantity.get(each.meter)]
    spent: list[str] = []
    for meter in limited:
        if not _add(session, task_id, meter, quantity[meter]):
            for earlier in spent:
                _add(session, task_id, earlier, -quantity[earlier])
            return (meter,)
        spent.append(meter)
    return ()


def _add(session: Session, task_id: str, meter: str, amount: int) -> bool:
    statement = (
        update(Allowance)
        .where(
            Allowance.task_id == task_id,
            Allowance.meter == meter,
            Allowance.used + amount <= Allowance.limit,
            Allowance.used + amount >= 0,
        )
        .values(used=Allowance.used + amount)
        .execution_options(synchronize_session=False)
    )
    result: CursorResult[Any] = session.execute(statement)  # type: ignore[assignment]  # an UPDATE gives a cursor
    return result.rowcount == 1
