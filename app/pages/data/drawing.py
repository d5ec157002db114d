"""What was found in a column, as it is drawn: bars of a histogram, and words for kinds."""

from collections.abc import Mapping
from typing import Any, Final

from app import languages
from delivery.profiling.personal import Kind
from delivery.tables import datasets
from delivery.tables.datasets import DatasetVersion
from kernel.words import Words

HEIGHT: Final = 28
"""Of the tallest bar, in units of the drawing; a bar is four wide, with one between."""

TYPES: Final = {
    "VARCHAR": Words("文本", "text"),
    "BOOLEAN": Words("是否", "yes or no"),
    "DATE": Words("日期", "date"),
    "TIMESTAMP": Words("时间", "time"),
    "TIMESTAMP WITH TIME ZONE": Words("时间", "time"),
    "FLOAT": Words("小数", "decimal"),
    "DOUBLE": Words("小数", "decimal"),
    "TINYINT": Words("整数", "whole number"),
    "SMALLINT": Words("整数", "whole number"),
    "INTEGER": Words("整数", "whole number"),
    "BIGINT": Words("整数", "whole number"),
}

STAGES: Final = {
    "looking": Words("正在查看", "being looked at"),
    "reading": Words("正在读取与校验", "reading and checking"),
    "profiling": Words("正在计算画像", "computing the profile"),
    "storing": Words("正在入库", "storing"),
}


def told(version: DatasetVersion) -> dict[str, Any]:
    """Return what was found in a version, as pages show it: its columns, and its quality."""
    profile, rows = version.profile, version.row_count
    people = {each.column: each.kind for each in datasets.findings(profile)}
    cells = rows * len(version.columns)
    filled = sum(found["filled"] for found in profile["columns"])
    return {
        "columns": [column(each, rows, people) for each in profile["columns"]],
        "complete_bp": filled * 10_000 // cells,
        "duplicates": profile["duplicates"],
        "gaps": [gap for gap in profile["gaps"] if gap[0] != gap[1] and gap[2]],
        "mixed": profile["mixed"],
        "latest": {name: at for name, at in profile["latest"].items() if name not in people},
        "people": len(people),
    }


def column(found: Mapping[str, Any], rows: int, people: Mapping[str, Kind]) -> dict[str, Any]:
    """Return a column as its row of the dictionary shows it."""
    kind = people.get(found["name"])
    return {
        "name": found["name"],
        "type": kind_of(found["type"]),
        "filled_bp": found["filled"] * 10_000 // rows if rows else 0,
        "distinct": found["distinct"],
        "least": found.get("min"),
        "most": found.get("max"),
        "mean": found.get("mean"),
        "bars": _bars(found.get("bins") or ()),
        "top": found.get("top") or (),
        "personal": languages.said(kind.label) if kind else None,
    }


def kind_of(code: str) -> str:
    """Return a type in the reader's words; decimals of fixed places count as decimals."""
    plain = "DOUBLE" if code.startswith("DECIMAL") else code
    return languages.said(TYPES[plain]) if plain in TYPES else code


def stage(code: str | None) -> str:
    """Return what a reading is at."""
    return languages.said(STAGES[code]) if code in STAGES else ""


def _bars(bins: Any) -> list[dict[str, Any]]:
    most = max((count for _, count in bins), default=0)
    return [
        {"x": place * 5, "height": round(HEIGHT * count / most, 1) if most else 0,
         "bound": bound, "count": count}
        for place, (bound, count) in enumerate(bins)
    ]  # fmt: skip
