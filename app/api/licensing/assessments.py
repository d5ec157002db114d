"""The door of assessments (评估): planning, drawing, scoring blind, concluding."""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import fields

from app import doors, languages, problems, unit
from app.doors import Schema
from kernel.errors import Refusal
from kernel.work import Work
from licensing import assessments
from licensing.assessing import members
from licensing.assessing.members import PanelMember, Proof
from licensing.assessing.score_sheets import ScoreSheet
from licensing.assessing.sheets import SCORE_MAX, Verdict
from licensing.assessments import Assessment
from licensing.pleading import recommendations
from licensing.scope import Transform

blueprint = doors.noun("assessments", "Assessments · 评估")


class PlanIn(doors.Body):
    """Which scenario is to be assessed."""

    scenario_id = doors.text(max=40)


class AssessmentQuery(doors.PageQuery):
    """Which assessments to list."""

    scenario_id = doors.text(max=40, required=False, load_default=None)


class DeclarationIn(doors.Body):
    """A member's declaration; a conflict of interest has a reason."""

    conflicted = doors.flag()
    reason = doors.text(max=500, required=False, load_default="")


class ReplacementIn(doors.Body):
    """Who is to be replaced, and why."""

    expert_id = doors.text(max=40)
    reason = doors.text(max=500)


class StruckItemIn(doors.Body):
    """One data item, by its directory's code and its own."""

    directory = doors.text(max=64)
    item = doors.text(max=64)


class CoarsenedItemIn(StruckItemIn):
    """One data item, and the coarser treatment that is enough."""

    transform = doors.choice(*Transform)


class ScoreSheetIn(doors.Body):
    """A score sheet. scores: criterion → hundredths of a point, 0–10,000."""

    scores = fields.Dict(doors.text(max=40), doors.whole(max=SCORE_MAX), required=True)
    comments = fields.Dict(doors.text(max=40), doors.text(max=2000), load_default=dict)
    verdict = doors.choice(*Verdict)
    struck = doors.many(StruckItemIn, at_most=500, required=False, load_default=list)
    coarsened = doors.many(CoarsenedItemIn, at_most=500, required=False, load_default=list)
    conditions = doors.texts(max=20, each=500, required=False, load_default=list)
    vetoed = doors.texts(max=10, each=40, required=False, load_default=list)


class SheetCorrectionIn(ScoreSheetIn):
    """A sheet in place of the one that was signed, and why."""

    reason = doors.text(max=500)


class StruckItemOut(Schema):
    """One data item."""

    directory = fields.String()
    item = fields.String()


class CoarsenedItemOut(StruckItemOut):
    """One data item and its coarser treatment."""

    transform = fields.String()


class ScoreSheetOut(Schema):
    """A score sheet as it was signed."""

    expert_id = fields.String()
    edition = fields.Integer()
    superseding = fields.String(allow_none=True)
    scores = fields.Dict(fields.String(), fields.Integer())
    comments = fields.Dict(fields.String(), fields.String())
    verdict = fields.String()
    struck = fields.List(fields.Nested(StruckItemOut))
    coarsened = fields.List(fields.Nested(CoarsenedItemOut))
    conditions = fields.List(fields.String())
    vetoed = fields.List(fields.String())
    total = fields.Integer()
    digest = fields.String()
    signed_at = fields.String()


class ScoreSheetsOut(Schema):
    """The sheets that the caller may see."""

    items = fields.List(fields.Nested(ScoreSheetOut))


class PanelMemberOut(Schema):
    """One who was drawn. position: the seat."""

    expert_id = fields.String()
    person_id = fields.String()
    position = fields.Integer()
    standing = fields.String()
    reason = fields.String(allow_none=True)
    declared_at = fields.AwareDateTime(allow_none=True, format="iso")


class DrawProofOut(Schema):
    """What anybody needs to draw the panel again, and whether it comes out the same."""

    seed = fields.String()
    commitment = fields.String()
    pool = fields.String()
    removed = fields.List(fields.String())
    members = fields.List(fields.String())
    holds = fields.Boolean()


class QuorumOut(Schema):
    """How many sheets count, of how many, and what is missing for a quorum."""

    sheets = fields.Integer()
    size = fields.Integer()
    missing = fields.List(fields.Nested(doors.RefusalOut))


