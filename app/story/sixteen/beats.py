"""A beat: one step of one person, played once, however often the play is begun.

What a beat made stands in the journal, written with the step itself. So a play that was
stopped goes on where it stopped, and one that is over plays nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from app import unit
from app.house import House
from kernel import journal
from kernel.actor import SYSTEM, Actor
from kernel.calendar import Calendar
from kernel.clock import Instant, local_date
from kernel.errors import DomainError
from kernel.parties import people
from kernel.parties.people import Passwords
from kernel.work import Work
from licensing import assessments

SUBJECT: Final = "sixteen"
BEATS_MAX: Final = 2_000
THE_HOUSE: Final = "system"

Made = dict[str, str]
"""Key of a beat that was played → the id of what it made, or nothing."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a beat has before it. ends: the last day of the play."""

    work: Work
    made: Made
    passwords: Passwords
    ends: date

    def firm(self, key: str) -> str:
        """Return the id of an organisation that the play has entered."""
        return self.made[f"firm/{key}"]

    def firm_of(self, login: str) -> str:
        """Return for which organisation somebody acts. Five SELECTs."""
        return signed_in(self.work.session, f"{login}@demo").organisation

    @property
    def today(self) -> date:
        """The day it is in the play."""
        return local_date(self.work.now)

    def years(self, count: int) -> dict[str, date]:
        """Return a term from today."""
        return {
            "term_from": self.today,
            "term_to": self.today.replace(year=self.today.year + count, day=1),
        }


@dataclass(frozen=True, slots=True)
class Beat:
    """One step. day: how many working days before the end. who: a login without its `@demo`.

    seat: the step is that of the panel member in this place, on the assessment that the
    beat `who` has planned.
    """

    key: str
    day: int
    who: str
    do: Callable[[Scene], str | None]
    seat: int | None = None


def recalled(house: House) -> Made:
    """Return what has been played already. One SELECT."""
    with house.engines.reading() as session:
        events = journal.history(session, SUBJECT, limit=BEATS_MAX)
    return {event.data["beat"]: event.data["made"] for event in events}


def play(house: House, beat: Beat, made: Made, ends: date) -> str | None:
    """Play one beat; what the domain refuses is written down as such, and returned.

    A refused beat is not tried again: what comes after it in its case is refused as well.
    """

    def command(work: Work) -> str:
        told = beat.do(Scene(work, made, house.passwords, ends)) or ""
        _write(work, beat=beat.key, made=told)
        return told

    try:
        made[beat.key] = unit.committed(house, _actor(house, beat, made), command)
    except (DomainError, LookupError) as error:
        refused = f"{beat.key}: {error}"
        made[beat.key] = ""
        unit.committed(
            house, SYSTEM, lambda work: _write(work, beat=beat.key, made="", refused=refused)
        )
        return refused
    return None


def working_day(calendar: Calendar, last: date, before: int) -> date:
    """Return the working day so many before `last`, or before the working day ahead of it."""
    day, left = last, before
    while not calendar.is_workday(day, provisional=True):
        day -= timedelta(days=1)
    while left > 0:
        day -= timedelta(days=1)
        left -= calendar.is_workday(day, provisional=True)
    return day


def moment(house: House) -> Instant:
    """Return the demonstration's time."""
    with house.engines.reading() as session:
        return house.now(session)


def _write(work: Work, **told: Any) -> None:
    work.as_system().record("demonstration.played", SUBJECT, **told)


def _actor(house: House, beat: Beat, made: Made) -> Actor:
    if beat.who == THE_HOUSE:
        return SYSTEM
    with house.engines.reading() as session:
        if beat.seat is None:
            return signed_in(session, f"{beat.who}@demo")
        panel = assessments.find(session, made[beat.who])
        return signed_in(session, people.find(session, panel.serving[beat.seat]).login)


def signed_in(session: Session, login: str) -> Actor:
    """Return who signs in as `login`, for its first organisation. Raises LookupError."""
    person = people.by_login(session, login)
    places = [] if person is None else people.memberships(session, person.id)
    found = [people.actor(session, one.person_id, one.organisation_id) for one, _ in places]
    if not found or found[0] is None:
        raise LookupError(f"nobody acts as {login}")
    return found[0]
