"""The door of requests to departments (供数请求): what nothing listed answers."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from app.api.licensing import clocks
from kernel import watch
from kernel.work import Work
from marketplace.demands import supply
from marketplace.demands.supply import SupplyRequest

blueprint = doors.noun("supply-requests", "Requests to departments for data · 供数请求")


class SupplyRequestIn(doors.Body):
    """Which demand is put to the departments of which directories, and what is asked of them."""

    demand_id = doors.text(max=40)
    directory_ids = doors.texts(max=supply.AT_ONCE, each=40)
    said = doors.text(max=1000)


class SupplyRequestOut(doors.LivingOut):
    """A request, and the clock that runs on its answer."""

    demand_id = fields.String()
    directory_id = fields.String()
    department_id = fields.String()
    buyer_id = fields.String()
    said = fields.String()
    asked_at = fields.String()
    accepted_at = fields.String(allow_none=True)
    supplied_version_id = fields.String(allow_none=True)
    clock = fields.Nested(clocks.RunningClockOut, allow_none=True)


class SupplyFiguresOut(Schema):
    """How many there are in each state, of those that the caller may see."""

    asked = fields.Integer()
    accepted = fields.Integer()
    supplied = fields.Integer()
    declined = fields.Integer()
    withdrawn = fields.Integer()


def row(found: SupplyRequest) -> Mapping[str, Any]:
    """Return what a list shows of a request."""
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "demand_id": found.demand_id,
        "directory_id": found.directory_id,
        "department_id": found.department_id,
        "buyer_id": found.buyer_id,
        "said": found.said,
        "asked_at": doors.moment(found.asked_at),
        "accepted_at": doors.moment(found.accepted_at),
        "supplied_version_id": found.supplied_version_id,
    }


def show(found: SupplyRequest, work: Work) -> Mapping[str, Any]:
    """Return what SupplyRequestOut shows."""
    clock = clocks.show(watch.running(work.session, found.id), work)
    return {**doors.living(found, work, supply.LIFE), **row(found), "clock": clock}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(SupplyRequestOut))
def listed(query: dict[str, Any]) -> Any:
    """List the requests that one's organisation made, or is asked, newest first."""
    return doors.page(supply.listed(unit.current(), **query), row)


@blueprint.get("/figures")
@doors.members("read")
@blueprint.response(200, SupplyFiguresOut)
def figured() -> Any:
    """Count the requests that the caller may see, by where they stand."""
    return supply.figures(unit.current())


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, SupplyRequestOut)
def one(subject_id: str) -> Any:
    """Show one request."""
    work = unit.current()
    return doors.tagged(show(supply.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(SupplyRequestIn)
@blueprint.response(201, SupplyRequestOut(many=True))
def file(body: dict[str, Any]) -> Any:
    """Put a demand of one's own, which nothing listed fits, to departments."""
    work = unit.current()
    made = supply.file(work, body["demand_id"], body["directory_ids"], said=body["said"])
    work.session.flush()  # so that the versions shown are those that will be stored
    return [show(each, work) for each in made]


doors.steps(blueprint, supply, SupplyRequestOut, show)
