"""The words of a data asset card: what it is, how it was got, what it cost, how it wears off.

Source: Interim provisions on accounting for enterprise data resources (财会〔2023〕11号), with
Standard 6 on intangible assets and Standard 1 on inventories.
"""

from enum import StrEnum
from typing import Final

from kernel.words import Words


class Kind(StrEnum):
    """Under which line of the balance sheet the data resource stands."""

    INTANGIBLE = "intangible"
    INVENTORY = "inventory"
    DEVELOPMENT = "development_expenditure"

    @property
    def label(self) -> Words:
        """The line in words."""
        return _KINDS[self]


class Form(StrEnum):
    """How it was got: the columns of the disclosure tables."""

    PURCHASED = "purchased"
    SELF_DEVELOPED = "self_developed"
    SELF_PROCESSED = "self_processed"
    OTHER = "other"

    @property
    def label(self) -> Words:
        """The way in words."""
        return _FORMS[self]


class Method(StrEnum):
    """How the cost of an intangible asset is spread over its life."""

    STRAIGHT_LINE = "straight_line"
    BY_BENEFIT = "by_benefit"

    @property
    def label(self) -> Words:
        """The method in words."""
        return _METHODS[self]


class Phase(StrEnum):
    """In which phase a cost arose; what research cost is expense, and no asset."""

    ACQUISITION = "acquisition"
    RESEARCH = "research"
    DEVELOPMENT = "development"

    @property
    def label(self) -> Words:
        """The phase in words."""
        return _PHASES[self]


class CostKind(StrEnum):
    """What was paid for."""

    PURCHASE_PRICE = "purchase_price"
    RELATED_TAXES = "related_taxes"
    DATA_DESENSITISE = "data_desensitise"
    DATA_CLEANING = "data_cleaning"
    DATA_LABELLING = "data_labelling"
    DATA_INTEGRATION = "data_integration"
    DATA_ANALYSIS = "data_analysis"
    DATA_VISUALISATION = "data_visualisation"
    RIGHTS_AUTHENTICATION = "rights_authentication"
    QUALITY_ASSESSMENT = "quality_assessment"
    REGISTRATION_SETTLEMENT = "registration_settlement"
    SECURITY_MANAGEMENT = "security_management"
    COLLECTION = "collection"
    STORAGE = "storage"
    LABOUR = "labour"
    DEPRECIATION_SHARE = "depreciation_share"

    @property
    def label(self) -> Words:
        """The kind of cost in words."""
        return _COSTS[self]


class Condition(StrEnum):
    """A condition of recognition; every one that a card needs must be said to be met."""

    CONTROLLED = "controlled"
    BENEFITS_PROBABLE = "benefits_probable"
    COST_MEASURABLE = "cost_measurable"
    HELD_FOR_SALE = "held_for_sale"
    FEASIBLE = "feasible"
    INTENDED = "intended"
    BENEFITS_SHOWN = "benefits_shown"
    RESOURCES_THERE = "resources_there"
    EXPENDITURE_MEASURABLE = "expenditure_measurable"

    @property
    def label(self) -> Words:
        """The condition in words."""
        return _CONDITIONS[self]


