"""Builders of what comes after a delivery: a dispute that is raised, heard, ruled."""

from typing import Any

from sqlalchemy.orm import Session

from kernel import journal
from kernel.clock import Instant
from marketplace.aftercare import disputes, filing
from marketplace.aftercare.dispute_rows import Ground, Remedy, TradeDispute
from marketplace.aftercare.filing import Claim
from marketplace.orders import Order
from settlement.ledger import AccountRef
from settlement.refunding import refunds
from tests.conftest import work_of
from tests.marketplace import make

BUYER, SELLER = "per_buyer_editor", "per_developer_editor"
OFFICER, APPROVER = "per_exchange_compliance", "per_exchange_approver"
SUPERVISOR = "per_hub_supervisor"
NOW = make.AFTER_PUBLICITY


def raised(
    session: Session, order: Order, *, person: str = BUYER, at: Instant = NOW, **claim: Any
) -> TradeDispute:
    """Have the buyer dispute an order: everything back, for its quality, if not said otherwise."""
    said: dict[str, Any] = {"ground": Ground.QUALITY, "said": "数据缺少三个站点",
                            "wanted": Remedy.REFUND, **claim}  # fmt: skip
    made = filing.file(work_of(session, person, at=at), order.id, Claim(**said))
    session.flush()
    return made


def take(
    session: Session, dispute: TradeDispute, step: str, person: str, **data: Any
) -> TradeDispute:
    """Take one step of a dispute."""
    found = disputes.take(work_of(session, person, at=NOW), dispute.id, step, **data)
    session.flush()
    return found


def heard(session: Session, dispute: TradeDispute) -> TradeDispute:
    """Have it taken up, answered, and mediation fail, so that it waits for its ruling."""
    take(session, dispute, "accept", OFFICER)
    take(session, dispute, "answer", SELLER, answer="站点依约交付")
    take(session, dispute, "close_evidence", OFFICER)
    return take(session, dispute, "fail_mediation", BUYER)


def ruled(session: Session, dispute: TradeDispute, **decision: Any) -> TradeDispute:
    """Have it ruled by two officers."""
    heard(session, dispute)
    take(session, dispute, "rule", OFFICER, reason="经审理查明", **decision)
    return take(session, dispute, "confirm", APPROVER)


def in_force(session: Session, dispute: TradeDispute, **decision: Any) -> TradeDispute:
    """Have it ruled, and the ruling accepted by both."""
    ruled(session, dispute, **decision)
    take(session, dispute, "accept_ruling", BUYER)
    return take(session, dispute, "accept_ruling", SELLER)


def arrive(session: Session, dispute: TradeDispute) -> None:
    """Have the refund approved by an officer, sent, and arrived; let the house hear of it."""
    refund = refunds.find(session, dispute.refund_id or "")
    if refund.state == refunds.State.REQUESTED:
        refunds.take(work_of(session, "per_exchange_checker", at=NOW), refund.id, "approve")
    house = work_of(session, "system", at=NOW)
    refunds.send(house, refund, file_id="pof_1")
    session.flush()
    hear(session, refund.id)
    cash = AccountRef("1012.custody", "acc")
    refunds.succeeded(house, refund.id, source_id=refund.id, cash=cash, on=NOW.date())
    session.flush()
    hear(session, refund.id)


def hear(session: Session, subject: str) -> None:
    """Let the house react, twice, to the newest event of a subject."""
    from app.reactions import REACTIONS

    house = work_of(session, "system", at=NOW)
    event = journal.history(session, subject, limit=60)[-1]
    for _ in range(2):
        for reaction in REACTIONS.get(event.kind, {}).values():
            reaction(house, event)
            session.flush()
