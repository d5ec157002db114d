"""The doors of sources (一数一源): master items, claims to be the source of one, conflicts."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from catalogue import conflicts, sources
from catalogue.conflicts import SourceConflict
from catalogue.sources import Claim, MasterItem, State
from kernel.work import Work

master_items = doors.noun("master_items", "Master items · 主数据项", prefix="/api/master-items")
claims = doors.noun("source_claims", "Source claims · 数源申报", prefix="/api/source-claims")
blueprint = doors.noun("source_conflicts", "Source conflicts · 数源争议",
                       prefix="/api/source-conflicts")  # fmt: skip


class MasterItemIn(doors.Body):
    """A meaning that items of several directories share."""

    code = doors.text(max=64)
    name_zh = doors.text(max=120)
    name_en = doors.text(max=120)
    definition = doors.text(max=1000)


class MasterItemOut(Schema):
    """A meaning as everybody may see it."""

    id = fields.String()
    code = fields.String()
    name_zh = fields.String()
    name_en = fields.String()
    definition = fields.String()


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


def show_master(found: MasterItem) -> Mapping[str, Any]:
    """Return what MasterItemOut shows."""
    names = ("id", "code", "name_zh", "name_en", "definition")
    return {name: getattr(found, name) for name in names}


def row_of_claim(found: Claim) -> Mapping[str, Any]:
    """Return what SourceClaimRowOut shows."""
    names = ("id", "version", "master_item_id", "directory_id", "item_code", "department_id",
             "level", "region", "grounds")  # fmt: skip
    return {**{name: getattr(found, name) for name in names}, "state": str(found.state)}


def show_claim(found: Claim, work: Work) -> Mapping[str, Any]:
    """Return what SourceClaimOut shows."""
    return {**row_of_claim(found), **doors.living(found, work, sources.LIFE), "conflict_id": None}


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


@master_items.get("")
@doors.public
@master_items.arguments(doors.PageQuery, location="query")
@master_items.response(200, doors.page_of(MasterItemOut))
def master_items_listed(query: dict[str, Any]) -> Any:
    """List the master items, by code."""
    return doors.page(sources.master_items(unit.current().session, **query), show_master)


@master_items.post("")
@doors.members("write")
@master_items.arguments(MasterItemIn)
@master_items.response(201, MasterItemOut)
def master_item_enter(body: dict[str, Any]) -> Any:
    """Enter a meaning, as the data authority."""
    return show_master(sources.enter(unit.current(), **body))


@claims.get("")
@doors.members("read")
@claims.arguments(SourceClaimQuery, location="query")
@claims.response(200, doors.page_of(SourceClaimRowOut))
def claims_listed(query: dict[str, Any]) -> Any:
    """List the claims that the caller may see, newest first."""
    return doors.page(sources.listed(unit.current(), **query), row_of_claim)


@claims.get("/<string:subject_id>")
@doors.members("read")
@claims.response(200, SourceClaimOut)
def claim_one(subject_id: str) -> Any:
    """Show one claim."""
    work = unit.current()
    return doors.tagged(show_claim(sources.seen(work, subject_id), work))


@claims.post("")
@doors.members("write")
@claims.arguments(SourceClaimIn)
@claims.response(201, SourceClaimOut)
def claim(body: dict[str, Any]) -> Any:
    """Claim to be the source of a meaning; a second claim of a level opens a conflict."""
    work = unit.current()
    made, conflict = conflicts.claim(work, **body)
    work.session.flush()  # the version is the database's first
    return {**show_claim(made, work), "conflict_id": conflict and conflict.id}


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


doors.steps(claims, sources, SourceClaimOut, show_claim)
doors.steps(blueprint, conflicts, SourceConflictOut, show)
