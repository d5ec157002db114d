"""Escrow (资金监管): what is held for an order, and what of it was accepted.

An obligation (待结算款) comes about when a line of an order, or a slice of it, is accepted:
its amount leaves escrow, counts as volume in the memo book, and is due for settlement T + N
working days later. Where each fen went is told by `settlement.tracing`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, NotRequired, Required, TypedDict

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel import ids
from kernel.clock import local_date
from kernel.money import Money, share, take_from
from kernel.pages import Page, keyset
from kernel.work import Work
from settlement import access, ledger, turnover
from settlement.dividing import fee_rules, frozen, revenue_rules, terms
from settlement.dividing.fee_rules import Kind as FeeKind
from settlement.dividing.obligations import Kind, Obligation, State, locked, of_order
from settlement.dividing.terms import Payable
from settlement.ledger import AccountRef, Row
from settlement.tracing import moved
from settlement.tracing.explanations import Explanation, Hop, explain

__all__ = [
    "ACCEPTED",
    "COUNTER",
    "ESCROW",
    "TURNOVER",
    "AcceptedLine",
    "Explanation",
    "Hop",
    "Kind",
    "Obligation",
    "Payable",
    "State",
    "accept",
    "explain",
    "finished",
    "left",
    "listed",
    "locked",
    "of_order",
    "reduced",
    "slices",
]

ESCROW: Final = "2241.escrow"
ACCEPTED: Final = "2241.accepted"
TURNOVER: Final = turnover.COUNTED
COUNTER: Final = "9001.counter"

_BACK: Final = ("refund.requested", "dispute.lost", "voucher.restored")
_WITHDRAWN: Final = ("refund.cancelled",)


class AcceptedLine(TypedDict, total=False):
    """A line that was accepted, or a slice of it.

    seq: which slice, from 1. volume: what counts, if more than the amount: others pay a part of
    it later. shares: account kind → basis points, when they were agreed. commission: owner and
    share_bp of an agent, out of what the merchant gets.
    product_id, board_ids, agreement_id: by which the rules of fees and revenue are chosen.
    waiver: for what no fee is charged. dispute_prone: it waits longer before it is settled.
    """

    order_line_id: Required[str]
    seq: NotRequired[int]
    amount: Required[Money]
    volume: NotRequired[Money]
    buyer_id: Required[str]
    seller_id: Required[str]
    operator_id: NotRequired[str | None]
    kind: Required[str]
    shares: NotRequired[Mapping[str, int] | None]
    commission: NotRequired[Mapping[str, Any] | None]
    product_id: NotRequired[str | None]
    board_ids: NotRequired[Sequence[str]]
    agreement_id: NotRequired[str | None]
    waiver: NotRequired[str | None]
    dispute_prone: NotRequired[bool]


def accept(
    work: Work,
    order_id: str,
    lines: Sequence[AcceptedLine | Mapping[str, Any]],
    *,
    counted: bool = False,
) -> list[Obligation]:
    """Make what was paid for the lines due to those who earned it; a repeat changes nothing.

    Posts `line.accepted` for each: out of escrow, and into volume. counted: the volume was
    counted before, by the confirmed bill. Raises Overdrawn when escrow does not hold the
    amount, Invalid when a line cannot be divided. Two SELECTs, and for each line at most
    five and an entry.
    """
    there = {(item.order_line_id, item.seq): item for item in of_order(work.session, order_id)}
    made, fresh = [], []
    for line in lines:
        key = (line["order_line_id"], line.get("seq", 1))
        if key not in there:
            there[key] = _accept(work, order_id, line, counted=counted)
            fresh.append(key[0])
        made.append(there[key])
    if fresh:
        work.record("escrow.accepted", order_id, order_line_ids=fresh)
    return made


def slices(price: Money, days: Sequence[int]) -> list[Money]:
    """Divide a price over periods of so many days; the parts add up to it. Pure."""
    return share(price, days)


def reduced(session: Session, order_id: str, amounts: Sequence[Money]) -> list[Money]:
    """Return what can be accepted of an order's lines, when some was refunded before.

    amounts: of all lines that are accepted together. What is missing in escrow because of
    refunds is taken from them in proportion. Two SELECTs.
    """
    there = AccountRef(ESCROW, order_id)
    gone = moved.out_of(session, there, _BACK) - moved.into(session, there, _WITHDRAWN)
    whole = sum(amounts, Money(0))
    missing = min(Money(gone), whole - left(session, order_id))
    if missing.minor <= 0:
        return list(amounts)
    taken = take_from(amounts, missing)
    return [amount - part for amount, part in zip(amounts, taken, strict=True)]


def left(session: Session, order_id: str) -> Money:
    """Return what escrow still holds for the order. One SELECT."""
    return ledger.balance(session, AccountRef(ESCROW, order_id))


def listed(
    work: Work, *, order_id: str | None = None, after: str | None, limit: int
) -> Page[Obligation]:
    """Return obligations, newest first: all to overseers, to others what they sold.

    One SELECT on an index.
    """
    statement = select(Obligation)
    if not access.oversees(work.actor):
        statement = statement.where(Obligation.seller_id == work.actor.organisation)
    if order_id is not None:
        statement = statement.where(Obligation.order_id == order_id)
    order = ((Obligation.id, "desc"),)
    return keyset(work.session, statement, by=order, after=after, limit=limit)  # type: ignore[arg-type]  # a literal tuple


def finished(work: Work, order_ids: Iterable[str], **told: Any) -> None:
    """Say `order.settled` of each order of which nothing waits any more and a line was settled.

    The orders' obligations must be locked. Two SELECTs, and one an order.
    """
    found: dict[str, list[State]] = {}
    for obligation in locked(work.session, order_ids):
        found.setdefault(obligation.order_id, []).append(obligation.state)
    for order_id, states in sorted(found.items()):
        if State.OPEN not in states and State.SETTLED in states:
            work.record("order.settled", order_id, order_id=order_id, **told)


def _accept(work: Work, order_id: str, line: Mapping[str, Any], *, counted: bool) -> Obligation:
    line_id, seq = line["order_line_id"], line.get("seq", 1)
    amount, today = line["amount"], local_date(work.now)
    rows = [Row(AccountRef(ESCROW, order_id), AccountRef(ACCEPTED, order_id), amount)]
    if not counted:
        volume = AccountRef(TURNOVER, line_id)
        rows.append(Row(AccountRef(COUNTER, line["buyer_id"]), volume, line.get("volume", amount)))
    ledger.post(
        work,
        "line.accepted",
        line_id,
        rows,
        seq=seq - 1,
        effective_on=today,
        order_id=order_id,
    )
    made = Obligation(
        id=ids.new("obl_", work.now),
        order_id=order_id,
        order_line_id=line_id,
        seq=seq,
        amount=amount,
        taken_minor=0,
        kind=Kind(line["kind"]),
        buyer_id=line["buyer_id"],
        seller_id=line["seller_id"],
        operator_id=line.get("operator_id"),
        shares=None if line.get("shares") is None else dict(line["shares"]),
        waiver=line.get("waiver"),
        **_versions(work, line, today),
        accepted_on=today,
        due_on=_due_on(work, order_id, line, today),
        settled_on=None,
        batch_id=None,
        draft=None,
        holds=len(frozen.open_on(work.session, order_id)),
    )
    _check_divisible(work, made, line.get("commission"))
    work.session.add(made)
    return made


def _check_divisible(work: Work, made: Obligation, commission: Mapping[str, Any] | None) -> None:
    """Let an agent's commission be among the shares, and raise Invalid if they cannot be."""
    versions = terms.load(work.session, [made])
    if commission:
        made.shares = terms.with_commission(made, work.rules, versions, commission)
    terms.rule(made, work.rules, versions, charged=Money(0, made.amount.currency))


