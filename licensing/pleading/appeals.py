"""An appeal (申诉): the applicant asks people who are not on the case to look at a no again.

Source: against a refusal, a rejection or a failed assessment the applicant may appeal
within ten working days; the data authority accepts and answers within ten more, by people
who have no part in the case, which the database itself sees to. The answer names the
remedies outside this house (administrative reconsideration, 行政复议).
"""

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids, watch
from kernel.actor import Duty, Role, any_of, its
from kernel.clock import Instant, local_date
from kernel.db import Base, Living
from kernel.errors import NotFound, Refusal, StepNotAllowed, StepRefused
from kernel.journal import Event
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Rules, Work
from kernel.workflow import REASON, Workflow, ask, step
from licensing import assessments, scenarios
from licensing.assessing import rows

DECISIONS: Final = (
    "scenario.refused", "scenario.rejected", "scenario.failed",
    "scenario.refused_by_departments", "scenario.risk_unbearable",
)  # fmt: skip
"""The events against which an applicant may appeal."""

REMEDIES: Final = ("recheck", "reassess", "redecide")
"""What an upheld appeal leads to: from the start, another panel, or another decision."""


class State(StrEnum):
    """Where an appeal stands."""

    FILED = "filed"
    ACCEPTED = "accepted"
    UPHELD = "upheld"
    DISMISSED = "dismissed"


class Appeal(Living, Base):
    """One appeal against one decision. decision: the sequence of the event that told it."""

    __tablename__ = "appeals"
    __table_args__ = (
        UniqueConstraint("decision"),
        Index(None, "scenario_id", "id"),
        Index(None, "applicant_id", "id"),
        Index(None, "agency_id", "id"),
        CheckConstraint("length(reason) > 0", name="reason_is_told"),
        CheckConstraint(
            "(state IN ('upheld', 'dismissed')) = (answer IS NOT NULL)", name="answer_has_reason"
        ),
        CheckConstraint("(state = 'upheld') = (remedy IS NOT NULL)", name="upheld_has_remedy"),
    )

    scenario_id: Mapped[str] = mapped_column(ForeignKey("scenarios.id"))
    agency_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    applicant_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    decision: Mapped[int] = mapped_column(ForeignKey("events.sequence"))
    reason: Mapped[str]
    answer: Mapped[str | None]
    remedy: Mapped[str | None]
    filed_at: Mapped[Instant]

    @property
    def case_id(self) -> str:
        """The case in which whoever answers may have no other part."""
        return self.scenario_id


def _dismiss(it: Appeal, work: Work, data: dict[str, Any]) -> None:
    it.answer = data["reason"]
    data["outside"] = list(outside(work.rules))


def _uphold(it: Appeal, work: Work, data: dict[str, Any]) -> None:
    it.answer, it.remedy = data["reason"], data["remedy"]
    scenario, house = scenarios.find(work.session, it.scenario_id), work.as_system()
    if it.remedy != "reassess":
        scenarios.take(house, scenario.id, f"{it.remedy}_on_appeal")
        return
    if scenario.assessment_id is None:
        zh, en = "尚未评估，无从重新评估", "there is no assessment to repeat"
        raise StepRefused(zh, en, (Refusal("NOT_ASSESSED", zh, en),))
    assessments.annul(work, rows.find(work.session, scenario.assessment_id), data["reason"])


applicant = its("applicant", "applicant_id", Duty.SUBMITTER, Duty.SIGNER)
authority = any_of(Role.DATA_AUTHORITY, Duty.CASE_OFFICER, Duty.APPROVER, Duty.SUPERVISOR)
_REMEDY = ask("remedy", "choice", Words("处理", "Remedy"), choices=REMEDIES)

# fmt: off
LIFE: Workflow[State, Appeal] = Workflow(
    "appeal", State, State.FILED,
    step("accept",  {State.FILED}, State.ACCEPTED, authority, hand="appeal",
         within="clocks.appeal", says="appeal.accepted", label=Words("受理申诉", "Accept")),
    step("uphold",  {State.ACCEPTED}, State.UPHELD, authority, hand="appeal",
         asks=(_REMEDY, REASON), then=(_uphold,),
         says="appeal.upheld", label=Words("申诉成立", "Uphold")),
    step("dismiss", {State.ACCEPTED}, State.DISMISSED, authority, hand="appeal", asks=(REASON,),
         then=(_dismiss,), says="appeal.dismissed", label=Words("驳回申诉", "Dismiss")),
)
# fmt: on


