"""What is left in a wallet goes back in cash: once, not while it is used, and not in between."""

import pytest
from sqlalchemy.orm import Session

from kernel.errors import Invalid, StepNotAllowed, StepRefused
from kernel.journal import Event
from kernel.money import Money
from settlement import fsck, ledger
from settlement.accounts import NoVerifiedAccount
from settlement.ledger import AccountRef, Overdrawn, Row
from settlement.metering import deposits, wallets
from settlement.refunding import refunds, wallet_returns
from settlement.refunding.refunds import Kind, NotRefundable, Rail, Refund, State
from tests.conftest import WorkAs, work_of
from tests.settlement import money
from tests.settlement.metering import gauges
from tests.settlement.refunding import going_back

WALLET = AccountRef("2241.wallet", "org_buyer")


def asked(session: Session, fen: int, person: str = "per_buyer_signer") -> Refund:
    work = work_of(session, person, at=money.DUE)
    made = wallet_returns.ask(work, amount=Money(fen), reason="不再使用")
    session.flush()
    return made


def verified(work_as: WorkAs) -> None:
    money.verified(work_as, "org_buyer", money.BUYER_NAME)


def test_a_buyer_has_its_money_back_once_an_officer_has_looked(
    session: Session, work_as: WorkAs
) -> None:
    verified(work_as)
    gauges.filled(session, 50_000)

    made = asked(session, 20_000)
    in_transit = (ledger.balance(session, WALLET), ledger.balance(session, made.transit))
    with pytest.raises(StepNotAllowed):
        refunds.take(work_as("per_buyer_signer"), made.id, "approve")
    going_back.sent(work_as, made)
    going_back.arrived(work_as, made)

    assert (made.kind, made.rail, made.payer_id) == (Kind.WALLET, Rail.BANK, "org_buyer")
    assert in_transit == (Money(30_000), Money(20_000))
    assert (made.state, made.checker) == (State.SUCCEEDED, "per_exchange_checker")
    assert ledger.balance(session, made.transit) == Money(0)
    assert wallet_returns.lately(session, "org_buyer", limit=9) == [made]
    session.commit()
    assert fsck.check(session) == ()


def test_even_a_small_return_waits_for_an_officer(session: Session, work_as: WorkAs) -> None:
    verified(work_as)
    gauges.filled(session, 100)

    assert asked(session, 1).state == State.REQUESTED


def test_what_is_on_its_way_back_cannot_be_used_meanwhile(
    session: Session, work_as: WorkAs
) -> None:
    verified(work_as)
    gauges.filled(session, 1_000)
    asked(session, 700)

    with pytest.raises(Overdrawn):
        deposits.keep(work_of(session, "system"), "ent_1", bidder_id="org_buyer", amount=Money(301))
    with pytest.raises(NotRefundable):
        asked(session, 301)


def test_what_is_owed_for_use_does_not_go_back(session: Session, work_as: WorkAs) -> None:
    verified(work_as)
    gauges.meter(session, gauges.CALLS, mode="wallet")
    gauges.filled(session, 1_000)
    gauges.told(session, ("e1", 4))

    with pytest.raises(NotRefundable) as refused:
        asked(session, 801)
    made = asked(session, 800)

    assert [each.code for each in refused.value.refusals] == ["MORE_THAN_IS_FREE"]
    assert made.amount == Money(800)
    assert wallets.free(session, "org_buyer", "2026-07") == Money(0)


def test_a_return_that_fails_is_in_the_wallet_again(session: Session, work_as: WorkAs) -> None:
    verified(work_as)
    gauges.filled(session, 1_000)
    made = going_back.sent(work_as, asked(session, 400))
    house = work_of(session, "system", at=money.DUE)

    refunds.failed(
        house, made.id, source_id="pof_1", cash=None, on=going_back.TODAY, reason="账号有误"
    )
    session.flush()

    assert (made.state, ledger.balance(session, WALLET)) == (State.FAILED, Money(1_000))
    with pytest.raises(StepRefused) as refused:
        refunds.take(work_as("per_exchange_settler"), made.id, "by_hand", reason="改退")
    assert [each.code for each in refused.value.refusals] == ["BACK_IN_THE_WALLET"]
    again = asked(session, 400)
    assert (again.object_id, again.payee_id is not None) == ("org_buyer", True)


def test_a_return_that_comes_back_later_is_in_the_wallet_again(
    session: Session, work_as: WorkAs
) -> None:
    verified(work_as)
    gauges.filled(session, 1_000)
    made = going_back.arrived(work_as, going_back.sent(work_as, asked(session, 400)))

    refunds.failed(
        work_of(session, "system", at=money.DUE), made.id, source_id="bsl_9",
        cash=going_back.CUSTODY, on=going_back.TODAY, reason="退汇",
    )  # fmt: skip

    assert (made.state, ledger.balance(session, WALLET)) == (State.FAILED, Money(1_000))


def test_the_buyer_may_withdraw_and_what_stood_goes_on(session: Session, work_as: WorkAs) -> None:
    verified(work_as)
    it = gauges.meter(session, gauges.CALLS, mode="wallet")
    gauges.filled(session, 120)
    made = asked(session, 120)
    gauges.told(session, ("e1", 2))
    gauges.closed(session, money.DUE)
    stood = it.state

    with pytest.raises(StepNotAllowed):
        refunds.take(work_as("per_exchange_compliance"), made.id, "cancel", reason="x")
    refunds.take(work_as("per_buyer_signer", at=money.DUE), made.id, "cancel", reason="误提")
    event = Event(kind="refund.cancelled", subject=made.id, data={"order_id": None})
    wallet_returns.put_back(work_of(session, "system", at=money.DUE), event)

    assert (stood, it.state, made.state) == ("stopped", "open", State.CANCELLED)
    assert ledger.balance(session, WALLET) == Money(20)


def test_the_exchange_may_refuse_it_too_and_a_refund_of_an_order_moves_no_meter(
    session: Session, work_as: WorkAs
) -> None:
    money.paid(work_as)
    made = going_back.requested(work_as, 100_000)

    event = Event(kind="refund.cancelled", subject=made.id, data={"order_id": "ord_1"})
    wallet_returns.put_back(work_as("system"), event)
    with pytest.raises(StepNotAllowed):
        refunds.take(work_as("per_buyer_signer"), made.id, "cancel", reason="x")
    refunds.take(work_as("per_exchange_settler"), made.id, "cancel", reason="误")

    assert made.state == State.CANCELLED


def test_it_goes_back_by_the_provider_that_brought_it(session: Session, work_as: WorkAs) -> None:
    for name, fen in (("pi_1", 900), ("pi_2", 100)):
        row = Row(going_back.STRIPE, WALLET, Money(fen))
        house = work_as("system")
        ledger.post(house, "payment.captured", name, [row], effective_on=going_back.TODAY)

    made = asked(session, 500)

    assert (made.rail, made.object_id, made.account) == (Rail.PROVIDER, "pi_1", "stripe")
    with pytest.raises(NoVerifiedAccount):
        asked(session, 401)
    assert asked(session, 400).object_id == "pi_1"
    assert asked(session, 100).object_id == "pi_2"


def test_only_who_moves_its_money_asks_and_for_something(session: Session, work_as: WorkAs) -> None:
    gauges.filled(session, 100)

    with pytest.raises(StepNotAllowed):
        asked(session, 1, "per_developer_editor")
    with pytest.raises(Invalid):
        asked(session, 0)
