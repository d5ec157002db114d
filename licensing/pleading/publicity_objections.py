"""An objection (公示异议): anybody interested says why an announced decision is wrong.

Source: decisions are announced for some days before they are carried out. Each objection is
answered with a reason; one that is upheld sends the scenario back to its decision, or
voids the assessment behind it. While one waits for its answer nothing is issued.
"""

from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel import ids, watch
from kernel.actor import Duty, Role, its
from kernel.clock import local_date
from kernel.errors import NotFound, Refusal, StepRefused
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from licensing import assessments, scenarios
from licensing.applications.cases import ANNOUNCED
from licensing.assessing import rows
from licensing.assessing.pleas import PublicityObjection as PublicityObjection
from licensing.assessing.pleas import State as State
from licensing.assessing.pleas import not_in_publicity

REMEDIES: Final = ("redecide", "reassess")
"""What an upheld objection leads to: another decision, or another assessment."""


def _dismiss(it: PublicityObjection, work: Work, data: dict[str, Any]) -> None:
    it.answer = data["reason"]
    _stop_clock(it, work)


def _uphold(it: PublicityObjection, work: Work, data: dict[str, Any]) -> None:
    it.answer, it.remedy = data["reason"], data["remedy"]
    _stop_clock(it, work)
    scenario = scenarios.find(work.session, it.scenario_id)
    if it.remedy == "reassess":
        found = rows.find(work.session, str(scenario.assessment_id))
        assessments.annul(work, found, data["reason"])
    else:
        scenarios.take(work.as_system(), scenario.id, "uphold_objection", reason=data["reason"])


def _stop_clock(it: PublicityObjection, work: Work) -> None:
    # It began with the filing, which is no step, so no step ends it.
    clock = watch.running(work.session, it.id)
    if clock is not None:
        watch.stop(clock, local_date(work.now))


def _announced(it: PublicityObjection, work: Work) -> Refusal | None:
    return not_in_publicity(scenarios.find(work.session, it.scenario_id))


approver = its("implementing agency", "agency_id", Duty.APPROVER)
_REMEDY = ask("remedy", "choice", Words("处理", "Remedy"), choices=REMEDIES)

# fmt: off
LIFE: Workflow[State, PublicityObjection] = Workflow(
    "publicity_objection", State, State.FILED,
    step("uphold",  {State.FILED}, State.UPHELD, approver, hand="approver", when=(_announced,),
         asks=(_REMEDY, REASON), then=(_uphold,),
         says="publicity_objection.upheld", label=Words("异议成立", "Uphold")),
    step("dismiss", {State.FILED}, State.DISMISSED, approver, hand="approver", asks=(REASON,),
         then=(_dismiss,), says="publicity_objection.dismissed",
         label=Words("异议不成立", "Dismiss")),
)
# fmt: on


def file(work: Work, scenario_id: str, *, reason: str) -> PublicityObjection:
    """Object to an announced decision, for whatever organisation is interested.

    Raises NotFound for a scenario that has not been announced, StepRefused with
    NOT_IN_PUBLICITY once its days are over.
    """
    scenario = scenarios.find(work.session, scenario_id)
    if scenario.state not in ANNOUNCED:
        raise NotFound("没有这个场景", f"no scenario {scenario_id}")
    late = not_in_publicity(scenario)
    if late is not None:
        raise StepRefused(late.zh, late.en, (late,))
    made = PublicityObjection(
        id=ids.new("pob_", work.now),
        state=State.FILED,
        scenario_id=scenario.id,
        agency_id=scenario.implementing_agency_id,
        filed_for=work.actor.organisation,
        filed_by=work.actor.person,
        reason=reason,
        filed_at=work.now,
    )
    work.session.add(made)
    owner = made.agency_id
    watch.start(work, made.id, LIFE.name, "clocks.publicity_objection", None, owner=owner)
    work.record("publicity_objection.filed", made.id, scenario=scenario.id, reason=reason)
    return made


def find(session: Session, objection_id: str) -> PublicityObjection:
    """Return the objection. Raises NotFound. One SELECT by primary key."""
    found = session.get(PublicityObjection, objection_id)
    if found is None:
        raise NotFound("没有这项异议", f"no objection {objection_id}")
    return found


def seen(work: Work, objection_id: str) -> PublicityObjection:
    """Return the objection to who filed it, agency and authority; else the same NotFound."""
    found, actor = find(work.session, objection_id), work.actor
    if found.filed_for == actor.organisation or found.agency_id == rows.desk_of(actor):
        return found
    if actor.roles & {Role.DATA_AUTHORITY, Role.SYSTEM}:
        return found
    raise NotFound("没有这项异议", f"no objection {objection_id}")


def listed(
    work: Work, *, scenario_id: str | None = None, after: str | None, limit: int
) -> Page[PublicityObjection]:
    """Return one page of the objections that the caller may see, newest first. One SELECT."""
    statement = select(PublicityObjection)
    if not work.actor.roles & {Role.DATA_AUTHORITY, Role.SYSTEM}:
        ours = PublicityObjection.filed_for == work.actor.organisation
        statement = statement.where(
            ours | (PublicityObjection.agency_id == rows.desk_of(work.actor))
        )
    if scenario_id is not None:
        statement = statement.where(PublicityObjection.scenario_id == scenario_id)
    return keyset(
        work.session, statement, by=((PublicityObjection.id, "desc"),), after=after, limit=limit
    )


def take(work: Work, objection_id: str, step_name: str, **data: Any) -> PublicityObjection:
    """Take one step of an objection. Raises what `Workflow.take` raises."""
    found = seen(work, objection_id)
    LIFE.take(step_name, found, work, **data)
    return found
