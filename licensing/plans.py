"""An implementation plan (实施方案): what an agency means to have operated, why, and how.

Source: the plan passes the collective decision on major matters (三重一大) and a legal
review, and the authority agrees to it; it is not changed at will, and a material change
repeats the decision. An edition, once decided, is never rewritten.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, Required, TypedDict, Unpack

from catalogue import directories
from kernel import ids
from kernel.actor import Duty, Role, any_of, its, system_only
from kernel.clock import local_date
from kernel.errors import Invalid, NotFound, Refusal, StepNotAllowed, StepRefused
from kernel.parties import organisations
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step
from licensing.agreed import numbers
from licensing.applications.terms import months_after
from licensing.frame import elements, plan_rows
from licensing.frame.elements import Mode

# The row of a plan is spoken of as plans.ImplementationPlan, plans.find, …
from licensing.frame.plan_rows import ImplementationPlan as ImplementationPlan
from licensing.frame.plan_rows import State as State
from licensing.frame.plan_rows import current as current
from licensing.frame.plan_rows import editions as editions
from licensing.frame.plan_rows import find as find
from licensing.frame.plan_rows import listed as listed
from licensing.frame.plan_rows import seen as seen

DIRECTORIES_MAX: Final = 200
TEXTS: Final = (
    "necessity", "feasibility", "operator_conditions", "exit_conditions",
    "product_catalogue_outline", "pricing_method", "revenue_distribution", "security",
    "supervision",
)  # fmt: skip
"""The parts of a plan that are told in words; none may be left out."""


class Plan(TypedDict, total=False):
    """A plan as it is drafted; a revision names what it changes."""

    title: Required[str]
    modes: Required[Sequence[str]]
    resource_scope: Required[Sequence[str]]
    term_from: Required[date]
    term_to: Required[date]
    necessity: Required[str]
    feasibility: Required[str]
    operator_conditions: Required[str]
    exit_conditions: Required[str]
    product_catalogue_outline: Required[str]
    pricing_method: Required[str]
    revenue_distribution: Required[str]
    security: Required[str]
    supervision: Required[str]
    performance_indicators: Required[Sequence[str]]


def _text_kept(plan: ImplementationPlan, work: Work) -> Refusal | None:
    if plan.text_digest == plan_rows.digest(plan, work.crypto):
        return None
    return Refusal("TEXT_CHANGED", "方案文本与决策时不一致", "this is not the text decided on")


def _term_not_over(plan: ImplementationPlan, work: Work) -> Refusal | None:
    over = plan.term_to < local_date(work.now)
    return Refusal("TERM_OVER", "方案期限已届满", "the term is over") if over else None


def _decide(plan: ImplementationPlan, work: Work, data: dict[str, Any]) -> None:
    plan.decision = elements.decision(data, local_date(work.now))
    plan.text_digest = plan_rows.digest(plan, work.crypto)


def _approve(plan: ImplementationPlan, work: Work, _data: dict[str, Any]) -> None:
    plan.approved_by = work.actor.person


def _begin(plan: ImplementationPlan, work: Work, _data: dict[str, Any]) -> None:
    plan.effective_at = work.now


agency_editor = its(
    "agency", "implementing_agency_id", Duty.EDITOR, Duty.CASE_OFFICER, Duty.APPROVER, Duty.SIGNER
)
agency_decider = its("agency", "implementing_agency_id", Duty.APPROVER, Duty.SIGNER)
authority = any_of(Role.DATA_AUTHORITY, Duty.APPROVER, Duty.SUPERVISOR)

# fmt: off
LIFE: Workflow[State, ImplementationPlan] = Workflow(
    "implementation_plan", State, State.DRAFT,
    step("decide",       {State.DRAFT}, State.DECIDED, agency_decider,
         when=(_term_not_over,), then=(_decide,), asks=elements.DECISION, hand="approver",
         says="plan.decided", label=Words("集体决策通过", "Decide collectively")),
    step("approve",      {State.DECIDED}, State.APPROVED, authority,
         when=(_text_kept,), then=(_approve,), not_by=("decide",), hand="supervisor",
         says="plan.approved", label=Words("批准方案", "Approve the plan")),
    step("return",       {State.DECIDED}, State.DRAFT, authority, asks=(REASON,),
         says="plan.returned", label=Words("退回", "Return")),
    step("put_in_force", {State.APPROVED}, State.EFFECTIVE, agency_decider,
         when=(_text_kept, _term_not_over), then=(_begin,),
         says="plan.in_force", label=Words("实施", "Put in force")),
    step("supersede",    {State.EFFECTIVE}, State.SUPERSEDED, system_only,
         says="plan.superseded", label=Words("被新版取代", "Supersede")),
    step("withdraw",     {State.DRAFT, State.DECIDED, State.APPROVED}, State.WITHDRAWN,
         agency_decider, asks=(REASON,),
         says="plan.withdrawn", label=Words("撤回", "Withdraw")),
)
# fmt: on


def draft(work: Work, **given: Unpack[Plan]) -> ImplementationPlan:
    """Write a new plan, by the implementing agency.

    Raises StepNotAllowed to anybody else; Invalid, with a pointer, or NotActive.
    """
    agency = work.actor.organisation
    if Role.IMPLEMENTING_AGENCY not in work.actor.roles:
        raise _not_theirs()
    organisations.require_active(work.session, agency)
    return _write(work, numbers.official(work, "PL", agency), 1, given)


def revise(work: Work, plan_id: str, **given: Unpack[Plan]) -> ImplementationPlan:
    """Write the next edition of a plan in force; the decision on it is taken anew.

    The edition in force stays so until the new one is put in force. Raises StepRefused
    when this one is not in force, or when the next is being written already.
    """
    found = seen(work, plan_id)
    if found.state != State.EFFECTIVE:
        raise _refused("PLAN_NOT_EFFECTIVE", "方案未实施", "the plan is not in force")
    latest = editions(work.session, found.code)[0]
    if latest.state in (State.DRAFT, State.DECIDED, State.APPROVED):
        zh, en = "下一版正在办理", "its next edition is under way"
        raise _refused("EDITION_UNDER_WAY", zh, en)
    return _write(work, found.code, latest.edition + 1, given)


def change(work: Work, plan_id: str, **given: Unpack[Plan]) -> ImplementationPlan:
    """Rewrite a draft. Raises StepRefused once it has been decided on."""
    found = seen(work, plan_id)
    if not agency_editor.matches(work.actor, found):
        raise _not_theirs()
    if found.state != State.DRAFT:
        raise _refused("ILLEGAL_TRANSITION", "方案已经决策", "it has been decided on")
    for name, value in _columns(work, given).items():
        setattr(found, name, value)
    work.record("plan.changed", found.id, edition=found.edition)
    return found


def take(work: Work, plan_id: str, name: str, **data: Any) -> ImplementationPlan:
    """Take one step of the plan's life, for those who may see it."""
    found = seen(work, plan_id)
    if name == "put_in_force":
        _make_way(work, found)
    LIFE.take(name, found, work, **data)
    return found


