"""The door of related parties (关联方): the ties of an organisation, and whom they reach."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import fields

from app import doors, unit
from kernel.clock import local_date
from kernel.parties import relations
from kernel.parties.relations import Kind, Other, Tie

blueprint = doors.noun("ties", "Related parties · 关联方", prefix="/api/organisations")


class RelationIn(doors.Body):
    """A tie to another: exactly one of uscc, identity_number and group_code names it."""

    kind = doors.choice(*Kind)
    other_name = doors.text(max=120)
    uscc = doors.text(max=40, required=False, load_default=None)
    identity_number = doors.text(max=30, required=False, load_default=None, load_only=True)
    group_code = doors.text(max=60, required=False, load_default=None)
    share_bp = doors.whole(min=1, max=10_000, required=False, load_default=None)
    since = doors.day(required=False, load_default=None)


class TieEndIn(doors.Body):
    """The first day on which the tie is no more; today, if not said."""

    until = doors.day(required=False, load_default=None)


class RelatedRelationOut(doors.Schema):
    """A tie. `other` is a code or a group; of a human being only the name is shown."""

    id = fields.String()
    kind = fields.String()
    node = fields.String()
    other = fields.String(allow_none=True)
    other_name = fields.String()
    share_bp = fields.Integer(allow_none=True)
    counts = fields.Boolean()
    since = fields.Date()
    until = fields.Date(allow_none=True)
    declared_at = fields.String()


class WayOut(doors.Schema):
    """A related organisation, and the shortest chain of ties to it."""

    organisation_id = fields.String()
    ties = fields.List(fields.Nested(RelatedRelationOut))


class RelatedOut(doors.Schema):
    """Everybody who is related, on a day."""

    on = fields.Date()
    items = fields.List(fields.Nested(WayOut))


class OnQuery(doors.Body):
    """The day; today, if not said."""

    on = doors.day(required=False, load_default=None)


@blueprint.get("/<string:organisation_id>/ties")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(RelatedRelationOut))
def listed(query: dict[str, Any], organisation_id: str) -> Any:
    """List an organisation's own ties, newest first, ended ones too."""
    bounds = {"after": query["after"], "limit": query["limit"]}
    page, ended = relations.of(unit.current(), organisation_id, **bounds)
    return doors.page(page, lambda tie: show(tie, ended.get(tie.id)))


@blueprint.get("/<string:organisation_id>/related")
@doors.members("read")
@blueprint.arguments(OnQuery, location="query")
@blueprint.response(200, RelatedOut)
def related(query: dict[str, Any], organisation_id: str) -> Any:
    """Show who is related, nearest first, and why: to itself and to its overseers."""
    work = unit.current()
    on = query["on"] or local_date(work.now)
    found = relations.seen(work, organisation_id, on=on)
    return {"on": on, "items": [_way(way) for way in found]}


@blueprint.post("/<string:organisation_id>/ties")
@doors.members("write")
@blueprint.arguments(RelationIn)
@blueprint.response(201, RelatedRelationOut)
def declare(body: dict[str, Any], organisation_id: str) -> Any:
    """Declare a tie."""
    named = ("uscc", "identity_number", "group_code")
    other = Other(name=body["other_name"], **{name: body[name] for name in named})
    more = {"share_bp": body["share_bp"], "since": body["since"]}
    made = relations.declare(unit.current(), organisation_id, Kind(body["kind"]), other, **more)
    return show(made, None)


@blueprint.post("/ties/<string:tie_id>/end")
@doors.members("write")
@blueprint.arguments(TieEndIn)
@blueprint.response(200, RelatedRelationOut)
def end(body: dict[str, Any], tie_id: str) -> Any:
    """End a tie; it stays on record."""
    work = unit.current()
    until = body["until"] or local_date(work.now)
    return show(relations.end(work, tie_id, until=until), until)


def show(found: Tie, until: date | None) -> Mapping[str, Any]:
    """Return what RelatedRelationOut shows."""
    person = found.other.startswith(relations.PERSON)
    return {
        "id": found.id,
        "kind": found.kind,
        "node": found.node,
        "other": None if person else found.other,
        "other_name": found.other_name,
        "share_bp": found.share_bp,
        "counts": found.counts,
        "since": found.since,
        "until": until,
        "declared_at": doors.moment(found.declared_at),
    }


def _way(way: relations.Way) -> dict[str, Any]:
    return {
        "organisation_id": way.organisation_id,
        "ties": [show(tie, None) for tie in way.ties],
    }
