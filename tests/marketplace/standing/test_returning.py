"""What goes back to a buyer when a right, or a listing, ends before all is delivered."""

import dataclasses
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.reactions import REACTIONS, WITNESSES
from delivery import tasks
from delivery.passing import allowances
from kernel import journal
from kernel.errors import NotFound, StepNotAllowed, StepRefused
from kernel.journal import Event
from kernel.money import Money
from licensing import authorisations
from marketplace import lines, orders, products, progress, versions, volume
from marketplace.instalments.schedules import Due
from marketplace.orders import Order, State
from marketplace.paying import instalments
from marketplace.products import Product
from marketplace.standing import returning
from settlement import escrow, fsck
from settlement.ledger import AccountRef
from settlement.refunding import refunds
from tests.conftest import WorkAs, work_of
from tests.marketplace import make
from tests.marketplace.instalments import test_instalments
from tests.settlement import money

DAY = make.AFTER_PUBLICITY
PRICE = Money(1_000_000)


@pytest.fixture
def banked(session: Session, work_as: WorkAs) -> None:
    """Let the buyer have an account to which money can go back."""
    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    session.flush()


def public(session: Session) -> tuple[Product, str]:
    product = make.listed(session, make.public_content(session))
    return product, versions.find(session, product.current_version_id).authorisation_id or ""


def revoked(session: Session, authorisation_id: str) -> None:
    """Revoke a right, and let the house do twice what follows."""
    authorisations.take(
        work_of(session, "per_hub_supervisor", at=DAY), authorisation_id, "revoke",
        cause="unlawful_use", reason="转售数据",
    )  # fmt: skip
    _follow(session, authorisation_id)


def delisted(session: Session, product: Product) -> None:
    """Delist a product by force, and let the house do twice what follows."""
    officer = work_of(session, "per_exchange_compliance", at=DAY)
    products.take(dataclasses.replace(officer, witnesses=WITNESSES), product.id, "force_delist",
                  cause="illegal_content", reason="严重违规")  # fmt: skip
    _follow(session, product.id)


def _follow(session: Session, subject: str) -> None:
    session.flush()
    event = journal.history(session, subject, limit=1)[-1]
    assert REACTIONS[event.kind]
    for _ in range(2):
        for reaction in REACTIONS[event.kind].values():
            reaction(work_of(session, "system", at=DAY), event)
        session.flush()


def returned(session: Session, order: Order) -> list[refunds.Refund]:
    return list(session.scalars(select(refunds.Refund).filter_by(order_id=order.id)))


def asked(session: Session, order: Order) -> list[Money]:
    return [refund.amount for refund in returned(session, order)]


def read(session: Session, order: Order, **used: Any) -> tasks.DeliveryTask:
    """Let the buyer have used something of an order's only delivery."""
    (task,) = tasks.of_order(session, order.id)
    tasks.take(work_of(session, "per_developer_signer", at=DAY), task.id, "provision")
    task.reads = 3
    for name, value in used.items():
        setattr(task, name, value)
    session.flush()
    return task


@pytest.mark.usefixtures("banked")
def test_what_was_never_delivered_goes_back_whole(session: Session) -> None:
    product, right = public(session)
    order, beside = make.paid(session, product), make.paid(session)

    revoked(session, right)

    assert order.state == State.DELIVERY_SUSPENDED
    assert asked(session, order) == [order.total]
    assert beside.state == State.IN_DELIVERY
    assert asked(session, beside) == []
    assert fsck.check(session) == ()


@pytest.mark.usefixtures("banked")
def test_when_the_money_is_sent_the_order_is_refunded(session: Session) -> None:
    order, refund, _ = under_a_right(session)
    house = work_of(session, "system", at=DAY)
    if refund.state == refunds.State.REQUESTED:
        refunds.take(work_of(session, "per_exchange_checker", at=DAY), refund.id, "approve")

    refunds.send(house, refund, file_id="pof_1")
    progress.refund_sent(house, Event(kind="refund.sent", subject=refund.id,
                                      data={"order_id": order.id}))  # fmt: skip
    refunds.succeeded(house, refund.id, source_id=refund.id,
                      cash=AccountRef("1012.custody", "acc_1"), on=DAY.date())  # fmt: skip
    session.flush()
    progress.refunded(house, Event(kind="refund.succeeded", subject=refund.id,
                                   data={"order_id": order.id}))  # fmt: skip

    assert order.state == State.REFUNDED
    assert {task.state for task in tasks.of_order(session, order.id)} == {tasks.State.REVOKED}
    assert fsck.check(session) == ()


