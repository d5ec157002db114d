"""The profile of a table (数据画像): what each column holds, and how good the whole is.

Computed from every row. Figures are texts as they are shown: a profile is signed, and
what is signed knows no floating point. Source of the dimensions: GB/T 36344-2018.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any, Final

from duckdb import DuckDBPyConnection, OutOfMemoryException

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

DRAWN_ROWS: Final = 500_000
"""Rows from which quartiles are told, drawn evenly, of a table that has twice as many or more."""

COMMON: Final = 100_000
"""Different values, in such a table, up to which each is counted to tell the commonest."""

COMMON_CELLS: Final = 200
"""Where there are more, a value is told that stands in one filled cell out of so many."""

AT_HAND: Final = 500_000
"""Cells of a table up to which it is small."""

_NUMERIC: Final = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL")
_MOMENTS: Final = ("DATE", "TIMESTAMP")


@dataclass(slots=True)
class _Answer:
    """What is asked of every row at once. put: does something with what is told."""

    asked: str
    put: Callable[[Any], object] | None
    told: Any = None


class _Pass:
    """One pass over a table, of whatever is asked in it."""

    def __init__(self) -> None:
        self._answers: list[_Answer] = []

    def ask(self, asked: str, put: Callable[[Any], object] | None = None) -> _Answer:
        self._answers.append(_Answer(asked, put))
        return self._answers[-1]

    def run(self, connection: DuckDBPyConnection, table: str) -> None:
        if not self._answers:
            return
        asked = ", ".join(each.asked for each in self._answers)
        told = _one(connection, f"SELECT {asked} FROM {table}")
        for answer, found in zip(self._answers, told, strict=True):
            answer.told = found
            if answer.put is not None:
                answer.put(found)


def of(connection: DuckDBPyConnection, path: str) -> dict[str, Any]:
    """Return the profile of the Parquet file at `path`.

    rows, duplicates (rows that stand there before); columns: name, type, filled (cells),
    distinct (estimated beyond FEW), min, max; for numbers mean, deviation, quartiles and
    bins [[upper bound, count], …], for others top [[value, count], …], the commonest, see
    COMMON; gaps: [column,
    column, rows in which both are empty], each column with itself too; mixed: columns of
    text that are nearly all numbers; latest: the last moment of each column of days;
    personal: see `personal.found`. Four passes over the table, and two over each column. A
    table of up to AT_HAND cells is read once and looked at in memory.
    """
    table = _at_hand(connection, f"read_parquet({literal(path)})")
    described = connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()
    columns = [{"name": name, "type": kind} for name, kind, *_ in described]
    rows = _summed(connection, table, columns)
    _counted(connection, table, columns, rows)
    second = _Pass()
    _binned(second, columns)
    gaps, mixed = _gaps(second, columns, rows), _mixed(second, columns)
    second.run(connection, _with_numbers(table, columns))
    for column in columns:
        if not _is(column, _NUMERIC):
            column["top"] = _top(connection, table, column, rows)
    return {
        "rows": rows,
        "duplicates": rows - _different(connection, table, rows),
        "columns": columns,
        "gaps": [[*pair, count.told] for pair, count in gaps],
        "mixed": _defects(mixed),
        "latest": {each["name"]: each["max"] for each in columns
                   if _is(each, _MOMENTS) and each["max"] is not None},
        "personal": [each.told() for each in personal.found(connection, table, [
            each["name"] for each in columns
            if personal.may_hold(each["name"], each["type"], (each["min"], each["max"]))
        ])],
    }  # fmt: skip


def _at_hand(connection: DuckDBPyConnection, table: str) -> str:
    """Return what is to be looked at: a small table is read into memory, where it fits.

    To open a file for each of a dozen questions takes longer than to answer them.
    """
    (rows,) = _one(connection, f"SELECT count(*) FROM {table}")
    columns = connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()
    if rows * len(columns) > AT_HAND:
        return table
    try:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE at_hand AS SELECT * FROM {table}")
    except OutOfMemoryException:
        return table
    return "at_hand"


def _summed(connection: DuckDBPyConnection, table: str, columns: Sequence[dict[str, Any]]) -> int:
    """Add the figures of each column; return the number of rows. One pass."""
    (rows,) = _one(connection, f"SELECT count(*) FROM {table}")
    drawn, asked = _drawn(rows), []
    for column in columns:
        name = identifier(column["name"])
        asked += [f"count({name})", f"approx_count_distinct({name})", f"min({name})",
                  f"max({name})"]  # fmt: skip
        if _is(column, _NUMERIC):
            number = _number(column)
            asked += [f"{figure}({number})" for figure in ("avg", "stddev_pop", "min", "max")]
            some = f"CASE WHEN {drawn} THEN {number} END" if drawn else number
            asked.append(f"approx_quantile({some}, [0.25, 0.5, 0.75])")
    source = _with_numbers(table, columns)
    answers = iter(_one(connection, f"SELECT {', '.join(asked)} FROM {source}"))
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


def _binned(second: _Pass, columns: Sequence[dict[str, Any]]) -> None:
    """Put bins in the place of the least and the greatest number of each column."""

    def put(column: dict[str, Any], told: Any) -> None:
        column["bins"] = [[_shown(bound), count] for bound, count in (told or {}).items()]

    for each in columns:
        if "bins" in each:
            least, most = each["bins"]
            second.ask(
                f"histogram({_number(each)}, equi_width_bins("
                f"{least or 0.0!r}::DOUBLE, {most or 0.0!r}::DOUBLE, {BINS}, true))",
                partial(put, each),
            )


def _with_numbers(table: str, columns: Sequence[dict[str, Any]]) -> str:
    """Return a table with its numbers once more, as finite ones.

    What is none has no place in a mean or a bin. Written once: reading a long question takes
    longer than answering it from a small table.
    """
    finite = [
        f"CASE WHEN isfinite(CAST({name} AS DOUBLE)) THEN CAST({name} AS DOUBLE) END "
        f"AS {_number(each)}"
        for each in columns
        if _is(each, _NUMERIC)
        for name in (identifier(each["name"]),)
    ]
    numbered = ", file_row_number" if table != "at_hand" and all(
        each["name"] != "file_row_number" for each in columns
    ) else ""  # fmt: skip
    return f"(SELECT {', '.join(['*' + numbered, *finite])} FROM {table})"


def _number(column: dict[str, Any]) -> str:
    # No column of a file is called so: a name holds no control character.
    return identifier(f"{column['name']}\x1f")


def _counted(
    connection: DuckDBPyConnection, table: str, columns: Sequence[dict[str, Any]], rows: int
) -> None:
    """Count the different values of columns that seem to have few. One pass.

    Of its own, as is the pass over whole rows: what differs is kept for each by itself.
    """
    few = [each for each in columns if each["distinct"] <= FEW]
    if few:
        # The same answer; the list is the cheaper one, as long as it is short.
        counted = "list_unique(list({}))" if rows <= FEW else "count(DISTINCT {})"
        asked = ", ".join(counted.format(identifier(each["name"])) for each in few)
        told = _one(connection, f"SELECT {asked} FROM {table}")
        for column, count in zip(few, told, strict=True):
            column["distinct"] = count or 0


def _top(
    connection: DuckDBPyConnection, table: str, column: dict[str, Any], rows: int
) -> list[list[Any]]:
    name = identifier(column["name"])
    wanted, least = f"{name} IS NOT NULL", 1
    if column["distinct"] > COMMON and (drawn := _drawn(rows)):
        # Counting every value of a key would take as much memory as the column has.
        least = -(-column["filled"] // COMMON_CELLS)
        common = (
            f"SELECT {name} FROM {table} WHERE {drawn} AND {name} IS NOT NULL "
            f"GROUP BY {name} HAVING count(*) >= {least // (2 * _step(rows))}"
        )
        wanted = f"{name} IN ({common})"
    found = connection.execute(
        f"SELECT CAST({name} AS VARCHAR), count(*) AS times FROM {table} WHERE {wanted} "
        f"GROUP BY {name} HAVING times >= {least} ORDER BY times DESC, {name} LIMIT {TOP}"
    ).fetchall()
    return [[_shown(value), times] for value, times in found]


def _step(rows: int) -> int:
    return max(1, rows // DRAWN_ROWS)


def _drawn(rows: int) -> str:
    """Return what is true of the rows that are drawn; nothing where all are looked at."""
    return f"hash(file_row_number) % {_step(rows)} = 0" if _step(rows) > 1 else ""


def _different(connection: DuckDBPyConnection, table: str, rows: int) -> int:
    counted = "count(DISTINCT {})" if rows <= COUNTED_ROWS else "approx_count_distinct({})"
    asked = counted.format("hash(row_of_it)")
    return min(rows, int(_one(connection, f"SELECT {asked} FROM {table} AS row_of_it")[0]))


def _gaps(
    second: _Pass, columns: Sequence[dict[str, Any]], rows: int
) -> list[tuple[tuple[str, str], _Answer]]:
    worst = sorted(
        (each for each in columns if each["filled"] < rows), key=lambda each: int(each["filled"])
    )[:MATRIX_MAX]
    names = [each["name"] for each in worst]
    return [
        ((one, other), second.ask(
            f"count(*) FILTER ({identifier(one)} IS NULL AND {identifier(other)} IS NULL)"
        ))
        for one, other in [*((name, name) for name in names), *combinations(names, 2)]
    ]  # fmt: skip


def _mixed(
    second: _Pass, columns: Sequence[dict[str, Any]]
) -> list[tuple[dict[str, Any], _Answer]]:
    """Ask for the cells that are numbers, of texts that may nearly all be numbers."""
    return [
        (each, second.ask(_numbers(identifier(each["name"]))))
        for each in columns
        if each["type"] == "VARCHAR" and each["filled"]
    ]


def _defects(mixed: Sequence[tuple[dict[str, Any], _Answer]]) -> list[list[Any]]:
    """Return [column, cells that are no numbers] of texts that are nearly all numbers."""
    return [
        [each["name"], each["filled"] - numbers.told]
        for each, numbers in mixed
        if half_up(numbers.told * 10_000, each["filled"]) >= MIXED_BP
        and numbers.told < each["filled"]
    ]


def _numbers(name: str) -> str:
    """Return how many texts of a column are numbers; those that begin as none cost nothing."""
    may_be = f"{name} < ':' OR {name} ILIKE 'nan' OR {name} ILIKE 'inf%'"
    return f"count(CASE WHEN {may_be} THEN TRY_CAST({name} AS DOUBLE) END)"


def _is(column: dict[str, Any], kinds: tuple[str, ...]) -> bool:
    return str(column["type"]).startswith(kinds)


def _shown(value: object, *, single: bool = False) -> str | None:
    """Write a value as it is shown; single: a number of single precision, of seven digits."""
    if isinstance(value, float):
        return f"{value:.7g}" if single else f"{value:.10g}"
    return None if value is None else str(value)[:SHOWN_MAX]


def _one(connection: DuckDBPyConnection, statement: str) -> tuple[Any, ...]:
    return tuple(connection.execute(statement).fetchall()[0])
