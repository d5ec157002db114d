"""Where the money of one order came from and where it is (I-60), read from the books alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from kernel.money import Money
from kernel.words import Words
from settlement import chart, ledger, rules
from settlement.ledger import AccountRef, Entry, Row

_ESCROW: Final = "2241.escrow"
_ACCEPTED: Final = "2241.accepted"
_HOLD: Final = "2241.hold"
_TRANSIT: Final = "2241.refund_transit"
_DISPUTE: Final = "1221.dispute"
_SPONSOR: Final = "1221.sponsor"

_SOURCES: Final = frozenset(
    {"2241.suspense", "1012.psp", "2241.wallet", "2204.billed", "1221.sponsor", "1012.fx"}
)
"""From where money enters an order's escrow."""

_SHARED: Final = (
    *(credit for _, credit in rules.RULES["line.settled"].pairs),
    "2202.reserve",
    "1221.party",
    "6711.goodwill",
    "6603.psp_fee",
)
"""Whose it is once it is settled, or was kept of a refund; what a party owes counts against it."""

_ASIDE: Final = frozenset(
    {"service.charged", "deal.registered", "psp.fee", "dispute.withdrawn", "dispute.won"}
)
"""What is told of an order, and is not its price: fees besides, what a provider withdrew."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of the money: from which account to which, how much, by which event.

    source_id: of what the event tells: a bank line's match, a provider's object, a refund.
    """

    entry_id: int
    event: str
    source_id: str
    says: Words
    effective_on: date
    debit: AccountRef
    debit_name: Words
    credit: AccountRef
    credit_name: Words
    amount: Money


@dataclass(frozen=True, slots=True)
class Explanation:
    """What came in for an order, and where each fen of it is.

    paid_in: by buyers and sponsors. refunded: on its way back or there; lost: to disputes
    of the payment provider. held: set aside. shared: by account, after refunds.
    """

    order_id: str
    paid_in: Money
    refunded: Money
    lost: Money
    in_escrow: Money
    waiting: Money
    held: Money
    shared: Mapping[str, Money]
    hops: tuple[Hop, ...]

    @property
    def difference(self) -> Money:
        """What was paid in and is nowhere; always zero."""
        elsewhere = (self.refunded, self.lost, self.in_escrow, self.waiting, self.held)
        return self.paid_in - sum((*elsewhere, *self.shared.values()), Money(0))


def explain(session: Session, order_id: str) -> Explanation:
    """Return every hop that the order's money has made, and what it comes to.

    Two SELECTs for each fifty entries of the order, and two balances.
    """
    hops = tuple(_hop(entry, line.row) for entry in _entries(session, order_id)
                 for line in entry.lines)  # fmt: skip
    own = [hop for hop in hops if hop.event not in _ASIDE]
    net = _net(own)
    return Explanation(
        order_id=order_id,
        paid_in=Money(sum(map(_came_in, own))),
        refunded=Money(sum(map(_went_back, own))),
        lost=Money(net.get(_DISPUTE, 0)),
        in_escrow=ledger.balance(session, AccountRef(_ESCROW, order_id)),
        waiting=ledger.balance(session, AccountRef(_ACCEPTED, order_id)),
        held=Money(net.get(_HOLD, 0)),
        shared={code: Money(net[code]) for code in _SHARED if net.get(code)},
        hops=hops,
    )


def _came_in(hop: Hop) -> int:
    if hop.event == "deposit.released":
        return hop.amount.minor if hop.credit.code == _ESCROW else 0
    if hop.credit.code == _ESCROW and hop.debit.code in _SOURCES:
        return hop.amount.minor
    if hop.debit.code == _ESCROW and hop.credit.code in _SOURCES:
        return -hop.amount.minor
    if hop.event == "voucher.restored" and hop.credit.code == _SPONSOR:
        return -hop.amount.minor  # of what had left escrow already
    return 0


def _went_back(hop: Hop) -> int:
    if hop.event == "refund.requested" and hop.credit.code == _TRANSIT:
        return hop.amount.minor
    if hop.event == "refund.cancelled" and hop.debit.code == _TRANSIT:
        return -hop.amount.minor
    return 0


def _entries(session: Session, order_id: str) -> list[Entry]:
    found: list[Entry] = []
    page = ledger.entries_of(session, order_id)
    found += page.items
    while page.next is not None:
        page = ledger.entries_of(session, order_id, after=page.next)
        found += page.items
    return found


def _hop(entry: Entry, row: Row) -> Hop:
    return Hop(
        entry_id=entry.id,
        event=entry.event,
        source_id=entry.source_id,
        says=rules.RULES[entry.event].says,
        effective_on=entry.effective_on,
        debit=row.debit,
        debit_name=chart.account(row.debit.code).name,
        credit=row.credit,
        credit_name=chart.account(row.credit.code).name,
        amount=row.amount,
    )


def _net(hops: Iterable[Hop]) -> dict[str, int]:
    """Return account code → credits less debits, in fen."""
    net: dict[str, int] = {}
    for hop in hops:
        if hop.event == "deposit.released":
            continue
        net[hop.credit.code] = net.get(hop.credit.code, 0) + hop.amount.minor
        net[hop.debit.code] = net.get(hop.debit.code, 0) - hop.amount.minor
    return net
