"""What a reader asks of a list: records in one state, what is open, or all of it as a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from app import languages
from app.pages import shown, spreadsheets
from app.pages.spreadsheets import Cell
from kernel.clock import local_date
from kernel.words import Words
from kernel.work import Work

FILE_MAX: Final = 1_000
"""Rows of a file."""


@dataclass(frozen=True, slots=True)
class Sieve:
    """What is asked of one list. noun: of its states. box: the words of the box for what is open.

    file: "csv" or "xlsx"; None where a page is shown.
    """

    noun: str
    states: Sequence[str]
    state: str | None
    open: bool
    box: str | None
    file: str | None

    @property
    def limit(self) -> int:
        """How many rows are looked up."""
        return FILE_MAX if self.file else shown.PAGE

    def answer(
        self, work: Work, name: str, header: Sequence[Words], rows: Sequence[Sequence[Cell]]
    ) -> Any:
        """Answer with the file that is asked for, named by the day."""
        told = [languages.said(words) for words in header]
        return spreadsheets.answer(self.file or "csv", f"{name}-{local_date(work.now)}", told, rows)


def asked(noun: str, states: type[StrEnum], box: Words | None = None) -> Sieve:
    """Return what the address asks of a list; what is no state of it is no question."""
    state, file = shown.asked("state", max=40), shown.asked("file", max=4)
    return Sieve(
        noun=noun,
        states=[each.value for each in states],
        state=state if state in set(states) else None,
        open=box is not None and shown.asked("open", max=1) == "1",
        box=languages.said(box) if box else None,
        file=file if file in {"csv", "xlsx"} else None,
    )
