from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel.errors import Invalid
from kernel.money import Money
from settlement import escrow, ledger, turnover
from settlement.books import entries
from settlement.dividing import terms
from settlement.escrow import Kind, State
from settlement.ledger import Overdrawn
from tests.conftest import RULES, WorkAs
from tests.settlement import money


def test_an_accepted_line_leaves_escrow_and_counts(session: Session, work_as: WorkAs) -> None:
    money.paid(work_as)

    (made,) = money.accepted(work_as)

    assert (made.state, made.kind, made.amount) == (State.OPEN, Kind.PUBLIC, money.STORY)
    assert (made.accepted_on, made.due_on) == (date(2026, 7, 1), date(2026, 7, 10))
    assert escrow.left(session, "ord_1") == Money(0)
    assert turnover.sides(session).counted == money.STORY


def test_before_any_acceptance_nothing_counts(session: Session, work_as: WorkAs) -> None:
    money.paid(work_as)

    assert turnover.sides(session).counted == Money(0)
    assert escrow.left(session, "ord_1") == money.STORY


def test_accepting_twice_is_accepting_once(session: Session, work_as: WorkAs) -> None:
    money.paid(work_as)
    once = money.accepted(work_as)

    again = money.accepted(work_as)

    accepted = select(func.count()).where(entries.c.event == "line.accepted")
    assert again == once
    assert session.scalar(accepted) == 1


def test_what_is_not_in_escrow_cannot_be_accepted(session: Session, work_as: WorkAs) -> None:
    money.paid(work_as)

    with pytest.raises(Overdrawn):
        money.accepted(work_as, "ord_1", money.line(amount=Money(money.STORY.minor + 1)))
    with pytest.raises(Overdrawn):
        money.accepted(work_as, "ord_2", money.line("orl_2"))

    assert turnover.sides(session).counted == Money(0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"operator_id": None},
        {"shares": {"merchant": 9_999}},
        {"shares": {"merchant": 5_000, "friend": 5_000}},
        {"kind": "other", "operator_id": None, "shares": {"operator": 10_000}},
    ],
)
def test_a_line_that_cannot_be_divided_is_not_accepted(
    work_as: WorkAs, wrong: dict[str, Any]
) -> None:
    money.paid(work_as)

    with pytest.raises(Invalid):
        money.accepted(work_as, "ord_1", money.line(**wrong))


def test_the_money_is_explained_hop_by_hop(session: Session, work_as: WorkAs) -> None:
    money.paid(work_as)
    before = escrow.explain(session, "ord_1")
    money.accepted(work_as)
    waiting = escrow.explain(session, "ord_1")
    money.settled(work_as)

    told = escrow.explain(session, "ord_1")

    assert (before.paid_in, before.in_escrow) == (money.STORY, money.STORY)
    assert (waiting.in_escrow, waiting.waiting) == (Money(0), money.STORY)
    assert before.difference == waiting.difference == told.difference == Money(0)
    assert [(hop.event, hop.debit.code, hop.credit.code) for hop in told.hops[:4]] == [
        ("bank.matched", "2241.suspense", "2241.escrow"),
        ("line.accepted", "2241.escrow", "2241.accepted"),
        ("line.accepted", "9001.counter", "9002.turnover"),
        ("line.settled", "2241.accepted", "2202.merchant"),
    ]
    assert told.hops[0].debit_name.en == "received, not yet matched"
    assert sum(told.shared.values(), Money(0)) == money.STORY


def test_an_explanation_that_does_not_add_up_says_by_how_much(
    session: Session, work_as: WorkAs
) -> None:
    money.paid(work_as)

    wrong = replace(escrow.explain(session, "ord_1"), in_escrow=Money(1))

    assert wrong.difference == Money(money.STORY.minor - 1)


def test_an_order_of_many_lines_is_explained_whole(session: Session, work_as: WorkAs) -> None:
    money.paid(work_as, amount=Money(6_000))
    lines = [money.line(f"orl_{n}", Money(100)) for n in range(60)]
    money.accepted(work_as, "ord_1", *lines)

    told = escrow.explain(session, "ord_1")

    assert (len(told.hops), told.waiting) == (121, Money(6_000))
    assert told.difference == Money(0)


def test_a_reversed_acceptance_is_explained(session: Session, work_as: WorkAs) -> None:
    money.paid(work_as)
    money.accepted(work_as)
    work = work_as("per_exchange_settler")
    last = ledger.entries_of(session, "ord_1").items[-1]

    ledger.reverse(work, last.id, effective_on=date(2026, 7, 1))

    told = escrow.explain(session, "ord_1")
    assert (told.in_escrow, told.waiting, told.difference) == (money.STORY, Money(0), Money(0))
    assert turnover.sides(session).counted == Money(0)


def test_the_cap_of_the_fee_is_one_for_the_order(work_as: WorkAs) -> None:
    money.paid(work_as)
    (made,) = money.accepted(work_as)

    first = terms.rule(made, RULES, terms.NONE, charged=Money(0))
    later = terms.rule(made, RULES, terms.NONE, charged=Money(4_999_999))
    last = terms.rule(made, RULES, terms.NONE, charged=Money(5_000_001))

    caps = [rule.fee_cap for rule in (first, later, last)]
    assert caps == [Money(5_000_000), Money(1), Money(0)]


def test_obligations_are_listed_to_their_seller_and_to_who_oversees(work_as: WorkAs) -> None:
    for n in range(3):
        money.paid(work_as, f"ord_{n}", Money(100))
        money.accepted(work_as, f"ord_{n}", money.line(f"orl_{n}", Money(100)))

    def seen(person: str, **which: str) -> list[str]:
        page = escrow.listed(work_as(person), after=None, limit=9, **which)
        return sorted(item.order_line_id for item in page.items)

    assert seen("per_developer_editor") == ["orl_0", "orl_1", "orl_2"]
    assert seen("per_exchange_auditor", order_id="ord_1") == ["orl_1"]
    assert seen("per_buyer_editor") == []
