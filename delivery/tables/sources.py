"""Sources (来源): where the rows of a version come from, a table kept here or one outside.

Found within a unit of work, without a word to any disk or store; what it is read by is used
outside of one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from duckdb import DuckDBPyConnection
from sqlalchemy import select

from delivery.domain import NotMounted
from delivery.locations import locations, ranged, stores
from delivery.locations.locations import DatasetMount, Location, State
from delivery.locations.roots import Root
from delivery.locations.stores import Keys, Pin, Store, Unread
from delivery.quoting import literal
from delivery.tables import deltas, snapshots
from delivery.tables.datasets import DatasetVersion
from delivery.tables.snapshots import Piece, Snapshot
from kernel import ids
from kernel.work import Work


@dataclass(frozen=True, slots=True)
class Shelves:
    """Where tables may lie: in the secure domain, and below the operator's roots."""

    data_dir: Path
    roots: Mapping[str, Root] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Outside:
    """Where a version lies that is not kept here."""

    location_id: str
    root: Root
    path: str
    keys: Keys
    snapshot: Snapshot = field(hash=False, compare=False)

    @property
    def store(self) -> Store:
        """What reads it."""
        return stores.opened(self.root, self.path, self.keys)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a version lies. outside: None for one that is kept here."""

    data_dir: Path
    version_id: str
    dataset_id: str
    delta_version: int
    outside: Outside | None = None

    def snapshot(self) -> Snapshot:
        """Return what the version consists of. One that is kept here is read from its log."""
        if self.outside is not None:
            return self.outside.snapshot
        folder = deltas.folder_of(self.data_dir, self.dataset_id)
        return snapshots.read(folder, self.delta_version)

    def sizes(self) -> list[int]:
        """Return the sizes of its files, in bytes."""
        return [piece.size_bytes for piece in self.snapshot().pieces]

    def files(self) -> str:
        """Return the names of its files as DuckDB knows them, as a list of SQL."""
        pieces = self.snapshot().pieces
        if self.outside is not None:
            return ranged.listed(len(pieces))
        return f"[{', '.join(literal(str(piece.path)) for piece in pieces)}]"

    def attach(self, connection: DuckDBPyConnection) -> None:
        """Let a connection read its files under those names."""
        if self.outside is not None:
            ranged.attach(connection, self.sizes(), self.fetch)

    def fetch(self, place: int, start: int, end: int) -> bytes:
        """Return bytes of a file that lies outside, by its number. Raises NotMounted."""
        return fetched(self, self.snapshot().pieces[place], start, end)


def of(work: Work, shelves: Shelves, version: DatasetVersion) -> Source:
    """Return where a version lies. Raises NotMounted for one whose location is lost or ended.

    No SELECT for one that is kept here, two by key for one that lies outside.
    """
    outside = None if version.upload_id is not None else _outside(work, shelves, version)
    return Source(shelves.data_dir, version.id, version.dataset_id, version.delta_version, outside)


def kept(data_dir: Path, version: DatasetVersion) -> Source:
    """Return where a version lies that is kept here. Pure."""
    return Source(data_dir, version.id, version.dataset_id, version.delta_version)


def fetched(source: Source, piece: Piece, start: int, end: int) -> bytes:
    """Return bytes of a file that lies outside, unchanged. Raises NotMounted."""
    if source.outside is None or piece.pin is None:
        raise AssertionError("it lies outside")  # pragma: no cover - for the types alone
    try:
        return source.outside.store.read(piece.pin, start, end)
    except Unread as error:
        raise NotMounted(
            f"数据位于提供方存储，现无法读取（{error.code}）",
            f"the data lies with its provider and cannot be read now ({error.code})",
        ) from error


def _outside(work: Work, shelves: Shelves, version: DatasetVersion) -> Outside:
    found = work.session.execute(
        select(DatasetMount, Location)
        .join(Location, Location.id == DatasetMount.location_id)
        .where(DatasetMount.version_id == version.id)
    ).first()
    if found is None:
        raise NotMounted("该版本没有挂载位置", "the version has no location")
    mount, location = found
    root = shelves.roots.get(location.root)
    if location.state in (State.GONE, State.ENDED) or root is None:
        raise NotMounted(
            "数据位于提供方存储，目前失联；恢复后自动可用",
            "the data lies with its provider, whose location is lost: it comes back by itself",
        )
    return Outside(
        location.id,
        root,
        locations.place(location),
        locations.opened(work.crypto, location),
        Snapshot(
            id=mount.table_id,
            schema=mount.table_schema,
            features=tuple(mount.features),
            pieces=_pieces(mount),
        ),
    )


def _pieces(mount: DatasetMount) -> tuple[Piece, ...]:
    return tuple(
        Piece(
            id=ids.digest(f"{mount.location_id}/{one['name']}/{one['mark']}")[:32],
            path=Path(str(one["name"])),
            size_bytes=one["size_bytes"],
            rows=one["rows"],
            modified_ms=one["modified_ms"],
            stats=one["stats"],
            pin=Pin(one["name"], one["size_bytes"], one["mark"]),
        )
        for one in mount.pieces
    )
