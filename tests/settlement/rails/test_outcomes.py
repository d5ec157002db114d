"""The faults that marketplaces have had with providers, by name, and what happens here."""

import pytest
from sqlalchemy import func, select

from kernel import journal
from kernel.errors import NotFound, StepNotAllowed
from kernel.money import Money
from settlement import fsck, payments
from settlement.books import entries
from settlement.rails import attempts, collecting, commands, inbox
from settlement.rails.attempts import State
from settlement.rails.inbox import NotStuck
from settlement.rails.port import BadNotice
from settlement.refunding import refunds
from tests.settlement.money import BUYER_NAME, STORY, csv_of, took
from tests.settlement.rails.chaos_world import World
from tests.settlement.rails.till import Till

FEN = STORY.minor


def delivered(till: Till, world: World, *types: str) -> list[bool]:
    """Deliver the provider's notices of these types, newest first; tell which were new."""
    found = [event for event in reversed(world.events) if event["type"] in types or not types]
    return [till.notified(*world.signed(event)) for event in found]


def captures(till: Till) -> int:
    statement = select(func.count()).where(entries.c.event.like("payment.%"))
    return till.session.scalar(statement) or 0


def test_what_arrives_is_booked_and_pays_the_order(till: Till) -> None:
    attempt = till.started()

    payment = till.payment(attempt)
    assert (attempt.state, payment.state) == (State.CAPTURED, payments.State.FUNDED)
    assert (till.on("2241.escrow", "ord_1"), till.held()) == (FEN, FEN)
    assert till.command(attempt).state == commands.State.DONE
    assert fsck.check(till.session) == ()


def test_a_notice_before_the_answer_and_the_answer_after_it_book_once(
    till: Till, world: World
) -> None:
    attempt = till.begun(till.asked())
    till.at = lambda name: _notified(till, world) if name == "after_call" else None

    till.gateway.run(attempt.command_id)

    assert till.again(attempt).state == State.CAPTURED
    assert (captures(till), till.held()) == (1, FEN)


def _notified(till: Till, world: World) -> None:
    delivered(till, world)
    till.gateway.handle_due()


def test_two_types_of_event_for_one_fact_book_once(till: Till, world: World) -> None:
    till.started()
    delivered(till, world, "charge.succeeded", "payment_intent.succeeded")

    till.gateway.handle_due()

    assert [notice.handled_at is not None for notice in till.notices()] == [True, True]
    assert (captures(till), till.held()) == (1, FEN)


def test_an_older_word_that_arrives_last_changes_nothing(till: Till, world: World) -> None:
    attempt = till.started(method="alipay")
    intent = attempt.object_id or ""
    world.fail(intent)
    world.succeed(intent)

    for event in reversed(world.events):  # succeeded first, then failed, then created
        till.notified(*world.signed(event))
        till.gateway.handle_due()
        till.later(seconds=1)

    assert till.again(attempt).state == State.CAPTURED
    assert (captures(till), till.held()) == (1, FEN)


def test_success_after_a_failure_counts(till: Till, world: World) -> None:
    attempt = till.started(method="alipay")
    world.fail(attempt.object_id or "")
    delivered(till, world, "payment_intent.payment_failed")
    till.gateway.handle_due()
    failed = till.again(attempt).state

    world.succeed(attempt.object_id or "")
    delivered(till, world, "payment_intent.succeeded")
    till.gateway.handle_due()

    assert (failed, till.again(attempt).state) == (State.FAILED, State.CAPTURED)
    assert till.payment(attempt).state == payments.State.FUNDED


def test_a_try_that_failed_is_closed_there_so_that_it_cannot_succeed_behind_our_back(
    till: Till, world: World
) -> None:
    attempt = till.started(token="pm_card_chargeDeclined")
    assert (attempt.state, attempt.reason) == (State.FAILED, "declined")

    till.gateway.run_due()

    assert world.objects[attempt.object_id or ""]["status"] == "canceled"
    assert till.again(attempt).state == State.FAILED


