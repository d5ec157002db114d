"""An operation agreement (授权运营协议): what an implementing agency lets an operator operate.

Source: the operator governs, develops and fairly supplies what it is authorised for, for
at most five years (I-35), in one of three modes, under a plan that has been decided on
collectively. It carries out the plan in force and stays within it. It cannot be exclusive
and cannot be passed on: there is nowhere to write either (I-36). Five elements are fixed
before anybody signs: data, use, benefit, security and term.
"""

from typing import Any, Unpack

from kernel import ids
from kernel.actor import Duty, its
from kernel.errors import Refusal, StepNotAllowed, together
from kernel.parties import organisations
from kernel.work import Work
from licensing import agreements, plans

# The row of an agreement is spoken of as operations.OperationAgreement, operations.find, …
from licensing.agreed import numbers
from licensing.agreed.operation_rows import OperationAgreement as OperationAgreement
from licensing.agreed.operation_rows import find as find
from licensing.agreed.operation_rows import in_force as in_force
from licensing.agreed.operation_rows import listed as listed
from licensing.agreed.operation_rows import seen as seen
from licensing.agreed.rows import LIVE as LIVE
from licensing.agreed.rows import State as State
from licensing.applications import supplies, terms
from licensing.frame import drafts, editions, elements, machine
from licensing.frame.drafts import OperationChange, OperationTerms


def _planned(agreement: OperationAgreement, work: Work) -> Refusal | None:
    code = plans.find(work.session, agreement.plan_id).code
    plan = plans.current(work.session, code)
    if plan is None or plan.implementing_agency_id != agreement.implementing_agency_id:
        zh, en = "实施方案未生效", "the plan of the agency is not in force"
        return Refusal("PLAN_NOT_EFFECTIVE", zh, en)
    return together(_beyond(agreement, plan))


def _beyond(agreement: OperationAgreement, plan: plans.ImplementationPlan) -> list[Refusal | None]:
    """Return everything in which the agreement goes beyond the plan."""
    found: list[Refusal | None] = []
    if agreement.mode not in plan.modes:
        zh, en = "授权方式不在实施方案之内", "the mode is not one of the plan's"
        found.append(Refusal("MODE_NOT_PLANNED", zh, en))
    if not plan.term_from <= agreement.term_from <= agreement.term_to <= plan.term_to:
        zh, en = "期限超出实施方案", "the term goes beyond the plan's"
        found.append(Refusal("TERM_NOT_PLANNED", zh, en))
    for code in agreement.directory_codes:
        if code not in plan.resource_scope:
            zh, en = f"目录 {code} 不在实施方案之内", f"directory {code} is not in the plan"
            found.append(Refusal("DIRECTORY_NOT_PLANNED", zh, en))
    return found


def _term_is_lawful(agreement: OperationAgreement, work: Work) -> Refusal | None:
    years = work.rules.number("frame.term_years_max")
    if agreement.term_to < terms.months_after(agreement.term_from, 12 * years):
        return None
    zh, en = f"授权期限不得超过 {years} 年", f"the term is at most {years} years"
    return Refusal("TERM_TOO_LONG", zh, en)


def _elements_written(agreement: OperationAgreement, _work: Work) -> Refusal | None:
    return elements.missing(agreement.elements)


def _grantee_is_no_grantor(agreement: OperationAgreement, work: Work) -> Refusal | None:
    granted = organisations.require_active(work.session, agreement.operator_id).granted
    if not granted & drafts.GRANTORS:
        return None
    zh, en = "被授权方不得同时是授权方", "a grantee cannot be a grantor"
    return Refusal("GRANTEE_IS_GRANTOR", zh, en)


def _children_fit(agreement: OperationAgreement, work: Work) -> Refusal | None:
    """Refuse what would leave a live supply agreement outside its parent (I-26)."""
    live = [each for each in supplies.under(work.session, agreement.id) if each.state in LIVE]
    wide = [each.code for each in live if agreements.misfits(each, agreement)]
    if not wide:
        return None
    listed_codes = ", ".join(wide)
    zh, en = f"现有供数协议将超出范围：{listed_codes}", f"would no longer hold: {listed_codes}"
    return Refusal("SUPPLY_NOT_COVERED", zh, en)


