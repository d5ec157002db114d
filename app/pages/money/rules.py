"""Pages of how what is due is divided: fee rules, revenue rules, and the hold list."""

from typing import Any

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.pages import forms, shown
from kernel.parties import people
from kernel.words import Words
from kernel.work import Work
from settlement import access
from settlement.dividing import fee_rules, hold_list, revenue_rules
from settlement.dividing.fee_rules import Kind, Payer, Waiver
from settlement.dividing.revenue_rules import Scope, Shared
from settlement.shares import Base

blueprint = Blueprint("money_rules", __name__)

PARTIES = ("merchant", "operator", "fiscal", "broker")
"""As what somebody shares, in the order of the form."""

_BASES = {
    Base.NET_OF_FEE.value: Words("扣除服务费后", "what is left after the fee"),
    Base.GROSS.value: Words(
        "全部价款（服务费由数商承担）", "the whole price; the merchant bears the fee"
    ),
}


@blueprint.get("/settlement/rules")
@doors.members("read")
def rules() -> Any:
    """Show which fees and shares hold: by the rules of the place, and by versions approved."""
    work = unit.current()
    access.require(work, access.overseer, "money_rules.listed")
    return render_template(
        "settlement/rules.html",
        fees=fee_rules.listed(work, after=None, limit=shown.PAGE).items,
        revenues=revenue_rules.listed(work, after=None, limit=shown.PAGE).items,
        standard=work.rules.table("fees"),
        shares=work.rules.table("revenue"),
        kinds=_words(Kind),
        payers=_words(Payer),
        waivers=_words(Waiver),
        scopes=_words(Scope),
        bases={key: languages.said(words) for key, words in _BASES.items()},
        parties=PARTIES,
        settles=access.settler.matches(work.actor, None),
    )


@blueprint.post("/settlement/fee-rules")
@doors.members("write")
def draft_fee() -> Any:
    """Draft a fee rule, for another person to approve."""
    made = fee_rules.draft(
        unit.current(),
        kind=Kind(forms.choice("kind", _words(Kind))),
        payer=Payer(forms.choice("payer", _words(Payer))),
        rate_bp=forms.money("rate").minor,
        min_fen=forms.money("min").minor if forms.text("min") else 0,
        cap_fen=forms.money("cap").minor if forms.text("cap") else None,
        first_on=forms.day("first_on"),
        last_on=forms.day("last_on") if forms.text("last_on") else None,
        board_id=forms.text("board_id", max=40) or None,
        waived_for=tuple(Waiver(one) for one in Waiver if one in request.form.getlist("waived")),
    )
    return redirect(f"/settlement/fee-rules/{made.id}", 303)


@blueprint.get("/settlement/fee-rules/<rule_id>")
@doors.members("read")
def fee(rule_id: str) -> Any:
    """Show a fee rule and its steps."""
    work = unit.current()
    found = fee_rules.seen(work, rule_id)
    return render_template(
        "settlement/fee_rule.html",
        rule=found,
        kinds=_words(Kind),
        payers=_words(Payer),
        waivers=_words(Waiver),
        **_common(work, found, fee_rules.LIFE),
    )


@blueprint.post("/settlement/revenue-rules")
@doors.members("write")
def draft_revenue() -> Any:
    """Draft a revenue rule, for another person to approve; shares are given in percent."""
    shared = [
        Shared(kind, forms.money(kind).minor, forms.text(f"{kind}_owner", max=60))
        for kind in PARTIES
        if forms.text(kind)
    ]
    made = revenue_rules.draft(
        unit.current(),
        scope=Scope(forms.choice("scope", _words(Scope))),
        scope_id=forms.text("scope_id", max=40),
        base=Base(forms.choice("base", _BASES)),
        shared=shared,
        first_on=forms.day("first_on"),
        last_on=forms.day("last_on") if forms.text("last_on") else None,
        document=forms.text("document", max=200),
    )
    return redirect(f"/settlement/revenue-rules/{made.id}", 303)


@blueprint.get("/settlement/revenue-rules/<rule_id>")
@doors.members("read")
def revenue(rule_id: str) -> Any:
    """Show a revenue rule, its parties and its steps."""
    work = unit.current()
    found = revenue_rules.seen(work, rule_id)
    parties = revenue_rules.parties(work.session, {found.id})[found.id]
    return render_template(
        "settlement/revenue_rule.html",
        rule=found,
        parties=parties,
        scopes=_words(Scope),
        bases={key: languages.said(words) for key, words in _BASES.items()},
        names=shown.names(work, [party.owner for party in parties]),
        **_common(work, found, revenue_rules.LIFE),
    )


@blueprint.get("/settlement/hold-list")
@doors.members("read")
def held_parties() -> Any:
    """List the parties that are neither settled nor paid now, and who was."""
    work = unit.current()
    found = hold_list.listed(work, after=shown.after(), limit=shown.PAGE)
    return render_template(
        "settlement/hold_list.html",
        entries=[
            {
                "id": one.id,
                "party_id": one.party_id,
                "reason": one.reason,
                "put_at": one.put_at,
                "off_at": one.off_at,
                "record": shown.record(one, work, hold_list.LIFE),
            }
            for one in found.items
        ],
        next=found.next,
        names=shown.names(work, [one.party_id for one in found.items]),
        settles=access.settler.matches(work.actor, None),
    )


@blueprint.post("/settlement/hold-list")
@doors.members("write")
def put() -> Any:
    """Put a party on the list."""
    hold_list.put(
        unit.current(), forms.text("party_id", max=60), reason=forms.text("reason", max=500)
    )
    return redirect("/settlement/hold-list", 303)


def _common(work: Work, found: Any, life: Any) -> dict[str, Any]:
    return {
        "record": shown.record(found, work, life),
        "people": people.names(work.session, [found.drafted_by, found.approved_by or ""]),
        "events": shown.timeline(work, found.id),
    }


def _words(codes: Any) -> dict[str, str]:
    return {each.value: languages.said(each.label) for each in codes}
