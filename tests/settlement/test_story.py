"""One order's money from the buyer's bank to everybody's: the figures of the story."""

import csv
import io
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from kernel.engines import Engines
from kernel.errors import DomainError
from kernel.journal import Event
from kernel.money import Money
from settlement import batches, escrow, fsck, ledger, payments, payouts, statements, turnover
from settlement.bank import outgoing
from settlement.bank import statements as bank_statements
from settlement.batches import SettlementLine
from settlement.books import entries
from settlement.escrow import Payable
from tests.conftest import NOON, WorkAs, work_of
from tests.settlement import money
from tests.settlement.bookkeeping import on_postgresql

STORY_SHARES = {
    "2202.merchant": Money(6_208_001),
    "2202.operator": Money(2_483_200),
    "2221.vat": Money(21_736),
    "2241.fiscal": Money(3_724_800),
    "6001.commission": Money(362_264),
}
PARTIES = (
    (Payable.MERCHANT, "org_developer"),
    (Payable.OPERATOR, "org_operator"),
    (Payable.FISCAL, money.TREASURY),
)


def test_every_fen_of_the_story_arrives(session: Session, work_as: WorkAs) -> None:
    money.everybodys_accounts(work_as)
    money.paid(work_as)
    money.accepted(work_as)
    money.settled(work_as)

    for payable, party_id in PARTIES:
        money.approved(work_as, money.requested(work_as, payable, party_id))
    sent = outgoing.send(work_as("per_exchange_settler", at=money.DUE))
    text = outgoing.content(work_as("per_exchange_settler", at=money.DUE), sent.id).decode()
    orders = list(csv.DictReader(io.StringIO(text)))
    debits = [
        (f"P{n}", -int(order["金额"].replace(".", "")), order["收款户名"], order["附言"])
        for n, order in enumerate(orders)
    ]
    came_in = money.STORY.minor
    money.took(work_as, money.csv_of(debits, number="out", opening=came_in, on="2026-07-02"))
    session.commit()

    told = escrow.explain(session, "ord_1")
    assert (told.paid_in, told.shared) == (money.STORY, STORY_SHARES)
    assert (told.in_escrow, told.waiting, told.refunded) == (Money(0), Money(0), Money(0))
    assert told.difference == Money(0)
    assert escrow.left(session, "ord_1") == Money(0)
    assert turnover.sides(session).counted == money.STORY
    assert statements.trial_balance(session).difference == 0
    assert sent.total == Money(3_724_800 + 2_483_200 + 6_208_001)
    assert {payout.state for payout in session.scalars(select(payouts.Payout))} == {"paid"}
    bank = bank_statements.standing(session, money.CUSTODY)
    assert (bank.closing, bank.booked) == (Money(384_000), Money(384_000))
    assert bank.difference == Money(0)
    assert fsck.check(session) == ()


def test_the_story_is_told_by_its_events(session: Session, work_as: WorkAs) -> None:
    payment = money.paid(work_as)
    money.accepted(work_as)
    batch = money.settled(work_as)
    session.commit()

    told = list(session.scalars(select(Event).order_by(Event.sequence)))

    assert [(event.kind, event.subject) for event in told] == [
        ("payment.instructed", payment.id),
        ("payment.received", payment.id),
        ("bank.statement_imported", told[2].subject),
        ("escrow.accepted", "ord_1"),
        ("settlement.computed", batch.id),
        ("order.settled", "ord_1"),
        ("settlement.confirmed", batch.id),
        ("settlement.posted", batch.id),
    ]
    assert told[1].data["order_id"] == "ord_1"
    assert told[1].data["amount"] == {"minor": 12_800_001, "currency": "CNY"}
    assert told[5].data["order_id"] == "ord_1"


@on_postgresql
@pytest.mark.slow
def test_of_many_who_import_and_settle_the_same_each_thing_happens_once(engines: Engines) -> None:
    text = _six_payments_asked(engines)

    imported = _all_at_once(engines, 6, lambda work_as: money.took(work_as, text))
    _six_lines_accepted(engines)
    computed = _all_at_once(
        engines, 6, lambda work_as: batches.compute(work_as("per_exchange_settler", at=money.DUE))
    )
    with engines.reading() as session:
        held = {batch.id: batch.obligation_count for batch in session.scalars(_BATCHES)}
    confirmed = [
        _all_at_once(engines, 6, partial(_confirm, batch_id=batch_id)) for batch_id in held
    ]

    assert imported == 1
    assert computed >= 1
    assert sum(held.values()) == 6
    assert confirmed == [1] * len(held)
    with engines.reading() as session:
        assert _counted(session, entries.c.event) == dict.fromkeys(
            ("bank.received", "bank.matched", "line.accepted", "line.settled"), 6
        )
        assert _counted(session, Event.kind)["order.settled"] == 6
        assert session.scalar(select(func.count()).select_from(SettlementLine)) == 6
        assert statements.trial_balance(session).difference == 0
        assert fsck.check(session) == ()


