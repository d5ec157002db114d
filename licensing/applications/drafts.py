"""A draft as it is checked and estimated: what is written, and what the catalogue says of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from catalogue.grades import Grade, PiClass, strictest
from kernel.clock import local_date
from kernel.words import Words
from kernel.work import Work
from licensing.applications import drafting, items, sections
from licensing.applications.blocks import Material, filled
from licensing.applications.cases import Scenario
from licensing.exposures import Environment, OutputForm, Transform
from licensing.scope import Scope

DIGEST_CHARACTERS: Final = 64


class Outcome(StrEnum):
    """What a rule says of a draft."""

    PASS = "pass"  # noqa: S105 - the word of the door, no password
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule has found. passes: what would pass. field: where, below the rule's own."""

    outcome: Outcome
    says: Words
    passes: Words
    field: str | None = None


def fails(zh: str, en: str, *, passes: tuple[str, str], field: str | None = None) -> Finding:
    """Make a finding that bars submission."""
    return Finding(Outcome.FAIL, Words(zh, en), Words(*passes), field)


def warns(zh: str, en: str, *, passes: tuple[str, str], field: str | None = None) -> Finding:
    """Make a finding that is only told."""
    return Finding(Outcome.WARN, Words(zh, en), Words(*passes), field)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One item that is written down; grade and pi are None while the catalogue knows it not."""

    place: int
    directory_code: str
    item_code: str
    transform: str
    reason: str
    retention_days: Any
    grade: Grade | None
    pi: PiClass | None

    @property
    def identifiable(self) -> bool:
        """Whether it holds personal information that is treated too weakly to hide whose."""
        holds = self.pi not in (None, PiClass.NONE)
        strict = self.transform in list(Transform) and Transform(self.transform) >= "anonymised"
        return holds and not strict


@dataclass(frozen=True, slots=True)
class Draft:
    """What is written, together. asked: the scope, None while it cannot be meant."""

    scenario: Scenario
    values: Mapping[str, Any]
    wanted: tuple[Wanted, ...]
    asked: Scope | None
    today: date

    def text(self, name: str) -> str:
        """Return what is written in a field, without blanks; empty when it is no text."""
        found = self.values.get(name)
        return found.strip() if isinstance(found, str) else ""

    def rows(self, name: str) -> list[Mapping[str, Any]]:
        """Return the rows of a table that hold something."""
        found = self.values.get(name) or []
        return [row for row in found if isinstance(row, Mapping) and any(map(filled, row.values()))]

    def whole(self, name: str) -> int | None:
        """Return a whole number, None when it is not one."""
        return whole(self.values.get(name))

    def day(self, name: str) -> date | None:
        """Return a day, None when it is not one."""
        return day(self.values.get(name))

    @property
    def outputs(self) -> list[OutputForm]:
        """The output forms that are known, least exposing first."""
        found = self.values.get("output_forms") or []
        return sorted(OutputForm(each) for each in found if each in list(OutputForm))

    @property
    def environments(self) -> list[Environment]:
        """The environments that are known, weakest first."""
        found = self.values.get("environments") or []
        return sorted(Environment(each) for each in found if each in list(Environment))

    @property
    def grade(self) -> Grade:
        """The highest grade of the items that the catalogue knows."""
        return strictest([Grade.G1, *[each.grade for each in self.wanted if each.grade]])

    @property
    def pi(self) -> PiClass:
        """The gravest class of personal information of the items that the catalogue knows."""
        return strictest([PiClass.NONE, *[each.pi for each in self.wanted if each.pi]])


def read(work: Work, scenario: Scenario) -> Draft:
    """Return the draft of a scenario. Two SELECTs, and three for each directory."""
    written = sections.values(sections.of(work.session, scenario.id))
    values = written or drafting.spoken(work, scenario)
    return Draft(
        scenario=scenario,
        values=values,
        wanted=_wanted(work, values.get("items") or []),
        asked=scenario.asked if scenario.flaw is None else None,
        today=local_date(work.now),
    )


def whole(value: Any) -> int | None:
    """Return a whole number that was written as one, or in figures."""
    if type(value) is int:
        return value
    figures = isinstance(value, str) and value.strip().isascii() and value.strip().isdigit()
    return int(value) if figures else None


def day(value: Any) -> date | None:
    """Return a day that was written as YYYY-MM-DD."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def materials(draft: Draft) -> dict[Material, bool]:
    """Return which of the materials are there (材料清单).

    The licence is on file with the organisation, the agreement with its parties: an
    application is written by the one and checked against the other. What a case does not
    need is there.
    """
    proofs = [row.get("rights_proof") for row in draft.rows("external_data")]
    holds = draft.pi != PiClass.NONE
    return {
        Material.LICENCE: True,
        Material.SUPPLY_AGREEMENT: True,
        Material.LEGAL_BASIS: filled(draft.values.get("legal_basis")),
        Material.SOURCE_PROOF: all(map(is_digest, proofs)),
        Material.SECURITY_PLAN: bool(draft.text("security_plan")),
        Material.PIPIA: not holds or is_digest(draft.values.get("pipia_digest")),
        Material.SIGNATURES: draft.values.get("declaration") is True,
        Material.TEAM_PROOF: is_digest(draft.values.get("team_proof")),
        Material.MLPS_CERTIFICATE: is_digest(draft.values.get("mlps_certificate")),
        Material.DESTRUCTION_PLAN: bool(draft.text("destruction_plan")),
        Material.ACCEPTANCE_INDICATORS: bool(draft.text("acceptance_indicators")),
    }


def is_digest(value: Any) -> bool:
    """Tell whether a value is a SHA-256 or SM3 digest in hex."""
    return (
        isinstance(value, str)
        and len(value) == DIGEST_CHARACTERS
        and set(value.lower()) <= set("0123456789abcdef")
    )


def promised(draft: Draft) -> dict[str, date | None]:
    """Return material → day, of what section 7 promises; None for a day that is none."""
    return {str(row.get("material")): day(row.get("due_on")) for row in draft.rows("commitments")}


def _wanted(work: Work, written: list[Mapping[str, Any]]) -> tuple[Wanted, ...]:
    codes = {row.get("directory_code") for row in written}
    sources = {
        code: items.source(work.session, code)
        for code in sorted(code for code in codes if isinstance(code, str) and code)
    }
    found = []
    for place, row in enumerate(written):
        source = sources.get(row.get("directory_code") or "")
        item = source.items.get(row.get("item_code") or "") if source else None
        found.append(
            Wanted(
                place=place,
                directory_code=str(row.get("directory_code") or ""),
                item_code=str(row.get("item_code") or ""),
                transform=str(row.get("transform") or ""),
                reason=str(row.get("necessity_reason") or "").strip(),
                retention_days=row.get("retention_days"),
                grade=Grade(item.grade) if item else None,
                pi=PiClass(item.pi_class) if item else None,
            )
        )
    return tuple(found)
