"""The forms of plans and agreements: what is asked, in which group, and where it goes.

A question's name is the path of its answer in the body that the door of the same noun
takes, with two underscores between the steps: `elements__exit_handover__keys`.
"""

from typing import Any, Final

from app.pages.wording import frame as words
from catalogue.grades import Grade, Term
from kernel.words import Words
from licensing.applications.blocks import Block, Field, Kind
from licensing.applications.items import ITEMS_MAX
from licensing.applications.vocabulary import Purpose
from licensing.exposures import Environment, OutputForm, RiskGrade
from licensing.frame.elements import FIXED, Mode, Permission, SupplyMode
from licensing.plans import TEXTS

WORDS: Final = 4_000


class Applies(Term):
    """Whether an outside right applies."""

    NO = "no", "不涉及", "does not apply"
    YES = "yes", "涉及", "applies"


def _f(name: str, kind: Kind, zh: str, en: str, **more: Any) -> Field:
    hint = more.pop("hint", None)
    return Field(name, kind, Words(zh, en), hint=Words(*hint) if hint else None, **more)


def _told(prefix: str, name: str, labels: dict[str, Words], kind: Kind, **more: Any) -> Field:
    return Field(f"{prefix}{name}", kind, labels[name], **{"max": WORDS, **more})


_TERM: Final = (
    _f("term_from", "date", "起日", "First day", needed=True),
    _f("term_to", "date", "止日", "Last day", needed=True),
)
_PER_LINE: Final = ("每行一项", "one on each line")
REASON: Final = Block(
    0, "reason", Words("变更理由", "Why it is changed"),
    (_f("reason", "long", "理由", "Reason", needed=True,
        hint=("双方签署之前，原条款继续有效", "till both have signed, the present terms hold")),),
)  # fmt: skip

# fmt: off
PLAN: Final = (
    Block(1, "frame", Words("授权方式与资源范围", "Modes and resources"), (
        _f("title", "text", "方案名称", "Title", needed=True, max=200),
        _f("modes", "terms", "授权方式", "Modes", needed=True, terms=Mode),
        _f("resource_scope", "lines", "目录代码", "Codes of directories", needed=True,
           hint=_PER_LINE),
        *_TERM,
    )),
    Block(2, "told", Words("方案内容", "The plan"), (
        *(_told("", name, words.PLAN, "long", needed=True) for name in TEXTS),
        _told("", "performance_indicators", words.PLAN, "lines", needed=True,
              hint=Words(*_PER_LINE)),
    )),
)

_SCOPE: Final = Block(3, "scope", Words("数据与使用范围", "Data and scope"), (
    _f("items", "lines", "数据项", "Items", needed=True, max=100 * ITEMS_MAX, hint=(
        "每行一项：目录代码、数据项、最低处理，以空格分开，如 CAT-430000-000001 RAIN aggregated；"
        "数据项写 * 即该目录全部数据项",
        "one on each line: directory, item and weakest treatment, with blanks between, such as "
        "CAT-430000-000001 RAIN aggregated; * for every item of a directory")),
    _f("regions", "lines", "使用区域", "Regions", needed=True,
       hint=("每行一个六位行政区划代码，000000 为全国", "six digits on each line, 000000 for all")),
    _f("output_forms", "terms", "输出形式", "Forms of output", needed=True, terms=OutputForm),
    _f("environments", "terms", "处理环境", "Environments", needed=True, terms=Environment),
    _f("users", "lines", "使用主体", "Users", hint=(
        "每行一个：* 为任何机构，class:buyer 为一类，或机构标识；不填即任何机构",
        "one on each line: * for anyone, class:buyer for a class, or an id; empty for anyone")),
    _f("quotas", "rows", "用量上限", "Quotas", hint=("不填即不限", "empty for no limit"), columns=(
        _f("meter", "text", "计量", "Meter", max=60, hint=("如 rows、calls/day", "as rows")),
        _f("limit", "number", "上限", "Limit"),
    )),
    _f("row_filters", "lines", "行过滤条件", "Row filters", hint=_PER_LINE),
    *_TERM,
))
_REVENUE: Final = Block(6, "revenue", Words("收益分配（基点）", "Shares (basis points)"), (
    _f("revenue__fiscal", "number", "财政", "Treasury",
       hint=("三方合计 10000；都不填则按规则", "10,000 together; empty for the rules’ own")),
    _f("revenue__operator", "number", "运营机构", "Operator"),
    _f("revenue__merchant", "number", "数商", "Merchant"),
))


def _element(name: str, kind: Kind = "long") -> Field:
    return _told("elements__", name, words.OPERATION, kind)


