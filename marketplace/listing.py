"""What must be true of a product before it is listed (挂牌规则), rule by rule.

Every rule is asked each time, so that a merchant hears of everything that is missing at
once. Source: listing materials and compliance review of the exchange; no compliance, no
listing (不合规不挂牌).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from catalogue import directories, grades
from catalogue.grades import Grade, Mode, Origin, PiClass
from kernel.clock import local_date
from kernel.errors import Refusal, together
from kernel.words import Words
from kernel.work import Work
from licensing import authorisations, scope
from licensing.authorisations import Authorisation
from licensing.exposures import Transform
from licensing.scope import Scope
from marketplace import fees, prices
from marketplace.versions import ProductType, ProductVersion

WITH_SAMPLE: Final = frozenset({ProductType.DATASET, ProductType.API, ProductType.VERIFICATION})
"""The types that must show a sample."""

_COLUMN: Final = frozenset({"name", "type", "meaning"})


@dataclass(frozen=True, slots=True)
class Offered:
    """What is judged: a version, its owner, and the authorisation behind it, if any."""

    version: ProductVersion
    owner_id: str
    authorisation: Authorisation | None
    allowed: Scope | None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its number, what it asks, and the look that answers."""

    number: str
    asks: Words
    broken: Callable[[Offered, Work], Refusal | None]


def offered(version: ProductVersion, owner_id: str, work: Work) -> Offered:
    """Gather what the rules look at. At most two SELECTs by key."""
    if version.authorisation_id is None:
        return Offered(version, owner_id, None, None)
    authorisation = authorisations.find(work.session, version.authorisation_id)
    allowed = authorisations.scope_of(work.session, authorisation)
    return Offered(version, owner_id, authorisation, allowed)


def refusals(version: ProductVersion, owner_id: str, work: Work) -> tuple[Refusal, ...]:
    """Return every reason why the version may not be listed; empty when it may."""
    case = offered(version, owner_id, work)
    return tuple(found for rule in RULES if (found := rule.broken(case, work)))


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
    Rule("L-01", Words("价格可执行", "the price can be charged"), _price),
    Rule("L-02", Words("有数据字典", "there is a dictionary"), _dictionary),
    Rule("L-03", Words("有数据样例", "there is a sample"), _sample),
    Rule("L-04", Words("有更新频率", "the frequency is stated"), _frequency),
    Rule("L-05", Words("说明充分", "the description is long enough"), _description),
    Rule("L-06", Words("级别可挂牌", "the grade may be listed"), _grade),
    Rule("L-07", Words("交付方式允许", "the delivery mode is allowed"), _mode),
    Rule("L-08", Words("授权有效", "the authorisation is in force"), _live),
    Rule("L-09", Words("授权属于所有者", "the authorisation is the owner's"), _owner),
    Rule("L-10", Words("场景一致", "the scenario is the authorised one"), _scenario),
    Rule("L-11", Words("数据项在授权内", "the items are authorised"), _items),
    Rule("L-12", Words("输出形式在授权内", "the output form is authorised"), _output),
    Rule("L-13", Words("区域在授权内", "the regions are authorised"), _regions),
    Rule("L-14", Words("价格不超上限", "the price is within its upper limit"), _fee),
    Rule("L-15", Words("开放数据不以原始形式出售", "open data is not sold raw"), _open_data),
)
# fmt: on
"""The rules in the order in which they are told."""
