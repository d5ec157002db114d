"""Pages of the applicant: applications, where each stands, and writing a new one."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, render_template

from app import doors, languages, problems, unit
from app.pages import forms, regulator, shown
from catalogue import directories, registrations
from kernel.actor import Role
from kernel.clock import local_date
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from licensing import scenarios
from licensing.applications.cases import WRITABLE, Scenario, State
from licensing.applications.items import Asked
from licensing.applications.terms import Application

blueprint = Blueprint("enterprise", __name__)

MOVES: dict[State, Words] = {
    State.DRAFT: Words("申请方：补全并提交", "the applicant: complete and submit it"),
    State.FORMAL_CHECK: Words("实施机构：形式审查", "the agency: formal check"),
    State.SUPPLEMENTING: Words("申请方：按通知补正", "the applicant: supplement what was asked"),
    State.ACCEPTED: Words("实施机构：征求部门意见", "the agency: ask the departments"),
    State.DEPT_OPINION: Words("供数部门：给出意见", "the departments: give their opinions"),
    State.PANEL_FORMING: Words("实施机构：组建专家组", "the agency: form the panel"),
    State.ASSESSING: Words("专家组：评分", "the panel: score"),
    State.AWAITING_CONDITIONS: Words("申请方：接受条件", "the applicant: accept the conditions"),
    State.REVISING: Words("申请方：修改后提交", "the applicant: revise and submit"),
    State.DECIDING: Words("实施机构：决定", "the agency: decide"),
    State.PUBLICITY: Words("社会公众：可提出异议", "the public: may object"),
    State.AUTHORISED: Words("已授权，可上架产品", "authorised: products may be listed"),
}


@blueprint.get("/scenarios")
@doors.members("read")
def listed() -> Any:
    """Show the applications that the reader may see."""
    work = unit.current()
    page = scenarios.listed(work, after=shown.after(), limit=shown.PAGE)
    return render_template(
        "scenarios/scenarios.html",
        scenarios=page.items,
        firms=shown.names(work, [one.applicant_id for one in page.items]),
        next=page.next,
        applies=_applies(work),
    )


@blueprint.get("/scenarios/<scenario_id>")
@doors.members("read")
def scenario(scenario_id: str) -> Any:
    """Show an application to its applicant: where it is, whose move, what is owed."""
    work = unit.current()
    found = scenarios.seen(work, scenario_id)
    return render_template(
        "scenarios/scenario.html",
        **regulator.facts(work, found),
        move=_move(found),
        lacking=problems.refusals(scenarios.uncovered(work, found)),
        writable=found.state in WRITABLE and found.applicant_id == work.actor.organisation,
        events=shown.timeline(work, found.id),
    )


@blueprint.get("/scenarios/new")
@doors.members("read")
def new() -> Any:
    """Show the form of an application: first the directory, then everything else."""
    work = unit.current()
    today = local_date(work.now)
    code = shown.asked("directory")
    page = directories.listed(work.session, text=shown.asked("q"), after=None, limit=shown.PAGE)
    return render_template(
        "scenarios/new.html",
        applies=_applies(work),
        directories=[_directory(work, one) for one in page.items],
        directory=_chosen(work, code) if code else None,
        operators=_firms(work, Role.AUTHORISED_OPERATOR),
        agencies=_firms(work, Role.IMPLEMENTING_AGENCY),
        buyers=_firms(work, Role.BUYER),
        first=today,
        last=today + timedelta(days=364),
        rules=work.rules.table("scenario"),
    )


@blueprint.post("/scenarios")
@doors.members("write")
def apply() -> Any:
    """Write an application, as a draft; its page tells what is still missing."""
    made = scenarios.apply(unit.current(), **_application())
    return redirect(f"/scenarios/{made.id}", 303)


def _application() -> Application:
    reason = forms.text("necessity_reason", max=1_000)
    directory = forms.text("directory_code", max=40)
    asked: list[Asked] = [
        {
            "directory_code": directory,
            "item_code": code,
            "transform": forms.text("transform", max=40),
            "necessity_reason": forms.text(f"reason_{code}", max=1_000) or reason,
        }
        for code in forms.many("items")
    ]
    said: Application = {
        "operator_id": forms.text("operator_id", max=40),
        "implementing_agency_id": forms.text("implementing_agency_id", max=40),
        "title": forms.text("title", max=200),
        "application_field": forms.text("application_field", max=60),
        "purpose_code": forms.text("purpose_code", max=60),
        "purpose_text": forms.text("purpose_text", max=2_000),
        "purpose_class": forms.text("purpose_class", max=60),
        "use_mode": forms.text("use_mode", max=60),
        "items": asked,
        "users": forms.many("users"),
        "users_count": forms.number("users_count"),
        "regions": forms.lines("regions"),
        "period_from": forms.day("period_from"),
        "period_to": forms.day("period_to"),
        "output_forms": forms.many("output_forms"),
        "environments": forms.many("environments"),
        "quotas": {"rows": forms.number("rows")} if forms.text("rows") else {},
        "fusion": forms.text("fusion") == "1",
    }
    return said


def _applies(work: Work) -> bool:
    """Tell whether the reader may write an application."""
    writes = bool({duty.value for duty in work.actor.duties} & {"submitter", "editor"})
    return Role.DEVELOPER in work.actor.roles and writes


def _move(found: Scenario) -> str:
    words = MOVES.get(State(found.state))
    return languages.said(words) if words else ""


def _firms(work: Work, role: Role) -> list[tuple[str, str]]:
    found = organisations.with_role(work.session, role)
    return [(one.id, languages.said(Words(one.name_zh, one.name_en))) for one in found]


def _directory(work: Work, found: directories.Directory) -> dict[str, Any]:
    registered = registrations.in_force(work.session, found.id, local_date(work.now))
    return {
        "code": found.code,
        "title": languages.said(Words(found.title_zh, found.title_en)),
        "registered": registered is not None,
    }


def _chosen(work: Work, code: str) -> dict[str, Any]:
    found = directories.by_code(work.session, code)
    version = directories.published(work.session, found.id)
    items = [
        (
            item.code,
            f"{languages.said(Words(item.name_zh, item.name_en))} {item.code} · {item.grade}",
        )
        for item in directories.items(work.session, version.id)
    ]
    return {**_directory(work, found), "items": items}
