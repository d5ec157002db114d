"""The door of data products (数据产品): the shelf, one product, and its way to the listing."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from marshmallow import ValidationError, fields, validate

from app import doors, unit
from app.api.licensing import clocks
from catalogue.grades import Grade, Mode, Origin, PiClass
from kernel import watch
from kernel.pages import Page
from kernel.work import Work
from licensing.exposures import OutputForm
from marketplace import products, versions
from marketplace.prices import AuctionForm, FreeReason, Measure, Period, PlanKind
from marketplace.products import Product, State
from marketplace.versions import Field, Frequency, ProductType, ProductVersion

blueprint = doors.noun("products", "Products · 数据产品")

CELL_MAX = 500


def _cell(value: Any) -> None:
    plain = value is None or isinstance(value, bool | int | float | str)
    if not plain or (isinstance(value, float) and not isfinite(value)):
        raise ValidationError("A cell of a sample is a text, a number, true, false or null.")
    if len(str(value)) > CELL_MAX or "\0" in str(value):
        raise ValidationError(f"A cell of a sample has at most {CELL_MAX} characters.")


class UnitPriceBody(doors.Body):
    """The price of one call or unit, in 10⁻⁶ fen."""

    e6 = doors.whole()
    currency = doors.choice("CNY")


class TierBody(doors.Body):
    """One tier of a price; the last one has no upto."""

    upto = doors.whole(min=1, allow_none=True)
    unit = doors.nested(UnitPriceBody)


class MilestoneBody(doors.Body):
    """A part of a project's price, in basis points, and what must be met for it."""

    share_bp = doors.whole(min=1, max=10_000)
    criterion = doors.text(max=300)


class PricePlanBody(doors.Body):
    """How a price is formed; what a kind does not need is left out."""

    kind = doors.choice(*PlanKind)
    price = doors.amount(required=False, allow_none=True)
    period = doors.choice(*Period, required=False, allow_none=True)
    unit = doors.nested(UnitPriceBody, required=False, allow_none=True)
    free_quota = doors.whole(required=False)
    minimum = doors.amount(required=False, allow_none=True)
    tiers = doors.many(TierBody, at_most=20, required=False)
    reason = doors.choice(*FreeReason, required=False, allow_none=True)
    per = doors.whole(max=10**9, required=False)
    maximum = doors.amount(required=False, allow_none=True)
    measure = doors.choice(*Measure, required=False, allow_none=True)
    size = doors.whole(max=10**12, required=False)
    included = doors.whole(max=10**12, required=False)
    overage = doors.nested(UnitPriceBody, required=False, allow_none=True)
    share_bp = doors.whole(max=10_000, required=False)
    cycle = doors.choice(*Period, required=False, allow_none=True)
    base = doors.text(max=200, min=0, required=False)
    milestones = doors.many(MilestoneBody, at_most=20, required=False)
    reserve = doors.amount(required=False, allow_none=True)
    step = doors.amount(required=False, allow_none=True)
    deposit_bp = doors.whole(max=10_000, required=False)
    form = doors.choice(*AuctionForm, required=False, allow_none=True)


class ItemBody(doors.Body):
    """A data item, by its directory's code and its own."""

    directory = doors.text(max=60)
    item = doors.text(max=64)


class ColumnBody(doors.Body):
    """One column of the dictionary (数据字典)."""

    name = doors.text(max=64)
    type = doors.text(max=40)
    meaning = doors.text(max=300)
    unit = doors.text(max=40, required=False)


class QualityBody(doors.Body):
    """The quality as it was assessed, each from 0 to 100."""

    completeness = doors.whole(max=100, required=False)
    accuracy = doors.whole(max=100, required=False)
    consistency = doors.whole(max=100, required=False)
    timeliness = doors.whole(max=100, required=False)
    uniqueness = doors.whole(max=100, required=False)
    validity = doors.whole(max=100, required=False)


