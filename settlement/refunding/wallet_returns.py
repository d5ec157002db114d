"""What is left in a wallet goes back to its buyer in cash (预存款退回), when the buyer asks.

It stands in transit from the asking on, so that it cannot be used meanwhile; an officer of
the exchange approves it. It goes back by the way of the last receipt that can bear it whole,
else to the buyer's verified bank account. What does not arrive is in the wallet again.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import local_date
from kernel.errors import Refusal
from kernel.journal import Event
from kernel.money import Money
from kernel.work import Work
from settlement import access, accounts
from settlement.ledger import AccountRef, Row
from settlement.metering import buckets, wallets
from settlement.posting.asked import ToPost
from settlement.refunding import origins, refunds, rows, ways
from settlement.refunding.origins import Origin, Rail
from settlement.refunding.rows import Kind, Refund
from settlement.refunding.takings import NotRefundable


def ask(work: Work, *, amount: Money, reason: str) -> Refund:
    """Ask for `amount` of the caller's own wallet back, in cash.

    Raises StepNotAllowed, Invalid, NotRefundable when the wallet has not so much that is not
    owed for use, NoVerifiedAccount when it is not known where to. Some SELECTs and an entry.
    """
    access.require(work, wallets.holder, "wallet.return")
    refunds.check_amount(amount)
    own = work.actor.organisation
    free = wallets.free(work.session, own, buckets.period_of(work.now))
    if amount > free:
        zh, en = f"预存款可退 {free}，申请 {amount}", f"{free} can go back, {amount} is asked"
        raise NotRefundable.of([Refusal("MORE_THAN_IS_FREE", zh, en)])
    origin, payee_id = _way(work, own, amount)
    made = rows.made(work, Kind.WALLET, origin, amount, reason)
    made.payer_id, made.payee_id = own, payee_id
    made.alone_max_minor = 0  # who asks is not of the exchange: an officer always looks
    row = Row(AccountRef(wallets.WALLET, own, amount.currency), made.transit, amount)
    refunds.begin(work, made, ToPost("wallet.returned", made.id, [row], local_date(work.now)))
    work.record("wallet.return_asked", own, refund_id=made.id, amount=amount, reason=reason)
    return made


def lately(session: Session, buyer_id: str, *, limit: int) -> list[Refund]:
    """Return the last returns of a buyer's wallet, newest first. One SELECT on an index."""
    statement = (
        select(Refund)
        .where(Refund.payer_id == buyer_id, Refund.kind == Kind.WALLET)
        .order_by(Refund.id.desc())
        .limit(limit)
    )
    return list(session.scalars(statement))


def put_back(work: Work, event: Event) -> None:
    """After a return was withdrawn or has failed: draw what was owing, go on with what stood."""
    refund = refunds.find(work.session, event.subject)
    if refund.kind == Kind.WALLET and refund.payer_id:
        wallets.go_on(work, refund.payer_id)


def _way(work: Work, buyer_id: str, amount: Money) -> tuple[Origin, str | None]:
    """Return which receipt the return answers, and the verified account, if it goes there."""
    used = rows.of_wallet(work.session, buyer_id)
    for origin in origins.of_wallet(work.session, buyer_id):
        gone, has_failed = used.get(origin.object_id, (Money(0, amount.currency), False))
        if has_failed or origin.amount - gone < amount:
            continue
        if origin.rail == Rail.PROVIDER:
            return origin, None
        return origin, ways.payee_id(work.session, origin.object_id, buyer_id)
    payee = accounts.require_verified(work.session, buyer_id)
    return Origin(Rail.BANK, "", buyer_id, amount), payee.id
