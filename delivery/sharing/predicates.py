"""Predicates of the sharing protocol: which files can hold no row that is asked for. Pure.

Only the JSON form is read; the older SQL form is a hint that a server may leave alone.
Whatever cannot be understood, of a predicate or of a file's bounds, leaves the file in:
the reader filters rows itself.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, TypeAlias

from delivery.tables.snapshots import Piece

TEXT_MAX: Final = 20_000
"""Characters of a predicate that are looked at; a longer one is left alone."""

DEPTH_MAX: Final = 20

Verdict: TypeAlias = bool | None
"""Whether a file may hold such a row: True all do, False none does, None some may."""


def kept(pieces: Sequence[Piece], hints: str | None) -> list[Piece]:
    """Return the files that may hold a row that satisfies the predicate."""
    predicate = _parsed(hints)
    if predicate is None:
        return list(pieces)
    return [piece for piece in pieces if _safely(predicate, piece.stats) is not False]


def limited(pieces: Sequence[Piece], limit: int | None) -> list[Piece]:
    """Return as many files, from the first, as hold `limit` rows; all when there is none."""
    if limit is None:
        return list(pieces)
    found: list[Piece] = []
    rows = 0
    for piece in pieces:
        if rows >= limit:
            break
        found.append(piece)
        rows += piece.rows
    return found


def _parsed(hints: str | None) -> Mapping[str, Any] | None:
    if not hints or len(hints) > TEXT_MAX:
        return None
    try:
        found = json.loads(hints)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _safely(predicate: Mapping[str, Any], stats: Mapping[str, Any]) -> Verdict:
    try:
        return _judged(predicate, stats, DEPTH_MAX)
    except (ArithmeticError, KeyError, TypeError, ValueError, AttributeError):
        return None


def _judged(node: Mapping[str, Any], stats: Mapping[str, Any], depth: int) -> Verdict:
    if depth == 0:
        return None
    name, children = node["op"], node.get("children", [])
    if name == "isNull":
        return _null(children[0], stats)
    if name in _COMPARED:
        return _compared(name, children, stats)
    verdicts = [_judged(child, stats, depth - 1) for child in children]
    return _JOINED[name](verdicts)


def _null(column: Mapping[str, Any], stats: Mapping[str, Any]) -> Verdict:
    nulls, rows = stats["nullCount"][column["name"]], stats["numRecords"]
    if nulls == 0:
        return False
    return True if nulls == rows else None


def _compared(
    name: str, children: Sequence[Mapping[str, Any]], stats: Mapping[str, Any]
) -> Verdict:
    left, right = children
    if left["op"] == "literal":
        return _compared(_TURNED[name], [right, left], stats)
    cast = _CASTS[right["valueType"]]
    value = cast(right["value"])
    least, most = (cast(stats[each][left["name"]]) for each in ("minValues", "maxValues"))
    verdict = _COMPARED[name](least, most, value)
    # Of a null nothing is true, so that "all" holds only where no row is null.
    if verdict is True and stats["nullCount"].get(left["name"], 1):
        return None
    return verdict


def _all(verdicts: Sequence[Verdict]) -> Verdict:
    if any(each is False for each in verdicts):
        return False
    return True if all(verdicts) else None


def _any(verdicts: Sequence[Verdict]) -> Verdict:
    if any(each is True for each in verdicts):
        return True
    return False if all(each is False for each in verdicts) else None


def _not(verdicts: Sequence[Verdict]) -> Verdict:
    (only,) = verdicts
    # "None does" may be so for the nulls' sake, of which "not" is no truer.
    return False if only is True else None


def _sure(all_do: bool, none_does: bool) -> Verdict:
    if all_do:
        return True
    return False if none_does else None


_JOINED: Final[Mapping[str, Callable[[Sequence[Verdict]], Verdict]]] = {
    "and": _all,
    "or": _any,
    "not": _not,
}
_COMPARED: Final[Mapping[str, Callable[[Any, Any, Any], Verdict]]] = {
    "equal": lambda least, most, value: _sure(
        least == most == value, value < least or value > most
    ),
    "lessThan": lambda least, most, value: _sure(most < value, least >= value),
    "lessThanOrEqual": lambda least, most, value: _sure(most <= value, least > value),
    "greaterThan": lambda least, most, value: _sure(least > value, most <= value),
    "greaterThanOrEqual": lambda least, most, value: _sure(least >= value, most < value),
}
_TURNED: Final = {
    "equal": "equal",
    "lessThan": "greaterThan",
    "lessThanOrEqual": "greaterThanOrEqual",
    "greaterThan": "lessThan",
    "greaterThanOrEqual": "lessThanOrEqual",
}
_CASTS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "int": int,
    "long": int,
    "float": float,
    "double": float,
    "date": lambda value: date.fromisoformat(str(value)[:10]),
}
"""Types whose bounds are exact. Bounds of texts are cut, those of times rounded: left alone."""


def moment(text: str) -> datetime | None:
    """Return an instant that is written as the protocol writes it; None when it is not."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
