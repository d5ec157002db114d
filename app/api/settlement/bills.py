"""The door of bills (账单): what a month, a milestone or a report came to, and how."""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import fields

from app import doors, languages, unit
from kernel.work import Work
from settlement.metering import bill_lines, billing, bills, meters
from settlement.metering.bill_lines import BillLine
from settlement.metering.bills import Bill, State
from settlement.refunding import bill_credits
from settlement.refunding.bill_credits import Credit

blueprint = doors.noun("bills", "Bills · 账单")


class BillQuery(doors.PageQuery):
    """Which bills: of an order, in a state, or all that the caller may see."""

    order_id = doors.text(max=40, required=False, load_default=None)
    state = doors.choice(*State, required=False, load_default=None)


class WorkingOut(doors.Schema):
    """A row of how an amount came about, in 10⁻⁶ fen."""

    count = fields.Integer()
    unit_e6 = fields.Integer()
    sum_e6 = fields.Integer()


class BillLineOut(doors.Schema):
    """A line. units: without the failed ones; free: of them, what costs nothing."""

    meter_id = fields.String()
    title = fields.String()
    kind = fields.String()
    used_from = fields.String()
    used_to = fields.String()
    units = fields.Integer()
    unit = fields.String()
    failed = fields.Integer()
    free = fields.Integer()
    workings = fields.List(fields.Nested(WorkingOut))
    limited = fields.String(allow_none=True)
    amount_fen = fields.Integer()
    note = fields.String()


class BillCreditOut(doors.Schema):
    """What one refund took of one line of the order."""

    refund_id = fields.String()
    reference = fields.String()
    state = fields.String()
    requested_at = fields.String()
    order_line_id = fields.String()
    amount = fields.Nested(doors.MoneyBody)


class BillOut(doors.LivingOut):
    """A bill. drawn: paid from the buyer's wallet; lines, credits: left out in lists.

    refunded: what refunds have taken of it, on their way too. net: what remains charged.
    """

    code = fields.String()
    order_id = fields.String()
    buyer_id = fields.String()
    seller_id = fields.String()
    kind = fields.String()
    period = fields.String()
    used_from = fields.String()
    used_to = fields.String()
    amount = fields.Nested(doors.MoneyBody)
    refunded = fields.Nested(doors.MoneyBody)
    net = fields.Nested(doors.MoneyBody)
    drawn = fields.Boolean()
    credits = fields.List(fields.Nested(BillCreditOut))
    lines = fields.List(fields.Nested(BillLineOut))


class MilestoneIn(doors.Body):
    """A milestone that is reached."""

    meter_id = doors.text(max=40)
    number = doors.whole(min=1, max=100)
    evidence = doors.text(max=500)


class RevenueReportIn(doors.Body):
    """What the buyer earned with the data in a cycle, "2026-07" or "2026-Q3"."""

    meter_id = doors.text(max=40)
    period = doors.text(max=10)
    base = doors.amount()
    note = doors.text(max=500)


class AdjustmentIn(doors.Body):
    """What the next bill takes off, or adds (an auditor alone may add)."""

    meter_id = doors.text(max=40)
    period = doors.text(max=10)
    amount_fen = fields.Integer(required=True, strict=True)
    reason = doors.text(max=500)


class AuditIn(doors.Body):
    """What the base of a reported share really was."""

    meter_id = doors.text(max=40)
    period = doors.text(max=10)
    base = doors.amount()
    reason = doors.text(max=500)


class AdjustmentOut(doors.Schema):
    """An adjustment, for the next bill."""

    id = fields.String()
    meter_id = fields.String()
    period = fields.String()
    amount_fen = fields.Integer()
    reason = fields.String()


def row(found: Bill, taken: Sequence[Credit] = ()) -> Mapping[str, Any]:
    """Return what BillOut shows in a list. taken: what refunds took of it."""
    refunded = bill_credits.total(taken)
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "code": found.code,
        "order_id": found.order_id,
        "buyer_id": found.buyer_id,
        "seller_id": found.seller_id,
        "kind": found.kind,
        "period": found.period,
        "used_from": found.used_from.isoformat(),
        "used_to": found.used_to.isoformat(),
        "amount": doors.wire(found.amount),
        "refunded": doors.wire(refunded),
        "net": doors.wire(found.amount - refunded),
        "drawn": found.drawn,
    }


