"""The door of assignments (承办): which officer has which case in hand."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from app.doors import Schema
from licensing.reviewing import assignments
from licensing.reviewing.assignments import Assignment

blueprint = doors.noun("assignments", "Assignments of cases · 承办")


class AssignmentQuery(doors.PageQuery):
    """Whose cases to list; everybody's unless one officer is named."""

    person_id = doors.text(max=40, required=False, load_default=None)


class AssignmentIn(doors.Body):
    """Which case, and to which officer; without one the caller claims it."""

    scenario_id = doors.text(max=40)
    person_id = doors.text(max=40, required=False, load_default=None)


class ReleaseIn(doors.Body):
    """Nothing is said."""


class AssignmentOut(Schema):
    """A case and who has it in hand; nobody once it is released."""

    scenario_id = fields.String()
    person_id = fields.String(allow_none=True)
    assigned_by = fields.String(allow_none=True)
    assigned_at = fields.String(allow_none=True)


def row(found: Assignment) -> Mapping[str, Any]:
    """Return what AssignmentOut shows."""
    return {
        "scenario_id": found.scenario_id,
        "person_id": found.person_id,
        "assigned_by": found.assigned_by,
        "assigned_at": doors.moment(found.assigned_at),
    }


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(AssignmentQuery, location="query")
@blueprint.response(200, doors.page_of(AssignmentOut))
def listed(query: dict[str, Any]) -> Any:
    """List who has which case in hand, as far as the caller handles or oversees it."""
    return doors.page(assignments.listed(unit.current(), **query), row)


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(AssignmentIn)
@blueprint.response(200, AssignmentOut)
def assign(body: dict[str, Any]) -> Any:
    """Claim a case, or give it to an officer of the agency."""
    work = unit.current()
    if body["person_id"] is None:
        return row(assignments.claim(work, body["scenario_id"]))
    return row(assignments.assign(work, body["scenario_id"], person_id=body["person_id"]))


@blueprint.post("/<string:scenario_id>/release")
@doors.members("write")
@blueprint.arguments(ReleaseIn)
@blueprint.response(200, AssignmentOut)
def release(_body: dict[str, Any], scenario_id: str) -> Any:
    """Let go of a case."""
    assignments.release(unit.current(), scenario_id)
    return {"scenario_id": scenario_id, "person_id": None, "assigned_by": None,
            "assigned_at": None}  # fmt: skip
