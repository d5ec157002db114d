"""What is signed: a Chinese text, which governs, and a reading copy, filled from a template."""

from collections.abc import Mapping
from importlib import resources
from string import Template as Text
from typing import Final

from sqlalchemy.orm import Session

from kernel.parties import organisations

PARTED: Final = "\f"
"""Stands between the Chinese text and its reading copy: a new page."""


def written(name: str, version: int, variables: Mapping[str, str]) -> str:
    """Return what a text of this name says, with its reading copy.

    name: of one of the four model contracts, "framework" or "mandate". Raises KeyError for a
    blank left, FileNotFoundError for a version that there is not.
    """
    return PARTED.join(
        Text(_read(name, version, language)).substitute(variables) for language in ("zh", "en")
    )


def read_apart(text: str) -> tuple[str, str]:
    """Return the governing text and its reading copy; earlier contracts have none apart."""
    governing, _, copy = text.partition(PARTED)
    return governing, copy


def named(session: Session, party: str, organisation_id: str) -> dict[str, str]:
    """Return what the texts call a party ("buyer", "agent"): both names, and its number."""
    found = organisations.find(session, organisation_id)
    return {
        f"{party}_zh": found.name_zh,
        f"{party}_en": found.name_en,
        f"{party}_uscc": found.uscc,
    }


def _read(name: str, version: int, language: str) -> str:
    file = f"{name}.{version}.{language}.txt"
    return (resources.files("marketplace") / "templates" / file).read_text("utf-8")
