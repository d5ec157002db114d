"""A bill never changes; what refunds took of it is shown beside it."""

from typing import Any

from sqlalchemy.orm import Session

from kernel.journal import Event
from kernel.money import Money
from settlement import fsck, payments
from settlement.ledger import AccountRef
from settlement.metering import billing, bills
from settlement.metering.bills import Bill
from settlement.refunding import bill_credits, refunds
from tests.conftest import WorkAs, work_of
from tests.settlement import money
from tests.settlement.bookkeeping import on
from tests.settlement.metering import gauges

AT = gauges.AUGUST


def settled(session: Session) -> Bill:
    """Bill July of a meter, and let it be confirmed and paid."""
    gauges.meter(session, gauges.TIERED)
    gauges.told(session, ("e1", 10_001))
    gauges.closed(session, AT)
    (bill,) = billing.run(work_of(session, "system", at=AT), limit=9)
    session.flush()
    for person, name in (("per_developer_editor", "vouch"), ("per_buyer_signer", "confirm")):
        bills.take(work_of(session, person, at=AT), bill.id, name)
    asked = payments.live_for(session, "bill", bill.id)
    assert asked is not None
    gauges.pay_by_bank(session, asked, at=AT)
    told: dict[str, Any] = {"purpose": "bill", "target": bill.id}
    bills.paid(
        work_of(session, "system", at=AT),
        Event(kind="payment.received", subject=asked.id, data=told),
    )
    session.flush()
    return bill


def refunded(session: Session, fen: int) -> refunds.Refund:
    work = work_of(session, "per_exchange_settler", at=AT)
    made = refunds.request(work, order_id="ord_1", amount=Money(fen), reason="用量多计")
    session.flush()
    return made


def test_what_refunds_took_of_a_bill_is_its_credit(session: Session, work_as: WorkAs) -> None:
    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    bill = settled(session)

    first, second = refunded(session, 30), refunded(session, 500_000)
    found = bill_credits.of_bills(session, [bill])[bill.id]

    assert bill.amount == Money(500_030)
    assert {(one.refund_id, one.amount) for one in found} == {
        (first.id, Money(30)),
        (second.id, Money(500_000)),
    }
    assert {one.order_line_id for one in found} == {"orl_1"}
    assert bill_credits.total(found) == bill.amount
    assert on(session, AccountRef("9002.turnover", "orl_1")) == 0
    session.commit()
    assert fsck.check(session) == ()


def test_a_refund_that_is_withdrawn_is_no_credit(session: Session, work_as: WorkAs) -> None:
    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    bill = settled(session)
    made = refunded(session, 400_000)

    refunds.take(work_as("per_exchange_checker", at=AT), made.id, "cancel", reason="误")
    session.flush()

    assert bill_credits.of_bills(session, [bill]) == {}
    assert bill_credits.of_bills(session, []) == {}
    assert bill_credits.total([]) == Money(0)
