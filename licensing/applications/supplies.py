"""The row of a supply agreement: what it holds, who may see it, and what it supplies."""

from collections.abc import Collection, Iterable
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, or_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.actor import Actor, Role
from kernel.clock import Instant
from kernel.db import JSON_, Base, Living
from kernel.errors import NotFound, Refusal
from kernel.pages import Page, keyset
from kernel.work import Work
from licensing import scope
from licensing.applications import opinions
from licensing.scope import Item, NothingInCommon, Scope


class State(StrEnum):
    """Where an agreement stands."""

    DRAFT = "draft"
    FINAL = "final"  # its elements are fixed
    HALF_SIGNED = "half_signed"
    SIGNED = "signed"
    EFFECTIVE = "effective"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    TERMINATED = "terminated"


LIVE = frozenset({State.EFFECTIVE, State.SUSPENDED})
_LIVE = text("state IN ('effective', 'suspended')")


class SupplyAgreement(Living, Base):
    """What one department lets one operator use for one industry, and until when.

    industry: code of GB/T 4754. scope: canonical form of `licensing.scope`.
    purpose_limits: the purpose codes that it serves; empty for any. revenue: basis
    points {fiscal, operator, merchant} that together are 10,000; None for the rules'
    own. unique_key: what only one live agreement may have (I-37).
    """

    __tablename__ = "supply_agreements"
    __table_args__ = (
        Index(
            "uq_supply_agreements_one_live",
            "unique_key",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
        Index(None, "operator_id", "state", "id"),
        Index(None, "department_id", "state", "id"),
        CheckConstraint("department_id <> operator_id", name="two_parties"),
        CheckConstraint("term_from <= term_to", name="term_not_backwards"),
        CheckConstraint(
            "state NOT IN ('effective', 'suspended') "
            "OR (letter_digest IS NOT NULL AND effective_at IS NOT NULL)",
            name="effective_only_when_filed",
        ),
    )

    code: Mapped[str] = mapped_column(unique=True)
    department_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    operator_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    industry: Mapped[str]
    unique_key: Mapped[str]
    term_from: Mapped[date]
    term_to: Mapped[date]
    purpose_limits: Mapped[list[Any]]
    scope: Mapped[dict[str, Any]]
    scope_hash: Mapped[str]
    revenue: Mapped[dict[str, Any] | None] = mapped_column(JSON_)
    letter_digest: Mapped[str | None]
    drafted_at: Mapped[Instant]
    effective_at: Mapped[Instant | None]

    @property
    def allowed(self) -> Scope:
        """The scope as a value."""
        return scope.from_json(self.scope)


def find(session: Session, agreement_id: str) -> SupplyAgreement:
    """Return the agreement. Raises NotFound. One SELECT by primary key."""
    found = session.get(SupplyAgreement, agreement_id)
    if found is None:
        raise _missing(agreement_id)
    return found


def seen(work: Work, agreement_id: str) -> SupplyAgreement:
    """Return the agreement to its parties, and from its final text on to overseers.

    Raises the NotFound of an agreement that does not exist for anybody else.
    """
    found = find(work.session, agreement_id)
    overseen = _overseen(work.actor) and found.state != State.DRAFT
    if overseen or work.actor.organisation in {found.department_id, found.operator_id}:
        return found
    raise _missing(agreement_id)


def listed(
    work: Work, *, state: State | None = None, after: str | None = None, limit: int
) -> Page[SupplyAgreement]:
    """Return one page of the agreements that the actor may see, newest first. One SELECT."""
    ours = work.actor.organisation
    visible = or_(SupplyAgreement.department_id == ours, SupplyAgreement.operator_id == ours)
    if _overseen(work.actor):
        visible = or_(visible, SupplyAgreement.state != State.DRAFT)
    statement = select(SupplyAgreement).where(visible)
    if state is not None:
        statement = statement.where(SupplyAgreement.state == state)
    return keyset(
        work.session, statement, by=((SupplyAgreement.id, "desc"),), after=after, limit=limit
    )


def effective_for(session: Session, operator_id: str, on: date) -> list[SupplyAgreement]:
    """Return at most 500 agreements that supply the operator on that day. One SELECT."""
    statement = (
        select(SupplyAgreement)
        .where(
            SupplyAgreement.operator_id == operator_id,
            SupplyAgreement.state == State.EFFECTIVE,
            SupplyAgreement.term_from <= on,
            SupplyAgreement.term_to >= on,
        )
        .order_by(SupplyAgreement.code)
        .limit(500)
    )
    return list(session.scalars(statement))


def covering(
    session: Session,
    operator_id: str,
    wanted: Collection[Item],
    on: date,
    *,
    purpose_code: str | None = None,
) -> Scope:
    """Return what the operator's agreements allow together for `wanted`. One SELECT.

    purpose_code: leaves out agreements that do not serve it; None asks of all.
    Raises NothingInCommon when no agreement supplies any of the items.
    """
    found = effective_for(session, operator_id, on)
    serving = [agreement.allowed for agreement in found if _serves(agreement, purpose_code)]
    return scope.join(serving, wanted)


def uncovered(session: Session, operator_id: str, asked: Scope, on: date) -> list[Refusal]:
    """Return everything in which `asked` goes beyond what the operator is supplied (I-26).

    Empty when it is covered. Codes: those of the parts of a scope, or AGREEMENT when no
    agreement supplies any of it. One SELECT.
    """
    try:
        allowed = covering(
            session, operator_id, asked.items.keys(), on, purpose_code=asked.purpose_code
        )
    except NothingInCommon as error:
        return list(error.refusals) or [Refusal("AGREEMENT", error.zh, error.en)]
    return [misfit.refusal for misfit in scope.fits(asked, allowed)]


def inactive(session: Session, operator_id: str, wanted: Iterable[Item], on: date) -> bool:
    """Tell whether some of `wanted` is under no effective agreement on that day. One SELECT."""
    supplied: set[Item] = set()
    for agreement in effective_for(session, operator_id, on):
        supplied |= agreement.allowed.items.keys()
    return not set(wanted) <= supplied


def _overseen(actor: Actor) -> bool:
    return opinions.oversees(actor) or Role.IMPLEMENTING_AGENCY in actor.roles


def _serves(agreement: SupplyAgreement, purpose_code: str | None) -> bool:
    limits = agreement.purpose_limits
    return not limits or purpose_code is None or purpose_code in limits


def _missing(agreement_id: str) -> NotFound:
    return NotFound("没有这份供数协议", f"no supply agreement {agreement_id}")
