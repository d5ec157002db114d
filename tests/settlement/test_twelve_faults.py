"""The twelve faults with money that marketplaces are known for, by name, and what happens here.

Most were found in marketplaces after they had cost somebody money. Each is one test, short,
on both databases; which guard prevents it, and that the guard is needed, the mutants show.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel.money import Money
from settlement import batches, escrow, fsck, ledger, payouts
from settlement.books import entries
from settlement.dividing.settled import SplitShare
from settlement.ledger import AccountRef, Overdrawn, Row
from settlement.metering import buckets
from settlement.rails.attempts import State
from settlement.rails.port import BadNotice
from settlement.refunding import refunds
from tests.conftest import WorkAs
from tests.settlement import money
from tests.settlement.bank import banking
from tests.settlement.bookkeeping import CUSTODY, on, suspense
from tests.settlement.metering import gauges
from tests.settlement.rails.chaos_world import World
from tests.settlement.rails.till import Till
from tests.settlement.refunding import going_back

FEN = money.STORY.minor
MERCHANT = AccountRef("2202.merchant", "org_developer")
OWED = AccountRef("1221.party", "org_developer")


@pytest.fixture(autouse=True)
def nothing_is_amiss(session: Session) -> Iterator[None]:
    """Whatever happened: the books balance, and agree with every state."""
    yield
    session.flush()
    assert fsck.check(session) == ()


def booked(session: Session, event: str) -> int:
    """Return how many entries tell of the event."""
    session.flush()
    return session.scalar(select(func.count()).where(entries.c.event.like(event))) or 0


def test_01_a_webhook_registered_twice_books_once_and_its_lost_secret_loses_no_payment(
    till: Till, world: World
) -> None:
    till.started()
    signed = [world.signed(event) for event in world.events for _endpoint in range(2)]
    known, world.secret = world.secret, "whsec_of_the_endpoint_that_was_deleted"
    unknown = [world.signed(event) for event in world.events]
    world.secret = known

    kept = [till.notified(*notice) for notice in signed]
    for notice in unknown:
        with pytest.raises(BadNotice):
            till.notified(*notice)
    till.gateway.handle_due()

    assert kept == [True, False] * len(world.events)
    assert (booked(till.session, "payment.%"), till.held()) == (1, FEN)


def test_01_what_no_webhook_tells_is_looked_up(till: Till, world: World) -> None:
    attempt = till.started(method="alipay")
    world.succeed(attempt.object_id or "")
    world.events.clear()
    till.later(minutes=5)

    till.polled()

    assert till.again(attempt).state == State.CAPTURED
    assert (booked(till.session, "payment.%"), till.on("2241.escrow", "ord_1")) == (1, FEN)


def test_02_an_order_that_two_channels_capture_is_paid_once(till: Till, world: World) -> None:
    attempt = till.started(method="alipay")
    reference = till.payment(attempt).reference
    money.took(till.work_as, money.csv_of([("T1", FEN, money.BUYER_NAME, reference)]))

    world.succeed(attempt.object_id or "")
    for event in world.events:
        till.notified(*world.signed(event))
    till.gateway.handle_due()

    (back,) = refunds.listed(till.work, after=None, limit=9).items
    assert till.on("2241.escrow", "ord_1") == FEN
    assert (back.kind, back.amount) == (refunds.Kind.SUSPENSE, money.STORY)


def test_03_what_is_delivered_in_parts_is_charged_once(session: Session, work_as: WorkAs) -> None:
    payment = asked = money.paid(work_as)
    first, second = escrow.slices(money.STORY, [10, 21])

    for _again in range(2):
        asked = money.asked(work_as)
        for seq, part in enumerate((first, second), 1):
            money.accepted(work_as, "ord_1", money.line(amount=part, seq=seq))
    with pytest.raises(Overdrawn), session.begin_nested():
        money.accepted(work_as, "ord_1", money.line(amount=Money(1), seq=3))

    assert asked is payment
    due = {one.seq: one.amount for one in escrow.of_order(session, "ord_1")}
    assert due == {1: first, 2: second}
    assert (on(session, CUSTODY_OF_STORY), on(session, AccountRef("2241.escrow", "ord_1"))) == (
        FEN, 0,
    )  # fmt: skip


def test_04_an_order_that_is_refunded_whole_does_not_read_as_paid(till: Till) -> None:
    attempt = till.started()
    settler = till.work_as("per_exchange_settler", at=till.now)
    made = refunds.request(settler, order_id="ord_1", amount=money.STORY, reason="x")
    till.session.flush()
    refunds.take(till.work_as("per_exchange_checker", at=till.now), made.id, "approve")
    till.session.flush()
    till.gateway.run_due()

    standing = refunds.standing(till.session, "ord_1")

    assert till.again(attempt).state == State.REFUNDED
    assert (standing.refunded, standing.left) == (money.STORY, Money(0))
    assert escrow.explain(till.session, "ord_1").refunded == money.STORY
    assert (till.held(), till.on("2241.escrow", "ord_1")) == (0, 0)


def test_05_a_refund_after_the_payout_is_owed_by_who_was_paid(
    session: Session, work_as: WorkAs
) -> None:
    money.everybodys_accounts(work_as)
    going_back.settled_order(work_as)
    payout = money.requested(work_as)

    going_back.requested(work_as, FEN, fee_refund=True)
    owed = on(session, OWED)
    going_back.settled_order(work_as, "ord_2")

    assert owed == payout.amount.minor
    assert (on(session, OWED), on(session, MERCHANT)) == (0, 0), "netted from what it earns next"


def test_06_refunds_in_parts_never_take_more_of_a_share_than_is_left(
    session: Session, work_as: WorkAs
) -> None:
    going_back.settled_order(work_as, amount=Money(1_007))
    shares = select(SplitShare).execution_options(populate_existing=True)
    lowest = 0

    for fen in (7, 1, 500, 332, 167):
        going_back.requested(work_as, fen, fee_refund=True)
        lowest = min(lowest, *(share.remaining_minor for share in session.scalars(shares)))

    assert lowest == 0
    assert {share.remaining_minor for share in session.scalars(shares)} == {0}


@pytest.mark.parametrize("fen", [1, 3, 1_007, 99_999])
def test_07_the_shares_of_a_sale_add_up_to_its_price(
    session: Session, work_as: WorkAs, fen: int
) -> None:
    going_back.settled_order(work_as, amount=Money(fen))

    shares = list(session.scalars(select(SplitShare)))

    assert sum(share.amount_minor for share in shares) == fen
    assert sum(on(session, AccountRef(share.account_code, share.owner)) for share in shares) == fen


def test_08_two_currencies_are_never_one_sum(session: Session, work_as: WorkAs) -> None:
    with pytest.raises(ValueError, match="CNY"):
        Money(1) + Money(1, "USD")
    dollars = suspense("bsl_1")._replace(currency="USD")
    till = CUSTODY._replace(currency="USD")
    mixed, pure = Row(CUSTODY, dollars, Money(5)), Row(till, dollars, Money(5, "USD"))
    house, day = work_as("system"), going_back.TODAY
    with pytest.raises(ValueError, match="currenc"):
        ledger.post(house, "bank.received", "bsl_1", [mixed], effective_on=day)

    ledger.post(house, "bank.received", "bsl_1", [pure], effective_on=day)

    assert [on(session, ref) for ref in (till, dollars)] == [5, 5]
    assert [on(session, ref) for ref in (CUSTODY, suspense("bsl_1"))] == [0, 0]


def test_09_what_is_charged_after_a_batch_was_summed_is_settled_by_the_next(
    session: Session, work_as: WorkAs
) -> None:
    money.paid(work_as)
    early, late = escrow.slices(money.STORY, [30, 1])
    money.accepted(work_as, "ord_1", money.line(amount=early))
    summed = money.computed(work_as)
    money.accepted(work_as, "ord_1", money.line(amount=late, seq=2))

    batches.take(work_as("per_exchange_checker", at=money.DUE), summed.id, "confirm")
    session.flush()
    between = on(session, AccountRef("2241.accepted", "ord_1"))
    following = batches.compute(work_as("per_exchange_settler", at=money.LATE))
    session.flush()
    batches.take(work_as("per_exchange_checker", at=money.LATE), following.id, "confirm")

    assert (summed.total, between) == (early, late.minor)
    assert (following.total, on(session, AccountRef("2241.accepted", "ord_1"))) == (late, 0)


def test_10_a_payout_is_never_more_than_is_there(session: Session, work_as: WorkAs) -> None:
    money.everybodys_accounts(work_as)
    going_back.settled_order(work_as)
    there = ledger.balance(session, MERCHANT)

    with pytest.raises(Overdrawn), session.begin_nested():
        money.requested(work_as, amount=there + Money(1))
    money.requested(work_as, amount=there - Money(50_000))
    with pytest.raises(Overdrawn), session.begin_nested():
        money.requested(work_as, amount=Money(50_001))

    assert ledger.balance(session, MERCHANT) == Money(50_000)


def test_11_a_payout_that_the_bank_returns_is_payable_again(
    session: Session, work_as: WorkAs
) -> None:
    banking.took(work_as, ("T0", 90_000, banking.ALIEN, "x"))
    money.verified(work_as, "org_developer", "演示·枫香科技")
    payout = banking.payout(work_as)
    banking.sent(work_as)
    payee, earned = payout.account_name, payout.earned
    banking.took(work_as, ("P1", -payout.amount.minor, payee, payout.reference))
    paid = payout.state

    text = f"退汇 {payout.reference} AC04"
    banking.took(work_as, ("R1", payout.amount.minor, payee, text))

    assert (paid, payout.state) == (payouts.State.PAID, payouts.State.RETURNED)
    assert ledger.balance(session, earned) == payout.amount


def test_12_use_that_is_told_again_is_not_billed_again(session: Session) -> None:
    meter = gauges.meter(session, mode="wallet")
    gauges.filled(session, 100_000)

    for hour in range(2):  # the second time when its hour is closed and drawn
        gauges.told(session, ("call-1", 3), now=gauges.IN_JULY + timedelta(hours=2 * hour))
        gauges.closed(session, gauges.IN_JULY + timedelta(hours=2 * hour + 2))

    assert buckets.used(session, meter.id, "2026-07", closed=False) == buckets.Sum(3, 1, 0)
    assert on(session, AccountRef("2241.wallet", "org_buyer")) == 100_000 - 150
    assert on(session, AccountRef("2241.escrow", "ord_1")) == 150


CUSTODY_OF_STORY = AccountRef("1012.custody", money.CUSTODY)
