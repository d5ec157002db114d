"""Every clock of the house as the supervisor sees it, and what they come to for each unit.

Lights are a pure function of clock, calendar and day (I-45), so what is listed here carries
no colour of its own: a page is read by due day, and each row's light is worked out for it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, and_, case, func, or_, select, true

from kernel import watch
from kernel.actor import Actor, Role
from kernel.calendar import Calendar
from kernel.clock import local_date
from kernel.deadlines import Light
from kernel.errors import Invalid
from kernel.pages import Page, keyset
from kernel.parties.roles import OrganisationRole
from kernel.watch import Clock
from kernel.work import Rules, Work
from licensing.applications.opinions import oversees

WHOLE_BP: Final = 10_000
SUPERVISED: Final = (
    Role.DATA_AUTHORITY, Role.IMPLEMENTING_AGENCY, Role.SUPPLY_DEPARTMENT,
    Role.AUTHORISED_OPERATOR, Role.PRICE_AUTHORITY, Role.EXCHANGE_OPERATOR,
)  # fmt: skip


class Which(StrEnum):
    """Which clocks are asked for."""

    RUNNING = "running"
    OVERDUE = "overdue"
    PROVISIONAL = "provisional"
    DONE = "done"
    DONE_LATE = "done_late"


class Mark(StrEnum):
    """The quarterly mark of a unit (季度考评)."""

    EXCELLENT = "excellent"
    GOOD = "good"
    PASS = "pass"  # noqa: S105 - a mark
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Stage:
    """One clock with its light today. days_left: negative when overdue."""

    clock: Clock
    light: Light
    days_left: int


@dataclass(frozen=True, slots=True)
class Unit:
    """What the clocks of one unit came to in a quarter. on_time_bp: of those that are decided."""

    owner: str
    started: int
    on_time: int
    late: int
    running: int
    overdue: int
    on_time_bp: int | None
    mark: Mark | None


def listed(
    work: Work,
    *,
    which: Which = Which.RUNNING,
    owner: str | None = None,
    key: str | None = None,
    after: str | None = None,
    limit: int,
) -> Page[Stage]:
    """Return one page of the clocks that the actor may see, the next due first. One SELECT.

    Supervisors see all, a unit what runs on itself or on a role that it holds.
    """
    today = local_date(work.now)
    statement = select(Clock).where(_CHOSEN[which](today), _visible(work.actor))
    if owner is not None:
        statement = statement.where(Clock.owner == owner)
    if key is not None:
        statement = statement.where(Clock.key == key)
    order = ((Clock.due_on, "asc"), (Clock.id, "asc"))
    found = keyset(work.session, statement, by=order, after=after, limit=limit)  # type: ignore[arg-type]  # a literal tuple
    return Page([_stage(work.calendar, clock, today) for clock in found.items], found.next)


def units(work: Work, first: date) -> list[Unit]:
    """Return the units that the actor may see, worst first, for the quarter of `first`.

    Counts the clocks that were started in it and run on officials, not on applicants; at
    most 500 units. One SELECT on an index.
    """
    since, until = quarter(first)
    today = local_date(work.now)
    late = and_(Clock.completed_on.is_not(None), Clock.completed_on > Clock.due_on)
    done = and_(Clock.completed_on.is_not(None), Clock.completed_on <= Clock.due_on)
    over = and_(Clock.completed_on.is_(None), Clock.due_on < today)
    statement = (
        select(
            Clock.owner,
            func.count(),
            func.sum(case((done, 1), else_=0)),
            func.sum(case((late, 1), else_=0)),
            func.sum(case((over, 1), else_=0)),
        )
        .where(
            official(),
            Clock.started_on >= since,
            Clock.started_on <= until,
            _visible(work.actor),
        )
        .group_by(Clock.owner)
        .order_by(Clock.owner)
        .limit(500)
    )
    rows = work.session.execute(statement).all()
    found = [_unit(work.rules, str(owner), counts) for owner, *counts in rows]
    return sorted(found, key=lambda unit: (_worth(unit), unit.owner))


def seen_today(work: Work, clock: Clock) -> Stage:
    """Return a clock with its light today. Pure."""
    return _stage(work.calendar, clock, local_date(work.now))


def official() -> ColumnElement[bool]:
    """Return the condition that a clock runs on a unit that is supervised (监察对象).

    Authorities, agencies, departments, operators and the exchange are; who applies, lists
    or buys is not: what they let pass has consequences of its own.
    """
    supervised = select(OrganisationRole.organisation_id).where(
        OrganisationRole.role.in_(SUPERVISED)
    )
    return or_(Clock.owner.startswith("role:"), Clock.owner.in_(supervised))


def quarter(day: date) -> tuple[date, date]:
    """Return the first and the last day of the quarter in which `day` lies. Pure."""
    first = date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    following = (first + timedelta(days=92)).replace(day=1)
    return first, following - timedelta(days=1)


def parse_quarter(text: str) -> date:
    """Return the first day of a quarter written as 2026Q3. Raises Invalid."""
    year, _, number = text.upper().partition("Q")
    if not (year.isascii() and year.isdigit() and len(year) == 4 and number in set("1234")):
        raise Invalid("季度写作 2026Q3", "a quarter is written as 2026Q3", pointer="/quarter")
    return date(max(int(year), 1900), 3 * int(number) - 2, 1)


def reckon_provisional(work: Work, *, limit: int) -> int:
    """Reckon up to `limit` provisional clocks anew, now that a notice may be there (I-47).

    Returns how many were settled or moved; none to a day before today.
    """
    statement = (
        select(Clock)
        .where(Clock.provisional.is_(True), Clock.completed_on.is_(None))
        .order_by(Clock.due_on, Clock.id)
        .limit(limit)
    )
    today = local_date(work.now)
    clocks = list(work.session.scalars(statement))
    return sum(watch.reckon_again(clock, work.calendar, today) for clock in clocks)


def _visible(actor: Actor) -> ColumnElement[bool]:
    if oversees(actor):
        return true()
    return Clock.owner.in_([actor.organisation, *(f"role:{role}" for role in sorted(actor.roles))])


_CHOSEN: Final[Mapping[Which, Callable[[date], ColumnElement[bool]]]] = {
    Which.RUNNING: lambda _today: Clock.completed_on.is_(None),
    Which.OVERDUE: lambda today: and_(Clock.completed_on.is_(None), Clock.due_on < today),
    Which.PROVISIONAL: lambda _today: and_(
        Clock.completed_on.is_(None), Clock.provisional.is_(True)
    ),
    Which.DONE: lambda _today: Clock.completed_on.is_not(None),
    Which.DONE_LATE: lambda _today: and_(
        Clock.completed_on.is_not(None), Clock.completed_on > Clock.due_on
    ),
}


def _stage(calendar: Calendar, clock: Clock, today: date) -> Stage:
    return Stage(
        clock, watch.light(clock, calendar, today), watch.remaining(clock, calendar, today)
    )


def _unit(rules: Rules, owner: str, counts: Sequence[int]) -> Unit:
    started, on_time, late, overdue = map(int, counts)
    decided = on_time + late + overdue
    share = on_time * WHOLE_BP // decided if decided else None
    running = started - on_time - late
    mark = None if share is None else _mark(rules, share)
    return Unit(owner, started, on_time, late, running, overdue, share, mark)


def _mark(rules: Rules, on_time_bp: int) -> Mark:
    for mark in (Mark.EXCELLENT, Mark.GOOD, Mark.PASS):
        if on_time_bp >= rules.number(f"supervision.{mark}_bp"):
            return mark
    return Mark.FAIL


def _worth(unit: Unit) -> int:
    return WHOLE_BP + 1 if unit.on_time_bp is None else unit.on_time_bp
