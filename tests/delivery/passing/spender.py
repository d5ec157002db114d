"""A process that counts from leases on its own, as another worker of the same house would.

"spend" spends calls one transaction each until it is refused, says how many there were, and
gives nothing back; "die" spends three, takes one more and is killed before that is written.
"""

import os
import signal
import sys

from delivery.passing.leases import Purse
from kernel.engines import Engines, insist


def main(url: str, task_id: str, what: str) -> None:
    engines, purse = Engines(url), Purse()
    _say("ready")
    sys.stdin.readline()
    spent = 0
    while _spent(engines, purse, task_id, last=what == "die" and spent == 3):
        spent += 1
    _say(str(spent))


def _spent(engines: Engines, purse: Purse, task_id: str, *, last: bool) -> bool:
    def attempt() -> bool:
        with engines.writing() as session:
            spending = purse.open(session)
            refused = spending.take(task_id, [("calls", 1)])
            spending.write()
            if last:
                os.kill(os.getpid(), signal.SIGKILL)
            session.commit()
        purse.close(spending)
        return not refused

    return insist(attempt)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
