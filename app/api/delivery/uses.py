"""The doors under one delivery: its calls, its queries, its files by hand, what is left of it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from flask import Response, request
from marshmallow import Schema, fields

from app import doors, unit
from app.api.delivery import interfaces
from app.delivering import asking
from delivery import gate, tasks
from delivery.egress import queries
from delivery.egress.parsing import SQL_MAX
from delivery.egress.queries import QueryRun
from delivery.handing import handed
from delivery.handing.handed import NAME_MAX, HandedFile, Handing
from delivery.metered import calls
from delivery.passing import allowances

blueprint = doors.noun("uses", "Uses of deliveries · 交付使用", prefix="/api/deliveries")


class DeliveryCallOut(Schema):
    """One call of the metered interface. failure: why it failed; then it cost nothing."""

    id = fields.String()
    kind = fields.String()
    request_id = fields.String()
    credential_id = fields.String()
    rows = fields.Integer()
    bytes = fields.Integer()
    took_ms = fields.Integer()
    failure = fields.String(allow_none=True)
    price = fields.Dict(allow_none=True)
    at = fields.String()


class QueryIn(doors.Body):
    """A query: one SELECT of aggregates FROM data."""

    sql = doors.text(max=SQL_MAX)


class QueryRunOut(Schema):
    """A query that was run. review_id: where its result waits; refused: why it does not."""

    id = fields.String()
    number = fields.Integer()
    statement = fields.String()
    review_id = fields.String(allow_none=True)
    refused = fields.String(allow_none=True)
    at = fields.String()


class HandedFileOut(Schema):
    """A file by hand."""

    id = fields.String()
    round = fields.Integer()
    name = fields.String()
    note = fields.String()
    size_bytes = fields.Integer()
    sha256 = fields.String()
    handed_at = fields.String()


class HandedQuery(doors.Body):
    """How a file is called. again: it begins the next round (re-delivery)."""

    name = doors.text(max=NAME_MAX)
    note = doors.text(max=500, min=0, required=False, load_default="")
    again = fields.Boolean(load_default=False)


class ManifestFileOut(Schema):
    """A file in a manifest."""

    name = fields.String()
    size_bytes = fields.Integer()
    sha256 = fields.String()


class HandedManifestOut(Schema):
    """The last round's files, signed."""

    task = fields.String()
    round = fields.Integer()
    files = fields.List(fields.Nested(ManifestFileOut))
    signature = fields.Dict()


class AllowanceOut(Schema):
    """What was bought of a meter, and used."""

    meter = fields.String()
    limit = fields.Integer()
    used = fields.Integer()


class DeliveryUseOut(Schema):
    """The ways of a delivery, why each is closed if it is, and what is left."""

    ways = fields.Dict(keys=fields.String(), values=fields.List(fields.Nested(doors.RefusalOut)))
    allowances = fields.List(fields.Nested(AllowanceOut))
    remaining = fields.Dict(keys=fields.String(), values=fields.Integer())


def query_row(found: QueryRun) -> Mapping[str, Any]:
    """Return what QueryRunOut shows."""
    return {
        "id": found.id,
        "number": found.number,
        "statement": found.statement,
        "review_id": found.review_id,
        "refused": found.refused,
        "at": doors.moment(found.at),
    }


def file_row(found: HandedFile) -> Mapping[str, Any]:
    """Return what HandedFileOut shows."""
    return {
        "id": found.id,
        "round": found.round,
        "name": found.name,
        "note": found.note,
        "size_bytes": found.size_bytes,
        "sha256": found.sha256,
        "handed_at": doors.moment(found.handed_at),
    }


@blueprint.get("/<string:task_id>/use")
@doors.members("read")
@blueprint.response(200, DeliveryUseOut)
def use(task_id: str) -> Any:
    """Show how a delivery can be used now, and what is left of what was bought."""
    from app.problems import refusals

    work = unit.current()
    task = tasks.seen(work, task_id)
    return {
        "ways": {
            way.value: refusals(gate.barred(work, task, way))
            for way in sorted(gate.offered(task), key=str)
        },
        "allowances": allowances.of(work.session, task.id),
        "remaining": gate.remaining(work, task),
    }


@blueprint.get("/<string:task_id>/calls")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(DeliveryCallOut))
def listed_calls(query: dict[str, Any], task_id: str) -> Any:
    """List the calls of a delivery's interface, newest first; failed ones with their reason."""
    return doors.page(calls.listed(unit.current(), task_id, **query), interfaces.call_row)


@blueprint.get("/<string:task_id>/queries")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(QueryRunOut))
def listed_queries(query: dict[str, Any], task_id: str) -> Any:
    """List the queries of a delivery, newest first."""
    return doors.page(queries.listed(unit.current(), task_id, **query), query_row)


@blueprint.post("/<string:task_id>/queries")
@doors.members("deliver", alone=True)
@blueprint.arguments(QueryIn)
@blueprint.response(201, QueryRunOut)
def query(body: dict[str, Any], task_id: str) -> Any:
    """Run a query in the domain; its result is held until it is reviewed."""
    actor = unit.admitted("deliver")
    query_id = asking.ask(actor, task_id, body["sql"])
    return unit.reading(actor, lambda work: query_row(work.session.get_one(QueryRun, query_id)))


@blueprint.get("/<string:task_id>/files")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, doors.page_of(HandedFileOut))
def listed_files(query: dict[str, Any], task_id: str) -> Any:
    """List the files that were handed over, of all rounds, newest first."""
    return doors.page(handed.listed(unit.current(), task_id, **query), file_row)


@blueprint.post("/<string:task_id>/files")
@doors.members("deliver", alone=True)
@blueprint.arguments(HandedQuery, location="query")
@blueprint.response(201, HandedFileOut)
def hand(query: dict[str, Any], task_id: str) -> Any:
    """Hand a file over, as it is, in the body; its size and hash are computed here."""
    actor = unit.admitted("deliver")
    request.max_content_length = unit.house().rules.number("delivery.hand_file_bytes_max")
    file_id = asking.hand_over(actor, Handing(task_id=task_id, **query), request.stream)
    return unit.reading(actor, lambda work: file_row(work.session.get_one(HandedFile, file_id)))


@blueprint.get("/<string:task_id>/manifest")
@doors.members("read")
@blueprint.response(200, HandedManifestOut)
def manifest(task_id: str) -> Any:
    """Show the signed manifest of the files of the last round."""
    return handed.manifest(unit.current(), task_id)


@blueprint.post("/files/<string:file_id>/download")
@doors.members("deliver")
@blueprint.response(200, doors.Schema, content_type="application/octet-stream")
def download(file_id: str) -> Response:
    """Download a file by hand; each download passes the gate and is counted."""
    return sent(file_id)


def sent(file_id: str) -> Response:
    """Answer with a file by hand, through the gate."""
    found, path = handed.fetch(unit.current(), file_id, data_dir=unit.house().data_dir)
    response = Response(handed.blocks(path), 200, content_type="application/octet-stream")
    # A name in Chinese fits into no header as it is (RFC 8187).
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.name)}"
    response.headers["Content-Length"] = str(found.size_bytes)
    response.headers["Repr-Digest"] = f"sha-256={found.sha256}"
    return response
