"""The desk (计量台): what one process remembers of its callers, and how their calls are written.

A caller that the gate has admitted is not asked about again for half a second, and not
beyond the next event of this host that could change the answer: whoever commits one moves a
number in a file that every process of the host has mapped. So a right that ends is known to
the next call here, and on every other host within half a second.

Calls that wait to be written are written together by whoever comes first.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any, Final, NamedTuple, TypeAlias

from sqlalchemy.exc import InterfaceError, OperationalError

from delivery.metered import batches
from delivery.metered.batches import Entry, Outcome
from delivery.passing.leases import LeaseLost, Purse, Spending
from kernel.engines import Engines
from kernel.errors import DomainError
from kernel.work import Work
from licensing.deciding import epochs
from licensing.deciding.epochs import Epoch

KEPT_S: Final = 0.5
"""How long an admission is good for calls that follow."""

KEPT_MAX: Final = 10_000
"""Callers that are remembered at most."""

BATCH_MAX: Final = 64
"""Calls that are written in one transaction at most."""

_QUIET: Final = frozenset({"delivery.used"})
"""Events that end no right: what a use itself writes."""

_EVERYBODYS: Final = (DomainError, OperationalError, InterfaceError)
"""What goes wrong whoever's call it is: no use to try the calls one by one."""

Commit: TypeAlias = Callable[[Callable[[Work], Any]], Any]
"""Runs a command as one unit of work and commits it."""


class Mark(NamedTuple):
    """The moment before something was read: what has changed since makes it stale."""

    epoch: int
    at: float


@dataclass(slots=True, eq=False)
class _Place:
    """One call in the queue, and what became of it."""

    entry: Entry
    outcome: Outcome | None = None
    error: BaseException | None = None
    done: bool = field(default=False)


class Desk:
    """One of each process."""

    def __init__(self, engines: Engines, state_dir: Path) -> None:
        self.purse = Purse()
        self._epoch = Epoch(state_dir / "calls.epoch")
        epochs.attach(engines, self._epoch, changing)
        self._kept: dict[tuple[str, ...], tuple[Mark, Any]] = {}
        self._lock = Lock()
        self._leading = Lock()
        self._queue: list[_Place] = []

    def mark(self) -> Mark:
        """Return the present moment, to be taken before what is to be remembered is read."""
        return Mark(self._epoch.value, monotonic())

    def holds(self, mark: Mark) -> bool:
        """Tell whether what was read after `mark` is still good."""
        return self._epoch.value == mark.epoch and monotonic() - mark.at < KEPT_S

    def known(self, key: tuple[str, ...]) -> Any:
        """Return what is remembered under a name and still good; None for nothing."""
        found = self._kept.get(key)
        return found[1] if found is not None and self.holds(found[0]) else None

    def remember(self, key: tuple[str, ...], mark: Mark, what: Any) -> None:
        """Remember what was read after `mark`."""
        if len(self._kept) >= KEPT_MAX:
            self._kept = {}
        self._kept[key] = (mark, what)

    def write(self, entry: Entry, commit: Commit) -> Outcome | None:
        """Write a call down, together with those that wait; return what became of it.

        None when its admission has become too old while it waited: it is to be asked for
        anew. Raises what the commit raises.
        """
        place = _Place(entry)
        with self._lock:
            self._queue.append(place)
        while not place.done:
            with self._leading:
                if not place.done:
                    self._run([], commit)
        if place.error is not None:
            raise place.error
        return place.outcome

    def _run(self, batch: list[_Place], commit: Commit) -> None:
        """Write a batch, or what waits once the transaction has begun; one by one if that fails."""

        def written(work: Work) -> tuple[list[_Place], list[Outcome], Spending]:
            batch.extend([] if batch else self._drawn())
            fresh = [one for one in batch if monotonic() - one.entry.admitted_at < KEPT_S]
            spending = self.purse.open(work.session)
            found = batches.write(work, [one.entry for one in fresh], spending)
            return fresh, found, spending

        try:
            fresh, outcomes, spending = self._insisted(commit, written)
        except BaseException as error:  # noqa: BLE001 - whoever waits is told, and raises it
            self.purse.forget()
            self._failed(batch or self._drawn(), error, commit)
            return
        self.purse.close(spending)
        for place, outcome in zip(fresh, outcomes, strict=True):
            place.outcome = outcome
        for place in batch:
            place.done = True

    def _insisted(self, commit: Commit, written: Callable[[Work], Any]) -> Any:
        while True:
            try:
                return commit(written)
            except LeaseLost as lost:
                self.purse.drop(lost.key)

    def _failed(self, batch: list[_Place], error: BaseException, commit: Commit) -> None:
        if len(batch) > 1 and isinstance(error, Exception) and not isinstance(error, _EVERYBODYS):
            for place in batch:
                self._run([place], commit)
            return
        for place in batch:
            place.error, place.done = error, True

    def _drawn(self) -> list[_Place]:
        with self._lock:
            drawn, self._queue = self._queue[:BATCH_MAX], self._queue[BATCH_MAX:]
        return drawn


def changing(kind: str, _subject: str) -> str | None:
    """Return a name for every event that could end a right to call; None for the others."""
    return None if kind in _QUIET else epochs.ALL
