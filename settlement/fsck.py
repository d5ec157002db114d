"""The ledger's examination (总账自检): every promise recomputed from the rows.

It trusts no trigger, no kept balance and no status, and never repairs. Ask it on one
snapshot (`Engines.reading()`), or what others commit meanwhile looks like a fault.

A noun that has promises of its own writes its `CHECKS` beside itself, by
`settlement.checking.check`, and they are put into the list here.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

from sqlalchemy.orm import Session

from kernel.crypto import CryptoProvider
from kernel.words import Words
from settlement.checking import entries, past, postings
from settlement.checking.check import Books, Check
from settlement.checking.check import Finding as Found
from settlement.papers import promises as of_papers
from settlement.refunding import promises

FINDINGS_MAX: Final = 100
"""The most findings returned of one check."""

KEYS_MAX: Final = 10
"""How many places a result names."""

CHECKS: Final[tuple[Check, ...]] = (
    past.GUARDS,
    entries.CONTENTS,
    *postings.RULES,
    past.CLOSED,
    *entries.CHECKS,
    *postings.CHECKS,
    *past.CHECKS,
    *promises.CHECKS,
    *of_papers.CHECKS,
)
"""Every check there is, in the order in which they are asked."""

SAYS: Final = {code: words for one in CHECKS for code, words in one.says.items()}
"""Code of a finding → what it means."""


class Finding(NamedTuple):
    """One promise that does not hold, and where."""

    code: str
    at: str

    @property
    def words(self) -> Words:
        """What does not hold, in words."""
        return SAYS[self.code]


class Result(NamedTuple):
    """What came of looking for one kind of fault.

    checked: how many things were looked at. failed: how many do not hold. first: where,
    the first KEYS_MAX of them.
    """

    code: str
    says: Words
    checked: int
    failed: int
    first: tuple[str, ...]


def check(session: Session, crypto: CryptoProvider | None = None) -> tuple[Finding, ...]:
    """Return what is wrong with the ledger; empty when nothing is.

    Reads every row, in batches. At most FINDINGS_MAX findings a check. crypto: to check
    the blocks' signatures as well.
    """
    books = Books(session, crypto)
    found = (finding for one in CHECKS for finding in islice(one.find(books), FINDINGS_MAX))
    return tuple(Finding(*finding) for finding in found)


def examine(session: Session, crypto: CryptoProvider, *, full: bool = False) -> Iterator[Result]:
    """Yield one result for each kind of fault, found or not, as it is looked for.

    full: read again what was booked in closed months, and every block. Counts every
    fault, and remembers the first ten of a kind.
    """
    books = Books(session, crypto, full)
    for one in CHECKS:
        if one.only_full and not full:
            continue
        checked = session.scalars(one.counts).one()
        failed = dict.fromkeys(one.says, 0)
        first: dict[str, list[str]] = {code: [] for code in one.says}
        for finding in one.find(books):
            _count(finding, failed, first)
        for code, words in one.says.items():
            yield Result(code, words, checked, failed[code], tuple(first[code]))


def _count(finding: Found, failed: dict[str, int], first: dict[str, list[str]]) -> None:
    failed[finding.code] += 1
    if len(first[finding.code]) < KEYS_MAX:
        first[finding.code].append(finding.at)
