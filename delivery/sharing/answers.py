"""What the sharing server says of a table, in the two forms of the protocol. Pure.

In the parquet form wall-clock times ("timestamp_ntz") are called "timestamp", for that form
knows no other; a reader that names the delta form and the feature gets the true name.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self

from delivery.sharing.links import Link
from delivery.sharing.shares import Shared
from delivery.tables.snapshots import Piece
from kernel.errors import Invalid

CAPABILITIES_MAX: Final = 2_000


class Form(StrEnum):
    """In which form files are told of."""

    PARQUET = "parquet"
    DELTA = "delta"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a reader says it understands, in its header."""

    forms: tuple[str, ...]
    features: frozenset[str]
    ending: bool

    @classmethod
    def read(cls, header: str) -> Self:
        """Return what the header says; what is not known in it is left alone."""
        told: dict[str, tuple[str, ...]] = {}
        for part in header[:CAPABILITIES_MAX].lower().split(";"):
            key, _, values = part.partition("=")
            told[key.strip()] = tuple(value.strip() for value in values.split(",") if value.strip())
        return cls(
            forms=told.get("responseformat", ()) or (Form.PARQUET.value,),
            features=frozenset(told.get("readerfeatures", ())),
            ending=told.get("includeendstreamaction") == ("true",),
        )

    def form(self, features: Sequence[str]) -> Form:
        """Return the form to answer in: delta where the table needs it and the reader can.

        Raises Invalid when the reader takes the delta form alone and lacks a feature, or
        takes neither form.
        """
        able = self.features >= {each.lower() for each in features}
        if Form.DELTA in self.forms and able and (features or Form.PARQUET not in self.forms):
            return Form.DELTA
        if Form.PARQUET in self.forms:
            return Form.PARQUET
        lacking = ", ".join(features) or "responseformat=parquet"
        raise Invalid(
            f"读取方须支持 {lacking}",
            f"the reader must understand {lacking}",
            pointer="/delta-sharing-capabilities",
        )


def lines(
    shared: Shared, form: Form, pieces: Sequence[tuple[Piece, Link]], address: Callable[[Link], str]
) -> Iterator[Mapping[str, Any]]:
    """Return the lines of an answer: the protocol, the table, and each file with its address."""
    yield from _HEADS[form](shared)
    for piece, link in pieces:
        yield {"file": _FILES[form](shared, piece, link, address(link))}


def ending(pieces: Sequence[tuple[Piece, Link]]) -> Mapping[str, Any]:
    """Return the last line, for readers that ask for one: when the first address ends."""
    expiries = [link.expires_s * 1000 for _, link in pieces]
    return {"endStreamAction": {"minUrlExpirationTimestamp": min(expiries)} if expiries else {}}


def _parquet_head(shared: Shared) -> Iterator[Mapping[str, Any]]:
    yield {"protocol": {"minReaderVersion": 1}}
    schema = json.loads(shared.snapshot.schema)
    for column in schema["fields"]:
        if column["type"] == "timestamp_ntz":
            column["type"] = "timestamp"
    yield {"metaData": {**_told(shared, json.dumps(schema, ensure_ascii=False)), **_size(shared)}}


def _delta_head(shared: Shared) -> Iterator[Mapping[str, Any]]:
    features = list(shared.snapshot.features)
    plain = {"minReaderVersion": 1, "minWriterVersion": 2}
    featured = {
        "minReaderVersion": 3,
        "minWriterVersion": 7,
        "readerFeatures": features,
        "writerFeatures": features,
    }
    yield {"protocol": {"deltaProtocol": featured if features else plain}}
    told = {**_told(shared, shared.snapshot.schema), "createdTime": _ms(shared)}
    yield {"metaData": {"deltaMetadata": told, **_size(shared)}}


def _told(shared: Shared, schema: str) -> dict[str, Any]:
    return {
        "id": shared.snapshot.id,
        "format": {"provider": "parquet", "options": {}},
        "schemaString": schema,
        "partitionColumns": [],
        "configuration": {},
    }


def _size(shared: Shared) -> dict[str, int]:
    return {
        "version": shared.version.delta_version,
        "size": shared.snapshot.size_bytes,
        "numFiles": len(shared.snapshot.pieces),
    }


def _parquet_file(shared: Shared, piece: Piece, link: Link, url: str) -> dict[str, Any]:
    return {
        "url": url,
        "id": piece.id,
        "partitionValues": {},
        "size": piece.size_bytes,
        "stats": json.dumps(piece.stats, ensure_ascii=False),
        **_dated(shared, link),
    }


def _delta_file(shared: Shared, piece: Piece, link: Link, url: str) -> dict[str, Any]:
    add = {
        "path": url,
        "partitionValues": {},
        "size": piece.size_bytes,
        "modificationTime": piece.modified_ms,
        "dataChange": True,
        "stats": json.dumps(piece.stats, ensure_ascii=False),
    }
    return {
        "id": piece.id,
        "size": piece.size_bytes,
        **_dated(shared, link),
        "deltaSingleAction": {"add": add},
    }


def _dated(shared: Shared, link: Link) -> dict[str, int]:
    return {
        "version": shared.version.delta_version,
        "timestamp": _ms(shared),
        "expirationTimestamp": link.expires_s * 1000,
    }


def _ms(shared: Shared) -> int:
    return int(shared.version.loaded_at.timestamp() * 1000)


_HEADS: Final = {Form.PARQUET: _parquet_head, Form.DELTA: _delta_head}
_FILES: Final = {Form.PARQUET: _parquet_file, Form.DELTA: _delta_file}
