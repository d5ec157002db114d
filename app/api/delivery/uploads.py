"""The door of uploads (上传): a file in parts, taken up again where it broke off."""

from collections.abc import Mapping
from typing import IO, Any

from flask import request
from marshmallow import Schema, fields, validate

from app import doors, unit
from delivery.intake import parts, uploads
from delivery.intake.uploads import Upload
from delivery.tables import datasets
from kernel.actor import Actor
from kernel.work import Work

blueprint = doors.noun("uploads", "Uploads · 上传")

SHA256 = validate.Regexp("^[0-9a-f]{64}$")


class UploadIn(doors.Body):
    """What is coming. dataset_id: the data set whose next version it becomes, none for a new one.

    sha256: of the whole file, in hexadecimal digits; when given, it is compared.
    """

    name = doors.text(max=200)
    size_bytes = doors.whole(min=1)
    title = doors.text(max=110)
    sha256 = fields.String(load_default=None, validate=SHA256)
    dataset_id = doors.text(max=40, required=False, load_default=None)


class PartQuery(doors.Body):
    """The SHA-256 of the part, in hexadecimal digits."""

    sha256 = fields.String(required=True, validate=SHA256)


class UploadProblemOut(Schema):
    """One thing wrong with the file. line: from 1, the header being the first."""

    code = fields.String()
    zh = fields.String()
    en = fields.String()
    line = fields.Integer(allow_none=True)
    column = fields.String(allow_none=True)


class UploadOut(doors.LivingOut):
    """An upload. there: numbers of the parts that are there; parts: how many the whole has."""

    name = fields.String()
    title = fields.String()
    size_bytes = fields.Integer()
    part_bytes = fields.Integer()
    parts = fields.Integer()
    there = fields.List(fields.Integer())
    sha256 = fields.String(allow_none=True)
    dataset_id = fields.String()
    stage = fields.String(allow_none=True)
    problems = fields.List(fields.Nested(UploadProblemOut))
    opened_at = fields.String()


def row(found: Upload) -> Mapping[str, Any]:
    """Return what UploadOut shows in a list: all but the parts that are there, and the actions."""
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "name": found.name,
        "title": found.title,
        "size_bytes": found.size_bytes,
        "part_bytes": found.part_bytes,
        "parts": found.parts,
        "sha256": found.sha256,
        "dataset_id": found.dataset_id,
        "stage": found.stage,
        "problems": found.problems or [],
        "opened_at": doors.moment(found.opened_at),
    }


def show(found: Upload, work: Work) -> Mapping[str, Any]:
    """Return what UploadOut shows."""
    there = uploads.there(work.session, found.id)
    return {**row(found), "there": there, **doors.living(found, work, uploads.LIFE)}


def opened(work: Work, body: dict[str, Any]) -> Upload:
    """Open an upload; of a data set of the caller's own, when it is to become its version."""
    if body["dataset_id"] is not None:
        datasets.own(work, body["dataset_id"])
    return uploads.begin(work, **body)


@blueprint.get("")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(UploadOut))
def listed(query: dict[str, Any]) -> Any:
    """List the organisation's uploads, newest first."""
    return doors.page(uploads.listed(unit.current(), **query), row)


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(UploadIn)
@blueprint.response(201, UploadOut)
def create(body: dict[str, Any]) -> Any:
    """Open an upload: the answer says how large its parts are."""
    work = unit.current()
    return show(opened(work, body), work)


@blueprint.get("/<string:subject_id>")
@doors.members("read")
@blueprint.response(200, UploadOut)
def one(subject_id: str) -> Any:
    """Show one upload: which parts are there, what its reading is at, what is wrong with it."""
    work = unit.current()
    return doors.tagged(show(uploads.seen(work, subject_id), work))


@blueprint.post("/<string:subject_id>/parts/<int:number>")
@doors.members("write", alone=True)
@blueprint.arguments(PartQuery, location="query")
@blueprint.response(200, UploadOut)
def receive(query: dict[str, Any], subject_id: str, number: int) -> Any:
    """Take one part, as it is, in the body; a part may be sent again, and in any order."""
    actor = unit.admitted("write")
    received(actor, subject_id, number, query["sha256"])
    return unit.reading(actor, lambda work: show(uploads.seen(work, subject_id), work))


def received(actor: Actor, upload_id: str, number: int, sha256: str) -> None:
    """Write the body of this request as a part of an upload, then note that it is there."""
    expected = unit.reading(actor, lambda work: uploads.expected(work, upload_id, number))
    size = expected.size_of(number)
    # One more than there is: a server that ends the stream itself may be asked once more for
    # what follows the last byte, which at the very limit is refused.
    request.max_content_length = size + 1
    kept(actor, upload_id, number, request.stream, size=size, sha256=sha256)


def kept(
    actor: Actor, upload_id: str, number: int, stream: IO[bytes], *, size: int, sha256: str
) -> None:
    """Write a part of an upload, then note that it is there, for a view that is `alone`."""
    data_dir = unit.house().data_dir
    parts.receive(data_dir, upload_id, number, stream, size=size, sha256=sha256)
    unit.writing(actor, lambda work: uploads.keep(work, upload_id, number, sha256).id)


doors.steps(blueprint, uploads, UploadOut, show)
