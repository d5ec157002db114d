"""Pages of those who handle and oversee cases: a case with all that speaks for or against it."""

from typing import Any, Final

from flask import Blueprint, redirect, render_template

from app import doors, languages, unit
from app.pages import forms, shown
from app.pages.review import evidence, hands, panels, queue, rounds
from catalogue import directories
from kernel.actor import Duty
from kernel.words import Words
from kernel.work import Work
from licensing import assessments, consents, scenarios
from licensing.applications import items
from licensing.applications.cases import UNDECIDED, Scenario, State
from licensing.applications.items import ScenarioItem
from licensing.consents import Opinion
from licensing.exposures import RiskGrade, Transform

blueprint = Blueprint("regulator", __name__)

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


@blueprint.get("/cases/<scenario_id>")
@doors.members("read")
def case(scenario_id: str) -> Any:
    """Show a case in three panes: the queue, the case, what may be done."""
    work = unit.current()
    found = scenarios.seen(work, scenario_id)
    panel, shown_facts = _panel(work, found), facts(work, found)
    given = consents.of(work.session, found.id, found.round)
    rows = items.of(work.session, found.id)
    said = evidence.by_item(work, given, panel["assessments"])
    shown_facts["items"] = [
        {**told, **evidence.item(row, said)}
        for told, row in zip(shown_facts["items"], rows, strict=True)
    ]
    return render_template(
        "cases/case.html",
        **queue.pane(work),
        **shown_facts,
        rules=evidence.ruled(work, found),
        total=evidence.total(work, found),
        alike=evidence.alike(work, found),
        ties=evidence.ties(work, found, evidence.kept(rows)),
        advice=evidence.advice(work, found, panel["assessments"]),
        promises=evidence.promises(work, found),
        panel=panel,
        bench=panels.summed(work, found, panel["assessments"]),
        held=hands.held(work, found),
        changes=rounds.drawn(work, found),
        coarser=[each.value for each in Transform][1:],
        events=shown.timeline(
            work, found.id, found.assessment_id, found.authorisation_id,
            *[each.id for each in given],
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
    granted = found.asked.items
    return {
        "scenario": found,
        "drafted": found.state in UNDECIDED and found.submitted_at is not None,
        "record": shown.record(found, work, scenarios.LIFE),
        "clock": shown.clock(work, found.id),
        "stepper": _stepper(found),
        "names": shown.names(work, [*parties, *users, *departments]),
        "items": [{**_item(work, row), "granted": granted.get(row.item)} for row in rows],
        "opinions": [_opinion(work, each) for each in given],
        "disagreement_causes": consents.DISAGREEMENT_CAUSES,
    }


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
        "places": {
            f"{one['directory_code']}/{one['item_code']}": place
            for place, one in enumerate(given.items)
        },
        "record": shown.record(given, work, consents.LIFE) if mine else None,
    }


def _panel(work: Work, found: Scenario) -> dict[str, Any]:
    """Return the assessments of a case that the reader may see, and whether to plan one."""
    ours = work.actor.organisation == found.implementing_agency_id
    planner = ours and Duty.PANEL_SECRETARY in work.actor.duties
    seen = assessments.listed(work, scenario_id=found.id, after=None, limit=shown.SHORT).items
    live = [one for one in seen if one.state != assessments.State.VOID and one.round == found.round]
    plannable = planner and found.state == State.PANEL_FORMING and not live
    return {"assessments": seen, "plannable": plannable}
