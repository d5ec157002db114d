"""The first sheet of a workbook, row by row, as text; a formula counts as its last value."""

import csv
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final

from python_calamine import CalamineError, CalamineWorkbook

from delivery.intake.formats import Problem, Unreadable

RATIO_MAX: Final = 200
"""How many times larger than itself a workbook may unpack: sheets of numbers reach thirty."""

_Cell = int | float | str | bool | time | date | datetime | timedelta


def as_csv(path: Path, target: Path, unpacked_bytes: int) -> list[str]:
    """Write the first sheet's rows under its header to `target`; return the header.

    Rows after the last filled one are no rows. Raises Unreadable for a workbook that
    unpacks to more than `unpacked_bytes`, is damaged, locked, or has no filled cell.
    """
    _check_size(path, unpacked_bytes)
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            rows = iter(workbook.get_sheet_by_index(0).iter_rows())
            header = [_text(cell).strip() for cell in next(rows, [])]
            while header and not header[-1]:
                header.pop()
            if not header:
                raise Unreadable(_EMPTY)
            with target.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(header)
                writer.writerows(_filled(rows, len(header)))
    except (CalamineError, IndexError) as error:
        problem = Problem("WORKBOOK_DAMAGED", "工作簿已损坏或有密码", "it is damaged or locked")
        raise Unreadable(problem) from error
    return header


def _filled(rows: Iterator[Sequence[_Cell]], width: int) -> Iterator[list[str]]:
    """Yield the rows as texts; cells beyond the header only when they are filled."""
    empty = 0
    for row in rows:
        cells = [_text(cell) for cell in row]
        while len(cells) > width and not cells[-1]:
            cells.pop()
        if not any(cells):
            empty += 1
            continue
        yield from ([""] * width for _ in range(empty))
        empty = 0
        yield cells


def _text(cell: _Cell) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    return str(cell)


def _check_size(path: Path, unpacked_bytes: int) -> None:
    with zipfile.ZipFile(path) as opened:
        unpacked = sum(entry.file_size for entry in opened.infolist())
    if unpacked > unpacked_bytes or unpacked > RATIO_MAX * path.stat().st_size:
        zh, en = f"展开后为 {unpacked} 字节，过大", f"it unpacks to {unpacked} bytes: too much"
        raise Unreadable(Problem("WORKBOOK_TOO_LARGE", zh, en))


_EMPTY: Final = Problem("SHEET_EMPTY", "第一张工作表为空", "the first sheet is empty")
