"""Looking for suspicious trades: each once, some while after it was accepted, and upon events.

What a rule finds is flagged (`flags`); nothing is decided here. All of it may be run twice.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.clock import Instant, local_date
from kernel.db import Base, Big
from kernel.journal import Event
from kernel.parties import relations
from kernel.work import Work
from marketplace.counting.moves import Cause, VolumeMove
from marketplace.integrity import clues, facts, flags, rules, traces
from marketplace.integrity.rules import Finding, Trade
from settlement import payments
from settlement.refunding import refunds

_ACCEPTED: Final = "accepted"


class IntegrityLook(Base):
    """How far the trades have been looked at: up to and with the move of this number."""

    __tablename__ = "integrity_looks"

    name: Mapped[str] = mapped_column(primary_key=True)
    accepted_at: Mapped[Instant]
    number: Mapped[int] = mapped_column(Big)


def look(work: Work, *, limit: int) -> int:
    """Look at the trades that were accepted since the last look; return the flags raised.

    limit: moves that are read. A trade is looked at when it is as old as the rules say, so that
    none that was written slowly is passed over. One SELECT on an index, and some for each
    trade, each bounded.
    """
    until = work.now - timedelta(seconds=work.rules.number("integrity.lag_s"))
    last = work.session.get(IntegrityLook, _ACCEPTED)
    moves = _moves(work.session, last, until, limit)
    if not moves:
        return 0
    if last is None:
        last = IntegrityLook(name=_ACCEPTED, accepted_at=until, number=0)
        work.session.add(last)
    last.number, last.accepted_at = moves[-1].number, moves[-1].accepted_at
    raised = 0
    for order_id in dict.fromkeys(str(move.order_id) for move in moves if move.amount > 0):
        raised += look_at(work, order_id)
    return raised


def look_at(work: Work, order_id: str) -> int:
    """Ask every rule of acceptance about one order; return the flags raised. Some SELECTs."""
    trade = facts.trade(work.session, order_id)
    if trade is None:
        return 0
    return sum(_raise(work, finding) for finding in _findings(work, trade))


def refunded(work: Work, event: Event) -> None:
    """After a refund has arrived: hardly a trade, of which so much went back so soon."""
    refund = refunds.find(work.session, event.subject)
    trade = facts.trade(work.session, refund.order_id) if refund.order_id else None
    if trade is None:
        return
    back = facts.returned(work.session, trade, days=work.rules.number("integrity.refund_days"))
    found = rules.refunded(
        trade.order_id, trade.fen, back, least_bp=work.rules.number("integrity.refund_bp")
    )
    if found is not None:
        _raise(work, found)


def tied(work: Work, event: Event) -> None:
    """After a tie was declared: what its ends had traded by then, while it was in force."""
    tie = work.session.get(relations.Tie, event.data["tie"])
    if tie is None or not tie.counts:
        return
    near = relations.related(work.session, tie.organisation_id, on=local_date(work.now))
    for trade in facts.between(work.session, near, since=tie.since):
        if facts.trade(work.session, trade.order_id) is None:
            continue
        found = rules.related(trade.order_id, facts.chain(work.session, trade))
        if found is not None:
            _raise(work, found)


def _findings(work: Work, trade: Trade) -> Iterator[Finding]:
    number = work.rules.number
    found = [
        rules.related(trade.order_id, facts.chain(work.session, trade)),
        _ring(work, trade),
        rules.mutual_dependence(
            trade,
            facts.sold(work.session, trade),
            young=facts.are_young(work, trade, months=number("integrity.dependence_months")),
            share_bp=number("integrity.dependence_bp"),
            least=number("integrity.dependence_trades_min"),
        ),
        *_prices(work, trade),
        *_traces(work, trade),
    ]
    return (each for each in found if each is not None)


def paid(work: Work, event: Event) -> None:
    """After a payment has arrived: whose money it was, where its order was accepted before."""
    payment = payments.find(work.session, event.subject)
    trade = facts.trade(work.session, payment.order_id) if payment.order_id else None
    if trade is not None and (found := _loop(work, trade)) is not None:
        _raise(work, found)


def _traces(work: Work, trade: Trade) -> Iterator[Finding | None]:
    yield traces.same_hands(trade.order_id, clues.shared(work, trade))
    yield traces.same_content(trade.order_id, clues.twins(work.session, trade))
    fen, sponsored, crosswise = clues.voucher(work.session, trade)
    yield traces.voucher_self_deal(trade, fen, sponsored=sponsored, crosswise=crosswise)
    yield _loop(work, trade)


def _loop(work: Work, trade: Trade) -> Finding | None:
    number = work.rules.number
    way, bought, paid_out = clues.way_back(
        work, trade, days=number("integrity.return_days"), hops=number("integrity.return_hops_max")
    )
    return traces.money_returned(
        trade, way, bought, paid_out, least_bp=number("integrity.return_bp")
    )


def _ring(work: Work, trade: Trade) -> Finding | None:
    number = work.rules.number
    longest, days = number("integrity.ring_length_max"), number("integrity.ring_days")
    tolerance_bp = number("integrity.ring_tolerance_bp")
    onward = facts.onward(
        work.session, trade, steps=longest - 1, days=days, tolerance_bp=tolerance_bp
    )
    return rules.circular(trade, onward, length_max=longest, days=days, tolerance_bp=tolerance_bp)


def _prices(work: Work, trade: Trade) -> Iterator[Finding | None]:
    number = work.rules.number
    for line in facts.priced(work.session, trade.order_id):
        others = facts.prices(work.session, line, trade, months=number("integrity.price_months"))
        yield rules.abnormal_price(
            trade.order_id,
            line.product_id,
            facts.price(line),
            others,
            times=number("integrity.price_times"),
            least=number("integrity.price_trades_min"),
        )


def _raise(work: Work, finding: Finding) -> int:
    """Flag every trade that a finding is about, in one order everywhere."""
    made = [flags.raise_for(work, order_id, finding) for order_id in sorted(finding.orders)]
    return sum(flag is not None for flag in made)


def _moves(
    session: Session, last: IntegrityLook | None, until: Instant, limit: int
) -> list[VolumeMove]:
    statement = select(VolumeMove).where(
        VolumeMove.cause == Cause.ACCEPTED, VolumeMove.accepted_at <= until
    )
    if last is not None:
        statement = statement.where(
            VolumeMove.accepted_at >= last.accepted_at,
            or_(
                VolumeMove.accepted_at > last.accepted_at,
                and_(VolumeMove.accepted_at == last.accepted_at, VolumeMove.number > last.number),
            ),
        )
    ordered = statement.order_by(VolumeMove.accepted_at, VolumeMove.number)
    return list(session.scalars(ordered.limit(limit)))
