"""What a caller asks of a version, checked against its columns, and answered page by page.

Names are looked up among the columns and quoted; values are bound, each as its column's
type. Pages are by key: the last row of one page says where the next one begins.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Final

import duckdb
from duckdb import DuckDBPyConnection

from delivery.quoting import identifier
from delivery.tables.mounts import PLACE, Mount
from kernel import ids
from kernel.crypto import canonical
from kernel.errors import Invalid

FILTERS_MAX: Final = 20
VALUES_MAX: Final = 200
_KEY: Final = "__key"

# fmt: off
_COMPARED: Final[Mapping[str, str]] = {
    "eq": "{} = {}", "ne": "{} <> {}", "lt": "{} < {}", "le": "{} <= {}",
    "gt": "{} > {}", "ge": "{} >= {}",
}
_TEXTUAL: Final[Mapping[str, str]] = {
    "starts_with": "starts_with(CAST({} AS VARCHAR), {})",
    "contains": "contains(CAST({} AS VARCHAR), {})",
}
_NULL: Final[Mapping[str, str]] = {"is_null": "{} IS NULL", "not_null": "{} IS NOT NULL"}
# fmt: on

OPERATORS: Final = (*_COMPARED, "in", *_TEXTUAL, *_NULL)
"""How a filter can compare."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition. values: one for most operators, several for "in", none for nulls."""

    column: str
    op: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which rows. columns: none for all. sort: "column" or "-column"; None: as they lie.

    after: where the page before ended.
    """

    columns: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    sort: str | None = None
    after: str | None = None
    limit: int = 100

    @property
    def fingerprint(self) -> str:
        """A hash of the whole question: another one has another."""
        return ids.digest(canonical(asdict(self)).decode())

    @property
    def list_key(self) -> str:
        """A hash of what the list is of; the cursor of one list is none of another."""
        which = [[asdict(one) for one in self.filters], self.sort]
        return ids.digest(canonical(which).decode())[:16]


@dataclass(frozen=True, slots=True)
class Found:
    """One page. rows: values in the order of `columns`. next: where the next one begins."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    next: str | None


@dataclass(frozen=True, slots=True)
class Query:
    """A question as SQL: `text` with its `values`, and the columns that go out."""

    columns: tuple[str, ...]
    text: str
    values: tuple[Any, ...]


def prepared(mount: Mount, question: Question, open_to: Sequence[str]) -> Query:
    """Return the question as SQL over the columns that are open. Raises Invalid.

    One row more than the limit is asked for, to see whether there is a next page.
    """
    columns = question.columns or tuple(open_to)
    for place, column in enumerate(columns):
        _check(column, open_to, f"/columns/{place}")
    conditions, values = _filtered(mount, question.filters, open_to)
    # Rows are read in their order, one after the other, and a limit ends the reading: to sort
    # them again would read all.
    key: str = PLACE
    order: list[str] = []
    if question.sort is not None:
        column = question.sort.removeprefix("-")
        _check(column, open_to, "/sort")
        key = f"CAST({identifier(column)} AS VARCHAR)"
        way = "DESC" if question.sort.startswith("-") else "ASC"
        order = [f"{identifier(column)} {way} NULLS LAST", PLACE]
    if question.after is not None:
        condition, more = _following(mount, question)
        conditions.append(condition)
        values += more
    elif mount.dense and not question.filters and question.sort is None:
        conditions.append(f"{PLACE} <= {question.limit + 1}")
    shown = ", ".join(map(identifier, columns))
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    text = (
        f"SELECT {shown}, {key} AS {_KEY}, {PLACE} FROM data{where} "  # noqa: S608 - columns of ours, quoted
        f"{f'ORDER BY {chr(44).join(order)} ' if order else ''}LIMIT {question.limit + 1}"
    )
    return Query(columns, text, tuple(values))


def answered(connection: DuckDBPyConnection, query: Query, question: Question) -> Found:
    """Return one page of rows. Raises Invalid for a value that is none of its column's."""
    with told():
        rows = connection.execute(query.text, query.values).fetchall()
    kept = rows[: question.limit]
    more = cursor(question, kept[-1][-2:]) if len(rows) > question.limit else None
    return Found(query.columns, [row[:-2] for row in kept], more)


