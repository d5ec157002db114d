import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import IO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from delivery.passing import allowances, leases
from delivery.passing.allowances import Allowance, Lease
from delivery.passing.leases import LeaseLost, Purse
from kernel import clock
from kernel.engines import Engines
from tests.delivery import stores


@pytest.fixture
def task_id(engines: Engines, tmp_path: Path) -> str:
    """Give a delivery whose calls are not limited yet."""
    with engines.writing() as session:
        version = stores.stored(session, tmp_path / "domain")
        task = stores.delivered(session, version, mode="record_api")
        session.commit()
        return task.id


def limited(engines: Engines, task_id: str, **limits: int) -> None:
    """Limit meters of a delivery."""
    with engines.writing() as session:
        for meter, limit in limits.items():
            allowances.grant(session, task_id, meter, limit)
        session.commit()


def spend(engines: Engines, purse: Purse, task_id: str, **quantity: int) -> tuple[str, ...]:
    """Spend in one transaction; return what refuses."""
    with engines.writing() as session:
        spending = purse.open(session)
        refused = spending.take(task_id, sorted(quantity.items()))
        spending.write()
        session.commit()
    purse.close(spending)
    return refused


def left(engines: Engines, task_id: str) -> dict[str, int]:
    """Return meter → what is told to be left."""
    with engines.reading() as session:
        return {each.meter: each.left for each in allowances.of(session, task_id)}


def outlive(engines: Engines) -> None:
    """Let every lease be expired."""
    with engines.writing() as session:
        session.execute(update(Lease).values(expires_at=clock.now() - timedelta(seconds=1)))
        session.commit()


def held(session: Session) -> int:
    """Return how much is leased and not used."""
    return session.execute(select(func.sum(Lease.granted - Lease.used))).scalar_one() or 0


def test_a_lease_counts_many_calls_and_tells_what_was_really_used(
    engines: Engines, task_id: str
) -> None:
    limited(engines, task_id, calls=5000, rows=100_000)
    purse = Purse()

    refused = [spend(engines, purse, task_id, calls=1, rows=10) for _ in range(20)]

    assert refused == [()] * 20
    assert left(engines, task_id) == {"calls": 4980, "rows": 99_800}
    with engines.reading() as session:
        taken = session.get_one(Allowance, (task_id, "calls")).used
        assert taken == 1 + (5000 - 1) // leases.PART


def test_near_the_end_everything_is_counted_one_by_one(engines: Engines, task_id: str) -> None:
    limited(engines, task_id, calls=3)
    first, second = Purse(), Purse()

    refused = [spend(engines, purse, task_id, calls=1) for purse in (first, second, first, second)]

    assert refused == [(), (), (), ("calls",)]
    assert left(engines, task_id) == {"calls": 0}


def test_all_meters_are_taken_or_none(engines: Engines, task_id: str) -> None:
    limited(engines, task_id, calls=10, rows=5)
    purse = Purse()

    refused = spend(engines, purse, task_id, calls=1, rows=6)

    assert refused == ("rows",)
    assert left(engines, task_id) == {"calls": 10, "rows": 5}


def test_what_a_process_gives_back_can_be_used_by_another(engines: Engines, task_id: str) -> None:
    limited(engines, task_id, calls=400)
    going, staying = Purse(), Purse()
    spend(engines, going, task_id, calls=1)

    with engines.writing() as session:
        given_back = allowances.hand_back(session, going.holder)
        session.commit()

    assert given_back == 1
    assert spend(engines, staying, task_id, calls=399) == ()
    assert spend(engines, staying, task_id, calls=1) == ("calls",)


def test_an_expired_lease_comes_back_before_anybody_is_refused(
    engines: Engines, task_id: str
) -> None:
    limited(engines, task_id, calls=400)
    dead, alive = Purse(), Purse()
    spend(engines, dead, task_id, calls=1)
    assert spend(engines, alive, task_id, calls=399) == ("calls",)
    outlive(engines)

    assert spend(engines, alive, task_id, calls=399) == ()
    assert left(engines, task_id) == {"calls": 0}


