"""Use of what is charged by use: admitted before it is delivered, counted once it was."""

from delivery import tasks
from kernel.journal import Event
from kernel.work import Work
from settlement.metering import hours, meters, usage
from settlement.metering.usage import Told


def require(work: Work, task_id: str) -> None:
    """Raise UseRefused when the delivery is metered and its meter admits no use now.

    Codes: METER_CLOSED, WALLET_EMPTY, CREDIT_EXHAUSTED, BILL_OVERDUE. Raises NotFound.
    """
    hours.require(work, tasks.seen(work, task_id).order_line_id)


def count_read(work: Work, event: Event) -> None:
    """After "delivery.read": count what this house delivered itself, under the event's number.

    A call, or the rows that came. What is measured in bytes is told by its connector. Use
    that was admitted is counted, even if the meter stands by now.
    """
    task = tasks.find(work.session, event.subject)
    meter = meters.of_line(work.session, task.order_line_id)
    if meter is None or meter.unit == "byte":
        return
    units = event.data["rows"] if meter.unit == "row" else 1
    told = Told(
        event_id=str(event.sequence),
        order_line_id=task.order_line_id,
        occurred_at=event.at,
        units=units,
    )
    usage.report(work, source=usage.OWN, told=[told])
