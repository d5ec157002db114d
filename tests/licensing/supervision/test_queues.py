"""The queue of cases: who sees which, narrowed and sorted, with its lights counted."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from kernel.deadlines import Light
from licensing.scenarios import State
from licensing.supervision import queues
from licensing.supervision.queues import Gravity, Wanted
from tests.conftest import NOON, work_of
from tests.licensing import desk


def _asked(session: Session) -> str:
    """Have one case in which the departments are asked."""
    made = desk.submitted(session)
    desk.walk(session, made, "accept", "request_opinions")
    return made.id


def test_an_agency_sees_its_cases_and_strangers_none(session: Session) -> None:
    case = _asked(session)

    ours = queues.listed(work_of(session, "per_agency_officer"), limit=5)
    theirs = queues.listed(work_of(session, "per_buyer_editor"), limit=5)

    assert [row.scenario.id for row in ours.items] == [case]
    assert theirs.items == []


def test_an_overseer_sees_every_case(session: Session) -> None:
    case = _asked(session)

    seen = queues.listed(work_of(session, "per_hub_supervisor"), limit=5)

    assert [row.scenario.id for row in seen.items] == [case]


def test_a_draft_does_not_wait_and_an_ended_case_no_longer(session: Session) -> None:
    made = desk.submitted(session)
    desk.walk(session, made, "refuse")

    assert queues.listed(work_of(session, "per_agency_officer"), limit=5).items == []


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), True),
        (Wanted(state=State.DEPT_OPINION), True),
        (Wanted(state=State.DECIDING), False),
        (Wanted(field="modern_agriculture"), True),
        (Wanted(field="healthcare"), False),
        (Wanted(grade="G1"), True),
        (Wanted(grade="CORE"), False),
        (Wanted(personal=False), True),
        (Wanted(personal=True), False),
        (Wanted(text="sc-430000"), True),
        (Wanted(text="枫香"), True),
        (Wanted(text="%"), False),
        (Wanted(overdue=True), False),
    ],
)
def test_a_queue_is_narrowed(session: Session, wanted: Wanted, found: bool) -> None:
    _asked(session)
    work = work_of(session, "per_agency_officer")

    page, lights = queues.listed(work, wanted, limit=5), queues.lights(work, wanted)

    assert bool(page.items) is found
    assert bool(lights.total()) is found


def test_lights_of_the_page_and_of_the_count_agree(session: Session) -> None:
    _asked(session)
    today = work_of(session, "per_agency_officer")
    later = work_of(session, "per_agency_officer", at=NOON + timedelta(days=30))

    for work, light in ((today, Light.GREEN), (later, Light.RED)):
        assert [row.light for row in queues.listed(work, limit=5).items] == [light]
        assert queues.lights(work) == {light: 1}
    assert queues.listed(later, Wanted(overdue=True), limit=5).items


def test_the_gravity_of_a_case_is_that_of_its_gravest_item(session: Session) -> None:
    case = _asked(session)

    assert queues.gravity(session, [case]) == {case: Gravity("G1", personal=False)}
