"""The secure domain (安全域): the only module that opens data.

Each call opens one file in a fresh in-memory DuckDB that can see nothing else: no other
file, no network, no extension, no change of its settings. The statements are written
here; what a caller gives is checked against the file's own columns or bound as a value.
Only aggregates leave, and no group of fewer observations than the rules ask for.
"""

import hashlib
from calendar import monthrange
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import duckdb
from duckdb import DuckDBPyConnection

from catalogue import resources
from kernel.errors import DomainError, Invalid, Kind
from kernel.money import half_up
from kernel.words import Words

MEMORY: Final = "256MB"
"""What one question may use; there is no disk to spill to."""

SAMPLE_MAX: Final = 100
"""Rows of a sample for a product's page."""

_BLOCK_BYTES: Final = 1 << 20
_TYPES: Final = {
    "VARCHAR": "string",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "datetime",
    "TINYINT": "integer",
    "SMALLINT": "integer",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "UTINYINT": "integer",
    "USMALLINT": "integer",
    "UINTEGER": "integer",
    "FLOAT": "decimal",
    "DOUBLE": "decimal",
    "DECIMAL": "decimal",
    "HUGEINT": "integer",
    "TIMESTAMP WITH TIME ZONE": "datetime",
}
_MEASURED: Final = frozenset({"integer", "decimal"})


class NotMounted(DomainError):
    """The file is not in the secure domain, or cannot be read there."""

    kind = Kind.UNAVAILABLE
    code = "not-mounted"
    title = Words("数据资源未就绪", "The data resource is not there")


class By(StrEnum):
    """The stretch of time that one group covers."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What is asked of a resource.

    since, until: days, both included, in the local time of the data; whole months when
    it is by month. stations: none for all. limit: rows that may come back, 1 or more.
    """

    items: Sequence[str]
    since: date
    until: date
    limit: int
    stations: Sequence[str] = ()
    by: By = By.DAY


@dataclass(frozen=True, slots=True)
class Aggregates:
    """What leaves the domain.

    rows: station, date (first day of the group), item, count, min, mean, max and sum,
    rounded to two places, ordered by station, date and item. suppressed: groups of the
    whole cut that were too small to tell. more: the limit cut rows off.
    """

    rows: list[dict[str, Any]]
    suppressed: int
    more: bool


def type_of(kind: str) -> str:
    """Return "integer", "decimal", "string" … for a type in SQL's words, or in these. Pure."""
    plain = kind.partition("(")[0]
    return plain if plain in _TYPES.values() else _TYPES.get(plain.upper(), "binary")


def inspect(data_dir: Path, location: str) -> dict[str, Any]:
    """Return the profile of a file: rows, bytes, sha256, columns (name, type, missing_bp).

    Reads the whole file. Raises Invalid when it is not there or is no Parquet file.
    """
    try:
        with _mounted(data_dir, location) as (connection, path):
            types = _columns(connection, path)
            counts = _counts(connection, path, list(types))
            return {
                "rows": counts[0],
                "bytes": path.stat().st_size,
                "sha256": _sha256(path),
                "columns": [
                    {"name": name, "type": kind, "missing_bp": _missing_bp(counts[0], there)}
                    for (name, kind), there in zip(types.items(), counts[1:], strict=True)
                ],
            }
    except NotMounted as error:
        raise Invalid(error.zh, error.en, pointer="/location") from error


def aggregate(data_dir: Path, location: str, cut: Cut, *, group_size_min: int) -> Aggregates:
    """Return min, mean, max and sum of each item by station and day (or month).

    group_size_min: observations below which a group is dropped and counted. Raises
    Invalid for part of a month by month, and for an item that the file has not or that
    is no number; NotMounted.
    """
    _check_months(cut)
    with _mounted(data_dir, location) as (connection, path):
        _check_items(_columns(connection, path), cut.items)
        _group(connection, path, cut)
        kept = connection.execute(_KEPT, [group_size_min, cut.limit + 1]).fetchall()
        (suppressed,) = _one(connection.execute(_SUPPRESSED, [group_size_min]))
    rows = [dict(zip(_NAMES, row, strict=True)) for row in kept[: cut.limit]]
    return Aggregates(rows, suppressed, len(kept) > cut.limit)


def sample(
    data_dir: Path, location: str, *, items: Sequence[str], group_size_min: int
) -> list[dict[str, Any]]:
    """Return up to SAMPLE_MAX monthly aggregates, for a product's page. Raises as aggregate."""
    cut = Cut(items=items, since=date.min, until=date.max, limit=SAMPLE_MAX, by=By.MONTH)
    return aggregate(data_dir, location, cut, group_size_min=group_size_min).rows


