"""The door of source conflicts (数源争议): two claims to be the one source."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from catalogue import conflicts
from catalogue.conflicts import SourceConflict
from kernel.work import Work

blueprint = doors.noun(
    "source_conflicts", "Source conflicts · 数源争议", prefix="/api/source-conflicts"
)


class SourceConflictRowOut(Schema):
    """A conflict in a list."""

    id = fields.String()
    state = fields.String()
    version = fields.Integer()
    master_item_id = fields.String()
    standing_claim_id = fields.String()
    rival_claim_id = fields.String()
    winner = fields.String(allow_none=True)
    opened_at = fields.String()


class SourceConflictOut(SourceConflictRowOut):
    """One conflict, with what the caller may do."""

    actions = fields.List(fields.Nested(doors.ActionOut))


def row(found: SourceConflict) -> Mapping[str, Any]:
    """Return what SourceConflictRowOut shows."""
    names = ("id", "version", "master_item_id", "standing_claim_id", "rival_claim_id", "winner")
    return {
        **{name: getattr(found, name) for name in names},
        "state": str(found.state),
        "opened_at": doors.moment(found.opened_at),
    }


def show(found: SourceConflict, work: Work) -> Mapping[str, Any]:
    """Return what SourceConflictOut shows."""
    return {**row(found), **doors.living(found, work, conflicts.LIFE)}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(SourceConflictRowOut))
def listed(query: dict[str, Any]) -> Any:
    """List the conflicts that the caller may see, newest first."""
    return doors.page(conflicts.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, SourceConflictOut)
def one(subject_id: str) -> Any:
    """Show one conflict."""
    work = unit.current()
    return doors.tagged(show(conflicts.seen(work, subject_id), work))


doors.steps(blueprint, conflicts, SourceConflictOut, show)
