"""Our files at a bank that was written by others: accepted, rejected, seen, silent, returned."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from kernel.money import Money
from kernel.work import Work
from settlement import accounts, payouts
from settlement.bank import intake, outgoing, statements
from settlement.bank.escrow_bank import EscrowBank, NotConnected, Payer
from settlement.bank.outgoing import Form, OutgoingFile, State
from settlement.bank.reading.neutral import StatementRefused
from settlement.payments import State as PaymentState
from tests.conftest import WorkAs
from tests.settlement import money
from tests.settlement.bank import banking, mock_bank
from tests.settlement.bank.mock_bank import ELSEWHERE, IBAN, OTHERS, MockBank
from tests.settlement.bookkeeping import on_sqlite
from tests.settlement.money import BUYER_NAME, DUE

pytestmark = pytest.mark.slow

TODAY = date(2026, 7, 10)


@pytest.fixture(scope="module")
def process() -> Iterator[MockBank]:
    with mock_bank.running(f"{TODAY}T03:00") as made:
        yield made


@pytest.fixture
def bank(process: MockBank) -> MockBank:
    """Return the bank as it began, its account in our currency."""
    process.said("POST", "/_mock/reset")
    process.said("PATCH", "/_mock/accounts/ACME", {"currency": "CNY"})
    process.messages("")
    return process


def at(work_as: WorkAs, person: str = "per_exchange_settler", *, days: int = 0) -> Work:
    """Return the work of an officer whose supervised account is at that bank."""
    work: Work = work_as(person, at=DUE + timedelta(days=days, minutes=1))
    return replace(work, rules=banking.rules(custody_account=IBAN, custody_bic=mock_bank.BIC))


def payout(
    work_as: WorkAs, number: str = ELSEWHERE, party_id: str = "org_developer"
) -> payouts.Payout:
    name = {"org_developer": "演示·枫香科技", "org_operator": "演示·运营机构"}[party_id]
    made = accounts.register(
        at(work_as), party_id=party_id, account_name=name, bank_name="演示银行", number=number
    )
    work_as("system").session.flush()
    accounts.take(at(work_as, "per_exchange_checker"), made.id, "verify", evidence="x")
    return banking.payout(work_as, party_id, Money(340_055))


def sent(work_as: WorkAs, bank: MockBank) -> tuple[OutgoingFile, bytes]:
    """Send what is approved, and return the file with the bank's answer."""
    made = outgoing.send(at(work_as), form=Form.PAIN)
    work_as("system").session.flush()
    content = outgoing.content(at(work_as), made.id)
    assert bank.ask("POST", "/_mock/validate", content)[0] == 200
    return made, bank.pay_out(content)


def imported(work_as: WorkAs, content: bytes, *, days: int) -> None:
    intake.import_statement(at(work_as, days=days), account=IBAN, text=content)


def test_it_is_spoken_to_by_the_port(bank: MockBank) -> None:
    port: EscrowBank = bank

    with pytest.raises(NotConnected):
        port.create_virtual_account(1, "x")


@on_sqlite
def test_what_it_accepts_is_paid_when_its_statement_says_so(
    session: Session, work_as: WorkAs, bank: MockBank
) -> None:
    made = payout(work_as)
    file, answer = sent(work_as, bank)
    outgoing.read_answer(at(work_as), answer)
    bank.advance(3)

    imported(work_as, bank.statement(TODAY), days=3)

    assert (file.state, made.state) == (State.ACCEPTED, payouts.State.PAID)
    last = statements.last(session, IBAN)
    assert last is not None
    assert (last.opening, last.closing, last.sequence) == (
        Money(mock_bank.OPENING), Money(mock_bank.OPENING - 340_055), 1,
    )  # fmt: skip


