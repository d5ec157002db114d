"""The door of what a product begins with: all that a data set says of it by itself."""

from typing import Any

from marshmallow import fields

from app import doors, unit
from app.api.marketplace.products import ColumnBody, QualityBody
from marketplace import products
from marketplace.shelving import prefill

blueprint = doors.noun("product-drafts", "Drafts of products · 产品草稿")


class FromDatasetQuery(doors.Body):
    """The product whose meanings of columns are kept."""

    product_id = doors.text(max=40, required=False, load_default=None)


class FromDatasetOut(doors.Schema):
    """What a data set says of a product by itself."""

    title_zh = fields.String()
    dataset_version_id = fields.String()
    dictionary = fields.List(fields.Nested(ColumnBody))
    sample = fields.List(fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True)))
    quality = fields.Nested(QualityBody, allow_none=True)
    temporal_from = fields.Date(allow_none=True)
    temporal_to = fields.Date(allow_none=True)
    grade = fields.String()
    pi_class = fields.String()
    delivery_mode = fields.String()


@blueprint.get("/<string:dataset_version_id>")
@doors.members("read")
@blueprint.arguments(FromDatasetQuery, location="query")
@blueprint.response(200, FromDatasetOut)
def from_dataset(query: dict[str, Any], dataset_version_id: str) -> Any:
    """Show what one's own data set says of a product by itself; to be written and sent back."""
    work = unit.current()
    before = None
    if query["product_id"] is not None:
        before = products.own_version(work, query["product_id"])
    return prefill.of(work, dataset_version_id, before)
