"""How the bank carries out in a journey what the exchange has decided."""

from datetime import datetime

from sqlalchemy.orm import Session

from app import demonstration, worker
from app.unit import Exchange
from kernel.actor import SYSTEM
from settlement.ledger import AccountRef
from settlement.refunding import refunds
from tests.conftest import As
from tests.journeys.speaking import ok, post
from tests.marketplace import make


def pay_back(application: Exchange, as_: As, refund_id: str) -> None:
    """Have a refund approved, where that takes another person, and let the bank carry it out."""
    settler = as_("per_exchange_settler")
    if ok(settler.get(f"/api/refunds/{refund_id}"))["state"] == refunds.State.REQUESTED:
        post(settler, f"/refunds/{refund_id}/approve")

    def sent(session: Session) -> None:
        house = application.house.work(session, SYSTEM)
        refunds.send(house, refunds.find(session, refund_id), file_id=f"pof_{refund_id}")

    def arrived(session: Session) -> None:
        house, cash = application.house.work(session, SYSTEM), AccountRef("1012.custody", "acc_1")
        on = make.AFTER_PUBLICITY.date()
        refunds.succeeded(house, refund_id, source_id=refund_id, cash=cash, on=on)

    for act in (sent, arrived):
        with application.house.engines.writing() as session:
            act(session)
            session.commit()
        worker.drain(application.house)


def settled(application: Exchange, as_: As, at: datetime) -> None:
    """Let it be `at`, and have everything settled that is due then."""
    with application.house.engines.writing() as session:
        demonstration.begin_at(session, at)
        session.commit()
    batch = post(as_("per_exchange_settler"), "/settlements", 201)
    post(as_("per_exchange_checker"), f"/settlements/{batch['id']}/confirm")
    worker.drain(application.house)
