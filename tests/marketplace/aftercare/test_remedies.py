"""Remedies besides money back: each fits where the order stands, and is carried out at once."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from delivery import tasks
from delivery.tasks import DeliveryTask
from kernel.errors import Invalid, StepRefused
from kernel.money import Money
from marketplace import orders, products, versions
from marketplace.aftercare import disputes, remedies
from marketplace.aftercare.dispute_rows import Remedy, State, TradeDispute
from marketplace.orders import Order
from settlement.refunding import refunds
from tests.conftest import WorkAs, work_of
from tests.marketplace import make
from tests.marketplace.aftercare import cases
from tests.marketplace.aftercare.cases import BUYER, NOW, OFFICER, SELLER
from tests.settlement import money


def of(session: Session, order: Order) -> DeliveryTask:
    """Return the one delivery of an order."""
    (task,) = tasks.of_order(session, order.id)
    return task


def ruled(session: Session, dispute: TradeDispute, remedy: Remedy, **decision: Any) -> TradeDispute:
    """Have it ruled so, and in force."""
    return cases.in_force(session, dispute, remedy=remedy.value, **decision)


def refused(session: Session, dispute: TradeDispute, remedy: Remedy, **decision: Any) -> str:
    """Have an officer try to rule so; return the field that is wrong."""
    with pytest.raises(Invalid) as problem, session.begin_nested():
        cases.take(session, dispute, "rule", OFFICER, reason="查明", remedy=remedy.value,
                   **decision)  # fmt: skip
    session.refresh(dispute)
    return str(problem.value.pointer)


def second(session: Session, order: Order, **changes: Any) -> int:
    """Let the product of an order offer a further version; return its number."""
    task = of(session, order)
    before = versions.find(session, task.product_version_id)
    product = products.find(session, before.product_id)
    said = {**versions.content(before), **changes}
    work = work_of(session, SELLER, at=NOW)
    made = versions.write(work, product.id, before.number + 1, said)  # type: ignore[arg-type]  # as it was, but for the changes
    products.offer(work, product, made)
    session.flush()
    return made.number


def test_a_term_is_lengthened(session: Session) -> None:
    order = make.accepted(session)
    dispute = cases.raised(session, order, wanted=Remedy.EXTEND)
    cases.heard(session, dispute)
    until = of(session, order).use_until
    assert until is not None
    for days in (None, 0, 9_999):
        assert refused(session, dispute, Remedy.EXTEND, days=days) == "/days"

    cases.take(session, dispute, "rule", OFFICER, remedy="extend", days=30, reason="查明")
    cases.take(session, dispute, "confirm", cases.APPROVER)
    for person in (BUYER, SELLER):
        cases.take(session, dispute, "accept_ruling", person)

    assert of(session, order).use_until == until + timedelta(days=30)
    assert (dispute.state, order.state) == (State.CLOSED, orders.State.ACCEPTED)


def test_a_term_that_is_over_or_has_no_end_is_not_lengthened(session: Session) -> None:
    order = make.accepted(session)
    dispute = cases.heard(session, cases.raised(session, order))
    for until in (NOW.date() - timedelta(days=2), None):
        of(session, order).use_until = until
        session.flush()

        assert refused(session, dispute, Remedy.EXTEND, days=3) == "/remedy"


def test_a_term_is_not_longer_than_its_authorisation(session: Session) -> None:
    product = make.listed(session, make.public_content(session))
    order = make.accepted(session, product)
    dispute = cases.heard(session, cases.raised(session, order))

    assert refused(session, dispute, Remedy.EXTEND, days=366) == "/days"


def test_an_early_end_gives_the_days_back_that_are_left(session: Session, work_as: WorkAs) -> None:
    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    order = make.accepted(session)
    of(session, order).use_until = NOW.date() + timedelta(days=100)
    dispute = cases.raised(session, order, wanted=Remedy.TERMINATE)

    ruled(session, dispute, Remedy.TERMINATE)

    assert dispute.awarded == order.total
    assert of(session, order).state == tasks.State.REVOKED
    assert refunds.find(session, dispute.refund_id or "").amount == order.total


def test_what_is_left_is_counted_by_whole_days(session: Session) -> None:
    order = make.accepted(session)
    dispute = cases.raised(session, order)
    today = NOW.date()
    order.accepted_at = NOW - timedelta(days=30)

    found: list[Money] = []
    for until in (today + timedelta(days=60), today, None):
        of(session, order).use_until = until
        session.flush()
        found.append(remedies.unserved(work_of(session, OFFICER, at=NOW), dispute))

    assert found == [Money(order.total.minor * 60 // 90), Money(0), Money(0)]


def test_another_version_replaces_what_was_accepted(session: Session) -> None:
    order = make.accepted(session)
    number = second(session, order, intro="补齐三个站点后的逐日降雨汇总指数，用于理赔参考与定价。")
    dispute = cases.raised(session, order, wanted=Remedy.REPLACE)

    ruled(session, dispute, Remedy.REPLACE, version_number=number)

    found = versions.find(session, of(session, order).product_version_id)
    assert (found.number, dispute.state) == (number, State.CLOSED)
    assert order.state == orders.State.ACCEPTED


def test_another_version_is_delivered_again_before_acceptance(session: Session) -> None:
    order = make.delivered(session)
    number = second(session, order, intro="补齐三个站点后的逐日降雨汇总指数，用于理赔参考与定价。")
    dispute = cases.raised(session, order, wanted=Remedy.REPLACE)

    cases.take(session, dispute, "accept", OFFICER)
    cases.take(session, dispute, "concede", SELLER, version_number=number)

    assert (dispute.state, order.state) == (State.EXECUTING, orders.State.REDELIVERY)


def test_only_a_later_version_of_the_same_kind_replaces(session: Session) -> None:
    order = make.accepted(session)
    dispute = cases.heard(session, cases.raised(session, order))
    other = second(session, order, grade="G2")

    for number in (None, 1, 9, other):
        where = refused(session, dispute, Remedy.REPLACE, version_number=number)
        assert where == "/version_number"


def test_a_correction_is_done_and_confirmed(session: Session) -> None:
    dispute = cases.raised(session, make.accepted(session), wanted=Remedy.CORRECT)
    cases.heard(session, dispute)
    assert refused(session, dispute, Remedy.CORRECT, undertaking=" ") == "/undertaking"
    cases.take(session, dispute, "rule", OFFICER, remedy="correct", reason="查明",
               undertaking="更正站点数并公开致歉")  # fmt: skip
    cases.take(session, dispute, "confirm", cases.APPROVER)
    for person in (BUYER, SELLER):
        cases.take(session, dispute, "accept_ruling", person)
    with pytest.raises(StepRefused):
        cases.take(session, dispute, "verify", OFFICER)
    cases.take(session, dispute, "comply", SELLER, complied="已更正")
    with pytest.raises(StepRefused):
        cases.take(session, dispute, "comply", SELLER, complied="已更正")
    cases.take(session, dispute, "send_back", OFFICER, reason="未致歉")
    cases.take(session, dispute, "comply", SELLER, complied="已更正并致歉")
    waiting = dispute.state

    cases.take(session, dispute, "verify", OFFICER)

    assert (waiting, dispute.state, dispute.verified) == (State.EXECUTING, State.CLOSED, True)


def test_a_remedy_fits_where_the_order_stands(session: Session) -> None:
    order = make.delivered(session)
    for wanted in (Remedy.EXTEND, Remedy.TERMINATE):
        with pytest.raises(Invalid), session.begin_nested():
            cases.raised(session, order, wanted=wanted)
    dispute = cases.heard(session, cases.raised(session, order))

    assert refused(session, dispute, Remedy.TERMINATE) == "/remedy"
    assert remedies.fits(Remedy.REDELIVER, order.state)
    assert not remedies.fits(Remedy.REDELIVER, orders.State.ACCEPTED)
    assert disputes.LIFE.refusals("comply", dispute, work_of(session, SELLER))
