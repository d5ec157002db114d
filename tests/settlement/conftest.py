"""A provider that misbehaves, and a till at it, for whoever tests settlement."""

from collections.abc import Iterator

import pytest

from settlement.rails.fake_rail import FakeRail
from settlement.rails.stripe_rail import StripeRail
from tests.conftest import NOON, WorkAs
from tests.settlement.rails.chaos_psp import served
from tests.settlement.rails.chaos_world import World
from tests.settlement.rails.till import Till


@pytest.fixture
def world() -> World:
    """Give a provider in another process's shoes, at NOON."""
    made = World(seed=1)
    made.ahead_s = int(NOON.timestamp()) - made.now()
    return made


@pytest.fixture
def stripe(world: World) -> Iterator[StripeRail]:
    """Give our adapter, by the official library, to that provider."""
    with served(world) as url:
        yield StripeRail("sk_test_1", world.secret, base_url=url, timeout_s=1)


@pytest.fixture
def till(work_as: WorkAs, stripe: StripeRail) -> Till:
    """Give a till at that provider."""
    return Till(work_as, stripe)


@pytest.fixture
def fake() -> FakeRail:
    """Give the provider that moves no money."""
    return FakeRail()


@pytest.fixture
def fake_till(work_as: WorkAs, fake: FakeRail) -> Till:
    """Give a till at it."""
    return Till(work_as, fake)
