"""Reading a file into Parquet, whatever it was: typed columns, or a list of what is wrong.

Runs in a fenced process (see fence), for the file is a stranger's. Types are guessed from
the first rows and asked of every row; a column in which one row does not fit is text. A
row that has too few or too many cells is never guessed at: the whole file is refused.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
from duckdb import DuckDBPyConnection

from delivery.intake import formats, sheets
from delivery.intake.formats import Format, Problem, Unreadable
from delivery.quoting import identifier, literal

GUESSED_ROWS: Final = 20_000
"""Rows from which the types of a text file's columns are guessed."""

TOLD_MAX: Final = 20
"""Problems of one file that are told; the rest of a bad file says nothing new."""

NAME_MAX: Final = 128

GROUP_CELLS: Final = 1 << 22
"""Cells of a row group: who reads or writes a table of many columns holds whole groups of it."""

SMALL_BYTES: Final = 8 << 20
"""Size up to which a file is read by one thread: more of them begin no sooner than it is over."""

_SETTINGS: Final[Mapping[str, Any]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
    "preserve_insertion_order": True,
}
_DELIMITERS: Final = (",", "\t", ";", "|")
_UNNAMEABLE: Final = re.compile(r"[\x00-\x1f\x7f]")
_PLAIN_INTEGER: Final = r"^[+-]?(0|[1-9][0-9]{0,17})$"
_PLAIN_NUMBER: Final = r"^[+-]?(0|[1-9][0-9]*)?(\.[0-9]+)?([eE][+-]?[0-9]+)?$"
_PLAIN_DATE: Final = r"^[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}$"
_PLAIN_TIME: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?$"
# What Delta tables cannot hold, and what holds it without loss.
_HELD_AS: Final = {
    "UTINYINT": "SMALLINT", "USMALLINT": "INTEGER", "UINTEGER": "BIGINT",
    "UBIGINT": "DECIMAL(20,0)", "HUGEINT": "DECIMAL(38,0)", "UHUGEINT": "DECIMAL(38,0)",
    "TIME": "VARCHAR", "TIMETZ": "VARCHAR", "TIME WITH TIME ZONE": "VARCHAR",
    "INTERVAL": "VARCHAR", "UUID": "VARCHAR", "JSON": "VARCHAR", "BIT": "VARCHAR",
    "TIMESTAMP_S": "TIMESTAMP", "TIMESTAMP_MS": "TIMESTAMP", "TIMESTAMP_NS": "TIMESTAMP",
}  # fmt: skip
_HELD: Final = re.compile(
    r"VARCHAR|BOOLEAN|TINYINT|SMALLINT|INTEGER|BIGINT|FLOAT|DOUBLE|DATE|TIMESTAMP|"
    r"TIMESTAMP WITH TIME ZONE|DECIMAL\(\d+,\d+\)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a file may ask for. memory_mb, threads: of the reading itself."""

    columns: int
    rows: int
    cell_bytes: int
    unpacked_bytes: int
    memory_mb: int
    threads: int


@dataclass(frozen=True, slots=True)
class Shape:
    """What was read. columns: name and type in DuckDB's words, in the file's order."""

    format: str
    encoding: str | None
    delimiter: str | None
    rows: int
    columns: list[tuple[str, str]]


def read(connection: DuckDBPyConnection, path: Path, target: Path, limits: Limits) -> Shape:
    """Write the table of the file at `path` as a Parquet file into the folder `target`.

    connection: see `opened`. Costs one pass over the file, two for a text whose types were
    guessed wrong. Raises Unreadable with up to TOLD_MAX problems; nothing in `target` counts
    then.
    """
    kind = formats.sniff(path)
    target.mkdir(parents=True, exist_ok=True)
    try:
        return _READERS[kind](connection, path, target, limits)
    except duckdb.OutOfMemoryException:
        raise Unreadable(_too_big(limits)) from None
    except duckdb.Error as error:
        raise Unreadable(_damaged(str(error))) from None


def opened(folder: Path, limits: Limits) -> DuckDBPyConnection:
    """Return a fresh in-memory database that spills into `folder` and installs nothing."""
    settings: dict[str, Any] = {
        "memory_limit": f"{limits.memory_mb}MB",
        "threads": limits.threads,
        "temp_directory": str(folder / "spill"),
    }
    return duckdb.connect(":memory:", config={**_SETTINGS, **settings})


def ready() -> DuckDBPyConnection:
    """Return an in-memory database without a thread of its own, so that it can be copied.

    It takes a small file longer to open one than to be read by it: a process that makes copies
    of itself opens it once, and each copy makes it its own by `taken`.
    """
    alone: dict[str, Any] = {"threads": 1, "async_threads": 0, "temp_directory": ""}
    return duckdb.connect(":memory:", config={**_SETTINGS, **alone})


def taken(there: DuckDBPyConnection, folder: Path, limits: Limits) -> DuckDBPyConnection:
    """Return the database of `ready` as this process's own: with its memory, and where to spill."""
    there.execute(f"SET memory_limit = '{limits.memory_mb}MB'")
    there.execute(f"SET temp_directory = {literal(str(folder / 'spill'))}")
    return there


# --- text ---------------------------------------------------------------------------------


def _csv(connection: DuckDBPyConnection, path: Path, target: Path, limits: Limits) -> Shape:
    encoding = formats.encoding_of(path)
    text = formats.in_utf8(path, encoding, target / "text.csv")
    delimiter = _delimiter(text)
    names = named(_header(text, delimiter), limits)
    types = _guessed(connection, text, delimiter, names, limits)
    rows = _typed(connection, text, delimiter, types, limits, target)
    if text != path:
        text.unlink()
    return Shape(Format.CSV, encoding, delimiter, rows, list(types.items()))


def _typed(
    connection: DuckDBPyConnection, text: Path, delimiter: str, types: dict[str, str],
    limits: Limits, target: Path,
) -> int:  # fmt: skip
    """Read the text with these types; a column that does not hold becomes text in `types`."""
    for _ in range(len(types) + 1):
        connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
        rows = _copied(connection, _scan(text, delimiter, types, limits), target, limits)
        errors = connection.execute(
            "SELECT line, column_name, error_type, error_message FROM reject_errors LIMIT ?",
            [TOLD_MAX * 50],
        ).fetchall()
        untyped = {name for _, name, kind, _ in errors if kind == "CAST"}
        wrong = [_rejected(*error) for error in errors if error[2] != "CAST"]
        if wrong:
            raise Unreadable(*wrong[:TOLD_MAX])
        if not untyped:
            return rows
        types.update(dict.fromkeys(untyped, "VARCHAR"))
    raise AssertionError("a column of text holds every cell")


def _scan(text: Path, delimiter: str, types: Mapping[str, str], limits: Limits) -> str:
    columns = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in types.items())
    return (
        f"read_csv({literal(str(text))}, auto_detect=false, header=true, "
        f"delim={literal(delimiter)}, quote='\"', escape='\"', columns={{{columns}}}, "
        f"null_padding=false, strict_mode=true, max_line_size={limits.cell_bytes}, "
        f"store_rejects=true, rejects_limit={TOLD_MAX * 50})"
    )


