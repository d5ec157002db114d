"""The door of settlement (结算): what is due, the batches that divide it, who checked them."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, languages, unit
from kernel.work import Work
from settlement import batches, chart, escrow
from settlement.batches import Divided, SettlementBatch
from settlement.escrow import Obligation
from settlement.shares import Part

blueprint = doors.noun("settlements", "Settlement · 结算")


class BatchIn(doors.Body):
    """Up to which day, today if not said."""

    cutoff = doors.day(required=False, load_default=None)


class ObligationQuery(doors.PageQuery):
    """Which obligations: those of one order, or all that the caller may see."""

    order_id = doors.text(max=40, required=False, load_default=None)


class PartOut(doors.Schema):
    """What one account of one owner gets."""

    account_code = fields.String()
    account_name = fields.String()
    owner = fields.String()
    amount = fields.Nested(doors.MoneyBody)


class DividedOut(doors.Schema):
    """How one accepted line is divided; entry_id once it is posted."""

    obligation_id = fields.String()
    order_id = fields.String()
    order_line_id = fields.String()
    amount = fields.Nested(doors.MoneyBody)
    fee = fields.Nested(doors.MoneyBody)
    buyer_fee = fields.Nested(doors.MoneyBody)
    parts = fields.List(fields.Nested(PartOut))
    entry_id = fields.Integer(allow_none=True)


class BatchOut(doors.LivingOut):
    """A batch. maker and checker: persons, never the same."""

    cutoff = fields.String()
    rule_version = fields.String()
    input_digest = fields.String()
    obligation_count = fields.Integer()
    total = fields.Nested(doors.MoneyBody)
    maker = fields.String()
    computed_at = fields.String()
    checker = fields.String(allow_none=True)
    posted_at = fields.String(allow_none=True)


class BatchLinesOut(BatchOut):
    """A batch with its lines, 200 at a time. next: after which line the others come."""

    lines = fields.List(fields.Nested(DividedOut))
    next = fields.String(allow_none=True)


class LinesQuery(doors.Body):
    """After which line."""

    after = doors.text(max=40, required=False, load_default="")


class ObligationOut(doors.Schema):
    """An accepted line that is, or was, to be settled."""

    id = fields.String()
    state = fields.String()
    order_id = fields.String()
    order_line_id = fields.String()
    seq = fields.Integer()
    amount = fields.Nested(doors.MoneyBody)
    left = fields.Nested(doors.MoneyBody)
    kind = fields.String()
    seller_id = fields.String()
    operator_id = fields.String(allow_none=True)
    accepted_on = fields.String()
    due_on = fields.String()
    batch_id = fields.String(allow_none=True)
    fee_rule_id = fields.String(allow_none=True)
    revenue_rule_id = fields.String(allow_none=True)
    held = fields.Boolean()


def row(found: SettlementBatch) -> Mapping[str, Any]:
    """Return what BatchOut shows in a list: all but the actions."""
    return {
        "id": found.id,
        "state": found.state,
        "version": found.version,
        "cutoff": found.cutoff.isoformat(),
        "rule_version": found.rule_version,
        "input_digest": found.input_digest,
        "obligation_count": found.obligation_count,
        "total": doors.wire(found.total),
        "maker": found.maker,
        "computed_at": doors.moment(found.computed_at),
        "checker": found.checker,
        "posted_at": doors.moment(found.posted_at),
    }


def show(found: SettlementBatch, work: Work) -> Mapping[str, Any]:
    """Return what BatchOut shows."""
    return {**row(found), **doors.living(found, work, batches.LIFE)}


def show_divided(divided: Divided) -> Mapping[str, Any]:
    """Return what DividedOut shows."""
    return {
        "obligation_id": divided.obligation.id,
        "order_id": divided.obligation.order_id,
        "order_line_id": divided.obligation.order_line_id,
        "amount": doors.wire(divided.obligation.left),
        "fee": doors.wire(divided.fee),
        "buyer_fee": doors.wire(divided.buyer_fee),
        "parts": [_part(part) for part in divided.parts],
        "entry_id": divided.entry_id,
    }


def show_obligation(found: Obligation) -> Mapping[str, Any]:
    """Return what ObligationOut shows."""
    return {
        "id": found.id,
        "state": found.state,
        "order_id": found.order_id,
        "order_line_id": found.order_line_id,
        "seq": found.seq,
        "amount": doors.wire(found.amount),
        "left": doors.wire(found.left),
        "kind": found.kind,
        "seller_id": found.seller_id,
        "operator_id": found.operator_id,
        "accepted_on": found.accepted_on.isoformat(),
        "due_on": found.due_on.isoformat(),
        "batch_id": found.batch_id,
        "fee_rule_id": found.fee_rule_id,
        "revenue_rule_id": found.revenue_rule_id,
        "held": found.holds > 0,
    }


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(BatchIn)
@blueprint.response(201, BatchOut)
def compute(body: dict[str, Any]) -> Any:
    """Divide what is due, for another person to check."""
    work = unit.current()
    made = batches.compute(work, **body)
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(BatchOut))
def listed(query: dict[str, Any]) -> Any:
    """List the batches, newest first, to who oversees the exchange."""
    return doors.page(batches.listed(unit.current(), **query), row)


@blueprint.get("/obligations")
@doors.members("read")
@blueprint.arguments(ObligationQuery, location="query")
@blueprint.response(200, doors.page_of(ObligationOut))
def obligations(query: dict[str, Any]) -> Any:
    """List what is, or was, to be settled, newest first: the caller's, or to overseers all."""
    return doors.page(escrow.listed(unit.current(), **query), show_obligation)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.arguments(LinesQuery, location="query")
@blueprint.response(200, BatchLinesOut)
def one(query: dict[str, Any], subject_id: str) -> Any:
    """Show one batch with its lines: how they would be divided now, or how they were."""
    work = unit.current()
    found = batches.seen(work, subject_id)
    lines = batches.lines(work, found, **query)
    more = lines[-1].obligation.id if len(lines) == batches.LINES_MAX else None
    shown = {"lines": [show_divided(line) for line in lines], "next": more}
    return doors.tagged({**show(found, work), **shown})


doors.steps(blueprint, batches, BatchOut, show)


def _part(part: Part) -> Mapping[str, Any]:
    return {
        "account_code": part.account_code,
        "account_name": languages.said(chart.account(part.account_code).name),
        "owner": part.owner,
        "amount": doors.wire(part.amount),
    }
