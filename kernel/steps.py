"""The row of a life cycle's table: from where, to where, by whom, if what, and then."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import (
    Any,
    Generic,
    Literal,
    Protocol,
    Self,
    TypeAlias,
    TypedDict,
    TypeVar,
    Unpack,
)

from kernel.actor import Who
from kernel.errors import Refusal
from kernel.words import Words
from kernel.work import Work


class Subject(Protocol):
    """Anything that has an id and a state."""

    id: Any
    state: Any


S = TypeVar("S", bound=StrEnum)
T = TypeVar("T", bound=Subject)

Guard: TypeAlias = Callable[[T, Work], Refusal | None]
"""Looks, touches nothing, and returns the reason for a no, or None."""

Effect: TypeAlias = Callable[[T, Work, dict[str, Any]], None]
"""Changes rows in the same transaction; must not call anything outside it."""

AskKind = Literal["text", "number", "date", "choice", "money", "flag", "list", "object"]


_REASON = Words("理由", "Reason")


@dataclass(frozen=True, slots=True)
class Ask:
    """Something that must be said when a step is taken: the form's field and the API's."""

    name: str
    kind: AskKind = "text"
    label: Words = _REASON
    optional: bool = False
    choices: tuple[str, ...] = ()
    max: int = 500  # characters of a text, items of a list, or the greatest number


REASON = Ask("reason")


def ask(name: str, kind: AskKind = "text", label: Words | None = None, **more: Any) -> Ask:
    """Write one question of a step. more: `optional`, `choices`, `max`."""
    return Ask(name, kind, label or Words(name, name), **more)


class AnyButFinal:
    """The source of a step that may be taken from every state that is not an end."""


ANY_BUT_FINAL = AnyButFinal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Generic[S, T]):
    """One row of the table."""

    name: str
    source: frozenset[S]
    target: S
    by: tuple[Who, ...]
    when: tuple[Guard[T], ...] = ()
    then: tuple[Effect[T], ...] = ()
    asks: tuple[Ask, ...] = ()
    event: str
    label: Words
    within: str | None = None
    overdue: str | None = None
    pauses: bool = False
    resumes: bool = False
    not_by: tuple[str, ...] = ()
    own_door: bool = False
    moves_money: bool = False
    any_but_final: bool = False

    def starting(self, source: frozenset[S]) -> Self:
        """Return the same step from `source`."""
        return replace(self, source=source)


@dataclass(frozen=True, slots=True)
class Offer:
    """A step that is this actor's to take from here, and what still bars it."""

    step: str
    label: Words
    asks: tuple[Ask, ...]
    barred_by: tuple[Refusal, ...]


class Columns(TypedDict, Generic[T], total=False):
    """The columns that a row may leave empty.

    when: guards; all are asked. then: effects. asks: what must be said.
    within: rules key of the clock that starts now ("clocks.formal_check"); leaving the
    entered state stops it, unless the leaving step `pauses` it for one that `resumes`.
    overdue: the step that the house takes when that clock runs out.
    not_by: earlier steps whose taker may not take this one (four eyes).
    own_door: the step has a command and a route of its own.
    moves_money: it posts to the books, so a caller must name the key under which it is
    taken once.
    """

    when: tuple[Guard[T], ...]
    then: tuple[Effect[T], ...]
    asks: tuple[Ask, ...]
    within: str | None
    overdue: str | None
    pauses: bool
    resumes: bool
    not_by: tuple[str, ...]
    own_door: bool
    moves_money: bool


def step(  # noqa: PLR0913 - a row of a table has as many columns as it has
    name: str,
    source: Iterable[S] | AnyButFinal,
    target: S,
    by: Who | tuple[Who, ...],
    *,
    says: str,
    label: Words,
    **columns: Unpack[Columns[T]],
) -> Step[S, T]:
    """Write one row of a Workflow's table, in the order in which it is read aloud.

    says: the event, in the past tense. label: the button. The rest: see Columns.
    """
    anywhere = isinstance(source, AnyButFinal)
    return Step(
        name=name,
        source=frozenset() if isinstance(source, AnyButFinal) else frozenset(source),
        target=target,
        by=by if isinstance(by, tuple) else (by,),
        event=says,
        label=label,
        any_but_final=anywhere,
        **columns,
    )
