"""The door of what a revised application changes against the round before."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, languages, unit
from app.doors import Schema
from licensing import scenarios
from licensing.reviewing import rounds
from licensing.reviewing.rounds import Change

blueprint = doors.noun("application-changes", "What a round changes · 轮次对照")


class ApplicationChangeOut(Schema):
    """One difference. row, column: where in a table it lies; before, after: the values."""

    section = fields.Integer()
    field = fields.String()
    label = fields.String()
    kind = fields.String()
    row = fields.String()
    column = fields.String(allow_none=True)
    before = fields.Raw(allow_none=True)
    after = fields.Raw(allow_none=True)


class ApplicationChangesOut(Schema):
    """What a round changes; known: whether the text of both rounds was noted."""

    scenario_id = fields.String()
    round = fields.Integer()
    known = fields.Boolean()
    changes = fields.List(fields.Nested(ApplicationChangeOut))


def row(found: Change) -> Mapping[str, Any]:
    """Return what ApplicationChangeOut shows."""
    return {
        "section": found.block.number,
        "field": found.field.name,
        "label": languages.said(found.field.label),
        "kind": found.kind.value,
        "row": found.row,
        "column": found.column.name if found.column else None,
        "before": found.before,
        "after": found.after,
    }


@blueprint.get("/<string:scenario_id>")
@doors.members("read")
@blueprint.response(200, ApplicationChangesOut)
def one(scenario_id: str) -> Any:
    """Show what the present round changes against the one before."""
    work = unit.current()
    found = scenarios.seen(work, scenario_id)
    changed = rounds.changed(work.session, found.id, found.round)
    return {
        "scenario_id": found.id,
        "round": found.round,
        "known": changed is not None,
        "changes": [row(each) for each in changed or ()],
    }