def _open(_agreement: OperationAgreement, _work: Work) -> None:
    """Nothing stands in the way of a second agreement: several operators may be authorised."""


agency = its("agency", "implementing_agency_id", Duty.SIGNER, Duty.APPROVER)
operator = its("operator", "operator_id", Duty.SIGNER)
drafters = (
    its("agency", "implementing_agency_id", Duty.EDITOR, Duty.CASE_OFFICER, Duty.SIGNER,
        Duty.APPROVER),
    its("operator", "operator_id", Duty.EDITOR, Duty.SIGNER),
)  # fmt: skip

LIFE: machine.Life = machine.life(
    "operation_agreement",
    "operation_agreement",
    machine.People(
        drafters=drafters,
        decider=agency,
        parties=(agency, operator),
        operator=operator,
        grantor=agency,
    ),
    machine.Checks(
        sound=(_planned, _elements_written, _term_is_lawful, _grantee_is_no_grantor, _children_fit),
        alone=(),
        running=(_planned,),
        opened=_open,
    ),
)


def draft(work: Work, **given: Unpack[OperationTerms]) -> OperationAgreement:
    """Write a new agreement, by one of its two parties.

    Raises StepNotAllowed to anybody else; Invalid, with a pointer, NotFound or NotActive.
    """
    drafts.operation_parties(work, given)
    plan = plans.seen(work, given["plan_id"])
    made = OperationAgreement(
        id=ids.new("opa_", work.now),
        state=State.DRAFT,
        code=numbers.official(work, "OA", given["implementing_agency_id"]),
        implementing_agency_id=given["implementing_agency_id"],
        operator_id=given["operator_id"],
        plan_id=plan.id,
        drafted_at=work.now,
        edition=1,
        **drafts.operation(work, given),
    )
    _must_draft(work, made)
    work.session.add(made)
    work.record("operation_agreement.drafted", made.id, code=made.code,
                scope_hash=made.scope_hash)  # fmt: skip
    return made


def change(work: Work, agreement_id: str, **given: Unpack[OperationChange]) -> OperationAgreement:
    """Rewrite the terms before they are final, by one of the parties.

    While it is negotiated the scope may only become narrower than what was decided on
    internally. Raises StepRefused when it is too late, or for a wider scope.
    """
    found = seen(work, agreement_id)
    _must_draft(work, found)
    columns = drafts.operation(work, given)
    editions.rewrite(work, found, columns, event="operation_agreement.changed")
    return found


def amend(
    work: Work, agreement_id: str, *, reason: str, terms_as_they_will_be: OperationChange
) -> OperationAgreement:
    """Propose other terms for an agreement in force; both sign them, and till then the old hold."""
    found = seen(work, agreement_id)
    columns = drafts.operation(work, terms_as_they_will_be)
    proposal = editions.proposal_of(work, found, columns, reason)
    LIFE.take("amend", found, work, proposal=proposal)
    return found


def give_letter(work: Work, agreement_id: str, *, digest: str) -> OperationAgreement:
    """Give the operator's confidentiality letter, by its SHA-256 or SM3. Raises Invalid."""
    elements.digest(digest, "/digest")
    return take(work, agreement_id, "letter", digest=digest)


def expire_ended(work: Work, *, limit: int) -> int:
    """Expire, as the house, up to `limit` live agreements whose term is over; return how many."""
    return machine.expire_ended(work, OperationAgreement, LIFE, limit=limit)


def take(work: Work, agreement_id: str, name: str, **data: Any) -> OperationAgreement:
    """Take one step of the agreement's life, for those who may see it."""
    found = seen(work, agreement_id)
    LIFE.take(name, found, work, **data)
    return found


def _must_draft(work: Work, agreement: OperationAgreement) -> None:
    if not any(who.matches(work.actor, agreement) for who in drafters):
        zh, en = "授权运营协议由双方之一起草", "one of the two parties drafts an agreement"
        raise StepNotAllowed(zh, en)
