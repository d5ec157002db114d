"""The structured elements of plans and agreements: their words, and what must be answered.

Source: the trial rules for authorised operation of public data (公共数据资源授权运营实施
规范（试行）) and the agreements in use: five elements are fixed before anybody signs,
namely data, use, benefit, security and term.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, NotRequired, Required, TypedDict

from catalogue.grades import Grade, Term
from kernel.errors import Invalid, Refusal
from kernel.words import Words
from kernel.workflow import ask
from licensing.exposures import OutputForm, RiskGrade

TEXT_MAX: Final = 4_000
_DIGEST: Final = re.compile("[0-9a-f]{64}")


# fmt: off
class Mode(Term):
    """In which way an operator is authorised (授权方式)."""

    OVERALL = "overall", "整体授权", "overall"
    BY_FIELD = "by_field", "分领域授权", "by field"
    BY_SCENARIO = "by_scenario", "依场景授权", "by scenario"


class SupplyMode(Term):
    """How a department makes its data available to the operator (供数方式)."""

    IN_DOMAIN_MOUNT = "in_domain_mount", "域内挂载", "mounted in the domain"
    PUSHED_COPY = "pushed_copy", "推送副本", "pushed copy"
    INTERFACE = "interface", "接口调用", "interface"


class Permission(Term):
    """A right of somebody outside that data may need before it is operated (外部许可)."""

    THIRD_PARTY_COPRODUCED = (
        "third_party_coproduced", "与第三方共同产生的数据", "co-produced with a third party")
    PUBLIC_DATA_AUTHORISATION = (
        "public_data_authorisation", "需另行公共数据授权", "another public-data authorisation")
    OPENLY_COLLECTED = "openly_collected", "公开采集的数据", "openly collected"
    PURCHASED = "purchased", "采购取得的数据", "purchased"
    ADMINISTRATIVE_SUPERVISION = (
        "administrative_supervision", "行政监管取得的数据", "from administrative supervision")
    PERSONAL_PRIVACY = "personal_privacy", "个人或家庭隐私", "personal or family privacy"
    TRADE_SECRET = "trade_secret", "商业秘密", "trade secret"
    OTHER_CONTRACTS = "other_contracts", "其他合同约束", "bound by other contracts"


class Ending(Term):
    """Why an agreement is ended before its term (终止事由)."""

    BREACH = "breach", "违约", "breach"
    LAW = "law", "法律政策变化", "change of law"
    MUTUAL = "mutual", "协商一致", "by consent"


class Cause(Term):
    """Why an agreement, or one directory of it, is suspended (暂停事由)."""

    SECURITY_INCIDENT = "security_incident", "安全事件", "security incident"
    OUT_OF_SCOPE = "out_of_scope", "超范围使用", "use beyond the scope"
    GRADE_RAISED = "grade_raised", "数据级别提高", "grade raised"
    OBLIGATION_FAILED = "obligation_failed", "未履行义务", "obligation not met"
    OTHER = "other", "其他", "other"
# fmt: on


class Product(TypedDict):
    """One product that the operator is to supply, with its technical standard."""

    name: str
    standard: str


class Exit(TypedDict):
    """What is owed at the end (退出交接). transition_days: natural days."""

    data_destruction: str
    keys: str
    records: str
    transition_days: int


class Ownership(TypedDict):
    """Who owns what has been built and derived (资产权属)."""

    software: str
    hardware: str
    derived_data: str


class Operation(TypedDict, total=False):
    """The elements of an operation agreement. purposes: codes; empty for any."""

    purposes: Sequence[str]
    product_list: Sequence[Product]
    fee_rules: str
    cost_accounting_rules: str
    data_security: str
    pi_protection: str
    asset_ownership: Ownership
    performance_targets: Sequence[str]
    change_termination: str
    exit_handover: Exit
    breach: str
    dispute: str


class DirectoryTerms(TypedDict):
    """What one directory may become and still be supplied.

    max_grade: a grade above it is not agreed. consent_refs: of those whom shared-in
    data came from.
    """

    directory_code: str
    max_grade: str
    pi_allowed: bool
    consent_refs: NotRequired[Sequence[str]]


class StandingRule(TypedDict):
    """Scenarios that the department agrees to beforehand (常设同意).

    A scenario qualifies with one of the purposes, a risk of at most `risk_max`, and no
    other output form than these.
    """

    purpose_codes: Sequence[str]
    risk_max: str
    output_forms: Sequence[str]


class Answer(TypedDict):
    """Whether one outside right applies, and by what document it is cleared."""

    permission: str
    applies: bool
    reference: NotRequired[str]


class Supply(TypedDict, total=False):
    """The elements of a supply agreement besides its scope. refresh: a text such as "daily"."""

    supply_mode: Required[str]
    refresh: str
    quality_sla: str
    opinion_deadline_wd: int
    standing_consent_rules: Sequence[StandingRule]
    external_permission_checklist: Sequence[Answer]
    forbidden_uses: Sequence[str]
    contact: str


FIXED: Final[Mapping[str, str]] = {
    "fee_rules": "收费规则",
    "cost_accounting_rules": "单独核算规则",
    "data_security": "数据安全",
    "pi_protection": "个人信息保护",
    "asset_ownership": "资产权属",
    "exit_handover": "退出交接",
    "change_termination": "变更与终止",
    "breach": "违约责任",
    "dispute": "争议解决",
}
"""What an operation agreement must say before it is final, besides scope and term."""


DECISION: Final = (
    ask("meeting_no", label=Words("会议编号", "Number of the meeting"), max=100),
    ask("meeting_date", "date", Words("会议日期", "Day of the meeting")),
    ask("resolution_digest", label=Words("决议摘要", "Digest of the resolution"), max=64),
    ask("legal_review_digest", label=Words("合法性审查意见摘要", "Digest of the legal review"),
        max=64),
)  # fmt: skip
"""What the record of a collective decision says."""


def missing(given: Mapping[str, Any]) -> Refusal | None:
    """Return which of the fixed elements are not written yet, as one refusal."""
    lacking = [name for name in FIXED if not given.get(name)]
    if not lacking:
        return None
    zh = "协议要素尚未填写：" + "、".join(FIXED[name] for name in lacking)
    return Refusal("ELEMENTS_MISSING", zh, "not written yet: " + ", ".join(lacking))


def unanswered(given: Mapping[str, Any]) -> Refusal | None:
    """Return which of the eight outside rights are not cleared yet, as one refusal."""
    answers = {each["permission"]: each for each in given.get("external_permission_checklist", ())}
    open_ = [each for each in Permission if not _cleared(answers.get(each))]
    if not open_:
        return None
    zh = "外部许可核查未完成：" + "、".join(each.label.zh for each in open_)
    en = "outside rights to be cleared: " + ", ".join(open_)
    return Refusal("CHECKLIST_INCOMPLETE", zh, en)


def operation(given: Operation, purposes: Sequence[str]) -> dict[str, Any]:
    """Return the elements of an operation agreement as they are kept. Raises Invalid."""
    for name in given:
        if name not in Operation.__annotations__:
            raise Invalid("没有这一要素", f"no such element: {name}", pointer=f"/elements/{name}")
    texts(given, "/elements")
    days = given.get("exit_handover", {}).get("transition_days", 0)
    if type(days) is not int or not 0 <= days <= 366:
        raise Invalid("过渡期须为 0 至 366 日", "a transition of 0 to 366 days",
                      pointer="/elements/exit_handover/transition_days")  # fmt: skip
    return {**given, "purposes": sorted(set(purposes))}


def supply(given: Supply, *, risk_max: RiskGrade, deadline_wd: int) -> dict[str, Any]:
    """Return the elements of a supply agreement as they are kept. Raises Invalid.

    risk_max: the highest risk for which the rules allow standing consent. deadline_wd:
    within how many working days an opinion is due when the agreement says nothing.
    """
    texts(given, "")
    code(SupplyMode, given["supply_mode"], "/supply_mode")
    for place, rule in enumerate(given.get("standing_consent_rules", ())):
        _check_rule(rule, risk_max, f"/standing_consent_rules/{place}")
    answered = [each["permission"] for each in given.get("external_permission_checklist", ())]
    for place, each in enumerate(answered):
        code(Permission, each, f"/external_permission_checklist/{place}/permission")
    if len(set(answered)) != len(answered):
        raise Invalid("同一项回答了两次", "one is answered twice",
                      pointer="/external_permission_checklist")  # fmt: skip
    days = given.get("opinion_deadline_wd", deadline_wd)
    if not 1 <= days <= 60:
        raise Invalid("意见期限为 1 至 60 个工作日", "1 to 60 working days",
                      pointer="/opinion_deadline_wd")  # fmt: skip
    return {**given, "opinion_deadline_wd": days}


def decision(data: Mapping[str, Any], today: date) -> dict[str, Any]:
    """Return the record of a collective decision as it is kept. Raises Invalid."""
    held = data["meeting_date"]
    if held > today:
        raise Invalid("会议日期晚于今天", "the meeting is yet to be held", pointer="/meeting_date")
    for name in ("resolution_digest", "legal_review_digest"):
        digest(data[name], f"/{name}")
    names = ("meeting_no", "resolution_digest", "legal_review_digest")
    return {**{name: data[name] for name in names}, "date": held.isoformat()}


def digest(given: str, pointer: str) -> str:
    """Return a SHA-256 or SM3 in hexadecimal digits. Raises Invalid for anything else."""
    if not _DIGEST.fullmatch(given):
        zh, en = "摘要应为 64 位小写十六进制数", "a digest has 64 small hexadecimal digits"
        raise Invalid(zh, en, pointer=pointer)
    return given


def grade(given: str, pointer: str) -> Grade:
    """Return a grade by its code. Raises Invalid."""
    return Grade(code(Grade, given, pointer))


def code(terms: type[Term], given: str, pointer: str) -> str:
    """Return a code of a closed list. Raises Invalid for any other."""
    if given not in list(terms):
        known = ", ".join(terms)
        raise Invalid(f"“{given}”应为 {known} 之一", f"{given!r} is none of {known}",
                      pointer=pointer)  # fmt: skip
    return given


def texts(given: Mapping[str, Any], pointer: str) -> None:
    """Raise Invalid for a text that is blank or longer than a page or two."""
    for name, value in given.items():
        if isinstance(value, str) and not 1 <= len(value.strip()) <= TEXT_MAX:
            raise Invalid(f"字数须为 1 至 {TEXT_MAX}", f"1 to {TEXT_MAX} characters",
                          pointer=f"{pointer}/{name}")  # fmt: skip


def _cleared(answer: Mapping[str, Any] | None) -> bool:
    return answer is not None and bool(not answer["applies"] or answer.get("reference"))


def _check_rule(rule: StandingRule, risk_max: RiskGrade, pointer: str) -> None:
    code(RiskGrade, rule["risk_max"], f"{pointer}/risk_max")
    if RiskGrade(rule["risk_max"]) > risk_max:
        raise Invalid(f"常设同意的风险等级至多为 {risk_max}", f"a risk of at most {risk_max}",
                      pointer=f"{pointer}/risk_max")  # fmt: skip
    for place, form in enumerate(rule["output_forms"]):
        code(OutputForm, form, f"{pointer}/output_forms/{place}")
    for name in ("purpose_codes", "output_forms"):
        if not rule[name]:
            raise Invalid("至少需要一项", "name at least one", pointer=f"{pointer}/{name}")
