"""The queue of cases as those who decide them work through it: the shortest time left first.

A case waits for a decision as long as a clock of its stage runs. Lights are worked out for
the day from the clocks, never kept (I-45); how many there are of each is one grouped SELECT.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, String, case, cast, func, or_, select
from sqlalchemy.orm import Session

from catalogue.grades import Grade, PiClass
from kernel import watch
from kernel.clock import local_date
from kernel.deadlines import Light
from kernel.pages import Page, keyset
from kernel.parties.organisations import Organisation
from kernel.watch import Clock
from kernel.work import Work
from licensing.applications import opinions
from licensing.applications.cases import UNDECIDED, Scenario, State, Waiting
from licensing.applications.items import ScenarioItem
from licensing.reviewing.assignments import Assignment

TEXT_MAX: Final = 60
"""Characters of a text that is looked for."""

_GRADES: Final = tuple(grade.value for grade in Grade)
_RANK: Final = case({code: rank for rank, code in enumerate(_GRADES)}, value=ScenarioItem.grade)
_OF_PEOPLE: Final = case((ScenarioItem.pi_class != PiClass.NONE, 1), else_=0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases are asked for; what is not given leaves none out.

    grade: the gravest of its items is this. personal: whether one of its items is of a
    person. text: stands in the applicant's name, the title or the number. overdue: red only.
    hands: whose they are, the reader's ("mine") or nobody's yet ("nobody").
    """

    state: State | None = None
    field: str | None = None
    grade: str | None = None
    personal: bool | None = None
    text: str | None = None
    overdue: bool = False
    hands: str | None = None


@dataclass(frozen=True, slots=True)
class Gravity:
    """The gravest grade of a case's items, and whether one of them is of a person."""

    grade: str
    personal: bool


def listed(
    work: Work, wanted: Wanted | None = None, *, after: str | None = None, limit: int
) -> Page[Waiting]:
    """Return one page of what waits for a decision, the next due first. Two SELECTs.

    An agency sees its own cases, an overseer all, anybody else none.
    """
    statement = _chosen(select(Clock), work, wanted or Wanted())
    order = ((Clock.due_on, "asc"), (Clock.id, "asc"))
    found = keyset(work.session, statement, by=order, after=after, limit=limit)  # type: ignore[arg-type]  # a literal tuple
    subjects = [clock.subject for clock in found.items]
    rows = select(Scenario).where(Scenario.id.in_(subjects))
    of = {scenario.id: scenario for scenario in work.session.scalars(rows)}
    today = local_date(work.now)
    return Page(
        [
            Waiting(
                of[clock.subject],
                watch.light(clock, work.calendar, today),
                clock.due_on,
                watch.remaining(clock, work.calendar, today),
            )
            for clock in found.items
        ],
        found.next,
    )


def lights(work: Work, wanted: Wanted | None = None) -> Counter[Light]:
    """Return how many of what waits have which light, over all pages. One SELECT."""
    terms = (
        Clock.started_on, Clock.limit_days, Clock.extension_days, Clock.natural,
        cast(Clock.pauses, String),
    )  # fmt: skip
    counted: Any = select(*terms, func.count())
    grouped = _chosen(counted, work, wanted or Wanted())
    today = local_date(work.now)
    found: Counter[Light] = Counter()
    for started, limit, extension, natural, pauses, count in work.session.execute(
        grouped.group_by(*terms)
    ):
        clock = Clock(
            started_on=started,
            limit_days=limit,
            extension_days=extension,
            natural=natural,
            pauses=json.loads(pauses),
        )
        found[watch.light(clock, work.calendar, today)] += count
    return found


def gravity(session: Session, scenario_ids: Iterable[str]) -> dict[str, Gravity]:
    """Return scenario → how grave its items are, for one page of a list. One SELECT."""
    statement = (
        select(ScenarioItem.scenario_id, func.max(_RANK), func.max(_OF_PEOPLE))
        .where(ScenarioItem.scenario_id.in_(list(scenario_ids)))
        .group_by(ScenarioItem.scenario_id)
    )
    return {
        scenario: Gravity(_GRADES[rank], bool(of_people))
        for scenario, rank, of_people in session.execute(statement)
    }


def _chosen(statement: Select[Any], work: Work, wanted: Wanted) -> Select[Any]:
    chosen = (
        statement.select_from(Clock)
        .join(Scenario, Scenario.id == Clock.subject)
        .where(
            Clock.completed_on.is_(None),
            Scenario.state.in_(UNDECIDED if wanted.state is None else [wanted.state]),
            Scenario.submitted_at.is_not(None),
        )
    )
    if not opinions.oversees(work.actor):
        chosen = chosen.where(Scenario.implementing_agency_id == work.actor.organisation)
    if wanted.field is not None:
        chosen = chosen.where(Scenario.application_field == wanted.field)
    if wanted.overdue:
        chosen = chosen.where(Clock.due_on < local_date(work.now))
    return _grave(_named(_in_hand(chosen, work, wanted), wanted), wanted)


def _in_hand(chosen: Select[Any], work: Work, wanted: Wanted) -> Select[Any]:
    held = select(Assignment.scenario_id).where(Assignment.scenario_id == Scenario.id)
    if wanted.hands == "mine":
        return chosen.where(held.where(Assignment.person_id == work.actor.person).exists())
    return chosen.where(~held.exists()) if wanted.hands == "nobody" else chosen


def _named(chosen: Select[Any], wanted: Wanted) -> Select[Any]:
    if wanted.text is None:
        return chosen
    text = wanted.text[:TEXT_MAX]
    named = select(Organisation.id).where(
        or_(
            Organisation.name_zh.icontains(text, autoescape=True),
            Organisation.name_en.icontains(text, autoescape=True),
        )
    )
    return chosen.where(
        or_(
            Scenario.applicant_id.in_(named),
            Scenario.title.icontains(text, autoescape=True),
            Scenario.code.icontains(text, autoescape=True),
        )
    )


def _grave(chosen: Select[Any], wanted: Wanted) -> Select[Any]:
    items = select(ScenarioItem.scenario_id).where(ScenarioItem.scenario_id == Scenario.id)
    if wanted.grade is not None:
        chosen = chosen.where(
            items.where(ScenarioItem.grade == wanted.grade).exists(),
            ~items.where(_GRADES.index(wanted.grade) < _RANK).exists(),
        )
    if wanted.personal is not None:
        of_people = items.where(ScenarioItem.pi_class != PiClass.NONE).exists()
        chosen = chosen.where(of_people if wanted.personal else ~of_people)
    return chosen
