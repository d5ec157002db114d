"""The legs of reconciling: each looks at the days that are not closed yet, on two sides.

Costs: a few SELECTs a leg, over what took effect in those days and over what is open now.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel.money import Money
from kernel.work import Work
from settlement.books import accounts, entries, postings
from settlement.escrow import ACCEPTED, ESCROW, Obligation
from settlement.payments import Payment, Purpose
from settlement.payments import State as Asked
from settlement.payouts import Payout
from settlement.payouts import State as Paid
from settlement.reconciling import banks, providers
from settlement.reconciling.facts import Fact, Leg, Type, compare
from settlement.reconciling.sides import Days, Sides, by_day, sided, waiting
from settlement.statements import trial_balance
from settlement.vouchers import returned
from settlement.vouchers.batches import VoucherBatch
from settlement.vouchers.vouchers import State as Given
from settlement.vouchers.vouchers import Voucher


def trade(work: Work, days: Days) -> Iterator[Fact]:
    """Compare what payments, obligations and payouts say with the books."""
    session = work.session
    touched = _touched(session, days, _RECEIPTS)
    said, booked = _payments(session, touched), _received(session, touched)
    yield from _by_order(Leg.TRADE, "paid", touched, said, booked)
    obliged, accepted = _obligations(session, days), _accepted(session, days)
    yield from by_day(Leg.TRADE, "accepted", obliged, accepted)
    yield from by_day(Leg.TRADE, "payout", _payouts(session, days), _paid(session, days))
    yield from _underway(work, days)


def provider(work: Work, days: Days) -> Iterator[Fact]:
    """Compare what was booked on the provider's account with its own balance lines."""
    yield from providers.compared(work, *days)


def safeguard(work: Work, days: Days) -> Iterator[Fact]:
    """Compare what is held for others with what is owed to them: never less."""
    held, owed = (_total(work.session, codes) for codes in (HELD, OWED))
    for currency in sorted({*held, *owed}):
        ours = Money(held.get(currency, 0), currency)
        theirs = Money(-owed.get(currency, 0), currency)
        if ours < theirs:
            yield Fact(Leg.SAFEGUARD, Type.BALANCE, f"held:{currency}", ours, theirs, days.last)


def volume(work: Work, days: Days) -> Iterator[Fact]:
    """Compare the volume that acceptance counted with the money that it made due, by order.

    A sponsor's part counts at acceptance and becomes due later: until then its voucher
    stands for it. Orders that are billed count with their bills, and are left out here.
    """
    session = work.session
    touched = _touched(session, days, ("line.accepted",))
    for order_id in _ordered_by(session, touched, "bill.confirmed"):
        touched.pop(order_id, None)
    counted = _moved(session, touched, "9001.counter", "9002.turnover")
    money = _moved(session, touched, ESCROW, ACCEPTED)
    for order_id, part in _promised(session, touched).items():
        money[order_id] = money.get(order_id, Money(0, part.currency)) + part
    yield from _by_order(Leg.VOLUME, "volume", touched, counted, money)


HELD: Final = ("1012.custody", "1012.psp", "1012.psp_transit", "1221.sponsor", "1221.dispute")
"""Assets that stand for other people's money."""

OWED: Final = (
    "2202.merchant", "2202.operator", "2202.broker", "2202.reserve", "2241.escrow",
    "2241.accepted", "2241.wallet", "2241.suspense", "2241.refund_transit",
    "2241.payout_transit", "2241.hold", "2241.fiscal",
)  # fmt: skip
"""What is owed to others."""


LEGS: Final[tuple[Callable[[Work, Days], Iterator[Fact]], ...]] = (
    trade,
    provider,
    banks.compared,
    safeguard,
    volume,
)
"""Every leg, in the order in which their findings are told."""


def _by_order(
    leg: Leg,
    about: str,
    touched: Mapping[str, date],
    left: Mapping[str, Money],
    right: Mapping[str, Money],
) -> Iterator[Fact]:
    for order_id, since in sorted(touched.items()):
        one = [{order_id: side[order_id]} if order_id in side else {} for side in (left, right)]
        yield from compare(leg, about, *one, since=since)


def _underway(work: Work, days: Days) -> Iterator[Fact]:
    """Tell of payouts that were sent and that the bank has not booked."""
    statement = select(Payout).where(Payout.state == Paid.SENT).order_by(Payout.id).limit(_OPEN_MAX)
    for payout in work.session.scalars(statement):
        sent_on = (payout.approved_at or payout.requested_at).date()
        type_ = waiting(work, sent_on, days.last, Type.MISSING_RIGHT)
        yield Fact(Leg.TRADE, type_, f"sent:{payout.id}", payout.amount, None, sent_on)


def _touched(session: Session, days: Days, events: tuple[str, ...]) -> dict[str, date]:
    """Return order → the first of these days on which such an event was booked for it."""
    statement = (
        select(entries.c.order_id, func.min(entries.c.effective_on))
        .where(
            entries.c.effective_on.between(*days),
            entries.c.event.in_(events),
            entries.c.order_id.is_not(None),
        )
        .group_by(entries.c.order_id)
    )
    return {str(order_id): day for order_id, day in session.execute(statement)}


def _ordered_by(session: Session, orders: Iterable[str], event: str) -> list[str]:
    statement = select(entries.c.order_id).where(
        entries.c.order_id.in_(sorted(orders)), entries.c.event == event
    )
    return [str(each) for each in session.scalars(statement.distinct())]


