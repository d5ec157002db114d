"""An authorisation (授权): one scenario, one assessment, one right to use.

Source: one scenario, one assessment, one authorisation (一场景一评估一授权). The root row
says whose right it is and for what, and never changes in that; what may be done stands
in versions, each of which fits into the one before it. So narrowing needs no second
assessment, and widening is impossible.
"""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict, Unpack

from sqlalchemy import select

from kernel import ids
from kernel.actor import Duty, Role, any_of, its, system_only
from kernel.clock import local_date
from kernel.errors import Invalid, Refusal, StepRefused
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from licensing import agreements, certificates, quotas, versions
from licensing import scope as scopes
from licensing.agreed import numbers
from licensing.scope import Scope
from licensing.standing import destructions, guards, successions
from licensing.standing.guards import REVOCATION_CAUSES, SUSPENSION_CAUSES

# The row of an authorisation is spoken of as authorisations.Authorisation, .find, …
from licensing.standing.rows import LIVE as LIVE
from licensing.standing.rows import RUNNING as RUNNING
from licensing.standing.rows import Authorisation as Authorisation
from licensing.standing.rows import AuthorisationItem, AuthorisationParty
from licensing.standing.rows import State as State
from licensing.standing.rows import find as find
from licensing.standing.rows import heir_of as heir_of
from licensing.standing.rows import in_force as in_force
from licensing.standing.rows import listed as listed
from licensing.standing.rows import live_of as live_of
from licensing.standing.rows import oversees as oversees
from licensing.standing.rows import scope_of as scope_of
from licensing.standing.rows import seen as seen
from licensing.versions import AuthorisationVersion


class Facts(TypedDict):
    """What a decided scenario says of the authorisation that follows from it.

    assessed: the scope that the panel assessed. supersedes_id: what it renews.
    """

    scenario_id: str
    assessment_id: str
    grantee_id: str
    operator_id: str
    implementing_agency_id: str
    departments: list[str]
    purpose_text: str
    conditions: NotRequired[list[str]]
    assessed: NotRequired[Mapping[str, Any]]
    supersedes_id: NotRequired[str | None]


operator = its("operator", "operator_id", Duty.SIGNER, Duty.DATA_ENGINEER)
grantee = its("grantee", "grantee_id", Duty.SIGNER, Duty.SUBMITTER)
agency = its("implementing agency", "implementing_agency_id", Duty.APPROVER)
regulator = any_of(Role.DATA_AUTHORITY, Duty.SUPERVISOR)

_USABLE = (guards.has_begun, guards.is_not_over, guards.is_supplied, guards.promises_unbroken)
_NOT_YET_HELD = frozenset(LIVE) - {State.SUSPENDED}

