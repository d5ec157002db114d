"""What a version of a directory says: its metadata and its data items (信息项).

Both tables are append-only: a version that has been seen by others never changes (I-9).
Source: GB/T 21063.3-2007 (core metadata of the government information resource
catalogue), the compilation guide of 2017, and GB/T 4754 for industries.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, NotRequired, Required, TypedDict, TypeVar

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalogue.grades import Grade, PiClass, Term
from kernel import ids
from kernel.clock import Instant
from kernel.db import Base, Big, append_only
from kernel.errors import Invalid

INDUSTRY: Final = re.compile(r"[A-T](\d{2,4})?")
"""A letter of GB/T 4754, with the digits of a division, group or class behind it."""

REGION: Final = re.compile(r"\d{6}")
"""A code of GB/T 2260."""

ITEM_CODE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,63}")
"""The name of the column that carries the item in every attached resource."""


class ShareType(Term):
    """May other departments have it (共享类型)?"""

    UNCONDITIONAL = "unconditional", "无条件共享", "shared unconditionally"
    CONDITIONAL = "conditional", "有条件共享", "shared on conditions"
    NOT_SHARED = "not_shared", "不予共享", "not shared"


class OpenType(Term):
    """May everybody have it (开放类型)?"""

    OPEN = "open", "无条件开放", "open unconditionally"
    CONDITIONAL_OPEN = "conditional_open", "有条件开放", "open on conditions"
    NOT_OPEN = "not_open", "不予开放", "not open"


class OperationType(Term):
    """May it go into authorised operation (授权运营)?"""

    ELIGIBLE = "eligible", "可授权运营", "eligible"
    ELIGIBLE_WITH_CONSENT = "eligible_with_consent", "经提供方同意可授权运营", "with consent"
    EXCLUDED = "excluded", "不得授权运营", "excluded"


class ShareMode(Term):
    """How other departments get it (共享方式)."""

    INTERFACE = "interface", "接口", "interface"
    DATABASE_EXCHANGE = "database_exchange", "库表交换", "exchange of tables"
    FILE = "file", "文件", "file"
    QUERY = "query", "查询", "query"
    OFFLINE = "offline", "离线拷贝", "offline"


class Acquisition(Term):
    """How the department came by it (来源取得方式)."""

    ORIGINAL = "original", "原始取得", "produced by the department"
    COLLECTED = "collected", "收集取得", "collected from others"
    TRADED = "traded", "交易取得", "bought"
    OTHER = "other", "其他", "otherwise"


class Frequency(Term):
    """How often it is updated (更新周期)."""

    REALTIME = "realtime", "实时", "in real time"
    HOURLY = "hourly", "每小时", "hourly"
    DAILY = "daily", "每日", "daily"
    WEEKLY = "weekly", "每周", "weekly"
    SEMI_MONTHLY = "semi_monthly", "每半月", "twice a month"
    MONTHLY = "monthly", "每月", "monthly"
    QUARTERLY = "quarterly", "每季度", "quarterly"
    SEMI_ANNUAL = "semi_annual", "每半年", "twice a year"
    ANNUAL = "annual", "每年", "yearly"
    IRREGULAR = "irregular", "不定期", "irregularly"
    STATIC = "static", "不更新", "never"


class Format(Term):
    """In what form it lies (信息资源格式)."""

    DATABASE = "database", "数据库", "database"
    SPREADSHEET = "spreadsheet", "电子表格", "spreadsheet"
    E_DOCUMENT = "e_document", "电子文件", "electronic document"
    IMAGE = "image", "图形图像", "image"
    MEDIA = "media", "流媒体", "media"
    GEO = "geo", "空间地理信息", "geographic data"
    INTERFACE = "interface", "服务接口", "interface"
    SELF_DESCRIBED = "self_described", "自描述格式", "self-described"


class DataType(Term):
    """The type of one data item (数据类型)."""

    STRING = "string", "字符型", "text"
    INTEGER = "integer", "整型", "whole number"
    DECIMAL = "decimal", "数值型", "number"
    DATE = "date", "日期型", "date"
    DATETIME = "datetime", "日期时间型", "date and time"
    BOOLEAN = "boolean", "布尔型", "yes or no"
    GEOMETRY = "geometry", "空间型", "geometry"
    BINARY = "binary", "二进制", "binary"
    ENUM = "enum", "枚举型", "code of a list"


class DirectoryContent(Base):
    """The metadata of one version.

    industry: INDUSTRY. spatial: codes of REGION. legal_basis: why it is not shared or
    not open; empty when it is both. persons_count: natural persons whom the data are
    about, as the department estimates. None for what the department does not say.
    """

    __tablename__ = "directory_contents"
    __table_args__ = (
        CheckConstraint("temporal_to >= temporal_from", name="period_not_backwards"),
        CheckConstraint("persons_count >= 0", name="persons_not_negative"),
        CheckConstraint(
            "length(trim(legal_basis)) > 0 "
            "OR (share_type <> 'not_shared' AND open_type <> 'not_open')",
            name="withheld_on_a_legal_basis",
        ),
    )

    version_id: Mapped[str] = mapped_column(ForeignKey("directory_versions.id"), primary_key=True)
    title_zh: Mapped[str]
    title_en: Mapped[str]
    abstract: Mapped[str]
    industry: Mapped[str]
    update_frequency: Mapped[str]
    share_type: Mapped[str]
    open_type: Mapped[str]
    legal_basis: Mapped[str]
    operation_type: Mapped[str]
    format: Mapped[str]
    spatial: Mapped[list[Any]]
    keywords: Mapped[list[Any]]
    temporal_from: Mapped[date | None]
    temporal_to: Mapped[date | None]
    share_mode: Mapped[str | None]
    share_condition: Mapped[str | None]
    open_condition: Mapped[str | None]
    source_acquisition: Mapped[str | None]
    persons_count: Mapped[int | None] = mapped_column(Big)

    @property
    def withholds(self) -> bool:
        """Tell whether something is withheld, which takes a legal basis (I-7)."""
        return self.share_type == ShareType.NOT_SHARED or self.open_type == OpenType.NOT_OPEN


class DataItem(Base):
    """One data item of one version, in the order of the directory.

    code: ITEM_CODE, unique in its version. unit: of the measure ("hPa"), empty for none.
    """

    __tablename__ = "data_items"
    __table_args__ = (
        UniqueConstraint("version_id", "code"),
        UniqueConstraint("version_id", "position"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    version_id: Mapped[str] = mapped_column(ForeignKey("directory_versions.id"))
    position: Mapped[int]
    code: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    data_type: Mapped[str]
    unit: Mapped[str]
    grade: Mapped[str]
    pi_class: Mapped[str]
    description: Mapped[str]


append_only(DirectoryContent.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table
append_only(DataItem.__table__)  # type: ignore[arg-type]  # declared as FromClause, is a Table


class Fields(TypedDict, total=False):
    """The metadata as a department gives it; what may be left out has a plain default."""

    title_zh: Required[str]
    title_en: Required[str]
    abstract: Required[str]
    industry: Required[str]
    update_frequency: Required[str]
    share_type: Required[str]
    open_type: Required[str]
    operation_type: Required[str]
    legal_basis: NotRequired[str]
    format: NotRequired[str]
    spatial: NotRequired[Sequence[str]]
    keywords: NotRequired[Sequence[str]]
    temporal_from: NotRequired[date | None]
    temporal_to: NotRequired[date | None]
    share_mode: NotRequired[str | None]
    share_condition: NotRequired[str | None]
    open_condition: NotRequired[str | None]
    source_acquisition: NotRequired[str | None]
    persons_count: NotRequired[int | None]


_CHOICES: Final[Mapping[str, type[Term]]] = {
    "update_frequency": Frequency,
    "share_type": ShareType,
    "open_type": OpenType,
    "operation_type": OperationType,
    "format": Format,
    "share_mode": ShareMode,
    "source_acquisition": Acquisition,
}
_DEFAULTS: Final[Mapping[str, Any]] = {
    "legal_basis": "",
    "format": Format.DATABASE.value,
    "temporal_from": None,
    "temporal_to": None,
    "share_mode": None,
    "share_condition": None,
    "open_condition": None,
    "source_acquisition": None,
    "persons_count": None,
}
COLUMNS: Final = (
    "position", "code", "name_zh", "name_en", "data_type", "unit", "grade", "pi_class",
    "description",
)  # fmt: skip
"""The columns of the table of data items, as departments exchange it."""

_FORMULA: Final = frozenset("=+-@\t\r")
_UNSAID: Final = frozenset({"share_mode", "source_acquisition"})
_TermT = TypeVar("_TermT", bound=Term)


def metadata(fields: Fields) -> DirectoryContent:
    """Build the metadata of a version. Raises Invalid at the first field that is wrong."""
    given: dict[str, Any] = {**_DEFAULTS, **fields}
    for name, terms in _CHOICES.items():
        if given[name] is None and name in _UNSAID:
            continue
        given[name] = _term(terms, given[name], f"/{name}").value
    if not INDUSTRY.fullmatch(given["industry"]):
        raise Invalid(
            "行业代码应为国民经济行业分类代码", "not a code of GB/T 4754", pointer="/industry"
        )
    given["spatial"] = [*given.get("spatial", ())]
    given["keywords"] = [*given.get("keywords", ())]
    for place, region in enumerate(given["spatial"]):
        if not REGION.fullmatch(region):
            raise Invalid(
                "区划代码应为六位数字", "a region code has six digits", pointer=f"/spatial/{place}"
            )
    begin, end = given["temporal_from"], given["temporal_to"]
    if begin and end and end < begin:
        raise Invalid(
            "数据时间范围的终点早于起点", "the data end before they begin", pointer="/temporal_to"
        )
    made = DirectoryContent(**given)
    if made.withholds and not made.legal_basis.strip():
        raise Invalid(
            "不予共享或不予开放须写明法律依据",
            "what is not shared or not open needs a legal basis",
            pointer="/legal_basis",
        )
    return made


def data_items(rows: Sequence[Mapping[str, Any]], now: Instant) -> list[DataItem]:
    """Build the data items of a version, in the order given.

    rows: code, name_zh, name_en, data_type, and unit, grade, pi_class, description where
    they differ from none, G1, none and none. Raises Invalid at the first that is wrong.
    """
    made: dict[str, DataItem] = {}
    for place, row in enumerate(rows):
        item = _item(row, f"/items/{place}", now)
        if item.code in made:
            raise Invalid(
                f"信息项代码 {item.code} 重复",
                f"the item code {item.code} stands twice",
                pointer=f"/items/{place}/code",
            )
        item.position = place + 1
        made[item.code] = item
    return list(made.values())


def of(session: Session, version_id: str) -> DirectoryContent:
    """Return the metadata of a version that exists. One SELECT by key."""
    return session.get_one(DirectoryContent, version_id)


def items(session: Session, version_id: str) -> list[DataItem]:
    """Return the data items of a version in their order. One SELECT on an index."""
    statement = (
        select(DataItem).where(DataItem.version_id == version_id).order_by(DataItem.position)
    )
    return list(session.scalars(statement))


def table(rows: Sequence[DataItem]) -> str:
    """Write data items as CSV, one line each, for a spreadsheet (UTF-8 with its mark).

    A value that a spreadsheet would take for a formula is written after an apostrophe.
    """
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        values = (str(getattr(row, name)) for name in COLUMNS)
        writer.writerow([f"'{value}" if value[:1] in _FORMULA else value for value in values])
    return out.getvalue()


def _item(row: Mapping[str, Any], pointer: str, now: Instant) -> DataItem:
    code = row["code"]
    if not ITEM_CODE.fullmatch(code):
        raise Invalid(
            "信息项代码应以字母开头，由字母、数字、下划线和点组成",
            "an item code is a letter, then letters, digits, underscores and dots",
            pointer=f"{pointer}/code",
        )
    return DataItem(
        id=ids.new("itm_", now),
        code=code,
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        data_type=_term(DataType, row["data_type"], f"{pointer}/data_type").value,
        unit=row.get("unit", ""),
        grade=_term(Grade, row.get("grade", Grade.G1), f"{pointer}/grade").value,
        pi_class=_term(PiClass, row.get("pi_class", PiClass.NONE), f"{pointer}/pi_class").value,
        description=row.get("description", ""),
    )


def _term(terms: type[_TermT], code: str, pointer: str) -> _TermT:
    try:
        return terms(code)
    except ValueError:
        known = ", ".join(term.value for term in terms)
        raise Invalid(
            f"“{code}”不是有效代码，应为 {known} 之一",
            f"{code!r} is none of {known}",
            pointer=pointer,
        ) from None
