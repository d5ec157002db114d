"""What must be true of a product before it is listed (挂牌规则), rule by rule.

Every rule is asked each time, so that a merchant hears of everything that is missing at
once. Source: listing materials and compliance review of the exchange; no compliance, no
listing (不合规不挂牌).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from catalogue import directories, grades
from catalogue.grades import Grade, Mode, Origin, PiClass
from delivery.tables import datasets
from delivery.tables.datasets import DatasetVersion
from kernel.clock import local_date
from kernel.errors import Refusal, together
from kernel.words import Words
from kernel.work import Work
from licensing import authorisations, scope
from licensing.authorisations import Authorisation
from licensing.exposures import Transform
from licensing.scope import Scope
from marketplace import fees, prices
from marketplace.listings import judging, materials
from marketplace.listings.materials import Filed
from marketplace.versions import ProductType, ProductVersion

WITH_SAMPLE: Final = frozenset({ProductType.DATASET, ProductType.API, ProductType.VERIFICATION})
"""The types that must show a sample."""

_COLUMN: Final = frozenset({"name", "type", "meaning"})


@dataclass(frozen=True, slots=True)
class Offered:
    """What is judged: a version, its owner, and what is behind it: a right, a data set."""

    version: ProductVersion
    owner_id: str
    authorisation: Authorisation | None
    allowed: Scope | None
    dataset: DatasetVersion | None
    papers: tuple[Filed, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its number, what it asks, the field that it asks of, and how to mend it."""

    number: str
    asks: Words
    field: str
    broken: Callable[[Offered, Work], Refusal | None]
    fix: Words

    def refusal(self, case: Offered, work: Work) -> Refusal | None:
        """Return the reason why the rule bars the listing, with number and fix; or None."""
        found = self.broken(case, work)
        return found and replace(found, rule=self.number, fix=self.fix)


def offered(version: ProductVersion, owner_id: str, work: Work) -> Offered:
    """Gather what the rules look at. At most three SELECTs by key, one on an index."""
    papers = tuple(materials.of(work.session, owner_id, version.product_id))
    dataset = None
    if version.dataset_version_id is not None:
        dataset = datasets.by_id(work.session, version.dataset_version_id)
    if version.authorisation_id is None:
        return Offered(version, owner_id, None, None, dataset, papers)
    authorisation = authorisations.find(work.session, version.authorisation_id)
    allowed = authorisations.scope_of(work.session, authorisation)
    return Offered(version, owner_id, authorisation, allowed, dataset, papers)


def refusals(version: ProductVersion, owner_id: str, work: Work) -> tuple[Refusal, ...]:
    """Return every reason why the version may not be listed; empty when it may."""
    case = offered(version, owner_id, work)
    return tuple(found for rule in RULES if (found := rule.refusal(case, work)))


def _price(case: Offered, _work: Work) -> Refusal | None:
    found = prices.actionable(prices.parse(case.version.price_plan))
    if found:
        return Refusal(
            "PRICE_NOT_ACTIONABLE",
            "；".join(refusal.zh for refusal in found),
            "; ".join(refusal.en for refusal in found),
        )
    return None


def _dictionary(case: Offered, _work: Work) -> Refusal | None:
    columns = case.version.dictionary
    if not columns or not all(_is_explained(column) for column in columns):
        return Refusal(
            "DICTIONARY_MISSING",
            "请填写数据字典：每个字段须有名称、类型与含义",
            "the dictionary must give each column a name, a type and a meaning",
        )
    return None


def _is_explained(column: Any) -> bool:
    return isinstance(column, dict) and all(str(column.get(key) or "").strip() for key in _COLUMN)


def _sample(case: Offered, _work: Work) -> Refusal | None:
    version = case.version
    if version.product_type in WITH_SAMPLE and not version.sample:
        return Refusal("SAMPLE_MISSING", "请提供数据样例", "a sample of the data must be given")
    named = {column["name"] for column in version.dictionary if _is_explained(column)}
    strange = sorted({key for row in version.sample for key in row} - named)
    if strange:
        return Refusal(
            "SAMPLE_NOT_IN_DICTIONARY",
            f"样例字段“{strange[0]}”不在数据字典中",
            f"the sample's column {strange[0]!r} is not in the dictionary",
        )
    return None


def _frequency(case: Offered, _work: Work) -> Refusal | None:
    if not case.version.update_frequency:
        return Refusal("FREQUENCY_MISSING", "请填写更新频率", "say how often it is renewed")
    return None


