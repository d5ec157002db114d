"""Runs the measurements: `python -m benchmarks`, or the named ones of them.

A measurement that can be made larger takes a number: `python -m benchmarks settlement:1000000`.
"""

import os
import platform
import sqlite3
import sys
from collections.abc import Callable

import structlog

from benchmarks import decisions, ledger, pages, rankings, requests, settlement

ALL: dict[str, Callable[..., None]] = {
    "ledger": ledger.run,
    "settlement": settlement.run,
    "requests": requests.run,
    "decisions": decisions.run,
    "rankings": rankings.run,
    "pages": pages.run,
}


def main(names: list[str]) -> int:
    """Run what is named, or everything; returns the exit status."""
    asked = dict(one.partition(":")[::2] for one in names or ALL)
    unknown = [name for name in asked if name not in ALL]
    if unknown:
        sys.stderr.write(f"no such measurement: {', '.join(unknown)}; there are {', '.join(ALL)}\n")
        return 2
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    print(f"{versions}, {os.cpu_count()} processors")
    structlog.configure(processors=[_silent])
    for name, size in asked.items():
        ALL[name](*([int(size)] if size else []))
    return 0


def _silent(_logger: object, _name: str, _event: object) -> str:
    raise structlog.DropEvent


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
