"""The texts by which the exchange is run, as everybody may read them: versions, and what changed.

A text is a pair of files, name.version.zh.txt and name.version.en.txt; its first line is its
title. A number in it is written as {its.rule} and read from the rules in force, so that no
text can say another limit than the system enforces. Blanks of a contract ($seller_zh) are shown
as blanks.
"""

import difflib
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, render_template, request
from werkzeug.exceptions import NotFound

from app import doors, languages, unit
from app.pages.supervision import words as supervision
from kernel.words import Language
from kernel.work import Rules

blueprint = Blueprint("rulebook", __name__)

RULES: Final = Path(str(resources.files("config"))) / "rules" / "texts"
CONTRACTS: Final = Path(str(resources.files("marketplace"))) / "templates"

_FILE: Final = re.compile(r"([a-z_]+)\.(\d+)\.(zh|en)\.txt")
_RULE: Final = re.compile(r"\{([a-z_.]+)\}")
_BLANK: Final = re.compile(r"\$\{?[a-z_]+\}?")
_HEADING: Final = re.compile(r"第.{1,3}条|Article \d+|[一二三四五六七八九十]+、")


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of a text in one language. digest: SHA-256 of what is shown."""

    name: str
    version: int
    title: str
    lines: tuple[str, ...]
    digest: str


@blueprint.get("/rules")
@doors.public
def rules() -> Any:
    """Show which texts there are, and the limits in force. No SELECT of its own."""
    now, language = unit.current().rules, languages.current()
    return render_template(
        "face/rules.html",
        texts=[
            edition(RULES, name, found[-1], language, now) for name, found in reversed(_held(RULES))
        ],
        contracts=[
            edition(CONTRACTS, name, found[-1], language, now) for name, found in _held(CONTRACTS)
        ],
        version=now.version,
        limits=_limits(now),
    )


@blueprint.get("/rules/<name>")
@doors.public
def text(name: str) -> Any:
    """Show a text, and against the version before it what changed. No SELECT of its own."""
    now, language = unit.current().rules, languages.current()
    folder, versions = _of(name)
    version = request.args.get("version", versions[-1], type=int)
    if version not in versions:
        raise NotFound
    shown = edition(folder, name, version, language, now)
    place = versions.index(version)
    before = edition(folder, name, versions[place - 1], language, now) if place else None
    return render_template(
        "face/rule.html",
        text=shown,
        paragraphs=[(bool(_HEADING.match(line)), line) for line in shown.lines],
        versions=versions,
        before=before,
        changes=changes(before.lines, shown.lines) if before else [],
        rules_version=now.version,
        is_contract=folder == CONTRACTS,
    )


def edition(folder: Path, name: str, version: int, language: Language, rules: Rules) -> Edition:
    """Return a text with its numbers filled in. Raises FileNotFoundError, KeyError of a rule."""
    raw = _read(folder, name, version, language)
    filled = _RULE.sub(lambda found: str(rules.number(found[1])), raw)
    shown = _BLANK.sub("＿＿＿＿", filled)
    title, *lines = [line for line in shown.splitlines() if line.strip()]
    digest = hashlib.sha256(shown.encode()).hexdigest()
    return Edition(name, version, title, tuple(lines), digest)


def changes(before: tuple[str, ...], after: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return what changed from line to line: ("-", what went) and ("+", what came)."""
    told = difflib.ndiff(before, after)
    return [(line[0], line[2:]) for line in told if line[0] in "+-"]


def _limits(rules: Rules) -> list[dict[str, Any]]:
    clocks: Mapping[str, Mapping[str, int]] = rules.table("clocks")
    return [
        {
            "label": languages.said(words),
            "days": clocks[key].get("limit_wd", clocks[key].get("limit_days")),
            "working": "limit_wd" in clocks[key],
            "rule": code,
        }
        for code, words in sorted(supervision.STAGES.items())
        for key in [code.removeprefix("clocks.")]
        if key in clocks
    ]


def _of(name: str) -> tuple[Path, list[int]]:
    for folder in (RULES, CONTRACTS):
        found = dict(_held(folder)).get(name)
        if found:
            return folder, found
    raise NotFound


@cache
def _held(folder: Path) -> list[tuple[str, list[int]]]:
    """Return the names of the texts in a folder, each with its versions."""
    found: dict[str, set[int]] = {}
    for path in folder.glob("*.txt"):
        named = _FILE.fullmatch(path.name)
        if named:
            found.setdefault(named[1], set()).add(int(named[2]))
    return [(name, sorted(versions)) for name, versions in sorted(found.items())]


@cache
def _read(folder: Path, name: str, version: int, language: Language) -> str:
    return (folder / f"{name}.{version}.{language}.txt").read_text("utf-8")
