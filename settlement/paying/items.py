"""What a payout pays for: the shares of settled lines, the oldest first.

A payout pays a balance; these rows say of which orders' money it consists, so that each order
can be followed to the bank. Recoveries and released reserves have no share: a payout may be
more, or less, than its items.
"""

from typing import NamedTuple

from sqlalchemy import CheckConstraint, ForeignKey, Index, literal_column, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.db import Base, Big
from kernel.money import Money
from settlement.dividing.settled import SettlementLine, SplitShare
from settlement.ledger import AccountRef

PAGE = 500
"""Shares read at a time."""


class PayoutItem(Base):
    """A part of one share that one attempt pays. live: until the attempt fails."""

    __tablename__ = "payout_items"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        Index(None, "obligation_id", "payout_id"),
    )

    payout_id: Mapped[str] = mapped_column(ForeignKey("payouts.id"), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    obligation_id: Mapped[str] = mapped_column(primary_key=True)
    account_code: Mapped[str]
    owner: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(Big)
    live: Mapped[bool]


class PaidPart(NamedTuple):
    """What one payout pays of one order."""

    payout_id: str
    account_code: str
    owner: str
    amount: Money


def claim(
    session: Session, payout_id: str, attempt: int, earned: AccountRef, amount: Money
) -> None:
    """Choose what an attempt pays: unpaid shares of the account, up to the amount.

    One SELECT for each 500 shares, locked.
    """
    rest, after = amount.minor, ""
    while rest:
        page = _unpaid(session, earned, after)
        for share in page:
            part = min(rest, share.remaining_minor - share.claimed_minor)
            share.claimed_minor += part
            rest -= part
            if part:
                session.add(_item(payout_id, attempt, share, part))
        if len(page) < PAGE:
            return
        after = page[-1].obligation_id


def release(session: Session, payout_id: str, attempt: int) -> None:
    """Give back what an attempt was to pay; another one may pay it.

    One SELECT, and one by key for each item: locked in the order in which everybody does.
    """
    statement = (
        select(PayoutItem)
        .where(PayoutItem.payout_id == payout_id, PayoutItem.attempt == attempt, PayoutItem.live)
        .order_by(PayoutItem.obligation_id)
    )
    for item in session.scalars(statement).all():
        item.live = False
        key = (item.obligation_id, item.account_code, item.owner)
        share = session.get_one(SplitShare, key, with_for_update=True)
        share.claimed_minor -= item.amount_minor


def of_order(session: Session, order_id: str) -> list[PaidPart]:
    """Return what payouts pay of an order, by payout. One SELECT on indexes."""
    statement = (
        select(
            PayoutItem.payout_id, PayoutItem.account_code, PayoutItem.owner, PayoutItem.amount_minor
        )
        .join(SettlementLine, SettlementLine.obligation_id == PayoutItem.obligation_id)
        .where(SettlementLine.order_id == order_id, PayoutItem.live)
        .order_by(PayoutItem.payout_id, PayoutItem.account_code, PayoutItem.obligation_id)
    )
    found: dict[tuple[str, str, str], int] = {}
    for payout_id, code, owner, minor in session.execute(statement):
        found[payout_id, code, owner] = found.get((payout_id, code, owner), 0) + minor
    return [PaidPart(*key, Money(minor)) for key, minor in found.items()]


def _unpaid(session: Session, earned: AccountRef, after: str) -> list[SplitShare]:
    statement = (
        select(SplitShare)
        .where(
            SplitShare.owner == earned.owner,
            SplitShare.account_code == earned.code,
            SplitShare.currency == earned.currency,
            SplitShare.claimed_minor < literal_column("remaining_minor"),
            SplitShare.obligation_id > after,
        )
        .order_by(SplitShare.obligation_id)
        .limit(PAGE)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(statement))


def _item(payout_id: str, attempt: int, share: SplitShare, part: int) -> PayoutItem:
    return PayoutItem(
        payout_id=payout_id,
        attempt=attempt,
        obligation_id=share.obligation_id,
        account_code=share.account_code,
        owner=share.owner,
        amount_minor=part,
        live=True,
    )
