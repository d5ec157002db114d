"""The door of disputes at payment providers (支付争议)."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from kernel.work import Work
from settlement.refunding import disputes
from settlement.refunding.disputes import Chargeback, State

blueprint = doors.noun("disputes", "Disputes at payment providers · 支付争议")


class DisputeQuery(doors.PageQuery):
    """Which disputes: in one state, or all."""

    state = doors.choice(*State, required=False, load_default=None)


class DisputeOut(doors.LivingOut):
    """A dispute. dispute_id: the provider's. evidence_due: until when to answer."""

    provider = fields.String()
    dispute_id = fields.String()
    charge_object = fields.String()
    order_id = fields.String(allow_none=True)
    amount = fields.Nested(doors.MoneyBody)
    lost = fields.Nested(doors.MoneyBody)
    evidence_due = fields.String(allow_none=True)
    evidence = fields.String(allow_none=True)
    hold_id = fields.String(allow_none=True)
    seen_at = fields.String()


def row(found: Chargeback) -> Mapping[str, Any]:
    """Return what DisputeOut shows in a list: all but the actions."""
    plain = ("id", "state", "version", "provider", "dispute_id", "charge_object", "order_id",
             "evidence", "hold_id")  # fmt: skip
    return {
        **{name: getattr(found, name) for name in plain},
        "amount": doors.wire(found.amount),
        "lost": {"minor": found.lost_minor, "currency": found.amount.currency},
        "evidence_due": doors.moment(found.evidence_due),
        "seen_at": doors.moment(found.seen_at),
    }


def show(found: Chargeback, work: Work) -> Mapping[str, Any]:
    """Return what DisputeOut shows."""
    return {**row(found), **doors.living(found, work, disputes.LIFE)}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(DisputeQuery, location="query")
@blueprint.response(200, doors.page_of(DisputeOut))
def listed(query: dict[str, Any]) -> Any:
    """List the disputes, newest first, to who oversees the exchange."""
    return doors.page(disputes.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, DisputeOut)
def one(subject_id: str) -> Any:
    """Show one dispute to who oversees the exchange."""
    work = unit.current()
    return doors.tagged(show(disputes.seen(work, subject_id), work))


doors.steps(blueprint, disputes, DisputeOut, show)
