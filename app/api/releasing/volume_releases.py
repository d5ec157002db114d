"""The door of releases of volume (交易额发布): prepared, checked, published, and their files."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from flask import Response, current_app, request
from marshmallow import fields

from app import doors, unit
from kernel.work import Work
from marketplace.releasing import documents, figures, preparing, proofs, releases, shelves
from marketplace.releasing.releases import VolumeRelease

blueprint = doors.noun("volume-releases", "Releases of volume · 交易额发布")

FOREVER: Final = "public, max-age=31536000, immutable"
_BLOCK: Final = 1 << 16


class VolumeReleaseQuery(doors.PageQuery):
    """Of which period, such as M2026-07; of all without one."""

    period = doors.text(max=12, required=False, load_default=None)


class VolumeReleaseIn(doors.Body):
    """What is prepared. provisional: of a period that is not over. reason: of a restatement."""

    period = doors.text(max=12)
    provisional = doors.flag(required=False, load_default=False)
    reason = doors.text(max=500, required=False, load_default=None)


class VolumeReleaseOut(doors.LivingOut):
    """A release. hash: SHA-256 of its document; input_hash: of its input file; root: of its tree.

    round: the last round of moves that counts in it. restates_id: which it takes the place of.
    """

    period = fields.String()
    since = fields.String()
    until = fields.String()
    provisional = fields.Boolean()
    round = fields.Integer()
    code_version = fields.String()
    hash = fields.String()
    input_hash = fields.String()
    root = fields.String(allow_none=True)
    figures = fields.Dict(keys=fields.String())
    reason = fields.String(allow_none=True)
    restates_id = fields.String(allow_none=True)
    prepared_at = fields.String()
    checked_at = fields.String(allow_none=True)
    published_at = fields.String(allow_none=True)


class VolumeDefinitionOut(doors.Schema):
    """The definition of a figure: the statement that computes it, as PostgreSQL is asked."""

    code = fields.String()
    title_zh = fields.String()
    title_en = fields.String()
    sql = fields.String()


class VolumeMethodOut(doors.Schema):
    """How a release is computed: every figure's statement, and the rules of disclosure."""

    release = fields.String()
    code_version = fields.String()
    disclosure = fields.Dict(keys=fields.String(), values=fields.Integer())
    definitions = fields.List(fields.Nested(VolumeDefinitionOut))


class VolumeProofsQuery(doors.Body):
    """Which page of one's own lines."""

    after = doors.text(max=60, required=False, load_default=None)
    limit = doors.whole(min=1, max=proofs.LINES_MAX, required=False, load_default=20)


class VolumeProofsOut(doors.Schema):
    """Proofs of the caller's own lines. published: what each leads to. up, back: of this page."""

    format = fields.Integer()
    release = fields.String()
    merchant = fields.String()
    up = fields.Integer()
    back = fields.Integer()
    published = fields.Dict(keys=fields.String())
    lines = fields.List(fields.Dict(keys=fields.String()))
    next = fields.String(allow_none=True)


def row(found: VolumeRelease) -> Mapping[str, Any]:
    """Return what VolumeReleaseOut shows in a list: all but the actions."""
    plain = ("id", "state", "version", "period", "provisional", "code_version", "hash",
             "input_hash", "root", "reason", "restates_id")  # fmt: skip
    return {
        **{name: getattr(found, name) for name in plain},
        "since": found.since.isoformat(),
        "until": found.until.isoformat(),
        "round": found.watermark,
        "figures": found.told["figures"],
        **{
            name: doors.moment(getattr(found, name))
            for name in ("prepared_at", "checked_at", "published_at")
        },
    }


def show(found: VolumeRelease, work: Work) -> Mapping[str, Any]:
    """Return what VolumeReleaseOut shows."""
    return {**row(found), **doors.living(found, work, releases.LIFE)}


def definitions(found: VolumeRelease) -> list[dict[str, Any]]:
    """Return the definitions of a release's figures as they go over the wire."""
    return [
        {"code": one.code, "title_zh": one.title.zh, "title_en": one.title.en, "sql": one.sql}
        for one in figures.definitions(found.span, found.watermark)
    ]


@blueprint.get("")
@doors.public
@blueprint.arguments(VolumeReleaseQuery, location="query")
@blueprint.response(200, doors.page_of(VolumeReleaseOut))
def listed(query: dict[str, Any]) -> Any:
    """List the releases that were made known, newest first; to overseers, those being made too."""
    return doors.page(releases.listed(unit.current(), **query), row)


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(VolumeReleaseIn)
@blueprint.response(201, VolumeReleaseOut)
def prepare(body: dict[str, Any]) -> Any:
    """Prepare a release of a period, for another person to check and publish."""
    work = unit.current()
    made = preparing.prepare(work, **body)
    work.session.flush()
    return show(made, work)


@blueprint.get("/<string:subject_id>")
@doors.public
@blueprint.response(200, VolumeReleaseOut)
def one(subject_id: str) -> Any:
    """Show one release."""
    work = unit.current()
    return doors.tagged(show(releases.seen(work, subject_id), work))


@blueprint.get("/<string:subject_id>/document")
@doors.public
@blueprint.response(200, content_type="application/json")
def document(subject_id: str) -> Response:
    """Download the document, byte for byte what its hash is of."""
    found = releases.seen(unit.current(), subject_id)
    return kept(found.document.encode(), found, found.hash, "application/json; charset=utf-8")


@blueprint.get("/<string:subject_id>/input")
@doors.public
@blueprint.response(200, content_type="text/plain")
def input_file(subject_id: str) -> Response:
    """Download the input file: the counted lines, blinded; byte for byte what its hash is of."""
    found = releases.seen(unit.current(), subject_id)
    return kept(_pieces(found.id), found, found.input_hash, "text/plain; charset=utf-8")


@blueprint.get("/<string:subject_id>/method")
@doors.public
@blueprint.response(200, VolumeMethodOut)
def method(subject_id: str) -> Any:
    """Tell how each figure of a release is computed, by the very statements that did it."""
    found = releases.seen(unit.current(), subject_id)
    return {
        "release": found.id,
        "code_version": found.code_version,
        "disclosure": found.told["disclosure"],
        "definitions": definitions(found),
    }


@blueprint.get("/<string:subject_id>/proofs")
@doors.members("read")
@blueprint.arguments(VolumeProofsQuery, location="query")
@blueprint.response(200, VolumeProofsOut)
def prove(query: dict[str, Any], subject_id: str) -> Any:
    """Prove to a merchant that its own lines are in the total; to others there is nothing."""
    found = proofs.own(unit.current(), subject_id, **query)
    return {**found.told, "next": found.next}


doors.steps(blueprint, releases, VolumeReleaseOut, show)


def kept(body: Any, found: VolumeRelease, sha256: str, media: str) -> Response:
    """Answer with a file of a release, which never changes: everybody may keep a known one."""
    response: Response = current_app.response_class(body, content_type=media)
    ending = "json" if media.startswith("application/json") else "txt"
    name = f"{found.period}-{found.id}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = FOREVER if found.is_known else "no-store"
    response.set_etag(sha256)
    return response.make_conditional(request)  # type: ignore[return-value]  # the same response


def _pieces(release_id: str) -> Iterator[bytes]:
    # A session of its own: that of the request is closed when this is read.
    with unit.house().engines.reading() as session:
        held = bytearray()
        for piece in documents.input_file(release_id, shelves.leaves(session, release_id)):
            held += piece
            if len(held) > _BLOCK:
                yield bytes(held)
                held.clear()
        yield bytes(held)
