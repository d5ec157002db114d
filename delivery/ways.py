"""The ways (交付途径) by which data reaches a buyer, and which of them a mode opens. Pure.

A mode says in which form data may leave (the columns of the delivery matrix); a way says
how the buyer then gets it.
"""

from collections.abc import Mapping
from typing import Final

from catalogue.grades import Mode, Term


class Way(Term):
    """How a buyer gets what was bought."""

    PACKAGE = "package", "加密文件包", "encrypted package"
    SHARE = "share", "数据共享（Delta Sharing）", "Delta Sharing"
    API = "api", "计量接口", "metered API"
    QUERY = "query", "域内查询", "in-domain query"
    HAND = "hand", "人工交付", "delivery by hand"


_FILES: Final = frozenset({Way.PACKAGE, Way.SHARE, Way.HAND})
_OF: Final[Mapping[Mode, frozenset[Way]]] = {
    Mode.RAW_FILE: _FILES,
    Mode.MASKED_FILE: _FILES,
    Mode.RECORD_API: frozenset({Way.API}),
    Mode.VERIFICATION: frozenset({Way.API}),
    Mode.IN_DOMAIN: frozenset({Way.QUERY}),
    Mode.MODEL: frozenset({Way.HAND}),
}


def by_hand(mode: Mode, *, stored: bool) -> bool:
    """Tell whether files alone can be handed over. stored: a table of it lies in the domain."""
    opened = _OF[mode]
    return Way.HAND in opened and (not stored or opened == {Way.HAND})


def of(mode: Mode) -> frozenset[Way]:
    """Return the ways that a mode opens."""
    return _OF[mode]
