from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from delivery import gate, tasks
from delivery.gate import BeyondOrder
from delivery.ways import Way
from kernel import journal
from kernel.clock import Instant
from kernel.errors import NotFound, StepNotAllowed, StepRefused
from kernel.journal import Event
from kernel.money import Money
from marketplace import fulfilment, orders, products, versions
from marketplace.orders import Order
from marketplace.products import Product
from marketplace.renewing import renewals
from marketplace.terms import rows
from marketplace.terms.rows import Renewal, State, SubscriptionTerm
from settlement.metering import subscriptions
from settlement.metering.subscriptions import Outcome
from settlement.refunding import terms as refunded_terms
from tests.conftest import WorkAs, work_of
from tests.marketplace import make
from tests.marketplace.trying.test_trials import tabled
from tests.settlement import money

AT = make.AFTER_PUBLICITY
MONTHLY: dict[str, Any] = {
    "kind": "subscription", "price": {"minor": 31_000, "currency": "CNY"}, "period": "month",
}  # fmt: skip
BEGAN, ENDS = date(2026, 7, 13), date(2026, 9, 12)


def on(day: date) -> Instant:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def happened(session: Session, subject: str, kind: str) -> Event:
    return next(one for one in reversed(journal.history(session, subject, limit=200))
                if one.kind == kind)  # fmt: skip


def kept(session: Session, order: Order, at: Instant = AT) -> SubscriptionTerm:
    """Have the term of an accepted order kept, as the errand does; twice changes nothing."""
    session.flush()
    event = happened(session, order.id, "subscription.begun")
    for _ in range(2):
        renewals.begun(work_of(session, "system", at=at), event)
        session.flush()
    found = rows.of_order(session, order.id)
    assert found is not None
    return found


@pytest.fixture
def product(session: Session, tmp_path: Path) -> Product:
    return tabled(session, tmp_path, price_plan=MONTHLY, delivery_mode="record_api")


@pytest.fixture
def term(session: Session, product: Product) -> SubscriptionTerm:
    """Two months of data, from the 13th of July."""
    return kept(session, make.accepted(session, product, quantity=2))


def look(session: Session, day: date) -> int:
    session.flush()
    done = renewals.look(work_of(session, "system", at=on(day)), limit=50)
    session.flush()
    return done


def arranged(session: Session, term: SubscriptionTerm, renewal: Renewal) -> None:
    renewals.arrange(work_of(session, "per_buyer_editor", at=AT), term.id, renewal)
    session.flush()


def walked(session: Session, order_id: str, *, until: str, day: date) -> Order:
    """Take an order on to "signed", "paid" or "accepted"."""
    order, at = orders.find(session, order_id), on(day)
    orders.take(work_of(session, "per_developer_signer", at=at), order.id, "confirm")
    session.flush()
    for person in ("per_buyer_signer", "per_developer_signer"):
        orders.sign(work_of(session, person, at=at), order.id)
        session.flush()
    if until != "signed":
        make.fund(session, order)
        orders.take(work_of(session, "system", at=at), order.id, "mark_paid")
        session.flush()
    if until == "accepted":
        make.deliver_now(session, order.id, at)
        session.flush()
        orders.take(work_of(session, "per_buyer_editor", at=at), order.id, "accept")
        session.flush()
    return order


def readable(session: Session, order_id: str, day: date) -> bool:
    (task,) = tasks.of_order(session, order_id)
    try:
        gate.require(work_of(session, "per_buyer_editor", at=on(day)), task, Way.API)
    except BeyondOrder:
        return False
    return True


def codes(error: pytest.ExceptionInfo[StepRefused]) -> set[str]:
    return {refusal.code for refusal in error.value.refusals}


def test_a_term_that_nobody_renews_is_told_of_served_through_its_grace_and_closed(
    session: Session, term: SubscriptionTerm
) -> None:
    assert (term.begun_on, term.ends_on, term.renewal) == (BEGAN, ENDS, "ask")
    assert term.look_on == ENDS - timedelta(days=20)  # a third of it, for it is short

    early = look(session, term.look_on - timedelta(days=1))
    noticed = look(session, term.look_on)
    again = look(session, ENDS)
    told = (early, noticed, again, str(term.state))
    look(session, ENDS + timedelta(days=1))
    graced = (str(term.state), readable(session, term.order_id, ENDS + timedelta(days=7)))
    look(session, ENDS + timedelta(days=8))

    assert told == (0, 1, 0, "ending")
    assert happened(session, term.id, "term.ending").data["ends_on"] == ENDS.isoformat()
    assert graced == ("grace", True)
    assert (str(term.state), str(term.look_on)) == ("ended", "None")
    assert not readable(session, term.order_id, ENDS + timedelta(days=8))
    assert look(session, ENDS + timedelta(days=400)) == 0


