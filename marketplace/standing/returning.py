"""What goes back to buyers when a right, or a listing, ends in the middle of an order.

Source: the part that is not delivered is refunded pro rata (未交付部分按比例退款), and the
seller bears the fee. Each reaction may run twice: the second time there is nothing to return.
"""

from collections.abc import Callable
from fractions import Fraction

from sqlalchemy import ColumnElement

from delivery import tasks
from delivery.passing import allowances
from delivery.tasks import DeliveryTask
from kernel.clock import local_date
from kernel.errors import DomainError
from kernel.journal import Event
from kernel.money import Money
from kernel.work import Work
from marketplace import lines, orders, progress
from marketplace.charging import opening
from marketplace.lines import OrderLine
from marketplace.orders import Order, State
from settlement.refunding import refunds


def authorisation_ended(work: Work, event: Event) -> None:
    """After an authorisation has ended for good: return what was to be delivered under it.

    One SELECT for each 200 orders, and some for each order.
    """
    progress.suspend_for(work, event.subject)
    _give_back(work, lambda line: line.authorisation_id == event.subject,
               OrderLine.authorisation_id == event.subject)  # fmt: skip


def product_delisted(work: Work, event: Event) -> None:
    """After a product was delisted by force: return what was to be delivered of it."""
    _give_back(work, lambda line: line.product_id == event.subject,
               OrderLine.product_id == event.subject)  # fmt: skip


def give_back(work: Work, order: Order) -> None:
    """Ask, as the house, for the refund of what of a stopped order is not delivered.

    Another person approves it as any refund. What was delivered is accepted as it is, and its
    rest of the price becomes due. What is charged by period or by use and has begun is left:
    it ends with its last bill. What cannot go back now (the buyer has no account yet) is told
    by "order.return_barred" and waits, suspended, for an officer of settlement.
    """
    standing = refunds.standing(work.session, order.id)
    if not standing.left.minor or standing.under_way.minor:
        return
    found = tasks.of_order(work.session, order.id)
    whole = not any(task.was_received for task in found)
    amount = standing.left if whole else _undelivered(work, order, found)
    if amount is None:
        return
    try:
        with work.session.begin_nested():
            _refund(work, order, min(amount, standing.left))
    except DomainError as error:
        work.record("order.return_barred", order.id, reason=f"{error.zh} {error.en}")
        return
    if not whole:
        orders.LIFE.take("end_early", order, work.as_system())
        orders.finish(order, work.as_system())


def _give_back(
    work: Work, concerns: Callable[[OrderLine], bool], which: ColumnElement[bool]
) -> None:
    for order in orders.of_lines(work.session, which, State.DELIVERY_SUSPENDED):
        if all(concerns(line) for line in lines.of(work.session, order.id)):
            give_back(work, order)


def _refund(work: Work, order: Order, amount: Money) -> None:
    if amount.minor:
        reason = "未交付部分退款 what was not delivered goes back"
        refunds.request(work.as_system(), order_id=order.id, amount=amount, reason=reason)


def _undelivered(work: Work, order: Order, found: list[DeliveryTask]) -> Money | None:
    """Return the price of what is not delivered, rounded down; None where that is not known."""
    by_line = {task.order_line_id: task for task in found}
    amount = Money(0, order.total.currency)
    for line in lines.of(work.session, order.id):
        if not opening.at_once(line, order.pay_mode):
            return None
        left = _share_left(work, by_line[line.id])
        amount += Money(line.amount.minor * left.numerator // left.denominator, amount.currency)
    return amount


def _share_left(work: Work, task: DeliveryTask) -> Fraction:
    """Return which share of a delivery is still to come: of its uses, else of its days."""
    if not task.was_received:
        return Fraction(1)
    metered = allowances.of(work.session, task.id)
    if metered:
        return min(Fraction(one.left, one.limit) for one in metered)
    if task.use_until is None:
        return Fraction(0)
    today, began = local_date(work.now), local_date(task.opened_at)
    term = max(1, (task.use_until - began).days)
    return Fraction(min(max(0, (task.use_until - today).days), term), term)
