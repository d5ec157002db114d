"""Pages of what goes back: refunds, disputes at providers, holds, adjustments by hand."""

from typing import Any

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.pages import forms, shown
from kernel.parties import people
from kernel.words import Words
from settlement import access
from settlement.dividing import frozen
from settlement.dividing.frozen import Ground
from settlement.entries import AccountRef
from settlement.holding import holds
from settlement.refunding import adjustments, disputes, parts, refunds
from settlement.refunding.adjustments import Kind
from settlement.refunding.refunds import State

blueprint = Blueprint("refunds", __name__)

_RAILS = {
    "bank": Words("银行转账", "by bank"),
    "provider": Words("支付机构原路退回", "by the payment provider"),
    "wallet": Words("退回预存款", "into the wallet"),
}


@blueprint.get("/settlement/refunds")
@doors.members("read")
def listed() -> Any:
    """List the refunds that the caller may see; settlement officers ask for one here."""
    work = unit.current()
    state = shown.asked("state")
    found = refunds.listed(
        work,
        state=State(state) if state in {each.value for each in State} else None,
        order_id=shown.asked("order"),
        after=shown.after(),
        limit=shown.PAGE,
    )
    return render_template(
        "settlement/refunds.html",
        refunds=found.items,
        next=found.next,
        state=state,
        states=list(State),
        names=shown.names(work, [one.payer_id for one in found.items]),
        settles=access.settler.matches(work.actor, None),
        order_id=shown.asked("order") or "",
        more=f"/settlement/refunds?state={state}" if state else "/settlement/refunds",
    )


@blueprint.post("/settlement/refunds")
@doors.money
def ask() -> Any:
    """Give a part of what was paid for an order back."""
    made = refunds.request(
        unit.current(),
        order_id=forms.text("order_id", max=40),
        amount=forms.money("amount"),
        reason=forms.text("reason", max=500),
        order_line_id=forms.text("order_line_id", max=40) or None,
        fee_refund="fee_refund" in request.form,
    )
    return redirect(f"/settlement/refunds/{made.id}", 303)


@blueprint.get("/settlement/refunds/<refund_id>")
@doors.members("read")
def one(refund_id: str) -> Any:
    """Show a refund: what it took from whom, how far it has come, its steps."""
    work = unit.current()
    found = refunds.seen(work, refund_id)
    taken = parts.of(work.session, found.id)
    return render_template(
        "settlement/refund.html",
        refund=found,
        rail=languages.said(_RAILS[found.rail]),
        parts_taken=taken,
        record=shown.record(found, work, refunds.LIFE),
        names=shown.names(work, [found.payer_id, *(part.share_owner for part in taken)]),
        people=people.names(work.session, [found.maker, found.checker or ""]),
        events=shown.timeline(work, found.id),
    )


@blueprint.get("/settlement/disputes")
@doors.members("read")
def all_disputes() -> Any:
    """List the disputes at payment providers."""
    work = unit.current()
    found = disputes.listed(work, after=shown.after(), limit=shown.PAGE)
    return render_template("settlement/disputes.html", disputes=found.items, next=found.next)


@blueprint.get("/settlement/disputes/<dispute_id>")
@doors.members("read")
def one_dispute(dispute_id: str) -> Any:
    """Show a dispute: what it is about, until when to answer, its steps."""
    work = unit.current()
    found = disputes.seen(work, dispute_id)
    return render_template(
        "settlement/dispute.html",
        dispute=found,
        record=shown.record(found, work, disputes.LIFE),
        events=shown.timeline(work, found.id),
    )


@blueprint.get("/settlement/holds")
@doors.members("read")
def all_holds() -> Any:
    """List what is set aside; settlement officers set money aside here."""
    work = unit.current()
    found = holds.listed(work, after=shown.after(), limit=shown.PAGE)
    return render_template(
        "settlement/holds.html",
        holds=found.items,
        next=found.next,
        grounds=_grounds(),
        settles=access.settler.matches(work.actor, None),
    )


@blueprint.post("/settlement/holds")
@doors.money
def place() -> Any:
    """Set money of an order aside: the amount given, or all there is."""
    made = holds.place(
        unit.current(),
        order_id=forms.text("order_id", max=40),
        amount=forms.money("amount") if forms.text("amount", max=20) else None,
        ground=Ground(forms.choice("ground", [each.value for each in Ground])),
        reference=forms.text("reference", max=120),
    )
    return redirect(f"/settlement/holds/{made.id}", 303)


@blueprint.get("/settlement/holds/<hold_id>")
@doors.members("read")
def one_hold(hold_id: str) -> Any:
    """Show a hold: what was set aside from where, its steps."""
    work = unit.current()
    found = holds.seen(work, hold_id)
    pieces = frozen.of_hold(work.session, found.id)
    return render_template(
        "settlement/hold.html",
        hold=found,
        ground=_grounds()[found.ground],
        pieces=pieces,
        names=shown.names(work, [piece.owner for piece in pieces]),
        record=shown.record(found, work, holds.LIFE),
        events=shown.timeline(work, found.id),
    )


@blueprint.get("/settlement/adjustments")
@doors.members("read")
def all_adjustments() -> Any:
    """List adjustments by hand and write-offs; settlement officers propose one here."""
    work = unit.current()
    found = adjustments.listed(work, after=shown.after(), limit=shown.PAGE)
    return render_template(
        "settlement/adjustments.html",
        adjustments=found.items,
        next=found.next,
        pairs=[(kind.value, *pair) for kind in Kind for pair in kind.pairs],
        kinds={kind.value: languages.said(kind.label) for kind in Kind},
        settles=access.settler.matches(work.actor, None),
    )


@blueprint.post("/settlement/adjustments")
@doors.money
def propose() -> Any:
    """Propose an adjustment, for another person to check and post."""
    known = {"/".join((kind, *pair)): (kind, *pair) for kind in Kind for pair in kind.pairs}
    kind, debit, credit = known[forms.choice("pair", known)]
    made = adjustments.propose(
        unit.current(),
        kind=kind,
        debit=AccountRef(debit, forms.text("debit_owner", max=80)),
        credit=AccountRef(credit, forms.text("credit_owner", max=80)),
        amount=forms.money("amount"),
        reason=forms.text("reason", max=500),
        document=forms.text("document", max=64),
    )
    return redirect(f"/settlement/adjustments/{made.id}", 303)


@blueprint.get("/settlement/adjustments/<adjustment_id>")
@doors.members("read")
def one_adjustment(adjustment_id: str) -> Any:
    """Show an adjustment, its ground and its steps."""
    work = unit.current()
    found = adjustments.seen(work, adjustment_id)
    return render_template(
        "settlement/adjustment.html",
        adjustment=found,
        kind=languages.said(Kind(found.kind).label),
        people=people.names(work.session, [found.maker, found.checker or ""]),
        record=shown.record(found, work, adjustments.LIFE),
        events=shown.timeline(work, found.id),
    )


def _grounds() -> dict[str, str]:
    return {each.value: languages.said(each.label) for each in Ground}
