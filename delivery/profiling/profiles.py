"""The profile of a table (数据画像): what each column holds, and how good the whole is.

Computed from every row. Figures are texts as they are shown: a profile is signed, and
what is signed knows no floating point. Source of the dimensions: GB/T 36344-2018.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Final

from duckdb import DuckDBPyConnection

from delivery.profiling import personal
from delivery.quoting import identifier, literal
from kernel.money import half_up

BINS: Final = 20
TOP: Final = 10

MATRIX_MAX: Final = 12
"""Columns with gaps between which the matrix is drawn: those with the most."""

SHOWN_MAX: Final = 80
"""Characters of a value that are shown."""

MIXED_BP: Final = 9_000
"""Share of numbers from which a column of text counts as numbers with errors among them."""

FEW: Final = 5_000
"""Different values up to which they are counted; more are estimated, within two per cent."""

COUNTED_ROWS: Final = 20_000_000
"""Rows beyond which those that stand there twice are estimated."""

_NUMERIC: Final = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL")
_MOMENTS: Final = ("DATE", "TIMESTAMP")


def of(connection: DuckDBPyConnection, path: str) -> dict[str, Any]:
    """Return the profile of the Parquet file at `path`.

    rows, duplicates (rows that stand there before); columns: name, type, filled (cells),
    distinct (estimated beyond FEW), min, max; for numbers mean, deviation, quartiles and
    bins [[upper bound, count], …], for others top [[value, count], …]; gaps: [column,
    column, rows in which both are empty], each column with itself too; mixed: columns of
    text that are nearly all numbers; latest: the last moment of each column of days;
    personal: see `personal.found`. Five passes over the table, and two over each column.
    """
    table = f"read_parquet({literal(path)})"
    described = connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()
    columns = [{"name": name, "type": kind} for name, kind, *_ in described]
    rows = _summed(connection, table, columns)
    _binned(connection, table, columns)
    _counted(connection, table, columns)
    for column in columns:
        if not _is(column, _NUMERIC):
            column["top"] = _top(connection, table, column["name"])
    found = personal.found(connection, table, [
        each["name"] for each in columns
        if personal.may_hold(each["name"], each["type"], (each["min"], each["max"]))
    ])  # fmt: skip
    return {
        "rows": rows,
        "duplicates": rows - _different(connection, table, rows),
        "columns": columns,
        "gaps": _gaps(connection, table, columns, rows),
        "mixed": _mixed(connection, table, columns),
        "latest": {each["name"]: each["max"] for each in columns
                   if _is(each, _MOMENTS) and each["max"] is not None},
        "personal": [each.told() for each in found],
    }  # fmt: skip


def _summed(connection: DuckDBPyConnection, table: str, columns: Sequence[dict[str, Any]]) -> int:
    """Add the figures of each column; return the number of rows. One pass."""
    asked = []
    for column in columns:
        name = identifier(column["name"])
        asked += [f"count({name})", f"approx_count_distinct({name})", f"min({name})",
                  f"max({name})"]  # fmt: skip
        if _is(column, _NUMERIC):
            number = _finite(name)
            asked += [f"{figure}({number})" for figure in ("avg", "stddev_pop", "min", "max")]
            asked.append(f"approx_quantile({number}, [0.25, 0.5, 0.75])")
    rows, *told = _one(connection, f"SELECT count(*), {', '.join(asked)} FROM {table}")
    answers = iter(told)
    for column in columns:
        column["filled"], distinct = next(answers), next(answers)
        column["distinct"] = min(distinct, column["filled"])
        single = column["type"] == "FLOAT"
        column["min"], column["max"] = (_shown(next(answers), single=single) for _ in range(2))
        if _is(column, _NUMERIC):
            column["mean"], column["deviation"] = _shown(next(answers)), _shown(next(answers))
            column["bins"] = [next(answers), next(answers)]
            column["quartiles"] = [_shown(each) for each in next(answers) or ()]
    return int(rows)


def _binned(connection: DuckDBPyConnection, table: str, columns: Sequence[dict[str, Any]]) -> None:
    """Put bins in the place of the least and the greatest number of each column. One pass."""
    numbers = [each for each in columns if "bins" in each]
    if not numbers:
        return
    asked = ", ".join(
        f"histogram({_finite(identifier(each['name']))}, "
        f"equi_width_bins({least or 0.0!r}::DOUBLE, {most or 0.0!r}::DOUBLE, {BINS}, true))"
        for each in numbers
        for least, most in (each["bins"],)
    )
    told_of_all = _one(connection, f"SELECT {asked} FROM {table}")
    for column, told in zip(numbers, told_of_all, strict=True):
        column["bins"] = [[_shown(bound), count] for bound, count in (told or {}).items()]


def _finite(name: str) -> str:
    """Return a column as a finite number: what is none has no place in a mean or a bin."""
    return f"CASE WHEN isfinite(CAST({name} AS DOUBLE)) THEN CAST({name} AS DOUBLE) END"


def _counted(connection: DuckDBPyConnection, table: str, columns: Sequence[dict[str, Any]]) -> None:
    """Count the different values of columns that seem to have few. One pass."""
    few = [each for each in columns if each["distinct"] <= FEW]
    if few:
        asked = ", ".join(f"count(DISTINCT {identifier(each['name'])})" for each in few)
        told = _one(connection, f"SELECT {asked} FROM {table}")
        for column, count in zip(few, told, strict=True):
            column["distinct"] = count


def _top(connection: DuckDBPyConnection, table: str, column: str) -> list[list[Any]]:
    name = identifier(column)
    rows = connection.execute(
        f"SELECT CAST({name} AS VARCHAR), count(*) AS times FROM {table} WHERE {name} IS NOT NULL "
        f"GROUP BY {name} ORDER BY times DESC, {name} LIMIT {TOP}"
    ).fetchall()
    return [[_shown(value), times] for value, times in rows]


def _different(connection: DuckDBPyConnection, table: str, rows: int) -> int:
    counted = "count(DISTINCT {})" if rows <= COUNTED_ROWS else "approx_count_distinct({})"
    asked = counted.format("hash(row_of_it)")
    return min(rows, int(_one(connection, f"SELECT {asked} FROM {table} AS row_of_it")[0]))


def _gaps(
    connection: DuckDBPyConnection, table: str, columns: Sequence[dict[str, Any]], rows: int
) -> list[list[Any]]:
    worst = sorted(
        (each for each in columns if each["filled"] < rows), key=lambda each: int(each["filled"])
    )[:MATRIX_MAX]
    names = [each["name"] for each in worst]
    pairs = [(name, name) for name in names] + list(combinations(names, 2))
    if not pairs:
        return []
    asked = ", ".join(
        f"count(*) FILTER ({identifier(one)} IS NULL AND {identifier(other)} IS NULL)"
        for one, other in pairs
    )
    told = _one(connection, f"SELECT {asked} FROM {table}")
    return [[*pair, count] for pair, count in zip(pairs, told, strict=True)]


def _mixed(
    connection: DuckDBPyConnection, table: str, columns: Sequence[dict[str, Any]]
) -> list[list[Any]]:
    """Return [column, cells that are no numbers] of texts that are nearly all numbers."""
    texts = [each for each in columns if each["type"] == "VARCHAR" and each["filled"]]
    if not texts:
        return []
    asked = ", ".join(f"count(TRY_CAST({identifier(each['name'])} AS DOUBLE))" for each in texts)
    told = _one(connection, f"SELECT {asked} FROM {table}")
    return [
        [each["name"], each["filled"] - numbers]
        for each, numbers in zip(texts, told, strict=True)
        if half_up(numbers * 10_000, each["filled"]) >= MIXED_BP and numbers < each["filled"]
    ]


def _is(column: dict[str, Any], kinds: tuple[str, ...]) -> bool:
    return str(column["type"]).startswith(kinds)


def _shown(value: object, *, single: bool = False) -> str | None:
    """Write a value as it is shown; single: a number of single precision, of seven digits."""
    if isinstance(value, float):
        return f"{value:.7g}" if single else f"{value:.10g}"
    return None if value is None else str(value)[:SHOWN_MAX]


def _one(connection: DuckDBPyConnection, statement: str) -> tuple[Any, ...]:
    return tuple(connection.execute(statement).fetchall()[0])
