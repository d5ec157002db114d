"""What a revised application changes against the round before, field by field and row by row.

Compared is what was submitted: which revision of every section went in with a round is
noted at its submission, and such revisions are never forgotten.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from catalogue.grades import Term
from licensing.applications import sections
from licensing.applications.blocks import BLOCKS, LISTS, Block, Field


# fmt: off
class Kind(Term):
    """How something differs."""

    ADDED = "added", "新增", "added"
    REMOVED = "removed", "删去", "removed"
    CHANGED = "changed", "修改", "changed"
# fmt: on


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. row: the key of the row of a table in which it lies.

    column: of that row, when one cell differs. before, after: the values, one of them None
    where something was added or removed; a whole row as a mapping, a list as its entries.
    """

    block: Block
    field: Field
    kind: Kind
    before: Any
    after: Any
    row: str = ""
    column: Field | None = None


def changed(session: Session, scenario_id: str, round_number: int) -> list[Change] | None:
    """Return what a round changes against the one before, in the order of the form.

    None for the first round, and where a round's text was not noted. Two SELECTs.
    """
    if round_number < 2:
        return None
    before = sections.submitted(session, scenario_id, round_number - 1)
    after = sections.submitted(session, scenario_id, round_number)
    if before is None or after is None:
        return None
    return compare(before, after)


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Return how two applications differ, in the order of the form. Pure."""
    return [
        change
        for block in BLOCKS
        for field in block.fields
        for change in _field(block, field, before.get(field.name), after.get(field.name))
    ]


def _field(block: Block, field: Field, old: Any, new: Any) -> Iterator[Change]:
    if field.kind not in LISTS:
        if (old or None) != (new or None):
            yield _change(block, field, old or None, new or None)
    elif field.columns:
        yield from _rows(block, field, old or [], new or [])
    else:
        yield from _entries(block, field, old or [], new or [])


def _entries(
    block: Block, field: Field, old: Sequence[Any], new: Sequence[Any]
) -> Iterator[Change]:
    gone, come = [one for one in old if one not in new], [one for one in new if one not in old]
    if gone:
        yield _change(block, field, gone, None)
    if come:
        yield _change(block, field, None, come)


def _rows(
    block: Block,
    field: Field,
    old: Sequence[Mapping[str, Any]],
    new: Sequence[Mapping[str, Any]],
) -> Iterator[Change]:
    before, after = _keyed(field, old), _keyed(field, new)
    for key, row in before.items():
        if key not in after:
            yield Change(block, field, Kind.REMOVED, dict(row), None, key[0])
    for key, row in after.items():
        if key not in before:
            yield Change(block, field, Kind.ADDED, None, dict(row), key[0])
            continue
        for column in field.columns:
            was, now = before[key].get(column.name) or None, row.get(column.name) or None
            if was != now:
                kind = _kind(was, now)
                yield Change(block, field, kind, was, now, key[0], column)


def _keyed(
    field: Field, rows: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, int], Mapping[str, Any]]:
    # A row is known by its first column, an item by directory and code; the n-th of the
    # same name is another row.
    columns = field.columns[:2] if field.name == "items" else field.columns[:1]
    met: Counter[str] = Counter()
    found: dict[tuple[str, int], Mapping[str, Any]] = {}
    for row in rows:
        key = "/".join(_text(row.get(column.name)) for column in columns)
        found[key, met[key]] = row
        met[key] += 1
    return found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _change(block: Block, field: Field, old: Any, new: Any) -> Change:
    return Change(block, field, _kind(old, new), old, new)


def _kind(old: Any, new: Any) -> Kind:
    if old is None:
        return Kind.ADDED
    return Kind.REMOVED if new is None else Kind.CHANGED
