"""A scenario (场景): one use of public data by one applicant, from application to decision.

Source: one scenario, one assessment, one authorisation (一场景一评估一授权). Whoever wants
another use applies with another scenario; nothing widens one that has been decided.
"""

from typing import Any, Unpack

from sqlalchemy import select

from kernel import ids
from kernel.actor import Duty, its, system_only
from kernel.errors import Refusal, StepNotAllowed, StepRefused
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from licensing import authorisations, numbers, scope
from licensing.applications import admission, items, opinions, terms

# The row of a scenario is spoken of as scenarios.Scenario, scenarios.find, …
from licensing.applications.cases import REFUSAL_CAUSES, REJECTION_CAUSES, UNDECIDED, WRITABLE
from licensing.applications.cases import Scenario as Scenario
from licensing.applications.cases import State as State
from licensing.applications.cases import Waiting as Waiting
from licensing.applications.cases import announced as announced
from licensing.applications.cases import find as find
from licensing.applications.cases import listed as listed
from licensing.applications.cases import queue as queue
from licensing.applications.cases import seen as seen
from licensing.applications.terms import Application
from licensing.scope import Scope


def _submitted(scenario: Scenario, work: Work, data: dict[str, Any]) -> None:
    scenario.submitted_at = work.now
    data["scope_hash"] = scenario.scope_hash


def _note_supplement(scenario: Scenario, _work: Work, _data: dict[str, Any]) -> None:
    scenario.supplemented = True


def _next_round(scenario: Scenario, work: Work, data: dict[str, Any]) -> None:
    scenario.round += 1
    scenario.supplemented, scenario.risk, scenario.assessment_id = False, None, None
    data["round"] = scenario.round
    _submitted(scenario, work, data)


def _ask_departments(scenario: Scenario, work: Work, _data: dict[str, Any]) -> None:
    opinions.open_for(
        work,
        scenario.id,
        implementing_agency_id=scenario.implementing_agency_id,
        round_number=scenario.round,
        departments=items.by_department(items.of(work.session, scenario.id)),
    )


def _grade(scenario: Scenario, work: Work, data: dict[str, Any]) -> None:
    rows = items.of(work.session, scenario.id)
    scenario.risk = data["risk"] = items.risk(
        rows, scenario.asked, users_count=scenario.users_count, fusion=scenario.fusion
    )


def _keep_conditions(scenario: Scenario, work: Work, _data: dict[str, Any]) -> None:
    scenario.conditions = opinions.conditions(
        opinions.of(work.session, scenario.id, scenario.round)
    )


def _keep_assessment(scenario: Scenario, _work: Work, data: dict[str, Any]) -> None:
    scenario.assessment_id = data["assessment_id"]


def _narrow(scenario: Scenario, work: Work, data: dict[str, Any]) -> None:
    struck = {(directory, item) for directory, item in data.get("struck", ())}
    scenario.conditions = [*scenario.conditions, *data.get("conditions", ())]
    left = items.strike(work.session, scenario.id, scenario.asked, struck)
    scenario.scope = scope.to_json(left)
    scenario.scope_hash = data["scope_hash"] = scope.scope_hash(left, work.crypto.digest)


def _keep_reason(scenario: Scenario, _work: Work, data: dict[str, Any]) -> None:
    scenario.decision_cause = data.setdefault("cause", "assessment_failed")
    scenario.decision_reason = data["reason"]


def _issue(scenario: Scenario, work: Work, data: dict[str, Any]) -> None:
    rows = items.kept(items.of(work.session, scenario.id))
    issued = authorisations.issue(
        work,
        scope=scenario.scope,
        scenario_id=scenario.id,
        assessment_id=str(scenario.assessment_id),
        grantee_id=scenario.applicant_id,
        operator_id=scenario.operator_id,
        implementing_agency_id=scenario.implementing_agency_id,
        departments=sorted(items.by_department(rows)),
        purpose_text=scenario.purpose_text,
        conditions=scenario.conditions,
    )
    scenario.authorisation_id = data["authorisation_id"] = issued.id


applicant = its("applicant", "applicant_id", Duty.SUBMITTER, Duty.EDITOR)
acceptor = its("applicant", "applicant_id", Duty.SUBMITTER, Duty.SIGNER)
officer = its("implementing agency", "implementing_agency_id", Duty.CASE_OFFICER)
approver = its("implementing agency", "implementing_agency_id", Duty.APPROVER)

_REFUSE = (ask("cause", "choice", Words("事由", "Cause"), choices=REFUSAL_CAUSES), REASON)
_REJECT = (ask("cause", "choice", Words("事由", "Cause"), choices=REJECTION_CAUSES), REASON)
_ADMISSIBLE = (
    admission.parties_active,
    admission.period_ahead,
    admission.supplied,
    admission.covered,
)

