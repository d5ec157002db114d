"""The rows of registrations (登记), their codes, and who may look them up.

A registration that holds has a code (查询码), gapless for each region and year, and a term
made of grants of three years at most (I-13). What is in publicity, and what was ever
registered, is public.
"""

import re
from collections.abc import Collection, Iterable
from datetime import date
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, or_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.actor import Actor, Role, any_of, system_only
from kernel.clock import Instant
from kernel.db import Base, Living, append_only
from kernel.errors import NotFound
from kernel.pages import Page, keyset
from kernel.work import Work

CODE: Final = re.compile(r"(\d{6})-(\d{4})-(\d{6})-([0-9X])")
"""Region, year, serial number, and the check character of all of them."""


class State(StrEnum):
    """Where a registration stands."""

    TO_REGISTER = "to_register"
    UNDER_REVIEW = "under_review"
    FORMAL_REVIEW = "formal_review"
    RETURNED = "returned"
    IN_PUBLICITY = "in_publicity"
    OBJECTION_REVIEW = "objection_review"
    REGISTERED = "registered"
    CHANGE_REVIEW = "change_review"
    CORRECTION_REVIEW = "correction_review"
    RENEWAL_REVIEW = "renewal_review"
    DEREG_REVIEW = "dereg_review"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    DEREGISTERED = "deregistered"
    EXPIRED = "expired"


HOLDS: Final = frozenset(
    {
        State.REGISTERED,
        State.CHANGE_REVIEW,
        State.CORRECTION_REVIEW,
        State.RENEWAL_REVIEW,
        State.DEREG_REVIEW,
    }
)
"""The states in which a registration holds: what is asked of it changes nothing until passed."""

LIVE: Final = HOLDS | {
    State.TO_REGISTER,
    State.UNDER_REVIEW,
    State.FORMAL_REVIEW,
    State.RETURNED,
    State.IN_PUBLICITY,
    State.OBJECTION_REVIEW,
}
"""The states of which a directory has one registration at most (I-13)."""

SHOWN: Final = frozenset({State.IN_PUBLICITY, State.OBJECTION_REVIEW})
"""The states in which everybody may look at a registration that has no code yet."""

_LIVE: Final = text("state NOT IN ('withdrawn', 'refused', 'deregistered', 'expired')")


class Registration(Living, Base):
    """One registration of one directory.

    kind: what is asked for, or was asked for last: "initial", "change", "correction",
    "renewal", "deregistration". years: the term applied for first. revision: 1, and one
    more with every change that was passed. returned_count: how often it was returned.
    code: CODE, once registered. valid_from, valid_to: both included, once registered.
    """

    __tablename__ = "registrations"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("years > 0", name="years_positive"),
        CheckConstraint("revision > 0", name="revision_positive"),
        CheckConstraint("valid_to >= valid_from", name="term_not_backwards"),
        CheckConstraint(
            "state NOT IN ('registered', 'change_review', 'correction_review', "
            "'renewal_review', 'dereg_review') OR (code IS NOT NULL "
            "AND valid_from IS NOT NULL AND valid_to IS NOT NULL)",
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
    revision: Mapped[int]
    returned_count: Mapped[int]
    code: Mapped[str | None]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    applied_at: Mapped[Instant]


class Grant(Base):
    """One term that was granted: number 1 with the code, one more with each renewal."""

    __tablename__ = "registration_grants"
    __table_args__ = (CheckConstraint("valid_to >= valid_from", name="term_not_backwards"),)

    registration_id: Mapped[str] = mapped_column(ForeignKey("registrations.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    granted_at: Mapped[Instant]


append_only(Grant.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table

overseers = (any_of(Role.DATA_AUTHORITY), system_only)


def find(session: Session, registration_id: str) -> Registration:
    """Return a registration. Raises NotFound. One SELECT by key."""
    found = session.get(Registration, registration_id)
    if found is None:
        raise NotFound("没有这条登记", f"no registration {registration_id}")
    return found


def seen(work: Work, registration_id: str) -> Registration:
    """Return a registration, if the caller may see it. Raises NotFound. One SELECT by key."""
    found = work.session.get(Registration, registration_id)
    if found is None or not (_is_public(found) or is_party(work.actor, found)):
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
        Registration.state.in_(HOLDS),
        Registration.valid_from <= on,
        Registration.valid_to >= on,
    )
    return session.scalars(statement).one_or_none()


def several(session: Session, registration_ids: Iterable[str]) -> dict[str, Registration]:
    """Return id → registration, for one page of a list. One SELECT."""
    statement = select(Registration).where(Registration.id.in_(set(registration_ids)))
    return {found.id: found for found in session.scalars(statement)}


def waiting(work: Work, states: Collection[State], *, limit: int) -> list[Registration]:
    """Return the registrations in these states that the caller oversees, oldest first.

    One SELECT on an index; at most `limit` rows.
    """
    if not any(who.matches(work.actor, None) for who in overseers):
        return []
    statement = (
        select(Registration)
        .where(Registration.state.in_(list(states)))
        .order_by(Registration.id)
        .limit(limit)
    )
    return list(work.session.scalars(statement))


def grants(session: Session, registration_id: str) -> list[Grant]:
    """Return the terms that were granted, first to last, at most 100. One SELECT by key."""
    statement = (
        select(Grant)
        .where(Grant.registration_id == registration_id)
        .order_by(Grant.number)
        .limit(100)
    )
    return list(session.scalars(statement))


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
                Registration.state.in_(SHOWN),
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


def is_party(actor: Actor, registration: Registration) -> bool:
    """Tell whether an actor sees what is not public of a registration: its department, the hub."""
    own = actor.organisation == registration.department_id
    return own or any(who.matches(actor, registration) for who in overseers)


def _is_public(registration: Registration) -> bool:
    return registration.code is not None or registration.state in SHOWN
