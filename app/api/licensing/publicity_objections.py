"""The door of objections to announced decisions (公示异议)."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from app.doors import Schema
from kernel.work import Work
from licensing.pleading import publicity_objections as objections
from licensing.pleading.publicity_objections import PublicityObjection

blueprint = doors.noun("publicity-objections", "Objections to announced decisions · 公示异议")


class PublicityObjectionIn(doors.Body):
    """Which announced scenario is objected to, and why."""

    scenario_id = doors.text(max=40)
    reason = doors.text(max=500)


class PublicityObjectionQuery(doors.PageQuery):
    """Which objections to list."""

    scenario_id = doors.text(max=40, required=False, load_default=None)


class PublicityObjectionRowOut(Schema):
    """An objection in a list. filed_for: the organisation that objects."""

    id = fields.String()
    state = fields.String()
    version = fields.Integer()
    scenario_id = fields.String()
    filed_for = fields.String()
    reason = fields.String()
    answer = fields.String(allow_none=True)
    remedy = fields.String(allow_none=True)
    filed_at = fields.String()


class PublicityObjectionOut(PublicityObjectionRowOut):
    """An objection, with what the caller may do."""

    actions = fields.List(fields.Nested(doors.ActionOut))


def row(found: PublicityObjection) -> Mapping[str, Any]:
    """Return what PublicityObjectionRowOut shows."""
    shown = {name: getattr(found, name) for name in PublicityObjectionRowOut().fields}
    return {**shown, "state": str(found.state), "filed_at": doors.moment(found.filed_at)}


def show(found: PublicityObjection, work: Work) -> Mapping[str, Any]:
    """Return what PublicityObjectionOut shows."""
    return {**row(found), **doors.living(found, work, objections.LIFE)}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(PublicityObjectionQuery, location="query")
@blueprint.response(200, doors.page_of(PublicityObjectionRowOut))
def listed(query: dict[str, Any]) -> Any:
    """List the objections that the caller may see, newest first."""
    return doors.page(objections.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, PublicityObjectionOut)
def one(subject_id: str) -> Any:
    """Show one objection."""
    work = unit.current()
    return doors.tagged(show(objections.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(PublicityObjectionIn)
@blueprint.response(201, PublicityObjectionOut)
def file(body: dict[str, Any]) -> Any:
    """Object to an announced decision, while it is announced."""
    work = unit.current()
    made = objections.file(work, body["scenario_id"], reason=body["reason"])
    work.session.flush()  # the version is the database's first
    return show(made, work)


doors.steps(blueprint, objections, PublicityObjectionOut, show)
