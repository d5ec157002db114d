"""The trades that a finding names, for whoever decides: who, to whom, how much, where it stands."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel.clock import Instant
from kernel.money import Money
from marketplace.counting.moves import Cause, VolumeMove
from marketplace.integrity.flags import STANDING, IntegrityFlag, State
from marketplace.orders import Order


class Involved(NamedTuple):
    """One trade of a finding. amount: as it was accepted. aside: what of it does not count."""

    order_id: str
    code: str
    merchant_id: str
    buyer_id: str
    at: Instant
    amount: Money
    counted: Money
    aside: Money


class Aside(NamedTuple):
    """An order of which volume does not count: why, and since when.

    reasons: codes; those of its acceptance, or of the rules whose flags stand.
    """

    order_id: str
    amount: Money
    reasons: tuple[str, ...]
    under_review: bool
    since: Instant


def named(flag: IntegrityFlag) -> list[str]:
    """Return the ids of the orders that a flag's evidence names, its own among them."""
    told = [flag.order_id, *flag.evidence.get("orders", [])]
    return list(dict.fromkeys(told))


def trades(session: Session, order_ids: Sequence[str]) -> list[Involved]:
    """Return what is known of some trades, the first accepted first. One SELECT on indexes."""
    accepted = func.min(VolumeMove.accepted_at)
    fen = VolumeMove.counted + VolumeMove.excluded
    first = (VolumeMove.cause == Cause.ACCEPTED).label("first")
    statement = (
        select(
            Order.id, Order.code, Order.seller_id, Order.buyer_id, accepted,
            func.sum(fen).filter(first), func.sum(VolumeMove.counted),
            func.sum(VolumeMove.excluded),
        )
        .join(VolumeMove, VolumeMove.order_id == Order.id)
        .where(Order.id.in_(order_ids))
        .group_by(Order.id, Order.code, Order.seller_id, Order.buyer_id)
        .order_by(accepted, Order.id)
    )  # fmt: skip
    return [
        Involved(
            row[0], row[1], row[2], row[3], row[4], Money(int(row[5])), Money(int(row[6])),
            Money(int(row[7])),
        )
        for row in session.execute(statement).all()
    ]  # fmt: skip


def asides(session: Session, order_ids: Iterable[str]) -> dict[str, Aside]:
    """Return what does not count of some orders, by their ids, of a page. Two SELECTs on indexes.

    Orders that count, and such as were never accepted, are left out.
    """
    wanted = sorted(set(order_ids))
    moved = select(VolumeMove).where(VolumeMove.order_id.in_(wanted)).order_by(VolumeMove.number)
    moves: dict[str, list[VolumeMove]] = {}
    for move in session.scalars(moved):
        moves.setdefault(str(move.order_id), []).append(move)
    flagged = select(IntegrityFlag).where(
        IntegrityFlag.order_id.in_(wanted), IntegrityFlag.state.in_(STANDING)
    )
    flags: dict[str, list[IntegrityFlag]] = {}
    for flag in session.scalars(flagged.order_by(IntegrityFlag.rule)):
        flags.setdefault(flag.order_id, []).append(flag)
    found = [_aside(each, moves[each], flags.get(each, [])) for each in wanted if each in moves]
    return {one.order_id: one for one in found if one is not None}


def _aside(
    order_id: str, moves: Sequence[VolumeMove], flags: Sequence[IntegrityFlag]
) -> Aside | None:
    excluded = sum(move.excluded for move in moves)
    told = [move for move in moves if move.cause != Cause.RESTORED and move.reason is not None]
    if not told or not (excluded or flags):
        return None
    return Aside(
        order_id,
        Money(excluded),
        tuple(flag.rule for flag in flags) or (str(told[-1].reason),),
        any(flag.state == State.OPEN for flag in flags),
        told[-1].accepted_at,
    )
