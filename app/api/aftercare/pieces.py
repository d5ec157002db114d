"""Evidence (证据) as it goes over the wire: added as words or a file, listed, read again."""

import base64
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate

from app import doors
from marketplace.aftercare.papers import SAID_MAX, Opened, Piece

BASE64_MAX = 1_900_000
"""The most characters of a file in base 64."""


class EvidenceIn(doors.Body):
    """What is said, and the file that shows it, if any: PDF, PNG or JPEG, in base 64."""

    said = doors.text(max=SAID_MAX)
    name = doors.text(max=200, required=False, load_default="")
    content_base64 = fields.String(
        load_default=None, validate=validate.Length(min=1, max=BASE64_MAX), load_only=True
    )


class EvidenceOut(doors.Schema):
    """A piece of evidence. media_type: of its file; null for words alone."""

    id = fields.String()
    organisation_id = fields.String()
    said = fields.String()
    name = fields.String()
    media_type = fields.String(allow_none=True)
    digest = fields.String()
    filed_at = fields.String()


class EvidenceFileOut(doors.Schema):
    """A file as it was shown, its digest checked."""

    name = fields.String()
    media_type = fields.String()
    digest = fields.String()
    content_base64 = fields.String()


def given(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what EvidenceIn let in, as `papers.keep` takes it."""
    encoded = body["content_base64"]
    try:
        content = None if encoded is None else base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise ValidationError({"content_base64": ["Not valid base 64."]}) from error
    return {"said": body["said"], "name": body["name"], "content": content}


def show(found: Piece) -> Mapping[str, Any]:
    """Return what EvidenceOut shows."""
    plain = ("id", "organisation_id", "said", "name", "media_type", "digest")
    return {
        **{name: getattr(found, name) for name in plain},
        "filed_at": doors.moment(found.filed_at),
    }


def file_of(found: Opened) -> Mapping[str, Any]:
    """Return what EvidenceFileOut shows."""
    return {
        "name": found.name,
        "media_type": found.media_type,
        "digest": found.digest,
        "content_base64": base64.b64encode(found.content).decode(),
    }
