"""The columns of a file that lists products, and how each cell is read. Pure.

A heading is the field's name or its Chinese name; a code may be written as code or as its
words. What a data set knows itself may be left empty: it is brought in from there.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from catalogue.grades import Grade, Mode, Origin, PiClass, Term
from licensing.exposures import OutputForm
from marketplace.plans.kinds import FreeReason, Measure, Period, PlanKind
from marketplace.shelving.problems import Problem, Row, form
from marketplace.versions import Field, Frequency, ProductType

CELL_MAX: Final = 200_000
"""Characters of a cell: a sample of a hundred rows."""

# fmt: off
COLUMNS: Final[Mapping[str, str]] = {
    "code": "产品编号", "title_zh": "中文名称", "title_en": "英文名称", "intro": "产品说明",
    "product_type": "产品类型", "industry": "行业门类", "application_field": "应用领域",
    "region_coverage": "覆盖区域", "update_frequency": "更新频率",
    "temporal_from": "数据起始日期", "temporal_to": "数据截止日期",
    "grade": "数据级别", "pi_class": "个人信息分类", "source_kind": "数据来源",
    "authorisation_id": "授权编号", "scenario_id": "场景编号", "resource_id": "资源编号",
    "dataset_version_id": "数据集版本", "items": "数据项", "output_form": "输出形式",
    "delivery_mode": "交付方式", "price_kind": "计价方式", "price": "价格（元）",
    "price_unit": "单价（元）", "price_per": "计价单位", "price_period": "计价周期",
    "price_measure": "计量口径", "free_reason": "免费理由", "price_plan": "价格方案",
    "accept_days": "验收期限", "dictionary": "数据字典", "sample": "数据样例", "quality": "质量",
}
"""Every column, with its Chinese heading."""

REQUIRED: Final = (
    "code", "title_zh", "title_en", "intro", "product_type", "industry", "application_field",
    "region_coverage",
)
"""What a row must say whatever its data set knows."""

_TERMS: Final[Mapping[str, type[Term]]] = {
    "product_type": ProductType, "application_field": Field, "update_frequency": Frequency,
    "grade": Grade, "pi_class": PiClass, "source_kind": Origin, "output_form": OutputForm,
    "delivery_mode": Mode,
}
_LONGEST: Final[Mapping[str, int]] = {
    "code": 64, "title_zh": 110, "title_en": 200, "intro": 4000, "industry": 4,
}
# fmt: on
_NEGOTIABLE: Final = frozenset({"面议", "电议", "negotiable", "on request"})
_PRICED: Final = ("price_kind", "price", "price_unit", "price_per", "price_period",
                  "price_measure", "free_reason", "price_plan")  # fmt: skip
_HEADINGS: Final = {zh: name for name, zh in COLUMNS.items()}
_E8: Final = 100_000_000


class BadCell(Exception):
    """A cell that cannot be read. code: of problems.FORMS."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.code, self.zh, self.en = code, zh, en


def heading(written: str) -> str:
    """Return the column that a heading means, or the heading itself."""
    bare = written.strip()
    return _HEADINGS.get(bare, bare.lower())


def read(row: Row) -> tuple[dict[str, Any], list[Problem]]:
    """Return what a row says, by field of Content (and `code`), and what is wrong with it.

    An empty cell says nothing, and is not in the answer.
    """
    said: dict[str, Any] = {}
    found: list[Problem] = []
    for column, written in row.cells.items():
        if column not in COLUMNS:
            zh, en = f"没有“{column}”这一列", f"there is no column {column!r}"
            found.append(form(column, "UNKNOWN_COLUMN", zh, en))
        elif not _empty(written) and column not in _PRICED:
            _take(said, found, column, written)
    _take_price(said, found, row.cells)
    there = {column for column, written in row.cells.items() if not _empty(written)}
    for column in REQUIRED:
        if column not in there:
            zh, en = f"缺少{COLUMNS[column]}", f"{column} is missing"
            found.append(form(column, "REQUIRED", zh, en))
    return said, found


def _take(said: dict[str, Any], found: list[Problem], column: str, written: Any) -> None:
    try:
        reader: Callable[[Any, str], Any] = _READ.get(column, _text)
        said[column] = reader(written, column)
    except BadCell as bad:
        found.append(form(column, bad.code, bad.zh, bad.en))


def _take_price(said: dict[str, Any], found: list[Problem], cells: Mapping[str, Any]) -> None:
    told = {name: cells[name] for name in _PRICED if not _empty(cells.get(name))}
    column = next(iter(told), "price_kind")
    try:
        said["price_plan"] = _plan(told)
    except BadCell as bad:
        found.append(form(column, bad.code, bad.zh, bad.en))


def _plan(told: Mapping[str, Any]) -> dict[str, Any]:
    if "price_plan" in told:
        return dict(_json(told["price_plan"], "price_plan", dict))
    if str(told.get("price", "")).strip() in _NEGOTIABLE:
        # Said and meant: nothing can be charged by it, and rule L-01 says what to do.
        return {"kind": PlanKind.ONE_OFF.value}
    kind = _term(told.get("price_kind", PlanKind.ONE_OFF.value), "price_kind", PlanKind)
    parts = {
        field: read_part(told[column])
        for column, (field, read_part) in _PARTS.items()
        if column in told
    }
    return {"kind": kind, **parts}


def _empty(written: Any) -> bool:
    return written is None or (isinstance(written, str) and not written.strip()) or written == []


def _text(written: Any, column: str) -> str:
    text = str(written).strip()
    most = _LONGEST.get(column, CELL_MAX)
    if len(text) > most:
        raise BadCell("TOO_LONG", f"至多 {most} 字", f"at most {most} characters")
    if any(ord(character) < 32 and character not in "\r\n\t" for character in text):
        raise BadCell("UNREADABLE", "含有控制字符", "it holds control characters")
    return text


