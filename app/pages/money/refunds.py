"""Pages of refunds and of disputes at payment providers."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.pages import forms, shown, vocabulary
from app.pages.choosing import chosen
from app.pages.money import leads, shapes
from app.pages.money.shapes import cell, chooser, facts, field, said, table
from kernel.money import Money
from kernel.parties import people
from kernel.words import Words
from kernel.work import Work
from marketplace import lines, products
from marketplace.standing import returning
from settlement import access
from settlement.refunding import costs, disputes, parts, refunds, terms
from settlement.refunding.parts import RefundPart
from settlement.refunding.refunds import Kind, Refund, State

blueprint = Blueprint("refund_pages", __name__)

_BASE = "/settlement/refunds"
_SEVERAL = 2
_RAILS = {
    "bank": Words("银行转账", "by bank"),
    "provider": Words("支付机构原路退回", "by the payment provider"),
    "wallet": Words("退回预存款", "into the wallet"),
}


_PROVIDERS = {
    "stripe": Words("Stripe", "Stripe"),
    "fake": Words("演示通道", "demonstration"),
}


_KINDS = {
    Kind.ORDER: Words("订单价款", "the price of an order"),
    Kind.SUSPENSE: Words("待核销来款", "money that belonged to nothing here"),
    Kind.GOODWILL: Words("交易所补偿", "what the exchange makes good"),
    Kind.WALLET: Words("预存款余额", "what was left in a wallet"),
}


@blueprint.get(_BASE)
@doors.members("read")
def listed() -> Any:
    """List the refunds that the caller may see; settlement officers ask for one here."""
    work, state, only = unit.current(), shown.asked("state"), shown.asked("order", max=40)
    kind = shapes.wanted_file()
    found = refunds.listed(
        work,
        state=State(state) if state in {each.value for each in State} else None,
        order_id=only,
        after=None if kind else shown.after(),
        limit=shapes.EXPORTED_MAX if kind else shown.PAGE,
    )
    rows = _rows(work, found.items)
    columns = [said("编号", "Reference"), said("收款方", "To"), "#" + said("金额", "Amount"),
               said("申请", "Requested"), said("状态", "State")]  # fmt: skip
    drawn = table(said("退款", "Refunds"), columns, rows, empty=said("没有退款", "No refund"))
    if kind:
        return shapes.saved(kind, "refunds", drawn)
    return render_template(
        "settlement/list.html",
        title=said("退款", "Refunds"),
        saves=_more(state, only),
        lead=said(
            "自申请起资金在途，同一笔钱不会退两次；按来款的原路退回。",
            "From the request on the money is in transit, so nothing goes back twice; "
            "it goes back the way it came.",
        ),
        filters=shapes.filters("refund", State, _BASE, state),
        tables=[drawn],
        next=found.next,
        more=_more(state, only),
        only=_only(work, only),
        forms=_forms(work) if access.settler.matches(work.actor, None) else [],
    )


def _more(state: str | None, only: str | None) -> str:
    asked = [(name, value) for name, value in (("state", state), ("order", only)) if value]
    return f"{_BASE}?{urlencode(asked)}".rstrip("?")


def _only(work: Work, order_id: str | None) -> dict[str, str] | None:
    found = chosen.named(work, "order", order_id)
    return found and {"number": found.number, "name": found.name, "whole": _BASE}


@blueprint.post(_BASE)
@doors.money
def ask() -> Any:
    """Give a part of what was paid for an order back."""
    work = unit.current()
    made = refunds.request(
        work,
        order_id=chosen.of(work, "order_id", "order"),
        amount=forms.money("amount"),
        reason=forms.text("reason", max=500),
        order_line_id=forms.text("order_line_id", max=40) or None,
        fee_refund="fee_refund" in request.form,
    )
    return redirect(f"{_BASE}/{made.id}", 303)


@blueprint.post("/settlement/terms")
@doors.money
def end_term() -> Any:
    """End a subscription early, and give its unused days back."""
    work = unit.current()
    made = terms.end(
        work,
        chosen.of(work, "order_id", "order"),
        on=forms.day("on"),
        reason=forms.text("reason", max=500),
        fee_refund="fee_refund" in request.form,
    )
    return redirect(f"{_BASE}/{made.id}", 303)


@blueprint.post("/settlement/goodwill")
@doors.money
def make_good() -> Any:
    """Pay a customer what the exchange makes good from its own."""
    work = unit.current()
    made = refunds.make_good(
        work,
        payer_id=chosen.of(work, "payer_id", "party"),
        amount=forms.money("amount"),
        reason=forms.text("reason", max=500),
    )
    return redirect(f"{_BASE}/{made.id}", 303)


@blueprint.post(f"{_BASE}/<refund_id>/again")
@doors.money
def ask_again(refund_id: str) -> Any:
    """Ask again for what was withdrawn of a line that has ended."""
    made = returning.ask_again(unit.current(), refund_id)
    return redirect(f"{_BASE}/{made.id}", 303)


@blueprint.get(f"{_BASE}/<refund_id>")
@doors.members("read")
def one(refund_id: str) -> Any:
    """Show a refund: what it took from whom, how far it has come, its steps."""
    work = unit.current()
    found = refunds.seen(work, refund_id)
    taken = parts.of(work.session, found.id)
    names = shown.names(work, [found.payer_id, *(part.share_owner for part in taken)])
    return render_template(
        "settlement/record.html",
        crumb=(_BASE, said("退款", "Refunds")),
        title=found.reference,
        under=f"{cell(found.amount)['text']} · {names.get(found.payer_id or '', '—')}",
        tables=[_taken(taken, names), *_together(work, found)],
        facts=_facts(work, found),
        again=f"{_BASE}/{found.id}/again" if returning.may_ask_again(work, found) else None,
        **shapes.record(work, found, refunds.LIFE),
    )


def _rows(work: Work, found: list[Refund]) -> list[list[Any]]:
    names = shown.names(work, [one.payer_id for one in found])
    return [
        [cell(one.reference, href=f"{_BASE}/{one.id}"), names.get(one.payer_id or ""), one.amount,
         one.requested_at, cell("", tag=f"refund.{one.state}")]
        for one in found
    ]  # fmt: skip


def _together(work: Work, found: Refund) -> list[dict[str, Any]]:
    """Return the refunds that were asked for together, when one receipt could not bear all."""
    all_of_it = refunds.together(work.session, found)
    if len(all_of_it) == 1:
        return []
    columns = [said("参考号", "Reference"), said("收款方", "To"), "#" + said("金额", "Amount"),
               said("申请", "Asked for"), said("状态", "State")]  # fmt: skip
    title = said("同一申请的各笔退款（按来款分笔）", "Asked for together, by receipt")
    return [table(title, columns, _rows(work, all_of_it), empty="")]


def _taken(taken: list[RefundPart], names: dict[str, str]) -> dict[str, Any]:
    rows = [
        [
            vocabulary.account(part.share_code),
            names.get(part.share_owner) or said("交易所", "the exchange"),
            Money(part.amount_minor, part.currency),
        ]
        for part in taken
    ]
    columns = [said("份额", "Share"), said("主体", "Party"), "#" + said("金额", "Amount")]
    nothing = said("未动用份额", "No share is touched")
    whole = [Money(sum(part.amount_minor for part in taken), taken[0].currency)] if taken else []
    totals = [[said("合计", "Total"), "", *whole]] if taken else []
    title = said("由谁承担", "Who bears it")
    return table(title, columns, rows, empty=nothing, totals=totals)


def _facts(work: Work, found: Refund) -> list[Any]:
    who = people.names(work.session, [found.maker, found.checker or ""])
    ordered = found.kind == Kind.ORDER
    back, seller = said("一并退还", "given back as well"), said("由卖方承担", "borne by the seller")
    cost = costs.taken(work.session, found)
    return facts(
        (said("退什么", "What goes back"), languages.said(_KINDS[Kind(found.kind)])),
        (said("理由", "Reason"), found.reason),
        (said("退款方式", "How"), languages.said(_RAILS[found.rail])),
        (said("订单", "Order"), _order(work, found.order_id)),
        (said("服务费", "Fee"), (back if found.fee_refund else seller) if ordered else None),
        (
            said("银行费用（按合同扣除）", "The bank's cost, taken off by contract"),
            cost if cost.minor else None,
        ),
        (said("经办", "Made by"), who.get(found.maker) or said("系统", "the house")),
        (said("复核", "Checked by"), who.get(found.checker or "")),
        (said("到账日", "Arrived on"), found.ended_on),
        (said("失败原因", "Why it failed"), found.failure),
    )


@blueprint.get("/settlement/disputes")
@doors.members("read")
def all_disputes() -> Any:
    """List the disputes at payment providers."""
    work, kind = unit.current(), shapes.wanted_file()
    found = disputes.listed(work, **shapes.asked_page(kind))
    rows = [
        [
            cell(one.dispute_id, href=f"/settlement/disputes/{one.id}"),
            _provider(one.provider),
            one.amount,
            one.evidence_due,
            cell("", tag=f"chargeback.{one.state}"),
        ]
        for one in found.items
    ]
    title = said("支付争议", "Disputes at payment providers")
    columns = [said("争议号", "Dispute"), said("机构", "Provider"), "#" + said("金额", "Amount"),
               said("举证期限", "Answer until"), said("状态", "State")]  # fmt: skip
    drawn = table(title, columns, rows, empty=said("没有支付争议", "No dispute"))
    if kind:
        return shapes.saved(kind, "disputes", drawn)
    return render_template(
        "settlement/list.html",
        title=title,
        lead=said(
            "争议期间冻结订单款项，不得另行退款；只有支付机构的资金变动才记账。",
            "While a dispute is open the money of its order is held and nothing is refunded; "
            "only what the provider moves is booked.",
        ),
        saves="/settlement/disputes",
        tables=[drawn],
        next=found.next,
        more="/settlement/disputes",
    )


@blueprint.get("/settlement/disputes/<dispute_id>")
@doors.members("read")
def one_dispute(dispute_id: str) -> Any:
    """Show a dispute: what it is about, until when to answer, its steps."""
    work = unit.current()
    found = disputes.seen(work, dispute_id)
    held = cell(said("查看", "Show"), href=f"/settlement/holds/{found.hold_id}")
    return render_template(
        "settlement/record.html",
        crumb=("/settlement/disputes", said("支付争议", "Disputes")),
        title=f"{said('支付争议', 'Dispute')} {found.dispute_id}",
        under=f"{cell(found.amount)['text']} · {_provider(found.provider)}",
        facts=facts(
            (said("订单", "Order"), _order(work, found.order_id)),
            (said("被争议的款项", "Charge"), found.charge_object),
            (said("举证期限", "Answer until"), found.evidence_due),
            (said("举证要点", "What was answered"), found.evidence),
            (said("冻结", "Hold"), held if found.hold_id else None),
            (said("举证材料", "Evidence"), _proof(found.order_id)),
        ),
        **shapes.record(work, found, disputes.LIFE),
    )


def _proof(order_id: str | None) -> Any:
    label = said("出具该订单的证据包", "Make a pack of the order")
    return cell(label, href=f"/evidence?subject={order_id}#new-title") if order_id else None


def _provider(name: str) -> str:
    return languages.said(_PROVIDERS.get(name, Words(name, name)))


def _order(work: Work, order_id: str | None) -> Any:
    return leads.to(order_id, leads.names(work, [], order_id)) if order_id else None


def _forms(work: Work) -> list[Any]:
    amount = field("amount", said("金额（元）", "Amount (yuan)"), kind="money")
    reason = field("reason", said("理由", "Reason"))
    order_id = shown.asked("order", max=40)
    order = chooser("order_id", said("订单", "Order"), chosen.offered(work, "order", order_id))
    customer = chooser("payer_id", said("客户", "Customer"), chosen.offered(work, "party"))
    fee = said(
        "交易所一并退还服务费；否则由卖方承担",
        "The exchange gives its fee back as well; otherwise the seller bears it",
    )
    request_button = said("提交申请", "Submit the request")
    return [
        shapes.form("refund", said("申请退款", "Request a refund"), _BASE, request_button, [
            order, *_line(work, order_id), amount, reason, field("fee_refund", fee, kind="flag"),
        ]),
        shapes.form(
            "term", said("提前终止包期并退还未用天数", "End a subscription, refund unused days"),
            "/settlement/terms", said("终止并退款", "End and refund"),
            [order, field("on", said("最后服务日", "Last day served"), kind="date"), reason,
             field("fee_refund", fee, kind="flag")],
        ),
        shapes.form(
            "goodwill", said("交易所补偿", "Make good"), "/settlement/goodwill", request_button,
            [customer, amount, reason],
        ),
    ]  # fmt: skip


def _line(work: Work, order_id: str | None) -> list[Any]:
    """Return the field of the line to refund, when the order is known and has several."""
    found = lines.of(work.session, order_id) if order_id else []
    if len(found) < _SEVERAL:
        return []
    titles = products.titles(work.session, [one.product_id for one in found])
    options = {"": said("整个订单", "the whole order")} | {
        one.id: f"{languages.said(titles[one.product_id])} · {cell(one.amount)['text']}"
        for one in found
    }
    label = said("退哪一行", "Which line")
    return [field("order_line_id", label, kind="choice", options=options)]
