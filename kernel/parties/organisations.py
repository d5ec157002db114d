"""An organisation (机构): who takes part, under which code, and how it came in.

Source: the life of an organisation's admission (KYB). One person applies, a second goes
through the file (初审), a third decides (复审); whoever has one of these parts cannot have
another. A year later it is gone through again. What the file must hold: `admission`.
"""

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session, selectinload

from kernel import ids, watch
from kernel.actor import Duty, Role, its, system_only
from kernel.clock import local_date
from kernel.errors import DomainError, Invalid, Kind, NotFound, Refusal, StepNotAllowed
from kernel.pages import Page, holding, keyset
from kernel.parties import admission, bank_checks, checks
from kernel.parties import roles as role_lives
from kernel.parties import uscc as codes
from kernel.parties.reach import approver, officiates, registrar, regulator

# The row of an organisation is spoken of as organisations.Organisation.
from kernel.parties.rows import Organisation as Organisation
from kernel.parties.rows import OrganisationRole as OrganisationRole
from kernel.parties.rows import RoleState as RoleState
from kernel.parties.rows import State as State
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step

REGION = re.compile("[1-9][0-9]{5}")
"""A code of GB/T 2260 (行政区划代码) by its shape."""


_MEMBERS = frozenset({State.ACTIVE, State.RESTRICTED, State.FROZEN, State.EXITING})


class NotActive(DomainError):
    """An organisation that is not active cannot begin anything (I-2)."""

    kind = Kind.CONFLICT
    code = "organisation-not-active"
    title = Words("机构未处于正常状态", "The organisation is not active")


class AlreadyEntered(DomainError):
    """No two organisations share a code (I-1)."""

    kind = Kind.CONFLICT
    code = "organisation-exists"
    title = Words("该统一社会信用代码已入驻", "An organisation with this code exists")


applicant = its("organisation", "id", Duty.ORG_ADMIN)


def _has_roles(organisation: Organisation, _work: Work) -> Refusal | None:
    if not organisation.wanted:
        return Refusal("NO_ROLE", "没有申请任何角色", "it has asked for no role")
    return None


def _keeps_its_word(organisation: Organisation, work: Work) -> Refusal | None:
    if work.session.get(admission.Admission, organisation.id) is None:
        return None  # entered at the console, without a file
    return admission.is_documented(organisation, work)


def _grant(organisation: Organisation, work: Work, _data: dict[str, Any]) -> None:
    for row in organisation.roles:
        if row.state == RoleState.REQUESTED:
            role_lives.LIFE.take("grant", row, work)


def _stop_clock(organisation: Organisation, work: Work, _data: dict[str, Any]) -> None:
    clock = watch.running(work.session, organisation.id)
    if clock is not None:
        watch.stop(clock, local_date(work.now))


_OPINION = ask("opinion", label=Words("初审意见", "Opinion"))
_FILE = (_has_roles, admission.is_filed, admission.is_documented)
_REVIEW = "clocks.kyb_formal"

