"""Marks (水印) of packages: the order of the rows says for which package a file was made.

No value is changed. Rows stand in pairs, and which of the two comes first follows from a
secret of the package and the pair's own values in one column, the carrier. Who finds the
rows elsewhere, also in another format, cut, or among others, counts how many neighbours
stand as a package would have them: half by chance, three quarters in its own copy.

What it proves: that these rows came from the copy made for that order; not who passed them
on. Sorting or shuffling the rows takes the mark away, as does dropping the carrier.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Final

import duckdb
from duckdb import DuckDBPyConnection

from delivery.quoting import identifier, literal
from delivery.tables.datasets import DatasetVersion
from delivery.tables.scopes import Scope
from kernel.crypto import CryptoProvider

NAME: Final = "row-order/1"

SURE: Final = 5.0
"""Standard deviations from chance at which a package is named; less proves nothing."""

APART: Final = 2.0
"""How far the next candidate must stay behind."""

LOOKED_AT: Final = 1_000_000
"""Rows of a found file that are looked at."""

CANDIDATES_MAX: Final = 5_000


@dataclass(frozen=True, slots=True)
class Match:
    """How a file agrees with a package. pairs: neighbours that say anything."""

    package_id: str
    pairs: int
    agreeing: int

    @property
    def deviation(self) -> float:
        """How many standard deviations it lies above chance."""
        return (2 * self.agreeing - self.pairs) / sqrt(self.pairs) if self.pairs else 0.0


def secrets(crypto: CryptoProvider, package_id: str) -> tuple[str, ...]:
    """Return the secret of a package, and what it was under former keys of the house."""
    return crypto.masks(f"mark of a package|{package_id}")


def carrier(version: DatasetVersion, scope: Scope) -> str:
    """Return the column that carries the mark: the one with the most different values."""
    masked = {column for column, _ in scope.masked}
    distinct = {each["name"]: each.get("distinct", 0) for each in version.profile["columns"]}
    free = [column for column in scope.columns if column not in masked] or list(scope.columns)
    return max(free, key=lambda column: (distinct.get(column, 0), -free.index(column)))


def marked(selection: str, column: str, secret: str) -> str:
    """Return the SQL of a selection whose rows stand in the order of a package."""
    first, second = (f"CAST({each}.{identifier(column)} AS VARCHAR)" for each in ("a", "b"))
    return (
        "WITH numbered AS (SELECT row_number() OVER () % 2 AS odd, own, "  # noqa: S608 - names are quoted
        "lag(own) OVER () AS before, lead(own) OVER () AS after "
        f"FROM (SELECT cut AS own FROM ({selection}) cut)), "
        "paired AS (SELECT odd, own, CASE WHEN odd = 1 THEN own ELSE before END AS a, "
        "CASE WHEN odd = 1 THEN after ELSE own END AS b FROM numbered) "
        f"SELECT unnest(CASE WHEN b IS NULL OR coalesce({first} = {second}, true) "
        f"OR ({first} < {second}) = {_lesser_first(first, second, secret)} "
        "THEN own WHEN odd = 1 THEN b ELSE a END) FROM paired"
    )


def traced(
    path: Path, carriers: Mapping[str, Iterable[tuple[str, str]]]
) -> tuple[list[Match], list[str]]:
    """Return how a found file agrees with packages, best first, and the columns that it lacks.

    carriers: column → packages with that carrier, each with its secret. Raises ValueError
    for a file that is neither CSV nor Parquet. One pass for each package.
    """
    found: list[Match] = []
    missing: list[str] = []
    with duckdb.connect(":memory:") as connection:
        names = _opened(connection, path)
        for column, packages in carriers.items():
            if column not in names:
                missing.append(column)
                continue
            _neighbours(connection, column)
            found.extend(_counted(connection, *package) for package in packages)
    return sorted(found, key=lambda match: -match.deviation), missing


def named(matches: list[Match]) -> Match | None:
    """Return the package that a file came from; None when it cannot be said."""
    if not matches or matches[0].deviation < SURE:
        return None
    others = [match for match in matches[1:] if match.package_id != matches[0].package_id]
    if others and matches[0].deviation - others[0].deviation < APART:
        return None
    return matches[0]


def _opened(connection: DuckDBPyConnection, path: Path) -> set[str]:
    with path.open("rb") as file:
        parquet = file.read(4) == b"PAR1"
    read = "read_parquet({})" if parquet else "read_csv({}, all_varchar=true, header=true)"
    source = read.format(literal(str(path)))
    try:
        connection.execute(f"CREATE VIEW leaked AS FROM {source} LIMIT {LOOKED_AT}")
        return {column[0] for column in connection.execute("DESCRIBE leaked").fetchall()}
    except duckdb.Error as error:
        raise ValueError(f"{path.name} is neither CSV nor Parquet that can be read") from error


def _neighbours(connection: DuckDBPyConnection, column: str) -> None:
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE pairs AS SELECT * FROM (SELECT first, "  # noqa: S608 - the name is quoted
        "lead(first) OVER () AS second FROM (SELECT CAST("
        f"{identifier(column)} AS VARCHAR) AS first FROM leaked)) "
        "WHERE first <> second"
    )


def _counted(connection: DuckDBPyConnection, package_id: str, secret: str) -> Match:
    lesser = _lesser_first("first", "second", secret)
    pairs, agreeing = connection.execute(
        f"SELECT count(*), count(*) FILTER ((first < second) = {lesser}) FROM pairs"  # noqa: S608 - the secret is hexadecimal
    ).fetchall()[0]
    return Match(package_id, pairs, agreeing)


def _lesser_first(first: str, second: str, secret: str) -> str:
    """Return the SQL of what a package wants of a pair: whether the lesser comes first."""
    pair = f"least({first}, {second}) || chr(31) || greatest({first}, {second})"
    return f"(left(sha256({literal(secret)} || {pair}), 1) < '8')"
