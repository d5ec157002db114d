"""How a lot is opened and closed by the clock, awarded, and made an order.

At the close the highest bid wins, of equal sealed ones the earlier. Who did not win has
the deposit back at once; the winner has it back when the price is paid, and loses it to
the seller when it is not.
"""

from typing import Final

from kernel.clock import local_date
from kernel.errors import Invalid, StepNotAllowed
from kernel.journal import Event
from kernel.money import Money
from kernel.work import Work
from marketplace import orders, uses
from marketplace.auctions import bids, lots
from marketplace.auctions.lots import Lot, State
from marketplace.bargaining import agreed_prices
from marketplace.bargaining.agreed_prices import Source
from marketplace.orders import Order
from marketplace.prices import AuctionForm
from settlement.metering import deposits

_TERM: Final = "clocks.award.limit_wd"


def hold_due(work: Work, *, limit: int) -> int:
    """Open the lots whose time has come, and close those whose time is over; return how many."""
    found = lots.due(work.session, work.now, limit=limit)
    for lot in found:
        if lot.state == State.SCHEDULED:
            lots.LIFE.take("open", lot, work.as_system())
        else:
            close(work.as_system(), lot)
    return len(found)


def close(work: Work, lot: Lot) -> None:
    """Close a lot that is over: to the highest bid, or to nobody. The lot must be locked."""
    won = _highest(work, lot)
    if won is None:
        lots.LIFE.take("pass_in", lot, work)
        _release(work, lot, besides=None)
        return
    entry = bids.entry_of(work.session, lot.id, won[0])
    lot.winner_id, lot.highest = won
    lot.winner_entry_id = None if entry is None else entry.id
    lots.LIFE.take("award", lot, work, winner_id=won[0], amount=Money(won[1]))
    _release(work, lot, besides=lot.winner_id)
    days = work.rules.number(_TERM)
    agreed_prices.agree(
        work,
        source=Source.AUCTION,
        source_id=lot.id,
        product_id=lot.product_id,
        product_version_id=lot.product_version_id,
        buyer_id=lot.winner_id,
        seller_id=lot.seller_id,
        quantity=1,
        amount=Money(won[1], lot.reserve.currency),
        valid_until=work.calendar.due(local_date(work.now), days).date,
    )


def order(work: Work, lot_id: str) -> Order:
    """Order what the caller's organisation won, for the use that it named when it entered.

    Raises StepNotAllowed for anybody else, Invalid when there is nothing to order, and
    what `orders.place` raises.
    """
    lot = lots.locked(work.session, lot_id)
    own = work.actor.organisation
    if lot.winner_id != own:
        raise StepNotAllowed("仅竞得人可以下单", "lot.order is for the winner")
    agreed = agreed_prices.of_source(work.session, Source.AUCTION, lot.id)
    entry = bids.entry_of(work.session, lot.id, own)
    if lot.state != State.AWARDED or agreed is None or entry is None:
        raise Invalid("没有待下单的成交", "there is nothing to order", pointer="/lot_id")
    placed = orders.place(
        work,
        wanted=[{"product_id": lot.product_id, "quantity": 1, "agreed_price_id": agreed.id}],
        use=uses.from_json(entry.use_scenario),
    )
    lot.order_id = placed.id
    lots.LIFE.take("order", lot, work.as_system(), order_id=placed.id)
    return placed


def cancel(work: Work, lot_id: str, *, reason: str) -> Lot:
    """Cancel a lot that has not begun, by its seller; every deposit goes back."""
    lot = lots.locked(work.session, lot_id)
    lots.LIFE.take("cancel", lot, work, reason=reason)
    _release(work.as_system(), lot, besides=None)
    return lot


def paid(work: Work, event: Event) -> None:
    """After "order.paid": the lot is sold, and the winner has its deposit back."""
    lot = lots.of_order(work.session, event.subject)
    if lot is not None and lot.state == State.ORDERED:
        lots.take(work.as_system(), lot.id, "sell")


def fell_through(work: Work, event: Event) -> None:
    """After an order of the winner's that came to nothing: its deposit is the seller's."""
    lot = lots.of_order(work.session, event.subject)
    if lot is not None and lot.state == State.ORDERED:
        lots.take(work.as_system(), lot.id, "forfeit")


def _highest(work: Work, lot: Lot) -> tuple[str, int] | None:
    if lot.form == AuctionForm.SEALED:
        bids.open_sealed(work, lot)
        # The openings are read back in the order that decides.
        work.session.flush()
        held = [each for each in bids.openings(work.session, lot.id) if each.holds]
        return (held[0].bidder_id, held[0].amount) if held else None
    best = max(bids.of_lot(work.session, lot.id), key=lambda each: each.amount or 0, default=None)
    return None if best is None or best.amount is None else (best.bidder_id, best.amount)


def _release(work: Work, lot: Lot, *, besides: str | None) -> None:
    for entry in bids.entries(work.session, lot.id):
        if entry.bidder_id != besides:
            deposits.release(work, entry.id, bidder_id=entry.bidder_id)
