"""What an order sets in motion in the rooms below, and what they must say before it goes on.

The guards and effects of an order's life cycle that ask or move something else:
contract, payment, delivery, escrow, volume. They take the order by its shape.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from catalogue.grades import Grade, Origin
from delivery import tasks
from kernel.actor import Role
from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.money import Money, share
from kernel.work import Work
from licensing import authorisations, signatures
from licensing.agreed import operation_rows
from licensing.authorisations import Authorisation
from marketplace import boards, contracts, lines, uses, versions, volume
from marketplace.charging import allotting, opening
from marketplace.contracting import drawing
from marketplace.fees import Ground
from marketplace.instalments import schedules
from marketplace.instalments.schedules import Due
from marketplace.lines import OrderLine
from marketplace.mandated import mandate_rows
from marketplace.ordering import parted
from settlement import escrow, payments
from settlement.metering import bills, meters, subscriptions
from settlement.metering.meters import Basis
from settlement.refunding import refunds
from settlement.vouchers import vouchers


class Ordered(Protocol):
    """What is asked of an order here."""

    id: str
    code: str
    buyer_id: str
    seller_id: str
    contract_id: str | None
    use_scenario: dict[str, Any]
    pay_mode: str
    accept_days: int
    total: Money
    is_related_party: bool


def barred(work: Work, order: Ordered) -> tuple[Refusal, ...]:
    """Return every reason why the order's data cannot go to its buyer now."""
    items = lines.ordered(work.session, _open(work, order))
    use = uses.from_json(order.use_scenario)
    found = lines.refusals(work, items, buyer_id=order.buyer_id, use=use)
    waits = _ended_lines_are_settled(order, work)
    return found if waits is None else (*found, waits)


def may_be_delivered(order: Ordered, work: Work) -> Refusal | None:
    """Guard: nothing bars the data from its buyer; the first reason, if something does."""
    return next(iter(barred(work, order)), None)


def not_by_silence(order: Ordered, work: Work) -> Refusal | None:
    """Guard: the house does not accept what was revoked while its buyer inspected it."""
    return _ended_lines_are_settled(order, work) if Role.SYSTEM in work.actor.roles else None


def _ended_lines_are_settled(order: Ordered, work: Work) -> Refusal | None:
    ended = parted.ended(work.session, order.id)
    found = tasks.of_order(work.session, order.id)
    if all(each.state != tasks.State.REVOKED or each.order_line_id in ended for each in found):
        return None
    zh, en = "有订单行已终止，其未交付部分尚未退款", "a line has ended and is not refunded yet"
    return Refusal("LINE_ENDED", zh, en)


def has_not_signed(order: Ordered, work: Work) -> Refusal | None:
    """Guard: the caller's organisation still has to sign the contract."""
    if signatures.signed_by(work.session, order.contract_id or "", work.actor.organisation):
        return Refusal(
            "ALREADY_SIGNED", "贵机构已签署此合同", "your organisation has signed this contract"
        )
    return None


def is_signed(order: Ordered, work: Work) -> Refusal | None:
    """Guard: both have signed the contract (I-52)."""
    contract = contracts.find(work.session, order.contract_id or "")
    if contract.state != contracts.State.SIGNED:
        return Refusal("CONTRACT_NOT_SIGNED", "合同尚未双方签署", "both must sign the contract")
    return None


def is_funded(order: Ordered, work: Work) -> Refusal | None:
    """Guard: escrow holds the whole price, or the parts due before delivery (I-52)."""
    barred = schedules.barred_from_delivery(work.session, order.id)
    if barred is False:
        return None
    payment = payments.live_of(work.session, order.id)
    if payment is None or payment.state != payments.State.FUNDED:
        return Refusal("NOT_FUNDED", "监管账户尚未足额到账", "escrow does not hold the price yet")
    return None


def nothing_received(order: Ordered, work: Work) -> Refusal | None:
    """Guard: no money has come in for the order."""
    found = payments.of_order(work.session, order.id)
    if any(payment.state != payments.State.AWAITING for payment in found):
        return Refusal(
            "PAYMENT_RECEIVED", "已有款项到账，不能关闭订单", "money has come in for this order"
        )
    return None


def is_delivered(order: Ordered, work: Work) -> Refusal | None:
    """Guard: every delivery of the order is complete."""
    if not tasks.all_delivered(work.session, order.id):
        return Refusal("NOT_DELIVERED", "仍有未完成的交付", "a delivery is not complete yet")
    return None


