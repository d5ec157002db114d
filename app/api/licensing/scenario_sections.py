"""The door of an application's sections: saved one by one, checked, estimated, compared."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, languages, unit
from app.api.licensing import scenarios as scenario_door
from kernel.work import Work
from licensing import scenarios
from licensing.applications import blocks, checks, drafting, estimates, likeness, sections
from licensing.applications.checks import Check
from licensing.applications.estimates import Estimate
from licensing.applications.likeness import Alike
from licensing.applications.sections import Revision, Section

blueprint = doors.noun(
    "scenario-sections", "Sections of an application · 申请书分节", prefix="/api/scenarios"
)


class ScenarioDraftIn(doors.Body):
    """What a draft is opened with; everything else is saved section by section."""

    title = doors.text(max=200)
    operator_id = doors.text(max=40)
    implementing_agency_id = doors.text(max=40)
    scenario_kind = doors.choice(*blocks.ScenarioKind, required=False)


class SectionIn(doors.Body):
    """Fields of one section as they are written; those that are not named stay.

    revision: the one that the writer had before them, to be told of another's changes.
    """

    values = fields.Dict(doors.text(max=40), fields.Raw(allow_none=True), required=True)
    revision = doors.whole(min=1, required=False)


class SectionRevisionIn(doors.Body):
    """Which revision to write again."""

    revision = doors.whole(min=1)


class SectionHoldIn(doors.Body):
    """Nothing is said."""


class SectionOut(Schema):
    """One section as it stands. state: untouched, started, complete or problems."""

    number = fields.Integer()
    name = fields.String()
    label = fields.String()
    revision = fields.Integer()
    values = fields.Dict()
    saved_at = fields.String()
    saved_by = fields.String()
    missing = fields.List(fields.String())


class SectionsOut(Schema):
    """The seven sections."""

    items = fields.List(fields.Nested(SectionOut))


class SectionRevisionOut(Schema):
    """A section as it once stood."""

    number = fields.Integer()
    revision = fields.Integer()
    values = fields.Dict()
    saved_at = fields.String()
    saved_by = fields.String()


class SectionRevisionsOut(Schema):
    """What the sections once were, newest first, at most a hundred."""

    items = fields.List(fields.Nested(SectionRevisionOut))


class SectionHoldOut(Schema):
    """Who writes a section alone, and until when."""

    number = fields.Integer()
    person = fields.String()
    until = fields.String()


class SelfCheckRuleOut(Schema):
    """What one rule says: pass, warn or fail; what is wrong, what would pass, and where."""

    code = fields.String()
    title = fields.String()
    outcome = fields.String()
    detail = fields.String()
    passes = fields.String()
    section = fields.Integer()
    field = fields.String()


class SelfCheckOut(Schema):
    """The self-check (规则自检). submittable: no rule fails."""

    items = fields.List(fields.Nested(SelfCheckRuleOut))
    submittable = fields.Boolean()


class ScenarioEstimateOut(Schema):
    """What the draft would meet if it were handed in today; binds nobody."""

    items = fields.Integer()
    grade = fields.String()
    pi = fields.String()
    impact = fields.Integer()
    likelihood = fields.Integer(allow_none=True)
    risk = fields.String(allow_none=True)
    lane = fields.String(allow_none=True)
    statutory_wd = fields.Integer()
    statutory_on = fields.String()
    expected_wd = fields.Integer()
    expected_on = fields.String()
    provisional = fields.Boolean()


class SimilarScenarioOut(Schema):
    """A similar scenario; items_bp, purpose_bp: how much is common, in basis points."""

    scenario_id = fields.String()
    code = fields.String()
    title = fields.String()
    applicant_id = fields.String()
    state = fields.String()
    items_bp = fields.Integer()
    purpose_bp = fields.Integer()
    why = fields.List(fields.String())


class SimilarScenariosOut(Schema):
    """Similar scenarios that the caller may be told of, most alike first."""

    items = fields.List(fields.Nested(SimilarScenarioOut))


def section(found: Section) -> Mapping[str, Any]:
    """Return what SectionOut shows."""
    block = found.block
    return {
        "number": found.number,
        "name": block.name,
        "label": languages.said(block.label),
        "missing": [each.name for each in blocks.missing(block, found.written)],
        **_written(found),
    }


def revision(found: Revision) -> Mapping[str, Any]:
    """Return what SectionRevisionOut shows."""
    return {"number": found.number, **_written(found)}


def check(found: Check) -> Mapping[str, Any]:
    """Return what SelfCheckRuleOut shows."""
    return {
        "code": found.code,
        "title": languages.said(found.title),
        "outcome": str(found.outcome),
        "detail": languages.said(found.says),
        "passes": languages.said(found.passes),
        "section": found.section,
        "field": found.field,
    }


def estimate(found: Estimate) -> Mapping[str, Any]:
    """Return what ScenarioEstimateOut shows."""
    shown = {name: getattr(found, name) for name in ScenarioEstimateOut().fields}
    days = {name: shown[name].isoformat() for name in ("statutory_on", "expected_on")}
    return {**shown, **days}


def alike(found: Alike) -> Mapping[str, Any]:
    """Return what SimilarScenarioOut shows."""
    return {name: getattr(found, name) for name in SimilarScenarioOut().fields}


@blueprint.post("/drafts")
@doors.members("write")
@blueprint.arguments(ScenarioDraftIn)
@blueprint.response(201, scenario_door.ScenarioOut)
def open_draft(body: dict[str, Any]) -> Any:
    """Open a draft, to be written section by section."""
    work = unit.current()
    made = drafting.open_draft(work, **body)
    work.session.flush()  # the version is the database's first
    return scenario_door.show(made, work)


@blueprint.get("/<string:subject_id>/sections")
@doors.members()
@blueprint.response(200, SectionsOut)
def listed(subject_id: str) -> Any:
    """Show the seven sections as they stand."""
    work = unit.current()
    found = scenarios.seen(work, subject_id)
    return {"items": [section(each) for each in sections.of(work.session, found.id)]}


@blueprint.post("/<string:subject_id>/sections/<int:number>")
@doors.members("write")
@blueprint.arguments(SectionIn)
@blueprint.response(200, SectionOut)
def save(body: dict[str, Any], subject_id: str, number: int) -> Any:
    """Save fields of a section, complete or not, right or wrong."""
    work = unit.current()
    return section(
        drafting.save(work, subject_id, number, body["values"], revision=body.get("revision"))
    )


@blueprint.post("/<string:subject_id>/sections/<int:number>/restore")
@doors.members("write")
@blueprint.arguments(SectionRevisionIn)
@blueprint.response(200, SectionOut)
def restore(body: dict[str, Any], subject_id: str, number: int) -> Any:
    """Write again what a section held in an earlier revision."""
    return section(drafting.restore(unit.current(), subject_id, number, body["revision"]))


@blueprint.post("/<string:subject_id>/sections/<int:number>/hold")
@doors.members("write")
@blueprint.arguments(SectionHoldIn)
@blueprint.response(200, SectionHoldOut)
def hold(_body: dict[str, Any], subject_id: str, number: int) -> Any:
    """Keep a section to oneself for some minutes."""
    held = drafting.hold(unit.current(), subject_id, number)
    return {"number": number, "person": held.person, "until": doors.moment(held.until)}


@blueprint.post("/<string:subject_id>/sections/<int:number>/release")
@doors.members("write")
@blueprint.arguments(SectionHoldIn)
@blueprint.response(204)
def release(_body: dict[str, Any], subject_id: str, number: int) -> None:
    """Let others write a section again."""
    drafting.let_go(unit.current(), subject_id, number)


@blueprint.get("/<string:subject_id>/sections/history")
@doors.members()
@blueprint.response(200, SectionRevisionsOut)
def history(subject_id: str) -> Any:
    """Show what the sections once were, newest first."""
    work = unit.current()
    found = scenarios.seen(work, subject_id)
    return {"items": [revision(each) for each in sections.history(work.session, found.id)]}


@blueprint.get("/<string:subject_id>/checks")
@doors.members()
@blueprint.response(200, SelfCheckOut)
def self_check(subject_id: str) -> Any:
    """Check an application against every rule, before it is handed in."""
    work = unit.current()
    found = checks.run(work, scenarios.seen(work, subject_id))
    return {
        "items": [check(each) for each in found],
        "submittable": all(each.outcome != "fail" for each in found),
    }


@blueprint.get("/<string:subject_id>/estimate")
@doors.members()
@blueprint.response(200, ScenarioEstimateOut)
def estimated(subject_id: str) -> Any:
    """Estimate grade, risk, lane and days of an application as it is written now."""
    work = unit.current()
    return estimate(estimates.of(work, scenarios.seen(work, subject_id)))


@blueprint.get("/<string:subject_id>/alike")
@doors.members()
@blueprint.response(200, SimilarScenariosOut)
def similar(subject_id: str) -> Any:
    """List scenarios with the same items or nearly the same purpose, and why."""
    work: Work = unit.current()
    found = likeness.of(work, scenarios.seen(work, subject_id))
    return {"items": [alike(each) for each in found]}


def _written(found: Section | Revision) -> dict[str, Any]:
    return {
        "revision": found.revision,
        "values": found.written,
        "saved_at": doors.moment(found.saved_at),
        "saved_by": found.saved_by,
    }
