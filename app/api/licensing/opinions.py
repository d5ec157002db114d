"""The door of departments' opinions (供数部门意见) on scenarios."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from kernel.work import Work
from licensing import consents
from licensing.consents import Opinion, State
from licensing.scope import Transform

blueprint = doors.noun("opinions", "Departments' opinions · 供数部门意见")


class OpinedItemOut(Schema):
    """An item on which the department is asked."""

    directory_code = fields.String()
    item_code = fields.String()


class ItemAnswerIn(doors.Body):
    """What is said to one item; a no needs cause and text, a condition its text.

    transform: a coarser treatment, on condition of which the department agrees.
    """

    directory_code = doors.text(max=64)
    item_code = doors.text(max=64)
    verdict = doors.choice(*consents.VERDICTS)
    cause = doors.choice(*consents.DISAGREEMENT_CAUSES, required=False, load_default=None)
    text = doors.text(max=500, required=False, load_default=None)
    transform = doors.choice(*Transform, required=False, load_default=None)


class ItemAnswersIn(doors.Body):
    """An opinion item by item: every item, each once."""

    items = doors.many(ItemAnswerIn, at_most=500)


class ItemAnswerOut(Schema):
    """What was said to one item."""

    directory_code = fields.String()
    item_code = fields.String()
    verdict = fields.String()
    cause = fields.String(allow_none=True)
    text = fields.String(allow_none=True)
    transform = fields.String(allow_none=True)


class OpinionRowOut(Schema):
    """An opinion in a list, or beside its scenario."""

    id = fields.String()
    state = fields.String()
    version = fields.Integer()
    scenario_id = fields.String()
    round = fields.Integer()
    department_id = fields.String()
    items = fields.List(fields.Nested(OpinedItemOut))
    condition = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    clause = fields.String(allow_none=True)
    asked_at = fields.String()
    given_at = fields.String(allow_none=True)


class OpinionOut(OpinionRowOut):
    """One opinion, with what it says to each item, and what the caller may do."""

    answers = fields.List(fields.Nested(ItemAnswerOut))
    actions = fields.List(fields.Nested(doors.ActionOut))


class OpinionQuery(doors.PageQuery):
    """Which opinions to list."""

    state = doors.choice(*State, required=False, load_default=None)
    scenario_id = doors.text(max=40, required=False, load_default=None)


def row(found: Opinion) -> Mapping[str, Any]:
    """Return what OpinionRowOut shows."""
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "scenario_id": found.scenario_id,
        "round": found.round,
        "department_id": found.department_id,
        "items": found.items,
        "condition": found.condition,
        "reason": found.reason,
        "clause": found.clause,
        "asked_at": doors.moment(found.asked_at),
        "given_at": doors.moment(found.given_at),
    }


def show(found: Opinion, work: Work) -> Mapping[str, Any]:
    """Return what OpinionOut shows."""
    said = consents.said(work.session, [found.id]).get(found.id, [])
    return {**row(found), **doors.living(found, work, consents.LIFE), "answers": said}


@blueprint.get("")
@doors.members()
@blueprint.arguments(OpinionQuery, location="query")
@blueprint.response(200, doors.page_of(OpinionRowOut))
def listed(query: dict[str, Any]) -> Any:
    """List the opinions that the caller may see, newest first."""
    return doors.page(consents.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members()
@blueprint.response(200, OpinionOut)
def one(subject_id: str) -> Any:
    """Show one opinion."""
    work = unit.current()
    return doors.tagged(show(consents.seen(work, subject_id), work))


@blueprint.post("/<string:subject_id>/answers")
@doors.members("write")
@blueprint.arguments(ItemAnswersIn)
@blueprint.response(200, OpinionOut)
def answer(body: dict[str, Any], subject_id: str) -> Any:
    """Answer item by item: what is disagreed is struck before the panel sees it."""
    work = unit.current()
    found = consents.answer(work, subject_id, items=body["items"])
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(found, work)


doors.steps(blueprint, consents, OpinionOut, show)