def file(work: Work, scenario_id: str, *, reason: str) -> Appeal:
    """Appeal against the latest no to the applicant's scenario.

    Raises NotFound for anybody else's, StepNotAllowed without the duty, StepRefused with
    NOTHING_TO_APPEAL, APPEAL_LATE or APPEALED_ALREADY.
    """
    scenario = scenarios.find(work.session, scenario_id)
    if scenario.applicant_id != work.actor.organisation:
        raise NotFound("没有这个场景", f"no scenario {scenario_id}")
    if not applicant.matches(work.actor, scenario):
        raise StepNotAllowed("由申请机构提交人或签署人提出", "a submitter or signer files it")
    decision = _appealable(work, scenario)
    made = Appeal(
        id=ids.new("apl_", work.now),
        state=State.FILED,
        scenario_id=scenario.id,
        agency_id=scenario.implementing_agency_id,
        applicant_id=scenario.applicant_id,
        decision=decision.sequence,
        reason=reason,
        filed_at=work.now,
    )
    work.session.add(made)
    owner = "role:data_authority"
    watch.start(work, made.id, LIFE.name, "clocks.appeal_acceptance", None, owner=owner)
    named = {"scenario": scenario.id, "against": decision.kind}
    work.record("appeal.filed", made.id, reason=reason, **named)
    return made


def outside(rules: Rules) -> Words:
    """Return which remedies there are outside this house, as an answer tells them."""
    days = rules.number("remedies.reconsideration_days")
    return Words(
        f"对答复不服的，可自收到之日起 {days} 日内申请行政复议，或者依法提起行政诉讼。",
        f"Whoever does not accept the answer may apply for administrative reconsideration "
        f"within {days} days of receiving it, or sue.",
    )


def find(session: Session, appeal_id: str) -> Appeal:
    """Return the appeal. Raises NotFound. One SELECT by primary key."""
    found = session.get(Appeal, appeal_id)
    if found is None:
        raise NotFound("没有这项申诉", f"no appeal {appeal_id}")
    return found


def seen(work: Work, appeal_id: str) -> Appeal:
    """Return the appeal to applicant, agency and authority; else the same NotFound."""
    found, actor = find(work.session, appeal_id), work.actor
    if found.applicant_id == actor.organisation or found.agency_id == rows.desk_of(actor):
        return found
    if actor.roles & {Role.DATA_AUTHORITY, Role.SYSTEM}:
        return found
    raise NotFound("没有这项申诉", f"no appeal {appeal_id}")


def listed(
    work: Work, *, scenario_id: str | None = None, after: str | None, limit: int
) -> Page[Appeal]:
    """Return one page of the appeals that the caller may see, newest first. One SELECT."""
    statement = select(Appeal)
    if not work.actor.roles & {Role.DATA_AUTHORITY, Role.SYSTEM}:
        ours = Appeal.applicant_id == work.actor.organisation
        statement = statement.where(ours | (Appeal.agency_id == rows.desk_of(work.actor)))
    if scenario_id is not None:
        statement = statement.where(Appeal.scenario_id == scenario_id)
    return keyset(work.session, statement, by=((Appeal.id, "desc"),), after=after, limit=limit)


def take(work: Work, appeal_id: str, step_name: str, **data: Any) -> Appeal:
    """Take one step of an appeal. Raises what `Workflow.take` raises."""
    found = seen(work, appeal_id)
    LIFE.take(step_name, found, work, **data)
    return found


def _appealable(work: Work, scenario: scenarios.Scenario) -> Event:
    told = select(Event).where(Event.subject == scenario.id, Event.kind.in_(DECISIONS))
    decision = work.session.scalars(told.order_by(Event.sequence.desc()).limit(1)).first()
    decided = {scenarios.State.REFUSED, scenarios.State.REJECTED}
    if decision is None or scenario.state not in decided:
        raise _barred("NOTHING_TO_APPEAL", "没有可申诉的决定", "there is nothing to appeal against")
    days = work.rules.number("remedies.appeal_wd")
    until = work.calendar.add(local_date(decision.at), days, provisional=True)
    if local_date(work.now) > until:
        raise _barred("APPEAL_LATE", f"申诉期截至 {until}", f"it was due by {until}")
    once = select(Appeal.id).where(Appeal.decision == decision.sequence)
    if work.session.scalars(once).first() is not None:
        raise _barred("APPEALED_ALREADY", "已对该决定提出申诉", "it has been appealed against")
    return decision


def _barred(code: str, zh: str, en: str) -> StepRefused:
    return StepRefused(zh, en, (Refusal(code, zh, en),))
