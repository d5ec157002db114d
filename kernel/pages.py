"""Lists that are bounded, totally ordered, and cost the same on page 1 and page 10,000."""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Row,
    Select,
    and_,
    literal,
    or_,
    select,
    tuple_,
    union_all,
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


def keyset_rows(
    session: Session,
    statement: Select[Any],
    *,
    by: Order,
    after: str | None,
    limit: int,
    asked: Mapping[str, Any] | None = None,
) -> Page[Row[Any]]:
    """Return one page as `keyset` does, of rows of several columns, among them those of `by`.

    asked: what the statement's own parameters stand for.
    """
    rows = list(session.execute(_ordered(statement, by, after).limit(limit + 1), asked))
    return cut(rows, by, limit)


def keyset_merged(
    session: Session,
    statements: Iterable[tuple[Select[Any], Mapping[str, Any]]],
    *,
    by: Order,
    after: str | None,
    limit: int,
) -> Page[Row[Any]]:
    """Return one page, as `keyset_rows` does, of what several statements find together.

    statements: each with its parameters, all with the columns of `by`, each row found by one
    of them alone. One SELECT of at most `limit` + 1 rows for each of them.
    """
    rows = [
        row
        for statement, asked in statements
        for row in session.execute(_ordered(statement, by, after).limit(limit + 1), asked)
    ]
    for column, way in reversed(by):
        rows.sort(key=attrgetter(str(column.key)), reverse=way == "desc")
    return cut(rows, by, limit)


def keyset_firsts(
    statements: Iterable[Select[Any]], *, by: Order, after: str | None, limit: int
) -> FromClause:
    """Return the first `limit` + 1 rows behind a cursor of each statement, as a subquery.

    statements: all with the columns of `by`. Ordered again and cut to a page, its rows are
    what the statements find together.
    """
    firsts = [_ordered(statement, by, after).limit(limit + 1) for statement in statements]
    if len(firsts) == 1:
        return firsts[0].subquery()
    return union_all(*(select(first.subquery()) for first in firsts)).subquery()


def cut(rows: list[T], by: Order, limit: int) -> Page[T]:
    """Return the page of `limit` rows at most; there is another one if there are more."""
    shown = rows[:limit]
    return Page(shown, _write(shown[-1], by) if len(rows) > limit else None)


def holding(columns: Iterable[Any], text: str) -> ColumnElement[bool]:
    """Return the condition that one of the columns has `text` in it, whatever its case.

    It reads every row that it is asked of: for what is few, or narrowed by an index before.
    """
    return or_(*(column.icontains(text, autoescape=True) for column in columns))


def _ordered(statement: Select[T], by: Order, after: str | None) -> Select[T]:
    if after is not None:
        statement = statement.where(_beyond(by, _read(after, by)))
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
    return or_(*choices)


def _write(row: Any, by: Order) -> str:
    values = [_plain(getattr(row, str(column.key))) for column, _ in by]
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _read(cursor: str, by: Order) -> list[Any]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
        if not isinstance(values, list) or len(values) != len(by):
            raise ValueError("not one value for each column")
        return [_typed(value, column) for value, (column, _) in zip(values, by, strict=True)]
    except (ValueError, TypeError, RecursionError, OverflowError) as error:
        raise Invalid("分页游标无效", "the cursor is not valid", pointer="/after") from error


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
