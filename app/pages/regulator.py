"""Pages of those who handle and oversee cases: the queue, a case, an authorisation."""

from collections import Counter
from typing import Any, Final

from flask import Blueprint, redirect, render_template

from app import doors, languages, unit
from app.pages import forms, shown
from catalogue import directories
from kernel.actor import Duty
from kernel.deadlines import Light
from kernel.words import Words
from kernel.work import Work
from licensing import assessments, consents, scenarios
from licensing.applications import admission, items
from licensing.applications.cases import Scenario, State, Waiting
from licensing.applications.items import ScenarioItem
from licensing.consents import Opinion
from licensing.exposures import RiskGrade

blueprint = Blueprint("regulator", __name__)

QUEUE: Final = 50
STEPS: Final = (
    # the stages of a case, and the states in which it stands there
    (Words("受理", "Formal check"), (State.FORMAL_CHECK, State.SUPPLEMENTING)),
    (Words("部门意见", "Opinions"), (State.ACCEPTED, State.DEPT_OPINION)),
    (Words("组建专家组", "Panel"), (State.PANEL_FORMING,)),
    (Words("评估", "Assessment"), (State.ASSESSING, State.AWAITING_CONDITIONS, State.REVISING)),
    (Words("决定", "Decision"), (State.DECIDING,)),
    (Words("公示", "Publicity"), (State.PUBLICITY,)),
    (Words("授权", "Authorised"), (State.AUTHORISED, State.CLOSED)),
)
CHECKS: Final = (
    (Words("各方主体处于正常状态", "All parties are active"), admission.parties_active),
    (Words("使用期限未届满", "The period lies ahead"), admission.period_ahead),
    (Words("目录已发布、已登记、可授权运营", "Directories published, registered, eligible"),
     admission.supplied),
    (Words("范围在供数协议之内", "The scope fits the supply agreements"), admission.covered),
)  # fmt: skip


@blueprint.get("/cases")
@doors.members("read")
def cases() -> Any:
    """Show what waits for a decision, with its four lights."""
    work = unit.current()
    page = scenarios.queue(work, after=shown.after(), limit=QUEUE)
    applicants = [found.scenario.applicant_id for found in page.items]
    return render_template(
        "cases/cases.html",
        queue=[_waiting(found) for found in page.items],
        lights=_lights(page.items),
        firms=shown.names(work, applicants),
        next=page.next,
    )


@blueprint.get("/cases/<scenario_id>")
@doors.members("read")
def case(scenario_id: str) -> Any:
    """Show a case in three panes: the queue, the case, what may be done."""
    work = unit.current()
    found = scenarios.seen(work, scenario_id)
    queue = scenarios.queue(work, limit=QUEUE).items
    return render_template(
        "cases/case.html",
        queue=[_waiting(each) for each in queue],
        lights=_lights(queue),
        **facts(work, found),
        checks=_checks(work, found),
        panel=_panel(work, found),
        events=shown.timeline(
            work, found.id, found.assessment_id, found.authorisation_id,
            *[each.id for each in consents.of(work.session, found.id, found.round)],
        ),
    )  # fmt: skip


@blueprint.post("/cases/<scenario_id>/risk")
@doors.members("write")
def grade_risk(scenario_id: str) -> Any:
    """Have the risk of a case graded; it goes on when all opinions are in."""
    given = {name: forms.text(name, max=500) for name in ("grade", "reason", "lane")}
    told = {name: text for name, text in given.items() if text}
    scenarios.grade_risk(unit.current(), scenario_id, **told)
    return redirect(f"/cases/{scenario_id}", 303)


@blueprint.post("/cases/<scenario_id>/lower-risk")
@doors.members("write")
def lower_risk(scenario_id: str) -> Any:
    """Lower the risk of a case, as a leader of its agency."""
    grade, reason = forms.choice("grade", tuple(RiskGrade)), forms.text("reason", max=500)
    scenarios.lower_risk(unit.current(), scenario_id, grade=grade, reason=reason)
    return redirect(f"/cases/{scenario_id}", 303)


