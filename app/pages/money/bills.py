"""Bills for both parties, the buyer's wallet, and the list of uses, as a file too."""

from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.api.settlement import bills as door
from app.pages import forms, shown, spreadsheets
from app.pages.choosing import chosen
from app.pages.money import shapes
from app.pages.money.shapes import said
from app.pages.wording import charges
from kernel.errors import Invalid
from kernel.words import Words
from kernel.work import Work
from settlement import access, payments
from settlement.metering import (
    bill_lines,
    billing,
    bills,
    buckets,
    credit_limits,
    hours,
    meters,
    wallets,
)
from settlement.metering import usage as uses
from settlement.metering.bills import State
from settlement.metering.meters import Basis
from settlement.metering.usage import UsageEvent, Wanted
from settlement.payments import Purpose
from settlement.refunding import bill_credits, wallet_returns

blueprint = Blueprint("charges", __name__)

FILE_MAX: Final = 10_000
_HEADER: Final = (
    Words("时间", "time"),
    Words("来源", "source"),
    Words("事件号", "event"),
    Words("用量", "units"),
    Words("失败原因", "failure"),
    Words("所属小时（迟到）", "late of"),
)


_OF_MONEY: Final = ("credit", "wallet", "deposit")
"""How events of an organisation begin that are about its wallet and its credit."""


@blueprint.get("/bills")
@doors.members("read")
def listed() -> Any:
    """List the bills of the caller's organisation, as buyer and as seller."""
    work = unit.current()
    state = shown.asked("state")
    state = state if state in set(State) else None
    if kind := shapes.wanted_file():
        return shapes.saved(kind, "bills", _table(work, state))
    only = shown.asked("order", max=40)
    found = bills.listed(work, state=state, order_id=only, after=shown.after(), limit=shown.PAGE)
    asked_for = [(name, value) for name, value in (("state", state), ("order", only)) if value]
    parties = [party for one in found.items for party in (one.buyer_id, one.seller_id)]
    return render_template(
        "settlement/bills.html",
        bills=found.items,
        refunded={
            bill_id: bill_credits.total(taken)
            for bill_id, taken in bill_credits.of_bills(work.session, found.items).items()
        },
        next=found.next,
        state=state,
        states=list(State),
        kinds=_said(charges.BILL_KINDS),
        names=shown.names(work, parties),
        only=chosen.named(work, "order", only),
        more=f"/bills?{urlencode(asked_for)}",
    )


@blueprint.get("/bills/<bill_id>")
@doors.members("read")
def one(bill_id: str) -> Any:
    """Show a bill: how each line was reckoned, how to pay it, its steps."""
    work = unit.current()
    found = bills.seen(work, bill_id)
    taken = bill_credits.of_bills(work.session, [found]).get(found.id, [])
    return render_template(
        "settlement/bill.html",
        bill=found,
        credits=taken,
        refunded=bill_credits.total(taken),
        lines=door.lines_of(found, work),
        kinds=_said(charges.BILL_KINDS),
        line_kinds=_said(charges.LINE_KINDS),
        units=_said(charges.UNITS),
        payment=payments.live_for(work.session, Purpose.BILL, found.id),
        payee=work.rules.text("settlement.custody_account"),
        record=shown.record(found, work, bills.LIFE),
        clock=shown.clock(work, found.id),
        names=shown.names(work, [found.buyer_id, found.seller_id]),
        events=shown.timeline(work, found.id),
    )


@blueprint.get("/wallet")
@doors.members("read")
def wallet() -> Any:
    """Show the wallet of the caller's organisation, what it may owe, and its movements."""
    work = unit.current()
    own = work.actor.organisation
    page = wallets.statement(work, own, after=shown.after(), limit=shown.PAGE)
    return render_template(
        "settlement/wallet.html",
        balance=wallets.balance(work.session, own),
        awaited=wallets.awaited(work.session, own),
        payee=work.rules.text("settlement.custody_account"),
        limit=credit_limits.limit_of(work, own),
        owed=credit_limits.owed(work.session, own),
        lines=page.items,
        next=page.next,
        pays=wallets.holder.matches(work.actor, None),
        free=wallets.free(work.session, own, buckets.period_of(work.now)),
        returns=wallet_returns.lately(work.session, own, limit=shown.SHORT),
        warn_fen=work.rules.number("metering.wallet_warn_fen"),
        events=[one for one in shown.timeline(work, own) if one["kind"].startswith(_OF_MONEY)],
    )


@blueprint.post("/wallet/top-ups")
@doors.money
def top_up() -> Any:
    """Ask for a payment into the wallet."""
    wallets.top_up(unit.current(), forms.money("amount"))
    return redirect("/wallet", 303)


@blueprint.post("/wallet/returns")
@doors.money
def give_back() -> Any:
    """Ask for what is left in the wallet back, in cash; the buyer has confirmed it."""
    amount, reason = forms.money("amount"), forms.text("reason", max=500)
    if forms.text("confirmed") != "1":
        raise Invalid("请勾选确认", "please confirm", pointer="/confirmed")
    wallet_returns.ask(unit.current(), amount=amount, reason=reason)
    return redirect("/wallet", 303)


@blueprint.get("/usage")
@doors.members("read")
def usage() -> Any:
    """List meters and uses; as a file with ?format=csv or xlsx."""
    work = unit.current()
    wanted = _wanted()
    kind = shown.asked("format")
    if kind in {"csv", "xlsx"}:
        return _file(work, wanted, kind)
    found = uses.listed(work, wanted, after=shown.after(), limit=shown.PAGE)
    own = meters.listed(work, after=None, limit=100).items
    return render_template(
        "settlement/usage.html",
        events=found.items,
        next=found.next,
        meters={meter.id: meter for meter in own},
        wanted=wanted,
        units=_said(charges.UNITS),
        query=request.query_string.decode(),
        more=_more(),
    )


