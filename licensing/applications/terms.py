"""What stands in an application, and in agreements alike, checked and turned into scopes.

All of them name items, treatments, users, regions, a period, quotas, output forms and
environments. A value that cannot be meant is refused where it stands, with a pointer.
"""

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, NotRequired, Required, TypedDict, TypeVar

from catalogue.grades import Term
from kernel.actor import Role
from kernel.clock import local_date
from kernel.errors import Invalid
from kernel.parties import organisations
from kernel.work import Work
from licensing import scope
from licensing.applications import items
from licensing.applications.blocks import Blocks, ScenarioKind
from licensing.applications.items import Asked, Named, Source
from licensing.applications.vocabulary import ApplicationField, Purpose, PurposeClass, UseMode
from licensing.scope import ANYONE, Environment, OutputForm, Period, Scope

USERS_MAX: Final = 200
_CLASS: Final = re.compile("class:[a-z][a-z0-9_]{0,59}")
_METER: Final = re.compile("[a-z][a-z0-9_]{0,59}")
_TermT = TypeVar("_TermT", bound=Term)


class Bounds(TypedDict, total=False):
    """What agreements and applications say alike."""

    regions: Required[Sequence[str]]
    output_forms: Required[Sequence[str]]
    environments: Required[Sequence[str]]
    quotas: NotRequired[Mapping[str, int]]
    row_filters: NotRequired[Sequence[str]]


class Application(Bounds, Blocks, total=False):
    """A scenario as it is applied for.

    users_count: how many people will use the results. fusion: other data is joined to
    it by identifiers.
    """

    operator_id: Required[str]
    implementing_agency_id: Required[str]
    title: Required[str]
    application_field: Required[str]
    purpose_code: Required[str]
    purpose_text: Required[str]
    purpose_class: Required[str]
    use_mode: Required[str]
    items: Required[Sequence[Asked]]
    users: Required[Sequence[str]]
    users_count: Required[int]
    period_from: Required[date]
    period_to: Required[date]
    fusion: NotRequired[bool]


def applied(work: Work, applicant_id: str, given: Application) -> tuple[Scope, dict[str, Source]]:
    """Return the scope that is asked for, and the sources that would supply it.

    Raises Invalid, or NotActive for a party. Four SELECTs a directory, seven besides.
    """
    check_parties(work, applicant_id, given)
    _check_words(work, given)
    sources = items.check(work.session, given["items"])
    period = period_of(given["period_from"], given["period_to"], "/period_to")
    months = work.rules.number("scenario.period_months_max")
    if period.last >= months_after(period.first, months):
        raise Invalid(
            f"使用期限不得超过 {months} 个月", f"at most {months} months", pointer="/period_to"
        )
    if period.last < local_date(work.now):
        raise Invalid("使用期限已过", "the period has passed", pointer="/period_to")
    purpose = (given["purpose_code"], _fingerprint(work, given))
    return (
        box(work, given, purpose, named=given["items"], users=given["users"], period=period),
        sources,
    )


def check_parties(work: Work, applicant_id: str, given: Mapping[str, Any]) -> None:
    """Raise Invalid, or NotActive, unless these three may have a scenario together (I-20).

    given: scenario_kind, operator_id, implementing_agency_id. The operator applies for its
    own first products (初次加工), and for nothing else.
    """
    kind = _code(ScenarioKind, given.get("scenario_kind", "development"), "/scenario_kind")
    primary = kind == ScenarioKind.PRIMARY_PRODUCT
    party(work, applicant_id, Role.AUTHORISED_OPERATOR if primary else Role.DEVELOPER, "")
    party(work, given["operator_id"], Role.AUTHORISED_OPERATOR, "/operator_id")
    party(
        work, given["implementing_agency_id"], Role.IMPLEMENTING_AGENCY, "/implementing_agency_id"
    )
    if primary and applicant_id != given["operator_id"]:
        raise Invalid(
            "初次加工由运营机构自行申请",
            "a primary product is the operator's own",
            pointer="/operator_id",
        )
    if not primary and applicant_id == given["operator_id"]:
        raise Invalid(
            "运营机构不得参与其交付产品的再开发（I-20）",
            "the operator takes no part in re-developing what it delivers (I-20)",
            pointer="/operator_id",
        )


