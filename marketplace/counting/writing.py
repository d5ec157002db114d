"""How volume moves: an acceptance counts, a refund takes back, an exclusion sets aside.

All in the transaction of what happened, and dated when it happens: a closed period is never
written to again (I-65).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from kernel.clock import local_date
from kernel.journal import Event
from kernel.money import Money
from kernel.parties import organisations, relations
from kernel.work import Work
from marketplace import boards, versions
from marketplace.counting.moves import Bit, Cause, VolumeMove
from marketplace.lines import OrderLine
from settlement import turnover
from settlement.deals import deals
from settlement.dividing import volumes

_BITS: Final = {
    Bit.PRODUCT: "product_id",
    Bit.INDUSTRY: "industry",
    Bit.FIELD: "application_field",
    Bit.BOARD: "board_id",
}
BY_RULE: Final = frozenset({"self_trade", "related_party"})
"""Why a line that was accepted never counts."""

_DIMENSIONS: Final = (
    "order_id", "merchant_id", "buyer_id", "product_id", "industry", "application_field",
    "region", "board_id", "registered",
)  # fmt: skip


class Accepted(Protocol):
    """What is asked of an order that was accepted."""

    id: str
    buyer_id: str
    seller_id: str
    is_related_party: bool


@dataclass(slots=True)
class Standing:
    """What one line, or deal, stands at: its first move, and what all of them come to."""

    first: VolumeMove
    counted: int = 0
    excluded: int = 0
    opens: int = 0
    trades: int = 0


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
    """Write the moves of an accepted order's lines: a SELECT for the order, three for a line."""
    count_slices(work, order, [(line, 1, line.amount) for line in found])


def count_slices(
    work: Work, order: Accepted, slices: Iterable[tuple[OrderLine, int, Money]]
) -> None:
    """Write the moves of slices of an order's lines: line, seq, amount. Costs what `count` does.

    Of an order that was set aside, every further slice is as well.
    """
    region = organisations.find(work.session, order.seller_id).region
    earlier = of_order(work.session, order.id)
    standing = _set_aside_for(earlier)
    for line, seq, amount in slices:
        reason = exclusion(
            buyer_id=order.buyer_id,
            seller_id=order.seller_id,
            related=order.is_related_party,
            amount=amount,
        )
        made = _acceptance(work, order, line, region)
        made.seq, made.reason = seq, reason or standing
        made.counted, made.excluded = (0, amount.minor) if made.reason else (amount.minor, 0)
        _open(made, earlier)
        earlier.append(made)
        work.session.add(made)


def _acceptance(work: Work, order: Accepted, line: OrderLine, region: str) -> VolumeMove:
    version = versions.find(work.session, line.product_version_id)
    on = boards.of(work.session, line.product_id)
    return VolumeMove(
        cause=Cause.ACCEPTED,
        source_id=line.id,
        subject_id=line.id,
        order_id=order.id,
        merchant_id=order.seller_id,
        buyer_id=order.buyer_id,
        product_id=line.product_id,
        industry=version.industry,
        application_field=version.application_field,
        region=region,
        board_id=on[0].id if on else "",
        registered=False,
        opens=0,
        trades=0,
        frees=0,
        **_dated(work),
    )


def adjust(work: Work, event: Event) -> None:
    """Together with "turnover.moved": what refunds take of accepted lines counts from today.

    In the dimensions of each line's first move, and on the side on which the line stands; a
    line that has none is left out, and `ties_out` tells of it. Two SELECTs a line.
    """
    for told in event.data["lines"]:
        moves = _moves(work.session, VolumeMove.subject_id == told["order_line_id"])
        aside = _left_out(moves)
        for each in _standings(moves):
            moved = {"excluded" if aside else "counted": told["fen"]}
            _add(work, each, Cause.ADJUSTED, event.data["source_id"], **moved)
            turnover.align(
                work, each.first.subject_id, counts=not aside, order_id=each.first.order_id
            )


def register(work: Work, event: Event) -> None:
    """Together with "deal.registered": the deal counts from today, apart. Some SELECTs by key."""
    deal, today = deals.find(work.session, event.subject), local_date(work.now)
    related = deal.buyer_id is not None and relations.are_related(
        work.session, deal.buyer_id, deal.merchant_id, on=today
    )
    reason = exclusion(
        buyer_id=deal.buyer, seller_id=deal.merchant_id, related=related, amount=deal.amount
    )
    made = VolumeMove(
        cause=Cause.REGISTERED,
        source_id=deal.id,
        subject_id=deal.id,
        seq=1,
        order_id=None,
        merchant_id=deal.merchant_id,
        buyer_id=deal.buyer,
        product_id="",
        industry="",
        application_field="",
        region=organisations.find(work.session, deal.merchant_id).region,
        board_id="",
        registered=True,
        counted=0 if reason else deal.amount.minor,
        excluded=deal.amount.minor if reason else 0,
        opens=Bit.ALL,
        trades=0 if reason else 1,
        frees=0,
        reason=reason,
        **_dated(work),
    )
    work.session.add(made)
    turnover.align(work, deal.id, counts=reason is None)


