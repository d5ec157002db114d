"""Settle, refund, pay out and dispute the same orders at once: drained exactly once."""

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from kernel.engines import Engines, insist
from kernel.errors import DomainError
from kernel.money import Money
from settlement import batches, escrow, fsck, payouts
from settlement.batches import SettlementBatch
from settlement.books import accounts, balances
from settlement.dividing.frozen import Ground
from settlement.dividing.terms import Payable
from settlement.holding import holds
from settlement.payouts import Payout
from settlement.refunding import refunds
from tests.conftest import work_of
from tests.settlement import money
from tests.settlement.bookkeeping import on_postgresql
from tests.settlement.test_races import WORKERS, at_once, turned

PRICE: Final = Money(1_000_007)
FIFTH: Final = Money(200_001)
ROUNDS: Final = 2
TRIES: Final = 20
Doing = Callable[[Session, str], object]


def works(session: Session) -> Any:
    """Return the works of everybody in a session, on the day when all is due."""
    return lambda person, at=money.DUE: work_of(session, person, at=at)


def accepted_orders(engines: Engines, orders: list[str]) -> None:
    with engines.writing() as session:
        work_as = works(session)
        if "ord_0" in orders:
            money.everybodys_accounts(work_as)
        for order in orders:
            money.paid(work_as, order, PRICE)
            money.accepted(work_as, order, money.line(f"orl_{order}", PRICE))
        session.commit()


def settle(session: Session, _order: str) -> None:
    """Compute and post whatever is due."""
    settler = work_of(session, "per_exchange_settler", at=money.LATE)
    batch = batches.compute(settler)
    session.flush()
    batches.take(work_of(session, "per_exchange_checker", at=money.LATE), batch.id, "confirm")


def refund(session: Session, order: str) -> None:
    """Refund a fifth of the order, whatever has become of it meanwhile."""
    settler = work_of(session, "per_exchange_settler", at=money.LATE)
    refunds.request(settler, order_id=order, amount=FIFTH, reason="x", fee_refund=True)


def dispute(session: Session, order: str) -> None:
    """Hold a part of the order, and let it go again."""
    settler = work_of(session, "per_exchange_settler", at=money.LATE)
    hold = holds.place(
        settler, order_id=order, amount=Money(500), ground=Ground.DISPUTE, reference=order
    )
    session.flush()
    holds.lift(settler, hold.id, reason="x")


def pay_out(session: Session, _order: str) -> None:
    """Ask for everything that the merchant has to get."""
    settler = work_of(session, "per_exchange_settler", at=money.LATE)
    payouts.request(settler, payable=Payable.MERCHANT, party_id="org_developer")


ACTS: Final[tuple[tuple[str, Doing], ...]] = (
    ("settle", settle), ("refund", refund), ("dispute", dispute), ("pay out", pay_out),
)  # fmt: skip


def tried(engines: Engines, doing: Doing, order: str) -> str:
    """Do it as a request does, and ask again when told that it was changed meanwhile.

    A deadlock is tried again by the house itself; what the domain refuses is refused.
    """

    def attempt() -> None:
        with engines.writing() as session:
            doing(session, order)
            session.commit()

    for _ in range(TRIES):
        try:
            insist(attempt)
        except DomainError:
            return "refused"
        except StaleDataError:
            continue
        return "done"
    return "given up"


def below_nothing(session: Session) -> list[tuple[str, str]]:
    """Return the guarded accounts that are overdrawn, by their balances."""
    credit, debit = balances.c.guard == "credit", balances.c.guard == "debit"
    less, more = balances.c.debits > balances.c.credits, balances.c.debits < balances.c.credits
    statement = (
        select(accounts.c.code, accounts.c.owner)
        .join(balances, balances.c.account_id == accounts.c.id)
        .where((credit & less) | (debit & more))
    )
    return [(code, owner) for code, owner in session.execute(statement)]


@pytest.mark.slow
@on_postgresql
def test_whoever_comes_first_each_order_is_drained_exactly_once(engines: Engines) -> None:
    settled, due = [f"ord_{n}" for n in range(3)], [f"ord_{n}" for n in range(3, 6)]
    orders = [*settled, *due]
    accepted_orders(engines, settled)
    assert tried(engines, settle, "") == "done"
    accepted_orders(engines, due)

    def everything(number: int) -> Counter[tuple[str, str]]:
        name, doing = ACTS[number % len(ACTS)]
        order_by_order = turned(orders, number) * ROUNDS
        return Counter((name, tried(engines, doing, order)) for order in order_by_order)

    told = sum(at_once(everything, WORKERS), Counter[tuple[str, str]]())
    while tried(engines, settle, "") == "done":
        pass

    with engines.reading() as session:
        assert {name for name, came in told if came == "done"} == {name for name, _ in ACTS}
        assert not [name for name, came in told if came == "given up"], "a deadlock is tried again"
        assert told["refund", "done"] == 2 * ROUNDS * len(orders)
        for order in orders:
            explained = escrow.explain(session, order)
            assert explained.refunded == Money(2 * ROUNDS * FIFTH.minor)
            assert (explained.paid_in, explained.difference) == (PRICE, Money(0))
            assert (explained.in_escrow, explained.waiting, explained.held) == (Money(0),) * 3
        assert below_nothing(session) == []
        assert fsck.check(session) == ()


@pytest.mark.slow
@on_postgresql
def test_two_who_confirm_or_pay_the_same_do_it_once(engines: Engines) -> None:
    orders = [f"ord_{number}" for number in range(3)]
    accepted_orders(engines, orders)
    with engines.writing() as session:
        batch_id = batches.compute(work_of(session, "per_exchange_settler", at=money.LATE)).id
        session.commit()

    def confirm(session: Session, _order: str) -> None:
        checker = work_of(session, "per_exchange_checker", at=money.LATE)
        batches.take(checker, batch_id, "confirm")

    confirmed = at_once(lambda _number: tried(engines, confirm, ""))
    asked = at_once(lambda _number: tried(engines, pay_out, ""))

    with engines.reading() as session:
        assert Counter(confirmed) == {"done": 1, "refused": WORKERS - 1}
        assert Counter(asked) == {"done": 1, "refused": WORKERS - 1}
        assert session.scalars(select(SettlementBatch.state)).all() == ["posted"]
        assert len(session.scalars(select(Payout)).all()) == 1
        assert fsck.check(session) == ()
