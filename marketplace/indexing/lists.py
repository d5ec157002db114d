"""The lists of a term (倒排表): the numbers of all that holds it, as bits that are met in memory.

A list lies in blocks of 4,096 numbers, one row each: so few that a thing which is put rewrites
little, and so many that all that a word finds is read in a few rows. What is chosen of a facet,
and all that is shown of a kind, are lists as words are.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final, NamedTuple, TypeAlias, cast

from sqlalchemy import Table, bindparam, delete, insert, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.db import Base
from kernel.engines import Direct

BLOCK: Final = 4096
"""Numbers of a block."""

FEW: Final = 32
"""Numbers of a block that are told one by one, in two bytes each; more of them as bits."""

_WIDTH: Final = BLOCK // 8
_BATCH: Final = 500
_LOCK: Final = 0x66696E64  # "find": one writer of lists at a time

Key: TypeAlias = tuple[str, str]
"""Facet and code, or an empty facet and a word. An empty word is in everything."""

EVERYTHING: Final[Key] = ("", "")


class SearchList(Base):
    """What is shown and holds a term, of one kind and one block. titled: those with it in a title.

    titled, plain: numbers from the block's first on, as `packed`.
    """

    __tablename__ = "search_lists"
    __table_args__ = ({"sqlite_with_rowid": False},)

    kind: Mapped[str] = mapped_column(primary_key=True)
    facet: Mapped[str] = mapped_column(primary_key=True)
    term: Mapped[str] = mapped_column(primary_key=True)
    block: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    titled: Mapped[bytes]
    plain: Mapped[bytes]


class Numbers(NamedTuple):
    """The numbers of what holds a term: bit n stands for number n."""

    titled: int = 0
    plain: int = 0

    @property
    def all(self) -> int:
        """Those of both: nothing is among them twice."""
        return self.titled | self.plain

    @property
    def size(self) -> int:
        """How many they are."""
        return self.titled.bit_count() + self.plain.bit_count()


def packed(bits: int) -> bytes:
    """Return the numbers of a block as bytes: a few of them one by one, else a bit for each."""
    if bits.bit_count() > FEW:
        return bits.to_bytes(_WIDTH, "little")
    few = highest(bits, FEW)
    return struct.pack(f"<{len(few)}H", *few)


def unpacked(data: bytes) -> int:
    """Return the bits of what was packed."""
    if len(data) == _WIDTH:
        return int.from_bytes(data, "little")
    bits = 0
    for number in _few(data):
        bits |= 1 << number
    return bits


def highest(bits: int, most: int) -> list[int]:
    """Return the highest numbers, `most` of them at most, the highest first."""
    found: list[int] = []
    window = BLOCK
    while bits and len(found) < most:
        low = max(0, bits.bit_length() - window)
        digits = f"{bits >> low:b}"
        top, place = low + len(digits) - 1, 0
        while place >= 0 and len(found) < most:
            found.append(top - place)
            place = digits.find("1", place + 1)
        bits &= (1 << low) - 1
        # What finds little is not to be cut into many pieces.
        window *= 2
    return found


def top(bits: int, most: int) -> int:
    """Return the bits of the `most` highest numbers alone."""
    if most < 1:
        return 0
    if bits.bit_count() <= most:
        return bits
    low, high = 0, bits.bit_length()
    while high - low > 1:
        middle = (low + high) // 2
        if (bits >> middle).bit_count() >= most:
            low = middle
        else:
            high = middle
    return bits >> low << low


def parted(bits: int) -> dict[int, int]:
    """Return block → its bits, from its first number on, of the blocks that have any."""
    data = bits.to_bytes(bits.bit_length() // 8 + 1, "little")
    parts = enumerate(data[begin : begin + _WIDTH] for begin in range(0, len(data), _WIDTH))
    return {block: number for block, part in parts if (number := int.from_bytes(part, "little"))}


def read(
    session: Session, kinds: Iterable[str], keys: Iterable[Key]
) -> Mapping[tuple[str, Key], Numbers]:
    """Return (kind, key) → its numbers. One SELECT on the key; none for what was read before.

    What was read is known until something is put or the transaction ends.
    """
    asked = [(kind, key) for key in dict.fromkeys(keys) for kind in kinds]
    known = _known(session)
    lacking = [one for one in asked if one not in known]
    if lacking:
        known.update(dict.fromkeys(lacking, Numbers()))
        told = {
            "kinds": list(dict.fromkeys(kind for kind, _ in lacking)),
            "facets": list(dict.fromkeys(facet for _, (facet, _) in lacking)),
            "terms": list(dict.fromkeys(term for _, (_, term) in lacking)),
        }
        known.update(_joined(_READING.rows(session, told)))
    return {one: known[one] for one in asked}


def counted(
    session: Session, kind: str, facets: Sequence[str], among: Mapping[int, int]
) -> Iterator[tuple[str, str, int]]:
    """Yield facet, code and how many of some numbers have it, block by block. One SELECT.

    among: block → its numbers.
    """
    asked = {"kind": kind, "facets": list(facets), "blocks": list(among)}
    for facet, term, block, plain in _COUNTING.rows(session, asked):
        here = among[block]
        if len(plain) == _WIDTH:
            count = (int.from_bytes(plain, "little") & here).bit_count()
        else:
            count = sum(here >> number & 1 for number in _few(plain))
        if count:
            yield facet, term, count


def move(
    session: Session,
    kind: str,
    number: int,
    *,
    titled: tuple[AbstractSet[Key], AbstractSet[Key]],
    plain: tuple[AbstractSet[Key], AbstractSet[Key]],
) -> None:
    """Put a number on the lists of some keys and take it off those of others.

    titled, plain: those on whose lists it was, and those on whose it is to be. A SELECT, an
    INSERT, an UPDATE and a DELETE for every 500 keys that change. Writers take turns: until
    the transaction of one has ended, another waits here.
    """
    keys = sorted((titled[0] ^ titled[1]) | (plain[0] ^ plain[1]))
    if not keys:
        return
    session.info.pop(_known, None)
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    block, bit = number // BLOCK, 1 << number % BLOCK
    for begin in range(0, len(keys), _BATCH):
        some = keys[begin : begin + _BATCH]
        there = _there(session, kind, block, some)
        changed = {
            key: tuple(
                packed(unpacked(data) | bit if key in now else unpacked(data) & ~bit)
                for data, (_, now) in zip(there.get(key, (b"", b"")), (titled, plain), strict=True)
            )
            for key in some
        }
        _write(session, {"of_kind": kind, "of_block": block}, there.keys(), changed)


def _there(
    session: Session, kind: str, block: int, keys: Sequence[Key]
) -> dict[Key, tuple[bytes, bytes]]:
    """Return key → its row, of some keys, of a block. One SELECT."""
    asked = {
        "kind": kind,
        "block": block,
        "facets": list({facet for facet, _ in keys}),
        "terms": list({term for _, term in keys}),
    }
    found = _LYING.rows(session, asked)
    return {(facet, term): (titled, plain) for facet, term, titled, plain in found}


def _write(
    session: Session,
    of: Mapping[str, Any],
    there: AbstractSet[Key],
    changed: Mapping[Key, tuple[bytes, ...]],
) -> None:
    rows: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    empty: list[dict[str, Any]] = []
    for key, (titled, plain) in changed.items():
        row = {**of, "of_facet": key[0], "of_term": key[1]}
        if titled or plain:
            rows[key in there].append({**row, "now_titled": titled, "now_plain": plain})
        elif key in there:
            empty.append(row)
    for statement, given in ((_ADDING, rows[False]), (_CHANGING, rows[True]), (_ENDING, empty)):
        if given:
            session.execute(statement, given)


def _few(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(data) // 2}H", data)


def _known(session: Session) -> dict[tuple[str, Key], Numbers]:
    """Return what was read in this transaction, or since its last savepoint."""
    now = session.get_nested_transaction() or session.get_transaction()
    then, known = session.info.get(_known, (None, {}))
    if now is None or then is not now:
        session.connection()
        known = {}
        now = session.get_nested_transaction() or session.get_transaction()
        session.info[_known] = now, known
    return cast("dict[tuple[str, Key], Numbers]", known)


def _joined(rows: Iterable[Any]) -> dict[tuple[str, Key], Numbers]:
    """Return (kind, key) → its numbers, of the rows of all blocks."""
    found: dict[tuple[str, Key], tuple[bytearray, bytearray]] = {}
    for kind, facet, term, block, titled, plain in rows:
        one = kind, (facet, term)
        if (buffers := found.get(one)) is None:
            buffers = found[one] = bytearray(), bytearray()
        for buffer, data in zip(buffers, (titled, plain), strict=True):
            if data:
                _lay(buffer, block * _WIDTH, data)
    return {
        one: Numbers(*(int.from_bytes(buffer, "little") for buffer in buffers))
        for one, buffers in found.items()
    }


def _lay(buffer: bytearray, begin: int, data: bytes) -> None:
    """Lay what was packed of a block where it belongs."""
    if len(buffer) < begin + _WIDTH:
        buffer.extend(bytes(begin + _WIDTH - len(buffer)))
    if len(data) == _WIDTH:
        buffer[begin : begin + _WIDTH] = data
        return
    for number in _few(data):
        buffer[begin + (number >> 3)] |= 1 << (number & 7)


_LISTS: Final = cast("Table", SearchList.__table__)
_ROW: Final = _LISTS.c
_READING: Final = Direct(
    lambda among: select(*_ROW).where(
        among(_ROW.kind, "kinds"), among(_ROW.facet, "facets"), among(_ROW.term, "terms")
    )
)
_COUNTING: Final = Direct(
    lambda among: select(_ROW.facet, _ROW.term, _ROW.block, _ROW.plain).where(
        _ROW.kind == bindparam("kind"),
        among(_ROW.facet, "facets"),
        among(_ROW.block, "blocks"),
    )
)
_LYING: Final = Direct(
    lambda among: select(_ROW.facet, _ROW.term, _ROW.titled, _ROW.plain).where(
        _ROW.kind == bindparam("kind"),
        among(_ROW.facet, "facets"),
        among(_ROW.term, "terms"),
        _ROW.block == bindparam("block"),
    )
)
_HERE: Final = (
    _ROW.kind == bindparam("of_kind"),
    _ROW.facet == bindparam("of_facet"),
    _ROW.term == bindparam("of_term"),
    _ROW.block == bindparam("of_block"),
)
_NOW: Final[dict[str, Any]] = {"titled": bindparam("now_titled"), "plain": bindparam("now_plain")}
_CHANGING: Final = update(_LISTS).where(*_HERE).values(**_NOW)
_ENDING: Final = delete(_LISTS).where(*_HERE)
_ADDING: Final = insert(_LISTS).values(
    kind=bindparam("of_kind"),
    facet=bindparam("of_facet"),
    term=bindparam("of_term"),
    block=bindparam("of_block"),
    **_NOW,
)
