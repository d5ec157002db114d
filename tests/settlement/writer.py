"""A program that posts and commits without end, and says each entry that it was promised.

Started by the test that kills it: `python -m tests.settlement.writer URL RUN`.
"""

import sys
from datetime import UTC, datetime
from itertools import count

from kernel.actor import SYSTEM
from kernel.calendar import Calendar
from kernel.crypto import StandardProvider
from kernel.engines import Engines
from kernel.work import Rules, Work
from settlement import ledger
from tests.settlement.bookkeeping import accept, merchant, paid_for, settle

NOON = datetime(2026, 7, 1, 4, tzinfo=UTC)


def main(url: str, run: str) -> None:
    engines, crypto = Engines(url), StandardProvider(bytes(32))
    for number in count():
        order = f"ord_{run}_{number}"
        with engines.writing() as session:
            work = Work(session, SYSTEM, NOON, Rules("test", {}), Calendar([]), crypto)
            paid_for(work, order, 100)
            accept(work, order, 100)
            settle(work, order, [(merchant("org_m"), 60), (merchant("org_n"), 40)])
            entries = ledger.entries_of(session, order).items
            session.commit()
        sys.stdout.write(f"{order} {len(entries)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
