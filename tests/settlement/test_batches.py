from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.money import Money
from kernel.work import Rules
from settlement import batches, escrow
from settlement.batches import NothingDue, SettlementBatch, State
from settlement.ledger import AccountRef, balance
from tests.conftest import NOON, RULES, WorkAs
from tests.settlement import money

OTHER_RULES = replace(
    RULES, values={**RULES.values, "fees": {**RULES.table("fees"), "transaction_bp": 100}}
)


def codes(told: pytest.ExceptionInfo[StepRefused]) -> list[str]:
    return [refusal.code for refusal in told.value.refusals]


def confirm(work_as: WorkAs, batch: SettlementBatch, *, rules: Rules = RULES) -> None:
    checker = work_as("per_exchange_checker", at=money.DUE, rules=rules)
    batches.take(checker, batch.id, "confirm")


def accepted_order(work_as: WorkAs) -> None:
    money.paid(work_as)
    money.accepted(work_as)


def test_one_computes_and_another_posts(session: Session, work_as: WorkAs) -> None:
    accepted_order(work_as)

    batch = money.settled(work_as)

    assert (batch.state, batch.maker, batch.checker) == (
        State.POSTED, "per_exchange_settler", "per_exchange_checker",
    )  # fmt: skip
    assert (batch.total, batch.obligation_count) == (money.STORY, 1)
    assert balance(session, AccountRef("2202.operator", "org_operator")) == Money(2_483_200)
    assert balance(session, AccountRef("2241.fiscal", money.TREASURY)) == Money(3_724_800)
    (obligation,) = escrow.of_order(session, "ord_1")
    assert obligation.state == escrow.State.SETTLED


def test_the_checker_sees_before_what_is_posted_after(work_as: WorkAs) -> None:
    accepted_order(work_as)
    batch = money.computed(work_as)
    (before,) = batches.lines(work_as("per_exchange_checker"), batch)

    confirm(work_as, batch)

    (after,) = batches.lines(work_as("per_exchange_auditor"), batch)
    assert before.entry_id is None
    assert after.entry_id is not None
    assert (before.parts, before.fee) == (after.parts, after.fee)
    assert after.fee == Money(384_000)


def test_what_a_merchant_makes_himself_is_his_after_the_fee(
    session: Session, work_as: WorkAs
) -> None:
    money.paid(work_as)
    money.accepted(work_as, "ord_1", money.line(kind="other", operator_id=None))

    money.settled(work_as)

    assert balance(session, AccountRef("2202.merchant", "org_developer")) == Money(12_416_001)


def test_shares_that_were_agreed_go_before_those_of_the_rules(
    session: Session, work_as: WorkAs
) -> None:
    money.paid(work_as, amount=Money(10_000))
    shares = {"fiscal": 1_000, "operator": 0, "merchant": 9_000}
    money.accepted(work_as, "ord_1", money.line(amount=Money(10_000), shares=shares))

    money.settled(work_as)

    assert balance(session, AccountRef("2241.fiscal", money.TREASURY)) == Money(970)
    assert balance(session, AccountRef("2202.operator", "org_operator")) == Money(0)


def test_the_maker_does_not_check(session: Session, work_as: WorkAs) -> None:
    accepted_order(work_as)
    batch = money.computed(work_as)

    with pytest.raises(StepRefused) as told:
        batches.take(work_as("per_exchange_settler", at=money.DUE), batch.id, "confirm")

    assert codes(told) == ["FOUR_EYES"]
    with pytest.raises(IntegrityError):
        session.execute(update(SettlementBatch).values(checker="per_exchange_settler"))


def test_nobody_else_computes_or_checks(work_as: WorkAs) -> None:
    accepted_order(work_as)
    batch = money.computed(work_as)

    with pytest.raises(StepNotAllowed):
        batches.compute(work_as("per_exchange_auditor", at=money.DUE))
    with pytest.raises(StepNotAllowed):
        batches.take(work_as("per_exchange_auditor"), batch.id, "confirm")


