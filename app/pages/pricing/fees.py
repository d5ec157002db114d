"""Fee periods for operators and authorities; upper-limit fees for everybody."""

from typing import Any

from flask import Blueprint, redirect, render_template, request

from app import doors, languages, unit
from app.pages import forms, shown, vocabulary
from kernel.actor import Role
from kernel.clock import local_date
from kernel.deadlines import Light
from kernel.words import Words
from kernel.work import Work
from licensing.pricing import caps, periods, revenues
from licensing.pricing.periods import FeePeriod
from marketplace.versions import ProductType

blueprint = Blueprint("fees", __name__)

_LIGHTS = {
    Light.GREEN: Words("额度充足", "well below"),
    Light.YELLOW: Words("接近上限", "nearing the maximum"),
    Light.RED: Words("即将达到上限", "about to reach it"),
}
_FULL = Words("已达上限，暂停新的收费订单", "reached: no new paid orders")


@blueprint.get("/fees")
@doors.public
def public_caps() -> Any:
    """Show every upper-limit fee."""
    work = unit.current()
    found = caps.listed(work.session, after=shown.after(), limit=shown.PAGE)
    return render_template(
        "pricing/caps.html",
        caps=found.items,
        next=found.next,
        today=local_date(work.now),
        names=shown.names(work, [one.operator_id for one in found.items]),
    )


@blueprint.get("/fee-periods")
@doors.members("read")
def listed() -> Any:
    """List the fee periods that the caller may see, and offer the operator a new one."""
    work = unit.current()
    found = periods.listed(work, after=shown.after(), limit=shown.PAGE)
    return render_template(
        "pricing/periods.html",
        periods=[_row(one, work) for one in found.items],
        next=found.next,
        names=shown.names(work, [one.operator_id for one in found.items]),
        proposes=Role.AUTHORISED_OPERATOR in work.actor.roles,
        cost_items=periods.COST_ITEMS,
        rate_max=work.rules.number("pricing.profit_rate_bp_max"),
    )


@blueprint.post("/fee-periods")
@doors.members("write")
def propose() -> Any:
    """Propose a period; cost items that are left empty do not count."""
    costs = {item: forms.money(item).minor for item in periods.COST_ITEMS if forms.text(item)}
    made = periods.propose(
        unit.current(),
        first_on=forms.day("first_on"),
        last_on=forms.day("last_on"),
        costs=costs,
        profit_rate_bp=forms.number("profit_rate_bp"),
        taxes_fen=forms.money("taxes").minor,
        carry_over_fen=forms.money("carry_over").minor if forms.text("carry_over") else 0,
        trial="trial" in request.form,
    )
    return redirect(f"/fee-periods/{made.id}", 303)


@blueprint.get("/fee-periods/<period_id>")
@doors.members("read")
def one(period_id: str) -> Any:
    """Show a period: how the maximum came about, how far it is filled, its caps, its steps."""
    work = unit.current()
    found = periods.seen(work, period_id)
    return render_template(
        "pricing/period.html",
        period=found,
        **_filled(found, work),
        cost_items=periods.COST_ITEMS,
        record=shown.record(found, work, periods.LIFE),
        caps=caps.of_period(work.session, found.id),
        fixes=caps.agency.matches(work.actor, None) and found.state == periods.State.APPROVED,
        meters=list(caps.Meter),
        names=shown.names(work, [found.operator_id]),
        events=shown.timeline(work, found.id),
    )


@blueprint.post("/fee-periods/<period_id>/caps")
@doors.members("write")
def fix(period_id: str) -> Any:
    """Fix an upper-limit fee; the price is given in yuan, to 8 decimals."""
    caps.fix(
        unit.current(),
        period_id,
        product_type=forms.choice("product_type", [kind.value for kind in ProductType]),
        meter=forms.text("meter", max=20),
        cap_e6=forms.decimal("cap", places=8),
        valid_from=forms.day("valid_from"),
        valid_to=forms.day("valid_to"),
        doc_no=forms.text("doc_no", max=120),
    )
    return redirect(f"/fee-periods/{period_id}", 303)


def _row(found: FeePeriod, work: Work) -> dict[str, Any]:
    return {
        **_filled(found, work),
        "id": found.id,
        "operator_id": found.operator_id,
        "first_on": found.first_on,
        "last_on": found.last_on,
        "trial": found.trial,
        "state": found.state,
        "max_revenue_fen": found.max_revenue_fen,
    }


def _filled(found: FeePeriod, work: Work) -> dict[str, Any]:
    filled = revenues.standing(work.session, found, work.rules)
    return {"standing": filled, "light": _light(filled)}


def _light(filled: revenues.Standing) -> dict[str, str]:
    said = _FULL if filled.full else _LIGHTS[filled.light]
    return {
        "code": filled.light.value,
        "shape": vocabulary.LIGHTS[filled.light],
        "label": languages.said(said),
        "left": "",
    }
