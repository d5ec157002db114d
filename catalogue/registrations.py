"""Registration (登记) of public data resources: review, publicity, code, term, and its changes.

Only what is registered may go into authorised operation. Source: 公共数据资源登记管理
暂行办法 (26号文 of the reform commission and the data administration, in force since
2025-03-01): acceptance by silence, publicity of ten working days, validity of three years
at most for each grant; initial, change, correction and deregistration.
"""

from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import select

from catalogue import contents, directories, forms, register
from catalogue.forms import Form, RegistrationForm

# The row of a registration is spoken of as registrations.Registration, registrations.find, …
from catalogue.register import CODE as CODE
from catalogue.register import LIVE as LIVE
from catalogue.register import Registration as Registration
from catalogue.register import State as State
from catalogue.register import by_code as by_code
from catalogue.register import check_character as check_character
from catalogue.register import find as find
from catalogue.register import grants as grants
from catalogue.register import in_force as in_force
from catalogue.register import is_party as is_party
from catalogue.register import listed as listed
from catalogue.register import live as live
from catalogue.register import overseers as overseers
from catalogue.register import seen as seen
from catalogue.register import several as several
from catalogue.register import waiting as waiting
from kernel import ids, numbers, watch
from kernel.actor import NOBODY, Duty, Role, Who, any_of, its, system_only
from kernel.clock import local_date
from kernel.errors import (
    DomainError,
    Invalid,
    Kind,
    NotFound,
    Refusal,
    StepNotAllowed,
    StepRefused,
)
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, ask, step

YEARS_MAX: Final = 100
"""No rules allow a longer term; the rules' own limit is asked of every application."""


class AlreadyRegistered(DomainError):
    """A directory has one live registration at most (I-13)."""

    kind = Kind.CONFLICT
    code = "registration-exists"
    title = Words("该目录已有登记", "The directory has a registration")


editor = its("department", "department_id", Duty.EDITOR, Duty.SUBMITTER)
approver = its("department", "department_id", Duty.APPROVER)
reviewer = any_of(Role.DATA_AUTHORITY, Duty.REVIEWER)
hub = any_of(Role.DATA_AUTHORITY, Duty.CASE_OFFICER, Duty.REVIEWER)
authority = any_of(Role.DATA_AUTHORITY, Duty.APPROVER)
anyone = Who(
    "anyone signed in", lambda actor, _: actor.organisation not in {NOBODY.organisation, "system"}
)


def _directory_published(registration: Registration, work: Work) -> Refusal | None:
    try:
        version = directories.published(work.session, registration.directory_id)
    except NotFound:
        return Refusal("DIRECTORY_NOT_PUBLISHED", "目录未发布", "the directory is not published")
    if version.content.operation_type == contents.OperationType.EXCLUDED:
        return Refusal(
            "DIRECTORY_EXCLUDED",
            "目录不得授权运营，无需登记",
            "the directory is excluded from authorised operation",
        )
    return None


def _publicity_over(registration: Registration, work: Work) -> Refusal | None:
    clock = watch.running(work.session, registration.id)
    if clock is None or clock.due_on < local_date(work.now):
        return None
    return Refusal(
        "PUBLICITY_RUNNING",
        f"公示期至 {clock.due_on} 止",
        f"the publicity lasts until {clock.due_on}",
    )


def _returned_before(registration: Registration, _work: Work) -> Refusal | None:
    if registration.returned_count == 0:
        return None
    return Refusal("RETURNED_ONCE", "已退回过一次，不得再退", "it has been returned once already")


def _term_over(registration: Registration, work: Work) -> Refusal | None:
    if registration.valid_to is None or registration.valid_to < local_date(work.now):
        return None
    return Refusal(
        "STILL_VALID",
        f"登记有效期至 {registration.valid_to}",
        f"it is valid until {registration.valid_to}",
    )


def _last_days(registration: Registration, work: Work) -> Refusal | None:
    before = timedelta(days=work.rules.number("registration.renewal_days") - 1)
    opens = registration.valid_to and registration.valid_to - before
    if opens is None or opens <= local_date(work.now):
        return None
    return Refusal("TOO_EARLY", f"{opens} 起可申请续期", f"renewal begins on {opens}")


