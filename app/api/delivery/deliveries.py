"""The door of deliveries (交付): what was bought, and each read of it."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from delivery import reads, tasks
from delivery.domain import By, Cut
from delivery.reads import Reading, Use
from delivery.tasks import DeliveryTask
from kernel.work import Work
from marketplace import versions
from marketplace.charging import using
from marketplace.versions import Named

blueprint = doors.noun("deliveries", "Deliveries · 交付")


class OrderedItemOut(Schema):
    """A data item that was bought, by its directory's code and its own."""

    directory = fields.String()
    item = fields.String()


class DeliveryOut(doors.LivingOut):
    """The delivery of one order line. mode: of the delivery matrix; product_id: what was bought."""

    product_id = fields.String(allow_none=True)
    product_version_id = fields.String()
    title_zh = fields.String(allow_none=True)
    title_en = fields.String(allow_none=True)
    mode = fields.String()
    order_id = fields.String()
    order_line_id = fields.String()
    buyer_id = fields.String()
    seller_id = fields.String()
    authorisation_id = fields.String(allow_none=True)
    resource_id = fields.String(allow_none=True)
    purpose_code = fields.String()
    items = fields.List(fields.Nested(OrderedItemOut))
    output_form = fields.String(allow_none=True)
    region = fields.String()
    reads = fields.Integer()
    rows_delivered = fields.Integer()
    opened_at = fields.String()


class DeliveryQuery(doors.PageQuery):
    """Which deliveries to list: of an order, of a product, or all."""

    order_id = doors.text(max=40, required=False, load_default=None)
    product_id = doors.text(max=40, required=False, load_default=None)


class ReadIn(doors.Body):
    """What is read, and what for. since, until: both included; stations: empty for all."""

    purpose_code = doors.text(max=60)
    output_form = doors.text(max=60)
    region = doors.text(min=6, max=6)
    items = doors.texts(max=50, each=64)
    since = doors.day()
    until = doors.day()
    stations = doors.texts(max=200, each=100, required=False, load_default=list)
    by = doors.choice(*By, required=False, load_default=By.DAY.value)
    limit = doors.whole(min=1, max=10_000, required=False, load_default=1000)


class AggregateOut(Schema):
    """One row: a measure of one item at one station, in one stretch of time."""

    station = fields.String()
    date = fields.String()
    item = fields.String()
    count = fields.Integer()
    min = fields.Float()
    mean = fields.Float()
    max = fields.Float()
    sum = fields.Float()


class ReadingOut(Schema):
    """What was read. suppressed: groups too small to tell; remaining: meter → what is left."""

    rows = fields.List(fields.Nested(AggregateOut))
    suppressed = fields.Integer()
    more = fields.Boolean()
    remaining = fields.Dict(keys=fields.String(), values=fields.Integer())
    decision_id = fields.String(allow_none=True)
    digest = fields.String()


def row(found: DeliveryTask, bought: Mapping[str, Named]) -> Mapping[str, Any]:
    """Return what DeliveryOut shows in a list: all but the actions, whose guards would each ask."""
    named = bought.get(found.product_version_id)
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "product_id": named and named.product_id,
        "product_version_id": found.product_version_id,
        "title_zh": named and named.title.zh,
        "title_en": named and named.title.en,
        "mode": found.mode,
        "order_id": found.order_id,
        "order_line_id": found.order_line_id,
        "buyer_id": found.buyer_id,
        "seller_id": found.seller_id,
        "authorisation_id": found.authorisation_id,
        "resource_id": found.resource_id,
        "purpose_code": found.purpose_code,
        "items": found.items,
        "output_form": found.output_form,
        "region": found.region,
        "reads": found.reads,
        "rows_delivered": found.rows_delivered,
        "opened_at": doors.moment(found.opened_at),
    }


def show(found: DeliveryTask, work: Work) -> Mapping[str, Any]:
    """Return what DeliveryOut shows."""
    bought = versions.named(work.session, [found.product_version_id])
    return {**row(found, bought), **doors.living(found, work, tasks.LIFE)}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(DeliveryQuery, location="query")
@blueprint.response(200, doors.page_of(DeliveryOut))
def listed(query: dict[str, Any]) -> Any:
    """List the deliveries that the caller may see, newest first."""
    work, product_id = unit.current(), query.pop("product_id")
    if product_id is not None:
        query["version_ids"] = [one.id for one in versions.of(work.session, product_id)]
    page = tasks.listed(work, **query)
    bought = versions.named(work.session, [one.product_version_id for one in page.items])
    return doors.page(page, lambda found: row(found, bought))


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, DeliveryOut)
def one(subject_id: str) -> Any:
    """Show one delivery."""
    work = unit.current()
    return doors.tagged(show(tasks.seen(work, subject_id), work))


@blueprint.post("/<string:subject_id>/reads")
@doors.members("deliver")
@blueprint.arguments(ReadIn)
@blueprint.response(200, ReadingOut)
def read(body: dict[str, Any], subject_id: str) -> Reading:
    """Read aggregates of what was bought; each read is decided anew."""
    use = Use(**{name: body.pop(name) for name in ("purpose_code", "output_form", "region")})
    cut = Cut(**{**body, "by": By(body["by"])})
    data_dir = unit.house().data_dir
    using.require(unit.current(), subject_id)
    return reads.read(unit.current(), subject_id, use, cut, data_dir=data_dir)


doors.steps(blueprint, tasks, DeliveryOut, show)
