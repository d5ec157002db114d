"""The door of locations (挂载位置): tables that stay where their owner keeps them."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from app.api.delivery.uploads import UploadProblemOut
from delivery.locations import locations
from delivery.locations.locations import Location
from delivery.locations.roots import Root
from delivery.locations.stores import Keys
from kernel.errors import Invalid
from kernel.work import Work

blueprint = doors.noun("data-locations", "Locations of data · 数据挂载位置")


class LocationKeysIn(doors.Body):
    """What opens a bucket; it is sealed and never shown again."""

    access_key_id = doors.text(max=128)
    secret_access_key = doors.text(max=256)
    session_token = doors.text(max=4000, min=0, required=False, load_default="")


class LocationIn(doors.Body):
    """A table to be mounted. root: one of the operator's; path: below it; keys: of a bucket."""

    root = doors.text(max=40)
    path = doors.text(max=500)
    title = doors.text(max=110)
    access_key_id = doors.text(max=128, min=0, required=False, load_default="")
    secret_access_key = doors.text(max=256, min=0, required=False, load_default="")
    session_token = doors.text(max=4000, min=0, required=False, load_default="")


class LocationRootOut(Schema):
    """A root that may be mounted from. folder: of the organisation within it, empty of a bucket."""

    name = fields.String()
    kind = fields.String()
    folder = fields.String()


class LocationRootsOut(Schema):
    """The roots that there are."""

    items = fields.List(fields.Nested(LocationRootOut))


class LocationOut(doors.LivingOut):
    """A location. key_hint: the last signs of its access key's id; nothing else is shown of it."""

    title = fields.String()
    kind = fields.String()
    root = fields.String()
    path = fields.String()
    key_hint = fields.String(allow_none=True)
    dataset_id = fields.String()
    stage = fields.String(allow_none=True)
    problems = fields.List(fields.Nested(UploadProblemOut))
    registered_at = fields.String()
    looked_at = fields.String(allow_none=True)
    look_at = fields.String(allow_none=True)


def row(found: Location) -> Mapping[str, Any]:
    """Return what LocationOut shows in a list: all but the actions."""
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "title": found.title,
        "kind": found.kind,
        "root": found.root,
        "path": found.path,
        "key_hint": found.key_hint,
        "dataset_id": found.dataset_id,
        "stage": found.stage,
        "problems": found.problems or [],
        "registered_at": doors.moment(found.registered_at),
        "looked_at": doors.moment(found.looked_at),
        "look_at": doors.moment(found.look_at),
    }


def show(found: Location, work: Work) -> Mapping[str, Any]:
    """Return what LocationOut shows."""
    return {**row(found), **doors.living(found, work, locations.LIFE)}


def registered(work: Work, body: Mapping[str, Any]) -> Location:
    """Register a location below one of the operator's roots. Raises Invalid for another."""
    keys = Keys(**{name: body[name] for name in Keys.__dataclass_fields__})
    return locations.register(
        work, root_of(body["root"]), path=body["path"], title=body["title"], keys=keys
    )


def root_of(name: str) -> Root:
    """Return a root by its name. Raises Invalid for one that the operator has not opened."""
    found = unit.house().roots.get(name)
    if found is None:
        raise Invalid("运营方未开放此存储根", "there is no such root", pointer="/root")
    return found


@blueprint.get("/roots")
@doors.members("read")
@blueprint.response(200, LocationRootsOut)
def roots() -> Any:
    """List the folders and buckets that the operator has opened."""
    mine = unit.current().actor.organisation
    return {
        "items": [
            {
                "name": each.name,
                "kind": each.kind.value,
                "folder": mine if each.kind.value == "folder" else "",
            }
            for each in unit.house().roots.values()
        ]
    }


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(LocationOut))
def listed(query: dict[str, Any]) -> Any:
    """List the organisation's locations, newest first."""
    return doors.page(locations.listed(unit.current(), **query), row)


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(LocationIn)
@blueprint.response(201, LocationOut)
def create(body: dict[str, Any]) -> Any:
    """Register a table where it lies; it is looked at soon, and becomes a data set."""
    work = unit.current()
    return show(registered(work, body), work)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, LocationOut)
def one(subject_id: str) -> Any:
    """Show one location: what its look is at, what is wrong with it, when it is looked at next."""
    work = unit.current()
    return doors.tagged(show(locations.seen(work, subject_id), work))


@blueprint.post("/<string:subject_id>/refresh")
@doors.members("write")
@blueprint.response(200, LocationOut)
def refresh(subject_id: str) -> Any:
    """Have it looked at soon: what it holds then becomes a version, if it is another."""
    work = unit.current()
    return show(locations.refresh(work, subject_id), work)


@blueprint.post("/<string:subject_id>/keys")
@doors.members("write")
@blueprint.arguments(LocationKeysIn)
@blueprint.response(200, LocationOut)
def rotate(body: dict[str, Any], subject_id: str) -> Any:
    """Put other keys in the place of a bucket's."""
    work = unit.current()
    return show(locations.rotate(work, subject_id, Keys(**body)), work)


doors.steps(blueprint, locations, LocationOut, show)
