"""What goes back to buyers when a right, a listing or a delivery ends in the middle of an order.

Source: the part that is not delivered is refunded pro rata (未交付部分按比例退款), and the
seller bears the fee. Each reaction may run twice: the second time there is nothing to return.
What the house cannot return by itself waits in a queue, with the reason, and is tried again.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import aliased

from delivery import tasks
from delivery.passing import allowances
from delivery.tasks import DeliveryTask
from kernel.clock import local_date
from kernel.errors import DomainError, Refusal, StepRefused
from kernel.journal import Event
from kernel.money import Money
from kernel.words import Words
from kernel.work import Work
from licensing import authorisations
from marketplace import access, fulfilment, lines, orders, progress
from marketplace.charging import opening
from marketplace.instalments import schedules
from marketplace.lines import OrderLine
from marketplace.ordering import parted
from marketplace.orders import Order, State
from settlement import access as settling
from settlement.refunding import refunds
from settlement.refunding.refunds import Asked, Occasion, Refund
from settlement.vouchers import vouchers

BARRED: Final = "order.return_barred"
AGAIN: Final = "refund.asked_again"
_BATCH: Final = 200

_STANDS: Final = (State.DELIVERY_SUSPENDED, State.PENDING_ACCEPTANCE, State.REDELIVERY)
_GONE: Final = frozenset({authorisations.State.REVOKED, authorisations.State.EXPIRED})
_REVOKED: Final = "交付已撤销 a delivery is revoked"
_REASON: Final = "未交付部分退款 what was not delivered goes back"
_OURS: Final = Occasion.UNDELIVERED


class Waiting(NamedTuple):
    """An order of which something should go back and does not."""

    order: Order
    why: Words


def authorisation_ended(work: Work, event: Event) -> None:
    """After an authorisation has ended for good: return what was to be delivered under it.

    What was delivered by then is accepted or not, as any. One SELECT for each 200 orders, and
    some for each order.
    """
    progress.suspend_for(work, event.subject)
    which = OrderLine.authorisation_id == event.subject
    for order in orders.of_lines(work.session, which, State.DELIVERY_SUSPENDED):
        settle(work, order)


def product_delisted(work: Work, event: Event) -> None:
    """After a product was delisted by force: return what was to be delivered of it.

    What its buyer is inspecting is not accepted by silence any more: buyer and officer decide.
    """
    for state in _STANDS:
        which = OrderLine.product_id == event.subject
        for order in orders.of_lines(work.session, which, state):
            settle(work, order)


def delivery_revoked(work: Work, event: Event) -> None:
    """After a delivery was revoked, by hand or by rule: return what of its line is still to come.

    Nothing of a trial, nor of a line or an order that ends with its deliveries. Some SELECTs.
    """
    task = tasks.find(work.session, event.subject)
    if tasks.for_trial(task) or task.order_line_id in parted.ended(work.session, task.order_id):
        return
    order = orders.find(work.session, task.order_id)
    if order.state == State.IN_DELIVERY:
        orders.take(work.as_system(), order.id, "suspend_delivery", reason=_REVOKED)
    if order.state in _STANDS:
        settle(work, order)


def try_again(work: Work) -> None:
    """Try again, as the house, what could not go back before: a job.

    Two SELECTs for each 200 orders that wait, and some for each.
    """
    after = ""
    while found := _waiting(work, _BATCH, after):
        for each in found:
            settle(work, each.order)
        after = found[-1].order.id


def waiting(work: Work, *, limit: int) -> list[Waiting]:
    """Return the orders that wait, the oldest first, to who oversees. Two SELECTs."""
    return _waiting(work, limit) if access.oversees(work.actor) else []


def withdrawn(work: Work, *, limit: int) -> list[Refund]:
    """Return what an officer withdrew of these refunds and nobody has asked for again.

    The oldest first, to who oversees: until then it stays in escrow. One SELECT on an index.
    """
    return _withdrawn(work, limit=limit) if access.oversees(work.actor) else []


def may_ask_again(work: Work, refund: Refund) -> bool:
    """Tell whether the caller may ask again for a refund that was withdrawn. One SELECT."""
    settles = refunds.maker.matches(work.actor, refund)
    return settles and bool(_withdrawn(work, limit=1, refund_id=refund.id))


def ask_again(work: Work, refund_id: str) -> Refund:
    """Ask again, as an officer of settlement, for what was withdrawn; once. It is checked anew.

    Raises NotFound, StepNotAllowed for all others, StepRefused when it was not withdrawn or is
    asked for already, NotRefundable. Some SELECTs and an entry.
    """
    found = refunds.seen(work, refund_id)
    settling.require(work, refunds.maker, "refund.ask_again")
    work.session.refresh(found, with_for_update=True)
    if not _withdrawn(work, limit=1, refund_id=found.id):
        zh, en = "该退款未撤回、已重新申请，或订单已完结", "not withdrawn, asked again, or over"
        raise StepRefused.of((Refusal("NOT_TO_BE_ASKED_AGAIN", zh, en),))
    order_id = found.order_id or ""
    amount = min(found.amount, refunds.standing(work.session, order_id).left)
    made = refunds.ask(work, Asked(order_id, amount, _REASON, occasion=_OURS))
    work.record(AGAIN, found.id, order_id=order_id, refund_id=made.id, amount=amount)
    return made


def _withdrawn(
    work: Work, *, limit: int, order_id: str | None = None, refund_id: str | None = None
) -> list[Refund]:
    """Return refunds of ended lines that were withdrawn, and for which nothing was asked since.

    What an officer gave back of the order by hand later stands in their place.
    """
    by_hand = aliased(Refund)
    again = select(Event.sequence).where(Event.kind == AGAIN, Event.subject == Refund.id)
    instead = select(by_hand.id).where(
        by_hand.order_id == Refund.order_id,
        by_hand.entry_id > Refund.entry_id,
        by_hand.occasion.is_distinct_from(_OURS),
        by_hand.state != refunds.State.CANCELLED,
    )
    statement = (
        select(Refund)
        .join(Order, Order.id == Refund.order_id)
        .where(
            Refund.state == refunds.State.CANCELLED,
            Refund.occasion == _OURS,
            Order.state.not_in(orders.DONE),
            ~again.exists(),
            ~instead.exists(),
        )
        .order_by(Refund.id)
        .limit(limit)
    )
    for column, value in ((Refund.order_id, order_id), (Refund.id, refund_id)):
        if value is not None:
            statement = statement.where(column == value)
    return list(work.session.scalars(statement))


def settle(work: Work, order: Order) -> None:
    """Ask, as the house, for the refund of what of a stopped order is not delivered.

    Another person approves it as any refund. Where other lines go on, the ended ones leave the
    order with what of them was delivered, and the order goes on. What cannot go back now, or
    not by rule, is told by "order.return_barred" and waits for an officer of settlement.
    """
    by_line = {task.order_line_id: task for task in tasks.of_order(work.session, order.id)}
    left = parted.ended(work.session, order.id)
    found = [line for line in lines.of(work.session, order.id) if line.id not in left]
    gone = [line for line in found if _is_over(work, by_line[line.id])]
    if not gone:
        return
    try:
        with work.session.begin_nested():
            if order.state != State.DELIVERY_SUSPENDED:
                raise _left_to_people(
                    "买方验收期间交付被撤销或产品被强制摘牌：由买方验收、退回或提出争议，或由结算人员退款",
                    "it ends while its buyer inspects it: the buyer decides, or an officer refunds",
                )
            if len(gone) == len(found):
                _end(work, order, gone, by_line)
            else:
                _part(work, order, gone, by_line)
    except DomainError as error:
        tell(work, order, error.words)


def _is_over(work: Work, task: DeliveryTask) -> bool:
    """Tell whether a delivery was revoked, or its right is gone and nothing follows it."""
    if task.state == tasks.State.REVOKED or task.authorisation_id is None:
        return task.state == tasks.State.REVOKED
    return authorisations.find(work.session, task.authorisation_id).state in _GONE


def _left_to_people(zh: str, en: str) -> StepRefused:
    return StepRefused.of((Refusal("LEFT_TO_PEOPLE", zh, en),))


def _end(
    work: Work, order: Order, gone: Sequence[OrderLine], by_line: dict[str, DeliveryTask]
) -> None:
    """End an order of which nothing goes on; what was delivered of it is accepted as it is."""
    house, standing = work.as_system(), refunds.standing(work.session, order.id)
    left = standing.left
    received = any(task.was_received for task in by_line.values())
    if not received and not order.total.minor:
        orders.LIFE.take("call_off", order, house)
    elif order.total.minor and not left.minor:
        if not (standing.under_way.minor or standing.refunded.minor):
            raise _left_to_people("尚未付款，由双方与结算人员处理", "nothing was paid yet")
    elif received or parted.ended(work.session, order.id):
        amount = _undelivered(work, order, gone, by_line)
        _refund(work, order, min(amount, left))
        orders.LIFE.take("end_early", order, house)
        orders.finish(order, house)
    elif not _withdrawn(work, limit=1, order_id=order.id):
        _refund(work, order, left)


def _part(
    work: Work, order: Order, gone: Sequence[OrderLine], by_line: dict[str, DeliveryTask]
) -> None:
    """Let the ended lines leave an order that goes on with the others."""
    house = work.as_system()
    if schedules.of_order(work.session, order.id) or vouchers.of_order(work.session, order.id):
        raise _left_to_people(
            "订单含分期或算力券，终止行的退款须人工办理",
            "it is paid in parts or with a voucher: a person refunds the line that ended",
        )
    for line in gone:
        task = by_line[line.id]
        back = _undelivered(work, order, [line], by_line)
        _refund(work, order, back)
        if delivered := (line.amount - back).minor:
            fulfilment.accept_part(house, order, line, Money(delivered, back.currency))
        tasks.revoke(work, task, reason="订单行已终止 its line has ended")
        parted.note(house, order.id, line.id, back=back)
    work.session.flush()  # the order's guards read what has ended
    progress.resume(work, order)


def _refund(work: Work, order: Order, amount: Money) -> None:
    if amount.minor:
        refunds.ask(work.as_system(), Asked(order.id, amount, _REASON, occasion=_OURS))


def _undelivered(
    work: Work, order: Order, gone: Sequence[OrderLine], by_line: dict[str, DeliveryTask]
) -> Money:
    """Return the price of what is not delivered of some lines, rounded down for each."""
    amount = Money(0, order.total.currency)
    for line in gone:
        if not opening.at_once(line, order.pay_mode):
            raise _left_to_people(
                "按期或按量计费的部分随最后一期账单终止，退款须人工核定",
                "what is charged by period or by use ends with its last bill: a person decides",
            )
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


def tell(work: Work, order: Order, why: Words) -> None:
    """Put an order among those that wait, with the reason; the same reason once. One SELECT."""
    if _reasons(work, [order.id]).get(order.id) != why:
        work.record(BARRED, order.id, reason_zh=why.zh, reason_en=why.en)


def _waiting(work: Work, limit: int, after: str = "") -> list[Waiting]:
    told = select(Event.sequence).where(Event.kind == BARRED, Event.subject == Order.id)
    statement = (
        select(Order)
        .where(Order.state.in_(_STANDS), Order.id > after, told.exists())
        .order_by(Order.id)
        .limit(limit)
    )
    found = list(work.session.scalars(statement))
    reasons = _reasons(work, [order.id for order in found])
    return [Waiting(order, reasons[order.id]) for order in found]


def _reasons(work: Work, order_ids: Sequence[str]) -> dict[str, Words]:
    """Return order → why it waits, as it was told last. One SELECT on an index."""
    statement = (
        select(Event.subject, Event.data)
        .where(Event.subject.in_(order_ids), Event.kind == BARRED)
        .order_by(Event.sequence)
    )
    return {
        subject: Words(data["reason_zh"], data["reason_en"])
        for subject, data in work.session.execute(statement)
    }
