from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel.engines import Engines
from kernel.errors import Invalid
from kernel.work import Work
from licensing import quotas
from licensing.quotas import AlreadyUsed, Shortage
from tests.conftest import NOON
from tests.licensing import grants

WorkAs = Callable[..., Work]


@pytest.fixture
def key(session: Session) -> str:
    return grants.issued(session, given=grants.scope(quotas={"calls": 2, "rows": 100})).id


def test_what_is_spent_is_no_longer_left(session: Session, key: str) -> None:
    refused = quotas.spend(session, key, {"rows": 60, "calls": 1, "bytes": 10**12}, at=NOON)

    assert refused == ()
    assert quotas.remaining(session, key) == {"calls": 1, "rows": 40}
    assert [(one.meter, one.used, one.limit) for one in quotas.of(session, key)] == [
        ("calls", 1, 2),
        ("rows", 60, 100),
    ]


def test_all_is_spent_or_nothing(session: Session, key: str) -> None:
    refused = quotas.spend(session, key, {"calls": 1, "rows": 101}, at=NOON)

    assert refused == (Shortage("rows", 101, 100, whole=True),)
    assert quotas.remaining(session, key) == {"calls": 2, "rows": 100}


def test_exactly_what_is_left_may_be_spent(session: Session, key: str) -> None:
    assert quotas.spend(session, key, {"rows": 100}, at=NOON) == ()
    short = quotas.exceeded(session, key, {"rows": 1, "calls": 2}, at=NOON)

    assert [one.meter for one in short] == ["rows"]


def test_the_database_itself_holds_the_limit(session: Session, key: str) -> None:
    with pytest.raises(IntegrityError, match="used_within_limit"):
        session.execute(text("UPDATE quotas SET used = limit_count + 1"))


def test_a_limit_may_fall_to_what_was_used(session: Session, work_as: WorkAs, key: str) -> None:
    quotas.spend(session, key, {"rows": 60}, at=NOON)

    quotas.fix(work_as("system"), key, {"rows": 60, "bytes": 5})

    assert quotas.remaining(session, key) == {"bytes": 5, "calls": 2, "rows": 0}


def test_a_limit_does_not_fall_below_what_was_used(
    session: Session, work_as: WorkAs, key: str
) -> None:
    quotas.spend(session, key, {"rows": 60, "calls": 2}, at=NOON)

    with pytest.raises(AlreadyUsed) as error:
        quotas.fix(work_as("system"), key, {"rows": 59, "calls": 1, "bytes": 5})

    assert [one.code for one in error.value.refusals] == ["QUOTA_ALREADY_USED"] * 2
    assert quotas.remaining(session, key) == {"calls": 0, "rows": 40}


def test_i_32_fifty_writers_never_use_more_than_the_limit(engines: Engines) -> None:
    with engines.writing() as session:
        key = grants.issued(session, given=grants.scope(quotas={"calls": 100, "rows": 30})).id
        session.commit()

    def spend(_turn: int) -> bool:
        with engines.writing() as own:
            refused = quotas.spend(own, key, {"calls": 1, "rows": 1}, at=NOON)
            own.commit()
            return not refused

    with ThreadPoolExecutor(50) as writers:
        allowed = sum(writers.map(spend, range(50)))

    with engines.reading() as session:
        assert allowed == 30
        assert quotas.remaining(session, key) == {"calls": 70, "rows": 0}


WINDOWS = {"calls": 10, "calls/day": 4, "calls/minute": 2, "calls/month": 5}


@pytest.fixture
def windowed(session: Session) -> str:
    return grants.issued(
        session, given=grants.scope(quotas=WINDOWS), scenario_id="scn_w", assessment_id="asm_w"
    ).id


