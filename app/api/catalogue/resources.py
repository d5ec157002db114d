"""The door of data resources (数据资源): attaching the files that are really there."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from catalogue import resources
from catalogue.resources import Resource
from delivery import domain
from kernel.work import Work

blueprint = doors.noun("resources", "Data resources · 数据资源")


class ResourceIn(doors.Body):
    """A file of the secure domain, by its mount key, for a directory of the caller's."""

    directory_id = doors.text(max=40)
    system_id = doors.text(max=40)
    name = doors.text(max=120)
    location = doors.text(max=90)


class ColumnOut(Schema):
    """One column. missing_bp: missing values in basis points of the rows."""

    name = fields.String()
    type = fields.String()
    missing_bp = fields.Integer()


class ResourceOut(doors.LivingOut):
    """A resource and the profile that it was attached with."""

    system_id = fields.String()
    directory_id = fields.String()
    department_id = fields.String()
    name = fields.String()
    location = fields.String()
    sha256 = fields.String()
    row_count = fields.Integer()
    byte_size = fields.Integer()
    columns = fields.List(fields.Nested(ColumnOut))
    attached_at = fields.String()
    refreshed_at = fields.String(allow_none=True)


class ResourceQuery(doors.PageQuery):
    """Which resources to list."""

    directory_id = doors.text(max=40, required=False, load_default=None)


def row(found: Resource) -> Mapping[str, Any]:
    """Return what ResourceOut shows in a list: all but the actions, whose guards would each ask."""
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "system_id": found.system_id,
        "directory_id": found.directory_id,
        "department_id": found.department_id,
        "name": found.name,
        "location": found.location,
        "sha256": found.sha256,
        "row_count": found.row_count,
        "byte_size": found.byte_size,
        "columns": found.columns,
        "attached_at": doors.moment(found.attached_at),
        "refreshed_at": doors.moment(found.refreshed_at),
    }


def show(found: Resource, work: Work) -> Mapping[str, Any]:
    """Return what ResourceOut shows."""
    return {**row(found), **doors.living(found, work, resources.LIFE)}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(ResourceQuery, location="query")
@blueprint.response(200, doors.page_of(ResourceOut))
def listed(query: dict[str, Any]) -> Any:
    """List the resources that the caller may see, newest first."""
    return doors.page(resources.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, ResourceOut)
def one(subject_id: str) -> Any:
    """Show one resource."""
    work = unit.current()
    return doors.tagged(show(resources.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(ResourceIn)
@blueprint.response(201, ResourceOut)
def attach(body: dict[str, Any]) -> Any:
    """Inspect a file in the secure domain and attach it to a directory."""
    work = unit.current()
    place = {name: body[name] for name in ("directory_id", "system_id", "location")}
    resources.check_place(work, **place)  # nobody else's files are opened, not even to look
    profile = domain.inspect(unit.house().data_dir, body["location"])
    made = resources.attach(work, **body, profile=profile)
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.post("/<string:subject_id>/refresh")
@doors.members("write")
@blueprint.arguments(doors.Body)
@blueprint.response(200, ResourceOut)
def refresh(_body: dict[str, Any], subject_id: str) -> Any:
    """Inspect the file anew after data have come; its freshness starts again."""
    work = unit.current()
    location = resources.refreshable(work, subject_id).location
    profile = domain.inspect(unit.house().data_dir, location)
    found = resources.refresh(work, subject_id, profile=profile)
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(found, work)


doors.steps(blueprint, resources, ResourceOut, show)
