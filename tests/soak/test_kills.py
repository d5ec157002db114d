"""The long ordeal of the rails: hundreds of kills, on both databases, and its power measured."""

import pytest

from tests.settlement.rails.test_kills import POINTS, ordeal

pytestmark = pytest.mark.soak


@pytest.mark.parametrize("seed", [11, 12])
def test_two_hundred_kills_charge_nobody_twice_and_lose_nothing(
    database_url: str, seed: int
) -> None:
    result = ordeal(database_url, seed=seed, kills=200, orders=60, patience_s=120)

    assert result["wrong"] == []
    assert result["kills"] >= 200
    assert set(result["points"]) >= POINTS, "it must have died at every named point"


def test_the_ordeal_sees_a_gateway_that_makes_up_its_keys(database_url: str) -> None:
    result = ordeal(database_url, seed=2, orders=40, mutant="fresh-key")

    assert any("made" in wrong for wrong in result["wrong"])
