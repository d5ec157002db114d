"""Tallies (统计台账): what every merchant, product, industry … traded in every period, kept up.

An order writes its moves and nothing here, so that no two orders ever wait for each other's
totals. A round takes up what waits, adds it to the tallies, and notes which moves it took.
Whoever reads adds what still waits (`reading`): tallies and waiting moves are exactly all
moves at any moment, and `recomputing` makes them anew from nothing but the moves.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import Date, Index, desc, func, insert, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.clock import Instant
from kernel.db import Base, Big
from kernel.work import Work
from marketplace.counting import adding, spans, waiting
from marketplace.counting.adding import FIGURES, READ
from marketplace.counting.moves import VolumeRound

ROUND_MAX: Final = 2_000
"""The most moves that one round takes up."""

_LOCK: Final = 0x766F6C75  # "volu": one round at a time
_OF_DAYS: Final = 3
"""So many of a day's periods are not made of whole months: itself, its week, its month."""


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


Key = tuple[str, str, str]
"""Kind, period, key."""


def tally(work: Work) -> int:
    """Take up what waits, at most ROUND_MAX moves, in one round; return how many it took.

    Seven statements, whatever it takes. A second round waits for the first.
    """
    session = work.session
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    session.flush()
    numbers, beyond = waiting.take(session, ROUND_MAX)
    if not numbers:
        return 0
    taken = {"numbers": adding.given(session, numbers)}
    which = adding.among(session, "number", "numbers", "BIGINT")
    _add(session, which, taken)
    last = session.scalars(select(func.coalesce(func.max(VolumeRound.number), 0))).one()
    head = {"number": last + 1, "size": len(numbers), "tallied_at": work.now, "beyond": beyond}
    session.execute(insert(VolumeRound), head)
    session.execute(
        text(
            "INSERT INTO volume_round_moves (number, round_number)"  # noqa: S608 - our own words
            f" SELECT number, {last + 1} FROM volume_waiting WHERE {which} ORDER BY number"
        ),
        taken,
    )
    session.execute(text(f"DELETE FROM volume_waiting WHERE {which}"), taken)  # noqa: S608 - our own words
    return len(numbers)


def parts_of(days: Iterable[date]) -> list[tuple[str, str]]:
    """Return each day with the codes of its own periods, and each month with those of its."""
    told = set(days)
    found = [(day.isoformat(), code) for day in told for code in spans.codes_of(day)[:_OF_DAYS]]
    return found + [
        (f"{first:%Y-%m}", code)
        for first in {day.replace(day=1) for day in told}
        for code in spans.codes_of(first)[_OF_DAYS:]
    ]


def _add(session: Session, which: str, taken: Mapping[str, Any]) -> None:
    """Add moves to the tallies. Two statements, the second in the order of the tallies' keys."""
    held = ", ".join(f"{name} = volume_tallies.{name} + excluded.{name}" for name in FIGURES)
    session.execute(
        text(
            f"WITH moved AS (SELECT * FROM volume_moves WHERE {which}), days AS ({adding.days()}),"  # noqa: S608 - our own words
            f" periods AS MATERIALIZED ({_periods(session)})"
            f" INSERT INTO volume_tallies (kind, period, key, {', '.join(READ)})"
            f" {adding.spread()} ORDER BY kind, period, key"
            f" ON CONFLICT (kind, period, key) DO UPDATE SET {held}, reached_at ="
            " CASE WHEN excluded.reached_at IS NULL"
            " OR volume_tallies.reached_at > excluded.reached_at"
            " THEN volume_tallies.reached_at ELSE excluded.reached_at END"
        ),
        {**taken, **_parts(session, which, taken)},
    )


def _parts(session: Session, which: str, taken: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of `_periods`: the periods of the days of some moves. One SELECT."""
    days = text(f"SELECT DISTINCT accepted_on FROM volume_moves WHERE {which}")  # noqa: S608 - our own words
    parts = parts_of(session.scalars(days.columns(accepted_on=Date), taken))
    if session.get_bind().dialect.name == "sqlite":
        return {"parts": json.dumps(parts)}
    return {"parts": [part for part, _ in parts], "codes": [code for _, code in parts]}


def _periods(session: Session) -> str:
    if session.get_bind().dialect.name == "sqlite":
        return "SELECT value ->> 0 AS part, value ->> 1 AS code FROM json_each(:parts)"
    return (
        "SELECT * FROM unnest(CAST(:parts AS TEXT[]), CAST(:codes AS TEXT[])) AS given (part, code)"
    )
