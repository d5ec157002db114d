"""Use of what is charged by use: admitted before it is delivered, counted once it was."""

from typing import Any

from delivery import tasks
from delivery.tasks import DeliveryTask
from kernel.journal import Event
from kernel.work import Work
from settlement.metering import hours, meters, usage
from settlement.metering.meters import Meter
from settlement.metering.tariffs import Shape
from settlement.metering.usage import Told


def require(work: Work, task_id: str) -> None:
    """Raise UseRefused when the delivery is metered and its meter admits no use now.

    Codes: METER_CLOSED, WALLET_EMPTY, CREDIT_EXHAUSTED, BILL_OVERDUE. Raises NotFound.
    """
    hours.require(work, tasks.seen(work, task_id).order_line_id)


def count_read(work: Work, event: Event) -> None:
    """After "delivery.read", as reads were called before: count it; see `count_use`."""
    count_use(work, event)


def count_use(work: Work, event: Event) -> None:
    """After "delivery.used": count what this house delivered itself, under the event's number.

    The calls that it is of, the rows that came, or the bytes. Use that was admitted is
    counted, even if the meter stands by now.
    """
    task = tasks.find(work.session, event.subject)
    meter = meters.of_line(work.session, task.order_line_id)
    calls = len(event.data.get("calls", ())) or 1
    measured = {"call": calls, "row": event.data["rows"], "byte": event.data.get("bytes", 0)}
    if meter is None or not (units := measured.get(meter.unit, 0)):
        return
    told = Told(
        event_id=str(event.sequence),
        order_line_id=task.order_line_id,
        occurred_at=event.at,
        units=units,
    )
    usage.report(work, source=usage.OWN, told=[told])


def priced(work: Work, task: DeliveryTask) -> "Pricing":
    """Return what tells the price of uses of a delivery; one SELECT on an index."""
    return Pricing(meters.of_line(work.session, task.order_line_id))


class Pricing:
    """What uses of one delivery cost, as its meter stands now."""

    def __init__(self, meter: Meter | None) -> None:
        self._meter = meter

    @property
    def metered(self) -> bool:
        """Whether uses are counted and billed; else they are included in what was paid."""
        return self._meter is not None

    def __call__(self, *, rows: int, bytes: int) -> dict[str, Any]:  # noqa: A002 - the unit is its name
        """Return what a use costs: {"basis", "unit", "units", "amount_e6"}. Pure.

        basis: "metered" by use, or "included" in what was paid. amount_e6: 10⁻⁶ fen before
        free quota, least charge and the one rounding of the bill; None where tiers decide.
        """
        meter = self._meter
        if meter is None or meter.unit not in {"call", "row", "byte"}:
            return {"basis": "included", "unit": "call", "units": 1, "amount_e6": 0}
        units = {"call": 1, "row": rows, "byte": bytes}[meter.unit]
        charges = meter.charges
        flat = charges.shape is Shape.FLAT
        amount = units * charges.unit_e6 // charges.per if flat else None
        return {"basis": "metered", "unit": meter.unit, "units": units, "amount_e6": amount}