def _registered(registration: Registration, work: Work, _data: dict[str, Any]) -> None:
    today = local_date(work.now)
    # The state says registered already; the row may be written only when the code is there.
    with work.session.no_autoflush:
        region = organisations.find(work.session, registration.department_id).region
        series = f"{region}-{today.year}"
        serial = f"{series}-{numbers.following(work.session, series):06d}"
    registration.code = f"{serial}-{check_character(serial)}"
    registration.valid_from = today
    _grant(work, registration, number=1, begin=today, years=registration.years)


def _returned(registration: Registration, _work: Work, _data: dict[str, Any]) -> None:
    registration.returned_count += 1


def _passed(registration: Registration, _work: Work, _data: dict[str, Any]) -> None:
    registration.revision += 1


def _asked_to_end(registration: Registration, _work: Work, _data: dict[str, Any]) -> None:
    registration.kind = "deregistration"


def _asked_to_renew(registration: Registration, work: Work, data: dict[str, Any]) -> None:
    _check_years(work, data["years"])
    registration.kind = "renewal"
    forms.tell(work, registration.id, kind="renewal", body={"years": data["years"]})


def _renewed(registration: Registration, work: Work, _data: dict[str, Any]) -> None:
    asked = forms.latest(work.session, registration.id, "renewal")
    earlier = grants(work.session, registration.id)
    if asked is None or registration.valid_to is None:
        raise StepRefused("没有续期申请", "no renewal was asked for")
    number = len(earlier) + 1 if earlier else 2
    begin = registration.valid_to + timedelta(days=1)
    _grant(work, registration, number=number, begin=begin, years=asked.body["years"])