def nothing_left(order: Ordered, work: Work) -> Refusal | None:
    """Guard: what the order came to is billed and paid, what was held is settled (I-59)."""
    if meters.running(work.session, order.id) or bills.open_of(work.session, order.id):
        return Refusal("BILLS_OPEN", "仍有未结清的账单", "a bill of the order is still open")
    if subscriptions.unserved(work.session, order.id):
        return Refusal("TERM_NOT_OVER", "包期服务尚未期满", "its subscription is not over")
    if refunds.standing(work.session, order.id).under_way.minor:
        return Refusal("REFUND_UNDER_WAY", "退款尚未完成", "a refund of the order is on its way")
    return (
        schedules.open_parts(work.session, order.id)
        or _sponsor_owes(order, work)
        or _unsettled(order, work)
    )


def _sponsor_owes(order: Ordered, work: Work) -> Refusal | None:
    if not vouchers.pending(work.session, order.id):
        return None
    return Refusal(
        "VOUCHER_OPEN", "算力券抵扣部分尚未结清", "what its voucher pays is still to come"
    )


def _unsettled(order: Ordered, work: Work) -> Refusal | None:
    due = escrow.of_order(work.session, order.id)
    open_still = any(each.state == escrow.State.OPEN for each in due)
    if open_still or escrow.left(work.session, order.id) != Money(0):
        return Refusal("NOT_SETTLED", "订单款尚未结清", "the order's money is not settled yet")
    return None


def draw_up(order: Ordered, work: Work, data: dict[str, Any]) -> None:
    """Effect: draw up the contract, as its seller says (`drawing.ASKS`)."""
    order.contract_id = drawing.draw_up(order, work, data).id


def sign(order: Ordered, work: Work, _data: dict[str, Any]) -> None:
    """Effect: sign the contract for the caller's organisation."""
    contracts.sign(work, order.contract_id or "")


def instruct(order: Ordered, work: Work, _data: dict[str, Any]) -> None:
    """Effect: ask the buyer for the price, less what a voucher pays, with its own reference.

    Of an order in instalments each part that is known by a day has a payment of its own.
    """
    if schedules.of_order(work.session, order.id):
        schedules.ask_for(work, order.id, Due.SIGNATURE, Due.DATE)
        return
    voucher = vouchers.of_order(work.session, order.id)
    amount = order.total if voucher is None else order.total - voucher.used
    payments.instruct(work, order_id=order.id, payer_id=order.buyer_id, amount=amount)


def open_tasks(order: Ordered, work: Work, _data: dict[str, Any]) -> None:
    """Effect: owe the buyer the delivery of every line."""
    use = uses.from_json(order.use_scenario)
    found = lines.of(work.session, order.id)
    owed = [_owed(work, order, line, use) for line in found]
    opened = tasks.open_for(work, order_id=order.id, lines=owed)
    allotting.allot(work, opened, found, order.pay_mode)
    opening.open_meters(work, order, found, [_sale(work, order, line) for line in found])


def accept(order: Ordered, work: Work, _data: dict[str, Any]) -> None:
    """Effect: the trade counts, and what was paid becomes due to those who earned it.

    A subscription counts period by period, what is charged by use bill by bill.
    """
    tasks.accept_for(work.as_system(), order.id)
    _recognise(order, work)


def conclude(order: Ordered, work: Work, _data: dict[str, Any]) -> None:
    """Effect: nothing more is delivered; what was, counts, and its price becomes due."""
    tasks.revoke_for(work, order.id, reason="提前终止 the order ended before its time")
    _recognise(order, work)


def _recognise(order: Ordered, work: Work) -> None:
    meters.close_for(work, order.id, Basis.USE)
    ordered = _open(work, order)
    found = [line for line in ordered if opening.at_once(line, order.pay_mode)]
    # What was refunded before is neither accepted nor counted.
    amounts = escrow.reduced(work.session, order.id, _paid(work, order, found))
    there = dict(zip([line.id for line in found], amounts, strict=True))
    parts = _sponsored(work, order, {line.id: line.amount for line in ordered} | there)
    for line in ordered:
        opening.begin_term(work, order, line, _sale(work, order, line), parts[line.id])
    volume.count_slices(work, order, [(line, 1, there[line.id]) for line in found])
    due = [
        {**earned(work, order, line), "amount": amount - part, "volume": amount}
        for line in found
        if (amount := there[line.id]) > (part := parts[line.id])
    ]
    if due:
        escrow.accept(work, order.id, due)
    schedules.ask_for(work, order.id, Due.ACCEPTANCE)


def accept_part(work: Work, order: Ordered, line: OrderLine, amount: Money) -> None:
    """Let so much of a line that ended before its order count, and become due."""
    volume.count_slices(work, order, [(line, 1, amount)])
    due: escrow.AcceptedLine = {**earned(work, order, line), "amount": amount}
    escrow.accept(work, order.id, [due])


def nothing_charged(order: Ordered, work: Work) -> Refusal | None:
    """Guard: nothing of the order is charged by use: that ends with its last bill."""
    if meters.running(work.session, order.id) or bills.open_of(work.session, order.id):
        return Refusal("CHARGED_BY_USE", "按量计费的订单随账单终止", "it ends with its last bill")
    return None


