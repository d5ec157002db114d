"""An organisation (机构): who takes part, under which code, in which roles.

Source: domain of onboarding; the full KYB with documents stands on this table.
"""

import re
from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, selectinload

from kernel import ids
from kernel.actor import Duty, Role, any_of, system_only
from kernel.clock import Instant
from kernel.db import Base, Living
from kernel.errors import DomainError, Invalid, Kind, NotFound, Refusal
from kernel.pages import Page, keyset
from kernel.parties import uscc as codes
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step

REGION = re.compile("[1-9][0-9]{5}")
"""A code of GB/T 2260 (行政区划代码) by its shape."""


class State(StrEnum):
    """Where an organisation stands."""

    UNDER_REVIEW = "under_review"
    ACTIVE = "active"
    RESTRICTED = "restricted"  # may finish what runs, may not begin anything
    FROZEN = "frozen"
    REJECTED = "rejected"


class OrganisationRole(Base):
    """One role that an organisation has asked for; it counts while the organisation is active."""

    __tablename__ = "organisation_roles"
    __table_args__ = (UniqueConstraint("organisation_id", "role"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    role: Mapped[str]
    granted_at: Mapped[Instant | None]


class Organisation(Living, Base):
    """One legal person, by its unified social credit code (统一社会信用代码)."""

    __tablename__ = "organisations"
    __table_args__ = (
        UniqueConstraint("uscc"),
        CheckConstraint("length(uscc) = 18", name="uscc_has_18_characters"),
        CheckConstraint("length(region) = 6", name="region_has_6_digits"),
    )

    uscc: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    region: Mapped[str]
    entered_at: Mapped[Instant]

    roles: Mapped[list[OrganisationRole]] = relationship(
        lazy="raise", order_by=OrganisationRole.role
    )

    @property
    def granted(self) -> frozenset[Role]:
        """The roles that count."""
        return frozenset(Role(row.role) for row in self.roles if row.granted_at)


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


registrar = any_of(Role.EXCHANGE_OPERATOR, Duty.COMPLIANCE_OFFICER)
approver = any_of(Role.EXCHANGE_OPERATOR, Duty.APPROVER)
regulator = any_of(Role.DATA_AUTHORITY, Duty.SUPERVISOR)


def _has_roles(organisation: Organisation, _work: Work) -> Refusal | None:
    if not organisation.roles:
        return Refusal("NO_ROLE", "没有申请任何角色", "it has asked for no role")
    return None


def _grant(organisation: Organisation, work: Work, _data: dict[str, object]) -> None:
    for row in organisation.roles:
        row.granted_at = row.granted_at or work.now


# fmt: off
LIFE: Workflow[State, Organisation] = Workflow(
    "organisation", State, State.UNDER_REVIEW,
    step("found",    {State.UNDER_REVIEW}, State.ACTIVE, system_only,
         when=(_has_roles,), then=(_grant,), says="organisation.founded",
         label=Words("创始入驻", "Found")),
    step("approve",  {State.UNDER_REVIEW}, State.ACTIVE, approver,
         when=(_has_roles,), then=(_grant,), says="organisation.approved",
         label=Words("准予入驻", "Approve")),
    step("reject",   {State.UNDER_REVIEW}, State.REJECTED, approver,
         asks=(REASON,), says="organisation.rejected", label=Words("不予入驻", "Reject")),
    step("restrict", {State.ACTIVE}, State.RESTRICTED, (approver, regulator),
         asks=(REASON,), says="organisation.restricted", label=Words("限制", "Restrict")),
    step("lift",     {State.RESTRICTED}, State.ACTIVE, approver,
         asks=(REASON,), says="organisation.lifted", label=Words("解除限制", "Lift")),
    step("freeze",   {State.ACTIVE, State.RESTRICTED}, State.FROZEN, regulator,
         asks=(REASON,), says="organisation.frozen", label=Words("冻结", "Freeze")),
    step("unfreeze", {State.FROZEN}, State.ACTIVE, regulator,
         asks=(REASON,), says="organisation.unfrozen", label=Words("解冻", "Unfreeze")),
)
# fmt: on


def enter(
    work: Work, *, uscc: str, name_zh: str, name_en: str, region: str, roles: Iterable[Role]
) -> Organisation:
    """Enter an organisation for review. Raises Invalid (bad code or region) or AlreadyEntered.

    One SELECT on the code's index.
    """
    code = codes.check(uscc)
    if not REGION.fullmatch(region):
        raise Invalid(
            "行政区划代码为六位数字", "a region is six digits (GB/T 2260)", pointer="/region"
        )
    if work.session.scalars(select(Organisation).where(Organisation.uscc == code)).first():
        raise AlreadyEntered(f"{code} 已入驻", f"{code} has been entered before")
    made = Organisation(
        id=ids.new("org_", work.now),
        state=State.UNDER_REVIEW,
        uscc=code,
        name_zh=name_zh,
        name_en=name_en,
        region=region,
        entered_at=work.now,
    )
    made.roles = [
        OrganisationRole(id=ids.new("rol_", work.now), role=role) for role in sorted(set(roles))
    ]
    work.session.add(made)
    work.record("organisation.entered", made.id, uscc=code, roles=sorted(set(roles)))
    return made


def find(session: Session, organisation_id: str) -> Organisation:
    """Return the organisation with its roles. Raises NotFound. Two SELECTs by key."""
    found = session.get(Organisation, organisation_id, options=[selectinload(Organisation.roles)])
    if found is None:
        raise NotFound("没有这家机构", f"no organisation {organisation_id}")
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
            OrganisationRole.granted_at.is_not(None),
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
            OrganisationRole.granted_at.is_not(None),
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


def entered(session: Session, *, after: str | None, limit: int) -> Page[Organisation]:
    """Return one page of organisations, newest first. Two SELECTs."""
    statement = select(Organisation).options(selectinload(Organisation.roles))
    order = ((Organisation.id, "desc"),)
    return keyset(session, statement, by=order, after=after, limit=limit)  # type: ignore[arg-type]  # a literal tuple


def seen(work: Work, organisation_id: str) -> Organisation:
    """Return the organisation; who takes part is public. Raises NotFound. Two SELECTs."""
    return find(work.session, organisation_id)


def take(work: Work, organisation_id: str, name: str, **data: object) -> Organisation:
    """Take one step in an organisation's life. Raises what `Workflow.take` raises."""
    organisation = seen(work, organisation_id)
    LIFE.take(name, organisation, work, **data)
    return organisation
