from typing import Any

import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from kernel.errors import NotFound, StepRefused
from kernel.money import Money
from settlement import escrow, fsck, ledger, turnover
from settlement.dividing import frozen
from settlement.dividing.settled import SplitShare
from settlement.ledger import AccountRef, balance
from settlement.rails.desks import DisputeMove, DisputeWord
from settlement.refunding import chargebacks, disputes, refunds
from settlement.refunding.disputes import Chargeback, State
from settlement.refunding.parts import TakenPart
from settlement.refunding.refunds import NotRefundable
from tests.conftest import WorkAs
from tests.settlement import bookkeeping, money
from tests.settlement.refunding import going_back

PRICE = Money(100_000)
FEE = Money(1_500)


def told(work_as: WorkAs, state: str, **more: Any) -> Chargeback:
    said: dict[str, Any] = {
        "provider": "stripe", "dispute_id": "dp_1", "charge_object": "pi_ord_1",
        "order_id": "ord_1", "amount": PRICE, "state": state, "evidence_due": None, **more,
    }  # fmt: skip
    found = chargebacks.seen(work_as("system", at=money.DUE), DisputeWord(**said))
    money.made_session(work_as).flush()
    return found


def moved(work_as: WorkAs, kind: str, *, source: str = "txn_1", dispute: str = "dp_1") -> None:
    move = DisputeMove(
        dispute_id=dispute,
        kind=kind,
        amount=PRICE,
        fee=FEE if kind == "withdrawn" else Money(0),
        source_id=source,
        account=going_back.STRIPE,
    )
    chargebacks.moved(work_as("system", at=money.DUE), move)
    money.made_session(work_as).flush()


def settled_by_card(work_as: WorkAs) -> None:
    going_back.paid_by_card(work_as, amount=PRICE)
    money.accepted(work_as, "ord_1", money.line("orl_1", PRICE))
    money.settled(work_as)


def on(session: Session, code: str, owner: str = "") -> int:
    return balance(session, AccountRef(code, owner)).minor


def test_while_it_is_open_the_money_is_held_and_nothing_is_refunded(
    session: Session, work_as: WorkAs
) -> None:
    going_back.paid_by_card(work_as, amount=PRICE)

    found = told(work_as, "needs_response")

    assert found.state == State.NEEDS_RESPONSE
    assert (escrow.left(session, "ord_1"), on(session, frozen.ACCOUNT, found.hold_id or "")) == (
        Money(0), 100_000,
    )  # fmt: skip
    with pytest.raises(NotRefundable) as refused:
        going_back.requested(work_as, 1)
    assert [one.code for one in refused.value.refusals] == ["DISPUTE_OPEN"]


def test_a_refund_that_was_asked_for_before_is_not_approved_meanwhile(work_as: WorkAs) -> None:
    going_back.paid_by_card(work_as, amount=PRICE)
    refund = going_back.requested(work_as, 60_000)
    told(work_as, "warning")

    with pytest.raises(StepRefused) as refused:
        going_back.approved(work_as, refund)

    assert [one.code for one in refused.value.refusals] == ["DISPUTE_OPEN"]


def test_won_it_goes_back_to_where_it_was(session: Session, work_as: WorkAs) -> None:
    settled_by_card(work_as)
    before = on(session, "2202.merchant", "org_developer")
    told(work_as, "warning")
    moved(work_as, "withdrawn")
    assert on(session, "2202.merchant", "org_developer") < before

    found = told(work_as, "won")
    moved(work_as, "reinstated", source="txn_2")
    again = told(work_as, "needs_response")

    assert (again is found, found.state) == (True, State.WON)
    assert on(session, "2202.merchant", "org_developer") == before
    assert (on(session, "1221.dispute", "dp_1"), on(session, "6603.dispute_fee")) == (0, 1_500)
    assert escrow.explain(session, "ord_1").difference == Money(0)


