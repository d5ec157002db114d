"""Builders of an assessment: a pool of experts, a panel, its sheets."""

from typing import Any

from sqlalchemy.orm import Session

from kernel.clock import Instant
from licensing import assessments
from licensing.applications.cases import Scenario
from licensing.assessing import experts, members
from licensing.assessing.experts import Expert
from licensing.assessments import Assessment
from tests.conftest import NOON, work_of
from tests.licensing import desk

SEED = "plum blossom, second snow"
SPECIALITIES = ("law", "security", "field", "technology")
SCORES = (8200, 7850, 7400, 9000, 6900)  # together 78.70
STEPS = {"void": "per_agency_approver"}


def enrol(session: Session, number: int, **changes: Any) -> Expert:
    """Take one of the cast into the pool: law, security, field, technology in turn."""
    given: dict[str, Any] = {
        "person_id": f"per_expert_{number}",
        "specialities": [SPECIALITIES[(number - 1) % 4]],
        "fields": ["modern_agriculture"],
        "employer_name": "Demo University",
        "employer_uscc": None,
        "outside": True,
        **changes,
    }
    made = experts.enrol(work_of(session, "per_agency_secretary"), **given)
    session.flush()  # a living record gets its first version from the database
    return made


def pool(session: Session, size: int = 12) -> list[Expert]:
    """Fill the pool."""
    return [enrol(session, number) for number in range(1, size + 1)]


def waiting(session: Session, **changes: Any) -> Scenario:
    """Bring a scenario to where it waits for a panel."""
    made = desk.submitted(session, **changes)
    desk.walk(session, made, *desk.TO_PANEL)
    return made


def planned(session: Session, *, size: int = 12, **changes: Any) -> Assessment:
    """Plan the assessment of a waiting scenario, with a pool behind it."""
    pool(session, size)
    return plan(session, waiting(session, **changes))


def plan(session: Session, scenario: Scenario) -> Assessment:
    """Plan the assessment of a scenario with the seed of the tests."""
    secretary = work_of(session, "per_agency_secretary")
    made = assessments.plan(secretary, scenario.id, seed=SEED)
    session.flush()  # a living record gets its first version from the database
    return made


def go(session: Session, made: Assessment, *path: str, at: Instant = NOON) -> None:
    """Take steps of an assessment; "declare" is every member's."""
    for name in path:
        if name == "declare":
            for person in list(made.serving):
                assessments.declare(work_of(session, person, at=at), made.id, conflicted=False)
        else:
            work = work_of(session, STEPS.get(name, "per_agency_secretary"), at=at)
            answers = {"reason": "a conflict was found"} if name == "void" else {}
            assessments.take(work, made.id, name, **answers)
        session.flush()


def redraw(session: Session, made: Assessment, *, at: Instant = NOON) -> None:
    """Draw again for those who have not handed in a sheet."""
    work = work_of(session, "per_agency_secretary", at=at)
    assessments.take(work, made.id, "redraw", reason="no quorum in time")
    session.flush()


TO_SCORING = ("draw", "declare", "clear", "open_documents")


def scoring(session: Session, **changes: Any) -> Assessment:
    """Bring an assessment to where its panel scores."""
    made = planned(session, **changes)
    go(session, made, *TO_SCORING)
    return made


def sheet(made: Assessment, score: int, **changes: Any) -> Any:
    """Return a sheet that gives the same score to every criterion, and agrees."""
    return {
        "scores": dict.fromkeys(made.standard["weights"], score),
        "comments": {},
        "verdict": "agree",
        "struck": [],
        "conditions": [],
        "vetoed": [],
        **changes,
    }


def score(session: Session, made: Assessment, *scores: int, **changes: Any) -> None:
    """Have the first members of the panel sign a sheet each."""
    for person, points in zip(made.serving, scores, strict=False):
        work = work_of(session, person)
        assessments.submit_sheet(work, made.id, **sheet(made, points, **changes))
    session.flush()


def sign(session: Session, made: Assessment, person: str, points: int, **changes: Any) -> None:
    """Have one member sign a sheet."""
    assessments.submit_sheet(work_of(session, person), made.id, **sheet(made, points, **changes))
    session.flush()


def concluded(session: Session, scores: tuple[int, ...] = SCORES, **changes: Any) -> Assessment:
    """Bring an assessment to its conclusion."""
    made = scoring(session)
    score(session, made, *scores, **changes)
    go(session, made, "tally", "conclude")
    return made


def serving(session: Session, made: Assessment) -> list[str]:
    """Return the experts on the panel, by seat."""
    return [one.expert_id for one in members.serving(session, made.id)]
