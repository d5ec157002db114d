"""The door of reconciling (对账): runs, breaks, and the days that are closed."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from kernel.clock import local_date
from kernel.work import Work
from settlement.reconciling import breaks, closings, runs
from settlement.reconciling.breaks import Break
from settlement.reconciling.closings import ClosedDay
from settlement.reconciling.facts import Leg
from settlement.reconciling.runs import ReconciliationRun

blueprint = doors.noun("reconciliations", "Reconciliations · 对账")
break_blueprint = doors.noun("reconciliation-breaks", "Reconciliation breaks · 对账差异")
day_blueprint = doors.noun("closed-days", "Closed days · 日终关账")


class ReconciliationIn(doors.Body):
    """Up to which day to reconcile."""

    day = doors.day()


class ReconciliationOut(doors.Schema):
    """One run. found: findings; blocking: those that keep days open. digest: of all of them."""

    id = fields.String()
    day = fields.String()
    first_on = fields.String()
    position = fields.Integer()
    found = fields.Integer()
    blocking = fields.Integer()
    digest = fields.String()
    run_by = fields.String()
    run_at = fields.String()


class BreakQuery(doors.PageQuery):
    """Which breaks: in one state, of one leg, of one owner; or all."""

    state = doors.choice(*breaks.State, required=False, load_default=None)
    leg = doors.choice(*Leg, required=False, load_default=None)
    owner = doors.text(max=40, required=False, load_default=None)


class BreakOut(doors.LivingOut):
    """A break. left: our side; right: theirs; difference: ours less theirs. age in working days."""

    leg = fields.String()
    type = fields.String()
    key = fields.String()
    left = fields.Nested(doors.MoneyBody, allow_none=True)
    right = fields.Nested(doors.MoneyBody, allow_none=True)
    difference = fields.Nested(doors.MoneyBody)
    day = fields.String()
    first_seen = fields.String()
    age_wd = fields.Integer()
    owner = fields.String(allow_none=True)
    cause = fields.String(allow_none=True)
    entry_id = fields.Integer(allow_none=True)
    blocks = fields.Boolean()


class BreakOwnerIn(doors.Body):
    """Who looks into it: a person's id, or nobody."""

    owner = doors.text(max=40, allow_none=True)


class ClosedDayOut(doors.Schema):
    """A closed day. root: one hash over its entries' hashes. holds: they are what they were."""

    id = fields.String()
    day = fields.String()
    run_id = fields.String()
    entry_count = fields.Integer()
    root = fields.String()
    closed_by = fields.String()
    closed_at = fields.String()
    holds = fields.Boolean(allow_none=True)


def show_run(found: ReconciliationRun) -> Mapping[str, Any]:
    """Return what ReconciliationOut shows."""
    names = ("id", "position", "found", "blocking", "digest", "run_by")
    return {
        **{name: getattr(found, name) for name in names},
        "day": found.day.isoformat(),
        "first_on": found.first_on.isoformat(),
        "run_at": doors.moment(found.run_at),
    }


def row(found: Break, work: Work) -> Mapping[str, Any]:
    """Return what BreakOut shows in a list: all but the actions."""
    names = ("id", "state", "version", "leg", "type", "key", "owner", "cause", "entry_id", "blocks")
    return {
        **{name: getattr(found, name) for name in names},
        "left": doors.wire(found.left) if found.left else None,
        "right": doors.wire(found.right) if found.right else None,
        "difference": doors.wire(found.difference),
        "day": found.day.isoformat(),
        "first_seen": found.first_seen.isoformat(),
        "age_wd": breaks.age(found, work.calendar, local_date(work.now)),
    }


def show(found: Break, work: Work) -> Mapping[str, Any]:
    """Return what BreakOut shows."""
    return {**row(found, work), **doors.living(found, work, breaks.LIFE)}


def show_day(found: ClosedDay) -> Mapping[str, Any]:
    """Return what ClosedDayOut shows in a list: all but whether it holds."""
    names = ("id", "run_id", "entry_count", "root", "closed_by")
    return {
        **{name: getattr(found, name) for name in names},
        "day": found.day.isoformat(),
        "closed_at": doors.moment(found.closed_at),
        "holds": None,
    }


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(ReconciliationOut))
def listed(query: dict[str, Any]) -> Any:
    """List the runs, newest first, for overseers."""
    return doors.page(runs.listed(unit.current(), **query), show_run)


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(ReconciliationIn)
@blueprint.response(201, ReconciliationOut)
def run(body: dict[str, Any]) -> Any:
    """Reconcile everything that is not closed, up to a day; for settlement officers."""
    return show_run(runs.run(unit.current(), body["day"]))


@blueprint.get("/<string:run_id>")
@doors.members("read")
@blueprint.response(200, ReconciliationOut)
def one(run_id: str) -> Any:
    """Show a run to overseers."""
    return show_run(runs.seen(unit.current(), run_id))


@break_blueprint.get("")
@doors.members("read")
@break_blueprint.arguments(BreakQuery, location="query")
@break_blueprint.response(200, doors.page_of(BreakOut))
def breaks_listed(query: dict[str, Any]) -> Any:
    """List the breaks, the oldest first, for overseers."""
    work = unit.current()
    return doors.page(breaks.listed(work, **query), lambda found: row(found, work))


@break_blueprint.get("/<string:break_id>")
@doors.members("read")
@break_blueprint.response(200, BreakOut)
def one_break(break_id: str) -> Any:
    """Show a break, and what may be done with it."""
    work = unit.current()
    return doors.tagged(show(breaks.seen(work, break_id), work))


@break_blueprint.post("/<string:break_id>/owner")
@doors.members("write")
@break_blueprint.arguments(BreakOwnerIn)
@break_blueprint.response(200, BreakOut)
def assign(body: dict[str, Any], break_id: str) -> Any:
    """Say who looks into a break; for settlement officers."""
    work = unit.current()
    found = breaks.assign(work, break_id, owner=body["owner"])
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(found, work)


@day_blueprint.get("")
@doors.members("read")
@day_blueprint.arguments(doors.PageQuery, location="query")
@day_blueprint.response(200, doors.page_of(ClosedDayOut))
def days_listed(query: dict[str, Any]) -> Any:
    """List the closed days, newest first, for overseers."""
    return doors.page(closings.listed(unit.current(), **query), show_day)


@day_blueprint.post("")
@doors.members("write")
@day_blueprint.arguments(ReconciliationIn)
@day_blueprint.response(201, ClosedDayOut)
def close(body: dict[str, Any]) -> Any:
    """Close a day for good; another settlement officer than the one who reconciled it."""
    return show_day(closings.close(unit.current(), body["day"]))


@day_blueprint.get("/<string:closed_id>")
@doors.members("read")
@day_blueprint.response(200, ClosedDayOut)
def one_day(closed_id: str) -> Any:
    """Show a closed day, and whether its entries are still what they were."""
    work = unit.current()
    found = closings.seen(work, closed_id)
    return {**show_day(found), "holds": closings.holds(work, found)}


doors.steps(break_blueprint, breaks, BreakOut, show)
