"""A sample (样例) of a table: a hundred rows at most, people masked (脱敏) in them by rule."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from duckdb import DuckDBPyConnection

from delivery.profiling.personal import Kind
from delivery.quoting import literal

SAMPLE_ROWS: Final = 100
CELL_MAX: Final = 200
"""Characters of a cell that a sample shows."""

_DISTRICT: Final = re.compile(r"^.*?(区|县|市辖区|旗|市(?!.*[区县旗]))")


def sample(
    connection: DuckDBPyConnection, path: str, kinds: Mapping[str, Kind]
) -> list[dict[str, str | None]]:
    """Return rows drawn evenly from the Parquet file, always the same ones; cells as text.

    kinds: what the columns with people in them hold. One pass.
    """
    found = connection.execute(
        f"SELECT COLUMNS(*)::VARCHAR FROM read_parquet({literal(path)}) "
        f"USING SAMPLE reservoir({SAMPLE_ROWS} ROWS) REPEATABLE (1)"
    )
    names = [column[0] for column in found.description or ()]
    masks = [_MASKS[kinds[name]] if name in kinds else _cut for name in names]
    return [
        {
            name: None if value is None else mask(value)
            for name, mask, value in zip(names, masks, row, strict=True)
        }
        for row in found.fetchall()
    ]


def _cut(value: str) -> str:
    return value if len(value) <= CELL_MAX else value[: CELL_MAX - 1] + "…"


def _ends(first: int, last: int) -> Callable[[str], str]:
    """Return a mask that leaves so many characters at either end, and half of it never."""

    def mask(value: str) -> str:
        if len(value) < 2 * (first + last):
            return "*" * len(value)
        return value[:first] + "*" * (len(value) - first - last) + value[len(value) - last :]

    return mask


def _name(value: str) -> str:
    return value[0] + "*" * (len(value) - 1) if len(value) > 1 else "*"


def _email(value: str) -> str:
    name, _, place = value.partition("@")
    return f"{name[:1]}***@{place}"


def _place(value: str) -> str:
    named = _DISTRICT.match(value)
    return f"{named[0]}***" if named else "***"


def _year(value: str) -> str:
    found = re.search(r"(19|20)\d{2}", value)
    return f"{found[0]}-**-**" if found else "****"


def _gone(_value: str) -> str:
    return "***"


_MASKS: Final[Mapping[Kind, Callable[[str], str]]] = {
    Kind.RESIDENT_ID: _ends(3, 2),
    Kind.BANK_CARD: _ends(4, 4),
    Kind.MOBILE: _ends(3, 2),
    Kind.LANDLINE: _ends(3, 2),
    Kind.PASSPORT: _ends(1, 2),
    Kind.PLATE: _ends(2, 1),
    Kind.EMAIL: _email,
    Kind.ADDRESS: _place,
    Kind.NAME: _name,
    Kind.HEALTH: _gone,
    Kind.BIRTH: _year,
}


def hidden(profile: dict[str, Any], kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """Return a profile without the values of the columns that hold people."""
    bare = ("name", "type", "filled", "distinct")
    columns = [
        {key: column[key] for key in bare} if column["name"] in kinds else column
        for column in profile["columns"]
    ]
    latest = {name: at for name, at in profile["latest"].items() if name not in kinds}
    return {**profile, "columns": columns, "latest": latest}
