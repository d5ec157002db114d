"""Fifty thousand operations, a fifth of them not allowed, and a model that foresees each."""

import pytest
from sqlalchemy.orm import Session

from kernel.engines import Engines
from tests.settlement.bookkeeping import on_postgresql, on_sqlite
from tests.settlement.driver import Walk

SEEDS = (1, 2, 3, 4, 5)


@pytest.mark.slow
@on_sqlite
@pytest.mark.parametrize("seed", SEEDS)
def test_ten_thousand_operations_do_what_the_model_foresees(session: Session, seed: int) -> None:
    walk = Walk(session, seed)

    walk.walk(10_000)

    assert walk.asked >= 10_000
    assert walk.refused > 1_000
    assert walk.repeated > 100


@pytest.mark.slow
@on_postgresql
def test_two_thousand_operations_do_what_the_model_foresees_there_too(engines: Engines) -> None:
    with engines.writing() as session:
        walk = Walk(session, 6)

        walk.walk(2_000)

    assert walk.refused > 200
