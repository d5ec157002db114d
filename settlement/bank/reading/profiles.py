"""A bank's own export (银行导出格式), described in the rules: which column is what.

A profile names its columns by their titles; everything before the titles may be heads (a
label and its value), and everything from a footer on is passed over.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from kernel.words import Words
from kernel.work import Rules

_TOKENS: Final = {"YYYY": r"(?P<y>\d{4})", "MM": r"(?P<m>\d{1,2})", "DD": r"(?P<d>\d{1,2})"}


class Sign(StrEnum):
    """How a profile tells what came in from what went out."""

    TWO_COLUMNS = "two_columns"
    DIRECTION = "direction"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True)
class Profile:
    """One bank's export.

    encoding: of a CSV; empty for UTF-8 or GB18030, whichever fits. titles: field → the title
    of its column. heads: field → the label before the value. incoming, outgoing: what the
    direction column says. day: how a date is written. newest_first: the last movement stands
    first. footer: how the line begins after which nothing counts.
    """

    name: str
    words: Words
    encoding: str
    titles: Mapping[str, str]
    heads: Mapping[str, str]
    sign: Sign
    incoming: frozenset[str]
    outgoing: frozenset[str]
    day: str
    newest_first: bool
    footer: tuple[str, ...]

    def date_of(self, text: str) -> date | None:
        """Return the day that a cell names, with or without a time behind it; None for none."""
        pattern = re.escape(self.day)
        for token, digits in _TOKENS.items():
            pattern = pattern.replace(token, digits)
        found = re.fullmatch(rf"{pattern}(?:[ T]\d{{2}}:\d{{2}}(?::\d{{2}})?)?", text, re.ASCII)
        if found is None:
            return None
        try:
            return date(int(found["y"]), int(found["m"]), int(found["d"]))
        except ValueError:
            return None


def listed(rules: Rules) -> tuple[Profile, ...]:
    """Return every profile of the rules, in their order."""
    return tuple(_profile(name, said) for name, said in rules.table("bank_profiles").items())


def _profile(name: str, said: Mapping[str, Any]) -> Profile:
    return Profile(
        name=name,
        words=Words(said["name_zh"], said["name_en"]),
        encoding=said["encoding"],
        titles=said["titles"],
        heads=said["heads"],
        sign=Sign(said["sign"]),
        incoming=frozenset(said.get("incoming", ())),
        outgoing=frozenset(said.get("outgoing", ())),
        day=said["day"],
        newest_first=said["newest_first"],
        footer=tuple(said["footer"]),
    )
