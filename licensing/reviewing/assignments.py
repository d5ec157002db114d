"""Who has a case in hand (承办人): for convenience, never instead of who may do what.

A case officer claims a case that nobody has, or lets go of it; a leader of the agency
gives it to one of its officers, or takes it back. Every change is in the journal.
"""

from collections.abc import Iterable

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.actor import Actor, Duty, its
from kernel.clock import Instant
from kernel.db import Base
from kernel.errors import Invalid, NotFound, Refusal, StepNotAllowed, StepRefused
from kernel.pages import Page, keyset
from kernel.parties import people
from kernel.parties.people import Membership
from kernel.work import Work
from licensing.applications import cases, opinions
from licensing.applications.cases import UNDECIDED, Scenario

OFFICERS_MAX = 200
"""Officers of one agency among whom a case is given."""


class Assignment(Base):
    """A case and the officer who has it in hand; a case without a row is nobody's."""

    __tablename__ = "case_assignments"
    __table_args__ = (Index(None, "person_id", "scenario_id"),)

    scenario_id: Mapped[str] = mapped_column(ForeignKey("scenarios.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    assigned_by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    assigned_at: Mapped[Instant]


officer = its("implementing agency", "implementing_agency_id", Duty.CASE_OFFICER)
leader = its("implementing agency", "implementing_agency_id", Duty.APPROVER)


def claim(work: Work, scenario_id: str) -> Assignment:
    """Take a case in hand, as a case officer of its agency; one's own stays one's own.

    Raises StepNotAllowed, and StepRefused with CASE_TAKEN or CASE_DECIDED.
    """
    scenario = _open(work, scenario_id)
    if not officer.matches(work.actor, scenario):
        raise StepNotAllowed("只有实施机构的经办人可以领办", "this is for its case officers")
    held = of(work.session, scenario.id)
    if held is None:
        return _give(work, scenario, work.actor.person, "scenario.claimed")
    if held.person_id != work.actor.person:
        name = people.names(work.session, [held.person_id])[held.person_id]
        zh, en = f"该件已由 {name} 承办", f"{name} has this case in hand"
        raise StepRefused(zh, en, (Refusal("CASE_TAKEN", zh, en),))
    return held


def assign(work: Work, scenario_id: str, *, person_id: str) -> Assignment:
    """Give a case to an officer of its agency, whoever had it before, as a leader of it.

    Raises StepNotAllowed, StepRefused with CASE_DECIDED, and Invalid for somebody who is
    no case officer there.
    """
    scenario = _open(work, scenario_id)
    if not leader.matches(work.actor, scenario):
        raise StepNotAllowed("只有实施机构的审批人可以指派", "this is for its approvers")
    if person_id not in {one.person_id for one in _officers(work.session, scenario)}:
        zh, en = "该人员不是本机构的经办人", "this is no case officer of the agency"
        raise Invalid(zh, en, pointer="/person_id")
    return _give(work, scenario, person_id, "scenario.assigned")


def release(work: Work, scenario_id: str) -> None:
    """Let go of a case: one's own, or any as a leader of the agency.

    Raises NotFound when nobody has it, StepNotAllowed when it is another's.
    """
    scenario = cases.seen(work, scenario_id)
    held = of(work.session, scenario.id)
    if held is None:
        raise NotFound("该件无人承办", "nobody has this case in hand")
    if held.person_id != work.actor.person and not leader.matches(work.actor, scenario):
        raise StepNotAllowed("只能退回本人承办的件", "one lets go of one's own case only")
    work.session.delete(held)
    work.record("scenario.released", scenario.id, officer=held.person_id)


def concerns(actor: Actor, scenario: Scenario) -> bool:
    """Tell whether an actor is told who has a case in hand: its agency, and who oversees."""
    return actor.organisation == scenario.implementing_agency_id or opinions.oversees(actor)


def of(session: Session, scenario_id: str) -> Assignment | None:
    """Return who has a case in hand, if anybody has. One SELECT by primary key."""
    return session.get(Assignment, scenario_id)


def of_all(session: Session, scenario_ids: Iterable[str]) -> dict[str, str]:
    """Return case → person, for one page of a list. One SELECT by key."""
    statement = select(Assignment.scenario_id, Assignment.person_id).where(
        Assignment.scenario_id.in_(list(scenario_ids))
    )
    return {row.scenario_id: row.person_id for row in session.execute(statement)}


def officers(session: Session, scenario: Scenario) -> dict[str, str]:
    """Return person → name of the officers to whom a case may be given. Two SELECTs."""
    found = people.names(session, [one.person_id for one in _officers(session, scenario)])
    return dict(sorted(found.items(), key=lambda named: (named[1], named[0])))


def listed(
    work: Work, *, person_id: str | None = None, after: str | None, limit: int
) -> Page[Assignment]:
    """Return one page of who has which case, latest case first: the agency's, or all.

    person_id: one officer's alone. An overseer sees all, anybody else none. One SELECT.
    """
    statement = select(Assignment)
    if not opinions.oversees(work.actor):
        ours = select(Scenario.id).where(Scenario.implementing_agency_id == work.actor.organisation)
        statement = statement.where(Assignment.scenario_id.in_(ours))
    if person_id is not None:
        statement = statement.where(Assignment.person_id == person_id)
    by = ((Assignment.scenario_id, "desc"),)
    return keyset(work.session, statement, by=by, after=after, limit=limit)  # type: ignore[arg-type]  # a literal tuple


def _open(work: Work, scenario_id: str) -> Scenario:
    found = cases.seen(work, scenario_id)
    if found.state not in UNDECIDED or found.submitted_at is None:
        zh, en = "该件不在办理中", "the case does not wait for a decision"
        raise StepRefused(zh, en, (Refusal("CASE_DECIDED", zh, en),))
    return found


def _give(work: Work, scenario: Scenario, person_id: str, says: str) -> Assignment:
    held = of(work.session, scenario.id)
    before = None if held is None else held.person_id
    if held is None:
        held = Assignment(scenario_id=scenario.id)
        work.session.add(held)
    held.person_id, held.assigned_by = person_id, work.actor.person
    held.assigned_at = work.now
    work.record(says, scenario.id, officer=person_id, before=before)
    return held


def _officers(session: Session, scenario: Scenario) -> list[Membership]:
    page = people.of(session, scenario.implementing_agency_id, after=None, limit=OFFICERS_MAX)
    return [one for one in page.items if Duty.CASE_OFFICER in one.duties]
