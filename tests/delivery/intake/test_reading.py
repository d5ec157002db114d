from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from delivery.intake import reading
from delivery.intake.formats import Encoding, Format, Unreadable
from delivery.intake.reading import Limits, Shape
from tests.delivery.intake import files
from tests.delivery.intake.files import LIMITS, STATIONS


def read(path: Path, folder: Path, limits: Limits = LIMITS) -> Shape:
    with reading.opened(folder, limits) as connection:
        return reading.read(connection, path, folder, limits)


def refusals(
    path: Path, folder: Path, limits: reading.Limits = LIMITS
) -> list[tuple[str, int | None]]:
    with pytest.raises(Unreadable) as told:
        read(path, folder / "out", limits)
    return [(problem.code, problem.line) for problem in told.value.problems]


def rows(folder: Path) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(f"FROM '{folder}/out/table.parquet'").fetchall()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("sign", [",", "\t", ";", "|"])
def test_a_text_is_read_in_every_encoding_and_with_every_delimiter(
    tmp_path: Path, encoding: str, sign: str
) -> None:
    path = files.written(tmp_path, "a.txt", STATIONS.replace(",", sign).encode(encoding))

    shape = read(path, tmp_path / "out")

    assert (shape.format, shape.delimiter, shape.rows) == (Format.CSV, sign, 3)
    assert shape.encoding == Encoding(encoding.removesuffix("-sig"))
    assert shape.columns == [("station", "VARCHAR"), ("day", "DATE"), ("rain_mm", "DOUBLE")]
    assert rows(tmp_path)[2] == ("湘潭", date(2026, 1, 3), 12.25)


def test_a_code_with_a_leading_zero_stays_text(tmp_path: Path) -> None:
    path = files.written(tmp_path, "a.csv", "code,n\n007,1\n010,2\n")

    shape = read(path, tmp_path / "out")

    assert shape.columns == [("code", "VARCHAR"), ("n", "BIGINT")]
    assert rows(tmp_path) == [("007", 1), ("010", 2)]


def test_a_column_in_which_one_late_row_is_no_number_is_text(tmp_path: Path) -> None:
    many = "1,2\n" * (reading.GUESSED_ROWS + 10)
    path = files.written(tmp_path, "a.csv", f"a,b\n{many}none,3\n")

    shape = read(path, tmp_path / "out")

    assert shape.columns == [("a", "VARCHAR"), ("b", "BIGINT")]
    assert shape.rows == reading.GUESSED_ROWS + 11


def test_rows_of_another_shape_are_told_by_their_lines_and_nothing_is_guessed(
    tmp_path: Path,
) -> None:
    path = files.written(tmp_path, "a.csv", "a,b\n1,2\n3\n4,5,6\n7,8\n")

    assert refusals(path, tmp_path) == [("ROW_MISSHAPEN", 3), ("ROW_MISSHAPEN", 4)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", [("FILE_EMPTY", None)]),
        ("a,a,A\n1,2,3\n", [("COLUMN_TWICE", 1), ("COLUMN_TWICE", 1)]),
        ("a,\n1,2\n", [("COLUMN_UNNAMED", 1)]),
        ('a,"b\x01"\n1,2\n', [("FORMAT_UNKNOWN", None)]),
        (f"a,{'b' * 129}\n1,2\n", [("COLUMN_MISNAMED", 1)]),
        ('a,b\n1,"two\n', [("QUOTE_UNCLOSED", 2)]),
        (",".join(f"c{n}" for n in range(2_001)) + "\n", [("TOO_MANY_COLUMNS", 1)]),
        (",".join(f"c{n}" for n in range(10**6)) + "\n", [("HEADER_TOO_LONG", 1)]),
        ("\x00\x01\x02", [("FORMAT_UNKNOWN", None)]),
        ('{"a": 1}\n{"a": \n', [("FILE_DAMAGED", None)]),
        ("PAR1" + "\x7f" * 200 + "PAR1", [("FILE_DAMAGED", None)]),
        ("PK\x03\x04" + "x" * 100, [("FILE_TRUNCATED", None)]),
    ],
)  # fmt: skip
def test_a_bad_file_is_told_what_is_wrong_and_where(
    tmp_path: Path, text: str, told: list[tuple[str, int | None]]
) -> None:
    assert refusals(files.written(tmp_path, "a.csv", text), tmp_path) == told


