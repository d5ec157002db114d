"""A scenario (场景): one use of public data by one applicant, from application to decision.

Source: one scenario, one assessment, one authorisation (一场景一评估一授权). Whoever wants
another use applies with another scenario; nothing widens one that has been decided.
"""

from typing import Any

from sqlalchemy import select

from kernel.actor import Duty, its, system_only
from kernel.errors import NotFound, Refusal
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step
from licensing import authorisations
from licensing.applications import admission, filing, items, opinions

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
from licensing.applications.drafting import amend_draft as amend_draft
from licensing.applications.drafting import applicant as applicant
from licensing.applications.drafting import apply as apply
from licensing.assessing import lanes, outcomes, pleas
from licensing.exposures import RiskGrade
from licensing.standing import bars, successions


def _ask_departments(scenario: Scenario, work: Work, _data: dict[str, Any]) -> None:
    opinions.open_for(
        work,
        scenario.id,
        implementing_agency_id=scenario.implementing_agency_id,
        round_number=scenario.round,
        departments=items.by_department(items.kept(items.of(work.session, scenario.id))),
    )


def _keep_assessment(scenario: Scenario, _work: Work, data: dict[str, Any]) -> None:
    scenario.assessment_id = data["assessment_id"]


def _issue(scenario: Scenario, work: Work, data: dict[str, Any]) -> None:
    _end_voided(scenario, work, data)
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
        assessed=scenario.scope,
        supersedes_id=scenario.renews_id,
    )
    scenario.authorisation_id = data["authorisation_id"] = issued.id


def _end_voided(scenario: Scenario, work: Work, _data: dict[str, Any]) -> None:
    # Whatever was issued on an assessment that has been voided ends with the next decision.
    if scenario.authorisation_id is None:
        return
    held = authorisations.find(work.session, scenario.authorisation_id)
    if held.state in authorisations.LIVE:
        zh = "所依据的评估已作废，重新评估后另行决定 the assessment behind it was voided"
        told = {"cause": "assessment_voided", "reason": zh}
        authorisations.LIFE.take("revoke", held, work.as_system(), **told)
        # One live authorisation a scenario: this one's end must reach the index first.
        work.session.flush()


acceptor = its("applicant", "applicant_id", Duty.SUBMITTER, Duty.SIGNER)
officer = its("implementing agency", "implementing_agency_id", Duty.CASE_OFFICER)
approver = its("implementing agency", "implementing_agency_id", Duty.APPROVER)

_REFUSE = (ask("cause", "choice", Words("事由", "Cause"), choices=REFUSAL_CAUSES), REASON)
_REJECT = (ask("cause", "choice", Words("事由", "Cause"), choices=REJECTION_CAUSES), REASON)
_GRADE = ask("grade", "choice", Words("风险等级", "Risk"), choices=tuple(RiskGrade))
_MEETING = ask("meeting_no", label=Words("集体决策会议编号", "Meeting of the leaders"),
               optional=True, max=80)  # fmt: skip
_WHY = ask("reason", label=Words("与评估建议不一致时的理由", "Why against advice"), optional=True)
_BUILT_ON_ASSESSMENT = frozenset({
    State.ASSESSING, State.AWAITING_CONDITIONS, State.REVISING, State.DECIDING,
    State.PUBLICITY, State.AUTHORISED, State.REJECTED,
})  # fmt: skip
_ADMISSIBLE = (
    admission.parties_active,
    admission.period_ahead,
    admission.supplied,
    admission.covered,
    admission.unrelated,
    bars.not_barred,
    successions.follows_on,
    filing.self_checked,
)

