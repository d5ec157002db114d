from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel.errors import Kind, NotFound
from kernel.money import Money
from settlement import fsck, ledger
from settlement.books import LINES_MAX, accounts, entries
from settlement.ledger import AccountRef, Posted, Row
from tests.conftest import WorkAs
from tests.settlement.bookkeeping import (
    COMMISSION,
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


def test_an_entry_says_what_happened_when_and_by_whom(session: Session, work_as: WorkAs) -> None:
    work = work_as("per_exchange_settler")
    received(work, "bsl_1", 1000)

    posted = matched(work, "bsl_1", "ord_1", 1000)
    session.commit()

    entry = ledger.entry(session, posted.entry_id)
    assert (entry.event, entry.source_id, entry.seq) == ("bank.matched", "bsl_1 ord_1", 0)
    assert (entry.person, entry.organisation) == ("per_exchange_settler", "org_exchange")
    assert (entry.order_id, entry.reverses) == ("ord_1", None)
    assert (entry.effective_on, entry.period_id, entry.late) == (JULY, "2026-07", False)
    assert entry.recorded_at == work.now
    assert [line.row for line in entry.lines] == [
        Row(suspense("bsl_1"), escrow("ord_1"), Money(1000))
    ]


def test_money_goes_from_the_bank_to_those_who_earned_it(session: Session, work_as: WorkAs) -> None:
    work = work_as("system")
    operator, treasury = AccountRef("2202.operator", "org_op"), AccountRef("2241.fiscal", "tre_1")
    paid_for(work, "ord_1", 10_000)
    accept(work, "ord_1", 10_000)

    shares = [(merchant("org_m"), 8_000), (operator, 900), (treasury, 600), (COMMISSION, 472)]
    settle(work, "ord_1", [*shares, (VAT, 28)])
    session.commit()

    assert [on(session, account) for account, _ in shares] == [8_000, 900, 600, 472]
    assert on(session, VAT) == 28
    assert on(session, escrow("ord_1")) == on(session, accepted("ord_1")) == 0
    assert on(session, CUSTODY) == 10_000
    assert on(session, AccountRef("9002.turnover", "ord_1")) == 10_000
    assert fsck.check(session) == ()


def test_a_payout_that_fails_is_payable_again(session: Session, work_as: WorkAs) -> None:
    work = work_as("system")
    transit = AccountRef("2241.payout_transit", "pot_1")
    paid_for(work, "ord_1", 500)
    accept(work, "ord_1", 500)
    settle(work, "ord_1", [(merchant("org_m"), 500)])

    sent = [Row(merchant("org_m"), transit, Money(500))]
    ledger.post(work, "payout.initiated", "pot_1", sent, effective_on=JULY)
    gone = on(session, merchant("org_m"))
    back = [Row(transit, merchant("org_m"), Money(500))]
    ledger.post(work, "payout.failed", "pot_1", back, effective_on=JULY)

    assert gone == 0
    assert on(session, merchant("org_m")) == 500
    assert on(session, transit) == 0


def test_a_refund_before_acceptance_leaves_by_the_bank(session: Session, work_as: WorkAs) -> None:
    work = work_as("system")
    transit = AccountRef("2241.refund_transit", "ref_1")
    paid_for(work, "ord_1", 500)

    asked = [Row(escrow("ord_1"), transit, Money(500))]
    ledger.post(work, "refund.requested", "ref_1", asked, effective_on=JULY)
    sent = [Row(transit, CUSTODY, Money(500))]
    ledger.post(work, "refund.succeeded", "bsl_2", sent, effective_on=JULY)

    assert on(session, CUSTODY) == on(session, transit) == on(session, escrow("ord_1")) == 0


def test_rows_of_zero_are_left_out(session: Session, work_as: WorkAs) -> None:
    work = work_as("system")
    paid_for(work, "ord_1", 100)
    accept(work, "ord_1", 100)

    posted = settle(work, "ord_1", [(merchant("org_m"), 100), (COMMISSION, 0), (VAT, 0)])

    assert len(ledger.entry(session, posted.entry_id).lines) == 1


def test_an_entry_of_nothing_is_refused(work_as: WorkAs) -> None:
    with pytest.raises(ledger.NothingToPost) as caught:
        received(work_as("system"), "bsl_1", 0)

    assert caught.value.kind is Kind.INVALID


def test_a_repeat_is_told_that_it_is_one(session: Session, work_as: WorkAs) -> None:
    work = work_as("system")
    first = received(work, "bsl_1", 1000)
    session.commit()

    again = received(work, "bsl_1", 1000)

    assert first == Posted(first.entry_id, already=False)
    assert again == Posted(first.entry_id, already=True)
    assert on(session, CUSTODY) == 1000


def test_a_repeat_is_known_even_when_the_money_has_moved_on(
    session: Session, work_as: WorkAs
) -> None:
    work = work_as("system")
    received(work, "bsl_1", 1000)
    first = matched(work, "bsl_1", "ord_1", 1000)
    session.commit()

    again = matched(work, "bsl_1", "ord_1", 1000)

    assert again == Posted(first.entry_id, already=True)


def test_a_repeat_on_another_day_or_in_another_order_of_rows_is_still_one(
    work_as: WorkAs,
) -> None:
    work = work_as("system")
    paid_for(work, "ord_1", 100)
    accept(work, "ord_1", 100)
    shares = [(merchant("org_m"), 90), (merchant("org_n"), 10)]
    first = settle(work, "ord_1", shares)
    received_first = received(work, "bsl_1", 5)

    assert settle(work, "ord_1", shares[::-1]) == Posted(first.entry_id, already=True)
    assert received(work, "bsl_1", 5, on=date(2026, 8, 9)).entry_id == received_first.entry_id


def test_the_same_event_with_another_amount_is_no_repeat(session: Session, work_as: WorkAs) -> None:
    work = work_as("system")
    first = received(work, "bsl_1", 1000)

    with pytest.raises(ledger.AlreadyPostedDifferently) as caught:
        received(work, "bsl_1", 1001)

    assert caught.value.kind is Kind.CONFLICT
    assert f"entry {first.entry_id}" in caught.value.en
    assert str(first.entry_id) in caught.value.zh
    assert on(session, CUSTODY) == 1000


def test_the_same_event_for_another_order_is_no_repeat(work_as: WorkAs) -> None:
    work = work_as("system")
    rows = [Row(CUSTODY, suspense("bsl_1"), Money(5))]
    ledger.post(work, "bank.received", "bsl_1", rows, effective_on=JULY, order_id="ord_1")

    with pytest.raises(ledger.AlreadyPostedDifferently):
        ledger.post(work, "bank.received", "bsl_1", rows, effective_on=JULY, order_id="ord_2")


def test_a_second_instalment_of_the_same_event_has_a_number_of_its_own(
    session: Session, work_as: WorkAs
) -> None:
    work = work_as("system")
    rows = [Row(CUSTODY, suspense("bsl_1"), Money(5))]
    ledger.post(work, "bank.received", "bsl_1", rows, effective_on=JULY)

    posted = ledger.post(work, "bank.received", "bsl_1", rows, seq=1, effective_on=JULY)

    assert not posted.already
    assert on(session, suspense("bsl_1")) == 10


def test_no_more_is_taken_out_than_was_put_in(session: Session, work_as: WorkAs) -> None:
    work = work_as("system")
    received(work, "bsl_1", 1000)

    with pytest.raises(ledger.Overdrawn) as caught:
        matched(work, "bsl_1", "ord_1", 1001)

    (reason,) = caught.value.refusals
    assert caught.value.kind is Kind.CONFLICT
    assert reason.code == "OVERDRAWN"
    assert reason.en == (
        "received, not yet matched (bsl_1): CNY 10.00 is there, CNY 10.01 is asked"
    )
    assert reason.zh == "“待核销来款”（bsl_1）可用 CNY 10.00，需要 CNY 10.01"


def test_an_overdraft_leaves_nothing_behind_and_the_transaction_goes_on(
    session: Session, work_as: WorkAs
) -> None:
    work = work_as("system")
    received(work, "bsl_1", 1000)
    with pytest.raises(ledger.Overdrawn):
        matched(work, "bsl_1", "ord_1", 1001)

    posted = matched(work, "bsl_1", "ord_1", 1000)
    session.commit()

    assert not posted.already
    assert session.scalar(select(func.count()).select_from(entries)) == 2
    assert fsck.check(session) == ()


def test_an_account_is_never_overdrawn_between_two_rows_of_one_entry(
    work_as: WorkAs,
) -> None:
    work = work_as("system")
    lent, borrowed = escrow("ord_1"), suspense("bsl_1")
    rows = [Row(borrowed, lent, Money(7)), Row(borrowed, lent, Money(4))]
    received(work, "bsl_1", 10)

    with pytest.raises(ledger.Overdrawn, match=r"CNY 0\.03 is there, CNY 0\.04 is asked"):
        ledger.post(work, "bank.matched", "mat_1", rows, effective_on=JULY)


def test_what_is_due_cannot_be_settled_beyond_what_is_due(
    session: Session, work_as: WorkAs
) -> None:
    work = work_as("system")
    due, line = AccountRef("1122.fee", "org_m"), suspense("bsl_1")
    received(work, "bsl_1", 100)
    ledger.post(work, "deal.registered", "d", [Row(due, COMMISSION, Money(50))], effective_on=JULY)

    with pytest.raises(ledger.Overdrawn):
        ledger.post(work, "bank.matched", "m", [Row(line, due, Money(51))], effective_on=JULY)

    ledger.post(work, "bank.matched", "m", [Row(line, due, Money(50))], effective_on=JULY)
    assert on(session, due) == 0


def test_accounts_are_opened_as_the_chart_says_and_once(session: Session, work_as: WorkAs) -> None:
    work = work_as("system")
    received(work, "bsl_1", 1)
    received(work, "bsl_2", 2)

    found = session.execute(select(accounts).order_by(accounts.c.id)).all()

    assert [(row.code, row.owner) for row in found] == [
        ("1012.custody", "acc_1"),
        ("2241.suspense", "bsl_1"),
        ("2241.suspense", "bsl_2"),
    ]
    assert (found[1].book, found[1].kind, found[1].guard) == ("money", "liability", "credit")


def test_two_currencies_are_two_accounts(session: Session, work_as: WorkAs) -> None:
    work = work_as("system")
    received(work, "bsl_1", 1000)
    custody, held = CUSTODY._replace(currency="HKD"), suspense("bsl_2")._replace(currency="HKD")

    rows = [Row(custody, held, Money(7, "HKD"))]
    ledger.post(work, "bank.received", "bsl_2", rows, effective_on=JULY)

    assert ledger.balance(session, custody) == Money(7, "HKD")
    assert ledger.balance(session, CUSTODY) == Money(1000)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (Row(CUSTODY, suspense("b"), Money(-1)), "negative"),
        (Row(CUSTODY, suspense("b"), Money(1, "USD")), "one currency"),
        (Row(CUSTODY, suspense("b")._replace(currency="USD"), Money(1)), "one currency"),
        (Row(suspense("b"), CUSTODY, Money(1)), "no rule debits 2241.suspense"),
        (Row(CUSTODY, AccountRef("2241.nowhere", "b"), Money(1)), "no rule"),
        (Row(CUSTODY, AccountRef("2241.suspense"), Money(1)), "has an owner"),
    ],
)
def test_rows_that_no_program_should_ask_for_are_refused_as_a_mistake(
    session: Session, work_as: WorkAs, row: Row, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        ledger.post(work_as("system"), "bank.received", "b", [row], effective_on=JULY)

    assert session.scalar(select(func.count()).select_from(entries)) == 0


def test_an_entry_has_room_for_a_thousand_lines_and_not_one_more(
    session: Session, work_as: WorkAs
) -> None:
    work = work_as("system")
    rows = [Row(CUSTODY, suspense("bsl_1"), Money(1))] * (LINES_MAX + 1)

    with pytest.raises(ValueError, match="1000"):
        ledger.post(work, "bank.received", "bsl_1", rows, effective_on=JULY)

    ledger.post(work, "bank.received", "bsl_1", rows[1:], effective_on=JULY)
    assert on(session, CUSTODY) == LINES_MAX


def test_a_reversal_is_the_exact_mirror(session: Session, work_as: WorkAs) -> None:
    work = work_as("system")
    paid_for(work, "ord_1", 100)
    taken = accept(work, "ord_1", 100)

    reversal = ledger.reverse(work, taken.entry_id, effective_on=date(2026, 7, 9))
    session.commit()

    there, mirror = (ledger.entry(session, one.entry_id) for one in (taken, reversal))
    assert (mirror.event, mirror.reverses, mirror.order_id) == (
        "reversal",
        taken.entry_id,
        "ord_1",
    )
    assert [line.row for line in mirror.lines] == [
        Row(line.credit, line.debit, line.amount) for line in reversed(there.lines)
    ]
    assert on(session, escrow("ord_1")) == 100
    assert on(session, AccountRef("9002.turnover", "ord_1")) == 0
    assert fsck.check(session) == ()


def test_an_entry_is_reversed_once_and_a_repeat_is_told_so(
    session: Session, work_as: WorkAs
) -> None:
    work = work_as("system")
    posted = received(work, "bsl_1", 100)

    first = ledger.reverse(work, posted.entry_id, effective_on=JULY)
    again = ledger.reverse(work, posted.entry_id, effective_on=JULY)

    assert again == Posted(first.entry_id, already=True)
    assert on(session, CUSTODY) == 0


def test_an_entry_whose_money_has_moved_on_cannot_be_reversed(
    session: Session, work_as: WorkAs
) -> None:
    work = work_as("system")
    posted = received(work, "bsl_1", 100)
    matched(work, "bsl_1", "ord_1", 100)

    with pytest.raises(ledger.Overdrawn):
        ledger.reverse(work, posted.entry_id, effective_on=JULY)

    assert on(session, CUSTODY) == 100


def test_a_reversal_is_not_reversed(work_as: WorkAs) -> None:
    work = work_as("system")
    posted = received(work, "bsl_1", 100)
    reversal = ledger.reverse(work, posted.entry_id, effective_on=JULY)

    with pytest.raises(ledger.NotReversible):
        ledger.reverse(work, reversal.entry_id, effective_on=JULY)


def test_what_was_never_posted_is_not_found(work_as: WorkAs) -> None:
    with pytest.raises(NotFound, match="404"):
        ledger.reverse(work_as("system"), 404, effective_on=JULY)
