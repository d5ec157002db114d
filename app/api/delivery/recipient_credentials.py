"""The door of recipients' credentials (访问凭证): tokens of one order line, for machines."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from marshmallow import Schema, fields

from app import doors, idempotency, unit
from app.sharing import profiles
from delivery.recipients import credentials
from delivery.recipients.credentials import Credential, CredentialKind

blueprint = doors.noun("recipient-credentials", "Recipient credentials · 接收方凭证")


class RecipientCredentialIn(doors.Body):
    """Who is to read what. label: the recipient, a person or a system; days: from now."""

    delivery_id = doors.text(max=40)
    kind = doors.choice(*CredentialKind)
    label = doors.text(max=credentials.LABEL_MAX)
    days = doors.whole(min=1, max=1000)


class RecipientRotationIn(doors.Body):
    """How long the old one lives on beside the new, in seconds; the rules' longest if not told."""

    overlap_s = doors.whole(max=604_800, required=False, load_default=None, allow_none=True)


class RecipientCredentialOut(Schema):
    """A credential; never its secret. rotated_to: its successor."""

    id = fields.String()
    delivery_id = fields.String()
    kind = fields.String()
    label = fields.String()
    issued_by = fields.String()
    issued_at = fields.String()
    expires_at = fields.String()
    revoked_at = fields.String(allow_none=True)
    rotated_to = fields.String(allow_none=True)
    live = fields.Boolean()


class SharingProfileOut(Schema):
    """A profile of the sharing protocol, to be saved as a .share file."""

    share_credentials_version = fields.Integer(
        data_key="shareCredentialsVersion", attribute="shareCredentialsVersion"
    )
    endpoint = fields.String()
    bearer_token = fields.String(data_key="bearerToken", attribute="bearerToken")
    expiration_time = fields.String(data_key="expirationTime", attribute="expirationTime")


class RecipientSecretOut(RecipientCredentialOut):
    """A new credential with its secret, shown this once. profile: of a sharing token."""

    secret = fields.String()
    profile = fields.Nested(SharingProfileOut, allow_none=True)


class RecipientCredentialQuery(doors.PageQuery):
    """Of which delivery (of all when none is named), and of which kind."""

    delivery_id = doors.text(max=40, required=False, load_default=None)
    kind = doors.choice(*CredentialKind, required=False, load_default=None)


def show(found: Credential) -> Mapping[str, Any]:
    """Return what RecipientCredentialOut shows."""
    return {
        "id": found.id,
        "delivery_id": found.task_id,
        "kind": found.kind,
        "label": found.label,
        "issued_by": found.issued_by,
        "issued_at": doors.moment(found.issued_at),
        "expires_at": doors.moment(found.expires_at),
        "revoked_at": doors.moment(found.revoked_at),
        "rotated_to": found.rotated_to,
        "live": found.live(unit.current().now),
    }


def _shown_once(made: tuple[Credential, str]) -> Mapping[str, Any]:
    found, secret = made[0], idempotency.shown_once(made[1])
    return {**show(found), "secret": secret, "profile": profiles.of(found, secret)}


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(RecipientCredentialQuery, location="query")
@blueprint.response(200, doors.page_of(RecipientCredentialOut))
def listed(query: dict[str, Any]) -> Any:
    """List the credentials of a delivery, newest first; never their secrets."""
    task_id = query.pop("delivery_id")
    return doors.page(credentials.listed(unit.current(), task_id, **query), show)


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(RecipientCredentialIn)
@blueprint.response(201, RecipientSecretOut)
def issue(body: dict[str, Any]) -> Any:
    """Issue a credential for a delivery; its secret is shown this once."""
    work = unit.current()
    expires_at = work.now + timedelta(days=body["days"])
    return _shown_once(
        credentials.issue(work, body["delivery_id"], body["kind"], body["label"], expires_at)
    )


@blueprint.post("/<string:credential_id>/rotate")
@doors.members("write")
@blueprint.arguments(RecipientRotationIn)
@blueprint.response(201, RecipientSecretOut)
def rotate(body: dict[str, Any], credential_id: str) -> Any:
    """Replace a credential; the old one lives on for the overlap."""
    return _shown_once(credentials.rotate(unit.current(), credential_id, **body))


@blueprint.post("/<string:credential_id>/revoke")
@doors.members("write")
@blueprint.response(200, RecipientCredentialOut)
def revoke(credential_id: str) -> Any:
    """Revoke a credential at once."""
    return show(credentials.revoke(unit.current(), credential_id))
