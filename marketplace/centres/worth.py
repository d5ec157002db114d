"""What a listing's description is worth to a buyer, in points of a hundred, and the next fix.

A listing that passed its review may still say little. Each part here has so many points,
and what is lacking is told with what it would bring: the merchant sees where an hour of work
helps buyers most. Nothing is refused by it; what a listing must have is in `listing`.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from kernel.words import Words
from marketplace.prices import AGREED
from marketplace.versions import ProductVersion

INTRO_CHARACTERS: Final = 200
SAMPLE_ROWS: Final = 20
WHOLE: Final = 100


class Part(NamedTuple):
    """One part of a description: its points, how much of it is there (0 … 1), the fix."""

    code: str
    points: int
    there: Callable[[ProductVersion], float]
    fix: Words


class Fix(NamedTuple):
    """What to do next, and how many points that brings."""

    code: str
    says: Words
    worth: int


def _explained(version: ProductVersion) -> float:
    columns = version.dictionary
    told = [one for one in columns if one.get("meaning") and one["meaning"] != one.get("name")]
    return len(told) / len(columns) if columns else 0.0


def _measured(version: ProductVersion) -> float:
    return float(version.dataset_version_id is not None or bool(version.quality))


def _complete(version: ProductVersion) -> float:
    quality = version.quality or {}
    found = quality.get("completeness_bp")
    return min(found / 10_000, 1.0) if isinstance(found, int) else _measured(version)


def _bilingual(version: ProductVersion) -> float:
    return float(version.title_en.isascii() and version.title_en != version.title_zh)


# fmt: off
PARTS: Final[tuple[Part, ...]] = (
    Part("dictionary", 20, _explained,
         Words("逐列说明数据字典的含义", "say of each column what it means")),
    Part("intro", 15, lambda one: min(len(one.intro) / INTRO_CHARACTERS, 1.0),
         Words(f"把简介写到 {INTRO_CHARACTERS} 字：数据从哪来、怎么加工、适合做什么",
               f"write {INTRO_CHARACTERS} characters: whence the data comes, what it is good for")),
    Part("sample", 15, lambda one: min(len(one.sample) / SAMPLE_ROWS, 1.0),
         Words(f"样例给到 {SAMPLE_ROWS} 行", f"show {SAMPLE_ROWS} rows as a sample")),
    Part("profile", 15, _measured,
         Words("关联已画像的数据集，让质量可核验", "name a profiled data set: quality then shows")),
    Part("completeness", 10, _complete,
         Words("补齐缺失值，或说明为何缺失", "fill what is missing, or say why it is")),
    Part("period", 10, lambda one: float(bool(one.temporal_from and one.temporal_to)),
         Words("写明数据的起止时间", "say from when to when the data is")),
    Part("region", 5, lambda one: float(bool(one.region_coverage)),
         Words("写明覆盖区域", "say which regions it covers")),
    Part("english", 5, _bilingual,
         Words("补上英文标题", "give it an English title")),
    Part("price", 5, lambda one: float(one.price_plan["kind"] not in AGREED),
         Words("给出明码标价", "state a price that can be ordered at")),
)
# fmt: on


def points(version: ProductVersion) -> int:
    """Return what the description is worth, of a hundred."""
    return WHOLE - sum(fix.worth for fix in fixes(version))


def fixes(version: ProductVersion) -> list[Fix]:
    """Return what is lacking, what brings most first."""
    total = sum(part.points for part in PARTS)
    lacking = [
        Fix(part.code, part.fix, round((1 - part.there(version)) * part.points * WHOLE / total))
        for part in PARTS
    ]
    return sorted((fix for fix in lacking if fix.worth), key=lambda fix: (-fix.worth, fix.code))


def best(versions: Sequence[ProductVersion], *, limit: int) -> list[tuple[ProductVersion, Fix]]:
    """Return the fixes that bring most over some listings, one of each listing."""
    found = [(version, told[0]) for version in versions if (told := fixes(version))]
    return sorted(found, key=lambda pair: (-pair[1].worth, pair[0].id))[:limit]
