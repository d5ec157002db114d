from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from delivery import tasks
from kernel import journal, watch
from kernel.errors import NotFound, StepNotAllowed, StepRefused
from kernel.money import Money
from licensing import authorisations
from marketplace import contracts, orders, progress, versions
from marketplace.cancelling import cancellations
from marketplace.cancelling.cancellations import Cancellation, State
from marketplace.standing import returning
from settlement import escrow, payments
from settlement.ledger import AccountRef
from settlement.refunding import refunds
from tests.conftest import WorkAs, work_of
from tests.marketplace import make
from tests.marketplace.aftercare import cases
from tests.marketplace.ordering.test_rejections import hand_over
from tests.marketplace.trying.test_trials import tabled
from tests.settlement import bookkeeping, money

DAY = make.AFTER_PUBLICITY
CASH = AccountRef("1012.custody", "acc")


def asked(session: Session, order: orders.Order, by: str = "per_buyer_editor") -> Cancellation:
    made = cancellations.begin(work_of(session, by, at=DAY), order.id, reason="项目取消")
    session.flush()
    return made


def taken(session: Session, found: Cancellation, step: str, by: str, **data: Any) -> Cancellation:
    return cancellations.take(work_of(session, by, at=DAY), found.id, step, **data)


def codes(session: Session, order: orders.Order) -> list[str]:
    with pytest.raises(StepRefused) as error:
        asked(session, order)
    return [refusal.code for refusal in error.value.refusals]


def test_what_both_signed_is_closed_when_both_agree(session: Session) -> None:
    order = make.signed(session)

    found = taken(session, asked(session, order), "agree", "per_developer_signer")

    assert (found.state, order.state) == (State.AGREED, orders.State.CLOSED)
    assert contracts.find(session, order.contract_id or "").state == contracts.State.VOIDED
    assert payments.live_of(session, order.id) is None
    assert (found.refund_id, found.decided_at) == (None, DAY)


def test_a_free_order_is_called_off_with_its_deliveries(session: Session) -> None:
    order = make.signed(session, make.listed(session, price_plan=make.FREE))

    taken(session, asked(session, order, "per_developer_editor"), "agree", "per_buyer_signer")

    assert order.state == orders.State.CLOSED
    assert [task.state for task in tasks.of_order(session, order.id)] == [tasks.State.REVOKED]


def test_what_was_paid_goes_back_less_the_banks_cost_that_both_signed(
    session: Session, work_as: WorkAs
) -> None:
    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    order = make.paid(session)
    found = asked(session, order)
    shown = cancellations.quote_of(work_of(session, "per_developer_signer", at=DAY), found)

    taken(session, found, "agree", "per_developer_signer")

    session.flush()
    refund = refunds.find(session, found.refund_id or "")
    assert shown == (refund.amount, Money(500))
    assert refund.amount + Money(500) == order.total
    assert "CNY 5.00" in contracts.text(session, order.contract_id or "").text
    assert cancellations.quote_of(work_of(session, "per_developer_signer"), found) is None
    assert escrow.left(session, order.id) == Money(0)
    assert order.state == orders.State.DELIVERY_SUSPENDED
    assert all(task.stopped_for for task in tasks.of_order(session, order.id))


def test_nothing_is_quoted_before_anything_is_paid(session: Session, work_as: WorkAs) -> None:
    unpaid, paid = make.signed(session), make.paid(session)
    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    work = work_of(session, "system", at=DAY)

    assert cancellations.quote(work, unpaid) is None
    assert cancellations.quote(work, paid) == (paid.total - Money(500), Money(500))


def withdrawn(session: Session, found: Cancellation) -> None:
    refund = refunds.find(session, found.refund_id or "")
    settler = work_of(session, "per_exchange_settler", at=DAY)
    refunds.take(settler, refund.id, "cancel", reason="买方改变主意")
    session.flush()
    event = journal.history(session, refund.id, limit=1)[0]
    for _ in range(2):  # an errand may run twice
        cancellations.refund_withdrawn(work_of(session, "system", at=DAY), event)
        session.flush()


def test_an_order_goes_on_when_the_refund_of_its_cancellation_is_withdrawn(
    session: Session, work_as: WorkAs
) -> None:
    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    order = make.paid(session)
    found = taken(session, asked(session, order), "agree", "per_developer_signer")
    session.flush()

    withdrawn(session, found)

    assert (order.state, found.state) == (orders.State.IN_DELIVERY, "withdrawn")
    assert escrow.left(session, order.id) == order.total
    assert [task.stopped_for for task in tasks.of_order(session, order.id)] == [None]
    make.deliver(session, order)
    assert asked_again(session, order) == {"NOT_TO_BE_CALLED_OFF"}


