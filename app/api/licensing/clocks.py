"""How a running clock (时限) goes over the wire: its last day, its light, what is left."""

from typing import Any

from marshmallow import Schema, fields

from kernel import watch
from kernel.clock import local_date
from kernel.watch import Clock
from kernel.work import Work


class RunningClockOut(Schema):
    """The clock that runs on a record. remaining: working days, negative when overdue."""

    due_on = fields.String()
    light = fields.String()
    remaining = fields.Integer()


def show(clock: Clock | None, work: Work) -> dict[str, Any] | None:
    """Return what RunningClockOut shows; None when no clock runs."""
    if clock is None:
        return None
    today = local_date(work.now)
    return {
        "due_on": clock.due_on.isoformat(),
        "light": watch.light(clock, work.calendar, today),
        "remaining": watch.remaining(clock, work.calendar, today),
    }
