"""The door of what providers notified (支付通知): kept, worked out, or waiting for a person."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from settlement.rails import inbox
from settlement.rails.inbox import Notice

blueprint = doors.noun("provider-notices", "Notices of providers · 支付通知")


class ProviderNoticeQuery(doors.PageQuery):
    """Which notices: "open" for those that have not been worked out yet; or all."""

    state = doors.choice("open", required=False, load_default=None)


class ProviderNoticeIn(doors.Body):
    """Which notice is tried again; every one that waits for a person, when none is named."""

    provider = doors.text(max=20, required=False, load_default="")
    event_id = doors.text(max=200, required=False, load_default="")


class ProviderNoticeOut(doors.Schema):
    """A notice. came: "notice" or "poll". stuck: a person must look. error: why it waits."""

    provider = fields.String()
    event_id = fields.String()
    type = fields.String()
    came = fields.String()
    received_at = fields.String()
    handled_at = fields.String(allow_none=True)
    stuck = fields.Boolean()
    tries = fields.Integer()
    error = fields.String()


class ProviderNoticesRetriedOut(doors.Schema):
    """How many notices are tried again."""

    retried = fields.Integer()


def show(found: Notice) -> Mapping[str, Any]:
    """Return what ProviderNoticeOut shows."""
    names = ("provider", "event_id", "type", "came", "stuck", "tries", "error")
    return {
        **{name: getattr(found, name) for name in names},
        "received_at": doors.moment(found.received_at),
        "handled_at": doors.moment(found.handled_at) if found.handled_at else None,
    }


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(ProviderNoticeQuery, location="query")
@blueprint.response(200, doors.page_of(ProviderNoticeOut))
def listed(query: dict[str, Any]) -> Any:
    """List what providers notified, newest first, for overseers."""
    is_open = query.pop("state") == "open"
    return doors.page(inbox.listed(unit.current(), open_only=is_open, **query), show)


@blueprint.post("/retry")
@doors.members("write")
@blueprint.arguments(ProviderNoticeIn)
@blueprint.response(200, ProviderNoticesRetriedOut)
def retry(body: dict[str, Any]) -> Any:
    """Work out again what waits for a person: one notice, or all; for settlement officers."""
    work = unit.current()
    if not body["event_id"]:
        return {"retried": inbox.retry_stuck(work)}
    inbox.retry(work, body["provider"], body["event_id"])
    return {"retried": 1}
