"""The rules of each jurisdiction, as data, and the calendar of its working days."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def load(name: str) -> tuple[str, Mapping[str, Any]]:
    """Return (version, values) of config/rules/<name>.toml.

    Raises FileNotFoundError when there is no such file, KeyError when it names no version.
    """
    return read(HERE / f"{name}.toml")


def read(path: Path) -> tuple[str, Mapping[str, Any]]:
    """Return (version, values) of any rules file.

    Raises what `load` raises, and ValueError for one that is not TOML.
    """
    values = tomllib.loads(path.read_text("utf-8"))
    return str(values["version"]), values


def holidays() -> str:
    """Return the published calendar, as CSV text."""
    return (HERE.parent / "holidays.csv").read_text("utf-8")