# fmt: off
LIFE: Workflow[State, Scenario] = Workflow(
    "scenario", State, State.DRAFT,
    step("submit",             {State.DRAFT}, State.FORMAL_CHECK, applicant, hand="applicant",
         when=_ADMISSIBLE, then=(filing.submitted,),
         within="clocks.formal_check", overdue="accept",
         says="scenario.submitted", label=Words("提交", "Submit")),
    step("supplement",         {State.FORMAL_CHECK}, State.SUPPLEMENTING, officer, hand="officer",
         when=(admission.not_yet_supplemented,), then=(filing.note_supplement,),
         asks=(filing.MISSING, REASON), within="clocks.supplement", overdue="lapse",
         says="scenario.supplement_asked", label=Words("一次性告知补正", "Ask to supplement")),
    step("ask_for_time",       {State.SUPPLEMENTING}, State.SUPPLEMENTING, applicant,
         hand="applicant", when=(filing.not_yet_extended,), asks=(REASON,),
         then=(filing.extend,),
         says="scenario.supplement_extended", label=Words("申请延期补正", "Ask for more time")),
    step("resubmit",           {State.SUPPLEMENTING}, State.FORMAL_CHECK, applicant,
         hand="applicant", when=_ADMISSIBLE, then=(filing.submitted,),
         within="clocks.formal_check", overdue="accept",
         says="scenario.resubmitted", label=Words("补正提交", "Resubmit")),
    step("accept",             {State.FORMAL_CHECK}, State.ACCEPTED, (officer, system_only),
         hand="officer", when=(filing.materials_complete,), within="clocks.forwarding",
         says="scenario.accepted", label=Words("受理", "Accept")),
    step("refuse",             {State.FORMAL_CHECK, State.SUPPLEMENTING}, State.REFUSED, officer,
         hand="officer", asks=_REFUSE, then=(outcomes.keep_reason, filing.release),
         says="scenario.refused", label=Words("不予受理", "Refuse")),
    step("request_opinions",   {State.ACCEPTED}, State.DEPT_OPINION, officer, hand="officer",
         then=(_ask_departments,), within="clocks.department_opinion",
         says="scenario.opinions_requested", label=Words("征求部门意见", "Request opinions")),
    step("grade_risk",         {State.DEPT_OPINION}, State.DEPT_OPINION, officer, hand="officer",
         then=(outcomes.grade,), own_door=True,
         says="scenario.risk_graded", label=Words("定风险等级", "Grade the risk")),
    step("lower_risk",         {State.DEPT_OPINION}, State.DEPT_OPINION, approver, own_door=True,
         hand="approver", asks=(_GRADE, REASON), then=(outcomes.lower,),
         says="scenario.risk_lowered", label=Words("调低风险等级", "Lower the risk")),
    step("opinions_in",        {State.DEPT_OPINION}, State.PANEL_FORMING, system_only,
         when=(admission.all_opinions_in, outcomes.something_left, admission.risk_bearable),
         then=(outcomes.strike_refused,), within="clocks.panel_formation",
         says="scenario.opinions_in", label=Words("意见收齐", "Opinions are in")),
    step("refused_by_departments", {State.DEPT_OPINION}, State.REJECTED, system_only,
         asks=_REJECT, then=(outcomes.keep_reason, filing.release),
         says="scenario.refused_by_departments",
         label=Words("供数部门不同意", "Refused by the departments")),
    step("risk_unbearable",    {State.DEPT_OPINION}, State.REJECTED, system_only,
         asks=_REJECT, then=(outcomes.keep_reason, filing.release),
         says="scenario.risk_unbearable", label=Words("风险不可接受", "Unacceptable risk")),
    step("begin_assessment",   {State.PANEL_FORMING}, State.ASSESSING, system_only,
         asks=(ask("assessment_id"),), then=(_keep_assessment,),
         within="clocks.assessment", owner="implementing_agency_id",
         says="scenario.assessment_begun", label=Words("开始评估", "Begin the assessment")),
    step("panel_redrawn",      {State.ASSESSING}, State.ASSESSING, system_only,
         within="clocks.assessment", owner="implementing_agency_id",
         says="scenario.panel_redrawn", label=Words("补抽专家", "Panel drawn again")),
    step("assessment_voided",  _BUILT_ON_ASSESSMENT, State.PANEL_FORMING, system_only,
         asks=(REASON,), then=(outcomes.widen_again,), within="clocks.panel_formation",
         says="scenario.assessment_voided", label=Words("评估作废", "Void the assessment")),
    step("assessed_pass",      {State.ASSESSING}, State.DECIDING, system_only,
         within="clocks.decision",
         says="scenario.assessed", label=Words("评估通过", "Passed")),
    step("assessed_conditional", {State.ASSESSING}, State.AWAITING_CONDITIONS, system_only,
         then=(outcomes.narrow,), within="clocks.conditions", overdue="lapse",
         says="scenario.assessed_conditionally",
         label=Words("附条件通过", "Passed with conditions")),
    step("assessed_revise",    {State.ASSESSING}, State.REVISING, system_only,
         within="clocks.revision", overdue="lapse",
         says="scenario.sent_back", label=Words("修改后再评", "To be revised")),
    step("assessed_fail",      {State.ASSESSING}, State.REJECTED, system_only,
         asks=(REASON,), then=(outcomes.keep_reason, filing.release, _end_voided),
         says="scenario.failed", label=Words("评估不通过", "Failed")),
    step("accept_conditions",  {State.AWAITING_CONDITIONS}, State.DECIDING, acceptor,
         within="clocks.decision",
         says="scenario.conditions_accepted", label=Words("接受条件", "Accept the conditions")),
    step("resubmit_revised",   {State.REVISING}, State.FORMAL_CHECK, applicant,
         when=(admission.rounds_left, *_ADMISSIBLE), then=(filing.next_round,),
         within="clocks.formal_check", overdue="accept",
         says="scenario.revised", label=Words("修改后提交", "Submit the revision")),
    step("lapse",              {State.SUPPLEMENTING, State.AWAITING_CONDITIONS, State.REVISING},
         State.LAPSED, system_only, then=(filing.release,),
         says="scenario.lapsed", label=Words("逾期失效", "Lapse")),
    step("authorise",          {State.DECIDING}, State.PUBLICITY, approver, hand="approver",
         when=(admission.supplied, admission.covered, bars.promises_kept),
         asks=(_MEETING, _WHY),
         then=(outcomes.decided,), within="clocks.publicity", overdue="close_publicity",
         says="scenario.announced", label=Words("决定授权并公示", "Authorise and announce")),
    step("uphold_objection",   {State.PUBLICITY}, State.DECIDING, system_only,
         asks=(REASON,), within="clocks.decision",
         says="scenario.objection_upheld", label=Words("异议成立", "Uphold an objection")),
    step("promise_broken",     {State.PUBLICITY}, State.DECIDING, system_only,
         asks=(REASON,), within="clocks.decision",
         says="scenario.promise_broken", label=Words("承诺逾期，重新决定", "A promise broken")),
    step("close_publicity",    {State.PUBLICITY}, State.AUTHORISED, (system_only, approver),
         when=(admission.publicity_over, pleas.objections_answered, admission.supplied,
               admission.covered, bars.promises_kept), then=(_issue,),
         says="scenario.authorised", label=Words("公示期满授权", "Close the publicity")),
    step("reject",             {State.ACCEPTED, State.DEPT_OPINION, State.PANEL_FORMING,
                                State.DECIDING}, State.REJECTED, approver, hand="approver",
         asks=(*_REJECT, _MEETING),
         then=(outcomes.keep_reason, outcomes.note_advice, filing.release, _end_voided),
         says="scenario.rejected", label=Words("不予授权", "Reject")),
    step("recheck_on_appeal",  {State.REFUSED, State.REJECTED}, State.FORMAL_CHECK, system_only,
         then=(outcomes.from_the_start,), within="clocks.formal_check", overdue="accept",
         says="scenario.rechecked_on_appeal", label=Words("申诉成立，重新审查", "Check anew")),
    step("redecide_on_appeal", {State.REJECTED}, State.DECIDING, system_only,
         when=(outcomes.was_passed,), then=(outcomes.forget_decision,), within="clocks.decision",
         says="scenario.redecided_on_appeal", label=Words("申诉成立，重新决定", "Decide anew")),
    step("withdraw",           UNDECIDED, State.WITHDRAWN, applicant, then=(filing.release,),
         says="scenario.withdrawn", label=Words("撤回", "Withdraw")),
    step("close",              {State.AUTHORISED}, State.CLOSED, system_only,
         says="scenario.closed", label=Words("办结", "Close")),
)
# fmt: on


