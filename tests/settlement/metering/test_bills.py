"""A month is billed once, confirmed by both or by silence, paid, and due to those who sold."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from kernel import watch
from kernel.errors import Invalid, StepNotAllowed, StepRefused
from kernel.journal import Event
from kernel.money import Money
from settlement import escrow, fsck, payments
from settlement.ledger import AccountRef
from settlement.metering import (
    bill_lines,
    billing,
    bills,
    buckets,
    credit_limits,
    hours,
    meters,
    tariffs,
)
from settlement.metering.bills import Bill, State
from settlement.metering.meters import Stop
from settlement.metering.tariffs import Shape, Tariff
from tests.conftest import work_of
from tests.settlement.bookkeeping import on
from tests.settlement.metering.gauges import (
    AUGUST,
    CALLS,
    IN_JULY,
    TIERED,
    closed,
    meter,
    pay_by_bank,
    told,
)

BUYER, SELLER = "per_buyer_signer", "per_developer_editor"
SEPTEMBER = datetime(2026, 9, 1, 4, tzinfo=UTC)


def billed(session: Session, charges: Tariff = TIERED, units: int = 10_001) -> Bill:
    """Bill July of a meter that was used."""
    meter(session, charges)
    told(session, ("e1", units))
    closed(session, AUGUST)
    (bill,) = billing.run(work_of(session, "system", at=AUGUST), limit=9)
    session.flush()
    return bill


def confirmed(session: Session, bill: Bill) -> Bill:
    bills.take(work_of(session, SELLER, at=AUGUST), bill.id, "vouch")
    return bills.take(work_of(session, BUYER, at=AUGUST), bill.id, "confirm")


def paid(session: Session, bill: Bill) -> None:
    asked = payments.live_for(session, "bill", bill.id)
    assert asked is not None
    pay_by_bank(session, asked, at=AUGUST)
    session.flush()
    event = Event(
        kind="payment.received", subject=asked.id, data={"purpose": "bill", "target": bill.id}
    )
    bills.paid(work_of(session, "system", at=AUGUST), event)


def test_a_month_is_billed_confirmed_paid_and_due_to_the_seller(session: Session) -> None:
    bill = billed(session)
    (line,) = bill_lines.of(session, [bill.id])

    assert (bill.state, bill.kind, bill.period) == (State.SELLER_CONFIRM, "periodic", "2026-07")
    assert (bill.amount, bill.number) == (Money(500_030), 1)
    assert (line.used_from, line.used_to) == (date(2026, 7, 1), date(2026, 7, 31))
    assert [row["count"] for row in line.workings] == [10_000, 1]

    bills.take(work_of(session, SELLER, at=AUGUST), bill.id, "vouch")
    assert on(session, AccountRef("1122.buyer", "org_buyer")) == 500_030
    assert on(session, AccountRef("2204.billed", bill.id)) == 500_030
    bills.take(work_of(session, BUYER, at=AUGUST), bill.id, "confirm")
    assert on(session, AccountRef("9002.turnover", "orl_1")) == 500_030
    paid(session, bill)

    (due,) = escrow.of_order(session, "ord_1")
    assert bill.state == State.SETTLED
    assert (due.amount, due.seq, due.order_line_id) == (Money(500_030), 1, "orl_1")
    assert on(session, AccountRef("1122.buyer", "org_buyer")) == 0
    assert on(session, AccountRef("2241.escrow", "ord_1")) == 0
    assert on(session, AccountRef("9002.turnover", "orl_1")) == 500_030
    session.commit()
    assert fsck.check(session) == ()


def test_a_month_is_run_as_often_as_one_likes_and_billed_once(session: Session) -> None:
    bill = billed(session)

    again = billing.run(work_of(session, "system", at=AUGUST), limit=9)
    later = billing.due(work_of(session, "system", at=AUGUST + timedelta(days=9)), limit=9)
    early = billing.due(work_of(session, "system", at=AUGUST), limit=9)

    assert again == later == early == []
    with pytest.raises(Invalid):
        billing.run(work_of(session, "system", at=AUGUST), period="2026-08", limit=9)
    assert bills.there(session, "ord_1", "use", "2026-07") is bill


def test_a_month_with_an_open_hour_waits_and_what_comes_late_is_of_the_next(
    session: Session,
) -> None:
    it = meter(session)
    told(session, ("e1", 2))
    house = work_of(session, "system", at=AUGUST)
    assert billing.run(house, limit=9) == []
    closed(session, AUGUST)

    (july,) = billing.run(house, limit=9)
    told(session, ("late", 3), at=IN_JULY, now=AUGUST)
    closed(session, SEPTEMBER)
    (august,) = billing.run(work_of(session, "system", at=SEPTEMBER), limit=9)

    assert (july.amount, august.amount) == (Money(100), Money(150))
    assert buckets.periods(session, it.id) == ["2026-07", "2026-08"]


def test_a_month_without_use_has_no_bill_and_one_that_was_free_needs_no_payment(
    session: Session,
) -> None:
    meter(session)
    meter(session, Tariff(shape=Shape.FLAT, unit_e6=50, free_quota=100), number=2)
    told(session, ("e1", 9), line="orl_2")
    closed(session, AUGUST)

    (free,) = billing.run(work_of(session, "system", at=AUGUST), limit=9)
    confirmed(session, free)

    assert (free.order_id, free.amount, free.state) == ("ord_2", Money(0), State.SETTLED)


def test_silence_confirms_by_the_clock_and_does_not_pay(session: Session) -> None:
    bill = billed(session)
    days = AUGUST

    for step, state in (
        ("vouch", State.BUYER_CONFIRM),
        ("confirm", State.TO_PAY),
        ("mark_overdue", State.OVERDUE),
        ("default", State.OVERDUE),
    ):
        clock = watch.running(session, bill.id)
        assert clock is not None
        assert clock.overdue_step == step
        days = datetime(clock.due_on.year, clock.due_on.month, clock.due_on.day, 4, tzinfo=UTC)
        bills.take(work_of(session, "system", at=days + timedelta(days=1)), bill.id, step)
        assert bill.state == state


def test_who_objects_sends_the_bill_back_and_the_seller_may_void_it(session: Session) -> None:
    bill = billed(session)
    bills.take(work_of(session, SELLER, at=AUGUST), bill.id, "vouch")
    bills.take(work_of(session, BUYER, at=AUGUST), bill.id, "object", reason="用量不符")
    assert bill.state == State.SELLER_CONFIRM

    bills.take(work_of(session, SELLER, at=AUGUST), bill.id, "void", reason="更正")

    assert on(session, AccountRef("1122.buyer", "org_buyer")) == 0
    (new,) = billing.run(work_of(session, "system", at=AUGUST), limit=9)
    assert (new.period, new.number, new.amount) == ("2026-07", 2, Money(500_030))
    confirmed(session, new)
    with pytest.raises(StepRefused):
        bills.take(work_of(session, SELLER, at=AUGUST), new.id, "void", reason="太迟")


def test_a_bill_that_is_said_to_be_paid_is_overdue_again_when_nothing_arrives(
    session: Session,
) -> None:
    bill = confirmed(session, billed(session))
    bills.take(work_of(session, BUYER, at=AUGUST), bill.id, "declare_paid", reference="T-1")
    assert bill.state == State.PAY_CONFIRMING

    with pytest.raises(StepRefused):
        bills.LIFE.take("settle", bill, work_of(session, "system", at=AUGUST))
    bills.take(work_of(session, "system", at=AUGUST), bill.id, "not_arrived")
    assert bill.state == State.OVERDUE
    paid(session, bill)

    assert bill.state == State.SETTLED


def test_an_adjustment_is_a_line_of_the_next_bill_and_never_turns_it_negative(
    session: Session,
) -> None:
    bill = billed(session, CALLS, units=4)
    seller = work_of(session, SELLER, at=AUGUST)
    it = meters.of_order(session, "ord_1")[0]
    bill_lines.adjust(seller, it.id, period="2026-07", amount_fen=-150, reason="多计一次")
    bill_lines.adjust(seller, it.id, period="2026-07", amount_fen=-9_000, reason="太多")
    told(session, ("e9", 4), at=AUGUST)
    closed(session, SEPTEMBER)

    (august,) = billing.run(work_of(session, "system", at=SEPTEMBER), limit=9)

    used, taken_off = bill_lines.of(session, [august.id])
    assert (bill.amount, august.amount) == (Money(200), Money(50))
    assert (used.amount, taken_off.amount, taken_off.kind) == (
        Money(200),
        Money(-150),
        "adjustment",
    )
    assert [each.amount for each in bill_lines.waiting(session, it.id)] == [Money(-9_000)]
    bills.take(work_of(session, SELLER, at=SEPTEMBER), august.id, "void", reason="更正")
    session.flush()
    assert len(bill_lines.waiting(session, it.id)) == 2
    with pytest.raises(Invalid):
        bill_lines.adjust(seller, it.id, period="2026-07", amount_fen=5, reason="加价")
    with pytest.raises(StepNotAllowed):
        bill_lines.adjust(
            work_of(session, BUYER), it.id, period="2026-07", amount_fen=-5, reason="减"
        )


MILESTONES: Any = [
    {"share_bp": 3_000, "criterion": "方案评审", "fen": 300_000},
    {"share_bp": 7_000, "criterion": "验收", "fen": 700_001},
]


def test_milestones_are_billed_in_order_and_the_last_is_the_final_bill(session: Session) -> None:
    it = meter(session, basis="milestones", unit="fen", milestones=MILESTONES)
    seller = work_of(session, SELLER, at=IN_JULY)

    def reach(number: int) -> Bill:
        return billing.milestone(seller, it.id, number, evidence="报告")

    with pytest.raises(StepRefused):
        reach(2)
    with pytest.raises(Invalid):
        reach(3)
    first = reach(1)
    session.flush()
    with pytest.raises(StepRefused):
        reach(1)
    last = reach(2)

    assert (first.kind, first.state, first.amount) == (
        "milestone",
        State.BUYER_CONFIRM,
        Money(300_000),
    )
    assert (last.kind, last.period, last.amount) == ("final", "M2", Money(700_001))
    assert it.state == meters.State.CLOSED
    with pytest.raises(StepNotAllowed):
        billing.milestone(work_of(session, BUYER, at=IN_JULY), it.id, 1, evidence="x")


SHARE = Tariff(shape=Shape.SHARE, share_bp=850, minimum_fen=100_000)


def test_a_share_of_revenue_is_billed_by_report_and_audited_by_a_new_line(
    session: Session,
) -> None:
    it = meter(session, SHARE, basis="report", unit="fen")
    buyer, auditor = (work_of(session, who, at=AUGUST) for who in (BUYER, "per_exchange_settler"))

    def report(period: str, base: int = 10_000_000) -> Bill:
        return billing.report(buyer, it.id, period=period, base_fen=base, note="月报")

    july = report("2026-07")
    session.flush()
    assert (july.amount, july.state) == (Money(850_000), State.SELLER_CONFIRM)
    for wrong in ("2026-08", "2026-06", "2026-Q3", "2026", "July", "2026-13"):
        with pytest.raises(Invalid):
            report(wrong)
    with pytest.raises(StepRefused):
        report("2026-07")

    found = billing.restate(auditor, it.id, period="2026-07", base_fen=12_000_000, reason="审计")
    session.flush()
    with pytest.raises(Invalid):
        billing.restate(auditor, it.id, period="2026-07", base_fen=12_000_000, reason="再次")
    with pytest.raises(Invalid):
        billing.restate(auditor, it.id, period="2026-06", base_fen=1, reason="无此期")
    buyer = work_of(session, BUYER, at=SEPTEMBER)
    august = report("2026-08", 0)

    assert found.amount == Money(170_000)
    assert august.amount == Money(100_000 + 170_000)


def test_the_last_cycle_closes_the_meter(session: Session) -> None:
    it = meter(session, SHARE, basis="report", unit="fen", cycle="quarter", until=date(2026, 9, 30))
    at = datetime(2026, 10, 12, 4, tzinfo=UTC)

    billing.report(work_of(session, BUYER, at=at), it.id, period="2026-Q3", base_fen=0, note="季报")

    assert it.state == meters.State.CLOSED
    assert billing.days_of("2026") == (date(2026, 1, 1), date(2026, 12, 31))


def test_credit_bounds_what_may_be_used_before_it_is_paid(session: Session) -> None:
    it = meter(session)
    officer = work_of(session, "per_exchange_settler")
    assert credit_limits.limit_of(officer, "org_buyer") == Money(10_000_000)
    credit_limits.grant(officer, "org_buyer", limit=Money(500), reason="核定")
    session.flush()
    told(session, ("e1", 9))
    assert credit_limits.exhausted(officer, "org_buyer") is None
    told(session, ("e2", 1))
    closed(session, AUGUST)

    assert it.stopped_for == Stop.CREDIT_EXHAUSTED
    (reason,) = (hours.refusal(officer, it),)
    assert reason is not None
    assert reason.code == "CREDIT_EXHAUSTED"
    with pytest.raises(meters.UseRefused):
        hours.require(officer, "orl_1")
    (bill,) = billing.run(work_of(session, "system", at=AUGUST), limit=9)
    assert credit_limits.owed(session, "org_buyer") == Money(500)
    confirmed(session, bill)
    assert credit_limits.owed(session, "org_buyer") == Money(500)
    paid(session, bill)
    hours.go_on(officer, Event(kind="bill.settled", subject=bill.id, data={}))
    assert meters.barred(it) is None
    hours.require(officer, "orl_1")
    hours.require(officer, "orl_unknown")


def test_a_limit_is_set_by_a_settlement_officer_and_is_not_negative(session: Session) -> None:
    officer = work_of(session, "per_exchange_settler")
    with pytest.raises(Invalid):
        credit_limits.grant(officer, "org_buyer", limit=Money(-1), reason="x")
    with pytest.raises(StepNotAllowed):
        credit_limits.grant(work_of(session, BUYER), "org_buyer", limit=Money(1), reason="x")


def test_a_long_overdue_bill_stops_the_meter_until_it_is_paid(session: Session) -> None:
    bill = confirmed(session, billed(session))
    house = work_of(session, "system", at=AUGUST)
    it = meters.of_order(session, "ord_1")[0]
    for step in ("mark_overdue", "default"):
        bills.take(house, bill.id, step)
    event = Event(kind="bill.defaulted", subject=bill.id, data={})

    hours.stop_defaulter(house, event)
    hours.stop_defaulter(house, event)
    assert it.stopped_for == Stop.BILL_OVERDUE
    assert meters.barred(it) is not None
    paid(session, bill)
    hours.stop_defaulter(house, event)
    hours.go_on(house, event)

    assert it.state == meters.State.OPEN


def test_bills_are_seen_by_their_two_parties_and_overseers(session: Session) -> None:
    bill = billed(session)

    def count(person: str, **more: Any) -> int:
        return len(bills.listed(work_of(session, person), after=None, limit=9, **more).items)

    seers = (BUYER, SELLER, "per_exchange_settler", "per_operator_signer")
    assert [count(who) for who in seers] == [1, 1, 1, 0]
    assert count(BUYER, order_id="ord_1", state="settled") == 0
    assert bills.open_of(session, "ord_1")
    assert tariffs.read(meters.of_order(session, "ord_1")[0].tariff) == TIERED
    with pytest.raises(Exception, match="no bill"):
        bills.seen(work_of(session, "per_operator_signer"), bill.id)
    with pytest.raises(Exception, match="no bill"):
        bills.find(session, "bil_none")
