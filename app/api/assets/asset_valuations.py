"""The door of valuation reports (评估报告) on data assets."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from flask import Response, current_app
from marshmallow import ValidationError, fields, validate

from app import doors, languages, unit
from settlement.assets import valuations
from settlement.assets.terms import COST_MAX
from settlement.assets.valuations import Approach, AssetValuation, Report

blueprint = doors.noun("asset-valuations", "Valuation reports · 评估报告")

BASE64_MAX = 2_000_000
"""The most characters of a file in base 64; a longer one comes by the page."""


class AssetValuationIn(doors.Body):
    """A report on a card: PDF, PNG or JPEG, in base 64. value_fen: on the day valued_on."""

    card_id = doors.text(max=40)
    appraiser = doors.text(max=120)
    report_no = doors.text(max=80)
    approach = doors.choice(*Approach)
    valued_on = doors.day()
    value_fen = doors.whole(min=1, max=COST_MAX)
    name = doors.text(max=200)
    content_base64 = fields.String(
        required=True, validate=validate.Length(min=1, max=BASE64_MAX), load_only=True
    )


class AssetValuationOut(doors.Schema):
    """A report. digest: the SHA-256 of its file."""

    id = fields.String()
    card_id = fields.String()
    appraiser = fields.String()
    report_no = fields.String()
    approach = fields.String()
    approach_label = fields.String()
    valued_on = fields.String()
    value_fen = fields.Integer()
    name = fields.String()
    media_type = fields.String()
    size_bytes = fields.Integer()
    digest = fields.String()
    filed_at = fields.String()


class AssetValuationsOut(doors.Schema):
    """The reports on a card, the newest first."""

    items = fields.List(fields.Nested(AssetValuationOut))


_PLAIN = ("id", "card_id", "appraiser", "report_no", "approach", "value_fen", "name",
          "media_type", "size_bytes", "digest")  # fmt: skip


def show(found: AssetValuation) -> Mapping[str, Any]:
    """Return what AssetValuationOut shows."""
    return {
        **{name: getattr(found, name) for name in _PLAIN},
        "approach_label": languages.said(Approach(found.approach).label),
        "valued_on": found.valued_on.isoformat(),
        "filed_at": doors.moment(found.filed_at),
    }


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(AssetValuationIn)
@blueprint.response(201, AssetValuationOut)
def file(body: dict[str, Any]) -> Any:
    """File a report on a card of the caller's organisation."""
    card_id, content = body.pop("card_id"), _bytes(body.pop("content_base64"))
    said = Report(**{**body, "approach": Approach(body["approach"])}, content=content)
    return show(valuations.file(unit.current(), card_id, said))


@blueprint.get("/<string:valuation_id>")
@doors.members("read")
@blueprint.response(200, AssetValuationOut)
def one(valuation_id: str) -> Any:
    """Show one report to the owner of its card and to overseers."""
    return show(valuations.seen(unit.current(), valuation_id))


@blueprint.get("/<string:valuation_id>/content")
@doors.members("read")
@blueprint.response(200, content_type="application/octet-stream")
def content(valuation_id: str) -> Response:
    """Download a report."""
    return handed(*valuations.content(unit.current(), valuation_id))


def handed(found: AssetValuation, written: bytes) -> Response:
    """Answer with a report's bytes, offered for saving: nothing in it is run or framed."""
    response: Response = current_app.response_class(written, content_type=found.media_type)
    ending = found.media_type.rpartition("/")[2]
    response.headers["Content-Disposition"] = f'attachment; filename="{found.id}.{ending}"'
    return response


def _bytes(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValidationError({"content_base64": ["Not valid base 64."]}) from error