# fmt: off
LIFE: Workflow[State, Authorisation] = Workflow(
    "authorisation", State, State.ISSUED,
    step("provision", {State.ISSUED}, State.ISSUED, operator,
         when=(guards.is_not_over, guards.not_yet_provisioned),
         says="authorisation.provisioned", label=Words("备妥环境", "Make it ready")),
    step("activate",  {State.ISSUED}, State.ACTIVE, (operator, system_only),
         when=(*_USABLE, guards.promises_met, guards.is_provisioned),
         says="authorisation.activated", label=Words("开通", "Activate")),
    step("activate_conditionally", {State.ISSUED}, State.ACTIVE_CONDITIONAL,
         (operator, system_only),
         when=(*_USABLE, guards.promises_outstanding, guards.is_provisioned),
         says="authorisation.activated_conditionally",
         label=Words("附承诺开通", "Activate on promise")),
    step("fulfil",    {State.ACTIVE_CONDITIONAL}, State.ACTIVE, system_only,
         when=(guards.promises_unbroken, guards.promises_met),
         says="authorisation.fulfilled", label=Words("承诺履行完毕", "Promises met")),
    step("amend",     {State.ACTIVE}, State.ACTIVE, agency, own_door=True,
         when=(guards.is_not_over,), says="authorisation.amended",
         label=Words("缩小范围", "Narrow the scope")),
    step("suspend",   _NOT_YET_HELD, State.SUSPENDED,
         (regulator, agency, guards.sole_department, system_only),
         asks=(guards.cause(SUSPENSION_CAUSES), REASON),
         then=(guards.for_cause(SUSPENSION_CAUSES),), says="authorisation.suspended",
         within="clocks.suspension", overdue="lapse", label=Words("暂停", "Suspend")),
    step("break_promise", set(LIVE), State.SUSPENDED, system_only, asks=(REASON,),
         then=(guards.break_promise,), says="authorisation.promise_broken",
         within="clocks.broken_commitment", overdue="lapse",
         label=Words("承诺逾期暂停", "Suspend for a broken promise")),
    step("extend",    {State.SUSPENDED}, State.SUSPENDED, regulator, asks=(REASON,),
         when=(guards.promises_unbroken, guards.not_extended_before),
         within="clocks.suspension", overdue="lapse", hand="supervisor",
         says="authorisation.suspension_extended", label=Words("延长暂停", "Extend")),
    step("resume",    {State.SUSPENDED}, State.ACTIVE, regulator,
         when=(*_USABLE, guards.promises_met, guards.was_active),
         then=(guards.forget_cause,), asks=(REASON,),
         says="authorisation.resumed", label=Words("恢复", "Resume")),
    step("resume_conditionally", {State.SUSPENDED}, State.ACTIVE_CONDITIONAL, regulator,
         when=(*_USABLE, guards.promises_outstanding, guards.was_active),
         then=(guards.forget_cause,), asks=(REASON,),
         says="authorisation.resumed_conditionally",
         label=Words("附承诺恢复", "Resume on promise")),
    step("reinstate", {State.SUSPENDED}, State.ISSUED, regulator,
         when=(guards.is_not_over, guards.promises_unbroken, guards.was_never_active),
         then=(guards.forget_cause,), asks=(REASON,),
         says="authorisation.reinstated", label=Words("解除暂停（尚未开通）", "Reinstate")),
    step("cancel",    {State.ISSUED}, State.REVOKED, (agency, grantee),
         when=(guards.has_not_started,), then=(guards.cancel,), asks=(REASON,),
         says="authorisation.cancelled", label=Words("生效前取消", "Cancel before the start")),
    step("revoke",    set(LIVE), State.REVOKED, (regulator, agency, system_only),
         asks=(guards.cause(REVOCATION_CAUSES), REASON),
         then=(guards.for_cause(REVOCATION_CAUSES), destructions.open_for),
         says="authorisation.revoked", label=Words("撤销", "Revoke")),
    step("lapse",     {State.SUSPENDED}, State.REVOKED, system_only,
         then=(guards.lapse, destructions.open_for), says="authorisation.lapsed",
         label=Words("暂停期满撤销", "Revoke, not resumed in time")),
    step("expire",    set(LIVE), State.EXPIRED, system_only,
         when=(guards.is_over, guards.has_no_heir),
         then=(guards.forget_cause, destructions.open_for),
         says="authorisation.expired", label=Words("到期", "Expire")),
    step("supersede", set(LIVE), State.SUPERSEDED, system_only,
         when=(guards.is_over, guards.has_heir),
         then=(guards.forget_cause, destructions.open_for),
         says="authorisation.superseded", label=Words("由新授权接续", "Supersede")),
    step("surrender", {State.ISSUED, *RUNNING}, State.SURRENDERED, grantee,
         asks=(REASON,), then=(destructions.open_for,),
         says="authorisation.surrendered", label=Words("交回", "Surrender")),
)
# fmt: on