def _code(written: Any, column: str) -> str:
    return _term(written, column, _TERMS[column])


def _term(written: Any, column: str, terms: Iterable[Any]) -> str:
    text = _text(written, column)
    for term in terms:
        words = getattr(term, "label", None)
        names = {term.value, *((words.zh, words.en) if words is not None else ())}
        if text in names or text.lower() == term.value.lower():
            return str(term.value)
    raise BadCell("UNKNOWN_CODE", f"没有“{text[:40]}”这个代码", f"there is no code {text[:40]!r}")


def _day(written: Any, column: str) -> date:
    if isinstance(written, datetime):
        return written.date()
    if isinstance(written, date):
        return written
    text = _text(written, column)
    try:
        found = date.fromisoformat(text[:10].replace("/", "-"))
    except ValueError:
        raise BadCell("NOT_A_DATE", f"“{text[:40]}”不是日期", f"{text[:40]!r} is no day") from None
    if not 1700 <= found.year < 2200:
        raise BadCell("NOT_A_DATE", "年份须为 1700 至 2199", "the year must be 1700 to 2199")
    return found


def _whole(written: Any, column: str) -> int:
    text = _text(written, column)
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise BadCell("NOT_A_NUMBER", f"“{text[:40]}”不是整数", f"{text[:40]!r} is no whole number")
    return int(text)


def _scaled(written: Any, scale: int) -> int:
    text = str(written).strip().replace(",", "").removesuffix("元").strip()
    try:
        amount = Decimal(text) * scale
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount != amount.to_integral_value() or not 0 <= amount < 10**15:
        raise BadCell("NOT_AN_AMOUNT", f"“{text[:40]}”不是金额", f"{text[:40]!r} is no amount")
    return int(amount)


def _list(written: Any, column: str) -> list[str]:
    parts = written if isinstance(written, list) else _text(written, column).split(";")
    return [part for part in (str(each).strip() for each in parts) if part]


def _items(written: Any, column: str) -> list[dict[str, str]]:
    found = []
    for part in written if isinstance(written, list) else _list(written, column):
        if isinstance(part, dict):
            found.append({key: str(part.get(key, "")) for key in ("directory", "item")})
            continue
        directory, slash, item = part.rpartition("/")
        if not slash:
            raise BadCell("UNREADABLE", "数据项写作 目录/数据项", "write directory/item")
        found.append({"directory": directory, "item": item})
    return found


def _dictionary(written: Any, column: str) -> list[dict[str, str]]:
    """Read [{name, type, meaning}], or "name:type:meaning; …" with the type left out or not."""
    if isinstance(written, list) or str(written).lstrip().startswith("["):
        entries = written if isinstance(written, list) else _json(written, column, list)
        if not all(isinstance(entry, dict) for entry in entries):
            raise BadCell("UNREADABLE", "数据字典格式不正确", "this is no dictionary")
        return [{str(key): str(value) for key, value in entry.items()} for entry in entries]
    found = []
    for part in _list(written, column):
        pieces = [piece.strip() for piece in part.split(":", 2)]
        if len(pieces) < 2:
            raise BadCell(
                "UNREADABLE", "字段写作 名称:类型:含义", "write a column as name:type:meaning"
            )
        kind = pieces[1] if len(pieces) == 3 else ""
        found.append({"name": pieces[0], "type": kind, "meaning": pieces[-1]})
    return found


def _sample(written: Any, column: str) -> list[dict[str, Any]]:
    rows = written if isinstance(written, list) else _json(written, column, list)
    if not all(isinstance(row, dict) and all(map(_plain, row.values())) for row in rows):
        raise BadCell("UNREADABLE", "样例格式不正确", "this is no sample")
    return list(rows)


def _quality(written: Any, column: str) -> dict[str, Any]:
    found = written if isinstance(written, dict) else _json(written, column, dict)
    if not all(type(value) is int and 0 <= value <= 100 for value in found.values()):
        raise BadCell("UNREADABLE", "质量为 0 至 100 的整数", "quality is whole, from 0 to 100")
    return dict(found)


def _plain(value: Any) -> bool:
    return (
        value is None
        or isinstance(value, str | int | bool)
        or (isinstance(value, float) and abs(value) < 1e300)
    )


def _json(written: Any, column: str, kind: type) -> Any:
    if isinstance(written, kind):
        return written
    try:
        found = json.loads(_text(written, column))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, kind):
        raise BadCell("UNREADABLE", f"{COLUMNS[column]}不是有效的 JSON", "this is no valid JSON")
    return found


_PARTS: Final[Mapping[str, tuple[str, Callable[[Any], Any]]]] = {
    "price": ("price", lambda told: {"minor": _scaled(told, 100), "currency": "CNY"}),
    "price_unit": ("unit", lambda told: {"e6": _scaled(told, _E8), "currency": "CNY"}),
    "price_per": ("per", lambda told: _whole(told, "price_per")),
    "price_period": ("period", lambda told: _term(told, "price_period", Period)),
    "price_measure": ("measure", lambda told: _term(told, "price_measure", Measure)),
    "free_reason": ("reason", lambda told: _term(told, "free_reason", FreeReason)),
}
_READ: Final[Mapping[str, Callable[[Any, str], Any]]] = {
    **dict.fromkeys(_TERMS, _code),
    "region_coverage": _list,
    "temporal_from": _day,
    "temporal_to": _day,
    "items": _items,
    "accept_days": _whole,
    "dictionary": _dictionary,
    "sample": _sample,
    "quality": _quality,
}
