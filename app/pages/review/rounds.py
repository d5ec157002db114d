"""What a round has changed against the one before, in words."""

from collections.abc import Mapping
from typing import Any

from app import languages
from app.pages import chrome
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from licensing.applications.blocks import Field, filled
from licensing.applications.cases import Scenario
from licensing.reviewing import rounds
from licensing.reviewing.rounds import Change

PARTIES = ("operator", "agency", "users")
"""The kinds of fields that hold organisations."""

TONES = {"added": "good", "removed": "bad", "changed": "warn"}


def drawn(work: Work, found: Scenario) -> dict[str, Any] | None:
    """Return what the present round has changed; None for a first round. Three SELECTs.

    known: whether the text of both rounds was noted.
    """
    if found.round < 2:
        return None
    changes = rounds.changed(work.session, found.id, found.round)
    firms = organisations.names(work.session, _firms(changes or []))
    return {
        "round": found.round,
        "known": changes is not None,
        "rows": [_row(each, firms) for each in changes or ()],
    }


def _row(found: Change, firms: Mapping[str, Words]) -> dict[str, Any]:
    field = found.column or found.field
    return {
        "section": languages.said(found.block.label),
        "label": languages.said(found.field.label),
        "row": found.row,
        "column": languages.said(found.column.label) if found.column else "",
        "kind": languages.said(found.kind.label),
        "tone": TONES[found.kind.value],
        "before": _text(field, found.before, firms),
        "after": _text(field, found.after, firms),
    }


def _firms(changes: list[Change]) -> list[str]:
    found: list[str] = []
    for each in changes:
        if each.field.kind in PARTIES:
            for value in (each.before, each.after):
                found += value if isinstance(value, list) else [value] if value else []
    return found


def _text(field: Field, value: Any, firms: Mapping[str, Words]) -> str:
    if isinstance(value, Mapping):
        told = [
            f"{languages.said(column.label)} {_text(column, value[column.name], firms)}"
            for column in field.columns
            if filled(value.get(column.name))
        ]
        return "；".join(told) if languages.current() == "zh" else "; ".join(told)
    if isinstance(value, list):
        comma = "、" if languages.current() == "zh" else ", "
        return comma.join(_text(field, each, firms) for each in value)
    return _single(field, value, firms)


def _single(field: Field, value: Any, firms: Mapping[str, Words]) -> str:
    if not filled(value):
        return ""
    if value is True:
        return languages.said(Words("是", "yes"))
    if field.kind == "money" and type(value) is int:
        return chrome.fen(value)
    if field.terms is not None and value in list(field.terms):
        return languages.said(field.terms(value).label)
    return languages.said(firms[value]) if value in firms else str(value)