def _description(case: Offered, work: Work) -> Refusal | None:
    least = work.rules.number("trade.description_characters_min")
    if len(case.version.intro.strip()) < least:
        return Refusal(
            "DESCRIPTION_TOO_SHORT",
            f"产品说明不得少于 {least} 个字符",
            f"the description needs at least {least} characters",
        )
    return None


def _grade(case: Offered, _work: Work) -> Refusal | None:
    version = case.version
    if grades.listing(Grade(version.grade), origin=Origin(version.source_kind)) is None:
        return Refusal("GRADE_BLOCKED", "核心数据不得挂牌", "core data is never listed")
    return None


def _mode(case: Offered, _work: Work) -> Refusal | None:
    version = case.version
    modes = grades.allowed_modes(
        Grade(version.grade), PiClass(version.pi_class), origin=Origin(version.source_kind)
    )
    if Mode(version.delivery_mode) not in modes:
        return Refusal(
            "MODE_NOT_ALLOWED",
            f"该级别与来源的数据不得以“{Mode(version.delivery_mode).label.zh}”方式交付",
            f"data of this grade and origin may not leave as {version.delivery_mode}",
        )
    return None


def _live(case: Offered, work: Work) -> Refusal | None:
    if case.authorisation is None:
        return None
    return not_live(case.authorisation, work)


def not_live(authorisation: Authorisation, work: Work) -> Refusal | None:
    """Return why nothing may be offered under the authorisation now, or None."""
    if not authorisations.in_force(authorisation, local_date(work.now)):
        return Refusal(
            "AUTHORISATION_NOT_LIVE",
            f"授权 {authorisation.cert_no} 当前不在有效状态",
            f"authorisation {authorisation.cert_no} is not in force now",
        )
    return None


def _owner(case: Offered, _work: Work) -> Refusal | None:
    if case.authorisation is None:
        return None
    if case.authorisation.grantee_id != case.owner_id:
        return Refusal(
            "AUTHORISATION_NOT_YOURS",
            "该授权不属于产品所有者",
            "the authorisation was granted to somebody else",
        )
    if case.authorisation.operator_id == case.owner_id:
        return Refusal(
            "OPERATOR_MAY_NOT_REDEVELOP",
            "授权运营机构不得参与已交付产品的再开发",
            "the operator takes no part in developing what it delivers",
        )
    return None


def _scenario(case: Offered, _work: Work) -> Refusal | None:
    if case.authorisation is None:
        return None
    if case.authorisation.scenario_id != case.version.scenario_id:
        return Refusal(
            "SCENARIO_MISMATCH",
            "产品场景与授权场景不一致",
            "the authorisation was issued for another scenario",
        )
    return None


def _items(case: Offered, _work: Work) -> Refusal | None:
    if case.allowed is None:
        return None
    asked = [(entry["directory"], entry["item"]) for entry in case.version.items]
    beyond = sorted(item for item in asked if item not in case.allowed.items)
    if not asked or beyond:
        name = "/".join(beyond[0]) if beyond else "—"
        return Refusal(
            "ITEM_NOT_AUTHORISED",
            f"数据项须在授权范围内：{name}",
            f"every item must be in the authorised scope: {name}",
        )
    return None


def _output(case: Offered, _work: Work) -> Refusal | None:
    if case.allowed is None:
        return None
    if case.version.output_form not in {form.value for form in case.allowed.output_forms}:
        return Refusal(
            "OUTPUT_NOT_AUTHORISED",
            f"输出形式“{case.version.output_form}”不在授权范围内",
            f"output form {case.version.output_form!r} is not authorised",
        )
    return None


def _regions(case: Offered, _work: Work) -> Refusal | None:
    if case.allowed is None:
        return None
    for region in case.version.region_coverage:
        if not any(scope.covers(outer, region) for outer in case.allowed.regions):
            return Refusal(
                "REGION_NOT_AUTHORISED",
                f"区域 {region} 不在授权范围内",
                f"region {region} is not authorised",
            )
    return None


def _fee(case: Offered, work: Work) -> Refusal | None:
    if _price(case, work) is not None:
        return None
    return together(fees.refusals(work, case.version, case.authorisation))


def _open_data(case: Offered, work: Work) -> Refusal | None:
    free = prices.parse(case.version.price_plan).kind == prices.PlanKind.FREE
    if case.allowed is None or free:
        return None
    raw = {
        entry["directory"]
        for entry in case.version.items
        if case.allowed.items.get((entry["directory"], entry["item"])) == Transform.RAW
    }
    sold = sorted(code for code in raw if directories.is_open(work.session, code))
    if not sold:
        return None
    zh = f"目录 {sold[0]} 已无条件开放，不得以原始形式收费（应免费，或加工后再销售）"
    en = f"{sold[0]} is open to everybody: raw it is free, or it is worked on before it is sold"
    return Refusal("OPEN_DATA_SOLD_RAW", zh, en)


