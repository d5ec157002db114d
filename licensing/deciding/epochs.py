"""The epoch: eight bytes that every process of a host sees, and what made them change.

Whoever commits something on which decisions rest adds its name here before it answers; a
reader compares one number at each decision, and forgets only what has changed: on one host
a change is known to the next decision of every process.

Who shares the database but not this file (another host), or whoever was killed between its
commit and the word here, is heard of through the journal, which holds the same names: it is
looked into four times a second, and no answer rests on a look older than half a second. So
everywhere a change is known within one second of its commit, with half of it to spare.
"""

import fcntl
import mmap
import os
from collections.abc import Callable
from math import inf
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, event, func, select
from sqlalchemy.orm import Session

from kernel.engines import Engines
from kernel.journal import Event

HEADS: Final = frozenset(
    {
        "agreement", "authorisation", "commitment", "consent", "directory", "operation_agreement",
        "opinion", "organisation", "registration", "sharing_consent", "token",
    }
)  # fmt: skip
"""The nouns whose events may change an answer: what stands before the dot of a kind."""

SLOTS: Final = 1_023
SLOT_BYTES: Final = 64
POLL_S: Final = 0.25
STALE_S: Final = 0.5
"""No answer from memory rests on an older look into the journal."""

OVERLAP: Final = 1_000
"""Events that are looked at again: of two transactions the later number may commit first."""

ALL: Final = "*"
"""The name that stands for everything."""

_HEAVY: Final = frozenset({"authorisation", "organisation", "token"})
Naming = Callable[[str, str], str | None]
"""Takes an event's kind and subject; returns the name under which it is told, None for none."""

_attached: "WeakKeyDictionary[Engine, dict[Naming, Epoch]]" = WeakKeyDictionary()


class Epoch:
    """A counter in a file that is mapped into memory, and a ring of the names behind it.

    The file is made when it is first needed. Eight bytes are written and read at once;
    writers of all processes take turns with a lock on the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._mapped: _Mapped | None = None

    @property
    def value(self) -> int:
        """The present number; it only grows."""
        mapped = self._mapped or self._opened()
        number: int = mapped.numbers[0]
        return number

    def bump(self, name: str) -> None:
        """Add one name of what has changed; every reader sees it at its next look."""
        mapped = self._opened()
        with self._lock:
            fcntl.flock(mapped.file, fcntl.LOCK_EX)
            try:
                following = mapped.numbers[0] + 1
                at = SLOT_BYTES * (1 + following % SLOTS)
                said = name.encode()[: SLOT_BYTES - 1].ljust(SLOT_BYTES, b"\0")
                mapped.memory[at : at + SLOT_BYTES] = said
                mapped.numbers[0] = following
            finally:
                fcntl.flock(mapped.file, fcntl.LOCK_UN)

    def names(self, seen: int, now: int) -> list[str]:
        """Return what changed after number `seen` up to `now`; [ALL] when that is forgotten."""
        if now - seen >= SLOTS or now < seen:
            return [ALL]
        mapped = self._opened()
        found = []
        for number in range(seen + 1, now + 1):
            at = SLOT_BYTES * (1 + number % SLOTS)
            found.append(mapped.memory[at : at + SLOT_BYTES].rstrip(b"\0").decode())
        # While these were read the ring may have gone round.
        return [ALL] if self.value - seen >= SLOTS else found

    def _opened(self) -> "_Mapped":
        with self._lock:
            if self._mapped is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                size = SLOT_BYTES * (1 + SLOTS)
                flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
                file = os.open(self._path, flags, 0o600)
                if os.fstat(file).st_size < size:
                    os.truncate(file, size)
                memory = mmap.mmap(file, size)
                self._mapped = _Mapped(file, memory, memoryview(memory).cast("Q"))
            return self._mapped


class _Mapped(NamedTuple):
    """The file once it is open: its number, its bytes, and its first eight as a number."""

    file: int
    memory: mmap.mmap
    numbers: memoryview


class Journal:
    """Looks into the journal for what has been written elsewhere, every POLL_S.

    due_at: when the next look is due, on `clock`. Until a look has succeeded it stays due:
    without the database nothing is answered from memory.
    """

    def __init__(self, engines: Engines, clock: Callable[[], float] = monotonic) -> None:
        self._engines = engines
        self._clock = clock
        self._lock = Lock()
        self.due_at = self._stale_at = -inf
        self._whole = 0
        self._known: set[int] | None = None

    def tell(self, forget: Callable[[list[str]], None]) -> None:
        """Let forget what has changed since the last look; nothing when that was just now.

        While one thread looks the others go on with what they know, but none beyond
        STALE_S: who comes later waits for the look.
        """
        now = self._clock()
        if now < self.due_at or not self._lock.acquire(blocking=now >= self._stale_at):
            return
        try:
            began = self._clock()
            if began >= self.due_at:
                if names := self._look():
                    forget(names)
                self.due_at, self._stale_at = began + POLL_S, began + STALE_S
        finally:
            self._lock.release()

    def _look(self) -> list[str]:
        # Numbers up to `_whole` are all known; a number that is missing above it may still
        # be committed, until OVERLAP later ones have been.
        known, top = self._known, max(self._known or (), default=self._whole)
        with self._engines.reading() as session:
            last = session.scalar(select(func.max(Event.sequence))) or 0
            self._whole = since = max(self._whole, last - OVERLAP)
            statement = select(Event.sequence, Event.kind, Event.subject).where(
                Event.sequence > since
            )
            rows = session.execute(statement).all() if last > since else []
        self._known = {row.sequence for row in rows}
        while self._whole + 1 in self._known:
            self._whole += 1
        if known is None:
            return []
        if since > top:
            return [ALL]
        fresh = [row for row in rows if row.sequence not in known]
        return [name for row in fresh if (name := name_of(row.kind, row.subject)) is not None]


def name_of(kind: str, subject: str) -> str | None:
    """Return the name under which an event changes answers; None for one that changes none."""
    head = kind.partition(".")[0]
    if head not in HEADS:
        return None
    return subject if head in _HEAVY and len(subject.encode()) < SLOT_BYTES else ALL


def attach(engines: Engines, epoch: Epoch, naming: Naming = name_of) -> None:
    """Let every commit through `engines` of an event that `naming` names move `epoch`."""
    _attached.setdefault(engines.write, {})[naming] = epoch


@event.listens_for(Session, "after_flush")
def _gather(session: Session, _context: object) -> None:
    for made in session.new:
        if isinstance(made, Event):
            session.info.setdefault("written", []).append((made.kind, made.subject))


@event.listens_for(Session, "after_commit")
def _announce(session: Session) -> None:
    if session.in_nested_transaction() or "written" not in session.info:
        return
    written = session.info.pop("written")
    bind = session.bind
    attached = _attached.get(bind, {}) if isinstance(bind, Engine) else {}
    for naming, epoch in attached.items():
        names = dict.fromkeys(naming(kind, subject) for kind, subject in written)
        for name in names:
            if name is not None:
                epoch.bump(name)
