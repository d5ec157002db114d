"""What waits at the desk of settlement, counted: for the reader, and for another person."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from kernel.errors import StepNotAllowed
from kernel.money import Money
from settlement import batches, payments
from settlement.desks import holders, waiting
from settlement.desks.waiting import Matter, Waiting
from tests.conftest import WorkAs
from tests.settlement import money

MAKER, CHECKER = "per_exchange_settler", "per_exchange_checker"


def found(work_as: WorkAs, person: str) -> dict[Matter, Waiting]:
    return {one.matter: one for one in waiting.of_desk(work_as(person, at=money.DUE))}


@contextmanager
def statements(work_as: WorkAs) -> Iterator[list[str]]:
    """Note every SELECT."""
    told: list[str] = []
    engine = work_as("system").session.get_bind()

    def note(*given: Any) -> None:
        told.extend([given[2]] if "SELECT" in given[2] else [])

    event.listen(engine, "before_cursor_execute", note)
    yield told
    event.remove(engine, "before_cursor_execute", note)


def test_what_falls_due_waits_to_be_computed_then_for_another_person(work_as: WorkAs) -> None:
    money.paid(work_as)
    money.accepted(work_as)
    money.made_session(work_as).flush()

    due = found(work_as, MAKER)
    money.computed(work_as)
    maker, checker = found(work_as, MAKER), found(work_as, CHECKER)

    assert due == {Matter.DUE: Waiting(Matter.DUE, 1, money.STORY, 0)}
    assert maker == {Matter.BATCH: Waiting(Matter.BATCH, 1, money.STORY, 1)}
    assert (maker[Matter.BATCH].mine, checker[Matter.BATCH].mine) == (0, 1)


def test_payouts_wait_to_be_approved_and_then_to_be_sent(work_as: WorkAs) -> None:
    money.everybodys_accounts(work_as)
    money.paid(work_as)
    money.accepted(work_as)
    made = money.computed(work_as)
    batches.take(work_as(CHECKER, at=money.DUE), made.id, "confirm")
    money.made_session(work_as).flush()

    payout = money.requested(work_as)
    asked = found(work_as, CHECKER)
    money.approved(work_as, payout)
    money.made_session(work_as).flush()
    ready = found(work_as, MAKER)

    assert (asked[Matter.PAYOUT].number, asked[Matter.PAYOUT].mine) == (1, 1)
    assert Matter.PAYOUT not in ready
    assert ready[Matter.TO_SEND] == Waiting(Matter.TO_SEND, 1, payout.amount, 0)


def test_all_that_waits_is_counted_by_one_select_and_named_in_both_languages(
    work_as: WorkAs,
) -> None:
    with statements(work_as) as told:
        assert waiting.of_desk(work_as(MAKER)) == []

    assert len(told) == 1
    assert all(matter.label.zh and matter.label.en for matter in Matter)


def test_only_overseers_see_what_waits(work_as: WorkAs) -> None:
    assert waiting.of_desk(work_as("per_exchange_auditor")) == []

    with pytest.raises(StepNotAllowed):
        waiting.of_desk(work_as("per_buyer_editor"))


def test_a_payer_sees_what_it_has_to_pay_and_nobody_elses(work_as: WorkAs) -> None:
    first = money.asked(work_as, "ord_1", Money(100))
    money.asked(work_as, "ord_2", Money(200))
    payments.receive(work_as("system"), first, Money(100))
    money.made_session(work_as).flush()

    own = waiting.to_pay(work_as("per_buyer_editor"), limit=9)
    others = waiting.to_pay(work_as("per_developer_editor"), limit=9)

    assert [(one.order_id, one.due) for one in own] == [("ord_2", Money(200))]
    assert others == []


def test_accounts_of_a_code_are_told_by_owner_page_by_page(work_as: WorkAs) -> None:
    money.paid(work_as, "ord_1", Money(300))
    money.paid(work_as, "ord_2", Money(500))
    money.made_session(work_as).flush()
    auditor = work_as("per_exchange_auditor")

    first = holders.of_code(auditor, "2241.escrow", after=None, limit=1)
    second = holders.of_code(auditor, "2241.escrow", after=first.next, limit=1)
    bank = holders.of_code(auditor, "1012.custody", after=None, limit=9)

    assert [(one.ref.owner, one.balance) for one in first.items] == [("ord_1", Money(300))]
    assert [(one.ref.owner, one.balance) for one in second.items] == [("ord_2", Money(500))]
    assert second.next is None
    assert [one.balance for one in bank.items] == [Money(800)]
    with pytest.raises(StepNotAllowed):
        holders.of_code(work_as("per_buyer_editor"), "2241.escrow", after=None, limit=1)
