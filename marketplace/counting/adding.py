"""What moves come to, as figures and as SQL: the one place that says what each figure is.

The SQL is read alike by SQLite and PostgreSQL, which keep the tallies, and by DuckDB, which
recomputes them from a snapshot.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from kernel.clock import Instant
from marketplace.counting.moves import Bit

WHOLE: Final = "all"
"""The kind whose one key is the whole exchange."""

KINDS: Final[Mapping[str, tuple[str | None, int]]] = {
    # kind        the column of its key, and what says that a trade is its first
    WHOLE: (None, Bit.ORDER),
    "merchants": ("merchant_id", Bit.ORDER),
    "products": ("product_id", Bit.PRODUCT),
    "industries": ("industry", Bit.INDUSTRY),
    "fields": ("application_field", Bit.FIELD),
    "regions": ("region", Bit.ORDER),
    "boards": ("board_id", Bit.BOARD),
    "buyers": ("buyer_id", Bit.ORDER),
}
FIGURES: Final = (
    "counted", "excluded", "trades", "frees", "registered", "registered_excluded", "deals",
)  # fmt: skip
READ: Final = (*FIGURES, "reached_at")


@dataclass(slots=True)
class Sums:
    """Figures that are being added up, as in `VolumeTally`."""

    counted: int = 0
    excluded: int = 0
    trades: int = 0
    frees: int = 0
    registered: int = 0
    registered_excluded: int = 0
    deals: int = 0
    reached_at: Instant | None = None

    def add(self, other: "Sums") -> None:
        """Add what another holds."""
        for name in FIGURES:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        at = other.reached_at
        if at is not None and (self.reached_at is None or self.reached_at < at):
            self.reached_at = at


def put(sums: dict[Any, Sums], key: Any, other: Sums) -> None:
    """Add to what there is of a key; what is added stays as it is."""
    sums.setdefault(key, Sums()).add(other)


def of(row: Iterable[Any]) -> Sums:
    """Return what a row in the order of `READ` says."""
    *amounts, reached_at = row
    told = {name: int(each) for name, each in zip(FIGURES, amounts, strict=True)}
    return Sums(**told, reached_at=reached_at)


def figures(bit: int) -> dict[str, str]:
    """Return the SQL of each figure of some moves. bit: what says that a trade is their first."""
    opens = f"(opens & {bit}) <> 0"
    told = {
        "counted": "CASE WHEN registered THEN 0 ELSE counted END",
        "excluded": "CASE WHEN registered THEN 0 ELSE excluded END",
        "trades": f"CASE WHEN NOT registered AND {opens} THEN trades ELSE 0 END",
        "frees": f"CASE WHEN NOT registered AND (frees & {bit}) <> 0 THEN 1 ELSE 0 END",
        "registered": "CASE WHEN registered THEN counted ELSE 0 END",
        "registered_excluded": "CASE WHEN registered THEN excluded ELSE 0 END",
        "deals": f"CASE WHEN registered AND {opens} THEN trades ELSE 0 END",
    }
    return {name: f"CAST(coalesce(sum({sql}), 0) AS BIGINT)" for name, sql in told.items()}


def by_day(kind: str) -> str:
    """Return the SELECT of a kind's sums by key and day, of the moves that are called `moved`."""
    column, bit = KINDS[kind]
    key, by = (column, f"{column}, ") if column else ("''", "")
    told = ", ".join(f"{sql} AS {name}" for name, sql in figures(bit).items())
    opens = f"(opens & {bit}) <> 0"
    moved = f"NOT registered AND (counted <> 0 OR (trades <> 0 AND {opens}))"
    return (
        f"SELECT '{kind}' AS kind, {key} AS key, accepted_on AS day, accepted_month AS month,"  # noqa: S608 - our own words
        f" {told}, max(CASE WHEN {moved} THEN accepted_at END) AS reached_at"
        f" FROM moved GROUP BY {by}accepted_on, accepted_month"
    )


def spread() -> str:
    """Return the SELECT of the sums of every kind, period and key.

    Of what is called `days` and `periods`: a day or a month, as a text, and the code of a
    period to which it belongs; of a day its own, of a month those made of whole months. Months
    are added up first: so a day of many moves is spread over its periods once.
    """
    sums = ", ".join(f"CAST(sum({name}) AS BIGINT) AS {name}" for name in FIGURES)
    told = f"{sums}, max(reached_at) AS reached_at"
    names = ", ".join(READ)
    return (
        f"SELECT kind, code AS period, key, {told} FROM ("  # noqa: S608 - our own words
        f"SELECT kind, key, CAST(day AS VARCHAR) AS part, {names} FROM days UNION ALL"
        f" SELECT kind, key, month, {told} FROM days GROUP BY kind, key, month"
        ") AS parts JOIN periods ON periods.part = parts.part"
        " GROUP BY kind, code, key"
    )


def days() -> str:
    """Return what is called `days` in `spread`: the sums of every kind by key and day."""
    return " UNION ALL ".join(by_day(kind) for kind in KINDS)


def given(session: Session, values: list[Any]) -> Any:
    """Return a list as a statement's parameter: as `among` reads it."""
    return values if _on_postgresql(session) else json.dumps(values)


def among(session: Session, column: str, name: str, kind: str) -> str:
    """Return the condition that a column is one of a parameter's. kind: its type in SQL."""
    if _on_postgresql(session):
        return f"{column} = ANY(CAST(:{name} AS {kind}[]))"
    return f"{column} IN (SELECT value FROM json_each(:{name}))"  # noqa: S608 - our own words


def _on_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"
