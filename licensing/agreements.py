"""A supply agreement (供数协议) between one department and the operator, for one industry.

Source: one industry, one department, one authorisation (一行业一部门一授权). It opens
nothing before both have signed, the operator has given its confidentiality letter
(保密承诺书) and the data authority has filed it (I-38). No agreement is exclusive and
none may be passed on: there is no column in which either could be written (I-36).
"""

import re
from collections.abc import Collection, Iterable
from datetime import date
from enum import StrEnum
from typing import Any, Unpack

from sqlalchemy import CheckConstraint, ForeignKey, Index, or_, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.actor import Actor, Duty, Role, any_of, its, system_only
from kernel.clock import Instant, local_date
from kernel.crypto import CryptoProvider, canonical
from kernel.db import JSON_, Base, Living
from kernel.errors import Invalid, NotFound, Refusal, StepNotAllowed, StepRefused
from kernel.pages import Page, keyset
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import ANY_BUT_FINAL, REASON, Workflow, ask, step
from licensing import consents, numbers, scope, signatures
from licensing.applications import items, terms
from licensing.applications.terms import Terms
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


def _supplied(agreement: SupplyAgreement, work: Work) -> Refusal | None:
    today, codes = local_date(work.now), {entry["directory"] for entry in agreement.scope["items"]}
    return items.gathered(items.unsupplied(work.session, codes, today))


def _term_is_lawful(agreement: SupplyAgreement, work: Work) -> Refusal | None:
    years = work.rules.number("supply.term_years_max")
    if agreement.term_to < terms.months_after(agreement.term_from, 12 * years):
        return None
    zh, en = f"协议期限不得超过 {years} 年", f"the term is at most {years} years"
    return Refusal("TERM_TOO_LONG", zh, en)


def _term_not_over(agreement: SupplyAgreement, work: Work) -> Refusal | None:
    over = agreement.term_to < local_date(work.now)
    return Refusal("TERM_OVER", "协议期限已届满", "the term is over") if over else None


def _term_over(agreement: SupplyAgreement, work: Work) -> Refusal | None:
    over = agreement.term_to < local_date(work.now)
    return None if over else Refusal("TERM_RUNNING", "协议期限尚未届满", "the term still runs")


def _not_signed_by_us(agreement: SupplyAgreement, work: Work) -> Refusal | None:
    if not signatures.signed_by(work.session, agreement.id, work.actor.organisation):
        return None
    zh, en = "贵方已签署，须由另一方签署", "the other party has to sign now"
    return Refusal("OTHER_PARTY_SIGNS", zh, en)


def _letter_given(agreement: SupplyAgreement, _work: Work) -> Refusal | None:
    if agreement.letter_digest is not None:
        return None
    zh, en = "缺少保密承诺书", "the confidentiality letter has not been given"
    return Refusal("LETTER_MISSING", zh, en)


def _signed_by_both(agreement: SupplyAgreement, work: Work) -> Refusal | None:
    digest = text_digest(agreement, work.crypto)
    holding = {
        signature.organisation_id
        for signature in signatures.of(work.session, agreement.id)
        if signatures.holds(work.crypto, signature, text_digest=digest)
    }
    if {agreement.department_id, agreement.operator_id} <= holding:
        return None
    zh, en = "双方对现有文本的签署不完整", "not both parties have signed this very text"
    return Refusal("SIGNATURE_MISSING", zh, en)


def _only_live_one(agreement: SupplyAgreement, work: Work) -> Refusal | None:
    same = SupplyAgreement.unique_key == agreement.unique_key
    live = select(SupplyAgreement.code).where(same, SupplyAgreement.state.in_(LIVE))
    found = work.session.scalars(live).first()
    return _live_exists(found) if found else None


def _sign(agreement: SupplyAgreement, work: Work, _data: dict[str, Any]) -> None:
    signatures.sign(work, agreement.id, text_digest=text_digest(agreement, work.crypto))


def _keep_letter(agreement: SupplyAgreement, _work: Work, data: dict[str, Any]) -> None:
    agreement.letter_digest = data["digest"]


def _open(agreement: SupplyAgreement, work: Work, _data: dict[str, Any]) -> None:
    agreement.effective_at = work.now
    refusal = _live_exists(agreement.industry)  # now: after a failed flush it cannot be read
    try:
        # Two may be filed in the same moment: the index decides, and must be asked now.
        work.session.flush()
    except IntegrityError as error:
        # PostgreSQL names the index, SQLite its column.
        if "one_live" not in str(error.orig) and "unique_key" not in str(error.orig):
            raise
        raise StepRefused(refusal.zh, refusal.en, (refusal,)) from error


parties = (
    its("department", "department_id", Duty.SIGNER),
    its("operator", "operator_id", Duty.SIGNER),
)
drafters = (
    its("department", "department_id", Duty.EDITOR, Duty.SIGNER),
    its("operator", "operator_id", Duty.EDITOR, Duty.SIGNER),
)
operator = its("operator", "operator_id", Duty.SIGNER)
department = its("department", "department_id", Duty.SIGNER, Duty.APPROVER)
registrar = any_of(Role.DATA_AUTHORITY, Duty.CASE_OFFICER)
supervisor = any_of(Role.DATA_AUTHORITY, Duty.SUPERVISOR)

