"""An order that is paid for a part with a voucher (算力券抵扣).

The buyer pays the rest before delivery; the sponsor's part comes into escrow when the use
was audited, and becomes due to the seller once the sponsor has paid, or at once where the
batch says so. The trade counts in full at acceptance, a subscription with each period; its
voucher is redeemed when the term is over, for what was served. A part that is declined is the
buyer's to pay.
"""

from typing import Any

from kernel.errors import Refusal, StepRefused
from kernel.journal import Event
from kernel.money import Money, share
from kernel.work import Work
from marketplace import fulfilment, lines, orders, versions
from marketplace.charging import opening
from marketplace.instalments import schedules
from marketplace.orders import Order, State
from settlement import escrow, payments
from settlement.metering import subscriptions
from settlement.metering.subscriptions import SPONSORS_SEQ
from settlement.vouchers import vouchers
from settlement.vouchers.vouchers import Voucher

_BEFORE_PAYMENT = frozenset({State.SUBMITTED, State.CONTRACT_SIGNING})


def usable(work: Work, order: Order) -> list[tuple[Voucher, Money]]:
    """Return which of the buyer's vouchers the order could take, and what each pays."""
    if order.state not in _BEFORE_PAYMENT or work.actor.organisation != order.buyer_id:
        return []
    types = _types(work, order)
    return vouchers.usable(work, seller_id=order.seller_id, total=order.total, product_types=types)


def seen(work: Work, order_id: str) -> Order:
    """Return the order to its parties and to those who oversee. Raises NotFound."""
    return orders.seen(work, order_id)


def use(work: Work, order_id: str, voucher_id: str) -> Voucher:
    """Use a voucher of the caller's for its order, before it is paid.

    Raises NotFound, StepRefused with every reason.
    """
    order = orders.seen(work, order_id)
    refused = _not_now(work, order)
    if order.is_related_party:
        refused.append(
            Refusal("RELATED_PARTY", "关联交易不得用券", "no voucher between related parties")
        )
    if refused:
        raise StepRefused.of(refused)
    return vouchers.lock(
        work,
        voucher_id,
        order_id=order.id,
        seller_id=order.seller_id,
        total=order.total,
        product_types=_types(work, order),
    )


def give_back(work: Work, order_id: str) -> Order:
    """Take the voucher off the order again, before it is paid. Raises StepRefused."""
    order = orders.seen(work, order_id)
    refused = _not_now(work, order)
    if work.actor.organisation != order.buyer_id:
        refused.append(Refusal("NOT_THE_BUYER", "只有买方可以退券", "it is the buyer's voucher"))
    if refused:
        raise StepRefused(refused[0].zh, refused[0].en, tuple(refused))
    vouchers.release(work, order.id)
    return order


def decline(work: Work, voucher_id: str, reason: str) -> Voucher:
    """Refuse the sponsor's part of an accepted order: its buyer is asked to pay it."""
    voucher, order_id, owed = vouchers.decline(work, voucher_id, reason)
    order = orders.find(work.session, order_id)
    payments.ask(
        work,
        purpose="order",
        target=voucher.id,
        payer_id=order.buyer_id,
        amount=owed,
        escrow_order=order.id,
    )
    return voucher


def fall_due(work: Work, event: Event) -> None:
    """After "voucher.payable": the sponsor's part is due to those who earned it."""
    _accept(work, str(event.data["order_id"]), vouchers.find(work.session, event.subject).used)


def paid_after_all(work: Work, event: Event) -> None:
    """After "payment.received" for a part that was declined: it is due like the rest."""
    told = event.data
    if told["purpose"] == payments.Purpose.ORDER and str(told["target"]).startswith("vch_"):
        _accept(work, str(told["order_id"]), payments.find(work.session, event.subject).amount)


def _accept(work: Work, order_id: str, amount: Money) -> None:
    order = orders.find(work.session, order_id)
    found = [line for line in lines.of(work.session, order.id) if line.amount.minor > 0]
    gone = subscriptions.unsponsored(work.session, order.id)
    whole = sum(gone.values(), amount)  # as it was divided when the order was accepted
    planned = share(whole, [line.amount.minor for line in found])
    left = [
        max(0, part.minor - gone.get(line.id, Money(0)).minor)
        for line, part in zip(found, planned, strict=True)
    ]
    parts = share(amount, left)
    due: list[Any] = [
        {**fulfilment.earned(work, order, line), "amount": part, "seq": SPONSORS_SEQ}
        for line, part in zip(found, parts, strict=True)
        if part.minor
    ]
    escrow.accept(work, order.id, due, counted=True)


def _not_now(work: Work, order: Order) -> list[Refusal]:
    found = []
    if order.state not in _BEFORE_PAYMENT:
        zh, en = "订单已进入付款，不能再用券或退券", "vouchers are for orders before payment"
        found.append(Refusal("TOO_LATE", zh, en))
    if schedules.of_order(work.session, order.id):
        zh, en = "分期付款的订单不能用券", "no voucher for what is paid in instalments"
        found.append(Refusal("PAID_IN_INSTALMENTS", zh, en))
    ordered = lines.of(work.session, order.id)
    if not all(opening.paid_before(line, order.pay_mode) for line in ordered):
        zh, en = "按用量计费的订单不能用券", "no voucher for what is charged by use"
        found.append(Refusal("NOT_PAID_AT_ONCE", zh, en))
    return found


def _types(work: Work, order: Order) -> set[str]:
    found = lines.of(work.session, order.id)
    return {versions.find(work.session, line.product_version_id).product_type for line in found}
