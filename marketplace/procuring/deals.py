"""What a procurement pack says of an order: terms, contract, money papers, delivery, destruction.

To a party it tells what that party may see: receipts are the payer's, invoices both parties'.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import select

from delivery import tasks
from delivery.handing import handed
from delivery.tasks import DeliveryTask
from kernel.clock import Instant
from kernel.parties import organisations, regions
from kernel.words import Words
from kernel.work import Work
from marketplace import contracts, lines, orders, prices, products, versions
from marketplace.aftercare.destructions import DataDestruction
from marketplace.bargaining import agreed_prices
from marketplace.bargaining.agreed_prices import Source
from marketplace.contracting import wording
from marketplace.instalments import schedules
from marketplace.lines import OrderLine
from marketplace.orders import Order
from marketplace.plans import wording as plans
from marketplace.prices import PayMode
from marketplace.procuring import goods
from marketplace.procuring.goods import Offer
from marketplace.procuring.sheets import Section, document, fact, table
from marketplace.proving import order_files
from marketplace.templates import texts
from settlement import payments
from settlement.evidence import files
from settlement.evidence.archive import Item
from settlement.papers.invoice_rows import Invoice
from settlement.papers.papers import Paper

_TASK: Final = ("id", "mode", "state", "grade", "reads", "rows", "bytes", "use_until")
_FILE: Final = ("delivery", "round", "name", "size_bytes", "sha256", "handed_at")
_ENDING: Final = ("delivery", "state", "cause", "method", "sha256", "certified_at")


def of(work: Work, order: Order, address: str) -> Iterator[Item]:
    """Yield all that is said of an order, to who may see it. Some SELECTs, and thirty a line."""
    ordered = lines.of(work.session, order.id)
    delivered = tasks.of_order(work.session, order.id)
    title = Words(f"订单 {order.code}", f"Order {order.code}")
    told = [_parties(work, order), _use(order), _terms(work, order, ordered), _course(order)]
    yield from document("*/order.txt", title, told)
    yield from _contract(work, order)
    yield from _deliveries(work, delivered)
    yield from _endings(work, delivered)
    yield from files.invoices(work, Invoice.order_id == order.id)
    paid = [each.id for each in payments.of_order(work.session, order.id)]
    yield from files.papers(work, Paper.subject.in_(paid))
    for line in ordered:
        offer = Offer(
            products.find(work.session, line.product_id),
            versions.find(work.session, line.product_version_id),
            line.price_plan,
            f"goods/{line.position:02}/",
        )
        yield from goods.of(work, offer, address)


def _parties(work: Work, order: Order) -> Section:
    buyer = organisations.find(work.session, order.buyer_id)
    seller = organisations.find(work.session, order.seller_id)
    both = ((buyer, "买方", "Buyer"), (seller, "卖方", "Seller"))
    told = tuple(
        fact(zh, en, Words(f"{firm.name_zh}（{firm.uscc}）", f"{firm.name_en} ({firm.uscc})"))
        for firm, zh, en in both
    )
    related = (Words("- 双方存在关联关系，不计入成交额", "The two are related: it counts nowhere"),)
    return Section(Words("双方", "Parties"), told + (related if order.is_related_party else ()))


def _use(order: Order) -> Section:
    use = orders.use_of(order)
    said = wording.of_use(use)
    where = regions.name(use["region"])
    told = (
        fact("用来做什么", "What for", said["purpose_text"]),
        fact("用途", "Purpose", Words(said["purpose_zh"], said["purpose_en"])),
        fact("领域", "Field", Words(said["field_zh"], said["field_en"])),
        fact("区域", "Region", f"{where} {use['region']}"),
        fact("期限", "Period", f"{said['period_from']} — {said['period_to']}"),
    )
    return Section(Words("使用场景", "Use"), told)


def _terms(work: Work, order: Order, ordered: Sequence[OrderLine]) -> Section:
    told = []
    for line in ordered:
        version = versions.find(work.session, line.product_version_id)
        price = plans.line(prices.parse(line.price_plan))
        amount = f"{line.quantity:,} × → {line.amount}"
        zh = f"{version.title_zh} v{version.number}：{price.zh}；{amount}"
        en = f"{version.title_en} v{version.number}: {price.en}; {amount}"
        told.append(fact(f"第 {line.position} 行", f"Line {line.position}", Words(zh, en)))
    told.append(fact("总价（含税）", "Total, tax included", str(order.total)))
    told.append(fact("付款方式", "Paid", PayMode(order.pay_mode).label))
    told += [schedules.said(part) for part in schedules.of_order(work.session, order.id)]
    quoted = agreed_prices.of_order(work.session, order.id, Source.QUOTATION)
    if quoted is not None:
        told.append(fact("报价单", "Quotation", f"{quoted.source_id}: {quoted.amount}"))
    told.append(fact("验收期限（自然日）", "Days to inspect", str(order.accept_days)))
    return Section(Words("标的与价款", "Goods and price"), tuple(told))


def _course(order: Order) -> Section:
    told = (
        fact("状态", "State", str(order.state)),
        fact("下单", "Placed", _at(order.placed_at)),
        fact("交付完成", "Delivered", _at(order.delivered_at)),
        fact("验收", "Accepted", _at(order.accepted_at)),
        fact("退回次数", "Times rejected", str(order.rejections)),
    )
    return Section(Words("进展", "How far it is"), told)


def _contract(work: Work, order: Order) -> Iterator[Item]:
    """Yield the contract as it was signed, and its two texts apart to be read."""
    if order.contract_id is None:
        return
    yield from order_files.contracts_of(work, [order.contract_id])
    pair = texts.read_apart(contracts.text(work.session, order.contract_id).text)
    # Earlier contracts have no reading copy apart.
    both = zip(("zh", "en"), pair, strict=True)
    yield from [Item(f"{language}/contract.txt", said.encode()) for language, said in both if said]


def _deliveries(work: Work, delivered: Sequence[DeliveryTask]) -> Iterator[Item]:
    rows: list[dict[str, Any]] = [
        {**{name: getattr(task, name, None) for name in _TASK},
         "rows": task.rows_delivered, "bytes": task.bytes_delivered}
        for task in delivered
    ]  # fmt: skip
    yield table("data/deliveries.csv", _TASK, rows)
    given = [
        {"delivery": task.id, "round": one.round, "name": one.name, "sha256": one.sha256,
         "size_bytes": one.size_bytes, "handed_at": _at(one.handed_at)}
        for task in delivered
        for one in handed.of_round(work.session, task.id, task.rounds_handed)
    ]  # fmt: skip
    if given:
        yield table("data/handed-files.csv", _FILE, given)


def _endings(work: Work, delivered: Sequence[DeliveryTask]) -> Iterator[Item]:
    statement = (
        select(DataDestruction)
        .where(DataDestruction.task_id.in_([task.id for task in delivered]))
        .order_by(DataDestruction.id)
    )
    rows = [
        {"delivery": one.task_id, "state": str(one.state), "cause": one.cause,
         "method": one.method, "sha256": one.digest, "certified_at": _at(one.certified_at)}
        for one in work.session.scalars(statement)
    ]  # fmt: skip
    if rows:
        yield table("data/destructions.csv", _ENDING, rows)


def _at(moment: Instant | None) -> str | None:
    return None if moment is None else moment.isoformat()
