"""What was chosen in a form: offered as a list when there are few, looked for when many.

A field carries an id when it is a select, and otherwise what a person reads and types: a
name or a number, or the whole line of the list. It is understood when it means one thing.
"""

import re
from typing import Any, Final

from app import languages
from app.pages import forms
from app.pages.choosing.nouns import NOUNS, Choice, Noun
from kernel.errors import Invalid
from kernel.words import Words
from kernel.work import Work

FEW: Final = 12
"""Up to how many a select is easier than a search."""

OFFERED: Final = 30
"""How many a search answers with, and the list shows before anything is typed."""

TYPED_MAX: Final = 200
_TOLD: Final = 5

_ID: Final = re.compile(r"([a-z]{3})_\w+", re.ASCII)


def offered(work: Work, noun: str, value: str | None = None) -> dict[str, Any]:
    """Return what the field of a form shows: the options, and the one chosen before.

    value: an id, of which the option stands there even where many go before it.
    """
    known = NOUNS[noun]
    options = known.sought(work, "", OFFERED)
    first = next((one for one in options if one.id == value), None) or named(work, noun, value)
    if first is not None and first not in options:
        options = [first, *options]
    return {
        "of": noun,
        "words": languages.said(known.words),
        "few": len(options) <= FEW,
        "options": options,
        "chosen": first,
    }


def named(work: Work, noun: str, value: str | None) -> Choice | None:
    """Return what an id names, if the caller may choose it."""
    found = NOUNS[noun].sought(work, value, 1) if value else []
    return next((one for one in found if one.id == value), None)


def sought(work: Work, noun: str, text: str) -> list[Choice]:
    """Return what a text may mean, for the list beside a field; of a whole line its number too."""
    known = NOUNS.get(noun)
    return _found(work, known, text) if known else []


def of(work: Work, name: str, noun: str) -> str:
    """Return the id of what the form's field means. Raises Invalid when it is not one thing."""
    found = maybe(work, name, noun)
    if found is None:
        words = NOUNS[noun].words
        raise Invalid(f"请选择{words.zh}", f"choose the {words.en}", pointer=f"/{name}")
    return found


def maybe(work: Work, name: str, noun: str) -> str | None:
    """Return the id of what the form's field means, None when it was left empty.

    Raises Invalid, with what it may have meant.
    """
    text = forms.text(name, max=TYPED_MAX)
    return meant(work, text, noun, pointer=f"/{name}") if text else None


def meant(work: Work, text: str, noun: str, *, pointer: str) -> str:
    """Return the id of the one thing that is called so. Raises Invalid, with what is alike."""
    known = NOUNS[noun]
    as_id = _ID.fullmatch(text)
    if as_id and as_id[1] in known.prefixes:
        return text
    found = _found(work, known, text)
    exact = [one for one in found if _is_called(one, text)]
    if len(exact) == 1:
        return exact[0].id
    raise _unclear(known.words, text, exact or found, pointer)


def _found(work: Work, known: Noun, text: str) -> list[Choice]:
    whole = known.sought(work, text, OFFERED)
    number = text.rpartition(" · ")[2]
    return whole if whole or number == text else known.sought(work, number, OFFERED)


def _is_called(one: Choice, text: str) -> bool:
    called = {each.casefold() for each in (one.id, one.value, one.number, one.name)}
    return text.casefold() in called


def _unclear(words: Words, text: str, found: list[Choice], pointer: str) -> Invalid:
    if not found:
        return Invalid(
            f"没有您可选的{words.zh}与“{text}”相符，请填写全名或编号",
            f"no {words.en} of yours to choose is called “{text}”; write its whole name or number",
            pointer=pointer,
        )
    some = [one.value for one in found[:_TOLD]]
    zh, en = "；".join(some), "; ".join(some)
    if len(found) > _TOLD:
        zh, en = f"{zh} 等", f"{en} and more"
    return Invalid(
        f"“{text}”可能指：{zh}。请从列表中选择，或填写编号",
        f"“{text}” may mean: {en}. Choose one from the list, or write its number",
        pointer=pointer,
    )
