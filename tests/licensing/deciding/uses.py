"""Builders of uses: a request within every clause of the tests' authorisation."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kernel.engines import Engines
from licensing.decisions import Request
from tests.licensing import grants

HOUSE = Path(__file__).parents[3]


def request(authorisation_id: str, **changes: Any) -> Request:
    """Return a use that every clause allows, with what is changed."""
    given: dict[str, Any] = {
        "authorisation_id": authorisation_id,
        "organisation_id": "org_buyer",
        "purpose_code": "weather_insurance",
        "items": ((grants.DIRECTORY, "RAIN"),),
        "transform": "aggregated",
        "output_form": "record_api",
        "region": "430100",
        "environment": "tee",
        "quantity": {"rows": 10},
        "subject": "dlv_1",
    }
    return Request(**{**given, **changes})


def granted(engines: Engines, **changes: Any) -> str:
    """Commit an authorisation in force, and the agreement behind it; return its id."""
    with engines.writing() as session:
        grants.agreement(session)
        key = grants.active(session, given=grants.scope(**changes)).id
        session.commit()
    return key


class Neighbour:
    """Another process on this database, spoken to line by line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def says(self) -> str:
        """Return its next line."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def tell(self, command: str) -> None:
        """Give it one command."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()

    def ask(self) -> str:
        """Have it decide once; return its codes, or "allow"."""
        self.tell("ask")
        return self.says()

    def kill(self) -> list[str]:
        """Kill it as `kill -9` does; return what it had said till then."""
        self._process.kill()
        assert self._process.stdout is not None
        return self._process.stdout.read().splitlines()


@contextmanager
def neighbour(url: str, state: Path, key: str) -> Iterator[Neighbour]:
    """Start another process that decides on `key`; it ends with the block."""
    module = "tests.licensing.deciding.counter"
    process = subprocess.Popen(
        [sys.executable, "-m", module, url, str(state), key],
        cwd=HOUSE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        started = Neighbour(process)
        assert started.says() == "ready"
        yield started
    finally:
        process.kill()
        process.communicate()
