"""The clauses of a decision: one table, asked by every way to an answer. Reads no table.

A right is compiled once into a `Grant`; each clause compares a request with it. What is
not known is denied: a code that no list holds never passes and never fails the program.
Source: runtime enforcement of authorisations; invariant I-29.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from catalogue import grades
from catalogue.grades import Condition, Grade, Mode, Origin, PiClass
from kernel.clock import Instant
from kernel.words import Words
from licensing import scope
from licensing.deciding.requests import Request, Shape
from licensing.exposures import Environment, OutputForm, Transform
from licensing.scope import Item

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
    "GRADE_BLOCKED":           Words("数据级别不允许此种使用", "the grade of the data forbids it"),
    "CONSENT_MISSING":         Words("缺少同意", "a consent is missing"),
    "CREDENTIAL_REVOKED":      Words("凭据无效或已吊销", "the credential is not valid any more"),
    "ORG_RESTRICTED":          Words("机构状态受限", "an organisation may not use anything now"),
    "ORDER_NOT_PAID":          Words("订单尚未付款", "the order has not been paid"),
    "RATE_LIMITED":            Words("调用过于频繁", "too many calls in a short time"),
    "AGREEMENT_INACTIVE":      Words("供数协议未生效", "a supply agreement is not effective"),
    "CONDITION_UNMET":         Words("所附条件尚未满足", "a condition has not been met yet"),
}
"""The stable codes of every no, in the order in which they are told."""

MODES: Final[Mapping[str, Mode]] = {
    OutputForm.AGGREGATE_REPORT: Mode.IN_DOMAIN, OutputForm.SCORE: Mode.VERIFICATION,
    OutputForm.YES_NO_VERIFICATION: Mode.VERIFICATION, OutputForm.MODEL_PARAMETERS: Mode.MODEL,
    OutputForm.MASKED_RECORD_API: Mode.RECORD_API, OutputForm.MASKED_DATASET: Mode.MASKED_FILE,
    OutputForm.RECORD_API: Mode.RECORD_API, OutputForm.RAW_EXPORT: Mode.RAW_FILE,
}
"""Which column of the delivery matrix an output form stands in."""

_WEAKEST: Final[Mapping[Condition, Transform]] = {
    Condition.MASKED: Transform.MASKED, Condition.ANONYMISED: Transform.ANONYMISED,
    Condition.IRREVERSIBLE: Transform.ANONYMISED, Condition.AGGREGATED: Transform.AGGREGATED,
}
# fmt: on
_OF_PERSONS: Final = frozenset(
    {Condition.SUBJECT_CONSENT, Condition.SEPARATE_CONSENT, Condition.CONSENT_OR_BASIS}
)
# The places in the order, looked up once: a code that nobody knows has none.
_STRICT: Final[Mapping[str, int]] = {term: place for place, term in enumerate(Transform)}
_GUARDED: Final[Mapping[str, int]] = {term: place for place, term in enumerate(Environment)}
_BY_TRANSFORM: Final[Mapping[PiClass, Transform]] = {
    PiClass.ORDINARY: Transform.ANONYMISED,
    PiClass.SENSITIVE: Transform.ANONYMISED,
    PiClass.MINOR_UNDER_14: Transform.AGGREGATED,
}
"""From which treatment on data of a person is data of nobody."""

SHAPES_MAX: Final = 512
"""Shapes of request whose answer a grant remembers; then it begins anew."""


@dataclass(frozen=True, slots=True)
class Party:
    """A user as the clauses see it. running: may go on. classes: such as "class:buyer"."""

    id: str
    running: bool
    classes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Credential:
    """A token as the clauses see it. live: not revoked."""

    id: str
    organisation_id: str
    live: bool
    expires_at: Instant


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How an item is graded now, and how it was when its use was assessed.

    grade: None when the directory holds the item no more. assessed: None when nobody
    wrote it down.
    """

    grade: Grade | None
    pi: PiClass
    assessed: Grade | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Grant:
    """An authorisation as it stands on one day, ready to be compared with.

    standing: the codes that hold against every use that day. items: with the weakest
    treatment. graded: the items that the catalogue knows. unconsented: directories whose
    holder has not consented. meters: what is counted ("rows"). conditional: in force, with
    promises outstanding. since: when the day began. known: answers to shapes.
    """

    id: str
    version: int
    grantee_id: str
    operator_id: str
    parties: frozenset[str]
    idle: tuple[str, ...]
    standing: frozenset[str]
    purpose_code: str | None
    items: Mapping[Item, Transform]
    graded: Mapping[Item, Sensitivity]
    unconsented: frozenset[str]
    forms: frozenset[str]
    users: frozenset[str]
    regions: frozenset[str]
    environments: frozenset[Environment]
    meters: frozenset[str]
    obligations: tuple[str, ...]
    conditional: bool
    first: date
    last: date
    since: Instant
    known: dict[Shape, tuple[Party, tuple[str, ...]]] = field(default_factory=dict)


def judged(grant: Grant, request: Request, party: Party) -> tuple[str, ...]:
    """Return the codes of every clause that does not hold; remembered shape by shape.

    What depends on more than the shape is asked apart: `personal`, and the quotas.
    """
    found = grant.known.get(request.shape)
    if found is not None and found[0] is party:
        return found[1]
    failing = {code for code, fails in _CLAUSES if fails(grant, request, party)}
    codes = ordered(failing | grant.standing) if failing or grant.standing else ()
    if len(grant.known) >= SHAPES_MAX:
        grant.known.clear()
    grant.known[request.shape] = (party, codes)
    return codes


