"""Pages of the applicant: applications, and where each stands."""

from typing import Any

from flask import Blueprint, render_template

from app import doors, languages, problems, unit
from app.pages import regulator, shown
from app.pages.applying import drafts
from kernel.words import Words
from licensing import scenarios
from licensing.applications.cases import WRITABLE, Scenario, State

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
        applies=drafts.applies(work),
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


def _move(found: Scenario) -> str:
    words = MOVES.get(State(found.state))
    return languages.said(words) if words else ""
