"""What a release is made of: the moves of a period that the rounds up to one of them took up.

A round is never changed, and a move is never changed, so that a period and the number of a round
name the same moves for ever: their digest and sums can be recomputed at any time (I-66). What
happens later is in later rounds.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel.errors import Invalid, NotFound
from marketplace.counting.moves import VolumeMove, VolumeRound, VolumeRoundMove, VolumeWaiting
from marketplace.counting.spans import Span
from marketplace.releasing import figures
from marketplace.releasing.sumtree import Line

_BATCH: Final = 10_000
_MOVE: Final = tuple(
    getattr(VolumeMove, name)
    for name in (
        "cause", "source_id", "subject_id", "seq", "order_id", "merchant_id", "buyer_id",
        "product_id", "industry", "application_field", "region", "board_id", "registered",
        "counted", "excluded", "opens", "trades", "frees", "reason",
    )
)  # fmt: skip
_COUNTED, _EXCLUDED, _REGISTERED = (
    [each.key for each in _MOVE].index(name) for name in ("counted", "excluded", "registered")
)


@dataclass(frozen=True, slots=True)
class Made:
    """What the moves come to, in fen; registered deals apart. digest: SHA-256 over all of them."""

    moves: int
    counted: int
    excluded: int
    registered: int
    registered_excluded: int
    digest: str


def last_round(session: Session) -> int:
    """Return the number of the last round; 0 before the first. One SELECT by key."""
    return session.scalars(select(func.coalesce(func.max(VolumeRound.number), 0))).one()


def waiting(session: Session, span: Span) -> int:
    """Return how many moves of a period no round has taken up. One SELECT over what waits."""
    statement = (
        select(func.count())
        .select_from(VolumeWaiting)
        .join(VolumeMove, VolumeMove.number == VolumeWaiting.number)
        .where(VolumeMove.accepted_on.between(span.since, span.until))
    )
    return session.scalars(statement).one()


def check(session: Session, watermark: int) -> None:
    """Raise NotFound for a round that has not been, Invalid for what is no number of one."""
    if watermark < 0:
        raise Invalid("批次号不能为负", "no round has such a number", pointer="/round")
    if watermark > last_round(session):
        raise NotFound(f"没有第 {watermark} 批", f"there is no round {watermark} yet")


def made(session: Session, span: Span, watermark: int) -> Made:
    """Return what the moves of a period come to, of the rounds up to `watermark`.

    One SELECT that reads each of them. The digest is over a JSON list for each
    move, in the order in which they were written, each with a line's end.
    """
    told, count = hashlib.sha256(), 0
    sums = {False: [0, 0], True: [0, 0]}
    statement = _of(select(*_MOVE, VolumeMove.accepted_at), span, watermark)
    rows = session.execute(
        statement.order_by(VolumeMove.number).execution_options(yield_per=_BATCH)
    )
    for *move, at in rows:
        text = json.dumps([*move, at.isoformat()], ensure_ascii=False, separators=(",", ":"))
        told.update(text.encode() + b"\n")
        side = sums[move[_REGISTERED]]
        side[0] += move[_COUNTED]
        side[1] += move[_EXCLUDED]
        count += 1
    (counted, excluded), (registered, registered_excluded) = sums[False], sums[True]
    return Made(count, counted, excluded, registered, registered_excluded, told.hexdigest())


def lines(session: Session, span: Span, watermark: int) -> Iterator[Line]:
    """Yield what each line counts, in the order of names; deals made outside are not in it.

    What was counted and what was taken back, by refunds or because it was set aside; a line that
    never counted in the period is left out. One SELECT; holds a number for each line.
    """
    found: dict[str, list[int]] = {}
    statement = figures.lines(span, watermark)
    for name, fen in session.execute(statement.execution_options(yield_per=_BATCH)):
        found.setdefault(name, [0, 0])[fen < 0] += abs(fen)
    for name in sorted(found):  # not by the database: its order of texts is its own
        yield Line(name, *found[name])


def _of(statement: Any, span: Span, watermark: int) -> Any:
    return statement.join(VolumeRoundMove, VolumeRoundMove.number == VolumeMove.number).where(
        VolumeRoundMove.round_number <= watermark,
        VolumeMove.accepted_on.between(span.since, span.until),
    )