def issue(work: Work, *, scope: Mapping[str, Any], **facts: Unpack[Facts]) -> Authorisation:
    """Issue the authorisation of a decided scenario, with version 1, quotas and certificate.

    scope: as `licensing.scope.to_json` writes it; purpose and days are taken from it.
    Called when a scenario becomes authorised; for a scenario that has a live
    authorisation it returns that one. Raises Invalid for a scope of no single purpose,
    StepRefused for one that goes beyond what was assessed or what is supplied (I-26),
    NewScenarioRequired for one that is more than what it follows on (I-28).
    """
    if (existing := live_of(work.session, facts["scenario_id"])) is not None:
        return existing
    granted = scopes.from_json(scope)
    if (renewed := facts.get("supersedes_id")) is not None:
        before = find(work.session, renewed)
        successions.refuse_wider(work, before, facts["scenario_id"], granted)
        granted = _make_way(work, before, granted)
    _contain(work, granted, facts["operator_id"], facts.get("assessed"))
    made = _root(work, granted, facts)
    work.session.add(made)
    # Version, parties, quotas and certificate refer to the root by its id alone.
    work.session.flush()
    _add_version(work, made, granted)
    work.session.add_all(
        AuthorisationParty(organisation_id=party, authorisation_id=made.id)
        for party in sorted(made.parties)
    )
    named = {"scenario": made.scenario_id, "assessment": made.assessment_id}
    work.record("authorisation.issued", made.id, cert_no=made.cert_no, **named)
    return made


def amend(
    work: Work, authorisation_id: str, *, scope: Mapping[str, Any], purpose_code: str | None = None
) -> AuthorisationVersion:
    """Narrow an authorisation to `scope`, as its next version; parts not named stay as they are.

    Raises NewScenarioRequired with every part that is wider or other than now, whoever
    asks; Invalid when nothing would change; AlreadyUsed when more has been used than a
    new quota allows; StepRefused when what is left is not supplied any more (I-26).
    """
    authorisation = seen(work, authorisation_id)
    now = scope_of(work.session, authorisation)
    asked = scopes.from_json({**scopes.to_json(now), **scope})
    versions.refuse_more(asked, now, purpose_code)
    if asked == now:
        raise Invalid("范围没有变化", "this is the scope that it has now", pointer="/scope")
    LIFE.take("amend", authorisation, work, number=authorisation.current_version + 1)
    _contain(work, asked, authorisation.operator_id, None)
    return _next_version(work, authorisation, asked)


def take(work: Work, authorisation_id: str, step_name: str, **data: Any) -> Authorisation:
    """Take one step in an authorisation's life. Raises what `Workflow.take` raises."""
    authorisation = seen(work, authorisation_id)
    LIFE.take(step_name, authorisation, work, **data)
    return authorisation


def activate_due(work: Work, *, limit: int) -> list[Authorisation]:
    """Activate, as the house, up to `limit` whose first day has come and that are made ready.

    What is barred stays issued. One SELECT on an index, and the guards of each.
    """
    statement = (
        select(Authorisation)
        .where(
            Authorisation.state == State.ISSUED,
            Authorisation.valid_from <= local_date(work.now),
            successions.is_made_ready(),
        )
        .order_by(Authorisation.valid_to, Authorisation.id)
        .limit(limit)
    )
    begun, house = [], work.as_system()
    for authorisation in work.session.scalars(statement).all():
        for name in ("activate", "activate_conditionally"):
            if not LIFE.refusals(name, authorisation, house):
                LIFE.take(name, authorisation, house)
                begun.append(authorisation)
    return begun


def expire_due(work: Work, *, limit: int) -> list[Authorisation]:
    """End, as the house itself, up to `limit` authorisations whose last day has passed.

    What another one takes the place of is superseded, the rest expires.
    """
    statement = (
        select(Authorisation)
        .where(Authorisation.valid_to < local_date(work.now), Authorisation.state.in_(LIVE))
        .order_by(Authorisation.valid_to, Authorisation.id)
        .limit(limit)
    )
    over = list(work.session.scalars(statement))
    for authorisation in over:
        heir = heir_of(work.session, authorisation.id)
        LIFE.take("supersede" if heir else "expire", authorisation, work.as_system())
    return over


