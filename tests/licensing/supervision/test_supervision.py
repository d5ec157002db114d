"""Clocks of stages and of the whole, violations, and the marks of units."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from kernel import watch
from kernel.clock import Instant, local_date
from kernel.deadlines import Light
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.journal import Event
from kernel.watch import Clock
from kernel.work import Work
from licensing import scenarios
from licensing.scenarios import Scenario
from licensing.supervision import stages, totals, violations
from licensing.supervision.stages import Mark, Which
from licensing.supervision.violations import Fault, State
from tests.conftest import CALENDAR, NOON, WorkAs, work_of
from tests.licensing import desk

FOLLOWED = dict.fromkeys(totals.kinds(), (totals.follow,))
OWNER = "org_agency"


def _work(session: Session, person: str, at: Instant = NOON) -> Work:
    return replace(work_of(session, person, at=at), witnesses=FOLLOWED)


def _take(session: Session, scenario: Scenario, name: str, at: Instant = NOON) -> None:
    work = _work(session, desk.SCENARIO_STEPS[name], at)
    scenarios.take(work, scenario.id, name, **desk.ANSWERS.get(name, {}))
    session.flush()


def _submitted(session: Session) -> Scenario:
    code = desk.directory(session)
    desk.effective(session, code)
    made = desk.applied(session, code)
    _take(session, made, "submit")
    return made


def _clock(session: Session, subject: str, **changes: Any) -> Clock:
    """Start the clock of one working day on something, and let it be someone's."""
    made = watch.start(
        work_of(session, "system"), subject, "scenario", "clocks.forwarding", None, owner=OWNER
    )
    for name, value in changes.items():
        setattr(made, name, value)
    session.flush()
    return made


def test_the_total_runs_beside_the_stage_and_stands_while_the_applicant_supplements(
    session: Session,
) -> None:
    made = _submitted(session)
    total = totals.of(session, made.id)
    assert total is not None
    begun = (total.owner, total.due_on, watch.paused(total))

    _take(session, made, "supplement")
    standing = watch.paused(total)
    _take(session, made, "resubmit", desk.days_later(2))
    _take(session, made, "accept", desk.days_later(2))

    assert begun == (OWNER, date(2026, 7, 29), False)
    assert standing
    assert not watch.paused(total)
    assert total.due_on == date(2026, 7, 31)
    assert watch.of(session, made.id)[0].key == "clocks.formal_check"


def test_the_total_ends_with_the_case(session: Session) -> None:
    made = _submitted(session)

    _take(session, made, "refuse")

    total = totals.of(session, made.id)
    assert total is not None
    assert total.completed_on == NOON.date()
    totals.follow(
        work_of(session, "system"), Event(subject=made.id, data={"before": "x", "after": "closed"})
    )
    totals.follow(work_of(session, "system"), Event(subject=made.id, data={}))


def test_the_total_is_extended_once_by_the_approver_with_a_reason(
    session: Session, work_as: WorkAs
) -> None:
    made = _submitted(session)
    approver = work_as("per_agency_approver")
    with pytest.raises(StepNotAllowed):
        totals.extend(work_as("per_agency_officer"), made.id, reason="more to read")
    with pytest.raises(StepRefused):
        totals.extend(approver, made.id, reason=" ")

    clock = totals.extend(approver, made.id, reason="more to read")

    assert clock.due_on == date(2026, 8, 12)
    with pytest.raises(StepRefused, match="once"):
        totals.extend(approver, made.id, reason="again")


def test_a_case_without_a_total_cannot_be_extended(session: Session, work_as: WorkAs) -> None:
    made = desk.submitted(session)

    with pytest.raises(StepRefused, match="no total"):
        totals.extend(work_as("per_agency_approver"), made.id, reason="more to read")


