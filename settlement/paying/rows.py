"""A payout as a row, and the file in which it was handed to the bank."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel.clock import Instant
from kernel.db import Base, Big, Living, append_only
from kernel.money import Money
from settlement.dividing.terms import Payable
from settlement.ledger import AccountRef
from settlement.paying import items
from settlement.paying.items import PaidPart

TRANSIT: Final = "2241.payout_transit"


class State(StrEnum):
    """Where a payout stands."""

    REQUESTED = "requested"
    HELD = "held"
    APPROVED = "approved"
    SENT = "sent"
    PAID = "paid"
    RECONCILED = "reconciled"
    FAILED = "failed"
    RETURNED = "returned"
    CANCELLED = "cancelled"


class PayoutFile(Base):
    """One file that was handed to the bank; its text can be drawn again, with this digest."""

    __tablename__ = "payout_files"

    id: Mapped[str] = mapped_column(primary_key=True)
    payout_count: Mapped[int]
    total: Mapped[Money] = composite(
        mapped_column("total_minor", Big), mapped_column("total_currency")
    )
    digest: Mapped[str]
    made_by: Mapped[str]
    made_at: Mapped[Instant]


append_only(PayoutFile.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class Payout(Living, Base):
    """One payment to one party.

    party_id: an organisation or the treasury. account_id: fixed when it is requested.
    maker, checker: persons. attempt: the number of the present one, from 1. reference: of
    the present attempt; stands in the transfer's text, and comes back in the statement's.
    paid_on: the day on which the bank booked it.
    """

    __tablename__ = "payouts"
    __table_args__ = (
        UniqueConstraint("reference"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("maker <> checker", name="checked_by_another"),
        CheckConstraint(
            "state NOT IN ('approved', 'sent', 'paid', 'reconciled') OR checker IS NOT NULL",
            name="sent_when_checked",
        ),
        CheckConstraint(
            "state NOT IN ('paid', 'reconciled') OR paid_on IS NOT NULL", name="paid_on_a_day"
        ),
        CheckConstraint("attempt > 0", name="attempt_positive"),
        Index(None, "account_id", "state"),
        Index(None, "party_id", "id"),
        Index(None, "state", "id"),
        Index(None, "file_id", "id"),
    )

    payable: Mapped[str]
    party_id: Mapped[str]
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    attempt: Mapped[int]
    reference: Mapped[str]
    account_id: Mapped[str] = mapped_column(ForeignKey("bank_accounts.id"))
    account_name: Mapped[str]
    account_masked: Mapped[str]
    maker: Mapped[str]
    requested_at: Mapped[Instant]
    checker: Mapped[str | None]
    approved_at: Mapped[Instant | None]
    file_id: Mapped[str | None] = mapped_column(ForeignKey("payout_files.id"))
    paid_on: Mapped[date | None]

    @property
    def earned(self) -> AccountRef:
        """The account from which it is paid, and to which it goes back when it fails."""
        return AccountRef(Payable(self.payable).code, self.party_id, self.amount.currency)

    @property
    def transit(self) -> AccountRef:
        """The account on which it stands until the bank has paid it."""
        return AccountRef(TRANSIT, self.id, self.amount.currency)


def of_order(session: Session, order_id: str) -> list[tuple[Payout, PaidPart]]:
    """Return which payouts pay what of an order. Two SELECTs on indexes."""
    parts = items.of_order(session, order_id)
    statement = select(Payout).where(Payout.id.in_([part.payout_id for part in parts]))
    there = {payout.id: payout for payout in session.scalars(statement)}
    return [(there[part.payout_id], part) for part in parts]


def locked(session: Session, references: Iterable[str]) -> dict[str, Payout]:
    """Return reference → payout, locked in one order so that nobody deadlocks. One SELECT."""
    statement = (
        select(Payout)
        .where(Payout.reference.in_(sorted(set(references))))
        .order_by(Payout.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {payout.reference: payout for payout in session.scalars(statement)}
