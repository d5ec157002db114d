"""What the examination asks of obligations, shares, holds, refunds and payouts.

Each compares rows with the postings that they stand for, recomputed from the postings.
"""

from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    FromClause,
    String,
    Subquery,
    case,
    cast,
    column,
    exists,
    func,
    literal,
    or_,
    select,
    table,
    union_all,
)

from kernel.words import Words
from settlement.books import accounts, entries, postings
from settlement.checking.check import Check, query
from settlement.dividing.frozen import Hold, HoldPiece
from settlement.dividing.obligations import Obligation
from settlement.dividing.settled import SettlementLine, SplitShare
from settlement.paying.rows import Payout
from settlement.paying.rows import State as PayoutState
from settlement.refunding.disputes import Chargeback
from settlement.refunding.parts import RefundPart, TakenPart
from settlement.refunding.rows import Refund
from settlement.refunding.rows import State as RefundState
from settlement.vouchers.returned import VoucherReturn

_ORDERS: Final = table("orders", column("id"), column("state"))
_ENDED: Final = ("completed", "refunded", "closed")
_PAYOUT_IN_TRANSIT: Final = (
    PayoutState.REQUESTED, PayoutState.HELD, PayoutState.APPROVED, PayoutState.SENT,
)  # fmt: skip
_REFUND_IN_TRANSIT: Final = (RefundState.REQUESTED, RefundState.APPROVED, RefundState.SENT)


def _balance(code: str) -> Subquery:
    """Return owner → credits less debits of the accounts of a code, from the postings."""
    amounts = union_all(
        select(postings.c.credit_id.label("account_id"), postings.c.amount.label("minor")),
        select(postings.c.debit_id, -postings.c.amount),
    ).subquery()
    return (
        select(accounts.c.owner, func.sum(amounts.c.minor).label("minor"))
        .join(amounts, amounts.c.account_id == accounts.c.id)
        .where(accounts.c.code == code)
        .group_by(accounts.c.owner)
        .subquery()
    )


def _compared(
    key: ColumnElement[str], said: ColumnElement[int], source: FromClause, code: str
) -> Any:
    """Return where what rows say differs from the balance of the account of their id."""
    there = _balance(code)
    booked = func.coalesce(there.c.minor, 0)
    return (
        select(key, said, booked)
        .select_from(source)
        .outerjoin(there, there.c.owner == key)
        .where(said != booked)
        .order_by(key)
    )


def _waiting() -> Any:
    obligation = Obligation.__table__
    open_minor = case(
        (obligation.c.settled_on.is_(None), obligation.c.amount_minor - obligation.c.taken_minor),
        else_=0,
    )
    due = (
        select(obligation.c.order_id, func.sum(open_minor).label("minor"))
        .group_by(obligation.c.order_id)
        .subquery()
    )
    held = (
        select(HoldPiece.owner, func.sum(HoldPiece.left_minor).label("minor"))
        .where(HoldPiece.account_code == "2241.accepted")
        .group_by(HoldPiece.owner)
        .subquery()
    )
    said = due.c.minor - func.coalesce(held.c.minor, 0)
    source = due.outerjoin(held, held.c.owner == due.c.order_id)
    return _compared(due.c.order_id, said, source, "2241.accepted")


def _shares() -> Any:
    obligation, share = Obligation.__table__, SplitShare.__table__
    sums = (
        select(share.c.obligation_id, func.sum(share.c.amount_minor).label("minor"))
        .group_by(share.c.obligation_id)
        .subquery()
    )
    left = obligation.c.amount_minor - obligation.c.taken_minor
    return (
        select(obligation.c.id)
        .join(sums, sums.c.obligation_id == obligation.c.id)
        .where(or_(obligation.c.settled_on.is_(None), sums.c.minor != left))
        .order_by(obligation.c.id)
    )


def _remaining() -> Any:
    """Compare what shares lack with what refunds, lost disputes and sponsors' vouchers took.

    Left out are orders of which a dispute or a sponsor took before that was written down.
    """
    share = SplitShare.__table__
    by_refunds = (
        select(*_part_of(RefundPart))
        .join(Refund, Refund.id == RefundPart.refund_id)
        .where(Refund.state != RefundState.CANCELLED)
    )
    each = union_all(by_refunds, select(*_part_of(TakenPart))).subquery()
    whose = (each.c.obligation_id, each.c.share_code, each.c.share_owner)
    taken = select(*whose, func.sum(each.c.minor).label("minor")).group_by(*whose).subquery()
    same = (
        (taken.c.obligation_id == share.c.obligation_id)
        & (taken.c.share_code == share.c.account_code)
        & (taken.c.share_owner == share.c.owner)
    )
    lacks = share.c.amount_minor - share.c.remaining_minor
    return (
        select(share.c.obligation_id, share.c.account_code, share.c.owner)
        .join(SettlementLine, SettlementLine.obligation_id == share.c.obligation_id)
        .outerjoin(taken, same)
        .where(
            lacks != func.coalesce(taken.c.minor, 0),
            SettlementLine.order_id.not_in(_lost_before()),
            SettlementLine.order_id.not_in(_restored_before()),
        )
        .order_by(share.c.obligation_id, share.c.account_code, share.c.owner)
    )


