from pathlib import Path
from typing import Any

import duckdb
import pytest

from delivery.profiling import profiles
from tests.delivery import parcels


def profiled(folder: Path, select: str) -> dict[str, Any]:
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({select}) TO '{folder}/a.parquet'")
        return profiles.of(connection, f"{folder}/a.parquet")


def column(profile: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any]
    (found,) = (each for each in profile["columns"] if each["name"] == name)
    return found


def test_a_column_of_numbers_is_told_by_its_figures_and_bins(tmp_path: Path) -> None:
    found = profiled(tmp_path, "SELECT range AS n FROM range(1000)")

    told = column(found, "n")
    assert (told["filled"], told["distinct"]) == (1000, 1000)
    assert (told["min"], told["max"], told["mean"]) == ("0", "999", "499.5")
    assert sum(count for _, count in told["bins"]) == 1000
    assert 10 <= len(told["bins"]) <= profiles.BINS + 1
    assert "top" not in told


def test_what_is_no_finite_number_has_no_place_in_a_mean(tmp_path: Path) -> None:
    found = profiled(tmp_path, "SELECT unnest([1.0, 3.0, 'nan'::DOUBLE, 'inf'::DOUBLE, NULL]) AS n")

    told = column(found, "n")
    assert (told["filled"], told["mean"]) == (4, "2")
    assert sum(count for _, count in told["bins"]) == 2


def test_a_column_of_one_number_and_an_empty_one_have_a_profile_too(tmp_path: Path) -> None:
    found = profiled(tmp_path, "SELECT 7 AS seven, NULL::DOUBLE AS none, NULL::VARCHAR AS blank")

    assert column(found, "seven")["bins"] == [["7", 1]]
    assert (column(found, "none")["mean"], column(found, "none")["bins"]) == (None, [])
    assert column(found, "blank")["top"] == []


def test_the_commonest_values_of_a_text_are_told_in_their_order(tmp_path: Path) -> None:
    found = profiled(
        tmp_path, "SELECT unnest(['长沙', '长沙', '株洲', NULL, '湘潭', '湘潭', '湘潭']) AS city"
    )

    assert column(found, "city")["top"] == [["湘潭", 3], ["长沙", 2], ["株洲", 1]]
    assert (column(found, "city")["filled"], column(found, "city")["distinct"]) == (6, 3)


def test_of_a_key_of_a_large_table_only_what_is_common_is_told(tmp_path: Path) -> None:
    rows = 2 * profiles.DRAWN_ROWS
    found = profiled(
        tmp_path,
        f"SELECT CASE WHEN range % 10 = 3 THEN '不明' WHEN range % 500 = 7 THEN 'rare' "
        f"ELSE 'k' || range END AS key, range % 40 AS n FROM range({rows})",
    )

    assert column(found, "key")["top"] == [["不明", rows // 10]]
    quartiles = [float(each) for each in column(found, "n")["quartiles"]]
    assert quartiles == pytest.approx([9.75, 19.5, 29.25], abs=0.6)


def test_a_column_may_be_called_as_rows_are_numbered_within(tmp_path: Path) -> None:
    found = profiled(
        tmp_path,
        f"SELECT 'a' || range AS file_row_number, range AS n FROM range({2 * profiles.DRAWN_ROWS})",
    )

    assert column(found, "file_row_number")["top"] == []
    assert float(column(found, "n")["quartiles"][1]) == pytest.approx(500_000, rel=0.02)


@pytest.mark.parametrize(
    ("some", "wrong"), [(" 1", 0), ("-.5", 0), ("1e9", 0), ("nan", 0), ("Infinity", 0), ("one", 1)]
)
def test_a_number_is_known_however_it_is_written(tmp_path: Path, some: str, wrong: int) -> None:
    found = profiled(
        tmp_path, f"SELECT '7' AS n FROM range(99) UNION ALL VALUES ('{some}'), ('none')"
    )

    assert found["mixed"] == [["n", 1 + wrong]]


def test_defects_are_counted_exactly(tmp_path: Path) -> None:
    """Seeded: 5 rows twice, 40 gaps of which 10 together, 3 words among numbers."""
    found = profiled(
        tmp_path,
        """
        WITH clean AS (
            SELECT range AS id,
                   CASE WHEN range < 25 THEN NULL ELSE range END AS one,
                   CASE WHEN range BETWEEN 15 AND 29 THEN NULL ELSE range END AS other,
                   CASE WHEN range IN (50, 60, 70) THEN 'bad' ELSE range::VARCHAR END AS text,
                   DATE '2026-01-01' + range::INTEGER AS day
            FROM range(100)
        )
        SELECT * FROM clean UNION ALL SELECT * FROM clean WHERE id BETWEEN 90 AND 94
        """,
    )

    assert (found["rows"], found["duplicates"]) == (105, 5)
    assert found["gaps"] == [["one", "one", 25], ["other", "other", 15], ["one", "other", 10]]
    assert found["mixed"] == [["text", 3]]
    assert found["latest"] == {"day": "2026-04-10"}


def test_the_real_weather_has_a_profile(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        found = profiles.of(connection, str(parcels.DATA / parcels.WEATHER))

    stations = column(found, "station")
    assert found["rows"] == 420_768
    assert (stations["distinct"], stations["top"][0][1]) == (12, 35_064)
    assert found["personal"] == []


@pytest.mark.parametrize("name", ['a"b', "a'b", "a; DROP TABLE x", "列 名"])
def test_a_column_may_have_any_name(tmp_path: Path, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'

    found = profiled(tmp_path, f"SELECT 1 AS {quoted}, 'x' AS other")

    assert [each["name"] for each in found["columns"]] == [name, "other"]
