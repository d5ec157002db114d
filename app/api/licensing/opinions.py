"""The door of departments' opinions (供数部门意见) on scenarios."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from kernel.work import Work
from licensing import consents
from licensing.consents import Opinion, State

blueprint = doors.noun("opinions", "Departments' opinions · 供数部门意见")


class OpinedItemOut(Schema):
    """An item on which the department is asked."""

    directory_code = fields.String()
    item_code = fields.String()


class OpinionRowOut(Schema):
    """An opinion in a list, or beside its scenario."""

    id = fields.String()
    state = fields.String()
    version = fields.Integer()
    scenario_id = fields.String()
    round = fields.Integer()
    department_id = fields.String()
    items = fields.List(fields.Nested(OpinedItemOut))
    condition = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    asked_at = fields.String()
    given_at = fields.String(allow_none=True)


class OpinionOut(OpinionRowOut):
    """One opinion, with what the caller may do."""

    actions = fields.List(fields.Nested(doors.ActionOut))


class OpinionQuery(doors.PageQuery):
    """Which opinions to list."""

    state = doors.choice(*State, required=False, load_default=None)
    scenario_id = doors.text(max=40, required=False, load_default=None)


def row(found: Opinion) -> Mapping[str, Any]:
    """Return what OpinionRowOut shows."""
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "scenario_id": found.scenario_id,
        "round": found.round,
        "department_id": found.department_id,
        "items": found.items,
        "condition": found.condition,
        "reason": found.reason,
        "asked_at": doors.moment(found.asked_at),
        "given_at": doors.moment(found.given_at),
    }


def show(found: Opinion, work: Work) -> Mapping[str, Any]:
    """Return what OpinionOut shows."""
    return {**row(found), **doors.living(found, work, consents.LIFE)}


@blueprint.get("")
@doors.members()
@blueprint.arguments(OpinionQuery, location="query")
@blueprint.response(200, doors.page_of(OpinionRowOut))
def listed(query: dict[str, Any]) -> Any:
    """List the opinions that the caller may see, newest first."""
    return doors.page(consents.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members()
@blueprint.response(200, OpinionOut)
def one(subject_id: str) -> Any:
    """Show one opinion."""
    work = unit.current()
    return doors.tagged(show(consents.seen(work, subject_id), work))


doors.steps(blueprint, consents, OpinionOut, show)
