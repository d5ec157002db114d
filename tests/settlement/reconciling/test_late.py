"""What the bank tells of a day that is closed: a break with an owner, an age and an end."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.money import Money
from kernel.work import Rules
from settlement import ledger
from settlement.bank import clearings
from settlement.bank.statements import BankLine
from settlement.ledger import AccountRef, Row
from settlement.reconciling import breaks, closings, runs
from settlement.reconciling.breaks import Break, State
from settlement.reconciling.facts import Leg, Type
from tests.conftest import RULES
from tests.settlement import money
from tests.settlement.money import BUYER_NAME, CUSTODY, WorkAs, csv_of, took
from tests.settlement.reconciling.test_reconciling import checker, codes, live, settler

FIRST, SECOND, NINTH = date(2026, 7, 1), date(2026, 7, 2), date(2026, 7, 9)
TENTH = datetime(2026, 7, 10, 4, tzinfo=UTC)
MUCH_LATER = datetime(2026, 7, 20, 4, tzinfo=UTC)
UNKNOWN = ("T-late", -5, "某某", "未知")


@pytest.fixture
def closed(session: Session, work_as: WorkAs) -> None:
    """The second of July is closed: an order was paid on the first."""
    money.paid(work_as)
    runs.run(settler(work_as), SECOND)
    session.flush()
    closings.close(checker(work_as), SECOND)
    session.flush()


def told(work_as: WorkAs, *movements: money.Movement, number: str = "late") -> None:
    """Let the bank tell of the first of July, which is closed."""
    took(work_as, csv_of(movements, number=number, opening=money.STORY.minor))
    work_as("system").session.flush()


def ran(work_as: WorkAs, day: date = NINTH, at: datetime = TENTH) -> list[Break]:
    """Reconcile, and return what of trade and bank is live."""
    runs.run(settler(work_as, at), day)
    work_as("system").session.flush()
    found = breaks.listed(settler(work_as), after=None, limit=50).items
    return [it for it in found if it.state != State.CLEARED and it.leg != Leg.SAFEGUARD]


@pytest.mark.usefixtures("closed")
def test_a_debit_told_for_a_closed_day_is_missing_in_the_books(work_as: WorkAs) -> None:
    told(work_as, UNKNOWN)

    (first,) = ran(work_as)
    (again,) = ran(work_as)

    assert (first.leg, first.type, first.day) == (Leg.BANK, Type.MISSING_LEFT, FIRST)
    assert (first.left, first.right, first.id) == (None, Money(-5), again.id)
    assert first.blocks


@pytest.mark.usefixtures("closed")
def test_it_has_an_owner_and_an_age_and_keeps_the_next_day_open(work_as: WorkAs) -> None:
    told(work_as, UNKNOWN)
    (it,) = ran(work_as, date(2026, 7, 3))

    with pytest.raises(closings.DayNotClosable) as refused:
        closings.close(checker(work_as, TENTH), date(2026, 7, 3))
    breaks.assign(settler(work_as, TENTH), it.id, owner="per_exchange_checker")
    age = breaks.age(it, settler(work_as).calendar, TENTH.date())
    breaks.take(settler(work_as, TENTH), it.id, "explain", cause="银行补记")
    closings.close(checker(work_as, TENTH), date(2026, 7, 3))

    assert codes(refused) == {"UNEXPLAINED"}
    assert (it.owner, age) == ("per_exchange_checker", 7)
    assert [each.id for each in ran(work_as)] == [it.id], "it stays as it was explained"


@pytest.mark.usefixtures("closed")
def test_what_is_told_between_the_run_and_the_closing_is_found_by_the_next_run(
    session: Session, work_as: WorkAs
) -> None:
    runs.run(settler(work_as, TENTH), date(2026, 7, 3))
    session.flush()
    told(work_as, UNKNOWN)
    closings.close(checker(work_as, TENTH), date(2026, 7, 3))
    session.flush()

    (found,) = ran(work_as)

    assert (found.type, found.day) == (Type.MISSING_LEFT, FIRST)


@pytest.mark.usefixtures("closed")
def test_a_debit_that_a_person_makes_out_is_late_and_cleared_once(
    session: Session, work_as: WorkAs
) -> None:
    told(work_as, UNKNOWN)
    (it,) = ran(work_as)
    line = session.scalars(select(BankLine).where(BankLine.bank_ref == "T-late")).one()
    clearings.call_fee(checker(work_as, TENTH), line.id, reason="账单所列")
    session.flush()

    (late,) = ran(work_as)
    waits = (late.id, late.type, late.blocks)
    breaks.take(settler(work_as, TENTH), it.id, "explain", cause="银行手续费")
    breaks.take(settler(work_as, TENTH), it.id, "clear")
    left = ran(work_as)

    assert waits == (it.id, Type.LATE, False)
    assert left == [], "what was cleared is not found anew"


@pytest.mark.usefixtures("closed")
def test_a_receipt_told_for_a_closed_day_is_late_and_named_by_its_line(
    session: Session, work_as: WorkAs
) -> None:
    told(work_as, ("T-late", 900, BUYER_NAME, "无编号"))
    line = session.scalars(select(BankLine).where(BankLine.bank_ref == "T-late")).one()

    ran(work_as)

    assert ("bank", "late", "line") in live(work_as)
    (late,) = [it for it in ran(work_as) if it.type == Type.LATE]
    assert (late.key, late.left, late.right) == (f"line:{line.id}@{FIRST}", Money(900), Money(900))
    assert late.difference == Money(0)


@pytest.mark.usefixtures("closed")
def test_two_entries_of_one_late_line_are_one_break(session: Session, work_as: WorkAs) -> None:
    told(work_as, ("T-late", 900, BUYER_NAME, "无编号"))
    line = session.scalars(select(BankLine).where(BankLine.bank_ref == "T-late")).one()
    fee = [Row(AccountRef("6603.psp_fee"), AccountRef("1012.custody", CUSTODY), Money(1))]
    ledger.post(work_as("system", at=TENTH), "bank.fee", line.id, fee, effective_on=FIRST)

    found = ran(work_as)

    assert [it.type for it in found].count(Type.LATE) == 1


@pytest.mark.usefixtures("closed")
def test_what_is_late_may_wait_for_days_and_then_keeps_days_open(work_as: WorkAs) -> None:
    payment = money.asked(work_as, "ord_2", Money(900))
    told(work_as, ("T-late", 900, BUYER_NAME, f"货款 {payment.reference}"))
    ran(work_as)

    at_first = closings.barred(checker(work_as, TENTH), NINTH)
    ran(work_as, date(2026, 7, 17), MUCH_LATER)
    later = closings.barred(checker(work_as, MUCH_LATER), date(2026, 7, 17))
    patient = Rules(
        RULES.version,
        {**RULES.values, "reconciliation": {**RULES.table("reconciliation"), "late_wd": 9}},
    )
    waited = replace(checker(work_as, MUCH_LATER), rules=patient)

    assert "UNEXPLAINED" not in {refusal.code for refusal in at_first}
    assert "UNEXPLAINED" in {refusal.code for refusal in later}
    assert "UNEXPLAINED" not in {
        refusal.code for refusal in closings.barred(waited, date(2026, 7, 17))
    }
