"""What a league may tell: places of enough organisations, of which none makes up most of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.releasing import masking
from marketplace.releasing.figures import Stand
from marketplace.releasing.masking import Disclosure

RULE = Disclosure(organisations_min=3, dominant_bp=8_500, places_max=4)


def stand(key: str, counted: int, traders: int = 3, largest: int = 0) -> Stand:
    return Stand(key, counted, 1, None, traders, largest)


def told(*stands: Stand, rule: Disclosure = RULE) -> dict[str, Any]:
    return masking.league("products", stands, sum(one.counted for one in stands), rule)


def reasons(league: dict[str, Any]) -> list[str | None]:
    return [place.get("masked") for place in league["places"]]


def test_equal_amounts_share_a_rank_and_the_next_one_counts_them() -> None:
    league = told(stand("a", 40), stand("b", 20), stand("c", 20), stand("d", 10))

    assert [place["rank"] for place in league["places"]] == [1, 2, 2, 4]
    assert [place["share_bp"] for place in league["places"]] == [4444, 2222, 2222, 1111]
    assert league["others"] == {"places": 0, "value_fen": 0, "trades": 0}


@pytest.mark.parametrize(
    ("one", "reason"),
    [(stand("b", 20, traders=2), "few_organisations"),
     (stand("b", 20, largest=18), "dominated"),
     (stand("b", 20, largest=17), None),
     (stand("b", -20, largest=1), "dominated")],
)  # fmt: skip
def test_a_place_that_tells_of_one_trader_is_hidden(one: Stand, reason: str | None) -> None:
    stands = sorted([stand("a", 40), one, stand("c", 5), stand("d", 4)], key=lambda it: -it.counted)
    place = stands.index(one)

    assert reasons(told(*stands))[place] == reason


def test_a_place_hidden_alone_takes_the_smallest_shown_one_with_it() -> None:
    league = told(stand("a", 40, traders=1), stand("b", 20), stand("c", 10))

    assert reasons(league) == ["few_organisations", None, "complementary"]
    assert league["others"] == {"places": 2, "value_fen": 50, "trades": 2}
    assert league["places"][0] == {"rank": 1, "masked": "few_organisations"}


def test_a_single_place_beyond_the_last_shown_one_is_not_given_away() -> None:
    league = told(*(stand(key, 50 - place) for place, key in enumerate("abcde")))

    assert reasons(league) == [None, None, None, "complementary"]
    assert league["others"]["places"] == 2


@given(
    st.lists(
        st.tuples(st.integers(-100, 1_000), st.integers(1, 5), st.integers(0, 1_000)), max_size=9
    )
)
def test_a_league_always_adds_up_and_hides_two_or_none(rows: list[tuple[int, int, int]]) -> None:
    stands = [stand(str(place), *row) for place, row in enumerate(rows)]
    stands.sort(key=lambda one: -one.counted)

    league = told(*stands)

    shown = [place for place in league["places"] if "masked" not in place]
    whole = sum(one.counted for one in stands)
    assert sum(place["value_fen"] for place in shown) + league["others"]["value_fen"] == whole
    assert league["others"]["places"] != 1 or not shown
    for place in shown:
        one = next(one for one in stands if one.key == place["key"])
        assert one.traders >= RULE.organisations_min
