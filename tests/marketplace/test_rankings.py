from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace import rankings
from marketplace.rankings import Before, Ranked, Row

NOON = datetime(2026, 7, 1, 4, tzinfo=UTC)


def row(key: str, value_fen: int, **changes: Any) -> Row:
    fields: dict[str, Any] = {"count": 1, "reached_at": NOON, "code": key}
    return Row(key, value_fen, **(fields | changes))


def keys(ranking: list[Ranked]) -> list[str]:
    return [ranked.row.key for ranked in ranking]


rows = st.lists(
    st.builds(
        Row,
        key=st.uuids().map(str),
        value_fen=st.integers(-5, 20) | st.integers(0, 10**13),
        count=st.integers(0, 3),
        reached_at=st.integers(0, 2).map(lambda hours: NOON + timedelta(hours=hours)),
        code=st.uuids().map(str),
    ),
    max_size=12,
    unique_by=lambda one: one.code,
)


# --- places ------------------------------------------------------------------------------


def test_equal_values_share_a_place_and_the_next_is_left_out() -> None:
    ranking = rankings.rank([row("d", 10), row("b", 20), row("a", 30), row("c", 20)])

    assert [(one.row.key, one.rank) for one in ranking] == [("a", 1), ("b", 2), ("c", 2), ("d", 4)]


def test_equals_are_shown_by_trades_then_time_then_code() -> None:
    later = NOON + timedelta(seconds=1)
    busy = row("z", 20, count=9, reached_at=later)
    early = row("y", 20, count=1, reached_at=NOON, code="2")
    same = row("x", 20, count=1, reached_at=NOON, code="3")
    late = row("w", 20, count=1, reached_at=later, code="1")

    ranking = rankings.rank([late, same, early, busy])

    assert keys(ranking) == ["z", "y", "x", "w"]
    assert {one.rank for one in ranking} == {1}


def test_nothing_to_rank_is_an_empty_ranking() -> None:
    assert rankings.rank([]) == []


@given(rows=rows, data=st.data())
def test_the_same_rows_in_any_order_give_the_same_ranking(
    rows: list[Row], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(rows))

    assert rankings.rank(shuffled) == rankings.rank(rows)


@given(rows)
def test_a_rank_is_one_more_than_the_number_of_greater_values(rows: list[Row]) -> None:
    for one in rankings.rank(rows):
        greater = sum(other.value_fen > one.row.value_fen for other in rows)
        assert one.rank == greater + 1


@given(rows)
def test_every_row_stands_in_the_ranking_once(rows: list[Row]) -> None:
    codes = [one.row.code for one in rankings.rank(rows)]

    assert sorted(codes) == sorted(one.code for one in rows)


# --- change and growth -------------------------------------------------------------------


def test_places_gained_and_lost_are_counted_from_the_period_before() -> None:
    before = {"a": Before(3, 10), "b": Before(1, 40), "c": Before(2, 20)}

    ranking = rankings.rank([row("a", 30), row("b", 20), row("new", 15)], before=before)

    assert [(one.row.key, one.change, one.growth_bp) for one in ranking] == [
        ("a", 2, 20_000),
        ("b", -1, -5_000),
        ("new", None, None),
    ]


def test_without_a_period_before_nothing_has_changed() -> None:
    (only,) = rankings.rank([row("a", 30)])

    assert (only.change, only.growth_bp) == (None, None)


def test_who_had_nothing_keeps_a_change_of_place_without_growth() -> None:
    (only,) = rankings.rank([row("a", 30)], before={"a": Before(7, 0)})

    assert (only.change, only.growth_bp) == (6, None)


# fmt: off
@pytest.mark.parametrize(("before", "now", "growth"), [
    (92_000, 120_000, 3043), (120_000, 92_000, -2333), (100, 100, 0), (100, 0, -10_000),
    (1, 3, 20_000), (0, 5, None), (0, 0, None), (-5, 5, None), (100, -100, -20_000),
    (20_000, 20_001, 1), (20_000, 19_999, -1), (30_000, 30_001, 0),
])
def test_growth_is_measured_from_what_there_was(before: int, now: int, growth: int | None) -> None:
    assert rankings.growth_bp(now, before=before) == growth
# fmt: on


# --- shares and concentration ------------------------------------------------------------


@given(rows)
def test_shares_add_up_to_the_whole(rows: list[Row]) -> None:
    ranking = rankings.rank(rows)

    whole = sum(one.share_bp for one in ranking)
    assert whole == (10_000 if any(one.value_fen > 0 for one in rows) else 0)
    assert all(one.share_bp >= 0 for one in ranking)


def test_thirds_share_the_odd_basis_point_by_the_order_shown() -> None:
    ranking = rankings.rank([row("c", 7), row("a", 7), row("b", 7)])

    assert [(one.row.key, one.share_bp) for one in ranking] == [
        ("a", 3334),
        ("b", 3333),
        ("c", 3333),
    ]


def test_who_refunded_more_than_was_traded_has_no_share() -> None:
    ranking = rankings.rank([row("a", 100), row("b", -50)])

    assert [(one.rank, one.share_bp) for one in ranking] == [(1, 10_000), (2, 0)]


# fmt: off
@pytest.mark.parametrize(("values", "index", "five"), [
    ([40, 30, 20, 10], 3000, 10_000),
    ([100], 10_000, 10_000),
    ([1] * 10, 1000, 5000),
    ([1] * 3, 3333, 10_000),
    ([30, 20, 15, 10, 10, 8, 7], 1838, 8500),
    ([50, -20, 50], 5000, 10_000),
    ([], None, None), ([0, 0], None, None), ([-1], None, None),
])
def test_concentration_is_read_from_the_shares(
    values: list[int], index: int | None, five: int | None
) -> None:
    assert rankings.hhi(values) == index
    assert rankings.cr5(values) == five
# fmt: on


@given(st.lists(st.integers(0, 10**13), min_size=1, max_size=30).filter(any))
def test_concentration_lies_between_equality_and_monopoly(values: list[int]) -> None:
    index, five = rankings.hhi(values), rankings.cr5(values)

    assert index is not None
    assert five is not None
    assert 10_000 // len(values) <= index <= 10_000
    assert min(10_000, 50_000 // len(values)) <= five <= 10_000
