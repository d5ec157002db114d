"""Invoices and receipts: what can be invoiced, what was asked for, the papers to print."""

from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.api.licensing import credentials
from app.pages import forms, shown, spreadsheets
from app.pages.choosing import chosen
from app.pages.letters import codes
from kernel.money import Money
from kernel.parties import people
from kernel.words import Words
from kernel.work import Work
from marketplace.seeking import orders
from settlement import access, payments
from settlement.papers import (
    invoices,
    mandates,
    non_tax,
    papers,
    receipts,
    red_letters,
    red_lines,
)
from settlement.papers.invoice_lines import Asked
from settlement.papers.invoice_rooms import About
from settlement.papers.invoices import Buyer, Invoice, Kind, State, Wanted

blueprint = Blueprint("invoicing", __name__)

FILE_MAX: Final = 10_000
_HEADER: Final = (
    Words("发票号码", "number"),
    Words("状态", "state"),
    Words("订单", "order"),
    Words("内容", "about"),
    Words("种类", "kind"),
    Words("销售方", "seller"),
    Words("购买方", "buyer"),
    Words("购买方税号", "buyer's code"),
    Words("金额（分）", "net, fen"),
    Words("税额（分）", "tax, fen"),
    Words("价税合计（分）", "total, fen"),
    Words("已冲红（分）", "written off, fen"),
    Words("开具时间", "issued"),
)
_PARTICULARS: Final = ("buyer_name", "buyer_uscc", "buyer_address", "buyer_phone", "buyer_bank",
                       "buyer_account", "email")  # fmt: skip
_PURPOSES: Final = {
    "order": Words("订单货款", "price of an order"),
    "bill": Words("用量账单", "bill of metered use"),
    "wallet": Words("预存款", "prepaid money"),
    "fee": Words("服务费", "fee of the exchange"),
}


@blueprint.get("/invoices")
@doors.members("read")
def listed() -> Any:
    """List what can be invoiced and the invoices there are; as a file with ?format=csv or xlsx."""
    work = unit.current()
    asked = shown.asked("state")
    state = State(asked) if asked in set(State) else None
    if (kind := shown.asked("format")) in {"csv", "xlsx"}:
        return _file(work, state, kind)
    which = shown.asked("about")
    about = About(which) if which in set(About) else About.PRICE
    only = shown.asked("order", max=40)
    found = invoices.listed(work, state=state, order_id=only, after=shown.after(), limit=shown.PAGE)
    settles = access.settler.matches(work.actor, None)
    asked_for = [(name, value) for name, value in (("state", state), ("order", only)) if value]
    to_ask = invoices.open_for(work, about, after=shown.asked("open", max=600), limit=shown.SHORT)
    return render_template(
        "settlement/invoices.html",
        invoices=found.items,
        next=found.next,
        open=to_ask.items,
        open_next=to_ask.next,
        about=about.value,
        abouts=_said(About),
        kinds=_said(Kind),
        state=state,
        states=list(State),
        names=shown.names(work, [one.seller_id for one in to_ask.items]),
        sells=mandates.merchant_treasurer.matches(work.actor, None),
        mandated=mandates.holds(work.session, work.actor.organisation),
        settles=settles,
        orders=chosen.offered(work, "order") if settles else None,
        codes=orders.codes(
            work.session,
            [*(one.order_id for one in to_ask.items), *(one.order_id for one in found.items)],
        ),
        only=chosen.named(work, "order", only),
        more=f"/invoices?{urlencode(asked_for)}",
    )


@blueprint.post("/invoices")
@doors.members("write")
def ask() -> Any:
    """Ask for an invoice of an order."""
    amount = forms.money("amount")
    spec = forms.text("spec", max=100)
    about = About(forms.choice("about", list(About)))
    whole_note = about == About.FEE and not spec  # one line for each kind of fee then
    work, order_id = unit.current(), forms.text("order_id", max=40)
    made = invoices.request(
        work,
        Wanted(
            order_id,
            about,
            Kind(forms.choice("kind", list(Kind))),
            amount,
            () if whole_note else [Asked(amount, spec)],
            _particulars(),
            orders.codes(work.session, [order_id]).get(order_id, ""),
        ),
    )
    return redirect(f"/invoices/{made.id}", 303)