# fmt: off
LIFE: Workflow[State, SupplyAgreement] = Workflow(
    "supply_agreement", State, State.DRAFT,
    step("finalise",    {State.DRAFT}, State.FINAL, drafters,
         when=(_supplied, _term_is_lawful, _term_not_over, _only_live_one),
         says="agreement.finalised", label=Words("定稿", "Finalise")),
    step("sign_first",  {State.FINAL}, State.HALF_SIGNED, parties, then=(_sign,),
         says="agreement.half_signed", label=Words("签署", "Sign")),
    step("sign_second", {State.HALF_SIGNED}, State.SIGNED, parties,
         when=(_not_signed_by_us,), then=(_sign,), not_by=("sign_first",),
         within="clocks.agreement_filing",
         says="agreement.signed", label=Words("会签", "Countersign")),
    step("letter",      {State.SIGNED}, State.SIGNED, operator, then=(_keep_letter,),
         asks=(ask("digest", label=Words("保密承诺书摘要", "Digest of the letter"), max=64),),
         own_door=True, says="agreement.letter_given",
         label=Words("提交保密承诺书", "Give the confidentiality letter")),
    step("file",        {State.SIGNED}, State.EFFECTIVE, registrar,
         when=(_signed_by_both, _letter_given, _supplied, _term_not_over, _only_live_one),
         then=(_open,), says="agreement.filed", label=Words("备案", "File")),
    step("suspend",     {State.EFFECTIVE}, State.SUSPENDED, (supervisor, department),
         asks=(REASON,), says="agreement.suspended", label=Words("暂停", "Suspend")),
    step("resume",      {State.SUSPENDED}, State.EFFECTIVE, supervisor,
         when=(_supplied, _term_not_over), asks=(REASON,),
         says="agreement.resumed", label=Words("恢复", "Resume")),
    step("expire",      LIVE, State.EXPIRED, system_only, when=(_term_over,),
         says="agreement.expired", label=Words("到期", "Expire")),
    step("terminate",   ANY_BUT_FINAL, State.TERMINATED, (*parties, supervisor),
         asks=(REASON,), says="agreement.terminated", label=Words("终止", "Terminate")),
)
# fmt: on


def draft(work: Work, **given: Unpack[Terms]) -> SupplyAgreement:
    """Write a new agreement, by one of its two parties.

    Raises StepNotAllowed to anybody else; Invalid, with a pointer, or NotActive.
    """
    allowed = terms.agreed(work, given)
    made = SupplyAgreement(
        id=ids.new("sup_", work.now),
        state=State.DRAFT,
        code=numbers.official(work, "SA", given["department_id"]),
        department_id=given["department_id"],
        operator_id=given["operator_id"],
        industry=given["industry"],
        unique_key=terms.unique_key(work, given),
        term_from=given["term_from"],
        term_to=given["term_to"],
        purpose_limits=sorted(set(given.get("purpose_limits", ()))),
        scope=scope.to_json(allowed),
        scope_hash=scope.scope_hash(allowed, work.crypto.digest),
        revenue=terms.revenue(given),
        drafted_at=work.now,
    )
    if not any(who.matches(work.actor, made) for who in drafters):
        raise StepNotAllowed("供数协议由双方之一起草", "one of the two parties drafts an agreement")
    work.session.add(made)
    work.record("agreement.drafted", made.id, code=made.code, scope_hash=made.scope_hash)
    return made


def give_letter(work: Work, agreement_id: str, *, digest: str) -> SupplyAgreement:
    """Give the operator's confidentiality letter, by its SHA-256 or SM3. Raises Invalid."""
    if not re.fullmatch("[0-9a-f]{64}", digest):
        zh, en = "摘要应为 64 位小写十六进制数", "a digest has 64 small hexadecimal digits"
        raise Invalid(zh, en, pointer="/digest")
    return take(work, agreement_id, "letter", digest=digest)


def text_digest(agreement: SupplyAgreement, crypto: CryptoProvider) -> str:
    """Return the digest of what the parties sign: all terms of the agreement, as they stand."""
    names = ("code", "department_id", "operator_id", "industry", "purpose_limits", "scope")
    text = {name: getattr(agreement, name) for name in (*names, "revenue")}
    days = [agreement.term_from.isoformat(), agreement.term_to.isoformat()]
    return crypto.digest(canonical({**text, "term": days}))


def expire_ended(work: Work, *, limit: int) -> int:
    """Expire, as the house, up to `limit` live agreements whose term is over; return how many."""
    statement = (
        select(SupplyAgreement)
        .where(SupplyAgreement.state.in_(LIVE), SupplyAgreement.term_to < local_date(work.now))
        .order_by(SupplyAgreement.term_to, SupplyAgreement.id)
        .limit(limit)
    )
    ended = list(work.session.scalars(statement))
    for agreement in ended:
        LIFE.take("expire", agreement, work.as_system())
    return len(ended)


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


def take(work: Work, agreement_id: str, name: str, **data: Any) -> SupplyAgreement:
    """Take one step of the agreement's life, for those who may see it."""
    found = seen(work, agreement_id)
    LIFE.take(name, found, work, **data)
    return found


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
    return consents.oversees(actor) or Role.IMPLEMENTING_AGENCY in actor.roles


def _serves(agreement: SupplyAgreement, purpose_code: str | None) -> bool:
    limits = agreement.purpose_limits
    return not limits or purpose_code is None or purpose_code in limits


def _live_exists(code: str) -> Refusal:
    zh = f"该部门在此行业已有生效的供数协议 {code}"
    en = f"this department has a live agreement for this industry: {code}"
    return Refusal("LIVE_AGREEMENT_EXISTS", zh, en)


def _missing(agreement_id: str) -> NotFound:
    return NotFound("没有这份供数协议", f"no supply agreement {agreement_id}")
