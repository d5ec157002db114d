"""Evidence (证据) as it goes over the wire: added as words or a file, listed, read again."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate

from app import doors, unit
from kernel.work import Work
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


def show(found: Piece) -> Mapping[str, Any]:
    """Return what EvidenceOut shows."""
    plain = ("id", "organisation_id", "said", "name", "media_type", "digest")
    return {
        **{name: getattr(found, name) for name in plain},
        "filed_at": doors.moment(found.filed_at),
    }


def mount(
    blueprint: doors.Noun,
    keep: Callable[..., Piece],
    hand_out: Callable[[Work, str, str], Opened],
    *,
    at: str = "evidence",
) -> None:
    """Open the doors at which pieces are added to a noun, and their files read again.

    keep: takes work, the noun's id and what EvidenceIn let in. hand_out: takes both ids. Who
    may, and until when, they say.
    """

    @blueprint.post(f"/<string:subject_id>/{at}")
    @doors.members("write")
    @blueprint.arguments(EvidenceIn)
    @blueprint.response(201, EvidenceOut)
    def add_evidence(body: dict[str, Any], subject_id: str) -> Any:
        """Add a piece of evidence, in words or with a file, while any is taken."""
        return show(keep(unit.current(), subject_id, **_given(body)))

    @blueprint.post(f"/<string:subject_id>/{at}/<string:piece_id>/open")
    @doors.members("write")
    @blueprint.response(200, EvidenceFileOut)
    def evidence_file(subject_id: str, piece_id: str) -> Any:
        """Hand out a file of the evidence; the reading is recorded."""
        return _file(hand_out(unit.current(), subject_id, piece_id))


def _given(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what EvidenceIn let in, as `papers.keep` takes it."""
    encoded = body["content_base64"]
    try:
        content = None if encoded is None else base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise ValidationError({"content_base64": ["Not valid base 64."]}) from error
    return {"said": body["said"], "name": body["name"], "content": content}


def _file(found: Opened) -> Mapping[str, Any]:
    """Return what EvidenceFileOut shows."""
    return {
        "name": found.name,
        "media_type": found.media_type,
        "digest": found.digest,
        "content_base64": base64.b64encode(found.content).decode(),
    }