# fmt: off
_REVIEW = frozenset({State.UNDER_REVIEW, State.FORMAL_REVIEW})
LIFE: Workflow[State, Registration] = Workflow(
    "registration", State, State.TO_REGISTER,
    step("submit",     {State.TO_REGISTER}, State.UNDER_REVIEW, editor,
         when=(_directory_published,), within="clocks.registration_acceptance", overdue="accept",
         says="registration.submitted", label=Words("提交登记", "Submit")),
    step("accept",     {State.UNDER_REVIEW}, State.FORMAL_REVIEW, (hub, system_only),
         within="clocks.registration_review",
         says="registration.accepted", label=Words("受理", "Accept")),
    step("pass",       {State.FORMAL_REVIEW}, State.IN_PUBLICITY, reviewer,
         when=(_directory_published,), within="clocks.registration_publicity",
         overdue="register",
         says="registration.passed", label=Words("审核通过并公示", "Pass and publicise")),
    step("return",     _REVIEW, State.RETURNED, reviewer,
         when=(_returned_before,), then=(_returned,),
         asks=(REASON,), says="registration.returned", label=Words("退回", "Return")),
    step("refuse",     _REVIEW, State.REFUSED, reviewer,
         asks=(REASON,), says="registration.refused", label=Words("不予登记", "Refuse")),
    step("resubmit",   {State.RETURNED}, State.UNDER_REVIEW, editor,
         when=(_directory_published,), within="clocks.registration_acceptance", overdue="accept",
         says="registration.resubmitted", label=Words("重新提交", "Resubmit")),
    step("withdraw",   {State.TO_REGISTER, State.RETURNED}, State.WITHDRAWN, editor,
         asks=(REASON,), says="registration.withdrawn", label=Words("撤回申请", "Withdraw")),
    step("object",     {State.IN_PUBLICITY, State.OBJECTION_REVIEW}, State.OBJECTION_REVIEW,
         system_only, own_door=True, pauses=True,
         says="registration.objected", label=Words("提出异议", "Object")),
    step("dismiss",    {State.OBJECTION_REVIEW}, State.IN_PUBLICITY, system_only,
         own_door=True, resumes=True,
         says="registration.objection_dismissed", label=Words("异议不成立", "Dismiss")),
    step("uphold",     {State.OBJECTION_REVIEW}, State.RETURNED, system_only, own_door=True,
         says="registration.objection_upheld", label=Words("异议成立", "Uphold")),
    step("register",   {State.IN_PUBLICITY}, State.REGISTERED, (system_only, authority),
         when=(_publicity_over, _directory_published), then=(_registered,), not_by=("pass",),
         says="registration.registered", label=Words("赋码登记", "Register")),
    step("change",     {State.REGISTERED}, State.CHANGE_REVIEW, editor, own_door=True,
         within="clocks.registration_change",
         says="registration.change_asked", label=Words("变更登记", "Ask for a change")),
    step("pass_change", {State.CHANGE_REVIEW}, State.REGISTERED, reviewer, then=(_passed,),
         says="registration.changed", label=Words("准予变更", "Pass the change")),
    step("decline_change", {State.CHANGE_REVIEW}, State.REGISTERED, reviewer, asks=(REASON,),
         says="registration.change_declined", label=Words("不予变更", "Decline the change")),
    step("correct",    {State.REGISTERED}, State.CORRECTION_REVIEW, anyone, own_door=True,
         within="clocks.registration_change",
         says="registration.correction_asked", label=Words("更正登记", "Ask for a correction")),
    step("pass_correction", {State.CORRECTION_REVIEW}, State.REGISTERED, reviewer,
         then=(_passed,), asks=(REASON,),
         says="registration.corrected", label=Words("准予更正", "Correct")),
    step("decline_correction", {State.CORRECTION_REVIEW}, State.REGISTERED, reviewer,
         asks=(REASON,), says="registration.correction_declined",
         label=Words("不予更正", "Decline the correction")),
    step("renew",      {State.REGISTERED}, State.RENEWAL_REVIEW, editor,
         when=(_last_days, _directory_published), then=(_asked_to_renew,),
         asks=(ask("years", "number", Words("续期年数", "Years"), max=YEARS_MAX),),
         within="clocks.registration_change",
         says="registration.renewal_asked", label=Words("申请续期", "Ask for a renewal")),
    step("pass_renewal", {State.RENEWAL_REVIEW}, State.REGISTERED, reviewer,
         when=(_directory_published,), then=(_renewed,),
         says="registration.renewed", label=Words("准予续期", "Renew")),
    step("decline_renewal", {State.RENEWAL_REVIEW}, State.REGISTERED, reviewer, asks=(REASON,),
         says="registration.renewal_declined", label=Words("不予续期", "Decline the renewal")),
    step("deregister", {State.REGISTERED}, State.DEREG_REVIEW, (approver, authority),
         asks=(REASON,), then=(_asked_to_end,), within="clocks.registration_change",
         says="registration.end_asked", label=Words("申请注销", "Ask for deregistration")),
    step("confirm_deregistration", {State.DEREG_REVIEW}, State.DEREGISTERED,
         (reviewer, authority), not_by=("deregister",),
         says="registration.deregistered", label=Words("准予注销", "Deregister")),
    step("decline_deregistration", {State.DEREG_REVIEW}, State.REGISTERED,
         (reviewer, authority), asks=(REASON,),
         says="registration.end_declined", label=Words("不予注销", "Decline")),
    step("expire",     register.HOLDS, State.EXPIRED, system_only, when=(_term_over,),
         says="registration.expired", label=Words("到期", "Expire")),
)
# fmt: on


def apply(work: Work, *, directory_id: str, years: int, form: Form) -> Registration:
    """Apply for the first registration (首次登记) of a published directory of the caller's.

    years: of the term, 1 to the rules' registration.years_max. Raises what `prepare` raises.
    """
    made = prepare(work, directory_id=directory_id, years=years, form=form)
    refusal = _directory_published(made, work)
    if refusal is not None:
        raise Invalid(refusal.zh, refusal.en, (refusal,), pointer="/directory_id")
    take(work, made.id, "submit")
    return made


