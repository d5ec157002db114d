"""The door of the books (总账): trial balance, statements of account, where an order's money is."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, languages, unit
from settlement import access, chart, escrow, payouts, statements
from settlement.bank import statements as bank_statements
from settlement.entries import AccountRef
from settlement.escrow import Explanation, Hop
from settlement.paying.items import PaidPart
from settlement.payouts import Payout
from settlement.statements import StatementLine, TrialRow

blueprint = doors.noun("ledger", "Ledger · 总账")


class AccountQuery(doors.PageQuery):
    """Whose account of the code; empty for an account of the exchange itself."""

    owner = doors.text(min=0, max=60, required=False, load_default="")


class AccountOut(doors.Schema):
    """An account of the chart, of one owner."""

    code = fields.String()
    name = fields.String()
    owner = fields.String()


class TrialRowOut(doors.Schema):
    """What all accounts of one code were debited and credited, in fen."""

    book = fields.String()
    currency = fields.String()
    code = fields.String()
    name = fields.String()
    debit = fields.Integer()
    credit = fields.Integer()


class TrialBalanceOut(doors.Schema):
    """The trial balance; difference is 0 when the books balance."""

    rows = fields.List(fields.Nested(TrialRowOut))
    difference = fields.Integer()


class MovementOut(doors.Schema):
    """One movement of an account. side: debit or credit."""

    entry_id = fields.Integer()
    line_no = fields.Integer()
    event = fields.String()
    source_id = fields.String()
    order_id = fields.String(allow_none=True)
    effective_on = fields.String()
    side = fields.String()
    against = fields.Nested(AccountOut)
    amount = fields.Nested(doors.MoneyBody)


class AccountStatementOut(AccountOut):
    """A statement of account: the balance now, and a page of its movements."""

    balance = fields.Nested(doors.MoneyBody)
    items = fields.List(fields.Nested(MovementOut))
    next = fields.String(allow_none=True)


class HopOut(doors.Schema):
    """One step of the money."""

    entry_id = fields.Integer()
    event = fields.String()
    source_id = fields.String()
    says = fields.String()
    effective_on = fields.String()
    debit = fields.Nested(AccountOut)
    credit = fields.Nested(AccountOut)
    amount = fields.Nested(doors.MoneyBody)


class NetOut(doors.Schema):
    """An amount that may be negative."""

    minor = fields.Integer()
    currency = fields.String()


class SharedOut(AccountOut):
    """What of the order's money came to stand on accounts of one code; debts are negative."""

    amount = fields.Nested(NetOut)


class PaidPartOut(doors.Schema):
    """What one payout pays of the order. paid_on: when the bank booked it."""

    payout_id = fields.String()
    reference = fields.String()
    state = fields.String()
    paid_on = fields.String(allow_none=True)
    account_code = fields.String()
    owner = fields.String()
    amount = fields.Nested(doors.MoneyBody)


class ExplanationOut(doors.Schema):
    """Where an order's money came from and where it is; difference is always 0."""

    order_id = fields.String()
    paid_in = fields.Nested(doors.MoneyBody)
    refunded = fields.Nested(doors.MoneyBody)
    lost = fields.Nested(doors.MoneyBody)
    in_escrow = fields.Nested(doors.MoneyBody)
    waiting = fields.Nested(doors.MoneyBody)
    held = fields.Nested(doors.MoneyBody)
    shared = fields.List(fields.Nested(SharedOut))
    difference = fields.Nested(doors.MoneyBody)
    hops = fields.List(fields.Nested(HopOut))
    payouts = fields.List(fields.Nested(PaidPartOut))


class StandingOut(doors.Schema):
    """The bank's balance beside ours; difference is what neither side explains."""

    account = fields.String()
    closing = fields.Nested(doors.MoneyBody)
    booked = fields.Nested(doors.MoneyBody)
    unexplained = fields.Nested(doors.MoneyBody)
    difference = fields.Nested(doors.MoneyBody)


def show_account(ref: AccountRef) -> Mapping[str, Any]:
    """Return what AccountOut shows."""
    name = languages.said(chart.account(ref.code).name)
    return {"code": ref.code, "name": name, "owner": ref.owner}


