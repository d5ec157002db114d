"""The log that answers go into before they are given: one file for each process.

A line is written before its answer leaves, so that it outlives the process; the rows are
written later, many in one transaction. A file belongs to the process that holds its lock.
What a dead process has left is taken up by whoever looks next, and no line becomes two
rows. Not synced to the disk: the log outlives a killed process, not a power failure.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Final

from kernel import ids

SUFFIX: Final = ".spool"
FILE_BYTES: Final = 1_000_000
"""Beyond this a process goes on in a new file."""


class Spool:
    """The files of one database on one host. This process writes into one of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._file: int | None = None
        self._written = 0

    def append(self, lines: bytes) -> None:
        """Write whole lines at once. When this returns, killing the process loses nothing."""
        with self._lock:
            if self._file is None or self._written > FILE_BYTES:
                self._file = self._begun()
            file, self._file = self._file, None
            rest = memoryview(lines)
            try:
                while rest:
                    rest = rest[os.write(file, rest) :]
            except OSError:
                os.close(file)  # after half a line nothing may follow
                raise
            self._file = file
            self._written += len(lines)

    def leave(self) -> None:
        """Let go of this process's file, if anything is in it; the next line begins another."""
        with self._lock:
            if self._file is not None and self._written:
                os.close(self._file)
                self._file = None

    def files(self) -> list[Path]:
        """Return the files that there are, oldest first."""
        return sorted(self._folder.glob(f"*{SUFFIX}"))

    def _begun(self) -> int:
        if self._file is not None:
            os.close(self._file)
        self._folder.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        path = self._folder / f"{ids.secret(12)}{SUFFIX}"
        file = os.open(path.with_suffix(".new"), flags, 0o600)
        # Locked before anybody can find it by its name: nobody takes it for a dead one's.
        fcntl.flock(file, fcntl.LOCK_EX)
        path.with_suffix(".new").rename(path)
        self._written = 0
        return file


@contextmanager
def left(path: Path) -> Iterator[bool]:
    """Tell whether nobody writes into the file any more, now and while this lasts."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        yield False
        return
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(opened)


def records(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield what the file holds; a last line without its end was never answered."""
    for line in path.read_bytes().split(b"\n")[:-1]:
        yield json.loads(line)
