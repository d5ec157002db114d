"""What a person says of a line: alone up to a limit, else with another person."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.money import Money
from settlement import escrow, fsck
from settlement.bank import clearings, statements, worklist
from settlement.bank.clearings import Action, Share, State
from settlement.bank.statements import Kind
from settlement.ledger import AccountRef, balance
from settlement.payments import State as PaymentState
from settlement.refunding import refunds
from settlement.refunding.rows import Refund
from settlement.vouchers import batches, vouchers
from settlement.vouchers.batches import VoucherBatch
from settlement.vouchers.vouchers import Voucher
from tests.conftest import WorkAs
from tests.settlement import money
from tests.settlement.bank import banking
from tests.settlement.bank.banking import ALIEN, LARGE, SMALL, settler
from tests.settlement.money import CUSTODY
from tests.settlement.vouchers import gifts

CHECKER = "per_exchange_checker"


def received(work_as: WorkAs, session: Session, amount: Money, ref: str = "T1") -> str:
    """Let a third party's money come in."""
    banking.took(work_as, (ref, amount.minor, ALIEN, "代付"))
    return banking.line(session, ref).id


def codes(told: pytest.ExceptionInfo[StepRefused]) -> list[str]:
    return [refusal.code for refusal in told.value.refusals]


def test_a_small_receipt_is_given_by_one_person(session: Session, work_as: WorkAs) -> None:
    payment = money.asked(work_as, "ord_1", SMALL)
    line_id = received(work_as, session, Money(SMALL.minor + 5))

    made = clearings.give(
        settler(work_as, CHECKER), line_id, shares=[Share(payment.id)], reason="集团代付"
    )
    session.flush()

    assert (made.state, made.checker, payment.state) == (State.DONE, None, PaymentState.FUNDED)
    assert banking.left(session, "T1") == Money(5)
    assert escrow.left(session, "ord_1") == SMALL
    assert money.kinds_of(session, made.id) == ["clearing.proposed", "clearing.settled"]
    assert fsck.check(session) == ()


def test_who_imported_the_statement_needs_another_person_whatever_the_amount(
    session: Session, work_as: WorkAs
) -> None:
    payment = money.asked(work_as, "ord_1", SMALL)
    line_id = received(work_as, session, SMALL)

    made = clearings.give(settler(work_as), line_id, shares=[Share(payment.id)], reason="x")
    session.flush()
    assert made.state == State.PROPOSED
    with pytest.raises(StepRefused) as own:
        clearings.take(settler(work_as), made.id, "approve")
    clearings.take(settler(work_as, CHECKER), made.id, "approve")

    assert codes(own) == ["FOUR_EYES"]
    assert (made.state, made.checker) == (State.DONE, CHECKER)
    assert payment.state == PaymentState.FUNDED


def test_above_the_limit_another_person_approves(session: Session, work_as: WorkAs) -> None:
    one, other = money.asked(work_as, "ord_1", LARGE), money.asked(work_as, "ord_2", LARGE)
    line_id = received(work_as, session, Money(LARGE.minor + 100))
    shares = [Share(one.id, Money(LARGE.minor - 7)), Share(other.id)]

    made = clearings.give(settler(work_as, CHECKER), line_id, shares=shares, reason="一笔付两单")
    session.flush()
    waiting = worklist.one(settler(work_as), line_id)
    with pytest.raises(StepRefused) as twice:
        clearings.give(settler(work_as), line_id, shares=shares, reason="x")
    clearings.take(settler(work_as), made.id, "approve")

    assert (made.amount, waiting.proposed) == (Money(LARGE.minor + 100), made)
    assert codes(twice) == ["PROPOSED"]
    assert (one.funded, other.funded) == (Money(LARGE.minor - 7), Money(107))
    assert [one.state for one in clearings.listed(settler(work_as), after=None, limit=9).items] == [
        State.DONE
    ]


def test_what_was_refused_can_be_proposed_anew(session: Session, work_as: WorkAs) -> None:
    payment = money.asked(work_as, "ord_1", LARGE)
    line_id = received(work_as, session, LARGE)
    made = clearings.give(settler(work_as), line_id, shares=[Share(payment.id)], reason="x")
    session.flush()

    clearings.take(settler(work_as, CHECKER), made.id, "refuse", reason="无委托书")
    session.flush()
    again = clearings.give(settler(work_as), line_id, shares=[Share(payment.id)], reason="y")

    assert (made.state, again.state) == (State.REFUSED, State.PROPOSED)
    found = clearings.listed(settler(work_as), state=State.REFUSED, after=None, limit=9).items
    assert found == [made]


