"""The door of master items (主数据项): meanings that items of several directories share."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from catalogue import sources
from catalogue.sources import MasterItem

blueprint = doors.noun("master_items", "Master items · 主数据项", prefix="/api/master-items")


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


def show(found: MasterItem) -> Mapping[str, Any]:
    """Return what MasterItemOut shows."""
    names = ("id", "code", "name_zh", "name_en", "definition")
    return {name: getattr(found, name) for name in names}


@blueprint.get("")
@doors.public
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(MasterItemOut))
def listed(query: dict[str, Any]) -> Any:
    """List the master items, by code."""
    return doors.page(sources.master_items(unit.current().session, **query), show)


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(MasterItemIn)
@blueprint.response(201, MasterItemOut)
def enter(body: dict[str, Any]) -> Any:
    """Enter a meaning, as the data authority."""
    return show(sources.enter(unit.current(), **body))