@blueprint.post("/cases/<scenario_id>/assessment")
@doors.members("write")
def plan_assessment(scenario_id: str) -> Any:
    """Plan the assessment of a case: freeze the pool, commit to a seed."""
    made = assessments.plan(unit.current(), scenario_id)
    return redirect(f"/assessments/{made.id}", 303)


def facts(work: Work, found: Scenario) -> dict[str, Any]:
    """Return what is shown of a scenario, to its applicant and to those who handle it."""
    rows = items.of(work.session, found.id)
    given = consents.of(work.session, found.id, found.round)
    users = found.scope["users"]
    parties = [found.applicant_id, found.operator_id, found.implementing_agency_id]
    departments = [row.department_id for row in rows]
    return {
        "scenario": found,
        "record": shown.record(found, work, scenarios.LIFE),
        "clock": shown.clock(work, found.id),
        "stepper": _stepper(found),
        "names": shown.names(work, [*parties, *users, *departments]),
        "items": [_item(work, row) for row in rows],
        "opinions": [_opinion(work, each) for each in given],
        "disagreement_causes": consents.DISAGREEMENT_CAUSES,
    }


def _waiting(found: Waiting) -> dict[str, Any]:
    return {
        "id": found.scenario.id,
        "title": found.scenario.title,
        "code": found.scenario.code,
        "applicant_id": found.scenario.applicant_id,
        "state": str(found.scenario.state),
        "clock": shown.light(found.light, found.days_left),
        "due_on": found.due_on,
    }


def _lights(found: list[Waiting]) -> list[dict[str, Any]]:
    counted = Counter(each.light for each in found)
    shades = (Light.RED, Light.YELLOW, Light.GREEN, Light.GREY)
    return [{**(shown.light(shade, None) or {}), "count": counted[shade]} for shade in shades]


def _stepper(found: Scenario) -> list[dict[str, Any]]:
    now = next((n for n, (_, states) in enumerate(STEPS) if found.state in states), None)
    over = found.state in (State.AUTHORISED, State.CLOSED)
    return [
        {
            "label": languages.said(label),
            "mark": _mark(place, now, over=over),
        }
        for place, (label, _) in enumerate(STEPS)
    ]


def _mark(place: int, now: int | None, *, over: bool) -> str:
    if now is None:
        return ""
    if over or place < now:
        return "done"
    return "now" if place == now else ""


def _item(work: Work, row: ScenarioItem) -> dict[str, Any]:
    return {
        "directory_code": row.directory_code,
        "directory": _directory(work, row.directory_id),
        "code": row.item_code,
        "department_id": row.department_id,
        "grade": row.grade,
        "pi": row.pi_class,
        "reason": row.necessity_reason,
        "transform": row.transform,
        "struck": row.struck,
    }


def _directory(work: Work, directory_id: str) -> str:
    found = directories.find_directory(work.session, directory_id)
    return languages.said(Words(found.title_zh, found.title_en))


def _opinion(work: Work, given: Opinion) -> dict[str, Any]:
    mine = work.actor.organisation in {given.department_id, given.implementing_agency_id}
    return {
        "department_id": given.department_id,
        "state": str(given.state),
        "condition": given.condition,
        "reason": given.reason,
        "given_at": given.given_at,
        "items": len(given.items),
        "asked": given.items,
        "record": shown.record(given, work, consents.LIFE) if mine else None,
    }


def _checks(work: Work, found: Scenario) -> list[dict[str, Any]]:
    told = []
    for label, guard in CHECKS:
        refusal = guard(found, work)
        told.append(
            {
                "label": languages.said(label),
                "holds": refusal is None,
                "detail": languages.said(refusal.words) if refusal else "",
            }
        )
    return told


def _panel(work: Work, found: Scenario) -> dict[str, Any]:
    """Return the assessments of a case that the reader may see, and whether to plan one."""
    ours = work.actor.organisation == found.implementing_agency_id
    planner = ours and Duty.PANEL_SECRETARY in work.actor.duties
    seen = assessments.listed(work, scenario_id=found.id, after=None, limit=shown.SHORT).items
    live = [one for one in seen if one.state != assessments.State.VOID and one.round == found.round]
    plannable = planner and found.state == State.PANEL_FORMING and not live
    return {"assessments": seen, "plannable": plannable}