@on_postgresql
def test_of_many_who_ask_for_the_same_payout_one_gets_it(engines: Engines) -> None:
    with engines.writing() as session:
        work_as = _in(session)
        money.everybodys_accounts(work_as)
        money.paid(work_as)
        money.accepted(work_as)
        money.settled(work_as)
        session.commit()

    asked = _all_at_once(engines, 6, lambda work_as: money.requested(work_as))

    assert asked == 1
    with engines.reading() as session:
        owed = ledger.balance(session, ledger.AccountRef("2202.merchant", "org_developer"))
        assert owed == Money(0)


@on_postgresql
def test_two_batches_that_settle_the_last_lines_of_an_order_say_so_once(engines: Engines) -> None:
    with engines.writing() as session:
        work_as = _in(session)
        money.paid(work_as, "ord_1", Money(200))
        escrow.accept(work_as("per_buyer_editor"), "ord_1", [money.line("orl_1", Money(100))])
        first = money.computed(work_as).id
        escrow.accept(work_as("per_buyer_editor"), "ord_1", [money.line("orl_2", Money(100))])
        second = money.computed(work_as).id
        session.commit()
    todo = iter((first, second))

    # Two batches with small fees: the second's digest holds, whoever was first.
    confirmed = _all_at_once(engines, 2, lambda work_as: _confirm(work_as, batch_id=next(todo)))

    assert confirmed == 2
    with engines.reading() as session:
        assert _counted(session, Event.kind)["order.settled"] == 1
        assert escrow.explain(session, "ord_1").difference == Money(0)


@given(
    amounts=st.lists(st.integers(1, 10**11), min_size=1, max_size=3),
    part=st.integers(0, 10**11),
    over=st.integers(0, 10**6),
    kinds=st.lists(st.sampled_from(["public", "other"]), min_size=3, max_size=3),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_amounts_nothing_is_lost(
    engines: Engines, amounts: list[int], part: int, over: int, kinds: list[str]
) -> None:
    with engines.writing() as session:
        work_as = _in(session)
        total = sum(amounts)
        payment = money.asked(work_as, amount=Money(total))
        first = min(part, total)
        pieces = [fen for fen in (first, total + over - first) if fen]
        money.took(
            work_as,
            money.csv_of(
                (f"T{n}", fen, money.BUYER_NAME, payment.reference) for n, fen in enumerate(pieces)
            ),
        )
        lines = [
            money.line(f"orl_{n}", Money(fen), kind=kinds[n], operator_id="org_operator")
            for n, fen in enumerate(amounts)
        ]
        money.accepted(work_as, "ord_1", *lines)
        batch = money.settled(work_as)

        told = escrow.explain(session, "ord_1")
        divided = batches.lines(work_as("per_exchange_auditor"), batch)
        assert payment.state == payments.State.FUNDED
        assert told.paid_in == sum(told.shared.values(), Money(0)) == Money(total)
        assert told.difference == Money(0)
        assert escrow.left(session, "ord_1") == Money(0)
        for each in divided:
            parts = [part.amount for part in each.parts]
            assert sum(parts, Money(0)) == each.obligation.amount
            assert min(parts) > Money(0)
        assert sum((each.fee for each in divided), Money(0)) <= Money(5_000_000)
        left = bank_statements.suspense(session, [line.id for line in _bank_lines(session)])
        assert sum(left.values(), Money(0)) == Money(over)
        assert statements.trial_balance(session).difference == 0
        assert bank_statements.standing(session, money.CUSTODY).difference == Money(0)


_BATCHES = select(batches.SettlementBatch)


def _six_payments_asked(engines: Engines) -> str:
    """Ask for six payments, and return the statement that brings them, the last one first."""
    with engines.writing() as session:
        work_as = _in(session)
        wanted = [money.asked(work_as, f"ord_{n}", Money(100_000 + n)) for n in range(6)]
        text = money.csv_of(
            (f"T{n}", payment.amount.minor, money.BUYER_NAME, payment.reference)
            for n, payment in enumerate(reversed(wanted))
        )
        session.commit()
    return text


def _six_lines_accepted(engines: Engines) -> None:
    with engines.writing() as session:
        for n in range(6):
            line = money.line(f"orl_{n}", Money(100_000 + n))
            money.accepted(_in(session), f"ord_{n}", line)
        session.commit()


def _confirm(work_as: WorkAs, batch_id: str) -> None:
    batches.take(work_as("per_exchange_checker", at=money.DUE), batch_id, "confirm")


def _counted(session: Session, what: Any) -> dict[str, int]:
    return {row[0]: row[1] for row in session.execute(select(what, func.count()).group_by(what))}


def _bank_lines(session: Session) -> list[bank_statements.BankLine]:
    return list(session.scalars(select(bank_statements.BankLine)))


def _in(session: Session) -> WorkAs:
    return lambda person, at=NOON: work_of(session, person, at=at)


def _all_at_once(engines: Engines, threads: int, act: Callable[[WorkAs], object]) -> int:
    """Let so many do the same at the same moment; return how many could."""
    start = threading.Barrier(threads)

    def one(_: int) -> int:
        with engines.writing() as session:
            start.wait()
            try:
                act(_in(session))
                session.commit()
            except (DomainError, IntegrityError, StaleDataError, OperationalError):
                return 0
            return 1

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(one, range(threads)))