def _make_way(work: Work, plan: ImplementationPlan) -> None:
    """Supersede the edition in force, if this one may take its place now."""
    earlier = current(work.session, plan.code)
    if earlier is None or LIFE.refusals("put_in_force", plan, work):
        return
    if agency_decider.matches(work.actor, plan):
        LIFE.take("supersede", earlier, work.as_system())
        # One edition is in force: the earlier one must leave the index first.
        work.session.flush()


def _write(work: Work, code: str, edition: int, given: Plan) -> ImplementationPlan:
    made = ImplementationPlan(
        id=ids.new("pln_", work.now),
        state=State.DRAFT,
        code=code,
        edition=edition,
        implementing_agency_id=work.actor.organisation,
        drafted_at=work.now,
        **_columns(work, given),
    )
    if not agency_editor.matches(work.actor, made):
        raise _not_theirs()
    work.session.add(made)
    work.record("plan.drafted", made.id, code=code, edition=edition)
    return made


def _columns(work: Work, given: Plan) -> dict[str, Any]:
    elements.texts({name: given[name] for name in ("title", *TEXTS)}, "")
    if not given["modes"]:
        raise Invalid("至少需要一种授权方式", "name at least one mode", pointer="/modes")
    modes = [elements.code(Mode, each, f"/modes/{place}") for place, each in
             enumerate(given["modes"])]  # fmt: skip
    first, last = given["term_from"], given["term_to"]
    years = work.rules.number("frame.plan_years_max")
    if not first <= last < months_after(first, 12 * years):
        raise Invalid(f"期限至多 {years} 年", f"at most {years} years", pointer="/term_to")
    return {
        "title": given["title"].strip(),
        "modes": sorted(set(modes)),
        "resource_scope": _resources(work, given["resource_scope"]),
        "term_from": first,
        "term_to": last,
        "elements": {
            **{name: given[name].strip() for name in TEXTS},
            "performance_indicators": list(given["performance_indicators"]),
        },
    }


def _resources(work: Work, codes: Sequence[str]) -> list[str]:
    if not 1 <= len(codes) <= DIRECTORIES_MAX:
        raise Invalid(f"目录须为 1 至 {DIRECTORIES_MAX} 个", f"1 to {DIRECTORIES_MAX} directories",
                      pointer="/resource_scope")  # fmt: skip
    for place, code in enumerate(codes):
        try:
            directories.published(work.session, directories.by_code(work.session, code).id)
        except NotFound as error:
            raise Invalid(f"没有已发布的目录 {code}", f"no published directory {code!r}",
                          pointer=f"/resource_scope/{place}") from error  # fmt: skip
    return sorted(set(codes))


def _refused(code: str, zh: str, en: str) -> StepRefused:
    return StepRefused(zh, en, (Refusal(code, zh, en),))


def _not_theirs() -> StepNotAllowed:
    return StepNotAllowed("实施方案由实施机构编制", "the implementing agency writes its plan")
