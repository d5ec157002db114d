"""A subscription, an order with a voucher and one by use, all given back: each fen is found."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from delivery import tasks
from kernel import journal
from kernel.journal import Event
from kernel.money import Money
from marketplace import orders, progress, volume
from marketplace.charging import using
from marketplace.orders import Order, State
from marketplace.paying import vouchers as paying
from settlement import escrow, fsck, ledger, turnover
from settlement.ledger import AccountRef
from settlement.metering import billing, bills, hours, subscriptions, wallets
from settlement.refunding import bill_credits, refunds, terms, wallet_returns
from settlement.vouchers import batches, vouchers
from tests.marketplace import make
from tests.marketplace.counting import watched
from tests.settlement import money
from tests.settlement.metering import gauges
from tests.settlement.vouchers import gifts

OCTOBER = datetime(2026, 10, 2, 4, tzinfo=UTC)
LAST = datetime(2026, 10, 30, 4, tzinfo=UTC)
MONTHLY: Any = {
    "kind": "subscription", "price": {"minor": 31_000}, "period": "month", "included": 5,
    "overage": {"e6": 1_000_000},
}  # fmt: skip
PER_CALL: Any = {"kind": "per_call", "unit": {"e6": 50_000_000}}


def subscribed(session: Session) -> Order:
    """Let three months be paid and two of them pass."""
    product = make.listed(session, price_plan=MONTHLY)
    order = orders.place(
        watched.by(session, "per_buyer_editor"),
        wanted=[{"product_id": product.id, "quantity": 3}],
        use=make.use(),
    )
    session.flush()
    go_on(session, order)
    subscriptions.earn_due(watched.by(session, at=OCTOBER), limit=9)
    session.flush()
    return order


def go_on(session: Session, order: Order) -> None:
    """Bring an order from its placing to its acceptance."""
    make.take(session, order, "confirm", "per_developer_editor")
    for person in ("per_buyer_signer", "per_developer_signer"):
        orders.sign(watched.by(session, person), order.id)
    progress.mark_paid(watched.by(session), make.fund(session, order))
    watched.accepted(session, order)


def vouched(session: Session) -> tuple[Order, vouchers.Voucher]:
    """Let an order be paid with a voucher, whose use was audited."""

    def work_as(person: str, **more: Any) -> Any:
        return watched.by(session, person, **more)

    voucher = gifts.claimed(work_as, gifts.opened(work_as, advanced=True))
    order = make.placed(session)
    session.flush()
    paying.use(watched.by(session, "per_buyer_signer"), order.id, voucher.id)
    go_on(session, order)
    checker = watched.by(session, "per_exchange_checker")
    vouchers.take(checker, voucher.id, "redeem", evidence="用量")
    session.flush()
    (due,) = (e for e in journal.history(session, voucher.id, limit=50)
              if e.kind == "voucher.payable")  # fmt: skip
    paying.fall_due(watched.by(session), due)
    session.flush()
    return order, voucher


def used(session: Session) -> tuple[Order, bills.Bill]:
    """Let an order by use be read twice, and its month be paid by the wallet."""
    order = make.signed(session, make.listed(session, price_plan=PER_CALL), pay_mode="wallet")
    session.flush()
    gauges.filled(session, 1_000, at=watched.DAY)
    (task,) = tasks.of_order(session, order.id)
    for number in (901, 902):
        read = Event(
            sequence=number, kind="delivery.read", subject=task.id, at=watched.DAY,
            data={"rows": 7},
        )  # fmt: skip
        using.count_read(watched.by(session), read)
    session.flush()
    hours.close(watched.by(session, at=gauges.AUGUST), limit=99)
    (bill,) = billing.run(watched.by(session, at=gauges.AUGUST), limit=9)
    for person, step in (("per_developer_editor", "vouch"), ("per_buyer_signer", "confirm")):
        bills.take(watched.by(session, person, at=gauges.AUGUST), bill.id, step)
        session.flush()
    return order, bill


def money_left(session: Session) -> dict[str, int]:
    """Return what the trial balance says of each account of money that is not even."""
    rows = ledger.trial_balance(session).rows
    return {row.code: row.credit - row.debit for row in rows
            if row.book == "money" and row.credit != row.debit}  # fmt: skip


class Traded:
    """Everything that was bought, and what was given back of it."""

    def __init__(self, session: Session) -> None:
        money.verified(
            lambda person, **more: watched.by(session, person, **more),
            "org_buyer",
            money.BUYER_NAME,
        )
        self.session = session
        self.months = subscribed(session)
        self.vouched, self.voucher = vouched(session)
        self.by_use, self.bill = used(session)
        watched.settled(session, at=OCTOBER + timedelta(days=20))
        self.orders = (self.months, self.vouched, self.by_use)

    def end(self) -> refunds.Refund:
        """End the subscription in its third month, and give the unused days back."""
        made = terms.end(
            watched.by(self.session, "per_exchange_settler", at=LAST),
            self.months.id,
            on=date(2026, 9, 12),
            reason="提前终止",
            fee_refund=True,
        )
        return watched.arrived(self.session, made, at=LAST)

    def earned(self) -> int:
        """Return what the subscription has earned, in fen."""
        return sum(due.amount.minor for due in escrow.of_order(self.session, self.months.id))

    def give_back(self) -> list[refunds.Refund]:
        """Give back what is left of every order, with the exchange's fee."""
        whole = (self.earned(), 1_000_000 - 80_000, 100)
        made = [
            watched.asked(self.session, order, fen, at=LAST, fee_refund=True)
            for order, fen in zip(self.orders, whole, strict=True)
        ]
        return [watched.arrived(self.session, each, at=LAST) for each in made]

    def empty_wallet(self) -> Money:
        """Have what is in the wallet go back in cash; return how much that was."""
        there = wallets.balance(self.session, "org_buyer")
        buyer = watched.by(self.session, "per_buyer_signer", at=LAST)
        made = wallet_returns.ask(buyer, amount=there, reason="不再使用")
        self.session.flush()
        watched.arrived(self.session, made, at=LAST)
        return there


