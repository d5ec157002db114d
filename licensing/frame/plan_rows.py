"""The row of an implementation plan: what it holds, and who may see it."""

from collections.abc import Collection
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, or_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.clock import Instant
from kernel.crypto import CryptoProvider, canonical
from kernel.db import JSON_, Base, Living
from kernel.errors import NotFound
from kernel.pages import Page, keyset
from kernel.work import Work
from licensing.applications import opinions


class State(StrEnum):
    """Where one edition of a plan stands."""

    DRAFT = "draft"
    DECIDED = "decided"  # by the agency's collective decision, and legally reviewed
    APPROVED = "approved"  # by the data authority
    EFFECTIVE = "effective"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


_EFFECTIVE = text("state = 'effective'")


class ImplementationPlan(Living, Base):
    """One edition of a plan; a material change is a new one, decided anew.

    code: the same for all its editions. resource_scope: codes of directories. modes:
    codes of `licensing.frame.elements.Mode`. elements: the structured rest. decision: the
    record of the collective decision. text_digest: of what was decided.
    """

    __tablename__ = "implementation_plans"
    __table_args__ = (
        UniqueConstraint("code", "edition"),
        Index(
            "uq_implementation_plans_one_effective",
            "code",
            unique=True,
            sqlite_where=_EFFECTIVE,
            postgresql_where=_EFFECTIVE,
        ),
        Index(None, "implementing_agency_id", "state", "id"),
        CheckConstraint("term_from <= term_to", name="term_not_backwards"),
        CheckConstraint(
            "state IN ('draft', 'withdrawn') OR (decision IS NOT NULL AND text_digest IS NOT NULL)",
            name="decided_with_a_record",
        ),
        CheckConstraint(
            "state NOT IN ('approved', 'effective') OR approved_by IS NOT NULL",
            name="approved_by_somebody",
        ),
    )

    code: Mapped[str]
    edition: Mapped[int]
    implementing_agency_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    title: Mapped[str]
    modes: Mapped[list[Any]]
    resource_scope: Mapped[list[Any]]
    term_from: Mapped[date]
    term_to: Mapped[date]
    elements: Mapped[dict[str, Any]]
    decision: Mapped[dict[str, Any] | None] = mapped_column(JSON_)
    text_digest: Mapped[str | None]
    approved_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    drafted_at: Mapped[Instant]
    effective_at: Mapped[Instant | None]

    def text(self) -> dict[str, Any]:
        """Return everything that is decided on, as JSON."""
        names = ("code", "edition", "implementing_agency_id", "title", "modes", "resource_scope")
        days = {"term_from": self.term_from.isoformat(), "term_to": self.term_to.isoformat()}
        return {**{name: getattr(self, name) for name in names}, **days, "elements": self.elements}


def digest(plan: ImplementationPlan, crypto: CryptoProvider) -> str:
    """Return the digest of what is decided on."""
    return crypto.digest(canonical(plan.text()))


def find(session: Session, plan_id: str) -> ImplementationPlan:
    """Return one edition of a plan. Raises NotFound. One SELECT by primary key."""
    found = session.get(ImplementationPlan, plan_id)
    if found is None:
        raise _missing(plan_id)
    return found


def seen(work: Work, plan_id: str) -> ImplementationPlan:
    """Return the plan to its agency, and once decided to overseers; once in force to members.

    Raises the NotFound of a plan that does not exist for anybody else.
    """
    found = find(work.session, plan_id)
    ours = work.actor.organisation == found.implementing_agency_id
    overseen = opinions.oversees(work.actor) and found.state != State.DRAFT
    if ours or overseen or found.state in _OPEN:
        return found
    raise _missing(plan_id)


def listed(
    work: Work,
    *,
    state: State | None = None,
    among: Collection[State] | None = None,
    after: str | None = None,
    limit: int,
) -> Page[ImplementationPlan]:
    """Return one page of the plans that the actor may see, newest first. One SELECT.

    among: several states at once.
    """
    table = ImplementationPlan
    visible = or_(table.implementing_agency_id == work.actor.organisation, table.state.in_(_OPEN))
    if opinions.oversees(work.actor):
        visible = or_(visible, table.state != State.DRAFT)
    statement = select(table).where(visible)
    if state is not None:
        statement = statement.where(table.state == state)
    if among is not None:
        statement = statement.where(table.state.in_(among))
    return keyset(work.session, statement, by=((table.id, "desc"),), after=after, limit=limit)


def editions(session: Session, code: str) -> list[ImplementationPlan]:
    """Return the editions of a plan, latest first, at most 50. One SELECT on an index."""
    table = ImplementationPlan
    statement = select(table).where(table.code == code).order_by(table.edition.desc()).limit(50)
    return list(session.scalars(statement))


def current(session: Session, code: str) -> ImplementationPlan | None:
    """Return the edition of a plan that is in force. One SELECT on an index."""
    table = ImplementationPlan
    statement = select(table).where(table.code == code, table.state == State.EFFECTIVE)
    return session.scalars(statement).one_or_none()


_OPEN = (State.EFFECTIVE, State.SUPERSEDED)


def _missing(plan_id: str) -> NotFound:
    return NotFound("没有这份实施方案", f"no implementation plan {plan_id}")
