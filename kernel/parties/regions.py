"""What a region of GB/T 2260 (行政区划) is called."""

from typing import Final

from stdnum import numdb

COUNTRY: Final = "000000"


def name(code: str) -> str:
    """Return the Chinese name of a region; the code itself for one that is not known. Pure."""
    if code == COUNTRY:
        return "全国"
    parts = numdb.get("cn/loc").info(code)
    names = [info.get("county") or info.get("province", "") for _, info in parts]
    return names[-1].rpartition("]")[2] or code if parts else code