def personal(request: Request, credential: Credential | None, now: Instant) -> set[str]:
    """Return the codes of what the user showed: a credential, an order."""
    codes = {"ORDER_NOT_PAID"} if request.order_paid is False else set()
    if request.credential and not _shows(request, credential, now):
        codes.add("CREDENTIAL_REVOKED")
    return codes


def concerns(grant: Grant, organisation_id: str, party: Party) -> bool:
    """Tell whether a caller may be told how a request meets an authorisation.

    Its parties may; and a user about its own use, if the authorisation admits it.
    """
    if organisation_id in grant.parties:
        return True
    admitted = scope.admits(grant.users, party.id, classes=party.classes)
    return organisation_id == party.id and admitted


def ordered(codes: set[str] | frozenset[str]) -> tuple[str, ...]:
    """Return codes in the order in which they are told."""
    return tuple(code for code in DENIALS if code in codes)


def blocked(grant: Grant, request: Request) -> Iterator[Item]:
    """Yield the items whose present grade forbids the use, or which are graded no more."""
    mode = MODES.get(request.output_form)
    for item in request.items:
        graded = grant.graded.get(item)
        if graded is None or mode is None:
            continue
        if _above(graded) or not _leaves(graded, mode, request):
            yield item


def unconsented(grant: Grant, request: Request) -> Iterator[Item]:
    """Yield the items for which a consent is missing: the holder's, or the persons'."""
    mode = MODES.get(request.output_form)
    for item in request.items:
        if item[0] in grant.unconsented:
            yield item
        elif mode is not None and not request.consent:
            graded = grant.graded.get(item)
            if graded is not None and _OF_PERSONS & _conditions(graded, mode, request):
                yield item


def _shows(request: Request, credential: Credential | None, now: Instant) -> bool:
    return (
        credential is not None
        and credential.live
        and credential.expires_at > now
        and credential.organisation_id == request.organisation_id
    )


def _above(graded: Sensitivity) -> bool:
    if graded.grade is None:
        return True
    return graded.assessed is not None and graded.grade > graded.assessed


def _leaves(graded: Sensitivity, mode: Mode, request: Request) -> bool:
    permitted = _permitted(graded, request)
    if mode not in permitted:
        return False
    treatment = _STRICT.get(request.transform, 0)
    needed = [_STRICT[_WEAKEST[one]] for one in permitted[mode] if one in _WEAKEST]
    guarded = _GUARDED.get(request.environment, 0)
    enclave = Condition.TEE_OR_MPC not in permitted[mode] or guarded >= _GUARDED[Environment.MPC]
    return enclave and all(treatment >= weakest for weakest in needed)


def _conditions(graded: Sensitivity, mode: Mode, request: Request) -> frozenset[Condition]:
    return _permitted(graded, request).get(mode, frozenset())


def _permitted(graded: Sensitivity, request: Request) -> Mapping[Mode, frozenset[Condition]]:
    treatment = _STRICT.get(request.transform, 0)
    nobodys = _BY_TRANSFORM.get(graded.pi)
    anonymous = nobodys is not None and treatment >= _STRICT[nobodys]
    pi = PiClass.NONE if anonymous else graded.pi
    grade = graded.grade or Grade.CORE
    return grades.permitted(grade, pi, origin=Origin.PUBLIC_AUTHORISED)


def _other_purpose(grant: Grant, request: Request, _party: Party) -> bool:
    return request.purpose_code != grant.purpose_code


def _other_items(grant: Grant, request: Request, _party: Party) -> bool:
    return not request.items or any(item not in grant.items for item in request.items)


def _too_weak(grant: Grant, request: Request, _party: Party) -> bool:
    treatment = _STRICT.get(request.transform)
    if treatment is None:
        return True
    needed = (grant.items.get(item) for item in request.items)
    return any(treatment < _STRICT[weakest] for weakest in needed if weakest is not None)


def _other_form(grant: Grant, request: Request, _party: Party) -> bool:
    return request.output_form not in grant.forms


def _other_user(grant: Grant, _request: Request, party: Party) -> bool:
    return not scope.admits(grant.users, party.id, classes=party.classes)


def _other_region(grant: Grant, request: Request, _party: Party) -> bool:
    return not any(scope.covers(allowed, request.region) for allowed in grant.regions)


def _too_open(grant: Grant, request: Request, _party: Party) -> bool:
    guarded = _GUARDED.get(request.environment)
    if guarded is None:
        return True
    return not any(guarded >= _GUARDED[weakest] for weakest in grant.environments)


def _grade_blocks(grant: Grant, request: Request, _party: Party) -> bool:
    return any(True for _ in blocked(grant, request))


def _consent_missing(grant: Grant, request: Request, _party: Party) -> bool:
    return any(True for _ in unconsented(grant, request))


def _user_idle(_grant: Grant, _request: Request, party: Party) -> bool:
    return not party.running


def _conditional(grant: Grant, request: Request, _party: Party) -> bool:
    return grant.conditional and request.output_form != OutputForm.AGGREGATE_REPORT


_CLAUSES: Final[tuple[tuple[str, Callable[[Grant, Request, Party], bool]], ...]] = (
    ("PURPOSE_MISMATCH", _other_purpose),
    ("ITEM_OUT_OF_SCOPE", _other_items),
    ("TRANSFORM_TOO_WEAK", _too_weak),
    ("OUTPUT_FORM_NOT_ALLOWED", _other_form),
    ("USER_OUT_OF_SCOPE", _other_user),
    ("REGION_OUT_OF_SCOPE", _other_region),
    ("ENV_NOT_ALLOWED", _too_open),
    ("GRADE_BLOCKED", _grade_blocks),
    ("CONSENT_MISSING", _consent_missing),
    ("ORG_RESTRICTED", _user_idle),
    ("CONDITION_UNMET", _conditional),
)
