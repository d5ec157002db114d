"""A supply agreement (供数协议) between one department and the operator, for one industry.

Source: one industry, one department, one authorisation (一行业一部门一授权). It stands
under an operation agreement and within it (I-26, I-35). It opens nothing before both have
signed, the operator has given its confidentiality letter (保密承诺书) and the data
authority has filed it (I-38). No agreement is exclusive and none may be passed on: there
is no column in which either could be written (I-36). Another directory is an amendment,
not a second agreement.
"""

from typing import Any, Unpack

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from kernel import ids
from kernel.actor import Duty, its
from kernel.clock import local_date
from kernel.crypto import CryptoProvider
from kernel.errors import Refusal, StepNotAllowed, StepRefused, together
from kernel.work import Work
from licensing import scope
from licensing.agreed import numbers, operation_rows, rows
from licensing.agreed.rows import IN_FORCE
from licensing.applications import items, terms
from licensing.applications.supplies import LIVE as LIVE

# The row of an agreement is spoken of as agreements.SupplyAgreement, agreements.find, …
from licensing.applications.supplies import State as State
from licensing.applications.supplies import SupplyAgreement as SupplyAgreement
from licensing.applications.supplies import covering as covering
from licensing.applications.supplies import effective_for as effective_for
from licensing.applications.supplies import find as find
from licensing.applications.supplies import inactive as inactive
from licensing.applications.supplies import listed as listed
from licensing.applications.supplies import overgraded as overgraded
from licensing.applications.supplies import seen as seen
from licensing.applications.supplies import uncovered as uncovered
from licensing.frame import drafts, editions, elements, machine
from licensing.frame.drafts import SupplyChange, Terms
from licensing.frame.elements import Cause


def _under_its_parent(agreement: SupplyAgreement, work: Work) -> Refusal | None:
    parent = operation_rows.parent_of(work.session, agreement.operation_agreement_id)
    if parent is None or parent.operator_id != agreement.operator_id:
        zh, en = "未指明运营机构的授权运营协议", "its operation agreement is not named"
        return Refusal("OPERATION_AGREEMENT_MISSING", zh, en)
    if parent.state not in IN_FORCE:
        zh, en = f"授权运营协议 {parent.code} 未生效", f"{parent.code} is not in force"
        return Refusal("OPERATION_AGREEMENT_INACTIVE", zh, en)
    return together([*misfits(agreement, parent)])


def _supplied(agreement: SupplyAgreement, work: Work) -> Refusal | None:
    today = local_date(work.now)
    return together(items.unsupplied(work.session, agreement.directory_codes, today))


def _graded(agreement: SupplyAgreement, work: Work) -> Refusal | None:
    return together(overgraded(work.session, agreement, agreement.allowed.items.keys()))


def _checked(agreement: SupplyAgreement, _work: Work) -> Refusal | None:
    return elements.unanswered(agreement.elements)


def _term_is_lawful(agreement: SupplyAgreement, work: Work) -> Refusal | None:
    years = work.rules.number("supply.term_years_max")
    if agreement.term_to < terms.months_after(agreement.term_from, 12 * years):
        return None
    zh, en = f"协议期限不得超过 {years} 年", f"the term is at most {years} years"
    return Refusal("TERM_TOO_LONG", zh, en)


def _only_live_one(agreement: SupplyAgreement, work: Work) -> Refusal | None:
    same = SupplyAgreement.unique_key == agreement.unique_key
    live = select(SupplyAgreement.code).where(same, SupplyAgreement.state.in_(LIVE))
    found = work.session.scalars(live).first()
    return _live_exists(found) if found else None


def _open(agreement: SupplyAgreement, work: Work) -> None:
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
levers = (department, machine.supervisor)
"""Those who may suspend one directory of an agreement."""

LIFE: machine.Life = machine.life(
    "supply_agreement",
    "agreement",
    machine.People(
        drafters=drafters,
        decider=department,
        parties=parties,
        operator=operator,
        grantor=department,
    ),
    machine.Checks(
        sound=(_under_its_parent, _supplied, _graded, _checked, _term_is_lawful),
        alone=(_only_live_one,),
        running=(_under_its_parent, _supplied),
        opened=_open,
    ),
)


def draft(work: Work, **given: Unpack[Terms]) -> SupplyAgreement:
    """Write a new agreement, by one of its two parties.

    Raises StepNotAllowed to anybody else; Invalid, with a pointer, or NotActive.
    """
    drafts.supply_parties(work, given)
    made = SupplyAgreement(
        id=ids.new("sup_", work.now),
        state=State.DRAFT,
        code=numbers.official(work, "SA", given["department_id"]),
        department_id=given["department_id"],
        operator_id=given["operator_id"],
        industry=given["industry"],
        unique_key=drafts.unique_key(work, given),
        drafted_at=work.now,
        edition=1,
        suspended_directories={},
        **drafts.supply(work, given["department_id"], given),
    )
    _must_draft(work, made)
    work.session.add(made)
    work.record("agreement.drafted", made.id, code=made.code, scope_hash=made.scope_hash)
    return made


def change(work: Work, agreement_id: str, **given: Unpack[SupplyChange]) -> SupplyAgreement:
    """Rewrite the terms before they are final, by one of the parties.

    While it is negotiated the scope may only become narrower than what was decided on
    internally. Raises StepRefused when it is too late, or for a wider scope.
    """
    found = seen(work, agreement_id)
    _must_draft(work, found)
    columns = drafts.supply(work, found.department_id, given)
    editions.rewrite(work, found, columns, event="agreement.changed")
    return found


