"""Builders of what happens to an authorisation: works with witnesses, promises, days."""

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from app.reactions import WITNESSES
from kernel.clock import Instant
from kernel.errors import DomainError
from kernel.work import Work
from licensing.applications import commitments
from licensing.applications.commitments import Commitment
from licensing.authorisations import Authorisation
from tests.conftest import NOON, work_of

DIGEST = "ab" * 32
REPORT = "used to price frost cover for four thousand farms"


def witnessed(session: Session, person: str, *, at: Instant = NOON) -> Work:
    """Return a unit of work in which what must follow at once does."""
    return replace(work_of(session, person, at=at), witnesses=WITNESSES)


def promised(
    session: Session, scenario_id: str = "scn_weather", *, due: date = date(2026, 7, 10)
) -> Commitment:
    """Promise a material of a case."""
    (made,) = commitments.make(
        work_of(session, "system"),
        scenario_id,
        applicant_id="org_developer",
        implementing_agency_id="org_agency",
        promises={"team_proof": due},
    )
    session.flush()  # a living record gets its first version from the database
    return made


def codes(error: DomainError) -> list[str]:
    """Return the codes of every reason."""
    return [refusal.code for refusal in error.refusals]


def noon(day: str) -> datetime:
    """Return noon in Shanghai of a day."""
    return datetime.fromisoformat(f"{day}T12:00:00+08:00")


def last_day(authorisation: Authorisation) -> datetime:
    """Return noon of its last day."""
    return noon(authorisation.valid_to.isoformat())
