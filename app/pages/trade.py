"""Pages of a trade: orders, their contract, payment, delivery, and the way of the money."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from flask import Blueprint, redirect, render_template

from app import doors, languages, unit
from app.pages import chrome, forms, shown, vocabulary
from app.pages.buying import renewals
from app.pages.choosing import sieves
from app.pages.contracting import cancelling, instalments
from app.pages.contracting import contracts as papers
from app.pages.integrity import desk as integrity
from app.pages.money import leads
from app.pages.spreadsheets import Cell
from delivery import reads, tasks
from delivery.domain import By, Cut
from delivery.reads import Use
from delivery.tasks import DeliveryTask
from kernel.clock import local_date
from kernel.words import Words
from kernel.work import Work
from marketplace import access, contracts, lines, orders, versions
from marketplace.aftercare import dispute_rows, disputes, filing
from marketplace.charging import using
from marketplace.ordering import rejections
from marketplace.orders import Order
from marketplace.paying import vouchers as paying
from marketplace.prices import PayMode
from marketplace.seeking import orders as seeking
from marketplace.templates import texts
from settlement import access as overseeing
from settlement import escrow, payments, payouts
from settlement.escrow import Hop
from settlement.vouchers import vouchers

blueprint = Blueprint("trade", __name__)

HEADER: Final = (
    Words("订单", "Order"), Words("内容", "What"), Words("买方", "Buyer"),
    Words("卖方", "Seller"), Words("金额（分）", "Amount, fen"), Words("付款方式", "Payment"),
    Words("下单时间", "Placed"), Words("状态", "State"),
)  # fmt: skip
READ_DAYS: Final = 31
"""How many days of data the read form proposes."""


@blueprint.get("/orders")
@doors.members("read")
def listed() -> Any:
    """Show the orders that the reader's organisation placed, received or oversees."""
    work = unit.current()
    sides = _sides(work)
    side = shown.asked("side", max=10)
    side = side if side in sides else next(iter(sides))
    sieve = sieves.asked("order", orders.State)
    page = sides[side](work, state=sieve.state, after=shown.after(), limit=sieve.limit)
    parties = [party for order in page.items for party in (order.buyer_id, order.seller_id)]
    titles = seeking.titles(work.session, [order.id for order in page.items])
    titled = {key: languages.said(words) for key, words in titles.items()}
    firms = shown.names(work, parties)
    if sieve.file:
        return sieve.answer(work, "orders", HEADER, _cells(page.items, titled, firms))
    return render_template(
        "orders/orders.html",
        orders=page.items,
        titles=titled,
        firms=firms,
        sieve=sieve,
        side=side,
        sides=list(sides),
        next=page.next,
    )


@blueprint.get("/orders/<order_id>")
@doors.members("read")
def order(order_id: str) -> Any:
    """Show an order: lines, contract, payment, delivery, acceptance, money."""
    work = unit.current()
    found = orders.seen(work, order_id)
    return render_template("orders/order.html", **_order(work, found))


@blueprint.post("/orders/<order_id>/signature")
@doors.money
def sign(order_id: str) -> Any:
    """Sign the contract for the reader's organisation."""
    orders.sign(unit.current(), order_id)
    return redirect(f"/orders/{order_id}", 303)


@blueprint.post("/deliveries/<task_id>/reads")
@doors.members("deliver")
def read(task_id: str) -> Any:
    """Read aggregates of what was bought; each read is decided anew, and a no is kept."""
    work = unit.current()
    use = Use(
        purpose_code=forms.text("purpose_code", max=60),
        output_form=forms.text("output_form", max=60),
        region=forms.text("region", max=6),
    )
    cut = Cut(
        items=forms.many("items"),
        since=forms.day("since"),
        until=forms.day("until"),
        stations=forms.lines("stations"),
        by=By.MONTH if forms.text("by") == By.MONTH else By.DAY,
        limit=forms.number("limit"),
    )
    using.require(work, task_id)
    reading = reads.read(work, task_id, use, cut, data_dir=unit.house().data_dir)
    task = tasks.seen(work, task_id)
    return render_template("orders/reading.html", reading=reading, task=task, cut=cut)


