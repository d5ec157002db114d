"""The two sides of a leg, by day: how they are laid beside each other."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Select
from sqlalchemy.orm import Session

from kernel.money import Money
from kernel.work import Work
from settlement.reconciling.facts import Fact, Leg, Type, compare

Sides = Mapping[date, Mapping[str, Money]]
"""Day → key → amount."""


class Days(NamedTuple):
    """The days that a run looks at, both included."""

    first: date
    last: date


def by_day(leg: Leg, about: str, left: Sides, right: Sides) -> Iterator[Fact]:
    """Yield what two sides do not agree on, day by day; the key says which day."""
    for day in sorted({*left, *right}):
        yield from compare(leg, about, left.get(day, {}), right.get(day, {}), since=day, dated=True)


def sided(session: Session, statement: Select[*tuple[Any, ...]]) -> Sides:
    """Return one side from rows of day, key, currency and minor units; nothing for zero."""
    found: dict[date, dict[str, Money]] = {}
    for day, key, currency, minor in session.execute(statement):
        if minor:
            found.setdefault(day, {})[key.partition(":")[0]] = Money(int(minor), currency)
    return found


def waiting(work: Work, since: date, until: date, otherwise: Type) -> Type:
    """Return TIMING while a thing is on its way as long as the rules allow, then `otherwise`."""
    lag = work.rules.number("reconciliation.lag_wd")
    return (
        Type.TIMING if work.calendar.between(since, until, provisional=True) <= lag else otherwise
    )