def _guessed(
    connection: DuckDBPyConnection, text: Path, delimiter: str, names: Sequence[str],
    limits: Limits,
) -> dict[str, str]:  # fmt: skip
    plain = dict.fromkeys(names, "VARCHAR")
    found = f"(SELECT * FROM {_scan(text, delimiter, plain, limits)} LIMIT {GUESSED_ROWS})"
    asked = ", ".join(
        f"count({identifier(name)}) FILTER (NOT regexp_matches(trim({identifier(name)}), {what}))"
        for name in names
        for what in map(literal, (_PLAIN_INTEGER, _PLAIN_NUMBER, _PLAIN_DATE, _PLAIN_TIME))
    )
    there = ", ".join(f"count({identifier(name)})" for name in names)
    told = connection.execute(f"SELECT {there}, {asked} FROM {found}").fetchall()[0]
    filled, misfits = told[: len(names)], told[len(names) :]
    types = ("BIGINT", "DOUBLE", "DATE", "TIMESTAMP")
    return {
        name: next(
            (kind for kind, bad in zip(types, misfits[at * 4 : at * 4 + 4], strict=True)
             if count and not bad),
            "VARCHAR",
        )
        for at, (name, count) in enumerate(zip(names, filled, strict=True))
    }  # fmt: skip


