"""Cutting slices out of files of our own: each file is read once, each slice is a file again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from delivery.quoting import identifier, literal


class Knife:
    """Cuts; see `knife`."""

    def __init__(self, connection: DuckDBPyConnection) -> None:
        self._connection = connection
        self._there: set[str] = set()

    def cut(self, name: str, rows: str, select: str, path: Path) -> None:
        """Write what `select` picks from the table `name`, made of the SELECT `rows`, as Parquet.

        All three are our own words, never a caller's.
        """
        if name not in self._there:
            self._connection.execute(f"CREATE TABLE {identifier(name)} AS {rows}")
            self._there.add(name)
        self._connection.execute(f"COPY ({select}) TO {literal(str(path))} (FORMAT parquet)")


@contextmanager
def knife() -> Iterator[Knife]:
    """Give what cuts; what it has read is forgotten afterwards."""
    with duckdb.connect(":memory:") as connection:
        yield Knife(connection)
