"""The use (使用场景) for which data is ordered: no scenario, no trade (无场景不交易)."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final, TypedDict

from kernel.errors import Invalid
from marketplace.versions import Field

PURPOSE_CHARACTERS_MAX: Final = 500


class Use(TypedDict):
    """What the buyer will do with the data, where and when.

    field: one of the twelve fields. purpose_code: as authorisations name it. region:
    GB/T 2260, six digits. Both days are included.
    """

    field: str
    purpose_code: str
    purpose_text: str
    region: str
    period_from: date
    period_to: date


def check(use: Use) -> None:
    """Raise Invalid, with a pointer, for a use that cannot be meant."""
    if use["field"] not in {field.value for field in Field}:
        raise _wrong("field", "没有这个应用领域", "there is no such field")
    if not re.fullmatch("[a-z][a-z0-9_]*", use["purpose_code"]):
        raise _wrong("purpose_code", "用途代码不正确", "this is no purpose code")
    if not 1 <= len(use["purpose_text"].strip()) <= PURPOSE_CHARACTERS_MAX:
        raise _wrong("purpose_text", "请说明用途", "say in words what it is used for")
    if not re.fullmatch("[0-9]{6}", use["region"]):
        raise _wrong("region", "行政区划代码不正确", "this is no region")
    if use["period_from"] > use["period_to"]:
        raise _wrong("period_to", "止日早于起日", "the period ends before it begins")


def to_json(use: Use) -> dict[str, Any]:
    """Return the use as it is stored with the order."""
    return {
        **use,
        "period_from": use["period_from"].isoformat(),
        "period_to": use["period_to"].isoformat(),
    }


def from_json(written: Mapping[str, Any]) -> Use:
    """Return the use that `to_json` wrote."""
    return Use(
        field=written["field"],
        purpose_code=written["purpose_code"],
        purpose_text=written["purpose_text"],
        region=written["region"],
        period_from=date.fromisoformat(written["period_from"]),
        period_to=date.fromisoformat(written["period_to"]),
    )


def _wrong(name: str, zh: str, en: str) -> Invalid:
    return Invalid(zh, en, pointer=f"/use_scenario/{name}")