def _delimiter(text: Path) -> str:
    """Return the sign that cuts the first lines into the same number of cells, most of them."""
    with text.open(encoding="utf-8-sig", newline="") as file:
        head = file.read(formats.HEAD_BYTES).splitlines()[:50]
    counts = {sign: [line.count(sign) for line in head] for sign in _DELIMITERS}
    return max(_DELIMITERS, key=lambda sign: (len(head) and min(counts[sign]), counts[sign][0]))


def _header(text: Path, delimiter: str) -> list[str]:
    with text.open(encoding="utf-8-sig", newline="") as file:
        line = file.readline(formats.HEAD_BYTES)
        if len(line) == formats.HEAD_BYTES:
            raise Unreadable(
                Problem("HEADER_TOO_LONG", "表头超过 1 MiB", "the header is over 1 MiB", line=1)
            )
    return next(csv.reader([line], delimiter=delimiter, strict=False))


# --- the other three ----------------------------------------------------------------------


def _json(connection: DuckDBPyConnection, path: Path, target: Path, limits: Limits) -> Shape:
    encoding = formats.encoding_of(path)
    text = formats.in_utf8(path, encoding, target / "text.jsonl")
    source = (
        f"read_json({literal(str(text))}, format='newline_delimited', "
        f"maximum_object_size={limits.cell_bytes}, maximum_depth=2, "
        f"sample_size={GUESSED_ROWS}, convert_strings_to_integers=false)"
    )
    columns = _held(connection, source, limits)
    rows = _copied(connection, _cast(source, columns), target, limits)
    if text != path:
        text.unlink()
    return Shape(Format.JSON_LINES, encoding, None, rows, columns)


def _parquet(connection: DuckDBPyConnection, path: Path, target: Path, limits: Limits) -> Shape:
    source = f"read_parquet({literal(str(path))})"
    columns = _held(connection, source, limits)
    rows = _copied(connection, _cast(source, columns), target, limits)
    return Shape(Format.PARQUET, None, None, rows, columns)


def _xlsx(connection: DuckDBPyConnection, path: Path, target: Path, limits: Limits) -> Shape:
    text = target / "sheet.csv"
    header = sheets.as_csv(path, text, limits.unpacked_bytes)
    names = named(header, limits)
    types = _guessed(connection, text, ",", names, limits)
    rows = _typed(connection, text, ",", types, limits, target)
    text.unlink()
    return Shape(Format.XLSX, None, None, rows, list(types.items()))


_READERS: Final = {
    Format.CSV: _csv,
    Format.XLSX: _xlsx,
    Format.JSON_LINES: _json,
    Format.PARQUET: _parquet,
}


def _held(connection: DuckDBPyConnection, source: str, limits: Limits) -> list[tuple[str, str]]:
    """Return the columns of a source under types that a table can hold; nested ones as text."""
    found = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    named([row[0] for row in found], limits)
    columns = []
    for name, kind, *_ in found:
        told = _HELD_AS.get(kind, kind)
        columns.append((name, told if held(told) else "VARCHAR"))
    return columns


def held(kind: str) -> bool:
    """Tell whether a type of DuckDB's is one that a Delta table holds as it is."""
    return _HELD.fullmatch(kind) is not None


def _cast(source: str, columns: Sequence[tuple[str, str]]) -> str:
    kept = ", ".join(f"CAST({identifier(name)} AS {kind}) AS {identifier(name)}"
                     for name, kind in columns)  # fmt: skip
    return f"(SELECT {kept} FROM {source})"


