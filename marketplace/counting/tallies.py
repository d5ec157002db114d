"""Tallies (统计台账): what every merchant, product, industry … traded in every period, kept up.

An order writes its moves and nothing here, so that no two orders ever wait for each other's
totals. A round takes up what waits, adds it to the tallies, and notes which moves it took.
Whoever reads adds what still waits (`reading`): tallies and waiting moves are exactly all
moves at any moment, and `differences` recomputes them from nothing but the moves.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Index, delete, desc, func, insert, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.clock import Instant
from kernel.db import Base, Big
from kernel.work import Work
from marketplace.counting import spans
from marketplace.counting.moves import (
    Bit,
    VolumeMove,
    VolumeRound,
    VolumeRoundMove,
    VolumeWaiting,
)

ROUND_MAX: Final = 2_000
"""The most moves that one round takes up."""

WHOLE: Final = "all"
"""The kind whose one key is the whole exchange."""

KINDS: Final[Mapping[str, tuple[str | None, int]]] = {
    # kind        the column of its key, and what says that a trade is its first
    WHOLE: (None, Bit.ORDER),
    "merchants": ("merchant_id", Bit.ORDER),
    "products": ("product_id", Bit.PRODUCT),
    "industries": ("industry", Bit.INDUSTRY),
    "fields": ("application_field", Bit.FIELD),
    "regions": ("region", Bit.ORDER),
    "boards": ("board_id", Bit.BOARD),
    "buyers": ("buyer_id", Bit.ORDER),
}
FIGURES: Final = (
    "counted", "excluded", "trades", "frees", "registered", "registered_excluded", "deals",
)  # fmt: skip

_LOCK: Final = 0x766F6C75  # "volu": one round at a time
_BATCH: Final = 20_000
_BITS: Final = frozenset(bit for _, bit in KINDS.values())
_OF_DAYS: Final = 3
"""So many of a day's periods are not made of whole months: itself, its week, its month."""

_KEYED: Final = ("kind", "period", "key")


class VolumeTally(Base):
    """What one key of a kind traded in one period (see `spans`); fen and numbers of trades.

    reached_at: the last instant at which its counted amount or its trades moved.
    """

    __tablename__ = "volume_tallies"
    __table_args__ = (
        Index(
            "ix_volume_tallies_places",
            "kind",
            "period",
            desc("counted"),
            desc("trades"),
            "reached_at",
            "key",
        ),
        {"sqlite_with_rowid": False},
    )

    kind: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    counted: Mapped[int] = mapped_column(Big)
    excluded: Mapped[int] = mapped_column(Big)
    trades: Mapped[int] = mapped_column(Big)
    frees: Mapped[int] = mapped_column(Big)
    registered: Mapped[int] = mapped_column(Big)
    registered_excluded: Mapped[int] = mapped_column(Big)
    deals: Mapped[int] = mapped_column(Big)
    reached_at: Mapped[Instant | None]


@dataclass(slots=True)
class Sums:
    """Figures that are being added up, as in `VolumeTally`."""

    counted: int = 0
    excluded: int = 0
    trades: int = 0
    frees: int = 0
    registered: int = 0
    registered_excluded: int = 0
    deals: int = 0
    reached_at: Instant | None = None

    def add(self, other: "Sums") -> None:
        """Add what another holds."""
        # Written out: it is done a hundred times for a move.
        self.counted += other.counted
        self.excluded += other.excluded
        self.trades += other.trades
        self.frees += other.frees
        self.registered += other.registered
        self.registered_excluded += other.registered_excluded
        self.deals += other.deals
        at = other.reached_at
        if at is not None and (self.reached_at is None or self.reached_at < at):
            self.reached_at = at


Key = tuple[str, str, str]
"""Kind, period, key."""

_MOVE: Final = tuple(
    getattr(VolumeMove, name)
    for name in ("accepted_on", "accepted_at", "registered", "counted", "excluded", "opens",
                 "trades", "frees", *(column for column, _ in KINDS.values() if column))
)  # fmt: skip


