"""Builders of auctions: a listed product, a lot, bidders with money in their wallets."""

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from kernel.money import Money
from marketplace.auctions import bids, closing, lots
from marketplace.auctions.bids import Bid
from marketplace.auctions.lots import Lot
from marketplace.products import Product
from settlement import ledger
from settlement.ledger import AccountRef, Row
from tests.conftest import work_of
from tests.marketplace import make

OPENS = make.AFTER_PUBLICITY
CLOSES = OPENS + timedelta(hours=6)
DURING = OPENS + timedelta(hours=1)
AFTER = CLOSES + timedelta(minutes=1)
BIDDERS = {"org_buyer": "per_buyer_signer", "org_agency": "per_agency_approver"}


def plan(form: str = "sealed", **changes: Any) -> dict[str, Any]:
    """Return an auction from 1,000 yuan, in steps of 50, with a tenth as deposit."""
    return {
        "kind": "auction",
        "form": form,
        "reserve": {"minor": 100_000, "currency": "CNY"},
        "step": {"minor": 5_000, "currency": "CNY"},
        "deposit_bp": 1_000,
        **changes,
    }


def product(session: Session, form: str = "sealed") -> Product:
    """List a product that is auctioned."""
    return make.listed(session, price_plan=plan(form))


def lot(session: Session, form: str = "sealed", *, opened: bool = True) -> Lot:
    """Announce a lot, and open it."""
    found = product(session, form)
    work = work_of(session, "per_developer_editor", at=OPENS)
    made = lots.schedule(work, found.id, opens_at=OPENS, closes_at=CLOSES)
    session.flush()
    if opened:
        hold(session, OPENS)
    return made


def hold(session: Session, at: Any) -> int:
    """Let the clock do what is due."""
    done = closing.hold_due(work_of(session, "system", at=at), limit=9)
    session.flush()
    return done


def rich(session: Session, organisation: str, fen: int = 50_000) -> None:
    """Put money into a wallet."""
    house = work_of(session, "system", at=OPENS)
    suspense = AccountRef("2241.suspense", f"bsl_{organisation}")
    for event, row in (
        ("bank.received", Row(AccountRef("1012.custody", "acc_1"), suspense, Money(fen))),
        ("bank.matched", Row(suspense, AccountRef("2241.wallet", organisation), Money(fen))),
    ):
        ledger.post(house, event, f"bsl_{organisation}", [row], effective_on=OPENS.date())


def entered(session: Session, it: Lot, person: str, organisation: str) -> None:
    """Leave the deposit and take part."""
    rich(session, organisation)
    bids.enter(work_of(session, person, at=OPENS), it.id, make.use())
    session.flush()


def bid(session: Session, it: Lot, person: str, fen: int, *, at: Any = DURING) -> Bid:
    """Bid."""
    made = bids.bid(work_of(session, person, at=at), it.id, Money(fen))
    session.flush()
    return made
