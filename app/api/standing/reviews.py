"""The door of annual reviews (年度评估): is what is authorised used, and as it was meant?"""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from app.api.licensing.authorisations import ScopeIn
from kernel.work import Work
from licensing.upkeep import reviews
from licensing.upkeep.reviews import Review, State

blueprint = doors.noun("authorisation-reviews", "Annual reviews · 年度评估")


class ReviewQuery(doors.PageQuery):
    """Which reviews to list."""

    state = doors.choice(*State, required=False, load_default=None)


class ShrinkIn(doors.Body):
    """What is left of the authorisation, and why."""

    scope = doors.nested(ScopeIn)
    reason = doors.text(max=500)


class ReviewOut(doors.LivingOut):
    """The review of one authorisation in one year."""

    authorisation_id = fields.String()
    year = fields.Integer()
    grantee_id = fields.String()
    figures = fields.Raw()
    benefits = fields.String(allow_none=True)
    finding = fields.String(allow_none=True)
    opened_at = fields.String()
    decided_at = fields.String(allow_none=True)


def row(found: Review) -> Mapping[str, Any]:
    """Return what ReviewOut shows in a list: all but actions."""
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "authorisation_id": found.authorisation_id,
        "year": found.year,
        "grantee_id": found.grantee_id,
        "figures": found.figures,
        "benefits": found.benefits,
        "finding": found.finding,
        "opened_at": doors.moment(found.opened_at),
        "decided_at": doors.moment(found.decided_at),
    }


def show(found: Review, work: Work) -> Mapping[str, Any]:
    """Return what ReviewOut shows."""
    return {**row(found), **doors.living(found, work, reviews.LIFE)}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(ReviewQuery, location="query")
@blueprint.response(200, doors.page_of(ReviewOut))
def listed(query: dict[str, Any]) -> Any:
    """List the reviews that concern the caller, newest first."""
    return doors.page(reviews.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, ReviewOut)
def one(subject_id: str) -> Any:
    """Show one review."""
    work = unit.current()
    return doors.tagged(show(reviews.seen(work, subject_id), work))


@blueprint.post("/<string:subject_id>/shrink")
@doors.versioned
@doors.members("write")
@blueprint.arguments(ShrinkIn)
@blueprint.response(200, ReviewOut)
def shrink(body: dict[str, Any], subject_id: str) -> Any:
    """Shrink the authorisation, and close the review with it."""
    work = unit.current()
    doors.matched(reviews.seen(work, subject_id))
    found = reviews.shrink(work, subject_id, **body)
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(found, work)


doors.steps(blueprint, reviews, ReviewOut, show)