@on_sqlite
@pytest.mark.parametrize(("payee", "code"), [("unknown", "RC01"), ("closed", "AC04")])
def test_what_it_rejects_fails_with_its_code(
    session: Session, work_as: WorkAs, bank: MockBank, payee: str, code: str
) -> None:
    good = payout(work_as, party_id="org_operator")
    bad = payout(work_as, OTHERS[payee])

    file, answer = sent(work_as, bank)
    outgoing.read_answer(at(work_as), answer)

    assert (file.state, good.state) == (State.PART_ACCEPTED, payouts.State.SENT)
    assert bad.state == payouts.State.FAILED
    (kept,) = outgoing.answers(session, file.id)
    assert kept.rejected == {bad.reference: code}


@on_sqlite
def test_the_same_file_again_is_a_duplicate_and_changes_nothing(
    session: Session, work_as: WorkAs, bank: MockBank
) -> None:
    made = payout(work_as)
    file, answer = sent(work_as, bank)
    outgoing.read_answer(at(work_as), answer)
    session.flush()

    outgoing.read_answer(at(work_as), bank.pay_out(outgoing.content(at(work_as), file.id)))

    assert (file.state, made.state) == (State.ACCEPTED, payouts.State.SENT)
    assert {one.reason for one in outgoing.answers(session, file.id)} == {"", "DUPL"}


@on_sqlite
def test_a_file_that_it_refuses_fails_as_a_whole(work_as: WorkAs, bank: MockBank) -> None:
    made = payout(work_as)
    bank.behave("reject-file")

    file, answer = sent(work_as, bank)
    outgoing.read_answer(at(work_as), answer)

    assert (file.state, file.reason, made.state) == (State.REJECTED, "FF01", payouts.State.FAILED)


@on_sqlite
def test_a_silent_bank_is_told_of_and_its_statement_settles_it(
    work_as: WorkAs, bank: MockBank
) -> None:
    made = payout(work_as)
    bank.behave("silent")

    file, answer = sent(work_as, bank)
    bank.advance(4)
    silent = outgoing.is_silent(at(work_as, days=4), file)
    imported(work_as, bank.statement(TODAY), days=4)

    assert (answer, silent, file.state) == (b"", True, State.SENT)
    assert made.state == payouts.State.PAID


@on_sqlite
def test_what_it_returns_days_later_is_payable_again(
    session: Session, work_as: WorkAs, bank: MockBank
) -> None:
    made = payout(work_as)
    bank.behave("return-later", days=1, reason="AC04")
    _, answer = sent(work_as, bank)
    outgoing.read_answer(at(work_as), answer)
    bank.advance(5)
    (announced,) = bank.messages("pacs.004")
    told = bank.messages("camt.053")
    ours = [one for one in told if IBAN.encode() in one]

    assert outgoing.read_returns(at(work_as, days=5), announced) == 1
    for one in ours:
        imported(work_as, one, days=5)

    assert made.state == payouts.State.RETURNED
    assert "outgoing_file.return_announced" in money.kinds_of(session, made.id)


@on_sqlite
def test_a_statement_with_a_hole_in_it_is_not_taken(work_as: WorkAs, bank: MockBank) -> None:
    made = payout(work_as)
    bank.behave("statement-gap")
    sent(work_as, bank)
    bank.advance(3)

    with pytest.raises(StatementRefused) as told:
        imported(work_as, bank.statement(TODAY), days=3)

    assert [refusal.code for refusal in told.value.refusals] == ["BALANCE"]
    assert made.state == payouts.State.SENT


@on_sqlite
def test_a_buyers_payment_that_it_tells_of_meets_the_order(work_as: WorkAs, bank: MockBank) -> None:
    payment = money.asked(work_as, "ord_1", Money(10_000))
    payer = Payer(BUYER_NAME, ELSEWHERE)
    bank.notify_in(IBAN, Money(10_000), payer=payer, text=f"货款 {payment.reference}")
    bank.advance(3)

    imported(work_as, bank.statement(TODAY), days=3)

    assert payment.state == PaymentState.FUNDED
