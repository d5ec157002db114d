"""Rows of the exchange's own tables as columns: streamed out, kept in Parquet, added up by DuckDB.

For what reads all of a table: a recomputation, a snapshot, a question over many years. The
database itself makes the lines, so a million of them pass in seconds; memory is bounded, and
what does not fit is spilled beside them. The statements are the callers' own; what somebody
asks for is checked against their lists, or bound as a value.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import duckdb
from sqlalchemy.orm import Session

from delivery.quoting import literal

MEMORY: Final = "1GB"
_LINES: Final = 50_000
_NULL: Final = "\\N"
_INSTANT: Final = "TIMESTAMP"
_TEXTS: Final = frozenset({"VARCHAR"})


class Columns:
    """Tables in columns, in a folder of their own."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self._connection = connection
        self._folder = folder

    def load(self, session: Session, name: str, columns: Mapping[str, str], source: str) -> None:
        """Make a table of rows of the database. One SELECT, streamed.

        columns: name → DuckDB's type. source: what stands behind FROM.
        """
        path = self._folder / f"{name}.csv"
        stream = _postgresql if session.get_bind().dialect.name == "postgresql" else _sqlite
        with path.open("wb") as file:
            for block in stream(session, columns, source):
                file.write(block)
        typed = ", ".join(f"{literal(column)}: {literal(kind)}" for column, kind in columns.items())
        self._connection.execute(
            f"CREATE TABLE {name} AS SELECT * FROM read_csv({literal(str(path))},"  # noqa: S608 - our own words, quoted
            f" columns = {{{typed}}}, auto_detect = false, header = false, delim = ',',"
            f" quote = '\"', escape = '\"', nullstr = '{_NULL}')"
        )
        path.unlink()

    def read(self, name: str, files: Sequence[Path]) -> None:
        """Let a name stand for Parquet files."""
        told = ", ".join(literal(str(path)) for path in files)
        self._connection.execute(
            f"CREATE VIEW {name} AS SELECT * FROM"  # noqa: S608 - own files, quoted
            f" read_parquet([{told}], hive_partitioning = false)"
        )

    def execute(self, statement: str, asked: Sequence[Any] = ()) -> None:
        """Carry out a statement."""
        self._connection.execute(statement, list(asked))

    def rows(self, statement: str, asked: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return what a SELECT finds."""
        return self._connection.execute(statement, list(asked)).fetchall()

    def write(self, statement: str, path: Path) -> None:
        """Write what a SELECT finds into a Parquet file; the same rows give the same bytes."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection.execute(
            f"COPY ({statement}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)"
        )


@contextmanager
def opened(*, memory: str = MEMORY) -> Iterator[Columns]:
    """Open columns that are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="databourse-columns-") as folder:
        config: dict[str, Any] = {"memory_limit": memory, "temp_directory": f"{folder}/spill"}
        with duckdb.connect(":memory:", config=config) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            yield Columns(connection, Path(folder))


def _postgresql(session: Session, columns: Mapping[str, str], source: str) -> Iterator[bytes]:
    told = ", ".join(
        f"{name} AT TIME ZONE 'UTC'" if kind == _INSTANT else name for name, kind in columns.items()
    )
    statement = f"COPY (SELECT {told} FROM {source}) TO STDOUT (FORMAT csv, NULL '{_NULL}')"  # noqa: S608 - our own words
    driver: Any = session.connection().connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for block in copy:
            yield bytes(block)


def _sqlite(session: Session, columns: Mapping[str, str], source: str) -> Iterator[bytes]:
    told = " || ',' || ".join(
        f"""'"' || replace({name}, '"', '""') || '"'"""
        if kind in _TEXTS
        else f"coalesce({name}, '{_NULL}')"
        for name, kind in columns.items()
    )
    driver: Any = session.connection().connection.driver_connection
    cursor = driver.execute(f"SELECT {told} FROM {source}")  # noqa: S608 - our own words
    while lines := cursor.fetchmany(_LINES):
        yield ("\n".join(line for (line,) in lines) + "\n").encode()
