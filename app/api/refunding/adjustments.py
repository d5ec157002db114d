"""The door of adjustments by hand (人工调整) and write-offs (核销)."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from kernel.work import Work
from settlement.entries import AccountRef
from settlement.refunding import adjustments
from settlement.refunding.adjustments import Adjustment, Kind

blueprint = doors.noun("adjustments", "Adjustments and write-offs · 人工调整与核销")


class LedgerAdjustmentIn(doors.Body):
    """From which account to which, how much, why. document: SHA-256 of what it rests on."""

    kind = doors.choice(*Kind)
    debit_code = doors.text(max=40)
    debit_owner = doors.text(max=80, min=0, required=False, load_default="")
    credit_code = doors.text(max=40)
    credit_owner = doors.text(max=80, min=0, required=False, load_default="")
    amount = doors.amount()
    reason = doors.text(max=500)
    document = doors.text(max=64, min=64)


class LedgerAdjustmentOut(doors.LivingOut):
    """An adjustment. maker and checker: persons, never the same."""

    kind = fields.String()
    debit_code = fields.String()
    debit_owner = fields.String()
    credit_code = fields.String()
    credit_owner = fields.String()
    amount = fields.Nested(doors.MoneyBody)
    reason = fields.String()
    document = fields.String()
    maker = fields.String()
    proposed_at = fields.String()
    checker = fields.String(allow_none=True)
    posted_at = fields.String(allow_none=True)


def row(found: Adjustment) -> Mapping[str, Any]:
    """Return what LedgerAdjustmentOut shows in a list: all but the actions."""
    plain = ("id", "state", "version", "kind", "debit_code", "debit_owner", "credit_code",
             "credit_owner", "reason", "document", "maker", "checker")  # fmt: skip
    return {
        **{name: getattr(found, name) for name in plain},
        "amount": doors.wire(found.amount),
        "proposed_at": doors.moment(found.proposed_at),
        "posted_at": doors.moment(found.posted_at),
    }


def show(found: Adjustment, work: Work) -> Mapping[str, Any]:
    """Return what LedgerAdjustmentOut shows."""
    return {**row(found), **doors.living(found, work, adjustments.LIFE)}


@blueprint.post("")
@doors.money
@blueprint.arguments(LedgerAdjustmentIn)
@blueprint.response(201, LedgerAdjustmentOut)
def propose(body: dict[str, Any]) -> Any:
    """Propose an adjustment, for another person to check and post."""
    work = unit.current()
    made = adjustments.propose(
        work,
        kind=Kind(body["kind"]),
        debit=AccountRef(body["debit_code"], body["debit_owner"]),
        credit=AccountRef(body["credit_code"], body["credit_owner"]),
        amount=doors.money_of(body["amount"]),
        reason=body["reason"],
        document=body["document"],
    )
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(LedgerAdjustmentOut))
def listed(query: dict[str, Any]) -> Any:
    """List the adjustments, newest first, to who oversees the exchange."""
    return doors.page(adjustments.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, LedgerAdjustmentOut)
def one(subject_id: str) -> Any:
    """Show one adjustment to who oversees the exchange."""
    work = unit.current()
    return doors.tagged(show(adjustments.seen(work, subject_id), work))


doors.steps(blueprint, adjustments, LedgerAdjustmentOut, show)
