"""The reserve (保证金): what is kept of a merchant's share for a time, against refunds.

Kept when a line is settled, by rate and days of the rules; released when the days are over,
as far as refunds have left it there and the merchant's deposit stays covered.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.clock import local_date
from kernel.db import Base, Big
from kernel.money import Money, half_up
from kernel.work import Rules, Work
from settlement import ledger
from settlement.dividing import rooms
from settlement.ledger import AccountRef, Row

ACCOUNT: Final = "2202.reserve"
"""Where the reserve stands, by party."""

PAYABLE: Final = "2202.merchant"
"""From where it is kept, and to where it is released."""

_WHOLE_BP: Final = 10_000


class Reserve(Base):
    """What was kept of one settled line. released_minor: how much of it came free."""

    __tablename__ = "reserves"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint(
            "released_minor >= 0 AND released_minor <= amount_minor", name="released_within"
        ),
        Index("ix_reserves_release_on", "release_on", "obligation_id"),
        Index(None, "party_id", "obligation_id"),
    )

    obligation_id: Mapped[str] = mapped_column(ForeignKey("obligations.id"), primary_key=True)
    party_id: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(Big)
    currency: Mapped[str]
    release_on: Mapped[date]
    released_on: Mapped[date | None]
    released_minor: Mapped[int] = mapped_column(Big)


def to_keep(rules: Rules, amount: Money) -> Money:
    """Return what is kept of a merchant's share: the rate of the rules, half up. Pure."""
    return Money(
        half_up(amount.minor * rules.number("settling.reserve_bp"), _WHOLE_BP), amount.currency
    )


def kept(work: Work, obligation_id: str, party_id: str, amount: Money) -> Reserve:
    """Write down what is kept of a line, and until when."""
    days = work.rules.number("settling.reserve_days")
    made = Reserve(
        obligation_id=obligation_id,
        party_id=party_id,
        amount_minor=amount.minor,
        currency=amount.currency,
        release_on=local_date(work.now) + timedelta(days=days),
        released_on=None,
        released_minor=0,
    )
    work.session.add(made)
    return made


def release_due(work: Work, *, limit: int) -> int:
    """Release what has been kept long enough; return how many lines that were.

    What refunds have used is gone; what the deposit needs stays. One SELECT on an index, one
    for the balances, and an entry a line.
    """
    today = local_date(work.now)
    due = _due(work.session, today, limit)
    refs = {AccountRef(ACCOUNT, one.party_id, one.currency) for one in due}
    room = rooms.locked(work.session, refs)
    deposit = work.rules.number("settling.deposit_fen")
    for one in due:
        ref = AccountRef(ACCOUNT, one.party_id, one.currency)
        free = room.take(ref, min(one.amount_minor, max(room.left(ref) - deposit, 0)))
        one.released_on, one.released_minor = today, free
        if free:
            back = Row(ref, ref._replace(code=PAYABLE), Money(free, one.currency))
            ledger.post(work, "reserve.released", one.obligation_id, [back], effective_on=today)
    return len(due)


def of_party(session: Session, party_id: str, *, limit: int) -> Sequence[Reserve]:
    """Return what is kept of a party, the next to be released first. One SELECT."""
    statement = (
        select(Reserve)
        .where(Reserve.party_id == party_id, Reserve.released_on.is_(None))
        .order_by(Reserve.release_on, Reserve.obligation_id)
        .limit(limit)
    )
    return session.scalars(statement).all()


def _due(session: Session, today: date, limit: int) -> Sequence[Reserve]:
    statement = (
        select(Reserve)
        .where(Reserve.released_on.is_(None), Reserve.release_on <= today)
        .order_by(Reserve.release_on, Reserve.obligation_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(statement).all()