def test_all_that_bars_it_is_told(session: Session, work_as: WorkAs) -> None:
    payment = money.asked(work_as, "ord_1", SMALL)
    line_id = received(work_as, session, SMALL)
    maker = settler(work_as, CHECKER)

    with pytest.raises(StepRefused) as much:
        clearings.give(maker, line_id, shares=[Share(payment.id, LARGE)], reason="x")
    with pytest.raises(Invalid):
        clearings.give(maker, line_id, shares=[], reason="x")
    with pytest.raises(Invalid):
        clearings.give(maker, line_id, shares=[Share(payment.id, Money(1))] * 2, reason="x")
    with pytest.raises(NotFound):
        clearings.give(maker, "bsl_none", shares=[Share(payment.id)], reason="x")
    buyer = work_as("per_buyer_editor")
    with pytest.raises(StepNotAllowed):
        clearings.give(buyer, line_id, shares=[Share(payment.id)], reason="x")
    clearings.give(maker, line_id, shares=[Share(payment.id)], reason="x")
    session.flush()
    with pytest.raises(StepRefused) as over:
        clearings.give(maker, line_id, shares=[Share(payment.id)], reason="x")

    assert codes(much) == ["TOO_MUCH"]
    assert codes(over) == ["NOTHING_LEFT", "NOT_AWAITED"]


def test_a_payment_that_changed_meanwhile_is_not_overpaid(
    session: Session, work_as: WorkAs
) -> None:
    payment = money.asked(work_as, "ord_1", LARGE)
    line_id = received(work_as, session, LARGE)
    made = clearings.give(settler(work_as), line_id, shares=[Share(payment.id)], reason="x")
    session.flush()
    banking.took(work_as, ("T2", LARGE.minor, money.BUYER_NAME, payment.reference))

    with pytest.raises(StepRefused):
        clearings.take(settler(work_as, CHECKER), made.id, "approve")


def test_money_that_was_explained_meanwhile_is_not_there_any_more(
    session: Session, work_as: WorkAs
) -> None:
    line_id = received(work_as, session, LARGE)
    payment = money.asked(work_as, "ord_1", LARGE)
    made = clearings.give(settler(work_as), line_id, shares=[Share(payment.id)], reason="x")
    session.flush()
    refunds.of_suspense(settler(work_as), amount=LARGE, reason="x", line_id=line_id)

    with pytest.raises(StepRefused) as told:
        clearings.take(settler(work_as, CHECKER), made.id, "approve")

    assert codes(told) == ["NOTHING_LEFT"]


def test_a_third_partys_money_goes_back_to_the_account_it_came_from(
    session: Session, work_as: WorkAs
) -> None:
    line_id = received(work_as, session, SMALL)

    made = clearings.send_back(settler(work_as, CHECKER), line_id, reason="第三方付款")
    session.flush()

    refund = session.scalars(select(Refund)).one()
    assert (made.state, refund.amount, refund.object_id) == (State.DONE, SMALL, line_id)
    assert banking.left(session, "T1") == Money(0)
    assert statements.payer(settler(work_as), banking.line(session, "T1")).number == (
        "6222000000001234"
    )
    assert fsck.check(session) == ()


def test_no_more_goes_back_than_came(session: Session, work_as: WorkAs) -> None:
    line_id = received(work_as, session, SMALL)

    with pytest.raises(StepRefused) as told:
        clearings.send_back(settler(work_as, CHECKER), line_id, reason="x", amount=LARGE)

    assert codes(told) == ["NOTHING_LEFT"]


def test_a_debit_nobody_knew_is_a_fee_when_a_person_says_so(
    session: Session, work_as: WorkAs
) -> None:
    banking.took(work_as, ("T0", 500, ALIEN, "x"), ("F1", -300, "银行", "对公一口价"))
    line_id = banking.line(session, "F1").id
    before = statements.standing(session, CUSTODY)

    made = clearings.call_fee(settler(work_as, CHECKER), line_id, reason="账单所列")
    session.flush()
    after = statements.standing(session, CUSTODY)
    with pytest.raises(StepRefused) as again:
        clearings.call_fee(settler(work_as, CHECKER), line_id, reason="x")
    with pytest.raises(StepRefused):
        clearings.call_fee(settler(work_as, CHECKER), banking.line(session, "T0").id, reason="x")

    assert made.action == Action.FEE
    assert (before.unexplained, after.unexplained) == (Money(-300), Money(0))
    assert after.difference == Money(0)
    assert balance(session, AccountRef("6603.psp_fee")) == Money(300)
    assert codes(again) == ["NOTHING_LEFT"]


def test_a_small_fee_that_says_what_it_is_is_booked_at_once(
    session: Session, work_as: WorkAs
) -> None:
    banking.took(
        work_as,
        ("T0", 500_000, ALIEN, "x"),
        ("F1", -300, "银行", "手续费 7月"),
        ("F2", -200_000, "银行", "手续费 7月"),
    )

    assert banking.line(session, "F1").note is None
    assert banking.line(session, "F2").note == "NO_REFERENCE"
    assert balance(session, AccountRef("6603.psp_fee")) == Money(300)


