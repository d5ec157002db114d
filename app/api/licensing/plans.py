"""The door of implementation plans (实施方案): drafting, deciding, approving, revising."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from app.api.frame import agreed
from kernel.work import Work
from licensing import plans
from licensing.frame.elements import Mode
from licensing.plans import DIRECTORIES_MAX, ImplementationPlan, State

blueprint = doors.noun("plans", "Implementation plans · 实施方案")

WORDS = 4_000


class ImplementationPlanIn(doors.Body):
    """A plan: what is to be operated, why, how, and under whose eyes."""

    title = doors.text(max=200)
    modes = doors.texts(max=3, each=20)
    resource_scope = doors.texts(max=DIRECTORIES_MAX, each=40)
    term_from = doors.day()
    term_to = doors.day()
    necessity = doors.text(max=WORDS)
    feasibility = doors.text(max=WORDS)
    operator_conditions = doors.text(max=WORDS)
    exit_conditions = doors.text(max=WORDS)
    product_catalogue_outline = doors.text(max=WORDS)
    pricing_method = doors.text(max=WORDS)
    revenue_distribution = doors.text(max=WORDS)
    security = doors.text(max=WORDS)
    supervision = doors.text(max=WORDS)
    performance_indicators = doors.texts(max=50, each=400)


class PlanRowOut(doors.Schema):
    """A plan in a list."""

    id = fields.String()
    state = fields.String()
    version = fields.Integer()
    code = fields.String()
    edition = fields.Integer()
    implementing_agency_id = fields.String()
    title = fields.String()
    modes = fields.List(fields.String(metadata={"enum": [each.value for each in Mode]}))
    term_from = fields.String()
    term_to = fields.String()
    drafted_at = fields.String()
    effective_at = fields.String(allow_none=True)


class ImplementationPlanOut(PlanRowOut):
    """One edition of a plan, and what the caller may do."""

    resource_scope = fields.List(fields.String())
    elements = fields.Dict()
    decision = fields.Dict(allow_none=True)
    text_digest = fields.String(allow_none=True)
    approved_by = fields.String(allow_none=True)
    actions = fields.List(fields.Nested(doors.ActionOut))


class PlanQuery(doors.PageQuery):
    """Which plans to list."""

    state = doors.choice(*State, required=False, load_default=None)


def row(found: ImplementationPlan) -> Mapping[str, Any]:
    """Return what PlanRowOut shows."""
    names = ("id", "version", "code", "edition", "implementing_agency_id", "title", "modes")
    return {
        **{name: getattr(found, name) for name in names},
        "state": str(found.state),
        "term_from": found.term_from.isoformat(),
        "term_to": found.term_to.isoformat(),
        "drafted_at": doors.moment(found.drafted_at),
        "effective_at": doors.moment(found.effective_at),
    }


def show(found: ImplementationPlan, work: Work) -> Mapping[str, Any]:
    """Return what ImplementationPlanOut shows."""
    names = ("resource_scope", "elements", "decision", "text_digest", "approved_by")
    return {
        **row(found),
        **doors.living(found, work, plans.LIFE),
        **{name: getattr(found, name) for name in names},
    }


@blueprint.get("")
@doors.members()
@blueprint.arguments(PlanQuery, location="query")
@blueprint.response(200, doors.page_of(PlanRowOut))
def listed(query: dict[str, Any]) -> Any:
    """List the plans that the caller may see, newest first."""
    return doors.page(plans.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members()
@blueprint.response(200, ImplementationPlanOut)
def one(subject_id: str) -> Any:
    """Show one edition of a plan."""
    work = unit.current()
    return doors.tagged(show(plans.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(ImplementationPlanIn)
@blueprint.response(201, ImplementationPlanOut)
def draft(body: dict[str, Any]) -> Any:
    """Draft a plan, as an implementing agency."""
    work = unit.current()
    return agreed.written(work, plans.draft(work, **body), show)


@blueprint.post("/<string:subject_id>/content")
@doors.versioned
@doors.members("write")
@blueprint.arguments(ImplementationPlanIn)
@blueprint.response(200, ImplementationPlanOut)
def change(body: dict[str, Any], subject_id: str) -> Any:
    """Rewrite a draft."""
    work = unit.current()
    doors.matched(plans.seen(work, subject_id))
    return agreed.written(work, plans.change(work, subject_id, **body), show)


@blueprint.post("/<string:subject_id>/revisions")
@doors.members("write")
@blueprint.arguments(ImplementationPlanIn)
@blueprint.response(201, ImplementationPlanOut)
def revise(body: dict[str, Any], subject_id: str) -> Any:
    """Write the next edition of a plan in force; the decision on it is taken anew."""
    work = unit.current()
    return agreed.written(work, plans.revise(work, subject_id, **body), show)


doors.steps(blueprint, plans, ImplementationPlanOut, show)