def _part(of: str, name: str, kind: Kind = "text", longest: int = 400) -> Field:
    label, whole = words.PARTS[name], words.OPERATION[of]
    joint = Words(f"{whole.zh}：{label.zh}", f"{whole.en}: {label.en}")
    return Field(f"elements__{of}__{name}", kind, joint, max=longest)


OPERATION_PARTIES: Final = Block(1, "parties", Words("双方与依据", "Parties and plan"), (
    _f("implementing_agency_id", "agency", "实施机构", "Implementing agency", needed=True),
    _f("operator_id", "operator", "授权运营机构", "Authorised operator", needed=True),
    _f("plan_id", "term", "实施方案", "Plan", needed=True),
))
OPERATION: Final = (
    Block(2, "use", Words("方式与用途", "Mode and purposes"), (
        _f("mode", "term", "授权方式", "Mode", needed=True, terms=Mode),
        _f("purposes", "terms", "用途", "Purposes", terms=Purpose,
           hint=("不选即不限", "none for any")),
    )),
    _SCOPE,
    Block(4, "elements", Words("协议要素", "Elements"), (
        _f("elements__product_list", "rows", "产品清单与技术标准", "Products and standards",
           columns=(_f("name", "text", "名称", "Name", max=200),
                    _f("standard", "text", "技术标准", "Standard", max=400))),
        *(_element(name) for name in FIXED if name not in ("asset_ownership", "exit_handover")),
        _element("performance_targets", "lines"),
    )),
    Block(5, "ends", Words("权属与退出", "Ownership and exit"), (
        *(_part("asset_ownership", name) for name in ("software", "hardware", "derived_data")),
        *(_part("exit_handover", name, longest=1_000)
          for name in ("data_destruction", "keys", "records")),
        _part("exit_handover", "transition_days", "number"),
    )),
    _REVENUE,
)

SUPPLY_PARTIES: Final = Block(1, "parties", Words("双方与行业", "Parties and industry"), (
    _f("department_id", "term", "供数部门", "Department", needed=True),
    _f("operator_id", "operator", "授权运营机构", "Authorised operator", needed=True),
    _f("industry", "text", "行业（GB/T 4754 代码）", "Industry (GB/T 4754)", needed=True, max=5,
       hint=("如 M74", "such as M74")),
))
SUPPLY: Final = (
    Block(2, "use", Words("依据与用途", "Parent and purposes"), (
        _f("operation_agreement_id", "term", "授权运营协议", "Operation agreement"),
        _f("purpose_limits", "terms", "限定用途", "Purposes", terms=Purpose,
           hint=("不选即不限", "none for any")),
        _f("forbidden_uses", "lines", "禁止用途", "Forbidden uses", hint=_PER_LINE),
    )),
    _SCOPE,
    Block(4, "supply", Words("供数方式", "How it is supplied"), (
        _f("supply_mode", "term", "供数方式", "Mode of supply", terms=SupplyMode),
        _f("refresh", "text", "更新频率", "Refresh", max=60),
        _f("quality_sla", "text", "质量承诺", "Quality", max=400),
        _f("directories", "rows", "各目录的上限", "Limits of directories", hint=(
            "不填即按目录今日的级别", "empty: as the directory stands today"), columns=(
            _f("directory_code", "text", "目录代码", "Directory", max=40),
            _f("max_grade", "term", "级别上限", "Grade at most", terms=Grade),
            _f("pi_allowed", "flag", "允许个人信息", "Personal information is allowed"),
            _f("consent_refs", "text", "来源部门同意文号", "Consents of sources",
               hint=("以分号分开", "with semicolons between")),
        )),
        _f("contact", "text", "联系人", "Contact", max=200),
    )),
    Block(5, "opinions", Words("意见与常设同意", "Opinions and standing consent"), (
        _f("opinion_deadline_wd", "number", "意见期限（工作日）", "Opinion due in (working days)"),
        _f("standing_consent_rules", "rows", "常设同意", "Standing consent", hint=(
            "低风险场景无须逐件征求意见；一行一种用途和输出形式",
            "low-risk scenarios that need no opinion; one purpose and form in each"), columns=(
            _f("purpose", "term", "用途", "Purpose", terms=Purpose),
            _f("risk_max", "term", "风险至多", "Risk at most", terms=RiskGrade),
            _f("output_form", "term", "输出形式", "Form of output", terms=OutputForm),
        )),
    )),
    Block(6, "checks", Words("外部许可核查（八项）", "Outside rights (eight)"), tuple(
        field for each in Permission for field in (
            Field(f"permission__{each.value}", "term", each.label, terms=Applies),
            Field(f"reference__{each.value}", "text",
                  Words(f"{each.label.zh}：许可依据", f"{each.label.en}: cleared by"), max=400),
        )
    )),
    _REVENUE,
)
# fmt: on
