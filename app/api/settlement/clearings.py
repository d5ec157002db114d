"""The door of clearings (人工核销): what a person says that a line of a bank statement is."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, languages, unit
from kernel.work import Work
from settlement.bank import clearings
from settlement.bank.clearings import Action, Clearing, Share, State

blueprint = doors.noun("clearings", "Clearings of bank lines · 人工核销")


class ShareIn(doors.Body):
    """Some of a receipt, for one payment: all that fits, if no amount is said."""

    payment_id = doors.text(max=40)
    amount = doors.amount(required=False, load_default=None, allow_none=True)


class GiveIn(doors.Body):
    """To which payments a receipt in suspense belongs, and why."""

    line_id = doors.text(max=40)
    shares = doors.many(ShareIn, at_most=clearings.PARTS_MAX)
    reason = doors.text(max=500)


class LineReasonIn(doors.Body):
    """Which line is meant, and why."""

    line_id = doors.text(max=40)
    reason = doors.text(max=500)


class SendBackIn(doors.Body):
    """Which receipt goes back, how much of it (all that is left, if not said), and why.

    payer_id: whose verified account is paid when the bank did not say where it came from.
    """

    line_id = doors.text(max=40)
    amount = doors.amount(required=False, load_default=None, allow_none=True)
    payer_id = doors.text(max=40, required=False, load_default="")
    reason = doors.text(max=500)


class ReimburseIn(doors.Body):
    """Which vouchers a receipt reimburses, and why it is that."""

    line_id = doors.text(max=40)
    batch_id = doors.text(max=40)
    voucher_ids = doors.texts(max=500, each=40)
    reason = doors.text(max=500)


class ClearingQuery(doors.PageQuery):
    """Which clearings: those in one state, or all."""

    state = doors.choice(*State, required=False, load_default=None)


class ClearingOut(doors.LivingOut):
    """A clearing. maker and checker: persons; no checker where one person was enough."""

    line_id = fields.String()
    action = fields.String()
    action_label = fields.String()
    amount = fields.Nested(doors.MoneyBody)
    reason = fields.String()
    maker = fields.String()
    checker = fields.String(allow_none=True)
    proposed_at = fields.String()
    done_at = fields.String(allow_none=True)


def row(found: Clearing) -> Mapping[str, Any]:
    """Return what ClearingOut shows in a list: all but the actions."""
    return {
        "id": found.id,
        "state": found.state,
        "version": found.version,
        "line_id": found.line_id,
        "action": found.action,
        "action_label": languages.said(Action(found.action).label),
        "amount": doors.wire(found.amount),
        "reason": found.reason,
        "maker": found.maker,
        "checker": found.checker,
        "proposed_at": doors.moment(found.proposed_at),
        "done_at": doors.moment(found.done_at),
    }


def show(found: Clearing, work: Work) -> Mapping[str, Any]:
    """Return what ClearingOut shows."""
    return {**row(found), **doors.living(found, work, clearings.LIFE)}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(ClearingQuery, location="query")
@blueprint.response(200, doors.page_of(ClearingOut))
def listed(query: dict[str, Any]) -> Any:
    """List the clearings, newest first, to who oversees the exchange."""
    return doors.page(clearings.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, ClearingOut)
def one(subject_id: str) -> Any:
    """Show one clearing to who oversees the exchange."""
    work = unit.current()
    return doors.tagged(show(clearings.seen(work, subject_id), work))


@blueprint.post("/give")
@doors.money
@blueprint.arguments(GiveIn)
@blueprint.response(201, ClearingOut)
def give(body: dict[str, Any]) -> Any:
    """Divide a receipt over payments; done at once up to the limit, else for another person."""
    shares = [
        Share(one["payment_id"], doors.money_of(one["amount"]) if one["amount"] else None)
        for one in body["shares"]
    ]
    work = unit.current()
    return _shown(work, clearings.give(work, body["line_id"], shares=shares, reason=body["reason"]))


@blueprint.post("/call-fee")
@doors.money
@blueprint.arguments(LineReasonIn)
@blueprint.response(201, ClearingOut)
def call_fee(body: dict[str, Any]) -> Any:
    """Say that a debit which nobody knew is a fee of the bank."""
    work = unit.current()
    return _shown(work, clearings.call_fee(work, body["line_id"], reason=body["reason"]))


@blueprint.post("/send-back")
@doors.money
@blueprint.arguments(SendBackIn)
@blueprint.response(201, ClearingOut)
def send_back(body: dict[str, Any]) -> Any:
    """Give a receipt back to who sent it: a third party's money, or what came twice."""
    work, amount = unit.current(), body.pop("amount")
    line_id, told = body.pop("line_id"), doors.money_of(amount) if amount else None
    return _shown(work, clearings.send_back(work, line_id, amount=told, **body))


@blueprint.post("/reimburse")
@doors.money
@blueprint.arguments(ReimburseIn)
@blueprint.response(201, ClearingOut)
def reimburse(body: dict[str, Any]) -> Any:
    """Say that a receipt is a sponsor's reimbursement of vouchers."""
    work, line_id = unit.current(), body.pop("line_id")
    return _shown(work, clearings.reimburse(work, line_id, **body))


def _shown(work: Work, made: Clearing) -> Mapping[str, Any]:
    work.session.flush()  # the version is the database's first
    return show(made, work)


doors.steps(blueprint, clearings, ClearingOut, show)
