"""A supply agreement (供数协议) between one department and the operator, for one industry.

Source: one industry, one department, one authorisation (一行业一部门一授权). It opens
nothing before both have signed, the operator has given its confidentiality letter
(保密承诺书) and the data authority has filed it (I-38). No agreement is exclusive and
none may be passed on: there is no column in which either could be written (I-36).
"""

import re
from typing import Any, Unpack

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from kernel import ids
from kernel.actor import Duty, Role, any_of, its, system_only
from kernel.clock import local_date
from kernel.crypto import CryptoProvider, canonical
from kernel.errors import Invalid, Refusal, StepNotAllowed, StepRefused
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import ANY_BUT_FINAL, REASON, Workflow, ask, step
from licensing import numbers, scope, signatures
from licensing.applications import items, terms

# The row of an agreement is spoken of as agreements.SupplyAgreement, agreements.find, …
from licensing.applications.supplies import LIVE as LIVE
from licensing.applications.supplies import State as State
from licensing.applications.supplies import SupplyAgreement as SupplyAgreement
from licensing.applications.supplies import covering as covering
from licensing.applications.supplies import effective_for as effective_for
from licensing.applications.supplies import find as find
from licensing.applications.supplies import inactive as inactive
from licensing.applications.supplies import listed as listed
from licensing.applications.supplies import seen as seen
from licensing.applications.supplies import uncovered as uncovered
from licensing.applications.terms import Terms


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


def take(work: Work, agreement_id: str, name: str, **data: Any) -> SupplyAgreement:
    """Take one step of the agreement's life, for those who may see it."""
    found = seen(work, agreement_id)
    LIFE.take(name, found, work, **data)
    return found


def _live_exists(code: str) -> Refusal:
    zh = f"该部门在此行业已有生效的供数协议 {code}"
    en = f"this department has a live agreement for this industry: {code}"
    return Refusal("LIVE_AGREEMENT_EXISTS", zh, en)
