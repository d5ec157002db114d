"""The door of revisions of listed products (产品修订): minor after a check, major when reviewed."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from app.api.licensing import clocks
from app.api.marketplace.products import RevisionIn
from kernel import watch
from kernel.work import Work
from marketplace.shelving import amendments
from marketplace.shelving.amendments import Amendment

blueprint = doors.noun("amendments", "Revisions of listed products · 产品修订")


class ProductAmendmentIn(RevisionIn):
    """What is said otherwise of a listed product."""

    product_id = doors.text(max=40)


class AmendmentQuery(doors.PageQuery):
    """Of which product."""

    product_id = doors.text(max=40, required=False, load_default=None)


class ProductAmendmentOut(doors.LivingOut):
    """A revision: minor or major, from which version to which."""

    product_id = fields.String()
    owner_id = fields.String()
    size = fields.String()
    label = fields.String()
    before_id = fields.String()
    after_id = fields.String()
    made_at = fields.String()
    published_at = fields.String(allow_none=True)
    clock = fields.Nested(clocks.RunningClockOut, allow_none=True)


def row(found: Amendment) -> Mapping[str, Any]:
    """Return what a list shows of a revision."""
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "product_id": found.product_id,
        "owner_id": found.owner_id,
        "size": found.size,
        "label": f"{found.major}.{found.minor}",
        "before_id": found.before_id,
        "after_id": found.after_id,
        "made_at": doors.moment(found.made_at),
        "published_at": doors.moment(found.published_at),
    }


def show(found: Amendment, work: Work) -> Mapping[str, Any]:
    """Return what ProductAmendmentOut shows."""
    clock = clocks.show(watch.running(work.session, found.id), work)
    return {**doors.living(found, work, amendments.LIFE), **row(found), "clock": clock}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(AmendmentQuery, location="query")
@blueprint.response(200, doors.page_of(ProductAmendmentOut))
def listed(query: dict[str, Any]) -> Any:
    """List one's own revisions, or all for who reviews them, newest first."""
    return doors.page(amendments.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, ProductAmendmentOut)
def one(subject_id: str) -> Any:
    """Show one revision."""
    work = unit.current()
    return doors.tagged(show(amendments.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(ProductAmendmentIn)
@blueprint.response(201, ProductAmendmentOut)
def propose(body: dict[str, Any]) -> Any:
    """Revise one's own listed product; the house finds out how much differs."""
    work = unit.current()
    made = amendments.propose(work, body.pop("product_id"), **body)
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(made, work)


doors.steps(blueprint, amendments, ProductAmendmentOut, show)
