"""A million operations on one ledger, a fifth of them not allowed, and a model beside it."""

import pytest
from sqlalchemy.orm import Session

from tests.settlement.bookkeeping import on_sqlite
from tests.settlement.driver import Walk

pytestmark = pytest.mark.soak

SEED = 20_260_701
STEPS, OPERATIONS, LOOKS = 900_000, 1_000_000, 8


@on_sqlite
def test_a_million_operations_do_what_the_model_foresees(session: Session) -> None:
    walk = Walk(session, SEED)

    walk.walk(STEPS, looks=LOOKS)

    assert walk.asked >= OPERATIONS
    assert walk.compared == LOOKS
    assert walk.refused > 100_000
    assert walk.repeated > 20_000