class RevisionIn(doors.Body):
    """What is said otherwise in the next version of a draft; what is left out stays."""

    title_zh = doors.text(max=110, required=False)
    title_en = doors.text(max=200, required=False)
    intro = doors.text(max=4000, min=0, required=False)
    product_type = doors.choice(*ProductType, required=False)
    industry = doors.text(max=4, required=False)
    application_field = doors.choice(*Field, required=False)
    region_coverage = doors.texts(max=40, each=6, required=False)
    update_frequency = doors.choice("", *Frequency, required=False)
    temporal_from = doors.day(required=False, allow_none=True)
    temporal_to = doors.day(required=False, allow_none=True)
    grade = doors.choice(*Grade, required=False)
    pi_class = doors.choice(*PiClass, required=False)
    source_kind = doors.choice(*Origin, required=False)
    authorisation_id = doors.text(max=40, required=False, allow_none=True)
    scenario_id = doors.text(max=40, required=False, allow_none=True)
    resource_id = doors.text(max=40, required=False, allow_none=True)
    dataset_version_id = doors.text(max=40, required=False, allow_none=True)
    items = doors.many(ItemBody, at_most=200, required=False)
    output_form = doors.choice(*OutputForm, required=False, allow_none=True)
    delivery_mode = doors.choice(*Mode, required=False)
    price_plan = doors.nested(PricePlanBody, required=False)
    accept_days = doors.whole(min=1, max=365, required=False)
    dictionary = doors.many(ColumnBody, at_most=200, required=False)
    sample = fields.List(
        fields.Dict(
            keys=fields.String(validate=validate.Length(min=1, max=64)),
            values=fields.Raw(allow_none=True, validate=_cell),
        ),
        validate=validate.Length(max=versions.SAMPLE_ROWS_MAX),
    )
    quality = doors.nested(QualityBody, required=False, allow_none=True)


class ProductIn(RevisionIn):
    """A new product, as a draft. own_code: the merchant's own number of it."""

    own_code = doors.text(max=64, required=False, load_default=None, allow_none=True)

    title_zh = doors.text(max=110)
    title_en = doors.text(max=200)
    intro = doors.text(max=4000, min=0)
    product_type = doors.choice(*ProductType)
    industry = doors.text(max=4)
    application_field = doors.choice(*Field)
    region_coverage = doors.texts(max=40, each=6)
    grade = doors.choice(*Grade)
    pi_class = doors.choice(*PiClass)
    source_kind = doors.choice(*Origin)
    delivery_mode = doors.choice(*Mode)
    price_plan = doors.nested(PricePlanBody)
    accept_days = doors.whole(min=1, max=365)


class ProductOut(doors.LivingOut):
    """A product with its current version. In publicity, others see only what is announced."""

    code = fields.String()
    own_code = fields.String(allow_none=True)
    owner_id = fields.String()
    valid_until = fields.Date(allow_none=True)
    ended_as = fields.String(allow_none=True)
    listing_cert_no = fields.String(allow_none=True)
    listed_at = fields.String(allow_none=True)
    version_id = fields.String()
    number = fields.Integer()
    title_zh = fields.String()
    title_en = fields.String()
    intro = fields.String()
    product_type = fields.String()
    industry = fields.String()
    application_field = fields.String()
    region_coverage = fields.List(fields.String())
    update_frequency = fields.String()
    temporal_from = fields.Date(allow_none=True)
    temporal_to = fields.Date(allow_none=True)
    grade = fields.String()
    pi_class = fields.String()
    contains_pi = fields.Boolean()
    source_kind = fields.String()
    authorisation_id = fields.String(allow_none=True)
    scenario_id = fields.String(allow_none=True)
    resource_id = fields.String(allow_none=True)
    dataset_version_id = fields.String(allow_none=True)
    items = fields.List(fields.Nested(ItemBody))
    output_form = fields.String(allow_none=True)
    delivery_mode = fields.String()
    price_plan = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True))
    accept_days = fields.Integer()
    dictionary = fields.List(fields.Nested(ColumnBody))
    sample = fields.List(fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True)))
    quality = fields.Nested(QualityBody, allow_none=True)
    digest = fields.String()
    clock = fields.Nested(clocks.RunningClockOut, allow_none=True)


ProductPageOut = doors.page_of(ProductOut)


class ShelfQuery(doors.PageQuery):
    """What is looked for on the shelf. board: its id; text: words that must all occur."""

    board = doors.text(max=40, required=False, load_default=None)
    text = doors.text(max=100, required=False, load_default=None)
    industry = doors.text(max=4, required=False, load_default=None)