def asked_again(session: Session, order: orders.Order) -> set[str]:
    with pytest.raises(StepRefused) as error:
        asked(session, order)
    return {refusal.code for refusal in error.value.refusals}


def by_two_receipts(session: Session) -> orders.Order:
    """Bring an order into delivery that is paid by two lines of the bank."""
    order, house = make.signed(session), work_of(session, "system", at=DAY)
    payment = payments.live_of(session, order.id)
    assert payment is not None
    for line, fen in (("bsl_one", 400_000), ("bsl_two", order.total.minor - 400_000)):
        bookkeeping.received(house, line, fen)
        bookkeeping.matched(house, line, order.id, fen)
    payments.receive(house, payment, order.total)
    session.flush()
    progress.mark_paid(house, journal.history(session, payment.id, limit=1)[0])
    return order


@pytest.mark.parametrize("withdrawn_first", [True, False])
def test_an_order_does_not_go_on_of_whose_price_a_part_has_gone_back(
    session: Session, work_as: WorkAs, withdrawn_first: bool
) -> None:
    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    order = by_two_receipts(session)
    found = taken(session, asked(session, order), "agree", "per_developer_signer")
    session.flush()
    gone, back = refunds.together(session, refunds.find(session, found.refund_id or ""))
    officer, house = work_as("per_exchange_checker", at=DAY), work_as("system", at=DAY)

    for refund in (back, gone) if withdrawn_first else (gone, back):
        if refund is back:
            settler = work_as("per_exchange_settler", at=DAY)
            refunds.take(settler, refund.id, "cancel", reason="账户有误")
        else:
            refunds.take(officer, refund.id, "approve")
            refunds.send(house, refund, file_id="pof_1")
            refunds.succeeded(house, refund.id, source_id=refund.id, cash=CASH, on=DAY.date())
        session.flush()
        cases.hear(session, refund.id)

    assert (order.state, found.state) == (orders.State.DELIVERY_SUSPENDED, State.AGREED)
    assert all(task.stopped_for for task in tasks.of_order(session, order.id))
    assert [one.order.id for one in returning.waiting(officer, limit=9)] == [order.id]
    assert escrow.left(session, order.id) == back.amount + Money(500)


def test_nothing_is_completed_while_all_goes_back_and_it_is_when_the_order_goes_on(
    session: Session, work_as: WorkAs, tmp_path: Path
) -> None:
    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    order = make.paid(session, tabled(session, tmp_path))
    (task,) = tasks.of_order(session, order.id)
    seller = work_of(session, "per_developer_editor", at=DAY)
    tasks.take(seller, task.id, "provision")
    found = taken(session, asked(session, order), "agree", "per_developer_signer")
    with pytest.raises(StepRefused) as error:
        tasks.take(seller, task.id, "complete")
    session.flush()

    withdrawn(session, found)
    tasks.take(seller, task.id, "complete")

    assert [refusal.code for refusal in error.value.refusals] == ["DELIVERY_STOPPED"]
    assert task.state == tasks.State.DELIVERED


def test_what_is_barred_by_then_stays_suspended(session: Session, work_as: WorkAs) -> None:
    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    product = make.listed(session, make.public_content(session))
    order = make.paid(session, product)
    found = taken(session, asked(session, order), "agree", "per_developer_signer")
    session.flush()
    version = versions.find(session, product.current_version_id)
    supervisor = work_of(session, "per_hub_supervisor", at=DAY)
    authorisations.take(
        supervisor,
        version.authorisation_id or "",
        "suspend",
        cause="security_incident",
        reason="密钥外泄",
    )
    session.flush()

    withdrawn(session, found)

    assert (order.state, found.state) == (orders.State.DELIVERY_SUSPENDED, "withdrawn")


def test_the_other_party_answers_and_may_decline(session: Session) -> None:
    order = make.signed(session)
    found = asked(session, order)

    with pytest.raises(StepNotAllowed):
        taken(session, found, "agree", "per_buyer_signer")
    taken(session, found, "decline", "per_developer_signer", reason="已备货")

    assert (found.state, order.state) == (State.DECLINED, orders.State.AWAITING_PAYMENT)
    again = asked(session, order)
    taken(session, again, "withdraw", "per_buyer_editor")
    assert again.state == State.WITHDRAWN


