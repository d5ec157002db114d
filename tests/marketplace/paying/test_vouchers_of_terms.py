"""A voucher pays its part of a subscription once the term is over, for what was served."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from kernel import journal
from kernel.errors import StepRefused
from kernel.money import Money
from marketplace import orders, progress, volume
from marketplace.orders import Order
from marketplace.paying import vouchers as paying
from settlement import escrow, fsck, turnover
from settlement.ledger import AccountRef, balance
from settlement.metering import subscriptions
from settlement.refunding import terms
from settlement.vouchers import batches, vouchers
from settlement.vouchers.rows import State as Given
from settlement.vouchers.vouchers import Voucher
from tests.marketplace import make
from tests.marketplace.counting import watched
from tests.settlement import money
from tests.settlement.vouchers import gifts

MONTHLY: Any = {"kind": "subscription", "price": {"minor": 31_000}, "period": "month"}
WHOLE, PART = Money(93_000), Money(18_600)
AUTUMN = datetime(2026, 9, 20, 4, tzinfo=UTC)
OVER = datetime(2026, 12, 20, 4, tzinfo=UTC)


def subscribed(session: Session, plan: Any = MONTHLY) -> tuple[Order, Voucher]:
    """Let three months be paid with a voucher, and begin."""

    def work_as(person: str, **more: Any) -> Any:
        return watched.by(session, person, **more)

    money.verified(work_as, "org_buyer", money.BUYER_NAME)
    voucher = gifts.claimed(work_as, gifts.opened(work_as, advanced=True))
    product = make.listed(session, price_plan=plan)
    order = orders.place(
        watched.by(session, "per_buyer_editor"),
        wanted=[{"product_id": product.id, "quantity": 3}],
        use=make.use(),
    )
    session.flush()
    paying.use(watched.by(session, "per_buyer_signer"), order.id, voucher.id)
    make.take(session, order, "confirm", "per_developer_editor")
    for person in ("per_buyer_signer", "per_developer_signer"):
        orders.sign(watched.by(session, person), order.id)
    progress.mark_paid(watched.by(session), make.fund(session, order))
    watched.accepted(session, order)
    return order, voucher


def earned(session: Session, at: datetime) -> None:
    subscriptions.earn_due(watched.by(session, at=at), limit=9)
    session.flush()


def redeemed(session: Session, voucher: Voucher, at: datetime = OVER) -> None:
    checker = watched.by(session, "per_exchange_checker", at=at)
    vouchers.take(checker, voucher.id, "redeem", evidence="用量")
    session.flush()
    for event in journal.history(session, voucher.id, limit=50):
        if event.kind == "voucher.payable":
            paying.fall_due(watched.by(session, at=at), event)
    session.flush()


def sound(session: Session, order: Order) -> None:
    session.commit()
    assert fsck.check(session) == ()
    assert volume.ties_out(session)
    assert escrow.explain(session, order.id).difference == Money(0)


def test_a_term_that_was_served_is_paid_by_its_buyer_and_its_sponsor(session: Session) -> None:
    order, voucher = subscribed(session)
    planned = subscriptions.of_order(session, order.id)

    earned(session, OVER)
    redeemed(session, voucher)

    assert sum((one.amount for one in planned), Money(0)) == WHOLE - PART
    assert sum((one.sponsored for one in planned), Money(0)) == PART
    assert turnover.sides(session).counted == WHOLE
    due = escrow.of_order(session, order.id)
    assert sum((one.amount for one in due), Money(0)) == WHOLE
    assert (voucher.state, escrow.left(session, order.id)) == (Given.REDEEMED, Money(0))
    watched.settled(session, at=datetime(2027, 1, 20, 4, tzinfo=UTC))
    sound(session, order)


def test_it_is_neither_redeemed_nor_declined_while_the_term_runs(session: Session) -> None:
    _, voucher = subscribed(session)
    earned(session, AUTUMN)
    checker = watched.by(session, "per_exchange_checker", at=AUTUMN)

    with pytest.raises(StepRefused) as redeeming:
        vouchers.take(checker, voucher.id, "redeem", evidence="用量")
    with pytest.raises(StepRefused) as declining:
        paying.decline(checker, voucher.id, "证据不足")

    told = [[each.code for each in one.value.refusals] for one in (redeeming, declining)]
    assert told == [["TERM_NOT_OVER"], ["TERM_NOT_OVER"]]


@pytest.mark.parametrize("declined", [False, True])
def test_of_a_term_that_ended_early_it_pays_what_was_served(
    session: Session, declined: bool
) -> None:
    order, voucher = subscribed(session)
    earned(session, AUTUMN)
    made = terms.end(
        watched.by(session, "per_exchange_settler", at=AUTUMN), order.id,
        on=date(2026, 9, 12), reason="提前终止",
    )  # fmt: skip
    session.flush()
    watched.arrived(session, made, at=AUTUMN)
    gone = sum(subscriptions.unsponsored(session, order.id).values(), Money(0))

    if declined:
        checker = watched.by(session, "per_exchange_checker", at=AUTUMN)
        paying.decline(checker, voucher.id, "证据不足")
    else:
        redeemed(session, voucher, AUTUMN)

    assert Money(0) < gone < PART
    assert turnover.sides(session).counted == WHOLE - made.amount - gone
    if declined:
        assert voucher.used == Money(0)
        return
    assert voucher.used == PART - gone
    batch = batches.find(session, voucher.batch_id)
    assert balance(session, AccountRef("9103.voucher", voucher.id)) == Money(0)
    assert batches.standing(session, batch).owed == PART - gone
    assert sum((one.amount for one in escrow.of_order(session, order.id)), Money(0)) == (
        WHOLE - made.amount - gone
    )
    sound(session, order)


def test_a_term_refunded_whole_gives_the_voucher_back(session: Session) -> None:
    order, voucher = subscribed(session)

    paid = WHOLE - PART
    watched.arrived(session, watched.asked(session, order, paid.minor))

    assert (voucher.state, voucher.used) == (Given.CLAIMED, Money(0))
    assert turnover.sides(session).counted == Money(0)
    sound(session, order)


def test_what_is_charged_by_use_takes_no_voucher(session: Session) -> None:
    def work_as(person: str, **more: Any) -> Any:
        return watched.by(session, person, **more)

    voucher = gifts.claimed(work_as, gifts.opened(work_as))
    product = make.listed(session, price_plan={"kind": "per_call", "unit": {"e6": 50_000_000}})
    order = orders.place(
        watched.by(session, "per_buyer_editor"),
        wanted=[{"product_id": product.id, "quantity": 1}],
        use=make.use(),
        pay_mode="postpaid",
    )
    session.flush()

    with pytest.raises(StepRefused) as told:
        paying.use(watched.by(session, "per_buyer_signer"), order.id, voucher.id)

    assert [each.code for each in told.value.refusals] == ["NOT_PAID_AT_ONCE"]
