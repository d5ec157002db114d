"""The door of source claims (数源申报): which item is the source of a meaning."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from catalogue import conflicts, sources
from catalogue.sources import Claim, State
from kernel.work import Work

blueprint = doors.noun("source_claims", "Source claims · 数源申报", prefix="/api/source-claims")


class SourceClaimIn(doors.Body):
    """A claim that an item is the authoritative source of a meaning."""

    master_item_code = doors.text(max=64)
    directory_id = doors.text(max=40)
    item_code = doors.text(max=64)
    grounds = doors.text(max=1000)


class SourceClaimRowOut(Schema):
    """A claim in a list."""

    id = fields.String()
    state = fields.String()
    version = fields.Integer()
    master_item_id = fields.String()
    directory_id = fields.String()
    item_code = fields.String()
    department_id = fields.String()
    level = fields.String()
    region = fields.String()
    grounds = fields.String()


class SourceClaimOut(SourceClaimRowOut):
    """One claim, with what the caller may do. conflict_id: that it has opened."""

    actions = fields.List(fields.Nested(doors.ActionOut))
    conflict_id = fields.String(allow_none=True)


class SourceClaimQuery(doors.PageQuery):
    """Which claims to list."""

    directory_id = doors.text(max=40, required=False, load_default=None)
    state = doors.choice(*State, required=False, load_default=None)


def row(found: Claim) -> Mapping[str, Any]:
    """Return what SourceClaimRowOut shows."""
    names = ("id", "version", "master_item_id", "directory_id", "item_code", "department_id",
             "level", "region", "grounds")  # fmt: skip
    return {**{name: getattr(found, name) for name in names}, "state": str(found.state)}


def show(found: Claim, work: Work) -> Mapping[str, Any]:
    """Return what SourceClaimOut shows."""
    return {**row(found), **doors.living(found, work, sources.LIFE), "conflict_id": None}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(SourceClaimQuery, location="query")
@blueprint.response(200, doors.page_of(SourceClaimRowOut))
def listed(query: dict[str, Any]) -> Any:
    """List the claims that the caller may see, newest first."""
    return doors.page(sources.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, SourceClaimOut)
def one(subject_id: str) -> Any:
    """Show one claim."""
    work = unit.current()
    return doors.tagged(show(sources.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(SourceClaimIn)
@blueprint.response(201, SourceClaimOut)
def claim(body: dict[str, Any]) -> Any:
    """Claim to be the source of a meaning; a second claim of a level opens a conflict."""
    work = unit.current()
    made, conflict = conflicts.claim(work, **body)
    work.session.flush()  # the version is the database's first
    return {**show(made, work), "conflict_id": conflict and conflict.id}


doors.steps(blueprint, sources, SourceClaimOut, show)
