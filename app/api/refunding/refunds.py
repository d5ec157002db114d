"""The door of refunds (退款): money that goes back to who paid it."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from kernel.work import Work
from marketplace.standing import returning
from settlement.refunding import costs, parts, refunds, terms
from settlement.refunding.parts import RefundPart
from settlement.refunding.refunds import Refund, State

blueprint = doors.noun("refunds", "Refunds · 退款")


class RefundIn(doors.Body):
    """Of which order how much goes back, and why. order_line_id: out of this line alone.

    fee_refund: the exchange gives its fee back as well; otherwise the seller bears it.
    """

    order_id = doors.text(max=40)
    amount = doors.amount()
    reason = doors.text(max=500)
    order_line_id = doors.text(max=40, required=False, load_default=None)
    fee_refund = doors.flag(required=False, load_default=False)


class SuspenseRefundIn(doors.Body):
    """Which line of the bank came to nothing here, and how much of it goes back."""

    line_id = doors.text(max=40)
    amount = doors.amount()
    reason = doors.text(max=500)


class GoodwillIn(doors.Body):
    """What the exchange makes good itself, to whom."""

    payer_id = doors.text(max=60)
    amount = doors.amount()
    reason = doors.text(max=500)


class TermEndIn(doors.Body):
    """Which order's subscription ends after which day, and why; the unused days go back."""

    order_id = doors.text(max=40)
    on = doors.day()
    reason = doors.text(max=500)
    fee_refund = doors.flag(required=False, load_default=False)


class RefundQuery(doors.PageQuery):
    """Which refunds: in one state, of one order, or all that the caller may see."""

    state = doors.choice(*State, required=False, load_default=None)
    order_id = doors.text(max=40, required=False, load_default=None)


class RefundPartOut(doors.Schema):
    """What a refund took of one share. obligation_id: empty for money in escrow."""

    obligation_id = fields.String()
    account_code = fields.String()
    owner = fields.String()
    amount = fields.Nested(doors.MoneyBody)


class RefundOut(doors.LivingOut):
    """A refund. maker and checker: persons, never the same."""

    kind = fields.String()
    order_id = fields.String(allow_none=True)
    order_line_id = fields.String(allow_none=True)
    payer_id = fields.String(allow_none=True)
    amount = fields.Nested(doors.MoneyBody)
    reason = fields.String()
    fee_refund = fields.Boolean()
    rail = fields.String()
    reference = fields.String()
    maker = fields.String()
    requested_at = fields.String()
    checker = fields.String(allow_none=True)
    approved_at = fields.String(allow_none=True)
    file_id = fields.String(allow_none=True)
    ended_on = fields.String(allow_none=True)
    failure = fields.String(allow_none=True)
    first_id = fields.String(allow_none=True)


class RefundWholeOut(RefundOut):
    """A refund with what it took from where.

    together: all that were asked for with it, because one receipt could not bear the whole.
    cost: of its transfer, as the contract has it; it is taken off what was paid, beside amount.
    """

    cost = fields.Nested(doors.MoneyBody)
    together = fields.List(fields.String())
    parts = fields.List(fields.Nested(RefundPartOut))


def row(found: Refund) -> Mapping[str, Any]:
    """Return what RefundOut shows in a list: all but the actions."""
    plain = ("id", "state", "version", "kind", "order_id", "order_line_id", "payer_id", "reason",
             "fee_refund", "rail", "reference", "maker", "checker", "file_id",
             "failure", "first_id")  # fmt: skip
    return {
        **{name: getattr(found, name) for name in plain},
        "amount": doors.wire(found.amount),
        "requested_at": doors.moment(found.requested_at),
        "approved_at": doors.moment(found.approved_at),
        "ended_on": found.ended_on.isoformat() if found.ended_on else None,
    }


def show(found: Refund, work: Work) -> Mapping[str, Any]:
    """Return what RefundOut shows."""
    return {**row(found), **doors.living(found, work, refunds.LIFE)}


def show_part(part: RefundPart) -> Mapping[str, Any]:
    """Return what RefundPartOut shows."""
    return {
        "obligation_id": part.obligation_id,
        "account_code": part.share_code,
        "owner": part.share_owner,
        "amount": {"minor": part.amount_minor, "currency": part.currency},
    }


@blueprint.post("")
@doors.money
@blueprint.arguments(RefundIn)
@blueprint.response(201, RefundOut)
def request(body: dict[str, Any]) -> Any:
    """Give a part of what was paid for an order back; it stands in transit from now on.

    When one receipt cannot bear it whole it goes back in several refunds; the first is shown,
    the others name it by first_id.
    """
    work = unit.current()
    made = refunds.request(work, **{**body, "amount": doors.money_of(body["amount"])})
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.post("/terms")
@doors.money
@blueprint.arguments(TermEndIn)
@blueprint.response(201, RefundOut)
def end_term(body: dict[str, Any]) -> Any:
    """End a subscription early: its used days are earned, its unused ones go back."""
    work = unit.current()
    made = terms.end(work, body.pop("order_id"), **body)
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.post("/suspense")
@doors.money
@blueprint.arguments(SuspenseRefundIn)
@blueprint.response(201, RefundOut)
def of_suspense(body: dict[str, Any]) -> Any:
    """Give money in suspense back to the bank account that it came from."""
    work = unit.current()
    made = refunds.of_suspense(work, **{**body, "amount": doors.money_of(body["amount"])})
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.post("/goodwill")
@doors.money
@blueprint.arguments(GoodwillIn)
@blueprint.response(201, RefundOut)
def make_good(body: dict[str, Any]) -> Any:
    """Pay a customer what the exchange makes good from its own."""
    work = unit.current()
    made = refunds.make_good(work, **{**body, "amount": doors.money_of(body["amount"])})
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.post("/<string:subject_id>/again")
@doors.money
@blueprint.response(201, RefundOut)
def ask_again(subject_id: str) -> Any:
    """Ask again for a refund of what has ended of an order, after it was withdrawn."""
    work = unit.current()
    made = returning.ask_again(work, subject_id)
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(RefundQuery, location="query")
@blueprint.response(200, doors.page_of(RefundOut))
def listed(query: dict[str, Any]) -> Any:
    """List the refunds that the caller gets, newest first; all to who oversees."""
    return doors.page(refunds.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, RefundWholeOut)
def one(subject_id: str) -> Any:
    """Show one refund, with what it took from where."""
    work = unit.current()
    found = refunds.seen(work, subject_id)
    taken = [show_part(part) for part in parts.of(work.session, found.id)]
    together = [each.id for each in refunds.together(work.session, found)]
    cost = doors.wire(costs.taken(work.session, found))
    told = {**show(found, work), "cost": cost, "parts": taken, "together": together}
    return doors.tagged(told)


doors.steps(blueprint, refunds, RefundOut, show)
