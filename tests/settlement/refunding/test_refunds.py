from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.money import Money
from kernel.work import Rules, Work
from settlement import batches, escrow, fsck, ledger, payouts, turnover
from settlement.accounts import NoVerifiedAccount
from settlement.batches import NothingDue
from settlement.books import accounts
from settlement.dividing.settled import SplitShare
from settlement.ledger import AccountRef, Overdrawn, Row, balance
from settlement.refunding import refunds
from settlement.refunding.origins import Rail
from settlement.refunding.refunds import Kind, NotRefundable, Refund, State
from tests.conftest import WorkAs
from tests.settlement import money
from tests.settlement.refunding import going_back

MERCHANT = AccountRef("2202.merchant", "org_developer")
OWED = AccountRef("1221.party", "org_developer")


def on(session: Session, code: str, owner: str = "") -> int:
    return balance(session, AccountRef(code, owner)).minor


def remaining(session: Session) -> list[int]:
    session.flush()
    return list(session.scalars(select(SplitShare.remaining_minor)))


def codes(told: Any) -> list[str]:
    return [refusal.code for refusal in told.value.refusals]


def test_before_acceptance_it_comes_out_of_escrow(session: Session, work_as: WorkAs) -> None:
    money.paid(work_as)

    refund = going_back.requested(work_as, 10_000)

    assert (refund.state, refund.rail, refund.payer_id) == (State.APPROVED, Rail.BANK, "org_buyer")
    assert refund.reference.startswith("RX")
    assert escrow.left(session, "ord_1") == Money(12_790_001)
    assert balance(session, refund.transit) == Money(10_000)
    assert turnover.sides(session).counted == Money(0)


def test_above_the_limit_another_person_approves(session: Session, work_as: WorkAs) -> None:
    money.paid(work_as)
    refund = going_back.requested(work_as, 10_001)

    with pytest.raises(StepRefused) as told:
        refunds.take(work_as("per_exchange_settler"), refund.id, "approve")
    going_back.approved(work_as, refund)

    assert codes(told) == ["FOUR_EYES"]
    assert (refund.state, refund.checker) == (State.APPROVED, "per_exchange_checker")
    session.flush()
    for wrong in ({"checker": "per_exchange_settler"}, {"checker": None}):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(update(Refund).values(**wrong))


def test_what_was_accepted_is_refunded_before_it_is_settled(
    session: Session, work_as: WorkAs
) -> None:
    money.paid(work_as)
    money.accepted(work_as)

    going_back.requested(work_as, 2_800_001)

    (obligation,) = escrow.of_order(session, "ord_1")
    assert obligation.left == Money(10_000_000)
    assert turnover.sides(session).counted == Money(10_000_000)
    money.settled(work_as)
    assert on(session, "6001.commission") + on(session, "2221.vat") == 300_000
    assert fsck.check(session) == ()


def test_what_is_refunded_whole_is_not_settled_any_more(session: Session, work_as: WorkAs) -> None:
    money.paid(work_as)
    money.accepted(work_as)

    refund = going_back.requested(work_as, money.STORY.minor)

    (gone,) = [one.state for one in escrow.of_order(session, "ord_1")]
    with pytest.raises(NothingDue):
        money.computed(work_as)
    refunds.take(work_as("per_exchange_checker"), refund.id, "cancel", reason="误操作")
    (again,) = [one.state for one in escrow.of_order(session, "ord_1")]
    assert (gone, again) == (escrow.State.REFUNDED, escrow.State.OPEN)
    assert turnover.sides(session).counted == money.STORY
    assert money.settled(work_as).total == money.STORY


def test_a_refund_leaves_the_batch_that_was_computed(session: Session, work_as: WorkAs) -> None:
    money.paid(work_as)
    money.accepted(work_as)
    batch = money.computed(work_as)
    going_back.requested(work_as, 1)
    session.flush()

    batches.take(work_as("per_exchange_checker", at=money.DUE), batch.id, "confirm")

    assert batch.state == batches.State.POSTED
    assert on(session, "2241.accepted", "ord_1") == money.STORY.minor - 1


def test_what_was_settled_is_taken_from_every_share(session: Session, work_as: WorkAs) -> None:
    going_back.settled_order(work_as)

    going_back.requested(work_as, 6_400_000, fee_refund=True)

    assert sum(remaining(session)) == 6_400_001
    assert on(session, "2202.merchant", "org_developer") == 3_104_001
    assert on(session, "2202.operator", "org_operator") == 1_241_600
    assert on(session, "2241.fiscal", money.TREASURY) == 1_862_400
    assert (on(session, "6001.commission"), on(session, "2221.vat")) == (181_132, 10_868)
    assert turnover.sides(session).counted == Money(6_400_001)


