"""What a reading process for many files does: it reads each in a fenced copy of itself.

What a process needs before it can read has been loaded once and for all; a copy is made in
milliseconds, is fenced as any reading process is, and ends with its file. Requests come as
lines on the standard input; the answers of each end with a line {"over": true}.
"""

import os
import sys

from duckdb import DuckDBPyConnection

from delivery.intake import child, reading


def main() -> None:
    """Answer requests until there are no more."""
    ready = reading.ready()
    for request in sys.stdin:
        copy = os.fork()
        if not copy:
            _answered(request, ready)
        os.waitpid(copy, 0)
        # What was broken off in the midst of a line ends here.
        sys.stdout.write('\n{"over": true}\n')
        sys.stdout.flush()


def _answered(request: str, ready: DuckDBPyConnection) -> None:
    """Answer in this copy, and end it, however the reading went."""
    status = 1
    try:
        child.answer(request, ready)
        status = 0
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()
