"""The house, as every process builds it once."""

import gc

from app import house


def test_what_stands_for_good_is_left_alone_by_the_collector() -> None:
    before = gc.get_threshold()

    try:
        house.leave_be()

        assert gc.get_freeze_count() > 10_000
        assert gc.get_threshold() == house.COLLECTED_AT
        assert gc.isenabled()
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