def _versions(work: Work, line: Mapping[str, Any], today: date) -> dict[str, str | None]:
    boards = tuple(line.get("board_ids", ()))
    fee = fee_rules.in_force(work.session, FeeKind.TRANSACTION, today, board_ids=boards)
    revenue = revenue_rules.in_force(
        work.session,
        today,
        product_id=line.get("product_id"),
        board_ids=boards,
        agreement_id=line.get("agreement_id"),
    )
    return {
        "fee_rule_id": fee.id if fee else None,
        "revenue_rule_id": revenue.id if revenue else None,
    }


def _due_on(work: Work, order_id: str, line: Mapping[str, Any], today: date) -> date:
    """Return the day T + N: later for new merchants, and for what is prone to disputes."""
    days = work.rules.number("settlement.hold_wd")
    if line.get("dispute_prone"):
        days = max(days, work.rules.number("settling.hold_prone_wd"))
    trusted_after = work.rules.number("settling.new_merchant_orders")
    earlier = (
        select(Obligation.order_id)
        .where(Obligation.seller_id == line["seller_id"], Obligation.order_id != order_id)
        .distinct()
        .limit(trusted_after)
    )
    if trusted_after and len(work.session.scalars(earlier).all()) < trusted_after:
        days = max(days, work.rules.number("settling.hold_new_wd"))
    return work.calendar.due(today, days).date
