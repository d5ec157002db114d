"""The door of violations (违规): raised by the house, explained by the unit, ruled on."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from kernel.work import Work
from licensing.supervision import violations
from licensing.supervision.violations import State, Violation

blueprint = doors.noun("violations", "Violations · 违规")


class ViolationQuery(doors.PageQuery):
    """Which violations."""

    state = doors.choice(*State, required=False, load_default=None)


class ViolationOut(doors.LivingOut):
    """A violation. owner: an organisation, or role:… for whoever holds the role."""

    fault = fields.String()
    owner = fields.String()
    subject = fields.String()
    raised_at = fields.String()
    explanation = fields.String(allow_none=True)
    ruling = fields.String(allow_none=True)


def row(found: Violation) -> Mapping[str, Any]:
    """Return what ViolationOut shows in a list: all but the actions."""
    names = ("id", "state", "version", "fault", "owner", "subject", "explanation", "ruling")
    return {
        **{name: getattr(found, name) for name in names},
        "raised_at": doors.moment(found.raised_at),
    }


def show(found: Violation, work: Work) -> Mapping[str, Any]:
    """Return what ViolationOut shows."""
    return {**row(found), **doors.living(found, work, violations.LIFE)}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(ViolationQuery, location="query")
@blueprint.response(200, doors.page_of(ViolationOut))
def listed(query: dict[str, Any]) -> Any:
    """List violations, newest first: supervisors see all, a unit its own."""
    return doors.page(violations.listed(unit.current(), **query), row)


@blueprint.get("/<string:violation_id>")
@doors.members("read")
@blueprint.response(200, ViolationOut)
def one(violation_id: str) -> Any:
    """Show a violation, and what may be done with it."""
    work = unit.current()
    return doors.tagged(show(violations.seen(work, violation_id), work))


doors.steps(blueprint, violations, ViolationOut, show)