@pytest.mark.parametrize(("used", "back"), [(250, 750_000), (999, 1_000), (1_000, 0)])
@pytest.mark.usefixtures("banked")
def test_of_what_was_used_in_part_the_rest_goes_back_and_the_part_is_settled(
    session: Session, used: int, back: int
) -> None:
    product = make.listed(session)
    order = make.paid(session, product)
    task = read(session, order)
    allowances.grant(session, task.id, "calls", 1_000)
    allowances.spend(session, task.id, {"calls": used})

    delisted(session, product)

    owed = escrow.of_order(session, order.id)
    assert asked(session, order) == ([Money(back)] if back else [])
    assert order.state == State.ACCEPTED
    assert sum((one.amount for one in owed), Money(0)) == PRICE - Money(back)
    assert task.state == tasks.State.REVOKED
    assert fsck.check(session) == ()


@pytest.mark.parametrize(
    ("until", "back"), [(None, 0), (date(2026, 7, 13), 0), (date(2027, 7, 13), 1_000_000)]
)
@pytest.mark.usefixtures("banked")
def test_what_was_handed_over_goes_back_by_the_days_of_use_that_are_left(
    session: Session, until: date | None, back: int
) -> None:
    product = make.listed(session)
    order = make.paid(session, product)
    read(session, order, use_until=until)

    delisted(session, product)

    assert asked(session, order) == ([Money(back)] if back else [])
    assert fsck.check(session) == ()


def ordered(session: Session, *goods: Product) -> Order:
    """Have products ordered together."""
    made = orders.place(
        work_of(session, "per_buyer_editor", at=DAY),
        wanted=[{"product_id": each.id, "quantity": 1} for each in goods],
        use=make.use(), is_related_party=False,
    )  # fmt: skip
    session.flush()
    return made


def signed(session: Session, order: Order) -> Order:
    make.take(session, order, "confirm", "per_developer_editor")
    for person in ("per_buyer_signer", "per_developer_signer"):
        orders.sign(work_of(session, person, at=DAY), order.id)
    session.flush()
    return order


def two(session: Session, gone: Product | None = None) -> tuple[Order, Product, Product]:
    """Have two products ordered together, signed and paid; return the order, and both."""
    gone, other = gone or make.listed(session), make.listed(session)
    both = signed(session, ordered(session, gone, other))
    progress.mark_paid(work_of(session, "system", at=DAY), make.fund(session, both))
    session.flush()
    return both, gone, other


def under_a_right(session: Session) -> tuple[Order, refunds.Refund, str]:
    """Let a right end under which an order was paid; return the order, its refund, the right."""
    product, right = public(session)
    order = make.paid(session, product)
    revoked(session, right)
    (refund,) = returned(session, order)
    return order, refund, right


def task_of(session: Session, order: Order, product: Product) -> tasks.DeliveryTask:
    (line,) = (one for one in lines.of(session, order.id) if one.product_id == product.id)
    (task,) = (one for one in tasks.of_order(session, order.id) if one.order_line_id == line.id)
    return task


def complete(session: Session, task: tasks.DeliveryTask) -> None:
    """Have the seller deliver one line, and the house notice."""
    engineer = work_of(session, "per_developer_signer", at=DAY)
    for step in ("provision", "complete"):
        tasks.take(engineer, task.id, step)
    session.flush()
    event = journal.history(session, task.id, limit=1)[0]
    progress.mark_delivered(work_of(session, "system", at=DAY), event)


@pytest.mark.usefixtures("banked")
def test_what_stands_beside_an_ended_line_goes_on_by_itself(session: Session) -> None:
    gone, right = public(session)
    both, _, other = two(session, gone)

    revoked(session, right)
    state, ended = both.state, task_of(session, both, gone).state
    complete(session, task_of(session, both, other))
    make.take(session, both, "accept", "per_buyer_editor")

    owed = {one.order_line_id: one.amount for one in escrow.of_order(session, both.id)}
    assert (state, ended) == (State.IN_DELIVERY, tasks.State.REVOKED)
    assert asked(session, both) == [PRICE]
    assert both.state == State.ACCEPTED
    assert owed == {task_of(session, both, other).order_line_id: PRICE}
    assert volume.ties_out(session)
    assert fsck.check(session) == ()


