"""What a provider paid out, statements that skip a number, and a preview of both."""

import pytest
from sqlalchemy.orm import Session

from kernel.money import Money
from settlement import fsck, ledger
from settlement.bank import intake
from settlement.bank.reading.neutral import StatementRefused
from settlement.ledger import AccountRef, Row, balance
from tests.conftest import WorkAs
from tests.settlement.bank import banking
from tests.settlement.bank.banking import settler
from tests.settlement.bank.reading import samples
from tests.settlement.money import CUSTODY, DUE

PAYOUT = "po_1Nabc234567"


def test_what_a_provider_paid_out_leaves_its_transit(session: Session, work_as: WorkAs) -> None:
    transit, psp = AccountRef("1012.psp_transit", PAYOUT), AccountRef("1012.psp", "stripe")
    row = Row(transit, psp, Money(7_000))
    ledger.post(settler(work_as), "psp.payout_sent", PAYOUT, [row], effective_on=DUE.date())

    banking.took(
        work_as, ("S1", 6_999, "STRIPE", PAYOUT), ("S2", 7_000, "STRIPE", f"PAYOUT {PAYOUT}")
    )

    assert balance(session, transit) == Money(0)
    assert balance(session, AccountRef("1012.custody", CUSTODY)) == Money(13_999)
    assert banking.line(session, "S1").note == "NO_REFERENCE"
    assert banking.line(session, "S2").note is None
    assert fsck.check(session) == ()


def test_a_statement_number_is_not_skipped_but_may_begin_again(work_as: WorkAs) -> None:
    def imported(number: int) -> None:
        text = samples.camt(number=number)
        told = intake.preview(settler(work_as), account=CUSTODY, text=text)
        assert (told.came_in, told.went_out) == (Money(0), Money(0))
        intake.import_statement(settler(work_as), account=CUSTODY, text=text)

    imported(7)
    with pytest.raises(StatementRefused) as skipped:
        imported(9)
    imported(8)
    imported(1)

    assert [refusal.code for refusal in skipped.value.refusals] == ["SEQUENCE_GAP"]
