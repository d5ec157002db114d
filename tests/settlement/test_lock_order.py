"""Obligations and shares are locked before balances, whoever moves the money: no circles."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.engines import Engines
from kernel.money import Money
from settlement import fsck, payouts
from settlement.dividing import obligations, rooms, settled
from settlement.dividing.frozen import Ground, Hold
from settlement.dividing.terms import Payable
from settlement.holding import holds
from settlement.ledger import AccountRef
from settlement.payouts import Payout
from tests.rivals import deadlocks
from tests.settlement import money
from tests.settlement.bookkeeping import on_postgresql
from tests.settlement.refunding.test_races import accepted_orders, settle, works
from tests.settlement.test_races import wait_until_somebody_waits

ORDER: Final = "ord_0"
MERCHANT: Final = AccountRef("2202.merchant", "org_developer")


def asks(session: Session) -> None:
    """Nothing is asked for yet."""
    del session


def asked(session: Session) -> None:
    """A payout is asked for."""
    settler = works(session)("per_exchange_settler", at=money.LATE)
    payouts.request(settler, payable=Payable.MERCHANT, party_id="org_developer")


def held(session: Session) -> None:
    """Some of the order is held."""
    settler = works(session)("per_exchange_settler", at=money.LATE)
    holds.place(settler, order_id=ORDER, amount=Money(5), ground=Ground.DISPUTE, reference="x")


def cancel(session: Session) -> None:
    payout_id = session.scalars(select(Payout.id)).one()
    settler = works(session)("per_exchange_settler", at=money.LATE)
    payouts.take(settler, payout_id, "cancel", reason="x")


def lift(session: Session) -> None:
    hold_id = session.scalars(select(Hold.id)).one()
    holds.lift(works(session)("per_exchange_settler", at=money.LATE), hold_id, reason="x")


@on_postgresql
@pytest.mark.parametrize(("before", "act"), [(asks, asked), (asked, cancel), (held, lift)])
def test_who_moves_money_waits_for_who_has_the_lines_and_holds_no_balance_meanwhile(
    engines: Engines, before: Callable[[Session], None], act: Callable[[Session], None]
) -> None:
    accepted_orders(engines, [ORDER])
    for prepare in (lambda session: settle(session, ORDER), before):
        with engines.writing() as session:
            prepare(session)
            session.commit()

    def acts() -> None:
        with engines.writing() as other:
            act(other)
            other.commit()

    with ThreadPoolExecutor(1) as pool, engines.writing() as session:
        lines = obligations.locked(session, [ORDER])  # as who refunds begins
        settled.locked(session, [one.id for one in lines])
        acting = pool.submit(acts)
        wait_until_somebody_waits(engines)
        rooms.locked(session, [MERCHANT])
        session.commit()
        acting.result()

    with engines.reading() as session:
        assert deadlocks(engines) == 0
        assert fsck.check(session) == ()
