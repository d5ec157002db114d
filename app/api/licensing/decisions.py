"""The door of decisions (决策): what was asked of an authorisation, and what was answered."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, languages, unit
from app.doors import Schema
from licensing import decisions
from licensing.decisions import DENIALS, Decision

blueprint = doors.noun("decisions", "Decisions · 使用决策")


class UsedItemOut(Schema):
    """One data item of a use."""

    directory = fields.String()
    item = fields.String()


class DecisionOut(Schema):
    """One answer. refusals: every reason for a no; subject: what the use was for."""

    id = fields.String()
    authorisation_id = fields.String()
    version = fields.Integer(allow_none=True)
    organisation_id = fields.String()
    purpose_code = fields.String()
    items = fields.List(fields.Nested(UsedItemOut))
    transform = fields.String()
    output_form = fields.String()
    region = fields.String()
    environment = fields.String()
    quantity = fields.Dict(fields.String(), fields.Integer())
    subject = fields.String()
    outcome = fields.String()
    refusals = fields.List(fields.Nested(doors.RefusalOut))
    at = fields.String()


DecisionPageOut = doors.page_of(DecisionOut)

_SHOWN = (
    "id", "authorisation_id", "version", "organisation_id", "purpose_code", "transform",
    "output_form", "region", "environment", "quantity", "subject", "outcome",
)  # fmt: skip


def row(found: Decision) -> Mapping[str, Any]:
    """Return what DecisionOut shows."""
    return {
        **{name: getattr(found, name) for name in _SHOWN},
        "items": [{"directory": directory, "item": item} for directory, item in found.items],
        "refusals": [
            {"code": code, "detail": languages.said(DENIALS[code])} for code in found.codes
        ],
        "at": doors.moment(found.at),
    }


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, DecisionPageOut)
def own(query: dict[str, Any]) -> Any:
    """List what was decided on the uses of the caller's organisation, newest first."""
    return doors.page(decisions.own(unit.current(), **query), row)