def impact(work: Work, authorisation_id: str) -> dict[str, Any]:
    """Preview what a suspension or revocation would touch; trade is counted upstairs."""
    found = seen(work, authorisation_id)
    return {
        "authorisation_id": found.id,
        "state": found.state,
        "grantee_id": found.grantee_id,
        "operator_id": found.operator_id,
        "departments": list(found.departments),
        "items": len(scope_of(work.session, found).items),
        "days_left": max(0, (found.valid_to - local_date(work.now)).days),
        "quotas_left": quotas.remaining(work.session, found.id),
    }


def _contain(
    work: Work, granted: Scope, operator_id: str, assessed: Mapping[str, Any] | None
) -> None:
    beyond: list[Refusal] = []
    if assessed is not None:
        beyond += [found.refusal for found in scopes.fits(granted, scopes.from_json(assessed))]
    beyond += agreements.uncovered(work.session, operator_id, granted, local_date(work.now))
    if beyond:
        whole = Refusal(
            "SCOPE_NOT_COVERED",
            "超出评估范围或供数协议范围",
            "it goes beyond what was assessed or what is supplied",
        )
        raise StepRefused(whole.zh, whole.en, (whole, *beyond))


def _make_way(work: Work, before: Authorisation, granted: Scope) -> Scope:
    # The days of the two never overlap (I-34): who comes later starts the day after; when
    # that day would lie behind what has been promised already, the earlier ends sooner.
    later, until = successions.handed_over(before, granted, local_date(work.now))
    if until < before.valid_to:
        now = scope_of(work.session, before)
        _next_version(work, before, successions.shortened(now, until))
        work.record("authorisation.shortened", before.id, valid_to=until)
        # The database looks at the earlier row when the later one comes in.
        work.session.flush()
    return later


def _root(work: Work, granted: Scope, facts: Facts) -> Authorisation:
    if granted.purpose_code is None or granted.purpose_fingerprint is None:
        raise Invalid("授权须有唯一用途", "an authorisation has one purpose", pointer="/scope")
    return Authorisation(
        id=ids.new("aut_", work.now),
        state=State.ISSUED,
        cert_no=numbers.official(work, "AU", facts["implementing_agency_id"]),
        scenario_id=facts["scenario_id"],
        assessment_id=facts["assessment_id"],
        grantee_id=facts["grantee_id"],
        operator_id=facts["operator_id"],
        implementing_agency_id=facts["implementing_agency_id"],
        departments=sorted(set(facts["departments"])),
        purpose_code=granted.purpose_code,
        purpose_text=facts["purpose_text"],
        purpose_fingerprint=granted.purpose_fingerprint,
        conditions=list(facts.get("conditions", [])),
        valid_from=granted.period.first,
        valid_to=granted.period.last,
        current_version=1,
        issued_at=work.now,
        supersedes_id=facts.get("supersedes_id"),
    )


def _next_version(work: Work, authorisation: Authorisation, scope: Scope) -> AuthorisationVersion:
    authorisation.current_version += 1
    authorisation.valid_from, authorisation.valid_to = scope.period
    return _add_version(work, authorisation, scope)


def _add_version(work: Work, authorisation: Authorisation, scope: Scope) -> AuthorisationVersion:
    made = versions.write(work, authorisation.id, authorisation.current_version, scope)
    work.session.add_all(
        AuthorisationItem(
            authorisation_id=authorisation.id,
            number=made.number,
            directory_code=directory_code,
            item_code=item_code,
        )
        for directory_code, item_code in scope.items
    )
    quotas.fix(work, authorisation.id, scope.quotas)
    certificates.issue(work, authorisation, made)
    return made