@blueprint.get("/meters/<meter_id>")
@doors.members("read")
def meter(meter_id: str) -> Any:
    """Show one meter: whether it runs, its hours, and what can be billed of it."""
    work = unit.current()
    found = meters.seen(work, meter_id)
    sells, buys = (who.matches(work.actor, found) for who in (meters.seller, meters.buyer))
    return render_template(
        "settlement/meter.html",
        meter=found,
        refused=hours.refusal(work, found),
        hours=buckets.of_meter(work.session, found.id, after=shown.after(), limit=shown.PAGE),
        units=_said(charges.UNITS),
        names=shown.names(work, [found.buyer_id, found.seller_id]),
        bills=bills.listed(work, order_id=found.order_id, after=None, limit=shown.SHORT).items,
        bills_milestone=found.basis == Basis.MILESTONES and sells,
        reports=found.basis == Basis.REPORT and buys,
        adjusts=sells or bill_lines.auditor.matches(work.actor, found),
        events=shown.timeline(work, found.id),
    )


@blueprint.post("/meters/<meter_id>/milestones")
@doors.money
def milestone(meter_id: str) -> Any:
    """Bill a milestone, on the seller's word."""
    evidence = forms.text("evidence", max=500)
    made = billing.milestone(unit.current(), meter_id, forms.number("number"), evidence=evidence)
    return redirect(f"/bills/{made.id}", 303)


@blueprint.post("/meters/<meter_id>/reports")
@doors.money
def revenue(meter_id: str) -> Any:
    """Report the base of a revenue share, and have its bill."""
    made = billing.report(
        unit.current(),
        meter_id,
        period=forms.text("period", max=10),
        base_fen=forms.money("base").minor,
        note=forms.text("note", max=500),
    )
    return redirect(f"/bills/{made.id}", 303)


@blueprint.post("/meters/<meter_id>/adjustments")
@doors.money
def adjust(meter_id: str) -> Any:
    """Write down what the next bill takes off, or adds."""
    amount = forms.money("amount").minor
    bill_lines.adjust(
        unit.current(),
        meter_id,
        period=forms.text("period", max=10),
        amount_fen=amount if forms.text("way") == "add" else -amount,
        reason=forms.text("reason", max=500),
    )
    return redirect(f"/meters/{meter_id}", 303)


@blueprint.get("/credit/<buyer_id>")
@doors.members("read")
def credit(buyer_id: str) -> Any:
    """Show what a buyer may owe and owes, and let a settlement officer set it."""
    work = unit.current()
    limit, owed = credit_limits.seen(work, buyer_id)
    return render_template(
        "settlement/credit.html",
        buyer_id=buyer_id,
        limit=limit,
        owed=owed,
        names=shown.names(work, [buyer_id]),
        sets=access.settler.matches(work.actor, None),
    )


@blueprint.post("/credit/<buyer_id>")
@doors.money
def set_credit(buyer_id: str) -> Any:
    """Set what a buyer may owe."""
    credit_limits.grant(
        unit.current(), buyer_id, limit=forms.money("limit"), reason=forms.text("reason", max=500)
    )
    return redirect(f"/credit/{buyer_id}", 303)


def _table(work: Work, state: str | None) -> dict[str, Any]:
    """Return the bills as a table, for a file."""
    found = bills.listed(work, state=state, after=None, limit=shapes.EXPORTED_MAX).items
    names = shown.names(work, [party for one in found for party in (one.buyer_id, one.seller_id)])
    kinds = _said(charges.BILL_KINDS)
    rows = [
        [one.code, kinds[one.kind], one.period, names[one.seller_id], names[one.buyer_id],
         one.amount, shapes.cell("", tag=f"bill.{one.state}")]
        for one in found
    ]  # fmt: skip
    columns = [said("账单号", "Number"), said("类型", "Kind"), said("期间", "Period"),
               said("供方", "Seller"), said("需方", "Buyer"), "#" + said("金额", "Amount"),
               said("状态", "State")]  # fmt: skip
    return shapes.table(said("账单", "Bills"), columns, rows, empty="")


def _said(words: dict[str, Words]) -> dict[str, str]:
    return {code: languages.said(each) for code, each in words.items()}


def _wanted() -> Wanted:
    failed = {"failed": True, "fine": False}.get(shown.asked("outcome") or "")
    return Wanted(
        meter_id=shown.asked("meter"),
        since=_day("since"),
        until=_day("until"),
        failed=failed,
    )


def _day(name: str) -> date | None:
    asked = shown.asked(name, max=10)
    try:
        return date.fromisoformat(asked) if asked else None
    except ValueError as error:
        raise Invalid("日期不正确", "no such day", pointer=f"/{name}") from error


def _more() -> str:
    kept = {name: value for name, value in request.args.items() if name != "after"}
    return "/usage?" + "&".join(f"{name}={value}" for name, value in sorted(kept.items()))


def _file(work: Work, wanted: Wanted, kind: str) -> Any:
    rows: list[UsageEvent] = []
    after: str | None = None
    while len(rows) < FILE_MAX:
        page = uses.listed(work, wanted, after=after, limit=1_000)
        rows += page.items
        after = page.next
        if after is None:
            break
    header = [languages.said(words) for words in _HEADER]
    cells = (
        (row.occurred_at, row.source, row.event_id, row.units, row.failure, row.late_of)
        for row in rows
    )
    return spreadsheets.answer(kind, "usage", header, cells)
