"""What waits to be tallied, found at the cost of what waits and of nothing that was tallied.

On PostgreSQL the rows of what was tallied lie about until they are swept up. So each waiting
move has the number of the transaction that wrote it, and each round notes the one that nothing
still waiting can be older than: all older transactions had ended when the round looked, and
what they had written was taken. Whoever looks begins there. Numbers of moves would not do: a
slow transaction has a lower one and commits later.
"""

from typing import Any, Final, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, case, literal_column, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement

from kernel.engines import Direct
from marketplace.counting.moves import VolumeRound, VolumeWaiting

EVERY: Final = 2**62
"""More than can wait."""


class Oldest(FunctionElement[int]):
    """The number of the oldest transaction that had not ended at the snapshot; 0 on SQLite."""

    type = BigInteger()
    inherit_cache = True


@compiles(Oldest, "postgresql")
def _on_postgresql(_element: Oldest, _compiler: Any, **_options: Any) -> str:
    return "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


@compiles(Oldest, "sqlite")
def _on_sqlite(_element: Oldest, _compiler: Any, **_options: Any) -> str:
    return "0"


class Waiting(NamedTuple):
    """What a round may take up. beyond: what it is to note if it takes them all."""

    numbers: list[int]
    beyond: int


def first() -> ColumnElement[int | None]:
    """Return the number of a move that waits, as part of a SELECT; NULL when none does."""
    return _in_order(VolumeWaiting.number).limit(literal_column("1")).scalar_subquery()


def moves(session: Session) -> list[int]:
    """Return the numbers of all moves that wait. One SELECT on an index."""
    return take(session, EVERY - 1).numbers


def take(session: Session, most: int) -> Waiting:
    """Return what a round of `most` moves takes up. One SELECT on an index, of so many rows."""
    rows = _TAKEN.rows(session, {"most": most + 1})
    if not rows:
        return Waiting([], 0)
    # Of what is left the first was written by the oldest.
    beyond = rows[0][2] if len(rows) <= most else min(rows[0][2], rows[most][1])
    return Waiting([number for number, _, _ in rows[:most]], beyond)


def _in_order(*columns: Any) -> Select[Any]:
    """Return the SELECT of what waits, the oldest first.

    A database that was restored elsewhere counts its transactions anew: a mark that lies ahead
    of them is none.
    """
    noted = (
        select(VolumeRound.beyond)
        .order_by(VolumeRound.number.desc())
        .limit(literal_column("1"))
        .scalar_subquery()
    )
    mark = case((noted <= Oldest(), noted), else_=literal_column("0"))
    # Without an order PostgreSQL would look through all rows, and not in the index.
    return (
        select(*columns)
        .where(VolumeWaiting.written_by >= mark)
        .order_by(VolumeWaiting.written_by, VolumeWaiting.number)
    )


_TAKEN: Final = Direct(
    lambda _among: _in_order(VolumeWaiting.number, VolumeWaiting.written_by, Oldest()).limit(
        bindparam("most", type_=BigInteger())
    )
)
