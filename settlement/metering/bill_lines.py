"""The lines of a bill (账单行): what was used, when, how that was reckoned; and adjustments.

A line is written with its bill and never changed. What turns out wrong, or what an audit
finds, is a line of its own on a later bill.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel import ids
from kernel.actor import Duty, Role, any_of
from kernel.clock import Instant
from kernel.db import Base, Big, append_only
from kernel.errors import Invalid
from kernel.money import Money
from kernel.work import Work
from settlement import access
from settlement.metering import meters
from settlement.metering.meters import Meter
from settlement.metering.tariffs import Charge


class Kind(StrEnum):
    """What a line charges."""

    USE = "use"
    REPORT = "report"
    MILESTONE = "milestone"
    ADJUSTMENT = "adjustment"


class BillLine(Base):
    """One line. used_from, used_to: its days. units: used, without the failed ones.

    workings: rows of {"count", "unit_e6", "sum_e6"}, which together, rounded once and held
    within the limits, are the amount; free: units that cost nothing; limited: "minimum" or
    "maximum" when that decided. A negative amount takes back.
    """

    __tablename__ = "bill_lines"
    __table_args__ = (
        UniqueConstraint("bill_id", "position"),
        CheckConstraint("kind = 'adjustment' OR amount_minor >= 0", name="only_adjusted_down"),
        CheckConstraint("units >= 0 AND failed >= 0 AND free >= 0", name="counts_not_negative"),
        Index(None, "meter_id", "bill_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    bill_id: Mapped[str] = mapped_column(ForeignKey("bills.id"))
    position: Mapped[int]
    meter_id: Mapped[str] = mapped_column(ForeignKey("meters.id"))
    kind: Mapped[str]
    used_from: Mapped[date]
    used_to: Mapped[date]
    units: Mapped[int] = mapped_column(Big)
    failed: Mapped[int] = mapped_column(Big)
    free: Mapped[int] = mapped_column(Big)
    workings: Mapped[list[Any]]
    limited: Mapped[str | None]
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    note: Mapped[str]


class Adjustment(Base):
    """What is to be added to, or taken off, the meter's next bill, and why. Never changed."""

    __tablename__ = "bill_adjustments"
    __table_args__ = (
        CheckConstraint("amount_minor <> 0", name="amount_not_zero"),
        Index(None, "meter_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    meter_id: Mapped[str] = mapped_column(ForeignKey("meters.id"))
    period: Mapped[str]
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    reason: Mapped[str]
    made_by: Mapped[str]
    made_at: Mapped[Instant]


class AdjustmentTaken(Base):
    """Which bill took an adjustment up; the key lets only one. A void bill's are free again."""

    __tablename__ = "bill_adjustments_taken"

    adjustment_id: Mapped[str] = mapped_column(ForeignKey("bill_adjustments.id"), primary_key=True)
    bill_id: Mapped[str] = mapped_column(ForeignKey("bills.id"), index=True)


for _table in (BillLine, Adjustment):
    append_only(_table.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table

auditor = any_of(Role.EXCHANGE_OPERATOR, Duty.SETTLEMENT_OFFICER, Duty.AUDITOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A line before it is written."""

    meter: Meter
    kind: Kind
    used_from: date
    used_to: date
    amount: Money
    units: int = 0
    failed: int = 0
    charge: Charge | None = None
    note: str = ""


def adjust(work: Work, meter_id: str, *, period: str, amount_fen: int, reason: str) -> Adjustment:
    """Add to (or take off) the meter's next bill; by its seller, or an auditor of the exchange.

    amount_fen: negative to take off; a seller may only take off. Raises NotFound,
    StepNotAllowed, Invalid.
    """
    meter = meters.seen(work, meter_id)
    audits = auditor.matches(work.actor, meter)
    if not audits:
        access.require(work, meters.seller, "bill.adjust", meter)
    if amount_fen == 0 or (amount_fen > 0 and not audits):
        raise Invalid(
            "供方只能减免；增加须由交易所审计",
            "a seller may take off; to add, the exchange audits",
            pointer="/amount_fen",
        )
    made = Adjustment(
        id=ids.new("adj_", work.now),
        meter_id=meter.id,
        period=period,
        amount=Money(amount_fen),
        reason=reason,
        made_by=work.actor.person,
        made_at=work.now,
    )
    work.session.add(made)
    work.record("bill.adjusted", meter.id, period=period, amount=made.amount, reason=reason)
    return made


def write(session: Session, bill_id: str, said: Sequence[Said], now: Instant) -> list[BillLine]:
    """Write the lines of a bill."""
    made = [_line(bill_id, position, each, now) for position, each in enumerate(said, 1)]
    session.add_all(made)
    return made


def of(session: Session, bill_ids: Iterable[str]) -> list[BillLine]:
    """Return the lines of some bills, in order. One SELECT on an index."""
    statement = (
        select(BillLine)
        .where(BillLine.bill_id.in_(sorted(set(bill_ids))))
        .order_by(BillLine.bill_id, BillLine.position)
    )
    return list(session.scalars(statement))


def waiting(session: Session, meter_id: str) -> list[Adjustment]:
    """Return the adjustments that no bill has taken up, oldest first. One SELECT."""
    taken = select(AdjustmentTaken.adjustment_id)
    statement = (
        select(Adjustment)
        .where(Adjustment.meter_id == meter_id, Adjustment.id.not_in(taken))
        .order_by(Adjustment.id)
        .limit(200)
    )
    return list(session.scalars(statement))


def adjusted(session: Session, meter_id: str, period: str) -> Money:
    """Return what the adjustments of a period come to, billed or waiting. One SELECT."""
    statement = select(Adjustment).where(
        Adjustment.meter_id == meter_id, Adjustment.period == period
    )
    return sum((each.amount for each in session.scalars(statement)), Money(0))


def fitting(session: Session, meter: Meter, whole: Money, day: date) -> list[tuple[str, Said]]:
    """Return the waiting adjustments that a bill of `whole` can bear: it never turns negative.

    Those that it cannot bear wait for the next. Ids and lines.
    """
    found = []
    for each in waiting(session, meter.id):
        if (whole + each.amount).minor < 0:
            continue
        whole += each.amount
        said = Said(
            meter=meter,
            kind=Kind.ADJUSTMENT,
            used_from=day,
            used_to=day,
            amount=each.amount,
            note=f"{each.period} {each.reason}",
        )
        found.append((each.id, said))
    return found


def take_up(session: Session, bill_id: str, adjustment_ids: Iterable[str]) -> None:
    """Say that a bill has taken adjustments up."""
    session.add_all(AdjustmentTaken(adjustment_id=each, bill_id=bill_id) for each in adjustment_ids)


def let_go(session: Session, bill_id: str) -> None:
    """Free what a bill that is void had taken up."""
    for taken in session.scalars(
        select(AdjustmentTaken).where(AdjustmentTaken.bill_id == bill_id)
    ).all():
        session.delete(taken)


def _line(bill_id: str, position: int, said: Said, now: Instant) -> BillLine:
    charge = said.charge
    rows = () if charge is None else charge.workings
    return BillLine(
        id=ids.new("bll_", now),
        bill_id=bill_id,
        position=position,
        meter_id=said.meter.id,
        kind=said.kind,
        used_from=said.used_from,
        used_to=said.used_to,
        units=said.units,
        failed=said.failed,
        free=0 if charge is None else charge.free,
        workings=[
            {"count": row.count, "unit_e6": row.unit_e6, "sum_e6": row.sum_e6} for row in rows
        ],
        limited=None if charge is None else charge.limited,
        amount=said.amount,
        note=said.note,
    )
