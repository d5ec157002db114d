"""The door of the metered interface (计量接口): rows and verifications, by an order line's key.

Not the session of a person but a key (bearer, or a signature by it) opens it; one address
for each order line, with a document of its own.
"""

import json
from collections.abc import Mapping
from typing import Any

from flask import Response
from marshmallow import Schema, fields, validate

from app import doors, unit
from app.delivering import calling, describing
from delivery.metered import bodies, questions
from delivery.metered.bodies import Body
from delivery.metered.calls import Asked, Call, CallKind
from delivery.metered.questions import FILTERS_MAX, OPERATORS, VALUES_MAX, Filter, Question
from delivery.tables import mounts
from delivery.tables.datasets import DatasetVersion
from delivery.tables.sources import Source
from delivery.tasks import DeliveryTask
from kernel import ids

blueprint = doors.noun("interfaces", "Metered interface · 计量接口", prefix="/data/v1")

REQUEST_ID = r"[!-~]{1,100}"


class FilterBody(doors.Body):
    """One condition. values: texts, numbers as text too: ["2013-03-01"], ["35.5"]."""

    column = doors.text(max=200)
    op = doors.choice(*OPERATORS)
    values = doors.texts(max=VALUES_MAX, each=1000, required=False, load_default=list)


class RowsIn(doors.Body):
    """Which rows. columns: empty for all; sort: "column" or "-column"; after: a cursor."""

    columns = doors.texts(max=500, each=200, required=False, load_default=list)
    filters = doors.many(FilterBody, at_most=FILTERS_MAX, required=False, load_default=list)
    sort = doors.text(max=201, required=False, load_default=None)
    after = doors.text(max=4000, required=False, load_default=None)
    limit = doors.whole(min=1, max=100_000, required=False, load_default=100)
    format = doors.choice(*bodies.FORMATS, required=False, load_default="json")
    request_id = fields.String(
        validate=validate.Regexp(f"^{REQUEST_ID}$"), required=False, load_default=None
    )


class VerifyIn(doors.Body):
    """Whether there is a row with all these values: column → value, as text."""

    values = fields.Dict(
        keys=doors.text(max=200, required=False),
        values=doors.text(max=1000, min=0, required=False),
        required=True,
        validate=validate.Length(min=1, max=FILTERS_MAX),
    )
    request_id = fields.String(
        validate=validate.Regexp(f"^{REQUEST_ID}$"), required=False, load_default=None
    )


class RowsOut(Schema):
    """One page of rows; the receipt stands in a header."""

    columns = fields.List(fields.String())
    rows = fields.List(fields.Dict())
    next = fields.String(allow_none=True)


class VerifiedOut(Schema):
    """Whether there is such a row."""

    found = fields.Boolean()


class InterfaceColumnOut(Schema):
    """A column that may be asked for."""

    name = fields.String()
    type = fields.String()


class InterfaceOut(Schema):
    """What an order line's interface offers. rows_per_call_max: the largest page."""

    task = fields.String()
    mode = fields.String()
    row_count = fields.Integer()
    rows_per_call_max = fields.Integer()
    dataset_version = fields.String()
    columns = fields.List(fields.Nested(InterfaceColumnOut))
    formats = fields.List(fields.String())
    operators = fields.List(fields.String())


@blueprint.get("/<string:task_id>")
@doors.alone
@blueprint.response(200, InterfaceOut)
def described(task_id: str) -> Any:
    """Describe the interface of an order line to who shows its key."""
    caller = calling.identified(task_id)
    task, version = caller.task, calling.there(caller.version)
    open_to = set(describing.open_columns(task, version))
    return {
        "task": task.id,
        "mode": task.mode,
        "row_count": version.row_count,
        "rows_per_call_max": unit.house().rules.number("delivery.rows_per_call_max"),
        "dataset_version": version.id,
        "columns": [each for each in version.columns if each["name"] in open_to],
        "formats": [*bodies.FORMATS],
        "operators": [*OPERATORS],
    }