def test_two_words_of_one_rank_are_settled_by_a_look(till: Till, world: World) -> None:
    attempt = till.started(method="alipay")
    intent = world.objects[attempt.object_id or ""]
    intent["status"] = "processing"
    world.emit("payment_intent.processing", intent)
    intent["status"] = "requires_action"  # the word on its way is older than what is

    delivered(till, world, "payment_intent.processing")
    till.gateway.handle_due()

    assert till.again(attempt).state == State.REQUIRES_ACTION
    assert [notice.handled_at is not None for notice in till.notices()] == [True]


def test_success_after_expiry_of_a_payment_that_still_waits_pays_it(
    till: Till, world: World
) -> None:
    attempt = till.started(method="alipay")
    till.later(hours=2)
    assert collecting.expire_due(till.work, limit=9) == 1
    world.succeed(attempt.object_id or "")  # before the provider heard that it is closed

    till.gateway.run_due()  # too late to cancel: what it is now is looked up

    assert till.again(attempt).state == State.CAPTURED
    assert till.command(attempt, "cancel").state == commands.State.REFUSED
    assert till.payment(attempt).state == payments.State.FUNDED


def test_success_after_the_order_is_closed_goes_to_suspense_and_back(
    till: Till, world: World
) -> None:
    attempt = till.started(method="alipay")
    payment = payments.void(till.work, attempt.payment_id)
    collecting.close_for(till.work, journal.history(till.session, payment.id, limit=9)[-1])
    world.succeed(attempt.object_id or "")

    till.gateway.run_due()

    (back,) = refunds.listed(till.work, after=None, limit=9).items
    assert till.again(attempt).state == State.CAPTURED
    assert (till.on("2241.escrow", "ord_1"), back.amount) == (0, STORY)
    assert till.on("2241.suspense", attempt.object_id or "") == 0
    assert till.on("2241.refund_transit", back.id) == FEN
    assert fsck.check(till.session) == ()


def test_a_part_that_the_bank_brought_meanwhile_leaves_the_rest_to_go_back(
    till: Till, world: World
) -> None:
    attempt = till.started(method="alipay")
    payment = till.payment(attempt)
    took(till.work_as, csv_of([("T1", 1, BUYER_NAME, payment.reference)]))
    world.succeed(attempt.object_id or "")

    delivered(till, world, "payment_intent.succeeded")
    till.gateway.handle_due()

    assert (till.on("2241.escrow", "ord_1"), till.payment(attempt).funded) == (FEN, STORY)
    assert [one.amount for one in refunds.listed(till.work, after=None, limit=9).items] == [
        Money(1)
    ]


def test_a_notice_of_a_payment_that_we_never_asked_for_waits_and_is_not_lost(
    till: Till, world: World
) -> None:
    world.done(
        "/v1/payment_intents",
        {"amount": "5", "currency": "cny", "payment_method_types[0]": "card", "confirm": "true",
         "metadata[command_id]": "cmd_rolled_back"},
    )  # fmt: skip
    delivered(till, world, "payment_intent.succeeded")

    for _ in range(inbox.TRIES_MAX + 2):
        till.gateway.handle_due()
        till.later(hours=1)

    (notice,) = till.notices()
    assert (notice.handled_at, notice.not_before) == (None, None)
    assert "cmd_rolled_back" in notice.error
    assert till.held() == 0
    assert [one.event_id for one in inbox.listed(till.work, open_only=True, limit=9).items]


def test_a_person_can_have_stuck_notices_tried_again(till: Till, world: World) -> None:
    test_a_notice_of_a_payment_that_we_never_asked_for_waits_and_is_not_lost(till, world)

    tried = inbox.retry_stuck(till.work_as("per_exchange_settler", at=till.now))

    assert tried == 1
    assert till.gateway.handle_due() == 1


