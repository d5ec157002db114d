"""Files as they come in, good ones and bad ones."""

import zipfile
from pathlib import Path

import xlsxwriter

from delivery.intake.fence import Fence
from delivery.intake.reading import Limits

LIMITS = Limits(
    columns=2_000,
    rows=1_000_000,
    cell_bytes=1 << 20,
    unpacked_bytes=1 << 26,
    memory_mb=512,
    threads=2,
)
FENCE = Fence(limits=LIMITS, wall_s=60, cpu_s=60, address_mb=8_192, file_bytes=1 << 32)

STATIONS = "station,day,rain_mm\n长沙,2026-01-01,1.5\n株洲,2026-01-02,0\n湘潭,2026-01-03,12.25\n"


def written(folder: Path, name: str, content: str | bytes) -> Path:
    """Write a file."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def workbook(folder: Path, rows: list[list[object]], *, formula: str | None = None) -> Path:
    """Write a workbook whose first sheet has these rows; a formula goes under the last."""
    path = folder / "book.xlsx"
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet()
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)
        if formula is not None:
            sheet.write_formula(len(rows), 1, formula, value=3)
    return path


def bomb(folder: Path, size: int) -> Path:
    """Write a workbook that says nothing and unpacks to `size` bytes."""
    path = folder / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", "<workbook/>")
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * size)
    return path