@blueprint.get("/<string:task_id>/openapi.json")
@doors.alone
@blueprint.response(200, doors.Schema)
def document(task_id: str) -> Response:
    """Describe the interface as OpenAPI 3.1: its own columns, and nothing of other products."""
    caller = calling.identified(task_id)
    told = describing.openapi(caller.task, calling.there(caller.version))
    return doors.answer_text(json.dumps(told, ensure_ascii=False), "application/json")


@blueprint.post("/<string:task_id>/rows")
@doors.alone
@blueprint.arguments(RowsIn)
@blueprint.response(200, RowsOut)
def rows(body: dict[str, Any], task_id: str) -> Response:
    """Read one page of rows. Billed once for each request_id; what fails costs nothing."""
    caller = calling.identified(task_id)
    form, request_id = body.pop("format"), body.pop("request_id")
    filters = tuple(
        Filter(one["column"], one["op"], tuple(one["values"])) for one in body["filters"]
    )
    question = Question(**{**body, "columns": tuple(body["columns"]), "filters": filters})
    asked = Asked(
        task_id=task_id,
        kind=CallKind.ROWS,
        request_id=request_id or ids.secret(16),
        fingerprint=ids.digest(f"{form} {question.fingerprint}"),
        credential_id=caller.credential.id,
        format=form,
        named_here=request_id is None,
    )
    call, answer, again = calling.called(
        caller, asked, lambda task, version, source: _page((task, version), source, question, form)
    )
    return calling.answer(call, answer, again=again)


@blueprint.post("/<string:task_id>/verify")
@doors.alone
@blueprint.arguments(VerifyIn)
@blueprint.response(200, VerifiedOut)
def verify(body: dict[str, Any], task_id: str) -> Response:
    """Tell whether there is a row with these values: yes or no, and nothing else (核验)."""
    caller = calling.identified(task_id)
    filters = tuple(Filter(name, "eq", (value,)) for name, value in sorted(body["values"].items()))
    asked = Asked(
        task_id=task_id,
        kind=CallKind.VERIFY,
        request_id=body["request_id"] or ids.secret(16),
        fingerprint=Question(filters=filters).fingerprint,
        credential_id=caller.credential.id,
        named_here=body["request_id"] is None,
    )
    call, answer, again = calling.called(
        caller, asked, lambda task, version, source: _verified((task, version), source, filters)
    )
    return calling.answer(call, answer, again=again)


def _page(
    sold: tuple[DeliveryTask, DatasetVersion], source: Source, question: Question, form: str
) -> Body:
    rules = unit.house().rules
    describing.check_limit(question.limit, rules.number("delivery.rows_per_call_max"))
    mount = mounts.of(source)
    query = questions.prepared(mount, question, describing.open_columns(*sold))
    with mounts.asking(mount, seconds=rules.number("delivery.call_s")) as connection:
        return bodies.written(connection, query, question, form)


def _verified(
    sold: tuple[DeliveryTask, DatasetVersion], source: Source, filters: tuple[Filter, ...]
) -> Body:
    mount = mounts.of(source)
    open_to = describing.open_columns(*sold)
    seconds = unit.house().rules.number("delivery.call_s")
    with mounts.asking(mount, seconds=seconds) as connection:
        found = questions.exists(mount, connection, filters, open_to)
    return Body(json.dumps({"found": found}).encode(), "application/json", 0, None)


def call_row(found: Call) -> Mapping[str, Any]:
    """Return what DeliveryCallOut shows."""
    receipt = found.receipt or {}
    return {
        "id": found.id,
        "kind": found.kind,
        "request_id": found.request_id,
        "credential_id": found.credential_id,
        "rows": found.rows,
        "bytes": found.bytes,
        "took_ms": found.took_ms,
        "failure": found.failure,
        "price": receipt.get("price"),
        "at": doors.moment(found.at),
    }