def stop(order: Ordered, work: Work, _data: dict[str, Any]) -> None:
    """Effect: nothing more is delivered of an order that was called off."""
    tasks.revoke_for(work, order.id, reason="协议取消 called off by agreement")


def revoke(order: Ordered, work: Work, _data: dict[str, Any]) -> None:
    """Effect: nothing more is delivered of an order that is refunded whole."""
    tasks.revoke_for(work, order.id, reason="全额退款 the order is refunded")
    schedules.void_for(work, order.id)


def close(order: Ordered, work: Work, _data: dict[str, Any]) -> None:
    """Effect: void the contract and the payment of an order that does not come about."""
    vouchers.release(work, order.id)
    if order.contract_id is not None:
        contracts.void(work, order.contract_id)
    schedules.void_for(work, order.id)
    payment = payments.live_of(work.session, order.id)
    if payment is not None:
        payments.void(work, payment.id)


def needs(work: Work, order: Ordered, authorisation_id: str) -> bool:
    """Tell whether a line of the order that has not ended stands on an authorisation."""
    return any(line.authorisation_id == authorisation_id for line in _open(work, order))


def _open(work: Work, order: Ordered) -> list[OrderLine]:
    """Return the lines that did not end before the rest."""
    ended = parted.ended(work.session, order.id)
    return [line for line in lines.of(work.session, order.id) if line.id not in ended]


def _paid(work: Work, order: Ordered, found: list[OrderLine]) -> list[Money]:
    """Return what was paid of each line: all of it, or its share of the parts that were."""
    parts = schedules.of_order(work.session, order.id)
    if not parts:
        return [line.amount for line in found]
    by_part = schedules.divided([line.amount for line in found], [one.amount for one in parts])
    there = [
        amounts
        for one, amounts in zip(parts, by_part, strict=True)
        if one.state == schedules.State.PAID
    ]
    return [sum(line, Money(0)) for line in zip(*there, strict=True)]


def _sponsored(work: Work, order: Ordered, amounts: Mapping[str, Money]) -> dict[str, Money]:
    """Return what a voucher pays of each line, later."""
    voucher = vouchers.of_order(work.session, order.id)
    if voucher is None:
        return {line_id: Money(0, amount.currency) for line_id, amount in amounts.items()}
    parts = share(voucher.used, [amount.minor for amount in amounts.values()])
    return dict(zip(amounts, parts, strict=True))


def _owed(work: Work, order: Ordered, line: OrderLine, use: uses.Use) -> tasks.Line:
    version = versions.find(work.session, line.product_version_id)
    return {
        "order_line_id": line.id,
        "product_version_id": version.id,
        "buyer_id": order.buyer_id,
        "seller_id": order.seller_id,
        "authorisation_id": line.authorisation_id,
        "resource_id": line.resource_id,
        "dataset_version_id": version.dataset_version_id,
        "mode": line.delivery_mode,
        "grade": version.grade,
        "pi_class": version.pi_class,
        "origin": version.source_kind,
        "purpose_code": use["purpose_code"],
        "items": version.items,
        "output_form": version.output_form,
        "region": use["region"],
        "use_until": use["period_to"],
    }


def _sale(work: Work, order: Ordered, line: OrderLine) -> dict[str, Any]:
    return {name: said for name, said in earned(work, order, line).items() if name != "amount"}


def earned(work: Work, order: Ordered, line: OrderLine) -> escrow.AcceptedLine:
    """Return what settlement is told of a line that was accepted. Some SELECTs by key."""
    version = versions.find(work.session, line.product_version_id)
    public = version.source_kind == Origin.PUBLIC_AUTHORISED
    operator_id = agreement_id = None
    if line.authorisation_id is not None:
        right = authorisations.find(work.session, line.authorisation_id)
        operator_id, agreement_id = right.operator_id, _agreement(work, right)
    return {
        "order_line_id": line.id,
        "amount": line.amount,
        "buyer_id": order.buyer_id,
        "seller_id": order.seller_id,
        "operator_id": operator_id,
        "kind": escrow.Kind.PUBLIC if public else escrow.Kind.OTHER,
        "product_id": line.product_id,
        "board_ids": [board.id for board in boards.of(work.session, line.product_id)],
        "agreement_id": agreement_id,
        "commission": mandate_rows.earning(work.session, order.id),
        "waiver": "welfare" if line.fee_ground == Ground.PUBLIC_INTEREST else None,
        "dispute_prone": version.contains_pi or Grade(version.grade) >= Grade.G3,
    }


def _agreement(work: Work, right: Authorisation) -> str | None:
    """Return the operation agreement under which the right was given, if one is in force."""
    found = operation_rows.in_force(work.session, right.operator_id, local_date(work.now))
    agency_id = right.implementing_agency_id
    return next((each.id for each in found if each.implementing_agency_id == agency_id), None)