@pytest.mark.parametrize(("used", "back"), [(250, 750_000), (333, 667_000), (1_000, 0)])
@pytest.mark.usefixtures("banked")
def test_an_ended_line_that_was_used_in_part_is_settled_for_that_part(
    session: Session, used: int, back: int
) -> None:
    both, gone, other = two(session)
    task = task_of(session, both, gone)
    tasks.take(work_of(session, "per_developer_signer", at=DAY), task.id, "provision")
    task.reads = 3
    allowances.grant(session, task.id, "calls", 1_000)
    allowances.spend(session, task.id, {"calls": used})

    delisted(session, gone)
    complete(session, task_of(session, both, other))
    make.take(session, both, "accept", "per_buyer_editor")

    owed = {one.order_line_id: one.amount for one in escrow.of_order(session, both.id)}
    assert asked(session, both) == ([Money(back)] if back else [])
    assert owed[task.order_line_id] == PRICE - Money(back)
    assert owed[task_of(session, both, other).order_line_id] == PRICE
    assert escrow.left(session, both.id) == Money(0)
    assert volume.ties_out(session)
    assert fsck.check(session) == ()


@pytest.mark.usefixtures("banked")
def test_when_the_last_line_ends_as_well_the_order_ends_with_its_lines(session: Session) -> None:
    both, gone, other = two(session)

    delisted(session, gone)
    delisted(session, other)

    assert asked(session, both) == [PRICE, PRICE]
    assert both.state == State.ACCEPTED
    assert escrow.of_order(session, both.id) == []
    assert fsck.check(session) == ()


@pytest.mark.usefixtures("banked")
def test_a_mixed_order_that_is_paid_in_parts_is_left_to_people_with_the_reason(
    session: Session,
) -> None:
    gone = make.listed(session)
    both = ordered(session, gone, make.listed(session))
    instalments.plan(
        work_of(session, "per_buyer_editor", at=DAY), both.id,
        [{"due": Due.SIGNATURE, "amount": Money(1_500_000)},
         {"due": Due.ACCEPTANCE, "amount": Money(500_000)}],
    )  # fmt: skip
    session.flush()
    test_instalments.pay(session, signed(session, both), 1)

    delisted(session, gone)

    (waits,) = returning.waiting(work_of(session, "per_exchange_settler", at=DAY), limit=9)
    assert (waits.order.id, both.state) == (both.id, State.DELIVERY_SUSPENDED)
    assert "a person refunds the line that ended" in waits.why.en
    assert asked(session, both) == []
    assert returning.waiting(work_of(session, "per_buyer_editor", at=DAY), limit=9) == []


@pytest.mark.usefixtures("banked")
def test_what_is_delisted_while_its_buyer_inspects_is_not_accepted_by_silence(
    session: Session,
) -> None:
    product = make.listed(session)
    order = make.delivered(session, product)

    delisted(session, product)
    with pytest.raises(StepRefused) as error:
        orders.take(work_of(session, "system", at=make.days_later(30, DAY)), order.id, "accept")
    (waits,) = returning.waiting(work_of(session, "per_exchange_settler", at=DAY), limit=9)
    make.take(session, order, "accept", "per_buyer_editor")

    assert [refusal.code for refusal in error.value.refusals] == ["LINE_ENDED"]
    assert waits.order.id == order.id
    assert order.state == State.ACCEPTED


def test_a_free_order_of_which_nothing_came_is_called_off(session: Session) -> None:
    product = make.listed(session, price_plan=make.FREE)
    order = make.paid(session, product)

    delisted(session, product)

    assert order.state == State.CLOSED


