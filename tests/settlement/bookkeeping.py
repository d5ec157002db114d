"""Entries with valid defaults, so that a test of the ledger names only what it is about."""

import sqlite3
from collections.abc import Sequence
from datetime import date
from typing import Final

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from kernel import engines
from kernel.money import Money
from kernel.work import Work
from settlement import ledger
from settlement.ledger import AccountRef, Posted, Row

JULY: Final = date(2026, 7, 1)
CUSTODY: Final = AccountRef("1012.custody", "acc_1")
COMMISSION: Final = AccountRef("6001.commission")
VAT: Final = AccountRef("2221.vat")

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


def suspense(line: str) -> AccountRef:
    return AccountRef("2241.suspense", line)


def escrow(order: str) -> AccountRef:
    return AccountRef("2241.escrow", order)


def accepted(order: str) -> AccountRef:
    return AccountRef("2241.accepted", order)


def merchant(party: str) -> AccountRef:
    return AccountRef("2202.merchant", party)


def received(work: Work, line: str, fen: int, *, on: date = JULY) -> Posted:
    row = Row(CUSTODY, suspense(line), Money(fen))
    return ledger.post(work, "bank.received", line, [row], effective_on=on)


def matched(work: Work, line: str, order: str, fen: int, *, key: str = "") -> Posted:
    row = Row(suspense(line), escrow(order), Money(fen))
    return ledger.post(
        work, "bank.matched", key or f"{line} {order}", [row], effective_on=JULY, order_id=order
    )


def paid_for(work: Work, order: str, fen: int) -> None:
    """Bring `fen` into the order's escrow."""
    received(work, f"bsl_{order}", fen)
    matched(work, f"bsl_{order}", order, fen)


def accept(work: Work, order: str, fen: int) -> Posted:
    rows = [
        Row(escrow(order), accepted(order), Money(fen)),
        Row(
            AccountRef("9001.counter", "org_buyer"), AccountRef("9002.turnover", order), Money(fen)
        ),
    ]
    return ledger.post(work, "line.accepted", order, rows, effective_on=JULY, order_id=order)


def settle(work: Work, order: str, shares: Sequence[tuple[AccountRef, int]], **key: str) -> Posted:
    rows = [Row(accepted(order), share, Money(fen)) for share, fen in shares]
    source = key.get("source", order)
    return ledger.post(work, "line.settled", source, rows, effective_on=JULY, order_id=order)


def on(session: Session, ref: AccountRef) -> int:
    """Return the fen on the account."""
    return ledger.balance(session, ref).minor


def refusal(session: Session, *statements: str) -> str:
    """Run raw SQL to the commit, see it refused, and return the reason; nothing stays.

    On a connection that may ask for anything, so that it is the tables that refuse.
    """
    unguard(session)
    with pytest.raises(DBAPIError) as caught:
        run(session, *statements)
    session.rollback()
    return str(caught.value.orig)


def run(session: Session, *statements: str) -> None:
    """Run raw SQL and commit."""
    for statement in statements:
        session.execute(text(statement))
    session.commit()


def unguard(session: Session) -> None:
    """Take off what our own connections to SQLite may not do."""
    driver = session.connection().connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        engines.unguard(driver)


def account_id(ref: AccountRef) -> str:
    """Return the SQL that finds the account."""
    return (
        f"(SELECT id FROM ledger_accounts WHERE code = '{ref.code}'"
        f" AND owner = '{ref.owner}' AND currency = '{ref.currency}')"
    )


def head(
    entry_id: int,
    *,
    n: int = 1,
    event: str = "bank.received",
    source: str | None = None,
    seq: int = 0,
    reverses: int | None = None,
) -> str:
    """Return the SQL that writes the head of an entry, with a key of its own if none is given."""
    key = f"src_{entry_id}" if source is None else source
    return (
        "INSERT INTO ledger_entries (id, event, source_id, seq, period_id, n, reverses, person,"
        f" organisation, effective_on, recorded_at) VALUES ({entry_id}, '{event}',"
        f" '{key}',"
        f" {seq}, '2026-07', {n}, {reverses or 'NULL'}, 'per_x', 'org_x', '2026-07-01',"
        " '2026-07-01T04:00:00.000000+00:00')"
    )


def posting(
    entry_id: int,
    debit: AccountRef,
    credit: AccountRef,
    amount: str,
    *,
    line: int = 1,
    n: int = 1,
    currency: str = "CNY",
    book: str = "money",
) -> str:
    """Return the SQL that writes a line of an entry."""
    return (
        "INSERT INTO ledger_postings"
        " (entry_id, line_no, n, debit_id, credit_id, currency, book, amount)"
        f" VALUES ({entry_id}, {line}, {n}, {account_id(debit)}, {account_id(credit)},"
        f" '{currency}', '{book}', {amount})"
    )


def seal(entry_id: int, *, n: int = 1) -> str:
    """Return the SQL that seals an entry."""
    return (
        "INSERT INTO ledger_seals (entry_id, n, content_hash)"
        f" VALUES ({entry_id}, {n}, '{'0' * 64}')"
    )