def show_row(row: TrialRow) -> Mapping[str, Any]:
    """Return what TrialRowOut shows."""
    return {**row._asdict(), "name": languages.said(chart.account(row.code).name)}


def show_movement(line: StatementLine) -> Mapping[str, Any]:
    """Return what MovementOut shows."""
    return {
        **line._asdict(),
        "effective_on": line.effective_on.isoformat(),
        "against": show_account(line.against),
        "amount": doors.wire(line.amount),
    }


def show_hop(hop: Hop) -> Mapping[str, Any]:
    """Return what HopOut shows."""
    return {
        "entry_id": hop.entry_id,
        "event": hop.event,
        "source_id": hop.source_id,
        "says": languages.said(hop.says),
        "effective_on": hop.effective_on.isoformat(),
        "debit": show_account(hop.debit),
        "credit": show_account(hop.credit),
        "amount": doors.wire(hop.amount),
    }


def show_paid(payout: Payout, part: PaidPart) -> Mapping[str, Any]:
    """Return what PaidPartOut shows."""
    return {
        "payout_id": payout.id,
        "reference": payout.reference,
        "state": payout.state,
        "paid_on": payout.paid_on.isoformat() if payout.paid_on else None,
        "account_code": part.account_code,
        "owner": part.owner,
        "amount": doors.wire(part.amount),
    }


def show(told: Explanation) -> Mapping[str, Any]:
    """Return what ExplanationOut shows."""
    return {
        "order_id": told.order_id,
        "paid_in": doors.wire(told.paid_in),
        "refunded": doors.wire(told.refunded),
        "lost": doors.wire(told.lost),
        "in_escrow": doors.wire(told.in_escrow),
        "waiting": doors.wire(told.waiting),
        "held": doors.wire(told.held),
        "shared": [
            {**show_account(AccountRef(code)), "amount": doors.wire(amount)}
            for code, amount in told.shared.items()
        ],
        "difference": doors.wire(told.difference),
        "hops": [show_hop(hop) for hop in told.hops],
    }


@blueprint.get("/trial-balance")
@doors.members("read")
@blueprint.response(200, TrialBalanceOut)
def trial_balance() -> Any:
    """Show the trial balance to who oversees the exchange."""
    work = unit.current()
    access.require(work, access.overseer, "ledger.trial_balance")
    found = statements.trial_balance(work.session)
    return {"rows": [show_row(row) for row in found.rows], "difference": found.difference}


@blueprint.get("/accounts/<string:code>")
@doors.members("read")
@blueprint.arguments(AccountQuery, location="query")
@blueprint.response(200, AccountStatementOut)
def account(query: dict[str, Any], code: str) -> Any:
    """Show one account to whose money it is, or to who oversees the exchange."""
    work, ref = unit.current(), AccountRef(code, query.pop("owner"))
    access.require_account(work, ref)
    page = doors.page(statements.statement(work.session, ref, **query), show_movement)
    balance = doors.wire(statements.balance(work.session, ref))
    return {**show_account(ref), "balance": balance, **page}


@blueprint.get("/orders/<string:order_id>")
@doors.members("read")
@blueprint.response(200, ExplanationOut)
def order(order_id: str) -> Any:
    """Explain an order's money, hop by hop, to who oversees the exchange."""
    work = unit.current()
    access.require(work, access.overseer, "ledger.order")
    paid = [show_paid(*one) for one in payouts.of_order(work.session, order_id)]
    return {**show(escrow.explain(work.session, order_id)), "payouts": paid}


@blueprint.get("/bank/<string:account>")
@doors.members("read")
@blueprint.response(200, StandingOut)
def bank(account: str) -> Any:
    """Compare the bank's balance with the books, for who oversees the exchange."""
    work = unit.current()
    access.require(work, access.overseer, "ledger.bank")
    found = bank_statements.standing(work.session, account)
    amounts = ("closing", "booked", "unexplained", "difference")
    return {"account": account, **{name: doors.wire(getattr(found, name)) for name in amounts}}
