"""A settled line (结算明细) and its shares: what each account got, and what remains of that.

The line is written once, with the entry that posted it. `remaining` of a share falls with
every refund and never below zero; a refund is divided over what remains, so that any run
of refunds of a whole line ends at exact zeros.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel.db import Base, Big, append_only
from kernel.money import Money
from settlement.shares import Part


class SettlementLine(Base):
    """How one obligation was divided, and the entry that did it; written when it is posted."""

    __tablename__ = "settlement_lines"
    __table_args__ = (
        UniqueConstraint("entry_id"),
        CheckConstraint("fee_minor >= 0", name="fee_not_negative"),
        Index(None, "batch_id", "obligation_id"),
        Index(None, "order_id", "obligation_id"),
    )

    obligation_id: Mapped[str] = mapped_column(ForeignKey("obligations.id"), primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("settlement_batches.id"))
    order_id: Mapped[str]
    entry_id: Mapped[int] = mapped_column(Big, ForeignKey("ledger_entries.id"))
    fee_minor: Mapped[int] = mapped_column(Big)
    fee_currency: Mapped[str]
    fee: Mapped[Money] = composite("fee_minor", "fee_currency")
    parts: Mapped[list[Any]]


append_only(SettlementLine.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class SplitShare(Base):
    """What one account of one owner got of one settled line, and what refunds left of it.

    owner: empty for the exchange itself. claimed: how much of it payouts pay.
    """

    __tablename__ = "split_shares"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint(
            "remaining_minor >= 0 AND remaining_minor <= amount_minor",
            name="remaining_within_amount",
        ),
        CheckConstraint(
            "claimed_minor >= 0 AND claimed_minor <= amount_minor", name="claimed_within_amount"
        ),
        Index(None, "owner", "account_code", "obligation_id"),
    )

    obligation_id: Mapped[str] = mapped_column(
        ForeignKey("settlement_lines.obligation_id"), primary_key=True
    )
    account_code: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(Big)
    remaining_minor: Mapped[int] = mapped_column(Big)
    claimed_minor: Mapped[int] = mapped_column(Big)

    @property
    def amount(self) -> Money:
        """What the account got."""
        return Money(self.amount_minor, self.currency)

    @property
    def remaining(self) -> Money:
        """What refunds have left of it."""
        return Money(self.remaining_minor, self.currency)


def shares_of(line: SettlementLine) -> list[SplitShare]:
    """Return the shares of a line that has just been written; everything remains of them."""
    return [
        SplitShare(
            obligation_id=line.obligation_id,
            account_code=one.account_code,
            owner=one.owner,
            currency=one.amount.currency,
            amount_minor=one.amount.minor,
            remaining_minor=one.amount.minor,
            claimed_minor=0,
        )
        for one in map(part, line.parts)
    ]


def locked(session: Session, obligation_ids: Sequence[str]) -> list[SplitShare]:
    """Return the shares of settled lines, locked in one order. Two SELECTs.

    Lines that were settled before shares were kept get theirs now, as they were written.
    """
    _catch_up(session, obligation_ids)
    statement = (
        select(SplitShare)
        .where(SplitShare.obligation_id.in_(sorted(obligation_ids)))
        .order_by(SplitShare.obligation_id, SplitShare.account_code, SplitShare.owner)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(statement))


def remaining(session: Session, obligation_ids: Sequence[str]) -> int:
    """Return what refunds have left of settled lines, in minor units. Two SELECTs by key."""
    there = select(func.coalesce(func.sum(SplitShare.remaining_minor), 0)).where(
        SplitShare.obligation_id.in_(obligation_ids)
    )
    older = session.scalars(_without_shares(obligation_ids))
    untouched: int = sum(one["minor"] for line in older for one in line.parts)
    return int(session.scalars(there).one()) + untouched


def of_obligations(session: Session, obligation_ids: Sequence[str]) -> dict[str, SettlementLine]:
    """Return obligation → its line, of those that are settled. One SELECT by key."""
    statement = select(SettlementLine).where(SettlementLine.obligation_id.in_(obligation_ids))
    return {line.obligation_id: line for line in session.scalars(statement)}


def charged(session: Session, order_ids: Iterable[str]) -> dict[str, Money]:
    """Return order → the fees that were taken from it so far. One SELECT on an index."""
    statement = (
        select(SettlementLine.order_id, func.sum(SettlementLine.fee_minor))
        .where(SettlementLine.order_id.in_(sorted(set(order_ids))))
        .group_by(SettlementLine.order_id)
    )
    return {order_id: Money(int(minor)) for order_id, minor in session.execute(statement)}


def plain(parts: Iterable[Part]) -> list[Any]:
    """Return the parts as they are written into a line."""
    return [
        {
            "account_code": one.account_code,
            "owner": one.owner,
            "minor": one.amount.minor,
            "currency": one.amount.currency,
        }
        for one in parts
    ]


def part(written: Mapping[str, Any]) -> Part:
    """Read one part of a line back."""
    amount = Money(written["minor"], written["currency"])
    return Part(written["account_code"], written["owner"], amount)


def _catch_up(session: Session, obligation_ids: Sequence[str]) -> None:
    for line in session.scalars(_without_shares(obligation_ids)).all():
        session.add_all(shares_of(line))


def _without_shares(obligation_ids: Sequence[str]) -> Select[SettlementLine]:
    return (
        select(SettlementLine)
        .outerjoin(SplitShare, SplitShare.obligation_id == SettlementLine.obligation_id)
        .where(
            SettlementLine.obligation_id.in_(sorted(obligation_ids)),
            SplitShare.obligation_id.is_(None),
        )
    )
