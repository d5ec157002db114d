"""The door of listing documents (挂牌材料) and rights (三权): filed, stated, promised, recorded."""

import base64
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate

from app import doors, languages, problems, unit
from kernel.clock import local_date
from kernel.work import Work
from marketplace import listing, products, versions
from marketplace.listings import judging, materials, rights
from marketplace.listings.materials import STATED, Filed, Material, Paper
from marketplace.listings.rights import Granted, Right

blueprint = doors.noun("materials", "Listing documents and rights · 挂牌材料与三权")

BASE64_MAX = 1_900_000
"""The most characters of a file in base 64."""


class CoverQuery(doors.Body):
    """Which product; everything that the merchant lists, if none is named."""

    product_id = doors.text(max=40, required=False, load_default=None)


class MaterialFileIn(doors.Body):
    """A file: PDF, PNG or JPEG, in base 64. issuer_id: who drew it up, if that is known here."""

    kind = doors.choice(*(kind for kind in Material if kind not in STATED))
    product_id = doors.text(max=40, required=False, load_default=None, allow_none=True)
    name = doors.text(max=200)
    content_base64 = fields.String(
        required=True, validate=validate.Length(min=1, max=BASE64_MAX), load_only=True
    )
    issued_on = doors.day()
    valid_to = doors.day(required=False, load_default=None, allow_none=True)
    issuer_id = doors.text(max=40, required=False, load_default=None, allow_none=True)


class MaterialStatementIn(doors.Body):
    """A statement in the merchant's own words."""

    kind = doors.choice(*sorted(STATED))
    product_id = doors.text(max=40, required=False, load_default=None, allow_none=True)
    said = doors.text(max=4000)


class MaterialPromiseIn(doors.Body):
    """A document promised for a later day (告知承诺)."""

    kind = doors.choice(*Material)
    product_id = doors.text(max=40)
    due_on = doors.day()
    said = doors.text(max=1000)


class MaterialOut(doors.Schema):
    """A document. good: not expired, and no broken promise."""

    id = fields.String()
    product_id = fields.String(allow_none=True)
    kind = fields.String()
    kind_label = fields.String()
    form = fields.String()
    name = fields.String()
    said = fields.String()
    digest = fields.String()
    issuer_id = fields.String(allow_none=True)
    issued_on = fields.Date(allow_none=True)
    valid_to = fields.Date(allow_none=True)
    due_on = fields.Date(allow_none=True)
    filed_at = fields.String()
    good = fields.Boolean()


class NeededOut(doors.Schema):
    """A kind that a product needs, and the document that is there."""

    kind = fields.String()
    kind_label = fields.String()
    deferrable = fields.Boolean()
    lacking = fields.Boolean()
    material = fields.Nested(MaterialOut, allow_none=True)


class ListingStandingOut(doors.Schema):
    """What bars a listing, which documents it needs, and over what it may operate."""

    refusals = fields.List(fields.Nested(doors.RefusalOut))
    needed = fields.List(fields.Nested(NeededOut))
    rights = fields.List(fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True)))


class MaterialContentOut(doors.Schema):
    """A file as it was handed in, its digest checked."""

    name = fields.String()
    media_type = fields.String()
    digest = fields.String()
    content_base64 = fields.String()


class RightIn(doors.Body):
    """A right over one input of a product, and the document that it rests on."""

    product_id = doors.text(max=40)
    source = doors.text(max=110)
    right = doors.choice(*Right)
    grantor_name = doors.text(max=120)
    grantor_id = doors.text(max=40, required=False, load_default=None, allow_none=True)
    parent_id = doors.text(max=40, required=False, load_default=None, allow_none=True)
    basis_id = doors.text(max=60)
    regions = doors.texts(max=40, each=6)
    valid_from = doors.day()
    valid_to = doors.day(required=False, load_default=None, allow_none=True)
    exclusive = doors.flag(required=False, load_default=False)
    sublicensable = doors.flag(required=False, load_default=False)


class RightEndIn(doors.Body):
    """Why a right ends."""

    reason = doors.text(max=500)


class RightOut(doors.Schema):
    """A recorded right."""

    id = fields.String()
    product_id = fields.String()
    source = fields.String()
    right = fields.String()
    holder_id = fields.String()
    grantor_id = fields.String(allow_none=True)
    grantor_name = fields.String()
    basis_id = fields.String()
    parent_id = fields.String(allow_none=True)
    regions = fields.List(fields.String())
    valid_from = fields.Date()
    valid_to = fields.Date(allow_none=True)
    exclusive = fields.Boolean()
    sublicensable = fields.Boolean()


def show(found: Filed, work: Work) -> Mapping[str, Any]:
    """Return what MaterialOut shows."""
    names = MaterialOut._declared_fields.keys() - {"kind_label", "filed_at", "good"}
    return {
        **{name: getattr(found, name) for name in names},
        "kind_label": languages.said(Material(found.kind).label),
        "filed_at": doors.moment(found.filed_at),
        "good": materials.good(found, local_date(work.now)),
    }


