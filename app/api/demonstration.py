"""The door of the adjustable clock; it does not exist where the clock is the system's."""

from datetime import datetime, timedelta
from typing import Any

from marshmallow import fields

from app import demonstration, doors, unit, worker
from kernel.clock import SHANGHAI, local_date
from kernel.work import Work

blueprint = doors.noun("demonstration", "Demonstration clock · 演示时钟")


class ClockIn(doors.Body):
    """How many days pass, counted in working days or in natural days."""

    working_days = doors.whole(max=400, required=False, load_default=0)
    days = doors.whole(max=400, required=False, load_default=0)


class ClockOut(doors.Schema):
    """The demonstration's time."""

    now = fields.String()


@blueprint.get("/clock")
@doors.members("read")
@blueprint.response(200, ClockOut)
def present() -> Any:
    """Show the demonstration's time."""
    return {"now": doors.moment(unit.current().now)}


@blueprint.post("/clock")
@doors.members("write", alone=True)
@blueprint.arguments(ClockIn)
@blueprint.response(200, ClockOut)
def advance(body: dict[str, Any]) -> Any:
    """Let days pass, and let the house do what has fallen due meanwhile."""
    actor = unit.admitted("write")
    instant = unit.writing(actor, lambda work: _advance(work, **body))
    worker.run_jobs(unit.house())
    worker.drain(unit.house())
    return {"now": doors.moment(instant)}


def _advance(work: Work, *, working_days: int, days: int) -> datetime:
    today = local_date(work.now)
    reached = work.calendar.add(today, working_days, provisional=True) + timedelta(days=days)
    at = work.now.astimezone(SHANGHAI).timetz()
    instant = datetime.combine(reached, at)
    demonstration.set_to(work, instant)
    return instant
