"""Says aloud which tests a run leaves out and why; fails a run that has to be complete.

Some tests need more than Python: a PostgreSQL (`@pytest.mark.postgres`), a Chromium
(`@pytest.mark.browser`). Where the machine has none they are deselected, and the run's last
lines say how many, and what would bring them back. With DATABOURSE_TESTS_COMPLETE=1, as in
.ci/run, a test of these kinds that did not run, for whatever reason, fails the whole run. Tests
that have a run of their own (`make soak`, `make spark`) are missed by no other, on whatever
database they stand.

tests/conftest.py loads this as a plugin. In a parallel run every worker chooses the same
tests, so the process that reports believes what any one worker tells it.
"""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import pytest

from tests import postgres

COMPLETE = "DATABOURSE_TESTS_COMPLETE"
TOLD = "databourse_left_out"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ELSEWHERE = {
    "soak": "they run long on purpose (make soak)",
    "spark": "they need PySpark and a Java (make spark)",
}
"""The kinds that have a run of their own."""

GREEN = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)


@cache
def chromium() -> str | None:
    """Return the path of the browser that the browser tests drive, or None."""
    return next(filter(None, map(shutil.which, CHROMIUMS)), None)


def no_chromium() -> str | None:
    """Say why there is no browser to drive, or None when there is one."""
    if chromium():
        return None
    return f"no browser: none of {', '.join(CHROMIUMS)} on PATH (Debian: apt-get install chromium)"


NEEDS: dict[str, Callable[[], str | None]] = {
    "postgres": postgres.why_not,
    "browser": no_chromium,
}


def pytest_configure(config: pytest.Config) -> None:
    """Watch this run."""
    config.pluginmanager.register(Completeness(config), "completeness")


class Completeness:
    """Counts, by marker, the tests of one run that did not run."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.must_be = os.environ.get(COMPLETE) == "1"
        self.reasons = {marker: reason for marker, need in NEEDS.items() if (reason := need())}
        self.unmet: Counter[str] = Counter()  # the machine has not what they need
        self.unasked: Counter[str] = Counter()  # the command line did not ask for them
        self.skipped: Counter[str] = Counter()  # they skipped themselves
        self.counted: set[pytest.Item] = set()  # so that none is counted twice

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out the tests whose need this machine does not meet."""
        unmet = {item: marker for item in items if (marker := _kind(item, self.reasons))}
        if unmet:
            self.unmet.update(unmet.values())
            self.counted.update(unmet)
            items[:] = [item for item in items if item not in unmet]
            self.config.hook.pytest_deselected(items=list(unmet))

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Count what the command line leaves out: a soak as a soak, what has a need by it."""
        others = (item for item in items if item not in self.counted)
        self.unasked.update(kind for item in others if (kind := _kind(item, (*ELSEWHERE, *NEEDS))))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a watched test that skipped itself."""
        if report.skipped and not hasattr(report, "wasxfail"):
            self.skipped.update(marker for marker in NEEDS if marker in report.keywords)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Believe the worker of a parallel run that tells what it left out."""
        told = getattr(node, "workeroutput", {}).get(TOLD)
        if told:
            self.unmet, self.unasked = Counter(told[0]), Counter(told[1])

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Tell the reporting process, in a worker; else fail a run that is not complete."""
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput[TOLD] = [dict(self.unmet), dict(self.unasked)]
        elif self.must_be and self._missing() and session.exitstatus in GREEN:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was left out, and, when the run had to be complete, that it was not."""
        said = [
            _counted(count, marker, self.reasons[marker]) for marker, count in self.unmet.items()
        ]
        said += [
            _counted(count, kind, why)
            for kind, why in ELSEWHERE.items()
            if (count := self.unasked[kind])
        ]
        if said:
            terminalreporter.section("left out")
            for line in said:
                terminalreporter.line(line, yellow=True)
        if self.must_be and (missing := self._missing()):
            kinds = ", ".join(f"{count} {marker}" for marker, count in missing.items())
            terminalreporter.line(f"{COMPLETE}=1, but these did not run: {kinds}", red=True)

    def _missing(self) -> Counter[str]:
        """Return how many tests did not run that no other run has."""
        missing = self.unmet + self.unasked + self.skipped
        return Counter({kind: count for kind, count in missing.items() if kind not in ELSEWHERE})


def _kind(item: pytest.Item, markers: Iterable[str]) -> str | None:
    """Return the first of the markers that the test bears, or None."""
    return next((marker for marker in markers if item.get_closest_marker(marker)), None)


def _counted(count: int, marker: str, why: str) -> str:
    return f"{count} {marker} {'test' if count == 1 else 'tests'}: {why}"
