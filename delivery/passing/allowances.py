"""An allowance (约定用量): how much of a meter an order line bought, spent atomically.

"calls" of so many calls, "rows" of so many rows. A meter without an allowance is not
limited by its order. Counting and comparing are one statement; used ≤ limit is a CHECK.
What a process holds in advance (a lease) counts as used until it is given back; what is
told to people counts only what was really used.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    CursorResult,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import clock
from kernel.clock import Instant
from kernel.db import Base, Big


class Allowance(Base):
    """What one delivery may use of one meter. used: with what is leased and not used yet."""

    __tablename__ = "delivery_allowances"
    __table_args__ = (
        CheckConstraint("used >= 0", name="used_not_negative"),
        CheckConstraint("used <= limit_count", name="used_within_limit"),
    )

    task_id: Mapped[str] = mapped_column(ForeignKey("delivery_tasks.id"), primary_key=True)
    meter: Mapped[str] = mapped_column(primary_key=True)
    limit: Mapped[int] = mapped_column("limit_count", Big)
    used: Mapped[int] = mapped_column(Big, default=0)


class Lease(Base):
    """A share of an allowance that one process holds. See delivery.passing.leases.

    expires_at: by the system's time. Who finds it expired gives back what was not used.
    """

    __tablename__ = "allowance_leases"
    __table_args__ = (
        ForeignKeyConstraint(
            ["task_id", "meter"], ["delivery_allowances.task_id", "delivery_allowances.meter"]
        ),
        CheckConstraint("used >= 0", name="used_not_negative"),
        CheckConstraint("used <= granted", name="used_within_what_was_granted"),
        Index(None, "task_id", "meter"),
        Index(None, "expires_at"),
    )

    holder: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(primary_key=True)
    meter: Mapped[str] = mapped_column(primary_key=True)
    granted: Mapped[int] = mapped_column(Big)
    used: Mapped[int] = mapped_column(Big, default=0)
    expires_at: Mapped[Instant]


@dataclass(frozen=True, slots=True)
class Standing:
    """How an allowance stands. used: really used, without what is leased."""

    meter: str
    limit: int
    used: int

    @property
    def left(self) -> int:
        """What may still be used, by whichever process."""
        return self.limit - self.used


def grant(session: Session, task_id: str, meter: str, limit: int) -> None:
    """Limit a meter of a delivery, from none used; one that is limited already stays so."""
    if session.get(Allowance, (task_id, meter)) is None:
        # The delivery is there already: it is written before what refers to it by id alone.
        session.flush()
        session.add(Allowance(task_id=task_id, meter=meter, limit=limit, used=0))


def of(session: Session, task_id: str) -> list[Standing]:
    """Return the allowances of a delivery as they stand, by meter. One SELECT by key."""
    held = (
        select(func.coalesce(func.sum(Lease.granted - Lease.used), 0))
        .where(Lease.task_id == Allowance.task_id, Lease.meter == Allowance.meter)
        .correlate(Allowance)
        .scalar_subquery()
    )
    statement = (
        select(Allowance.meter, Allowance.limit, Allowance.used - held)
        .where(Allowance.task_id == task_id)
        .order_by(Allowance.meter)
    )
    return [Standing(meter, limit, int(used)) for meter, limit, used in session.execute(statement)]


def spend(session: Session, task_id: str, quantity: Mapping[str, int]) -> tuple[str, ...]:
    """Use up `quantity` of all meters or of none; return the meters that refuse.

    A negative amount gives back. One UPDATE for each meter that has an allowance, in the
    order of their names, so that two spenders wait and never lock each other out.
    """
    limited = [each.meter for each in of(session, task_id) if quantity.get(each.meter)]
    spent: list[str] = []
    for meter in limited:
        if not take(session, task_id, meter, quantity[meter]):
            for earlier in spent:
                _add(session, task_id, earlier, -quantity[earlier])
            return (meter,)
        spent.append(meter)
    return ()


def take(session: Session, task_id: str, meter: str, amount: int) -> bool:
    """Use up an amount of one meter, or tell that there is not so much. One UPDATE.

    Before it says no it takes back what dead processes hold: at most two UPDATEs more, and
    one for each meter.
    """
    if _add(session, task_id, meter, amount):
        return True
    return bool(recall(session, task_id)) and _add(session, task_id, meter, amount)


def recall(session: Session, task_id: str | None = None) -> int:
    """Give back what expired leases hold, of one delivery or of all; return how many there were.

    A lease is removed by one only, so nothing is given back twice.
    """
    expired = delete(Lease).where(Lease.expires_at < clock.now())
    if task_id is not None:
        expired = expired.where(Lease.task_id == task_id)
    return _give_back(session, expired)


def hand_back(session: Session, holder: str) -> int:
    """Give back what a process holds and has not used; return how many leases there were."""
    return _give_back(session, delete(Lease).where(Lease.holder == holder))


def _give_back(session: Session, removed: Any) -> int:
    statement = removed.returning(Lease.task_id, Lease.meter, Lease.granted - Lease.used)
    statement = statement.execution_options(synchronize_session=False)
    found = sorted(session.execute(statement).all())
    for task_id, meter, unused in found:
        if unused:
            _add(session, task_id, meter, -unused)
    return len(found)


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
