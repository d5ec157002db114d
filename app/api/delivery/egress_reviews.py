"""The door of egress reviews (出域审查): what waits, what was released, and the results."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from delivery.egress import queries
from delivery.passing import reviews
from delivery.passing.reviews import EgressReview
from kernel.work import Work

blueprint = doors.noun("egress-reviews", "Egress reviews · 出域审查")


class EgressReviewOut(doors.LivingOut):
    """A review. subject: "query" or "files"; manifest: what exactly would leave."""

    task_id = fields.String()
    subject = fields.String()
    requester_id = fields.String()
    operator_id = fields.String(allow_none=True)
    requested_at = fields.String()
    manifest = fields.Dict()
    note = fields.String(allow_none=True)
    reviewed_at = fields.String(allow_none=True)
    fetched_at = fields.String(allow_none=True)


class EgressReviewQuery(doors.PageQuery):
    """Which reviews: of a delivery, or those that wait alone."""

    task_id = doors.text(max=40, required=False, load_default=None)
    waiting = fields.Boolean(load_default=False)


class EgressFilesIn(doors.Body):
    """Whose files are to be reviewed."""

    task_id = doors.text(max=40)


class QueryResultOut(Schema):
    """A result that was released, or is looked at by its reviewer."""

    manifest = fields.Dict()
    columns = fields.List(fields.String())
    rows = fields.List(fields.List(fields.Raw(allow_none=True)))


def row(found: EgressReview) -> Mapping[str, Any]:
    """Return what EgressReviewOut shows in a list."""
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "task_id": found.task_id,
        "subject": found.subject,
        "requester_id": found.requester_id,
        "operator_id": found.operator_id,
        "requested_at": doors.moment(found.requested_at),
        "manifest": found.manifest,
        "note": found.note,
        "reviewed_at": doors.moment(found.reviewed_at),
        "fetched_at": doors.moment(found.fetched_at),
    }


def show(found: EgressReview, work: Work) -> Mapping[str, Any]:
    """Return what EgressReviewOut shows."""
    return {**row(found), **doors.living(found, work, reviews.LIFE)}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(EgressReviewQuery, location="query")
@blueprint.response(200, doors.page_of(EgressReviewOut))
def listed(query: dict[str, Any]) -> Any:
    """List the reviews that the caller may see, newest first."""
    return doors.page(reviews.listed(unit.current(), **query), row)


@blueprint.post("")
@doors.members("deliver")
@blueprint.arguments(EgressFilesIn)
@blueprint.response(201, EgressReviewOut)
def create(body: dict[str, Any]) -> Any:
    """Ask that the files of a delivery be reviewed before they leave; its seller may."""
    work = unit.current()
    made = reviews.ask_for_files(work, body["task_id"])
    work.session.flush()  # its version is shown
    return show(made, work)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, EgressReviewOut)
def one(subject_id: str) -> Any:
    """Show one review."""
    work = unit.current()
    return doors.tagged(show(reviews.seen(work, subject_id), work))


@blueprint.post("/<string:subject_id>/result")
@doors.members("deliver")
@blueprint.response(200, QueryResultOut)
def result(subject_id: str) -> Any:
    """Hand a result over: to its reviewer while it waits, to its buyer once it is released."""
    work = unit.current()
    looked_at = queries.looked_at(work, subject_id)
    if looked_at is None:
        return queries.fetch(work, subject_id)
    return {"manifest": reviews.seen(work, subject_id).manifest, **looked_at}


doors.steps(blueprint, reviews, EgressReviewOut, show)
