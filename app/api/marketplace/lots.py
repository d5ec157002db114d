"""The door of auctions (竞价): lots, entries with their deposits, bids, the award."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from app import doors, unit
from app.api.marketplace.orders import OrderOut, UseBody
from app.api.marketplace.orders import show as show_order
from kernel.work import Work
from marketplace.auctions import bids, closing, lots
from marketplace.auctions.lots import Lot, State
from marketplace.prices import AuctionForm

blueprint = doors.noun("lots", "Auctions · 竞价")


class LotQuery(doors.PageQuery):
    """Which lots: in a state, or all."""

    state = doors.choice(*State, required=False, load_default=None)


class LotIn(doors.Body):
    """A lot of a product whose price plan is an auction."""

    product_id = doors.text(max=40)
    opens_at = fields.AwareDateTime(required=True, format="iso")
    closes_at = fields.AwareDateTime(required=True, format="iso")


class EntryIn(doors.Body):
    """What the data is for."""

    use_scenario = doors.nested(UseBody)


class BidIn(doors.Body):
    """An amount; of a sealed lot nobody can read it before the opening."""

    amount = doors.amount()


class CancellationIn(doors.Body):
    """Why the lot is cancelled."""

    reason = doors.text(max=500)


class BidOut(doors.Schema):
    """A bid. amount_fen: of an open bid, or of a sealed one once it was opened.

    digest, secret, holds: with the secret anybody can reckon the digest of a sealed bid.
    """

    id = fields.String()
    bidder_id = fields.String(allow_none=True)
    amount_fen = fields.Integer(allow_none=True)
    digest = fields.String(allow_none=True)
    secret = fields.String(allow_none=True)
    holds = fields.Boolean(allow_none=True)
    bid_at = fields.String()


class LotOut(doors.LivingOut):
    """A lot. bids: open ones; of a sealed lot the caller's own until the opening, then all."""

    code = fields.String()
    product_id = fields.String()
    seller_id = fields.String()
    form = fields.String()
    reserve = fields.Nested(doors.MoneyBody)
    step = fields.Nested(doors.MoneyBody)
    deposit = fields.Nested(doors.MoneyBody)
    opens_at = fields.String()
    closes_at = fields.String()
    extensions = fields.Integer()
    highest_fen = fields.Integer(allow_none=True)
    winner_id = fields.String(allow_none=True)
    order_id = fields.String(allow_none=True)
    entered = fields.Boolean()
    bids = fields.List(fields.Nested(BidOut))


def row(found: Lot) -> Mapping[str, Any]:
    """Return what LotOut shows in a list."""
    return {
        "id": found.id,
        "state": str(found.state),
        "version": found.version,
        "code": found.code,
        "product_id": found.product_id,
        "seller_id": found.seller_id,
        "form": found.form,
        "reserve": doors.wire(found.reserve),
        "step": doors.wire(found.step),
        "deposit": doors.wire(found.deposit),
        "opens_at": doors.moment(found.opens_at),
        "closes_at": doors.moment(found.closes_at),
        "extensions": found.extensions,
        "highest_fen": found.highest,
        "winner_id": found.winner_id,
        "order_id": found.order_id,
    }


def show(found: Lot, work: Work) -> Mapping[str, Any]:
    """Return what LotOut shows. At most four SELECTs."""
    own = work.actor.organisation
    return {
        **row(found),
        **doors.living(found, work, lots.LIFE),
        "entered": bids.entry_of(work.session, found.id, own) is not None,
        "bids": bids_shown(found, work),
    }


def bids_shown(found: Lot, work: Work) -> list[dict[str, Any]]:
    """Return the bids that the caller may see: who bids stays unsaid while the lot is open."""
    own = work.actor.organisation
    sealed = found.form == AuctionForm.SEALED
    held = bids.of_lot(work.session, found.id)
    opened = {each.bid_id: each for each in bids.openings(work.session, found.id)}
    if sealed and not opened:
        held = [each for each in held if each.bidder_id == own]
    running = found.state in {State.SCHEDULED, State.OPEN}
    return [
        {
            "id": each.id,
            "bidder_id": None if running and each.bidder_id != own else each.bidder_id,
            "amount_fen": opened[each.id].amount if each.id in opened else each.amount,
            "digest": each.digest,
            "secret": opened[each.id].secret if each.id in opened else None,
            "holds": opened[each.id].holds if each.id in opened else None,
            "bid_at": doors.moment(each.bid_at),
        }
        for each in reversed(held[-200:])
    ]


@blueprint.get("")
@doors.public
@blueprint.arguments(LotQuery, location="query")
@blueprint.response(200, doors.page_of(LotOut))
def listed(query: dict[str, Any]) -> Any:
    """List the lots, newest first."""
    return doors.page(lots.listed(unit.current().session, **query), row)


@blueprint.get("/<string:subject_id>")
@doors.public
@blueprint.response(200, LotOut)
def one(subject_id: str) -> Any:
    """Show one lot."""
    work = unit.current()
    return doors.tagged(show(lots.seen(work, subject_id), work))


@blueprint.post("")
@doors.members("write")
@blueprint.arguments(LotIn)
@blueprint.response(201, LotOut)
def schedule(body: dict[str, Any]) -> Any:
    """Announce a lot of one's own product."""
    work = unit.current()
    made = lots.schedule(work, body.pop("product_id"), **body)
    work.session.flush()  # the version is the database's first
    return show(made, work)


@blueprint.post("/<string:subject_id>/entries")
@doors.money
@blueprint.arguments(EntryIn)
@blueprint.response(201, LotOut)
def enter(body: dict[str, Any], subject_id: str) -> Any:
    """Take part; the deposit leaves the wallet. Needs an Idempotency-Key."""
    work = unit.current()
    bids.enter(work, subject_id, body["use_scenario"])
    work.session.flush()  # the entry is read back
    return show(lots.find(work.session, subject_id), work)


@blueprint.post("/<string:subject_id>/bids")
@doors.members("write")
@blueprint.arguments(BidIn)
@blueprint.response(201, LotOut)
def bid(body: dict[str, Any], subject_id: str) -> Any:
    """Bid; the answer does not repeat the amount of a sealed bid."""
    work = unit.current()
    bids.bid(work, subject_id, doors.money_of(body["amount"]))
    work.session.flush()  # the bid is read back
    return show(lots.find(work.session, subject_id), work)


@blueprint.post("/<string:subject_id>/cancel")
@doors.money
@blueprint.arguments(CancellationIn)
@blueprint.response(200, LotOut)
def cancel(body: dict[str, Any], subject_id: str) -> Any:
    """Cancel a lot that has not begun; deposits go back. Needs an Idempotency-Key."""
    work = unit.current()
    lot = closing.cancel(work, subject_id, reason=body["reason"])
    work.session.flush()  # so that the version shown is the one that will be stored
    return show(lot, work)


@blueprint.post("/<string:subject_id>/order")
@doors.money
@blueprint.arguments(doors.Body)
@blueprint.response(201, OrderOut)
def order(_body: dict[str, Any], subject_id: str) -> Any:
    """Order what was won, for the use named at the entry. Needs an Idempotency-Key."""
    work = unit.current()
    placed = closing.order(work, subject_id)
    work.session.flush()  # the version is the database's first
    return show_order(placed, work)
