"""The door of recipients' public keys (公钥): packages are sealed to them."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from delivery.recipients import keys
from delivery.recipients.keys import RecipientKey

blueprint = doors.noun("recipient-keys", "Recipient keys · 接收方公钥")


class RecipientKeyIn(doors.Body):
    """A public key, as age and `databourse package keygen` write it: age1…."""

    label = doors.text(max=keys.LABEL_MAX)
    public_key = doors.text(max=200)


class RecipientKeyOut(Schema):
    """A registered public key. fingerprint: what two people compare by telephone."""

    id = fields.String()
    label = fields.String()
    public_key = fields.String()
    fingerprint = fields.String()
    registered_by = fields.String()
    registered_at = fields.String()
    retired_at = fields.String(allow_none=True)


def show(found: RecipientKey) -> Mapping[str, Any]:
    """Return what RecipientKeyOut shows."""
    return {
        "id": found.id,
        "label": found.label,
        "public_key": found.public_key,
        "fingerprint": keys.fingerprint(found),
        "registered_by": found.registered_by,
        "registered_at": doors.moment(found.registered_at),
        "retired_at": doors.moment(found.retired_at),
    }


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(RecipientKeyOut))
def listed(query: dict[str, Any]) -> Any:
    """List the organisation's public keys, newest first."""
    return doors.page(keys.listed(unit.current(), **query), show)


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(RecipientKeyIn)
@blueprint.response(201, RecipientKeyOut)
def register(body: dict[str, Any]) -> Any:
    """Register a public key of the buyer; the secret half never comes here."""
    return show(keys.register(unit.current(), **body))


@blueprint.post("/<string:key_id>/retire")
@doors.members("write")
@blueprint.response(200, RecipientKeyOut)
def retire(key_id: str) -> Any:
    """Retire a key: nothing new is sealed to it."""
    return show(keys.retire(unit.current(), key_id))
