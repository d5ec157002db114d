"""The door of webhook endpoints (回调地址): kept, tried, and what was sent to them."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, idempotency, languages, unit
from marketplace.telling import endpoints, notices
from marketplace.telling.endpoints import Endpoint
from marketplace.telling.kinds import KINDS
from marketplace.telling.notices import Notice

blueprint = doors.noun("webhook-endpoints", "Webhook endpoints · 回调地址")


class WebhookEndpointIn(doors.Body):
    """Where, and what it wants to hear."""

    url = doors.text(max=500)
    kinds = doors.texts(max=len(KINDS), each=60)
    note = doors.text(max=endpoints.NOTE_MAX, min=0, required=False, load_default="")


class WebhookChangeIn(doors.Body):
    """Where, and what it wants to hear from now on."""

    url = doors.text(max=500)
    kinds = doors.texts(max=len(KINDS), each=60)


class WebhookSwitchIn(doors.Body):
    """Whether it is told anything."""

    on = fields.Boolean(required=True)


class WebhookReplayIn(doors.Body):
    """Of which stretch of time what did not arrive is sent again."""

    since = fields.AwareDateTime(required=True)
    until = fields.AwareDateTime(required=True)


class WebhookNoticeQuery(doors.PageQuery):
    """Of which endpoint, of all when none is named; missed: what was given up alone."""

    endpoint_id = doors.text(max=40, required=False, load_default=None)
    missed = fields.Boolean(load_default=False)


class WebhookEndpointOut(Schema):
    """An endpoint; never its secret. off_because: BY_HAND, FAILING or GONE."""

    id = fields.String()
    url = fields.String()
    note = fields.String()
    kinds = fields.List(fields.String())
    added_at = fields.String()
    former_until = fields.String(allow_none=True)
    failing_since = fields.String(allow_none=True)
    off_at = fields.String(allow_none=True)
    off_because = fields.String(allow_none=True)


class WebhookSecretOut(WebhookEndpointOut):
    """An endpoint with its new secret, shown this once."""

    secret = fields.String()


class WebhookNoticeOut(Schema):
    """A notice, and what became of it. body: what is sent. error: a code."""

    id = fields.String()
    endpoint_id = fields.String()
    event_id = fields.String()
    kind = fields.String()
    body = fields.Dict()
    made_at = fields.String()
    due_at = fields.String(allow_none=True)
    attempts = fields.Integer()
    tried_at = fields.String(allow_none=True)
    status = fields.Integer(allow_none=True)
    error = fields.String(allow_none=True)
    took_ms = fields.Integer(allow_none=True)
    arrived_at = fields.String(allow_none=True)
    given_up_at = fields.String(allow_none=True)


class WebhookKindOut(Schema):
    """A kind of notice that can be chosen."""

    kind = fields.String()
    label = fields.String()


class WebhookKindsOut(Schema):
    """All kinds of notices."""

    items = fields.List(fields.Nested(WebhookKindOut))


class WebhookReplayOut(Schema):
    """How many notices are sent again."""

    notices = fields.Integer()


def show(found: Endpoint) -> Mapping[str, Any]:
    """Return what WebhookEndpointOut shows."""
    return {
        "id": found.id,
        "url": found.url,
        "note": found.note,
        "kinds": found.kinds,
        "added_at": doors.moment(found.added_at),
        "former_until": doors.moment(found.former_until),
        "failing_since": doors.moment(found.failing_since),
        "off_at": doors.moment(found.off_at),
        "off_because": found.off_because,
    }


def notice_row(found: Notice) -> Mapping[str, Any]:
    """Return what WebhookNoticeOut shows."""
    moments = ("made_at", "due_at", "tried_at", "arrived_at", "given_up_at")
    plain = ("id", "endpoint_id", "event_id", "kind", "body", "attempts", "status", "error",
             "took_ms")  # fmt: skip
    return {
        **{name: getattr(found, name) for name in plain},
        **{name: doors.moment(getattr(found, name)) for name in moments},
    }


def private() -> bool:
    """Tell whether this house lets notices go to private addresses."""
    return unit.house().settings.webhook_private


def _once(made: tuple[Endpoint, str]) -> Mapping[str, Any]:
    return {**show(made[0]), "secret": idempotency.shown_once(made[1])}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(WebhookEndpointOut))
def listed(query: dict[str, Any]) -> Any:
    """List the organisation's endpoints, newest first; never their secrets."""
    return doors.page(endpoints.listed(unit.current(), **query), show)


@blueprint.get("/kinds")
@doors.public
@blueprint.response(200, WebhookKindsOut)
def known() -> Any:
    """List what an endpoint can hear."""
    rows = [{"kind": kind, "label": languages.said(told.words)} for kind, told in KINDS.items()]
    return {"items": rows}


@blueprint.get("/notices")
@doors.members("read")
@blueprint.arguments(WebhookNoticeQuery, location="query")
@blueprint.response(200, doors.page_of(WebhookNoticeOut))
def listed_notices(query: dict[str, Any]) -> Any:
    """List what an endpoint was told, newest first, with what came of it."""
    endpoint_id = query.pop("endpoint_id")
    return doors.page(notices.listed(unit.current(), endpoint_id, **query), notice_row)


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(WebhookEndpointIn)
@blueprint.response(201, WebhookSecretOut)
def add(body: dict[str, Any]) -> Any:
    """Add an endpoint; its secret is shown this once."""
    work = unit.current()
    return _once(
        endpoints.add(work, body["url"], body["kinds"], note=body["note"], private=private())
    )


@blueprint.post("/<string:endpoint_id>/change")
@doors.members("write")
@blueprint.arguments(WebhookChangeIn)
@blueprint.response(200, WebhookEndpointOut)
def change(body: dict[str, Any], endpoint_id: str) -> Any:
    """Change where an endpoint is, and what it hears."""
    work = unit.current()
    return show(endpoints.change(work, endpoint_id, body["url"], body["kinds"], private=private()))


@blueprint.post("/<string:endpoint_id>/rotate")
@doors.members("write")
@blueprint.response(201, WebhookSecretOut)
def rotate(endpoint_id: str) -> Any:
    """Change the secret; the former one signs beside it for a day."""
    return _once(endpoints.rotate(unit.current(), endpoint_id))


@blueprint.post("/<string:endpoint_id>/switch")
@doors.members("write")
@blueprint.arguments(WebhookSwitchIn)
@blueprint.response(200, WebhookEndpointOut)
def switch(body: dict[str, Any], endpoint_id: str) -> Any:
    """Switch an endpoint on or off."""
    return show(endpoints.switch(unit.current(), endpoint_id, on=body["on"]))


@blueprint.post("/<string:endpoint_id>/ping")
@doors.members("write")
@blueprint.response(201, WebhookNoticeOut)
def ping(endpoint_id: str) -> Any:
    """Send a notice that only tries the way."""
    return notice_row(notices.ping(unit.current(), endpoint_id))


@blueprint.post("/<string:endpoint_id>/replay")
@doors.members("write")
@blueprint.arguments(WebhookReplayIn)
@blueprint.response(200, WebhookReplayOut)
def replay_since(body: dict[str, Any], endpoint_id: str) -> Any:
    """Send again what did not arrive of a stretch of time."""
    return {"notices": notices.replay_since(unit.current(), endpoint_id, **body)}


@blueprint.post("/notices/<string:notice_id>/replay")
@doors.members("write")
@blueprint.response(200, WebhookNoticeOut)
def replay(notice_id: str) -> Any:
    """Send a notice once more, as it was."""
    return notice_row(notices.replay(unit.current(), notice_id))
