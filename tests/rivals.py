"""Circles of waiting: counted, or closed by a rival around a unit of work that loses it once.

PostgreSQL ends the one who has waited longest by his own patience; the rival's is long.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event as Signal
from time import monotonic, sleep

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from kernel.engines import Engines

FIRST, SECOND = "org_buyer", "org_other"
PATIENCE_S = 10
BROKEN = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")


def lock_both(session: Session) -> None:
    """Take the one row and then the other, as the rival does not; wait a moment at most."""
    session.execute(text("SET LOCAL deadlock_timeout = '20ms'"))
    for which in (FIRST, SECOND):
        _lock(session.connection(), which)


def deadlocks(engines: Engines) -> int:
    """Return how many circles of waiting the database has broken; SQLite has none."""
    if engines.sqlite:
        return 0
    with engines.reading() as session:
        return int(session.scalars(BROKEN).one())


@contextmanager
def rival(engines: Engines) -> Iterator[None]:
    """Hold the second row in another thread, and want the first once somebody waits."""
    holds = Signal()
    with ThreadPoolExecutor(1) as pool:
        ends = pool.submit(_close_the_circle, engines, holds)
        assert holds.wait(PATIENCE_S)
        yield
        ends.result(PATIENCE_S)


def _close_the_circle(engines: Engines, holds: Signal) -> None:
    with engines.write.connect() as connection, engines.write.connect() as looking:
        connection.execute(text("SET LOCAL deadlock_timeout = '60s'"))
        _lock(connection, SECOND)
        holds.set()
        until = monotonic() + PATIENCE_S
        while not looking.scalar(WAITING):
            assert monotonic() < until, "nobody waits"
            looking.rollback()
            sleep(0.005)
        _lock(connection, FIRST)
        connection.commit()


def _lock(connection: Connection, organisation: str) -> None:
    connection.execute(
        text("SELECT 1 FROM organisations WHERE id = :which FOR UPDATE"), {"which": organisation}
    )