def prepare(work: Work, *, directory_id: str, years: int, form: Form) -> Registration:
    """Write an application that is not submitted yet (待登记).

    Raises NotFound, StepNotAllowed, NotActive, Invalid, AlreadyRegistered. Five SELECTs.
    """
    directory = directories.seen_directory(work, directory_id)
    if not editor.matches(work.actor, directory):
        raise StepNotAllowed(
            "登记由目录所属部门申请", "a registration is applied for by the directory's department"
        )
    organisations.require_active(work.session, directory.department_id)
    _check_years(work, years)
    if live(work.session, directory_id) is not None:
        raise AlreadyRegistered(
            f"{directory.code} 已有登记或正在办理", f"{directory.code} has a registration, or soon"
        )
    made = Registration(
        id=ids.new("reg_", work.now),
        state=State.TO_REGISTER,
        directory_id=directory.id,
        department_id=directory.department_id,
        kind="initial",
        years=years,
        revision=1,
        returned_count=0,
        applied_at=work.now,
    )
    work.session.add(made)
    work.session.flush()  # the form refers to it by id alone
    forms.give(work, made.id, kind="initial", form=form)
    work.record("registration.applied", made.id, directory_id=directory.id, years=years)
    return made


def fill(work: Work, registration_id: str, *, form: Form) -> Registration:
    """Write the form of an application anew, before it is submitted (again).

    Raises NotFound, StepNotAllowed, StepRefused, Invalid.
    """
    found = seen(work, registration_id)
    if not editor.matches(work.actor, found):
        raise StepNotAllowed("登记表由申请部门填写", "the form is its department's to write")
    if found.state not in {State.TO_REGISTER, State.RETURNED}:
        zh, en = "申请已提交", "the application has been submitted"
        raise StepRefused(zh, en, (Refusal("SUBMITTED", zh, en),))
    given = forms.give(work, found.id, kind="initial", form=form)
    work.record("registration.filled", found.id, form=given.number)
    return found


def filled(work: Work, registration_id: str) -> list[RegistrationForm]:
    """Return the forms of a registration to its parties, newest first. Raises NotFound."""
    found = seen(work, registration_id)
    if not is_party(work.actor, found):
        raise NotFound("没有这条登记", f"no registration {registration_id}")
    return forms.of(work.session, registration_id)


def change(work: Work, registration_id: str, *, form: Form) -> Registration:
    """Ask for a change (变更登记) of what is registered. Raises what seen and LIFE raise."""
    found = seen(work, registration_id)
    take(work, found.id, "change")
    forms.give(work, found.id, kind="change", form=form)
    found.kind = "change"
    return found


def correct(work: Work, registration_id: str, *, text: str) -> Registration:
    """Ask for a correction (更正登记), as its holder or as one whom the error concerns.

    text: what is wrong, and what is right. Raises what seen and LIFE raise, NotActive.
    """
    found = seen(work, registration_id)
    organisations.require_active(work.session, work.actor.organisation)
    take(work, found.id, "correct")
    forms.tell(work, found.id, kind="correction", body={"text": text})
    found.kind = "correction"
    return found


def take(work: Work, registration_id: str, name: str, **data: Any) -> Registration:
    """Take a step of a registration that the caller may see. Raises what seen and LIFE raise."""
    registration = seen(work, registration_id)
    directory = directories.find_directory(work.session, registration.directory_id)
    LIFE.take(
        name,
        registration,
        work,
        **{**data, "directory_id": directory.id, "directory_code": directory.code},
    )
    return registration


def expire_due(work: Work, *, limit: int) -> list[Registration]:
    """Let registrations expire whose last day has passed; return them. One SELECT on an index."""
    statement = (
        select(Registration)
        .where(Registration.state.in_(register.HOLDS), Registration.valid_to < local_date(work.now))
        .order_by(Registration.valid_to, Registration.id)
        .limit(limit)
    )
    found = list(work.session.scalars(statement))
    for registration in found:
        take(work.as_system(), registration.id, "expire")
    return found


def _check_years(work: Work, years: int) -> None:
    most = work.rules.number("registration.years_max")
    if not 1 <= years <= most:
        raise Invalid(
            f"登记有效期为 1 至 {most} 年", f"a term is 1 to {most} years", pointer="/years"
        )


def _grant(work: Work, registration: Registration, *, number: int, begin: date, years: int) -> None:
    registration.valid_to = _years_later(begin, years) - timedelta(days=1)
    work.session.add(
        register.Grant(
            registration_id=registration.id,
            number=number,
            valid_from=begin,
            valid_to=registration.valid_to,
            granted_at=work.now,
        )
    )


def _years_later(day: date, years: int) -> date:
    # 29 February has no counterpart in most years; the term then ends a day earlier.
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
