"""A list as it is on the screen, saved as a file: CSV for programs, XLSX for people.

A cell that a spreadsheet would take for a formula is written as text: what others have
entered must never run on the reader's machine.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final, TypeAlias

import xlsxwriter
from flask import Response, current_app

from kernel.clock import SHANGHAI

Cell: TypeAlias = str | int | date | datetime | None
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def answer(kind: str, name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """Answer with the rows as `name`.csv or `name`.xlsx. kind: "csv" or "xlsx"."""
    written = _xlsx(header, rows) if kind == "xlsx" else _csv(header, rows)
    response = current_app.response_class(
        written, content_type=XLSX if kind == "xlsx" else "text/csv; charset=utf-8"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response


def _csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([_safe(_plain(cell)) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")  # with its mark, or Excel reads GBK


def _xlsx(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    held = io.BytesIO()
    book = xlsxwriter.Workbook(
        held,
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
    )
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True})
    sheet.freeze_panes(1, 0)
    for place, title in enumerate(header):
        sheet.write_string(0, place, title, bold)
        sheet.set_column(place, place, max(12, 2 * len(title)))
    for line, row in enumerate(rows, start=1):
        for place, cell in enumerate(row):
            plain = _plain(cell)
            if isinstance(plain, int):
                sheet.write_number(line, place, plain)
            else:
                sheet.write_string(line, place, plain)
    book.close()
    return held.getvalue()


def _plain(cell: Cell) -> str | int:
    if isinstance(cell, datetime):
        return cell.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(cell, date):
        return cell.isoformat()
    return "" if cell is None else cell


def _safe(plain: str | int) -> str | int:
    starts = isinstance(plain, str) and plain.startswith(_FORMULA)
    return f"'{plain}" if starts else plain
