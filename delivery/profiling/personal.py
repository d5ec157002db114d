"""Finding personal information (个人信息识别) in the columns of a table.

A finding raises what a table's owner says of it, never lowers it, and a person decides.
Source: the forms of Chinese identifiers (GB 11643, GA 36, GB 32100, ISO/IEC 7812), and one
rule against chance: one serial number in ten passes a check digit, so a column holds
identifiers only where at least half of what looks like one also checks out.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from duckdb import DuckDBPyConnection
from stdnum import luhn
from stdnum.iso7064 import mod_11_2

from catalogue.grades import Grade, PiClass, Term
from delivery.quoting import identifier
from kernel.money import half_up

SAMPLED: Final = 20_000
"""Different values of a column that are looked at."""

SEEN_BP: Final = 500
"""Share of a column's values that must look like an identifier with a check digit."""

MOST_BP: Final = 5_000
"""Share of valid ones among those, and of values that look like something without one."""

NAMES_BP: Final = 7_000
"""Share of values that must look like names in a column whose heading does not say so."""

_NUMBERS: Final = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL")
_MOMENTS: Final = ("DATE", "TIMESTAMP", "BOOLEAN")
_TEN_DIGITS: Final = 1_000_000_000


class Kind(Term):
    """What kind of personal information a column holds."""

    RESIDENT_ID = "resident_id", "居民身份证号", "resident identity number"
    BANK_CARD = "bank_card", "银行卡号", "bank card number"
    MOBILE = "mobile", "手机号码", "mobile number"
    LANDLINE = "landline", "固定电话", "fixed-line number"
    PASSPORT = "passport", "护照与通行证号", "passport or travel permit"
    PLATE = "plate", "机动车号牌", "vehicle plate"
    EMAIL = "email", "电子邮箱", "e-mail address"
    ADDRESS = "address", "详细地址", "street address"
    NAME = "name", "姓名", "name of a person"
    HEALTH = "health", "健康信息", "health record"
    BIRTH = "birth", "出生日期", "date of birth"


SENSITIVE: Final = frozenset({Kind.RESIDENT_ID, Kind.BANK_CARD, Kind.PASSPORT, Kind.HEALTH})
"""Kinds whose leak easily harms a person's dignity or safety (敏感个人信息)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One column and what it seems to hold. share_bp: of its values, in basis points."""

    column: str
    kind: Kind
    share_bp: int
    headed: bool

    @property
    def pi_class(self) -> PiClass:
        """The class that the column has at least."""
        return PiClass.SENSITIVE if self.kind in SENSITIVE else PiClass.ORDINARY

    def told(self) -> dict[str, str | int | bool]:
        """Return the finding as a profile keeps it."""
        return {"column": self.column, "kind": self.kind.value, "share_bp": self.share_bp,
                "headed": self.headed, "pi_class": self.pi_class.value}  # fmt: skip

    @property
    def grade(self) -> Grade:
        """The grade that the table has at least."""
        return Grade.G3 if self.kind in SENSITIVE else Grade.G2


@dataclass(frozen=True, slots=True)
class Recogniser:
    """How one kind is told.

    pattern: of a whole value, spaces and hyphens taken out. heading: of a column's name.
    valid: the check digit. least_bp: share that must look so where the heading is silent.
    spread: leading characters of which there must be several kinds, as in numbers given
    to many people and not in a running number.
    """

    kind: Kind
    pattern: str
    heading: str
    valid: Callable[[str], bool] | None = None
    least_bp: int = MOST_BP
    spread: int = 0


def raised(grade: Grade, pi_class: PiClass, findings: Sequence[Finding]) -> tuple[Grade, PiClass]:
    """Return grade and class of a table after its findings: the higher of each."""
    return (
        max([grade, *(each.grade for each in findings)]),
        max([pi_class, *(each.pi_class for each in findings)]),
    )


def may_hold(name: str, kind: str, ends: Sequence[str | None]) -> bool:
    """Tell whether a column can hold any of the kinds at all. Pure.

    kind: its type, in DuckDB's words. ends: its least and greatest value, as shown. Moments
    and numbers of fewer than ten digits are nothing by their look; a heading that says
    otherwise is always followed.
    """
    if any(re.search(each.heading, name, re.IGNORECASE) for each in RECOGNISERS):
        return True
    if kind.startswith(_MOMENTS):
        return False
    if not kind.startswith(_NUMBERS):
        return True
    return not all(end is None or abs(float(end)) < _TEN_DIGITS for end in ends)


def found(connection: DuckDBPyConnection, table: str, columns: Sequence[str]) -> list[Finding]:
    """Return what the columns of a table hold, at most one finding a column, in their order.

    table: a name or a parenthesised SELECT. One SELECT over SAMPLED different values for
    each column, and one more for each kind with a check digit that shows in it.
    """
    told = (_of_column(connection, table, column) for column in columns)
    return [finding for finding in told if finding is not None]


def _of_column(connection: DuckDBPyConnection, table: str, column: str) -> Finding | None:
    name = identifier(column)
    # What differs is taken first: of each value one is written without its gaps, not each cell.
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE looked_at AS SELECT DISTINCT "
        f"regexp_replace(trim(CAST({name} AS VARCHAR)), '[ \\-]', '', 'g') AS value "
        f"FROM (SELECT DISTINCT {name} FROM {table} WHERE {name} IS NOT NULL LIMIT {SAMPLED})"
    )
    asked = ", ".join(
        f"count(*) FILTER (regexp_full_match(value, '{each.pattern}'))" for each in RECOGNISERS
    )
    told = connection.execute(f"SELECT count(*), {asked} FROM looked_at").fetchall()[0]
    total, matched = told[0], told[1:]
    for recogniser, count in zip(RECOGNISERS, matched, strict=True):
        finding = _judged(connection, column, recogniser, count, total)
        if finding is not None:
            return finding
    return None