def exists(
    mount: Mount,
    connection: DuckDBPyConnection,
    filters: Sequence[Filter],
    open_to: Sequence[str],
) -> bool:
    """Tell whether there is a row with these values, and nothing else (核验). Raises Invalid."""
    conditions, values = _filtered(mount, filters, open_to)
    text = f"SELECT EXISTS (FROM data WHERE {' AND '.join(conditions)})"
    with told():
        ((found,),) = connection.execute(text, values).fetchall()
    return bool(found)


def cursor(question: Question, last: Sequence[Any]) -> str:
    """Return where the page after this last row begins: of its key and its place."""
    key = None if question.sort is None else last[0]
    told = json.dumps([question.list_key, key, last[1]], ensure_ascii=False)
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def _following(mount: Mount, question: Question) -> tuple[str, list[Any]]:
    key, place = _read_cursor(question)
    if question.sort is None:
        dense = mount.dense and not question.filters
        upto = f" AND {PLACE} <= {place + question.limit + 1}" if dense else ""
        return f"{PLACE} > ?{upto}", [place]
    column = question.sort.removeprefix("-")
    name = identifier(column)
    if key is None:
        return f"({name} IS NULL AND {PLACE} > ?)", [place]
    bound = f"CAST(? AS {mount.types[column]})"
    sign = "<" if question.sort.startswith("-") else ">"
    condition = f"({name} {sign} {bound} OR ({name} = {bound} AND {PLACE} > ?) OR {name} IS NULL)"
    return condition, [key, key, place]


def _read_cursor(question: Question) -> tuple[str | None, int]:
    try:
        padded = f"{question.after}{'=' * (-len(question.after or '') % 4)}"
        which, key, place = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if which == question.list_key and type(place) is int and isinstance(key, str | None):
            return key, place
    except (binascii.Error, ValueError, TypeError):
        pass
    raise Invalid("游标不属于此查询", "this is no cursor of this list", pointer="/after")


def _filtered(
    mount: Mount, filters: Sequence[Filter], open_to: Sequence[str]
) -> tuple[list[str], list[Any]]:
    conditions: list[str] = []
    values: list[Any] = []
    for place, one in enumerate(filters):
        _check(one.column, open_to, f"/filters/{place}/column")
        conditions.append(_condition(mount, one, f"/filters/{place}"))
        values += one.values
    return conditions, values


def _condition(mount: Mount, one: Filter, pointer: str) -> str:
    name = identifier(one.column)
    wanted = 0 if one.op in _NULL else 1
    if one.op == "in":
        if not one.values:
            raise Invalid("须给出取值", "“in” needs values", pointer=f"{pointer}/values")
        marks = ", ".join([f"CAST(? AS {mount.types[one.column]})"] * len(one.values))
        return f"{name} IN ({marks})"
    if len(one.values) != wanted:
        raise Invalid(
            f"此比较须给出 {wanted} 个值", f"this takes {wanted} value", pointer=f"{pointer}/values"
        )
    if one.op in _NULL:
        return _NULL[one.op].format(name)
    if one.op in _TEXTUAL:
        return _TEXTUAL[one.op].format(name, "?")
    return _COMPARED[one.op].format(name, f"CAST(? AS {mount.types[one.column]})")


def _check(column: str, open_to: Sequence[str], pointer: str) -> None:
    if column not in open_to:
        raise Invalid(f"没有列 {column}", f"there is no column {column}", pointer=pointer)


@contextmanager
def told() -> Iterator[None]:
    """Say of a value that is none of its column's that it is not, instead of a broken call."""
    try:
        yield
    except (duckdb.ConversionException, duckdb.OutOfRangeException) as error:
        raise Invalid(
            "取值与列的类型不符", "a value is not of its column's type", pointer="/filters"
        ) from error


def names(found: Found) -> Iterator[dict[str, Any]]:
    """Give the rows of a page as column → value."""
    for row in found.rows:
        yield dict(zip(found.columns, row, strict=True))
