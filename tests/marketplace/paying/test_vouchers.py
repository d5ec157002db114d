from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from kernel import journal
from kernel.errors import StepRefused
from kernel.money import Money
from kernel.work import Work
from marketplace import fulfilment, orders, progress
from marketplace.orders import Order, State
from marketplace.paying import vouchers as paying
from settlement import escrow, fsck, ledger, payments, turnover
from settlement.ledger import AccountRef, Row
from settlement.reconciling import legs
from settlement.reconciling.sides import Days
from settlement.vouchers import vouchers
from settlement.vouchers.vouchers import State as Given
from settlement.vouchers.vouchers import Voucher
from tests.conftest import work_of
from tests.marketplace import make
from tests.settlement.vouchers import gifts

LATER = datetime(2026, 8, 20, 4, tzinfo=UTC)


def as_person(session: Session, person: str, at: datetime = make.AFTER_PUBLICITY) -> Work:
    return work_of(session, person, at=at)


def given(session: Session, **terms: object) -> Voucher:
    def work_as(person: str, **more: datetime) -> Work:
        return as_person(session, person, **more)

    return gifts.claimed(work_as, gifts.opened(work_as, **terms))


def used(session: Session, order: Order, voucher: Voucher) -> Voucher:
    found = paying.use(as_person(session, "per_buyer_signer"), order.id, voucher.id)
    session.flush()
    return found


def paid_and_accepted(session: Session, order: Order) -> Order:
    """Bring an order with a voucher all the way to its acceptance."""
    make.take(session, order, "confirm", "per_developer_editor")
    for person in ("per_buyer_signer", "per_developer_signer"):
        orders.sign(as_person(session, person), order.id)
    progress.mark_paid(as_person(session, "system"), make.fund(session, order))
    make.deliver(session, order)
    make.take(session, order, "accept", "per_buyer_editor")
    session.flush()
    return order


def escrow_of(session: Session, order: Order) -> Money:
    return ledger.balance(session, AccountRef("2241.escrow", order.id))


def payable(session: Session, voucher: Voucher) -> None:
    (event,) = [each for each in journal.history(session, voucher.id, limit=20)
                if each.kind == "voucher.payable"]  # fmt: skip
    paying.fall_due(as_person(session, "system", LATER), event)
    session.flush()


def test_a_buyer_pays_what_its_voucher_does_not(session: Session) -> None:
    voucher = given(session)
    order = make.placed(session)
    offered = paying.usable(as_person(session, "per_buyer_signer"), order)
    others = paying.usable(as_person(session, "per_developer_signer"), order)

    used(session, order, voucher)
    paid_and_accepted(session, order)

    payment = payments.live_of(session, order.id)
    assert payment is not None
    assert offered == [(voucher, voucher.used)]
    assert others == []
    assert payment.amount == order.total - voucher.used
    assert (
        sum(each.amount.minor for each in escrow.of_order(session, order.id))
        == (order.total - voucher.used).minor
    )
    assert turnover.sides(session).counted == order.total
    assert escrow_of(session, order) == Money(0)
    assert paying.usable(as_person(session, "per_buyer_signer"), order) == []


def test_the_sponsors_part_reaches_the_seller_once_it_was_audited(session: Session) -> None:
    voucher = given(session, advanced=True)
    order = paid_and_accepted(session, order_with(session, voucher))
    before = fulfilled(session, order)

    vouchers.take(
        as_person(session, "per_exchange_checker", LATER), voucher.id, "redeem", evidence="用量"
    )
    session.flush()
    payable(session, voucher)
    payable(session, voucher)

    due = escrow.of_order(session, order.id)
    assert before == "VOUCHER_OPEN"
    assert [each.seq for each in due] == [1, 2]
    assert sum(each.amount.minor for each in due) == order.total.minor
    assert turnover.sides(session).counted == order.total
    assert fsck.check(session) == ()
    assert not list(legs.volume(as_person(session, "system", LATER), the_summer()))


def test_a_part_that_is_declined_is_the_buyers_to_pay(session: Session) -> None:
    voucher = given(session)
    order = paid_and_accepted(session, order_with(session, voucher))
    part = voucher.used

    paying.decline(as_person(session, "per_exchange_checker", LATER), voucher.id, "没有使用记录")
    session.flush()
    asked = payments.live_for(session, "order", voucher.id)
    assert asked is not None
    waiting = fulfilled(session, order)
    house = as_person(session, "system", LATER)
    arrived(house, order, part)
    payments.receive(house, asked, part)
    session.flush()
    (event,) = [each for each in journal.history(session, asked.id, limit=9)
                if each.kind == "payment.received"]  # fmt: skip
    paying.paid_after_all(house, event)
    session.flush()

    assert voucher.state == Given.CLAIMED
    assert (asked.amount, asked.payer_id) == (part, "org_buyer")
    assert waiting == "VOUCHER_OPEN"
    assert sum(each.amount.minor for each in escrow.of_order(session, order.id)) == (
        order.total.minor
    )
    assert not list(legs.volume(house, the_summer()))


def test_the_payment_of_an_order_itself_makes_nothing_due(session: Session) -> None:
    order = make.signed(session)

    paying.paid_after_all(as_person(session, "system"), make.fund(session, order))

    assert escrow.of_order(session, order.id) == []


def test_a_voucher_is_for_orders_before_payment_and_its_buyer_alone(session: Session) -> None:
    voucher = given(session)
    order = order_with(session, voucher)

    with pytest.raises(StepRefused) as others:
        paying.give_back(as_person(session, "per_developer_signer"), order.id)
    paying.give_back(as_person(session, "per_buyer_signer"), order.id)
    returned = voucher.state
    signed = make.signed(session)
    with pytest.raises(StepRefused) as late:
        used(session, signed, voucher)

    assert [refusal.code for refusal in others.value.refusals] == ["NOT_THE_BUYER"]
    assert returned == Given.CLAIMED
    assert [refusal.code for refusal in late.value.refusals] == ["TOO_LATE"]


def test_no_voucher_where_the_parties_belong_together(session: Session) -> None:
    order = make.placed(session, is_related_party=True)

    with pytest.raises(StepRefused) as refused:
        used(session, order, given(session))

    assert [refusal.code for refusal in refused.value.refusals] == ["RELATED_PARTY"]


def test_an_order_that_ends_gives_its_voucher_back(session: Session) -> None:
    voucher = given(session)
    order = order_with(session, voucher)

    make.take(session, order, "cancel", "per_buyer_editor", reason="改期")

    assert order.state == State.CLOSED
    assert (voucher.state, voucher.order_id) == (Given.CLAIMED, None)


def arrived(house: Work, order: Order, amount: Money) -> None:
    """Book a second receipt of the buyer for its order."""
    suspense, held = AccountRef("2241.suspense", "bsl_2"), AccountRef("2241.escrow", order.id)
    rows = {
        "bank.received": Row(AccountRef("1012.custody", "acc_1"), suspense, amount),
        "bank.matched": Row(suspense, held, amount),
    }
    for event, row in rows.items():
        ledger.post(house, event, "bsl_2", [row], effective_on=LATER.date(), order_id=order.id)


def order_with(session: Session, voucher: Voucher) -> Order:
    order = make.placed(session)
    session.flush()
    used(session, order, voucher)
    return order


def fulfilled(session: Session, order: Order) -> str | None:
    refusal = fulfilment.nothing_left(order, as_person(session, "system"))
    return refusal.code if refusal else None


def the_summer() -> Days:
    return Days(make.AFTER_PUBLICITY.date().replace(day=1), LATER.date())
