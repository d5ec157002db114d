"""Where one scope does not fit into another, what would, and how both are said. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from catalogue.grades import Term
from kernel.errors import Refusal
from kernel.words import Words

ANYTHING: Final = "*"
"""Stands for no limit at all: any purpose, anyone, an unlimited quota."""


class Part(StrEnum):
    """The part of a scope that is at fault; the values are stable refusal codes."""

    PURPOSE = "PURPOSE"
    ITEM = "ITEM"
    TRANSFORM = "TRANSFORM"
    FILTER = "FILTER"
    USER = "USER"
    REGION = "REGION"
    PERIOD = "PERIOD"
    QUOTA = "QUOTA"
    OUTPUT_FORM = "OUTPUT_FORM"
    ENVIRONMENT = "ENVIRONMENT"


@dataclass(frozen=True, slots=True)
class Misfit:
    """One thing in the inner scope that the outer scope does not allow.

    value: what stands there, as a code; empty when something is missing there.
    fitting: the codes to put in its place; none when it can only be left out.
    at: where in the part: (directory, item) of an item, (meter,) of a quota.
    """

    part: Part
    value: str
    fitting: tuple[str, ...]
    at: tuple[str, ...]
    words: Words

    @property
    def refusal(self) -> Refusal:
        """The misfit as a reason to refuse, under the code of its part."""
        return Refusal(self.part, self.words.zh, self.words.en)


# fmt: off
_PROBLEMS: Final = {
    Part.PURPOSE:     Words("用途“{value}”不是上级范围的用途",
                            "purpose “{value}” is not that of the scope above"),
    Part.ITEM:        Words("数据项“{at}”不在上级范围内",
                            "item “{at}” is not in the scope above"),
    Part.TRANSFORM:   Words("数据项“{at}”的处理程度“{value}”不足",
                            "item “{at}” is treated too weakly: {value}"),
    Part.FILTER:      Words("缺少上级范围的行筛选条件",
                            "a row filter of the scope above is missing"),
    Part.USER:        Words("使用主体“{value}”不在上级范围内",
                            "user “{value}” is not in the scope above"),
    Part.REGION:      Words("区域“{value}”超出上级范围",
                            "region “{value}” is beyond the scope above"),
    Part.PERIOD:      Words("期限“{value}”超出上级范围",
                            "period “{value}” is beyond the scope above"),
    Part.QUOTA:       Words("计量“{at}”的限额“{value}”超出上级范围",
                            "quota “{at}” of {value} is beyond the scope above"),
    Part.OUTPUT_FORM: Words("输出形式“{value}”不在上级范围内",
                            "output form “{value}” is not in the scope above"),
    Part.ENVIRONMENT: Words("处理环境“{value}”的防护弱于上级范围的要求",
                            "environment “{value}” is weaker than the scope above asks"),
}
# fmt: on
_UNLIMITED: Final = Words("不限", "any")


def misfit(
    part: Part, value: str, *, fitting: tuple[str, ...] = (), at: tuple[str, ...] = ()
) -> Misfit:
    """Make a misfit and find its words; a Term among the codes is said by its label."""
    problem, remedy = _PROBLEMS[part], _remedy(value, fitting)
    said, place = _words(value), "/".join(at)
    words = Words(
        problem.zh.format(value=said.zh, at=place) + "，" + remedy.zh,
        problem.en.format(value=said.en, at=place) + "; " + remedy.en,
    )
    return Misfit(part, value, fitting, at, words)


def _remedy(value: str, fitting: tuple[str, ...]) -> Words:
    if not fitting:
        return Words("应删去", "leave it out")
    zh = "、".join(_words(code).zh for code in fitting)
    en = ", ".join(_words(code).en for code in fitting)
    if not value:
        return Words(f"应补上“{zh}”", f"add “{en}”")
    return Words(f"应改为“{zh}”", f"change it to “{en}”")


def _words(code: str) -> Words:
    if isinstance(code, Term):
        return code.label
    return _UNLIMITED if code == ANYTHING else Words(code, code)
