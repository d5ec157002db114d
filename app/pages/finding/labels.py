"""What the facets of a search, their codes and the rows of a comparison are called."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from app import languages
from app.pages import figures, shown, vocabulary
from app.pages.wording.roles import ROLES
from kernel.actor import Role
from kernel.words import Words
from kernel.work import Work
from marketplace import boards
from marketplace.aftercare import ratings
from marketplace.indexing.index import Kind

KINDS: Final = {
    Kind.PRODUCT: Words("数据产品", "Products"),
    Kind.DIRECTORY: Words("数据目录", "Directories"),
    Kind.DEMAND: Words("数据需求", "Demands"),
    Kind.ORGANISATION: Words("机构", "Organisations"),
}
FACETS: Final = {
    "type": Words("产品类型", "Type"),
    "field": Words("应用领域", "Field"),
    "industry": Words("行业", "Industry"),
    "region": Words("区域", "Region"),
    "board": Words("专题专板", "Board"),
    "plan": Words("计价方式", "Price plan"),
    "mode": Words("交付方式", "Delivery"),
    "grade": Words("数据级别", "Grade"),
    "rating": Words("买方评价", "Rated"),
    "frequency": Words("更新频率", "Renewed"),
    "origin": Words("数据来源", "Origin"),
    "owner": Words("提供方", "Provider"),
    "share": Words("共享类型", "Sharing"),
    "open": Words("开放类型", "Openness"),
    "role": Words("机构角色", "Role"),
}
ROWS: Final = {
    "price_plan": Words("价格", "Price"),
    "product_type": Words("产品类型", "Type"),
    "application_field": Words("应用领域", "Field"),
    "industry": Words("行业", "Industry"),
    "region_coverage": Words("覆盖区域", "Regions"),
    "update_frequency": Words("更新频率", "Renewed"),
    "temporal_from": Words("数据起日", "Data from"),
    "temporal_to": Words("数据止日", "Data until"),
    "grade": Words("数据级别", "Grade"),
    "pi_class": Words("个人信息", "Personal information"),
    "source_kind": Words("数据来源", "Origin"),
    "delivery_mode": Words("交付方式", "Delivery"),
    "accept_days": Words("验收期限（日）", "Days to accept"),
    "quality": Words("质量评分", "Quality"),
    "columns": Words("字段", "Columns"),
}
_TERMS: Final = {
    "type": "product_type", "field": "field", "plan": "plan", "mode": "mode", "grade": "grade",
    "frequency": "frequency", "origin": "origin", "share": "share", "open": "open",
    "product_type": "product_type", "application_field": "field", "update_frequency": "frequency",
    "pi_class": "pi", "source_kind": "origin", "delivery_mode": "mode",
}  # fmt: skip


def labels(work: Work, name: str, codes: Sequence[str]) -> dict[str, str]:
    """Say the codes of a facet; one that is unknown is said as it is."""
    if name == "owner":
        named = shown.names(work, codes)
        return {code: named.get(code, code) for code in codes}
    if name == "board":
        known = {board.code: board for board in boards.listed(
            work.session, after=None, limit=100).items}  # fmt: skip
        return {
            code: languages.said(Words(known[code].name_zh, known[code].name_en))
            if code in known else code
            for code in codes
        }  # fmt: skip
    return {code: said_code(name, code) for code in codes}


def cell(name: str, value: Any) -> str:
    """Say one value of a comparison's row; a dash for none."""
    if value in (None, "", []):
        return "—"
    return _CELLS[name](value) if name in _CELLS else said_code(name, str(value))


def said_code(name: str, code: str) -> str:
    """Say a code of a facet or a row; one that is unknown, or no code, as it is."""
    if name in _PLAIN:
        return _PLAIN[name](code)
    if name not in _TERMS:
        return code
    try:
        return vocabulary.term(code, _TERMS[name])
    except ValueError:
        return code


def _role(code: str) -> str:
    return languages.said(ROLES[Role(code)]) if code in {*Role} else code


def _joined(said: Sequence[str]) -> str:
    return languages.said(Words("、", ", ")).join(said)


def _scores(quality: Mapping[str, int]) -> str:
    return _joined([f"{name} {score}" for name, score in sorted(quality.items())])


def _level(code: str) -> str:
    best = code == str(ratings.Level.VERY_SATISFIED.value)
    return code if best else languages.said(Words(f"{code} 分及以上", f"{code} and better"))


_PLAIN: Final[Mapping[str, Callable[[str], str]]] = {
    "industry": vocabulary.industry,
    "region": vocabulary.region,
    "role": _role,
    "rating": _level,
}
_CELLS: Final[Mapping[str, Callable[[Any], str]]] = {
    "price_plan": figures.price,
    "quality": _scores,
    "columns": _joined,
    "region_coverage": lambda codes: _joined([vocabulary.region(code) for code in codes]),
}
