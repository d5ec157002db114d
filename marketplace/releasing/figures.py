"""What a release tells, as statements: each figure has one, and `/method` shows that very one.

All read the moves of a period that the rounds up to one of them took up, so each gives the
same rows for ever (I-66). Amounts are fen.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import Integer, Select, case, func, literal, select, union_all
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from kernel.clock import Instant
from kernel.words import Words
from marketplace.counting.adding import KINDS
from marketplace.counting.moves import Bit, VolumeMove, VolumeRoundMove
from marketplace.counting.spans import Span

LEAGUES: Final = ("merchants", "products", "industries", "fields", "regions", "boards")
"""The leagues of a release. Buyers are named to nobody."""

NAMING: Final = frozenset({"merchants", "products"})
"""Whose places name one trader by themselves: who else is in them is their buyers."""

_BATCH: Final = 10_000
_MERCHANT, _BUYER = 0, 1


class Sum(NamedTuple):
    """What one pair of organisations traded, in fen. registered: outside, and registered."""

    registered: bool
    merchant_id: str
    buyer_id: str
    counted: int
    excluded: int
    trades: int
    frees: int


class Stand(NamedTuple):
    """What one key of a league comes to, and who is in it.

    traders: organisations of either side for which something counts. largest: the largest part
    of one of them that the place doesn't name itself.
    """

    key: str
    counted: int
    trades: int
    reached_at: Instant | None
    traders: int
    largest: int


@dataclass(frozen=True, slots=True)
class Definition:
    """One figure's definition: its code, what it is called, and the statement that computes it."""

    code: str
    title: Words
    sql: str


def pairs(span: Span, watermark: int) -> Select[Any]:
    """Return the statement of the headline: a row for each two organisations that traded."""
    move = VolumeMove
    opens = move.opens.bitwise_and(Bit.ORDER) != 0
    columns = (move.registered, move.merchant_id, move.buyer_id)
    return _of(
        select(
            *columns,
            func.sum(move.counted).label("counted"),
            func.sum(move.excluded).label("excluded"),
            func.sum(case((opens, move.trades), else_=0)).label("trades"),
            func.sum(case((move.frees.bitwise_and(Bit.ORDER) != 0, 1), else_=0)).label("frees"),
        ),
        span,
        watermark,
    ).group_by(*columns)


def stands(kind: str, span: Span, watermark: int) -> Select[Any]:
    """Return the statement of a league: a row for each key, with how many are in it."""
    parts = union_all(
        *(
            _side(kind, span, watermark, number, organisation)
            for number, organisation in (
                (_MERCHANT, VolumeMove.merchant_id), (_BUYER, VolumeMove.buyer_id),
            )
        )
    ).subquery("parts")  # fmt: skip
    ours = parts.c.side == _MERCHANT
    others = parts.c.side == _BUYER if kind in NAMING else parts.c.side >= _MERCHANT
    return select(
        parts.c.key,
        func.sum(case((ours, parts.c.counted), else_=0)).label("counted"),
        func.sum(case((ours, parts.c.trades), else_=0)).label("trades"),
        func.max(case((ours, parts.c.reached_at))).label("reached_at"),
        func.count(case((parts.c.counted != 0, parts.c.organisation)).distinct()).label("traders"),
        func.coalesce(func.max(case((others, parts.c.counted))), 0).label("largest"),
    ).group_by(parts.c.key)


def read_pairs(session: Session, span: Span, watermark: int) -> Iterator[Sum]:
    """Yield what each two organisations traded. One SELECT."""
    for row in session.execute(pairs(span, watermark).execution_options(yield_per=_BATCH)):
        yield Sum(bool(row[0]), row[1], row[2], *(int(each) for each in row[3:]))


def read_stands(session: Session, kind: str, span: Span, watermark: int) -> list[Stand]:
    """Return what each key comes to, in the order of places. One SELECT; a row for each key.

    By amount, then by trades, then who reached it first, then by key: a total order (I-66).
    """
    found = [
        Stand(row.key, int(row.counted), int(row.trades), row.reached_at, row.traders,
              int(row.largest))
        for row in session.execute(stands(kind, span, watermark))
    ]  # fmt: skip
    kept = [each for each in found if each.counted or each.trades]
    return sorted(
        kept,
        key=lambda one: (
            -one.counted,
            -one.trades,
            "" if one.reached_at is None else one.reached_at.isoformat(),
            one.key,
        ),
    )


def definitions(span: Span, watermark: int) -> Sequence[Definition]:
    """Return the definition of every figure, as PostgreSQL would be asked. No query."""
    told = [
        Definition(
            "figures",
            Words(
                "总量：场内、剔除、笔数与备案，按双方机构汇总后相加",
                "The headline: on the exchange, set aside, trades and registered deals, "
                "added up over these pairs of organisations",
            ),
            _written(pairs(span, watermark)),
        ),
        Definition(
            "input",
            Words(
                "逐笔计入：每个订单行计入与冲回之和，是求和树的输入",
                "The counted lines: what each counted up and took back, the input of the sum tree",
            ),
            _written(lines(span, watermark)),
        ),
    ]
    return told + [
        Definition(
            kind,
            Words(f"榜单：{kind}", f"The league of {kind}"),
            _written(stands(kind, span, watermark)),
        )
        for kind in LEAGUES
    ]


def lines(span: Span, watermark: int) -> Select[Any]:
    """Return the statement of what each line moved, deals made outside left out."""
    return _of(select(VolumeMove.subject_id, VolumeMove.counted), span, watermark).where(
        VolumeMove.registered.is_(False), VolumeMove.counted != 0
    )


def _side(kind: str, span: Span, watermark: int, number: int, organisation: Any) -> Select[Any]:
    move = VolumeMove
    column, bit = KINDS[kind]
    key = getattr(move, column or "board_id").label("key")
    opens = move.opens.bitwise_and(bit) != 0
    moved = (move.counted != 0) | ((move.trades != 0) & opens)
    return (
        _of(
            select(
                key,
                organisation.label("organisation"),
                literal(number, Integer).label("side"),
                func.sum(move.counted).label("counted"),
                func.sum(case((opens, move.trades), else_=0)).label("trades"),
                func.max(case((moved, move.accepted_at))).label("reached_at"),
            ),
            span,
            watermark,
        )
        .where(move.registered.is_(False))
        .group_by(key, organisation)
    )


def _of(statement: Any, span: Span, watermark: int) -> Select[Any]:
    found: Select[Any] = statement.join(
        VolumeRoundMove, VolumeRoundMove.number == VolumeMove.number
    ).where(
        VolumeRoundMove.round_number <= watermark,
        VolumeMove.accepted_on.between(span.since, span.until),
    )
    return found


def _written(statement: Select[Any]) -> str:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's
    return str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
