"""Marks (水印) of packages: the order of the rows says for which package a file was made.

No value is changed. Rows stand in pairs, and which of the two comes first follows from a
secret of the package and the pair's own values in one column, the carrier. Who finds the
rows elsewhere, also in another format, cut, or among others, counts how many neighbours
stand as a package would have them: half by chance, three quarters in its own copy.

What it proves: that these rows came from the copy made for that order; not who passed them
on. Sorting or shuffling the rows takes the mark away, as does dropping the carrier.
"""

from collections.abc import Mapping, Sequence
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
FIRST_LOOK: Final = 20_000
SECOND_LOOKS: Final = 20

_ODD, _TEXT, _A, _B, _SWAPPED = (f'"\x01{name}"' for name in ("odd", "text", "a", "b", "swapped"))
"""Names beside those of a table's own columns."""


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


def marked(selection: str, columns: Sequence[str], column: str, secret: str) -> str:
    """Return the SQL of a selection whose rows stand in the order of a package.

    columns: all that the selection has; column: the carrier. Rows flow through: what is
    held is one of each pair.
    """
    first = f"CAST({identifier(column)} AS VARCHAR)"
    chosen = ", ".join(f"{_either(identifier(each))} AS {identifier(each)}" for each in columns)
    return (
        f"WITH numbered AS (SELECT *, row_number() OVER () % 2 = 1 AS {_ODD}, {first} AS {_TEXT} "  # noqa: S608 - names are quoted
        f"FROM ({selection})), "
        f"paired AS (SELECT *, "
        f"CASE WHEN {_ODD} THEN {_TEXT} ELSE lag({_TEXT}) OVER () END AS {_A}, "
        f"CASE WHEN {_ODD} THEN lead({_TEXT}) OVER () ELSE {_TEXT} END AS {_B} FROM numbered), "
        f"judged AS (SELECT *, coalesce({_A} <> {_B} AND ({_A} < {_B}) <> "
        f"{_lesser_first(_A, _B, secret)}, false) AS {_SWAPPED} FROM paired) "
        f"SELECT {chosen} FROM judged"
    )


def _either(column: str) -> str:
    other = f"CASE WHEN {_ODD} THEN lead({column}) OVER () ELSE lag({column}) OVER () END"
    return f"CASE WHEN {_SWAPPED} THEN {other} ELSE {column} END"


def traced(
    path: Path, carriers: Mapping[str, Sequence[tuple[str, str]]]
) -> tuple[list[Match], list[str]]:
    """Return how a found file agrees with packages, best first, and the columns that it lacks.

    carriers: column → packages with that carrier, each with its secret. Raises ValueError
    for a file that is neither CSV nor Parquet. Each package costs a look at FIRST_LOOK
    pairs; all are looked at for the best of them, or for each where none stands out.
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
            found.extend(_of_one_carrier(connection, packages))
    return sorted(found, key=lambda match: -match.deviation), missing


def _of_one_carrier(
    connection: DuckDBPyConnection, packages: Sequence[tuple[str, str]]
) -> list[Match]:
    first = [_counted(connection, *package, pairs=FIRST_LOOK) for package in packages]
    places = sorted(range(len(first)), key=lambda place: -first[place].deviation)
    sure = bool(places) and first[places[0]].deviation >= 2 * SURE
    again = places[:SECOND_LOOKS] if sure else places
    for place in again:
        first[place] = _counted(connection, *packages[place], pairs=LOOKED_AT)
    return first


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


def _counted(connection: DuckDBPyConnection, package_id: str, secret: str, *, pairs: int) -> Match:
    lesser = _lesser_first("first", "second", secret)
    there, agreeing = connection.execute(
        f"SELECT count(*), count(*) FILTER ((first < second) = {lesser}) "  # noqa: S608 - the secret is hexadecimal
        f"FROM (FROM pairs LIMIT {pairs})"
    ).fetchall()[0]
    return Match(package_id, there, agreeing)


def _lesser_first(first: str, second: str, secret: str) -> str:
    """Return the SQL of what a package wants of a pair: whether the lesser comes first."""
    pair = f"least({first}, {second}) || chr(31) || greatest({first}, {second})"
    return f"(left(sha256({literal(secret)} || {pair}), 1) < '8')"