@pytest.mark.parametrize("money_first", [False, True])
def test_lost_the_parties_bear_it_once_it_is_withdrawn(
    session: Session, work_as: WorkAs, money_first: bool
) -> None:
    settled_by_card(work_as)
    told(work_as, "under_review")

    if money_first:
        moved(work_as, "withdrawn")
    found = told(work_as, "lost")
    if not money_first:
        moved(work_as, "withdrawn")
    moved(work_as, "withdrawn")
    told(work_as, "lost")

    assert (found.state, found.lost_minor) == (State.LOST, 100_000)
    assert on(session, "1221.dispute", "dp_1") == 0
    assert on(session, "2241.fiscal", money.TREASURY) == 0
    assert on(session, "1221.party", "org_developer") == 3_000
    assert turnover.sides(session).counted == Money(0)
    explained = escrow.explain(session, "ord_1")
    assert (explained.lost, explained.difference) == (PRICE, Money(0))
    assert fsck.check(session) == ()


def test_the_shares_of_what_was_lost_are_examined_as_all_others(
    session: Session, work_as: WorkAs
) -> None:
    settled_by_card(work_as)
    told(work_as, "lost")
    moved(work_as, "withdrawn")
    share = session.scalars(select(SplitShare).where(SplitShare.remaining_minor == 0)).first()
    assert share is not None

    clean = fsck.check(session)
    share.remaining_minor = 1
    session.flush()
    found = fsck.check(session)

    assert clean == ()
    assert [one.code for one in found] == ["REMAINING_DIFFERS"]


def test_what_was_lost_before_its_parts_were_kept_is_left_out(
    session: Session, work_as: WorkAs
) -> None:
    settled_by_card(work_as)
    told(work_as, "lost")
    moved(work_as, "withdrawn")
    session.flush()
    bookkeeping.unguard(session)
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    guard = "taken_parts_no_delete" if on_sqlite else "taken_parts_append_only ON taken_parts"

    session.execute(text(f"DROP TRIGGER {guard}"))
    session.execute(delete(TakenPart))

    assert fsck.check(session) == ()


def test_what_had_been_refunded_before_the_exchange_makes_good(
    session: Session, work_as: WorkAs
) -> None:
    settled_by_card(work_as)
    going_back.approved(work_as, going_back.requested(work_as, 100_000, fee_refund=True))
    told(work_as, "lost")

    moved(work_as, "withdrawn")

    assert on(session, "6711.goodwill") == 100_000
    assert escrow.explain(session, "ord_1").difference == Money(0)


def test_a_charge_for_something_else_waits_for_a_person(session: Session, work_as: WorkAs) -> None:
    going_back.paid_by_card(work_as, amount=PRICE)

    found = told(work_as, "lost", order_id=None, dispute_id="dp_2")
    moved(work_as, "withdrawn", dispute="dp_2")
    moved(work_as, "withdrawn", source="txn_9", dispute="dp_unknown")

    assert (found.hold_id, found.state) == (None, State.LOST)
    assert on(session, "1221.dispute", "dp_2") == 100_000


def test_an_officer_answers_and_the_provider_closes(work_as: WorkAs) -> None:
    going_back.paid_by_card(work_as, amount=PRICE)
    found = told(work_as, "needs_response", evidence_due=money.DUE)
    settler = work_as("per_exchange_settler")

    disputes.take(settler, found.id, "answer", evidence="已交付")
    money.made_session(work_as).flush()
    told(work_as, "closed", order_id=None, dispute_id="dp_2")
    closed = told(work_as, "closed")

    assert (closed.evidence, closed.evidence_due) == ("已交付", money.DUE)
    assert disputes.listed(settler, state=State.CLOSED, after=None, limit=1).next is not None
    for who, which in (("per_buyer_editor", found.id), ("per_exchange_auditor", "cbk_none")):
        with pytest.raises(NotFound):
            disputes.seen(work_as(who), which)
    assert refunds.standing(settler.session, "ord_1").left == PRICE
    assert ledger.balance(settler.session, found.withdrawn) == Money(0)
