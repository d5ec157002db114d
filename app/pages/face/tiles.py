"""The prefectures of a province as a grid of equal tiles, about where they lie; no borders."""

from collections.abc import Mapping
from typing import Final

from kernel.words import Words

PREFECTURES: Final[Mapping[str, tuple[tuple[int, int, str, Words], ...]]] = {
    # province → row, column, the first four digits of GB/T 2260, the name
    "43": (
        (1, 1, "4308", Words("张家界", "Zhangjiajie")),
        (1, 2, "4307", Words("常德", "Changde")),
        (1, 3, "4309", Words("益阳", "Yiyang")),
        (1, 4, "4306", Words("岳阳", "Yueyang")),
        (2, 1, "4331", Words("湘西", "Xiangxi")),
        (2, 2, "4313", Words("娄底", "Loudi")),
        (2, 3, "4303", Words("湘潭", "Xiangtan")),
        (2, 4, "4301", Words("长沙", "Changsha")),
        (3, 1, "4312", Words("怀化", "Huaihua")),
        (3, 2, "4305", Words("邵阳", "Shaoyang")),
        (3, 3, "4304", Words("衡阳", "Hengyang")),
        (3, 4, "4302", Words("株洲", "Zhuzhou")),
        (4, 2, "4311", Words("永州", "Yongzhou")),
        (4, 3, "4310", Words("郴州", "Chenzhou")),
    ),
}
WIDTH: Final = 4
SHADES: Final = 4


def shade(value: int, most: int) -> int:
    """Return how dark a tile is, from 0 for nothing to SHADES for the most. Pure."""
    if value <= 0 or most <= 0:
        return 0
    return 1 + (SHADES - 1) * value // most
