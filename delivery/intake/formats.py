"""The forms in which a data set may come (格式), told by what the file is, not by its name."""

import codecs
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

HEAD_BYTES: Final = 1 << 20
"""How much of a file is looked at to tell what it is; a header line may not be longer."""

_BLOCK_BYTES: Final = 1 << 22
_CONTROL: Final = frozenset(range(32)) - {9, 10, 12, 13, 27}


class Format(StrEnum):
    """What a file is."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON_LINES = "jsonl"
    PARQUET = "parquet"


class Encoding(StrEnum):
    """How the text of a file is written; GB18030 holds GBK and GB2312 too."""

    UTF_8 = "utf-8"
    GB18030 = "gb18030"
    UTF_16 = "utf-16"


class Unreadable(Exception):
    """The file cannot be read; problems: what is wrong, and where."""

    def __init__(self, *problems: "Problem") -> None:
        super().__init__("; ".join(problem.en for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a file. line: counted from 1, the header being the first."""

    code: str
    zh: str
    en: str
    line: int | None = None
    column: str | None = None


def sniff(path: Path) -> Format:
    """Return what the file is. Raises Unreadable for what is none of the four, and for nothing."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise Unreadable(Problem("FILE_EMPTY", "文件为空", "the file is empty"))
    if head.startswith(b"PAR1"):
        return Format.PARQUET
    if head.startswith(b"PK\x03\x04"):
        return _zipped(path)
    text = _text(head)
    first = next((line for line in text.splitlines() if line.strip()), "")
    return Format.JSON_LINES if first.lstrip().startswith("{") else Format.CSV


def encoding_of(path: Path) -> Encoding:
    """Return how the whole text is written; reads it to the end. Raises Unreadable.

    UTF-8 is tried first: a text in GB18030 of any length is hardly ever valid UTF-8.
    """
    with path.open("rb") as file:
        start = file.read(2)
    if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return Encoding.UTF_16
    for encoding in (Encoding.UTF_8, Encoding.GB18030):
        if _decodes(path, encoding):
            return encoding
    raise Unreadable(
        Problem(
            "ENCODING_UNKNOWN",
            "既不是 UTF-8 也不是 GB18030，请另存为 UTF-8",
            "neither UTF-8 nor GB18030: save it as UTF-8",
        )
    )


def in_utf8(path: Path, encoding: Encoding, target: Path) -> Path:
    """Return the path of the text in UTF-8: `path` itself, or `target`, written anew."""
    if encoding == Encoding.UTF_8:
        return path
    with target.open("w", encoding="utf-8", newline="") as written:
        for text in _decoded(path, encoding):
            written.write(text)
    return target


def _decoded(path: Path, encoding: Encoding) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


def _decodes(path: Path, encoding: Encoding) -> bool:
    try:
        for _ in _decoded(path, encoding):
            pass
    except UnicodeDecodeError:
        return False
    return True


def _text(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", errors="replace")
    if any(byte in _CONTROL for byte in head[:4096]):
        raise Unreadable(_UNKNOWN)
    return head.decode("utf-8-sig", errors="replace")


def _zipped(path: Path) -> Format:
    try:
        with zipfile.ZipFile(path) as opened:
            if "xl/workbook.xml" in opened.namelist():
                return Format.XLSX
    except zipfile.BadZipFile:
        raise Unreadable(
            Problem("FILE_TRUNCATED", "文件不完整或已损坏", "the file is cut off or damaged")
        ) from None
    raise Unreadable(_UNKNOWN)


_UNKNOWN: Final = Problem(
    "FORMAT_UNKNOWN",
    "不是 CSV、XLSX、JSON Lines 或 Parquet",
    "neither CSV nor XLSX, JSON Lines or Parquet",
)
