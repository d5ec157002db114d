"""The door of scenarios (场景): applications, the officers' queue, and what is announced."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, languages, problems, unit
from app.api.licensing import agreements, opinions
from kernel.work import Work
from licensing import consents, scenarios
from licensing.applications import blocks, items
from licensing.applications.cases import LANES
from licensing.applications.items import ITEMS_MAX, ScenarioItem
from licensing.exposures import RiskGrade
from licensing.scenarios import Scenario, State, Waiting

blueprint = doors.noun("scenarios", "Scenarios · 场景申请")

WORDS = (
    "code", "applicant_id", "operator_id", "implementing_agency_id", "title",
    "application_field", "purpose_code", "purpose_text", "purpose_class", "use_mode",
    "purpose_fingerprint", "scope", "scope_hash", "users_count", "fusion", "round", "risk",
    "conditions", "scenario_kind", "renews_id", "lane", "notice", "assessment_id",
    "authorisation_id", "decision_cause", "decision_reason",
)  # fmt: skip


class AskedItemIn(agreements.NamedItemIn):
    """One data item, with the reason why the purpose cannot do without it."""

    necessity_reason = doors.text(max=1000)
    time_span = doors.text(max=100, required=False)
    row_filter = doors.text(max=200, required=False)
    max_rows = doors.whole(min=1, required=False)
    frequency = doors.text(max=60, required=False)
    retention_days = doors.whole(max=36_500, required=False)
    alternative_considered = doors.text(max=300, required=False)


def _field(question: blocks.Field) -> fields.Field[Any]:
    """Declare the field of a question of the form."""
    if question.kind == "rows":
        columns = {each.name: _field(each) for each in question.columns}
        name = f"Scenario{question.name.title().replace('_', '')}In"
        row_in = doors.Body.from_dict(columns, name=name)
        return doors.many(row_in, at_most=blocks.ROWS_MAX, required=False)
    if question.kind in blocks.LISTS:
        return doors.texts(max=blocks.LINES_MAX, each=question.max, required=False)
    if question.kind in ("number", "money"):
        return doors.whole(required=False)
    if question.kind == "flag":
        return doors.flag(required=False)
    return doors.text(max=question.max, required=False)


# What the form asks beyond the scope, as the table of its questions has it.
BlocksIn = doors.Body.from_dict(
    {
        name: _field(question)
        for block in blocks.BLOCKS
        for name, question in ((each.name, each) for each in block.fields)
        if name in blocks.Blocks.__annotations__
    },
    name="BlocksIn",
)


class ScenarioIn(BlocksIn):  # type: ignore[misc, valid-type]  # drawn from the form's table
    """An application for one use, whole at once."""

    operator_id = doors.text(max=40)
    implementing_agency_id = doors.text(max=40)
    title = doors.text(max=200)
    application_field = doors.text(max=40)
    purpose_code = doors.text(max=60)
    purpose_text = doors.text(max=2000)
    purpose_class = doors.text(max=40)
    use_mode = doors.text(max=40)
    items = doors.many(AskedItemIn, at_most=ITEMS_MAX)
    users = doors.texts(max=200, each=80)
    users_count = doors.whole(min=1, max=10_000_000)
    fusion = doors.flag(required=False)
    regions = doors.texts(max=50, each=6)
    output_forms = doors.texts(max=8, each=40)
    environments = doors.texts(max=5, each=40)
    quotas = agreements.quotas()
    row_filters = doors.texts(max=20, each=200, required=False)
    period_from = doors.day()
    period_to = doors.day()


class RiskIn(doors.Body):
    """The risk and the lane as proposed; a higher risk, or the ordinary lane, for a reason."""

    grade = doors.choice(*RiskGrade, required=False)
    reason = doors.text(max=500, required=False)
    lane = doors.choice(*LANES, required=False)


class LaneConditionOut(Schema):
    """One condition of the simplified procedure, what was found, and whether it is met."""

    code = fields.String()
    asks = fields.String()
    found = fields.String()
    met = fields.Boolean()


class LaneOut(Schema):
    """The lane that the rules propose, and the verdict on each condition of the fast one."""

    lane = fields.String()
    eligible = fields.Boolean()
    conditions = fields.List(fields.Nested(LaneConditionOut))


class LowerRiskIn(doors.Body):
    """To what a leader lowers the risk, and why."""

    grade = doors.choice(*RiskGrade)
    reason = doors.text(max=500)


class AnnouncedOut(Schema):
    """What the public is told of a scenario."""

    id = fields.String()
    state = fields.String()
    code = fields.String()
    title = fields.String()
    applicant_id = fields.String()
    operator_id = fields.String()
    implementing_agency_id = fields.String()
    application_field = fields.String()
    purpose_code = fields.String()
    purpose_text = fields.String()


class ScenarioRowOut(AnnouncedOut):
    """A scenario in a list."""

    version = fields.Integer()
    round = fields.Integer()
    applied_at = fields.String()
    submitted_at = fields.String(allow_none=True)


class WaitingOut(ScenarioRowOut):
    """A scenario in a queue, with its light. days_left: negative when overdue."""

    light = fields.String(allow_none=True)
    due_on = fields.String(allow_none=True)
    days_left = fields.Integer(allow_none=True)


class ScenarioItemOut(Schema):
    """One item that is asked for."""

    directory_code = fields.String()
    item_code = fields.String()
    department_id = fields.String()
    necessity_reason = fields.String()
    transform = fields.String()
    grade = fields.String()
    pi_class = fields.String()
    struck = fields.Boolean()


class ScenarioOut(ScenarioRowOut):
    """One scenario, with items, opinions, and what the caller may do.

    coverage: where an application that can still be written goes beyond the agreements.
    """

    purpose_class = fields.String()
    use_mode = fields.String()
    purpose_fingerprint = fields.String()
    scope = fields.Dict()
    scope_hash = fields.String()
    users_count = fields.Integer()
    fusion = fields.Boolean()
    risk = fields.Dict(allow_none=True)
    conditions = fields.List(fields.String())
    scenario_kind = fields.String()
    renews_id = fields.String(allow_none=True)
    lane = fields.String()
    notice = fields.Dict(allow_none=True)
    assessment_id = fields.String(allow_none=True)
    authorisation_id = fields.String(allow_none=True)
    decision_cause = fields.String(allow_none=True)
    decision_reason = fields.String(allow_none=True)
    items = fields.List(fields.Nested(ScenarioItemOut))
    opinions = fields.List(fields.Nested(opinions.OpinionRowOut))
    coverage = fields.List(fields.Nested(doors.RefusalOut))
    actions = fields.List(fields.Nested(doors.ActionOut))


class ScenarioQuery(doors.PageQuery):
    """Which scenarios to list."""

    state = doors.choice(*State, required=False, load_default=None)


def row(found: Scenario) -> Mapping[str, Any]:
    """Return all that one row holds; the schema picks what is shown of it."""
    return {
        **{name: getattr(found, name) for name in WORDS},
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "applied_at": doors.moment(found.applied_at),
        "submitted_at": doors.moment(found.submitted_at),
    }


def waiting(found: Waiting) -> Mapping[str, Any]:
    """Return what WaitingOut shows."""
    return {
        **row(found.scenario),
        "light": found.light and str(found.light),
        "due_on": found.due_on and found.due_on.isoformat(),
        "days_left": found.days_left,
    }


def item(found: ScenarioItem) -> Mapping[str, Any]:
    """Return what ScenarioItemOut shows."""
    names = ("directory_code", "item_code", "department_id", "necessity_reason", "transform")
    shown = {name: getattr(found, name) for name in names}
    return {**shown, "grade": found.grade, "pi_class": found.pi_class, "struck": found.struck}


def show(found: Scenario, work: Work) -> Mapping[str, Any]:
    """Return what ScenarioOut shows."""
    given = consents.of(work.session, found.id, found.round)
    return {
        **row(found),
        **doors.living(found, work, scenarios.LIFE),
        "items": [item(one) for one in items.of(work.session, found.id)],
        "opinions": [opinions.row(one) for one in given],
        "coverage": problems.refusals(scenarios.uncovered(work, found)),
    }


@blueprint.get("")
@doors.members()
@blueprint.arguments(ScenarioQuery, location="query")
@blueprint.response(200, doors.page_of(ScenarioRowOut))
def listed(query: dict[str, Any]) -> Any:
    """List the scenarios that the caller may see, newest first."""
    return doors.page(scenarios.listed(unit.current(), **query), row)


@blueprint.get("/queue")
@doors.members()
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(WaitingOut))
def queue(query: dict[str, Any]) -> Any:
    """List what waits for a decision, longest submitted first, with lights (电子监察)."""
    return doors.page(scenarios.queue(unit.current(), **query), waiting)


@blueprint.get("/announced")
@doors.public
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(AnnouncedOut))
def announced(query: dict[str, Any]) -> Any:
    """List what is announced (公示) or authorised, newest first."""
    return doors.page(scenarios.announced(unit.current().session, **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members()
@blueprint.response(200, ScenarioOut)
def one(subject_id: str) -> Any:
    """Show one scenario."""
    work = unit.current()
    return doors.tagged(show(scenarios.seen(work, subject_id), work))


@blueprint.get("/<string:subject_id>/lane")
@doors.members()
@blueprint.response(200, LaneOut)
def lane(subject_id: str) -> Any:
    """Tell which procedure the rules propose for a submitted scenario, and why (简易程序)."""
    found = scenarios.lane_proposal(unit.current(), subject_id)
    conditions = [
        {
            "code": one.code,
            "asks": languages.said(one.asks),
            "found": languages.said(one.found),
            "met": one.met,
        }
        for one in found.conditions
    ]
    return {"lane": found.lane.value, "eligible": found.eligible, "conditions": conditions}


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(ScenarioIn)
@blueprint.response(201, ScenarioOut)
def apply(body: dict[str, Any]) -> Any:
    """Apply with a scenario, as a draft."""
    work = unit.current()
    made = scenarios.apply(work, **body)
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.post("/<string:subject_id>/application")
@doors.versioned
@doors.members("write")
@blueprint.arguments(ScenarioIn)
@blueprint.response(200, ScenarioOut)
def amend(body: dict[str, Any], subject_id: str) -> Any:
    """Write an application anew that has not been submitted, or was sent back."""
    work = unit.current()
    doors.matched(scenarios.seen(work, subject_id))
    found = scenarios.amend_draft(work, subject_id, **body)
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(found, work)


@blueprint.post("/<string:subject_id>/lower-risk")
@doors.versioned
@doors.members("write")
@blueprint.arguments(LowerRiskIn)
@blueprint.response(200, ScenarioOut)
def lower_risk(body: dict[str, Any], subject_id: str) -> Any:
    """Lower the risk, as a leader of the agency."""
    work = unit.current()
    doors.matched(scenarios.seen(work, subject_id))
    found = scenarios.lower_risk(work, subject_id, **body)
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(found, work)


@blueprint.post("/<string:subject_id>/grade-risk")
@doors.versioned
@doors.members("write")
@blueprint.arguments(RiskIn)
@blueprint.response(200, ScenarioOut)
def grade_risk(body: dict[str, Any], subject_id: str) -> Any:
    """Grade the risk of the use; the scenario goes on when all opinions are in."""
    work = unit.current()
    doors.matched(scenarios.seen(work, subject_id))
    found = scenarios.grade_risk(work, subject_id, **body)
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(found, work)


doors.steps(blueprint, scenarios, ScenarioOut, show)
