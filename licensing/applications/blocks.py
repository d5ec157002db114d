"""The form of an application: seven sections, their fields, and what each is called. Pure.

A draft keeps what was written, right or wrong, as JSON: a text, a whole number, a flag, a
list of texts, or a list of rows. What it means is found out when it is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, TypedDict

from catalogue.grades import Term
from kernel.words import Words
from licensing.applications.vocabulary import ApplicationField, Purpose, PurposeClass, UseMode
from licensing.exposures import Environment, OutputForm, Transform

Kind = Literal[
    "text", "long", "number", "money", "date", "term", "terms", "lines", "flag", "rows", "digest",
    "operator", "agency", "users",
]  # fmt: skip

ROWS_MAX: Final = 50
LINES_MAX: Final = 200
LISTS: Final = frozenset({"terms", "lines", "rows", "users"})


# fmt: off
class ScenarioKind(Term):
    """What a scenario makes (场景类型)."""

    DEVELOPMENT = "development", "再开发场景", "development"
    PRIMARY_PRODUCT = "primary_product", "初次加工产品", "primary product"


class PricingIntent(Term):
    """What the applicant means to ask of users (定价意向)."""

    FREE = "free", "免费", "free of charge"
    GOVERNMENT_GUIDED = "government_guided", "政府指导价", "government-guided price"
    MARKET = "market", "市场调节价", "market price"


class AlgorithmType(Term):
    """What an algorithm does."""

    STATISTICS = "statistics", "统计", "statistics"
    RULES = "rules", "规则", "rules"
    SCORING = "scoring", "评分", "scoring"
    RECOMMENDATION = "recommendation", "推荐", "recommendation"
    GENERATIVE = "generative", "生成式", "generative"


class Material(Term):
    """What an application consists of; the rules say what may be promised for later."""

    LICENCE = "licence", "主体资格证明", "licence"
    LEGAL_BASIS = "legal_basis", "法律依据", "legal basis"
    SUPPLY_AGREEMENT = "supply_agreement", "供数协议", "supply agreement"
    SOURCE_PROOF = "source_proof", "外部数据权属证明", "proof of the rights in other data"
    SECURITY_PLAN = "security_plan", "安全方案", "security plan"
    PIPIA = "pipia", "个人信息保护影响评估", "personal-information impact assessment"
    SIGNATURES = "signatures", "签署与真实性承诺", "signatures"
    TEAM_PROOF = "team_proof", "团队资质证明", "proof of the team's qualification"
    MLPS_CERTIFICATE = "mlps_certificate", "等级保护备案证明", "MLPS filing"
    DESTRUCTION_PLAN = "destruction_plan", "数据销毁方案", "destruction plan"
    ACCEPTANCE_INDICATORS = "acceptance_indicators", "验收指标", "acceptance indicators"
# fmt: on


class Blocks(TypedDict, total=False):
    """What an application says beyond the scope that is asked for."""

    scenario_kind: str
    renews_id: str
    contact_name: str
    contact_phone: str
    team: list[dict[str, Any]]
    team_proof: str
    related_parties_declared: list[dict[str, Any]]
    legal_basis: list[str]
    beneficiaries: str
    algorithms: list[dict[str, Any]]
    input_products: list[str]
    external_data: list[dict[str, Any]]
    output_fields: list[str]
    min_group_size: int
    security_plan: str
    mlps_level: int
    mlps_certificate: str
    pipia_digest: str
    dp_epsilon: str
    incident_contacts: list[dict[str, Any]]
    destruction_plan: str
    benefit_social: str
    benefit_economic_fen: int
    pricing_intent: str
    pricing_text: str
    schedule: str
    acceptance_indicators: str
    commitments: list[dict[str, Any]]
    declaration: bool


@dataclass(frozen=True, slots=True)
class Field:
    """One question of the form.

    needed: nothing can be submitted without it. terms: the codes that it may hold.
    columns: of a row, for kind "rows". max: characters of a text.
    """

    name: str
    kind: Kind
    label: Words
    needed: bool = False
    terms: type[Term] | None = None
    columns: tuple["Field", ...] = ()
    max: int = 500
    hint: Words | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """One section of the form."""

    number: int
    name: str
    label: Words
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        """Return the field of that name, None when the section has none."""
        return next((each for each in self.fields if each.name == name), None)


def _f(name: str, kind: Kind, zh: str, en: str, **more: Any) -> Field:
    hint = more.pop("hint", None)
    return Field(name, kind, Words(zh, en), hint=Words(*hint) if hint else None, **more)


_DIGEST: Final = ("文件的 SHA-256 摘要（64 位十六进制）", "SHA-256 of the file, 64 hex digits")

# fmt: off
BLOCKS: Final[tuple[Block, ...]] = (
    Block(1, "who", Words("谁来做", "Who"), (
        _f("scenario_kind", "term", "场景类型", "Kind", needed=True, terms=ScenarioKind),
        _f("operator_id", "operator", "授权运营机构", "Authorised operator", needed=True, max=40),
        _f("implementing_agency_id", "agency", "实施机构", "Implementing agency", needed=True,
           max=40),
        _f("contact_name", "text", "联系人", "Contact", needed=True, max=60),
        _f("contact_phone", "text", "联系电话", "Telephone", needed=True, max=40),
        _f("team", "rows", "项目团队", "Team", columns=(
            _f("name", "text", "姓名", "Name", max=60),
            _f("role", "text", "分工", "Part", max=100),
            _f("qualification", "text", "资质", "Qualification", max=200))),
        _f("team_proof", "digest", "团队资质证明", "Proof of the team's qualification",
           hint=_DIGEST, max=64),
        _f("related_parties_declared", "rows", "关联方声明", "Related parties declared", columns=(
            _f("name", "text", "名称", "Name", max=200),
            _f("uscc", "text", "统一社会信用代码", "USCC", max=18),
            _f("relation", "text", "关联关系", "Relation", max=100)),
           hint=("没有关联方可留空", "leave it empty when there are none")),
        _f("renews_id", "text", "续期的授权编号", "Authorisation to renew", max=40),
    )),
    Block(2, "purpose", Words("解决什么问题", "What for"), (
        _f("title", "text", "场景名称", "Title", needed=True, max=200),
        _f("application_field", "term", "应用领域", "Field", needed=True, terms=ApplicationField),
        _f("purpose_code", "term", "用途", "Purpose", needed=True, terms=Purpose),
        _f("purpose_text", "long", "用途说明", "Purpose in words", needed=True, max=2000,
           hint=("只写一个用途，500 字以内", "one purpose, at most 500 characters")),
        _f("purpose_class", "term", "用途类别", "Class of purpose", needed=True,
           terms=PurposeClass),
        _f("use_mode", "term", "使用方式", "Own use or supply", needed=True, terms=UseMode),
        _f("legal_basis", "lines", "法律依据", "Legal basis", needed=True, max=300,
           hint=("法条、同意、合同或公共利益，每行一项",
                 "article of law, consent, contract or public interest, one a line")),
        _f("beneficiaries", "long", "受益对象", "Beneficiaries"),
    )),
    Block(3, "items", Words("要哪些数据", "Which data"), (
        _f("items", "rows", "数据项", "Items", needed=True, columns=(
            _f("directory_code", "text", "目录", "Directory", max=40),
            _f("item_code", "text", "信息项", "Item", max=60),
            _f("transform", "term", "处理方式", "Treatment", terms=Transform),
            _f("necessity_reason", "long", "必要性理由", "Why it is needed", max=1000,
               hint=("不少于 20 字", "at least 20 characters")),
            _f("time_span", "text", "时间范围", "Time span", max=100),
            _f("row_filter", "text", "行筛选", "Row filter", max=200),
            _f("max_rows", "number", "行数", "Rows", max=15),
            _f("frequency", "text", "更新频率", "Frequency", max=60),
            _f("retention_days", "number", "保存天数", "Days kept", max=6),
            _f("alternative_considered", "text", "考虑过的替代", "Alternative considered",
               max=300))),
        _f("row_filters", "lines", "共同的行筛选条件", "Row filters for all", max=200),
    )),
    Block(4, "use", Words("怎么用、在哪用", "How and where"), (
        _f("users", "users", "使用主体", "Users", needed=True, max=80),
        _f("users_count", "number", "使用人数", "Number of users", needed=True, max=8),
        _f("regions", "lines", "使用区域", "Regions", needed=True, max=6,
           hint=("六位区划代码，每行一个", "codes of GB/T 2260, one a line")),
        _f("period_from", "date", "自", "From", needed=True, max=10),
        _f("period_to", "date", "至", "To", needed=True, max=10),
        _f("quotas", "rows", "用量上限", "Quotas", columns=(
            _f("meter", "text", "计量", "Meter", max=60),
            _f("limit", "number", "上限", "Limit", max=15))),
        _f("output_forms", "terms", "输出形式（从低到高暴露）", "Outputs, least exposing first",
           needed=True, terms=OutputForm),
        _f("output_fields", "lines", "输出字段", "Fields of the output", max=100),
        _f("min_group_size", "number", "最小分组人数", "Smallest group", max=8),
        _f("environments", "terms", "处理环境", "Environments", needed=True, terms=Environment),
        _f("algorithms", "rows", "算法", "Algorithms", columns=(
            _f("name", "text", "名称", "Name", max=100),
            _f("type", "term", "类型", "Type", terms=AlgorithmType),
            _f("version", "text", "版本", "Version", max=40),
            _f("training", "flag", "用于训练", "Training"),
            _f("automated_decision", "flag", "自动化决策", "Decides by itself"),
            _f("filing_no", "text", "备案号", "Filing no.", max=60))),
        _f("input_products", "lines", "投入的初次加工产品", "Primary products used", max=60),
        _f("external_data", "rows", "融合的外部数据", "Other data joined", columns=(
            _f("name", "text", "名称", "Name", max=200),
            _f("source", "text", "来源", "Source", max=200),
            _f("rights_proof", "digest", "权属证明摘要", "Digest of the proof", max=64))),
        _f("fusion", "flag", "与外部数据按标识融合", "Joined to other data by identifiers"),
    )),
    Block(5, "security", Words("安全", "Security"), (
        _f("security_plan", "long", "安全方案", "Security plan", needed=True, max=4000),
        _f("mlps_level", "number", "等级保护级别（1—4）", "MLPS level, 1 to 4", needed=True,
           max=1),
        _f("mlps_certificate", "digest", "等级保护备案证明", "MLPS filing", hint=_DIGEST, max=64),
        _f("pipia_digest", "digest", "个人信息保护影响评估报告",
           "Personal-information impact assessment", hint=_DIGEST, max=64),
        _f("dp_epsilon", "text", "差分隐私参数", "Differential-privacy parameters", max=60),
        _f("incident_contacts", "rows", "应急联系人", "Incident contacts", needed=True, columns=(
            _f("name", "text", "姓名", "Name", max=60),
            _f("phone", "text", "电话", "Telephone", max=40))),
        _f("destruction_plan", "long", "销毁方案", "Destruction plan", max=4000),
    )),
    Block(6, "benefit", Words("效益与价格", "Benefit and price"), (
        _f("benefit_social", "long", "社会效益", "Benefit to society", needed=True, max=2000),
        _f("benefit_economic_fen", "money", "预计年经济效益（元）",
           "Economic benefit a year, in yuan", max=20),
        _f("pricing_intent", "term", "定价意向", "Pricing", needed=True, terms=PricingIntent),
        _f("pricing_text", "text", "定价说明", "Pricing in words"),
        _f("schedule", "long", "进度安排", "Schedule", needed=True, max=2000),
        _f("acceptance_indicators", "long", "验收指标", "Acceptance indicators", max=2000),
    )),
    Block(7, "promises", Words("承诺与容缺", "Promises"), (
        _f("commitments", "rows", "容缺承诺", "Promised for later", columns=(
            _f("material", "term", "材料", "Material", terms=Material),
            _f("due_on", "date", "承诺补交日", "Handed in by", max=10))),
        _f("declaration", "flag", "承诺所填内容真实，并由有权人签署",
           "All of this is true, and signed by who may sign", needed=True),
    )),
)
# fmt: on

SECTIONS: Final[Mapping[int, Block]] = {block.number: block for block in BLOCKS}
HOME: Final[Mapping[str, int]] = {
    field.name: block.number for block in BLOCKS for field in block.fields
}
"""Field → the section in which it stands."""


def divided(given: Mapping[str, Any]) -> dict[int, dict[str, Any]]:
    """Return section → its values, of an application that is given whole."""
    found: dict[int, dict[str, Any]] = {}
    for name, value in given.items():
        found.setdefault(HOME[name], {})[name] = _written(name, value)
    return found


def filled(value: Any) -> bool:
    """Tell whether something was answered: a flag that is not set is no answer."""
    return value not in (None, "", [], {}, False)


def missing(block: Block, values: Mapping[str, Any]) -> list[Field]:
    """Return the needed fields of a section that have no answer."""
    return [each for each in block.fields if each.needed and not filled(values.get(each.name))]


def _written(name: str, value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if name == "quotas":
        return [{"meter": meter, "limit": limit} for meter, limit in sorted(value.items())]
    if isinstance(value, list | tuple):
        return [_row(each) for each in value]
    return value


def _row(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {name: _written("", inner) for name, inner in value.items()}
