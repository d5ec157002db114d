"""The door of regradings (重新定级): raised at once, lowered when another person approves."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from catalogue import regrades
from catalogue.grades import Grade, PiClass
from catalogue.gradings import Graded
from catalogue.regrades import Preview, Regrade, State
from kernel.work import Work

ITEMS_MAX = 500

blueprint = doors.noun("regrades", "Regradings · 重新定级")


class RegradeChangeIn(doors.Body):
    """How one item is to be graded; what is left out stays as it is."""

    item_code = doors.text(max=64)
    grade = doors.choice(*Grade, required=False)
    pi_class = doors.choice(*PiClass, required=False)


class RegradeIn(doors.Body):
    """Items of one directory to be graded anew, and why."""

    directory_id = doors.text(max=40)
    changes = doors.many(RegradeChangeIn, at_most=ITEMS_MAX)
    reason = doors.text(max=500)


class RegradePreviewIn(doors.Body):
    """What would be asked for."""

    directory_id = doors.text(max=40)
    changes = doors.many(RegradeChangeIn, at_most=ITEMS_MAX)


class RegradeChangeOut(Schema):
    """How one item is graded anew."""

    item_code = fields.String()
    grade = fields.String()
    pi_class = fields.String()


class RegradeGradedOut(Schema):
    """The grade of a whole, and the rules that raise it above its strictest item."""

    grade = fields.String()
    pi_class = fields.String()
    raised_by = fields.List(fields.String())


class RegradePreviewOut(Schema):
    """What rises now, what falls after an approval, and the grades of the whole."""

    rises = fields.List(fields.Nested(RegradeChangeOut))
    falls = fields.List(fields.Nested(RegradeChangeOut))
    before = fields.Nested(RegradeGradedOut)
    at_once = fields.Nested(RegradeGradedOut)
    in_the_end = fields.Nested(RegradeGradedOut)


class RegradeRowOut(Schema):
    """A regrading in a list."""

    id = fields.String()
    state = fields.String()
    version = fields.Integer()
    directory_id = fields.String()
    department_id = fields.String()
    changes = fields.List(fields.Nested(RegradeChangeOut))
    raises = fields.Boolean()
    reason = fields.String()
    proposed_at = fields.String()
    made_version_id = fields.String(allow_none=True)


class RegradeOut(RegradeRowOut):
    """One regrading, with what the caller may do."""

    actions = fields.List(fields.Nested(doors.ActionOut))


class RegradesOut(Schema):
    """The one or two regradings that one request made."""

    items = fields.List(fields.Nested(RegradeOut))


class RegradeQuery(doors.PageQuery):
    """Which regradings to list."""

    directory_id = doors.text(max=40, required=False, load_default=None)
    state = doors.choice(*State, required=False, load_default=None)


def row(found: Regrade) -> Mapping[str, Any]:
    """Return what RegradeRowOut shows."""
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "directory_id": found.directory_id,
        "department_id": found.department_id,
        "changes": found.changes,
        "raises": found.raises,
        "reason": found.reason,
        "proposed_at": doors.moment(found.proposed_at),
        "made_version_id": found.made_version_id,
    }


def show(found: Regrade, work: Work) -> Mapping[str, Any]:
    """Return what RegradeOut shows."""
    return {**row(found), **doors.living(found, work, regrades.LIFE)}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(RegradeQuery, location="query")
@blueprint.response(200, doors.page_of(RegradeRowOut))
def listed(query: dict[str, Any]) -> Any:
    """List the regradings that the caller may see, newest first."""
    return doors.page(regrades.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, RegradeOut)
def one(subject_id: str) -> Any:
    """Show one regrading."""
    work = unit.current()
    return doors.tagged(show(regrades.seen(work, subject_id), work))


@blueprint.post("/preview")
@doors.members("write")
@blueprint.arguments(RegradePreviewIn)
@blueprint.response(200, RegradePreviewOut)
def preview(body: dict[str, Any]) -> Any:
    """Say what a regrading would do, and do nothing."""
    found: Preview = regrades.preview(unit.current(), **body)
    return {
        "rises": found.rises,
        "falls": found.falls,
        "before": _graded(found.before),
        "at_once": _graded(found.at_once),
        "in_the_end": _graded(found.in_the_end),
    }


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(RegradeIn)
@blueprint.response(201, RegradesOut)
def propose(body: dict[str, Any]) -> Any:
    """Grade items anew: what rises is in force at once, what falls waits for an approval."""
    work = unit.current()
    made = regrades.propose(work, **body)
    work.session.flush()  # the versions are the database's first
    return {"items": [show(found, work) for found in made]}


doors.steps(blueprint, regrades, RegradeOut, show)


def _graded(found: Graded) -> dict[str, Any]:
    return {
        "grade": found.grade.value,
        "pi_class": found.pi_class.value,
        "raised_by": list(found.raised_by),
    }
