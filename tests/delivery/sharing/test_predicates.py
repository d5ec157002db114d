"""Predicates: a file is left out only when surely no row of it is asked for."""

import json
from pathlib import Path
from typing import Any

import pytest

from delivery.sharing import predicates
from delivery.tables.snapshots import Piece

STATS = {
    "numRecords": 10,
    "minValues": {"level": 5, "day": "2026-01-03", "ratio": 0.5, "name": "b", "one": 7, "gap": 3},
    "maxValues": {"level": 9, "day": "2026-01-08", "ratio": 1.5, "name": "d", "one": 7, "gap": 4},
    "nullCount": {"level": 0, "day": 0, "ratio": 0, "one": 0, "gap": 2, "empty": 10},
}


def piece(rows: int = 10) -> Piece:
    return Piece("f", Path("f"), 100, rows, 0, {**STATS, "numRecords": rows})


def column(name: str, kind: str = "int") -> dict[str, Any]:
    return {"op": "column", "name": name, "valueType": kind}


def literal(value: str, kind: str = "int") -> dict[str, Any]:
    return {"op": "literal", "value": value, "valueType": kind}


def ask(op: str, *children: dict[str, Any]) -> dict[str, Any]:
    return {"op": op, "children": list(children)}


def kept(predicate: Any) -> bool:
    hints = predicate if isinstance(predicate, str) else json.dumps(predicate)
    return bool(predicates.kept([piece()], hints))


LEVEL, DAY = column("level"), column("day", "date")
MAY = ask("equal", DAY, literal("2026-01-05", "date"))
NONE_THERE = ask("isNull", column("empty"))


@pytest.mark.parametrize(
    ("predicate", "stays"),
    [
        (ask("equal", LEVEL, literal("4")), False),
        (ask("equal", LEVEL, literal("7")), True),
        (ask("equal", literal("10"), LEVEL), False),
        (ask("lessThan", LEVEL, literal("5")), False),
        (ask("lessThan", LEVEL, literal("6")), True),
        (ask("lessThanOrEqual", LEVEL, literal("4")), False),
        (ask("lessThanOrEqual", LEVEL, literal("5")), True),
        (ask("greaterThan", LEVEL, literal("9")), False),
        (ask("greaterThan", LEVEL, literal("8")), True),
        (ask("greaterThanOrEqual", LEVEL, literal("10")), False),
        (ask("greaterThanOrEqual", LEVEL, literal("9")), True),
        (ask("lessThan", literal("9"), LEVEL), False),
        (ask("greaterThan", literal("5"), LEVEL), False),
        (ask("equal", DAY, literal("2026-01-02", "date")), False),
        (ask("equal", DAY, literal("2026-01-05", "date")), True),
        (ask("lessThan", column("ratio", "double"), literal("0.5", "double")), False),
        (ask("isNull", LEVEL), False),
        (ask("isNull", column("gap")), True),
        (ask("not", ask("isNull", column("empty"))), False),
        (ask("not", ask("isNull", column("gap"))), True),
        (ask("not", ask("equal", column("one"), literal("7"))), False),
        (ask("not", ask("lessThanOrEqual", column("gap"), literal("4"))), True),
        (ask("and", ask("equal", LEVEL, literal("7")), ask("isNull", LEVEL)), False),
        (ask("and", ask("equal", LEVEL, literal("7")), MAY), True),
        (ask("and", ask("equal", column("one"), literal("7")), NONE_THERE), True),
        (ask("or", ask("equal", LEVEL, literal("1")), ask("isNull", LEVEL)), False),
        (ask("or", ask("equal", LEVEL, literal("1")), ask("equal", LEVEL, literal("7"))), True),
        (ask("or", ask("equal", column("one"), literal("7")), ask("isNull", LEVEL)), True),
        (ask("equal", column("name", "string"), literal("z", "string")), True),
        (ask("equal", column("unknown"), literal("1")), True),
        (ask("equal", LEVEL, literal("seven")), True),
        (ask("between", LEVEL, literal("1")), True),
        ("not json", True),
        ("[1]", True),
        ("", True),
        ("x" * 20_001, True),
    ],
)  # fmt: skip
def test_a_file_is_left_out_only_when_no_row_can_be_meant(predicate: Any, stays: bool) -> None:
    assert kept(predicate) is stays


def test_a_predicate_too_deep_is_left_alone() -> None:
    deep: dict[str, Any] = ask("equal", LEVEL, literal("1"))
    for _ in range(30):
        deep = ask("and", deep, deep) if deep["op"] == "equal" else ask("and", deep, literal("1"))

    assert kept(deep)


def test_a_limit_takes_as_many_files_as_hold_it() -> None:
    pieces = [piece(10), piece(10), piece(10)]

    taken = {limit: len(predicates.limited(pieces, limit)) for limit in (None, 0, 10, 11, 99)}

    assert taken == {None: 3, 0: 0, 10: 1, 11: 2, 99: 3}
