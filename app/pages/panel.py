"""Pages of an assessment: the draw and its proof, declarations, the blind score sheet."""

from typing import Any

from flask import Blueprint, redirect, render_template

from app import doors, unit
from app.pages import forms, shown
from kernel.money import half_up
from kernel.work import Work
from licensing import assessments, scenarios
from licensing.applications import items
from licensing.assessing import experts, members, score_sheets, sheets
from licensing.assessing.members import PanelMember
from licensing.assessing.score_sheets import Filled, ScoreSheet
from licensing.assessments import Assessment, State
from licensing.pleading import challenges, recommendations
from licensing.scope import Item

blueprint = Blueprint("panel", __name__)

VOIDS = frozenset({"void_sheet", "void_counted_sheet"})
"""The steps that share the form in which a sheet is voided."""


@blueprint.get("/assessments/<assessment_id>")
@doors.members("read")
def assessment(assessment_id: str) -> Any:
    """Show an assessment: draw, declarations, sheets as far as the reader may see them."""
    work = unit.current()
    found = assessments.seen(work, assessment_id)
    scenario = scenarios.find(work.session, found.scenario_id)
    seats = members.of(work.session, found.id)
    record = shown.record(found, work, assessments.LIFE)
    return render_template(
        "cases/assessment.html",
        assessment=found,
        scenario=scenario,
        record=record,
        clock=shown.clock(work, scenario.id),
        members=[_member(work, seat) for seat in seats],
        mine=_mine(work, found, seats),
        secretary=assessments.secretary.matches(work.actor, found),
        sheets=[_sheet(work, row) for row in assessments.sheets(work, found.id)],
        sheets_in=len(score_sheets.of(work.session, found.id)),
        items=items.of(work.session, found.scenario_id),
        criteria=_criteria(found),
        vetoable=sorted(sheets.VETOABLE),
        proof=assessments.redraw(work, found.id) if found.seed else None,
        quorum=assessments.quorum(work, found.id),
        advice=recommendations.of(work, found.id),
        challenges=_challenges(work, found),
        voids=bool(VOIDS & set(record["own"])),
        events=shown.timeline(work, found.id),
    )


@blueprint.post("/assessments/<assessment_id>/declaration")
@doors.members("write")
def declare(assessment_id: str) -> Any:
    """Declare, as a member, to have a conflict of interest, or none."""
    assessments.declare(
        unit.current(),
        assessment_id,
        conflicted=forms.text("conflicted") == "1",
        reason=forms.text("reason", max=500),
    )
    return _back(assessment_id)


@blueprint.post("/assessments/<assessment_id>/replacement")
@doors.members("write")
def replace(assessment_id: str) -> Any:
    """Replace a member by the next of the same lot."""
    assessments.replace(
        unit.current(),
        assessment_id,
        expert_id=forms.text("expert_id", max=40),
        reason=forms.text("reason", max=500),
    )
    return _back(assessment_id)


@blueprint.post("/assessments/<assessment_id>/sheet")
@doors.members("write")
def sign(assessment_id: str) -> Any:
    """Sign the acting member's score sheet."""
    work = unit.current()
    assessments.submit_sheet(work, assessment_id, **_filled(work, assessment_id))
    return _back(assessment_id)


@blueprint.post("/assessments/<assessment_id>/correction")
@doors.members("write")
def correct(assessment_id: str) -> Any:
    """Sign another sheet in place of the acting member's own."""
    work, reason = unit.current(), forms.text("reason", max=500)
    assessments.supersede_sheet(work, assessment_id, reason=reason, **_filled(work, assessment_id))
    return _back(assessment_id)


@blueprint.post("/assessments/<assessment_id>/void-sheet")
@doors.members("write")
def void_sheet(assessment_id: str) -> Any:
    """Void the sheet of a member in conflict of interest."""
    assessments.void_sheet(
        unit.current(),
        assessment_id,
        expert_id=forms.text("expert_id", max=40),
        reason=forms.text("reason", max=500),
    )
    return _back(assessment_id)


def _filled(work: Work, assessment_id: str) -> Filled:
    found = assessments.seen(work, assessment_id)
    weighed = list(found.standard.get("weights", {}))
    return {
        "scores": {name: forms.points(f"score_{name}") for name in weighed},
        "comments": {name: forms.text(f"comment_{name}", max=2_000) for name in weighed},
        "verdict": forms.text("verdict", max=40),
        "struck": _struck(),
        "conditions": forms.lines("conditions"),
        "vetoed": forms.many("vetoed"),
    }


def _challenges(work: Work, found: Assessment) -> list[Any]:
    filed = challenges.listed(work, assessment_id=found.id, after=None, limit=20).items
    named = experts.named(work.session, [one.expert_id for one in filed])
    return [
        (named[one.expert_id].name, one, shown.record(one, work, challenges.LIFE)) for one in filed
    ]


def _back(assessment_id: str) -> Any:
    return redirect(f"/assessments/{assessment_id}", 303)


def _struck() -> list[Item]:
    found = []
    for value in forms.many("struck"):
        directory, _, item = value.partition("/")
        found.append((directory, item))
    return found


def _criteria(found: Assessment) -> list[dict[str, Any]]:
    weights = found.standard.get("weights", {})
    whole = sum(weights.values()) or 1
    return [
        {
            "code": code,
            "label": sheets.CRITERIA.get(code),
            "weight_bp": half_up(weight * 10_000, whole),
            "vetoable": code in sheets.VETOABLE,
        }
        for code, weight in weights.items()
    ]


def _member(work: Work, seat: PanelMember) -> dict[str, Any]:
    expert = experts.find(work.session, seat.expert_id)
    return {
        "expert_id": seat.expert_id,
        "person_id": seat.person_id,
        "name": expert.name,
        "employer": expert.employer_name,
        "specialities": list(expert.specialities),
        "position": seat.position,
        "standing": seat.standing,
        "reason": seat.reason,
        "declared_at": seat.declared_at,
    }


def _mine(work: Work, found: Assessment, seats: list[PanelMember]) -> dict[str, Any] | None:
    """Return what is the reader's to do as a member of the panel; None for anybody else."""
    seat = next(
        (one for one in seats if one.person_id == work.actor.person and one.left_round is None),
        None,
    )
    if seat is None:
        return None
    signed = score_sheets.by(work.session, found.id, seat.expert_id)
    return {
        "declares": found.state == State.DRAWN and seat.declared_at is None,
        "scores": found.state == State.SCORING and signed is None,
        "signed": signed is not None,
        "corrects": found.state in (State.SCORING, State.TALLIED) and signed is not None,
    }


def _sheet(work: Work, row: ScoreSheet) -> dict[str, Any]:
    return {
        "expert_id": row.expert_id,
        "edition": row.edition,
        "superseding": row.superseding,
        "name": experts.find(work.session, row.expert_id).name,
        "scores": row.scores,
        "total": row.total,
        "verdict": row.verdict,
        "conditions": row.conditions,
        "struck": row.struck,
        "vetoed": row.vetoed,
        "comments": {name: text for name, text in row.comments.items() if text},
        "digest": row.digest,
        "signed_at": row.signed_at,
    }
