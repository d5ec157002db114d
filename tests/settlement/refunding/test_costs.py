"""What a transfer back costs: taken off a refund as agreed, to the fen, and given back with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from kernel.errors import StepNotAllowed
from kernel.money import Money
from settlement import escrow, fsck, rules
from settlement.ledger import AccountRef, balance
from settlement.refunding import costs, refunds
from settlement.refunding.costs import Cost
from settlement.refunding.origins import Origin, Rail
from settlement.refunding.refunds import Asked, Refund
from tests.conftest import WorkAs
from tests.settlement import money
from tests.settlement.refunding import going_back

COST = Cost(fen=500, bp_max=1_000)
PAID = Money(100_000)


def called_off(work_as: WorkAs, amount: Money = PAID, cost: Cost = COST) -> Refund:
    made = refunds.ask(work_as("system", at=money.DUE), Asked("ord_1", amount, "取消"), cost)
    money.made_session(work_as).flush()
    return made


@given(
    fen=st.integers(1, 10**13), cost=st.integers(0, 10**6), bp_max=st.integers(0, 9_999),
    rail=st.sampled_from(Rail),
)  # fmt: skip
def test_a_cost_is_never_all_nor_above_what_was_agreed(
    fen: int, cost: int, bp_max: int, rail: Rail
) -> None:
    taken = Cost(cost, bp_max).of(Origin(rail, "", "bsl_1", Money(fen))).minor

    assert 0 <= taken <= min(cost, fen * bp_max // 10_000) < fen
    assert rail == Rail.BANK or not taken


@pytest.mark.parametrize(
    ("fen", "taken"), [(1, 0), (9, 0), (10, 1), (4_999, 499), (5_000, 500), (10**9, 500)]
)
def test_a_small_refund_costs_its_share_and_a_large_one_the_figure(fen: int, taken: int) -> None:
    assert COST.of(Origin(Rail.BANK, "", "bsl_1", Money(fen))) == Money(taken)


def test_a_text_that_says_nothing_of_a_cost_takes_none() -> None:
    assert Cost.of_terms({}) == Cost(0, 0)
    assert Cost.of_terms({"refund_cost_fen": "500", "refund_cost_bp": "1000"}) == COST


def test_what_goes_back_and_what_it_costs_is_what_was_paid(
    session: Session, work_as: WorkAs
) -> None:
    money.paid(work_as, "ord_1", PAID)
    quoted = costs.quote(work_as("system", at=money.DUE), "ord_1", COST)

    refund = called_off(work_as)

    assert quoted == (refund.amount, Money(500))
    assert refund.amount + Money(500) == PAID
    assert balance(session, AccountRef("2241.escrow", "ord_1")) == Money(0)
    assert balance(session, AccountRef(costs.ACCOUNT)) == Money(-500)
    told = escrow.explain(session, "ord_1")
    assert (told.refunded, told.shared) == (refund.amount, {costs.ACCOUNT: Money(500)})
    assert told.difference == Money(0)
    assert fsck.check(session) == ()


def test_the_cost_comes_back_with_a_refund_that_is_withdrawn(
    session: Session, work_as: WorkAs
) -> None:
    money.paid(work_as, "ord_1", PAID)
    refund = called_off(work_as)

    refunds.take(work_as("per_exchange_checker", at=money.DUE), refund.id, "cancel", reason="误")
    session.flush()

    assert balance(session, AccountRef("2241.escrow", "ord_1")) == PAID
    assert balance(session, AccountRef(costs.ACCOUNT)) == Money(0)
    assert refunds.standing(session, "ord_1").left == PAID
    assert called_off(work_as).amount == Money(99_500)
    assert fsck.check(session) == ()


def test_what_goes_back_by_its_provider_costs_nothing(session: Session, work_as: WorkAs) -> None:
    going_back.paid_by_card(work_as, amount=PAID)

    assert called_off(work_as).amount == PAID
    assert fsck.check(session) == ()


def test_only_the_house_and_settlement_officers_take_a_cost(work_as: WorkAs) -> None:
    money.paid(work_as, "ord_1", PAID)

    with pytest.raises(StepNotAllowed):
        refunds.ask(work_as("per_buyer_signer"), Asked("ord_1", PAID, "x"), COST)


def test_no_other_event_takes_money_out_of_escrow_for_a_cost() -> None:
    pair = ("2241.escrow", costs.ACCOUNT)

    assert [name for name, rule in rules.RULES.items() if pair in rule.pairs] == [
        "refund.requested", rules.REVERSAL,
    ]  # fmt: skip