def _copied(connection: DuckDBPyConnection, source: str, target: Path, limits: Limits) -> int:
    """Write the rows of a source as one Parquet file; return how many. Raises Unreadable.

    Rows are counted when they are written: a LIMIT would have one thread do it all, and how
    much may be written is fenced.
    """
    written = literal(str(target / "table.parquet"))
    columns = len(connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall())
    counted = connection.execute(
        f"COPY (SELECT * FROM {source}) TO {written} (FORMAT parquet, COMPRESSION zstd, "
        f"ROW_GROUP_SIZE {min(group_rows(columns), 122_880)})"
    ).fetchall()
    rows = int(counted[0][0])
    if rows > limits.rows:
        raise Unreadable(
            Problem("TOO_MANY_ROWS", f"超过 {limits.rows} 行", f"more than {limits.rows} rows")
        )
    return rows


def group_rows(columns: int) -> int:
    """Return how many rows of so many columns a row group has: fewer of a wide table."""
    return max(2_048, min(GROUP_CELLS // max(columns, 1), 1 << 20))


# --- names and words ----------------------------------------------------------------------


def named(names: Sequence[str], limits: Limits) -> list[str]:
    """Return the names of columns, trimmed. Raises Unreadable for each that is none, or twice."""
    if len(names) > limits.columns:
        zh = f"{len(names)} 列，最多 {limits.columns} 列"
        en = f"{len(names)} columns, {limits.columns} are the most"
        raise Unreadable(Problem("TOO_MANY_COLUMNS", zh, en, line=1))
    found = [name.strip() for name in names]
    problems = list(_misnamed(found))
    if problems:
        raise Unreadable(*problems[:TOLD_MAX])
    return found


def _misnamed(names: Sequence[str]) -> Iterator[Problem]:
    seen: set[str] = set()
    for place, name in enumerate(names, 1):
        if not name:
            zh, en = f"第 {place} 列没有名称", f"column {place} has no name"
            yield Problem("COLUMN_UNNAMED", zh, en, line=1)
        elif len(name) > NAME_MAX or _UNNAMEABLE.search(name):
            zh, en = "列名过长或含控制字符", "the name is too long, or holds control characters"
            yield Problem("COLUMN_MISNAMED", zh, en, line=1, column=name[:NAME_MAX])
        elif name.casefold() in seen:
            zh, en = f"列名“{name}”重复", f"two columns are named {name!r}"
            yield Problem("COLUMN_TWICE", zh, en, line=1, column=name)
        seen.add(name.casefold())


def _rejected(line: int, column: str | None, kind: str, message: str) -> Problem:
    if kind in ("MISSING COLUMNS", "TOO MANY COLUMNS"):
        wanted, found = (int(number) for number in re.findall(r": (\d+)", message)[:2])
        zh, en = f"应有 {wanted} 格，实有 {found} 格", f"{found} cells, not {wanted}"
        return Problem("ROW_MISSHAPEN", zh, en, line=line)
    if kind == "LINE SIZE OVER MAXIMUM":
        return Problem("ROW_TOO_LONG", "此行过长", "the row is too long", line=line)
    if kind == "UNQUOTED VALUE":
        zh, en = "引号没有闭合或位置不对", "a quotation mark is not closed, or misplaced"
        return Problem("QUOTE_UNCLOSED", zh, en, line=line, column=column)
    return Problem("ROW_UNREADABLE", "此行无法读取", "the row cannot be read", line=line)


def _too_big(limits: Limits) -> Problem:
    zh = f"读取所需内存超过 {limits.memory_mb} MB"
    return Problem("FILE_TOO_DEMANDING", zh, f"reading it takes over {limits.memory_mb} MB")


def _damaged(told: str) -> Problem:
    # The engine's own words may name paths of this machine; its first sentence's kind is enough.
    kind = told.split(":", 1)[0][:80]
    return Problem("FILE_DAMAGED", "文件已损坏或不合规范", f"damaged or malformed ({kind})")
