from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from threading import Event as Signal
from threading import Thread

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import demonstration, serve, timetable, worker
from app.house import House
from app.reactions import Reaction
from app.timetable import Job
from app.unit import Exchange
from kernel import journal, watch
from kernel.actor import SYSTEM
from kernel.errors import NotFound, Refusal, StepRefused
from kernel.journal import Errand, Event
from kernel.parties.organisations import Organisation
from kernel.work import Work
from tests import rivals
from tests.conftest import NOON, work_of
from tests.kernel.lantern import LIFE, Lantern, State
from tests.settlement.bookkeeping import on_postgresql

Reactions = Mapping[str, Mapping[str, Reaction]]


@pytest.fixture
def house(application: Exchange) -> House:
    return application.house


def _subscribed(house: House, reactions: Reactions) -> None:
    with house.engines.writing() as session:
        named = {kind: tuple(names) for kind, names in reactions.items()}
        work = replace(house.work(session, SYSTEM), subscribers=named)
        work.record("order.paid", "ord_1")
        session.commit()


def _kinds(house: House) -> list[str]:
    with house.engines.reading() as session:
        return [event.kind for event in journal.history(session, "ord_1", limit=20)]


def _later(house: House, seconds: int) -> None:
    with house.engines.writing() as session:
        demonstration.begin_at(session, house.now(session) + timedelta(seconds=seconds))
        session.commit()


def test_an_errand_is_tried_again_until_it_succeeds(house: House) -> None:
    calls: list[str] = []

    def fails_once(work: Work, event: Event) -> None:
        calls.append(event.subject)
        work.record("half.done", event.subject)
        work.session.flush()
        if len(calls) == 1:
            raise TimeoutError("the bank did not answer")

    reactions = {"order.paid": {"tell the bank": fails_once}}
    _subscribed(house, reactions)

    assert worker.run_errands(house, reactions) == 1
    assert _kinds(house) == ["order.paid"], "the failed half is rolled back"
    with house.engines.reading() as session:
        kept = session.scalars(select(Errand)).one()
        assert (kept.attempts, "did not answer" in str(kept.last_error)) == (1, True)
    assert worker.run_errands(house, reactions) == 0, "not yet due again"
    _later(house, 11)
    assert worker.run_errands(house, reactions) == 1
    assert _kinds(house) == ["order.paid", "half.done"]
    with house.engines.reading() as session:
        assert session.scalars(select(Errand)).all() == []


def test_a_failing_errand_does_not_hold_up_the_others(house: House) -> None:
    def fails(_work: Work, _event: Event) -> None:
        raise TimeoutError

    def works(work: Work, event: Event) -> None:
        work.record("order.counted", event.subject)

    reactions = {"order.paid": {"fails": fails, "works": works}}
    _subscribed(house, reactions)

    assert worker.run_errands(house, reactions) == 2
    assert _kinds(house) == ["order.paid", "order.counted"]


def test_a_run_is_bounded(house: House) -> None:
    reactions = {"order.paid": {"a": _nothing, "b": _nothing, "c": _nothing}}
    _subscribed(house, reactions)

    assert worker.run_errands(house, reactions, at_most=2) == 2
    assert worker.run_errands(house, reactions) == 1
    assert worker.drain(house, at_most=5) == 0


def _nothing(_work: Work, _event: Event) -> None:
    """Do nothing."""


def test_a_job_runs_once_in_its_slot(house: House) -> None:
    def count(work: Work) -> None:
        work.record("job.ran", "ord_1")

    def fails(work: Work) -> None:
        work.record("job.half", "ord_1")
        raise TimeoutError

    jobs = {"count": Job(3600, count), "fails": Job(3600, fails)}
    _later(house, 1800)  # the clock may begin a moment before its full hour: not at a slot's edge

    assert worker.run_jobs(house, jobs) == 1
    assert worker.run_jobs(house, jobs) == 0
    _later(house, 3600)
    assert worker.run_jobs(house, jobs) == 1
    assert _kinds(house) == ["job.ran", "job.ran"]


@on_postgresql
def test_an_errand_that_loses_a_deadlock_is_run_again_at_once(house: House) -> None:
    seen: list[str] = []

    def contends(work: Work, event: Event) -> None:
        seen.append(work.session.get_one(Organisation, rivals.FIRST).name_en)
        rivals.lock_both(work.session)
        work.record("order.counted", event.subject)

    reactions = {"order.paid": {"contends": contends}}
    _subscribed(house, reactions)

    with rivals.rival(house.engines):
        tried = worker.run_errands(house, reactions)

    assert (tried, len(seen)) == (1, 2)
    assert _kinds(house) == ["order.paid", "order.counted"]
    assert _count(house, Errand) == 0


