"""Lasting trade: renewals and trials, complaints, mandates, leases of quota.

Revision ID: 0005_lasting_trade
"""

import struct
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection

from migrations import statements

revision = "0005_lasting_trade"
down_revision = "0004_to_accepted_data"
branch_labels = None
depends_on = None

_BATCH = 1000
_BLOCK = 4096
_LISTED = """
SELECT kind, '' AS facet, term, entry, weight = 3 FROM search_terms WHERE shown
UNION ALL
SELECT kind, facet, CASE facet WHEN 'rated' THEN '' ELSE value END, number, 1 = 0
FROM search_facets JOIN search_entries ON number = entry WHERE shown
UNION ALL
SELECT kind, '', '', number, 1 = 0 FROM search_entries WHERE shown
ORDER BY 1, 2, 3, 4
"""


def upgrade() -> None:
    connection = op.get_bind()
    for statement in statements(revision, connection.dialect.name):
        connection.exec_driver_sql(statement)
    _list(connection)


def _list(connection: Connection) -> None:
    """Write the lists of what the search had found by rows of terms."""
    into = sa.table(
        "search_lists", *map(sa.column, ("kind", "facet", "term", "block", "titled", "plain"))
    )
    rows = []
    for row in _listed(connection.exec_driver_sql(_LISTED)):
        rows.append(row)
        if len(rows) == _BATCH:
            connection.execute(into.insert(), rows)
            rows = []
    if rows:
        connection.execute(into.insert(), rows)


def _listed(found: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for key, rows in groupby(found, lambda row: (row[0], row[1], row[2], row[3] // _BLOCK)):
        told: dict[bool, list[int]] = {True: [], False: []}
        for row in rows:
            told[bool(row[4])].append(row[3] % _BLOCK)
        named = dict(zip(("kind", "facet", "term", "block"), key, strict=True))
        yield {**named, "titled": _packed(told[True]), "plain": _packed(told[False])}


def _packed(numbers: list[int]) -> bytes:
    """Return a few numbers in two bytes each, and of more a bit for each of the block."""
    if len(numbers) <= 32:
        return struct.pack(f"<{len(numbers)}H", *sorted(numbers, reverse=True))
    return sum(1 << number for number in numbers).to_bytes(_BLOCK // 8, "little")
