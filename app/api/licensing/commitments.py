"""The door of promises to hand something in later (告知承诺、容缺受理)."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from kernel.work import Work
from licensing.applications import commitments
from licensing.applications.commitments import Commitment, State

blueprint = doors.noun("commitments", "Commitments · 容缺承诺")


class CommitmentRowOut(Schema):
    """A promise in a list."""

    id = fields.String()
    state = fields.String()
    version = fields.Integer()
    scenario_id = fields.String()
    applicant_id = fields.String()
    implementing_agency_id = fields.String()
    material = fields.String()
    promised_on = fields.String()
    due_on = fields.String()
    evidence_digest = fields.String(allow_none=True)


class CommitmentOut(CommitmentRowOut):
    """One promise, with what the caller may do."""

    actions = fields.List(fields.Nested(doors.ActionOut))


class CommitmentQuery(doors.PageQuery):
    """Which promises to list."""

    state = doors.choice(*State, required=False, load_default=None)
    scenario_id = doors.text(max=40, required=False, load_default=None)


class RecheckIn(doors.Body):
    """Of which days, and by which seed, to draw the cases that are looked at again."""

    since = doors.day()
    until = doors.day()
    seed = doors.text(max=100)


class RecheckOut(Schema):
    """The cases that the seed picks (抽查)."""

    scenario_ids = fields.List(fields.String())


def row(found: Commitment) -> Mapping[str, Any]:
    """Return what CommitmentRowOut shows."""
    names = ("id", "scenario_id", "applicant_id", "implementing_agency_id", "material")
    return {
        **{name: getattr(found, name) for name in names},
        "state": str(found.state),
        "version": found.version,
        "promised_on": found.promised_on.isoformat(),
        "due_on": found.due_on.isoformat(),
        "evidence_digest": found.evidence_digest,
    }


def show(found: Commitment, work: Work) -> Mapping[str, Any]:
    """Return what CommitmentOut shows."""
    return {**row(found), **doors.living(found, work, commitments.LIFE)}


@blueprint.get("")
@doors.members()
@blueprint.arguments(CommitmentQuery, location="query")
@blueprint.response(200, doors.page_of(CommitmentRowOut))
def listed(query: dict[str, Any]) -> Any:
    """List the promises that the caller may see, newest first."""
    return doors.page(commitments.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members()
@blueprint.response(200, CommitmentOut)
def one(subject_id: str) -> Any:
    """Show one promise."""
    work = unit.current()
    return doors.tagged(show(commitments.seen(work, subject_id), work))


@blueprint.post("/rechecks")
@doors.members("write")
@blueprint.arguments(RecheckIn)
@blueprint.response(200, RecheckOut)
def recheck(body: dict[str, Any]) -> Any:
    """Draw the cases with promises that are looked at again; the draw is recorded."""
    return {"scenario_ids": commitments.recheck(unit.current(), **body)}


doors.steps(blueprint, commitments, CommitmentOut, show)
