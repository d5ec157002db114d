"""The statutory total (总时限) of a case, beside the clocks of its stages.

It runs from the application to the decision's publicity, and stands while the applicant
supplements or revises, while experts assess and while the public is heard: those days are
not the agency's. One extension, with its reason. Law leaves the days to the rules.
"""

from typing import Any, Final

from sqlalchemy.orm import Session

from kernel import watch
from kernel.clock import local_date
from kernel.errors import Refusal, StepNotAllowed, StepRefused
from kernel.journal import Event
from kernel.watch import Clock
from kernel.work import Work
from licensing import scenarios
from licensing.scenarios import State

KEY: Final = "clocks.scenario_total"
LIFE: Final = "scenario_total"
EXCLUDED: Final = frozenset(
    {State.SUPPLEMENTING, State.REVISING, State.AWAITING_CONDITIONS, State.ASSESSING,
     State.PUBLICITY}
)  # fmt: skip
"""Where the total stands: nothing that the agency does takes these days."""

_COUNTED: Final = frozenset(
    {State.FORMAL_CHECK, State.ACCEPTED, State.DEPT_OPINION, State.PANEL_FORMING, State.DECIDING}
)


def subject_of(scenario_id: str) -> str:
    """Return under which name the total of a scenario runs; the stage's has the scenario's own."""
    return f"{scenario_id}/total"


def of(session: Session, scenario_id: str) -> Clock | None:
    """Return the total that runs on a scenario, or the last one that did. At most two SELECTs."""
    subject = subject_of(scenario_id)
    return watch.running(session, subject) or next(reversed(watch.of(session, subject)), None)


def follow(work: Work, event: Event) -> None:
    """Start, pause, resume or stop the total with a step of a scenario. One or two SELECTs.

    Called in the same transaction as the step; steps that stay where they are change nothing.
    """
    before, after = event.data.get("before"), event.data.get("after")
    if after is None or before == after:
        return
    subject, today = subject_of(event.subject), local_date(work.now)
    clock = watch.running(work.session, subject)
    if clock is None:
        if after == State.FORMAL_CHECK:
            owner = scenarios.find(work.session, event.subject).implementing_agency_id
            watch.start(work, subject, LIFE, KEY, None, owner=owner)
    elif after in EXCLUDED:
        if not watch.paused(clock):
            watch.pause(clock, today)
    elif after in _COUNTED:
        if watch.paused(clock):
            watch.resume(clock, today, work.calendar)
    else:
        watch.stop(clock, today)


def extend(work: Work, scenario_id: str, *, reason: str) -> Clock:
    """Extend the total once, for the agency's approver, with a reason.

    Raises StepNotAllowed, and StepRefused without a reason, without a running total, or the
    second time.
    """
    scenario = scenarios.seen(work, scenario_id)
    if not scenarios.approver.matches(work.actor, scenario):
        raise StepNotAllowed("只有实施机构终审人可以延长", f"this is for {scenarios.approver.name}")
    clock = watch.running(work.session, subject_of(scenario.id))
    refusal = _not_extendable(clock, reason)
    if refusal is not None or clock is None:
        found = refusal or Refusal("NO_TOTAL_RUNNING", "没有总时限", "no total runs")
        raise StepRefused(found.zh, found.en, (found,))
    days = work.rules.number("supervision.extension_wd")
    watch.extend(clock, days, work.calendar)
    work.record("scenario.total_extended", scenario.id, reason=reason.strip(), days=days)
    return clock


def _not_extendable(clock: Clock | None, reason: str) -> Refusal | None:
    if clock is None:
        return Refusal("NO_TOTAL_RUNNING", "该场景没有在计的总时限", "no total runs on this case")
    if clock.extension_days:
        return Refusal("EXTENDED_BEFORE", "总时限只能延长一次", "it is extended once, and has been")
    if not reason.strip():
        return Refusal("ANSWER_NEEDED", "请填写延长理由", "reason must be given")
    return None


def kinds() -> set[str]:
    """Return the events that the total follows: every step in a scenario's life."""
    steps: Any = scenarios.LIFE.steps.values()
    return {row.event for row in steps}
