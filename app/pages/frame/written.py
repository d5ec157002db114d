"""Between the forms of plans and agreements and the bodies that their doors take.

What was sent is kept as it was written, so that a form with an error comes back whole. A
body is checked by the schema of the door of the same noun: one measure for both ways in.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from flask import request
from sqlalchemy.orm import Session

from app import languages
from app.pages.frame.questions import Applies
from kernel.errors import Invalid
from kernel.words import Words
from licensing.applications import items
from licensing.applications.blocks import ROWS_MAX, Block, Field, filled
from licensing.exposures import Transform
from licensing.frame.elements import Permission

BLANK_ROWS: Final = 2
"""Empty rows under a table, to be filled without JavaScript."""

Values = dict[str, Any]
Errors = Sequence[tuple[str, Words]]
"""What is wrong: a JSON pointer into the body, and why."""

# fmt: off
_SAID: Final = {
    "Missing data for required field.": Words("请填写", "this is needed"),
    "Field may not be null.": Words("请填写", "this is needed"),
    "Not a valid date.": Words("请填写日期，如 2026-07-01", "a date such as 2026-07-01"),
    "Not a valid integer.": Words("请填写整数", "a whole number is needed"),
}
# fmt: on


def sent(form: Sequence[Block]) -> Values:
    """Return what the form sends, by the names of its questions."""
    return {field.name: _sent(field) for block in form for field in block.fields}


def lacking(form: Sequence[Block], values: Values) -> list[tuple[str, Words]]:
    """Return the questions that must be answered and were not."""
    needed = [each for block in form for each in block.fields if each.needed]
    return [
        (_pointer(each.name), Words("请填写", "this is needed"))
        for each in needed
        if not filled(values.get(each.name))
    ]


def body(session: Session, form: Sequence[Block], values: Values) -> dict[str, Any]:
    """Return the answers as the door takes them. Raises Invalid for items that are none."""
    made: dict[str, Any] = {}
    for block in form:
        for field in block.fields:
            value = values.get(field.name)
            if _given(value) and not field.name.startswith(("permission__", "reference__")):
                _put(made, field.name.split("__"), _meant(session, field, value))
    if any(name.startswith("permission__") for name in values):
        made["external_permission_checklist"] = _checklist(values)
    return made


def values(form: Sequence[Block], given: Mapping[str, Any]) -> Values:
    """Return what a form shows of a body: the other way round than `body`."""
    found = {
        field.name: _shown(field, _at(given, field.name.split("__")))
        for block in form
        for field in block.fields
    }
    for answer in given.get("external_permission_checklist", ()):
        code = answer["permission"]
        found[f"permission__{code}"] = (Applies.YES if answer["applies"] else Applies.NO).value
        found[f"reference__{code}"] = answer.get("reference", "")
    return found


def drawn(field: Field, values: Values, errors: Errors, choices: Mapping[str, Any]) -> Values:
    """Return a question as the template draws it, with what stands in it and what is wrong."""
    value = values.get(field.name)
    lists = field.kind in ("lines", "terms", "rows")
    shown = (
        (value if isinstance(value, list) else []) if lists else ("" if value is None else value)
    )
    return {
        **_question(field, choices),
        "value": shown,
        "rows": [*shown, *({} for _ in range(BLANK_ROWS))] if field.kind == "rows" else [],
        "wrong": [
            {"outcome": "fail", "says": languages.said(_placed(field, pointer, said)), "passes": ""}
            for pointer, said in errors
            if _named(field, pointer)
        ],
    }


def homeless(form: Sequence[Block], errors: Errors) -> list[str]:
    """Return what is wrong with no question in particular."""
    fields = [field for block in form for field in block.fields]
    return [
        languages.said(said)
        for pointer, said in errors
        if not any(_named(field, pointer) for field in fields)
    ]


def told(found: Iterable[tuple[str, str]]) -> list[tuple[str, Words]]:
    """Return what a schema says in both languages."""
    return [(pointer, _SAID.get(text, Words(f"填写有误：{text}", text))) for pointer, text in found]


# --- what is sent ---------------------------------------------------------------------------


def _sent(field: Field) -> Any:
    if field.kind == "rows":
        return _rows(field)
    if field.kind == "terms":
        return [each for each in request.form.getlist(field.name) if each]
    if field.kind == "lines":
        lines = request.form.get(field.name, "").splitlines()
        return [line.strip() for line in lines if line.strip()]
    return _single(field, field.name)


def _single(field: Field, name: str) -> Any:
    if field.kind == "flag":
        return request.form.get(name) == "1"
    text = request.form.get(name, "").strip()
    plain = field.kind == "number" and text.isascii() and text.isdigit() and len(text) < 18
    return int(text) if plain else text


def _rows(field: Field) -> list[Values]:
    found = []
    for place in range(ROWS_MAX + BLANK_ROWS):
        stem = f"{field.name}-{place}"
        if request.form.get(f"{stem}-remove") == "1":
            continue
        row = {each.name: _single(each, f"{stem}-{each.name}") for each in field.columns}
        if any(map(filled, row.values())):
            found.append(row)
    return found


# --- what is meant --------------------------------------------------------------------------


def _given(value: Any) -> bool:
    """Tell whether something was answered; nought is an answer."""
    return type(value) is int or filled(value)


def _meant(session: Session, field: Field, value: Any) -> Any:
    if field.name == "items":
        return _items(session, value)
    if field.name == "quotas":
        return {row["meter"]: row["limit"] for row in value}
    if field.name == "standing_consent_rules":
        return _standing(value)
    if field.name == "directories":
        return [{**row, "consent_refs": _split(row["consent_refs"])} for row in value]
    return value


def _items(session: Session, lines: Sequence[str]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for number, line in enumerate(lines, start=1):
        parts = line.split()
        if len(parts) != 3:
            zh = f"第 {number} 行须为：目录代码 数据项 最低处理"
            raise Invalid(zh, f"line {number}: directory, item, treatment", pointer="/items")
        directory, item, transform = parts
        codes = [item]
        if item == "*":
            source = items.source(session, directory)
            codes = sorted(source.items) if source else [item]
        found += [
            {"directory_code": directory, "item_code": code, "transform": _transform(transform)}
            for code in codes
        ]
    return found


def _transform(text: str) -> str:
    named = {word: each.value for each in Transform for word in each.label}
    return named.get(text, text)


def _standing(rows: Sequence[Values]) -> list[dict[str, Any]]:
    forms: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        forms.setdefault((row["purpose"], row["risk_max"]), []).append(row["output_form"])
    return [
        {"purpose_codes": [purpose], "risk_max": risk, "output_forms": sorted(set(given))}
        for (purpose, risk), given in forms.items()
    ]


def _checklist(values: Values) -> list[dict[str, Any]]:
    answers = []
    for each in Permission:
        applies = values.get(f"permission__{each.value}")
        if not applies:
            continue
        reference = values.get(f"reference__{each.value}")
        cleared = {"reference": reference} if reference else {}
        answers.append({"permission": each.value, "applies": applies == Applies.YES, **cleared})
    return answers


def _split(text: str) -> list[str]:
    return [each.strip() for each in re.split("[;；]", text) if each.strip()]


# --- what is shown --------------------------------------------------------------------------


def _shown(field: Field, value: Any) -> Any:
    if not value:
        return [] if field.kind in ("lines", "terms", "rows") else value
    if field.name == "items":
        return [f"{each['directory_code']} {each['item_code']} {each['transform']}"
                for each in value]  # fmt: skip
    if field.name == "quotas":
        return [{"meter": meter, "limit": limit} for meter, limit in sorted(value.items())]
    if field.name == "standing_consent_rules":
        return [
            {"purpose": purpose, "risk_max": rule["risk_max"], "output_form": form}
            for rule in value
            for purpose in rule["purpose_codes"]
            for form in rule["output_forms"]
        ]
    if field.name == "directories":
        return [{**each, "consent_refs": "; ".join(each.get("consent_refs", ()))}
                for each in value]  # fmt: skip
    return value


def _question(field: Field, choices: Mapping[str, Any]) -> Values:
    listed = choices.get(field.name) or [
        (each.value, languages.said(each.label)) for each in (field.terms or ())
    ]
    return {
        "name": field.name,
        "kind": field.kind,
        "label": languages.said(field.label),
        "hint": languages.said(field.hint) if field.hint else "",
        "needed": field.needed,
        "max": field.max,
        "choices": listed,
        "columns": [_question(column, {}) for column in field.columns],
    }


# --- paths ----------------------------------------------------------------------------------


def _pointer(name: str) -> str:
    return "/" + name.replace("__", "/")


def _named(field: Field, pointer: str) -> bool:
    """Tell whether a pointer leads to this question, or into its rows."""
    if field.name.startswith("permission__"):
        return False
    own = _pointer(field.name)
    return pointer == own or pointer.startswith(f"{own}/")


def _placed(field: Field, pointer: str, said: Words) -> Words:
    """Return what is said, with the number of the line or row that it is said of."""
    place = pointer.removeprefix(f"{_pointer(field.name)}/").partition("/")[0]
    if field.kind not in ("lines", "rows") or not place.isdigit():
        return said
    number = int(place) + 1
    return Words(f"第 {number} 项：{said.zh}", f"Entry {number}: {said.en}")


def _put(made: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for step in path[:-1]:
        made = made.setdefault(step, {})
    made[path[-1]] = value


def _at(given: Mapping[str, Any], path: Sequence[str]) -> Any:
    found: Any = given
    for step in path:
        found = (found or {}).get(step)
    return found
