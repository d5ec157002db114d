"""The slices of the meteorological board, against the files that the project carries."""

from collections import Counter

import duckdb
import pytest

from app.story.board import slices, sources
from app.story.board.slices import Slice
from app.story.board.sources import Source


@pytest.fixture(scope="module")
def every() -> list[Slice]:
    return slices.every()


def test_there_are_834_under_numbers_of_their_own(every: list[Slice]) -> None:
    kinds = Counter(each.source.name for each in every)

    assert [each.code for each in every] == [f"MET{number:04}" for number in range(1, 835)]
    assert (kinds["beijing"], kinds["new_york"], len(kinds)) == (792, 36, 8)
    assert len({each.zh for each in every}) == len({each.en for each in every}) == 834


def test_the_same_slices_are_made_every_time(every: list[Slice]) -> None:
    assert slices.every() == every


def test_every_slice_holds_rows_of_its_file_and_every_column_is_explained(
    every: list[Slice],
) -> None:
    files: tuple[Source, ...] = (sources.BEIJING, sources.NEW_YORK, *sources.OTHERS)
    with duckdb.connect() as connection:
        for source in files:
            connection.execute(f"CREATE TABLE {source.name} AS {source.rows}")
        counted = [
            connection.execute(f"SELECT count(*) FROM ({each.select})").fetchall()[0][0]
            for each in every
        ]

    assert min(counted) == 366
    assert sum(counted) == 6_412_061
    assert all(set(each.columns) <= set(each.source.columns) for each in every)


def test_a_slice_says_what_it_costs_and_where_it_comes_from(every: list[Slice]) -> None:
    measured = {"dictionary": [{"name": "time", "type": "datetime", "meaning": ""}]}

    nothing: dict[str, list[dict[str, str]]] = {"dictionary": []}
    priced, free = every[0].content(measured), every[795].content(nothing)

    assert priced["price_plan"] == {
        "kind": "one_off",
        "price": {"minor": 59_900, "currency": "CNY"},
    }
    assert "CC BY 4.0" in priced["intro"]
    assert priced["region_coverage"] == ["110000"]
    assert free["price_plan"] == {"kind": "free", "reason": "welfare"}
    assert priced["dictionary"][0]["meaning"].startswith("观测时间")