def tally(work: Work) -> int:
    """Take up what waits, at most ROUND_MAX moves, in one round; return how many it took.

    Six statements, and an upsert for each key and period that moved: some 140 for a move that
    is alone in its round, a few for each of many. A second round waits for the first.
    """
    session = work.session
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    waiting = select(VolumeWaiting.number).order_by(VolumeWaiting.number).limit(ROUND_MAX)
    numbers = list(session.scalars(waiting))
    if not numbers:
        return 0
    moves = select(*_MOVE).where(VolumeMove.number.in_(numbers))
    _upsert(session, added_up(row._mapping for row in session.execute(moves)))
    last = session.scalars(select(func.coalesce(func.max(VolumeRound.number), 0))).one()
    head = {"number": last + 1, "size": len(numbers), "tallied_at": work.now}
    session.execute(insert(VolumeRound), head)
    taken = [{"number": number, "round_number": last + 1} for number in numbers]
    session.execute(insert(VolumeRoundMove), taken)
    session.execute(delete(VolumeWaiting).where(VolumeWaiting.number.in_(numbers)))
    return len(numbers)


def added_up(moves: Iterable[Mapping[Any, Any]]) -> dict[Key, Sums]:
    """Return what moves come to, for every kind, period and key that they touch. Pure.

    Days first, then months of days, then all that is made of whole months: so a day of many
    moves is spread over its eighteen periods once.
    """
    by_day: dict[tuple[str, str, date], Sums] = {}
    for move in moves:
        told = {bit: _of(move, bit) for bit in _BITS}
        for kind, (column, bit) in KINDS.items():
            put(by_day, (kind, move[column] if column else "", move["accepted_on"]), told[bit])
    found: dict[Key, Sums] = {}
    by_month: dict[tuple[str, str, date], Sums] = {}
    for (kind, key, day), sums in by_day.items():
        for period in spans.codes_of(day)[:_OF_DAYS]:
            put(found, (kind, period, key), sums)
        put(by_month, (kind, key, day.replace(day=1)), sums)
    for (kind, key, first), sums in by_month.items():
        for period in spans.codes_of(first)[_OF_DAYS:]:
            put(found, (kind, period, key), sums)
    return found


def differences(session: Session) -> Iterator[Key]:
    """Yield kind, period and key of every tally that is not what the moves in rounds come to.

    Reads every move and every tally: for who examines the figures, not for a page.
    """
    moves = select(*_MOVE).join(VolumeRoundMove, VolumeRoundMove.number == VolumeMove.number)
    rows = session.execute(moves.execution_options(yield_per=_BATCH))
    expected = added_up(row._mapping for row in rows)
    columns = [getattr(VolumeTally, name) for name in (*_KEYED, *FIGURES, "reached_at")]
    kept = session.execute(select(*columns).execution_options(yield_per=_BATCH))
    for kind, period, key, *figures in kept:
        if expected.pop((kind, period, key), None) != Sums(*figures):
            yield kind, period, key
    yield from expected


def put(sums: dict[Any, Sums], key: Any, other: Sums) -> None:
    """Add to what there is of a key; what is added stays as it is."""
    there = sums.get(key)
    if there is None:
        sums[key] = Sums()
        sums[key].add(other)
    else:
        there.add(other)


def _of(move: Mapping[Any, Any], bit: int) -> Sums:
    trades = move["trades"] if move["opens"] & bit else 0
    if move["registered"]:
        return Sums(registered=move["counted"], registered_excluded=move["excluded"], deals=trades)
    return Sums(
        counted=move["counted"],
        excluded=move["excluded"],
        trades=trades,
        frees=1 if move["frees"] & bit else 0,
        reached_at=move["accepted_at"] if move["counted"] or trades else None,
    )


def _upsert(session: Session, found: Mapping[Key, Sums]) -> None:
    """Add to the tallies, in the order of their keys: no two rounds lock them in two orders."""
    rows = [
        dict(zip(_KEYED, key, strict=True))
        | {name: getattr(sums, name) for name in (*FIGURES, "reached_at")}
        for key, sums in sorted(found.items())
    ]
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    made: Any = (postgresql if on_postgresql else sqlite).insert(VolumeTally)
    later = func.greatest if on_postgresql else func.max
    held, new = VolumeTally.reached_at, made.excluded.reached_at
    session.execute(
        made.on_conflict_do_update(
            index_elements=_KEYED,
            set_={name: getattr(VolumeTally, name) + made.excluded[name] for name in FIGURES}
            | {"reached_at": func.coalesce(later(held, new), held, new)},
        ),
        rows,
    )