# fmt: off
LIFE: Workflow[State, Scenario] = Workflow(
    "scenario", State, State.DRAFT,
    step("submit",             {State.DRAFT}, State.FORMAL_CHECK, applicant,
         when=_ADMISSIBLE, then=(_submitted,),
         within="clocks.formal_check", overdue="accept",
         says="scenario.submitted", label=Words("提交", "Submit")),
    step("supplement",         {State.FORMAL_CHECK}, State.SUPPLEMENTING, officer,
         when=(admission.not_yet_supplemented,), then=(_note_supplement,),
         asks=(REASON,), pauses=True,
         says="scenario.supplement_asked", label=Words("通知补正", "Ask to supplement")),
    step("resubmit",           {State.SUPPLEMENTING}, State.FORMAL_CHECK, applicant,
         when=_ADMISSIBLE, resumes=True,
         says="scenario.resubmitted", label=Words("补正提交", "Resubmit")),
    step("accept",             {State.FORMAL_CHECK}, State.ACCEPTED, (officer, system_only),
         within="clocks.forwarding", says="scenario.accepted", label=Words("受理", "Accept")),
    step("refuse",             {State.FORMAL_CHECK, State.SUPPLEMENTING}, State.REFUSED, officer,
         asks=_REFUSE, then=(_keep_reason,),
         says="scenario.refused", label=Words("不予受理", "Refuse")),
    step("request_opinions",   {State.ACCEPTED}, State.DEPT_OPINION, officer,
         then=(_ask_departments,), within="clocks.department_opinion",
         says="scenario.opinions_requested", label=Words("征求部门意见", "Request opinions")),
    step("grade_risk",         {State.DEPT_OPINION}, State.DEPT_OPINION, officer,
         then=(_grade,), own_door=True,
         says="scenario.risk_graded", label=Words("定风险等级", "Grade the risk")),
    step("opinions_in",        {State.DEPT_OPINION}, State.PANEL_FORMING, system_only,
         when=(admission.all_opinions_in, admission.nobody_disagrees, admission.risk_bearable),
         then=(_keep_conditions,), within="clocks.panel_formation",
         says="scenario.opinions_in", label=Words("意见收齐", "Opinions are in")),
    step("begin_assessment",   {State.PANEL_FORMING}, State.ASSESSING, system_only,
         asks=(ask("assessment_id"),), then=(_keep_assessment,), within="clocks.assessment",
         says="scenario.assessment_begun", label=Words("开始评估", "Begin the assessment")),
    step("assessment_voided",  {State.ASSESSING}, State.PANEL_FORMING, system_only,
         asks=(REASON,), within="clocks.panel_formation",
         says="scenario.assessment_voided", label=Words("评估作废", "Void the assessment")),
    step("assessed_pass",      {State.ASSESSING}, State.DECIDING, system_only,
         within="clocks.decision",
         says="scenario.assessed", label=Words("评估通过", "Passed")),
    step("assessed_conditional", {State.ASSESSING}, State.AWAITING_CONDITIONS, system_only,
         then=(_narrow,), within="clocks.conditions", overdue="lapse",
         says="scenario.assessed_conditionally",
         label=Words("附条件通过", "Passed with conditions")),
    step("assessed_revise",    {State.ASSESSING}, State.REVISING, system_only,
         within="clocks.revision", overdue="lapse",
         says="scenario.sent_back", label=Words("修改后再评", "To be revised")),
    step("assessed_fail",      {State.ASSESSING}, State.REJECTED, system_only,
         asks=(REASON,), then=(_keep_reason,),
         says="scenario.failed", label=Words("评估不通过", "Failed")),
    step("accept_conditions",  {State.AWAITING_CONDITIONS}, State.DECIDING, acceptor,
         within="clocks.decision",
         says="scenario.conditions_accepted", label=Words("接受条件", "Accept the conditions")),
    step("resubmit_revised",   {State.REVISING}, State.FORMAL_CHECK, applicant,
         when=(admission.rounds_left, *_ADMISSIBLE), then=(_next_round,),
         within="clocks.formal_check", overdue="accept",
         says="scenario.revised", label=Words("修改后提交", "Submit the revision")),
    step("lapse",              {State.AWAITING_CONDITIONS, State.REVISING}, State.LAPSED,
         system_only, says="scenario.lapsed", label=Words("逾期失效", "Lapse")),
    step("authorise",          {State.DECIDING}, State.PUBLICITY, approver,
         when=(admission.supplied, admission.covered), not_by=("accept",),
         within="clocks.publicity", overdue="close_publicity",
         says="scenario.announced", label=Words("决定授权并公示", "Authorise and announce")),
    step("uphold_objection",   {State.PUBLICITY}, State.DECIDING, approver,
         asks=(REASON,), within="clocks.decision",
         says="scenario.objection_upheld", label=Words("异议成立", "Uphold an objection")),
    step("close_publicity",    {State.PUBLICITY}, State.AUTHORISED, (system_only, approver),
         when=(admission.publicity_over, admission.supplied, admission.covered), then=(_issue,),
         says="scenario.authorised", label=Words("公示期满授权", "Close the publicity")),
    step("reject",             {State.ACCEPTED, State.DEPT_OPINION, State.PANEL_FORMING,
                                State.DECIDING}, State.REJECTED, approver,
         asks=_REJECT, then=(_keep_reason,), not_by=("accept",),
         says="scenario.rejected", label=Words("不予授权", "Reject")),
    step("withdraw",           UNDECIDED, State.WITHDRAWN, applicant,
         says="scenario.withdrawn", label=Words("撤回", "Withdraw")),
    step("close",              {State.AUTHORISED}, State.CLOSED, system_only,
         says="scenario.closed", label=Words("办结", "Close")),
)
# fmt: on


