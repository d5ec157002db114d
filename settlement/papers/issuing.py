"""Issuing (开具): by whom an invoice gets its number, and whether it is a tax document then.

The tax administration's platform issues fully digital invoices (数电票): 20 digits, no code.
Whoever connects to one writes an `Issuer`. Until then there are two ways: the seller issues
there by itself and enters the number here; or an internal number stands on a paper that says
of itself that it is no tax document (非税务凭证).
"""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Protocol

from kernel import numbers
from kernel.clock import local_date
from kernel.errors import Invalid
from kernel.words import Words
from kernel.work import Work

NOT_A_TAX_DOCUMENT: Final = Words("非税务凭证", "not a tax document")
"""What stands on everything that the tax administration does not know of."""

NUMBER_LENGTH: Final = 20
_NUMBER: Final = re.compile(r"[0-9]{20}", re.ASCII)


class Issued(NamedTuple):
    """What came of issuing: the number, and whether it is one of the tax administration."""

    number: str
    tax_document: bool


class Issuer(Protocol):
    """Who gives numbers to invoices, blue and red."""

    def issue(self, work: Work, document: Mapping[str, Any]) -> Issued:
        """Issue what the document says. Raises Invalid for what cannot be issued."""
        ...


class Internal:
    """Numbers of our own, without gaps; what bears one is no tax document."""

    def issue(self, work: Work, document: Mapping[str, Any]) -> Issued:
        """Give the next number of the series of its colour. One statement."""
        colour = "FR" if document["red_of"] else "FP"
        series = f"{colour}-{local_date(work.now).year}"
        return Issued(f"{series}-{numbers.following(work.session, series):06}", False)


class Entered:
    """A number that the seller got on the tax administration's platform and enters here."""

    def __init__(self, number: str) -> None:
        self.number = number

    def issue(self, work: Work, document: Mapping[str, Any]) -> Issued:  # noqa: ARG002 - as the protocol says
        """Take the number over. Raises Invalid unless it has 20 digits."""
        if not _NUMBER.fullmatch(self.number):
            raise Invalid(
                f"数电票号码为 {NUMBER_LENGTH} 位数字",
                f"the number of a digital invoice has {NUMBER_LENGTH} digits",
                pointer="/number",
            )
        return Issued(self.number, True)


def issuer(number: str | None) -> Issuer:
    """Return who issues: whoever gave the number, or this house when there is none yet."""
    return Entered(number) if number else Internal()


def marks(issued: Issued) -> dict[str, Any]:
    """Return what the paper says of itself."""
    mark = Words("", "") if issued.tax_document else NOT_A_TAX_DOCUMENT
    return {"tax_document": issued.tax_document, "mark_zh": mark.zh, "mark_en": mark.en}
