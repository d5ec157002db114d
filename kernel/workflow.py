"""A life cycle, written once.

A Workflow is a table of Steps. The domain takes them, the API and the pages ask what may
be done, the documentation draws it, and the tests walk every cell of it.
"""

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

from kernel import journal, watch
from kernel.actor import Actor, Role, Who
from kernel.clock import local_date
from kernel.errors import NotFound, Refusal, StepNotAllowed, StepRefused
from kernel.words import Words
from kernel.work import Work


class Subject(Protocol):
    """Anything that has an id and a state."""

    id: Any
    state: Any


S = TypeVar("S", bound=StrEnum)
T = TypeVar("T", bound=Subject)

Guard: TypeAlias = Callable[[T, Work], Refusal | tuple[Refusal, ...] | None]
"""Looks, touches nothing, and returns the reason for a no, or all its reasons, or None."""

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
    owner: str | None = None
    pauses: bool = False
    resumes: bool = False
    not_by: tuple[str, ...] = ()
    hand: str | None = None
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
    owner: on whom that clock runs, as `Who.unit` has it; if not said, on whom the first
    step that leads on from there is for.
    not_by: earlier steps whose taker may not take this one (four eyes).
    hand: the part that the taker has in the case from now on; nobody has two
    (`journal.Hand`). The case is the subject's `case_id`, or the subject itself.
    own_door: the step has a command and a route of its own.
    moves_money: it posts to the books, so a caller must name the key under which it is
    taken once.
    """

    when: tuple[Guard[T], ...]
    then: tuple[Effect[T], ...]
    asks: tuple[Ask, ...]
    within: str | None
    overdue: str | None
    owner: str | None
    pauses: bool
    resumes: bool
    not_by: tuple[str, ...]
    hand: str | None
    own_door: bool
    moves_money: bool


def step(
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


class Workflow(Generic[S, T]):
    """The table, and the few questions that may be asked of it."""

    def __init__(self, name: str, states: type[S], initial: S, *rows: Step[S, T]) -> None:
        self.name = name
        self.states = tuple(states)
        self.initial = initial
        named = [row for row in rows if not row.any_but_final]
        leaving = {source for row in named for source in row.source}
        self.finals = frozenset(state for state in self.states if state not in leaving)
        anywhere = frozenset(self.states) - self.finals
        self.steps = {
            row.name: row.starting(anywhere) if row.any_but_final else row for row in rows
        }
        self._watched = any(row.within for row in rows)
        self._check(rows)

    def refusals(self, name: str, subject: T, work: Work) -> tuple[Refusal, ...]:
        """Return every reason why `name` cannot be taken now; empty means it can.

        Costs what the guards cost, and one SELECT when the step wants other eyes.
        """
        row = self._row(name)
        if subject.state not in row.source:
            allowed = ", ".join(sorted(row.source))
            return (
                Refusal(
                    "ILLEGAL_TRANSITION",
                    f"当前状态为 {subject.state}，此步骤只能从 {allowed} 执行",
                    f"it is {subject.state}, not {allowed}",
                ),
            )
        found = (guard(subject, work) for guard in row.when)
        told = (refusal for each in found for refusal in reasons(each))
        return (*told, *self._same_eyes(row, subject, work))

    def offers(self, subject: T, work: Work) -> tuple[Offer, ...]:
        """Return the steps that are this actor's from this state, and what bars each.

        The API sends them as `actions`; a page makes them buttons, greyed where barred,
        with the reason as tooltip. Neither repeats a rule. Guards may read: for one
        record, not for a list.
        """
        return tuple(
            Offer(row.name, row.label, row.asks, self.refusals(row.name, subject, work))
            for row in self.steps.values()
            if subject.state in row.source and _is_among(row.by, work.actor, subject)
        )

    def take(self, name: str, subject: T, work: Work, **data: Any) -> None:
        """Take the step: check, change, record. One transaction, one event.

        Raises StepNotAllowed when the actor may never take it, StepRefused (with every
        reason) when it cannot be taken now, NotFound when there is no such step.
        """
        row = self._row(name)
        if not _is_among(row.by, work.actor, subject):
            names = " / ".join(who.name for who in row.by)
            raise StepNotAllowed(
                f"“{row.label.zh}”只能由 {names} 执行", f"{self.name}.{name} is for {names}"
            )
        refusals = self.refusals(name, subject, work) + _unanswered(row.asks, data)
        if refusals:
            raise StepRefused(
                f"“{row.label.zh}”：" + "；".join(refusal.zh for refusal in refusals),
                f"{self.name}.{name}: " + "; ".join(refusal.en for refusal in refusals),
                refusals,
            )
        before = subject.state
        subject.state = row.target
        for effect in row.then:
            effect(subject, work, data)
        # Only now: the look-up flushes, and the row is whole once its effects are done.
        _lend_hand(row, subject, work)
        if before != row.target or row.within:
            self._turn_clocks(row, subject, work)
        work.record(row.event, subject.id, before=str(before), after=str(row.target), **data)

    def path_to(self, state: S) -> list[str]:
        """Return the shortest list of steps from the initial state to `state`."""
        paths: dict[S, list[str]] = {self.initial: []}
        queue = [self.initial]
        for reached in queue:
            for row in self.steps.values():
                if reached in row.source and row.target not in paths:
                    paths[row.target] = [*paths[reached], row.name]
                    queue.append(row.target)
        return paths[state]

    def diagram(self) -> str:
        """Draw the table as a Mermaid state diagram, for docs/ and for the page itself."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.initial}"]
        for row in self.steps.values():
            who = " / ".join(who.name for who in row.by)
            lines += [
                f"    {source} --> {row.target}: {row.name} ({who})"
                for source in sorted(row.source)
            ]
        lines += [f"    {state} --> [*]" for state in self.states if state in self.finals]
        return "\n".join(lines) + "\n"

    def matrix(self) -> dict[tuple[S, str], list[str]]:
        """Return who may do what where: (state, who) → step names."""
        cells: dict[tuple[S, str], list[str]] = {}
        for row in self.steps.values():
            for source in sorted(row.source):
                for who in row.by:
                    cells.setdefault((source, who.name), []).append(row.name)
        return cells

    def _check(self, rows: Iterable[Step[S, T]]) -> None:
        if len(self.steps) != len(tuple(rows)):
            raise ValueError(f"{self.name}: two steps share a name")
        unreached = set(self.states) - {self.initial} - {row.target for row in rows}
        if unreached:
            raise ValueError(f"{self.name}: no step leads to {sorted(unreached)}")
        known = set(self.steps)
        for row in rows:
            named = {*row.not_by, *([row.overdue] if row.overdue else [])}
            if not named <= known:
                raise ValueError(f"{self.name}.{row.name} names unknown {sorted(named - known)}")

    def _row(self, name: str) -> Step[S, T]:
        try:
            return self.steps[name]
        except KeyError:
            raise NotFound(f"没有“{name}”这一步骤", f"{self.name} has no step {name!r}") from None

    def _same_eyes(self, row: Step[S, T], subject: T, work: Work) -> tuple[Refusal, ...]:
        if (other := _other_hand(row, subject, work)) is not None:
            return (other,)
        if not row.not_by:
            return ()
        kinds = {self.steps[name].event: name for name in row.not_by}
        taken = journal.takers(work.session, subject.id, kinds)
        mine = [kinds[kind] for kind, person in taken.items() if person == work.actor.person]
        return tuple(
            Refusal(
                "FOUR_EYES",
                f"“{self.steps[name].label.zh}”由您执行，此步骤须由另一人执行",
                f"you took {name!r} yourself; another person must take this step",
            )
            for name in mine
        )

    def _turn_clocks(self, row: Step[S, T], subject: T, work: Work) -> None:
        if not self._watched:
            return
        today = local_date(work.now)
        clock = watch.running(work.session, subject.id)
        if clock is not None and watch.paused(clock) and row.resumes:
            watch.resume(clock, today, work.calendar)
            return
        if clock is not None and row.pauses:
            watch.pause(clock, today)
            return
        if clock is not None:
            watch.stop(clock, today)
        if row.within:
            owner = self._owner(row, subject)
            watch.start(work, subject.id, self.name, row.within, row.overdue, owner=owner)

    def _owner(self, row: Step[S, T], subject: T) -> str | None:
        # Whoever may go on from here, as the table has it; the row itself may say otherwise.
        leaving = (next_.by for next_ in self.steps.values() if row.target in next_.source)
        units = [who.unit for by in leaving for who in by if who.unit is not None]
        unit = row.owner or next(iter(units), None)
        if unit is None or unit.startswith("role:"):
            return unit
        return str(getattr(subject, unit))


