"""What a wallet holds is what may be used: drawn by the hour, never below nothing."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from kernel import journal
from kernel.engines import Engines
from kernel.errors import NotFound, StepNotAllowed
from kernel.journal import Event
from kernel.money import Money
from settlement import escrow, fsck
from settlement.ledger import AccountRef, Overdrawn
from settlement.metering import billing, bills, deposits, hours, meters, wallets
from settlement.metering.bills import State
from settlement.metering.tariffs import Shape, Tariff
from tests.conftest import NOON, work_of
from tests.settlement.bookkeeping import on, on_postgresql
from tests.settlement.metering.gauges import (
    AUGUST,
    CALLS,
    IN_JULY,
    closed,
    filled,
    meter,
    told,
)
from tests.settlement.test_races import at_once

HOUR = timedelta(hours=1)
WALLET = AccountRef("2241.wallet", "org_buyer")


def topped(session: Session) -> None:
    event = Event(
        kind="payment.received", subject="pay", data={"purpose": "wallet", "target": "org_buyer"}
    )
    wallets.topped_up(work_of(session, "system", at=AUGUST), event)


def test_each_closed_hour_draws_what_the_month_has_come_to_so_far(session: Session) -> None:
    # A third of a fen a call: drawn call by call it would be nothing.
    it = meter(session, Tariff(shape=Shape.FLAT, unit_e6=333_333), mode="wallet")
    filled(session, 100_000)

    for hour in range(3):
        at = IN_JULY + hour * HOUR
        told(session, (f"e{hour}", 1), at=at)
        closed(session, at + 2 * HOUR)

    assert wallets.drawn(session, it.id, "2026-07") == Money(1)
    assert wallets.balance(session, "org_buyer") == Money(99_999)
    assert escrow.left(session, "ord_1") == Money(1)


def test_a_wallet_that_runs_dry_stops_the_meter_and_goes_on_when_it_is_filled(
    session: Session,
) -> None:
    it = meter(session, CALLS, mode="wallet")
    filled(session, 120)
    house = work_of(session, "system", at=IN_JULY)
    told(session, ("e1", 2))
    assert hours.refusal(house, it) is None
    told(session, ("e2", 1))
    assert wallets.left(session, it, "2026-07") == Money(-30)
    reason = hours.refusal(house, it)
    assert reason is not None
    assert reason.code == "WALLET_EMPTY"
    closed(session, IN_JULY + 2 * HOUR)

    assert (it.state, it.stopped_for) == (meters.State.STOPPED, "WALLET_EMPTY")
    assert on(session, WALLET) == 120
    topped(session)
    assert it.state == meters.State.STOPPED
    filled(session, 1_000, at=AUGUST)
    topped(session)

    assert (it.state, on(session, WALLET)) == (meters.State.OPEN, 970)


def test_the_buyer_is_warned_when_the_wallet_falls_below_a_threshold(session: Session) -> None:
    meter(session, CALLS, mode="wallet")
    filled(session, 100_100)
    for number, units in enumerate((1, 1_595, 10)):
        at = IN_JULY + number * HOUR
        told(session, (f"e{number}", units), at=at)
        closed(session, at + 2 * HOUR)
    told(session, ("e9", 20), at=IN_JULY + 4 * HOUR)
    closed(session, IN_JULY + 6 * HOUR)
    session.flush()

    warned = [
        event.data["threshold"]["minor"]
        for event in journal.history(session, "org_buyer", limit=99)
        if event.kind == "wallet.low"
    ]
    assert warned == [100_000, 20_000]


def test_a_month_paid_by_the_wallet_is_confirmed_and_settled_without_another_payment(
    session: Session,
) -> None:
    meter(session, Tariff(shape=Shape.FLAT, unit_e6=50, minimum_fen=700), mode="wallet")
    filled(session, 10_000)
    told(session, ("e1", 3))
    closed(session, AUGUST)

    (bill,) = billing.run(work_of(session, "system", at=AUGUST), limit=9)
    bills.take(work_of(session, "per_developer_editor", at=AUGUST), bill.id, "vouch")
    bills.take(work_of(session, "per_buyer_signer", at=AUGUST), bill.id, "confirm")

    assert (bill.kind, bill.drawn, bill.state) == ("prepaid", True, State.SETTLED)
    assert (bill.amount, on(session, WALLET)) == (Money(700), 9_300)
    assert on(session, AccountRef("9002.turnover", "orl_1")) == 700
    assert on(session, AccountRef("1122.buyer", "org_buyer")) == 0
    session.commit()
    assert fsck.check(session) == ()


def test_a_month_that_the_wallet_cannot_pay_is_billed_when_it_can(session: Session) -> None:
    it = meter(session, Tariff(shape=Shape.FLAT, unit_e6=50, minimum_fen=700), mode="wallet")
    told(session, ("e1", 3))
    closed(session, AUGUST)
    house = work_of(session, "system", at=AUGUST)

    assert billing.run(house, limit=9) == []
    assert it.stopped_for == "WALLET_EMPTY"
    filled(session, 700, at=AUGUST)
    topped(session)
    assert len(billing.run(house, limit=9)) == 1


def test_only_who_moves_the_buyers_money_tops_up_and_others_see_nothing(session: Session) -> None:
    with pytest.raises(StepNotAllowed):
        wallets.top_up(work_of(session, "per_developer_editor"), Money(1))
    filled(session, 500)

    work = work_of(session, "per_buyer_editor")
    (line,) = wallets.statement(work, "org_buyer", after=None, limit=9).items

    assert (line.event, line.amount) == ("bank.matched", Money(500))
    with pytest.raises(NotFound):
        wallets.statement(
            work_of(session, "per_developer_editor"), "org_buyer", after=None, limit=9
        )
    bill = Event(kind="payment.received", subject="p", data={"purpose": "order"})
    wallets.topped_up(work, bill)
    bills.paid(work, bill)


def test_a_deposit_is_held_given_back_or_forfeited_once(session: Session) -> None:
    filled(session, 1_000)
    house = work_of(session, "system")
    for name in ("ent_1", "ent_2"):
        deposits.keep(house, name, bidder_id="org_buyer", amount=Money(400))

    with pytest.raises(Overdrawn):
        deposits.keep(house, "ent_3", bidder_id="org_buyer", amount=Money(400))
    back = [deposits.release(house, "ent_1", bidder_id="org_buyer") for _ in range(2)]
    lost = [deposits.forfeit(house, "ent_2", seller_id="org_developer") for _ in range(2)]

    assert (back, lost) == ([Money(400), Money(0)], [Money(400), Money(0)])
    assert on(session, WALLET) == 600
    assert on(session, AccountRef("2202.merchant", "org_developer")) == 400


@pytest.mark.slow
@on_postgresql
def test_eight_who_draw_at_once_never_draw_more_than_there_is(engines: Engines) -> None:
    with engines.writing() as session:
        filled(session, 1_000)
        for number in range(8):
            meter(session, CALLS, number=number, mode="wallet")
            told(session, (f"e{number}", 5), line=f"orl_{number}")
        closed(session, NOON)
        session.commit()

    def draw(number: int) -> bool:
        with engines.writing() as session:
            it = meters.of_order(session, f"ord_{number}")[0]
            closed(session, AUGUST)
            given = wallets.draw_all(work_of(session, "system", at=AUGUST), it.id)
            session.commit()
            return given

    at_once(draw)
    at_once(draw)

    with engines.reading() as session:
        drawn = [
            wallets.drawn(session, meters.of_order(session, f"ord_{n}")[0].id, "2026-07").minor
            for n in range(8)
        ]
        assert sorted(drawn) == [0] * 4 + [250] * 4
        assert on(session, WALLET) == 0
        assert fsck.check(session) == ()
