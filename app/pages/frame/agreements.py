"""Pages of plans and agreements, for their parties, departments and the authority."""

from typing import Any

from flask import Blueprint, redirect, render_template

from app import doors, languages, unit
from app.pages import forms, shown
from app.pages.frame import drafting, shared
from app.pages.wording import frame as words
from kernel.actor import Role
from kernel.work import Work
from licensing import agreements, operations, plans
from licensing.agreed import operation_rows
from licensing.agreements import SupplyAgreement
from licensing.applications import supplies
from licensing.frame.elements import Permission

blueprint = Blueprint("frame", __name__)

KINDS = {"plans": plans, "operations": operations, "agreements": agreements}


@blueprint.get("/frame/<any(plans, operations, agreements):kind>")
@doors.members("read")
def listed(kind: str) -> Any:
    """Show the plans, or the agreements of one kind, that the reader may see."""
    work = unit.current()
    page = KINDS[kind].listed(work, after=shown.after(), limit=shown.PAGE)
    parties = [each.implementing_agency_id for each in page.items] if kind == "plans" else [
        one for each in page.items for one in each.parties
    ]  # fmt: skip
    return render_template(
        "frame/listed.html",
        kind=kind,
        drafts=drafting.may_draft(work, kind),
        rows=page.items,
        next=page.next,
        names=shown.names(work, parties),
    )


@blueprint.get("/plans/<plan_id>")
@doors.members("read")
def plan(plan_id: str) -> Any:
    """Show one edition of a plan: what it says, who decided, its other editions."""
    work = unit.current()
    found = plans.seen(work, plan_id)
    visible = [each for each in plans.editions(work.session, found.code) if _sees(work, each)]
    return render_template(
        "frame/plan.html",
        plan=found,
        edit=drafting.way_in(work, "plans", found),
        record=shown.record(found, work, plans.LIFE),
        names=shown.names(work, [found.implementing_agency_id]),
        told=shared.told(found.elements, words.PLAN),
        editions=visible,
        events=shown.timeline(work, found.id),
    )


@blueprint.get("/operations/<agreement_id>")
@doors.members("read")
def operation(agreement_id: str) -> Any:
    """Show an operation agreement: elements, scope, signatures, texts, what stands under it."""
    work = unit.current()
    found = operations.seen(work, agreement_id)
    below = [each for each in supplies.under(work.session, found.id) if _reads(work, each)]
    return render_template(
        "frame/operation.html",
        **shared.facts(work, found, operations.LIFE),
        edit=drafting.way_in(work, "operations", found),
        plan=plans.find(work.session, found.plan_id),
        told=shared.told(found.elements, words.OPERATION),
        below=below,
        departments=shown.names(work, [each.department_id for each in below]),
    )


@blueprint.get("/agreements/<agreement_id>")
@doors.members("read")
def agreement(agreement_id: str) -> Any:
    """Show a supply agreement: terms, scope against the one above it, directories, texts."""
    work = unit.current()
    found = agreements.seen(work, agreement_id)
    above = operation_rows.parent_of(work.session, found.operation_agreement_id)
    misfits = agreements.misfits(found, above) if above else []
    return render_template(
        "frame/supply.html",
        **shared.facts(work, found, agreements.LIFE),
        edit=drafting.way_in(work, "agreements", found),
        above=above,
        misfits=[languages.said(each.words) for each in misfits],
        told=shared.told(found.elements, words.SUPPLY),
        directories=_directories(work, found),
        checklist=_checklist(found),
        standing=found.elements.get("standing_consent_rules", []),
    )


@blueprint.post("/agreements/<agreement_id>/letter")
@doors.members("write")
def letter(agreement_id: str) -> Any:
    """Give the operator's confidentiality letter, by its digest."""
    agreements.give_letter(unit.current(), agreement_id, digest=forms.text("digest", max=64))
    return redirect(f"/agreements/{agreement_id}", 303)


@blueprint.post("/operations/<agreement_id>/letter")
@doors.members("write")
def operation_letter(agreement_id: str) -> Any:
    """Give the operator's confidentiality letter, by its digest."""
    operations.give_letter(unit.current(), agreement_id, digest=forms.text("digest", max=64))
    return redirect(f"/operations/{agreement_id}", 303)


@blueprint.post("/agreements/<agreement_id>/directories/suspend")
@doors.members("write")
def suspend_directory(agreement_id: str) -> Any:
    """Stop the supply of one directory."""
    agreements.suspend_directory(
        unit.current(),
        agreement_id,
        directory_code=forms.text("directory_code", max=40),
        cause=forms.text("cause", max=40),
        reason=forms.text("reason", max=500),
    )
    return redirect(f"/agreements/{agreement_id}", 303)


@blueprint.post("/agreements/<agreement_id>/directories/resume")
@doors.members("write")
def resume_directory(agreement_id: str) -> Any:
    """Go on supplying one directory."""
    agreements.resume_directory(
        unit.current(),
        agreement_id,
        directory_code=forms.text("directory_code", max=40),
        reason=forms.text("reason", max=500),
    )
    return redirect(f"/agreements/{agreement_id}", 303)


def _sees(work: Work, edition: plans.ImplementationPlan) -> bool:
    ours = edition.implementing_agency_id == work.actor.organisation
    return ours or edition.state in (plans.State.EFFECTIVE, plans.State.SUPERSEDED)


def _reads(work: Work, each: SupplyAgreement) -> bool:
    """Tell whether the reader may open it: its parties may, and who oversees."""
    other = Role.SUPPLY_DEPARTMENT in work.actor.roles
    return not other or work.actor.organisation in each.parties


def _directories(work: Work, found: SupplyAgreement) -> list[dict[str, Any]]:
    levers = any(who.matches(work.actor, found) for who in agreements.levers)
    live = levers and found.state in agreements.LIVE
    terms = found.elements.get("directories", {})
    items: dict[str, list[dict[str, str]]] = {}
    for entry in found.scope["items"]:
        items.setdefault(entry["directory"], []).append(entry)
    return [
        {
            "code": code,
            "items": entries,
            "terms": terms.get(code),
            "suspended": found.suspended_directories.get(code),
            "lever": live,
        }
        for code, entries in items.items()
    ]


def _checklist(found: SupplyAgreement) -> list[dict[str, Any]]:
    given = found.elements.get("external_permission_checklist", [])
    answers = {each["permission"]: each for each in given}
    return [
        {"label": languages.said(each.label), "answer": answers.get(each.value)}
        for each in Permission
    ]
