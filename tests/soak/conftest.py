"""Lets an ordeal say at the end of the run what it did, also when all went well."""

from collections.abc import Callable

import pytest

TOLD = pytest.StashKey[list[str]]()

Tell = Callable[..., None]
"""Says one thing under the name of the test: tell(kills=200, …)."""


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Tell:
    """Give a way to say what was done, in the last lines of the run."""
    told = request.config.stash.setdefault(TOLD, [])

    def say(**what: object) -> None:
        name = request.node.name.removeprefix("test_")
        told.append(f"{name}: " + ", ".join(f"{key} {value}" for key, value in what.items()))

    return say


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write what the ordeals said."""
    told = terminalreporter.config.stash.get(TOLD, [])
    if told:
        terminalreporter.section("what was done")
        for line in told:
            terminalreporter.write_line(line)
