"""Between a section's form and its values: what was sent is kept, and shown as it was written."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import request

from app import languages
from app.pages import chrome, forms
from kernel.actor import Role
from kernel.errors import Invalid
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from licensing.applications.blocks import ROWS_MAX, Block, Field, filled
from licensing.applications.checks import Check
from licensing.applications.drafts import Outcome

BLANK_ROWS = 2
"""Empty rows under a table, to be filled without JavaScript."""

FIRMS = {"operator": Role.AUTHORISED_OPERATOR, "agency": Role.IMPLEMENTING_AGENCY}


def sent(block: Block) -> dict[str, Any]:
    """Return the values of a section that the form sends, wrong ones as they are written."""
    return {field.name: _sent(field) for field in block.fields if field.name != "items"} | (
        {"items": _rows(block.fields[0], 500)} if block.name == "items" else {}
    )


def shown(
    work: Work, block: Block, written: Mapping[str, Any], checks: Sequence[Check]
) -> list[dict[str, Any]]:
    """Return the questions of a section with what stands in them and what is wrong there."""
    return [_shown(work, field, written.get(field.name), checks) for field in block.fields]


def said(field: Field, value: Any) -> Any:
    """Return a value as a form shows it."""
    if field.kind == "money" and type(value) is int:
        return chrome.fen(value)
    return "" if value is None else value


def read_out(work: Work, block: Block, written: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the answers of a section as a document has them, unanswered ones too."""
    firms = organisations.names(work.session, _firms_in(block, written))
    return [
        {
            "label": languages.said(field.label),
            **_table(field, written.get(field.name)),
            "text": _text(field, written.get(field.name), firms),
        }
        for field in block.fields
    ]


def _sent(field: Field) -> Any:
    if field.kind == "rows":
        return _rows(field, ROWS_MAX)
    if field.kind in ("terms", "users"):
        return forms.many(field.name)
    if field.kind == "lines":
        return forms.lines(field.name)
    return _single(field, field.name)


def _single(field: Field, name: str) -> Any:
    if field.kind == "flag":
        return request.form.get(name) == "1"
    text = forms.text(name)
    if field.kind == "number" and text.isascii() and text.isdigit():
        return int(text)
    if field.kind == "money" and text:
        try:
            return forms.money(name).minor
        except Invalid:
            return text
    return text


def _rows(field: Field, most: int) -> list[dict[str, Any]]:
    found = []
    for place in range(most + BLANK_ROWS):
        stem = f"{field.name}-{place}"
        if request.form.get(f"{stem}-remove") == "1":
            continue
        row = {each.name: _single(each, f"{stem}-{each.name}") for each in field.columns}
        if any(map(filled, row.values())):
            found.append(row)
    return found


def _shown(work: Work, field: Field, value: Any, checks: Sequence[Check]) -> dict[str, Any]:
    wrong = [
        each
        for each in checks
        if each.outcome != Outcome.PASS and each.field.partition("/")[0] == field.name
    ]
    drawn = {
        **_question(work, field),
        "value": said(field, value),
        "wrong": [
            {
                "outcome": str(each.outcome),
                "says": languages.said(each.says),
                "passes": languages.said(each.passes),
            }
            for each in wrong
        ],
    }
    if field.kind in ("lines", "terms", "users", "rows"):
        drawn["value"] = value if isinstance(value, list) else []
    if field.kind == "rows":
        blanks = BLANK_ROWS if field.name != "items" else 0
        drawn["rows"] = [*drawn["value"], *({} for _ in range(blanks))]
    return drawn


def _question(work: Work, field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "kind": field.kind,
        "label": languages.said(field.label),
        "hint": languages.said(field.hint) if field.hint else "",
        "needed": field.needed,
        "max": field.max,
        "choices": _choices(work, field),
        "columns": [_question(work, column) for column in field.columns],
    }


def _choices(work: Work, field: Field) -> list[tuple[str, str]]:
    if field.terms is not None:
        return [(each.value, languages.said(each.label)) for each in field.terms]
    if field.kind in FIRMS or field.kind == "users":
        found = organisations.with_role(work.session, FIRMS.get(field.kind, Role.BUYER))
        return [(each.id, languages.said(Words(each.name_zh, each.name_en))) for each in found]
    return []


def _firms_in(block: Block, written: Mapping[str, Any]) -> list[str]:
    found = []
    for field in block.fields:
        value = written.get(field.name)
        if field.kind in FIRMS and isinstance(value, str):
            found.append(value)
        if field.kind == "users" and isinstance(value, list):
            found += [each for each in value if isinstance(each, str)]
    return found


def _table(field: Field, value: Any) -> dict[str, list[Any]]:
    rows = value if field.kind == "rows" and isinstance(value, list) else []
    # A column that nobody has written in is left out.
    used = [each for each in field.columns if any(filled(row.get(each.name)) for row in rows)]
    return {
        "columns": [languages.said(column.label) for column in used],
        "rows": [[_text(column, row.get(column.name), {}) for column in used] for row in rows],
    }


def _text(field: Field, value: Any, firms: Mapping[str, Words]) -> str:
    if field.kind == "rows" or not filled(value):
        return ""
    if isinstance(value, list):
        comma = "、" if languages.current() == "zh" else ", "
        return comma.join(_text(field, each, firms) for each in value)
    if isinstance(value, bool):
        return languages.said(Words("是", "yes"))
    if field.terms is not None and value in list(field.terms):
        return languages.said(field.terms(value).label)
    named = firms.get(value) if isinstance(value, str) else None
    return languages.said(named) if named else str(said(field, value))
