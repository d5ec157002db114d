"""What counts as traded (交易额): one fact for each accepted line, written with the acceptance.

Source: the transaction amount is the accepted amount, tax included, on the day of
acceptance; what the hard rules exclude is kept beside it, so counted + excluded = all
(I-63, I-67). Facts are added and never changed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal, Protocol, TypeAlias

from sqlalchemy import CheckConstraint, ForeignKey, Index, case, func, select
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from kernel.clock import Instant, local_date
from kernel.db import Base, Big, append_only
from kernel.money import Money
from kernel.parties import organisations
from kernel.work import Work
from marketplace import boards, rankings, versions
from marketplace.lines import OrderLine
from marketplace.rankings import Before, Ranked, Row
from settlement import escrow

Ranking: TypeAlias = Literal["merchants", "products", "industries"]


class VolumeFact(Base):
    """What one accepted line, or one slice of it, counts for, in fixed dimensions.

    seq: which slice, from 1: a period of a subscription, a bill of what was used.
    amount: fen, tax included. region: of the merchant's registration. board_id: the first
    board on which the product stood. related: the parties declared that they belong together.
    """

    __tablename__ = "volume_facts"
    __table_args__ = (
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        CheckConstraint("counted = (exclude_reason IS NULL)", name="excluded_has_reason"),
        Index(None, "counted", "accepted_on", "merchant_id", "amount"),
        Index(None, "counted", "accepted_on", "product_id", "amount"),
        Index(None, "counted", "accepted_on", "industry", "amount"),
        Index(None, "accepted_month", "counted", "amount"),
        Index(None, "order_id"),
    )

    order_line_id: Mapped[str] = mapped_column(ForeignKey("order_lines.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    merchant_id: Mapped[str]
    buyer_id: Mapped[str]
    product_id: Mapped[str]
    industry: Mapped[str]
    application_field: Mapped[str]
    region: Mapped[str]
    board_id: Mapped[str | None]
    amount: Mapped[int] = mapped_column(Big)
    accepted_at: Mapped[Instant]
    accepted_on: Mapped[date]
    accepted_month: Mapped[str]
    related: Mapped[bool]
    counted: Mapped[bool]
    exclude_reason: Mapped[str | None]


append_only(VolumeFact.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table

_KEYS: Final[Mapping[Ranking, InstrumentedAttribute[str]]] = {
    "merchants": VolumeFact.merchant_id,
    "products": VolumeFact.product_id,
    "industries": VolumeFact.industry,
}


class Accepted(Protocol):
    """What is asked of an order that was accepted."""

    id: str
    buyer_id: str
    seller_id: str
    is_related_party: bool


@dataclass(frozen=True, slots=True)
class Totals:
    """The figures of a period. tx_count: orders that count; free_count: orders without price."""

    counted: Money
    excluded: Money
    tx_count: int
    free_count: int


@dataclass(frozen=True, slots=True)
class Month:
    """The counted amount of one calendar month, such as "2026-07"."""

    month: str
    amount: Money


def exclusion(*, buyer_id: str, seller_id: str, related: bool, amount: Money) -> str | None:
    """Return why a line does not count (剔除原因), or None when it does.

    The hard rules that need no judgement: H1 the same party on both sides, H3 declared
    related parties; and nothing was paid.
    """
    if buyer_id == seller_id:
        return "self_trade"
    if related:
        return "related_party"
    return "zero_price" if amount.minor == 0 else None


def count(work: Work, order: Accepted, found: Iterable[OrderLine]) -> None:
    """Write the facts of an accepted order's lines. Three SELECTs a line, by key."""
    count_slices(work, order, [(line, 1, line.amount) for line in found])


def count_slices(
    work: Work, order: Accepted, slices: Iterable[tuple[OrderLine, int, Money]]
) -> None:
    """Write the facts of slices of an order's lines: line, seq, amount. Costs what `count` does."""
    today = local_date(work.now)
    region = organisations.find(work.session, order.seller_id).region
    for line, seq, amount in slices:
        version = versions.find(work.session, line.product_version_id)
        on = boards.of(work.session, line.product_id)
        reason = exclusion(
            buyer_id=order.buyer_id,
            seller_id=order.seller_id,
            related=order.is_related_party,
            amount=amount,
        )
        fact = VolumeFact(
            order_line_id=line.id,
            seq=seq,
            order_id=order.id,
            merchant_id=order.seller_id,
            buyer_id=order.buyer_id,
            product_id=line.product_id,
            industry=version.industry,
            application_field=version.application_field,
            region=region,
            board_id=on[0].id if on else None,
            amount=amount.minor,
            accepted_at=work.now,
            accepted_on=today,
            accepted_month=_month(today),
            related=order.is_related_party,
            counted=reason is None,
            exclude_reason=reason,
        )
        work.session.add(fact)


