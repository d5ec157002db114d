"""The door of appeals (申诉) against a refusal, a rejection or a failed assessment."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, languages, unit
from app.doors import Schema
from kernel.work import Work
from licensing.pleading import appeals
from licensing.pleading.appeals import Appeal

blueprint = doors.noun("appeals", "Appeals · 申诉")


class AppealIn(doors.Body):
    """Which scenario's latest no is appealed against, and why."""

    scenario_id = doors.text(max=40)
    reason = doors.text(max=500)


class AppealQuery(doors.PageQuery):
    """Which appeals to list."""

    scenario_id = doors.text(max=40, required=False, load_default=None)


class AppealRowOut(Schema):
    """An appeal in a list."""

    id = fields.String()
    state = fields.String()
    version = fields.Integer()
    scenario_id = fields.String()
    reason = fields.String()
    answer = fields.String(allow_none=True)
    remedy = fields.String(allow_none=True)
    filed_at = fields.String()


class AppealOut(AppealRowOut):
    """An appeal, with what the caller may do. outside: the remedies outside this house."""

    outside = fields.String(allow_none=True)
    actions = fields.List(fields.Nested(doors.ActionOut))


def row(found: Appeal) -> Mapping[str, Any]:
    """Return what AppealRowOut shows."""
    shown = {name: getattr(found, name) for name in AppealRowOut().fields}
    return {**shown, "state": str(found.state), "filed_at": doors.moment(found.filed_at)}


def show(found: Appeal, work: Work) -> Mapping[str, Any]:
    """Return what AppealOut shows; the remedies outside only with an answer."""
    outside = languages.said(appeals.outside(work.rules)) if found.answer else None
    return {**row(found), **doors.living(found, work, appeals.LIFE), "outside": outside}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(AppealQuery, location="query")
@blueprint.response(200, doors.page_of(AppealRowOut))
def listed(query: dict[str, Any]) -> Any:
    """List the appeals that the caller may see, newest first."""
    return doors.page(appeals.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, AppealOut)
def one(subject_id: str) -> Any:
    """Show one appeal."""
    work = unit.current()
    return doors.tagged(show(appeals.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(AppealIn)
@blueprint.response(201, AppealOut)
def file(body: dict[str, Any]) -> Any:
    """Appeal, as the applicant, within the days that the rules give."""
    work = unit.current()
    made = appeals.file(work, body["scenario_id"], reason=body["reason"])
    work.session.flush()  # the version is the database's first
    return show(made, work)


doors.steps(blueprint, appeals, AppealOut, show)