ANNOUNCED = ("title_zh", "title_en", "product_type", "region_coverage", "intro")
"""What publicity (公示) tells everybody of a product."""

_ROW = (
    *ANNOUNCED,
    "industry",
    "application_field",
    "update_frequency",
    "grade",
    "contains_pi",
    "source_kind",
    "delivery_mode",
    "price_plan",
)
_ALL = (
    *_ROW,
    "number",
    "temporal_from",
    "temporal_to",
    "pi_class",
    "authorisation_id",
    "scenario_id",
    "resource_id",
    "dataset_version_id",
    "items",
    "output_form",
    "accept_days",
    "dictionary",
    "sample",
    "quality",
    "digest",
)


def row(found: Product, work: Work) -> Mapping[str, Any]:
    """Return what a list shows of a product whose version is loaded."""
    return {**_head(found), **_said(found.current, _ROW if _is_open(found, work) else ANNOUNCED)}


def show(found: Product, work: Work) -> Mapping[str, Any]:
    """Return what ProductOut shows: to outsiders in publicity, only what is announced."""
    version = versions.find(work.session, found.current_version_id)
    clock = clocks.show(watch.running(work.session, found.id), work)
    return {
        **doors.living(found, work, products.LIFE),
        **_head(found),
        **_said(version, _ALL if _is_open(found, work) else ANNOUNCED),
        "version_id": version.id,
        "clock": clock,
    }


def _is_open(found: Product, work: Work) -> bool:
    return found.state != State.PUBLICITY or products.is_insider(work, found)


def _head(found: Product) -> dict[str, Any]:
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "code": found.code,
        "own_code": found.own_code,
        "owner_id": found.owner_id,
        "valid_until": found.valid_until,
        "ended_as": found.ended_as,
        "listing_cert_no": found.listing_cert_no,
        "listed_at": doors.moment(found.listed_at),
        # Absent, marshmallow would take the mapping's own method of that name for it.
        "items": [],
    }


def _said(version: ProductVersion, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(version, name) for name in names}


def _page(found: Page[Product], work: Work) -> dict[str, Any]:
    return doors.page(found, lambda item: row(item, work))


@blueprint.get("")
@doors.public
@blueprint.arguments(ShelfQuery, location="query")
@blueprint.response(200, ProductPageOut)
def listed(query: dict[str, Any]) -> Any:
    """List what is listed, last listed first."""
    work = unit.current()
    return _page(products.listed(work.session, **query), work)


@blueprint.get("/in-publicity")
@doors.public
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, ProductPageOut)
def in_publicity(query: dict[str, Any]) -> Any:
    """List what is in publicity, with what is announced of it."""
    work = unit.current()
    return _page(products.in_publicity(work.session, **query), work)


@blueprint.get("/own")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, ProductPageOut)
def own(query: dict[str, Any]) -> Any:
    """List the caller's own products in whatever state, newest first."""
    work = unit.current()
    return _page(products.own(work, **query), work)


@blueprint.get("/queue")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, ProductPageOut)
def queue(query: dict[str, Any]) -> Any:
    """List what is under review, with its lights; for who oversees the exchange."""
    work = unit.current()
    found = products.queue(work, **query)
    running = watch.all_running(work.session, [item.id for item in found.items])
    return doors.page(
        found,
        lambda item: {**row(item, work), "clock": clocks.show(running.get(item.id), work)},
    )


@blueprint.get("/<string:subject_id>")
@doors.public
@blueprint.response(200, ProductOut)
def one(subject_id: str) -> Any:
    """Show one product."""
    work = unit.current()
    return doors.tagged(show(products.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(ProductIn)
@blueprint.response(201, ProductOut)
def create(body: dict[str, Any]) -> Any:
    """Write a new product, as a draft; for merchants."""
    work = unit.current()
    made = products.create(work, **body)
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.post("/<string:subject_id>/revise")
@doors.versioned
@doors.members("write")
@blueprint.arguments(RevisionIn)
@blueprint.response(200, ProductOut)
def revise(body: dict[str, Any], subject_id: str) -> Any:
    """Write a further version of a draft; for its owner."""
    work = unit.current()
    doors.matched(products.seen(work, subject_id))
    made = products.revise(work, subject_id, **body)
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(made, work)


doors.steps(blueprint, products, ProductOut, show)
