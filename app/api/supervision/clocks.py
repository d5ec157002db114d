"""The door of electronic supervision (电子监察): clocks with lights, units with marks."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from kernel.clock import local_date
from licensing.supervision import stages, totals
from licensing.supervision.stages import Stage, Unit, Which

blueprint = doors.noun("clocks", "Electronic supervision · 电子监察")


class ClockQuery(doors.PageQuery):
    """Which clocks. owner: an organisation, or role:…; key: as in the rules."""

    which = doors.choice(*Which, required=False, load_default=Which.RUNNING)
    owner = doors.text(max=60, required=False, load_default=None)
    key = doors.text(max=60, required=False, load_default=None)


class SupervisedClockOut(doors.Schema):
    """One clock. days_left: working days, negative when overdue. provisional: see calendar."""

    id = fields.Integer()
    subject = fields.String()
    life = fields.String()
    key = fields.String()
    owner = fields.String(allow_none=True)
    limit_days = fields.Integer()
    extension_days = fields.Integer()
    natural = fields.Boolean()
    started_on = fields.String()
    due_on = fields.String()
    provisional = fields.Boolean()
    completed_on = fields.String(allow_none=True)
    light = fields.String()
    days_left = fields.Integer()


class QuarterQuery(doors.Body):
    """Which quarter, as 2026Q3; the present one, if not said."""

    quarter = doors.text(min=6, max=6, required=False, load_default=None)


class UnitOut(doors.Schema):
    """What the clocks of one unit came to. on_time_bp: null when nothing is decided yet."""

    owner = fields.String()
    started = fields.Integer()
    on_time = fields.Integer()
    late = fields.Integer()
    running = fields.Integer()
    overdue = fields.Integer()
    on_time_bp = fields.Integer(allow_none=True)
    mark = fields.String(allow_none=True)


class UnitsOut(doors.Schema):
    """The units of one quarter, worst first."""

    first_on = fields.String()
    last_on = fields.String()
    items = fields.List(fields.Nested(UnitOut))


class ExtensionIn(doors.Body):
    """Why a case needs more time."""

    reason = doors.text(max=500)


def show(found: Stage) -> Mapping[str, Any]:
    """Return what SupervisedClockOut shows."""
    clock = found.clock
    names = ("id", "subject", "life", "key", "owner", "limit_days", "extension_days", "natural",
             "provisional")  # fmt: skip
    return {
        **{name: getattr(clock, name) for name in names},
        "started_on": clock.started_on.isoformat(),
        "due_on": clock.due_on.isoformat(),
        "completed_on": clock.completed_on.isoformat() if clock.completed_on else None,
        "light": found.light,
        "days_left": found.days_left,
    }


def show_unit(found: Unit) -> Mapping[str, Any]:
    """Return what UnitOut shows."""
    return {name: getattr(found, name) for name in UnitOut().fields}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(ClockQuery, location="query")
@blueprint.response(200, doors.page_of(SupervisedClockOut))
def listed(query: dict[str, Any]) -> Any:
    """List clocks, the next due first: supervisors see all, a unit its own."""
    return doors.page(stages.listed(unit.current(), **query), show)


@blueprint.get("/units")
@doors.members("read")
@blueprint.arguments(QuarterQuery, location="query")
@blueprint.response(200, UnitsOut)
def units(query: dict[str, Any]) -> Any:
    """Say what each unit did in time in a quarter, worst first."""
    work = unit.current()
    asked = query["quarter"]
    day = stages.parse_quarter(asked) if asked else local_date(work.now)
    first, last = stages.quarter(day)
    return {
        "first_on": first.isoformat(),
        "last_on": last.isoformat(),
        "items": [show_unit(found) for found in stages.units(work, day)],
    }


@blueprint.post("/totals/<string:scenario_id>/extend")
@doors.members("write")
@blueprint.arguments(ExtensionIn)
@blueprint.response(200, SupervisedClockOut)
def extend(body: dict[str, Any], scenario_id: str) -> Any:
    """Extend the total time of a case, once; for the implementing agency's approver."""
    work = unit.current()
    return show(stages.seen_today(work, totals.extend(work, scenario_id, **body)))
