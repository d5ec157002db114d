from pathlib import Path
from typing import Any

import duckdb
import pytest

from delivery.profiling import masking
from delivery.profiling.personal import Kind


def sampled(folder: Path, select: str, **kinds: Kind) -> list[dict[str, Any]]:
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({select}) TO '{folder}/a.parquet'")
        return masking.sample(connection, f"{folder}/a.parquet", kinds)


@pytest.mark.parametrize(
    ("kind", "value", "masked"),
    [
        (Kind.RESIDENT_ID, "11010519491231002X", "110*************2X"),
        (Kind.BANK_CARD, "6222020000000022123", "6222***********2123"),
        (Kind.MOBILE, "13800138000", "138******00"),
        (Kind.LANDLINE, "073184001234", "073*******34"),
        (Kind.PASSPORT, "E12345678", "E******78"),
        (Kind.PLATE, "湘A12345", "湘A****5"),
        (Kind.EMAIL, "someone@example.cn", "s***@example.cn"),
        (Kind.ADDRESS, "湖南省长沙市岳麓区麓山路1号", "湖南省长沙市岳麓区***"),
        (Kind.ADDRESS, "12 Main Street", "***"),
        (Kind.NAME, "欧阳明", "欧**"),
        (Kind.NAME, "X", "*"),
        (Kind.BIRTH, "1990-05-06", "1990-**-**"),
        (Kind.BIRTH, "05/06", "****"),
        (Kind.HEALTH, "感冒", "***"),
        (Kind.MOBILE, "138", "***"),
    ],
)
def test_each_kind_is_masked_by_its_rule(
    tmp_path: Path, kind: Kind, value: str, masked: str
) -> None:
    (row,) = sampled(tmp_path, f"SELECT '{value}' AS a, NULL AS b", a=kind, b=Kind.NAME)

    assert row == {"a": masked, "b": None}


def test_a_sample_is_short_and_always_the_same(tmp_path: Path) -> None:
    select = "SELECT range AS n, repeat('x', 500) AS text FROM range(5000)"

    one, other = sampled(tmp_path, select), sampled(tmp_path, select)

    assert len(one) == masking.SAMPLE_ROWS
    assert one == other
    assert {len(row["text"]) for row in one} == {masking.CELL_MAX}


def test_a_profile_hides_the_values_of_people() -> None:
    bare = {"name": "tel", "type": "VARCHAR", "filled": 2, "distinct": 2}
    open_ = {"name": "n", "type": "BIGINT", "filled": 2, "distinct": 2, "min": "1", "max": "2"}
    profile = {
        "columns": [{**bare, "min": "1", "top": [["138", 1]]}, open_],
        "latest": {"tel": "2026-01-01", "n": "2026-01-01"},
    }

    hidden = masking.hidden(profile, {"tel": Kind.MOBILE})

    assert hidden == {"columns": [bare, open_], "latest": {"n": "2026-01-01"}}