def _moved(session: Session, orders: Iterable[str], debit: str, credit: str) -> dict[str, Money]:
    """Return order → what its acceptances moved from one code to another, ever."""
    debited, credited = accounts.alias(), accounts.alias()
    statement = (
        select(entries.c.order_id, postings.c.currency, func.sum(postings.c.amount))
        .join(postings, postings.c.entry_id == entries.c.id)
        .join(debited, debited.c.id == postings.c.debit_id)
        .join(credited, credited.c.id == postings.c.credit_id)
        .where(
            entries.c.order_id.in_(sorted(orders)),
            entries.c.event == "line.accepted",
            debited.c.code == debit,
            credited.c.code == credit,
        )
        .group_by(entries.c.order_id, postings.c.currency)
    )
    return {row[0]: Money(int(row[2]), row[1]) for row in session.execute(statement)}


def _promised(session: Session, orders: Iterable[str]) -> dict[str, Money]:
    """Return order → the part of it that a voucher, or its buyer instead, has yet to pay."""
    locked = select(Voucher).where(
        Voucher.order_id.in_(sorted(orders)),
        Voucher.state.in_([Given.LOCKED, Given.REDEEMED]),
    )
    advanced = {
        each.id for each in session.scalars(select(VoucherBatch).where(VoucherBatch.advanced))
    }
    found = {
        str(each.order_id): each.used
        for each in session.scalars(locked)
        if each.state == Given.LOCKED or each.batch_id not in advanced
    }
    found |= returned.never_due(session, orders)
    owed = select(Payment).where(
        Payment.order_id.in_(sorted(orders)),
        Payment.purpose == Purpose.ORDER,
        # A voucher's part counted with the rest; an instalment counts once it is paid.
        Payment.target.in_(select(Voucher.id)),
        Payment.state.in_([Asked.AWAITING, Asked.PART_FUNDED]),
    )
    return {**found, **{str(each.order_id): each.amount for each in session.scalars(owed)}}


def _payments(session: Session, touched: Iterable[str]) -> dict[str, Money]:
    """Return order → what its payments say has arrived."""
    statement = select(Payment).where(Payment.order_id.in_(sorted(touched)))
    found: dict[str, Money] = {}
    for payment in session.scalars(statement):
        if payment.funded.minor:
            key = str(payment.order_id)
            found[key] = found.get(key, Money(0, payment.funded.currency)) + payment.funded
    return found


def _received(session: Session, touched: Iterable[str]) -> dict[str, Money]:
    """Return order → what came into its escrow from bank and provider, ever."""
    statement = (
        select(accounts.c.owner, accounts.c.currency, func.sum(postings.c.amount))
        .join(postings, postings.c.credit_id == accounts.c.id)
        .join(entries, entries.c.id == postings.c.entry_id)
        .where(
            accounts.c.code == ESCROW,
            accounts.c.owner.in_(sorted(touched)),
            entries.c.event.in_(_RECEIPTS),
        )
        .group_by(accounts.c.owner, accounts.c.currency)
    )
    return {row[0]: Money(int(row[2]), row[1]) for row in session.execute(statement)}


def _obligations(session: Session, days: Days) -> Sides:
    statement = (
        select(
            Obligation.accepted_on,
            Obligation.order_id,
            _OBLIGED.c.amount_currency,
            func.sum(_OBLIGED.c.amount_minor),
        )
        .where(Obligation.accepted_on.between(*days))
        .group_by(Obligation.accepted_on, Obligation.order_id, _OBLIGED.c.amount_currency)
    )
    return sided(session, statement)


def _accepted(session: Session, days: Days) -> Sides:
    return _credited(session, days, "line.accepted", ACCEPTED)


def _payouts(session: Session, days: Days) -> Sides:
    statement = select(
        Payout.paid_on, Payout.id, _PAYOUTS.c.amount_currency, _PAYOUTS.c.amount_minor
    ).where(Payout.paid_on.between(*days))
    return sided(session, statement)


def _paid(session: Session, days: Days) -> Sides:
    debited = accounts.alias()
    statement = (
        select(entries.c.effective_on, debited.c.owner, postings.c.currency, postings.c.amount)
        .join(postings, postings.c.entry_id == entries.c.id)
        .join(debited, debited.c.id == postings.c.debit_id)
        .where(
            entries.c.effective_on.between(*days),
            entries.c.event == "payout.paid",
            debited.c.code == "2241.payout_transit",
        )
    )
    return sided(session, statement)


def _credited(session: Session, days: Days, event: str, code: str) -> Sides:
    """Return what an event credited to the accounts of one code, by day and owner."""
    statement = (
        select(
            entries.c.effective_on,
            accounts.c.owner,
            postings.c.currency,
            func.sum(postings.c.amount),
        )
        .join(postings, postings.c.entry_id == entries.c.id)
        .join(accounts, accounts.c.id == postings.c.credit_id)
        .where(
            entries.c.effective_on.between(*days),
            entries.c.event == event,
            accounts.c.code == code,
        )
        .group_by(entries.c.effective_on, accounts.c.owner, postings.c.currency)
    )
    return sided(session, statement)


def _total(session: Session, codes: Iterable[str]) -> dict[str, int]:
    """Return currency → debits less credits of the accounts of these codes."""
    found: dict[str, int] = {}
    for row in trial_balance(session).rows:
        if row.code in codes:
            found[row.currency] = found.get(row.currency, 0) + row.debit - row.credit
    return found


_RECEIPTS: Final = ("bank.matched", "payment.captured")
_OBLIGED: Final = Obligation.__table__
_PAYOUTS: Final = Payout.__table__
_OPEN_MAX: Final = 1_000
