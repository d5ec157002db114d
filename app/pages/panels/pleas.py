"""Pages of pleas: who sits on a panel, objections to an announced decision, and appeals."""

from typing import Any

from flask import Blueprint, redirect, render_template

from app import doors, languages, unit
from app.pages import forms, shown
from kernel.errors import NotFound
from kernel.work import Work
from licensing import scenarios
from licensing.applications.cases import ANNOUNCED
from licensing.pleading import appeals, challenges
from licensing.pleading import publicity_objections as objections
from licensing.scenarios import Scenario, State

blueprint = Blueprint("pleas", __name__)


@blueprint.get("/pleas/<scenario_id>")
@doors.members("read")
def pleas(scenario_id: str) -> Any:
    """Show what may be pleaded in a case by this reader, and what has been."""
    work = unit.current()
    found = _pleadable(work, scenario_id)
    filed = objections.listed(work, scenario_id=found.id, after=None, limit=shown.SHORT).items
    pleaded = appeals.listed(work, scenario_id=found.id, after=None, limit=shown.SHORT).items
    mine = found.applicant_id == work.actor.organisation
    return render_template(
        "cases/pleas.html",
        scenario=found,
        clock=shown.clock(work, found.id),
        told=_told(work, found) if mine else None,
        firms=shown.names(work, [each.filed_for for each in filed]),
        objections=[(each, shown.record(each, work, objections.LIFE)) for each in filed],
        appeals=[(each, shown.record(each, work, appeals.LIFE)) for each in pleaded],
        objects=found.state == State.PUBLICITY,
        appealing=mine and found.state in (State.REFUSED, State.REJECTED),
        outside=languages.said(appeals.outside(work.rules)),
    )


@blueprint.post("/pleas/<scenario_id>/objection")
@doors.members("write")
def objection(scenario_id: str) -> Any:
    """Object to an announced decision."""
    objections.file(unit.current(), scenario_id, reason=forms.text("reason", max=500))
    return _back(scenario_id)


@blueprint.post("/pleas/<scenario_id>/appeal")
@doors.members("write")
def appeal(scenario_id: str) -> Any:
    """Appeal, as the applicant."""
    appeals.file(unit.current(), scenario_id, reason=forms.text("reason", max=500))
    return _back(scenario_id)


@blueprint.post("/pleas/<scenario_id>/challenge")
@doors.members("write")
def challenge(scenario_id: str) -> Any:
    """Challenge a member of the panel, as the applicant."""
    challenges.file(
        unit.current(),
        forms.text("assessment_id", max=40),
        expert_id=forms.text("expert_id", max=40),
        reason=forms.text("reason", max=500),
    )
    return _back(scenario_id)


def _back(scenario_id: str) -> Any:
    return redirect(f"/pleas/{scenario_id}", 303)


def _pleadable(work: Work, scenario_id: str) -> Scenario:
    """Return a case that concerns the reader, or that has been announced to everybody."""
    found = scenarios.find(work.session, scenario_id)
    return found if found.state in ANNOUNCED else scenarios.seen(work, scenario_id)


def _told(work: Work, found: Scenario) -> dict[str, Any] | None:
    try:
        told = challenges.told(work, found.id)
    except NotFound:  # before the draw there is nobody to be told of
        return None
    filed = challenges.listed(work, assessment_id=told.assessment_id, after=None, limit=20).items
    return {
        "assessment_id": told.assessment_id,
        "seats": told.seats,
        "challenges": {each.expert_id: each for each in reversed(filed)},
    }
