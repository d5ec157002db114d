"""Who has a case in hand."""

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from kernel import journal
from kernel.actor import Duty
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.parties.people import Membership
from kernel.work import Work
from licensing import scenarios
from licensing.applications.cases import Scenario
from licensing.reviewing import assignments
from licensing.supervision import queues
from licensing.supervision.queues import Wanted
from tests.conftest import WorkAs, work_of
from tests.licensing import desk

OFFICER, APPROVER = "per_agency_officer", "per_agency_approver"
COLLEAGUE = "per_agency_secretary"


@pytest.fixture
def case(session: Session) -> Scenario:
    """Submit a case, at an agency with a second officer."""
    row = session.get_one(Membership, (COLLEAGUE, "org_agency"))
    row.duties = ["case_officer", "panel_secretary"]
    return desk.submitted(session)


def colleague(session: Session) -> Work:
    """Return work of the second officer."""
    work = work_of(session, COLLEAGUE)
    return replace(work, actor=replace(work.actor, duties=frozenset({Duty.CASE_OFFICER})))


def holder(session: Session, case: Scenario) -> str | None:
    """Return who has the case in hand."""
    session.flush()
    found = assignments.of(session, case.id)
    return found.person_id if found else None


def test_an_officer_claims_a_case_and_lets_go_of_it(
    session: Session, case: Scenario, work_as: WorkAs
) -> None:
    assignments.claim(work_as(OFFICER), case.id)
    again = assignments.claim(work_as(OFFICER), case.id)
    assert (holder(session, case), again.assigned_by) == (OFFICER, OFFICER)

    assignments.release(work_as(OFFICER), case.id)

    assert holder(session, case) is None
    told = [(event.kind, event.data.get("officer")) for event in
            journal.history(session, case.id, limit=20) if "officer" in event.data]  # fmt: skip
    assert told == [("scenario.claimed", OFFICER), ("scenario.released", OFFICER)]


def test_a_case_that_a_colleague_has_is_not_claimed(
    session: Session, case: Scenario, work_as: WorkAs
) -> None:
    assignments.claim(work_as(OFFICER), case.id)
    session.flush()

    with pytest.raises(StepRefused) as refused:
        assignments.claim(colleague(session), case.id)
    with pytest.raises(StepNotAllowed):
        assignments.release(colleague(session), case.id)

    assert [one.code for one in refused.value.refusals] == ["CASE_TAKEN"]
    assert holder(session, case) == OFFICER


def test_a_leader_gives_a_case_to_an_officer_and_takes_it_back(
    session: Session, case: Scenario, work_as: WorkAs
) -> None:
    assignments.claim(work_as(OFFICER), case.id)
    given = assignments.assign(work_as(APPROVER), case.id, person_id=COLLEAGUE)
    session.flush()
    told = journal.history(session, case.id, limit=20)[-1]

    assert (given.person_id, given.assigned_by) == (COLLEAGUE, APPROVER)
    assert (told.kind, told.data["before"]) == ("scenario.assigned", OFFICER)
    assignments.release(work_as(APPROVER), case.id)
    assert holder(session, case) is None
    with pytest.raises(NotFound):
        assignments.release(work_as(APPROVER), case.id)


@pytest.mark.parametrize("person", [APPROVER, "per_dept_approver", "per_nobody"])
def test_a_case_is_given_to_its_agencys_officers_alone(
    case: Scenario, work_as: WorkAs, person: str
) -> None:
    with pytest.raises(Invalid) as refused:
        assignments.assign(work_as(APPROVER), case.id, person_id=person)

    assert refused.value.pointer == "/person_id"


def test_who_is_not_of_the_desk_neither_claims_nor_assigns(case: Scenario, work_as: WorkAs) -> None:
    for person in ("per_agency_approver", "per_dept_approver", "per_developer_editor"):
        with pytest.raises(StepNotAllowed):
            assignments.claim(work_as(person), case.id)
    with pytest.raises(StepNotAllowed):
        assignments.assign(work_as(OFFICER), case.id, person_id=OFFICER)
    with pytest.raises(NotFound):
        assignments.claim(work_as("per_other_editor"), case.id)


def test_a_case_that_is_decided_or_not_submitted_is_nobodys_to_claim(
    session: Session, case: Scenario, work_as: WorkAs
) -> None:
    desk.walk(session, case, "withdraw")

    with pytest.raises(StepRefused) as refused:
        assignments.claim(work_as(OFFICER), case.id)

    assert [one.code for one in refused.value.refusals] == ["CASE_DECIDED"]


def test_an_assignment_takes_nobodys_part_in_the_rules(
    session: Session, case: Scenario, work_as: WorkAs
) -> None:
    assignments.claim(work_as(OFFICER), case.id)
    session.flush()

    scenarios.take(colleague(session), case.id, "accept")
    with pytest.raises(StepNotAllowed):
        scenarios.take(work_as(APPROVER), case.id, "request_opinions")

    assert case.state == scenarios.State.ACCEPTED
    assert holder(session, case) == OFFICER


def test_the_queue_is_narrowed_to_ones_own_and_to_nobodys(
    session: Session, case: Scenario, work_as: WorkAs
) -> None:
    mine, nobodys = Wanted(hands="mine"), Wanted(hands="nobody")
    before = [len(queues.listed(work_as(OFFICER), wanted, limit=5).items)
              for wanted in (mine, nobodys)]  # fmt: skip
    assignments.claim(work_as(OFFICER), case.id)
    session.flush()
    after = [len(queues.listed(work_as(OFFICER), wanted, limit=5).items)
             for wanted in (mine, nobodys)]  # fmt: skip
    others = queues.listed(colleague(session), mine, limit=5).items

    assert (before, after, others) == ([0, 1], [1, 0], [])
    assert sum(queues.lights(work_as(OFFICER), mine).values()) == 1


def test_assignments_are_listed_to_the_agency_and_to_who_oversees(
    session: Session, case: Scenario, work_as: WorkAs
) -> None:
    assignments.claim(work_as(OFFICER), case.id)
    session.flush()

    def seen(person: str, **more: str) -> list[str]:
        page = assignments.listed(work_as(person), after=None, limit=5, **more)
        return [one.scenario_id for one in page.items]

    assert seen(OFFICER) == seen("per_hub_supervisor") == [case.id]
    assert seen(OFFICER, person_id=COLLEAGUE) == []
    assert seen("per_developer_editor") == []
    assert list(assignments.officers(session, case)) == [OFFICER, COLLEAGUE]
    assert assignments.of_all(session, [case.id]) == {case.id: OFFICER}
    assert assignments.concerns(work_as("per_hub_supervisor").actor, case)
    assert not assignments.concerns(work_as("per_developer_editor").actor, case)
