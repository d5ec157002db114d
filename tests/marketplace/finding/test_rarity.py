"""The rarest of words and codes is looked up first, and only where that is worth it."""

from sqlalchemy.orm import Session

from marketplace.finding import rarity
from marketplace.finding.rarity import Rarity
from tests.marketplace.finding.test_results import put, selects


def test_words_are_ordered_by_how_much_they_find_and_codes_narrow_where_they_are_rare() -> None:
    told = Rarity(newest=1_000_000, terms=(1_000, 40, 900), codes={"board": 3, "grade": 1_000})

    assert told.first == 1
    assert told.order(1) == [1, 2, 0]
    assert told.order(2) == [2, 1, 0]
    assert told.narrow(20) == "board"
    assert Rarity(newest=1_000_000, codes={"board": 300}).narrow(20) is None
    assert Rarity(newest=1_000_000, codes={"board": 300}).narrow(10_000) == "board"
    assert Rarity(newest=1_000_000, terms=(2,), codes={"board": 3}).narrow(10_000) is None
    assert Rarity().order(0) == []


def test_words_that_find_little_more_than_is_looked_up_are_read_whole() -> None:
    told = Rarity(newest=rarity.SAMPLE, terms=(1, 999, 5_000, 400))

    assert told.whole([0, 1, 2, 3], 20) == {1, 3}
    assert told.whole([3, 0, 1, 2], 20) == {1, 2}
    assert told.whole([3, 0, 1, 2], 2_000) == {1, 2, 3}
    assert told.whole([0], 20) == Rarity().whole([], 20) == set()


def test_a_sample_is_taken_in_one_select_and_not_at_all_without_a_choice(session: Session) -> None:
    for number in range(4):
        put(session, f"p{number}", "气象", facets={"grade": "G1" if number else "G2"})
    put(session, "both", "气象停车")
    taken = selects(session)

    one = rarity.sampled(session, ["气象"], {})
    told = rarity.sampled(session, ["气象", "停车"], {"grade": ["G1"], "mode": []})
    again = rarity.sampled(session, ["气象", "停车"], {"grade": ["G1"]})

    assert (one.terms, one.codes) == ((0,), {})
    assert (told.terms, told.codes) == ((5, 1), {"grade": 3})
    assert again == told
    assert len(taken) == 1
