"""What does not count, told to everybody (剔除公示): by reason, in bands, and nobody's name.

The volume of a period that counts and what is told here are together all that was accepted in
it (I-63). Of one trade only the day, the reason, the band and the state are told; what a reason
comes to is told in a band as well, for there may be one trade of it.
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Label, Select, Subquery, func, select
from sqlalchemy.orm import Session, aliased

from kernel.money import Money
from kernel.pages import Order, Page, cut, read
from marketplace.counting.moves import Cause, VolumeMove
from marketplace.counting.spans import Span
from marketplace.integrity import flags
from marketplace.integrity.flags import IntegrityFlag

REASONS_MAX: Final = 50


class Standing(StrEnum):
    """Where an exclusion stands. KNOWN: the trade was never counted, by what was known then."""

    KNOWN = "known"
    REVIEW = "review"
    CONFIRMED = "confirmed"
    RETURNED = "returned"


class Told(NamedTuple):
    """One exclusion. on: the last day of the period on which it moved. number: its place.

    amount: what of it moved aside in the period, for its band; never told itself.
    """

    number: int
    on: date
    reason: str
    registered: bool
    amount: Money
    standing: Standing


class OfReason(NamedTuple):
    """What one reason comes to in a period. trades: those that stand aside by it.

    amount: for its band; never told itself.
    """

    reason: str
    registered: bool
    trades: int
    amount: Money


def by_reason(session: Session, span: Span) -> list[OfReason]:
    """Return what each reason comes to, most trades first. One SELECT.

    Costs what was moved aside, or back, in the period; an index leads to it.
    """
    each = _each(span)
    aside = func.count().filter(each.c.fen > 0).label("aside")
    statement = (
        select(each.c.reason, each.c.registered, aside, func.sum(each.c.fen))
        .group_by(each.c.reason, each.c.registered)
        .order_by(aside.desc(), each.c.reason, each.c.registered)
        .limit(REASONS_MAX)
    )
    return [
        OfReason(str(reason), bool(registered), int(trades), Money(int(fen)))
        for reason, registered, trades, fen in session.execute(statement)
    ]


def listed(
    session: Session, span: Span, *, reason: str | None = None, after: str | None, limit: int
) -> Page[Told]:
    """Return one page of the exclusions of a period, the last moved first. Two SELECTs.

    Costs what `by_reason` does, and one look at the flags of the page.
    """
    each = _each(span)
    by: Order = ((each.c.number, "desc"),)
    statement: Select[Any] = select(each).order_by(each.c.number.desc())
    if reason is not None:
        statement = statement.where(each.c.reason == reason)
    if after is not None:
        statement = statement.where(each.c.number < read(after, by)[0])
    page = cut(list(session.execute(statement.limit(limit + 1))), by, limit)
    states = _states(session, [row.ref for row in page.items if not row.registered])
    told = [
        Told(row.number, row.day, str(row.reason), bool(row.registered), Money(int(row.fen)),
             _standing(states.get(row.ref, set())))
        for row in page.items
    ]  # fmt: skip
    return Page(told, page.next)


def _standing(states: set[str]) -> Standing:
    if flags.State.CONFIRMED in states:
        return Standing.CONFIRMED
    if flags.State.OPEN in states:
        return Standing.REVIEW
    return Standing.RETURNED if states else Standing.KNOWN


def _states(session: Session, order_ids: Sequence[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    statement = select(IntegrityFlag.order_id, IntegrityFlag.state)
    for order_id, state in session.execute(statement.where(IntegrityFlag.order_id.in_(order_ids))):
        found.setdefault(order_id, set()).add(state)
    return found


def _each(span: Span) -> Subquery:
    """Return what of each order, or deal, moved aside in a period, and by which last reason."""
    ref: Label[Any] = func.coalesce(VolumeMove.order_id, VolumeMove.subject_id).label("ref")
    moved = (
        select(
            ref,
            VolumeMove.order_id,
            VolumeMove.registered,
            func.sum(VolumeMove.excluded).label("fen"),
            func.max(VolumeMove.number).label("number"),
            func.max(VolumeMove.accepted_on).label("day"),
        )
        .where(VolumeMove.excluded != 0, VolumeMove.accepted_on.between(span.since, span.until))
        .group_by(ref, VolumeMove.order_id, VolumeMove.registered)
        .subquery()
    )
    return select(moved, _reason(moved).label("reason")).subquery()


def _reason(moved: Subquery) -> ColumnElement[Any]:
    """Return the last reason for which an order, or a deal, was set aside: whenever that was."""
    said = aliased(VolumeMove)
    last = (
        select(said.reason)
        .where(said.reason.is_not(None), said.cause != Cause.RESTORED, said.excluded > 0)
        .order_by(said.number.desc())
        .limit(1)
    )
    of_order = last.where(said.order_id == moved.c.order_id).scalar_subquery()
    of_deal = last.where(said.subject_id == moved.c.ref).scalar_subquery()
    return func.coalesce(of_order, of_deal)
