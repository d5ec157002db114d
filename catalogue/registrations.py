"""Registration (登记) of public data resources: review, publicity, code, term.

Only what is registered may go into authorised operation. Source: 公共数据资源登记管理
暂行办法 (26号文 of the reform commission and the data administration, in force since
2025-03-01): publicity of ten working days, validity of three years at most.
"""

import re
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, or_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue import contents, directories
from kernel import ids, numbers, watch
from kernel.actor import Actor, Duty, Role, any_of, its, system_only
from kernel.clock import Instant, local_date
from kernel.db import Base, Living
from kernel.errors import DomainError, Invalid, Kind, NotFound, Refusal, StepNotAllowed
from kernel.pages import Page, keyset
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step

CODE: Final = re.compile(r"(\d{6})-(\d{4})-(\d{6})-([0-9X])")
"""Region, year, serial number, and the check character of all of them."""


class State(StrEnum):
    """Where a registration stands."""

    UNDER_REVIEW = "under_review"
    RETURNED = "returned"
    IN_PUBLICITY = "in_publicity"
    REGISTERED = "registered"
    DEREGISTERED = "deregistered"
    EXPIRED = "expired"


LIVE: Final = frozenset({State.UNDER_REVIEW, State.RETURNED, State.IN_PUBLICITY, State.REGISTERED})
"""The states of which a directory has one registration at most (I-13)."""

_LIVE: Final = text("state IN ('under_review', 'returned', 'in_publicity', 'registered')")


class Registration(Living, Base):
    """One registration of one directory.

    kind: "initial" (首次登记). code: CODE, once registered. years: the term applied for.
    valid_from, valid_to: both included, once registered.
    """

    __tablename__ = "registrations"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("years > 0", name="years_positive"),
        CheckConstraint("valid_to >= valid_from", name="term_not_backwards"),
        CheckConstraint(
            "state <> 'registered' OR (code IS NOT NULL AND valid_from IS NOT NULL "
            "AND valid_to IS NOT NULL)",
            name="registered_has_code_and_term",
        ),
        Index(None, "department_id", "id"),
        Index(None, "state", "valid_to", "id"),
        Index(
            "uq_registrations_one_live_per_directory",
            "directory_id",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
    )

    directory_id: Mapped[str] = mapped_column(ForeignKey("directories.id"))
    department_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[str]
    years: Mapped[int]
    code: Mapped[str | None]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    applied_at: Mapped[Instant]


class AlreadyRegistered(DomainError):
    """A directory has one live registration at most (I-13)."""

    kind = Kind.CONFLICT
    code = "registration-exists"
    title = Words("该目录已有登记", "The directory has a registration")


editor = its("department", "department_id", Duty.EDITOR, Duty.SUBMITTER)
approver = its("department", "department_id", Duty.APPROVER)
reviewer = any_of(Role.DATA_AUTHORITY, Duty.REVIEWER)
authority = any_of(Role.DATA_AUTHORITY, Duty.APPROVER)
overseers = (any_of(Role.DATA_AUTHORITY), system_only)


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


def _term_over(registration: Registration, work: Work) -> Refusal | None:
    if registration.valid_to is None or registration.valid_to < local_date(work.now):
        return None
    return Refusal(
        "STILL_VALID",
        f"登记有效期至 {registration.valid_to}",
        f"it is valid until {registration.valid_to}",
    )


def _registered(registration: Registration, work: Work, _data: dict[str, Any]) -> None:
    today = local_date(work.now)
    # The state says registered already; the row may be written only when the code is there.
    with work.session.no_autoflush:
        region = organisations.find(work.session, registration.department_id).region
        series = f"{region}-{today.year}"
        serial = f"{series}-{numbers.following(work.session, series):06d}"
    registration.code = f"{serial}-{check_character(serial)}"
    registration.valid_from = today
    registration.valid_to = _years_later(today, registration.years) - timedelta(days=1)


# fmt: off
LIFE: Workflow[State, Registration] = Workflow(
    "registration", State, State.UNDER_REVIEW,
    step("accept",     {State.UNDER_REVIEW}, State.IN_PUBLICITY, reviewer,
         when=(_directory_published,), within="clocks.registration_publicity",
         overdue="register",
         says="registration.accepted", label=Words("审核通过并公示", "Accept and publicise")),
    step("register",   {State.IN_PUBLICITY}, State.REGISTERED, (system_only, authority),
         when=(_publicity_over, _directory_published), then=(_registered,), not_by=("accept",),
         says="registration.registered", label=Words("赋码登记", "Register")),
    step("return",     {State.UNDER_REVIEW, State.IN_PUBLICITY}, State.RETURNED, reviewer,
         asks=(REASON,), says="registration.returned", label=Words("退回", "Return")),
    step("resubmit",   {State.RETURNED}, State.UNDER_REVIEW, editor,
         when=(_directory_published,),
         says="registration.resubmitted", label=Words("重新提交", "Resubmit")),
    step("deregister", {State.REGISTERED}, State.DEREGISTERED, (approver, authority),
         asks=(REASON,), says="registration.deregistered", label=Words("注销", "Deregister")),
    step("expire",     {State.REGISTERED}, State.EXPIRED, system_only, when=(_term_over,),
         says="registration.expired", label=Words("到期", "Expire")),
)
# fmt: on


