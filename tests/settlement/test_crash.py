"""kill -9 in the middle of writing: what was promised is there, whole, and nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

from kernel.engines import Engines
from settlement import fsck, ledger
from tests.settlement.bookkeeping import CUSTODY, merchant, on

HOUSE = Path(__file__).parents[2]
KILLS = 2
PROMISES = 12


def killed_after(url: str, run: int, promises: int) -> list[str]:
    """Start the writer, kill it after some promises, and return all that it made."""
    command = [sys.executable, "-m", "tests.settlement.writer", url, str(run)]
    with subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        heard = [writer.stdout.readline().strip() for _ in range(promises)]
        writer.kill()
        rest = writer.stdout.read().split("\n")
    return [line for line in [*heard, *rest] if line.endswith(" 3")]


@pytest.mark.slow
def test_a_writer_that_is_killed_leaves_whole_books_with_all_that_it_promised(
    engines: Engines, database_url: str
) -> None:
    promised = [
        line.split()[0]
        for run in range(KILLS)
        for line in killed_after(database_url, run, PROMISES + run)
    ]

    with engines.reading() as session:
        assert len(promised) >= KILLS * PROMISES
        assert all(len(ledger.entries_of(session, order).items) == 3 for order in promised)
        orders = on(session, CUSTODY) // 100
        assert len(promised) <= orders <= len(promised) + KILLS
        assert on(session, merchant("org_m")) == 60 * orders
        assert on(session, merchant("org_n")) == 40 * orders
        assert fsck.check(session) == ()
