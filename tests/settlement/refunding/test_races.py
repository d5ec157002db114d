"""Settle, refund, pay out and dispute the same orders at once: drained exactly once."""

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from kernel.engines import Engines
from kernel.errors import DomainError
from kernel.money import Money
from settlement import batches, escrow, fsck, payouts
from settlement.batches import SettlementBatch
from settlement.dividing.frozen import Ground
from settlement.dividing.terms import Payable
from settlement.holding import holds
from settlement.payouts import Payout
from settlement.refunding import refunds
from tests.conftest import work_of
from tests.settlement import money
from tests.settlement.bookkeeping import on_postgresql
from tests.settlement.test_races import WORKERS, at_once, turned

PRICE: Final = Money(10_007)
TRIES: Final = 20
Doing = Callable[[Session, str], object]


def works(session: Session) -> Any:
    """Return the works of everybody in a session, on the day when all is due."""
    return lambda person, at=money.DUE: work_of(session, person, at=at)


def accepted_orders(engines: Engines, orders: list[str]) -> None:
    with engines.writing() as session:
        work_as = works(session)
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
    """Refund the whole order: the second one finds nothing."""
    settler = work_of(session, "per_exchange_settler", at=money.LATE)
    refunds.request(settler, order_id=order, amount=PRICE, reason="x", fee_refund=True)


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
    """Do it, again after a deadlock or a lost race; what the domain refuses is refused."""
    for _ in range(TRIES):
        with engines.writing() as session:
            try:
                doing(session, order)
                session.commit()
            except DomainError:
                session.rollback()
                return "refused"
            except (OperationalError, StaleDataError):
                session.rollback()
                continue
            return "done"
    return "given up"


@pytest.mark.slow
@on_postgresql
def test_whoever_comes_first_each_order_is_drained_exactly_once(engines: Engines) -> None:
    orders = [f"ord_{number}" for number in range(8)]
    accepted_orders(engines, orders)

    def everything(number: int) -> Counter[tuple[str, str]]:
        name, doing = ACTS[number % len(ACTS)]
        return Counter((name, tried(engines, doing, order)) for order in turned(orders, number))

    told = sum(at_once(everything, WORKERS), Counter[tuple[str, str]]())

    with engines.reading() as session:
        assert told["refund", "done"] == len(orders)
        assert not [name for name, came in told if came == "given up"]
        for order in orders:
            explained = escrow.explain(session, order)
            assert (explained.refunded, explained.difference) == (PRICE, Money(0))
            assert (explained.in_escrow, explained.waiting, explained.held) == (Money(0),) * 3
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
