"""The door of registered deals (场外交易备案): proof filed, verified by two, volume counted."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from flask import Response, current_app
from marshmallow import ValidationError, fields, validate

from app import doors, languages, unit
from kernel.work import Work
from settlement.deals import deals, papers
from settlement.deals.deals import DirectDeal, State
from settlement.deals.papers import DealPaper, PaperKind

BASE64_MAX = 2_000_000
"""The most characters of a paper in base 64."""

blueprint = doors.noun("deals", "Registered deals · 场外交易备案")


class DealIn(doors.Body):
    """What the parties agreed, outside the exchange."""

    buyer_name = doors.text(max=120)
    buyer_uscc = doors.text(max=40)
    title = doors.text(max=200)
    contract_no = doors.text(max=deals.CODE_MAX)
    amount = doors.amount()
    signed_on = doors.day()
    delivered_on = doors.day()


class DealPaperIn(doors.Body):
    """A paper: PDF, PNG or JPEG, in base 64."""

    kind = doors.choice(*PaperKind)
    name = doors.text(max=200)
    content_base64 = fields.String(
        required=True, validate=validate.Length(min=1, max=BASE64_MAX), load_only=True
    )


class DealQuery(doors.PageQuery):
    """Which deals: those in one state, or all that the caller may see."""

    state = doors.choice(*State, required=False, load_default=None)


class DealPaperOut(doors.Schema):
    """A paper. digest: its SHA-256."""

    id = fields.String()
    kind = fields.String()
    kind_label = fields.String()
    name = fields.String()
    media_type = fields.String()
    size_bytes = fields.Integer()
    digest = fields.String()
    filed_at = fields.String()


class DealPapersOut(doors.Schema):
    """The papers of a deal, the oldest first."""

    items = fields.List(fields.Nested(DealPaperOut))


class DealOut(doors.LivingOut):
    """A registered deal. fee and payment_id: once it is registered."""

    merchant_id = fields.String()
    buyer_name = fields.String()
    buyer_uscc = fields.String()
    title = fields.String()
    contract_no = fields.String()
    amount = fields.Nested(doors.MoneyBody)
    signed_on = fields.String()
    delivered_on = fields.String()
    registered_at = fields.String(allow_none=True)
    fee = fields.Nested(doors.MoneyBody, allow_none=True)
    payment_id = fields.String(allow_none=True)


def row(found: DirectDeal) -> Mapping[str, Any]:
    """Return what DealOut shows in a list: all but the actions."""
    return {
        "id": found.id,
        "state": found.state,
        "version": found.version,
        "merchant_id": found.merchant_id,
        "buyer_name": found.buyer_name,
        "buyer_uscc": found.buyer_uscc,
        "title": found.title,
        "contract_no": found.contract_no,
        "amount": doors.wire(found.amount),
        "signed_on": found.signed_on.isoformat(),
        "delivered_on": found.delivered_on.isoformat(),
        "registered_at": doors.moment(found.registered_at),
        "fee": None if found.fee is None else doors.wire(found.fee),
        "payment_id": found.payment_id,
    }


def show(found: DirectDeal, work: Work) -> Mapping[str, Any]:
    """Return what DealOut shows."""
    return {**row(found), **doors.living(found, work, deals.LIFE)}


def show_paper(found: DealPaper) -> Mapping[str, Any]:
    """Return what DealPaperOut shows."""
    return {
        "id": found.id,
        "kind": found.kind,
        "kind_label": languages.said(PaperKind(found.kind).label),
        "name": found.name,
        "media_type": found.media_type,
        "size_bytes": found.size_bytes,
        "digest": found.digest,
        "filed_at": doors.moment(found.filed_at),
    }


def handed(paper: DealPaper, content: bytes) -> Response:
    """Answer with a paper's bytes, offered for saving: nothing in it is run or framed."""
    response: Response = current_app.response_class(content, content_type=paper.media_type)
    ending = paper.media_type.rpartition("/")[2]
    response.headers["Content-Disposition"] = f'attachment; filename="{paper.id}.{ending}"'
    return response


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(DealIn)
@blueprint.response(201, DealOut)
def draft(body: dict[str, Any]) -> Any:
    """Begin to register a deal of the caller's organisation, a merchant."""
    work = unit.current()
    made = deals.draft(work, **{**body, "amount": doors.money_of(body["amount"])})
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(DealQuery, location="query")
@blueprint.response(200, doors.page_of(DealOut))
def listed(query: dict[str, Any]) -> Any:
    """List the caller's deals, newest first; all of them to who verifies or oversees."""
    return doors.page(deals.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, DealOut)
def one(subject_id: str) -> Any:
    """Show one deal to its merchant, or to who verifies or oversees."""
    work = unit.current()
    return doors.tagged(show(deals.seen(work, subject_id), work))


@blueprint.get("/<string:subject_id>/papers")
@doors.members("read")
@blueprint.response(200, DealPapersOut)
def papers_of(subject_id: str) -> Any:
    """List the papers of a deal, the oldest first."""
    work = unit.current()
    found = deals.seen(work, subject_id)
    return {"items": [show_paper(paper) for paper in papers.of(work.session, found.id)]}


@blueprint.post("/<string:subject_id>/papers")
@doors.members("write")
@blueprint.arguments(DealPaperIn)
@blueprint.response(201, DealPaperOut)
def file(body: dict[str, Any], subject_id: str) -> Any:
    """File a paper of a draft; the newest of a kind is the one in force."""
    made = deals.file(
        unit.current(),
        subject_id,
        kind=PaperKind(body["kind"]),
        name=body["name"],
        content=_bytes(body["content_base64"]),
    )
    return show_paper(made)


@blueprint.get("/<string:subject_id>/papers/<string:paper_id>")
@doors.members("read")
@blueprint.response(200, content_type="application/octet-stream")
def paper(subject_id: str, paper_id: str) -> Response:
    """Download a paper."""
    return handed(*deals.paper(unit.current(), subject_id, paper_id))


def _bytes(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValidationError({"content_base64": ["Not valid base 64."]}) from error


doors.steps(blueprint, deals, DealOut, show)
