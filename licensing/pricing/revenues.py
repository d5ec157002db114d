"""Revenue of authorised operation (授权运营收入), as it is recognised, against its maximum.

One row for each settled line of public data, one for each refund that takes of it, and one
running total for each fee period: the total moves in the transaction that writes the row, and
equals their sum (I-49, I-80). A refund counts in the period in which it happens.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from sqlalchemy import CheckConstraint, CursorResult, ForeignKey, Index, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.db import Base, Big, append_only
from kernel.deadlines import Light
from kernel.money import Money
from kernel.work import Rules, Work

WHOLE_BP = 10_000


class Permitted(Protocol):
    """A fee period, as far as it is looked at here: periods stand above what they earn."""

    id: Any
    max_revenue_fen: Any


class Revenue(Base):
    """The operator's share of one settled line, in fen. period_id: None when none is approved."""

    __tablename__ = "fee_revenues"
    __table_args__ = (
        CheckConstraint("amount_fen >= 0", name="amount_not_negative"),
        Index(None, "period_id", "order_line_id"),
        Index(None, "operator_id", "recognised_on"),
    )

    order_line_id: Mapped[str] = mapped_column(primary_key=True)
    operator_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    period_id: Mapped[str | None] = mapped_column(ForeignKey("fee_periods.id"))
    amount_fen: Mapped[int] = mapped_column(Big)
    recognised_on: Mapped[date]


append_only(Revenue.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class RevenueAdjustment(Base):
    """What a refund took of the operator's share of a line, or gave back, in fen.

    source_id: the refund, or what else took it. period_id: in force on that day, or None.
    """

    __tablename__ = "fee_revenue_adjustments"
    __table_args__ = (
        CheckConstraint("amount_fen <> 0", name="amount_not_zero"),
        Index(None, "period_id", "source_id"),
        Index(None, "operator_id", "adjusted_on"),
    )

    source_id: Mapped[str] = mapped_column(primary_key=True)
    order_line_id: Mapped[str] = mapped_column(primary_key=True)
    operator_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    period_id: Mapped[str | None] = mapped_column(ForeignKey("fee_periods.id"))
    amount_fen: Mapped[int] = mapped_column(Big)
    adjusted_on: Mapped[date]


append_only(RevenueAdjustment.__table__)  # type: ignore[arg-type]  # as above


class RevenueTotal(Base):
    """What a fee period has earned so far, in fen; below nothing when refunds outweigh it."""

    __tablename__ = "fee_revenue_totals"

    period_id: Mapped[str] = mapped_column(ForeignKey("fee_periods.id"), primary_key=True)
    earned_fen: Mapped[int] = mapped_column(Big)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a period is filled. share_bp: of its maximum. full: new paid orders stop."""

    earned_fen: int
    share_bp: int
    light: Light
    full: bool
    excess_fen: int


def open_for(work: Work, period_id: str) -> None:
    """Begin to count for a period that has been approved."""
    work.session.add(RevenueTotal(period_id=period_id, earned_fen=0))


def recognise(
    work: Work,
    order_line_id: str,
    *,
    operator_id: str,
    period: Permitted | None,
    amount: Money,
    on: date,
) -> None:
    """Count the operator's share of one line that has been settled; the key lets it count once.

    Records `fee_period.near`, `.red` or `.full` when the period passes a threshold of the rules.
    """
    made = Revenue(
        order_line_id=order_line_id,
        operator_id=operator_id,
        period_id=None if period is None else period.id,
        amount_fen=amount.minor,
        recognised_on=on,
    )
    work.session.add(made)
    if period is None:
        return
    earned_fen = _moved(work.session, period, amount)
    before = _standing(earned_fen - amount.minor, period.max_revenue_fen, work.rules)
    after = _standing(earned_fen, period.max_revenue_fen, work.rules)
    if (before.light, before.full) != (after.light, after.full):
        reached = "full" if after.full else {Light.YELLOW: "near"}.get(after.light, "red")
        told = {"earned_fen": earned_fen, "share_bp": after.share_bp}
        work.record(f"fee_period.{reached}", period.id, excess_fen=after.excess_fen, **told)


def adjust(  # noqa: PLR0913 - whose, of which line, because of what, in which period
    work: Work,
    order_line_id: str,
    *,
    source_id: str,
    operator_id: str,
    period: Permitted | None,
    amount: Money,
    on: date,
) -> None:
    """Count what a refund took of a settled line's share; negative: less was earned.

    Once for a source and a line, by the key.
    """
    made = RevenueAdjustment(
        source_id=source_id,
        order_line_id=order_line_id,
        operator_id=operator_id,
        period_id=None if period is None else period.id,
        amount_fen=amount.minor,
        adjusted_on=on,
    )
    work.session.add(made)
    if period is not None:
        _moved(work.session, period, amount)


def earned(session: Session, period_id: str) -> int:
    """Return what the period has earned so far, in fen. One SELECT by key."""
    statement = select(RevenueTotal.earned_fen).where(RevenueTotal.period_id == period_id)
    return session.scalars(statement).one_or_none() or 0


def recomputed(session: Session, period_id: str) -> int:
    """Return the same from the rows; equals `earned`. Reads every row of the period."""
    return sum(
        int(
            session.scalars(
                select(func.coalesce(func.sum(rows.amount_fen), 0)).where(
                    rows.period_id == period_id
                )
            ).one()
        )
        for rows in (Revenue, RevenueAdjustment)
    )


def standing(session: Session, period: Permitted, rules: Rules) -> Standing:
    """Return how far the period is filled, with its light. One SELECT by key."""
    return _standing(earned(session, period.id), period.max_revenue_fen, rules)


def _moved(session: Session, period: Permitted, amount: Money) -> int:
    """Move a period's total, and return what it is now."""
    moved = (
        update(RevenueTotal)
        .where(RevenueTotal.period_id == period.id)
        .values(earned_fen=RevenueTotal.earned_fen + amount.minor)
        .returning(RevenueTotal.earned_fen)
        .execution_options(synchronize_session=False)
    )
    result: CursorResult[Any] = session.execute(moved)  # type: ignore[assignment]  # an UPDATE gives a cursor
    return int(result.scalar_one())


def _standing(earned_fen: int, maximum_fen: int, rules: Rules) -> Standing:
    share_bp = WHOLE_BP if maximum_fen == 0 else earned_fen * WHOLE_BP // maximum_fen
    light = Light.GREEN
    if share_bp >= rules.number("pricing.near_bp"):
        light = Light.YELLOW
    if share_bp >= rules.number("pricing.red_bp"):
        light = Light.RED
    full = share_bp >= WHOLE_BP
    return Standing(earned_fen, share_bp, light, full, max(0, earned_fen - maximum_fen))
