"""The row of a supply agreement: what it holds, who may see it, and what it supplies."""

import dataclasses
from collections.abc import Collection, Iterable
from datetime import date
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue.grades import Grade, PiClass
from kernel.actor import Actor, Role
from kernel.db import Base
from kernel.errors import NotFound, Refusal
from kernel.pages import Page, keyset
from kernel.work import Work
from licensing import scope
from licensing.agreed.operation_rows import OperationAgreement
from licensing.agreed.rows import FILED_SQL, IN_FORCE, LIVE_SQL, Agreed

# Both kinds of agreement have the same states.
from licensing.agreed.rows import LIVE as LIVE
from licensing.agreed.rows import State as State
from licensing.applications import items, opinions
from licensing.exposures import OutputForm, RiskGrade
from licensing.scope import Item, NothingInCommon, Scope


class SupplyAgreement(Agreed, Base):
    """What one department lets one operator use for one industry, and until when.

    operation_agreement_id: the one under which it stands; nothing is final without it.
    industry: code of GB/T 4754. purpose_limits: the purpose codes that it serves; empty
    for any. unique_key: what only one live agreement may have (I-37).
    suspended_directories: code → {"since", "by", "cause", "reason"} of those that supply
    nothing for now.
    """

    __tablename__ = "supply_agreements"
    __table_args__ = (
        Index(
            "uq_supply_agreements_one_live",
            "unique_key",
            unique=True,
            sqlite_where=LIVE_SQL,
            postgresql_where=LIVE_SQL,
        ),
        Index(None, "operator_id", "state", "id"),
        Index(None, "department_id", "state", "id"),
        Index(None, "operation_agreement_id", "state", "id"),
        CheckConstraint("department_id <> operator_id", name="two_parties"),
        CheckConstraint("term_from <= term_to", name="term_not_backwards"),
        CheckConstraint(
            f"{FILED_SQL} OR (letter_digest IS NOT NULL AND effective_at IS NOT NULL)",
            name="effective_only_when_filed",
        ),
    )
    TERMS: ClassVar[tuple[str, ...]] = (
        "operation_agreement_id", "term_from", "term_to", "purpose_limits", "scope",
        "scope_hash", "elements", "revenue",
    )  # fmt: skip

    department_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    operation_agreement_id: Mapped[str | None] = mapped_column(
        ForeignKey("operation_agreements.id")
    )
    industry: Mapped[str]
    unique_key: Mapped[str]
    purpose_limits: Mapped[list[Any]]
    suspended_directories: Mapped[dict[str, Any]] = mapped_column(default=dict)

    @property
    def grantor_id(self) -> str:
        """The department."""
        return self.department_id

    @property
    def supplied(self) -> Scope:
        """The scope as a value, without the directories that are suspended."""
        allowed = self.allowed
        if not self.suspended_directories:
            return allowed
        left = {
            item: how
            for item, how in allowed.items.items()
            if item[0] not in self.suspended_directories
        }
        return dataclasses.replace(allowed, items=left)

    def text(self) -> dict[str, Any]:
        """Return everything that the parties sign, as JSON."""
        names = ("code", "department_id", "operator_id", "industry")
        return {**{name: getattr(self, name) for name in names}, **self.written()}


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """What a department has agreed to beforehand (常设同意): no opinion is asked of it then.

    It holds for a scenario with one of the purposes, a risk of at most `risk_max`, and no
    output form besides these.
    """

    agreement_id: str
    purpose_codes: frozenset[str]
    risk_max: RiskGrade
    output_forms: frozenset[OutputForm]


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
    overseen = _overseen(work.actor) and found.state not in _PRIVATE
    if overseen or work.actor.organisation in found.parties:
        return found
    raise _missing(agreement_id)


def listed(
    work: Work, *, state: State | None = None, after: str | None = None, limit: int
) -> Page[SupplyAgreement]:
    """Return one page of the agreements that the actor may see, newest first. One SELECT."""
    ours = work.actor.organisation
    visible = or_(SupplyAgreement.department_id == ours, SupplyAgreement.operator_id == ours)
    if _overseen(work.actor):
        visible = or_(visible, SupplyAgreement.state.not_in(_PRIVATE))
    statement = select(SupplyAgreement).where(visible)
    if state is not None:
        statement = statement.where(SupplyAgreement.state == state)
    return keyset(
        work.session, statement, by=((SupplyAgreement.id, "desc"),), after=after, limit=limit
    )


def under(session: Session, operation_agreement_id: str) -> list[SupplyAgreement]:
    """Return at most 500 agreements that stand under an operation agreement. One SELECT."""
    statement = (
        select(SupplyAgreement)
        .where(
            SupplyAgreement.operation_agreement_id == operation_agreement_id,
            SupplyAgreement.state.not_in(_PRIVATE),
        )
        .order_by(SupplyAgreement.state, SupplyAgreement.id)
        .limit(500)
    )
    return list(session.scalars(statement))