def test_a_person_can_have_one_stuck_notice_tried_again(till: Till, world: World) -> None:
    test_a_notice_of_a_payment_that_we_never_asked_for_waits_and_is_not_lost(till, world)
    (notice,) = till.notices()
    settler = till.work_as("per_exchange_settler", at=till.now)
    key = (notice.provider, notice.event_id)
    assert notice.stuck

    inbox.retry(settler, *key)
    (waits,) = till.notices()
    stuck_now = waits.stuck
    with pytest.raises(NotStuck):
        inbox.retry(settler, *key)
    with pytest.raises(NotFound):
        inbox.retry(settler, "stripe", "evt_none")
    with pytest.raises(StepNotAllowed):
        inbox.retry(till.work_as("per_buyer_editor"), *key)

    assert not stuck_now
    assert till.gateway.handle_due() == 1
    till.session.flush()
    told = journal.history(till.session, notice.event_id, limit=9)
    assert [event.kind for event in told] == ["provider.notice_stuck", "provider.notice_retried"]


def test_a_notice_signed_for_another_endpoint_is_not_kept(till: Till, world: World) -> None:
    till.started()

    with pytest.raises(BadNotice):
        till.notified(*world.signed(world.events[-1], secret="whsec_other"))

    assert till.notices() == []


@pytest.mark.parametrize("away_s", [-4_000, 4_000])
def test_a_notice_that_is_not_of_now_is_not_kept(till: Till, world: World, away_s: int) -> None:
    till.started()

    with pytest.raises(BadNotice, match="not of now"):
        till.notified(*world.signed(world.events[-1], at=world.now() + away_s))

    assert till.notices() == []


def test_a_notice_of_the_live_mode_is_none_of_a_test_keys(till: Till, world: World) -> None:
    till.started()

    with pytest.raises(BadNotice, match="mode"):
        till.notified(*world.signed({**world.events[-1], "livemode": True}))


@pytest.mark.parametrize("headers", [{}, {"Stripe-Signature": "t=x,v1=00"}, {"Other": "1"}])
def test_a_notice_without_a_good_signature_is_not_kept(
    till: Till, world: World, headers: dict[str, str]
) -> None:
    till.started()

    with pytest.raises(BadNotice):
        till.notified(headers, world.signed(world.events[-1])[1])


def test_what_is_captured_in_part_is_booked_in_part(till: Till, world: World) -> None:
    attempt = till.started(manual=True)
    assert attempt.state == State.AUTHORISED

    settler = till.work_as("per_exchange_settler", at=till.now)
    attempts.take(settler, attempt.id, "take_reserved", amount=1_000)
    till.session.flush()
    till.gateway.run_due()

    assert till.again(attempt).captured == Money(1_000)
    assert till.payment(attempt).state == payments.State.PART_FUNDED
    assert (till.on("2241.escrow", "ord_1"), till.held()) == (1_000, 1_000)


def test_a_part_that_goes_back_leaves_the_rest(till: Till) -> None:
    attempt = till.started()
    sent(till, attempt, Money(1))

    (captured,) = attempts.captured_of(till.session, "ord_1")

    assert till.again(attempt).state == State.PART_REFUNDED
    assert captured.left == Money(FEN - 1)
    assert fsck.check(till.session) == ()


def test_a_refund_that_fails_after_it_succeeded_waits_for_a_person(
    till: Till, world: World
) -> None:
    attempt = till.started()
    refund = sent(till, attempt, STORY)
    (made,) = world.kind("refund")
    world.bounce(made["id"])

    delivered(till, world, "refund.failed", "refund.created")
    till.gateway.handle_due()

    assert till.again(attempt).state == State.CAPTURED
    assert till.on("2241.suspense", refund.id) == FEN
    assert till.held() == FEN
    assert fsck.check(till.session) == ()