_KINDS: Final = {
    Kind.INTANGIBLE: Words("无形资产", "intangible asset"),
    Kind.INVENTORY: Words("存货", "inventory"),
    Kind.DEVELOPMENT: Words("开发支出", "development expenditure"),
}
_FORMS: Final = {
    Form.PURCHASED: Words("外购", "bought"),
    Form.SELF_DEVELOPED: Words("自行开发", "developed by itself"),
    Form.SELF_PROCESSED: Words("自行加工", "processed by itself"),
    Form.OTHER: Words("其他方式取得", "got otherwise"),
}
_METHODS: Final = {
    Method.STRAIGHT_LINE: Words("年限平均法", "straight line"),
    Method.BY_BENEFIT: Words("按经济利益消耗方式", "by the pattern of benefit"),
}
_PHASES: Final = {
    Phase.ACQUISITION: Words("取得", "acquisition"),
    Phase.RESEARCH: Words("研究阶段", "research"),
    Phase.DEVELOPMENT: Words("开发阶段", "development"),
}
_COSTS: Final = {
    CostKind.PURCHASE_PRICE: Words("购买价款", "purchase price"),
    CostKind.RELATED_TAXES: Words("相关税费", "related taxes"),
    CostKind.DATA_DESENSITISE: Words("数据脱敏", "masking"),
    CostKind.DATA_CLEANING: Words("数据清洗", "cleaning"),
    CostKind.DATA_LABELLING: Words("数据标注", "labelling"),
    CostKind.DATA_INTEGRATION: Words("数据整合", "integration"),
    CostKind.DATA_ANALYSIS: Words("数据分析", "analysis"),
    CostKind.DATA_VISUALISATION: Words("数据可视化", "visualisation"),
    CostKind.RIGHTS_AUTHENTICATION: Words("权属鉴证", "authentication of rights"),
    CostKind.QUALITY_ASSESSMENT: Words("质量评估", "quality assessment"),
    CostKind.REGISTRATION_SETTLEMENT: Words("登记结算", "registration and settlement"),
    CostKind.SECURITY_MANAGEMENT: Words("安全管理", "security management"),
    CostKind.COLLECTION: Words("数据采集", "collection"),
    CostKind.STORAGE: Words("数据存储", "storage"),
    CostKind.LABOUR: Words("人工", "labour"),
    CostKind.DEPRECIATION_SHARE: Words("折旧摊销分摊", "share of depreciation"),
}
_CONDITIONS: Final = {
    Condition.CONTROLLED: Words(
        "由过去的交易或事项形成，企业合法拥有或控制",
        "owned or controlled lawfully, by a past event",
    ),
    Condition.BENEFITS_PROBABLE: Words(
        "预期经济利益很可能流入企业", "economic benefits will probably flow in"
    ),
    Condition.COST_MEASURABLE: Words("成本能够可靠计量", "its cost can be measured reliably"),
    Condition.HELD_FOR_SALE: Words(
        "日常活动中持有、最终用于出售", "held for sale in daily business"
    ),
    Condition.FEASIBLE: Words(
        "完成并使用或出售在技术上可行", "completing it is technically feasible"
    ),
    Condition.INTENDED: Words(
        "有完成并使用或出售的意图", "it is meant to be completed and used or sold"
    ),
    Condition.BENEFITS_SHOWN: Words(
        "能够证明产生经济利益的方式", "how it will bring benefits is shown"
    ),
    Condition.RESOURCES_THERE: Words(
        "有足够的技术、财务和其他资源完成开发", "there are the means to complete it"
    ),
    Condition.EXPENDITURE_MEASURABLE: Words(
        "开发阶段的支出能够可靠计量", "what its development costs can be measured reliably"
    ),
}
_ALWAYS: Final = (Condition.CONTROLLED, Condition.BENEFITS_PROBABLE, Condition.COST_MEASURABLE)
_DEVELOPED: Final = (
    Condition.FEASIBLE, Condition.INTENDED, Condition.BENEFITS_SHOWN, Condition.RESOURCES_THERE,
    Condition.EXPENDITURE_MEASURABLE,
)  # fmt: skip

FORMS: Final = {
    Kind.INTANGIBLE: (Form.PURCHASED, Form.SELF_DEVELOPED, Form.OTHER),
    Kind.INVENTORY: (Form.PURCHASED, Form.SELF_PROCESSED, Form.OTHER),
    Kind.DEVELOPMENT: (Form.SELF_DEVELOPED,),
}
"""Kind → the forms that it can have, in the order of its table's columns."""


def needed(kind: Kind, form: Form) -> tuple[Condition, ...]:
    """Return the conditions that must be met before such an asset is recognised."""
    if kind is Kind.INVENTORY:
        return (*_ALWAYS, Condition.HELD_FOR_SALE)
    return (*_ALWAYS, *_DEVELOPED) if form is Form.SELF_DEVELOPED else _ALWAYS