def _judged(
    connection: DuckDBPyConnection, column: str, by: Recogniser, matched: int, total: int
) -> Finding | None:
    headed = bool(re.search(by.heading, column, re.IGNORECASE))
    share_bp = half_up(10_000 * matched, total) if total else 0
    if not matched or share_bp < (SEEN_BP if headed else by.least_bp):
        return None
    values = list(_values(connection, by.pattern))
    if by.valid is not None:
        valid = sum(map(by.valid, values))
        if half_up(10_000 * valid, matched) < MOST_BP:
            return None
    elif not headed and by.spread and not _spread(values, by.spread):
        return None
    return Finding(column, by.kind, share_bp, headed)


def _values(connection: DuckDBPyConnection, pattern: str) -> Iterator[str]:
    rows = connection.execute(
        f"SELECT value FROM looked_at WHERE regexp_full_match(value, '{pattern}')"
    ).fetchall()
    return (value for (value,) in rows)


def _spread(values: Sequence[str], length: int) -> bool:
    beginnings = {value[:length] for value in values}
    return len(beginnings) >= min(5, len(values))


def _resident(value: str) -> bool:
    # Areas are not asked for: the codes of many a district were given up after it was issued.
    if len(value) == 15:
        return _born(value[6:12])
    return _born(value[8:14]) and bool(mod_11_2.is_valid(value.upper()))


def _born(text: str) -> bool:
    """Tell whether six digits can be a day of the last century, as in numbers of 15 digits."""
    return 1 <= int(text[2:4]) <= 12 and 1 <= int(text[4:6]) <= 31


def _card(value: str) -> bool:
    return bool(luhn.is_valid(value))


# The hundred and sixty surnames that nineteen in twenty people bear, and those of two characters.
_SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任"
    "沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔"
    "向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕"
    "单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦"
    "褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明"
)
_DOUBLE: Final = (
    "欧阳|上官|司马|司徒|诸葛|夏侯|皇甫|尉迟|公孙|慕容|令狐|宇文|长孙|东方|端木|独孤|南宫"
)
_PROVINCES: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"

# fmt: off
RECOGNISERS: Final = (
    Recogniser(Kind.RESIDENT_ID, r"[1-9][0-9]{16}[0-9Xx]|[1-9][0-9]{14}",
               r"身份证|证件号|公民身份|id_?card|id_?no|identity", _resident, SEEN_BP),
    Recogniser(Kind.BANK_CARD, r"[3-6][0-9]{14,18}",
               r"银行卡|卡号|账号|card_?no|bank_?(card|account)", _card, SEEN_BP),
    Recogniser(Kind.MOBILE, r"(\+?86)?1[3-9][0-9]{9}",
               r"手机|移动电话|联系电话|联系方式|电话|mobile|phone|tel", spread=3),
    Recogniser(Kind.LANDLINE, r"\(?0[1-9][0-9]{1,2}\)?[1-9][0-9]{6,7}",
               r"固话|座机|电话|phone|tel|fax|传真", spread=4),
    Recogniser(Kind.PASSPORT, r"[EGDSP][A-Z]?[0-9]{7,8}|[CHMhm][0-9]{8,10}",
               r"护照|通行证|passport|permit", spread=3),
    Recogniser(Kind.PASSPORT, r"[A-Z0-9]{6,12}", r"护照|通行证|passport", least_bp=10_001),
    Recogniser(Kind.PLATE,
               rf"[{_PROVINCES}][A-HJ-NP-Z][·.]?([A-HJ-NP-Z0-9]{{5,6}}|[A-HJ-NP-Z0-9]{{4}}[学警港澳挂领])",
               r"车牌|号牌|plate"),
    Recogniser(Kind.EMAIL, r"[A-Za-z0-9._%+]{1,64}@[A-Za-z0-9.]+\.[A-Za-z]{2,12}",
               r"邮箱|e.?mail", least_bp=SEEN_BP),
    Recogniser(Kind.ADDRESS,
               r".*(省|市|自治区|区|县|旗|镇|乡).*(路|街|巷|弄|村|组|小区|大道|社区).*[0-9０-９一二三四五六七八九十]+.*(号|室|栋|幢|单元|户|组|楼).*",
               r"地址|住址|address|street"),
    Recogniser(Kind.ADDRESS, r"[0-9]+ ?[A-Za-z].*", r"address|street", least_bp=10_001),
    Recogniser(Kind.NAME, rf"([{_SURNAMES}][一-龥·]{{1,2}}|({_DOUBLE})[一-龥]{{1,2}})",
               r"姓名|名字|联系人|患者|户主|法定代表人|负责人|监护人|员工|学生|客户名|full_?name|patient",
               least_bp=NAMES_BP, spread=1),
    Recogniser(Kind.NAME, r"[A-Z][a-z]+[0-9]{0,4}",
               r"^(first|last|maiden|given|family|sur)_?name$|^(FIRST|LAST|MAIDEN|MIDDLE)$",
               least_bp=10_001),
    Recogniser(Kind.BIRTH, r"(19|20)[0-9]{2}[/.年]?[0-9]{1,2}[/.月]?[0-9]{1,2}日?.*",
               r"出生|生日|birth|^dob$", least_bp=10_001),
    Recogniser(Kind.HEALTH, r".{1,200}",
               r"诊断|病史|病名|疾病|症状|过敏|血型|体检|病历|用药|diagnos|disease|condition|allerg|symptom|medication",
               least_bp=10_001),
)
# fmt: on
"""In the order of certainty: a column is the first thing that it can be shown to be."""