def totals(session: Session, *, since: date, until: date) -> Totals:
    """Return the figures of the days from `since` to `until`, both included. One SELECT."""
    counts, free = VolumeFact.counted.is_(True), VolumeFact.amount == 0
    row = session.execute(
        select(
            func.coalesce(func.sum(case((counts, VolumeFact.amount), else_=0)), 0),
            func.coalesce(func.sum(case((counts, 0), else_=VolumeFact.amount)), 0),
            func.count(func.distinct(case((counts, VolumeFact.order_id)))),
            func.count(func.distinct(case((free, VolumeFact.order_id)))),
        ).where(VolumeFact.accepted_on.between(since, until))
    ).one()
    counted, excluded, tx_count, free_count = row
    return Totals(Money(int(counted)), Money(int(excluded)), tx_count, free_count)


def months(session: Session, *, last: int, today: date) -> list[Month]:
    """Return the counted amounts of the `last` months up to this one, oldest first.

    A month without trade is there, with zero. One SELECT on an index.
    """
    wanted = months_until(today, last)
    statement = (
        select(VolumeFact.accepted_month, func.sum(VolumeFact.amount))
        .where(VolumeFact.accepted_month >= wanted[0], VolumeFact.counted.is_(True))
        .group_by(VolumeFact.accepted_month)
    )
    found = {month: int(amount) for month, amount in session.execute(statement)}
    return [Month(month, Money(found.get(month, 0))) for month in wanted]


def months_until(today: date, last: int) -> list[str]:
    """Return the `last` months up to that of `today`, oldest first: "2026-06", "2026-07"."""
    months = [divmod(today.year * 12 + today.month - 1 - ago, 12) for ago in range(last)]
    return [f"{year:04}-{month + 1:02}" for year, month in reversed(months)]


def by_board(session: Session) -> dict[str, Money]:
    """Return board id → what was traded on it, over all time. One SELECT."""
    statement = (
        select(VolumeFact.board_id, func.sum(VolumeFact.amount))
        .where(VolumeFact.counted.is_(True), VolumeFact.board_id.is_not(None))
        .group_by(VolumeFact.board_id)
    )
    return {str(board): Money(int(amount)) for board, amount in session.execute(statement)}


def latest(session: Session, *, limit: int) -> list[VolumeFact]:
    """Return the last trades that count, newest first. One SELECT on an index."""
    statement = (
        select(VolumeFact)
        .where(VolumeFact.counted.is_(True))
        .order_by(
            VolumeFact.accepted_on.desc(),
            VolumeFact.accepted_at.desc(),
            VolumeFact.order_line_id.desc(),
        )
        .limit(limit)
    )
    return list(session.scalars(statement))


def began_on(session: Session) -> date | None:
    """Return the day of the first trade that counts. One SELECT on an index."""
    statement = select(func.min(VolumeFact.accepted_on)).where(VolumeFact.counted.is_(True))
    return session.scalars(statement).one()


def ranking(
    session: Session, kind: Ranking, *, since: date, until: date, limit: int
) -> list[Ranked]:
    """Return the first `limit` places by counted amount, from `since` to `until` inclusive.

    The code of a row is its key: an organisation, a product, a section of GB/T 4754.
    Change and growth are against as many days directly before. Two SELECTs on an index,
    of one row for each that traded.
    """
    earlier = since - timedelta(days=1)
    span = until - since
    before = {
        place.row.key: Before(place.rank, place.row.value_fen)
        for place in rankings.rank(_rows(session, kind, earlier - span, earlier))
    }
    return rankings.rank(_rows(session, kind, since, until), before=before)[:limit]


def ties_out(session: Session) -> bool:
    """Tell whether the facts, excluded ones too, add up to the volume in the books.

    Two SELECTs, each over a whole table: for an auditor, not for a page.
    """
    told = session.execute(select(func.coalesce(func.sum(VolumeFact.amount), 0))).scalar_one()
    return Money(int(told)) == escrow.memo_total(session)


def _rows(session: Session, kind: Ranking, since: date, until: date) -> list[Row]:
    key = _KEYS[kind]
    statement = (
        select(
            key,
            func.sum(VolumeFact.amount),
            func.count(func.distinct(VolumeFact.order_id)),
            func.max(VolumeFact.accepted_at),
        )
        .where(VolumeFact.counted.is_(True), VolumeFact.accepted_on.between(since, until))
        .group_by(key)
        .order_by(key)
    )
    return [
        Row(key=name, value_fen=int(amount), count=trades, reached_at=reached, code=name)
        for name, amount, trades, reached in session.execute(statement)
    ]


def _month(day: date) -> str:
    return f"{day.year:04}-{day.month:02}"