def test_who_does_not_answer_has_not_agreed(session: Session) -> None:
    order = make.signed(session)
    found = asked(session, order)
    clock = watch.running(session, found.id)

    assert clock is not None
    taken(session, found, clock.overdue_step or "", "system")

    assert (found.state, order.state) == (State.LAPSED, orders.State.AWAITING_PAYMENT)


def test_one_is_asked_for_at_a_time(session: Session) -> None:
    order = make.signed(session)
    first = asked(session, order)

    assert codes(session, order) == ["CANCELLATION_RUNNING"]
    assert not cancellations.can_be_asked(work_of(session, "per_buyer_editor"), order)
    other = Cancellation(
        id="can_other", state=State.ASKED, order_id=order.id, asks_id=first.answers_id,
        answers_id=first.asks_id, reason="x", refund_id=None, asked_at=DAY, decided_at=None,
    )  # fmt: skip
    session.add(other)
    with pytest.raises(IntegrityError):
        session.flush()


def test_only_what_is_signed_and_not_delivered_is_cancelled(session: Session) -> None:
    confirmed, delivered = make.confirmed(session), make.delivered(session)
    mode: dict[str, Any] = {"product_type": "report", "delivery_mode": "model"}
    handed, funded = make.paid(session, make.listed(session, **mode)), make.signed(session)
    tasks.take(
        work_of(session, "per_developer_signer", at=DAY),
        tasks.of_order(session, handed.id)[0].id,
        "provision",
    )
    hand_over(session, handed)
    make.fund(session, funded, 1)

    assert codes(session, confirmed) == ["NOT_TO_BE_CALLED_OFF"]
    assert codes(session, delivered) == ["NOT_TO_BE_CALLED_OFF"]
    assert codes(session, handed) == ["DELIVERED_ALREADY"]
    assert codes(session, funded) == ["PAYMENT_RECEIVED"]


def test_what_is_charged_by_use_ends_with_its_bill(session: Session) -> None:
    plan = {"kind": "per_call", "unit": {"e6": 500_000, "currency": "CNY"}}
    product = make.listed(session, price_plan=plan, delivery_mode="record_api")
    order = make.signed(session, product, pay_mode="wallet")

    assert codes(session, order) == ["CHARGED_BY_USE"]


def test_what_is_delivered_meanwhile_is_not_cancelled(session: Session, work_as: WorkAs) -> None:
    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    order = make.paid(session)
    found = asked(session, order)
    make.deliver(session, order)

    with pytest.raises(StepRefused) as error:
        taken(session, found, "agree", "per_developer_signer")

    assert [refusal.code for refusal in error.value.refusals] == ["NOT_TO_BE_CALLED_OFF"]
    assert escrow.left(session, order.id) == order.total


def test_strangers_do_not_see_what_is_asked(session: Session, work_as: WorkAs) -> None:
    order = make.signed(session)
    found = asked(session, order)

    for stranger in ("per_other_editor",):
        with pytest.raises(NotFound):
            cancellations.seen(work_as(stranger), found.id)
        with pytest.raises(NotFound):
            cancellations.begin(work_as(stranger), order.id, reason="x")
    with pytest.raises(NotFound):
        cancellations.find(session, "can_none")
    with pytest.raises(StepNotAllowed):
        cancellations.begin(work_as("per_exchange_auditor"), make.signed(session).id, reason="x")

    def listed(person: str) -> list[str]:
        page = cancellations.listed(work_as(person), order_id=order.id, after=None, limit=9)
        return [each.id for each in page.items]

    assert listed("per_other_editor") == []
    assert listed("per_developer_editor") == listed("per_exchange_auditor") == [found.id]


def test_a_refunded_cancellation_ends_as_a_refunded_order(
    session: Session, work_as: WorkAs
) -> None:
    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    order = make.paid(session)
    found = taken(session, asked(session, order), "agree", "per_developer_signer")
    session.flush()
    refund = refunds.find(session, found.refund_id or "")
    if refund.state == refunds.State.REQUESTED:
        refunds.take(work_as("per_exchange_checker", at=DAY), refund.id, "approve")
    house = work_as("system", at=DAY)
    refunds.send(house, refund, file_id=None)
    session.flush()

    progress.refund_sent(house, journal.history(session, refund.id, limit=1)[0])

    assert order.state == orders.State.REFUNDING
    assert [task.state for task in tasks.of_order(session, order.id)] == [tasks.State.REVOKED]
