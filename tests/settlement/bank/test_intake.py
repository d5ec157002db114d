from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel.errors import Invalid, StepNotAllowed
from kernel.money import Money
from settlement import escrow, payments, payouts
from settlement.bank import clearings, intake, outgoing, statements
from settlement.bank.clearings import Share
from settlement.bank.intake import AlreadyImported
from settlement.bank.reading import csvs
from settlement.bank.reading.neutral import StatementRefused
from settlement.bank.statements import BankLine, BankMatch, BankStatement, Note
from settlement.ledger import AccountRef, balance
from tests.conftest import WorkAs
from tests.settlement import money
from tests.settlement.money import BUYER_NAME, CUSTODY, csv_of, took

BANK = AccountRef("1012.custody", CUSTODY)


def notes(session: Session) -> list[str | None]:
    return list(session.scalars(select(BankLine.note).order_by(BankLine.position)))


def in_suspense(session: Session) -> Money:
    lines = list(session.scalars(select(BankLine.id)))
    return sum(statements.suspense(session, lines).values(), Money(0))


def test_a_receipt_with_the_code_goes_into_the_orders_escrow(
    session: Session, work_as: WorkAs
) -> None:
    payment = money.paid(work_as)

    assert payment.state == payments.State.FUNDED
    assert escrow.left(session, "ord_1") == money.STORY
    assert (notes(session), in_suspense(session)) == ([None], Money(0))
    assert balance(session, BANK) == money.STORY
    (matched,) = session.scalars(select(BankMatch))
    assert (matched.payment_id, matched.amount, matched.by_hand) == (payment.id, money.STORY, False)


def test_a_payment_may_come_in_parts_of_one_statement(session: Session, work_as: WorkAs) -> None:
    payment = money.asked(work_as)
    parts = [1, money.STORY.minor - 1]

    took(
        work_as,
        csv_of((f"T{n}", fen, BUYER_NAME, payment.reference) for n, fen in enumerate(parts)),
    )

    assert payment.state == payments.State.FUNDED
    assert escrow.left(session, "ord_1") == money.STORY


def test_what_was_paid_too_much_waits(session: Session, work_as: WorkAs) -> None:
    payment = money.asked(work_as)

    took(work_as, csv_of([("T1", money.STORY.minor + 7, BUYER_NAME, payment.reference)]))

    assert notes(session) == [Note.OVERPAID]
    assert in_suspense(session) == Money(7)
    assert escrow.left(session, "ord_1") == money.STORY


def test_what_cannot_be_matched_waits_with_its_reason(session: Session, work_as: WorkAs) -> None:
    payment, other = money.asked(work_as), money.asked(work_as, "ord_2")
    void = payments.void(work_as("system"), money.asked(work_as, "ord_3").id)
    session.flush()

    took(
        work_as,
        csv_of(
            [
                ("T1", 100, BUYER_NAME, "货款"),
                ("T2", 100, BUYER_NAME, f"{payment.reference} {other.reference}"),
                ("T3", 100, "演示·旁人公司", payment.reference),
                ("T4", 100, BUYER_NAME, void.reference),
                ("T5", 100, BUYER_NAME, "DX000000000"),
            ]
        ),
    )

    assert notes(session) == [
        Note.NO_REFERENCE, Note.SEVERAL_REFERENCES, Note.PAYER_DIFFERS, Note.NOT_AWAITED,
        Note.NO_REFERENCE,
    ]  # fmt: skip
    assert in_suspense(session) == Money(500)
    assert payment.state == payments.State.AWAITING
    assert balance(session, BANK) == Money(500)


def test_the_payers_english_name_will_do(session: Session, work_as: WorkAs) -> None:
    payment = money.asked(work_as)

    took(work_as, csv_of([("T1", 100, "DEMO  INSURER", payment.reference)]))

    assert payment.funded == Money(100)


def test_a_statement_is_taken_once(session: Session, work_as: WorkAs) -> None:
    payment = money.asked(work_as)
    text = csv_of([("T1", 100, BUYER_NAME, payment.reference)])
    took(work_as, text)

    with pytest.raises(AlreadyImported):
        took(work_as, text)
    with pytest.raises(AlreadyImported):
        took(work_as, text.replace("T1", "T2"))

    assert session.scalar(select(func.count()).select_from(BankStatement)) == 1
    assert payment.funded == Money(100)


def test_the_twin_that_comes_too_late_claims_nothing(work_as: WorkAs) -> None:
    took(work_as, csv_of([]))
    read = csvs.read(csvs.rows(csv_of([], number="2")))

    with pytest.raises(AlreadyImported):
        intake._claimed(work_as("per_exchange_settler"), read, "0" * 64, position=1)


