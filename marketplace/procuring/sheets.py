"""Tables and texts of a procurement pack: safe in a spreadsheet, said once in each language.

What merchants and parties wrote is data here: no cell of it is a formula, no line of it
looks like a heading of ours, and no file is named by it.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from kernel.words import Words
from settlement.evidence.archive import Item

CELL_MAX: Final = 1_000
"""Characters of one cell."""

_FORMULA: Final = frozenset("=+-@＝＋－＠")
_NUMBER: Final = re.compile(r"[-+]?[0-9]{1,30}(\.[0-9]{1,30})?([eE][-+]?[0-9]{1,3})?")


class Section(NamedTuple):
    """A heading, and what stands under it: one line of each language a fact."""

    title: Words
    lines: tuple[Words, ...]


def clean(said: Any) -> str:
    """Return a text as one line without signs that cannot be seen. Pure."""
    seen = "".join(each if each.isprintable() else " " for each in str(said))
    return " ".join(seen.split())


def fact(zh: str, en: str, said: Words | str | None) -> Words:
    """Return a line "name: value"; a dash for what is not said. Pure."""
    value = said if isinstance(said, Words) else Words(str(said or "—"), str(said or "—"))
    return Words(f"{zh}：{clean(value.zh)}", f"{en}: {clean(value.en)}")


def document(path: str, title: Words, sections: Iterable[Section]) -> list[Item]:
    """Return a text in Chinese and in English; path: where, with "*" for the language. Pure."""
    parts = list(sections)
    return [
        Item(path.replace("*", language), _said(title, parts, language).encode())
        for language in ("zh", "en")
    ]


def table(path: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Item:
    """Return rows as CSV for a spreadsheet (UTF-8 with its mark). Pure.

    A value that a spreadsheet would take for a formula is written after an apostrophe; a
    number stays one.
    """
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_cell(name) for name in columns])
    writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)
    return Item(path, out.getvalue().encode())


def _cell(value: Any) -> str:
    said = "" if value is None else clean(value)[:CELL_MAX]
    return f"'{said}" if said[:1] in _FORMULA and not _NUMBER.fullmatch(said) else said


def _said(title: Words, sections: Sequence[Section], language: str) -> str:
    place = 0 if language == "zh" else 1
    lines = [clean(title[place])]
    for section in sections:
        lines += ["", f"【{section.title.zh}】" if place == 0 else f"[{section.title.en}]"]
        lines += [f"- {each[place]}" for each in section.lines]
    return "\n".join([*lines, ""])
