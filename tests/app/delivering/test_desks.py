"""Two processes of one house, on one host and on two: what one ends, the other refuses."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Thread
from time import monotonic, sleep
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from app.delivering import calling
from app.unit import Exchange
from delivery import tasks
from delivery.metered.calls import Call
from delivery.metered.desks import KEPT_S, Desk
from delivery.passing import allowances
from delivery.passing.allowances import Lease
from delivery.recipients import credentials
from tests.app.delivering import keys
from tests.conftest import Serving, work_of

TURNS = 3
"""How often what takes time is timed: the least counts, for others use the processors too."""


@pytest.fixture
def far(application: Exchange, tmp_path: Path, serving: Serving) -> Iterator[Exchange]:
    """Serve the same database from another host: nothing but the database is shared."""
    settings = replace(application.house.settings, state_dir=str(tmp_path / "far"))
    made = serving(settings)
    yield made
    made.house.engines.dispose()


@pytest.fixture
def near(application: Exchange, serving: Serving) -> Iterator[Exchange]:
    """Serve the same database by another process of the same host."""
    made = serving(application.house.settings)
    yield made
    made.house.engines.dispose()


def opened(application: Exchange, **allowed: int) -> tuple[str, str, str]:
    """Open an interface; return the delivery, the key's id and the key."""
    task_id = keys.opened(application, allowed=allowed)
    made, secret = keys.issued(application, task_id)
    return task_id, made.id, secret


def ask(application: Exchange, task_id: str, secret: str, **body: Any) -> Any:
    """Call the interface."""
    with application.test_client() as client:
        return client.post(
            f"/data/v1/{task_id}/rows", json={"limit": 2, **body}, headers=keys.bearing(secret)
        )


def revoke(application: Exchange, credential_id: str) -> None:
    """Revoke a key."""
    with application.house.engines.writing() as session:
        credentials.revoke(work_of(session, "per_buyer_editor"), credential_id)
        session.commit()


def step(application: Exchange, task_id: str, name: str) -> None:
    """Let the house suspend the delivery, or resume it."""
    with application.house.engines.writing() as session:
        tasks.take(work_of(session, "system"), task_id, name, reason=name)
        session.commit()


def until_answered(application: Exchange, task_id: str, secret: str, status: int) -> float:
    """Ask until this is the answer, ten seconds at most; return how many seconds it took."""
    began = monotonic()
    while ask(application, task_id, secret).status_code != status:
        assert monotonic() < began + 10
        sleep(0.02)
    return monotonic() - began


def billed(application: Exchange, task_id: str) -> tuple[int, int]:
    """Return how many calls are counted, and how many are receipted."""
    with application.house.engines.reading() as session:
        receipted = select(func.count()).where(Call.failure.is_(None))
        return tasks.find(session, task_id).reads, session.execute(receipted).scalar_one()


def test_a_key_that_is_revoked_is_refused_by_the_next_process_at_its_next_call(
    application: Exchange, near: Exchange
) -> None:
    task_id, credential_id, secret = opened(application)
    assert ask(near, task_id, secret).status_code == 200

    revoke(application, credential_id)

    assert ask(near, task_id, secret).status_code == 401


def test_a_right_that_ends_is_refused_on_another_host_within_a_second(
    application: Exchange, far: Exchange
) -> None:
    task_id, _, secret = opened(application)
    assert ask(far, task_id, secret).status_code == 200
    took = []
    for _ in range(TURNS):
        step(application, task_id, "suspend")
        took.append(until_answered(far, task_id, secret, 403))
        step(application, task_id, "resume")
        until_answered(far, task_id, secret, 200)

    assert min(took) < 1


def test_i_55_a_request_is_billed_once_whichever_process_answers(
    application: Exchange, far: Exchange
) -> None:
    task_id, _, secret = opened(application, calls=10)

    first = ask(application, task_id, secret, request_id="r-1")
    again = ask(far, task_id, secret, request_id="r-1")
    other = ask(far, task_id, secret, request_id="r-1", limit=3)

    assert first.headers["Databourse-Receipt"] == again.headers["Databourse-Receipt"]
    assert (again.status_code, other.status_code) == (200, 422)
    assert billed(application, task_id) == (1, 1)


def test_calls_that_wait_are_written_together_and_each_is_receipted(
    application: Exchange,
) -> None:
    task_id, _, secret = opened(application, calls=50, rows=21)
    barrier = Barrier(8)
    answers: list[int] = []

    def call() -> None:
        barrier.wait()
        answers.extend(ask(application, task_id, secret).status_code for _ in range(2))

    threads = [Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [200] * 10 + [403] * 6
    assert billed(application, task_id) == (10, 10)


def test_a_lease_that_was_lost_is_taken_anew(application: Exchange) -> None:
    task_id, _, secret = opened(application, calls=1000)
    ask(application, task_id, secret)
    with application.house.engines.writing() as session:
        session.execute(delete(Lease))
        session.commit()

    answer = ask(application, task_id, secret)

    assert answer.status_code == 200
    assert billed(application, task_id) == (2, 2)


def test_what_is_held_is_given_back_when_the_process_ends(application: Exchange) -> None:
    task_id, _, secret = opened(application, calls=1000)
    ask(application, task_id, secret)

    calling.close(application.house)

    with application.house.engines.reading() as session:
        assert session.execute(select(func.count()).select_from(Lease)).scalar_one() == 0
        assert [each.left for each in allowances.of(session, task_id)] == [999]
    assert ask(application, task_id, secret).status_code == 200


def test_what_is_remembered_is_asked_for_anew_after_half_a_second(application: Exchange) -> None:
    desk: Desk = application.house.desk
    mark = desk.mark()

    desk.remember(("who",), mark, "a caller")
    at_once = desk.known(("who",))
    sleep(KEPT_S)
    later = desk.known(("who",))

    assert (at_once, later) == ("a caller", None)
