"""What can go wrong, in the domain's words and in two languages.

An error says *what kind* of no it is, never which HTTP status: the one table from
kind to status stands where the system speaks HTTP.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Self

from kernel.words import Words


class Kind(StrEnum):
    """The ways in which this system says no."""

    MALFORMED = "malformed"  # it cannot even be read, or lacks what every such request has
    INVALID = "invalid"  # it can be read, and what it says is wrong
    UNKNOWN = "unknown"  # the caller has not said who they are
    FORBIDDEN = "forbidden"  # known, but may never do this
    MISSING = "missing"  # no such thing, or none that the caller may see
    CONFLICT = "conflict"  # allowed in general, but not in this state
    UNAVAILABLE = "unavailable"  # somebody else's system did not answer
    STALE = "stale"  # somebody else changed the record meanwhile
    TOO_MANY = "too_many"  # asked too often; later it will do


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason why an action cannot be taken now, in words for its user.

    code: UPPER_SNAKE and stable; programs outside this one compare it. rule: the number of
    the rule that says no ("L-01"), where rules are numbered; fix: how to mend it.
    """

    code: str
    zh: str
    en: str
    rule: str = ""
    fix: Words | None = None

    @property
    def words(self) -> Words:
        """The reason as a pair."""
        return Words(self.zh, self.en)


def together(refusals: Iterable[Refusal | None]) -> Refusal | None:
    """Return several reasons as one, under the code of the first; None for none."""
    found = tuple(each for each in refusals if each is not None)
    return Refusal(found[0].code, *_told(found)) if found else None


def _told(refusals: Iterable[Refusal]) -> Words:
    found = tuple(refusals)
    return Words("；".join(one.zh for one in found), "; ".join(one.en for one in found))


class DomainError(Exception):
    """An anticipated failure: shown to the caller, never sent to the engineer on call.

    Subclasses are named as facts and set `kind`, `code` (kebab-case, the name of the
    page that explains it) and `title`. `str()` gives the English detail, for logs.
    """

    kind: ClassVar[Kind]
    code: ClassVar[str]
    title: ClassVar[Words]
    keeps: ClassVar[bool] = False  # what was written before it was raised is still committed

    def __init__(self, zh: str, en: str, refusals: tuple[Refusal, ...] = ()) -> None:
        super().__init__(zh, en, refusals)
        self.zh = zh
        self.en = en
        self.refusals = refusals

    @classmethod
    def of(cls, refusals: Iterable[Refusal]) -> Self:
        """Return the error that tells all these reasons."""
        found = tuple(refusals)
        return cls(*_told(found), found)

    def __str__(self) -> str:
        return self.en

    @property
    def words(self) -> Words:
        """The detail as a pair."""
        return Words(self.zh, self.en)


class NotFound(DomainError):
    """There is no such record, or the caller may not know that there is."""

    kind = Kind.MISSING
    code = "not-found"
    title = Words("没有这条记录", "No such record")


class StepNotAllowed(DomainError):
    """The caller is not among those who may ever take this step."""

    kind = Kind.FORBIDDEN
    code = "step-not-allowed"
    title = Words("您无权执行此步骤", "This step is not yours to take")


class StepRefused(DomainError):
    """The step is the caller's to take, but not in this state or not yet."""

    kind = Kind.CONFLICT
    code = "step-refused"
    title = Words("此步骤现在不能执行", "This step cannot be taken now")


def refuse(refusals: Iterable[Refusal | None]) -> None:
    """Raise StepRefused with every reason there is; pass where there is none."""
    found = tuple(each for each in refusals if each is not None)
    if found:
        raise StepRefused.of(found)


class Invalid(DomainError):
    """An input has the right shape and is wrong all the same.

    pointer: JSON pointer of the field at fault ("/uscc"); empty when it is the whole.
    """

    kind = Kind.INVALID
    code = "invalid-input"
    title = Words("输入有误", "The input is not valid")

    def __init__(
        self, zh: str, en: str, refusals: tuple[Refusal, ...] = (), *, pointer: str = ""
    ) -> None:
        super().__init__(zh, en, refusals)
        self.pointer = pointer
