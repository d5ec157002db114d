"""What trade, bank and volume can find beside the plainest case, each break by its name."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.money import Money
from settlement import ledger
from settlement.ledger import AccountRef, Row
from settlement.reconciling import runs
from tests.settlement import money
from tests.settlement.money import BUYER_NAME, CUSTODY, DUE, WorkAs, csv_of, took
from tests.settlement.reconciling.test_reconciling import SECOND, as_owner, live, settler

ESCROW, ACCEPTED = AccountRef("2241.escrow", "ord_9"), AccountRef("2241.accepted", "ord_9")
COUNTED = (AccountRef("9001.counter", "org_buyer"), AccountRef("9002.turnover", "orl_9"))
NINE = Money(900)


def post(work_as: WorkAs, event: str, source: str, *rows: Row) -> None:
    """Book something that no order, payment or payout tells of."""
    work = work_as("system", at=DUE)
    ledger.post(work, event, source, list(rows), effective_on=SECOND, order_id="ord_9")


def test_a_receipt_that_no_payment_tells_of_is_missing_in_trade(work_as: WorkAs) -> None:
    psp = AccountRef("1012.psp", "fake")
    post(work_as, "payment.captured", "pi_9", Row(psp, ESCROW, NINE))

    runs.run(settler(work_as), SECOND)

    assert ("trade", "missing_left", "paid") in live(work_as)


def test_an_acceptance_that_no_obligation_tells_of_is_missing_in_trade(work_as: WorkAs) -> None:
    psp = AccountRef("1012.psp", "fake")
    post(work_as, "payment.captured", "pi_9", Row(psp, ESCROW, NINE))
    post(work_as, "line.accepted", "orl_9", Row(ESCROW, ACCEPTED, NINE), Row(*COUNTED, NINE))

    runs.run(settler(work_as), SECOND)

    assert ("trade", "missing_left", "accepted") in live(work_as)


def test_an_obligation_that_was_never_booked_is_missing_in_the_books(
    session: Session, work_as: WorkAs
) -> None:
    money.paid(work_as)
    money.accepted(work_as)
    session.flush()
    moved = "UPDATE obligations SET accepted_on = '2026-07-02', order_id = 'ord_8'"
    session.execute(text(moved))
    session.expire_all()

    runs.run(settler(work_as), SECOND)

    assert ("trade", "missing_right", "accepted") in live(work_as)
    assert ("trade", "missing_left", "accepted") in live(work_as)


@pytest.mark.parametrize(("day", "found"), [(None, "missing_left"), ("2026-07-02", None)])
def test_a_payout_that_the_books_alone_call_paid_is_missing_in_trade(
    session: Session, work_as: WorkAs, day: str | None, found: str | None
) -> None:
    money.everybodys_accounts(work_as)
    money.paid(work_as)
    money.accepted(work_as)
    money.settled(work_as)
    payout = money.requested(work_as)
    row = Row(payout.transit, AccountRef("1012.custody", CUSTODY), payout.amount)
    post(work_as, "payout.paid", "bsl_9", row)
    session.execute(
        text("UPDATE payouts SET paid_on = :day WHERE id = :id"), {"day": day, "id": payout.id}
    )
    session.expire_all()

    runs.run(settler(work_as), SECOND)

    told = {each[1] for each in live(work_as) if each[0] == "trade" and each[2] == "payout"}
    assert told == ({found} if found else set())


def test_another_amount_at_the_bank_than_was_booked_is_found(
    session: Session, work_as: WorkAs
) -> None:
    took(work_as, csv_of([("T-1", 500, BUYER_NAME, "无编号")]))
    session.flush()
    as_owner(session, "UPDATE bank_lines SET amount_minor = 499", table="bank_lines")

    runs.run(settler(work_as), SECOND)

    assert ("bank", "amount", "line") in live(work_as)


def test_volume_without_money_and_money_without_volume_are_found(work_as: WorkAs) -> None:
    psp = AccountRef("1012.psp", "fake")
    post(work_as, "line.accepted", "orl_9", Row(*COUNTED, NINE))
    runs.run(settler(work_as), SECOND)
    counted = [each for each in live(work_as) if each[0] == "volume"]

    post(work_as, "payment.captured", "pi_9", Row(psp, ESCROW, NINE))
    post(work_as, "line.accepted", "orl_10", Row(ESCROW, ACCEPTED, NINE))
    runs.run(settler(work_as), SECOND)
    agreed = [each for each in live(work_as) if each[0] == "volume"]
    post(work_as, "payment.captured", "pi_10", Row(psp, ESCROW, NINE))
    post(work_as, "line.accepted", "orl_11", Row(ESCROW, ACCEPTED, NINE))
    runs.run(settler(work_as), SECOND)
    moved = [each for each in live(work_as) if each[0] == "volume"]

    assert counted == [("volume", "missing_right", "volume")]
    assert agreed == []
    assert moved == [("volume", "amount", "volume")]


def test_money_without_any_volume_is_missing_in_the_count(work_as: WorkAs) -> None:
    psp = AccountRef("1012.psp", "fake")
    post(work_as, "payment.captured", "pi_9", Row(psp, ESCROW, NINE))
    post(work_as, "line.accepted", "orl_9", Row(ESCROW, ACCEPTED, NINE))

    runs.run(settler(work_as), SECOND)

    volume = [each for each in live(work_as) if each[0] == "volume"]
    assert volume == [("volume", "missing_left", "volume")]
