"""The long ordeals: hundreds of kills, on both databases, and the power of each measured."""

import pytest

from kernel.engines import Engines
from tests.settlement.metering import test_kills as metering
from tests.settlement.rails.test_kills import FAULTS, POINTS, ordeal

pytestmark = pytest.mark.soak

PATIENCE_S = 600
"""Who got no answer asks again after up to an hour, which is three minutes here."""


@pytest.mark.parametrize("seed", [11, 12])
def test_two_hundred_kills_charge_nobody_twice_and_lose_nothing(
    database_url: str, seed: int
) -> None:
    result = ordeal(database_url, seed=seed, kills=200, orders=60, early=0.4, patience_s=PATIENCE_S)

    assert result["wrong"] == []
    assert result["kills"] >= 200
    assert set(result["points"]) >= POINTS, "it must have died at every named point"


def test_the_ordeal_sees_a_gateway_that_makes_up_its_keys(database_url: str) -> None:
    lossy = {**FAULTS, "cut_after": 0.4, "hook_lost": 0.5}
    result = ordeal(database_url, seed=2, orders=40, faults=lossy, mutant="fresh-key")

    assert any("made" in wrong for wrong in result["wrong"])


def test_two_hundred_kills_lose_no_use_and_count_none_twice(engines: Engines) -> None:
    result = metering.ordeal(engines, seed=11, kills=200)

    assert result["wrong"] == []
    assert result["kills"] >= 200
    assert set(result["points"]) >= metering.POINTS, "it must have died at every named point"
    assert result["acknowledged"] > result["events"] > 1_000


@pytest.mark.parametrize(("mutant", "seen"), [("early", "is lost"), ("fresh-source", "counted")])
def test_the_ordeal_sees_use_that_is_told_wrong(engines: Engines, mutant: str, seen: str) -> None:
    result = metering.ordeal(engines, seed=12, kills=40, mutant=mutant)

    assert any(seen in wrong for wrong in result["wrong"])