def test_what_could_not_go_back_goes_back_once_its_buyer_has_an_account(
    session: Session, work_as: WorkAs
) -> None:
    product = make.listed(session)
    order = make.paid(session, product)
    delisted(session, product)
    house = work_of(session, "system", at=DAY)
    returning.try_again(house)
    told = [event.kind for event in journal.history(session, order.id, limit=50)]
    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    session.flush()

    for _ in range(2):
        returning.try_again(house)
        session.flush()

    assert told.count("order.return_barred") == 1
    assert asked(session, order) == [PRICE]
    assert fsck.check(session) == ()


@pytest.mark.usefixtures("banked")
def test_what_is_charged_by_the_call_ends_with_its_bill(session: Session) -> None:
    plan = {"kind": "per_call", "unit": {"e6": 50_000_000, "currency": "CNY"}}
    product = make.listed(session, price_plan=plan, delivery_mode="record_api")
    order = make.signed(session, product, pay_mode="postpaid")
    read(session, order)

    delisted(session, product)

    assert asked(session, order) == []
    assert order.state == State.DELIVERY_SUSPENDED
    settler = work_of(session, "per_exchange_settler", at=DAY)
    assert [one.order.id for one in returning.waiting(settler, limit=9)] == [order.id]


def test_what_cannot_go_back_now_is_told_and_waits(session: Session) -> None:
    product = make.listed(session)
    order = make.paid(session, product)

    delisted(session, product)

    told = {event.kind: event for event in journal.history(session, order.id, limit=20)}
    assert "no verified account" in told["order.return_barred"].data["reason_en"]
    assert order.state == State.DELIVERY_SUSPENDED
    assert asked(session, order) == []


def revoked_by_hand(session: Session, task: tasks.DeliveryTask) -> None:
    """Let the regulator revoke one delivery, and let the house do twice what follows."""
    regulator = work_of(session, "per_hub_supervisor", at=DAY)
    tasks.take(regulator, task.id, "revoke", reason="数据有误，停止交付")
    _follow(session, task.id)


@pytest.mark.usefixtures("banked")
def test_a_delivery_that_is_revoked_by_hand_gives_its_money_back(session: Session) -> None:
    order, beside = make.paid(session), make.paid(session)
    (task,) = tasks.of_order(session, order.id)

    revoked_by_hand(session, task)

    assert asked(session, order) == [PRICE]
    assert order.state == State.DELIVERY_SUSPENDED
    assert (asked(session, beside), beside.state) == ([], State.IN_DELIVERY)
    assert fsck.check(session) == ()


@pytest.mark.usefixtures("banked")
def test_a_delivery_that_was_used_in_part_and_is_revoked_gives_back_the_rest(
    session: Session,
) -> None:
    order = make.paid(session)
    task = read(session, order)
    allowances.grant(session, task.id, "calls", 1_000)
    allowances.spend(session, task.id, {"calls": 250})

    revoked_by_hand(session, task)

    (owed,) = escrow.of_order(session, order.id)
    assert asked(session, order) == [Money(750_000)]
    assert (order.state, owed.amount) == (State.ACCEPTED, Money(250_000))
    assert volume.ties_out(session)
    assert fsck.check(session) == ()


@pytest.mark.usefixtures("banked")
def test_of_two_lines_the_one_that_is_revoked_goes_back_and_then_the_other(
    session: Session,
) -> None:
    both, gone, other = two(session)

    revoked_by_hand(session, task_of(session, both, gone))
    first = (asked(session, both), both.state)
    revoked_by_hand(session, task_of(session, both, other))

    assert first == ([PRICE], State.IN_DELIVERY)
    assert asked(session, both) == [PRICE, PRICE]
    assert both.state == State.ACCEPTED
    assert volume.ties_out(session)
    assert fsck.check(session) == ()


def test_a_revoked_delivery_whose_buyer_has_no_account_waits_on_the_desk(session: Session) -> None:
    order = make.paid(session)

    revoked_by_hand(session, tasks.of_order(session, order.id)[0])

    settler = work_of(session, "per_exchange_settler", at=DAY)
    assert asked(session, order) == []
    assert [one.order.id for one in returning.waiting(settler, limit=9)] == [order.id]


@pytest.mark.usefixtures("banked")
def test_what_is_revoked_because_its_order_ends_gives_nothing_back_again(session: Session) -> None:
    order, _, _ = under_a_right(session)
    orders.take(work_of(session, "system", at=DAY), order.id, "refund")
    (task,) = tasks.of_order(session, order.id)
    session.flush()

    _follow(session, task.id)

    assert asked(session, order) == [PRICE]
    assert order.state == State.REFUNDING


