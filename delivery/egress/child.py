"""What the fenced process of a query does: one statement over one table, told to its parent.

One request as JSON on the standard input, one answer as JSON on the standard output:
{"rows": …} or {"refused": code}. The SQL that runs here was written by
`delivery.egress.statements`; the fence is the second wall, not the first.
"""

import json
import resource
import sys
from collections.abc import Iterator, Sequence
from typing import Any, Final

import duckdb
from duckdb import DuckDBPyConnection

from delivery.locations import feeding, ranged
from delivery.quoting import identifier, literal

GROUPS_MAX: Final = 10_000
"""More groups than that are no aggregate."""


def main() -> None:
    """Answer the one request of this process."""
    asked = json.loads(sys.stdin.readline())
    _limit(asked["cpu_s"], asked["address_mb"])
    try:
        with _mounted(asked) as connection:
            told = _answered(connection, asked)
    except duckdb.Error as error:
        # Its words may hold a value: only what kind it was goes out.
        told = {"refused": "TOO_DEMANDING" if _exhausted(error) else "NOT_COMPUTABLE"}
    sys.stdout.write(json.dumps(told, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def _answered(connection: DuckDBPyConnection, asked: dict[str, Any]) -> dict[str, Any]:
    statement = asked["statement"]
    for earlier in asked["earlier"]:
        if _differ_by_few(connection, statement, earlier, asked["size_min"]):
            return {"refused": "DIFFERENCING"}
    groups = connection.execute(_sql(statement, asked)).fetchmany(GROUPS_MAX + 1)
    if len(groups) > GROUPS_MAX:
        return {"refused": "TOO_MANY_GROUPS"}
    kept, suppressed = _kept(groups, asked["size_min"])
    rows = _ordered(statement, [list(group[2:]) for group in kept])
    names = [name for name, *_ in statement["outputs"]]
    return {"columns": names, "rows": rows[: asked["rows_max"]], "suppressed": suppressed}


def _sql(statement: dict[str, Any], asked: dict[str, Any]) -> str:
    """Write the query: groups, whether each is safe, aggregates rounded, then arithmetic."""
    keys = [f"{sql} AS k{place}" for place, sql in enumerate(statement["keys"])]
    aggregates = [f"{sql} AS a{place}" for place, sql in enumerate(statement["aggregates"])]
    unsafe = " OR ".join([f"n < {asked['size_min']}", *_unsafe(statement, asked)])
    looked = [*_looked_at(statement)]
    grouped = f"GROUP BY {', '.join(statement['keys'])}" if keys else ""
    rounded = [
        _significant(f"a{place}", asked["digits"]) for place in range(len(statement["aggregates"]))
    ]
    names = [f"k{place}" for place in range(len(keys))]
    outputs = [sql for _, sql, _ in statement["outputs"]]
    return (
        f"WITH g AS (SELECT {', '.join([*keys, *aggregates, *looked, 'count(*) AS n'])} "  # noqa: S608 - written by statements
        f"FROM data WHERE {statement['where']} {grouped}), "
        f"r AS (SELECT {', '.join([*names, *rounded])}, n, ({unsafe}) AS unsafe FROM g) "
        f"SELECT n, coalesce(unsafe, true), {', '.join(outputs)} FROM r"
    )


def _looked_at(statement: dict[str, Any]) -> Iterator[str]:
    for place, (column, summed) in enumerate(statement["looked_at"]):
        name = identifier(column)
        yield f"count({name}) AS c{place}"
        if summed:
            yield f"max(abs({name})) AS m{place}"
            yield f"sum(abs({name})) AS s{place}"


def _unsafe(statement: dict[str, Any], asked: dict[str, Any]) -> Iterator[str]:
    """Give what makes a group unsafe: few values in a column, or one that makes up the sum."""
    for place, (_, summed) in enumerate(statement["looked_at"]):
        yield f"c{place} BETWEEN 1 AND {asked['size_min'] - 1}"
        if summed:
            yield f"m{place} * 10000 > s{place} * {asked['dominance_bp']}"


def _significant(name: str, digits: int) -> str:
    size = f"CAST(floor(log10(abs({name}))) AS INTEGER)"
    exact = f"CAST({name} AS DOUBLE)"
    return (
        f"CASE WHEN {name} IS NULL OR NOT isfinite({exact}) THEN NULL WHEN {name} = 0 THEN 0.0 "
        f"ELSE round({exact}, {digits} - 1 - {size}) END AS {name}"
    )


def _kept(groups: Sequence[tuple[Any, ...]], size_min: int) -> tuple[list[tuple[Any, ...]], int]:
    """Return the safe groups, and how many are not told.

    When those that are not told are so few rows together that the rest would tell them by
    subtraction from the whole, the smallest of the others is not told either.
    """
    safe = sorted((group for group in groups if not group[1]), key=lambda group: group[0])
    hidden = [group for group in groups if group[1]]
    if (safe and 0 < sum(group[0] for group in hidden) < size_min) or (safe and len(hidden) == 1):
        hidden.append(safe.pop(0))
    return safe, len(hidden)


def _ordered(statement: dict[str, Any], rows: list[list[Any]]) -> list[list[Any]]:
    """Order what goes out by all its columns, then as was asked; nothing of the file's order."""
    names = [name for name, *_ in statement["outputs"]]
    rows.sort(key=lambda row: [_comparable(value) for value in row])
    for name, descending in reversed(statement["order"]):
        place = names.index(name)
        rows.sort(key=lambda row, at=place: _comparable(row[at]), reverse=descending)  # type: ignore[misc]  # the default binds it
    limit = statement["limit"]
    return rows if limit is None else rows[:limit]


def _comparable(value: Any) -> tuple[int, float, str]:
    if value is None:
        return (2, 0.0, "")
    if isinstance(value, int | float):
        return (0, float(value), "")
    return (1, 0.0, str(value))


def _differ_by_few(
    connection: DuckDBPyConnection,
    statement: dict[str, Any],
    earlier: dict[str, Any],
    size_min: int,
) -> bool:
    """Tell whether a group of one is a group of the other but for a few rows.

    What both tell could then be subtracted, and the few rows be told by the difference.
    """
    if (statement["where"], statement["keys"]) == (earlier["where"], earlier["keys"]):
        return False
    keys = {"a": statement["keys"], "b": earlier["keys"]}
    named = [f"{sql} AS {side}{place}" for side in keys for place, sql in enumerate(keys[side])]
    a, b = ([f"{side}{place}" for place in range(len(keys[side]))] for side in keys)
    cells = ", ".join(["ina", "inb", *a, *b])
    (found,) = connection.execute(
        f"WITH j AS (SELECT {', '.join([*_ins(statement, earlier), *named, 'count(*) AS n'])} "  # noqa: S608 - written by statements
        f"FROM data GROUP BY {cells}), "
        f"t AS (SELECT *, {_total('ina', a)} AS ta, {_total('inb', b)} AS tb FROM j) "
        "SELECT count(*) FROM (SELECT ta, tb, "
        f"sum(n) AS n FROM t WHERE ina AND inb GROUP BY {', '.join([*a, *b, 'ta', 'tb'])}) "
        f"WHERE ta >= {size_min} AND tb >= {size_min} AND "
        f"(ta - n BETWEEN 1 AND {size_min - 1} OR tb - n BETWEEN 1 AND {size_min - 1})"
    ).fetchall()[0]
    return bool(found)


def _ins(statement: dict[str, Any], earlier: dict[str, Any]) -> tuple[str, str]:
    return (
        f"coalesce({statement['where']}, false) AS ina",
        f"coalesce({earlier['where']}, false) AS inb",
    )


def _total(inside: str, keys: list[str]) -> str:
    cell = ", ".join([inside, *keys])
    return f"sum(CASE WHEN {inside} THEN n ELSE 0 END) OVER (PARTITION BY {cell})"


def _mounted(asked: dict[str, Any]) -> DuckDBPyConnection:
    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{asked['memory_mb']}MB",
            "threads": 1,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "python_enable_replacements": False,
        },
    )
    if "feed" in asked:
        ranged.attach(connection, asked["sizes"], feeding.Fed(asked["feed"]).fetch)
    listed = f"[{', '.join(literal(path) for path in asked['paths'])}]"
    columns = ", ".join(identifier(name) for name in asked["columns"])
    connection.execute(f"CREATE VIEW data AS SELECT {columns} FROM read_parquet({listed})")  # noqa: S608 - our own files and columns, quoted
    for setting in (
        f"allowed_paths = {listed}",
        "temp_directory = ''",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.execute(f"SET {setting}")
    return connection


def _exhausted(error: duckdb.Error) -> bool:
    return isinstance(error, duckdb.OutOfMemoryException | duckdb.InterruptException)


def _limit(cpu_s: int, address_mb: int) -> None:
    """Take away from this process, for good, what a query could make it misuse."""
    for kind, most in (
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_AS, address_mb << 20),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    main()
