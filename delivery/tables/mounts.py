"""A version of a data set, opened for reading by machine: fenced, bounded, in one order.

Each version is opened once in a process, in a DuckDB that sees its files and nothing else,
and is never written: a version does not change. Small ones are held in memory. Every row
has a place (`__place`), so that pages follow each other without a gap whatever the sort.
"""

import atexit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from threading import Condition, Thread
from time import monotonic
from typing import Final

import duckdb
from deltalake.exceptions import DeltaError
from duckdb import DuckDBPyConnection

from delivery.domain import NotMounted
from delivery.locations import ranged
from delivery.tables.sources import Source
from kernel.errors import DomainError, Kind
from kernel.words import Words

PLACE: Final = "__place"
"""The column that tells a row's place in its version."""

HELD_BYTES: Final = 24 << 20
"""Size of the files up to which a version is held in memory."""

_MOUNTS: Final = 8
_MEMORY: Final = "384MB"
_FILE: Final = 1 << 40
"""Places are counted from anew in each file; no file has so many rows."""


class TooDemanding(DomainError):
    """What was asked takes longer, or more memory, than one call may."""

    kind = Kind.INVALID
    code = "too-demanding"
    title = Words("请求超出计算限额", "This takes more than one call may")


@dataclass(frozen=True, slots=True)
class Mount:
    """An open version. types: column → its type in SQL. dense: places are 1, 2, 3."""

    connection: DuckDBPyConnection
    types: dict[str, str]
    dense: bool


class Watch:
    """Ends questions whose time is up; one thread for all, for a thread costs more than most.

    The thread is begun with the first question, and with the first after a fork.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._thread: Thread | None = None
        self._until: dict[int, tuple[float, Callable[[], None]]] = {}
        self._earliest = inf
        self._count = 0
        self._over = False
        atexit.register(self._end)

    def begin(self, interrupt: Callable[[], None], seconds: float) -> int:
        """Watch a question; returns the number under which it is watched."""
        with self._changed:
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._run, name="watch", daemon=True)
                self._thread.start()
            self._count += 1
            until = monotonic() + seconds
            self._until[self._count] = (until, interrupt)
            if until < self._earliest:
                self._changed.notify()
            return self._count

    def end(self, number: int) -> None:
        """Watch a question no longer: it will not be interrupted after this returns."""
        with self._changed:
            self._until.pop(number, None)

    def _run(self) -> None:
        with self._changed:
            while not self._over:
                now = monotonic()
                late = [number for number, (until, _) in self._until.items() if until <= now]
                for number in late:
                    self._until.pop(number)[1]()
                self._earliest = min((until for until, _ in self._until.values()), default=inf)
                self._changed.wait(None if self._earliest == inf else self._earliest - now)

    def _end(self) -> None:
        with self._changed:
            self._over = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout=1)


_WATCH: Final = Watch()


def of(source: Source) -> Mount:
    """Return the version, opened. Raises NotMounted when its files are not as they should be.

    What lies outside is read by ranges, as it is asked for, and never held.
    """
    with _there(source.version_id):
        return _opened(source)


@contextmanager
def asking(mount: Mount, *, seconds: int) -> Iterator[DuckDBPyConnection]:
    """Give a connection of one's own for one question, which is ended when its time is up.

    Raises TooDemanding when it was, or when it took more memory than there is, and NotMounted
    when rows that lie outside could not be read.
    """
    cursor = mount.connection.cursor()
    watched = _WATCH.begin(cursor.interrupt, seconds)
    try:
        yield cursor
    except duckdb.IOException as error:
        raise NotMounted("数据暂时无法读取", "the rows cannot be read where they lie") from error
    except (duckdb.InterruptException, duckdb.OutOfMemoryException) as error:
        raise TooDemanding(
            f"{seconds} 秒内或内存限额内未能完成，请缩小范围",
            f"it was not done within {seconds} s and its memory: ask for less",
        ) from error
    finally:
        _WATCH.end(watched)
        cursor.close()


def files(source: Source) -> list[str]:
    """Return the names of the files that a version lies in, in order. Raises NotMounted."""
    with _there(source.version_id):
        return [
            str(piece.path) if source.outside is None else ranged.name_of(place)
            for place, piece in enumerate(source.snapshot().pieces)
        ]


@contextmanager
def _there(version_id: str) -> Iterator[None]:
    try:
        yield
    except (duckdb.Error, DeltaError, OSError) as error:
        raise NotMounted(f"数据集 {version_id} 无法读取", f"{version_id} cannot be read") from error


@lru_cache(maxsize=_MOUNTS)
def _opened(source: Source) -> Mount:
    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": _MEMORY,
            "threads": 1,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
            "preserve_insertion_order": True,
        },
    )
    source.attach(connection)
    listed = source.files()
    small = source.outside is None and sum(source.sizes()) <= HELD_BYTES
    held = small and _hold(connection, listed)
    if not held:
        connection.execute(
            f"CREATE VIEW data AS SELECT *, file_index::BIGINT * {_FILE} + file_row_number "  # noqa: S608 - our own paths, quoted
            f"AS {PLACE} FROM read_parquet({listed})"
        )
    _fence(connection, listed)
    described = connection.execute("DESCRIBE data").fetchall()
    types = {name: kind for name, kind, *_ in described if name != PLACE}
    return Mount(connection, types, held)


def _hold(connection: DuckDBPyConnection, listed: str) -> bool:
    try:
        connection.execute(
            "CREATE TABLE data AS SELECT *, row_number() OVER (ORDER BY file_index, "  # noqa: S608 - as above
            f"file_row_number) AS {PLACE} FROM read_parquet({listed}) ORDER BY {PLACE}"
        )
    except duckdb.OutOfMemoryException:
        return False
    return True


def _fence(connection: DuckDBPyConnection, listed: str) -> None:
    """Take away from a connection what no question needs, for good."""
    for setting in (
        f"allowed_paths = {listed}",
        "temp_directory = ''",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.execute(f"SET {setting}")
