"""The door of the cascade (级联): nodes below, their signed envelopes, what came from them."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from catalogue import cascade
from catalogue.cascade import Cascaded, CascadeNode, Op, Sent, State
from kernel.clock import Instant
from kernel.work import Work

blueprint = doors.noun("cascade", "Cascade · 级联")


class CascadeNodeIn(doors.Body):
    """A hub below. public_key: Ed25519, 64 hexadecimal digits."""

    organisation_id = doors.text(max=40)
    level = doors.choice(*cascade.LEVELS)
    region = doors.text(max=6)
    public_key = doors.text(max=64)


class CascadeNodeOut(doors.Schema):
    """A hub below. lag_s: how old its newest thing is, in seconds."""

    id = fields.String()
    organisation_id = fields.String()
    level = fields.String()
    region = fields.String()
    public_key = fields.String()
    last_seq = fields.Integer()
    last_sent_at = fields.String(allow_none=True)
    lag_s = fields.Integer(allow_none=True)


class CascadeNodesOut(doors.Schema):
    """All nodes, by region."""

    items = fields.List(fields.Nested(CascadeNodeOut))


class EnvelopeIn(doors.Body):
    """What a node sends. signature: over the canonical JSON of all the rest and the node."""

    seq = doors.whole(min=1)
    op = doors.choice(*Op)
    directory_code = doors.text(max=60)
    content = fields.Dict(keys=fields.String(), required=True)
    sent_at = fields.AwareDateTime(required=True)
    signature = doors.text(max=128)


class CascadeQuery(doors.PageQuery):
    """Which of them."""

    state = doors.choice(*State, required=False, load_default=None)


class CascadedOut(doors.LivingOut):
    """One directory below, as it was sent last."""

    node_id = fields.String()
    directory_code = fields.String()
    seq = fields.Integer()
    content = fields.Dict()


def show_node(found: CascadeNode, now: Instant) -> Mapping[str, Any]:
    """Return what CascadeNodeOut shows."""
    names = ("id", "organisation_id", "level", "region", "public_key", "last_seq")
    behind = cascade.lag(found, now)
    return {
        **{name: getattr(found, name) for name in names},
        "last_sent_at": doors.moment(found.last_sent_at),
        "lag_s": None if behind is None else int(behind.total_seconds()),
    }


def row(found: Cascaded) -> Mapping[str, Any]:
    """Return what CascadedOut shows in a list: all but the actions."""
    names = ("id", "state", "version", "node_id", "directory_code", "seq", "content")
    return {name: getattr(found, name) for name in names}


def show(found: Cascaded, work: Work) -> Mapping[str, Any]:
    """Return what CascadedOut shows."""
    return {**row(found), **doors.living(found, work, cascade.LIFE)}


@blueprint.get("/nodes")
@doors.members("read")
@blueprint.response(200, CascadeNodesOut)
def nodes() -> Any:
    """List the hubs below, with how far each is behind."""
    work = unit.current()
    return {"items": [show_node(one, work.now) for one in cascade.nodes(work.session)]}


@blueprint.post("/nodes")
@doors.members("write")
@blueprint.arguments(CascadeNodeIn)
@blueprint.response(201, CascadeNodeOut)
def join(body: dict[str, Any]) -> Any:
    """Let a hub below take part; for the data authority."""
    work = unit.current()
    return show_node(cascade.join(work, **body), work.now)


@blueprint.post("/nodes/<string:node_id>/envelopes")
@doors.members("write")
@blueprint.arguments(EnvelopeIn)
@blueprint.response(200, CascadedOut)
def apply(body: dict[str, Any], node_id: str) -> Any:
    """Apply an envelope of one's own node; the same one again changes nothing."""
    work = unit.current()
    found = cascade.apply(work, node_id, Sent(**{**body, "op": Op(body["op"])}))
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(found, work)


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(CascadeQuery, location="query")
@blueprint.response(200, doors.page_of(CascadedOut))
def listed(query: dict[str, Any]) -> Any:
    """List what came from below, newest first."""
    return doors.page(cascade.listed(unit.current(), **query), row)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, CascadedOut)
def one(subject_id: str) -> Any:
    """Show one directory below, and what may be done with it."""
    work = unit.current()
    return doors.tagged(show(cascade.seen(work, subject_id), work))


doors.steps(blueprint, cascade, CascadedOut, show)
