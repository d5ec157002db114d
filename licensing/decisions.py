"""A decision (决策): may this use happen now? Asked at every use, answered from the tables.

The policy decision point: every clause of an authorisation is looked at in that instant,
every reason for a no is told, a yes spends its quota in the same statement that checks
it, and each answer is kept. Source: runtime enforcement of authorisations; I-29, I-32,
I-33.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import CheckConstraint, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import ids
from kernel.clock import Instant, local_date
from kernel.db import Base, append_only
from kernel.errors import DomainError, Invalid, Kind, NotFound, Refusal
from kernel.pages import Page, keyset
from kernel.parties import organisations
from kernel.parties.organisations import State as Standing
from kernel.words import Words
from kernel.work import Work
from licensing import agreements, authorisations, quotas, scope
from licensing.authorisations import Authorisation, State
from licensing.exposures import Environment, Transform
from licensing.scope import Item, Scope

RUNNING: Final = frozenset({Standing.ACTIVE, Standing.RESTRICTED})
"""The standings of an organisation in which what runs may go on."""


class Outcome(StrEnum):
    """What was decided."""

    ALLOW = "allow"
    DENY = "deny"


class Decision(Base):
    """One answer, kept as it was given. codes: every reason for a no, in their order.

    version: of the authorisation, None when there was none. subject: what the use was
    for ("dlv_…").
    """

    __tablename__ = "decisions"
    __table_args__ = (
        CheckConstraint("outcome IN ('allow', 'deny')", name="outcome_known"),
        Index(None, "authorisation_id", "id"),
        Index(None, "organisation_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    authorisation_id: Mapped[str]
    version: Mapped[int | None]
    organisation_id: Mapped[str]
    person_id: Mapped[str]
    purpose_code: Mapped[str]
    items: Mapped[list[Any]]
    transform: Mapped[str]
    output_form: Mapped[str]
    region: Mapped[str]
    environment: Mapped[str]
    quantity: Mapped[dict[str, Any]]
    subject: Mapped[str]
    outcome: Mapped[str]
    codes: Mapped[list[Any]]
    at: Mapped[Instant]

    @property
    def allowed(self) -> bool:
        """Whether the use may happen."""
        return self.outcome == Outcome.ALLOW


append_only(Decision.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One intended use. Codes that nobody knows are no error here: they are denied.

    items: (directory code, item code) each. quantity: meter → amount that the use will
    take of it; meters without a quota are not limited. subject: what the use is for.
    Raises Invalid for a negative amount.
    """

    authorisation_id: str
    organisation_id: str
    purpose_code: str
    items: tuple[Item, ...]
    transform: str
    output_form: str
    region: str
    environment: str
    quantity: Mapping[str, int] = field(default_factory=dict)
    subject: str = ""

    def __post_init__(self) -> None:
        if any(type(amount) is not int or amount < 0 for amount in self.quantity.values()):
            raise Invalid(
                "用量须为非负整数", "amounts are whole and not negative", pointer="/quantity"
            )


class UseDenied(DomainError):
    """A use that may not happen now; the decision that says so is kept all the same."""

    kind = Kind.FORBIDDEN
    code = "use-denied"
    title = Words("不允许此次使用", "This use is denied")
    keeps = True


# fmt: off
DENIALS: Final[Mapping[str, Words]] = {
    "NO_AUTH":                 Words("没有有效授权", "there is no authorisation"),
    "AUTH_NOT_STARTED":        Words("授权尚未生效", "the authorisation has not started"),
    "AUTH_EXPIRED":            Words("授权已到期", "the authorisation has expired"),
    "AUTH_SUSPENDED":          Words("授权已暂停", "the authorisation is suspended"),
    "AUTH_REVOKED":            Words("授权已撤销或交回", "the authorisation has been withdrawn"),
    "PURPOSE_MISMATCH":        Words("用途与授权不符", "the purpose is not the authorised one"),
    "ITEM_OUT_OF_SCOPE":       Words("数据项超出授权范围", "an item is not in the scope"),
    "TRANSFORM_TOO_WEAK":      Words("处理程度不足", "an item is treated too weakly"),
    "OUTPUT_FORM_NOT_ALLOWED": Words("输出形式不允许", "the output form is not allowed"),
    "USER_OUT_OF_SCOPE":       Words("使用主体超出授权范围", "the user is not in the scope"),
    "REGION_OUT_OF_SCOPE":     Words("区域超出授权范围", "the region is not in the scope"),
    "ENV_NOT_ALLOWED":         Words("处理环境不符合要求", "the environment is too weakly guarded"),
    "QUOTA_EXCEEDED":          Words("超出配额", "more than the quota leaves"),
    "ORG_RESTRICTED":          Words("机构状态受限", "an organisation may not use anything now"),
    "AGREEMENT_INACTIVE":      Words("供数协议未生效", "a supply agreement is not effective"),
}
# fmt: on
"""The stable codes of every no, in the order in which they are told."""

_STATES: Final = {
    State.ISSUED: "AUTH_NOT_STARTED",
    State.SUSPENDED: "AUTH_SUSPENDED",
    State.REVOKED: "AUTH_REVOKED",
    State.SURRENDERED: "AUTH_REVOKED",
    State.EXPIRED: "AUTH_EXPIRED",
}


class _Case(NamedTuple):
    """A request beside what the tables say of it."""

    request: Request
    granted: Scope
    authorisation: Authorisation
    session: Session
    today: date