def months_after(day: date, months: int) -> date:
    """Return the same day `months` later, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _check_words(work: Work, given: Application) -> None:
    _code(ApplicationField, given["application_field"], "/application_field")
    _code(Purpose, given["purpose_code"], "/purpose_code")
    _code(PurposeClass, given["purpose_class"], "/purpose_class")
    _code(UseMode, given["use_mode"], "/use_mode")
    _length(given["title"], 1, 200, "/title")
    _length(
        given["purpose_text"], 1, work.rules.number("scenario.purpose_characters_max"),
        "/purpose_text",
    )  # fmt: skip
    if given["users_count"] < 1:
        raise Invalid("使用人数至少为一", "there is at least one user", pointer="/users_count")
    least = work.rules.number("scenario.necessity_characters_min")
    for place, entry in enumerate(given["items"]):
        _length(entry["necessity_reason"], least, 1000, f"/items/{place}/necessity_reason")


def box(
    work: Work,
    given: Bounds,
    purpose: tuple[str | None, str | None],
    *,
    named: Sequence[Named],
    users: Sequence[str],
    period: Period,
) -> Scope:
    """Return the scope that these bounds draw round these items. Raises Invalid."""
    _check_users(work, users)
    for name in ("regions", "output_forms", "environments"):
        if not given[name]:
            raise Invalid("至少需要一项", "name at least one", pointer=f"/{name}")
    quotas = dict(given.get("quotas", {}))
    if not all(_METER.fullmatch(meter) for meter in quotas):
        raise Invalid("计量代码不正确", "a meter is a small-letter code", pointer="/quotas")
    forms = codes(OutputForm, given["output_forms"], "/output_forms")
    if OutputForm.RAW_EXPORT in forms:
        raise Invalid(
            "公共数据不得原始导出（原始数据不出域）",
            "public data never leaves raw",
            pointer="/output_forms",
        )
    return Scope(
        *purpose,
        items=items.treatments(named),
        row_filters=frozenset(given.get("row_filters", ())),
        users=frozenset(users),
        regions=frozenset(given["regions"]),
        period=period,
        quotas=quotas,
        output_forms=frozenset(forms),
        environments=frozenset(codes(Environment, given["environments"], "/environments")),
    )


def _check_users(work: Work, users: Sequence[str]) -> None:
    if not 1 <= len(users) <= USERS_MAX:
        raise Invalid(
            f"使用主体须为 1 至 {USERS_MAX} 个", f"name 1 to {USERS_MAX} users", pointer="/users"
        )
    named = [user for user in users if user != ANYONE and not _CLASS.fullmatch(user)]
    known = organisations.names(work.session, named)
    for place, user in enumerate(users):
        if user in named and user not in known:
            raise Invalid(
                f"没有机构“{user}”", f"no organisation {user!r}", pointer=f"/users/{place}"
            )


def _fingerprint(work: Work, given: Application) -> str:
    return scope.purpose_fingerprint(
        given["purpose_code"],
        given["application_field"],
        use_mode=given["use_mode"],
        purpose_text=given["purpose_text"],
        output_forms=codes(OutputForm, given["output_forms"], "/output_forms"),
        digest=work.crypto.digest,
    )


def party(work: Work, organisation_id: str, role: Role, pointer: str) -> None:
    """Raise Invalid unless the organisation has the role, and NotActive unless it is active."""
    if role not in organisations.require_active(work.session, organisation_id).granted:
        raise Invalid(
            f"该机构没有 {role} 角色", f"{organisation_id} is not a {role}", pointer=pointer
        )


def period_of(first: date, last: date, pointer: str) -> Period:
    """Return the days from first to last. Raises Invalid when they stand the wrong way round."""
    if first > last:
        raise Invalid("期限的起日晚于止日", "it ends before it begins", pointer=pointer)
    return Period(first, last)


def _length(text: str, least: int, most: int, pointer: str) -> None:
    if not least <= len(text.strip()) <= most:
        raise Invalid(
            f"字数须为 {least} 至 {most}", f"it has {least} to {most} characters", pointer=pointer
        )


def codes(terms: type[_TermT], named: Sequence[str], pointer: str) -> list[_TermT]:
    """Return the terms that the codes name. Raises Invalid for the first that is none."""
    return [_code(terms, code, f"{pointer}/{place}") for place, code in enumerate(named)]


def _code(terms: type[_TermT], code: str, pointer: str) -> _TermT:
    try:
        return terms(code)
    except ValueError:
        known = ", ".join(term.value for term in terms)
        raise Invalid(
            f"“{code}”应为 {known} 之一", f"{code!r} is none of {known}", pointer=pointer
        ) from None
