"""The door of destructions (销毁): the proof that what was received is gone."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from kernel.work import Work
from licensing.standing import destructions
from licensing.standing.destructions import Destruction, State

blueprint = doors.noun("destructions", "Destructions · 销毁证明")


class DestructionQuery(doors.PageQuery):
    """Which destructions to list. sampled: drawn for an audit."""

    state = doors.choice(*State, required=False, load_default=None)
    sampled = fields.Boolean(load_default=None)


class DestructionOut(doors.LivingOut):
    """What must be proved of one authorisation that has ended."""

    authorisation_id = fields.String()
    grantee_id = fields.String()
    ended_as = fields.String()
    opened_at = fields.String()
    method = fields.String(allow_none=True)
    digest = fields.String(allow_none=True)
    certified_at = fields.String(allow_none=True)
    sampled = fields.Boolean()


def row(found: Destruction) -> Mapping[str, Any]:
    """Return what DestructionOut shows in a list: all but actions."""
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "authorisation_id": found.authorisation_id,
        "grantee_id": found.grantee_id,
        "ended_as": found.ended_as,
        "opened_at": doors.moment(found.opened_at),
        "method": found.method,
        "digest": found.digest,
        "certified_at": doors.moment(found.certified_at),
        "sampled": found.sampled,
    }


def show(found: Destruction, work: Work) -> Mapping[str, Any]:
    """Return what DestructionOut shows."""
    return {**row(found), **doors.living(found, work, destructions.LIFE)}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(DestructionQuery, location="query")
@blueprint.response(200, doors.page_of(DestructionOut))
def listed(query: dict[str, Any]) -> Any:
    """List the destructions that concern the caller, newest first."""
    return doors.page(destructions.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, DestructionOut)
def one(subject_id: str) -> Any:
    """Show one destruction."""
    work = unit.current()
    return doors.tagged(show(destructions.seen(work, subject_id), work))


doors.steps(blueprint, destructions, DestructionOut, show)