def test_i_45_a_case_has_one_running_clock_or_stands_or_is_over(session: Session) -> None:
    made = _submitted(session)
    seen: list[tuple[int, bool]] = []

    for name in ("supplement", "resubmit", "accept", "request_opinions", "withdraw"):
        _take(session, made, name)
        running = [one for one in watch.of(session, made.id) if one.completed_on is None]
        seen.append((len(running), made.state in scenarios.LIFE.finals))

    assert seen == [(1, False), (1, False), (1, False), (1, False), (0, True)]


def test_i_45_a_light_is_a_pure_function_of_clock_calendar_and_day(session: Session) -> None:
    clock = _clock(session, "scn_1")
    days = [NOON.date() + timedelta(days=count) for count in (0, 1, 2)]

    first = [watch.light(clock, CALENDAR, day) for day in days]
    again = [watch.light(clock, CALENDAR, day) for day in days]

    assert first == again == [Light.YELLOW, Light.YELLOW, Light.RED]


def test_i_47_a_provisional_clock_is_reckoned_anew_and_never_before_today(
    session: Session, work_as: WorkAs
) -> None:
    far = _clock(session, "scn_far", limit_days=200, provisional=True, due_on=date(2027, 5, 1))
    late = _clock(
        session, "scn_late", started_on=date(2026, 6, 1), provisional=True, due_on=date(2026, 7, 8)
    )

    moved = stages.reckon_provisional(work_as("system"), limit=10)

    assert moved == 2
    assert far.provisional  # the notice for 2027 is still not there
    assert (late.due_on, late.provisional) == (NOON.date(), False)


def test_clocks_are_listed_next_due_first_with_their_lights(
    session: Session, work_as: WorkAs
) -> None:
    _clock(session, "scn_soon")
    _clock(session, "scn_over", due_on=date(2026, 6, 1), started_on=date(2026, 5, 29))
    _clock(session, "scn_done", completed_on=date(2026, 7, 1))
    _clock(session, "scn_late", completed_on=date(2026, 7, 9))
    _clock(session, "scn_other", owner="role:exchange_operator", provisional=True)
    supervisor = work_as("per_hub_supervisor")

    def subjects(**asked: Any) -> list[str]:
        return [one.clock.subject for one in stages.listed(supervisor, limit=9, **asked).items]

    assert subjects() == ["scn_over", "scn_soon", "scn_other"]
    assert subjects(which=Which.OVERDUE) == ["scn_over"]
    assert subjects(which=Which.PROVISIONAL) == ["scn_other"]
    assert set(subjects(which=Which.DONE)) == {"scn_done", "scn_late"}
    assert subjects(which=Which.DONE_LATE) == ["scn_late"]
    assert subjects(owner=OWNER, key="clocks.forwarding") == ["scn_over", "scn_soon"]
    first = stages.listed(supervisor, limit=1)
    assert (first.items[0].light, first.items[0].days_left < 0) == (Light.RED, True)
    assert first.next is not None
    own = stages.listed(work_as("per_exchange_listing"), limit=9)
    assert [one.clock.subject for one in own.items] == ["scn_other"]


def test_units_are_marked_by_what_they_did_in_time(session: Session, work_as: WorkAs) -> None:
    for number in range(19):
        _clock(session, f"scn_{number}", completed_on=date(2026, 7, 1))
    _clock(session, "scn_late", completed_on=date(2026, 7, 9))
    _clock(session, "scn_runs", owner="org_dept")
    _clock(session, "scn_old", started_on=date(2026, 6, 30))

    found = stages.units(work_as("per_hub_supervisor"), date(2026, 8, 1))

    agency, department = found
    assert (agency.owner, agency.started, agency.on_time, agency.late) == (OWNER, 20, 19, 1)
    assert (agency.on_time_bp, agency.mark) == (9_500, Mark.GOOD)
    assert (department.running, department.on_time_bp, department.mark) == (1, None, None)
    own = stages.units(work_as("per_dept_editor"), date(2026, 8, 1))
    assert [unit.owner for unit in own] == ["org_dept"]


