"""What the log of a Delta table says of its files."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final

from deltalake import DeltaTable

_TEXT_MAX: Final = 64
"""Characters of the least and greatest text of a file that are told: as bounds, no longer."""


def actions(table: DeltaTable) -> Iterator[dict[str, Any]]:
    """Return what the log of a table says of each of its files; "stats" as Piece has them."""
    found = table.get_add_actions(flatten=False)
    names = list(found.column_names)
    columns = [_listed(found.column(each)) for each in names]
    for values in zip(*columns, strict=True):
        told = dict(zip(names, values, strict=True))
        yield {**told, "stats": _stats(told)}


def _listed(column: Any) -> list[Any]:
    return [scalar.as_py() for chunk in column.chunks for scalar in chunk]


def _stats(told: Mapping[str, Any]) -> dict[str, Any]:
    least, most = told.get("min") or {}, told.get("max") or {}
    bounds = {
        column: pair
        for column in least
        if (pair := _pair(least[column], most.get(column))) is not None
    }
    return {
        "numRecords": told["num_records"],
        "minValues": {column: pair[0] for column, pair in bounds.items()},
        "maxValues": {column: pair[1] for column, pair in bounds.items()},
        "nullCount": told.get("null_count") or {},
    }


def _pair(least: Any, most: Any) -> tuple[Any, Any] | None:
    """Return the bounds of a column as JSON writes them; None for what cannot be told."""
    if isinstance(least, bool) or not isinstance(most, type(least)):
        return None
    if isinstance(least, datetime):
        return _moment(least), _moment(most)
    if isinstance(least, date):
        return least.isoformat(), most.isoformat()
    if isinstance(least, str):
        return (least, most) if max(len(least), len(most)) <= _TEXT_MAX else None
    if isinstance(least, float) and not (abs(least) < float("inf") > abs(most)):
        return None
    return (least, most) if isinstance(least, int | float) else None


def _moment(value: datetime) -> str:
    return value.isoformat(timespec="milliseconds").removesuffix("+00:00") + (
        "Z" if value.tzinfo else ""
    )