def test_a_refund_that_the_provider_declines_waits_in_suspense(till: Till, world: World) -> None:
    attempt = till.started()
    by_hand = {"payment_intent": attempt.object_id or "", "amount": "1"}
    world.done("/v1/refunds", by_hand)  # somebody gave a fen back at the provider's own desk

    refund = sent(till, attempt, STORY)

    assert refund.state == refunds.State.FAILED
    assert till.on("2241.suspense", refund.id) == FEN
    assert till.again(attempt).state == State.CAPTURED
    command = commands.given_for(till.session, commands.REFUND, refund.id)
    assert command is not None
    assert command.state == commands.State.REFUSED


def sent(till: Till, attempt: attempts.Attempt, amount: Money) -> refunds.Refund:
    """Ask for a refund, approve it if it needs that, and run the command that it gives."""
    settler = till.work_as("per_exchange_settler", at=till.now)
    made = refunds.request(settler, order_id="ord_1", amount=amount, reason="not delivered")
    till.session.flush()
    if made.state == refunds.State.REQUESTED:
        refunds.take(till.work_as("per_exchange_checker", at=till.now), made.id, "approve")
        till.session.flush()
    till.gateway.run_due()
    till.session.flush()
    return refunds.find(till.session, made.id)


@pytest.mark.parametrize(("won", "state"), [(True, State.CAPTURED), (False, State.LOST)])
def test_a_dispute_moves_money_by_the_balance_and_not_by_its_status(
    till: Till, world: World, *, won: bool, state: State
) -> None:
    attempt = till.started()
    dispute = world.dispute(attempt.object_id or "")
    till.polled()
    disputed = till.again(attempt).state
    assert till.on("1221.dispute", dispute) == FEN

    world.rule(dispute, won=won)
    till.polled()

    assert (disputed, till.again(attempt).state) == (State.DISPUTED, state)
    assert till.on("1221.dispute", dispute) == 0
    assert till.on("6603.dispute_fee") == 1_500
    assert fsck.check(till.session) == ()


def test_what_the_provider_holds_is_what_its_balance_says(till: Till, world: World) -> None:
    attempt = till.started()
    sent(till, attempt, Money(100))
    payout = world.pay_out()
    world.land(payout)

    till.polled()

    assert till.held() == sum(line["net"] for line in world.lines) == 0
    assert till.on("1012.psp_transit", payout) == world.objects[payout]["amount"]
    assert till.on("6603.psp_fee") == -(-FEN * 60 // 10_000)
    assert fsck.check(till.session) == ()


def test_a_payout_that_comes_back_is_with_the_provider_again(till: Till, world: World) -> None:
    till.started()
    payout = world.pay_out()
    till.polled()
    world.land(payout, ok=False)

    till.polled()

    assert till.on("1012.psp_transit", payout) == 0
    assert till.held() == sum(line["net"] for line in world.lines)


def test_a_payment_that_settles_in_another_currency_is_converted_by_its_balance_line(
    till: Till, world: World
) -> None:
    world.settles = ("hkd", 109, 100)
    till.started()

    till.polled()

    (line,) = world.lines
    assert till.held() == 0
    assert till.on("1012.fx", "CNY") == FEN
    assert till.on("1012.psp", "stripe", "HKD") == line["net"]
    assert till.on("1012.fx", "HKD", "HKD") == -line["amount"]
    assert till.on("2241.escrow", "ord_1") == FEN
    assert fsck.check(till.session) == ()


def test_after_being_down_the_events_are_caught_up_with(till: Till, world: World) -> None:
    attempt = till.begun(till.asked())
    world.faults["cut_after"] = 1
    till.gateway.run(attempt.command_id)
    assert till.again(attempt).state == State.UNKNOWN

    till.polled()

    assert till.again(attempt).state == State.CAPTURED
    assert till.command(attempt).state == commands.State.DONE


def test_a_look_at_what_was_seen_before_finds_nothing_new(till: Till) -> None:
    till.started()

    first, second = till.polled(), till.polled()

    assert (first > 0, second) == (True, 0)
