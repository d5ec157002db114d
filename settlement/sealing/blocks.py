"""Blocks: every entry is sealed into one signed block, chained to the block before it.

Entries are taken as a set, those that no block has yet, never by a range of ids: a slow
transaction has a lower id and commits later, and a range would leave it out for good. A
block's root is that of a Merkle tree (RFC 6962), so that one entry can be shown to be in
it to somebody who has only the signed root.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKeyConstraint,
    Integer,
    Row,
    Select,
    Table,
    Text,
    UniqueConstraint,
    and_,
    func,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.orm import Session

from kernel import evidence
from kernel.crypto import CryptoProvider, Signature, canonical
from kernel.db import Base, Big, append_only
from kernel.engines import FIXED
from kernel.errors import NotFound
from kernel.work import Work
from settlement.books import Moment, entries, seals
from settlement.sealing import merkle

BLOCK_MAX: Final = 10_000
"""The most entries in one block."""

LOOK_BACK: Final = 100_000
"""How many ids before the newest sealed one are looked at every minute for latecomers.

Those slower still are found at the close of their month, which looks at all of it.
"""

_LOCK: Final = 0x6C656467  # "ledg": one sealer at a time

blocks = Table(
    "ledger_blocks",
    Base.metadata,
    Column("number", Big, primary_key=True, autoincrement=False),
    Column("previous", Text, nullable=False),
    Column("root", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sealed_at", Moment, nullable=False),
    Column("digest", Text, nullable=False),
    Column("alg", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("signature", Text, nullable=False),
    UniqueConstraint("previous"),
    CheckConstraint("number > 0", name="number_from_one"),
    CheckConstraint(f"size BETWEEN 1 AND {BLOCK_MAX}", name="size_is_some"),
    sqlite_strict=True,
    info={FIXED: True},
)
"""One signed set of entries. previous: the digest of the block before; empty in the first."""

members = Table(
    "ledger_block_entries",
    Base.metadata,
    Column("entry_id", Big, primary_key=True, autoincrement=False),
    Column("block_number", Big, nullable=False),
    Column("position", Integer, nullable=False),
    ForeignKeyConstraint(["entry_id"], [seals.c.entry_id]),
    ForeignKeyConstraint(["block_number"], [blocks.c.number]),
    UniqueConstraint("block_number", "position"),
    CheckConstraint("position >= 0", name="position_from_zero"),
    sqlite_strict=True,
    info={FIXED: True},
)
"""The place of one entry in its one block."""

append_only(blocks)
append_only(members)

TRIGGERS: Final = {
    dialect: frozenset(f"{table.name}_{rest}" for table in (blocks, members) for rest in names)
    for dialect, names in {
        "sqlite": ("no_update", "no_delete", "no_replace"),
        "postgresql": ("append_only", "no_truncate"),
    }.items()
}
"""The triggers that must be there, by name."""


class Proof(NamedTuple):
    """That an entry is in a block: hash `leaf` with `path`, and the block's root comes out.

    leaf, path and root: hexadecimal. path: the neighbour on each level, and whether it
    stands on the left.
    """

    entry_id: int
    block_number: int
    root: str
    leaf: str
    path: tuple[tuple[bool, str], ...]

    def holds(self, crypto: CryptoProvider) -> bool:
        """Tell whether the path leads from the leaf to the root."""
        return merkle.climb(self.leaf, self.path, crypto) == self.root


def last(session: Session) -> int:
    """Return the number of the newest block; 0 before the first. One SELECT by key."""
    return int(session.scalars(select(func.coalesce(func.max(blocks.c.number), 0))).one())


def seal(work: Work) -> int:
    """Seal what no block has yet of the newest entries, at most BLOCK_MAX; return how many.

    Two SELECTs on indexes and two INSERTs; a second sealer waits for the first.
    """
    newest = select(func.coalesce(func.max(members.c.entry_id), 0)).scalar_subquery()
    return len(_seal(work, _loose(newest - LOOK_BACK)))


def seal_period(work: Work, period_id: str) -> None:
    """Seal every entry of the month that no block has yet. Reads the month once.

    For who holds the month, so that nobody comes late with a lower id.
    """

    def mine(after: int) -> Select[int, str]:
        loose = _loose(literal(after, Big)).join(entries, entries.c.id == seals.c.entry_id)
        in_month = loose.where(entries.c.period_id == period_id, entries.c.id > after)
        return in_month.order_by(None).order_by(entries.c.id)

    found = _seal(work, mine(0))
    while found:
        found = _seal(work, mine(found[-1]))


def proof(session: Session, entry_id: int, crypto: CryptoProvider) -> Proof:
    """Return the proof that the entry is in its block. Raises NotFound until it is in one.

    Two SELECTs, the second over the block.
    """
    place = session.execute(select(members).where(members.c.entry_id == entry_id)).one_or_none()
    if place is None:
        raise NotFound(f"分录 {entry_id} 尚未入块", f"entry {entry_id} is in no block yet")
    leaves = _leaves(session, place.block_number, crypto)
    levels = merkle.levels(leaves, crypto)
    path = merkle.path(levels, place.position)
    return Proof(entry_id, place.block_number, levels[-1][0], leaves[place.position], path)


def broken(session: Session, crypto: CryptoProvider) -> Iterator[tuple[str, int]]:
    """Yield a code and a block's number for every block that does not hold.

    BLOCK_OUT_OF_CHAIN: it does not follow the block before. BLOCK_BROKEN: its entries, its
    digest or its signature are not what was sealed. Reads every block and its hashes.
    """
    previous, expected = "", 1
    for block in session.execute(select(blocks).order_by(blocks.c.number)).all():
        if (block.number, block.previous) != (expected, previous):
            yield "BLOCK_OUT_OF_CHAIN", block.number
        if not _holds(session, block, crypto):
            yield "BLOCK_BROKEN", block.number
        previous, expected = block.digest, block.number + 1


def _loose(after: ColumnElement[int]) -> Select[int, str]:
    """Return the SELECT of what no block has yet beyond the entry `after`.

    It is said of both tables, because PostgreSQL does not conclude the one from the other,
    and would walk through all that was ever sealed.
    """
    sealed = and_(members.c.entry_id == seals.c.entry_id, members.c.entry_id > after)
    return (
        select(seals.c.entry_id, seals.c.content_hash)
        .outerjoin(members, sealed)
        .where(members.c.entry_id.is_(None), seals.c.entry_id > after)
        .order_by(seals.c.entry_id)
        .limit(BLOCK_MAX)
    )


def _seal(work: Work, loose: Select[int, str]) -> list[int]:
    """Seal the first of the loose entries in one block, and return their ids."""
    session = work.session
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    found = session.execute(loose).all()
    if not found:
        return []
    last = session.execute(select(blocks).order_by(blocks.c.number.desc()).limit(1)).one_or_none()
    leaves = [leaf(row.entry_id, row.content_hash, work.crypto) for row in found]
    head = {
        "number": last.number + 1 if last else 1,
        "previous": last.digest if last else "",
        "root": evidence.merkle_root(leaves, work.crypto),
        "size": len(leaves),
    }
    digest = _digest(head, work.now.isoformat(timespec="microseconds"), work.crypto)
    signed = work.crypto.sign(digest.encode())
    signature = {"alg": signed.alg, "key_id": signed.key_id, "signature": signed.value}
    session.execute(insert(blocks), {**head, "sealed_at": work.now, "digest": digest, **signature})
    places = [
        {"entry_id": row.entry_id, "block_number": head["number"], "position": position}
        for position, row in enumerate(found)
    ]
    session.execute(insert(members), places)
    return [row.entry_id for row in found]


def leaf(entry_id: int, content_hash: str, crypto: CryptoProvider) -> str:
    """Return the hash that stands for an entry in its block's tree."""
    return crypto.digest(b"\x00" + f"{entry_id}:{content_hash}".encode())


def _leaves(session: Session, number: int, crypto: CryptoProvider) -> list[str]:
    statement = (
        select(members.c.entry_id, seals.c.content_hash)
        .join(seals, seals.c.entry_id == members.c.entry_id)
        .where(members.c.block_number == number)
        .order_by(members.c.position)
    )
    return [leaf(*row, crypto) for row in session.execute(statement)]


def _holds(session: Session, block: Row[tuple[object, ...]], crypto: CryptoProvider) -> bool:
    leaves = _leaves(session, block.number, crypto)
    head = {name: getattr(block, name) for name in ("number", "previous", "root", "size")}
    at = block.sealed_at.isoformat(timespec="microseconds")
    signature = Signature(block.alg, block.key_id, block.signature)
    return (
        len(leaves) == block.size
        and evidence.merkle_root(leaves, crypto) == block.root
        and _digest(head, at, crypto) == block.digest
        and crypto.verify(block.digest.encode(), signature)
    )


def _digest(head: dict[str, object], sealed_at: str, crypto: CryptoProvider) -> str:
    return crypto.digest(canonical({**head, "sealed_at": sealed_at}))
