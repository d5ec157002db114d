"""Works whose witnesses are called, as in the house: builders for tests of what is counted."""

import dataclasses
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.reactions import WITNESSES
from kernel.clock import Instant
from kernel.journal import Event
from kernel.money import Money
from kernel.work import Work
from marketplace import orders, progress
from marketplace.orders import Order
from settlement import batches
from settlement.deals import deals
from settlement.deals.papers import PaperKind
from settlement.ledger import AccountRef
from settlement.refunding import refunds
from settlement.refunding.refunds import Refund, State
from tests.conftest import work_of
from tests.marketplace import make
from tests.settlement import money

DAY = make.AFTER_PUBLICITY
CASH = AccountRef("1012.custody", "acc")


def by(session: Session, person: str = "system", *, at: Instant = DAY) -> Work:
    """Return a work by one of the cast, with everybody who is told at once."""
    return dataclasses.replace(work_of(session, person, at=at), witnesses=WITNESSES)


def accepted(session: Session, order: Order, *, at: Instant = DAY) -> Order:
    """Let the buyer accept what was delivered."""
    make.deliver(session, order)
    orders.take(by(session, "per_buyer_editor", at=at), order.id, "accept")
    session.flush()
    return order


def settled(session: Session, *, at: Instant = money.LATE) -> None:
    """Settle everything that is due."""
    made = batches.compute(by(session, "per_exchange_settler", at=at))
    session.flush()
    batches.take(by(session, "per_exchange_checker", at=at), made.id, "confirm")
    session.flush()


def asked(session: Session, order: Order, fen: int, *, at: Instant = DAY, **more: Any) -> Refund:
    """Ask for a refund."""
    maker = by(session, "per_exchange_settler", at=at)
    made = refunds.request(maker, order_id=order.id, amount=Money(fen), reason="质量不符", **more)
    session.flush()
    return made


def arrived(session: Session, refund: Refund, *, at: Instant = DAY) -> Refund:
    """Approve a refund, send it, let it arrive, and let the market hear of it."""
    if refund.state == State.REQUESTED:
        refunds.take(by(session, "per_exchange_checker", at=at), refund.id, "approve")
    if refund.state == State.APPROVED:
        refunds.send(by(session, "per_exchange_settler", at=at), refund, file_id="pof_1")
    told(session, refund, "refund.sent", at=at)
    if refund.state == State.SENT:
        refunds.succeeded(
            by(session, at=at), refund.id, source_id=f"bsl_{refund.id}", cash=CASH, on=at.date()
        )
    told(session, refund, "refund.succeeded", at=at)
    return refund


def told(session: Session, refund: Refund, kind: str, *, at: Instant = DAY) -> None:
    """Let the market hear of a refund, twice."""
    react = progress.refund_sent if kind == "refund.sent" else progress.refunded
    session.flush()
    for _ in range(2):
        event = Event(kind=kind, subject=refund.id, data={"order_id": refund.order_id})
        react(by(session, at=at), event)
        session.flush()


def registered(session: Session, **changed: Any) -> deals.DirectDeal:
    """Register a deal of the merchant's, made outside."""
    merchant = by(session, "per_developer_editor")
    made = deals.draft(
        merchant,
        **{
            "buyer_name": "演示·保险公司",
            "buyer_uscc": "91430100MA4L16JG95",
            "title": "降雨数据",
            "contract_no": "HT-1",
            "amount": Money(250_000),
            "signed_on": date(2026, 7, 1),
            "delivered_on": date(2026, 7, 2),
            **changed,
        },
    )
    session.flush()
    for kind in PaperKind:
        deals.file(merchant, made.id, kind=kind, name="a.pdf", content=f"%PDF-1 {kind}".encode())
    session.flush()
    for person, step in (
        ("per_developer_editor", "submit"),
        ("per_exchange_listing", "verify"),
        ("per_exchange_settler", "register"),
    ):
        deals.take(by(session, person), made.id, step)
        session.flush()
    return made
