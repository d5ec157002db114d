"""What is wrong with a row of a file that lists products in bulk, and what becomes of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from kernel.words import Words


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. column: empty when it is the whole row; rule: "L-01", "F-02" …."""

    column: str
    rule: str
    code: str
    words: Words
    fix: Words


@dataclass(frozen=True, slots=True)
class Row:
    """One product as a file writes it. number: the line, or the place in a list, from one."""

    number: int
    cells: Mapping[str, Any]


class Plan(StrEnum):
    """What becomes of a row when it is submitted."""

    NEW = "new"  # a product is written and submitted
    REVISED = "revised"  # a draft is revised and submitted
    MINOR = "minor"  # a listed product gets a minor version
    MAJOR = "major"  # a listed product gets a major version
    SUBMITTED = "submitted"  # an unchanged draft is submitted
    SAME = "same"  # nothing differs, nothing is done
    BARRED = "barred"  # something must be mended first


# fmt: off
FORMS: Final[Mapping[str, tuple[str, Words]]] = {
    "REQUIRED":      ("F-01", Words("填写此列", "fill in this column")),
    "UNKNOWN_CODE":  ("F-02", Words("使用代码表中的代码或中文名称",
                                    "use a code of the list, or its name in Chinese or English")),
    "NOT_A_DATE":    ("F-03", Words("日期写作 2026-07-01", "write a day as 2026-07-01")),
    "NOT_A_NUMBER":  ("F-04", Words("填写整数", "write a whole number")),
    "NOT_AN_AMOUNT": ("F-05", Words("金额以元为单位，如 12800.00；价格待议的请给出参考价并选择面议",
                                    "write yuan such as 12800.00; a price that is agreed on "
                                    "later needs price_kind negotiated")),
    "UNREADABLE":    ("F-06", Words("按模板的写法填写", "write it as the template shows")),
    "UNKNOWN_COLUMN": ("F-07", Words("删去此列，或改用模板中的列名",
                                     "take the column out, or use a name of the template")),
    "DUPLICATE":     ("F-08", Words("每个产品编号在文件中只写一行",
                                    "write each product code on one row only")),
    "TOO_LONG":      ("F-09", Words("缩短内容", "shorten it")),
    "NOT_NOW":       ("F-10", Words("待审核或暂停结束后再提交；已终止的请改用新编号",
                                    "wait until the review or suspension is over; for what has "
                                    "ended use a new code")),
    "INVALID":       ("F-11", Words("改正此列的内容", "mend what this column says")),
}
# fmt: on
"""The rules of form: code → number and fix."""


def form(column: str, code: str, zh: str, en: str) -> Problem:
    """Return a problem of form."""
    rule, fix = FORMS[code]
    return Problem(column, rule, code, Words(zh, en), fix)