def test_what_is_in_no_known_encoding_is_refused(tmp_path: Path) -> None:
    path = files.written(tmp_path, "a.csv", b"a,b\n\xff\xfe\xff,\x80\n")

    assert refusals(path, tmp_path) == [("ENCODING_UNKNOWN", None)]


def test_more_rows_than_allowed_are_refused(tmp_path: Path) -> None:
    path = files.written(tmp_path, "a.csv", STATIONS)

    assert refusals(path, tmp_path, replace(LIMITS, rows=2)) == [("TOO_MANY_ROWS", None)]


def test_a_row_longer_than_allowed_is_refused(tmp_path: Path) -> None:
    path = files.written(tmp_path, "a.csv", f"a,b\n1,{'x' * 5000}\n")

    (told, *_) = refusals(path, tmp_path, replace(LIMITS, cell_bytes=2000))

    assert told[0] in ("ROW_TOO_LONG", "FILE_DAMAGED")


def test_lines_of_json_become_columns_and_what_is_nested_becomes_text(tmp_path: Path) -> None:
    path = files.written(tmp_path, "a.jsonl", '{"a": 1, "b": {"c": [1, 2]}}\n{"a": 2, "d": "x"}\n')

    shape = read(path, tmp_path / "out")

    assert shape.columns == [("a", "BIGINT"), ("b", "VARCHAR"), ("d", "VARCHAR")]
    assert [row[2] for row in rows(tmp_path)] == [None, "x"]


def test_a_workbook_gives_its_first_sheet_and_a_formula_its_last_value(tmp_path: Path) -> None:
    days = [date(2026, 1, 1), date(2026, 1, 2)]
    path = files.workbook(
        tmp_path,
        [["站", "数", "日"], ["甲", 1, days[0]], [None, None, None], ["乙", 2.5, days[1]]],
        formula="=SUM(B2:B4)",
    )

    shape = read(path, tmp_path / "out")

    assert shape.columns == [("站", "VARCHAR"), ("数", "DOUBLE"), ("日", "DATE")]
    assert rows(tmp_path) == [
        ("甲", 1.0, days[0]), (None, None, None), ("乙", 2.5, days[1]), (None, 3.0, None),
    ]  # fmt: skip


def test_a_workbook_that_unpacks_to_too_much_is_not_unpacked(tmp_path: Path) -> None:
    path = files.bomb(tmp_path, 100_000_000)

    assert refusals(path, tmp_path) == [("WORKBOOK_TOO_LARGE", None)]


def test_a_damaged_and_an_empty_workbook_are_told_apart(tmp_path: Path) -> None:
    damaged = refusals(files.bomb(tmp_path, 10), tmp_path)
    empty = refusals(files.workbook(tmp_path, []), tmp_path)

    assert (damaged, empty) == ([("WORKBOOK_DAMAGED", None)], [("SHEET_EMPTY", None)])


def test_a_parquet_file_keeps_its_types_as_far_as_a_table_can_hold_them(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT 1::UTINYINT AS small, 2::HUGEINT AS huge, uuid() AS id, "
            f"TIMESTAMP_NS '2026-01-01' AS moment, [1, 2] AS list, 1.5::DECIMAL(9, 2) AS price) "
            f"TO '{path}'"
        )

    shape = read(path, tmp_path / "out")

    assert dict(shape.columns) == {
        "small": "SMALLINT", "huge": "DOUBLE", "id": "VARCHAR", "moment": "TIMESTAMP",
        "list": "VARCHAR", "price": "DECIMAL(9,2)",
    }  # fmt: skip


def test_a_wide_table_is_written_in_groups_of_fewer_rows(tmp_path: Path) -> None:
    columns = ", ".join(f"i AS c{place}" for place in range(1_500))
    path = tmp_path / "wide.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT {columns} FROM range(6_000) t(i)) TO '{path}'")

    read(path, tmp_path / "out")

    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT DISTINCT row_group_id, row_group_num_rows "
            f"FROM parquet_metadata('{tmp_path}/out/table.parquet') ORDER BY 1"
        ).fetchall()
    assert [rows for _, rows in found] == [4_096, 1_904]
