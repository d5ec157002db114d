"""A life cycle, written once.

A Workflow is a table of Steps. The domain takes them, the API and the pages ask what may
be done, the documentation draws it, and the tests walk every cell of it.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Generic, TypeVar

from kernel import journal, watch
from kernel.actor import Actor, Who
from kernel.clock import local_date
from kernel.errors import NotFound, Refusal, StepNotAllowed, StepRefused
from kernel.steps import ANY_BUT_FINAL, REASON, Ask, Offer, Step, Subject, ask, step
from kernel.work import Work

__all__ = ["ANY_BUT_FINAL", "REASON", "Ask", "Offer", "Step", "Workflow", "ask", "step"]

S = TypeVar("S", bound=StrEnum)
T = TypeVar("T", bound=Subject)


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
        return (*(refusal for refusal in found if refusal), *self._same_eyes(row, subject, work))

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
            watch.start(work, subject.id, self.name, row.within, row.overdue)


def _unanswered(asks: tuple[Ask, ...], data: dict[str, Any]) -> tuple[Refusal, ...]:
    missing = (ask for ask in asks if not ask.optional and data.get(ask.name) in (None, "", []))
    return tuple(
        Refusal("ANSWER_NEEDED", f"请填写{ask.label.zh}", f"{ask.name} must be given")
        for ask in missing
    )


def _is_among(by: tuple[Who, ...], actor: Actor, subject: object) -> bool:
    return any(who.matches(actor, subject) for who in by)