def test_a_term_that_is_not_to_be_renewed_ends_with_its_last_day(
    session: Session, term: SubscriptionTerm
) -> None:
    arranged(session, term, Renewal.NEVER)

    look(session, ENDS)
    served = readable(session, term.order_id, ENDS)
    look(session, ENDS + timedelta(days=1))

    assert served
    assert (term.state, readable(session, term.order_id, ENDS)) == (State.ENDED, False)
    with pytest.raises(StepRefused) as error:
        renewals.arrange(work_of(session, "per_buyer_editor", at=AT), term.id, Renewal.AUTO)
    assert codes(error) == {"TERM_OVER"}


def test_a_renewal_follows_to_the_day_at_the_price_of_that_day(
    session: Session, work_as: WorkAs, term: SubscriptionTerm
) -> None:
    look(session, term.look_on or ENDS)
    buyer = work_as("per_buyer_editor", at=on(date(2026, 9, 1)))

    placed = renewals.renew(buyer, term.id)
    session.flush()
    with pytest.raises(StepRefused) as twice:
        renewals.renew(buyer, term.id)
    walked(session, placed.id, until="accepted", day=date(2026, 9, 5))
    after = kept(session, placed, on(date(2026, 9, 5)))
    both = readable(session, term.order_id, ENDS)
    look(session, ENDS + timedelta(days=1))

    assert codes(twice) == {"RENEWAL_ORDERED"}
    assert (placed.total, orders.use_of(placed)["period_from"]) == (
        Money(62_000), ENDS + timedelta(days=1),
    )  # fmt: skip
    assert (after.begun_on, after.ends_on) == (ENDS + timedelta(days=1), date(2026, 11, 12))
    assert both
    assert (term.state, term.next_order_id) == (State.RENEWED, placed.id)
    assert not readable(session, term.order_id, ENDS + timedelta(days=1))
    assert readable(session, placed.id, ENDS + timedelta(days=1))


def test_a_renewal_that_is_not_paid_is_closed_after_the_grace_and_opens_when_paid(
    session: Session, work_as: WorkAs, term: SubscriptionTerm
) -> None:
    look(session, term.look_on or ENDS)
    placed = renewals.renew(work_as("per_buyer_editor", at=on(ENDS)), term.id)
    session.flush()
    late = ENDS + timedelta(days=8)

    look(session, ENDS + timedelta(days=1))
    graced = (str(term.state), readable(session, term.order_id, ENDS + timedelta(days=2)))
    look(session, late)
    closed = (str(term.state), readable(session, term.order_id, late))
    look(session, late + timedelta(days=1))
    paid_on = late + timedelta(days=2)
    walked(session, placed.id, until="accepted", day=paid_on)
    after = kept(session, placed, on(paid_on))

    assert graced == ("grace", True)
    assert closed == ("lapsed", False)
    assert after.begun_on == paid_on  # the days that were closed are not paid for
    assert term.state == State.RENEWED
    assert readable(session, placed.id, paid_on)


def test_what_is_paid_and_not_delivered_yet_is_served_on(
    session: Session, work_as: WorkAs, term: SubscriptionTerm
) -> None:
    placed = renewals.renew(work_as("per_buyer_editor", at=on(date(2026, 9, 1))), term.id)
    session.flush()
    walked(session, placed.id, until="paid", day=date(2026, 9, 2))

    for days in (1, 8, 9, 20):
        look(session, ENDS + timedelta(days=days))

    assert term.state == State.GRACE
    assert readable(session, term.order_id, ENDS + timedelta(days=20))


def test_a_renewal_that_falls_through_may_be_ordered_anew_or_the_term_ends(
    session: Session, work_as: WorkAs, term: SubscriptionTerm
) -> None:
    buyer = work_as("per_buyer_editor", at=on(date(2026, 9, 1)))
    placed = renewals.renew(buyer, term.id)
    session.flush()
    orders.take(buyer, placed.id, "cancel", reason="再议")
    session.flush()
    event = happened(session, placed.id, "order.cancelled")
    for _ in range(2):
        renewals.fell_through(work_as("system", at=on(date(2026, 9, 1))), event)

    fallen = (str(term.state), term.next_order_id)
    second = renewals.renew(buyer, term.id)
    session.flush()
    look(session, ENDS + timedelta(days=1))
    orders.take(buyer, second.id, "cancel", reason="再议")
    look(session, ENDS + timedelta(days=2))  # before its errand has run
    late = renewals.barred(term)
    look(session, ENDS + timedelta(days=8))
    renewals.fell_through(work_as("system"), happened(session, second.id, "order.cancelled"))

    assert fallen == ("ending", None)
    assert [refusal.code for refusal in late] == ["RENEWAL_ORDERED"]
    assert term.state == State.ENDED