def test_without_the_fee_the_seller_bears_it(session: Session, work_as: WorkAs) -> None:
    going_back.settled_order(work_as)

    going_back.requested(work_as, money.STORY.minor)

    assert remaining(session) == [0] * 5
    assert (on(session, "6001.commission"), on(session, "2221.vat")) == (362_264, 21_736)
    assert on(session, "2202.merchant", "org_developer") == 0
    assert on(session, "1221.party", "org_developer") == 384_000
    assert fsck.check(session) == ()


def two_receipts(work_as: WorkAs, *cards: int) -> None:
    """Let an order be paid by card, in so many receipts, the first of them the oldest."""
    for number, fen in enumerate(cards, 1):
        row = Row(going_back.STRIPE, AccountRef("2241.escrow", "ord_1"), Money(fen))
        day = going_back.TODAY
        ledger.post(work_as("system"), "payment.captured", f"pi_{number}", [row],
                    effective_on=day, order_id="ord_1")  # fmt: skip


@pytest.mark.parametrize(
    ("first", "parts"),
    [
        ("oldest", [("pi_1", 30_001), ("pi_2", 60_000), ("pi_3", 4_999)]),
        ("largest", [("pi_2", 60_000), ("pi_1", 30_001), ("pi_3", 4_999)]),
    ],
)
def test_what_one_receipt_cannot_bear_goes_back_by_several(
    session: Session, work_as: WorkAs, first: str, parts: list[tuple[str, int]]
) -> None:
    two_receipts(work_as, 30_001, 60_000, 9_999)
    work = by_rules(work_as, first)

    made = refunds.request(work, order_id="ord_1", amount=Money(95_000), reason="停服")
    session.flush()

    found = refunds.together(session, made)
    assert {one.object_id: one.amount.minor for one in found} == dict(parts)
    assert (found[0], made.object_id) == (made, parts[0][0])
    assert refunds.together(session, found[-1]) == found
    assert {one.state for one in found} == {State.REQUESTED}  # together they are no small refund
    assert escrow.left(session, "ord_1") == Money(5_000)
    assert fsck.check(session) == ()


def test_i_56_the_rest_of_every_receipt_goes_back_to_the_last_fen_and_no_further(
    session: Session, work_as: WorkAs
) -> None:
    two_receipts(work_as, 30_001, 60_000, 9_999)
    going_back.requested(work_as, 20_000)
    going_back.requested(work_as, 80_000)

    with pytest.raises(NotRefundable) as told:
        going_back.requested(work_as, 1)

    assert escrow.left(session, "ord_1") == Money(0)
    assert codes(told) == ["MORE_THAN_WAS_PAID"]
    assert fsck.check(session) == ()


def test_one_receipt_that_can_bear_it_whole_is_taken_first(work_as: WorkAs) -> None:
    two_receipts(work_as, 30_001, 60_000)

    made = going_back.requested(work_as, 50_000)

    assert (made.object_id, made.first_id) == ("pi_2", None)


def by_rules(work_as: WorkAs, first: str) -> Work:
    """Return the maker's unit of work, under rules by which these receipts go first."""
    work = work_as("per_exchange_settler", at=money.DUE)
    settling = {**work.rules.table("settling"), "refund_receipts": first}
    return replace(
        work, rules=Rules(work.rules.version, {**work.rules.values, "settling": settling})
    )


def test_no_more_goes_back_than_was_paid(session: Session, work_as: WorkAs) -> None:
    money.paid(work_as)
    going_back.requested(work_as, 12_800_000)

    with pytest.raises(NotRefundable) as told:
        going_back.requested(work_as, 2)
    with pytest.raises(Invalid):
        going_back.requested(work_as, 0)
    with pytest.raises(NotRefundable):
        going_back.requested(work_as, 1, order_id="ord_none")

    assert codes(told) == ["MORE_THAN_WAS_PAID"]
    assert escrow.left(session, "ord_1") == Money(1)


def test_of_one_line_no_more_goes_back_than_it_cost(work_as: WorkAs) -> None:
    money.paid(work_as)
    half = Money(6_400_000)
    money.accepted(work_as, "ord_1", money.line("orl_1", half), money.line("orl_2", half))

    going_back.requested(work_as, 6_000_000, order_line_id="orl_2")
    with pytest.raises(NotRefundable) as told:
        going_back.requested(work_as, 400_001, order_line_id="orl_2")

    assert codes(told) == ["MORE_THAN_IS_LEFT"]