def apply(work: Work, **given: Unpack[Application]) -> Scenario:
    """Write an application of the actor's organisation, as a draft.

    Raises Invalid with a pointer for what cannot be meant, NotActive for a party that
    may begin nothing (I-2), StepNotAllowed to who may not write for the organisation.
    """
    asked, sources = terms.applied(work, work.actor.organisation, given)
    made = Scenario(
        id=ids.new("scn_", work.now),
        state=State.DRAFT,
        code=numbers.official(work, "SC", given["implementing_agency_id"]),
        applicant_id=work.actor.organisation,
        round=1,
        supplemented=False,
        conditions=[],
        applied_at=work.now,
    )
    _check_writer(work, made)
    _write(work, made, given, asked)
    work.session.add(made)
    # The items refer to the scenario by its id alone.
    work.session.flush()
    items.replace(work.session, made.id, given["items"], sources)
    work.record("scenario.drafted", made.id, code=made.code, scope_hash=made.scope_hash)
    return made


def amend_draft(work: Work, scenario_id: str, **given: Unpack[Application]) -> Scenario:
    """Write the application anew while it is a draft, being supplemented, or revised.

    Raises what `apply` raises, and StepRefused in any other state.
    """
    found = seen(work, scenario_id)
    _check_writer(work, found)
    if found.state not in WRITABLE:
        zh, en = f"当前状态为 {found.state}，不能修改", f"it is {found.state} and cannot be changed"
        raise StepRefused(zh, en, (Refusal("ILLEGAL_TRANSITION", zh, en),))
    asked, sources = terms.applied(work, found.applicant_id, given)
    _write(work, found, given, asked)
    items.replace(work.session, found.id, given["items"], sources)
    work.record("scenario.amended", found.id, scope_hash=found.scope_hash)
    return found


def grade_risk(work: Work, scenario_id: str) -> Scenario:
    """Grade the risk from items, outputs, users and environment; go on when all is in."""
    found = take(work, scenario_id, "grade_risk")
    advance(work, found)
    return found


def uncovered(work: Work, scenario: Scenario) -> list[Refusal]:
    """Return where an application that can still be written goes beyond the agreements.

    Empty when it is covered, and once it is out of the applicant's hands. One SELECT.
    """
    return admission.misfits(scenario, work) if scenario.state in WRITABLE else []


def close_for(work: Work, authorisation_id: str) -> None:
    """Close, as the house, the scenario whose authorisation has ended; again changes nothing."""
    statement = select(Scenario).where(
        Scenario.authorisation_id == authorisation_id, Scenario.state == State.AUTHORISED
    )
    for scenario in work.session.scalars(statement):
        LIFE.take("close", scenario, work.as_system())


def take(work: Work, scenario_id: str, name: str, **data: Any) -> Scenario:
    """Take one step of the scenario's life, for those who may see it."""
    found = seen(work, scenario_id)
    LIFE.take(name, found, work, **data)
    return found


def advance(work: Work, scenario: Scenario) -> None:
    """Move on to the panel, as the house, once opinions and risk are in and allow it."""
    if not LIFE.refusals("opinions_in", scenario, work):
        LIFE.take("opinions_in", scenario, work.as_system())


def _check_writer(work: Work, scenario: Scenario) -> None:
    if not applicant.matches(work.actor, scenario):
        zh, en = "申请由申请机构的编辑或提交人填写", "an application is written by its applicant"
        raise StepNotAllowed(zh, en)


def _write(work: Work, scenario: Scenario, given: Application, asked: Scope) -> None:
    scenario.operator_id = given["operator_id"]
    scenario.implementing_agency_id = given["implementing_agency_id"]
    scenario.title = given["title"].strip()
    scenario.application_field = given["application_field"]
    scenario.purpose_code = given["purpose_code"]
    scenario.purpose_text = given["purpose_text"].strip()
    scenario.purpose_class = given["purpose_class"]
    scenario.use_mode = given["use_mode"]
    scenario.purpose_fingerprint = str(asked.purpose_fingerprint)
    scenario.users_count = given["users_count"]
    scenario.fusion = given.get("fusion", False)
    scenario.scope = scope.to_json(asked)
    scenario.scope_hash = scope.scope_hash(asked, work.crypto.digest)