def amend(
    work: Work, agreement_id: str, *, reason: str, terms_as_they_will_be: SupplyChange
) -> SupplyAgreement:
    """Propose other terms for an agreement in force; both sign them, and till then the old hold."""
    found = seen(work, agreement_id)
    columns = drafts.supply(work, found.department_id, terms_as_they_will_be)
    proposal = editions.proposal_of(work, found, columns, reason)
    LIFE.take("amend", found, work, proposal=proposal)
    return found


def give_letter(work: Work, agreement_id: str, *, digest: str) -> SupplyAgreement:
    """Give the operator's confidentiality letter, by its SHA-256 or SM3. Raises Invalid."""
    elements.digest(digest, "/digest")
    return take(work, agreement_id, "letter", digest=digest)


def suspend_directory(
    work: Work, agreement_id: str, *, directory_code: str, cause: str, reason: str
) -> SupplyAgreement:
    """Stop the supply of one directory, by its department or the authority.

    Raises StepNotAllowed to anybody else, StepRefused unless the agreement is live and
    supplies the directory.
    """
    found = _levered(work, agreement_id)
    elements.code(Cause, cause, "/cause")
    if directory_code not in found.directory_codes or directory_code in found.suspended_directories:
        zh, en = "协议现未供应该目录", "the agreement does not supply this directory now"
        raise _refused("DIRECTORY_NOT_SUPPLIED", zh, en)
    note = {"since": work.now.isoformat(), "by": work.actor.organisation, "cause": cause,
            "reason": reason}  # fmt: skip
    found.suspended_directories = {**found.suspended_directories, directory_code: note}
    work.record("agreement.directory_suspended", found.id, directory_code=directory_code,
                cause=cause, reason=reason)  # fmt: skip
    return found


def resume_directory(
    work: Work, agreement_id: str, *, directory_code: str, reason: str
) -> SupplyAgreement:
    """Go on supplying a directory: whoever suspended it may, and the authority always."""
    found = _levered(work, agreement_id)
    note = found.suspended_directories.get(directory_code)
    if note is None:
        raise _refused("DIRECTORY_NOT_SUSPENDED", "该目录未被暂停", "it is not suspended")
    if note["by"] != work.actor.organisation and not machine.supervisor.matches(work.actor, found):
        zh, en = "由主管部门暂停的目录须由其恢复", "the authority suspended it, and resumes it"
        raise StepNotAllowed(zh, en)
    left = {code: each for code, each in found.suspended_directories.items()
            if code != directory_code}  # fmt: skip
    found.suspended_directories = left
    work.record("agreement.directory_resumed", found.id, directory_code=directory_code,
                reason=reason)  # fmt: skip
    return found


def misfits(agreement: SupplyAgreement, parent: operation_rows.OperationAgreement) -> list[Refusal]:
    """Return everything in which the agreement goes beyond the one above it (I-26, I-35)."""
    found = [each.words for each in scope.fits(agreement.allowed, parent.allowed)]
    purposes = parent.elements.get("purposes", [])
    told = [Refusal("SCOPE_NOT_COVERED", words.zh, words.en) for words in found]
    ours = set(agreement.purpose_limits)
    if purposes and not (ours and ours <= set(purposes)):
        zh, en = "用途超出授权运营协议", "purposes go beyond the operation agreement"
        told.append(Refusal("SCOPE_NOT_COVERED", zh, en))
    return told


def text_digest(agreement: SupplyAgreement, crypto: CryptoProvider) -> str:
    """Return the digest of what the parties sign: all terms of the agreement, as they stand."""
    return rows.text_digest(agreement, crypto)


def expire_ended(work: Work, *, limit: int) -> int:
    """Expire, as the house, up to `limit` live agreements whose term is over; return how many."""
    return machine.expire_ended(work, SupplyAgreement, LIFE, limit=limit)


def take(work: Work, agreement_id: str, name: str, **data: Any) -> SupplyAgreement:
    """Take one step of the agreement's life, for those who may see it."""
    found = seen(work, agreement_id)
    LIFE.take(name, found, work, **data)
    return found


def _levered(work: Work, agreement_id: str) -> SupplyAgreement:
    found = seen(work, agreement_id)
    if not any(who.matches(work.actor, found) for who in levers):
        zh, en = "由供数部门或主管部门操作", "its department or the authority does this"
        raise StepNotAllowed(zh, en)
    if found.state not in LIVE:
        raise _refused("ILLEGAL_TRANSITION", "协议未生效", "the agreement is not live")
    return found


def _must_draft(work: Work, agreement: SupplyAgreement) -> None:
    if not any(who.matches(work.actor, agreement) for who in drafters):
        raise StepNotAllowed("供数协议由双方之一起草", "one of the two parties drafts an agreement")


def _refused(code: str, zh: str, en: str) -> StepRefused:
    return StepRefused(zh, en, (Refusal(code, zh, en),))


def _live_exists(code: str) -> Refusal:
    zh = f"该部门在此行业已有生效的供数协议 {code}"
    en = f"this department has a live agreement for this industry: {code}"
    return Refusal("LIVE_AGREEMENT_EXISTS", zh, en)