def _part_of(one: type[RefundPart | TakenPart]) -> tuple[Any, ...]:
    return one.obligation_id, one.share_code, one.share_owner, one.amount_minor.label("minor")


def _lost_before() -> Any:
    """Return orders whose parties bore a lost dispute of which no part is kept."""
    kept = exists().where(TakenPart.source_id.in_([Chargeback.id + "/0", Chargeback.id + "/1"]))
    borne = (
        select(entries.c.source_id)
        .join(postings, postings.c.entry_id == entries.c.id)
        .join(accounts, accounts.c.id == postings.c.debit_id)
        .where(entries.c.event == "dispute.lost", accounts.c.code != "6711.goodwill")
    )
    return select(Chargeback.order_id).where(
        Chargeback.lost_minor > 0,
        Chargeback.order_id.is_not(None),
        Chargeback.id.in_(borne),
        ~kept,
    )


def _restored_before() -> Any:
    """Return orders of which a sponsor took its part, and no part is kept."""
    number = cast(VoucherReturn.number, String)
    kept = exists().where(TakenPart.source_id == VoucherReturn.voucher_id + "/" + number)
    return select(VoucherReturn.order_id).where(VoucherReturn.was_due, ~kept)


def _holds() -> Any:
    held = (
        select(HoldPiece.hold_id, func.sum(HoldPiece.left_minor).label("minor"))
        .group_by(HoldPiece.hold_id)
        .subquery()
    )
    return _compared(held.c.hold_id, held.c.minor, held, "2241.hold")


def _in_transit(of: FromClause, states: tuple[str, ...], code: str) -> Any:
    said = case((of.c.state.in_(states), of.c.amount_minor), else_=literal(0))
    return _compared(of.c.id, said, of, code)


def _ended() -> Any:
    """Look for money of orders that are over.

    What waits for settlement of a completed order came back by a refund that was withdrawn;
    that it is owed as an obligation is looked at in `_waiting`.
    """
    escrow, accepted = _balance("2241.escrow"), _balance("2241.accepted")
    both = union_all(
        select(escrow.c.owner, escrow.c.minor, literal(True).label("always")),
        select(accepted.c.owner, accepted.c.minor, literal(False).label("always")),
    ).subquery()
    wrong = or_(both.c.always, _ORDERS.c.state != "completed")
    return (
        select(_ORDERS.c.id, _ORDERS.c.state)
        .join(both, both.c.owner == _ORDERS.c.id)
        .where(_ORDERS.c.state.in_(_ENDED), both.c.minor != 0, wrong)
        .distinct()
        .order_by(_ORDERS.c.id)
    )


CHECKS: Final[tuple[Check, ...]] = (
    query(
        "OBLIGATIONS_DIFFER",
        Words("待结算款与账上不符", "what waits for settlement is not what is booked"),
        "order {0}: {1} due, {2} booked",
        _waiting(),
        Obligation.__table__,
    ),
    query(
        "SHARES_DIFFER",
        Words("分账份额之和与结算额不符", "the shares of a line are not what was settled"),
        "obligation {0}",
        _shares(),
        SettlementLine.__table__,
    ),
    query(
        "REMAINING_DIFFERS",
        Words("份额余额与退款不符", "what remains of a share is not what refunds left"),
        "obligation {0} {1} {2}",
        _remaining(),
        SplitShare.__table__,
    ),
    query(
        "HOLD_DIFFERS",
        Words("冻结款与账上不符", "what is held is not what is booked"),
        "hold {0}: {1} held, {2} booked",
        _holds(),
        Hold.__table__,
    ),
    query(
        "REFUND_DIFFERS",
        Words("退款状态与在途款不符", "a refund's state is not what is in transit"),
        "refund {0}: {1} by its state, {2} booked",
        _in_transit(Refund.__table__, _REFUND_IN_TRANSIT, "2241.refund_transit"),
        Refund.__table__,
    ),
    query(
        "PAYOUT_DIFFERS",
        Words("付款状态与在途款不符", "a payout's state is not what is in transit"),
        "payout {0}: {1} by its state, {2} booked",
        _in_transit(Payout.__table__, _PAYOUT_IN_TRANSIT, "2241.payout_transit"),
        Payout.__table__,
    ),
    query(
        "ENDED_WITH_MONEY",
        Words("已完结订单仍有托管或待结算款", "an order ended with money in escrow or waiting"),
        "order {0} is {1}",
        _ended(),
        _ORDERS,
    ),
)
"""What is asked of the rows around settlement."""
