"""Files outside as DuckDB reads them: by ranges, those of one version and nothing else.

DuckDB asks this file system for `outside://<number>.parquet`, and it asks whoever holds the
bytes. What is not of the version has no name here.
"""

import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from duckdb import DuckDBPyConnection
from fsspec.spec import AbstractFileSystem  # type: ignore[import-untyped]  # has no types

from delivery.quoting import literal

AHEAD: Final = 1 << 18
"""Bytes that are read at least: small reads follow each other."""

Fetch = Callable[[int, int, int], bytes]
"""Takes the number of a file and the bounds of a range, and gives its bytes."""

_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)


class Outside(AbstractFileSystem):  # type: ignore[misc]  # as above
    """The files of one version, by number."""

    protocol = "outside"
    cachable = False

    def __init__(self, sizes: Sequence[int], fetch: Fetch) -> None:
        """Take the sizes of the files, in bytes, and what gives their bytes."""
        super().__init__()
        self.sizes, self.fetch = [*sizes], fetch

    def _open(self, path: str, mode: str = "rb", **_options: Any) -> Any:
        if mode != "rb":
            raise PermissionError("what lies outside is only read")
        place = self._place(path)
        return Ranges(self.sizes[place], lambda start, end: self.fetch(place, start, end))

    def info(self, path: str, **_options: Any) -> dict[str, Any]:
        """Return the size of a file."""
        return {"name": path, "size": self.sizes[self._place(path)], "type": "file"}

    def exists(self, path: str, **_options: Any) -> bool:
        """Tell whether there is such a file."""
        return path in self.names()

    def glob(self, path: str, **_options: Any) -> list[str]:
        """Return the files that a name stands for: itself, or all of them."""
        return [path] if path in self.names() else self.names()

    def modified(self, _path: str) -> datetime:
        """Say that files do not change: one that did is not read."""
        return _EPOCH

    def names(self) -> list[str]:
        """Return the addresses of the files, in order."""
        return [name_of(place) for place in range(len(self.sizes))]

    def _place(self, path: str) -> int:
        try:
            return self.names().index(f"outside://{path.removeprefix('outside://')}")
        except ValueError as error:
            raise FileNotFoundError(path) from error


class Ranges(io.RawIOBase):
    """A file that is read by ranges. Holds the last range, not the file."""

    def __init__(self, size: int, fetch: Callable[[int, int], bytes]) -> None:
        """Take the size in bytes, and what gives a range."""
        super().__init__()
        self.size, self._fetch = size, fetch
        self._at, self._from, self._held = 0, 0, b""

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it has places."""
        return True

    def tell(self) -> int:
        """Return the place."""
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place; return it."""
        self._at = offset + (0, self._at, self.size)[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Return what follows, `size` bytes at most."""
        end = self.size if size < 0 else min(self.size, self._at + size)
        if end <= self._at:
            return b""
        if not self._from <= self._at <= end <= self._from + len(self._held):
            self._from = self._at
            self._held = self._fetch(self._at, min(self.size, max(end, self._at + AHEAD)))
        found = self._held[self._at - self._from : end - self._from]
        self._at = end
        return found

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer; return how much of it."""
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)


def name_of(place: int) -> str:
    """Return the address of a file of a version, by its number from 0."""
    return f"outside://{place:06}.parquet"


def listed(count: int) -> str:
    """Return the addresses of so many files, as a list of SQL."""
    return f"[{', '.join(literal(name_of(place)) for place in range(count))}]"


def attach(connection: DuckDBPyConnection, sizes: Sequence[int], fetch: Fetch) -> None:
    """Let a connection read the files of a version, as `listed` names them."""
    connection.register_filesystem(Outside(sizes, fetch))