def reasons(found: Refusal | tuple[Refusal, ...] | None) -> tuple[Refusal, ...]:
    """Return what a guard answered as reasons: none, one, or several."""
    if found is None or isinstance(found, tuple):
        return found or ()
    return (found,)


def _unanswered(asks: tuple[Ask, ...], data: dict[str, Any]) -> tuple[Refusal, ...]:
    missing = (ask for ask in asks if not ask.optional and data.get(ask.name) in (None, "", []))
    return tuple(
        Refusal("ANSWER_NEEDED", f"请填写{ask.label.zh}", f"{ask.name} must be given")
        for ask in missing
    )


def _other_hand(row: Step[S, T], subject: T, work: Work) -> Refusal | None:
    held = None
    if row.hand and Role.SYSTEM not in work.actor.roles:
        held = journal.part(work.session, _case_of(subject), work.actor.person)
    if held is None or held == row.hand:
        return None
    return Refusal(
        "FOUR_EYES",
        f"您已以“{held}”身份参与本案，此步骤须由另一人执行",
        f"you act in this case as {held}; another person must take this step",
    )


def _lend_hand(row: Step[S, T], subject: T, work: Work) -> None:
    if row.hand is None or Role.SYSTEM in work.actor.roles:
        return
    case, person = _case_of(subject), work.actor.person
    if journal.part(work.session, case, person) is None:
        made = journal.Hand(case_id=case, person_id=person, part=row.hand, since=work.now)
        work.session.add(made)


def _case_of(subject: Subject) -> str:
    return str(getattr(subject, "case_id", subject.id))


def _is_among(by: tuple[Who, ...], actor: Actor, subject: object) -> bool:
    return any(who.matches(actor, subject) for who in by)
