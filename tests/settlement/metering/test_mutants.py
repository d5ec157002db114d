"""The guards around use, wallets, bills and vouchers: each is taken off, and its promise must be
seen broken. Every promise holds while the guards are on.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.errors import Invalid
from kernel.money import Money
from kernel.parties import relations
from settlement.ledger import AccountRef, Overdrawn
from settlement.metering import (
    bill_lines,
    billing,
    bills,
    buckets,
    credit_limits,
    hours,
    meters,
    usage,
    wallets,
)
from settlement.metering.buckets import UsageBucket
from settlement.metering.tariffs import Shape, Tariff
from settlement.metering.usage import Outcome, UsageEvent
from settlement.posting import on_sqlite as to_sqlite
from settlement.vouchers import batches, eligibility, vouchers
from tests.conftest import WorkAs, work_of
from tests.settlement import money
from tests.settlement.bookkeeping import on, refusal
from tests.settlement.metering import gauges
from tests.settlement.money import made_session as of
from tests.settlement.mutants import (
    Mutant,
    anything_goes,
    both,
    doing,
    promised,
    refused,
    unguarded,
    without,
)
from tests.settlement.vouchers import gifts

HOUR = timedelta(hours=1)
NEXT_YEAR = datetime(2027, 1, 4, 4, tzinfo=UTC)
WALLET = AccountRef("2241.wallet", "org_buyer")
SETTLER, CHECKER = "per_exchange_settler", "per_exchange_checker"


# --- what is promised: use --------------------------------------------------------------


def what_is_told_again_is_seen_before(work_as: WorkAs) -> None:
    it = gauges.meter(of(work_as))
    gauges.told(of(work_as), ("e1", 2))
    (again,) = gauges.told(of(work_as), ("e1", 2))
    assert again.outcome is Outcome.SEEN
    assert buckets.used(of(work_as), it.id, "2026-07", closed=False).units == 2


def a_closed_hour_takes_nothing_more(work_as: WorkAs) -> None:
    gauges.meter(of(work_as))
    gauges.told(of(work_as), ("e1", 2))
    gauges.closed(of(work_as), gauges.AUGUST)
    gauges.told(of(work_as), ("e2", 3), now=gauges.AUGUST)
    late = of(work_as).scalars(select(UsageEvent).where(UsageEvent.event_id == "e2")).one()
    assert of(work_as).get_one(UsageBucket, late.bucket_id).state == buckets.State.OPEN


def an_hour_is_closed_when_its_grace_is_over(work_as: WorkAs) -> None:
    gauges.meter(of(work_as))
    gauges.told(of(work_as), ("e1", 2))
    assert gauges.closed(of(work_as), gauges.IN_JULY + HOUR) == 0


def what_failed_costs_nothing(work_as: WorkAs) -> None:
    it = gauges.meter(of(work_as))
    gauges.told(of(work_as), ("e1", 9), failure="upstream 503")
    assert buckets.used(of(work_as), it.id, "2026-07", closed=False) == buckets.Sum(0, 1, 1)


def nobody_tells_of_anothers_meter(work_as: WorkAs) -> None:
    gauges.meter(of(work_as), seller_id="org_other")
    (answer,) = gauges.told(of(work_as), ("e1", 1))
    assert answer.outcome is Outcome.REFUSED


def an_event_is_never_changed(work_as: WorkAs) -> None:
    gauges.meter(of(work_as))
    gauges.told(of(work_as), ("e1", 1))
    of(work_as).commit()
    assert "append-only" in refusal(of(work_as), "UPDATE usage_events SET units = 9")


# --- what is promised: wallets and bills ------------------------------------------------


def a_wallet_gives_no_more_than_it_holds(work_as: WorkAs) -> None:
    it = gauges.meter(of(work_as), mode="wallet")
    gauges.filled(of(work_as), 120)
    with pytest.raises(Overdrawn):
        wallets.take(work_as("system"), it, Money(121), source_id="x", period="2026-07")
    assert on(of(work_as), WALLET) == 120


def a_month_draws_what_it_has_not_drawn_yet(work_as: WorkAs) -> None:
    gauges.meter(of(work_as), Tariff(shape=Shape.FLAT, unit_e6=333_333), mode="wallet")
    gauges.filled(of(work_as), 100)
    for hour in range(6):  # a third of a fen each: two fen, however it is rounded on the way
        at = gauges.IN_JULY + hour * HOUR
        gauges.told(of(work_as), (f"e{hour}", 1), at=at)
        gauges.closed(of(work_as), at + 2 * HOUR)
    assert on(of(work_as), WALLET) == 98


def an_empty_wallet_admits_no_use(work_as: WorkAs) -> None:
    it = gauges.meter(of(work_as), mode="wallet")
    reason = hours.refusal(work_as("system"), it)
    assert reason is not None
    assert reason.code == "WALLET_EMPTY"


def a_buyer_owes_no_more_than_its_credit(work_as: WorkAs) -> None:
    it = gauges.meter(of(work_as))
    credit_limits.grant(work_as(SETTLER), "org_buyer", limit=Money(500), reason="x")
    of(work_as).flush()
    gauges.told(of(work_as), ("e1", 10))
    assert hours.refusal(work_as("system"), it) is not None


def a_month_with_an_open_hour_is_not_billed(work_as: WorkAs) -> None:
    gauges.meter(of(work_as))
    gauges.told(of(work_as), ("e1", 2))
    gauges.closed(of(work_as), gauges.IN_JULY + 2 * HOUR)
    gauges.told(of(work_as), ("e2", 2), at=gauges.IN_JULY + 3 * HOUR)
    assert billing.run(work_as("system", at=gauges.AUGUST), limit=9) == []


def a_bill_is_settled_by_money_alone(work_as: WorkAs) -> None:
    bill = confirmed(work_as)
    refused("NOT_FUNDED", lambda: bills.LIFE.take("settle", bill, work_as("system")))


def an_adjustment_never_turns_a_bill_negative(work_as: WorkAs) -> None:
    it = gauges.meter(of(work_as))
    gauges.told(of(work_as), ("e1", 2))
    gauges.closed(of(work_as), gauges.AUGUST)
    said: dict[str, Any] = {"period": "2026-07", "amount_fen": -101, "reason": "x"}
    bill_lines.adjust(work_of(of(work_as), SETTLER, at=gauges.AUGUST), it.id, **said)
    of(work_as).flush()
    (bill,) = billing.run(work_as("system", at=gauges.AUGUST), limit=9)
    assert bill.amount == Money(100)


def confirmed(work_as: WorkAs) -> bills.Bill:
    gauges.meter(of(work_as))
    gauges.told(of(work_as), ("e1", 2))
    gauges.closed(of(work_as), gauges.AUGUST)
    (bill,) = billing.run(work_as("system", at=gauges.AUGUST), limit=9)
    of(work_as).flush()
    bills.take(work_as("per_developer_editor", at=gauges.AUGUST), bill.id, "vouch")
    return bills.take(work_as("per_buyer_signer", at=gauges.AUGUST), bill.id, "confirm")


# --- what is promised: vouchers ---------------------------------------------------------


def no_more_is_issued_than_the_budget(work_as: WorkAs) -> None:
    batch = gifts.opened(work_as, budget=Money(100_000))
    gifts.claimed(work_as, batch)
    with pytest.raises(Overdrawn):
        gifts.claimed(work_as, batch)


def who_prepares_a_batch_does_not_open_it(work_as: WorkAs) -> None:
    made = batches.draft(work_as(SETTLER), **gifts.terms())
    of(work_as).flush()
    refused("FOUR_EYES", lambda: batches.take(work_as(SETTLER), made.id, "open"))


def a_batch_makes_sense(work_as: WorkAs) -> None:
    with pytest.raises(Invalid):
        batches.draft(work_as(SETTLER), **gifts.terms(deduct_bp=10_000))


def an_order_takes_one_voucher(work_as: WorkAs) -> None:
    batch = gifts.opened(work_as)
    first, second = gifts.claimed(work_as, batch), gifts.claimed(work_as, batch)
    gifts.locked(work_as, first)
    refused("NOT_STACKABLE", lambda: gifts.locked(work_as, second))


def a_year_has_a_limit(work_as: WorkAs) -> None:
    batch = gifts.opened(work_as)
    first, second = gifts.claimed(work_as, batch), gifts.claimed(work_as, batch)
    gifts.locked(work_as, first, "ord_1", 400_000)
    refused("YEAR_LIMIT", lambda: gifts.locked(work_as, second, "ord_2", 400_000))


def no_voucher_goes_to_relatives(work_as: WorkAs) -> None:
    voucher = gifts.claimed(work_as, gifts.opened(work_as))
    other = relations.Other(name="演示·枫香科技", uscc="91430104MAA00003XP")
    relations.declare(work_as("system"), "org_buyer", relations.Kind.CONTROLS, other)
    refused("RELATED_PARTY", lambda: gifts.locked(work_as, voucher))


def a_voucher_ends_with_its_term(work_as: WorkAs) -> None:
    voucher = gifts.claimed(work_as, gifts.opened(work_as))
    said: dict[str, Any] = {"seller_id": "org_developer", "product_types": []}
    late = work_as("per_buyer_signer", at=NEXT_YEAR)
    lock = {"order_id": "ord_2", "total": Money(100_000), **said}
    refused("VOUCHER_NOT_IN_TERM", lambda: vouchers.lock(late, voucher.id, **lock))


def a_voucher_in_its_term_does_not_expire(work_as: WorkAs) -> None:
    voucher = gifts.claimed(work_as, gifts.opened(work_as))
    refused("VOUCHER_IN_TERM", lambda: vouchers.LIFE.take("expire", voucher, work_as("system")))


def a_voucher_pays_its_part_alone(work_as: WorkAs) -> None:
    voucher = gifts.locked(work_as, gifts.claimed(work_as, gifts.opened(work_as)))
    assert voucher.used == Money(60_000)


def who_gave_a_voucher_does_not_audit_its_use(work_as: WorkAs) -> None:
    voucher = used(work_as)
    who = work_as(SETTLER)
    refused("FOUR_EYES", lambda: vouchers.take(who, voucher.id, "redeem", evidence="x"))


def nothing_is_redeemed_before_acceptance(work_as: WorkAs) -> None:
    voucher = gifts.locked(work_as, gifts.claimed(work_as, gifts.opened(work_as)))
    who = work_as(CHECKER)
    refused("ORDER_NOT_ACCEPTED", lambda: vouchers.take(who, voucher.id, "redeem", evidence="x"))


def used(work_as: WorkAs) -> vouchers.Voucher:
    voucher = gifts.locked(work_as, gifts.claimed(work_as, gifts.opened(work_as)))
    money.paid(work_as, amount=Money(240_000))
    money.accepted(work_as, "ord_1", money.line(amount=Money(240_000)))
    return voucher


# --- who breaks them --------------------------------------------------------------------


def all_of_it(session: Session, meter: meters.Meter, whole: Money, day: Any) -> list[Any]:
    """Take every adjustment up, whether the bill can bear it or not."""
    return FITTING(session, meter, whole + Money(10**6), day)


FITTING = bill_lines.fitting
NO_FORESIGHT = doing(to_sqlite, "forbid_overdraft", anything_goes)

MUTANTS = {
    "no event was there before": Mutant(
        what_is_told_again_is_seen_before, doing(usage, "_there", lambda *_: set())
    ),
    "a closed hour is reopened": Mutant(
        a_closed_hour_takes_nothing_more,
        doing(buckets, "_taking", lambda found, key, _now: found[key]),
    ),
    "no grace for the hour": Mutant(
        an_hour_is_closed_when_its_grace_is_over,
        doing(buckets, "_horizon", lambda work: work.now - HOUR),
    ),
    "failures are charged": Mutant(
        what_failed_costs_nothing,
        doing(usage, "Sum", lambda units, events, failed: buckets.Sum(units + 9, events, failed)),
    ),
    "anybody tells": Mutant(
        nobody_tells_of_anothers_meter, doing(usage, "_may_tell", lambda *_: True)
    ),
    "events can be changed": Mutant(
        an_event_is_never_changed, without("DROP TRIGGER usage_events_no_update")
    ),
    "a wallet is drawn below nothing": Mutant(a_wallet_gives_no_more_than_it_holds, NO_FORESIGHT),
    "what was drawn is forgotten": Mutant(
        a_month_draws_what_it_has_not_drawn_yet, doing(wallets, "drawn", lambda *_: Money(0))
    ),
    "an empty wallet is not looked at": Mutant(
        an_empty_wallet_admits_no_use, doing(wallets, "empty", anything_goes)
    ),
    "what is owed is forgotten": Mutant(
        a_buyer_owes_no_more_than_its_credit, doing(credit_limits, "owed", lambda *_: Money(0))
    ),
    "a month is billed too early": Mutant(
        a_month_with_an_open_hour_is_not_billed, doing(buckets, "open_in", lambda *_: False)
    ),
    "a bill is settled unpaid": Mutant(
        a_bill_is_settled_by_money_alone, unguarded(bills.LIFE, "settle", "_is_paid")
    ),
    "a bill bears every adjustment": Mutant(
        an_adjustment_never_turns_a_bill_negative, doing(bill_lines, "fitting", all_of_it)
    ),
    "more vouchers than budget": Mutant(no_more_is_issued_than_the_budget, NO_FORESIGHT),
    "a batch of vouchers is opened by its maker": Mutant(
        who_prepares_a_batch_does_not_open_it, unguarded(batches.LIFE, "open", "four_eyes")
    ),
    "any terms will do": Mutant(a_batch_makes_sense, doing(batches, "_check", anything_goes)),
    "vouchers are stacked": Mutant(
        an_order_takes_one_voucher, doing(vouchers, "of_order", anything_goes)
    ),
    "the year is forgotten": Mutant(
        a_year_has_a_limit, doing(eligibility, "_used", lambda *_: Money(0))
    ),
    "relatives are strangers": Mutant(
        no_voucher_goes_to_relatives, doing(relations, "are_related", lambda *_, **__: False)
    ),
    "a voucher has no term": Mutant(
        a_voucher_ends_with_its_term,
        both(
            doing(eligibility, "is_in_term", anything_goes),
            unguarded(vouchers.LIFE, "lock", "is_in_term"),
        ),
    ),
    "a voucher expires early": Mutant(
        a_voucher_in_its_term_does_not_expire, unguarded(vouchers.LIFE, "expire", "is_over")
    ),
    "a voucher pays its face": Mutant(
        a_voucher_pays_its_part_alone, doing(eligibility, "part", lambda batch, _total: batch.face)
    ),
    "a voucher is audited by who gave it": Mutant(
        who_gave_a_voucher_does_not_audit_its_use, unguarded(vouchers.LIFE, "redeem", "four_eyes")
    ),
    "a voucher is redeemed for nothing": Mutant(
        nothing_is_redeemed_before_acceptance, unguarded(vouchers.LIFE, "redeem", "is_accepted")
    ),
}

test_a_guard_taken_off_is_noticed, test_every_promise_holds_with_its_guards = promised(MUTANTS)
