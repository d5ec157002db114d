"""Tables over the wire: Delta Sharing's files, and the pages of a metered interface."""

import json
import secrets
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from databourse_client import frames
from databourse_client.passes import Key
from databourse_client.troubles import BadProfile, Damaged
from databourse_client.wire import Progress, Wire

if TYPE_CHECKING:
    import pandas as pd

PAGE: Final = 10_000
"""Rows that are asked for at once; a house that gives fewer says so."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which rows of a metered interface. filters: (column, operator, value or values) each."""

    columns: tuple[str, ...] = ()
    filters: tuple[tuple[Any, ...], ...] = field(default=())
    sort: str | None = None
    limit: int | None = None

    def body(self, after: str | None, limit: int) -> dict[str, Any]:
        """Return what is sent for one page. Its request id makes asking again free."""
        return {
            "columns": [*self.columns],
            "filters": [_filter(*one) for one in self.filters],
            "sort": self.sort,
            "after": after,
            "limit": limit,
            "format": "arrow",
            "request_id": secrets.token_hex(16),
        }


def pages(
    wire: Wire, key: Key, question: Question, progress: Progress | None = None
) -> Iterator[bytes]:
    """Yield the pages of an interface as Arrow streams, up to the limit."""
    after: str | None = None
    done, size = 0, _page_size(wire, key)
    while question.limit is None or done < question.limit:
        limit = size if question.limit is None else min(size, question.limit - done)
        got = wire.asked(
            f"/data/v1/{key.delivery}/rows", body=question.body(after, limit), token=key.secret
        )
        yield got.content
        done += limit
        if progress is not None:
            progress(key.delivery, done, question.limit)
        after = got.headers.get("Databourse-Next")
        if after is None:
            return


def read_profile(
    path: Path, *, columns: Sequence[str] | None = None, limit: int | None = None
) -> "pd.DataFrame":
    """Read the first table of a .share profile. Raises BadProfile and what `read` raises."""
    try:
        told = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadProfile(f"{path} cannot be read as a profile: {error}") from error
    if not isinstance(told, dict) or not {"endpoint", "bearerToken"} <= told.keys():
        raise BadProfile(f"{path} is no profile of the sharing protocol")
    return read(told, columns=columns, limit=limit)


def read(
    shared: Mapping[str, Any], *, columns: Sequence[str] | None = None, limit: int | None = None
) -> "pd.DataFrame":
    """Read the first table that a sharing token opens. Raises Damaged, Problem, Unreachable."""
    endpoint, token = str(shared["endpoint"]).rstrip("/"), str(shared["bearerToken"])
    parts = urlsplit(endpoint)
    wire = Wire(f"{parts.scheme}://{parts.netloc}", token, allow_http=parts.scheme == "http")
    names = _first_table(wire, parts.path)
    door = f"{parts.path}/shares/{names[0]}/schemas/{names[1]}/tables/{names[2]}/query"
    got = wire.asked(
        door,
        body={} if limit is None else {"limitHint": limit},
        headers={"delta-sharing-capabilities": "responseformat=parquet"},
    )
    lines = [json.loads(line) for line in got.content.splitlines() if line.strip()]
    with tempfile.TemporaryDirectory(prefix="databourse-") as folder:
        files = [
            wire.fetched(line["file"]["url"], Path(folder) / f"{place:06}.parquet", sha256=None)
            for place, line in enumerate(lines)
            if "file" in line
        ]
        if not files:
            return frames.of_rows([], _columns(lines))
        return frames.of_parquet(files, columns=columns, limit=limit)


def _first_table(wire: Wire, base: str) -> tuple[str, str, str]:
    found = wire.get(f"{base}/shares")["items"]
    if not found:
        raise Damaged("the token opens no share")
    share = quote(str(found[0]["name"]), safe="")
    tables = wire.get(f"{base}/shares/{share}/all-tables")["items"]
    if not tables:
        raise Damaged("the share holds no table")
    schema, table = (quote(str(tables[0][name]), safe="") for name in ("schema", "name"))
    return share, schema, table


def _columns(lines: Sequence[Mapping[str, Any]]) -> list[str]:
    told = next((line["metaData"] for line in lines if "metaData" in line), None)
    if told is None:
        raise Damaged("the answer tells nothing of the table")
    return [str(one["name"]) for one in json.loads(told["schemaString"])["fields"]]


def _page_size(wire: Wire, key: Key) -> int:
    told = wire.asked(f"/data/v1/{key.delivery}", token=key.secret).json()
    return int(told.get("rows_per_call_max") or PAGE)


def _filter(column: str, op: str, values: Any = ()) -> dict[str, Any]:
    given = values if isinstance(values, list | tuple) else [values]
    return {"column": column, "op": op, "values": [str(one) for one in given]}
