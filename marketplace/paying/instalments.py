"""Where orders meet their instalments: planned by the buyer, paid, overdue, accepted in parts."""

from collections.abc import Sequence
from typing import Any

from delivery import tasks
from kernel.errors import Refusal, StepNotAllowed, StepRefused
from kernel.journal import Event
from kernel.work import Work
from marketplace import fulfilment, lines, orders, progress, volume
from marketplace.charging import opening
from marketplace.instalments import schedules
from marketplace.instalments.schedules import Instalment, Part
from marketplace.ordering import halts
from marketplace.orders import Order, State
from marketplace.prices import PayMode
from settlement import escrow
from settlement.vouchers import vouchers

_UNPAID: str = "分期款逾期未付 an instalment is overdue"
_EARNED = frozenset({State.ACCEPTED, State.COMPLETED})


def plan(work: Work, order_id: str, parts: Sequence[Part]) -> list[Instalment]:
    """Plan the parts in which an order is paid, as its buyer; the seller confirms with them.

    Raises NotFound, StepNotAllowed, Invalid, and StepRefused with every reason.
    """
    order = orders.seen(work, order_id)
    if not orders.buyer.matches(work.actor, order):
        raise StepNotAllowed("仅买方可以提出分期", "instalments.plan is for the buyer")
    if refusals := barred(work, order):
        raise StepRefused.of(refusals)
    return schedules.write(work, order, parts)


def barred(work: Work, order: Order) -> tuple[Refusal, ...]:
    """Return every reason why the order cannot be paid in parts. Three SELECTs."""
    ordered = lines.of(work.session, order.id)
    once = all(opening.at_once(line, order.pay_mode) for line in ordered)
    # fmt: off
    asked = (
        (order.state != State.SUBMITTED, "TOO_LATE",
         "分期须在卖方确认之前提出", "before the seller confirms"),
        (order.pay_mode != PayMode.PREPAID or not once or not order.total.minor,
         "NOT_PAID_AT_ONCE", "仅一次性计价的预付订单可以分期",
         "only what has one price in advance is paid in parts"),
        (vouchers.of_order(work.session, order.id) is not None, "VOUCHER_USED",
         "已使用算力券的订单不能分期", "a voucher pays a part already"),
        (bool(schedules.of_order(work.session, order.id)), "INSTALMENTS_PLANNED",
         "已有分期方案", "its parts are planned already"),
    )
    # fmt: on
    return tuple(Refusal(code, zh, en) for applies, code, zh, en in asked if applies)


def received(work: Work, event: Event) -> None:
    """After "payment.received" for a part: it is paid; what it held up goes on.

    The order goes into delivery with the last part that was due before it. A part that comes
    after acceptance is accepted and counted at once.
    """
    told = event.data
    if not str(told.get("target", "")).startswith("ins_"):
        return
    part = schedules.received(work, str(told["target"]))
    if part is None:
        return
    work.session.flush()  # the order's guards read what is paid
    order = orders.find(work.session, part.order_id)
    if order.state in _EARNED:
        _accept(work, order, part)
    elif schedules.barred_from_delivery(work.session, order.id) is False:
        progress.go_into_delivery(work, order.id)
    if not schedules.overdue(work.session, order.id):
        if order.state != State.DELIVERY_SUSPENDED:
            halts.go_on(order, work.as_system(), {})
        progress.resume(work, order)


def stop(work: Work, event: Event) -> None:
    """Together with "instalment.overdue": nothing of the order is used or delivered any more."""
    part = schedules.find(work.session, event.subject)
    order = orders.find(work.session, part.order_id)
    house = work.as_system()
    tasks.stop_for(house, order.id, reason=_UNPAID)
    if order.state == State.IN_DELIVERY:
        orders.take(house, order.id, "suspend_delivery", reason=_UNPAID)


def _accept(work: Work, order: Order, part: Instalment) -> None:
    found = lines.of(work.session, order.id)
    parts = schedules.of_order(work.session, order.id)
    by_part = schedules.divided([line.amount for line in found], [one.amount for one in parts])
    amounts = escrow.reduced(work.session, order.id, by_part[part.number - 1])
    seq = part.number + 1  # what was paid before acceptance is the first slice
    slices = [
        (line, seq, amount) for line, amount in zip(found, amounts, strict=True) if amount.minor
    ]
    volume.count_slices(work, order, slices)
    due: list[Any] = [
        {**fulfilment.earned(work, order, line), "amount": amount, "seq": seq}
        for line, _, amount in slices
    ]
    if due:
        escrow.accept(work, order.id, due)