def taken_back(session: Session, refund: refunds.Refund) -> None:
    """Let an officer withdraw a refund, and let the house do twice what follows."""
    settler = work_of(session, "per_exchange_settler", at=DAY)
    refunds.take(settler, refund.id, "cancel", reason="待核实")
    _follow(session, refund.id)


def on_the_desk(session: Session) -> list[str]:
    settler = work_of(session, "per_exchange_settler", at=DAY)
    return [one.id for one in returning.withdrawn(settler, limit=9)]


def again(session: Session, refund: refunds.Refund, by: str = "per_exchange_settler") -> Any:
    made = returning.ask_again(work_of(session, by, at=DAY), refund.id)
    session.flush()
    return made


@pytest.mark.usefixtures("banked")
def test_what_an_officer_withdrew_waits_on_the_desk_until_it_is_asked_for_again(
    session: Session,
) -> None:
    _, refund, right = under_a_right(session)
    taken_back(session, refund)
    _follow(session, right)
    returning.try_again(work_of(session, "system", at=DAY))
    waits = on_the_desk(session)

    made = again(session, refund)

    assert waits == [refund.id]
    assert (made.amount, made.maker) == (PRICE, "per_exchange_settler")
    assert made.state == refunds.State.REQUESTED
    assert on_the_desk(session) == []
    with pytest.raises(StepRefused) as error:
        again(session, refund)
    assert [refusal.code for refusal in error.value.refusals] == ["NOT_TO_BE_ASKED_AGAIN"]
    assert fsck.check(session) == ()


@pytest.mark.usefixtures("banked")
def test_what_was_withdrawn_of_one_line_is_asked_for_again_beside_the_others(
    session: Session,
) -> None:
    both, gone, _ = two(session)
    delisted(session, gone)
    (refund,) = returned(session, both)
    taken_back(session, refund)

    made = again(session, refund)
    taken_back(session, made)

    assert made.amount == PRICE
    assert on_the_desk(session) == [made.id]
    assert escrow.left(session, both.id) == PRICE + PRICE
    assert fsck.check(session) == ()


@pytest.mark.usefixtures("banked")
def test_what_was_given_back_by_hand_instead_waits_no_longer(session: Session) -> None:
    order, refund, _ = under_a_right(session)
    taken_back(session, refund)

    refunds.request(work_of(session, "per_exchange_settler", at=DAY), order_id=order.id,
                    amount=PRICE, reason="改由人工退款")  # fmt: skip
    session.flush()

    assert on_the_desk(session) == []
    with pytest.raises(StepRefused):
        again(session, refund)


@pytest.mark.usefixtures("banked")
def test_a_refund_by_hand_is_none_of_an_ended_line_whatever_its_reason_says(
    session: Session,
) -> None:
    order, refund, _ = under_a_right(session)
    taken_back(session, refund)
    by_hand = refunds.request(
        work_of(session, "per_exchange_settler", at=DAY),
        order_id=order.id, amount=Money(1), reason=refund.reason,
    )  # fmt: skip
    session.flush()
    instead = on_the_desk(session)

    taken_back(session, by_hand)

    assert (refund.occasion, by_hand.occasion) == (refunds.Occasion.UNDELIVERED, None)
    assert (instead, on_the_desk(session)) == ([], [refund.id])


@pytest.mark.usefixtures("banked")
def test_only_officers_of_settlement_ask_again_and_only_for_what_was_withdrawn(
    session: Session,
) -> None:
    _, refund, _ = under_a_right(session)

    with pytest.raises(StepRefused):
        again(session, refund)
    taken_back(session, refund)
    for person in ("per_buyer_signer", "per_exchange_auditor"):
        with pytest.raises(StepNotAllowed):
            again(session, refund, person)
    with pytest.raises(NotFound):
        again(session, refund, "per_other_editor")
    assert returning.withdrawn(work_of(session, "per_buyer_signer"), limit=9) == []
    assert not returning.may_ask_again(work_of(session, "per_buyer_signer"), refund)
    assert on_the_desk(session) == [refund.id]
