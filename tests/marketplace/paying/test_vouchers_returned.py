"""A voucher of an order that is refunded whole comes back once, or stays with what was paid."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel import journal
from kernel.errors import StepRefused
from kernel.journal import Event
from kernel.money import Money
from marketplace import fulfilment, orders, progress, volume
from marketplace.orders import Order, State
from marketplace.paying import vouchers as paying
from settlement import escrow, fsck, ledger, turnover
from settlement.ledger import AccountRef, Row
from settlement.reconciling import legs
from settlement.reconciling.sides import Days
from settlement.refunding import refunds
from settlement.vouchers import batches, vouchers
from settlement.vouchers.returned import VoucherReturn
from settlement.vouchers.rows import State as Given
from settlement.vouchers.vouchers import Voucher
from tests.marketplace import make
from tests.marketplace.counting import watched
from tests.settlement import money
from tests.settlement.vouchers import gifts

LATER = datetime(2026, 8, 20, 4, tzinfo=UTC)
PART = Money(80_000)
SUMMER = Days(date(2026, 7, 1), date(2026, 8, 31))


def ordered(session: Session, **terms: Any) -> tuple[Order, Voucher]:
    """Bring an order with a voucher to its payment."""

    def work_as(person: str, **more: Any) -> Any:
        return watched.by(session, person, **more)

    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    voucher = gifts.claimed(work_as, gifts.opened(work_as, **terms))
    order = make.placed(session)
    session.flush()
    paying.use(watched.by(session, "per_buyer_signer"), order.id, voucher.id)
    make.take(session, order, "confirm", "per_developer_editor")
    for person in ("per_buyer_signer", "per_developer_signer"):
        orders.sign(watched.by(session, person), order.id)
    progress.mark_paid(watched.by(session), make.fund(session, order))
    session.flush()
    return order, voucher


def accepted(session: Session, **terms: Any) -> tuple[Order, Voucher]:
    order, voucher = ordered(session, **terms)
    return watched.accepted(session, order), voucher


def redeemed(session: Session, voucher: Voucher) -> None:
    """Audit the use, and let what became payable fall due."""
    checker = watched.by(session, "per_exchange_checker", at=LATER)
    vouchers.take(checker, voucher.id, "redeem", evidence="用量")
    session.flush()
    fallen_due(session, voucher)


def fallen_due(session: Session, voucher: Voucher) -> None:
    for event in journal.history(session, voucher.id, limit=50):
        if event.kind == "voucher.payable":
            paying.fall_due(watched.by(session, at=LATER), event)
    session.flush()


def reimbursed(session: Session, voucher: Voucher, line_id: str = "bsl_sponsor") -> None:
    """Let the sponsor pay."""
    row = Row(AccountRef("1012.custody", "acc"), AccountRef("2241.suspense", line_id), PART)
    house = watched.by(session)
    ledger.post(house, "bank.received", line_id, [row], effective_on=LATER.date())
    vouchers.reimburse(
        watched.by(session, "per_exchange_settler"), voucher.batch_id, line_id=line_id,
        voucher_ids=[voucher.id],
    )  # fmt: skip
    session.flush()
    fallen_due(session, voucher)


def refunded(session: Session, order: Order, voucher: Voucher, **more: Any) -> refunds.Refund:
    """Give all that the buyer paid back."""
    paid = order.total - PART
    made = watched.asked(session, order, paid.minor, at=LATER, **more)
    return watched.arrived(session, made, at=LATER)


def sound(session: Session) -> None:
    session.commit()
    assert fsck.check(session) == ()
    assert volume.ties_out(session)
    assert not list(legs.volume(watched.by(session, at=LATER), SUMMER))


def owed(session: Session, voucher: Voucher) -> Money:
    return batches.standing(session, batches.find(session, voucher.batch_id)).owed


def test_before_acceptance_the_whole_voucher_is_its_holders_again(session: Session) -> None:
    order, voucher = ordered(session)

    refunded(session, order, voucher)

    assert (order.state, voucher.state) == (State.REFUNDED, Given.CLAIMED)
    assert (voucher.face, voucher.order_id) == (Money(100_000), None)
    sound(session)


def test_a_part_that_is_refunded_leaves_the_voucher_used(session: Session) -> None:
    order, voucher = accepted(session)

    watched.arrived(session, watched.asked(session, order, 500_000, at=LATER), at=LATER)

    assert (order.state, voucher.state) == (State.ACCEPTED, Given.LOCKED)
    assert turnover.sides(session).counted == order.total - Money(500_000)
    sound(session)


def test_after_acceptance_a_locked_voucher_comes_back_and_counts_no_more(
    session: Session,
) -> None:
    order, voucher = accepted(session)

    refunded(session, order, voucher)

    (kept,) = session.scalars(select(VoucherReturn)).all()
    assert (order.state, voucher.state) == (State.REFUNDED, Given.CLAIMED)
    assert (kept.order_id, kept.amount_minor, kept.was_due) == (order.id, PART.minor, False)
    assert turnover.sides(session).counted == Money(0)
    sound(session)


def test_a_redeemed_voucher_is_worth_what_it_had_paid_and_can_be_used_again(
    session: Session,
) -> None:
    order, voucher = accepted(session)
    redeemed(session, voucher)
    due_before = owed(session, voucher)

    refunded(session, order, voucher)

    assert (order.state, voucher.state) == (State.REFUNDED, Given.CLAIMED)
    assert (due_before, owed(session, voucher)) == (PART, Money(0))
    assert (voucher.face, ledger.balance(session, voucher.value)) == (PART, PART)
    assert escrow.left(session, order.id) == Money(0)
    sound(session)

    again = make.placed(session)
    session.flush()
    paying.use(watched.by(session, "per_buyer_signer"), again.id, voucher.id)
    make.take(session, again, "confirm", "per_developer_editor")
    for person in ("per_buyer_signer", "per_developer_signer"):
        orders.sign(watched.by(session, person), again.id)
    progress.mark_paid(watched.by(session), make.fund(session, again))
    watched.accepted(session, again)
    redeemed(session, voucher)

    assert owed(session, voucher) == PART
    assert ledger.balance(session, voucher.value) == Money(0)
    sound(session)


@pytest.mark.parametrize("settled", [False, True])
@pytest.mark.parametrize("fee_refund", [False, True])
def test_what_was_advanced_is_taken_back_wherever_it_is(
    session: Session, settled: bool, fee_refund: bool
) -> None:
    order, voucher = accepted(session, advanced=True)
    redeemed(session, voucher)
    if settled:
        watched.settled(session, at=datetime(2026, 9, 10, 4, tzinfo=UTC))

    refunded(session, order, voucher, fee_refund=fee_refund)

    (kept,) = session.scalars(select(VoucherReturn)).all()
    told = escrow.explain(session, order.id)
    assert (order.state, voucher.state, kept.was_due) == (State.REFUNDED, Given.CLAIMED, True)
    assert owed(session, voucher) == Money(0)
    assert (told.paid_in, told.refunded) == (order.total - PART, order.total - PART)
    assert (told.difference, turnover.sides(session).counted) == (Money(0), Money(0))
    sound(session)


def test_what_the_sponsor_has_paid_stays_used_until_that_is_taken_back(
    session: Session,
) -> None:
    order, voucher = accepted(session)
    redeemed(session, voucher)
    reimbursed(session, voucher)

    refunded(session, order, voucher)
    stays = (order.state, voucher.state, refunds.standing(session, order.id).left)
    counts = turnover.sides(session).counted
    with pytest.raises(StepRefused) as refused:
        vouchers.take(
            watched.by(session, "per_exchange_checker"), voucher.id, "unreimburse", reason="x"
        )
    vouchers.take(
        watched.by(session, "per_exchange_settler"), voucher.id, "unreimburse", reason="误拨"
    )
    session.flush()
    event = Event(kind="voucher.unreimbursed", subject=voucher.id, data={"order_id": order.id})
    for _ in range(2):
        progress.refunded(watched.by(session, at=LATER), event)
        session.flush()

    assert stays == (State.ACCEPTED, Given.REIMBURSED, Money(0))
    assert counts == PART
    assert [each.code for each in refused.value.refusals] == ["FOUR_EYES"]
    assert (order.state, voucher.state) == (State.REFUNDED, Given.CLAIMED)
    suspense = AccountRef("2241.suspense", "bsl_sponsor")
    assert (owed(session, voucher), ledger.balance(session, suspense)) == (Money(0), PART)
    assert len(session.scalars(select(VoucherReturn)).all()) == 1
    sound(session)


def test_a_receipt_that_was_taken_back_can_be_counted_again(session: Session) -> None:
    _, voucher = accepted(session)
    redeemed(session, voucher)
    reimbursed(session, voucher)
    settler = watched.by(session, "per_exchange_settler")
    vouchers.take(settler, voucher.id, "unreimburse", reason="误拨")
    session.flush()

    vouchers.reimburse(settler, voucher.batch_id, line_id="bsl_sponsor", voucher_ids=[voucher.id])
    session.flush()

    suspense = AccountRef("2241.suspense", "bsl_sponsor")
    assert (voucher.state, owed(session, voucher)) == (Given.REIMBURSED, Money(0))
    assert ledger.balance(session, suspense) == Money(0)
    sound(session)


def test_a_voucher_whose_term_is_over_is_budget_again(session: Session) -> None:
    order, voucher = accepted(session)
    redeemed(session, voucher)
    voucher.valid_to = date(2026, 8, 1)
    batch = batches.find(session, voucher.batch_id)

    refunded(session, order, voucher)

    assert (order.state, voucher.state) == (State.REFUNDED, Given.EXPIRED)
    assert batches.standing(session, batch).available == batch.budget
    sound(session)


def test_a_buyers_refund_never_takes_what_its_sponsor_brought(session: Session) -> None:
    order, voucher = accepted(session)
    watched.settled(session, at=datetime(2026, 9, 10, 4, tzinfo=UTC))
    redeemed(session, voucher)

    watched.asked(session, order, 300_000, at=LATER)

    assert escrow.left(session, order.id) == PART
    assert refunds.standing(session, order.id).left == order.total - PART - Money(300_000)
    reimbursed(session, voucher)
    assert escrow.left(session, order.id) == Money(0)


def test_an_order_is_not_over_while_a_refund_of_it_is_on_its_way(session: Session) -> None:
    order, _ = accepted(session)
    refund = watched.asked(session, order, 300_000, at=LATER)

    reason = fulfilment.nothing_left(order, watched.by(session))
    refunds.take(watched.by(session, "per_exchange_checker"), refund.id, "cancel", reason="误")
    session.flush()
    after = fulfilment.nothing_left(order, watched.by(session))

    assert reason is not None
    assert after is not None
    assert (reason.code, after.code) == ("REFUND_UNDER_WAY", "VOUCHER_OPEN")
