"""Many at once: whatever the order, each thing happens once and no money is lost."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Barrier
from time import monotonic, sleep
from typing import TypeVar

import pytest
from sqlalchemy import func, select, text

from kernel.engines import Engines
from kernel.money import Money
from settlement import fsck, ledger
from settlement.books import accounts
from settlement.ledger import AccountRef, Posted, Row
from tests.conftest import work_of
from tests.settlement.bookkeeping import (
    CUSTODY,
    JULY,
    accept,
    accepted,
    head,
    matched,
    merchant,
    on,
    on_postgresql,
    paid_for,
    posting,
    received,
    refusal,
    seal,
    settle,
    suspense,
)

WORKERS = 8
AUGUST = datetime(2026, 8, 2, 4, tzinfo=UTC)
OPERATOR, OTHER = AccountRef("2202.operator", "org_op"), merchant("org_n")
T = TypeVar("T")


def at_once(act: Callable[[int], T], workers: int = WORKERS) -> list[T]:
    """Let `workers` threads begin together; return what each came to, or raise what it raised."""
    start = Barrier(workers)

    def begin(number: int) -> T:
        start.wait()
        return act(number)

    with ThreadPoolExecutor(workers) as pool:
        return [future.result() for future in [pool.submit(begin, n) for n in range(workers)]]


def orders_accepted(engines: Engines, orders: Sequence[str], fen: int) -> None:
    with engines.writing() as session:
        work = work_of(session, "system")
        for order in orders:
            paid_for(work, order, fen)
            accept(work, order, fen)
        session.commit()


def turned(orders: list[str], number: int) -> list[str]:
    """Return the orders in an order of the worker's own."""
    begin = number * len(orders) // WORKERS
    return (orders[begin:] + orders[:begin])[:: 1 if number % 2 else -1]


@pytest.mark.slow
def test_eight_who_settle_the_same_orders_settle_each_once(engines: Engines) -> None:
    orders = [f"ord_{number}" for number in range(24)]
    orders_accepted(engines, orders, 100)

    def settle_all(number: int) -> Counter[bool]:
        told: Counter[bool] = Counter()
        for order in turned(orders, number):
            with engines.writing() as session:
                shares = [(merchant("org_m"), 90), (OPERATOR, 10)]
                told[settle(work_of(session, "system"), order, shares).already] += 1
                session.commit()
        return told

    told = sum(at_once(settle_all), Counter[bool]())

    with engines.reading() as session:
        assert told == {False: 24, True: 24 * (WORKERS - 1)}
        assert on(session, merchant("org_m")) == 24 * 90
        assert [on(session, accepted(order)) for order in orders] == [0] * 24
        assert fsck.check(session) == ()


@pytest.mark.slow
def test_money_is_not_paid_twice_even_when_each_calls_it_something_else(engines: Engines) -> None:
    orders = [f"ord_{number}" for number in range(8)]
    orders_accepted(engines, orders, 100)

    def settle_all(number: int) -> Counter[str]:
        told: Counter[str] = Counter()
        for order in turned(orders, number):
            with engines.writing() as session:
                work = work_of(session, "system")
                try:
                    settle(work, order, [(merchant("org_m"), 100)], source=f"{order} {number}")
                except ledger.Overdrawn:
                    told["overdrawn"] += 1
                else:
                    told["settled"] += 1
                session.commit()
        return told

    told = sum(at_once(settle_all), Counter[str]())

    with engines.reading() as session:
        assert told == {"settled": 8, "overdrawn": 8 * (WORKERS - 1)}
        assert on(session, merchant("org_m")) == 800
        assert fsck.check(session) == ()


def test_an_account_that_all_open_at_once_is_opened_once(engines: Engines) -> None:
    def receive(number: int) -> Posted:
        with engines.writing() as session:
            work = work_of(session, "system")
            row = Row(CUSTODY, suspense("shared"), Money(1))
            posted = ledger.post(work, "bank.received", f"bsl_{number}", [row], effective_on=JULY)
            session.commit()
            return posted

    posted = at_once(receive)

    with engines.reading() as session:
        assert len({one.entry_id for one in posted}) == WORKERS
        assert session.scalar(select(func.count()).select_from(accounts)) == 2
        assert on(session, suspense("shared")) == WORKERS
        assert fsck.check(session) == ()


@on_postgresql
@pytest.mark.slow
def test_guarded_accounts_are_locked_in_one_order_so_nobody_deadlocks(engines: Engines) -> None:
    orders = [f"ord_{number}" for number in range(WORKERS)]
    orders_accepted(engines, orders, 100)

    def settle_in_parts(number: int) -> int:
        shares = [(merchant("org_m"), 1), (OTHER, 1), (OPERATOR, 1)]
        for part in range(12):
            with engines.writing() as session:
                work = work_of(session, "system")
                way = shares if (number + part) % 2 else shares[::-1]
                settle(work, orders[number], way, source=f"{number} {part}")
                session.commit()
        return number

    at_once(settle_in_parts)

    with engines.reading() as session:
        assert [on(session, ref) for ref in (merchant("org_m"), OTHER, OPERATOR)] == [96] * 3
        assert fsck.check(session) == ()


def wait_until_somebody_waits(engines: Engines) -> None:
    """Return when a statement of the database waits for a lock; fail after five seconds."""
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    until = monotonic() + 5
    with engines.write.connect() as connection:
        while not connection.scalar(waiting):
            assert monotonic() < until, "nobody waits"
            connection.rollback()
            sleep(0.01)


