"""The row of an operation agreement: what it holds, who may see it, and which is in force."""

from collections.abc import Collection
from datetime import date
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.actor import Actor, Duty, Role
from kernel.db import Base
from kernel.errors import NotFound
from kernel.pages import Page, keyset
from kernel.work import Work
from licensing.agreed.rows import FILED_SQL, IN_FORCE, Agreed, State


class OperationAgreement(Agreed, Base):
    """What one implementing agency lets one operator operate, how, and until when.

    mode: code of `licensing.frame.elements.Mode`. plan_id: the implementation plan that
    it carries out.
    """

    __tablename__ = "operation_agreements"
    __table_args__ = (
        Index(None, "operator_id", "state", "id"),
        Index(None, "implementing_agency_id", "state", "id"),
        Index(None, "plan_id", "id"),
        CheckConstraint("implementing_agency_id <> operator_id", name="grantee_is_no_grantor"),
        CheckConstraint("term_from <= term_to", name="term_not_backwards"),
        CheckConstraint(
            f"{FILED_SQL} OR (letter_digest IS NOT NULL AND final_digest IS NOT NULL "
            "AND effective_at IS NOT NULL)",
            name="effective_only_when_filed",
        ),
    )
    TERMS: ClassVar[tuple[str, ...]] = (
        "mode", "term_from", "term_to", "scope", "scope_hash", "elements", "revenue",
    )  # fmt: skip

    implementing_agency_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    plan_id: Mapped[str] = mapped_column(ForeignKey("implementation_plans.id"))
    mode: Mapped[str]

    @property
    def grantor_id(self) -> str:
        """The implementing agency."""
        return self.implementing_agency_id

    def text(self) -> dict[str, Any]:
        """Return everything that the parties sign, as JSON."""
        names = ("code", "implementing_agency_id", "operator_id", "plan_id")
        return {**{name: getattr(self, name) for name in names}, **self.written()}


def find(session: Session, agreement_id: str) -> OperationAgreement:
    """Return the agreement. Raises NotFound. One SELECT by primary key."""
    found = session.get(OperationAgreement, agreement_id)
    if found is None:
        raise _missing(agreement_id)
    return found


def seen(work: Work, agreement_id: str) -> OperationAgreement:
    """Return the agreement to its parties, and from its final text on to overseers.

    A department sees it from then on too: its own agreements stand under it. Raises the
    NotFound of an agreement that does not exist for anybody else.
    """
    found = find(work.session, agreement_id)
    if work.actor.organisation in found.parties:
        return found
    if reads_all(work.actor) and found.state not in _PRIVATE:
        return found
    raise _missing(agreement_id)


def listed(
    work: Work,
    *,
    state: State | None = None,
    among: Collection[State] | None = None,
    after: str | None = None,
    limit: int,
) -> Page[OperationAgreement]:
    """Return one page of the agreements that the actor may see, newest first. One SELECT.

    among: several states at once.
    """
    ours, table = work.actor.organisation, OperationAgreement
    visible = or_(table.implementing_agency_id == ours, table.operator_id == ours)
    if reads_all(work.actor):
        visible = or_(visible, table.state.not_in(_PRIVATE))
    statement = select(table).where(visible)
    if state is not None:
        statement = statement.where(table.state == state)
    if among is not None:
        statement = statement.where(table.state.in_(among))
    return keyset(work.session, statement, by=((table.id, "desc"),), after=after, limit=limit)


def in_force(session: Session, operator_id: str, on: date) -> list[OperationAgreement]:
    """Return at most 100 agreements under which the operator operates that day. One SELECT."""
    table = OperationAgreement
    statement = (
        select(table)
        .where(
            table.operator_id == operator_id,
            table.state.in_(IN_FORCE),
            table.term_from <= on,
            table.term_to >= on,
        )
        .order_by(table.code)
        .limit(100)
    )
    return list(session.scalars(statement))


def parent_of(session: Session, agreement_id: str | None) -> OperationAgreement | None:
    """Return the agreement that another names as its own parent. One SELECT by key."""
    return None if agreement_id is None else session.get(OperationAgreement, agreement_id)


def reads_all(actor: Actor) -> bool:
    """Tell whether the actor reads agreements of others, once their text is final."""
    if Role.EXCHANGE_OPERATOR in actor.roles and Duty.AUDITOR in actor.duties:
        return True
    # Who only runs the machines sees none.
    return bool(_READERS & actor.roles) and actor.duties != {Duty.PLATFORM_ADMIN}


_READERS = frozenset(
    {Role.DATA_AUTHORITY, Role.IMPLEMENTING_AGENCY, Role.SUPPLY_DEPARTMENT, Role.SYSTEM}
)
_PRIVATE = (State.DRAFT, State.APPROVED_INTERNALLY, State.NEGOTIATING)


def _missing(agreement_id: str) -> NotFound:
    return NotFound("没有这份授权运营协议", f"no operation agreement {agreement_id}")