def test_a_meter_is_counted_in_every_window_that_limits_it(session: Session, windowed: str) -> None:
    assert quotas.spend(session, windowed, {"calls": 2}, at=NOON) == ()

    refused = quotas.spend(session, windowed, {"calls": 1}, at=NOON)

    assert refused == (Shortage("calls/minute", 1, 0, whole=True),)
    assert quotas.remaining(session, windowed, at=NOON) == {
        "calls": 8, "calls/day": 2, "calls/minute": 0, "calls/month": 3,
    }  # fmt: skip


def test_a_new_window_begins_with_nothing_used(session: Session, windowed: str) -> None:
    minute, day = timedelta(minutes=1), timedelta(days=1)
    quotas.spend(session, windowed, {"calls": 2}, at=NOON)

    assert quotas.spend(session, windowed, {"calls": 2}, at=NOON + minute) == ()
    today = quotas.spend(session, windowed, {"calls": 1}, at=NOON + 2 * minute)
    tomorrow = quotas.spend(session, windowed, {"calls": 1}, at=NOON + day)
    month = quotas.spend(session, windowed, {"calls": 1}, at=NOON + 2 * day)

    assert [one.meter for one in today] == ["calls/day"]
    assert tomorrow == ()
    assert [one.meter for one in month] == ["calls/month"]
    assert {one.meter: one.used for one in quotas.of(session, windowed)} == {
        "calls": 5, "calls/day": 0, "calls/minute": 0, "calls/month": 5,
    }  # fmt: skip


def test_what_is_given_back_is_given_to_its_window(session: Session, windowed: str) -> None:
    quotas.spend(session, windowed, {"calls": 2}, at=NOON)

    quotas.spend(session, windowed, {"calls": -1}, at=NOON)

    assert quotas.remaining(session, windowed, at=NOON)["calls/minute"] == 1
    assert quotas.remaining(session, windowed, at=NOON)["calls"] == 9


def test_no_more_is_given_back_than_was_taken(session: Session, windowed: str) -> None:
    quotas.spend(session, windowed, {"calls": 1}, at=NOON)
    quotas.spend(session, windowed, {"calls": -2}, at=NOON)

    assert quotas.remaining(session, windowed, at=NOON)["calls"] == 9


def test_a_share_of_a_limit_may_be_all_that_is_used(session: Session, key: str) -> None:
    refused = quotas.spend(session, key, {"rows": 11}, at=NOON, share_bp=1000)
    allowed = quotas.spend(session, key, {"rows": 10}, at=NOON, share_bp=1000)

    assert refused == (Shortage("rows", 11, 10, whole=False),)
    assert allowed == ()


def test_a_window_may_be_narrowed_to_what_it_has_used(
    session: Session, work_as: WorkAs, windowed: str
) -> None:
    quotas.spend(session, windowed, {"calls": 2}, at=NOON)

    with pytest.raises(AlreadyUsed):
        quotas.fix(work_as("system"), windowed, {"calls/day": 1})
    quotas.fix(work_as("system"), windowed, {"calls/day": 2})

    assert quotas.remaining(session, windowed, at=NOON)["calls/day"] == 0


def test_there_is_no_window_but_those_that_there_are(
    session: Session, work_as: WorkAs, key: str
) -> None:
    with pytest.raises(Invalid) as error:
        quotas.fix(work_as("system"), key, {"calls/fortnight": 1})

    assert error.value.pointer == "/quotas"


def test_i_32_fifty_writers_never_use_more_than_a_window_allows(engines: Engines) -> None:
    limits = {"calls": 100, "calls/day": 20, "calls/minute": 15}
    with engines.writing() as session:
        key = grants.issued(session, given=grants.scope(quotas=limits)).id
        session.commit()

    def spend(_turn: int) -> bool:
        with engines.writing() as own:
            refused = quotas.spend(own, key, {"calls": 1}, at=NOON)
            own.commit()
            return not refused

    with ThreadPoolExecutor(50) as writers:
        allowed = sum(writers.map(spend, range(50)))

    with engines.reading() as session:
        assert allowed == 15
        assert quotas.remaining(session, key, at=NOON) == {
            "calls": 85, "calls/day": 5, "calls/minute": 0,
        }  # fmt: skip