def standing(work: Work, product_id: str) -> Mapping[str, Any]:
    """Return what ListingStandingOut shows of a product, to who may see all of it."""
    product = products.seen(work, product_id)
    if not products.is_insider(work, product):
        raise products.missing(product_id)
    version = versions.find(work.session, product.current_version_id)
    case = listing.offered(version, product.owner_id, work)
    there = materials.in_force(materials.of(work.session, product.owner_id, product.id))
    lacking = judging.lacking(case, work)
    deferrable = work.rules.table("listing.deferrable")
    return {
        "refusals": problems.refusals(listing.refusals(version, product.owner_id, work)),
        "needed": [
            {
                "kind": kind.value,
                "kind_label": languages.said(kind.label),
                "deferrable": kind.value in deferrable,
                "lacking": kind in lacking,
                "material": show(there[kind], work) if kind in there else None,
            }
            for kind in judging.needed(case)
        ],
        "rights": [
            {"source": each.source, "effective": each.there,
             "until": each.until.isoformat() if each.until else None}
            for each in rights.effective(work, version, product.owner_id)
        ],
    }  # fmt: skip


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(CoverQuery, location="query")
@blueprint.response(200, MaterialOut(many=True))
def listed(query: dict[str, Any]) -> Any:
    """List one's own documents that cover a product, newest first; at most 500."""
    work = unit.current()
    found = materials.of(work.session, work.actor.organisation, query["product_id"])
    return [show(each, work) for each in found]


@blueprint.get("/standing/<string:product_id>")
@doors.members("read")
@blueprint.response(200, ListingStandingOut)
def stands(product_id: str) -> Any:
    """Show what still bars a listing: rules with how to mend them, documents, rights."""
    return standing(unit.current(), product_id)


@blueprint.post("/files")
@doors.members("write")
@blueprint.arguments(MaterialFileIn)
@blueprint.response(201, MaterialOut)
def file(body: dict[str, Any]) -> Any:
    """File a document."""
    work = unit.current()
    try:
        content = base64.b64decode(body["content_base64"], validate=True)
    except ValueError as error:
        raise ValidationError({"content_base64": ["Not valid base 64."]}) from error
    paper = Paper(body["name"], content, body["issued_on"], body["valid_to"], body["issuer_id"])
    kind = Material(body["kind"])
    return show(materials.file(work, kind, paper, product_id=body["product_id"]), work)


@blueprint.post("/statements")
@doors.members("write")
@blueprint.arguments(MaterialStatementIn)
@blueprint.response(201, MaterialOut)
def state(body: dict[str, Any]) -> Any:
    """State where the data comes from, or that it is lawful."""
    work = unit.current()
    kind = Material(body["kind"])
    return show(materials.state(work, kind, body["said"], product_id=body["product_id"]), work)


@blueprint.post("/promises")
@doors.members("write")
@blueprint.arguments(MaterialPromiseIn)
@blueprint.response(201, MaterialOut)
def promise(body: dict[str, Any]) -> Any:
    """Promise a document for a later day."""
    work = unit.current()
    made = materials.promise(
        work, Material(body["kind"]), body["due_on"], body["said"], product_id=body["product_id"]
    )
    return show(made, work)


@blueprint.post("/<string:material_id>/open")
@doors.members("write")
@blueprint.response(200, MaterialContentOut)
def content(material_id: str) -> Any:
    """Hand a file out, on record; to its merchant and who reviews it."""
    found, opened = materials.opened(unit.current(), material_id)
    return {
        "name": found.name,
        "media_type": found.media_type,
        "digest": found.digest,
        "content_base64": base64.b64encode(opened).decode(),
    }


@blueprint.post("/rights")
@doors.members("write")
@blueprint.arguments(RightIn)
@blueprint.response(201, RightOut)
def record(body: dict[str, Any]) -> Any:
    """Record a right over an input of one's own product."""
    given = {**body, "right": Right(body["right"]), "regions": tuple(body["regions"])}
    product_id = given.pop("product_id")
    return rights.record(unit.current(), product_id, Granted(**given))


@blueprint.post("/rights/<string:right_id>/end")
@doors.members("write")
@blueprint.arguments(RightEndIn)
@blueprint.response(204)
def end(body: dict[str, Any], right_id: str) -> None:
    """End a right; by its holder or its grantor."""
    rights.end(unit.current(), right_id, reason=body["reason"])


@blueprint.get("/rights")
@doors.members("read")
@blueprint.arguments(CoverQuery, location="query")
@blueprint.response(200, RightOut(many=True))
def recorded(query: dict[str, Any]) -> Any:
    """List the rights over the inputs of a product, to who may see all of it."""
    work = unit.current()
    if query["product_id"] is None:
        return []
    product = products.seen(work, query["product_id"])
    if not products.is_insider(work, product):
        return []
    return rights.of(work.session, product.id)
