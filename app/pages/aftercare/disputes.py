"""Pages of disputes (交易争议): raise one, follow it, answer, mediate, rule, appeal."""

from typing import Any, Final

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.pages import forms, shown, spreadsheets, vocabulary
from app.pages.aftercare import pieces
from kernel.clock import local_date
from kernel.errors import StepRefused
from kernel.words import Words
from kernel.work import Work
from marketplace import lines, orders, versions
from marketplace.aftercare import complaining, disputes, filing, remedies
from marketplace.aftercare.dispute_rows import CLAIMABLE, Ground, Remedy, State, TradeDispute
from marketplace.aftercare.filing import Claim
from marketplace.orders import Order
from marketplace.seeking import orders as seeking
from settlement.holding import holds

blueprint = Blueprint("trade_dispute_pages", __name__)

FILE_MAX: Final = 1_000
HEADER: Final = (
    Words("争议编号", "Dispute"), Words("订单", "Order"), Words("买方", "Buyer"),
    Words("卖方", "Seller"), Words("事由", "Ground"), Words("请求", "Asked for"),
    Words("争议金额（分）", "In dispute, fen"), Words("处理", "Remedy"),
    Words("退款（分）", "Refunded, fen"), Words("状态", "State"), Words("提出时间", "Raised"),
)  # fmt: skip


@blueprint.get("/disputes")
@doors.members("read")
def listed() -> Any:
    """Show the disputes that the reader is party to or oversees; as a file if it is asked for."""
    work = unit.current()
    state = shown.asked("state", max=20)
    state = state if state in set(State) else None
    open_only = shown.asked("open", max=1) == "1"
    kind = shown.asked("file", max=4)
    limit = FILE_MAX if kind in {"csv", "xlsx"} else shown.PAGE
    page = disputes.listed(work, state=state, open_only=open_only, after=shown.after(), limit=limit)
    found = page.items
    firms = shown.names(work, [party for one in found for party in (one.buyer_id, one.seller_id)])
    codes = seeking.codes(work.session, [one.order_id for one in found])
    if kind in {"csv", "xlsx"}:
        header = [languages.said(words) for words in HEADER]
        name = f"disputes-{local_date(work.now)}"
        return spreadsheets.answer(kind, name, header, _cells(found, firms, codes))
    rows = [
        shown.row(f"/disputes/{one.id}", one.code, "", f"trade_dispute.{one.state}")
        for one in found
    ]
    return render_template(
        "aftercare/disputes.html",
        disputes=list(zip(found, shown.lit(work, rows, [one.id for one in found]), strict=True)),
        firms=firms,
        codes=codes,
        state=state,
        open_only=open_only,
        states=list(State),
        next=page.next,
    )


@blueprint.get("/orders/<order_id>/dispute")
@doors.members("read")
def form(order_id: str) -> Any:
    """Show the form by which the buyer raises a dispute."""
    work = unit.current()
    order = orders.seen(work, order_id)
    if refusals := filing.barred(work, order):
        raise StepRefused.of(refusals)
    wanted = [each for each in CLAIMABLE if remedies.fits(each, order.state)]
    return render_template(
        "aftercare/dispute_form.html",
        order=order,
        lines=_lines(work, order),
        wanted=wanted,
        names=shown.names(work, [order.seller_id]),
        days=work.rules.number("aftercare.dispute_days"),
        complaint=shown.asked("complaint", max=40),
    )


@blueprint.post("/orders/<order_id>/dispute")
@doors.money
def file(order_id: str) -> Any:
    """Raise a dispute, with a first piece of evidence if there is one."""
    work = unit.current()
    wanted = Remedy(forms.choice("wanted", CLAIMABLE))
    claim = Claim(
        ground=Ground(forms.choice("ground", {each.value for each in Ground})),
        said=forms.text("claim"),
        wanted=wanted,
        amount=forms.money("amount") if wanted == Remedy.PRICE_REDUCTION else None,
        line_ids=tuple(forms.many("line_ids")),
    )
    complaint = forms.text("complaint", max=40)
    made = (
        complaining.dispute(work, complaint, claim) if complaint
        else filing.file(work, order_id, claim)
    )  # fmt: skip
    if (paper := request.files.get("file")) and paper.filename:
        work.session.flush()  # the evidence looks the dispute up
        told = {**pieces.given(), "said": languages.said(Words("随争议提交", "with the claim"))}
        filing.show_evidence(work, made.id, **told)
    return redirect(f"/disputes/{made.id}", 303)


@blueprint.get("/disputes/<dispute_id>")
@doors.members("read")
def one(dispute_id: str) -> Any:
    """Show a dispute: who says what, what shows it, the money that is held, what may be done."""
    work = unit.current()
    found = disputes.seen(work, dispute_id)
    order = orders.find(work.session, found.order_id)
    heard = found.state in disputes.OPEN_TO_EVIDENCE
    return render_template(
        "aftercare/dispute.html",
        dispute=found,
        record=shown.record(found, work, disputes.LIFE),
        clock=shown.clock(work, found.id),
        order=order,
        lines=[each for each in _lines(work, order) if each["id"] in found.line_ids],
        names=shown.names(work, [found.buyer_id, found.seller_id]),
        hold=holds.find(work.session, found.hold_id) if found.hold_id else None,
        evidence=pieces.listed(work, found.id),
        shows=heard and filing.party.matches(work.actor, found),
        events=shown.timeline(work, found.id),
    )


def _lines(work: Work, order: Order) -> list[dict[str, Any]]:
    found = []
    for line in lines.of(work.session, order.id):
        version = versions.find(work.session, line.product_version_id)
        title = languages.said(Words(version.title_zh, version.title_en))
        found.append({"id": line.id, "product_id": line.product_id, "title": title,
                      "amount": line.amount})  # fmt: skip
    return found


def _cells(
    found: list[TradeDispute], firms: dict[str, str], codes: dict[str, str]
) -> list[list[Any]]:
    return [
        [
            one.code, codes.get(one.order_id, ""), firms.get(one.buyer_id, ""),
            firms.get(one.seller_id, ""), vocabulary.term(one.ground, "dispute_ground"),
            vocabulary.term(one.wanted, "remedy"), one.claimed.minor,
            vocabulary.term(one.remedy, "remedy"), one.awarded_minor,
            vocabulary.state(f"trade_dispute.{one.state}"), local_date(one.filed_at),
        ]
        for one in found
    ]  # fmt: skip


pieces.mount(blueprint, "disputes", filing.show_evidence, filing.opened)
