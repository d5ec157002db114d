"""What a revision changes, side by side: field by field, and column by column. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from marketplace.versions import Content

APART: Final = frozenset({"dictionary", "sample"})
"""Fields that are told otherwise: column by column, and by the number of rows."""


class Kind(StrEnum):
    """What became of a column."""

    ADDED = "added"
    REMOVED = "removed"
    RETYPED = "retyped"
    REWORDED = "reworded"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the content that says something else."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the dictionary that differs. before, after: "type · meaning", None for none."""

    name: str
    kind: Kind
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Differences:
    """All that differs between two contents. sample: rows of the sample before and after."""

    fields: list[Field]
    columns: list[Column]
    sample: tuple[int, int] | None


def between(before: Content, after: Content) -> Differences:
    """Return what differs, fields in their order, columns in that of the newer schema."""
    old: Mapping[str, Any] = before
    new: Mapping[str, Any] = after
    fields = [
        Field(name, old.get(name), new.get(name))
        for name in Content.__annotations__
        if name not in APART and old.get(name) != new.get(name)
    ]
    sampled = old.get("sample", []), new.get("sample", [])
    rows = (len(sampled[0]), len(sampled[1])) if sampled[0] != sampled[1] else None
    return Differences(fields, columns(old.get("dictionary", []), new.get("dictionary", [])), rows)


def columns(before: Sequence[Any], after: Sequence[Any]) -> list[Column]:
    """Return the columns that differ: as the newer schema has them, then those that are gone."""
    old = {str(each["name"]): each for each in before}
    new = {str(each["name"]): each for each in after}
    names = [*new, *(name for name in old if name not in new)]
    told = (_column(name, old.get(name), new.get(name)) for name in names)
    return [each for each in told if each is not None]


def _column(name: str, old: Any, new: Any) -> Column | None:
    if old == new:
        return None
    if old is None:
        return Column(name, Kind.ADDED, None, _said(new))
    if new is None:
        return Column(name, Kind.REMOVED, _said(old), None)
    kind = Kind.RETYPED if old.get("type") != new.get("type") else Kind.REWORDED
    return Column(name, kind, _said(old), _said(new))


def _said(column: Mapping[str, Any]) -> str:
    return " · ".join(filter(None, (str(column.get("type", "")), str(column.get("meaning", "")))))
