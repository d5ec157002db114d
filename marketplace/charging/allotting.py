"""What an order line that was paid in advance may use: the quantity that it was paid for."""

from collections.abc import Sequence
from typing import Final

from delivery.passing import allowances
from delivery.tasks import DeliveryTask
from kernel.work import Work
from marketplace import prices
from marketplace.lines import OrderLine
from marketplace.plans.kinds import METERED, Measure
from marketplace.prices import PayMode

_METERS: Final = {Measure.CALL: "calls", Measure.ROW: "rows"}


def allot(
    work: Work, opened: Sequence[DeliveryTask], found: Sequence[OrderLine], pay_mode: str
) -> None:
    """Grant each delivery the calls or rows that its line was paid for in advance.

    What is charged by use later, or sold by the piece or the day, has no such limit.
    """
    by_line = {line.id: line for line in found}
    for task in opened:
        line = by_line[task.order_line_id]
        plan = prices.parse(line.price_plan)
        meter = _METERS.get(plan.counts) if plan.kind in METERED else None
        if pay_mode == PayMode.PREPAID and meter is not None:
            allowances.grant(work.session, task.id, meter, line.quantity)