def test_what_has_arrived_is_counted_once(session: Session, work_as: WorkAs) -> None:
    money.paid(work_as)
    refund = going_back.sent(work_as, going_back.requested(work_as, 50_000))

    going_back.arrived(work_as, refund)
    going_back.arrived(work_as, refund)

    assert (refund.state, refund.ended_on) == (State.SUCCEEDED, going_back.TODAY)
    assert balance(session, refund.transit) == Money(0)
    assert money.kinds_of(session, refund.id) == [
        "refund.requested", "refund.approved", "refund.sent", "refund.succeeded",
    ]  # fmt: skip


@pytest.mark.parametrize("after_success", [False, True])
def test_what_does_not_arrive_waits_in_suspense(
    session: Session, work_as: WorkAs, after_success: bool
) -> None:
    money.paid(work_as)
    refund = going_back.sent(work_as, going_back.requested(work_as, 50_000))
    if after_success:
        going_back.arrived(work_as, refund)
    house = work_as("system", at=money.DUE)
    told: dict[str, Any] = {"source_id": "bsl_9", "on": going_back.TODAY, "reason": "AC04"}

    refunds.failed(house, refund.id, cash=going_back.CUSTODY if after_success else None, **told)
    session.flush()
    refunds.failed(house, refund.id, cash=None, **told)
    going_back.arrived(work_as, refund)

    assert (refund.state, refund.failure) == (State.FAILED, "AC04")
    assert balance(session, refund.suspense) == Money(50_000)
    assert "refund.contradicted" in money.kinds_of(session, refund.id)


def test_a_person_pays_what_failed_to_the_verified_account(
    session: Session, work_as: WorkAs
) -> None:
    money.paid(work_as)
    refund = going_back.sent(work_as, going_back.requested(work_as, 50_000))
    house = work_as("system", at=money.DUE)
    refunds.failed(
        house, refund.id, source_id="bsl_9", cash=None, on=going_back.TODAY, reason="AC04"
    )
    session.flush()
    checker = work_as("per_exchange_checker", at=money.DUE)

    with pytest.raises(NoVerifiedAccount), session.begin_nested():
        refunds.take(checker, refund.id, "by_hand", reason="改退")
    session.refresh(refund)
    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    refunds.take(checker, refund.id, "by_hand", reason="改退")

    anew = refunds.listed(checker, state=State.REQUESTED, after=None, limit=9).items
    assert [(one.kind, one.amount.minor) for one in anew] == [(Kind.SUSPENSE, 50_000)]
    assert refunds.payee(checker, anew[0]).name == money.BUYER_NAME
    assert balance(session, refund.suspense) == Money(0)


def test_a_refund_that_was_sent_is_not_withdrawn(work_as: WorkAs) -> None:
    money.paid(work_as)
    refund = going_back.sent(work_as, going_back.requested(work_as, 50_000))

    with pytest.raises(StepRefused) as told:
        refunds.take(work_as("per_exchange_checker"), refund.id, "cancel", reason="迟了")

    assert codes(told) == ["ILLEGAL_TRANSITION"]


def test_a_withdrawn_refund_goes_back_to_where_it_came_from(
    session: Session, work_as: WorkAs
) -> None:
    money.everybodys_accounts(work_as)
    going_back.settled_order(work_as)
    money.requested(work_as, amount=Money(6_000_000))
    before = {code: row.minor for code, row in escrow.explain(session, "ord_1").shared.items()}
    refund = going_back.requested(work_as, money.STORY.minor)

    refunds.take(work_as("per_exchange_checker", at=money.DUE), refund.id, "cancel", reason="误")

    after = escrow.explain(session, "ord_1")
    assert {code: row.minor for code, row in after.shared.items()} == before
    assert sum(remaining(session)) == money.STORY.minor
    assert (balance(session, MERCHANT), balance(session, OWED)) == (Money(208_001), Money(0))
    assert turnover.sides(session).counted == money.STORY


def test_a_debt_that_was_netted_meanwhile_is_payable_when_the_refund_is_withdrawn(
    session: Session, work_as: WorkAs
) -> None:
    money.everybodys_accounts(work_as)
    going_back.settled_order(work_as)
    money.requested(work_as)
    refund = going_back.requested(work_as, money.STORY.minor, fee_refund=True)
    going_back.settled_order(work_as, "ord_2")

    refunds.take(work_as("per_exchange_checker", at=money.DUE), refund.id, "cancel", reason="误")

    assert (balance(session, MERCHANT), balance(session, OWED)) == (Money(6_208_001), Money(0))


def test_a_card_payment_goes_back_by_its_provider(session: Session, work_as: WorkAs) -> None:
    going_back.paid_by_card(work_as)

    refund = going_back.requested(work_as, 9_000)

    assert (refund.rail, refund.account, refund.object_id) == (Rail.PROVIDER, "stripe", "pi_ord_1")
    assert refund.state == State.SENT
    assert refunds.for_bank(session, 9) == []


