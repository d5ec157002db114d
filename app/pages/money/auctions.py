"""Auctions for everybody, entering and bidding for buyers; quotations for their two parties."""

from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, render_template

from app import doors, unit
from app.api.marketplace.lots import bids_shown
from app.pages import forms, shown
from kernel.clock import SHANGHAI, Instant
from kernel.errors import Invalid
from kernel.words import Words
from kernel.work import Work
from marketplace import products
from marketplace.auctions import bids, closing, lots
from marketplace.auctions.lots import Lot, State
from marketplace.bargaining import agreed_prices, quotations
from marketplace.bargaining.agreed_prices import Source
from marketplace.uses import Use
from settlement.metering import wallets

blueprint = Blueprint("auctions", __name__)

_RUNNING = frozenset({State.SCHEDULED, State.OPEN})


@blueprint.get("/auctions")
@doors.public
def listed() -> Any:
    """List the lots, newest first."""
    work = unit.current()
    found = lots.listed(work.session, after=shown.after(), limit=shown.PAGE)
    return render_template(
        "settlement/lots.html",
        lots=found.items,
        next=found.next,
        titles=_titles(work, [lot.product_id for lot in found.items]),
        names=shown.names(work, [lot.seller_id for lot in found.items]),
    )


@blueprint.get("/auctions/<lot_id>")
@doors.public
def one(lot_id: str) -> Any:
    """Show a lot: its terms, the bids that may be seen, and what the caller can do."""
    work = unit.current()
    lot, own = lots.seen(work, lot_id), work.actor.organisation
    entered = bids.entry_of(work.session, lot.id, own)
    buys = bids.bidder.matches(work.actor, None) and own != lot.seller_id
    return render_template(
        "settlement/lot.html",
        lot=lot,
        title=_titles(work, [lot.product_id])[lot.product_id],
        bids=bids_shown(lot, work),
        entered=entered is not None,
        enters=buys and entered is None and lot.state in _RUNNING,
        bids_now=buys and entered is not None and lot.state == State.OPEN,
        orders=buys and lot.winner_id == own and lot.state == State.AWARDED,
        cancels=lots.seller.matches(work.actor, lot) and lot.state == State.SCHEDULED,
        balance=wallets.balance(work.session, own) if buys else None,
        names=shown.names(work, _parties(work, lot)),
        clock=shown.clock(work, lot.id),
        events=shown.timeline(work, lot.id),
    )


@blueprint.post("/products/<product_id>/auctions")
@doors.members("write")
def schedule(product_id: str) -> Any:
    """Announce a lot of one's own product; times are of Shanghai."""
    made = lots.schedule(
        unit.current(), product_id, opens_at=_moment("opens_at"), closes_at=_moment("closes_at")
    )
    return redirect(f"/auctions/{made.id}", 303)


@blueprint.post("/auctions/<lot_id>/entries")
@doors.money
def enter(lot_id: str) -> Any:
    """Take part; the deposit leaves the wallet."""
    use = Use(
        field=forms.text("field", max=60),
        purpose_code=forms.text("purpose_code", max=60),
        purpose_text=forms.text("purpose_text", max=500),
        region=forms.text("region", max=6),
        period_from=forms.day("period_from"),
        period_to=forms.day("period_to"),
    )
    bids.enter(unit.current(), lot_id, use)
    return redirect(f"/auctions/{lot_id}", 303)


@blueprint.post("/auctions/<lot_id>/bids")
@doors.members("write")
def bid(lot_id: str) -> Any:
    """Bid."""
    bids.bid(unit.current(), lot_id, forms.money("amount"))
    return redirect(f"/auctions/{lot_id}", 303)


@blueprint.post("/auctions/<lot_id>/cancel")
@doors.money
def cancel(lot_id: str) -> Any:
    """Cancel a lot that has not begun."""
    closing.cancel(unit.current(), lot_id, reason=forms.text("reason", max=500))
    return redirect(f"/auctions/{lot_id}", 303)


@blueprint.post("/auctions/<lot_id>/order")
@doors.money
def order(lot_id: str) -> Any:
    """Order what was won."""
    return redirect(f"/orders/{closing.order(unit.current(), lot_id).id}", 303)


@blueprint.get("/quotations")
@doors.members("read")
def threads() -> Any:
    """List the quotations of the caller's organisation."""
    work = unit.current()
    found = quotations.listed(work, after=shown.after(), limit=shown.PAGE)
    parties = [party for each in found.items for party in (each.buyer_id, each.seller_id)]
    return render_template(
        "settlement/quotations.html",
        quotations=found.items,
        next=found.next,
        titles=_titles(work, [each.product_id for each in found.items]),
        names=shown.names(work, parties),
    )


@blueprint.get("/quotations/<quotation_id>")
@doors.members("read")
def thread(quotation_id: str) -> Any:
    """Show a quotation: every offer, and the next step."""
    work = unit.current()
    found = quotations.seen(work, quotation_id)
    return render_template(
        "settlement/quotation.html",
        quotation=found,
        title=_titles(work, [found.product_id])[found.product_id],
        offers=quotations.offers(work.session, found.id),
        agreed=agreed_prices.of_source(work.session, Source.QUOTATION, found.id),
        record=shown.record(found, work, quotations.LIFE),
        clock=shown.clock(work, found.id),
        names=shown.names(work, [found.buyer_id, found.seller_id]),
        buys=work.actor.organisation == found.buyer_id,
    )


@blueprint.post("/products/<product_id>/quotations")
@doors.members("write")
def ask(product_id: str) -> Any:
    """Ask for a price, with a first figure."""
    made = quotations.begin(
        unit.current(),
        product_id,
        quantity=forms.number("quantity"),
        amount=forms.money("amount"),
        note=forms.text("note", max=500),
    )
    return redirect(f"/quotations/{made.id}", 303)


def _titles(work: Work, product_ids: list[str]) -> dict[str, Words]:
    return products.titles(work.session, product_ids)


def _parties(work: Work, lot: Lot) -> list[str | None]:
    entered = [] if lot.state in _RUNNING else bids.entries(work.session, lot.id)
    return [lot.seller_id, lot.winner_id, *(entry.bidder_id for entry in entered)]


def _moment(name: str) -> Instant:
    try:
        found = datetime.fromisoformat(forms.text(name, max=20))
    except ValueError as error:
        raise Invalid("请填写时间", "a time is needed", pointer=f"/{name}") from error
    return found if found.tzinfo else found.replace(tzinfo=SHANGHAI)
