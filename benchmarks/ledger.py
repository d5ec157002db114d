"""An entry of the ledger against a program that only inserts the same rows.

The limit: sqlite3 itself, on the same tables with the same triggers, keys and CHECKs, one
transaction an entry, WAL and synchronous=FULL on both sides. What is left is what posting
adds: the rules, the accounts, the overdraft, the hash of the content.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count

from app.unit import Exchange
from benchmarks.house import furnished
from benchmarks.stopwatch import Way, compare
from kernel.money import Money
from settlement import fsck, ledger
from settlement.entries import AccountRef, Row
from tests.conftest import work_of
from tests.settlement.bookkeeping import JULY

TURNS = 400
CUSTODY, SUSPENSE = AccountRef("1012.custody", "acc_1"), AccountRef("2241.suspense", "bsl_1")
ORDER = AccountRef("2241.escrow", "ord_1")
FEN = Money(100)
FIRST_OF_THE_RAW = 1_000_000

ENTRY = """
    INSERT INTO ledger_entries (id, event, source_id, seq, period_id, n, person, organisation,
                                effective_on, recorded_at)
    VALUES (?, 'bank.matched', ?, 0, '2026-07', 2, 'system', 'system', '2026-07-01',
            '2026-07-01T04:00:00.000000+00:00')"""
POSTING = """
    INSERT INTO ledger_postings (entry_id, line_no, n, debit_id, credit_id, currency, book, amount)
    VALUES (?, ?, 2, ?, ?, 'CNY', 'money', ?)"""
SEAL = "INSERT INTO ledger_seals (entry_id, n, content_hash) VALUES (?, 2, ?)"
ACCOUNT = "SELECT id FROM ledger_accounts WHERE code = ? AND owner = ?"


def run() -> None:
    """Post entries of two lines by both ways, each into a database of its own."""
    with furnished("ours.db") as ours, furnished("theirs.db") as theirs:
        for exchange in (ours, theirs):
            _receive(exchange)
        with _raw(theirs) as connection:
            _compare(ours, connection)
        with ours.house.engines.reading() as session:
            assert fsck.check(session) == ()


def _compare(ours: Exchange, connection: sqlite3.Connection) -> None:
    compare(
        "An entry of two lines, committed to the disk (SQLite, synchronous=FULL)",
        Way("settlement.ledger.post", _posting(ours)),
        Way("sqlite3, the same inserts", _inserting(connection)),
        turns=TURNS,
    )


def _receive(exchange: Exchange) -> None:
    """Put enough into suspense, and let every account be open."""
    with exchange.house.engines.writing() as session:
        work = work_of(session, "system")
        much = Row(CUSTODY, SUSPENSE, FEN.times(1_000_000))
        ledger.post(work, "bank.received", "bsl_1", [much], effective_on=JULY)
        ledger.post(work, "bank.matched", "first", [Row(SUSPENSE, ORDER, FEN)], effective_on=JULY)
        session.commit()


def _posting(exchange: Exchange) -> Callable[[], object]:
    numbers = count()

    def post() -> None:
        rows = [Row(SUSPENSE, ORDER, FEN), Row(SUSPENSE, ORDER, FEN)]
        with exchange.house.engines.writing() as session:
            work = work_of(session, "system")
            ledger.post(work, "bank.matched", f"{next(numbers)}", rows, effective_on=JULY)
            session.commit()

    return post


@contextmanager
def _raw(exchange: Exchange) -> Iterator[sqlite3.Connection]:
    path = str(exchange.house.engines.url.database)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON",
                       "recursive_triggers=ON"):  # fmt: skip
            connection.execute(f"PRAGMA {pragma}")
        yield connection


def _inserting(connection: sqlite3.Connection) -> Callable[[], object]:
    numbers = count(FIRST_OF_THE_RAW)
    debit, credit = (
        connection.execute(ACCOUNT, (ref.code, ref.owner)).fetchone()[0]
        for ref in (SUSPENSE, ORDER)
    )

    def insert() -> None:
        number = next(numbers)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(ENTRY, (number, f"{number}"))
        for line in (1, 2):
            connection.execute(POSTING, (number, line, debit, credit, FEN.minor))
        connection.execute(SEAL, (number, "0" * 64))
        connection.execute("COMMIT")

    return insert
