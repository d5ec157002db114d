import pytest
from sqlalchemy.orm import Session

from kernel.errors import Invalid, NotFound
from kernel.money import Money
from settlement import ledger
from settlement.ledger import AccountRef, Row, StatementLine, TrialRow
from tests.conftest import WorkAs
from tests.settlement.bookkeeping import (
    CUSTODY,
    JULY,
    VAT,
    accept,
    accepted,
    escrow,
    matched,
    merchant,
    on,
    paid_for,
    received,
    settle,
    suspense,
)


def test_a_balance_is_positive_on_the_side_on_which_the_account_grows(
    session: Session, work_as: WorkAs
) -> None:
    work = work_as("system")
    paid_for(work, "ord_1", 106)
    accept(work, "ord_1", 106)
    settle(work, "ord_1", [(merchant("org_m"), 100), (VAT, 6)])

    assert ledger.balance(session, CUSTODY) == Money(106)
    assert ledger.balance(session, merchant("org_m")) == Money(100)
    assert ledger.balance(session, VAT) == Money(6)
    assert ledger.balance(session, AccountRef("9001.counter", "org_buyer")) == Money(106)


def test_a_hot_account_may_stand_below_zero_for_nobody_guards_it(
    session: Session, work_as: WorkAs
) -> None:
    work = work_as("system")
    paid_for(work, "ord_1", 10)
    transit = AccountRef("2241.refund_transit", "ref_1")
    asked = [Row(escrow("ord_1"), transit, Money(10))]
    ledger.post(work, "refund.requested", "ref_1", asked, effective_on=JULY)
    other = CUSTODY._replace(owner="acc_2")

    paid = [Row(transit, other, Money(10))]
    ledger.post(work, "refund.succeeded", "bsl_2", paid, effective_on=JULY)

    assert on(session, other) == -10


@pytest.mark.parametrize("ref", [CUSTODY, escrow("ord_1")])
def test_an_account_that_was_never_used_has_nothing(session: Session, ref: AccountRef) -> None:
    assert ledger.balance(session, ref) == Money(0)


def test_an_account_that_the_chart_has_not_has_no_balance(session: Session) -> None:
    with pytest.raises(LookupError, match=r"1\.nothing"):
        ledger.balance(session, AccountRef("1.nothing", "x"))


def test_a_statement_says_on_which_side_how_much_and_against_what(
    session: Session, work_as: WorkAs
) -> None:
    work = work_as("system")
    first = received(work, "bsl_1", 1000)
    second = matched(work, "bsl_1", "ord_1", 600)

    page = ledger.statement(session, suspense("bsl_1"))

    assert page.next is None
    assert page.items == [
        StatementLine(
            entry_id=first.entry_id,
            line_no=1,
            event="bank.received",
            source_id="bsl_1",
            order_id=None,
            effective_on=JULY,
            side="credit",
            against=CUSTODY,
            amount=Money(1000),
        ),
        StatementLine(
            entry_id=second.entry_id,
            line_no=1,
            event="bank.matched",
            source_id="bsl_1 ord_1",
            order_id="ord_1",
            effective_on=JULY,
            side="debit",
            against=escrow("ord_1"),
            amount=Money(600),
        ),
    ]


def test_a_statement_is_read_page_by_page_and_misses_nothing(
    session: Session, work_as: WorkAs
) -> None:
    work = work_as("system")
    received(work, "bsl_1", 1000)
    rows = [Row(suspense("bsl_1"), escrow(f"ord_{number}"), Money(number)) for number in (1, 2, 3)]
    ledger.post(work, "bank.matched", "mat_1", rows, effective_on=JULY)
    received(work, "bsl_2", 5)
    matched(work, "bsl_1", "ord_4", 4)

    amounts, after = [], None
    while True:
        page = ledger.statement(session, suspense("bsl_1"), limit=2, after=after)
        amounts.append([line.amount.minor for line in page.items])
        if (after := page.next) is None:
            break

    assert amounts == [[1000, 1], [2, 3], [4]]


@pytest.mark.parametrize("cursor", ["", "1", "1.x", "1.1.1", "-1.0", "1" * 30 + ".1", "１.1"])
def test_a_cursor_that_nobody_gave_out_is_refused(session: Session, cursor: str) -> None:
    with pytest.raises(Invalid) as caught:
        ledger.statement(session, CUSTODY, after=cursor)

    assert caught.value.pointer == "/after"


def test_the_trial_balance_adds_up_by_book_currency_and_code(
    session: Session, work_as: WorkAs
) -> None:
    work = work_as("system")
    paid_for(work, "ord_1", 100)
    paid_for(work, "ord_2", 50)
    accept(work, "ord_1", 70)
    hongkong = [
        Row(
            CUSTODY._replace(currency="HKD"),
            suspense("b")._replace(currency="HKD"),
            Money(9, "HKD"),
        )
    ]
    ledger.post(work, "bank.received", "b", hongkong, effective_on=JULY)

    found = ledger.trial_balance(session)

    assert found.rows == (
        TrialRow("memo", "CNY", "9001.counter", 70, 0),
        TrialRow("memo", "CNY", "9002.turnover", 0, 70),
        TrialRow("money", "CNY", "1012.custody", 150, 0),
        TrialRow("money", "CNY", "2241.accepted", 0, 70),
        TrialRow("money", "CNY", "2241.escrow", 70, 150),
        TrialRow("money", "CNY", "2241.suspense", 150, 150),
        TrialRow("money", "HKD", "1012.custody", 9, 0),
        TrialRow("money", "HKD", "2241.suspense", 0, 9),
    )
    assert found.difference == 0
    assert found.differences == {}


def test_a_trial_balance_that_does_not_balance_says_where() -> None:
    rows = (
        TrialRow("memo", "CNY", "9001.counter", 70, 0),
        TrialRow("memo", "CNY", "9002.turnover", 0, 60),
        TrialRow("money", "CNY", "1012.custody", 5, 0),
        TrialRow("money", "CNY", "2241.escrow", 0, 9),
        TrialRow("money", "HKD", "1012.custody", 5, 5),
    )

    found = ledger.TrialBalance(rows)

    assert found.differences == {("memo", "CNY"): 10, ("money", "CNY"): -4}
    assert found.difference == 14


def test_the_entries_of_an_order_are_read_page_by_page(session: Session, work_as: WorkAs) -> None:
    work = work_as("system")
    paid_for(work, "ord_1", 100)
    paid_for(work, "ord_2", 100)
    accept(work, "ord_1", 100)
    settle(work, "ord_1", [(merchant("org_m"), 100)])

    first = ledger.entries_of(session, "ord_1", limit=2)
    second = ledger.entries_of(session, "ord_1", limit=2, after=first.next)

    assert [entry.event for entry in first.items] == ["bank.matched", "line.accepted"]
    assert [entry.event for entry in second.items] == ["line.settled"]
    assert second.next is None
    assert second.items[0].lines[0].debit == accepted("ord_1")
    assert ledger.entries_of(session, "ord_3").items == []


def test_an_entry_that_is_not_there_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound) as caught:
        ledger.entry(session, 1)

    assert caught.value.zh == "没有分录 1"
