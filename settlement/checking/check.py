"""What one check of the examination is, and how it is written."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeAlias

from sqlalchemy import Connection, FromClause, Select, func, select
from sqlalchemy.orm import Session

from kernel.crypto import CryptoProvider
from kernel.words import Words

BATCH: Final = 500
"""Rows held in memory at a time."""


class Finding(NamedTuple):
    """One promise that does not hold, and where."""

    code: str
    at: str


class Books(NamedTuple):
    """What is examined: one snapshot of the database.

    crypto: to check signatures; without it they are not looked at. full: whether what was
    booked in closed months is read again as well.
    """

    session: Session
    crypto: CryptoProvider | None = None
    full: bool = True

    @property
    def connection(self) -> Connection:
        """The connection of the snapshot."""
        return self.session.connection()


Find: TypeAlias = Callable[[Books], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """One look at one kind of thing.

    says: code of a finding → what it means. find: yields what does not hold, in a total
    order, and as many as there are. counts: how many things are looked at.
    """

    says: Mapping[str, Words]
    find: Find
    counts: Select[int]
    only_full: bool = field(default=False, kw_only=True)


def query(code: str, says: Words, at: str, bad: Select[Any], counts: FromClause) -> Check:
    """Return the check that every row of `bad` is a finding.

    at: a format of the row's columns, `{0}` the first. counts: the table of which every
    row is looked at.
    """

    def find(books: Books) -> Iterator[Finding]:
        for row in books.connection.execute(bad.execution_options(yield_per=BATCH)):
            yield Finding(code, at.format(*row))

    return Check({code: says}, find, rows_of(counts))


def rows_of(table: FromClause) -> Select[int]:
    """Return the SELECT of how many rows the table has."""
    return select(func.count()).select_from(table)
