"""What a Delta table consists of at one version: its schema, and its files with what is in them.

A version never changes, so what was read of one is kept in memory.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from deltalake import DeltaTable

from kernel import ids

KEPT: Final = 256
"""Versions whose files are kept in memory."""

_TEXT_MAX: Final = 64
"""Characters of the least and greatest text of a file that are told: as bounds, no longer."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of a table.

    id: opaque, and the same at each reading. stats: numRecords, nullCount, and minValues and
    maxValues of the columns of numbers, texts and times, as the Delta protocol writes them.
    """

    id: str
    path: Path
    size_bytes: int
    rows: int
    modified_ms: int
    stats: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A table at one version. schema: as the Delta protocol writes it (JSON).

    features: what a reader must know of to read it ("timestampNtz").
    """

    id: str
    schema: str
    features: tuple[str, ...]
    pieces: tuple[Piece, ...]

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return sum(piece.rows for piece in self.pieces)

    @property
    def size_bytes(self) -> int:
        """How large its files are together."""
        return sum(piece.size_bytes for piece in self.pieces)

    def piece(self, piece_id: str) -> Piece | None:
        """Return the file of this id."""
        return next((piece for piece in self.pieces if piece.id == piece_id), None)

    def names(self) -> list[str]:
        """Return its columns in order."""
        return [each["name"] for each in json.loads(self.schema)["fields"]]


@lru_cache(maxsize=KEPT)
def read(folder: Path, version: int) -> Snapshot:
    """Return a table at a version. The first time it reads the table's log."""
    table = DeltaTable(str(folder), version=version)
    protocol = table.protocol()
    return Snapshot(
        id=str(table.metadata().id),
        schema=table.schema().to_json(),
        features=tuple(protocol.reader_features or ()),
        pieces=tuple(sorted(_pieces(folder, table), key=lambda piece: piece.path)),
    )


def _pieces(folder: Path, table: DeltaTable) -> Iterator[Piece]:
    actions = table.get_add_actions(flatten=False)
    names = list(actions.column_names)
    columns = [_listed(actions.column(each)) for each in names]
    for values in zip(*columns, strict=True):
        told = dict(zip(names, values, strict=True))
        yield Piece(
            id=ids.digest(f"{folder.name}/{told['path']}")[:32],
            path=folder / told["path"],
            size_bytes=told["size_bytes"],
            rows=told["num_records"],
            modified_ms=told["modification_time"],
            stats=_stats(told),
        )


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