@on_postgresql
def test_a_job_that_loses_a_deadlock_is_run_again_at_once(house: House) -> None:
    seen: list[int] = []

    def contends(work: Work) -> None:
        seen.append(1)
        rivals.lock_both(work.session)
        work.record("job.ran", "ord_1")

    with rivals.rival(house.engines):
        ran = worker.run_jobs(house, {"contends": Job(3600, contends)})

    assert (ran, len(seen), _kinds(house)) == (1, 2, ["job.ran"])


def test_a_job_that_failed_is_run_in_the_next_round_of_its_slot(house: House) -> None:
    calls: list[int] = []

    def fails_once(work: Work) -> None:
        calls.append(1)
        work.record("job.ran", "ord_1")
        if len(calls) == 1:
            raise TimeoutError

    _later(house, 1800)
    jobs = {"fails once": Job(3600, fails_once)}

    assert [worker.run_jobs(house, jobs) for _ in range(3)] == [0, 1, 0]
    assert _kinds(house) == ["job.ran"]


def test_the_worker_works_until_it_is_stopped(house: House) -> None:
    stop = Signal()
    thread = Thread(target=worker.run_forever, args=(house, stop))
    thread.start()
    _wait(lambda: _count(house, worker.Run) == len(timetable.TIMETABLE))

    stop.set()
    house.bell.set()
    thread.join(10)

    assert not thread.is_alive()


def test_the_serving_process_has_its_worker(application: Exchange, house: House) -> None:
    stop = serve.start_worker(application)
    _wait(lambda: _count(house, worker.Run) == len(timetable.TIMETABLE))

    stop.set()
    house.bell.set()


def _count(house: House, table: type[worker.Run] | type[Errand]) -> int:
    with house.engines.reading() as session:
        return len(session.scalars(select(table)).all())


def _wait(done: Callable[[], bool]) -> None:
    for _ in range(500):
        if done():
            return
        Signal().wait(0.02)
    raise AssertionError("it did not happen")


class Lanterns:
    """The module of a noun, as the timetable knows it."""

    LIFE = LIFE

    @staticmethod
    def take(work: Work, lantern_id: str, name: str) -> None:
        LIFE.take(name, work.session.get_one(Lantern, lantern_id), work)


def _checked(session: Session, lantern_id: str) -> None:
    lantern = Lantern(id=lantern_id, state=State.DARK, owner_id="org_buyer", oil=1)
    session.add(lantern)
    session.flush()
    LIFE.take("check", lantern, work_of(session, "per_buyer_editor"))


def test_what_a_clock_takes_by_itself_is_taken(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timetable, "LIVES", {"lantern": Lanterns})
    _checked(session, "lan_1")
    in_time = work_of(session, "system", at=NOON + timedelta(days=2))
    too_late = work_of(session, "system", at=NOON + timedelta(days=12))

    assert timetable.take_overdue(in_time) == 0
    assert timetable.take_overdue(too_late) == 1
    assert session.get_one(Lantern, "lan_1").state == State.LIT
    assert watch.running(session, "lan_1") is None


def test_a_step_that_is_still_barred_is_left_to_its_people(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stubborn(Lanterns):
        @staticmethod
        def take(work: Work, lantern_id: str, name: str) -> None:
            raise StepRefused("不", "no", (Refusal("NO", "不", "no"),))

    monkeypatch.setattr(timetable, "LIVES", {"lantern": Stubborn})
    _checked(session, "lan_1")
    too_late = work_of(session, "system", at=NOON + timedelta(days=12))

    assert timetable.take_overdue(too_late) == 0
    assert session.get_one(Lantern, "lan_1").state == State.CHECKED


def test_one_step_that_fails_does_not_hold_up_the_others(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Lost(Lanterns):
        @staticmethod
        def take(work: Work, lantern_id: str, name: str) -> None:
            if lantern_id == "lan_1":
                raise NotFound("没有", "it is gone")
            Lanterns.take(work, lantern_id, name)

    monkeypatch.setattr(timetable, "LIVES", {"lantern": Lost})
    _checked(session, "lan_1")
    _checked(session, "lan_2")
    too_late = work_of(session, "system", at=NOON + timedelta(days=12))

    assert timetable.take_overdue(too_late) == 1
    assert session.get_one(Lantern, "lan_2").state == State.LIT