def lines_of(found: Bill, work: Work) -> list[dict[str, Any]]:
    """Return the lines of a bill as BillLineOut shows them. Two SELECTs."""
    named = {meter.id: meter for meter in meters.of_order(work.session, found.order_id)}
    return [_line(line, named[line.meter_id]) for line in bill_lines.of(work.session, [found.id])]


def show(found: Bill, work: Work) -> Mapping[str, Any]:
    """Return what BillOut shows."""
    living = doors.living(found, work, bills.LIFE)
    taken = bill_credits.of_bills(work.session, [found]).get(found.id, [])
    return {
        **row(found, taken),
        **living,
        "lines": lines_of(found, work),
        "credits": [_credit(each) for each in taken],
    }


def _line(line: BillLine, meter: meters.Meter) -> dict[str, Any]:
    return {
        "meter_id": line.meter_id,
        "title": languages.said(meter.title),
        "kind": line.kind,
        "used_from": line.used_from.isoformat(),
        "used_to": line.used_to.isoformat(),
        "units": line.units,
        "unit": meter.unit,
        "failed": line.failed,
        "free": line.free,
        "workings": line.workings,
        "limited": line.limited,
        "amount_fen": line.amount.minor,
        "note": line.note,
    }


def _credit(found: Credit) -> dict[str, Any]:
    return {
        **found._asdict(),
        "requested_at": doors.moment(found.requested_at),
        "amount": doors.wire(found.amount),
    }


def _adjustment(found: bill_lines.Adjustment) -> Mapping[str, Any]:
    return {
        "id": found.id,
        "meter_id": found.meter_id,
        "period": found.period,
        "amount_fen": found.amount.minor,
        "reason": found.reason,
    }


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(BillQuery, location="query")
@blueprint.response(200, doors.page_of(BillOut))
def listed(query: dict[str, Any]) -> Any:
    """List the bills that the caller may see, newest first."""
    work = unit.current()
    found = bills.listed(work, **query)
    taken = bill_credits.of_bills(work.session, found.items)
    return doors.page(found, lambda bill: row(bill, taken.get(bill.id, [])))


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, BillOut)
def one(subject_id: str) -> Any:
    """Show one bill with its lines, to its parties and to overseers."""
    work = unit.current()
    return doors.tagged(show(bills.seen(work, subject_id), work))


@blueprint.post("/milestones")
@doors.money
@blueprint.arguments(MilestoneIn)
@blueprint.response(201, BillOut)
def milestone(body: dict[str, Any]) -> Any:
    """Bill a milestone, on the seller's word. Needs an Idempotency-Key."""
    work = unit.current()
    made = billing.milestone(work, body["meter_id"], body["number"], evidence=body["evidence"])
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.post("/reports")
@doors.money
@blueprint.arguments(RevenueReportIn)
@blueprint.response(201, BillOut)
def revenue(body: dict[str, Any]) -> Any:
    """Report the base of a revenue share, and have its bill. Needs an Idempotency-Key."""
    work = unit.current()
    base_fen = doors.money_of(body["base"]).minor
    made = billing.report(
        work, body["meter_id"], period=body["period"], base_fen=base_fen, note=body["note"]
    )
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.post("/adjustments")
@doors.money
@blueprint.arguments(AdjustmentIn)
@blueprint.response(201, AdjustmentOut)
def adjust(body: dict[str, Any]) -> Any:
    """Write down what the next bill adds or takes off. Needs an Idempotency-Key."""
    return _adjustment(bill_lines.adjust(unit.current(), body.pop("meter_id"), **body))


@blueprint.post("/audits")
@doors.money
@blueprint.arguments(AuditIn)
@blueprint.response(201, AdjustmentOut)
def audit(body: dict[str, Any]) -> Any:
    """State the right base of a reported share, for an auditor. Needs an Idempotency-Key."""
    base_fen = doors.money_of(body.pop("base")).minor
    found = billing.restate(unit.current(), body.pop("meter_id"), base_fen=base_fen, **body)
    return _adjustment(found)


doors.steps(blueprint, bills, BillOut, show)
