"""The door of wallets (预存款) and of credit (后付费额度)."""

from typing import Any

from marshmallow import fields

from app import doors, unit
from app.api.refunding import refunds as refund_door
from app.api.refunding.refunds import RefundOut
from app.api.settlement import payments as payment_door
from app.api.settlement.ledger import MovementOut, show_movement
from app.api.settlement.payments import PaymentOut
from kernel.work import Work
from settlement.metering import buckets, credit_limits, wallets
from settlement.refunding import wallet_returns

blueprint = doors.noun("wallets", "Wallets and credit · 预存款与后付费额度")


class WalletOut(doors.Schema):
    """A wallet, and what its buyer may owe and owes. awaited: the top-up still to come.

    free: what could go back, for no use is owed it.
    """

    buyer_id = fields.String()
    balance = fields.Nested(doors.MoneyBody)
    free = fields.Nested(doors.MoneyBody)
    awaited = fields.Nested(PaymentOut, allow_none=True)
    credit_limit = fields.Nested(doors.MoneyBody)
    owed = fields.Nested(doors.MoneyBody)
    items = fields.List(fields.Nested(MovementOut))
    next = fields.String(allow_none=True)


class TopUpIn(doors.Body):
    """How much is to be paid in."""

    amount = doors.amount()


class WalletReturnIn(doors.Body):
    """How much of the wallet goes back in cash, and why."""

    amount = doors.amount()
    reason = doors.text(max=500)


class CreditIn(doors.Body):
    """What a buyer may owe from now on, and why."""

    limit = doors.amount()
    reason = doors.text(max=500)


def show(work: Work, buyer_id: str, *, after: str | None, limit: int) -> dict[str, Any]:
    """Return what WalletOut shows. Raises NotFound for a stranger's."""
    page = wallets.statement(work, buyer_id, after=after, limit=limit)
    most, owed = credit_limits.seen(work, buyer_id)
    awaited = wallets.awaited(work.session, buyer_id)
    return {
        "buyer_id": buyer_id,
        "balance": doors.wire(wallets.balance(work.session, buyer_id)),
        "free": doors.wire(wallets.free(work.session, buyer_id, buckets.period_of(work.now))),
        "awaited": payment_door.row(awaited, work) if awaited else None,
        "credit_limit": doors.wire(most),
        "owed": doors.wire(owed),
        "items": [show_movement(line) for line in page.items],
        "next": page.next,
    }


@blueprint.get("/<string:buyer_id>")
@doors.members("read")
@blueprint.arguments(doors.PageQuery, location="query")
@blueprint.response(200, WalletOut)
def one(query: dict[str, Any], buyer_id: str) -> Any:
    """Show a wallet with its statement, to its buyer and to overseers."""
    return show(unit.current(), buyer_id, **query)


@blueprint.post("/top-ups")
@doors.money
@blueprint.arguments(TopUpIn)
@blueprint.response(201, PaymentOut)
def top_up(body: dict[str, Any]) -> Any:
    """Ask to pay into the wallet of the caller's organisation. Needs an Idempotency-Key."""
    work = unit.current()
    made = wallets.top_up(work, doors.money_of(body["amount"]))
    work.session.flush()  # the version is the database's first
    return payment_door.show(made, work)


@blueprint.post("/returns")
@doors.money
@blueprint.arguments(WalletReturnIn)
@blueprint.response(201, RefundOut)
def give_back(body: dict[str, Any]) -> Any:
    """Ask for money of the own wallet back, in cash. Needs an Idempotency-Key.

    It cannot be used from now on; an officer of the exchange approves it.
    """
    work = unit.current()
    made = wallet_returns.ask(work, amount=doors.money_of(body["amount"]), reason=body["reason"])
    work.session.flush()  # the version is the database's first
    return refund_door.show(made, work)


@blueprint.post("/<string:buyer_id>/credit")
@doors.money
@blueprint.arguments(CreditIn)
@blueprint.response(200, WalletOut)
def credit(body: dict[str, Any], buyer_id: str) -> Any:
    """Set what a buyer may owe, for settlement officers. Needs an Idempotency-Key."""
    work = unit.current()
    limit = doors.money_of(body["limit"])
    credit_limits.grant(work, buyer_id, limit=limit, reason=body["reason"])
    work.session.flush()  # the limit that holds is read back
    return show(work, buyer_id, after=None, limit=20)