# fmt: off
RULES: Final = (
    Rule("L-01", Words("价格可执行", "the price can be charged"), "price_plan", _price,
         Words("选定计价方式并填写其必需的金额、单价或周期；面议产品请给出参考价",
               "choose how it is charged and state the amounts that this kind needs")),
    Rule("L-02", Words("有数据字典", "there is a dictionary"), "dictionary", _dictionary,
         Words("为每个字段填写名称、类型与含义；选用数据集可自动带出名称与类型",
               "give each column name, type and meaning; a data set brings the first two")),
    Rule("L-03", Words("有数据样例", "there is a sample"), "sample", _sample,
         Words("提供 1 至 100 行真实样例，列名与数据字典一致；选用数据集可自动带出脱敏样例",
               "give 1 to 100 real rows under the dictionary's names; a data set brings them")),
    Rule("L-04", Words("有更新频率", "the frequency is stated"), "update_frequency", _frequency,
         Words("选择更新频率；不更新的选“不更新”", "choose how often; what is final is “never”")),
    Rule("L-05", Words("说明充分", "the description is long enough"), "intro", _description,
         Words("写明内容、口径、来源与适用场景", "say what it holds, of whom, and for which use")),
    Rule("L-06", Words("级别可挂牌", "the grade may be listed"), "grade", _grade,
         Words("核心数据请从产品中去除", "take core data out of the product")),
    Rule("L-07", Words("交付方式允许", "the delivery mode is allowed"), "delivery_mode", _mode,
         Words("改选该级别允许的交付方式，如域内查询或核验接口",
               "choose a mode that the grade allows, such as in-domain query")),
    Rule("L-08", Words("授权有效", "the authorisation is in force"), "authorisation_id", _live,
         Words("换用有效授权，或先办理续期", "name one in force, or renew it first")),
    Rule("L-09", Words("授权属于所有者", "the authorisation is the owner's"),
         "authorisation_id", _owner,
         Words("填写授予本机构的授权编号", "name an authorisation granted to you")),
    Rule("L-10", Words("场景一致", "the scenario is the authorised one"), "scenario_id", _scenario,
         Words("填写该授权所属的场景", "name the scenario of that authorisation")),
    Rule("L-11", Words("数据项在授权内", "the items are authorised"), "items", _items,
         Words("删去授权范围外的数据项", "take out the items beyond the authorised scope")),
    Rule("L-12", Words("输出形式在授权内", "the output form is authorised"), "output_form", _output,
         Words("改选授权载明的输出形式", "choose a form that the authorisation names")),
    Rule("L-13", Words("区域在授权内", "the regions are authorised"), "region_coverage", _regions,
         Words("删去授权区域外的行政区划", "take out the regions beyond the authorised ones")),
    Rule("L-14", Words("价格不超上限", "the price is within its upper limit"), "price_plan", _fee,
         Words("按上限收费标准下调价格", "lower the price to the upper limit or below")),
    Rule("L-15", Words("开放数据不以原始形式出售", "open data is not sold raw"),
         "price_plan", _open_data,
         Words("改为免费，或先加工再销售", "make it free, or work on the data first")),
    Rule("L-16", Words("字典与数据集一致", "the dictionary is that of the data set"),
         "dictionary", judging.columns,
         Words("字典须恰好覆盖数据集的全部列；可从数据集重新带出",
               "describe exactly the data set's columns; bring them in from it again")),
    Rule("L-17", Words("样例出自数据集", "the sample comes from the data set"),
         "sample", judging.rows,
         Words("使用数据集生成的脱敏样例", "use the masked rows that the data set has")),
    Rule("L-18", Words("级别不低于数据", "the grade is not below that of the data"),
         "grade", judging.graded,
         Words("将级别与个人信息分类提高到检测结果以上",
               "raise grade and class to what was found in the data")),
    Rule("L-19", Words("材料齐备有效", "the documents are there and good"),
         "materials", judging.documents,
         Words("在“挂牌材料”中提交、声明或承诺所列材料",
               "file, state or promise what is named, under “documents”")),
    Rule("L-20", Words("对全部输入有经营权", "every input may be operated"),
         "rights", judging.operable,
         Words("登记对每一来源有效的数据产品经营权及其依据",
               "record an effective right to operate for each source, with its basis")),
    Rule("L-21", Words("出具方无关联关系", "no relative drew a document up"),
         "materials", judging.unrelated,
         Words("请无关联关系的第三方重新出具", "have somebody who is not related draw it up")),
)
# fmt: on
"""The rules in the order in which they are told."""