def test_what_was_drawn_from_a_wallet_goes_back_into_it(session: Session, work_as: WorkAs) -> None:
    work = work_as("system")
    wallet = AccountRef("2241.wallet", "org_buyer")
    top_up = [ledger.Row(going_back.STRIPE, wallet, Money(9_000))]
    ledger.post(work, "payment.captured", "pi_w", top_up, effective_on=going_back.TODAY)
    draw = [ledger.Row(wallet, AccountRef("2241.escrow", "ord_1"), Money(9_000))]
    drawn_on = {"effective_on": going_back.TODAY, "order_id": "ord_1"}
    ledger.post(work, "wallet.drawn", "ubk_1", draw, **drawn_on)  # type: ignore[arg-type]  # as named

    refund = going_back.requested(work_as, 4_000)

    assert (refund.state, refund.rail) == (State.SUCCEEDED, Rail.WALLET)
    assert balance(session, wallet) == Money(4_000)


def test_approved_bank_refunds_wait_for_a_file(session: Session, work_as: WorkAs) -> None:
    money.paid(work_as)
    refund = going_back.requested(work_as, 9_000)
    session.flush()

    (found,) = refunds.for_bank(session, 9)
    payee = refunds.payee(work_as("per_exchange_settler"), found)

    assert found is refund
    assert (payee.name, payee.number) == (money.BUYER_NAME, "6222000000001234")
    assert refunds.locked(session, [refund.reference]) == {refund.reference: refund}


def test_a_third_partys_money_goes_back_out_of_suspense(session: Session, work_as: WorkAs) -> None:
    money.took(work_as, money.csv_of([("T1", 5_000, "路人", "不明来款")]))
    line_id = session.scalars(
        select(accounts.c.owner).where(accounts.c.code == "2241.suspense")
    ).one()
    settler = work_as("per_exchange_settler", at=money.DUE)

    refund = refunds.of_suspense(settler, amount=Money(5_000), reason="第三方付款", line_id=line_id)

    assert (refund.kind, refund.payer_id) == (Kind.SUSPENSE, None)
    assert refunds.payee(settler, refund).name == "路人"
    with pytest.raises(Overdrawn):
        refunds.of_suspense(settler, amount=Money(1), reason="再退", line_id=line_id)
    with pytest.raises(ValueError, match="a line of the bank"):
        refunds.of_suspense(settler, amount=Money(1), reason="无")
    refunds.take(work_as("per_exchange_checker"), refund.id, "cancel", reason="误")
    assert balance(session, AccountRef("2241.suspense", line_id)) == Money(5_000)


def test_the_exchange_makes_good_from_its_own(session: Session, work_as: WorkAs) -> None:
    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    settler = work_as("per_exchange_settler", at=money.DUE)

    made = refunds.make_good(settler, payer_id="org_buyer", amount=Money(66_600), reason="停机补偿")

    assert (made.kind, made.state) == (Kind.GOODWILL, State.REQUESTED)
    assert on(session, "6711.goodwill") == 66_600
    refunds.take(work_as("per_exchange_checker"), made.id, "cancel", reason="误")
    assert on(session, "6711.goodwill") == 0


def test_refunds_are_seen_by_who_gets_them_and_by_overseers(work_as: WorkAs) -> None:
    money.paid(work_as)
    refund = going_back.requested(work_as, 9_000)

    def seen(person: str, **which: Any) -> list[str]:
        page = refunds.listed(work_as(person), after=None, limit=9, **which)
        return [one.id for one in page.items]

    assert seen("per_buyer_editor") == seen("per_exchange_auditor", order_id="ord_1") == [refund.id]
    assert seen("per_developer_editor") == seen("per_exchange_auditor", state=State.SENT) == []
    assert refunds.seen(work_as("per_buyer_editor"), refund.id) is refund
    for refund_id in (refund.id, "rfd_none"):
        with pytest.raises(NotFound):
            refunds.seen(work_as("per_developer_editor"), refund_id)
    with pytest.raises(StepNotAllowed):
        refunds.request(work_as("per_buyer_editor"), order_id="ord_1", amount=Money(1), reason="x")


def test_a_payout_after_the_refund_gets_only_what_is_left(
    session: Session, work_as: WorkAs
) -> None:
    money.everybodys_accounts(work_as)
    going_back.settled_order(work_as)
    going_back.requested(work_as, 6_400_000, fee_refund=True)

    with pytest.raises(Overdrawn):
        money.requested(work_as, amount=Money(6_208_001))
    paid = money.requested(work_as)

    assert paid.amount == Money(3_104_001)
    assert payouts.of_order(session, "ord_1")[0][1].amount == Money(3_104_001)