def decide(work: Work, request: Request) -> Decision:
    """Decide one use and keep the answer; a yes spends its quota, a no spends nothing.

    Raises nothing for a no: `require` does. Nine SELECTs by key or index, one UPDATE for
    each meter that has a quota.
    """
    try:
        authorisation = authorisations.find(work.session, request.authorisation_id)
    except NotFound:
        return _keep(work, request, None, ("NO_AUTH",))
    case = _Case(
        request,
        authorisations.scope_of(work.session, authorisation),
        authorisation,
        work.session,
        local_date(work.now),
    )
    denied = {code for code, holds in _CLAUSES if not holds(case)} | _standing(case)
    if _spend(case, dry=bool(denied)):
        denied.add("QUOTA_EXCEEDED")
    codes = tuple(code for code in DENIALS if code in denied)
    return _keep(work, request, authorisation.current_version, codes)


def require(work: Work, request: Request) -> Decision:
    """Return the decision that allows this use, or raise UseDenied with every reason."""
    decision = decide(work, request)
    if decision.allowed:
        return decision
    refusals = tuple(Refusal(code, *DENIALS[code]) for code in decision.codes)
    raise UseDenied(
        "；".join(refusal.zh for refusal in refusals),
        "; ".join(refusal.en for refusal in refusals),
        refusals,
    )


def listed(work: Work, authorisation_id: str, *, after: str | None, limit: int) -> Page[Decision]:
    """Return one page of the decisions on an authorisation, newest first, for its parties.

    A user that is no party to the authorisation finds its own with `own`.
    """
    authorisations.seen(work, authorisation_id)
    statement = select(Decision).where(Decision.authorisation_id == authorisation_id)
    return keyset(work.session, statement, by=((Decision.id, "desc"),), after=after, limit=limit)


def own(work: Work, *, after: str | None, limit: int) -> Page[Decision]:
    """Return one page of the decisions on the caller's own uses, newest first. One SELECT."""
    statement = select(Decision).where(Decision.organisation_id == work.actor.organisation)
    return keyset(work.session, statement, by=((Decision.id, "desc"),), after=after, limit=limit)


def _standing(case: _Case) -> set[str]:
    """Return why the authorisation itself stands in the way: its state, or its days."""
    state = State(case.authorisation.state)
    if state in _STATES:
        return {_STATES[state]}
    if case.today < case.granted.period.first:
        return {"AUTH_NOT_STARTED"}
    return {"AUTH_EXPIRED"} if case.today > case.granted.period.last else set()


def _same_purpose(case: _Case) -> bool:
    return case.request.purpose_code == case.granted.purpose_code


def _items_granted(case: _Case) -> bool:
    wanted = case.request.items
    return bool(wanted) and case.granted.items.keys() >= set(wanted)


def _treated_enough(case: _Case) -> bool:
    if case.request.transform not in set(Transform):
        return False
    weakest = (case.granted.items.get(item) for item in case.request.items)
    return all(case.request.transform >= need for need in weakest if need is not None)


def _form_allowed(case: _Case) -> bool:
    return case.request.output_form in case.granted.output_forms


def _user_admitted(case: _Case) -> bool:
    user = case.request.organisation_id
    if scope.admits(case.granted.users, user):
        return True
    try:
        roles = organisations.find(case.session, user).granted
    except NotFound:
        return False
    return scope.admits(case.granted.users, user, classes={f"class:{role}" for role in roles})


def _region_covered(case: _Case) -> bool:
    return any(scope.covers(allowed, case.request.region) for allowed in case.granted.regions)


def _guarded_enough(case: _Case) -> bool:
    if case.request.environment not in set(Environment):
        return False
    return any(case.request.environment >= weakest for weakest in case.granted.environments)


def _all_running(case: _Case) -> bool:
    involved = {case.request.organisation_id, case.authorisation.grantee_id}
    return all(_runs(case.session, organisation) for organisation in sorted(involved))


def _runs(session: Session, organisation_id: str) -> bool:
    try:
        return organisations.find(session, organisation_id).state in RUNNING
    except NotFound:
        return False


def _supplied(case: _Case) -> bool:
    operator, items = case.authorisation.operator_id, case.granted.items.keys()
    return not agreements.inactive(case.session, operator, items, case.today)


_CLAUSES: Final[tuple[tuple[str, Callable[[_Case], bool]], ...]] = (
    ("PURPOSE_MISMATCH", _same_purpose),
    ("ITEM_OUT_OF_SCOPE", _items_granted),
    ("TRANSFORM_TOO_WEAK", _treated_enough),
    ("OUTPUT_FORM_NOT_ALLOWED", _form_allowed),
    ("USER_OUT_OF_SCOPE", _user_admitted),
    ("REGION_OUT_OF_SCOPE", _region_covered),
    ("ENV_NOT_ALLOWED", _guarded_enough),
    ("ORG_RESTRICTED", _all_running),
    ("AGREEMENT_INACTIVE", _supplied),
)


def _spend(case: _Case, *, dry: bool) -> tuple[str, ...]:
    asked = quotas.exceeded if dry else quotas.spend
    return asked(case.session, case.authorisation.id, case.request.quantity)


def _keep(work: Work, request: Request, version: int | None, codes: tuple[str, ...]) -> Decision:
    made = Decision(
        id=ids.new("dec_", work.now),
        authorisation_id=request.authorisation_id,
        version=version,
        organisation_id=request.organisation_id,
        person_id=work.actor.person,
        purpose_code=request.purpose_code,
        items=[list(item) for item in request.items],
        transform=request.transform,
        output_form=request.output_form,
        region=request.region,
        environment=request.environment,
        quantity=dict(request.quantity),
        subject=request.subject,
        outcome=Outcome.DENY if codes else Outcome.ALLOW,
        codes=list(codes),
        at=work.now,
    )
    work.session.add(made)
    return made