def _sides(work: Work) -> dict[str, Any]:
    found: dict[str, Any] = {"bought": orders.bought, "sold": orders.sold}
    if access.oversees(work.actor):
        return {"all": orders.overseen, **found}
    return found


def _cells(
    found: Sequence[Order], titles: Mapping[str, str], firms: Mapping[str, str]
) -> list[Sequence[Cell]]:
    return [
        (one.code, titles.get(one.id, ""), firms[one.buyer_id], firms[one.seller_id],
         one.total.minor if one.pay_mode == PayMode.PREPAID else None,
         vocabulary.term(one.pay_mode, "pay_mode"), one.placed_at,
         vocabulary.state(f"order.{one.state}"))
        for one in found
    ]  # fmt: skip


def _order(work: Work, found: Order) -> dict[str, Any]:
    payment = payments.live_of(work.session, found.id)
    delivered = tasks.of_order(work.session, found.id)
    contract = found.contract_id
    subjects = [found.id, contract, payment.id if payment else None]
    settles = overseeing.settler.matches(work.actor, None)
    return {
        "ways": _ways(work, found, settles),
        "order": found,
        "record": shown.record(found, work, orders.LIFE),
        "clock": shown.clock(work, found.id),
        "names": shown.names(work, [found.buyer_id, found.seller_id]),
        "lines": _lines(work, found),
        "contract": _contract(work, contract) if contract else None,
        "instalments": instalments.panel(work, found),
        "term": renewals.panel(work, found),
        "cancelling": cancelling.panel(work, found),
        "rejections": rejections.of_order(work.session, found.id),
        "payment": payment,
        "payee": work.rules.text("settlement.custody_account"),
        "is_buyer": found.buyer_id == work.actor.organisation,
        "voucher": vouchers.of_order(work.session, found.id),
        "vouchers": paying.usable(work, found),
        "tasks": [_task(work, task) for task in delivered],
        "money": _money(work, found.id),
        "aside": _aside(work, found),
        "events": shown.timeline(work, *subjects, *[task.id for task in delivered]),
    }


def _aside(work: Work, found: Order) -> dict[str, Any] | None:
    """Return why the order does not count, for its seller and for who oversees it."""
    if found.seller_id != work.actor.organisation and not access.oversees(work.actor):
        return None
    return integrity.panel(work, found.id)


def _ways(work: Work, found: Order, settles: bool) -> list[tuple[str, str, str]]:
    """Return where else the order is told of: icon, address and name, for whom it is."""
    own = {found.buyer_id, found.seller_id}
    party, oversees = work.actor.organisation in own, overseeing.oversees(work.actor)
    order = found.id
    known = [
        (True, "badge-check", f"/evidence?subject={order}#new-title",
         Words("出具证据包", "Make an evidence pack")),
        (True, "download", f"/orders/{order}/procurement-pack",
         Words("采购资料包", "Procurement pack")),
        (True, "list-checks", "#money", Words("一笔钱走到哪", "Where the money is")),
        (oversees, "landmark", f"/settlement/ledger/2241.escrow?owner={order}",
         Words("托管账户明细", "Escrow in the ledger")),
        (party or oversees, "receipt", f"/invoices?order={order}", Words("发票", "Invoices")),
        (party or oversees, "undo-2", f"/settlement/refunds?order={order}",
         Words("退款", "Refunds")),
        (settles, "lock", f"/settlement/holds?order={order}#hold", Words("冻结款项", "Hold money")),
        (party and found.accepted_at is not None, "star", f"/orders/{order}/ratings",
         Words("评价", "Rating")),
        (disputes.buyer.matches(work.actor, found) and not filing.barred(work, found),
         "scale", f"/orders/{order}/dispute", Words("提出争议", "Raise a dispute")),
        (party, "circle-alert", f"/complaints/new?about=order&subject={order}",
         Words("投诉对方", "Complain of the other party")),
        *((party or oversees, "scale", f"/disputes/{one.id}",
           Words(f"争议 {one.code}", f"Dispute {one.code}"))
          for one in dispute_rows.of_order(work.session, order)),
        (found.pay_mode != "prepaid", "file-text", f"/bills?order={order}",
         Words("账单", "Bills")),
    ]  # fmt: skip
    return [(icon, href, languages.said(words)) for here, icon, href, words in known if here]


