"""The door of information systems (信息系统), in which a department's data arise."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from catalogue import resources
from catalogue.resources import InfoSystem

blueprint = doors.noun("systems", "Information systems · 信息系统")


class SystemIn(doors.Body):
    """A system of the caller's department."""

    name_zh = doors.text(max=120)
    name_en = doors.text(max=120)


class SystemOut(Schema):
    """A system as its department sees it."""

    id = fields.String()
    department_id = fields.String()
    name_zh = fields.String()
    name_en = fields.String()
    entered_at = fields.String()


def show(found: InfoSystem) -> Mapping[str, Any]:
    """Return what SystemOut shows."""
    return {
        "id": found.id,
        "department_id": found.department_id,
        "name_zh": found.name_zh,
        "name_en": found.name_en,
        "entered_at": doors.moment(found.entered_at),
    }


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(SystemOut))
def listed(query: dict[str, Any]) -> Any:
    """List the systems of the caller's department, newest first."""
    return doors.page(resources.systems(unit.current(), **query), show)


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(SystemIn)
@blueprint.response(201, SystemOut)
def enter(body: dict[str, Any]) -> Any:
    """Enter a system of the caller's department."""
    return show(resources.enter_system(unit.current(), **body))
