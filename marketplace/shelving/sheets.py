"""Files that list products, read into rows: CSV, XLSX, YAML, DCAT (JSON-LD, Turtle). Pure."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any, Final

import yaml
from python_calamine import CalamineError, CalamineWorkbook

from kernel.errors import Invalid
from marketplace.shelving import cells, graphs
from marketplace.shelving.problems import Row

FIELD_MAX: Final = cells.CELL_MAX
SHEET_BYTES_MAX: Final = 4_000_000
"""Bytes of a file: a thousand products with a sample each."""

_UNPACKED_MAX: Final = 50
_ENCODINGS: Final = ("utf-8-sig", "gb18030")


def read(name: str, content: bytes, *, rows_max: int) -> list[Row]:
    """Return the rows of a file, told by the end of its name. Raises Invalid with /file.

    At most `rows_max` rows and SHEET_BYTES_MAX bytes. Nothing is fetched from anywhere.
    """
    if len(content) > SHEET_BYTES_MAX:
        raise _bad(
            f"文件至多 {SHEET_BYTES_MAX:,} 字节", f"a file has at most {SHEET_BYTES_MAX:,} bytes"
        )
    ending = name.rpartition(".")[2].lower()
    reader = _READERS.get(ending)
    if reader is None:
        known = "、".join(_READERS)
        raise _bad(f"文件须为 {known}", f"a file is one of {', '.join(_READERS)}")
    rows: list[Row] = []
    for row in reader(content):
        if len(rows) == rows_max:
            raise _bad(f"至多 {rows_max} 行", f"at most {rows_max} rows")
        rows.append(row)
    if not rows:
        raise _bad("文件中没有产品", "there is no product in the file")
    return rows


def _csv(content: bytes) -> Iterator[Row]:
    text = _decoded(content)
    before = csv.field_size_limit(FIELD_MAX)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = _header(next(reader, []))
        for written in reader:
            if any(cell.strip() for cell in written):
                yield _row(reader.line_num, header, written)
    except csv.Error as error:
        raise _bad(f"CSV 无法读取：{error}", f"this is no CSV: {error}") from error
    finally:
        csv.field_size_limit(before)


def _xlsx(content: bytes) -> Iterator[Row]:
    try:
        graphs.check_unpacked(content, _UNPACKED_MAX * SHEET_BYTES_MAX // 10)
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as workbook:
            found = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, IndexError, ValueError) as error:
        raise _bad("工作簿已损坏或过大", "the workbook is damaged or too large") from error
    header = _header([str(cell) for cell in found[0]] if found else [])
    for number, written in enumerate(found[1:], 2):
        texts = [_cell(cell) for cell in written]
        if any(texts):
            yield _row(number, header, texts)


def _cell(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell).strip()


class _Plain(yaml.SafeLoader):
    """YAML without anchors: a short text cannot unfold into a long one."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse an alias, read the rest."""
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


def _yaml(content: bytes) -> Iterator[Row]:
    try:
        found = yaml.load(_decoded(content), Loader=_Plain)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        first = str(error).splitlines()[0][:120]
        raise _bad(f"YAML 无法读取：{first}", f"this is no YAML: {first}") from error
    listed = found.get("products") if isinstance(found, dict) else found
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise _bad("YAML 须为产品列表", "the YAML is no list of products")
    for number, each in enumerate(listed, 1):
        yield Row(number, {cells.heading(str(key)): value for key, value in each.items()})


def _graph(kind: str) -> Any:
    def reader(content: bytes) -> Iterator[Row]:
        try:
            yield from graphs.read(_decoded(content), kind)
        except graphs.BadGraph as error:
            raise _bad(error.zh, error.en) from error

    return reader


_READERS: Final[dict[str, Any]] = {
    "csv": _csv,
    "xlsx": _xlsx,
    "yaml": _yaml,
    "yml": _yaml,
    "jsonld": _graph("json-ld"),
    "json": _graph("json-ld"),
    "ttl": _graph("turtle"),
}


def _decoded(content: bytes) -> str:
    for encoding in _ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise _bad("文件须为 UTF-8 或 GB18030 文本", "the file is neither UTF-8 nor GB 18030")


def _header(written: Sequence[str]) -> list[str]:
    header = [cells.heading(each) for each in written]
    while header and not header[-1]:
        header.pop()
    doubled = sorted({each for each in header if header.count(each) > 1})
    if doubled:
        raise _bad(f"列“{doubled[0]}”重复", f"column {doubled[0]!r} stands there twice")
    if "code" not in header:
        raise _bad("第一行须为列名，且含“产品编号”", "the first row names the columns, `code` too")
    return header


def _row(number: int, header: Sequence[str], written: Sequence[str]) -> Row:
    beyond = [cell for cell in written[len(header) :] if cell.strip()]
    found: dict[str, Any] = dict(zip(header, written, strict=False))
    if beyond:
        found[f"#{len(header) + 1}"] = beyond[0]
    return Row(number, found)


def _bad(zh: str, en: str) -> Invalid:
    return Invalid(zh, en, pointer="/file")
