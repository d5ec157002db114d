"""The door of evidence packs (证据包): made, handed out, and verified by anybody."""

import base64
import binascii
from collections.abc import Callable, Mapping
from threading import BoundedSemaphore
from typing import Any

from flask import Response, current_app
from marshmallow import ValidationError, fields, validate

from app import doors, languages, unit
from app.api.licensing import credentials
from app.unit import Policy
from kernel.actor import NOBODY
from kernel.work import Work
from marketplace.proving import making
from marketplace.proving.making import Asked
from settlement.evidence import checks, packs
from settlement.evidence.archive import FILE_MAX
from settlement.evidence.checks import PROCUREMENT, Verdict
from settlement.evidence.packs import About, EvidencePack

blueprint = doors.noun("evidence-packs", "Evidence packs · 证据包")

BASE64_MAX = -(-FILE_MAX // 3) * 4
"""The most characters of a pack in base 64 that is verified here: of the largest there is."""

_AROUND = 1_000
"""The most bytes of a body around what it brings."""

_turns = BoundedSemaphore(2)
"""How many packs are examined at once: each is held in memory several times over."""


def bringing(largest: int) -> Callable[[doors.View], doors.View]:
    """Open a view like `doors.alone` to which somebody brings a file: a body of so many bytes."""

    def opened(view: doors.View) -> doors.View:
        view.policy = Policy(scope=None, alone=True, largest=largest)  # type: ignore[attr-defined]  # read by app.unit
        return view

    return opened


class EvidencePackIn(doors.Body):
    """What about. subject: of an order, a deal or an asset; of a period its two days."""

    about = doors.choice(*About)
    subject = doors.text(max=40, min=0, required=False, load_default="")
    first_on = doors.day(required=False, load_default=None)
    last_on = doors.day(required=False, load_default=None)


class EvidencePackOut(doors.Schema):
    """A pack. digest: the SHA-256 of its file; number: of the paper that its manifest is."""

    id = fields.String()
    number = fields.String()
    about = fields.String()
    about_label = fields.String()
    subject = fields.String()
    title = fields.String()
    party_id = fields.String()
    paper_id = fields.String()
    file_count = fields.Integer()
    size_bytes = fields.Integer()
    digest = fields.String()
    issued_at = fields.String()


class PackVerifyIn(doors.Body):
    """A pack that somebody brings, in base 64."""

    content_base64 = fields.String(
        required=True, validate=validate.Length(min=1, max=BASE64_MAX), load_only=True
    )


class PackFaultOut(doors.Schema):
    """One fault. where: the file in which it is."""

    code = fields.String()
    where = fields.String()
    detail = fields.String()


class PackVerdictOut(doors.Schema):
    """What an examination of a pack saw. known: this exchange handed it out."""

    ok = fields.Boolean()
    known = fields.Boolean()
    number = fields.String()
    about = fields.String()
    subject = fields.String()
    issued_to = fields.String()
    files = fields.Integer()
    entries = fields.Integer()
    proofs = fields.Integer()
    events = fields.Integer()
    findings = fields.List(fields.Nested(PackFaultOut))


_SHOWN = ("id", "number", "about", "subject", "title", "party_id", "paper_id", "file_count",
          "size_bytes", "digest")  # fmt: skip
_SEEN = ("ok", "number", "about", "subject", "issued_to", "files", "entries", "proofs", "events")


def row(found: EvidencePack) -> Mapping[str, Any]:
    """Return what EvidencePackOut shows."""
    return {
        **{name: getattr(found, name) for name in _SHOWN},
        "about_label": languages.said(About(found.about).label),
        "issued_at": doors.moment(found.issued_at),
    }


def handed(found: EvidencePack, content: bytes) -> Response:
    """Answer with a pack's bytes, offered for saving."""
    response: Response = current_app.response_class(content, content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{found.number}.zip"'
    return response


def verdict(work: Work, content: bytes) -> dict[str, Any]:
    """Return what PackVerdictOut shows of a pack that somebody brings."""
    with _turns:
        told = checks.examine(content, work.crypto.public_keys)
    return {
        **{name: getattr(told, name) for name in _SEEN},
        "known": _known(work, told),
        "findings": [
            {"code": one.code, "where": one.where, "detail": languages.said(one.words)}
            for one in told.findings
        ],
    }


def _known(work: Work, told: Verdict) -> bool:
    # A procurement pack has no number: that its seal is ours says all.
    if told.about == PROCUREMENT:
        return told.ok
    return bool(told.number) and packs.is_ours(work, told.number, told.digest)


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(EvidencePackOut))
def listed(query: dict[str, Any]) -> Any:
    """List the caller's packs, newest first; all of them to who oversees."""
    return doors.page(packs.listed(unit.current(), **query), row)


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(EvidencePackIn)
@blueprint.response(201, EvidencePackOut)
def make(body: dict[str, Any]) -> Any:
    """Make a pack of what the caller may see of a matter."""
    asked = Asked(**{**body, "about": About(body["about"])})
    return row(making.make(unit.current(), asked, credentials.address()))


@blueprint.post("/verify")
@bringing(BASE64_MAX + _AROUND)
@blueprint.arguments(PackVerifyIn)
@blueprint.response(200, PackVerdictOut)
def verify(body: dict[str, Any]) -> Any:
    """Verify a pack for anybody: what it holds, and every fault with the file it is in."""
    content = _bytes(body["content_base64"])
    return unit.reading(NOBODY, lambda work: verdict(work, content))


@blueprint.get("/<string:pack_id>")
@doors.members("read")
@blueprint.response(200, EvidencePackOut)
def one(pack_id: str) -> Any:
    """Show one pack to for whom it was made and to overseers."""
    return row(packs.seen(unit.current(), pack_id))


@blueprint.get("/<string:pack_id>/file")
@doors.members("read")
@blueprint.response(200, content_type="application/zip")
def file(pack_id: str) -> Response:
    """Download a pack, the same bytes each time."""
    return handed(*packs.content(unit.current(), pack_id))


def _bytes(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValidationError({"content_base64": ["Not valid base 64."]}) from error
