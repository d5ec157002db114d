"""Why a location cannot be read, in words; and which of it is an outage that may pass."""

from typing import Final

from delivery.intake.formats import Problem
from kernel.words import Words

OUTAGES: Final = frozenset(
    {"LOCATION_GONE", "ACCESS_REFUSED", "STORE_UNREACHABLE", "FILE_MISSING", "NO_FILES"}
)
"""Of a location that was read before: what it held cannot be delivered now."""

_WORDS: Final = {
    "LOCATION_GONE": Words("该位置不存在或已被移走", "the location is not there, or was moved"),
    "ACCESS_REFUSED": Words("存储拒绝访问，请更换密钥", "the store refuses: renew its keys"),
    "STORE_UNREACHABLE": Words("存储无法连接或没有应答", "the store cannot be reached"),
    "FILE_CHANGED": Words("文件在读取时被更改", "a file was changed while it was read"),
    "FILE_MISSING": Words("表日志所列的文件缺失", "a file that the table's log names is missing"),
    "FILE_NAME_UNSAFE": Words(
        "文件名含不支持的字符，或指向该位置之外", "a file's name is unusual, or leads elsewhere"
    ),
    "SYMBOLIC_LINK": Words("含有符号链接，不予跟随", "there is a symbolic link: none is followed"),
    "NOT_A_FILE": Words("含有非普通文件", "there is something that is no plain file"),
    "TOO_MANY_FILES": Words("文件过多，请先合并", "there are too many files: compact them"),
    "NO_FILES": Words("没有 Parquet 文件", "there are no Parquet files"),
    "NO_ROWS": Words("没有数据行", "there are no rows"),
    "TOO_MANY_ROWS": Words("行数超过限额", "there are more rows than a data set may have"),
    "PARTITIONED": Words(
        "暂不支持分区表，请以不分区方式写出", "partitioned tables are not served: write it unparted"
    ),
    "FEATURE_UNSUPPORTED": Words(
        "该 Delta 表使用了不支持的特性（如删除向量、列映射）",
        "the table uses a feature that is not served (deletion vectors, column mapping)",
    ),
    "LOG_TOO_LARGE": Words("表日志过大，请先清理", "the table's log is too large: clean it up"),
    "LOG_UNREADABLE": Words("表日志无法读取", "the table's log cannot be read"),
    "FILE_DAMAGED": Words("文件已损坏或各文件的列不一致", "damaged, or its files' columns differ"),
    "FILE_TOO_DEMANDING": Words("读取超出限额，已中止", "reading it went past its limits"),
}  # fmt: skip


def problem(code: str) -> Problem:
    """Return a reason as it is told."""
    return Problem(code, *_WORDS[code])
