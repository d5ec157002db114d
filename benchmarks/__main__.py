"""Runs the measurements: `python -m benchmarks`, or the named ones of them.

A measurement that can be made larger takes a number, `python -m benchmarks settlement:1000000`,
and one that has parts the name of one, `settlement:1000000:sqlite`.
"""

import os
import platform
import sqlite3
import sys
from collections.abc import Callable

import structlog

from app import house
from benchmarks import (
    decisions,
    delivery,
    growth,
    hot,
    intake,
    ledger,
    pages,
    rankings,
    requests,
    search,
    settlement,
)

ALL: dict[str, Callable[..., None]] = {
    "ledger": ledger.run,
    "settlement": settlement.run,
    "hot": hot.run,
    "growth": growth.run,
    "requests": requests.run,
    "decisions": decisions.run,
    "delivery": delivery.run,
    "intake": intake.run,
    "rankings": rankings.run,
    "search": search.run,
    "pages": pages.run,
}


def main(names: list[str]) -> int:
    """Run what is named, or everything; returns the exit status."""
    asked = [one.split(":") for one in names or ALL]
    unknown = [name for name, *_ in asked if name not in ALL]
    if unknown:
        sys.stderr.write(f"no such measurement: {', '.join(unknown)}; there are {', '.join(ALL)}\n")
        return 2
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    print(f"{versions}, {os.cpu_count()} processors")
    structlog.configure(processors=[_silent])
    house.leave_be()  # as every process that serves does
    for name, *told in asked:
        ALL[name](*(int(one) if one.isdecimal() else one for one in told))
    return 0


def _silent(_logger: object, _name: str, _event: object) -> str:
    raise structlog.DropEvent


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
