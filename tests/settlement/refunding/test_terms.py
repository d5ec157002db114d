"""A subscription that ends early: its used days stay earned, its unused ones go back."""

import dataclasses
from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from kernel.errors import Invalid, StepNotAllowed, StepRefused
from kernel.money import Money
from settlement import escrow, fsck
from settlement.metering import subscriptions
from settlement.metering.subscriptions import Outcome, Price
from settlement.rails.desks import DisputeMove, DisputeWord
from settlement.refunding import chargebacks, refunds, terms
from settlement.refunding.refunds import NotRefundable
from tests.conftest import WorkAs, work_of
from tests.settlement import money
from tests.settlement.metering import gauges
from tests.settlement.refunding import going_back

YEAR = Money(1_200_001)
SALE = {
    "order_line_id": "orl_1",
    "buyer_id": "org_buyer",
    "seller_id": "org_developer",
    "operator_id": None,
    "kind": "other",
}


def begun(work_as: WorkAs, *, by_card: bool = False) -> list[subscriptions.SubscriptionSlice]:
    if by_card:
        going_back.paid_by_card(work_as, amount=YEAR)
    else:
        money.paid(work_as, amount=YEAR)
    made = subscriptions.begin(
        work_as("system"), "ord_1", SALE, price=Price(YEAR), period="month", count=12
    )
    money.made_session(work_as).flush()
    return made


def ended(session: Session, on: date, person: str = "per_exchange_settler") -> refunds.Refund:
    made = terms.end(work_of(session, person, at=gauges.AUGUST), "ord_1", on=on, reason="停服")
    session.flush()
    return made


def test_used_days_are_earned_and_unused_ones_go_back(session: Session, work_as: WorkAs) -> None:
    first, *_ = begun(work_as)
    subscriptions.earn_due(work_of(session, "system", at=gauges.AUGUST), limit=9)

    refund = ended(session, date(2026, 8, 2))

    served = sum((due.amount for due in escrow.of_order(session, "ord_1")), Money(0))
    found = subscriptions.of_order(session, "ord_1")
    assert refund.amount == YEAR - served
    assert first.amount < served < first.amount + Money(10_000)
    assert escrow.left(session, "ord_1") == Money(0)
    assert [each.outcome for each in found[:2]] == [Outcome.EARNED] * 2
    assert {each.outcome for each in found[2:]} == {Outcome.RETURNED}
    later = work_of(session, "system", at=gauges.AUGUST + timedelta(days=400))
    assert subscriptions.earn_due(later, limit=99) == []
    session.commit()
    assert fsck.check(session) == ()


def test_a_refund_that_is_withdrawn_lets_the_subscription_go_on(
    session: Session, work_as: WorkAs
) -> None:
    begun(work_as)
    refund = ended(session, date(2026, 7, 10))

    refunds.take(work_as("per_exchange_checker"), refund.id, "cancel", reason="误")
    session.flush()

    planned = [
        each.amount
        for each in subscriptions.of_order(session, "ord_1")
        if each.outcome == Outcome.PLANNED
    ]
    assert sum(planned, Money(0)) == refund.amount == escrow.left(session, "ord_1")


def test_a_part_that_is_refunded_makes_the_rest_cheaper(session: Session, work_as: WorkAs) -> None:
    begun(work_as)

    going_back.requested(work_as, 600_000)
    session.flush()
    later = work_of(session, "system", at=gauges.AUGUST + timedelta(days=400))
    earned = subscriptions.earn_due(later, limit=99)

    assert len(earned) == 12
    assert sum((each.amount for each in earned), Money(0)) == YEAR - Money(600_000)
    assert escrow.left(session, "ord_1") == Money(0)


def test_a_lost_dispute_ends_it_like_a_refund(session: Session, work_as: WorkAs) -> None:
    begun(work_as, by_card=True)
    house = work_as("system")
    word = DisputeWord(
        provider="stripe",
        dispute_id="dp_1",
        charge_object="pi_ord_1",
        order_id="ord_1",
        amount=YEAR,
        state="needs_response",
        evidence_due=None,
    )
    move = DisputeMove(
        dispute_id="dp_1",
        kind="withdrawn",
        amount=YEAR,
        fee=Money(0),
        source_id="txn_1",
        account=going_back.STRIPE,
    )
    chargebacks.seen(house, word)
    chargebacks.moved(house, move)
    chargebacks.seen(house, dataclasses.replace(word, state="lost"))
    session.flush()

    assert {each.outcome for each in subscriptions.of_order(session, "ord_1")} == {Outcome.RETURNED}


def test_it_ends_by_the_exchange_not_in_days_to_come_and_once(
    session: Session, work_as: WorkAs
) -> None:
    begun(work_as)

    with pytest.raises(StepNotAllowed):
        ended(session, date(2026, 7, 10), "per_buyer_signer")
    with pytest.raises(Invalid):
        ended(session, date(2026, 8, 3))
    ended(session, date(2026, 7, 10))
    with pytest.raises(StepRefused) as refused:
        ended(session, date(2026, 7, 10))

    assert [each.code for each in refused.value.refusals] == ["NO_TERM_LEFT"]


def test_what_was_drawn_and_not_billed_is_no_buyers_to_have_back(
    session: Session, work_as: WorkAs
) -> None:
    gauges.meter(session, gauges.CALLS, mode="wallet")
    gauges.filled(session, 1_000)
    gauges.told(session, ("e1", 4))
    gauges.closed(session, money.DUE)

    with pytest.raises(NotRefundable):
        going_back.requested(work_as, 1)

    assert escrow.left(session, "ord_1") == Money(200)
    assert refunds.standing(session, "ord_1").left == Money(0)
