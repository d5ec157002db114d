import pytest
from sqlalchemy.orm import Session

from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.money import Money
from settlement import batches, escrow, fsck
from settlement.batches import NothingDue
from settlement.dividing import frozen, hold_list
from settlement.dividing.frozen import State
from settlement.dividing.hold_list import AlreadyListed
from settlement.holding import holds
from settlement.ledger import AccountRef, balance
from settlement.refunding import refunds
from tests.conftest import WorkAs
from tests.settlement import money
from tests.settlement.refunding import going_back


def on(session: Session, code: str, owner: str) -> int:
    return balance(session, AccountRef(code, owner)).minor


def test_what_is_held_in_escrow_cannot_be_accepted(session: Session, work_as: WorkAs) -> None:
    money.paid(work_as)

    hold = going_back.held(work_as, 2_800_001)

    assert (hold.state, hold.amount) == (State.OPEN, Money(2_800_001))
    assert escrow.left(session, "ord_1") == Money(10_000_000)
    assert escrow.explain(session, "ord_1").difference == Money(0)
    holds.lift(work_as("per_exchange_settler"), hold.id, reason="和解")
    assert escrow.left(session, "ord_1") == money.STORY


def test_what_is_held_is_not_settled_until_it_is_lifted(session: Session, work_as: WorkAs) -> None:
    money.paid(work_as)
    money.accepted(work_as)
    hold = going_back.held(work_as, 1)

    with pytest.raises(NothingDue):
        money.computed(work_as)
    holds.lift(work_as("per_exchange_settler"), hold.id, reason="和解")
    session.flush()

    assert money.settled(work_as).total == money.STORY
    assert fsck.check(session) == ()


def test_a_line_held_after_it_was_computed_falls_out_of_the_batch(
    session: Session, work_as: WorkAs
) -> None:
    for number in (1, 2):
        money.paid(work_as, f"ord_{number}", Money(50_000))
        money.accepted(work_as, f"ord_{number}", money.line(f"orl_{number}", Money(50_000)))
    batch = money.computed(work_as)
    going_back.held(work_as, order_id="ord_2")
    session.flush()

    batches.take(work_as("per_exchange_checker", at=money.DUE), batch.id, "confirm")

    assert [one.state for one in escrow.of_order(session, "ord_1")] == [escrow.State.SETTLED]
    (dropped,) = escrow.of_order(session, "ord_2")
    assert (dropped.batch_id, dropped.state) == (None, escrow.State.OPEN)
    assert "settlement.line_dropped" in money.kinds_of(session, batch.id)


def test_of_what_was_settled_as_much_as_is_there_is_held(session: Session, work_as: WorkAs) -> None:
    money.everybodys_accounts(work_as)
    going_back.settled_order(work_as)
    money.requested(work_as, amount=Money(6_000_000))

    hold = going_back.held(work_as)

    assert hold.amount == Money(208_001 + 2_483_200 + 3_724_800)
    assert on(session, "2202.merchant", "org_developer") == 0
    pieces = frozen.of_hold(session, hold.id)
    assert [piece.account_code for piece in pieces] == [
        "2202.merchant", "2202.operator", "2241.fiscal",
    ]  # fmt: skip
    assert fsck.check(session) == ()


def test_a_refund_takes_what_is_held_first(session: Session, work_as: WorkAs) -> None:
    going_back.settled_order(work_as)
    hold = going_back.held(work_as)

    refund = going_back.requested(work_as, money.STORY.minor, fee_refund=True)

    assert balance(session, hold.account) == Money(0)
    refunds.take(work_as("per_exchange_checker"), refund.id, "cancel", reason="误")
    assert on(session, "2202.merchant", "org_developer") == 6_208_001
    holds.lift(work_as("per_exchange_settler"), hold.id, reason="终结")
    assert (hold.state, fsck.check(session)) == (State.LIFTED, ())


def test_an_order_without_money_can_be_held_all_the_same(work_as: WorkAs) -> None:
    empty = going_back.held(work_as, order_id="ord_none")

    assert empty.amount == Money(0)
    with pytest.raises(Invalid):
        going_back.held(work_as, 0)
    with pytest.raises(StepNotAllowed):
        holds.place(
            work_as("per_buyer_editor"),
            order_id="ord_1",
            ground=frozen.Ground.OTHER,
            reference="x",
        )


def test_holds_are_for_who_oversees(work_as: WorkAs) -> None:
    hold = going_back.held(work_as)
    auditor = work_as("per_exchange_auditor")

    assert holds.listed(auditor, state=State.OPEN, after=None, limit=9).items == [hold]
    assert holds.listed(auditor, state=State.LIFTED, after=None, limit=9).items == []
    for who, which in (("per_buyer_editor", hold.id), ("per_exchange_auditor", "hld_none")):
        with pytest.raises(NotFound):
            holds.seen(work_as(who), which)


def test_who_is_on_the_hold_list_is_neither_settled_nor_paid(
    session: Session, work_as: WorkAs
) -> None:
    money.everybodys_accounts(work_as)
    going_back.settled_order(work_as, amount=Money(100_000))
    payout = money.requested(work_as, amount=Money(10_000))
    money.paid(work_as, "ord_2", Money(100_000))
    money.accepted(work_as, "ord_2", money.line("orl_2", Money(100_000)))
    batch = money.computed(work_as)
    settler = work_as("per_exchange_settler", at=money.DUE)
    listed = hold_list.put(settler, "org_developer", reason="核查")
    session.flush()

    with pytest.raises(StepRefused) as refused:
        money.approved(work_as, payout)
    held = money.requested(work_as, amount=Money(10_000))
    batches.take(work_as("per_exchange_checker", at=money.DUE), batch.id, "confirm")
    with pytest.raises(NothingDue):
        money.computed(work_as)
    with pytest.raises(AlreadyListed):
        hold_list.put(settler, "org_developer", reason="再次")

    assert [one.code for one in refused.value.refusals] == ["ON_HOLD_LIST"]
    assert (held.state, escrow.of_order(session, "ord_2")[0].batch_id) == ("held", None)
    hold_list.take(settler, listed.id, "take_off", reason="无事")
    session.flush()
    assert money.computed(work_as).obligation_count == 1
    assert hold_list.listed(settler, after=None, limit=9).items == [listed]
    for who, which in (("per_buyer_editor", listed.id), ("per_exchange_auditor", "hls_none")):
        with pytest.raises(NotFound):
            hold_list.seen(work_as(who), which)
