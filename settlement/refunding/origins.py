"""From where the money of an order came, so that it goes back the same way; read from the books."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.money import Money
from settlement import escrow, ledger
from settlement.books import accounts, entries, postings
from settlement.ledger import Entry

_RECEIPTS: Final = frozenset({"payment.captured", "bank.matched", "wallet.drawn"})
_RAILS: Final = {"2241.suspense": "bank", "1012.psp": "provider", "2241.wallet": "wallet"}


class Rail(StrEnum):
    """By which way money goes back."""

    BANK = "bank"
    PROVIDER = "provider"
    WALLET = "wallet"


class Origin(NamedTuple):
    """One receipt. account: of the provider, or nothing. object_id: what came in.

    object_id: the provider's object, the bank's line, or the wallet's buyer.
    """

    rail: Rail
    account: str
    object_id: str
    amount: Money


def of_order(session: Session, order_id: str) -> list[Origin]:
    """Return what came in for the order, the oldest first. Two SELECTs for each fifty entries."""
    found: dict[tuple[Rail, str, str], Money] = {}
    for entry in _entries(session, order_id):
        for rail, account, object_id, amount in _receipts(entry, order_id):
            key = (rail, account, object_id)
            found[key] = found.get(key, Money(0, amount.currency)) + amount
    return [Origin(*key, amount) for key, amount in found.items() if amount.minor > 0]


def of_wallet(session: Session, buyer_id: str) -> list[Origin]:
    """Return what the buyer paid into its wallet, the newest first, at most 200. One SELECT."""
    wallet, source = accounts.alias(), accounts.alias()
    statement = (
        select(source.c.code, source.c.owner, entries.c.source_id, wallet.c.currency,
               postings.c.amount)
        .select_from(wallet)
        .join(postings, postings.c.credit_id == wallet.c.id)
        .join(source, source.c.id == postings.c.debit_id)
        .join(entries, entries.c.id == postings.c.entry_id)
        .where(wallet.c.code == "2241.wallet", wallet.c.owner == buyer_id,
               entries.c.event.in_(("payment.captured", "bank.matched")))
        .order_by(postings.c.entry_id.desc(), postings.c.line_no)
        .limit(200)
    )  # fmt: skip
    found: dict[tuple[Rail, str, str], Money] = {}
    for code, owner, source_id, currency, minor in session.execute(statement):
        rail = Rail(_RAILS[code])
        key = (rail, owner, source_id) if rail == Rail.PROVIDER else (rail, "", owner)
        found[key] = found.get(key, Money(0, currency)) + Money(minor, currency)
    return [Origin(*key, amount) for key, amount in found.items()]


def _entries(session: Session, order_id: str) -> Iterator[Entry]:
    page = ledger.entries_of(session, order_id)
    yield from page.items
    while page.next is not None:
        page = ledger.entries_of(session, order_id, after=page.next)
        yield from page.items


def _receipts(entry: Entry, order_id: str) -> Iterator[Origin]:
    if entry.event not in _RECEIPTS:
        return
    billed = any(line.debit_code == "2204.billed" for line in entry.lines)
    for line in entry.lines:
        to_order = (line.credit_code, line.credit_owner) == (escrow.ESCROW, order_id)
        to_bill = billed and line.credit_code == "1122.buyer"
        if line.debit_code in _RAILS and (to_order or to_bill):
            rail = Rail(_RAILS[line.debit_code])
            if rail == Rail.PROVIDER:
                yield Origin(rail, line.debit_owner, entry.source_id, line.amount)
            else:
                yield Origin(rail, "", line.debit_owner, line.amount)