def test_in_grace_it_can_still_be_renewed(
    session: Session, work_as: WorkAs, term: SubscriptionTerm
) -> None:
    look(session, term.look_on or ENDS)
    day = ENDS + timedelta(days=3)
    look(session, day)

    placed = renewals.renew(work_as("per_buyer_editor", at=on(day)), term.id)
    session.flush()
    walked(session, placed.id, until="accepted", day=day)
    after = kept(session, placed, on(day))
    look(session, day + timedelta(days=1))

    assert after.begun_on == ENDS + timedelta(days=1)  # the days of grace are the new term's
    assert term.state == State.RENEWED


def test_by_a_standing_instruction_it_is_ordered_once_and_never_dearer(
    session: Session, term: SubscriptionTerm
) -> None:
    arranged(session, term, Renewal.AUTO)

    look(session, term.look_on or ENDS)
    first = term.next_order_id
    look(session, ENDS)
    placed = orders.find(session, first or "")

    assert (term.state, term.next_order_id) == (State.RENEWING, first)
    assert (placed.state, placed.buyer_id, placed.total) == (
        orders.State.SUBMITTED, "org_buyer", Money(62_000),
    )  # fmt: skip
    assert happened(session, placed.id, "order.placed").person == "per_buyer_editor"
    walked(session, placed.id, until="accepted", day=ENDS)
    assert kept(session, placed, on(ENDS)).renewal == "auto"


def test_what_became_dearer_waits_to_be_confirmed(
    session: Session, product: Product, term: SubscriptionTerm
) -> None:
    arranged(session, term, Renewal.AUTO)
    dearer = {**MONTHLY, "price": {"minor": 31_001, "currency": "CNY"}}
    before = versions.find(session, product.current_version_id)
    said = {**versions.content(before), "price_plan": dearer}
    seller = work_of(session, "per_developer_editor", at=AT)
    made = versions.write(seller, product.id, 2, said)  # type: ignore[arg-type]  # one field is another
    session.flush()
    products.offer(seller, product, made)

    look(session, term.look_on or ENDS)

    assert (term.state, term.next_order_id) == (State.ENDING, None)
    told = happened(session, term.id, "term.not_renewed_alone")
    assert told.data["codes"] == ["PRICE_RISEN"]
    placed = renewals.renew(work_of(session, "per_buyer_editor", at=on(ENDS)), term.id)
    assert placed.total == Money(62_002)


def test_what_cannot_be_ordered_is_told_and_waits(
    session: Session, product: Product, term: SubscriptionTerm
) -> None:
    arranged(session, term, Renewal.AUTO)
    products.take(work_of(session, "per_exchange_compliance", at=AT), product.id, "suspend",
                  reason="核查")  # fmt: skip

    look(session, term.look_on or ENDS)

    assert term.state == State.ENDING
    told = happened(session, term.id, "term.not_renewed_alone")
    assert told.data["codes"] == ["PRODUCT_NOT_LISTED"]


def test_who_has_left_orders_nothing(session: Session, term: SubscriptionTerm) -> None:
    arranged(session, term, Renewal.AUTO)
    term.arranged_by = "per_gone"

    look(session, term.look_on or ENDS)

    told = happened(session, term.id, "term.not_renewed_alone")
    assert told.data["codes"] == ["NOBODY_TO_ORDER"]


def test_nothing_is_served_earned_or_renewed_while_it_is_paused(
    session: Session, work_as: WorkAs, term: SubscriptionTerm
) -> None:
    paused = date(2026, 7, 20)

    renewals.take(work_as("per_buyer_editor", at=on(paused)), term.id, "pause")
    session.flush()
    subscriptions.earn_due(work_as("system", at=on(date(2026, 9, 30))), limit=50)
    session.flush()
    with pytest.raises(StepRefused) as renewed:
        renewals.renew(work_as("per_buyer_editor", at=on(paused)), term.id)

    outcomes = {each.outcome for each in subscriptions.of_order(session, term.order_id)}
    order = orders.find(session, term.order_id)
    assert fulfilment.nothing_left(order, work_as("system")) is not None
    assert not readable(session, term.order_id, paused)
    assert outcomes == {Outcome.EARNED, Outcome.PAUSED}
    assert codes(renewed) == {"TERM_PAUSED"}


