"""What a Delta table consists of at one version: its schema, and its files with what is in them.

A version never changes, so what was read of one is kept in memory.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from deltalake import DeltaTable

from delivery.locations import logs
from delivery.locations.stores import Pin
from kernel import ids

KEPT: Final = 256
"""Versions whose files are kept in memory."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of a table.

    id: opaque, and the same at each reading. stats: numRecords, nullCount, and minValues and
    maxValues of the columns of numbers, texts and times, as the Delta protocol writes them.
    path: of a file that is kept here; of one that lies outside its name there, with its pin.
    """

    id: str
    path: Path
    size_bytes: int
    rows: int
    modified_ms: int
    stats: Mapping[str, Any]
    pin: Pin | None = None


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
    for told in logs.actions(table):
        yield Piece(
            id=ids.digest(f"{folder.name}/{told['path']}")[:32],
            path=folder / told["path"],
            size_bytes=told["size_bytes"],
            rows=told["num_records"],
            modified_ms=told["modification_time"],
            stats=told["stats"],
        )