def redeemed(work_as: WorkAs, order_id: str) -> Voucher:
    """Let a voucher of 600 yuan be used for an order, and its use be audited."""
    batch = session_batch(work_as)
    voucher = gifts.locked(work_as, gifts.claimed(work_as, batch), order_id)
    money.paid(work_as, order_id, amount=Money(240_000))
    part = money.line(f"orl_{order_id}", Money(240_000))
    money.accepted(work_as, order_id, part)
    return vouchers.take(work_as(CHECKER), voucher.id, "redeem", evidence="7月调用 12,000 次")


def session_batch(work_as: WorkAs) -> VoucherBatch:
    """Open the sponsor's batch, once."""
    session = work_as("system").session
    there = session.scalars(select(VoucherBatch)).one_or_none()
    return there or gifts.opened(work_as, year_max=Money(3_000_000))


def test_a_sponsors_receipt_reimburses_the_vouchers_it_is_said_to(
    session: Session, work_as: WorkAs
) -> None:
    one, other = redeemed(work_as, "ord_1"), redeemed(work_as, "ord_2")
    line_id = received(work_as, session, Money(120_000 + 5))
    named = [one.id, other.id, one.id]

    made = clearings.reimburse(
        settler(work_as, CHECKER), line_id, batch_id=one.batch_id, voucher_ids=named, reason="兑付"
    )
    session.flush()
    if made.state == State.PROPOSED:
        clearings.take(settler(work_as), made.id, "approve")
        session.flush()

    assert (made.state, made.action, made.amount) == (State.DONE, Action.VOUCHER, Money(120_000))
    assert {one.state, other.state} == {vouchers.State.REIMBURSED}
    assert {one.bank_line_id, other.bank_line_id} == {line_id}
    assert banking.left(session, "T1") == Money(5)
    assert balance(session, batches.find(session, one.batch_id).owed) == Money(0)
    (told,) = statements.matches(session, [line_id])[line_id]
    assert (told.kind, told.target, told.amount) == (Kind.VOUCHER, one.batch_id, Money(120_000))
    assert "voucher.payable" in money.kinds_of(session, other.id)
    assert fsck.check(session) == ()


def test_vouchers_are_not_reimbursed_beyond_the_receipt_nor_before_they_are_redeemed(
    session: Session, work_as: WorkAs
) -> None:
    voucher = redeemed(work_as, "ord_1")
    unused = gifts.claimed(work_as, session_batch(work_as))
    line_id = received(work_as, session, Money(59_999))
    maker, batch_id = settler(work_as, CHECKER), voucher.batch_id

    def said(*voucher_ids: str) -> None:
        clearings.reimburse(maker, line_id, batch_id=batch_id, voucher_ids=voucher_ids, reason="x")

    with pytest.raises(StepRefused) as over:
        said(voucher.id)
    for wrong in ((unused.id,), ("vch_none",), ()):
        with pytest.raises(NotFound):
            said(*wrong)

    assert codes(over) == ["TOO_MUCH"]
    assert banking.left(session, "T1") == Money(59_999)
    assert voucher.state == vouchers.State.REDEEMED


def test_clearings_are_for_overseers(work_as: WorkAs) -> None:
    with pytest.raises(NotFound):
        clearings.seen(work_as("per_buyer_editor"), "clr_1")
    with pytest.raises(NotFound):
        clearings.seen(settler(work_as), "clr_none")
    with pytest.raises(StepNotAllowed):
        clearings.listed(work_as("per_buyer_editor"), after=None, limit=1)
    assert all(action.label.zh for action in Action)


def test_what_waits_is_shown_with_its_age_and_what_it_may_be_for(
    session: Session, work_as: WorkAs
) -> None:
    payment = money.asked(work_as, "ord_1", SMALL)
    banking.took(
        work_as,
        ("T1", SMALL.minor, ALIEN, payment.reference),
        ("T2", 700, ALIEN, "?"),
        ("F1", -300, "银行", "?"),
    )

    found = worklist.listed(settler(work_as), after=None, limit=10).items
    ages = worklist.ages(settler(work_as))
    with pytest.raises(StepNotAllowed):
        worklist.ages(work_as("per_buyer_editor"))

    by_ref = {one.line.bank_ref: one for one in found}
    assert {ref: one.left for ref, one in by_ref.items()} == {
        "T1": SMALL, "T2": Money(700), "F1": Money(300),
    }  # fmt: skip
    assert [each.payment for each in by_ref["T1"].suggestions] == [payment]
    assert by_ref["T1"].age_wd == 0
    assert [(one.from_wd, one.to_wd, one.receipts, one.total) for one in ages] == [
        (0, 1, 2, Money(SMALL.minor + 700)),
        (2, 5, 0, Money(0)),
        (6, 10, 0, Money(0)),
        (11, None, 0, Money(0)),
    ]