def test_nothing_is_settled_before_it_is_due(work_as: WorkAs) -> None:
    accepted_order(work_as)

    with pytest.raises(NothingDue):
        money.computed(work_as, at=NOON)
    with pytest.raises(NothingDue):
        batches.compute(work_as("per_exchange_settler", at=money.DUE), cutoff=date(2026, 7, 1))


def test_a_day_that_has_not_come_is_no_cutoff(work_as: WorkAs) -> None:
    with pytest.raises(Invalid) as told:
        batches.compute(work_as("per_exchange_settler"), cutoff=date(2026, 7, 2))

    assert told.value.pointer == "/cutoff"


def test_what_is_in_one_batch_is_in_no_other(work_as: WorkAs) -> None:
    accepted_order(work_as)
    money.computed(work_as)

    with pytest.raises(NothingDue):
        money.computed(work_as)


def test_a_discarded_batch_gives_back_what_it_held(session: Session, work_as: WorkAs) -> None:
    accepted_order(work_as)
    first = money.computed(work_as)

    batches.take(work_as("per_exchange_settler"), first.id, "discard", reason="重算")
    session.flush()
    second = money.computed(work_as)

    assert batches.lines(work_as("per_exchange_auditor"), first) == []
    assert second.total == money.STORY


def test_a_batch_is_posted_once(work_as: WorkAs) -> None:
    accepted_order(work_as)
    batch = money.settled(work_as)

    with pytest.raises(StepRefused) as told:
        confirm(work_as, batch)

    assert codes(told) == ["ILLEGAL_TRANSITION"]


def test_rules_that_changed_meanwhile_are_not_posted_unseen(work_as: WorkAs) -> None:
    accepted_order(work_as)
    batch = money.computed(work_as)

    with pytest.raises(StepRefused) as told:
        confirm(work_as, batch, rules=OTHER_RULES)

    assert codes(told) == ["INPUT_CHANGED"]


def test_the_same_input_gives_the_same_digest(work_as: WorkAs) -> None:
    accepted_order(work_as)
    first = money.computed(work_as)
    batches.take(work_as("per_exchange_settler"), first.id, "discard", reason="重算")

    second = money.computed(work_as, at=money.DUE + timedelta(hours=1))

    assert first.input_digest == second.input_digest


def test_an_order_is_settled_when_its_last_line_is(session: Session, work_as: WorkAs) -> None:
    money.paid(work_as, amount=Money(200_000_000))
    half = Money(100_000_000)
    money.accepted(work_as, "ord_1", money.line("orl_1", half))
    first = money.computed(work_as)
    money.accepted(work_as, "ord_1", money.line("orl_2", half))
    second = money.computed(work_as)

    confirm(work_as, first)
    kinds = money.kinds_of(session, "ord_1")
    (line,) = batches.lines(work_as("per_exchange_auditor"), first)

    assert "order.settled" not in kinds
    assert line.fee == Money(3_000_000)
    with pytest.raises(StepRefused) as told:
        confirm(work_as, second)  # the first batch used up some of the order's cap
    assert codes(told) == ["INPUT_CHANGED"]
    batches.take(work_as("per_exchange_settler"), second.id, "discard", reason="重算")
    session.flush()
    third = money.computed(work_as)
    confirm(work_as, third)
    (rest,) = batches.lines(work_as("per_exchange_auditor"), third)
    assert rest.fee == Money(2_000_000)
    assert money.kinds_of(session, "ord_1").count("order.settled") == 1


def test_batches_are_for_who_oversees(work_as: WorkAs) -> None:
    accepted_order(work_as)
    batch = money.computed(work_as)

    assert batches.seen(work_as("per_hub_supervisor"), batch.id) is batch
    assert batches.listed(work_as("per_exchange_auditor"), after=None, limit=9).items == [batch]
    for batch_id in (batch.id, "stb_none"):
        with pytest.raises(NotFound):
            batches.seen(work_as("per_developer_editor"), batch_id)
    with pytest.raises(StepNotAllowed):
        batches.listed(work_as("per_developer_editor"), after=None, limit=9)
