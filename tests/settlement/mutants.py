"""How a guard is taken off, and how it is seen that the promise which it keeps is broken by that.

A promise is a test, short and by name; it is given whatever its file says. A mutant names the
promise and the mutation: a piece of the program put in another's place, a guard of a step
gone, or a rule of the schema dropped.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from kernel.engines import Engines
from kernel.errors import DomainError, StepRefused
from kernel.workflow import Workflow
from tests.conftest import WorkAs
from tests.settlement.bookkeeping import on_sqlite

Promise = Callable[[Any], None]
Mutation = Callable[[Engines, pytest.MonkeyPatch], None]


class Mutant(NamedTuple):
    """A guard taken off, and the promise that is broken by it."""

    promise: Promise
    mutation: Mutation


def without(*statements: str) -> Mutation:
    """Return the mutation that changes the schema so."""
    return lambda engines, _: run(engines, *statements)


def unchecked(table: str, *names: str) -> Mutation:
    """Return the mutation that drops CHECKs of a table, on PostgreSQL."""
    drops = [f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{name}" for name in names]
    return without(*drops)


def doing(owner: Any, name: str, instead: Any) -> Mutation:
    """Return the mutation that puts something in the place of a piece of the program."""
    return lambda _, patch: patch.setattr(owner, name, instead)


def unguarded(life: Workflow[Any, Any], name: str, guard: str) -> Mutation:
    """Return the mutation that takes a guard, by its name, off a step."""

    def mutate(_engines: Engines, patch: pytest.MonkeyPatch) -> None:
        row = life.steps[name]
        left = tuple(one for one in row.when if not one.__qualname__.startswith(guard))
        assert len(left) == len(row.when) - 1, f"{name} has no guard {guard}"
        patch.setitem(life.steps, name, replace(row, when=left))

    return mutate


def without_effect(life: Workflow[Any, Any], name: str) -> Mutation:
    """Return the mutation by which a step changes the state, and nothing else."""

    def mutate(_engines: Engines, patch: pytest.MonkeyPatch) -> None:
        assert life.steps[name].then, f"{name} has no effect"
        patch.setitem(life.steps, name, replace(life.steps[name], then=()))

    return mutate


def taken_from(life: Workflow[Any, Any], name: str, *states: str) -> Mutation:
    """Return the mutation that lets a step be taken from further states."""

    def mutate(_engines: Engines, patch: pytest.MonkeyPatch) -> None:
        row = life.steps[name]
        patch.setitem(life.steps, name, row.starting(row.source | frozenset(states)))

    return mutate


def both(*mutations: Mutation) -> Mutation:
    """Return the mutation that does all of these."""

    def mutate(engines: Engines, patch: pytest.MonkeyPatch) -> None:
        for mutation in mutations:
            mutation(engines, patch)

    return mutate


def promises(mutants: Iterable[Mutant]) -> dict[str, Promise]:
    """Return name → promise, of all that the mutants break."""
    return {mutant.promise.__name__: mutant.promise for mutant in mutants}


def promised(mutants: Mapping[str, Mutant]) -> tuple[Callable[..., None], Callable[..., None]]:
    """Return two tests: each guard that is taken off is noticed; with all of them on all holds.

    A promise is given `work_as`. Rules of the program are the same on both databases: once.
    """
    held = promises(mutants.values())

    @on_sqlite
    @pytest.mark.parametrize("guard", mutants)
    def noticed(
        engines: Engines, monkeypatch: pytest.MonkeyPatch, work_as: WorkAs, guard: str
    ) -> None:
        notices(engines, monkeypatch, mutants[guard], work_as)

    @on_sqlite
    @pytest.mark.parametrize("promise", held)
    def holds(work_as: WorkAs, promise: str) -> None:
        held[promise](work_as)

    return noticed, holds


def notices(engines: Engines, patch: pytest.MonkeyPatch, mutant: Mutant, given: Any) -> None:
    """Take the guard off, and see the promise broken: refused otherwise than foreseen, or not."""
    mutant.mutation(engines, patch)

    with pytest.raises((AssertionError, DBAPIError, DomainError, pytest.fail.Exception)):
        mutant.promise(given)


def refused(code: str, act: Callable[[], Any]) -> None:
    """See a step refused for this reason among others."""
    with pytest.raises(StepRefused) as caught:
        act()
    assert code in {one.code for one in caught.value.refusals}


def anything_goes(*_: Any, **__: Any) -> None:
    """Stand in for a guard: refuse nothing, and find nothing."""


def run(engines: Engines, *statements: str) -> None:
    """Run raw SQL to the commit, on a connection that may ask for anything."""
    if engines.sqlite:
        with closing(sqlite3.connect(str(engines.url.database), isolation_level=None)) as there:
            for statement in statements:
                there.execute(statement)
        return
    with Session(engines.write) as session:
        for statement in statements:
            session.execute(text(statement))
        session.commit()
