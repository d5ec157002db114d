"""The door of samples (数据样例): some aggregates of what one was authorised to use."""

from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from app.api.delivery.deliveries import AggregateOut
from delivery import samples

blueprint = doors.noun("samples", "Samples · 数据样例")


class SampleIn(doors.Body):
    """Of which resource and items, under which authorisation."""

    authorisation_id = doors.text(max=40)
    resource_id = doors.text(max=40)
    items = doors.texts(max=50, each=64)


class SampleOut(Schema):
    """Up to a hundred monthly aggregates."""

    rows = fields.List(fields.Nested(AggregateOut))


@blueprint.post("")
@doors.members("deliver")
@blueprint.arguments(SampleIn)
@blueprint.response(200, SampleOut)
def make(body: dict[str, Any]) -> Any:
    """Compute a sample in the domain; it is decided and counted like every use."""
    rows = samples.make(unit.current(), **body, data_dir=unit.house().data_dir)
    return {"rows": rows}