_NAMES: Final = ("station", "date", "item", "count", "min", "mean", "max", "sum")
_KEPT: Final = """
SELECT station, CAST(CAST(period AS DATE) AS VARCHAR), item, observations,
       round(least, 2), round(mean, 2), round(most, 2), round(total, 2)
FROM groups WHERE observations >= ? ORDER BY station, period, item LIMIT ?
"""
_SUPPRESSED: Final = "SELECT count(*) FROM groups WHERE observations < ?"


@contextmanager
def _mounted(data_dir: Path, location: str) -> Iterator[tuple[DuckDBPyConnection, Path]]:
    resources.check_location(location)
    path = (data_dir / location).absolute()
    if path.is_symlink() or not path.is_file():
        raise NotMounted(f"安全域中没有 {location}", f"{location} is not in the secure domain")
    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": MEMORY,
            "threads": 1,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    try:
        quoted = str(path).replace("'", "''")
        connection.execute(f"SET allowed_paths = ['{quoted}']")
        connection.execute("SET temp_directory = ''")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection, path
    except duckdb.Error as error:
        raise NotMounted(f"{location} 无法读取", f"{location} cannot be read") from error
    finally:
        connection.close()


def _columns(connection: DuckDBPyConnection, path: Path) -> dict[str, str]:
    described = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)])
    return {
        name: _TYPES.get(kind.partition("(")[0], "binary")
        for name, kind, *_ in described.fetchall()
    }


def _counts(connection: DuckDBPyConnection, path: Path, names: list[str]) -> tuple[int, ...]:
    counted = ", ".join(["count(*)", *(f"count({_quoted(name)})" for name in names)])
    statement = f"SELECT {counted} FROM read_parquet(?)"  # noqa: S608 - the file's own columns, quoted
    return _one(connection.execute(statement, [str(path)]))


def _group(connection: DuckDBPyConnection, path: Path, cut: Cut) -> None:
    # The items were found among the file's columns; everything else is bound.
    values = {f"item{place}": item for place, item in enumerate(cut.items)}
    observations = " UNION ALL ".join(
        f"SELECT station, date_trunc($by, time) AS period, ${bound} AS item, "  # noqa: S608 - as above
        f"CASE WHEN isfinite({_number(item)}) THEN {_number(item)} END AS value "
        "FROM read_parquet($path) WHERE station IS NOT NULL "
        "AND CAST(time AS DATE) BETWEEN $since AND $until "
        "AND (len($stations) = 0 OR list_contains($stations, station))"
        for bound, item in values.items()
    )
    connection.execute(
        "CREATE TEMP TABLE groups AS SELECT station, period, item, "  # noqa: S608 - as above
        "count(value) AS observations, min(value) AS least, avg(value) AS mean, "
        f"max(value) AS most, sum(value) AS total FROM ({observations}) GROUP BY ALL",
        {
            **values,
            "path": str(path),
            "by": cut.by.value,
            "since": cut.since,
            "until": cut.until,
            "stations": [*cut.stations],
        },
    )


def _check_items(types: dict[str, str], items: Sequence[str]) -> None:
    if types.get("station") != "string" or types.get("time") not in ("datetime", "date"):
        raise Invalid(
            "该数据资源没有站点和时间列，不能汇总",
            "the resource has no station and time, and cannot be aggregated",
        )
    if len(set(items)) != len(items):
        # Counted twice, the observations of a group would seem to be enough.
        raise Invalid("信息项重复", "an item stands twice", pointer="/items")
    for item in items:
        if types.get(item) not in _MEASURED:
            raise Invalid(
                f"数据资源中没有可汇总的信息项 {item}",
                f"the resource has no measured item {item}",
                pointer="/items",
            )


def _check_months(cut: Cut) -> None:
    # Two months that differ by a day would tell that day, however few its observations.
    if cut.by != By.MONTH:
        return
    if cut.since.day != 1:
        raise Invalid("按月汇总须从月初开始", "by month begins on a first day", pointer="/since")
    if cut.until.day != monthrange(cut.until.year, cut.until.month)[1]:
        raise Invalid("按月汇总须到月末为止", "by month ends on a last day", pointer="/until")


def _number(name: str) -> str:
    return f"CAST({_quoted(name)} AS DOUBLE)"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _one(result: DuckDBPyConnection) -> tuple[int, ...]:
    return tuple(result.fetchall()[0])


def _missing_bp(rows: int, there: int) -> int:
    return half_up((rows - there) * 10_000, rows) if rows else 0


def _sha256(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            found.update(block)
    return found.hexdigest()
