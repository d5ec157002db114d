"""The table of the sixteen: departments with their directories, companies, experts, scenarios."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

PATH: Final = Path(__file__).with_name("scenarios.toml")
SHAPE: Final = ("code", "name_zh", "name_en", "data_type", "unit", "grade", "pi_class",
         "description")  # fmt: skip


@cache
def whole() -> Mapping[str, Mapping[str, Any]]:
    """Return the table: kind → key → what stands there, in the order of the file."""
    return tomllib.loads(PATH.read_text("utf-8"))


def items(department: str) -> list[dict[str, str]]:
    """Return the data items of a department's directory."""
    rows = whole()["departments"][department]["items"]
    return [dict(zip(SHAPE, row, strict=True)) for row in rows]


def supplied_by(scenario: Mapping[str, Any]) -> list[str]:
    """Return the departments of a scenario's items, each once."""
    return list(dict.fromkeys(name.partition(".")[0] for name in scenario["items"]))