def test_statements_follow_each_other_without_a_gap(session: Session, work_as: WorkAs) -> None:
    took(work_as, csv_of([("T1", 100, "x", "y")]))

    with pytest.raises(StatementRefused) as told:
        took(work_as, csv_of([("T2", 1, "x", "y")], number="2", opening=99))
    took(work_as, csv_of([("T2", 1, "x", "y")], number="2", opening=100))

    assert [refusal.code for refusal in told.value.refusals] == ["STATEMENT_GAP"]
    positions = session.scalars(select(BankStatement.position).order_by(BankStatement.id))
    assert sorted(positions) == [1, 2]


def test_lines_known_before_and_days_to_come_are_told_together(
    session: Session, work_as: WorkAs
) -> None:
    took(work_as, csv_of([("T1", 100, "x", "y")]))
    text = csv_of(
        [("T1", 1, "x", "y"), ("T2", 1, "x", "y")], number="2", opening=100, on="2026-07-30"
    )

    with pytest.raises(StatementRefused) as told:
        took(work_as, text)

    assert [refusal.code for refusal in told.value.refusals] == [
        "DUPLICATE_BANK_REF", "DATE", "DATE",
    ]  # fmt: skip
    assert balance(session, BANK) == Money(100)


def test_only_the_supervised_account_is_taken(work_as: WorkAs) -> None:
    other = csv_of([], account="999")
    settler = work_as("per_exchange_settler")

    with pytest.raises(Invalid) as wrong:
        intake.import_statement(settler, account="999", text=other)
    with pytest.raises(Invalid) as mixed:
        intake.import_statement(settler, account="4300 0000 0000 0001", text=other)

    assert (wrong.value.pointer, mixed.value.pointer) == ("/account", "/text")


def test_only_settlement_officers_import_and_match(work_as: WorkAs) -> None:
    with pytest.raises(StepNotAllowed):
        took(work_as, csv_of([]), person="per_exchange_auditor")
    with pytest.raises(StepNotAllowed):
        clearings.give(work_as("per_buyer_editor"), "bsl_1", shares=[Share("pay_1")], reason="x")


# --- what went out


@pytest.fixture
def payout(session: Session, work_as: WorkAs) -> payouts.Payout:
    """Send the merchant's share of the story to the bank."""
    money.everybodys_accounts(work_as)
    money.paid(work_as)
    money.accepted(work_as)
    money.settled(work_as)
    made = money.approved(work_as, money.requested(work_as))
    outgoing.send(work_as("per_exchange_settler", at=money.DUE))
    session.flush()
    return made


def out(work_as: WorkAs, *movements: money.Movement) -> None:
    took(work_as, csv_of(movements, number="out", opening=money.STORY.minor, on="2026-07-02"))


def test_a_debit_with_the_code_is_the_payout(
    session: Session, work_as: WorkAs, payout: payouts.Payout
) -> None:
    out(work_as, ("P1", -payout.amount.minor, "演示·枫香科技", f"结算 {payout.reference}"))

    assert (payout.state, payout.paid_on) == (payouts.State.PAID, date(2026, 7, 2))
    assert balance(session, payout.transit) == Money(0)
    assert balance(session, BANK) == money.STORY - payout.amount
    matched = session.scalars(select(BankMatch).where(BankMatch.payout_id == payout.id)).one()
    assert matched.amount == payout.amount


def test_a_debit_that_fits_no_payout_is_kept_for_a_person(
    session: Session, work_as: WorkAs, payout: payouts.Payout
) -> None:
    failed = money.requested(work_as, escrow.Payable.OPERATOR, "org_operator")
    payouts.take(work_as("per_exchange_checker"), failed.id, "cancel", reason="x")
    session.flush()

    out(
        work_as,
        ("P1", -1, "某行", "杂项"),
        ("P2", -1, "x", f"{payout.reference} {failed.reference}"),
        ("P3", -1, "x", payout.reference),
        ("P4", -failed.amount.minor, "x", failed.reference),
    )

    noted = select(BankLine.bank_ref, BankLine.note).where(BankLine.amount_minor < 0)
    assert {row[0]: row[1] for row in session.execute(noted)} == {
        "P1": Note.NO_REFERENCE,
        "P2": Note.SEVERAL_REFERENCES,
        "P3": Note.AMOUNT_DIFFERS,
        "P4": Note.NOT_AWAITED,
    }
    assert payout.state == payouts.State.SENT
    bank = statements.standing(session, CUSTODY)
    assert bank.unexplained == Money(-3 - failed.amount.minor)
    assert bank.difference == Money(0)
