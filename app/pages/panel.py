"""Pages of an assessment: the draw and its proof, declarations, the blind score sheet."""

from typing import Any

from flask import Blueprint, redirect, render_template, request

from app import doors, unit
from app.pages import forms, shown
from app.pages.review import panels
from kernel.money import half_up
from kernel.work import Work
from licensing import assessments, scenarios
from licensing.applications import items
from licensing.assessing import experts, members, score_sheets, sheet_drafts, sheets
from licensing.assessing.experts import Expert
from licensing.assessing.members import PanelMember
from licensing.assessing.score_sheets import Filled, ScoreSheet
from licensing.assessments import Assessment, State
from licensing.pleading import challenges, recommendations
from licensing.scenarios import Scenario
from licensing.scope import Item, Transform

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
    mine = _mine(work, found, seats)
    named = experts.named(work.session, [seat.expert_id for seat in seats])
    return render_template(
        "cases/assessment.html",
        assessment=found,
        scenario=scenario,
        record=record,
        clock=shown.clock(work, scenario.id),
        members=[_member(seat, named) for seat in seats],
        mine=mine,
        draft=_draft(work, found) if mine and (mine["scores"] or mine["corrects"]) else None,
        secretary=assessments.secretary.matches(work.actor, found),
        sheets=[_sheet(row, named) for row in assessments.sheets(work, found.id)],
        sheets_in=len(score_sheets.of(work.session, found.id)),
        items=_asked(work, scenario),
        coarser=[each.value for each in Transform][1:],
        conflicts=panels.conflicts(found),
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


@blueprint.post("/assessments/<assessment_id>/draft")
@doors.members("write")
def keep(assessment_id: str) -> Any:
    """Keep the acting member's sheet as it is written; a browser that saves gets a line back.

    fill: strike or coarsen the items that are chosen first.
    """
    work = unit.current()
    found = assessments.seen(work, assessment_id)
    saved = sheet_drafts.save(work, found, _written(work, found))
    if "HX-Request" in request.headers:
        return render_template("cases/draft.html", saved_at=saved.saved_at)
    return redirect(f"/assessments/{assessment_id}#sheet-title", 303)


def _written(work: Work, found: Assessment) -> dict[str, Any]:
    weighed = list(found.standard.get("weights", {}))
    struck, coarsened = set(_struck()), _coarsened(work, found)
    chosen, fill = set(_items("chosen")), forms.text("fill", max=20)
    if fill == "strike":
        struck |= chosen
    elif fill == "coarsen":
        struck -= chosen
        coarsened |= _stricter(work, found, chosen)
    elif fill == "leave":
        struck -= chosen
        coarsened = {item: how for item, how in coarsened.items() if item not in chosen}
    return {
        "scores": {name: forms.text(f"score_{name}", max=10) for name in weighed},
        "comments": {name: forms.text(f"comment_{name}", max=2_000) for name in weighed},
        "verdict": forms.text("verdict", max=40),
        "struck": sorted(list(item) for item in struck),
        "coarsened": sorted([*item, how] for item, how in coarsened.items()),
        "conditions": forms.lines("conditions"),
        "vetoed": forms.many("vetoed"),
        "reason": forms.text("reason", max=500),
    }


def _stricter(work: Work, found: Assessment, chosen: set[Item]) -> dict[Item, str]:
    """Return those of the chosen items of which the named treatment is coarser than asked."""
    how = forms.choice("bulk_transform", tuple(Transform))
    asked = scenarios.find(work.session, found.scenario_id).asked.items
    return {item: how for item in chosen if item in asked and Transform(how) > asked[item]}


def _draft(work: Work, found: Assessment) -> dict[str, Any]:
    """Return what the member has written so far, as the form shows it."""
    kept = sheet_drafts.own(work, found)
    written = kept.written if kept else {}
    return {
        "saved_at": kept.saved_at if kept else None,
        "scores": written.get("scores", {}),
        "comments": written.get("comments", {}),
        "verdict": written.get("verdict", ""),
        "struck": {"/".join(item) for item in written.get("struck", ())},
        "coarsened": {
            f"{directory}/{item}": how for directory, item, how in written.get("coarsened", ())
        },
        "conditions": written.get("conditions", ()),
        "vetoed": written.get("vetoed", ()),
        "reason": written.get("reason", ""),
    }


def _asked(work: Work, scenario: Scenario) -> list[dict[str, Any]]:
    """Return the items that may be struck or coarsened, as they are asked for now."""
    treated = scenario.asked.items
    return [
        {
            "at": f"{row.directory_code}/{row.item_code}",
            "directory_code": row.directory_code,
            "item_code": row.item_code,
            "transform": treated[row.item].value,
            "coarser": [each.value for each in Transform if each > treated[row.item]],
        }
        for row in items.kept(items.of(work.session, scenario.id))
    ]


def _filled(work: Work, assessment_id: str) -> Filled:
    found = assessments.seen(work, assessment_id)
    weighed = list(found.standard.get("weights", {}))
    return {
        "scores": {name: forms.points(f"score_{name}") for name in weighed},
        "comments": {name: forms.text(f"comment_{name}", max=2_000) for name in weighed},
        "verdict": forms.text("verdict", max=40),
        "struck": _struck(),
        "coarsened": _coarsened(work, found),
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
    return _items("struck")


def _items(name: str) -> list[Item]:
    found = []
    for value in forms.many(name):
        directory, _, item = value.partition("/")
        found.append((directory, item))
    return found


def _coarsened(work: Work, found: Assessment) -> dict[Item, str]:
    struck = set(_struck())
    told = {
        row.item: forms.text(f"coarsen_{row.directory_code}/{row.item_code}", max=40)
        for row in items.of(work.session, found.scenario_id)
    }
    return {item: how for item, how in told.items() if how and item not in struck}


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


def _member(seat: PanelMember, named: dict[str, Expert]) -> dict[str, Any]:
    expert = named[seat.expert_id]
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


def _sheet(row: ScoreSheet, named: dict[str, Expert]) -> dict[str, Any]:
    return {
        "expert_id": row.expert_id,
        "edition": row.edition,
        "superseding": row.superseding,
        "name": named[row.expert_id].name,
        "scores": row.scores,
        "total": row.total,
        "verdict": row.verdict,
        "conditions": row.conditions,
        "struck": row.struck,
        "coarsened": row.coarsened or [],
        "vetoed": row.vetoed,
        "comments": {name: text for name, text in row.comments.items() if text},
        "digest": row.digest,
        "signed_at": row.signed_at,
    }
