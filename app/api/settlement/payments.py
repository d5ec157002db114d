"""The door of payments (付款指令): what a buyer has to pay, how, and how much has arrived."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from kernel.work import Work
from settlement import payments
from settlement.payments import Payment

blueprint = doors.noun("payments", "Payments · 付款指令")


class PaymentQuery(doors.PageQuery):
    """Which payments: those of one order, or all that the caller may see."""

    order_id = doors.text(max=40, required=False, load_default=None)


class PaymentOut(doors.LivingOut):
    """A payment. account: where to pay; reference: what the transfer's text must carry.

    purpose and target: what is paid, and its id. order_id: whose escrow it goes into. rails:
    by which providers it can be paid as well.
    """

    purpose = fields.String()
    target = fields.String()
    order_id = fields.String(allow_none=True)
    rails = fields.List(fields.String())
    payer_id = fields.String()
    amount = fields.Nested(doors.MoneyBody)
    funded = fields.Nested(doors.MoneyBody)
    due = fields.Nested(doors.MoneyBody)
    account = fields.String()
    reference = fields.String()
    instructed_at = fields.String()


def row(found: Payment, work: Work) -> Mapping[str, Any]:
    """Return what PaymentOut shows in a list: all but the actions."""
    return {
        "id": found.id,
        "state": found.state,
        "version": found.version,
        "purpose": str(found.purpose),
        "target": found.target,
        "order_id": found.order_id,
        "rails": sorted(unit.house().rails),
        "payer_id": found.payer_id,
        "amount": doors.wire(found.amount),
        "funded": doors.wire(found.funded),
        "due": doors.wire(found.due),
        "account": work.rules.text("settlement.custody_account"),
        "reference": found.reference,
        "instructed_at": doors.moment(found.instructed_at),
    }


def show(found: Payment, work: Work) -> Mapping[str, Any]:
    """Return what PaymentOut shows."""
    return {**row(found, work), **doors.living(found, work, payments.LIFE)}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(PaymentQuery, location="query")
@blueprint.response(200, doors.page_of(PaymentOut))
def listed(query: dict[str, Any]) -> Any:
    """List the caller's payments, newest first; all of them to who oversees the exchange."""
    work = unit.current()
    return doors.page(payments.listed(work, **query), lambda item: row(item, work))


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, PaymentOut)
def one(subject_id: str) -> Any:
    """Show one payment to its payer, or to who oversees the exchange."""
    work = unit.current()
    return doors.tagged(show(payments.seen(work, subject_id), work))