def test_who_was_thought_dead_counts_nothing_twice(engines: Engines, task_id: str) -> None:
    limited(engines, task_id, calls=400)
    slow = Purse()
    spend(engines, slow, task_id, calls=1)
    outlive(engines)
    with engines.writing() as session:
        assert allowances.recall(session) == 1
        assert allowances.recall(session) == 0
        session.commit()

    with pytest.raises(LeaseLost) as lost:
        spend(engines, slow, task_id, calls=1)
    slow.drop(lost.value.key)

    assert spend(engines, slow, task_id, calls=1) == ()
    assert left(engines, task_id) == {"calls": 398}


def test_other_ways_are_refused_only_for_what_is_held_alive(engines: Engines, task_id: str) -> None:
    limited(engines, task_id, calls=400)
    purse = Purse()
    spend(engines, purse, task_id, calls=1)

    with engines.writing() as session:
        assert allowances.spend(session, task_id, {"calls": 399}) == ("calls",)
    outlive(engines)
    with engines.writing() as session:
        assert allowances.spend(session, task_id, {"calls": 399}) == ()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    limit=st.integers(0, 600),
    steps=st.lists(
        st.tuples(st.integers(0, 2), st.integers(1, 60), st.sampled_from(["spend", "go", "die"])),
        max_size=25,
    ),
)
def test_i_32_whoever_comes_and_goes_never_is_more_used_than_bought(
    engines: Engines, task_id: str, limit: int, steps: list[tuple[int, int, str]]
) -> None:
    purses = [Purse(), Purse(), Purse()]
    with engines.writing() as session:
        session.add(Allowance(task_id=task_id, meter="calls", limit=limit, used=0))
        session.flush()
        used = 0
        for who, amount, what in steps:
            if what == "go":
                allowances.hand_back(session, purses[who].holder)
            if what in ("go", "die"):
                purses[who] = Purse()
                continue
            spending = purses[who].open(session)
            used += 0 if spending.take(task_id, [("calls", amount)]) else amount
            spending.write()
            purses[who].close(spending)
        standing = allowances.of(session, task_id)[0]
        taken = session.execute(select(Allowance.used)).scalar_one()

        assert standing.used == used <= limit
        assert taken == used + held(session) <= limit
        session.rollback()


@pytest.fixture
def spenders(database_url: str) -> "Iterator[list[subprocess.Popen[str]]]":
    """Give the processes of a test, and end them with it."""
    begun: list[subprocess.Popen[str]] = []
    yield begun
    for process in begun:
        process.kill()
        process.communicate()


def begin(url: str, task_id: str, what: str) -> "subprocess.Popen[str]":
    """Begin a process that counts on its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.delivery.passing.spender", url, task_id, what],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def pipe(stream: IO[str] | None) -> IO[str]:
    """Return a pipe that is there."""
    assert stream is not None
    return stream


def test_i_32_eight_processes_together_never_spend_more_than_was_bought(
    engines: Engines, task_id: str, database_url: str, spenders: "list[subprocess.Popen[str]]"
) -> None:
    limited(engines, task_id, calls=600)
    spenders += [begin(database_url, task_id, "spend") for _ in range(8)]
    for process in spenders:
        assert pipe(process.stdout).readline() == "ready\n"

    for process in spenders:
        pipe(process.stdin).write("go\n")
        pipe(process.stdin).flush()
    spent = sum(int(pipe(process.stdout).readline()) for process in spenders)

    assert spent <= 600
    with engines.reading() as session:
        assert session.execute(select(Allowance.used)).scalar_one() == spent + held(session) <= 600
    outlive(engines)
    assert spend(engines, Purse(), task_id, calls=600 - spent + 1) == ("calls",)
    assert spent == 600 or spend(engines, Purse(), task_id, calls=600 - spent) == ()


def test_who_is_killed_before_it_writes_has_used_nothing_of_that(
    engines: Engines, task_id: str, database_url: str, spenders: "list[subprocess.Popen[str]]"
) -> None:
    limited(engines, task_id, calls=500)
    process = begin(database_url, task_id, "die")
    spenders.append(process)
    pipe(process.stdin).write("go\n")
    pipe(process.stdin).flush()

    assert process.wait(60) < 0

    assert left(engines, task_id) == {"calls": 497}
    outlive(engines)
    assert spend(engines, Purse(), task_id, calls=498) == ("calls",)
    assert spend(engines, Purse(), task_id, calls=497) == ()
