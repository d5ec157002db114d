"""A wallet (预存款): what a buyer has paid in advance for metered use, and its spending limit.

The money stands on one guarded account of the ledger; the guard is the limit, so that no
two draws can race past it. Each closed hour draws what the month has come to so far, less
what it has drawn: so a month is rounded once. What the wallet cannot give stops the meter
until it is topped up.
"""

from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, select
from sqlalchemy.orm import Mapped, Session, composite, mapped_column

from kernel.actor import Duty, Role, any_of
from kernel.clock import Instant, local_date
from kernel.db import Base, Big, append_only
from kernel.errors import NotFound, Refusal
from kernel.journal import Event
from kernel.money import Money
from kernel.pages import Page
from kernel.work import Work
from settlement import access, ledger, payments
from settlement.ledger import AccountRef, Overdrawn, Row, StatementLine
from settlement.metering import bills, buckets, meters, tariffs
from settlement.metering.bills import Bill
from settlement.metering.meters import Meter, Mode, Stop
from settlement.payments import Payment, Purpose

WALLET: Final = "2241.wallet"

holder = any_of(Role.BUYER, Duty.FINANCE, Duty.SIGNER)
"""Who moves the money of its organisation's wallet."""


class WalletDraw(Base):
    """What one meter drew at once. source_id: the hour, or the bill that closed the month."""

    __tablename__ = "wallet_draws"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        Index(None, "meter_id", "period"),
    )

    source_id: Mapped[str] = mapped_column(primary_key=True)
    meter_id: Mapped[str] = mapped_column(ForeignKey("meters.id"))
    period: Mapped[str]
    amount: Mapped[Money] = composite(
        mapped_column("amount_minor", Big), mapped_column("amount_currency")
    )
    drawn_at: Mapped[Instant]


