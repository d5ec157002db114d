"""Counting a quota: from a lease, against a Redis script for each call.

Redis is asked over a socket of this machine, without a client's library, one call after the
other, by a script that compares and counts at once: what a shared counter does. A lease is
taken in the database and committed to the disk, counted from in memory, and what was used is
written again.
"""

# ruff: noqa: S603 - what is run is named in this file

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

from benchmarks.house import furnished
from delivery.passing import allowances
from delivery.passing.leases import Purse
from kernel.engines import Engines
from tests.delivery import stores

ROUNDS, CALLS, AT_ONCE = 7, 100_000, 10_000
"""Calls of a round, and those that are counted between two commits."""

_SCRIPT = (
    b"local n = redis.call('INCR', KEYS[1]) if n > tonumber(ARGV[1]) then "
    b"redis.call('DECR', KEYS[1]) return 0 end return n"
)


def run() -> None:
    """Count calls both ways, round by round."""
    with furnished() as application, TemporaryDirectory(prefix="databourse-bench-") as folder:
        engines = application.house.engines
        task_id = _limited(engines, Path(folder))
        print(f"\nCounting {CALLS:,} calls of one allowance, {ROUNDS} rounds (SQLite, FULL)")
        purse = Purse()
        redis = shutil.which("redis-server")
        if redis is None:
            print("  redis-server is not installed: nothing to compare with")
            rates = [_leased(engines, purse, task_id) for _ in range(ROUNDS)]
            print(f"  from leases {median(rates):>12,.0f} calls/s")
            return
        with _redis(redis, Path(folder)) as asked:
            pairs = [(_leased(engines, purse, task_id), _counted(asked)) for _ in range(ROUNDS)]
        ours, theirs = median(one for one, _ in pairs), median(two for _, two in pairs)
        print(f"  from leases {ours:>24,.0f} calls/s")
        print(f"  by a script of Redis, each {theirs:>9,.0f} calls/s")
        print(f"  ratio, median of the rounds: {median(one / two for one, two in pairs):.1f}")


def _leased(engines: Engines, purse: Purse, task_id: str) -> float:
    began = perf_counter()
    for _ in range(CALLS // AT_ONCE):
        with engines.writing() as session:
            spending = purse.open(session)
            for _ in range(AT_ONCE):
                assert not spending.take(task_id, (("calls", 1),))
            spending.write()
            session.commit()
        purse.close(spending)
    return CALLS / (perf_counter() - began)


def _counted(asked: socket.socket) -> float:
    asked.sendall(_command(b"SCRIPT", b"LOAD", _SCRIPT))
    name = asked.recv(64).split(b"\r\n")[1]
    told = _command(b"EVALSHA", name, b"1", b"calls", b"1000000000")
    calls = CALLS // 50
    began = perf_counter()
    for _ in range(calls):
        asked.sendall(told)
        assert asked.recv(64).startswith(b":")
    return calls / (perf_counter() - began)


def _command(*words: bytes) -> bytes:
    lines = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
    return b"*%d\r\n%s" % (len(words), lines)


def _limited(engines: Engines, folder: Path) -> str:
    with engines.writing() as session:
        version = stores.stored(session, folder)
        task = stores.delivered(session, version, mode="record_api")
        allowances.grant(session, task.id, "calls", 10**9)
        session.commit()
        return task.id


@contextmanager
def _redis(program: str, folder: Path) -> Iterator[socket.socket]:
    """Run a Redis of its own, without a disk, and give a connection to it."""
    path = folder / "redis.sock"
    told = ["--port", "0", "--unixsocket", str(path), "--save", "", "--appendonly", "no"]
    process = subprocess.Popen([program, *told], stdout=subprocess.DEVNULL, cwd=folder)
    try:
        while not path.exists():
            sleep(0.02)
        with socket.socket(socket.AF_UNIX) as asked:
            asked.connect(str(path))
            yield asked
    finally:
        process.terminate()
        process.wait()
