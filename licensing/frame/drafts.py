"""What stands in an agreement of either kind as it is drafted, turned into columns."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, NotRequired, Required, cast

from catalogue.contents import INDUSTRY
from catalogue.grades import PiClass, strictest
from kernel.actor import Role
from kernel.errors import Invalid
from kernel.parties import organisations
from kernel.work import Work
from licensing import scope
from licensing.applications import items, terms
from licensing.applications.items import Named, Source
from licensing.applications.terms import Bounds
from licensing.applications.vocabulary import Purpose
from licensing.exposures import RiskGrade
from licensing.frame import elements
from licensing.frame.elements import Answer, DirectoryTerms, Mode, Operation, StandingRule
from licensing.scope import ANYONE, Scope

WHOLE_BP: Final = 10_000
GRANTORS: Final = frozenset({Role.DATA_AUTHORITY, Role.IMPLEMENTING_AGENCY})
"""Roles that a grantee has not: who is granted to does not grant (I-36)."""


class Common(Bounds, total=False):
    """What agreements of both kinds say; what may be left out limits nothing."""

    items: Required[Sequence[Named]]
    term_from: Required[date]
    term_to: Required[date]
    users: NotRequired[Sequence[str]]
    revenue: NotRequired[Mapping[str, int] | None]


class OperationChange(Common, total=False):
    """What an amendment of an operation agreement says: all its terms, as they will be."""

    mode: Required[str]
    purposes: NotRequired[Sequence[str]]
    elements: NotRequired[Operation]


class OperationTerms(OperationChange, total=False):
    """An operation agreement as it is drafted."""

    implementing_agency_id: Required[str]
    operator_id: Required[str]
    plan_id: Required[str]


class SupplyChange(Common, total=False):
    """What an amendment of a supply agreement says: all its terms, as they will be."""

    operation_agreement_id: NotRequired[str | None]
    purpose_limits: NotRequired[Sequence[str]]
    directories: NotRequired[Sequence[DirectoryTerms]]
    supply_mode: NotRequired[str]
    refresh: NotRequired[str]
    quality_sla: NotRequired[str]
    opinion_deadline_wd: NotRequired[int]
    standing_consent_rules: NotRequired[Sequence[StandingRule]]
    external_permission_checklist: NotRequired[Sequence[Answer]]
    forbidden_uses: NotRequired[Sequence[str]]
    contact: NotRequired[str]


class Terms(SupplyChange, total=False):
    """A supply agreement as it is drafted."""

    department_id: Required[str]
    operator_id: Required[str]
    industry: Required[str]


_SUPPLY: Final = (
    "supply_mode", "refresh", "quality_sla", "opinion_deadline_wd", "standing_consent_rules",
    "external_permission_checklist", "forbidden_uses", "contact",
)  # fmt: skip


def supply_parties(work: Work, given: Terms) -> None:
    """Raise Invalid, or NotActive, for parties that can't make a supply agreement."""
    terms.party(work, given["department_id"], Role.SUPPLY_DEPARTMENT, "/department_id")
    terms.party(work, given["operator_id"], Role.AUTHORISED_OPERATOR, "/operator_id")
    if given["department_id"] == given["operator_id"]:
        raise _same("/operator_id")
    if not INDUSTRY.fullmatch(given["industry"]):
        raise Invalid("行业代码不正确", "not a code of GB/T 4754", pointer="/industry")


def operation_parties(work: Work, given: OperationTerms) -> None:
    """Raise Invalid, or NotActive, for parties that can't make an operation agreement."""
    agency, operator = given["implementing_agency_id"], given["operator_id"]
    terms.party(work, agency, Role.IMPLEMENTING_AGENCY, "/implementing_agency_id")
    terms.party(work, operator, Role.AUTHORISED_OPERATOR, "/operator_id")
    granted = organisations.require_active(work.session, operator).granted
    if agency == operator or granted & GRANTORS:
        raise _same("/operator_id")


