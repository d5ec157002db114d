"""A release's tree as it is kept: in tiles of 256 nodes, so that a proof reads nine of them.

A tile holds nodes that lie beside each other, of the leaves or of each eighth level above them;
what lies between is hashed again when it is asked for. Tiles are written once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ForeignKey, Index, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.db import Base, append_only
from marketplace.releasing import sumtree
from marketplace.releasing.sumtree import NODE_BYTES, Tree

HEIGHT: Final = 8
TILE: Final = 1 << HEIGHT

_HASH: Final = 32
_BATCH: Final = 400
"""Tiles written at once: some five megabytes."""


class VolumeReleaseTile(Base):
    """256 nodes of a tree, or what is left of them. first: the hash of the first one.

    tier: 0 of the leaves, 1 of the eighth level above them, and so on.
    """

    __tablename__ = "volume_release_tiles"
    __table_args__ = (Index(None, "release_id", "tier", "first"),)

    release_id: Mapped[str] = mapped_column(ForeignKey("volume_releases.id"), primary_key=True)
    tier: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    first: Mapped[bytes]
    nodes: Mapped[bytes]


append_only(VolumeReleaseTile.__table__)  # type: ignore[arg-type]  # declared as FromClause


def keep(session: Session, tree: Tree) -> None:
    """Write a tree's tiles, in batches."""
    batch: list[dict[str, Any]] = []
    for tier, level in enumerate(tree.levels[::HEIGHT]):
        step = TILE * NODE_BYTES
        for place, start in enumerate(range(0, len(level), step)):
            nodes = level[start : start + step]
            batch.append(
                {"release_id": tree.release, "tier": tier, "place": place,
                 "first": nodes[:_HASH], "nodes": nodes}
            )  # fmt: skip
            if len(batch) == _BATCH:
                session.execute(insert(VolumeReleaseTile), batch)
                batch = []
    if batch:
        session.execute(insert(VolumeReleaseTile), batch)


def leaves(session: Session, release_id: str) -> Iterator[bytes]:
    """Yield the leaves of a release in their order, 48 bytes each. One SELECT, streamed."""
    statement = (
        select(VolumeReleaseTile.nodes)
        .where(VolumeReleaseTile.release_id == release_id, VolumeReleaseTile.tier == 0)
        .order_by(VolumeReleaseTile.place)
        .execution_options(yield_per=64)
    )
    for nodes in session.scalars(statement):
        for start in range(0, len(nodes), NODE_BYTES):
            yield nodes[start : start + NODE_BYTES]


@dataclass(slots=True)
class Shelf:
    """The tree of a release, read tile by tile. size: how many leaves it has."""

    session: Session
    release: str
    size: int
    _tiles: dict[tuple[int, int], Tree] = field(default_factory=dict)
    _found: dict[bytes, int] = field(default_factory=dict)

    def expect(self, wanted: Iterable[bytes]) -> None:
        """Read all that proofs of these leaves need, at once: a SELECT, and one for each tier."""
        sought = sorted(set(wanted))
        if not sought or not self.size:
            return
        tile = VolumeReleaseTile
        searches = [
            select(tile.place)
            .where(tile.release_id == self.release, tile.tier == 0, tile.first <= leaf[:_HASH])
            .order_by(tile.first.desc())
            .limit(1)
            .scalar_subquery()
            .label(f"of_{number}")
            for number, leaf in enumerate(sought)
        ]
        row = self.session.execute(select(*searches)).one()
        self._found |= {
            leaf: place for leaf, place in zip(sought, row, strict=True) if place is not None
        }
        places = set(self._found.values())
        count, tier = self.size, 0
        while places and (tier == 0 or count > 1):
            self._read(tier, places)
            places = {place >> HEIGHT for place in places}
            count, tier = -(-count // TILE), tier + 1

    def place(self, leaf: bytes) -> int | None:
        """Return where a leaf lies; None where it doesn't."""
        if leaf not in self._found:
            self.expect([leaf])
        tile = self._found.get(leaf)
        if tile is None:
            return None
        at = self._tiles[0, tile].place(leaf)
        return None if at is None else tile * TILE + at

    def beside(self, at: int) -> Iterator[bytes]:
        """Yield the neighbours of a leaf on its way up, where it has one."""
        count, level = self.size, 0
        while count > 1:
            if at ^ 1 < count:
                yield self._node(level, at ^ 1)
            at, count, level = at // 2, -(-count // 2), level + 1

    def _node(self, level: int, place: int) -> bytes:
        tier, above = divmod(level, HEIGHT)
        tile = place >> HEIGHT - above
        if (tier, tile) not in self._tiles:
            self._read(tier, {tile})
        levels = self._tiles[tier, tile].levels
        inside = place - (tile << HEIGHT - above)
        return sumtree.node(levels[min(above, len(levels) - 1)], inside)

    def _read(self, tier: int, places: set[int]) -> None:
        tile = VolumeReleaseTile
        missing = sorted(place for place in places if (tier, place) not in self._tiles)
        if not missing:
            return
        statement = select(tile.place, tile.nodes).where(
            tile.release_id == self.release, tile.tier == tier, tile.place.in_(missing)
        )
        for place, nodes in self.session.execute(statement):
            self._tiles[tier, place] = sumtree.grown(self.release, nodes)