def apply(work: Work, *, directory_id: str, years: int) -> Registration:
    """Apply for the first registration (首次登记) of a published directory of the caller's.

    years: of the term, 1 to the rules' registration.years_max. Raises NotFound,
    StepNotAllowed, NotActive, Invalid, AlreadyRegistered. Five SELECTs on indexes.
    """
    directory = directories.seen_directory(work, directory_id)
    if not editor.matches(work.actor, directory):
        raise StepNotAllowed(
            "登记由目录所属部门申请", "a registration is applied for by the directory's department"
        )
    organisations.require_active(work.session, directory.department_id)
    most = work.rules.number("registration.years_max")
    if not 1 <= years <= most:
        raise Invalid(
            f"登记有效期为 1 至 {most} 年", f"a term is 1 to {most} years", pointer="/years"
        )
    if live(work.session, directory_id) is not None:
        raise AlreadyRegistered(
            f"{directory.code} 已有登记或正在办理", f"{directory.code} has a registration, or soon"
        )
    made = Registration(
        id=ids.new("reg_", work.now),
        state=State.UNDER_REVIEW,
        directory_id=directory.id,
        department_id=directory.department_id,
        kind="initial",
        years=years,
        applied_at=work.now,
    )
    refusal = _directory_published(made, work)
    if refusal is not None:
        raise Invalid(refusal.zh, refusal.en, (refusal,), pointer="/directory_id")
    work.session.add(made)
    work.record("registration.applied", made.id, directory_id=directory.id, years=years)
    return made


def take(work: Work, registration_id: str, name: str, **data: Any) -> Registration:
    """Take a step of a registration that the caller may see. Raises what seen and LIFE raise."""
    registration = seen(work, registration_id)
    LIFE.take(name, registration, work, **data)
    return registration


def find(session: Session, registration_id: str) -> Registration:
    """Return a registration. Raises NotFound. One SELECT by key."""
    found = session.get(Registration, registration_id)
    if found is None:
        raise NotFound("没有这条登记", f"no registration {registration_id}")
    return found


def seen(work: Work, registration_id: str) -> Registration:
    """Return a registration, if the caller may see it. Raises NotFound. One SELECT by key.

    What is in publicity, and what was registered, is public.
    """
    found = work.session.get(Registration, registration_id)
    if found is None or not (_is_public(found) or _is_party(work.actor, found)):
        raise NotFound("没有这条登记", f"no registration {registration_id}")
    return found


def by_code(session: Session, code: str) -> Registration:
    """Return the registration of a code. Raises NotFound, also for a code that cannot be one."""
    matched = CODE.fullmatch(code)
    whole = matched and check_character(code[:-2]) == matched[4]
    statement = select(Registration).where(Registration.code == code)
    found = session.scalars(statement).one_or_none() if whole else None
    if found is None:
        raise NotFound("没有这个登记编码", f"no registration {code}")
    return found


def live(session: Session, directory_id: str) -> Registration | None:
    """Return the registration of a directory that runs or holds. One SELECT on an index."""
    statement = select(Registration).where(
        Registration.directory_id == directory_id, Registration.state.in_(LIVE)
    )
    return session.scalars(statement).one_or_none()


def in_force(session: Session, directory_id: str, on: date) -> Registration | None:
    """Return the registration that is valid on a day. One SELECT on an index."""
    statement = select(Registration).where(
        Registration.directory_id == directory_id,
        Registration.state == State.REGISTERED,
        Registration.valid_from <= on,
        Registration.valid_to >= on,
    )
    return session.scalars(statement).one_or_none()


def expire_due(work: Work, *, limit: int) -> list[Registration]:
    """Let registrations expire whose last day has passed; return them. One SELECT on an index."""
    statement = (
        select(Registration)
        .where(Registration.state == State.REGISTERED, Registration.valid_to < local_date(work.now))
        .order_by(Registration.valid_to, Registration.id)
        .limit(limit)
    )
    found = list(work.session.scalars(statement))
    for registration in found:
        LIFE.take("expire", registration, work.as_system())
    return found


def listed(
    work: Work, *, state: State | None = None, after: str | None, limit: int
) -> Page[Registration]:
    """Return one page of the registrations that the caller may see, newest first. One SELECT."""
    statement = select(Registration)
    if not any(who.matches(work.actor, None) for who in overseers):
        statement = statement.where(
            or_(
                Registration.department_id == work.actor.organisation,
                Registration.code.is_not(None),
                Registration.state == State.IN_PUBLICITY,
            )
        )
    if state is not None:
        statement = statement.where(Registration.state == state)
    return keyset(
        work.session, statement, by=((Registration.id, "desc"),), after=after, limit=limit
    )


def check_character(serial: str) -> str:
    """Return the check character of the digits of `serial`: ISO 7064, MOD 11-2.

    It finds every wrong digit and every swap of two neighbours.
    """
    remainder = 0
    for digit in serial:
        if digit.isdigit():
            remainder = (remainder + int(digit)) * 2 % 11
    return "0123456789X"[(12 - remainder) % 11]


def _years_later(day: date, years: int) -> date:
    # 29 February has no counterpart in most years; the term then ends a day earlier.
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _is_public(registration: Registration) -> bool:
    return registration.code is not None or registration.state == State.IN_PUBLICITY


def _is_party(actor: Actor, registration: Registration) -> bool:
    own = actor.organisation == registration.department_id
    return own or any(who.matches(actor, registration) for who in overseers)