append_only(WalletDraw.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


def balance(session: Session, buyer_id: str) -> Money:
    """Return what is in the wallet. One SELECT."""
    return ledger.balance(session, AccountRef(WALLET, buyer_id))


def top_up(work: Work, amount: Money) -> Payment:
    """Ask the caller's organisation for a payment into its wallet.

    Raises StepNotAllowed, Invalid, AlreadyInstructed while another one is awaited.
    """
    access.require(work, holder, "wallet.top_up")
    own = work.actor.organisation
    return payments.ask(work, purpose=Purpose.WALLET, target=own, payer_id=own, amount=amount)


def awaited(session: Session, buyer_id: str) -> Payment | None:
    """Return the payment into the wallet that is still to come, if there is one. One SELECT."""
    return payments.live_for(session, Purpose.WALLET, buyer_id)


def topped_up(work: Work, event: Event) -> None:
    """After "payment.received" for a wallet: draw what was owing, and go on with what stood."""
    if event.data.get("purpose") != Purpose.WALLET:
        return
    go_on(work, event.data["target"])


def go_on(work: Work, buyer_id: str) -> None:
    """Draw what the buyer's meters owe, and let those run again that owe nothing."""
    for meter in meters.of_buyer(work.session, buyer_id, mode=Mode.WALLET):
        if draw_all(work, meter.id):
            meters.resume(work, meter, Stop.WALLET_EMPTY)


def draw_all(work: Work, meter_id: str) -> bool:
    """Draw what every month of a meter owes; tell whether the wallet gave it all."""
    for period in buckets.periods(work.session, meter_id):
        last = buckets.last_closed(work.session, meter_id, period)
        if last is not None and not draw(work, meter_id, period, last.id):
            return False
    return True


def draw(work: Work, meter_id: str, period: str, source_id: str) -> bool:
    """Draw what the month's closed hours have come to, less what was drawn; once a source.

    False when the wallet has not so much: nothing is drawn then, and the meter stands.
    """
    meter = meters.locked(work.session, meter_id)
    used = buckets.used(work.session, meter.id, period, closed=True)
    owed = tariffs.charge(meter.charges, used.units).amount - drawn(work.session, meter.id, period)
    if owed.minor <= 0:
        return True
    try:
        take(work, meter, owed, source_id=source_id, period=period)
    except Overdrawn:
        meters.stop(work, meter, Stop.WALLET_EMPTY)
        return False
    return True


def take(work: Work, meter: Meter, amount: Money, *, source_id: str, period: str) -> None:
    """Move money of the wallet into the escrow of the meter's order. Raises Overdrawn."""
    wallet = AccountRef(WALLET, meter.buyer_id, amount.currency)
    escrow = AccountRef("2241.escrow", meter.order_id, amount.currency)
    posted = ledger.post(
        work,
        "wallet.drawn",
        source_id,
        [Row(wallet, escrow, amount)],
        effective_on=local_date(work.now),
        order_id=meter.order_id,
    )
    if posted.already:
        return
    work.session.add(
        WalletDraw(
            source_id=source_id, meter_id=meter.id, period=period, amount=amount, drawn_at=work.now
        )
    )
    _warn(work, meter.buyer_id, amount)


def drawn(session: Session, meter_id: str, period: str) -> Money:
    """Return what a meter has drawn for a month. One SELECT on an index."""
    statement = select(func.coalesce(func.sum(WalletDraw.amount_minor), 0)).where(  # type: ignore[attr-defined]  # a column of the composite
        WalletDraw.meter_id == meter_id, WalletDraw.period == period
    )
    return Money(int(session.scalars(statement).one()))


def unbilled(session: Session, order_id: str) -> Money:
    """Return what was drawn for an order's use of months that no bill has settled. One SELECT.

    It stands in the order's escrow, and is owed for what was used.
    """
    settled = select(Bill.id).where(
        Bill.order_id == Meter.order_id,
        Bill.basis == Meter.basis,
        Bill.period == WalletDraw.period,
        Bill.state == bills.State.SETTLED,
    )
    statement = (
        select(func.coalesce(func.sum(WalletDraw.amount_minor), 0))  # type: ignore[attr-defined]  # a column of the composite
        .join(Meter, Meter.id == WalletDraw.meter_id)
        .where(Meter.order_id == order_id, ~settled.exists())
    )
    return Money(int(session.scalars(statement).one()))


def free(session: Session, buyer_id: str, period: str) -> Money:
    """Return what of the wallet is not owed for use that was told; at least nothing.

    One SELECT, and two for each meter that the wallet pays.
    """
    there = balance(session, buyer_id)
    owed = Money(0)
    for meter in meters.of_buyer(session, buyer_id, mode=Mode.WALLET):
        owed += there - left(session, meter, period)
    return max(Money(0), there - owed)


def left(session: Session, meter: Meter, period: str) -> Money:
    """Return what the wallet would hold if this month's use were drawn now; may be negative."""
    used = buckets.used(session, meter.id, period, closed=False)
    owed = tariffs.charge(meter.charges, used.units).amount - drawn(session, meter.id, period)
    return balance(session, meter.buyer_id) - owed


def statement(work: Work, buyer_id: str, *, after: str | None, limit: int) -> Page[StatementLine]:
    """Return what came into a wallet and went out of it, oldest first; for its buyer, overseers.

    Raises NotFound for others. One SELECT on an index.
    """
    missing = NotFound("没有这个预存款账户", f"no wallet {buyer_id}")
    access.hide_from_strangers(work, buyer_id, missing)
    ref = AccountRef(WALLET, buyer_id)
    return ledger.statement(work.session, ref, after=after, limit=limit)


def empty(session: Session, meter: Meter, period: str) -> Refusal | None:
    """Return the reason to refuse further use when the wallet has nothing left for it."""
    if left(session, meter, period).minor > 0:
        return None
    return Refusal("WALLET_EMPTY", "预存款不足，请充值后继续使用", "the wallet is empty: top it up")


def _warn(work: Work, buyer_id: str, taken: Money) -> None:
    now = balance(work.session, buyer_id)
    for name in ("wallet_warn_fen", "wallet_alarm_fen"):
        threshold = Money(work.rules.number(f"metering.{name}"))
        if now < threshold <= now + taken:
            work.record("wallet.low", buyer_id, threshold=threshold, balance=now)