class RecomputationOut(Schema):
    """What the kept sheets come to, and whether it is what is stored."""

    result = fields.String()
    mean = fields.Integer()
    criterion_means = fields.Dict(fields.String(), fields.Integer())
    holds = fields.Boolean()


class RecommendationOut(Schema):
    """What the assessment recommends; step: none before its conclusion."""

    step = fields.String(allow_none=True)
    collective = fields.Boolean()
    result = fields.String()
    mean = fields.Integer()
    criterion_means = fields.Dict(fields.String(), fields.Integer())
    reasons = fields.List(fields.String())
    conditions = fields.List(fields.String())
    struck = fields.List(fields.Nested(StruckItemOut))
    coarsened = fields.List(fields.Nested(CoarsenedItemOut))
    doubts = fields.List(fields.String())


class AssessmentOut(doors.LivingOut):
    """An assessment. mean: hundredths of a point; seed: none before the draw."""

    scenario_id = fields.String()
    lane = fields.String()
    kept = fields.List(fields.String())
    round = fields.Integer()
    scope_hash = fields.String()
    size = fields.Integer()
    seed_commitment = fields.String()
    seed = fields.String(allow_none=True)
    weights = fields.Dict(fields.String(), fields.Integer())
    result = fields.String(allow_none=True)
    mean = fields.Integer(allow_none=True)
    reasons = fields.List(fields.Nested(doors.RefusalOut))
    struck = fields.List(fields.Nested(StruckItemOut))
    coarsened = fields.List(fields.Nested(CoarsenedItemOut))
    conditions = fields.List(fields.String())
    panel = fields.List(fields.Nested(PanelMemberOut))


def row(found: Assessment) -> Mapping[str, Any]:
    """Return what AssessmentOut shows in a list: all but actions and panel."""
    reasons = [Refusal(**one).words for one in found.reasons]
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "scenario_id": found.scenario_id,
        "lane": found.lane,
        "kept": found.kept,
        "round": found.round,
        "scope_hash": found.scope_hash,
        "size": found.size,
        "seed_commitment": found.seed_commitment,
        "seed": found.seed,
        "weights": found.standard.get("weights", {}),
        "result": found.result,
        "mean": found.mean,
        "reasons": [
            {"code": one["code"], "detail": languages.said(words)}
            for one, words in zip(found.reasons, reasons, strict=True)
        ],
        "struck": _items(found.struck),
        "coarsened": _treated(found.coarsened or []),
        "conditions": found.conditions,
    }


def show(found: Assessment, work: Work) -> Mapping[str, Any]:
    """Return what AssessmentOut shows."""
    panel: list[PanelMember] = members.of(work.session, found.id)
    return {**row(found), **doors.living(found, work, assessments.LIFE), "panel": panel}


def sheet(found: ScoreSheet) -> Mapping[str, Any]:
    """Return what ScoreSheetOut shows."""
    return {
        **{name: getattr(found, name) for name in ScoreSheetOut().fields},
        "struck": _items(found.struck),
        "coarsened": _treated(found.coarsened or []),
        "signed_at": doors.moment(found.signed_at),
    }


