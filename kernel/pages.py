"""Lists that are bounded, totally ordered, and cost the same on page 1 and page 10,000."""

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    literal,
    or_,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.elements import KeyedColumnElement

from kernel.errors import Invalid

T = TypeVar("T")
Way: TypeAlias = Literal["asc", "desc"]
Order = Sequence[tuple[InstrumentedAttribute[Any] | KeyedColumnElement[Any], Way]]


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows, and the cursor of the page after them (None on the last one)."""

    items: list[T]
    next: str | None


def keyset(
    session: Session, statement: Select[T], *, by: Order, after: str | None, limit: int
) -> Page[T]:
    """Return one page of `statement`'s entities. One SELECT of at most `limit` + 1 rows.

    by: the columns of the order, together unique and none of them NULL, so that the
    order is total. after: the cursor of the previous page; a made-up one is refused
    with Invalid.
    """
    rows = list(session.scalars(_ordered(statement, by, after).limit(limit + 1)))
    return cut(rows, by, limit)


def merged(
    rows: Iterable[Any], beside: Iterable[Any], *, by: Order, after: str | None, limit: int
) -> Page[Any]:
    """Return one page of rows that were found, one more than a page's, and of `beside`. Pure.

    beside: rows that were at hand, with the attributes of `by`, in any order and from anywhere;
    none of them was found as well.
    """
    there = None if after is None else read(after, by)
    told = [*rows, *(row for row in beside if there is None or _lies_beyond(row, by, there))]
    for column, way in reversed(by):
        told.sort(key=attrgetter(str(column.key)), reverse=way == "desc")
    return cut(told, by, limit)


def cut(rows: list[T], by: Order, limit: int) -> Page[T]:
    """Return the page of `limit` rows at most; there is another one if there are more."""
    shown = rows[:limit]
    return Page(shown, _write(shown[-1], by) if len(rows) > limit else None)


def read(cursor: str, by: Order) -> list[Any]:
    """Return the values of the row behind which a cursor goes on. Raises Invalid."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
        if not isinstance(values, list) or len(values) != len(by):
            raise ValueError("not one value for each column")
        return [_typed(value, column) for value, (column, _) in zip(values, by, strict=True)]
    except (ValueError, TypeError, RecursionError, OverflowError) as error:
        raise Invalid("分页游标无效", "the cursor is not valid", pointer="/after") from error


def holding(columns: Iterable[Any], text: str) -> ColumnElement[bool]:
    """Return the condition that one of the columns has `text` in it, whatever its case.

    It reads every row that it is asked of: for what is few, or narrowed by an index before.
    """
    return or_(*(column.icontains(text, autoescape=True) for column in columns))


def _ordered(statement: Select[T], by: Order, after: str | None) -> Select[T]:
    if after is not None:
        statement = statement.where(_beyond(by, read(after, by)))
    return statement.order_by(
        *(column.asc() if way == "asc" else column.desc() for column, way in by)
    )


def _beyond(by: Order, values: list[Any]) -> Any:
    ways = {way for _, way in by}
    if len(by) > 1 and len(ways) == 1:
        # As one comparison of rows, which both databases look up in an index.
        here = tuple_(*(column for column, _ in by))
        there = tuple_(
            *(literal(value, column.type) for (column, _), value in zip(by, values, strict=True))
        )
        return here > there if ways == {"asc"} else here < there
    # (a, b) beyond (x, y): a beyond x, or a = x and b beyond y; either way round.
    choices = []
    for i, (column, way) in enumerate(by):
        same = [earlier == value for (earlier, _), value in zip(by[:i], values, strict=False)]
        past = column > values[i] if way == "asc" else column < values[i]
        choices.append(and_(*same, past))
    first, way = by[0]
    # What both databases look up in an index; the choices alone they would read from its start.
    bound = first >= values[0] if way == "asc" else first <= values[0]
    return and_(bound, or_(*choices))


def _lies_beyond(row: Any, by: Order, there: list[Any]) -> bool:
    for (column, way), value in zip(by, there, strict=True):
        here = getattr(row, str(column.key))
        if here != value:
            return bool(here > value if way == "asc" else here < value)
    return False


def _write(row: Any, by: Order) -> str:
    values = [_plain(getattr(row, str(column.key))) for column, _ in by]
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _typed(value: Any, column: Any) -> Any:
    kind = column.type.python_type
    if kind is datetime:
        instant = datetime.fromisoformat(value)
        if instant.tzinfo is None:
            raise ValueError("naive instant")
        return instant.astimezone(UTC)
    if kind is date and isinstance(value, str):
        return date.fromisoformat(value)
    if type(value) is not kind:
        raise ValueError("wrong type")
    if (isinstance(value, int) and abs(value) >= 2**63) or value != value or "\0" in str(value):
        raise ValueError("out of range")
    str(value).encode()  # half a character is a ValueError too
    return value
