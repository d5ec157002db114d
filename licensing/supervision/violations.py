"""A violation (违规): a unit did not do in time, or not as it must, what a case asked of it.

Raised by the house itself, explained by the unit, and upheld or cleared by a supervisor. It
counts for the stage even when the total was kept. What the database makes impossible (a
refusal without a reason, a permission before filing) needs no violation.
"""

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids, watch
from kernel.actor import Actor, Duty, Role, Who, any_of
from kernel.clock import Instant, local_date
from kernel.db import Base, Big, Living
from kernel.errors import NotFound
from kernel.journal import Event
from kernel.pages import Page, keyset
from kernel.watch import Clock
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from licensing import scenarios
from licensing.applications import checks
from licensing.applications.opinions import oversees
from licensing.supervision import stages


class Fault(StrEnum):
    """What was done wrong; the values are stable codes."""

    STAGE_OVERDUE = "stage_overdue"
    TOTAL_OVERDUE = "total_overdue"
    CONFORMING_REFUSED = "conforming_refused"


class State(StrEnum):
    """Where a violation stands."""

    RAISED = "raised"
    EXPLAINED = "explained"
    UPHELD = "upheld"
    CLEARED = "cleared"


class Violation(Living, Base):
    """One fault of one unit. owner: as `Clock.owner`. clock_id: of the clock that ran out."""

    __tablename__ = "violations"
    __table_args__ = (
        UniqueConstraint("clock_id"),
        CheckConstraint(
            "state NOT IN ('upheld', 'cleared') OR ruling IS NOT NULL", name="ruled_with_reason"
        ),
        Index(None, "owner", "id"),
        Index(None, "subject", "id"),
    )

    fault: Mapped[str]
    owner: Mapped[str]
    subject: Mapped[str]
    clock_id: Mapped[int | None] = mapped_column(Big, ForeignKey("clocks.id"))
    raised_at: Mapped[Instant]
    explanation: Mapped[str | None]
    ruling: Mapped[str | None]


_OFFICERS: Final = frozenset({Duty.CASE_OFFICER, Duty.APPROVER, Duty.PANEL_SECRETARY})


def _of_the_unit(actor: Actor, subject: Any) -> bool:
    ours = {actor.organisation, *(f"role:{role}" for role in actor.roles)}
    return subject.owner in ours and bool(actor.duties & _OFFICERS)


unit = Who("its unit case_officer/approver/panel_secretary", _of_the_unit)
supervisor = any_of(Role.DATA_AUTHORITY, Duty.SUPERVISOR)


def _explain(it: Violation, _work: Work, data: dict[str, Any]) -> None:
    it.explanation = data["explanation"]


def _rule(it: Violation, _work: Work, data: dict[str, Any]) -> None:
    it.ruling = data["reason"]


# fmt: off
LIFE: Workflow[State, Violation] = Workflow(
    "violation", State, State.RAISED,
    step("explain", {State.RAISED}, State.EXPLAINED, unit, then=(_explain,),
         asks=(ask("explanation", label=Words("情况说明", "Explanation"), max=1000),),
         says="violation.explained", label=Words("说明情况", "Explain")),
    step("uphold",  {State.RAISED, State.EXPLAINED}, State.UPHELD, supervisor,
         asks=(REASON,), then=(_rule,), not_by=("explain",),
         says="violation.upheld", label=Words("认定违规", "Uphold")),
    step("clear",   {State.RAISED, State.EXPLAINED}, State.CLEARED, supervisor,
         asks=(REASON,), then=(_rule,), not_by=("explain",),
         says="violation.cleared", label=Words("撤销", "Clear")),
)
# fmt: on


def raise_overdue(work: Work, *, limit: int) -> int:
    """Raise, as the house, a violation for each clock that has run out; once for each clock.

    Paused clocks are nobody's fault. Returns how many were raised. Two SELECTs, of them one
    over the running clocks past their day, on an index.
    """
    today = local_date(work.now)
    known = select(Violation.clock_id).where(Violation.clock_id == Clock.id)
    statement = (
        select(Clock)
        .where(
            Clock.completed_on.is_(None),
            Clock.due_on < today,
            stages.official(),
            ~known.exists(),
        )
        .order_by(Clock.due_on, Clock.id)
        .limit(limit)
    )
    late = [clock for clock in work.session.scalars(statement) if not watch.paused(clock)]
    for clock in late:
        whole = clock.subject.endswith("/total")
        _raise(
            work,
            Fault.TOTAL_OVERDUE if whole else Fault.STAGE_OVERDUE,
            owner=str(clock.owner),
            subject=clock.subject.removesuffix("/total"),
            clock_id=clock.id,
        )
    return len(late)


def look_at_refusal(work: Work, event: Event) -> None:
    """Raise a violation when an application was refused although it lacked nothing.

    Follows "scenario.refused"; a second time changes nothing. Costs what the guards of a
    submission cost.
    """
    scenario = scenarios.find(work.session, event.subject)
    again = select(Violation.id).where(
        Violation.subject == scenario.id, Violation.fault == Fault.CONFORMING_REFUSED
    )
    lacking = event.data.get("cause") != "incomplete" or checks.failing(work, scenario)
    if lacking or work.session.scalars(again).first():
        return
    _raise(
        work,
        Fault.CONFORMING_REFUSED,
        owner=scenario.implementing_agency_id,
        subject=scenario.id,
        clock_id=None,
    )


def find(session: Session, violation_id: str) -> Violation:
    """Return the violation. Raises NotFound. One SELECT by key."""
    found = session.get(Violation, violation_id)
    if found is None:
        raise _missing(violation_id)
    return found


def seen(work: Work, violation_id: str) -> Violation:
    """Return the violation to supervisors and to its unit; to others it does not exist."""
    found = find(work.session, violation_id)
    if oversees(work.actor) or found.owner in _units(work.actor):
        return found
    raise _missing(violation_id)


def take(work: Work, violation_id: str, name: str, **data: Any) -> Violation:
    """Take one step of a violation's life. Raises what `Workflow.take` raises."""
    found = seen(work, violation_id)
    LIFE.take(name, found, work, **data)
    return found


def listed(
    work: Work, *, state: State | None = None, after: str | None = None, limit: int
) -> Page[Violation]:
    """Return one page of the violations that the actor may see, newest first. One SELECT."""
    statement = select(Violation)
    if not oversees(work.actor):
        statement = statement.where(Violation.owner.in_(sorted(_units(work.actor))))
    if state is not None:
        statement = statement.where(Violation.state == state)
    return keyset(work.session, statement, by=((Violation.id, "desc"),), after=after, limit=limit)


def standing(session: Session, since: Instant) -> dict[str, int]:
    """Return owner → violations raised since then that are not cleared. One SELECT."""
    statement = (
        select(Violation.owner, func.count())
        .where(Violation.state != State.CLEARED, Violation.raised_at >= since)
        .group_by(Violation.owner)
    )
    return dict(session.execute(statement).all())


def _raise(work: Work, fault: Fault, *, owner: str, subject: str, clock_id: int | None) -> None:
    made = Violation(
        id=ids.new("vio_", work.now),
        state=State.RAISED,
        fault=fault,
        owner=owner,
        subject=subject,
        clock_id=clock_id,
        raised_at=work.now,
    )
    work.session.add(made)
    work.record("violation.raised", made.id, fault=fault, owner=owner, case=subject)


def _units(actor: Actor) -> set[str]:
    return {actor.organisation, *(f"role:{role}" for role in actor.roles)}


def _missing(violation_id: str) -> NotFound:
    return NotFound("没有这条违规记录", f"no violation {violation_id}")
