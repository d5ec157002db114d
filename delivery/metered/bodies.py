"""A page of rows as bytes: JSON, CSV, or an Arrow stream (IPC)."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite
from typing import Any, Final

from arro3.core import Table
from arro3.io import write_ipc_stream
from duckdb import DuckDBPyConnection

from delivery.metered import questions
from delivery.metered.questions import Query, Question


@dataclass(frozen=True, slots=True)
class Body:
    """What goes out. rows: how many there are in it. next: where the next page begins."""

    content: bytes
    content_type: str
    rows: int
    next: str | None


def written(connection: DuckDBPyConnection, query: Query, question: Question, form: str) -> Body:
    """Return the page in one of FORMATS. Raises Invalid for a value that is none of its column's.

    JSON holds whole numbers and floats as numbers (no number: null), decimals, dates and
    times as text; Arrow keeps every type.
    """
    return _FORMS[form](connection, query, question)


def _json(connection: DuckDBPyConnection, query: Query, question: Question) -> Body:
    found = questions.answered(connection, query, question)
    rows = [*questions.names(found)]
    told: dict[str, Any] = {"columns": found.columns, "rows": rows, "next": found.next}
    try:
        text = json.dumps(told, ensure_ascii=False, default=_plain, allow_nan=False)
    except ValueError:
        told["rows"] = [{name: _finite(value) for name, value in row.items()} for row in rows]
        text = json.dumps(told, ensure_ascii=False, default=_plain)
    return Body(text.encode(), "application/json", len(found.rows), found.next)


def _csv(connection: DuckDBPyConnection, query: Query, question: Question) -> Body:
    found = questions.answered(connection, query, question)
    text = io.StringIO()
    sheet = csv.writer(text)
    sheet.writerow(found.columns)
    sheet.writerows(found.rows)
    return Body(text.getvalue().encode(), "text/csv; charset=utf-8", len(found.rows), found.next)


def _arrow(connection: DuckDBPyConnection, query: Query, question: Question) -> Body:
    with questions.told():
        whole = Table.from_arrow(connection.sql(query.text, params=query.values))
    kept = whole.slice(0, min(question.limit, whole.num_rows))
    following = None
    if whole.num_rows > kept.num_rows:
        last = kept.slice(kept.num_rows - 1, 1)
        width = len(query.columns)
        ends = [last.column(place)[0].as_py() for place in (width, width + 1)]
        following = questions.cursor(question, ends)
    stream = io.BytesIO()
    write_ipc_stream(kept.select([*range(len(query.columns))]), stream, compression=None)
    content_type = "application/vnd.apache.arrow.stream"
    return Body(stream.getvalue(), content_type, kept.num_rows, following)


_FORMS: Final[Mapping[str, Callable[[DuckDBPyConnection, Query, Question], Body]]] = {
    "json": _json,
    "csv": _csv,
    "arrow": _arrow,
}
FORMATS: Final = tuple(_FORMS)
"""The formats that there are, the usual one first."""


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return value.hex() if isinstance(value, bytes) else str(value)


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not isfinite(value) else value
