from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel.engines import Engines
from kernel.work import Work
from licensing import quotas
from licensing.quotas import AlreadyUsed
from tests.licensing import grants

WorkAs = Callable[..., Work]


@pytest.fixture
def key(session: Session) -> str:
    return grants.issued(session, given=grants.scope(quotas={"calls": 2, "rows": 100})).id


def test_what_is_spent_is_no_longer_left(session: Session, key: str) -> None:
    refused = quotas.spend(session, key, {"rows": 60, "calls": 1, "bytes": 10**12})

    assert refused == ()
    assert quotas.remaining(session, key) == {"calls": 1, "rows": 40}
    assert [(one.meter, one.used, one.limit) for one in quotas.of(session, key)] == [
        ("calls", 1, 2),
        ("rows", 60, 100),
    ]


def test_all_is_spent_or_nothing(session: Session, key: str) -> None:
    refused = quotas.spend(session, key, {"calls": 1, "rows": 101})

    assert refused == ("rows",)
    assert quotas.remaining(session, key) == {"calls": 2, "rows": 100}


def test_exactly_what_is_left_may_be_spent(session: Session, key: str) -> None:
    assert quotas.spend(session, key, {"rows": 100}) == ()
    assert quotas.exceeded(session, key, {"rows": 1, "calls": 2}) == ("rows",)


def test_the_database_itself_holds_the_limit(session: Session, key: str) -> None:
    with pytest.raises(IntegrityError, match="used_within_limit"):
        session.execute(text("UPDATE quotas SET used = limit_count + 1"))


def test_a_limit_may_fall_to_what_was_used(session: Session, work_as: WorkAs, key: str) -> None:
    quotas.spend(session, key, {"rows": 60})

    quotas.fix(work_as("system"), key, {"rows": 60, "bytes": 5})

    assert quotas.remaining(session, key) == {"bytes": 5, "calls": 2, "rows": 0}


def test_a_limit_does_not_fall_below_what_was_used(
    session: Session, work_as: WorkAs, key: str
) -> None:
    quotas.spend(session, key, {"rows": 60, "calls": 2})

    with pytest.raises(AlreadyUsed) as error:
        quotas.fix(work_as("system"), key, {"rows": 59, "calls": 1, "bytes": 5})

    assert [one.code for one in error.value.refusals] == ["QUOTA_ALREADY_USED"] * 2
    assert quotas.remaining(session, key) == {"calls": 0, "rows": 40}


def test_fifty_writers_never_use_more_than_the_limit(engines: Engines) -> None:
    with engines.writing() as session:
        key = grants.issued(session, given=grants.scope(quotas={"calls": 100, "rows": 30})).id
        session.commit()

    def spend(_turn: int) -> bool:
        with engines.writing() as own:
            refused = quotas.spend(own, key, {"calls": 1, "rows": 1})
            own.commit()
            return not refused

    with ThreadPoolExecutor(50) as writers:
        allowed = sum(writers.map(spend, range(50)))

    with engines.reading() as session:
        assert allowed == 30
        assert quotas.remaining(session, key) == {"calls": 70, "rows": 0}
