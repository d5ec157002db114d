"""One commission account into which everybody settles: with a balance row, and without.

Eight workers settle, one entry and one durable commit a time, each out of an account of its
own, and all into one. That one's balance is a sum, as the ledger keeps it, and then nobody
waits for anybody. Or it is a row, which is locked until its commit is on the disk while all
others wait: a row that is moved before anything is written, as a program does that keeps a
balance for each account; or one that is locked and moved within the posting, as late as can
be, as the ledger itself does with guarded accounts. Everything else is the same.

It is read twice. The workers are Python processes that call `ledger.post`: what a house gets
whose programs stand beside the database on the same processors. Or pgbench calls `ledger_post`
with what the ledger would call it with: what the database gets whose programs have processors
of their own. The difference is arithmetic. Without a row, N processors do N / C entries a
second, where C is the processor time of one, the client's and the server's. With a row there
is one at a time, and each takes H, from the lock to the end of its commit: its own processor
time after the lock, and the disk. So the row costs a factor of N × H / C. Where all else is
processor time, H is at most C and two processors never show more than the factor 2, however
long the queue; what goes beyond it is the disk, and processors that are there for others.
"""

import os
import re
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter, process_time, sleep
from typing import Any, NamedTuple

from sqlalchemy import text

from benchmarks import settlement
from kernel.engines import Engines
from kernel.money import Money
from settlement import fsck, ledger
from settlement.entries import AccountRef, Row
from settlement.ledger import ToPost
from settlement.posting.on_postgresql import POST, Postgresql
from tests import postgres
from tests.conftest import work_of
from tests.settlement.bookkeeping import JULY

WORKERS, SECONDS, ROUNDS = 8, 6.0, 3
WARMING = 20
"""Entries of each connection that are not counted: statements are prepared, plans are made."""

BEFORE = "UPDATE limit_hot SET credits = credits + 94"
KEPT = AccountRef("2202.operator", "op_hot")
"""An account that is credited as the commission is, and has a row."""

WAYS = {
    "the balance is a sum": (settlement.COMMISSION, None),
    "a row, moved within": (KEPT, None),
    "a row, moved before": (settlement.COMMISSION, BEFORE),
}
Way = tuple[AccountRef, str | None]
_TICKS = os.sysconf("SC_CLK_TCK")


class Read(NamedTuple):
    """What was read. client, server: processor µs an entry."""

    rate: float
    client: float
    server: float


def run() -> None:
    """Measure on PostgreSQL, if it is there."""
    postgres.SETTINGS.update(settlement.DURABLE)
    with postgres.server() as server:
        if server is None:
            print(f"\n{postgres.why_not()}")
            return
        with settlement.database(server) as url:
            measure(url)


def measure(url: str) -> None:
    """Measure in a new database, by both kinds of workers, and see that its books are sound."""
    engines = settlement.made(url)
    for worker in range(WORKERS):
        begun = settlement.order(f"hot_{worker}")[:-1]
        settlement.commit(engines, [_much(one) for one in begun])
    pgbench = shutil.which("pgbench")
    _tell("Python processes, by ledger.post", lambda way: _by_python(engines, url, way))
    if pgbench:
        _tell("pgbench, by ledger_post", lambda way: _by_pgbench(engines, pgbench, way))
    with engines.reading() as session:
        assert fsck.check(session) == ()
    engines.dispose()


def _tell(who: str, read: Callable[[Way], Read]) -> None:
    """Read each way in turn, some rounds long; a ratio is taken within a round."""
    rounds = [{name: read(way) for name, way in WAYS.items()} for _ in range(ROUNDS)]
    print(f"\nEntries a second into one commission account, {WORKERS} workers: {who}")
    for name in WAYS:
        found = [one[name] for one in rounds]
        rate, client, server = (median(each) for each in zip(*found, strict=True))
        gains = sorted(one["the balance is a sum"].rate / one[name].rate for one in rounds)
        gain = f"the sum does {median(gains):.2f} times as many ({gains[0]:.2f} to {gains[-1]:.2f})"
        print(f"  {name:<24} {rate:>8,.0f}   CPU µs {client:>5,.0f} + {server:<5,.0f}"
              f" {gain if name != 'the balance is a sum' else ''}")  # fmt: skip
    used = [one["the balance is a sum"] for one in rounds]
    bound = 1e6 * (os.cpu_count() or 1) / median(one.client + one.server for one in used)
    print(f"  {os.cpu_count()} processors, were they alone, do {bound:,.0f} without a row at most")