def grade_risk(work: Work, scenario_id: str, **settled: str) -> Scenario:
    """Confirm the risk that the rules propose, and go on when all is in.

    settled: `grade` to raise it, with its `reason`; `lane` "ordinary" to pass over the
    simplified procedure where it is proposed, with a `reason` too. Raises StepRefused for a
    grade below the proposal, either without its reason, and `lane` "fast" where it is barred
    (`licensing.assessing.lanes`).
    """
    found = take(work, scenario_id, "grade_risk", **settled)
    advance(work, found)
    return found


def lane_proposal(work: Work, scenario_id: str) -> lanes.Proposal:
    """Return how a scenario will be assessed by the rules, for those who may see it.

    Raises NotFound for a draft too: there is nothing to judge before it is submitted.
    """
    found = seen(work, scenario_id)
    if found.state == State.DRAFT:
        raise NotFound("申请尚未提交", f"{scenario_id} has not been submitted yet")
    return lanes.proposal(work, found)


def lower_risk(work: Work, scenario_id: str, *, grade: str, reason: str) -> Scenario:
    """Lower the risk, as a leader of the agency; the officer may not go below it."""
    found = take(work, scenario_id, "lower_risk", grade=grade, reason=reason)
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


def promise_broken(work: Work, scenario_id: str, material: str) -> None:
    """Take back, as the house, the announcement of what may not be authorised any more.

    Before and after the publicity nothing is announced, and nothing changes.
    """
    found = find(work.session, scenario_id)
    if found.state == State.PUBLICITY:
        reason = f"承诺逾期未履行：{material} a promise was broken: {material}"
        LIFE.take("promise_broken", found, work.as_system(), reason=reason)


def take(work: Work, scenario_id: str, name: str, **data: Any) -> Scenario:
    """Take one step of the scenario's life, for those who may see it."""
    found = seen(work, scenario_id)
    LIFE.take(name, found, work, **data)
    lanes.hasten(work, found)
    return found


def advance(work: Work, scenario: Scenario) -> None:
    """Move on, as the house, once opinions and risk are in: to the panel, or to a no."""
    house = work.as_system()
    outcomes.answer_beforehand(work, scenario)
    refused = LIFE.refusals("opinions_in", scenario, work)
    codes = {one.code: one.zh for one in refused}
    if not codes:
        LIFE.take("opinions_in", scenario, house)
    elif "RISK_UNACCEPTABLE" in codes:
        why = {"cause": "risk_unacceptable", "reason": codes["RISK_UNACCEPTABLE"]}
        LIFE.take("risk_unbearable", scenario, house, **why)
    elif "DEPARTMENT_DISAGREES" in codes and "OPINION_MISSING" not in codes:
        why = {"cause": "department_disagrees", "reason": codes["DEPARTMENT_DISAGREES"]}
        LIFE.take("refused_by_departments", scenario, house, **why)
