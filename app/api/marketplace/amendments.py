"""The door of revisions of listed products (产品修订): minor after a check, major when reviewed."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from marshmallow import Schema, fields

from app import doors, problems, unit
from app.api.licensing import clocks
from app.api.marketplace.products import RevisionIn
from kernel import watch
from kernel.work import Work
from marketplace import products, versions
from marketplace.seeking import orders as seeking
from marketplace.shelving import amendments, differences
from marketplace.shelving.amendments import Amendment
from marketplace.shelving.differences import Differences

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


class AmendmentFieldOut(Schema):
    """A field of the content that differs; as the versions have it."""

    name = fields.String()
    before = fields.Raw(allow_none=True)
    after = fields.Raw(allow_none=True)


class AmendmentColumnOut(Schema):
    """A column of the schema that differs: added, removed, retyped or reworded."""

    name = fields.String()
    kind = fields.String()
    before = fields.String(allow_none=True)
    after = fields.String(allow_none=True)


class AmendmentDifferencesOut(Schema):
    """What differs, side by side. running: orders that stay on the version before."""

    size = fields.String()
    fields_ = fields.List(fields.Nested(AmendmentFieldOut), data_key="fields")
    columns = fields.List(fields.Nested(AmendmentColumnOut))
    running = fields.Integer()


class AmendmentTrialOut(AmendmentDifferencesOut):
    """What a revision would come to, and every rule that it would break."""

    refusals = fields.List(fields.Nested(doors.RefusalOut))


def differing(found: Differences) -> Mapping[str, Any]:
    """Return what AmendmentDifferencesOut shows of differences."""
    return {
        "fields_": [{**asdict(each), "before": _plain(each.before), "after": _plain(each.after)}
                    for each in found.fields],
        "columns": [asdict(each) for each in found.columns],
    }  # fmt: skip


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


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


@blueprint.get("/<string:subject_id>/differences")
@doors.members("read")
@blueprint.response(200, AmendmentDifferencesOut)
def compared(subject_id: str) -> Any:
    """Show what a revision changes, field by field and column by column."""
    work = unit.current()
    found = amendments.seen(work, subject_id)
    before, after = (
        versions.content(versions.find(work.session, each))
        for each in (found.before_id, found.after_id)
    )
    running = seeking.running_on(work.session, found.product_id, found.before_id)
    told = differing(differences.between(before, after))
    return {**told, "size": found.size, "running": running}


@blueprint.post("/trials")
@doors.members("write")
@blueprint.arguments(ProductAmendmentIn)
@blueprint.response(200, AmendmentTrialOut)
def tried(body: dict[str, Any]) -> Any:
    """Show what a revision would come to; nothing is written."""
    work = unit.current()
    product_id = body.pop("product_id")
    trial = amendments.tried(work, product_id, **body)
    version_id = products.find(work.session, product_id).current_version_id
    return {
        **differing(differences.between(trial.before, trial.after)),
        "size": trial.size.value,
        "running": seeking.running_on(work.session, product_id, version_id),
        "refusals": problems.refusals(trial.refusals),
    }


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