# fmt: off
LIFE: Workflow[State, Organisation] = Workflow(
    "organisation", State, State.DRAFT,
    step("found",       {State.DRAFT}, State.ACTIVE, system_only,
         when=(_has_roles,), then=(_grant,), says="organisation.founded",
         label=Words("创始入驻", "Found")),
    step("submit",      {State.DRAFT}, State.SUBMITTED, (applicant, registrar),
         when=_FILE, hand="applicant", says="organisation.submitted",
         label=Words("提交入驻申请", "Submit")),
    step("pass_checks", {State.SUBMITTED}, State.UNDER_REVIEW, system_only,
         within=_REVIEW, says="organisation.checks_passed",
         label=Words("自动核查通过", "Pass the automatic checks")),
    step("fail_checks", {State.SUBMITTED}, State.REJECTED, system_only,
         asks=(REASON,), says="organisation.checks_failed",
         label=Words("自动核查不通过", "Fail the automatic checks")),
    step("ask_supplement", {State.UNDER_REVIEW}, State.SUPPLEMENTING, registrar,
         when=(admission.not_supplemented,), then=(admission.set_supplemented,),
         asks=(REASON,), hand="reviewer", within="clocks.kyb_supplement", overdue="lapse",
         says="organisation.supplement_asked", label=Words("要求补正", "Ask for a supplement")),
    step("resubmit",    {State.SUPPLEMENTING}, State.UNDER_REVIEW, (applicant, registrar),
         when=_FILE, hand="applicant", within=_REVIEW,
         says="organisation.resubmitted", label=Words("重新提交", "Submit again")),
    step("lapse",       {State.SUPPLEMENTING}, State.LAPSED, system_only,
         says="organisation.lapsed", label=Words("逾期失效", "Lapse")),
    step("pass_first",  {State.UNDER_REVIEW}, State.FINAL_REVIEW, registrar,
         when=(checks.stands_well, admission.is_licensed), asks=(_OPINION,),
         hand="reviewer", within="clocks.kyb_review",
         says="organisation.first_passed", label=Words("初审通过", "Pass the first review")),
    step("return",      {State.FINAL_REVIEW}, State.UNDER_REVIEW, approver,
         asks=(REASON,), hand="approver", within=_REVIEW,
         says="organisation.returned", label=Words("退回初审", "Return to the first review")),
    step("approve",     {State.FINAL_REVIEW}, State.ACTIVE, approver,
         when=(*_FILE, admission.is_licensed, bank_checks.is_verified),
         then=(_grant, admission.set_verified), hand="approver",
         says="organisation.approved", label=Words("准予入驻", "Approve")),
    step("reject",      {State.UNDER_REVIEW, State.FINAL_REVIEW}, State.REJECTED, approver,
         asks=(REASON,), hand="approver",
         says="organisation.rejected", label=Words("不予入驻", "Reject")),
    step("mark_due",    {State.ACTIVE}, State.ACTIVE, system_only,
         within="clocks.reverification", overdue="fail_verification",
         says="organisation.verification_due", label=Words("年度复核到期", "Verify again")),
    step("reverify",    {State.ACTIVE}, State.ACTIVE, approver,
         when=(*_FILE, admission.is_licensed, checks.stands_well),
         then=(_stop_clock, admission.set_verified), hand="approver",
         says="organisation.reverified", label=Words("年度复核通过", "Pass the yearly check")),
    step("fail_verification", {State.ACTIVE}, State.RESTRICTED, system_only,
         says="organisation.verification_failed",
         label=Words("年度复核逾期", "Fail the yearly check")),
    step("restrict",    {State.ACTIVE}, State.RESTRICTED, (approver, regulator, system_only),
         asks=(REASON,), says="organisation.restricted", label=Words("限制", "Restrict")),
    step("lift",        {State.RESTRICTED}, State.ACTIVE, approver,
         when=(admission.is_licensed, _keeps_its_word),
         asks=(REASON,), says="organisation.lifted", label=Words("解除限制", "Lift")),
    step("freeze",      {State.ACTIVE, State.RESTRICTED}, State.FROZEN, regulator,
         asks=(REASON,), says="organisation.frozen", label=Words("冻结", "Freeze")),
    step("unfreeze",    {State.FROZEN}, State.ACTIVE, regulator,
         asks=(REASON,), says="organisation.unfrozen", label=Words("解冻", "Unfreeze")),
    step("apply_exit",  {State.ACTIVE, State.RESTRICTED}, State.EXITING, applicant,
         asks=(REASON,), says="organisation.exit_asked", label=Words("申请退出", "Ask to leave")),
    step("confirm_exit", {State.EXITING}, State.DEREGISTERED, approver,
         says="organisation.deregistered", label=Words("确认退出", "Confirm the exit")),
)
# fmt: on


def enter(
    work: Work, *, uscc: str, name_zh: str, name_en: str, region: str, roles: Iterable[Role]
) -> Organisation:
    """Enter an organisation as a draft. Raises Invalid (bad code or region) or AlreadyEntered.

    Its file, its documents and a verified account follow, before it can be approved. One
    SELECT on the code's index.
    """
    code = codes.check(uscc)
    if not REGION.fullmatch(region):
        raise Invalid(
            "行政区划代码为六位数字", "a region is six digits (GB/T 2260)", pointer="/region"
        )
    if by_uscc(work.session, code) is not None:
        raise AlreadyEntered(f"{code} 已入驻", f"{code} has been entered before")
    made = Organisation(
        id=ids.new("org_", work.now),
        state=State.DRAFT,
        uscc=code,
        name_zh=name_zh,
        name_en=name_en,
        region=region,
        entered_at=work.now,
    )
    wanted = sorted(set(roles))
    made.roles = [
        OrganisationRole(id=ids.new("rol_", work.now), role=role, state=RoleState.REQUESTED)
        for role in wanted
    ]
    work.session.add(made)
    work.record("organisation.entered", made.id, uscc=code, roles=wanted)
    # Its file, its people and its roles refer to this row by id alone.
    work.session.flush()
    return made


def by_uscc(session: Session, code: str) -> Organisation | None:
    """Return who has a code, as it was entered. One SELECT on an index."""
    return session.scalars(select(Organisation).where(Organisation.uscc == code)).first()