def later(pool: ThreadPoolExecutor, engines: Engines, line: str, day: date) -> Future[Posted]:
    """Receive 5 fen in another thread and another transaction."""

    def receive() -> Posted:
        with engines.writing() as session:
            posted = received(work_of(session, "system"), line, 5, on=day)
            session.commit()
            return posted

    return pool.submit(receive)


@on_postgresql
@pytest.mark.parametrize("kept", [True, False], ids=["commits", "rolls back"])
def test_a_twin_waits_for_the_first_and_is_told_what_came_of_it(
    engines: Engines, kept: bool
) -> None:
    with ThreadPoolExecutor(1) as pool, engines.writing() as session:
        first = received(work_of(session, "system"), "bsl_1", 5)
        twin = later(pool, engines, "bsl_1", JULY)
        wait_until_somebody_waits(engines)
        if kept:
            session.commit()
        else:
            session.rollback()

        assert twin.result().already is kept
        assert (twin.result().entry_id == first.entry_id) is kept

    with engines.reading() as session:
        assert on(session, CUSTODY) == 5
        assert fsck.check(session) == ()


@on_postgresql
def test_who_closes_a_month_waits_for_the_entry_that_is_under_way(engines: Engines) -> None:
    with engines.writing() as session:
        received(work_of(session, "system"), "bsl_0", 1)
        session.commit()

    def close() -> str:
        with engines.writing() as closing:
            root = ledger.close_period(work_of(closing, "system", at=AUGUST), "2026-07")
            closing.commit()
            return root

    with ThreadPoolExecutor(1) as pool, engines.writing() as session:
        posted = received(work_of(session, "system"), "bsl_1", 5)
        closed = pool.submit(close)
        wait_until_somebody_waits(engines)
        session.commit()
        closed.result()

    with engines.reading() as session:
        assert ledger.entry(session, posted.entry_id).period_id == "2026-07"
        assert fsck.check(session) == ()


@on_postgresql
def test_an_entry_that_waits_for_a_month_to_be_closed_is_booked_in_the_next(
    engines: Engines,
) -> None:
    with engines.writing() as session:
        received(work_of(session, "system"), "bsl_0", 1)
        session.commit()

    with ThreadPoolExecutor(1) as pool, engines.writing() as session:
        ledger.close_period(work_of(session, "system", at=AUGUST), "2026-07")
        waiting = later(pool, engines, "bsl_1", JULY)
        wait_until_somebody_waits(engines)
        session.commit()
        posted = waiting.result()

    with engines.reading() as session:
        entry = ledger.entry(session, posted.entry_id)
        assert (entry.period_id, entry.late) == ("2026-08", True)
        assert fsck.check(session) == ()


CLOSED_BY_HAND = (
    "UPDATE ledger_periods SET status = 'closed', closed_at = now(), closed_by = 'x',"
    f" entries = 0, root_hash = '{'0' * 64}' WHERE id = '2026-07'"
)


@on_postgresql
def test_two_who_close_and_write_by_hand_are_held_apart_by_the_database(engines: Engines) -> None:
    with engines.writing() as session:
        received(work_of(session, "system"), "bsl_0", 1)
        session.commit()

    def write() -> str:
        with engines.writing() as other:
            return refusal(other, head(99), posting(99, CUSTODY, suspense("bsl_0"), "1"), seal(99))

    with ThreadPoolExecutor(1) as pool, engines.writing() as session:
        session.execute(text(CLOSED_BY_HAND))
        written = pool.submit(write)
        wait_until_somebody_waits(engines)
        session.commit()

        assert "the period is not open" in written.result()


@on_postgresql
def test_no_earlier_month_is_opened_behind_the_back_of_who_closes_one(engines: Engines) -> None:
    with engines.writing() as session:
        received(work_of(session, "system"), "bsl_0", 1)
        session.commit()

    def close() -> list[str]:
        with engines.writing() as closing, pytest.raises(ledger.PeriodNotClosable) as caught:
            ledger.close_period(work_of(closing, "system", at=AUGUST), "2026-07")
        return [refusal.code for refusal in caught.value.refusals]

    with ThreadPoolExecutor(1) as pool, engines.writing() as session:
        received(work_of(session, "system"), "bsl_1", 1, on=date(2026, 6, 30))
        closed = pool.submit(close)
        wait_until_somebody_waits(engines)
        session.commit()

        assert closed.result() == ["EARLIER_PERIOD_OPEN"]


@on_postgresql
def test_two_who_open_the_same_month_open_it_once(engines: Engines) -> None:
    with ThreadPoolExecutor(1) as pool, engines.writing() as session:
        received(work_of(session, "system"), "bsl_1", 5, on=date(2026, 9, 1))
        waiting = later(pool, engines, "bsl_2", date(2026, 9, 2))
        wait_until_somebody_waits(engines)
        session.commit()
        posted = waiting.result()

    with engines.reading() as session:
        assert ledger.entry(session, posted.entry_id).period_id == "2026-09"
        assert fsck.check(session) == ()


@on_postgresql
def test_the_balance_that_was_waited_for_is_the_one_that_counts(engines: Engines) -> None:
    with engines.writing() as session:
        received(work_of(session, "system"), "bsl_1", 5)
        session.commit()

    def match(order: str) -> str:
        with engines.writing() as other:
            try:
                matched(work_of(other, "system"), "bsl_1", order, 5)
            except ledger.Overdrawn:
                return "overdrawn"
            other.commit()
            return "matched"

    with ThreadPoolExecutor(1) as pool, engines.writing() as session:
        matched(work_of(session, "system"), "bsl_1", "ord_1", 5)
        second = pool.submit(match, "ord_2")
        wait_until_somebody_waits(engines)
        session.commit()

        assert second.result() == "overdrawn"
