"""Orders from payment to payable, beside programs that only write the same rows.

An order is four entries of nine lines: received at the bank, matched, accepted, settled
among merchant, operator, treasury and the exchange. The limit is a program that writes as
many rows of the same shape into tables with the same keys and indexes and no triggers, one
statement a row, one transaction an order, as durable: pgbench on PostgreSQL, a C program
(or, without a compiler, the sqlite3 module) on SQLite. Numbers are ratios within one run.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from math import inf
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from sqlalchemy import make_url, text

import migrations
from benchmarks import limits
from kernel.engines import Engines
from kernel.money import Money
from settlement import fsck, ledger
from settlement.entries import AccountRef, Row
from settlement.ledger import ToPost
from tests import postgres
from tests.conftest import NOON, work_of
from tests.settlement.bookkeeping import JULY

SECONDS = 4.0
ROUNDS = 5
RUN_ORDERS = 100_000
LINES = 100_000
"""How far the ledger grows unless `run` is told: `python -m benchmarks settlement:10000000`."""

CLIENTS = (1, 4, 16)
BULK = 100
CUSTODY, COUNTER = AccountRef("1012.custody", "acc_1"), AccountRef("9001.counter", "org_buyer")
COMMISSION, VAT = AccountRef("6001.commission"), AccountRef("2221.vat")
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on",
           "autovacuum": "on", "shared_buffers": "256MB", "max_wal_size": "4GB"}  # fmt: skip


def run(lines: int = LINES, only: str = "") -> None:
    """Measure on SQLite, with a ledger of `lines` lines, then on PostgreSQL if it is there.

    only: "sqlite" or "postgresql", to leave the other one out.
    """
    if only != "postgresql":
        _on_sqlite(lines)
    if only == "sqlite":
        return
    postgres.SETTINGS.update(DURABLE)
    with postgres.server() as server:
        if server is None:
            print(f"\n{postgres.why_not()}")
            return
        _on_postgresql(server)


def order(name: str, merchants: int = 433) -> list[ToPost]:
    """Return the four entries of an order of 100 yuan."""
    line, held = AccountRef("2241.suspense", name), AccountRef("2241.escrow", name)
    due, counted = AccountRef("2241.accepted", name), AccountRef("9002.turnover", name)
    fen = Money(10_000)
    return [
        ToPost("bank.received", name, [Row(CUSTODY, line, fen)], JULY),
        ToPost("bank.matched", name, [Row(line, held, fen)], JULY, order_id=name),
        ToPost("line.accepted", name, [Row(held, due, fen), Row(COUNTER, counted, fen)], JULY,
               order_id=name),
        settled(name, hash(name) % merchants),
    ]  # fmt: skip


def settled(name: str, merchant: int) -> ToPost:
    """Return the entry that divides an accepted order."""
    due = AccountRef("2241.accepted", name)
    shares = ((AccountRef("2202.merchant", f"org_{merchant}"), 8_000),
              (AccountRef("2202.operator", f"op_{merchant % 20}"), 900),
              (AccountRef("2241.fiscal", f"tre_{merchant % 14}"), 600),
              (COMMISSION, 472), (VAT, 28))  # fmt: skip
    rows = [Row(due, share, Money(part)) for share, part in shares]
    return ToPost("line.settled", name, rows, JULY, order_id=name)


# --- SQLite -----------------------------------------------------------------------------


def _on_sqlite(lines: int) -> None:
    with tempfile.TemporaryDirectory(prefix="databourse-bench-") as folder:
        engines, who = made(f"sqlite:///{folder}/ours.db"), ""
        rounds = []
        for _ in range(ROUNDS):  # one after the other within a round, so that each has its share
            single = _rate(lambda names: post(engines, names, 1), SECONDS / 2)
            who, limit = limits.sqlite(Path(folder), SECONDS / 2)
            bulk = _rate(lambda names: post(engines, names, BULK), SECONDS / 2)
            rounds.append((single, bulk, limit))
        _check(engines)
        _tell_rounds(f"Orders a second, SQLite, synchronous=FULL, beside {who}", rounds)
        growing = made(f"sqlite:///{folder}/growing.db")
        _growth(growing, lines)
        _check(growing)


def _tell_rounds(title: str, rounds: list[tuple[float, float, float]]) -> None:
    """Print the medians of the rounds; a ratio is taken within a round."""
    singles, bulks, limit = zip(*rounds, strict=True)
    print(f"\n{title}: medians of {len(rounds)} rounds")
    print(f"  {'the limit':<44} {median(limit):>10,.0f}")
    for name, rates in (("one order a transaction", singles), (f"{BULK} a transaction", bulks)):
        ratios = sorted(rate / most for rate, most in zip(rates, limit, strict=True))
        print(f"  {name:<44} {median(rates):>10,.0f}   ratio {median(ratios):.2f}"
              f" ({ratios[0]:.2f} to {ratios[-1]:.2f})")  # fmt: skip


def _growth(engines: Engines, lines: int) -> None:
    """Measure what a line costs while the ledger grows: it is to stay what it was."""
    numbers, there, first = count(), 0, 0.0
    print("\nCPU µs a line while the ledger grows (SQLite)")
    sizes = [10**power for power in range(4, 8) if 10**power < lines]
    for size in [*sizes, lines]:
        while there < size:
            there += _grown(engines, numbers)
        least = inf
        for _ in range(5):  # the least of some, because others use the processors as well
            began, before = process_time(), there
            for _ in range(10):
                there += _grown(engines, numbers)
            least = min(least, (process_time() - began) / (there - before))
        first = first or least
        print(f"  {size:>12,} lines {least * 1e6:>8.1f}   ratio to the first {least / first:.2f}",
              flush=True)  # fmt: skip
    _after_close(engines)


def _grown(engines: Engines, numbers: Iterator[int]) -> int:
    """Post some orders with fresh names, and return how many lines that were."""
    return 9 * post(engines, (f"g{next(numbers)}" for _ in range(BULK)), BULK)


def _after_close(engines: Engines) -> None:
    """Measure the trial balance before and after a close, and see that they are equal."""
    with engines.writing() as session:
        work = work_of(session, "system", at=NOON.replace(month=9))
        began = perf_counter()
        before = ledger.trial_balance(session)
        between = perf_counter()
        ledger.close_period(work, "2026-07")
        closed = perf_counter()
        after = ledger.trial_balance(session)
        ended = perf_counter()
        session.commit()
    assert before == after
    first, second, close = between - began, ended - closed, closed - between
    print(f"  trial balance before the close {first * 1000:.0f} ms, after {second * 1000:.1f} ms;"
          f" the close itself {close:.1f} s")  # fmt: skip


# --- PostgreSQL -------------------------------------------------------------------------


def _on_postgresql(server: str) -> None:
    with database(server) as url:
        engines = made(url)
        for clients in CLIENTS:
            limit = _pgbench(url, clients)
            single = _together(_orders, url, clients, 1)
            bulk = _together(_orders, url, clients, BULK)
            _tell(f"Orders a second, PostgreSQL, {clients} clients", {
                "pgbench, as many rows": limit, "one order a transaction": single,
                f"{BULK} a transaction": bulk,
            }, limit)  # fmt: skip
        _settlement_run(engines)
        _check(engines)


def _settlement_run(engines: Engines) -> None:
    """Settle very many accepted orders in one transaction, and see that every fen arrived."""
    names = [f"r{number}" for number in range(RUN_ORDERS)]
    for begin in range(0, RUN_ORDERS, 1000):
        accepted = [one for name in names[begin : begin + 1000] for one in order(name)[:-1]]
        commit(engines, accepted)
    before = _credited(engines)
    began = perf_counter()
    commit(engines, [settled(name, number % 433) for number, name in enumerate(names)])
    took = perf_counter() - began
    arrived = {code: fen - before.get(code, 0) for code, fen in _credited(engines).items()}
    assert arrived == {row.credit.code: row.amount.minor * RUN_ORDERS
                       for row in settled("any", 0).rows}  # fmt: skip
    print(f"\nA settlement run of {RUN_ORDERS:,} orders, one transaction: {took:.1f} s; the shares"
          " are exact to the fen")  # fmt: skip


def _credited(engines: Engines) -> dict[str, int]:
    """Return what the accounts of a division have been credited, in fen, by their codes."""
    codes = {row.credit.code for row in settled("any", 0).rows}
    with engines.reading() as session:
        rows = ledger.trial_balance(session).rows
    return {row.code: row.credit for row in rows if row.code in codes}


def _orders(url: str, number: int, bulk: int) -> float:
    engines = Engines(url, pool_size=1)
    rate = _rate(lambda names: post(engines, names, bulk), SECONDS, f"{bulk}w{number}")
    engines.dispose()
    return rate


def _together(work: Callable[[str, int, int], float], url: str, clients: int, how: int) -> float:
    """Let `clients` processes work at once; return what they did a second, all together."""
    with get_context("fork").Pool(clients) as pool:
        return sum(pool.starmap(work, [(url, number, how) for number in range(clients)], 1))


def _pgbench(url: str, clients: int) -> float:
    """Let pgbench write as many rows, and return its orders a second; 0 without pgbench."""
    found = shutil.which("pgbench")
    if found is None:
        return 0.0
    address = make_url(url)
    with tempfile.TemporaryDirectory(prefix="databourse-bench-") as folder:
        script = Path(folder) / "order.sql"
        script.write_text(limits.PGBENCH, "utf-8")
        command = [
            found, "-n", "-M", "prepared", "-c", str(clients), "-j", str(min(clients, 2)),
            "-T", str(int(SECONDS)), "-f", str(script), "-h", str(address.query["host"]),
            "-p", str(address.query["port"]), "-U", str(address.username), str(address.database),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own script
        told = done.stdout
    rate = re.search(r"tps = ([0-9.]+)", told)
    assert rate is not None, told
    return float(rate[1])


# --- both -------------------------------------------------------------------------------


def made(url: str) -> Engines:
    """Open a new database with the tables of the ledger, and those of the limits."""
    engines = Engines(url)
    migrations.upgrade(engines.write)
    with engines.write.begin() as connection:
        for statement in limits.tables(connection.dialect.name):
            connection.execute(text(statement))
    return engines


@contextmanager
def database(server: str) -> Iterator[str]:
    """Make a database for the measurement, and drop it afterwards."""
    name = "databourse_bench"
    yield postgres.create_database(server, name)
    postgres.drop_database(server, name)


def post(engines: Engines, names: Iterator[str], orders: int) -> int:
    """Post `orders` orders in one transaction; return how many that were."""
    asked = [entry for _ in range(orders) for entry in order(next(names))]
    commit(engines, asked)
    return orders


def commit(engines: Engines, asked: list[ToPost]) -> None:
    """Post the entries in one transaction."""
    with engines.writing() as session:
        ledger.post_many(work_of(session, "system"), asked)
        session.commit()


def _rate(act: Callable[[Iterator[str]], int], seconds: float, who: str = "s") -> float:
    """Act again and again with fresh names, and return how much was done a second."""
    prefix = f"{who}{os.getpid()}_{perf_counter():.6f}_"
    names = (f"{prefix}{number}" for number in count())
    act(names)
    done, began = 0, perf_counter()
    while perf_counter() - began < seconds:
        done += act(names)
    return done / (perf_counter() - began)


def _tell(title: str, rates: dict[str, float], limit: float) -> None:
    print(f"\n{title}")
    for name, rate in rates.items():
        ratio = f"{rate / limit:.2f}" if limit else "-"
        print(f"  {name:<44} {rate:>10,.0f}   ratio {ratio}")


def _check(engines: Engines) -> None:
    """See that what was measured are sound books."""
    with engines.reading() as session:
        assert fsck.check(session) == ()
    engines.dispose()