def _treated(rows: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    return [
        {"directory": directory, "item": item, "transform": how} for directory, item, how in rows
    ]


def _filled(body: Mapping[str, Any]) -> Any:
    struck = [(one["directory"], one["item"]) for one in body["struck"]]
    coarsened = {(one["directory"], one["item"]): one["transform"] for one in body["coarsened"]}
    return {**body, "struck": struck, "coarsened": coarsened}


def _items(pairs: list[Any]) -> list[dict[str, str]]:
    return [{"directory": directory, "item": item} for directory, item in pairs]


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(AssessmentQuery, location="query")
@blueprint.response(200, doors.page_of(AssessmentOut))
def listed(query: dict[str, Any]) -> Any:
    """List the assessments that the caller may see, newest first."""
    return doors.page(assessments.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, AssessmentOut)
def one(subject_id: str) -> Any:
    """Show one assessment with its panel."""
    work = unit.current()
    return doors.tagged(show(assessments.seen(work, subject_id), work))


@blueprint.get("/<string:subject_id>/proof")
@doors.members("read")
@blueprint.response(200, DrawProofOut)
def proof(subject_id: str) -> Proof:
    """Draw the panel again from what was revealed, and compare."""
    return assessments.redraw(unit.current(), subject_id)


@blueprint.get("/<string:subject_id>/sheets")
@doors.members("read")
@blueprint.response(200, ScoreSheetsOut)
def sheets(subject_id: str) -> Any:
    """Show the score sheets: before the tally only the caller's own."""
    found = assessments.sheets(unit.current(), subject_id)
    return {"items": [sheet(one) for one in found]}


@blueprint.get("/<string:subject_id>/quorum")
@doors.members("read")
@blueprint.response(200, QuorumOut)
def quorum(subject_id: str) -> Any:
    """Tell, without a score, how many sheets count and what a quorum still lacks."""
    found = assessments.quorum(unit.current(), subject_id)
    missing = problems.refusals(found.missing)
    return {"sheets": found.sheets, "size": found.size, "missing": missing}


@blueprint.get("/<string:subject_id>/recomputation")
@doors.members("read")
@blueprint.response(200, RecomputationOut)
def recomputation(subject_id: str) -> Any:
    """Compute a concluded result again from the sheets that count."""
    return assessments.recomputed(unit.current(), subject_id)


@blueprint.get("/<string:subject_id>/recommendation")
@doors.members("read")
@blueprint.response(200, RecommendationOut)
def recommendation(subject_id: str) -> Any:
    """Say what the assessment recommends to whoever decides, and why."""
    found = recommendations.of(unit.current(), subject_id)
    if found is None:
        return {"step": None}
    shown = {name: getattr(found, name) for name in RecommendationOut().fields}
    reasons = [languages.said(words) for words in found.reasons]
    items = {"struck": _items(list(found.struck)), "coarsened": _treated(found.coarsened)}
    return {**shown, "reasons": reasons, **items}


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(PlanIn)
@blueprint.response(201, AssessmentOut)
def plan(body: dict[str, Any]) -> Any:
    """Plan the assessment of a scenario: freeze the pool, commit to a seed."""
    work = unit.current()
    made = assessments.plan(work, body["scenario_id"])
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.post("/<string:subject_id>/declare")
@doors.members("write")
@blueprint.arguments(DeclarationIn)
@blueprint.response(200, AssessmentOut)
def declare(body: dict[str, Any], subject_id: str) -> Any:
    """Declare to have a conflict of interest, or none; who has one is replaced at once."""
    work = unit.current()
    return show(assessments.declare(work, subject_id, **body), work)


@blueprint.post("/<string:subject_id>/replace")
@doors.members("write")
@blueprint.arguments(ReplacementIn)
@blueprint.response(200, AssessmentOut)
def replace(body: dict[str, Any], subject_id: str) -> Any:
    """Replace a member of the panel by the next of the same lot."""
    work = unit.current()
    return show(assessments.replace(work, subject_id, **body), work)


@blueprint.post("/<string:subject_id>/submit-sheet")
@doors.members("write")
@blueprint.arguments(ScoreSheetIn)
@blueprint.response(200, AssessmentOut)
def submit_sheet(body: dict[str, Any], subject_id: str) -> Any:
    """Sign the caller's score sheet."""
    work = unit.current()
    return show(assessments.submit_sheet(work, subject_id, **_filled(body)), work)


@blueprint.post("/<string:subject_id>/supersede-sheet")
@doors.members("write")
@blueprint.arguments(SheetCorrectionIn)
@blueprint.response(200, AssessmentOut)
def supersede_sheet(body: dict[str, Any], subject_id: str) -> Any:
    """Sign another sheet in place of the caller's own, before the conclusion."""
    work = unit.current()
    return show(assessments.supersede_sheet(work, subject_id, **_filled(body)), work)


@blueprint.post("/<string:subject_id>/void-sheet")
@doors.members("write")
@blueprint.arguments(ReplacementIn)
@blueprint.response(200, AssessmentOut)
def void_sheet(body: dict[str, Any], subject_id: str) -> Any:
    """Void the sheet of a member in conflict; the result is computed anew."""
    work = unit.current()
    return show(assessments.void_sheet(work, subject_id, **body), work)


doors.steps(blueprint, assessments, AssessmentOut, show)