@pytest.mark.parametrize(("late", "mark"), [(0, Mark.EXCELLENT), (2, Mark.PASS), (10, Mark.FAIL)])
def test_the_marks(session: Session, work_as: WorkAs, late: int, mark: Mark) -> None:
    for number in range(20):
        done = date(2026, 7, 9) if number < late else date(2026, 7, 1)
        _clock(session, f"scn_{number}", completed_on=done)

    (unit,) = stages.units(work_as("per_hub_supervisor"), date(2026, 7, 1))

    assert unit.mark == mark


def test_a_quarter_is_read_as_it_is_written() -> None:
    assert stages.quarter(date(2026, 12, 5)) == (date(2026, 10, 1), date(2026, 12, 31))
    assert stages.quarter(stages.parse_quarter("2026q1")) == (date(2026, 1, 1), date(2026, 3, 31))
    for wrong in ("2026", "2026Q5", "26Q1", "abcdQ1"):
        with pytest.raises(Invalid):
            stages.parse_quarter(wrong)


def test_a_clock_that_ran_out_is_a_violation_once(session: Session, work_as: WorkAs) -> None:
    _clock(session, "scn_1", due_on=date(2026, 6, 1), started_on=date(2026, 5, 29))
    _clock(session, "scn_2/total", due_on=date(2026, 6, 1), started_on=date(2026, 5, 29))
    _clock(
        session, "scn_3", due_on=date(2026, 6, 1), started_on=date(2026, 5, 29),
        pauses=[["2026-06-01", None]],
    )  # fmt: skip
    _clock(session, "scn_4", due_on=date(2026, 6, 1), owner=None)

    raised = violations.raise_overdue(work_as("system"), limit=10)
    session.flush()
    again = violations.raise_overdue(work_as("system"), limit=10)

    found = violations.listed(work_as("per_hub_supervisor"), limit=9).items
    assert (raised, again) == (2, 0)
    assert {(one.subject, one.fault) for one in found} == {
        ("scn_1", Fault.STAGE_OVERDUE),
        ("scn_2", Fault.TOTAL_OVERDUE),
    }
    assert violations.standing(session, NOON - timedelta(days=1)) == {OWNER: 2}
    assert violations.listed(work_as("per_buyer_signer"), limit=9).items == []


def test_a_unit_explains_and_the_supervisor_rules(session: Session, work_as: WorkAs) -> None:
    _clock(session, "scn_1", due_on=date(2026, 6, 1), started_on=date(2026, 5, 29))
    violations.raise_overdue(work_as("system"), limit=10)
    session.flush()
    (made,) = violations.listed(work_as("per_agency_officer"), state=State.RAISED, limit=9).items

    violations.take(
        work_as("per_agency_officer"), made.id, "explain", explanation="the system was down"
    )
    with pytest.raises(StepNotAllowed):
        violations.take(work_as("per_agency_approver"), made.id, "clear", reason="x")
    violations.take(work_as("per_hub_supervisor"), made.id, "clear", reason="it was down")

    assert made.state == State.CLEARED
    assert violations.standing(session, NOON - timedelta(days=1)) == {}
    with pytest.raises(NotFound):
        violations.seen(work_as("per_buyer_signer"), made.id)
    with pytest.raises(NotFound):
        violations.find(session, "vio_none")


def test_refusing_a_complete_application_as_incomplete_is_a_violation(
    session: Session, work_as: WorkAs
) -> None:
    made = _submitted(session)
    _take(session, made, "refuse")
    told = Event(subject=made.id, data={"cause": "incomplete"})

    violations.look_at_refusal(work_as("system"), told)
    session.flush()
    violations.look_at_refusal(work_as("system"), told)
    violations.look_at_refusal(
        work_as("system"), Event(subject=made.id, data={"cause": "not_competent"})
    )

    (found,) = violations.listed(work_as("per_hub_supervisor"), limit=9).items
    assert (found.fault, found.owner, found.subject) == (
        Fault.CONFORMING_REFUSED, OWNER, made.id,
    )  # fmt: skip
    assert local_date(found.raised_at) == NOON.date()