def find(session: Session, organisation_id: str) -> Organisation:
    """Return the organisation with its roles. Raises NotFound. Two SELECTs by key."""
    found = session.get(Organisation, organisation_id, options=[selectinload(Organisation.roles)])
    if found is None:
        raise NotFound("没有这家机构", f"no organisation {organisation_id}")
    if "roles" in inspect(found).unloaded:
        session.refresh(found, ["roles"])  # somebody had read the bare row before
    return found


def require_active(session: Session, organisation_id: str) -> Organisation:
    """Return the organisation, or raise NotActive when it may begin nothing (I-2)."""
    found = find(session, organisation_id)
    if found.state != State.ACTIVE:
        raise NotActive(
            f"{found.name_zh} 当前为 {found.state}", f"{found.name_en} is {found.state}"
        )
    return found


def with_role(session: Session, role: Role) -> list[Organisation]:
    """Return up to 500 active organisations that hold `role`, by code. Two SELECTs."""
    statement = (
        select(Organisation)
        .join(OrganisationRole)
        .where(
            OrganisationRole.role == role,
            OrganisationRole.state == RoleState.GRANTED,
            Organisation.state == State.ACTIVE,
        )
        .order_by(Organisation.uscc)
        .limit(500)
        .options(selectinload(Organisation.roles))
    )
    return list(session.scalars(statement))


def count_with_role(session: Session, role: Role) -> int:
    """Return how many active organisations hold `role`. One SELECT."""
    statement = (
        select(func.count())
        .select_from(OrganisationRole)
        .join(Organisation)
        .where(
            OrganisationRole.role == role,
            OrganisationRole.state == RoleState.GRANTED,
            Organisation.state == State.ACTIVE,
        )
    )
    return session.scalars(statement).one()


def names(session: Session, organisation_ids: Iterable[str]) -> dict[str, Words]:
    """Return id → name in both languages, for one page of a list. One SELECT."""
    statement = select(Organisation.id, Organisation.name_zh, Organisation.name_en).where(
        Organisation.id.in_(set(organisation_ids))
    )
    return {key: Words(zh, en) for key, zh, en in session.execute(statement)}


def sought(session: Session, text: str, *, limit: int) -> list[Organisation]:
    """Return members whose name, code or id holds `text`, by code; without their roles.

    One SELECT; a text that is empty finds everybody.
    """
    named = Organisation.id, Organisation.name_zh, Organisation.name_en, Organisation.uscc
    statement = (
        select(Organisation)
        .where(Organisation.state.in_(_MEMBERS), holding(named, text))
        .order_by(Organisation.uscc)
        .limit(limit)
    )
    return list(session.scalars(statement))


def entered(session: Session, *, after: str | None, limit: int) -> Page[Organisation]:
    """Return one page of organisations, newest first. Two SELECTs."""
    statement = select(Organisation).options(selectinload(Organisation.roles))
    order = ((Organisation.id, "desc"),)
    return keyset(session, statement, by=order, after=after, limit=limit)  # type: ignore[arg-type]  # a literal tuple


def waiting(work: Work, *, state: State, after: str | None, limit: int) -> Page[Organisation]:
    """Return one page of the organisations in a state, oldest first. Two SELECTs.

    For those who decide on them. Raises StepNotAllowed.
    """
    if not officiates(work.actor):
        raise StepNotAllowed("只有入驻审核岗可以查看", "this is for those who decide on it")
    statement = (
        select(Organisation)
        .where(Organisation.state == state)
        .options(selectinload(Organisation.roles))
    )
    by = ((Organisation.id, "asc"),)
    return keyset(work.session, statement, by=by, after=after, limit=limit)  # type: ignore[arg-type]  # a literal tuple


def seen(work: Work, organisation_id: str) -> Organisation:
    """Return the organisation; who takes part is public. Raises NotFound. Two SELECTs."""
    return find(work.session, organisation_id)


def take(work: Work, organisation_id: str, name: str, **data: object) -> Organisation:
    """Take one step in an organisation's life. Raises what `Workflow.take` raises."""
    organisation = seen(work, organisation_id)
    LIFE.take(name, organisation, work, **data)
    if organisation.state == State.SUBMITTED:
        _check(organisation, work.as_system())
    return organisation


def _check(organisation: Organisation, work: Work) -> None:
    """Check by itself what a machine can: what was declared, and what is over.

    A code that is here already never comes so far: the database refuses it at the entry.
    """
    found = work.session.get(admission.Admission, organisation.id)
    declared = found.credit_declared if found else {}
    flagged = tuple(name for name in checks.FLAGS if declared.get(name))
    told = [checks.refusal(flagged), admission.is_licensed(organisation, work)]
    reasons = [each for each in told if each is not None]
    if reasons:
        LIFE.take("fail_checks", organisation, work, reason="；".join(each.zh for each in reasons))
    else:
        LIFE.take("pass_checks", organisation, work)
