"""The rules of each jurisdiction, as data, and the calendar of its working days."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import jsonschema_rs

HERE = Path(__file__).parent
WHOLE_BP: Final = 10_000


class BadRules(ValueError):
    """A file of rules that no exchange can be run by; every fault is told, each with its key."""

    def __init__(self, name: str, faults: list[str]) -> None:
        super().__init__(f"rules {name!r}: " + "; ".join(faults))
        self.faults = faults


def load(name: str) -> tuple[str, Mapping[str, Any]]:
    """Return (version, values) of config/rules/<name>.toml.

    Raises FileNotFoundError when there is no such file, and what `parse` raises.
    """
    return parse(name, (HERE / f"{name}.toml").read_text("utf-8"))


def parse(name: str, text: str) -> tuple[str, Mapping[str, Any]]:
    """Return (version, values) of rules written in TOML. Raises BadRules.

    They are checked against schema.json (every key there is, its type and its bounds) and
    then for what contradicts itself.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadRules(name, [str(error)]) from error
    faults = [
        f"{'.'.join(map(str, error.instance_path)) or 'the file'}: {error.message}"
        for error in _schema().iter_errors(values)
    ]
    if not faults:
        faults = list(_contradictions(values))
    if faults:
        raise BadRules(name, faults)
    return str(values["version"]), values


def holidays() -> str:
    """Return the published calendar, as CSV text."""
    return (HERE.parent / "holidays.csv").read_text("utf-8")


def _schema() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(json.loads((HERE / "schema.json").read_text("utf-8")))


def _contradictions(values: Mapping[str, Any]) -> Iterator[str]:
    assessment, lanes, pricing = values["assessment"], values["lanes"], values["pricing"]
    sums = {
        "assessment.weights": (assessment["weights"], 100),
        "revenue.public": (values["revenue"]["public"], WHOLE_BP),
        "revenue.other": (values["revenue"]["other"], WHOLE_BP),
    }
    for key, (parts, whole) in sums.items():
        if sum(parts.values()) != whole:
            yield f"{key}: the parts come to {sum(parts.values())}, not {whole}"
    sizes = {
        "assessment.panel_size": assessment["panel_size"],
        "assessment.panel_size_high": assessment["panel_size_high"],
        "lanes.panel_size_fast": lanes["panel_size_fast"],
        "lanes.panel_size_short": lanes["panel_size_short"],
    }
    for key, size in sizes.items():
        if size < 3 or size % 2 == 0:
            yield f"{key}: a panel is odd, and three or more; it is {size}"
    if assessment["mean_revise"] > assessment["mean_pass"]:
        yield "assessment.mean_revise: it is above assessment.mean_pass"
    if not pricing["near_bp"] <= pricing["red_bp"] <= WHOLE_BP:
        yield "pricing.near_bp: it is above pricing.red_bp"
    marks = [values["supervision"][f"{mark}_bp"] for mark in ("excellent", "good", "pass")]
    if marks != sorted(marks, reverse=True):
        yield "supervision: excellent_bp, good_bp and pass_bp descend"
