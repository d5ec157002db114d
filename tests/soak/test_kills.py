"""The long ordeals: hundreds of kills, on both databases, and the power of each measured.

Each says at the end how often it killed, where, and how long it took: all of them together
some forty minutes on two cores, half of it on PostgreSQL.
"""

from typing import Any

import pytest

from kernel.engines import Engines
from tests.settlement.metering import test_kills as metering
from tests.settlement.rails.test_kills import FAULTS, POINTS, ordeal
from tests.soak.conftest import Tell

pytestmark = pytest.mark.soak

PATIENCE_S = 300
"""Who got no answer asks again after up to an hour, which is 18 seconds in the end."""


def said(tell: Tell, result: dict[str, Any], *names: str) -> None:
    """Say what an ordeal came to."""
    counted = ("seconds", "kills", "failures", "deadlocks", *names)
    tell(**{name: result[name] for name in counted}, wrong=len(result["wrong"]))
    tell(points=result["points"])


@pytest.mark.parametrize("seed", [11, 12])
def test_two_hundred_kills_charge_nobody_twice_and_lose_nothing(
    database_url: str, seed: int, tell: Tell
) -> None:
    result = ordeal(
        database_url, seed=seed, kills=200, orders=60, dies=0.08, early=0.4, patience_s=PATIENCE_S
    )

    said(tell, result, "orders", "settled_s")
    assert result["wrong"] == []
    assert result["failures"] == 0, "a till ends by being killed, or because all is settled"
    assert result["kills"] >= 200
    assert set(result["points"]) >= POINTS, "it must have died at every named point"


def test_the_ordeal_sees_a_gateway_that_makes_up_its_keys(database_url: str, tell: Tell) -> None:
    lossy = {**FAULTS, "cut_after": 0.4, "hook_lost": 0.5}
    result = ordeal(
        database_url, seed=2, kills=60, orders=40, dies=0.08, early=0.4, faults=lossy,
        patience_s=PATIENCE_S, mutant="fresh-key",
    )  # fmt: skip

    said(tell, result, "orders", "settled_s")
    assert any("made" in wrong for wrong in result["wrong"])


@pytest.mark.parametrize("seed", [11, 12])
def test_two_hundred_kills_lose_no_use_and_count_none_twice(
    engines: Engines, seed: int, tell: Tell
) -> None:
    result = metering.ordeal(engines, seed=seed, kills=200)

    said(tell, result, "acknowledged", "events")
    assert result["wrong"] == []
    assert result["kills"] >= 200
    assert result["deadlocks"] == 0, "who tells use and who draws for it lock in one order"
    assert set(result["points"]) >= metering.POINTS, "it must have died at every named point"
    assert result["acknowledged"] > result["events"] > result["kills"]


@pytest.mark.parametrize(("mutant", "seen"), [("early", "is lost"), ("fresh-source", "counted")])
def test_the_ordeal_sees_use_that_is_told_wrong(
    engines: Engines, mutant: str, seen: str, tell: Tell
) -> None:
    result = metering.ordeal(engines, seed=12, kills=40, mutant=mutant)

    said(tell, result, "acknowledged", "events")
    assert any(seen in wrong for wrong in result["wrong"])
