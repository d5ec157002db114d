"""The door of challenges (回避申请): who sits on the panel, and why somebody may not."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from app.doors import Schema
from kernel.work import Work
from licensing.pleading import challenges
from licensing.pleading.challenges import Challenge, Told

blueprint = doors.noun("challenges", "Challenges of panel members · 回避申请")


class ChallengeIn(doors.Body):
    """Which member is challenged, and why."""

    assessment_id = doors.text(max=40)
    expert_id = doors.text(max=40)
    reason = doors.text(max=500)


class ChallengeQuery(doors.PageQuery):
    """Which challenges to list."""

    assessment_id = doors.text(max=40, required=False, load_default=None)


class ToldSeatOut(Schema):
    """A member as the applicant is told of. until: the last day for a challenge."""

    expert_id = fields.String()
    name = fields.String()
    employer = fields.String()
    specialities = fields.List(fields.String())
    position = fields.Integer()
    until = fields.Date()


class ToldOut(Schema):
    """The panel of a scenario as its applicant is told."""

    assessment_id = fields.String()
    seats = fields.List(fields.Nested(ToldSeatOut))


class ChallengeRowOut(Schema):
    """A challenge in a list."""

    id = fields.String()
    state = fields.String()
    version = fields.Integer()
    assessment_id = fields.String()
    scenario_id = fields.String()
    expert_id = fields.String()
    reason = fields.String()
    answer = fields.String(allow_none=True)
    filed_at = fields.String()


class ChallengeOut(ChallengeRowOut):
    """A challenge, with what the caller may do."""

    actions = fields.List(fields.Nested(doors.ActionOut))


def row(found: Challenge) -> Mapping[str, Any]:
    """Return what ChallengeRowOut shows."""
    shown = {name: getattr(found, name) for name in ChallengeRowOut().fields}
    return {**shown, "state": str(found.state), "filed_at": doors.moment(found.filed_at)}


def show(found: Challenge, work: Work) -> Mapping[str, Any]:
    """Return what ChallengeOut shows."""
    return {**row(found), **doors.living(found, work, challenges.LIFE)}


@blueprint.get("/panels/<string:scenario_id>")
@doors.members("read")
@blueprint.response(200, ToldOut)
def told(scenario_id: str) -> Told:
    """Tell the applicant who sits on the panel, and until when a member may be challenged."""
    return challenges.told(unit.current(), scenario_id)


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(ChallengeQuery, location="query")
@blueprint.response(200, doors.page_of(ChallengeRowOut))
def listed(query: dict[str, Any]) -> Any:
    """List the challenges that the caller may see, newest first."""
    return doors.page(challenges.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, ChallengeOut)
def one(subject_id: str) -> Any:
    """Show one challenge."""
    work = unit.current()
    return doors.tagged(show(challenges.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(ChallengeIn)
@blueprint.response(201, ChallengeOut)
def file(body: dict[str, Any]) -> Any:
    """Challenge a member of the panel, as the applicant."""
    work = unit.current()
    made = challenges.file(work, body.pop("assessment_id"), **body)
    work.session.flush()  # the version is the database's first
    return show(made, work)


doors.steps(blueprint, challenges, ChallengeOut, show)