@blueprint.post("/invoices/mandate")
@doors.members("write")
def mandate() -> Any:
    """Let the exchange issue for the caller's organisation, or no longer."""
    (mandates.give if forms.text("given") == "yes" else mandates.end)(unit.current())
    return redirect("/invoices", 303)


@blueprint.post("/invoices/non-tax")
@doors.members("write")
def note() -> Any:
    """Note a receipt of the treasury."""
    work = unit.current()
    non_tax.note(
        work,
        order_id=chosen.of(work, "order_id", "order"),
        number=forms.text("number", max=40),
        amount=forms.money("amount"),
    )
    return redirect("/invoices", 303)


@blueprint.get("/invoices/<invoice_id>")
@doors.members("read")
def one(invoice_id: str) -> Any:
    """Show an invoice as it is printed, its red letters, its steps."""
    work = unit.current()
    found = invoices.seen(work, invoice_id)
    paper = work.session.get(papers.Paper, found.paper_id) if found.paper_id else None
    letters = red_letters.of(work.session, found.id)
    return render_template(
        "settlement/invoice.html",
        invoice=found,
        kind=languages.said(Kind(found.kind).label),
        about=languages.said(About(found.about).label),
        lines=invoices.lines_of(work.session, found),
        order_code=orders.codes(work.session, [found.order_id]).get(found.order_id),
        issuer=people.names(work.session, [found.issuer or ""]).get(found.issuer or "", "—"),
        total_cn=invoices.in_capitals(found.total),
        letters=letters,
        letter_lines=red_lines.of_letters(work.session, [one.id for one in letters]),
        treasury=non_tax.of(work.session, found.order_id) if found.about == About.PRICE else [],
        record=shown.record(found, work, invoices.LIFE),
        events=shown.timeline(work, found.id),
        **_sealed(work, paper),
    )


@blueprint.post("/receipts/<payment_id>")
@doors.members("write")
def draw(payment_id: str) -> Any:
    """Draw the receipt of a payment."""
    receipts.draw(unit.current(), payment_id)
    return redirect(f"/receipts/{payment_id}", 303)


@blueprint.get("/receipts/<payment_id>")
@doors.members("read")
def receipt(payment_id: str) -> Any:
    """Show a receipt as it is printed; before it was drawn, what can be drawn."""
    work = unit.current()
    payment = payments.seen(work, payment_id)
    paper = receipts.drawn(work, payment_id)
    return render_template(
        "settlement/receipt.html",
        payment=payment,
        arrived=payment.state == payments.State.FUNDED,
        amount=Money(paper.body["amount"], paper.body["currency"]) if paper else payment.amount,
        purpose=languages.said(_PURPOSES[payment.purpose]),
        **_sealed(work, paper),
    )


def _said(of: Any) -> dict[str, str]:
    return {each.value: languages.said(each.label) for each in of}


def _particulars() -> Buyer:
    sent = [name for name in _PARTICULARS if name in request.form]
    return {name: forms.text(name, max=200) for name in sent}  # type: ignore[return-value]  # its own names


def _sealed(work: Work, paper: papers.Paper | None) -> dict[str, Any]:
    """Return what a template needs to show that a paper is ours."""
    if paper is None:
        return {"paper": None}
    verify = f"{credentials.address()}/papers?number={paper.number}&digest={paper.digest}"
    holds = papers.holds(work, paper)
    return {"paper": paper, "holds": holds, "verify": verify, "qr": codes.qr(verify)}


def _file(work: Work, state: State | None, kind: str) -> Any:
    rows: list[Invoice] = []
    after: str | None = None
    while len(rows) < FILE_MAX:
        page = invoices.listed(work, state=state, after=after, limit=1_000)
        rows += page.items
        after = page.next
        if after is None:
            break
    abouts, kinds = _said(About), _said(Kind)
    cells = (
        (one.number, one.state, one.order_id, abouts[one.about], kinds[one.kind],
         one.seller_name, one.buyer_name, one.buyer_uscc, one.net_minor, one.tax_minor,
         one.total.minor, one.red_minor, one.issued_at)
        for one in rows
    )  # fmt: skip
    return spreadsheets.answer(kind, "invoices", [languages.said(each) for each in _HEADER], cells)
