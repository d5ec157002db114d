"""Who has a case in hand: claiming it, giving it to somebody, letting go of it."""

from typing import Any

from flask import Blueprint, redirect

from app import doors, unit
from app.pages import forms
from kernel.parties import people
from kernel.work import Work
from licensing.applications.cases import UNDECIDED, Scenario
from licensing.reviewing import assignments

blueprint = Blueprint("hands", __name__)


@blueprint.post("/cases/<scenario_id>/claim")
@doors.members("write")
def claim(scenario_id: str) -> Any:
    """Take a case in hand."""
    assignments.claim(unit.current(), scenario_id)
    return redirect(f"/cases/{scenario_id}", 303)


@blueprint.post("/cases/<scenario_id>/assignment")
@doors.members("write")
def assign(scenario_id: str) -> Any:
    """Give a case to an officer of the agency."""
    assignments.assign(unit.current(), scenario_id, person_id=forms.text("person_id", max=40))
    return redirect(f"/cases/{scenario_id}", 303)


@blueprint.post("/cases/<scenario_id>/release")
@doors.members("write")
def release(scenario_id: str) -> Any:
    """Let go of a case."""
    assignments.release(unit.current(), scenario_id)
    return redirect(f"/cases/{scenario_id}", 303)


def held(work: Work, found: Scenario) -> dict[str, Any] | None:
    """Return who has a case in hand and what the reader may do about it.

    None to whom that is nobody's business: applicant, operator, departments. Up to four
    SELECTs.
    """
    officer = assignments.officer.matches(work.actor, found)
    leader = assignments.leader.matches(work.actor, found)
    if not assignments.concerns(work.actor, found):
        return None
    row = assignments.of(work.session, found.id)
    waits = found.state in UNDECIDED and found.submitted_at is not None
    holder = None if row is None else row.person_id
    mine = holder == work.actor.person
    return {
        "name": people.names(work.session, [holder]).get(holder) if holder else None,
        "since": row.assigned_at if row else None,
        "mine": mine,
        "claims": waits and officer and holder is None,
        "releases": holder is not None and (mine or leader),
        "officers": assignments.officers(work.session, found) if waits and leader else {},
        "person_id": holder,
    }
