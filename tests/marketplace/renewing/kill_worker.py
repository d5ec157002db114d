"""Who renews subscriptions is killed in every transaction, until one has nothing left to do.

    python -m tests.marketplace.renewing.kill_worker '{"database_url": …, "key": …, …}'

The parent imports everything once and forks. A life is a round of the worker: the jobs of
subscriptions, as its timetable runs them, and every errand that is due. The first dies after
the first thing that it writes, the second before it commits, the third after it has: the
fourth then dies in the next transaction. Does so for each line that it reads, and answers
each with how many were killed.
"""

import json
import os
import signal
import sys
import time
from itertools import cycle, islice
from typing import Any, Final, NoReturn

from sqlalchemy import event, text

from app import house, worker
from app.house import House
from app.reactions import SUBSCRIBERS, WITNESSES
from app.timetable import TIMETABLE
from config.settings import Settings
from kernel.engines import Engines

JOBS: Final = {name: TIMETABLE[name] for name in ("earn subscriptions", "look at terms")}
PLACES: Final = ("after a write", "before a commit", "after a commit")
LIVES_MAX: Final = 2_000
WRITES: Final = ("INSERT", "UPDATE", "DELETE")
CLAIM: Final = "INSERT INTO job_runs"
"""Which process may run a job is asked again and again; it is written where the job is done."""


def main(asked: str) -> None:
    settings = Settings(**json.loads(asked))
    built = house.build(settings, SUBSCRIBERS, WITNESSES)  # it has opened nothing yet
    for _ in sys.stdin:
        sys.stdout.write(f"killed {_killed(built)}\n")
        sys.stdout.flush()


def _killed(built: House) -> int:
    for killed, place in enumerate(islice(cycle(PLACES), LIVES_MAX)):
        child = os.fork()
        if not child:
            _live(built, place)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code != -signal.SIGKILL:
            assert code == 0, "a life failed"
            return killed
        _buried(built.settings)
    raise AssertionError("there was no end")


def _live(built: House, place: str) -> NoReturn:
    """Work until the place is reached, or all is done; never return."""
    code = 1
    try:
        _die_at(built.engines, place)
        worker.run_jobs(built, JOBS)
        worker.drain(built)
        code = 0
    finally:
        os._exit(code)


def _die_at(engines: Engines, place: str) -> None:
    committed = False

    def passed(here: str) -> None:
        if here == place:
            os.kill(os.getpid(), signal.SIGKILL)

    def executed(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if committed:
            passed("after a commit")
        if statement.startswith(WRITES) and not statement.startswith(CLAIM):
            passed("after a write")

    def committing(_connection: Any) -> None:
        nonlocal committed
        passed("before a commit")
        committed = True

    event.listen(engines.write, "after_cursor_execute", executed)
    event.listen(engines.write, "commit", committing)


def _buried(settings: Settings) -> None:
    """Wait until the server has noticed who is dead: what it had locked is then free."""
    if settings.database_url.startswith("sqlite"):
        return
    others = text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    engines = Engines(settings.database_url)
    with engines.write.connect() as connection:
        while connection.execute(others).scalar_one():
            connection.rollback()
            time.sleep(0.005)
    engines.dispose()


if __name__ == "__main__":
    main(sys.argv[1])