def supply(work: Work, department_id: str, given: SupplyChange) -> dict[str, Any]:
    """Return the columns of a supply agreement with these terms. Raises Invalid.

    Four SELECTs a directory, one for the users.
    """
    sources = items.check(work.session, given["items"])
    for place, entry in enumerate(given["items"]):
        if sources[entry["directory_code"]].department_id != department_id:
            raise Invalid(
                f"目录 {entry['directory_code']} 不属于该部门",
                f"{entry['directory_code']} is not a directory of this department",
                pointer=f"/items/{place}/directory_code",
            )
    purposes = given.get("purpose_limits", ())
    terms.codes(Purpose, purposes, "/purpose_limits")
    named = {name: given[name] for name in _SUPPLY if name in given}
    rest = elements.supply(
        cast("elements.Supply", {"supply_mode": "in_domain_mount", **named}),
        risk_max=RiskGrade(work.rules.text("supply.standing_risk_max")),
        deadline_wd=work.rules.number("clocks.department_opinion.limit_wd"),
    )
    return {
        **_common(work, given),
        "purpose_limits": sorted(set(purposes)),
        "operation_agreement_id": given.get("operation_agreement_id"),
        "elements": {**rest, "directories": _directories(given, sources)},
    }


def operation(work: Work, given: OperationChange) -> dict[str, Any]:
    """Return the columns of an operation agreement with these terms. Raises Invalid."""
    items.check(work.session, given["items"])
    purposes = given.get("purposes", ())
    terms.codes(Purpose, purposes, "/purposes")
    return {
        **_common(work, given),
        "mode": elements.code(Mode, given["mode"], "/mode"),
        "elements": elements.operation(given.get("elements", {}), purposes),
    }


def unique_key(work: Work, given: Terms) -> str:
    """Return what only one live agreement may have (I-37), as the rules have it."""
    parts = [given["department_id"], given["industry"]]
    if work.rules.text("supply.unique_scope") == "department_industry_operator":
        parts.append(given["operator_id"])
    return "/".join(parts)


def _common(work: Work, given: Common) -> dict[str, Any]:
    shares = given.get("revenue")
    _check_revenue(shares)
    allowed = _box(work, given)
    return {
        "term_from": given["term_from"],
        "term_to": given["term_to"],
        "scope": scope.to_json(allowed),
        "scope_hash": scope.scope_hash(allowed, work.crypto.digest),
        "revenue": None if shares is None else dict(shares),
    }


def _box(work: Work, given: Common) -> Scope:
    return terms.box(
        work,
        given,
        (None, None),
        named=given["items"],
        users=given.get("users", [ANYONE]),
        period=terms.period_of(given["term_from"], given["term_to"], "/term_to"),
    )


def _directories(given: SupplyChange, sources: Mapping[str, Source]) -> dict[str, Any]:
    """Return directory → its terms; of one that none are given for, as it stands today."""
    named: dict[str, list[str]] = {}
    for entry in given["items"]:
        named.setdefault(entry["directory_code"], []).append(entry["item_code"])
    found = {code: _as_today(sources[code], codes) for code, codes in named.items()}
    for place, each in enumerate(given.get("directories", ())):
        pointer = f"/directories/{place}"
        code = each["directory_code"]
        if code not in found:
            raise Invalid("协议未包含该目录的信息项", "no item of it is named",
                          pointer=f"{pointer}/directory_code")  # fmt: skip
        found[code] = {
            "max_grade": elements.grade(each["max_grade"], f"{pointer}/max_grade").value,
            "pi_allowed": each["pi_allowed"],
            "consent_refs": list(each.get("consent_refs", ())),
        }
    return dict(sorted(found.items()))


def _as_today(source: Source, codes: Sequence[str]) -> dict[str, Any]:
    grade = strictest(elements.grade(source.items[code].grade, "") for code in codes)
    pi = any(source.items[code].pi_class != PiClass.NONE for code in codes)
    return {"max_grade": grade.value, "pi_allowed": pi, "consent_refs": []}


def _check_revenue(shares: Mapping[str, int] | None) -> None:
    if shares is None:
        return
    named = set(shares) == {"fiscal", "operator", "merchant"}
    if not named or min(shares.values()) < 0 or sum(shares.values()) != WHOLE_BP:
        raise Invalid(
            "财政、运营机构、数商三方比例之和须为 10000 个基点",
            "fiscal, operator and merchant share 10,000 basis points",
            pointer="/revenue",
        )


def _same(pointer: str) -> Invalid:
    zh, en = "被授权方不得同时是授权方（I-36）", "a grantee cannot be a grantor (I-36)"
    return Invalid(zh, en, pointer=pointer)