def exclude(work: Work, order_id: str, *, source_id: str, reason: str) -> Money:
    """Set all volume of an order aside (剔除), from today on; return how much that was.

    source_id: what set it aside, once for each. An order that is aside already stays so.
    One SELECT, and a few for each line.
    """
    moves = _held(work.session, order_id)
    moved = Money(0)
    if _set_aside_for(moves) is not None:
        return moved
    for each in _standings(moves):
        figures = {"counted": -each.counted, "excluded": each.counted, "trades": -each.trades}
        _add(work, each, Cause.EXCLUDED, source_id, reason=reason, **figures)
        turnover.align(work, each.first.subject_id, counts=False, order_id=order_id)
        moved += Money(each.counted)
    return moved


def restore(work: Work, order_id: str, *, source_id: str, reason: str) -> Money:
    """Let an order's volume count again (恢复), from today on; return how much that was.

    What the hard rules left out does not come to count by it.
    """
    moves = _held(work.session, order_id)
    moved = Money(0)
    if _set_aside_for(moves) is None:
        return moved
    for each in _standings(moves):
        if each.first.reason in BY_RULE:
            continue
        figures = {
            "counted": each.excluded,
            "excluded": -each.excluded,
            "trades": 1 if each.opens else 0,
        }
        _add(work, each, Cause.RESTORED, source_id, reason=reason, **figures)
        turnover.align(work, each.first.subject_id, counts=True, order_id=order_id)
        moved += Money(each.excluded)
    return moved


def align(work: Work, event: Event) -> None:
    """Together with what books volume: set aside in the books what is set aside here.

    One SELECT; for a line that does not count, a few more.
    """
    moves = of_order(work.session, event.subject)
    for line_id in sorted({move.subject_id for move in moves if move.excluded}):
        if _left_out([move for move in moves if move.subject_id == line_id]):
            turnover.align(work, line_id, counts=False, order_id=event.subject)


def of_order(session: Session, order_id: str) -> list[VolumeMove]:
    """Return every move of an order, oldest first. One SELECT on an index."""
    return _moves(session, VolumeMove.order_id == order_id)


def is_left_out(work: Work, line_id: str, order_id: str | None) -> bool:
    """Tell whether a line, or a deal, does not count; nobody moves its volume meanwhile."""
    volumes.hold(work.session, order_id, [line_id])
    return _left_out(_moves(work.session, VolumeMove.subject_id == line_id))


def _held(session: Session, order_id: str) -> list[VolumeMove]:
    """Return the moves of an order whose volume nobody else moves until we end.

    A refund holds the same before it reads on which side its lines stand (ADR 29), so that of
    the two the second sees what the first has written.
    """
    moves = of_order(session, order_id)
    volumes.hold(session, order_id, {move.subject_id for move in moves})
    return of_order(session, order_id)


def _moves(session: Session, which: ColumnElement[bool]) -> list[VolumeMove]:
    session.flush()  # what was just accepted has no number yet
    return list(session.scalars(select(VolumeMove).where(which).order_by(VolumeMove.number)))


def _standings(moves: Sequence[VolumeMove]) -> list[Standing]:
    """Return what each line of the moves stands at, in the order in which they came."""
    found: dict[str, Standing] = {}
    for move in moves:
        each = found.setdefault(move.subject_id, Standing(move))
        each.counted += move.counted
        each.excluded += move.excluded
        each.trades += move.trades
        if move.cause in {Cause.ACCEPTED, Cause.REGISTERED}:
            each.opens |= move.opens
    return list(found.values())


def _set_aside_for(moves: Iterable[VolumeMove]) -> str | None:
    """Return why an order is set aside, by its last exclusion or restoration; None when not."""
    told = [move for move in moves if move.cause in {Cause.EXCLUDED, Cause.RESTORED}]
    return told[-1].reason if told and told[-1].cause == Cause.EXCLUDED else None


def _left_out(moves: Sequence[VolumeMove]) -> bool:
    """Tell whether a line does not count, by a hard rule or because it was set aside."""
    return bool(moves) and (moves[0].reason in BY_RULE or _set_aside_for(moves) is not None)


def _open(made: VolumeMove, earlier: Sequence[VolumeMove]) -> None:
    """Note of what this is the first of its order; a free line is the first of its own kind."""
    is_free = made.amount == 0
    told = [move for move in earlier if (move.amount == 0) == is_free]
    bits = 0 if any(_mask(move) & Bit.ORDER for move in told) else Bit.ORDER
    for bit, name in _BITS.items():
        if not any(_mask(one) & bit and getattr(one, name) == getattr(made, name) for one in told):
            bits |= bit
    if is_free:
        made.frees = bits
    else:
        made.opens, made.trades = bits, 1 if bits and made.counted else 0


def _mask(move: VolumeMove) -> int:
    return move.opens | move.frees if move.cause == Cause.ACCEPTED else 0


def _add(work: Work, stands: Standing, cause: Cause, source_id: str, **figures: Any) -> None:
    """Write one more move of a line, in the dimensions of its first."""
    first = stands.first
    told = {"counted": 0, "excluded": 0, "trades": 0, "reason": None} | figures
    made = VolumeMove(
        cause=cause,
        source_id=source_id,
        subject_id=first.subject_id,
        seq=first.seq,
        opens=stands.opens,
        frees=0,
        **{name: getattr(first, name) for name in _DIMENSIONS},
        **_dated(work),
        **told,
    )
    work.session.add(made)


def _dated(work: Work) -> dict[str, Any]:
    today = local_date(work.now)
    return {
        "accepted_at": work.now,
        "accepted_on": today,
        "accepted_month": f"{today:%Y-%m}",
    }
