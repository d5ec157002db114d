"""What the house tells whom, where no other test does."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import reactions
from kernel.journal import Event
from kernel.money import Money
from settlement.rails.commands import Command
from settlement.refunding import refunds
from settlement.refunding.refunds import State
from tests.conftest import WorkAs
from tests.marketplace.counting import watched
from tests.settlement import money
from tests.settlement.refunding import going_back


def commands(session: Session) -> list[Command]:
    session.flush()
    return list(session.scalars(select(Command)))


def told(session: Session, refund: refunds.Refund) -> None:
    """Let the house hear that a refund was sent, as its witnesses do."""
    event = Event(kind="refund.sent", subject=refund.id, data={"order_id": refund.order_id})
    for react in reactions.AT_ONCE["refund.sent"].values():
        react(watched.by(session), event)


def asked(session: Session, fen: int) -> refunds.Refund:
    work: Any = watched.by(session, "per_exchange_settler", at=money.DUE)
    made = refunds.request(work, order_id="ord_1", amount=Money(fen), reason="质量不符")
    session.flush()
    return made


def test_a_refund_by_a_provider_is_told_to_it_once(session: Session, work_as: WorkAs) -> None:
    going_back.paid_by_card(work_as)

    small = asked(session, 500)
    for _ in range(2):
        told(session, small)

    (command,) = commands(session)
    assert small.state == State.SENT
    assert (command.provider, command.kind, command.subject) == ("stripe", "refund", small.id)
    assert (command.amount, command.body["object"]) == (Money(500), "pi_ord_1")


def test_a_refund_by_bank_is_told_to_no_provider(session: Session, work_as: WorkAs) -> None:
    money.paid(work_as)

    made = going_back.sent(work_as, asked(session, 500))
    told(session, made)

    assert made.state == State.SENT
    assert commands(session) == []


def test_whatever_happens_to_a_refund_the_order_and_the_wallet_hear_of_it() -> None:
    for kind in ("refund.cancelled", "refund.failed", "refund.bounced"):
        assert "go on with what the wallet pays" in reactions.REACTIONS[kind]
    for kind in ("refund.succeeded", "refund.taken_in_hand", "voucher.unreimbursed"):
        assert "end the refund of the order" in reactions.REACTIONS[kind]