def _much(one: ToPost) -> ToPost:
    return one._replace(rows=[row._replace(amount=Money(10**12)) for row in one.rows])


def _settled(name: str, worker: str, into: AccountRef) -> ToPost:
    waiting = AccountRef("2241.accepted", f"hot_{worker}")
    rows = [Row(waiting, into, Money(94)), Row(waiting, settlement.VAT, Money(6))]
    return ToPost("line.settled", name, rows, JULY)


# --- Python processes -------------------------------------------------------------------


def _by_python(engines: Engines, url: str, way: Way) -> Read:
    began = _server_s(engines)
    with get_context("fork").Pool(WORKERS) as pool:
        found = pool.starmap(_post, [(url, worker, way) for worker in range(WORKERS)], 1)
    done, seconds, used = map(sum, zip(*found, strict=True))
    server = _server_s(engines) - began
    return Read(done * WORKERS / seconds, 1e6 * used / done, 1e6 * server / done)


def _post(url: str, worker: int, way: Way) -> tuple[int, float, float]:
    """Post for some seconds; return how many, how long it took, and the processor seconds."""
    engines, (into, before) = Engines(url, pool_size=1), way
    prefix = f"{os.getpid()}_{perf_counter():.6f}"
    asked = (_settled(f"{prefix}_{number}", str(worker), into) for number in count())

    def act(one: ToPost) -> None:
        with engines.writing() as session:
            if before:
                session.execute(text(before))
            ledger.post(work_of(session, "system"), *one[:3], effective_on=one.effective_on)
            session.commit()

    for _ in range(WARMING):
        act(next(asked))
    done, began, used = 0, perf_counter(), process_time()
    while perf_counter() - began < SECONDS:
        act(next(asked))
        done += 1
    took = perf_counter() - began, process_time() - used
    engines.dispose()
    return done, *took


# --- pgbench ----------------------------------------------------------------------------


def _by_pgbench(engines: Engines, pgbench: str, way: Way) -> Read:
    address, began = engines.url, _server_s(engines)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory(prefix="databourse-bench-") as folder:
        script = Path(folder) / "hot.sql"
        script.write_text(_script(engines, way), "utf-8")
        command = [
            pgbench, "-n", "-M", "prepared", "-c", str(WORKERS), "-j", "1", "-T",
            str(int(SECONDS)), "-f", str(script), "-h", str(address.query["host"]),
            "-p", str(address.query["port"]), "-U", str(address.username), str(address.database),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own script
    told = re.search(r"processed: (\d+).*tps = ([0-9.]+)", done.stdout, re.DOTALL)
    assert told is not None, done.stdout
    mine = resource.getrusage(resource.RUSAGE_CHILDREN)
    client = mine.ru_utime + mine.ru_stime - used.ru_utime - used.ru_stime
    each = 1e6 / int(told[1])
    return Read(float(told[2]), client * each, (_server_s(engines) - began) * each)


def _script(engines: Engines, way: Way) -> str:
    """Return a transaction as the ledger makes it; source and worker are pgbench's variables."""
    into, before = way
    with engines.writing() as session:
        writer = Postgresql(work_of(session, "system"), session.connection())
        values = writer.arguments([_settled("SOURCE", "WORKER", into)])
    call = POST % tuple(map(_literal, values))
    lines = ["\\set source random(1, 9000000000000000)", "BEGIN;", f"{call};", "COMMIT;", ""]
    return "\n".join([*lines[:2], f"{before};", *lines[2:]] if before else lines)


def _literal(value: Any) -> str:
    """Write a value into pgbench's script, to which every colon means a variable."""
    written = str(value).replace("\\", "\\\\").replace("'", "''").replace(":", "\\x3a")
    for word, variable in (("SOURCE", "source"), ("WORKER", "client_id")):
        written = written.replace(word, f"' || (:{variable})::bigint || E'")
    written = written.replace("\n", "\\n")
    return f"(E'{written}')::json" if written.startswith("[") else f"(E'{written}')"


def _server_s(engines: Engines) -> float:
    """Return the processor seconds of the server's processes so far; 0 on another machine."""
    sleep(0.5)  # for those that are ending
    folder = str(engines.url.query.get("host", ""))
    told = Path(folder) / "data" / "postmaster.pid"
    if not told.exists():
        return 0.0
    postmaster, ticks = told.read_text("utf-8").split("\n", 1)[0], 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text("utf-8").rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if stat.parent.name == postmaster:
            ticks += sum(map(int, fields[11:15]))
        elif fields[1] == postmaster:
            ticks += sum(map(int, fields[11:13]))
    return ticks / _TICKS