def test_a_subscription_ends_and_what_was_recognised_stays(session: Session) -> None:
    traded = Traded(session)
    counted = turnover.sides(session).counted

    rest = traded.end()

    tasks_of = [task.state for task in tasks.of_order(session, traded.months.id)]
    assert len(escrow.of_order(session, traded.months.id)) == 2
    assert counted == turnover.sides(session).counted == Money(1_000_100 + traded.earned())
    assert rest.amount == Money(93_000 - traded.earned())
    assert (traded.months.state, tasks_of) == (State.COMPLETED, [tasks.State.REVOKED])
    assert volume.ties_out(session)


def test_everything_goes_back_and_every_fen_is_found_again(session: Session) -> None:
    traded = Traded(session)
    traded.end()

    *_, into_wallet = traded.give_back()
    credit = bill_credits.of_bills(session, [traded.bill])[traded.bill.id]
    in_wallet = traded.empty_wallet()

    assert {order.state for order in traded.orders} == {State.REFUNDED}
    assert (bill_credits.total(credit), into_wallet.rail) == (traded.bill.amount, "wallet")
    assert (in_wallet, wallets.balance(session, "org_buyer")) == (Money(1_000), Money(0))
    voucher = traded.voucher
    assert (voucher.state, voucher.face) == (vouchers.State.CLAIMED, Money(80_000))
    batch = batches.find(session, voucher.batch_id)
    assert batches.standing(session, batch).owed == Money(0)
    assert ledger.balance(session, AccountRef("9104.redeemed", batch.id)) == Money(0)
    assert {escrow.explain(session, order.id).difference for order in traded.orders} == {Money(0)}
    assert turnover.sides(session).counted == Money(0)
    assert volume.ties_out(session)
    owed = money_left(session)
    assert set(owed) <= {"1221.party", "2202.merchant", "2202.reserve"}
    assert sum(owed.values()) == 0
    session.commit()
    assert fsck.check(session) == ()
