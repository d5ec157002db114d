"""Money on its way back: builders for the tests of refunds, holds and disputes."""

from datetime import date
from typing import Final

from kernel.money import Money
from settlement import ledger
from settlement.dividing.frozen import Ground, Hold
from settlement.holding import holds
from settlement.ledger import AccountRef, Row
from settlement.refunding import refunds
from settlement.refunding.refunds import Refund
from tests.settlement import money
from tests.settlement.money import WorkAs

STRIPE: Final = AccountRef("1012.psp", "stripe")
CUSTODY: Final = AccountRef("1012.custody", money.CUSTODY)
TODAY: Final = date(2026, 7, 10)


def settled_order(work_as: WorkAs, order_id: str = "ord_1", amount: Money = money.STORY) -> None:
    """Pay, accept and settle one order."""
    money.paid(work_as, order_id, amount)
    money.accepted(work_as, order_id, money.line(f"orl_{order_id}", amount))
    money.settled(work_as)


def paid_by_card(work_as: WorkAs, order_id: str = "ord_1", amount: Money = money.STORY) -> None:
    """Let the provider capture the whole price."""
    money.asked(work_as, order_id, amount)
    ledger.post(
        work_as("system"),
        "payment.captured",
        f"pi_{order_id}",
        [Row(STRIPE, AccountRef("2241.escrow", order_id), amount)],
        effective_on=TODAY,
        order_id=order_id,
    )


def requested(work_as: WorkAs, fen: int, *, order_id: str = "ord_1", **more: object) -> Refund:
    """Let the maker ask for a refund."""
    made = refunds.request(
        work_as("per_exchange_settler", at=money.DUE),
        order_id=order_id,
        amount=Money(fen),
        reason="质量不符",
        **more,  # type: ignore[arg-type]  # named where it is used
    )
    money.made_session(work_as).flush()
    return made


def approved(work_as: WorkAs, refund: Refund) -> Refund:
    """Let the checker approve it."""
    return refunds.take(work_as("per_exchange_checker", at=money.DUE), refund.id, "approve")


def sent(work_as: WorkAs, refund: Refund) -> Refund:
    """Approve a refund by bank, and hand it over."""
    if refund.state == refunds.State.REQUESTED:
        approved(work_as, refund)
    if refund.state == refunds.State.APPROVED:
        refunds.send(work_as("per_exchange_settler", at=money.DUE), refund, file_id="pof_1")
    money.made_session(work_as).flush()
    return refund


def arrived(work_as: WorkAs, refund: Refund, *, cash: AccountRef = CUSTODY) -> Refund:
    """Let a refund reach the buyer."""
    work = work_as("system", at=money.DUE)
    refunds.succeeded(work, refund.id, source_id=f"bsl_{refund.id}", cash=cash, on=TODAY)
    work.session.flush()
    return refund


def held(work_as: WorkAs, fen: int | None = None, order_id: str = "ord_1") -> Hold:
    """Set money of an order aside."""
    return holds.place(
        work_as("per_exchange_settler", at=money.DUE),
        order_id=order_id,
        amount=None if fen is None else Money(fen),
        ground=Ground.DISPUTE,
        reference="dsp_1",
    )
