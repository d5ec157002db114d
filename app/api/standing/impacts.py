"""The door of impacts (影响预览): what would fall with something, told before it falls."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from app.doors import Schema
from kernel.work import Work
from licensing.upkeep import cascades
from marketplace import progress

blueprint = doors.noun("impacts", "Impacts · 影响预览")


class TouchedAuthorisationOut(Schema):
    """An authorisation that would be suspended."""

    id = fields.String()
    cert_no = fields.String()
    state = fields.String()
    grantee_id = fields.String()


class CascadeOut(Schema):
    """What would fall with the target. whole: no authorisation is left out of the list.

    in_escrow: paid for lines that are not completed. outstanding: ordered, not yet paid.
    """

    kind = fields.String()
    target = fields.String()
    authorisations = fields.List(fields.Nested(TouchedAuthorisationOut))
    whole = fields.Boolean()
    grantees = fields.List(fields.String())
    items = fields.Integer()
    products = fields.Integer()
    orders = fields.Integer()
    buyers = fields.List(fields.String())
    in_escrow = fields.Raw()
    outstanding = fields.Raw()


def gathered(work: Work, kind: str, target: str) -> Mapping[str, Any]:
    """Return what CascadeOut shows: what licensing knows, and what the trade adds to it."""
    impact = cascades.preview(work, kind=kind, target=target)
    touched = progress.touched(work.session, [one.id for one in impact.authorisations])
    return {
        "kind": kind,
        "target": target,
        "authorisations": impact.authorisations,
        "whole": impact.whole,
        "grantees": impact.grantees,
        "items": impact.items,
        "products": touched.products,
        "orders": touched.orders,
        "buyers": touched.buyers,
        "in_escrow": doors.wire(touched.in_escrow),
        "outstanding": doors.wire(touched.outstanding),
    }


@blueprint.get("/<string:kind>/<string:target>")
@doors.members("read")
@blueprint.response(200, CascadeOut)
def one(kind: str, target: str) -> Any:
    """Preview what would be suspended with a directory, an agreement, an organisation, a right."""
    return gathered(unit.current(), kind, target)
