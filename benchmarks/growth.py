"""What a line costs on PostgreSQL while the ledger grows, and what the trial balance costs then.

The ledger is filled through the same door as always, 100 orders a transaction, by as many
processes as there are processors. At each power of ten one of them goes on alone, and the
processor time of a line is taken: its own, and that of the server's process which serves it.
Other work on the machine only ever adds to it, so the least of some windows is told.

The month is then closed and the next one begun: the trial balance is to cost what the accounts
and the open month cost, however long the past is. Of what is closed the rows are checked as
ever; at ten million lines the close itself takes minutes, most of them for the blocks.
"""

import os
from collections.abc import Iterator
from itertools import count
from math import inf
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, process_time

from sqlalchemy import text

from benchmarks import settlement
from kernel.engines import Engines
from settlement import ledger
from settlement.ledger import ToPost
from tests import postgres
from tests.conftest import NOON, work_of
from tests.settlement.bookkeeping import JULY

LINES = 100_000
"""How far it grows unless `run` is told: `python -m benchmarks growth:10000000`."""

ORDER_LINES = 9
WINDOWS, WINDOW_ORDERS = 5, 500
BULK = settlement.BULK
TAIL_ORDERS = 1_000
_TICKS = os.sysconf("SC_CLK_TCK")


def run(lines: int = LINES) -> None:
    """Grow a ledger on PostgreSQL to `lines` lines, if it is there."""
    postgres.SETTINGS.update(settlement.DURABLE)
    with postgres.server() as server:
        if server is None:
            print(f"\n{postgres.why_not()}")
            return
        with settlement.database(server) as url:
            measure(url, lines)


def measure(url: str, lines: int) -> None:
    """Grow a new database, print what a line costs on the way, and close the month."""
    engines = settlement.made(url)
    _grow(engines, lines)
    _close(engines)
    engines.dispose()


def _grow(engines: Engines, lines: int) -> None:
    first, names = 0.0, (f"g{number}" for number in count())
    print("\nCPU µs a line while the ledger grows (PostgreSQL), client + server")
    for size in [*(10**power for power in range(4, 8) if 10**power < lines), lines]:
        _fill(engines, size)
        client, server = _cost(engines, names)
        first = first or client + server
        print(f"  {size:>12,} lines {client:>8.1f} + {server:.1f}"
              f"   ratio to the first {(client + server) / first:.2f}", flush=True)  # fmt: skip


def _cost(engines: Engines, names: Iterator[str]) -> tuple[float, float]:
    """Return the CPU µs a line of the cheapest window: of the client, of the server."""
    with engines.reading() as session:
        process = session.scalar(text("SELECT pg_backend_pid()"))
    best = (inf, inf)
    for _ in range(WINDOWS):
        began = process_time(), _cpu(process)
        for _ in range(WINDOW_ORDERS // BULK):
            settlement.post(engines, names, BULK)
        took = process_time() - began[0], _cpu(process) - began[1]
        best = min(best, took, key=sum)
    client, server = (1e6 * seconds / (WINDOW_ORDERS * ORDER_LINES) for seconds in best)
    return client, server


def _cpu(process: int) -> float:
    """Return the processor seconds of a process of this machine; 0 when it is on another."""
    told = Path(f"/proc/{process}/stat")
    if not told.exists():
        return 0.0
    ticks = told.read_text("utf-8").rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / _TICKS


def _fill(engines: Engines, size: int) -> None:
    """Post until there are about `size` lines."""
    missing = size - _lines(engines)
    workers = os.cpu_count() or 1
    batches = max(0, missing) // (ORDER_LINES * BULK * workers)
    engines.dispose()
    with get_context("fork").Pool(workers) as pool:
        url = engines.url.render_as_string(hide_password=False)
        pool.starmap(_filled, [(url, f"f{size}_{worker}", batches) for worker in range(workers)], 1)


def _filled(url: str, prefix: str, batches: int) -> None:
    engines = Engines(url, pool_size=1)
    names = (f"{prefix}_{number}" for number in count())
    for _ in range(batches):
        settlement.post(engines, names, BULK)
    engines.dispose()


def _lines(engines: Engines) -> int:
    with engines.reading() as session:
        return int(session.execute(text("SELECT count(*) FROM ledger_postings")).scalar_one())


def _close(engines: Engines) -> None:
    """Take the trial balance before and after a close, and with a tail in the open month."""
    lines = _lines(engines)
    before, took = _trial(engines, 1)
    with engines.writing() as session:
        began = perf_counter()
        ledger.close_period(work_of(session, "system", at=NOON.replace(month=9)), "2026-07")
        session.commit()
        closing = perf_counter() - began
    after, closed = _trial(engines)
    assert after == before
    settlement.commit(engines, [_later(one) for number in range(TAIL_ORDERS)
                                for one in settlement.order(f"tail{number}")])  # fmt: skip
    tailed, with_tail = _trial(engines)
    assert tailed.difference == 0
    with engines.reading() as session:
        assert tailed == ledger.trial_balance(session, kept=False)
    print(f"  trial balance over {lines:,} open lines {took * 1000:,.0f} ms; closed"
          f" {closed * 1000:.1f} ms; with {TAIL_ORDERS * ORDER_LINES:,} lines in the next month"
          f" {with_tail * 1000:.1f} ms; the close itself {closing:.0f} s")  # fmt: skip


def _trial(engines: Engines, times: int = 3) -> tuple[ledger.TrialBalance, float]:
    """Return the trial balance, and the seconds that it took: the least of some times."""
    took = []
    for _ in range(times):
        with engines.reading() as session:
            began = perf_counter()
            found = ledger.trial_balance(session)
            took.append((perf_counter() - began, found))
    return took[-1][1], min(seconds for seconds, _ in took)


def _later(one: ToPost) -> ToPost:
    return one._replace(effective_on=JULY.replace(month=8))
