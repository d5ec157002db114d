"""The door of destructions of what buyers received (数据销毁证明)."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from app.api.aftercare import pieces
from kernel.work import Work
from marketplace.aftercare import destructions
from marketplace.aftercare.destructions import DataDestruction, State

blueprint = doors.noun("data-destructions", "Destructions of what was bought · 数据销毁证明")


class DataDestructionQuery(doors.PageQuery):
    """Which destructions: in one state, those without proof, or all."""

    state = doors.choice(*State, required=False, load_default=None)
    unproved = fields.Boolean(load_default=False)


class DataDestructionOut(doors.LivingOut):
    """What a buyer must prove of one delivery. sampled: drawn for an audit."""

    task_id = fields.String()
    order_id = fields.String()
    buyer_id = fields.String()
    seller_id = fields.String()
    cause = fields.String()
    opened_at = fields.String()
    method = fields.String(allow_none=True)
    digest = fields.String(allow_none=True)
    signer = fields.String(allow_none=True)
    certified_at = fields.String(allow_none=True)
    sampled = fields.Boolean()


def row(found: DataDestruction) -> Mapping[str, Any]:
    """Return what DataDestructionOut shows in a list: all but the actions."""
    plain = ("id", "state", "version", "task_id", "order_id", "buyer_id", "seller_id", "cause",
             "method", "digest", "signer", "sampled")  # fmt: skip
    return {
        **{name: getattr(found, name) for name in plain},
        "opened_at": doors.moment(found.opened_at),
        "certified_at": doors.moment(found.certified_at),
    }


def show(found: DataDestruction, work: Work) -> Mapping[str, Any]:
    """Return what DataDestructionOut shows."""
    return {**row(found), **doors.living(found, work, destructions.LIFE)}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(DataDestructionQuery, location="query")
@blueprint.response(200, doors.page_of(DataDestructionOut))
def listed(query: dict[str, Any]) -> Any:
    """List the destructions that concern the caller, newest first."""
    return doors.page(destructions.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, DataDestructionOut)
def one(subject_id: str) -> Any:
    """Show one destruction to its parties and to overseers."""
    work = unit.current()
    return doors.tagged(show(destructions.seen(work, subject_id), work))


pieces.mount(blueprint, destructions.show_certificate, destructions.opened, at="certificates")
doors.steps(blueprint, destructions, DataDestructionOut, show)
