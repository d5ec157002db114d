"""Pages of registered deals: a merchant shows its proof, the exchange's officers verify it."""

from typing import Any

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.api.settlement.deals import handed
from app.pages import forms, shown
from app.pages.money import shapes
from app.pages.money.shapes import said
from kernel.actor import Role
from kernel.errors import Invalid
from kernel.work import Work
from settlement import payments
from settlement.deals import deals, papers
from settlement.deals.deals import State
from settlement.deals.papers import PaperKind

blueprint = Blueprint("deal_pages", __name__)


@blueprint.get("/deals")
@doors.members("read")
def listed() -> Any:
    """List the deals that the caller may see; a merchant may begin one."""
    work, state = unit.current(), shown.asked("state")
    if kind := shapes.wanted_file():
        return shapes.saved(kind, "deals", _table(work, state))
    found = deals.listed(
        work,
        state=State(state) if state in set(State) else None,
        after=shown.after(),
        limit=shown.PAGE,
    )
    return render_template(
        "settlement/deals.html",
        deals=found.items,
        next=found.next,
        state=state,
        states=list(State),
        names=shown.names(work, [one.merchant_id for one in found.items]),
        merchant=Role.MERCHANT in work.actor.roles,
        more=f"/deals?state={state}" if state else "/deals",
    )


@blueprint.post("/deals")
@doors.members("write")
def draft() -> Any:
    """Begin to register a deal."""
    made = deals.draft(
        unit.current(),
        buyer_name=_wanted("buyer_name", most=120),
        buyer_uscc=_wanted("buyer_uscc", most=40),
        title=_wanted("title", most=200),
        contract_no=_wanted("contract_no", most=deals.CODE_MAX),
        amount=forms.money("amount"),
        signed_on=forms.day("signed_on"),
        delivered_on=forms.day("delivered_on"),
    )
    return redirect(f"/deals/{made.id}", 303)


@blueprint.get("/deals/<deal_id>")
@doors.members("read")
def one(deal_id: str) -> Any:
    """Show a deal: what was agreed, its papers, its steps."""
    work = unit.current()
    found = deals.seen(work, deal_id)
    filed = papers.of(work.session, found.id)
    asked = payments.find(work.session, found.payment_id) if found.payment_id else None
    return render_template(
        "settlement/deal.html",
        deal=found,
        papers=[(paper, languages.said(PaperKind(paper.kind).label)) for paper in filed],
        kinds=[(kind.value, languages.said(kind.label)) for kind in PaperKind],
        record=shown.record(found, work, deals.LIFE),
        names=shown.names(work, [found.merchant_id]),
        payment=asked,
        payee=work.rules.text("settlement.custody_account"),
        files=found.state == State.DRAFT and deals.its_merchant.matches(work.actor, found),
        events=shown.timeline(work, found.id),
    )


@blueprint.post("/deals/<deal_id>/papers")
@doors.members("write")
def file(deal_id: str) -> Any:
    """File a paper of a draft."""
    chosen = request.files.get("file")
    if chosen is None or not chosen.filename:
        raise Invalid("请选择文件", "choose a file", pointer="/file")
    deals.file(
        unit.current(),
        deal_id,
        kind=PaperKind(forms.choice("kind", list(PaperKind))),
        name=chosen.filename[:200],
        content=chosen.read(),
    )
    return redirect(f"/deals/{deal_id}", 303)


@blueprint.get("/deals/<deal_id>/papers/<paper_id>")
@doors.members("read")
def paper(deal_id: str, paper_id: str) -> Any:
    """Hand a paper over for saving."""
    return handed(*deals.paper(unit.current(), deal_id, paper_id))


def _table(work: Work, state: str | None) -> dict[str, Any]:
    """Return the deals as a table, for a file."""
    wanted = State(state) if state in set(State) else None
    found = deals.listed(work, state=wanted, after=None, limit=shapes.EXPORTED_MAX).items
    names = shown.names(work, [one.merchant_id for one in found])
    rows = [
        [one.title, one.contract_no, names[one.merchant_id], one.buyer_name, one.amount,
         one.delivered_on, shapes.cell("", tag=f"direct_deal.{one.state}")]
        for one in found
    ]  # fmt: skip
    columns = [said("标的", "What"), said("合同编号", "Contract"), said("数商", "Merchant"),
               said("买方", "Buyer"), "#" + said("金额", "Amount"), said("交付日", "Delivered"),
               said("状态", "State")]  # fmt: skip
    return shapes.table(said("场外交易备案", "Registered deals"), columns, rows, empty="")


def _wanted(name: str, *, most: int) -> str:
    found = forms.text(name, max=most)
    if not found:
        raise Invalid("请填写", "this is needed", pointer=f"/{name}")
    return found