def test_a_pause_puts_the_rest_off_and_costs_nothing(
    session: Session, work_as: WorkAs, term: SubscriptionTerm
) -> None:
    (task,) = tasks.of_order(session, term.order_id)
    until = task.use_until
    back = date(2026, 8, 10)

    renewals.take(work_as("per_buyer_editor", at=on(date(2026, 7, 20))), term.id, "pause")
    session.flush()
    renewals.take(work_as("per_buyer_editor", at=on(back)), term.id, "resume")
    session.flush()

    slices = subscriptions.of_order(session, term.order_id)
    assert (term.ends_on, term.paused_days) == (ENDS + timedelta(days=20), 20)
    assert [each.first_on for each in slices][:2] == [BEGAN, back]
    assert slices[-1].last_on == term.ends_on
    assert sum((each.amount for each in slices), Money(0)) == Money(62_000)
    assert readable(session, term.order_id, back)
    assert task.use_until == (until and until + timedelta(days=20))


def test_a_pause_ends_by_itself_and_cannot_be_had_without_end(
    session: Session, work_as: WorkAs, term: SubscriptionTerm
) -> None:
    paused = date(2026, 7, 20)
    buyer = work_as("per_buyer_editor", at=on(paused))
    renewals.take(buyer, term.id, "pause")

    early = look(session, paused + timedelta(days=90))
    resumed = look(session, paused + timedelta(days=91))
    with pytest.raises(StepRefused) as again:
        renewals.take(work_as("per_buyer_editor", at=on(date(2026, 10, 25))), term.id, "pause")

    assert (early, resumed, term.paused_days) == (0, 1, 90)
    assert codes(again) == {"PAUSED_ENOUGH"}


def test_a_pause_of_a_day_moves_nothing(
    session: Session, work_as: WorkAs, term: SubscriptionTerm
) -> None:
    buyer = work_as("per_buyer_editor", at=on(date(2026, 7, 20)))

    renewals.take(buyer, term.id, "pause")
    session.flush()
    renewals.take(buyer, term.id, "resume")

    assert (term.ends_on, term.paused_days, term.paused_on) == (ENDS, 0, None)


def test_what_stands_already_or_is_over_is_not_paused(
    session: Session, work_as: WorkAs, term: SubscriptionTerm
) -> None:
    tasks.stop_for(work_as("system"), term.order_id, reason="分期逾期")

    with pytest.raises(StepRefused) as error:
        renewals.take(work_as("per_buyer_editor", at=on(ENDS)), term.id, "pause")

    assert codes(error) == {"DELIVERY_STOPPED", "TERM_OVER"}


def test_what_is_refunded_while_it_is_paused_has_no_term_any_more(
    session: Session, work_as: WorkAs, term: SubscriptionTerm
) -> None:
    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    paused = date(2026, 7, 20)
    renewals.take(work_as("per_buyer_editor", at=on(paused)), term.id, "pause")
    session.flush()
    settler = work_as("per_exchange_settler", at=on(date(2026, 8, 1)))

    refund = refunded_terms.end(settler, term.order_id, on=date(2026, 8, 1), reason="卖方原因")
    session.flush()
    slices = subscriptions.of_order(session, term.order_id)
    assert subscriptions.end_if_returned(work_as("system", at=on(date(2026, 8, 1))), term.order_id)
    session.flush()
    event = happened(session, term.order_id, "subscription.ended")
    for _ in range(2):
        renewals.ended(work_as("system", at=on(date(2026, 8, 1))), event)

    earned = sum((each.amount for each in slices if each.outcome == Outcome.EARNED), Money(0))
    assert refund.amount + earned == Money(62_000)  # no day of the pause was earned
    assert (term.state, term.paused_on) == (State.ENDED, None)


def test_only_its_parties_see_a_term_and_its_buyer_alone_decides(
    session: Session, work_as: WorkAs, term: SubscriptionTerm
) -> None:
    with pytest.raises(NotFound):
        renewals.seen(work_as("per_other_editor"), term.id)
    for act in (
        lambda work: renewals.arrange(work, term.id, Renewal.NEVER),
        lambda work: renewals.renew(work, term.id),
        lambda work: renewals.take(work, term.id, "pause"),
    ):
        with pytest.raises(StepNotAllowed):
            act(work_as("per_developer_editor", at=AT))

    assert renewals.listed(work_as("per_developer_editor"), after=None, limit=9).items == [term]


def test_the_last_of_january_is_followed_by_the_last_of_february() -> None:
    after = subscriptions._after

    assert [after(date(2027, 1, 31), months) for months in (1, 2, 3)] == [
        date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30),
    ]  # fmt: skip


def test_what_has_no_period_has_no_term(session: Session, work_as: WorkAs) -> None:
    order = make.accepted(session)
    session.flush()
    event = happened(session, order.id, "order.accepted")

    renewals.begun(work_as("system"), event)
    renewals.ended(work_as("system"), event)
    renewals.fell_through(work_as("system"), event)

    assert rows.of_order(session, order.id) is None
    assert rows.begins_on(session, order.id) is None
