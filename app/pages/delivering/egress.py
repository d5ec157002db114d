"""The desk of egress reviews (出域审查): what waits, what exactly would leave, and the decision."""

from typing import Any

from flask import Blueprint, render_template

from app import doors, unit
from app.pages import shown
from delivery.egress import queries
from delivery.passing import reviews

blueprint = Blueprint("egress", __name__)


@blueprint.get("/egress")
@doors.members("read")
def listed() -> Any:
    """List the reviews: those that wait, unless all are asked for."""
    work = unit.current()
    waiting = shown.asked("all", max=1) is None
    page = reviews.listed(work, waiting=waiting, after=shown.after(), limit=shown.PAGE)
    return render_template(
        "delivery/egress.html",
        reviews=page.items,
        waiting=waiting,
        firms=shown.names(work, [one.requester_id for one in page.items]),
        next=page.next,
    )


@blueprint.get("/egress/<review_id>")
@doors.members("read")
def review(review_id: str) -> Any:
    """Show one review: to who reviews it with the result itself."""
    work = unit.current()
    found = reviews.seen(work, review_id)
    return render_template(
        "delivery/review.html",
        review=found,
        record=shown.record(found, work, reviews.LIFE),
        result=queries.looked_at(work, review_id),
        asked=work.actor.organisation == found.requester_id,
        firms=shown.names(work, [found.requester_id]),
        events=shown.timeline(work, found.id),
    )


@blueprint.post("/egress/<review_id>/result")
@doors.members("deliver")
def result(review_id: str) -> Any:
    """Hand a released result over to its buyer; the first time it is counted."""
    work = unit.current()
    told = queries.fetch(work, review_id)
    return render_template(
        "delivery/result.html", result=told, review=reviews.seen(work, review_id)
    )
