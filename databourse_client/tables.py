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
    return read(profiled(path), columns=columns, limit=limit)


def profiled(path: Path) -> Mapping[str, Any]:
    """Return what a .share profile says. Raises BadProfile."""
    try:
        told = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadProfile(f"{path} cannot be read as a profile: {error}") from error
    if not isinstance(told, dict) or not {"endpoint", "bearerToken"} <= told.keys():
        raise BadProfile(f"{path} is no profile of the sharing protocol")
    return told


def read(
    shared: Mapping[str, Any], *, columns: Sequence[str] | None = None, limit: int | None = None
) -> "pd.DataFrame":
    """Read the first table that a sharing token opens. Raises Damaged, Problem, Unreachable."""
    wire = opened(shared)
    lines = queried(wire, shared, limit=limit)
    with tempfile.TemporaryDirectory(prefix="databourse-") as folder:
        files = [
            wire.fetched(url, Path(folder) / f"{place:06}.parquet", sha256=None)
            for place, url in enumerate(filter(None, map(address, lines)))
        ]
        if not files:
            return frames.of_rows([], [str(one["name"]) for one in schema(lines)["fields"]])
        return frames.of_parquet(files, columns=columns, limit=limit)


def opened(shared: Mapping[str, Any]) -> Wire:
    """Return the wire that a profile of the sharing protocol opens. Raises BadProfile."""
    parts = urlsplit(str(shared["endpoint"]))
    url, token = f"{parts.scheme}://{parts.netloc}", str(shared["bearerToken"])
    return Wire(url, token, allow_http=parts.scheme == "http")


def queried(
    wire: Wire,
    shared: Mapping[str, Any],
    *,
    table: str | None = None,
    limit: int | None = None,
    knows: str = "responseformat=parquet",
) -> list[Mapping[str, Any]]:
    """Return the lines by which a house answers for a table: what it is, and its files.

    table: share.schema.table; the first that there is when none is named. knows: which
    answers the caller can read, in the protocol's words. Raises Damaged, Problem, Unreachable.
    """
    base = urlsplit(str(shared["endpoint"])).path.rstrip("/")
    names = _first_table(wire, base) if table is None else _named(table)
    door = f"{base}/shares/{names[0]}/schemas/{names[1]}/tables/{names[2]}/query"
    got = wire.asked(
        door,
        body={} if limit is None else {"limitHint": limit},
        headers={"delta-sharing-capabilities": knows},
    )
    return [json.loads(line) for line in got.content.splitlines() if line.strip()]


def schema(lines: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the schema that the lines tell of, as Delta writes it. Raises Damaged."""
    told = next((line["metaData"] for line in lines if "metaData" in line), None)
    if told is None:
        raise Damaged("the answer tells nothing of the table")
    found: Mapping[str, Any] = json.loads(told.get("deltaMetadata", told)["schemaString"])
    return found


def address(line: Mapping[str, Any]) -> str | None:
    """Return where the file of a line is to be fetched, in either form; None for other lines."""
    file = line.get("file")
    if file is None:
        return None
    return str(file["url"] if "url" in file else file["deltaSingleAction"]["add"]["path"])


def _named(table: str) -> tuple[str, str, str]:
    names = table.split(".")
    if len(names) != 3:
        raise BadProfile(f"{table} is no table: share.schema.table")
    share, inner, name = (quote(each, safe="") for each in names)
    return share, inner, name


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


def _page_size(wire: Wire, key: Key) -> int:
    told = wire.asked(f"/data/v1/{key.delivery}", token=key.secret).json()
    return int(told.get("rows_per_call_max") or PAGE)


def _filter(column: str, op: str, values: Any = ()) -> dict[str, Any]:
    given = values if isinstance(values, list | tuple) else [values]
    return {"column": column, "op": op, "values": [str(one) for one in given]}