def effective_for(session: Session, operator_id: str, on: date) -> list[SupplyAgreement]:
    """Return at most 500 agreements that supply the operator on that day. One SELECT.

    An agreement supplies while it and the operation agreement above it are in force.
    """
    statement = _supplying(on).where(SupplyAgreement.operator_id == operator_id)
    return list(session.scalars(statement.order_by(SupplyAgreement.code).limit(500)))


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
    serving = [agreement.supplied for agreement in found if _serves(agreement, purpose_code)]
    return scope.join(serving, wanted)


def uncovered(session: Session, operator_id: str, asked: Scope, on: date) -> list[Refusal]:
    """Return everything in which `asked` goes beyond what the operator is supplied (I-26).

    Empty when it is covered. Codes: those of the parts of a scope, AGREEMENT when no
    agreement supplies any of it, and those of `overgraded`. Two SELECTs, and three a
    directory.
    """
    try:
        allowed = covering(
            session, operator_id, asked.items.keys(), on, purpose_code=asked.purpose_code
        )
    except NothingInCommon as error:
        return list(error.refusals) or [Refusal("AGREEMENT", error.zh, error.en)]
    found = [misfit.refusal for misfit in scope.fits(asked, allowed)]
    for agreement in effective_for(session, operator_id, on):
        found += overgraded(session, agreement, asked.items)
    return found


def overgraded(
    session: Session, agreement: SupplyAgreement, wanted: Collection[Item]
) -> list[Refusal]:
    """Return the items that have become graver than the agreement allows.

    Codes: GRADE_ABOVE_AGREEMENT, PI_NOT_AGREED. Three SELECTs a directory that it names.
    """
    found: list[Refusal] = []
    ours = agreement.allowed.items.keys() & set(wanted)
    for code in sorted({directory for directory, _ in ours}):
        terms = agreement.elements.get("directories", {}).get(code)
        source = items.source(session, code) if terms else None
        if source is None:
            continue
        for item in sorted(item for directory, item in ours if directory == code):
            held = source.items.get(item)
            if held is not None and Grade(held.grade) > terms["max_grade"]:
                found.append(_above(code, item, held.grade, terms["max_grade"]))
            if held is not None and held.pi_class != PiClass.NONE and not terms["pi_allowed"]:
                found.append(_personal(code, item))
    return found


def inactive(session: Session, operator_id: str, wanted: Iterable[Item], on: date) -> bool:
    """Tell whether some of `wanted` is under no agreement in force on that day. One SELECT.

    An agreement whose operation agreement is not in force supplies nothing either, nor
    does a directory that is suspended in it.
    """
    supplied: set[Item] = set()
    for agreement in effective_for(session, operator_id, on):
        supplied |= agreement.supplied.items.keys()
    return not set(wanted) <= supplied


def standing_consent(
    session: Session, department_id: str, operator_id: str, purpose_code: str, on: date
) -> list[Standing]:
    """Return what the department has agreed to beforehand for this purpose. One SELECT."""
    statement = _supplying(on).where(
        SupplyAgreement.department_id == department_id,
        SupplyAgreement.operator_id == operator_id,
    )
    return [
        Standing(
            agreement_id=agreement.id,
            purpose_codes=frozenset(rule["purpose_codes"]),
            risk_max=RiskGrade(rule["risk_max"]),
            output_forms=frozenset(map(OutputForm, rule["output_forms"])),
        )
        for agreement in session.scalars(statement.order_by(SupplyAgreement.code).limit(50))
        for rule in agreement.elements.get("standing_consent_rules", ())
        if purpose_code in rule["purpose_codes"] and _serves(agreement, purpose_code)
    ]


def _supplying(on: date) -> Select[SupplyAgreement]:
    ours, parent = SupplyAgreement, OperationAgreement
    return (
        select(ours)
        .join(parent, parent.id == ours.operation_agreement_id)
        .where(
            ours.state.in_(IN_FORCE),
            ours.term_from <= on,
            ours.term_to >= on,
            parent.state.in_(IN_FORCE),
            parent.term_from <= on,
            parent.term_to >= on,
        )
    )


def _above(code: str, item: str, grade: str, most: str) -> Refusal:
    zh = f"{code}/{item} 现为 {grade}，协议至多允许 {most}"
    en = f"{code}/{item} is {grade} now; the agreement allows {most} at most"
    return Refusal("GRADE_ABOVE_AGREEMENT", zh, en)


def _personal(code: str, item: str) -> Refusal:
    zh = f"{code}/{item} 含个人信息，协议未允许"
    en = f"{code}/{item} holds personal information; the agreement does not allow any"
    return Refusal("PI_NOT_AGREED", zh, en)


def _overseen(actor: Actor) -> bool:
    return opinions.oversees(actor) or Role.IMPLEMENTING_AGENCY in actor.roles


def _serves(agreement: SupplyAgreement, purpose_code: str | None) -> bool:
    limits = agreement.purpose_limits
    return not limits or purpose_code is None or purpose_code in limits


_PRIVATE = (State.DRAFT, State.APPROVED_INTERNALLY, State.NEGOTIATING)


def _missing(agreement_id: str) -> NotFound:
    return NotFound("没有这份供数协议", f"no supply agreement {agreement_id}")
