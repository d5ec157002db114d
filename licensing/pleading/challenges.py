"""A challenge (回避申请): the applicant says why a member of the panel may not sit.

Source: the applicant is told who sits and may challenge a member, with a reason, within two
working days. The secretary upholds it, and the member is replaced by the next of the same
lot, or dismisses it with a reason; until then the panel is not confirmed.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel import ids
from kernel.actor import Duty, Role, its
from kernel.clock import local_date
from kernel.errors import NotFound, Refusal, StepNotAllowed, StepRefused
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from licensing import assessments, scenarios
from licensing.assessing import experts, members, rows
from licensing.assessing.members import PanelMember
from licensing.assessing.pleas import Challenge as Challenge
from licensing.assessing.pleas import State as State
from licensing.assessing.rows import Assessment
from licensing.assessing.rows import State as Standing


@dataclass(frozen=True, slots=True)
class Seat:
    """What the applicant is told of one member. until: the last day for a challenge."""

    expert_id: str
    name: str
    employer: str
    specialities: tuple[str, ...]
    position: int
    until: date


@dataclass(frozen=True, slots=True)
class Told:
    """The panel of a scenario, as its applicant is told."""

    assessment_id: str
    seats: tuple[Seat, ...]


def _uphold(it: Challenge, work: Work, data: dict[str, Any]) -> None:
    it.answer = data["reason"]
    sitting = {one.expert_id for one in members.serving(work.session, it.assessment_id)}
    if it.expert_id in sitting:
        assessments.void_sheet(
            work, it.assessment_id, expert_id=it.expert_id, reason=data["reason"]
        )


def _dismiss(it: Challenge, _work: Work, data: dict[str, Any]) -> None:
    it.answer = data["reason"]


applicant = its("applicant", "applicant_id", Duty.SUBMITTER, Duty.SIGNER)
secretary = its("implementing agency", "agency_id", Duty.PANEL_SECRETARY)

# fmt: off
LIFE: Workflow[State, Challenge] = Workflow(
    "challenge", State, State.FILED,
    step("uphold",  {State.FILED}, State.UPHELD, secretary, hand="officer", asks=(REASON,),
         then=(_uphold,), says="challenge.upheld", label=Words("回避成立，更换专家", "Uphold")),
    step("dismiss", {State.FILED}, State.DISMISSED, secretary, hand="officer", asks=(REASON,),
         then=(_dismiss,), says="challenge.dismissed", label=Words("驳回", "Dismiss")),
)
# fmt: on


def told(work: Work, scenario_id: str) -> Told:
    """Return who sits on the panel of the applicant's scenario. About four SELECTs.

    Raises NotFound for anybody else's scenario, and before the draw.
    """
    scenario = scenarios.find(work.session, scenario_id)
    found = _sitting(work.session, scenario_id)
    if found is None or scenario.applicant_id != work.actor.organisation:
        raise NotFound("没有可告知的专家组", f"no panel to be told of for {scenario_id}")
    seats = members.serving(work.session, found.id)
    named = experts.named(work.session, [seat.expert_id for seat in seats])
    return Told(
        found.id,
        tuple(
            Seat(
                seat.expert_id,
                named[seat.expert_id].name,
                named[seat.expert_id].employer_name,
                tuple(named[seat.expert_id].specialities),
                seat.position,
                _until(work, seat),
            )
            for seat in seats
        ),
    )


def file(work: Work, assessment_id: str, *, expert_id: str, reason: str) -> Challenge:
    """Challenge a member of the panel, for the applicant.

    Raises NotFound to anybody else, StepNotAllowed without the duty, Invalid for who does
    not sit, StepRefused with CHALLENGE_LATE once the days for it are over.
    """
    found = rows.find(work.session, assessment_id)
    scenario = scenarios.find(work.session, found.scenario_id)
    if scenario.applicant_id != work.actor.organisation:
        raise NotFound("没有这次评估", f"no assessment {assessment_id}")
    if not applicant.matches(work.actor, scenario):
        raise StepNotAllowed("由申请机构提交人或签署人提出", "a submitter or signer files it")
    until = _until(work, members.holder(work.session, found.id, expert_id))
    if local_date(work.now) > until:
        late = Refusal("CHALLENGE_LATE", f"回避申请截至 {until}", f"it was due by {until}")
        raise StepRefused(late.zh, late.en, (late,))
    made = Challenge(
        id=ids.new("chl_", work.now),
        state=State.FILED,
        assessment_id=found.id,
        scenario_id=scenario.id,
        agency_id=found.agency_id,
        applicant_id=scenario.applicant_id,
        expert_id=expert_id,
        reason=reason,
        filed_at=work.now,
    )
    work.session.add(made)
    named = {"scenario": scenario.id, "assessment": found.id, "expert": expert_id}
    work.record("challenge.filed", made.id, reason=reason, **named)
    return made


def find(session: Session, challenge_id: str) -> Challenge:
    """Return the challenge. Raises NotFound. One SELECT by primary key."""
    found = session.get(Challenge, challenge_id)
    if found is None:
        raise NotFound("没有这项回避申请", f"no challenge {challenge_id}")
    return found


def seen(work: Work, challenge_id: str) -> Challenge:
    """Return the challenge to applicant, agency and authority; else the same NotFound."""
    found, actor = find(work.session, challenge_id), work.actor
    if found.applicant_id == actor.organisation or found.agency_id == rows.desk_of(actor):
        return found
    if actor.roles & {Role.DATA_AUTHORITY, Role.SYSTEM}:
        return found
    raise NotFound("没有这项回避申请", f"no challenge {challenge_id}")


def listed(
    work: Work, *, assessment_id: str | None = None, after: str | None, limit: int
) -> Page[Challenge]:
    """Return one page of the challenges that the caller may see, newest first. One SELECT."""
    statement = select(Challenge)
    if not work.actor.roles & {Role.DATA_AUTHORITY, Role.SYSTEM}:
        ours = Challenge.applicant_id == work.actor.organisation
        statement = statement.where(ours | (Challenge.agency_id == rows.desk_of(work.actor)))
    if assessment_id is not None:
        statement = statement.where(Challenge.assessment_id == assessment_id)
    return keyset(work.session, statement, by=((Challenge.id, "desc"),), after=after, limit=limit)


def take(work: Work, challenge_id: str, step_name: str, **data: Any) -> Challenge:
    """Take one step of a challenge. Raises what `Workflow.take` raises."""
    found = seen(work, challenge_id)
    LIFE.take(step_name, found, work, **data)
    return found


def _sitting(session: Session, scenario_id: str) -> Assessment | None:
    statement = (
        select(Assessment)
        .where(
            Assessment.scenario_id == scenario_id,
            Assessment.state.not_in((Standing.PLANNED, Standing.VOID)),
        )
        .order_by(Assessment.id.desc())
        .limit(1)
    )
    return session.scalars(statement).first()


def _until(work: Work, seat: PanelMember) -> date:
    days = work.rules.number("conflict.challenge_wd")
    return work.calendar.add(local_date(seat.seated_at), days, provisional=True)
