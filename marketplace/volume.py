"""What counts as traded (交易额): one fact for each accepted line, written with the acceptance.

Source: the transaction amount is the accepted amount, tax included, on the day of
acceptance, less what is refunded, on the day of the refund; what the hard rules exclude is
kept beside it, so counted + excluded = all (I-63, I-67). Deals that were registered count
apart. Rows are added and never changed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal, Protocol, TypeAlias

from sqlalchemy import Boolean, Executable, Select, case, func, literal, select, union_all
from sqlalchemy.orm import Session

from kernel.clock import local_date
from kernel.journal import Event
from kernel.money import Money
from kernel.parties import organisations, relations
from kernel.work import Work
from marketplace import boards, rankings, versions
from marketplace.counting.facts import RegisteredDeal, VolumeAdjustment, VolumeFact
from marketplace.lines import OrderLine
from marketplace.rankings import Before, Ranked, Row
from settlement import escrow
from settlement.deals import deals

__all__ = ["RegisteredDeal", "VolumeAdjustment", "VolumeFact"]

Ranking: TypeAlias = Literal["merchants", "products", "industries"]
_NOTHING: Final = Money(0)

_KEYS: Final[Mapping[Ranking, str]] = {
    "merchants": "merchant_id",
    "products": "product_id",
    "industries": "industry",
}


class Accepted(Protocol):
    """What is asked of an order that was accepted."""

    id: str
    buyer_id: str
    seller_id: str
    is_related_party: bool


@dataclass(frozen=True, slots=True)
class Totals:
    """The figures of a period. tx_count: orders that count; free_count: orders without price.

    counted: on the exchange, less refunds. registered: what was made outside and registered,
    never part of `counted`.
    """

    counted: Money
    excluded: Money
    tx_count: int
    free_count: int
    registered: Money = _NOTHING
    registered_excluded: Money = _NOTHING
    registered_count: int = 0


@dataclass(frozen=True, slots=True)
class Month:
    """The counted amount of one calendar month, such as "2026-07"; registered deals apart."""

    month: str
    amount: Money
    registered: Money = _NOTHING


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


def adjust(work: Work, event: Event) -> None:
    """Together with "turnover.moved": what refunds take of accepted lines counts from today.

    In the dimensions of each line's first fact; a line that has none is left out, and
    `ties_out` tells of it. One SELECT a line.
    """
    today = local_date(work.now)
    for told in event.data["lines"]:
        line_id = told["order_line_id"]
        first = work.session.scalars(
            select(VolumeFact)
            .where(VolumeFact.order_line_id == line_id)
            .order_by(VolumeFact.seq)
            .limit(1)
        ).one_or_none()
        if first is None:
            continue  # what was never counted here cannot count less
        made = VolumeAdjustment(
            source_id=event.data["source_id"],
            order_line_id=line_id,
            seq=first.seq,
            order_id=first.order_id,
            merchant_id=first.merchant_id,
            product_id=first.product_id,
            industry=first.industry,
            board_id=first.board_id,
            amount=told["fen"],
            accepted_at=work.now,
            accepted_on=today,
            accepted_month=_month(today),
            counted=first.exclude_reason in {None, "zero_price"},
        )
        work.session.add(made)


def register(work: Work, event: Event) -> None:
    """Together with "deal.registered": the deal counts from today, apart. Some SELECTs by key."""
    deal, today = deals.find(work.session, event.subject), local_date(work.now)
    related = deal.buyer_id is not None and relations.are_related(
        work.session, deal.buyer_id, deal.merchant_id, on=today
    )
    reason = exclusion(
        buyer_id=deal.buyer, seller_id=deal.merchant_id, related=related, amount=deal.amount
    )
    made = RegisteredDeal(
        deal_id=deal.id,
        merchant_id=deal.merchant_id,
        buyer=deal.buyer,
        region=organisations.find(work.session, deal.merchant_id).region,
        amount=deal.amount.minor,
        accepted_at=work.now,
        accepted_on=today,
        accepted_month=_month(today),
        counted=reason is None,
        exclude_reason=reason,
    )
    work.session.add(made)


def totals(session: Session, *, since: date, until: date) -> Totals:
    """Return the figures of the days from `since` to `until`, both included. Two SELECTs."""
    counts, accepted = _ALL.c.counted.is_(True), _ALL.c.accepted.is_(True)
    free = accepted & (_ALL.c.amount == 0)
    row = session.execute(
        select(
            func.coalesce(func.sum(case((counts, _ALL.c.amount), else_=0)), 0),
            func.coalesce(func.sum(case((counts, 0), else_=_ALL.c.amount)), 0),
            func.count(func.distinct(case((counts & accepted, _ALL.c.order_id)))),
            func.count(func.distinct(case((free, _ALL.c.order_id)))),
        ).where(_ALL.c.accepted_on.between(since, until))
    ).one()
    deal = RegisteredDeal
    apart = session.execute(
        select(
            func.coalesce(func.sum(case((deal.counted, deal.amount), else_=0)), 0),
            func.coalesce(func.sum(case((deal.counted, 0), else_=deal.amount)), 0),
            func.count(case((deal.counted, deal.deal_id))),
        ).where(deal.accepted_on.between(since, until))
    ).one()
    counted, excluded, tx_count, free_count = row
    registered, registered_excluded, registered_count = apart
    return Totals(
        counted=Money(int(counted)),
        excluded=Money(int(excluded)),
        tx_count=tx_count,
        free_count=free_count,
        registered=Money(int(registered)),
        registered_excluded=Money(int(registered_excluded)),
        registered_count=registered_count,
    )


def months(session: Session, *, last: int, today: date) -> list[Month]:
    """Return the counted amounts of the `last` months up to this one, oldest first.

    A month without trade is there, with zero. Two SELECTs on indexes.
    """
    wanted = months_until(today, last)
    statement = (
        select(_ALL.c.accepted_month, func.sum(_ALL.c.amount))
        .where(_ALL.c.accepted_month >= wanted[0], _ALL.c.counted.is_(True))
        .group_by(_ALL.c.accepted_month)
    )
    apart = (
        select(RegisteredDeal.accepted_month, func.sum(RegisteredDeal.amount))
        .where(RegisteredDeal.accepted_month >= wanted[0], RegisteredDeal.counted.is_(True))
        .group_by(RegisteredDeal.accepted_month)
    )
    found = {month: int(amount) for month, amount in session.execute(statement)}
    deal = {month: int(amount) for month, amount in session.execute(apart)}
    return [Month(month, Money(found.get(month, 0)), Money(deal.get(month, 0))) for month in wanted]


def months_until(today: date, last: int) -> list[str]:
    """Return the `last` months up to that of `today`, oldest first: "2026-06", "2026-07"."""
    months = [divmod(today.year * 12 + today.month - 1 - ago, 12) for ago in range(last)]
    return [f"{year:04}-{month + 1:02}" for year, month in reversed(months)]


def by_board(session: Session) -> dict[str, Money]:
    """Return board id → what was traded on it, over all time. One SELECT."""
    statement = (
        select(_ALL.c.board_id, func.sum(_ALL.c.amount))
        .where(_ALL.c.counted.is_(True), _ALL.c.board_id.is_not(None))
        .group_by(_ALL.c.board_id)
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


def registered(session: Session, *, since: date, until: date, limit: int) -> list[Ranked]:
    """Return the first `limit` merchants by what they registered in these days. One SELECT.

    Always apart from the volume on the exchange; no change is told.
    """
    deal = RegisteredDeal
    statement = (
        select(
            deal.merchant_id,
            func.sum(deal.amount),
            func.count(deal.deal_id),
            func.max(deal.accepted_at),
        )
        .where(deal.counted.is_(True), deal.accepted_on.between(since, until))
        .group_by(deal.merchant_id)
    )
    return rankings.rank(_ranked(session, statement))[:limit]


def ties_out(session: Session) -> bool:
    """Tell whether the facts add up to the volume in the books: adjusted, registered, excluded.

    Three SELECTs, each over a whole table: for an auditor, not for a page.
    """
    told = 0
    for amounts in (_ALL.c.amount, RegisteredDeal.amount):
        told += int(session.execute(select(func.coalesce(func.sum(amounts), 0))).scalar_one())
    return Money(told) == escrow.memo_total(session)


def _rows(session: Session, kind: Ranking, since: date, until: date) -> list[Row]:
    key = _ALL.c[_KEYS[kind]]
    statement = (
        select(
            key,
            func.sum(_ALL.c.amount),
            func.count(func.distinct(case((_ALL.c.accepted.is_(True), _ALL.c.order_id)))),
            func.max(_ALL.c.accepted_at),
        )
        .where(_ALL.c.counted.is_(True), _ALL.c.accepted_on.between(since, until))
        .group_by(key)
        .order_by(key)
    )
    return _ranked(session, statement)


def _ranked(session: Session, statement: Executable) -> list[Row]:
    return [
        Row(key=name, value_fen=int(amount), count=trades, reached_at=reached, code=name)
        for name, amount, trades, reached in session.execute(statement)
    ]


def _month(day: date) -> str:
    return f"{day.year:04}-{day.month:02}"


def _rows_of(table: type[VolumeFact] | type[VolumeAdjustment], *, accepted: bool) -> Select[Any]:
    names = ("order_id", "merchant_id", "product_id", "industry", "board_id", "amount",
             "accepted_at", "accepted_on", "accepted_month", "counted")  # fmt: skip
    columns = [getattr(table, name) for name in names]
    return select(*columns, literal(accepted, Boolean).label("accepted"))


_ALL: Final = union_all(
    _rows_of(VolumeFact, accepted=True), _rows_of(VolumeAdjustment, accepted=False)
).subquery("volume")
"""What counts on the exchange: acceptances, and what was taken back of them."""