def _lines(work: Work, found: Order) -> list[dict[str, Any]]:
    shown_lines = []
    for line in lines.of(work.session, found.id):
        version = versions.find(work.session, line.product_version_id)
        shown_lines.append(
            {
                "product_id": line.product_id,
                "title": languages.said(Words(version.title_zh, version.title_en)),
                "number": version.number,
                "price_plan": line.price_plan,
                "quantity": line.quantity,
                "amount": line.amount,
            }
        )
    return shown_lines


def _contract(work: Work, contract_id: str) -> dict[str, Any]:
    body = contracts.text(work.session, contract_id)
    return {
        "state": str(contracts.find(work.session, contract_id).state),
        "text": texts.read_apart(body.text)[0],
        "digest": body.text_digest,
        "template": body.template,
        "template_version": body.template_version,
        "whole": contracts.is_whole(work.session, work.crypto, contract_id),
        "signatures": papers.signed(work, contract_id),
    }


def _task(work: Work, task: DeliveryTask) -> dict[str, Any]:
    line = next(
        one for one in lines.of(work.session, task.order_id) if one.id == task.order_line_id
    )
    version = versions.find(work.session, line.product_version_id)
    since = version.temporal_from or local_date(work.now)
    until = min(since + timedelta(days=READ_DAYS - 1), version.temporal_to or since)
    buys = tasks.buyer.matches(work.actor, task)
    return {
        "id": task.id,
        "state": str(task.state),
        "record": shown.record(task, work, tasks.LIFE),
        "items": sorted({entry["item"] for entry in task.items}),
        "purpose_code": task.purpose_code,
        "output_form": task.output_form,
        "region": task.region,
        "reads": task.reads,
        "rows": task.rows_delivered,
        "readable": buys and task.state in reads.READABLE and task.resource_id is not None,
        "asked": {"since": since, "until": until},
    }


def _money(work: Work, order_id: str) -> dict[str, Any] | None:
    found = escrow.explain(work.session, order_id)
    if not found.hops:
        return None
    refs = [ref for hop in found.hops for ref in (hop.debit, hop.credit)]
    firms = leads.names(work, refs)
    return {
        "traced": overseeing.oversees(work.actor),
        "payouts": [
            {"id": payout.id, "reference": payout.reference, "amount": part.amount}
            for payout, part in payouts.of_order(work.session, order_id)
        ],
        "paid_in": found.paid_in,
        "in_escrow": found.in_escrow,
        "waiting": found.waiting,
        "shared": found.shared,
        "difference": found.difference,
        "hops": [_hop(hop, firms) for hop in found.hops if not hop.credit.code.startswith("9")],
    }


def _hop(hop: Hop, firms: dict[str, str]) -> dict[str, Any]:
    return {
        "says": chrome.short(languages.said(hop.says)),
        "on": hop.effective_on,
        "debit": languages.said(hop.debit_name),
        "debit_owner": firms.get(hop.debit.owner, ""),
        "debit_lead": leads.owner(hop.debit, firms),
        "credit": languages.said(hop.credit_name),
        "credit_owner": firms.get(hop.credit.owner, ""),
        "credit_lead": leads.owner(hop.credit, firms),
        "amount": hop.amount,
        "entry_id": hop.entry_id,
    }
