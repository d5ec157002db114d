"""The ladder: which payment a receipt is for, and when a person must say so."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from kernel.money import Money
from settlement import accounts, escrow, payments
from settlement.bank import intake, matching, virtual_accounts
from settlement.bank.escrow_bank import AgreedNumbers, Payer, Simulator
from settlement.bank.matching import Ladder, Receipt, Rung
from settlement.bank.statements import BankMatch, Note
from settlement.payments import State
from tests.conftest import RULES, WorkAs
from tests.settlement import money
from tests.settlement.bank import banking
from tests.settlement.bank.banking import ALIEN
from tests.settlement.money import BUYER_NAME, CUSTODY

HUNDRED = Money(10_000)


def decided(work_as: WorkAs, receipt: Receipt, *, auto: int = 1) -> matching.Decision:
    work = banking.settler(work_as, match_account_auto=auto)
    return Ladder(work, [receipt], lock=True).decide(receipt)


def receipt(
    fen: int = 10_000, *, name: str = BUYER_NAME, account: str = "", said: str = "", sub: str = ""
) -> Receipt:
    return Receipt(Money(fen), name, account, said, sub)


def virtual(work_as: WorkAs, order_id: str = "") -> str:
    work = banking.settler(work_as)
    bank = AgreedNumbers.of(work.rules)
    made = virtual_accounts.open_for(work, bank, payer_id="org_buyer", order_id=order_id)
    work.session.flush()
    return made.number


def test_one_receipt_meets_several_payments_that_it_names(
    session: Session, work_as: WorkAs
) -> None:
    one, other = money.asked(work_as, "ord_1", HUNDRED), money.asked(work_as, "ord_2", HUNDRED)

    banking.took(work_as, ("T1", 20_000, BUYER_NAME, f"{one.reference}、{other.reference.lower()}"))

    assert {one.state, other.state} == {State.FUNDED}
    assert banking.left(session, "T1") == Money(0)
    assert escrow.left(session, "ord_2") == HUNDRED
    assert len(list(session.scalars(select(BankMatch)))) == 2


@pytest.mark.parametrize(
    ("fen", "name", "note"),
    [
        (19_999, BUYER_NAME, Note.SEVERAL_REFERENCES),
        (20_000, ALIEN, Note.PAYER_DIFFERS),
    ],
)
def test_several_payments_that_it_does_not_meet_exactly_wait(
    work_as: WorkAs, fen: int, name: str, note: Note
) -> None:
    one, other = money.asked(work_as, "ord_1", HUNDRED), money.asked(work_as, "ord_2", HUNDRED)

    made = decided(work_as, receipt(fen, name=name, said=f"{one.reference} {other.reference}"))

    assert (made.parts, made.note) == ((), note)


def test_a_verified_account_and_the_exact_amount_are_enough_if_configured(
    work_as: WorkAs,
) -> None:
    payment = money.asked(work_as, "ord_1", HUNDRED)
    account = money.verified(work_as, "org_buyer", BUYER_NAME)
    work = banking.settler(work_as)
    number = accounts.number(work, account)

    sure = decided(work_as, receipt(account=number, name="CN"))
    asked = decided(work_as, receipt(account=number, name="CN"), auto=0)
    other = decided(work_as, receipt(9_999, account=number))

    assert [part.payment for part in sure.parts] == [payment]
    assert sure.rung is Rung.ACCOUNT
    assert (asked.parts, asked.note) == ((), Note.SUGGESTED)
    assert other.note is Note.NO_REFERENCE


def test_the_name_alone_is_only_a_suggestion(work_as: WorkAs) -> None:
    money.asked(work_as, "ord_1", HUNDRED)

    assert decided(work_as, receipt()).note is Note.SUGGESTED
    assert decided(work_as, receipt(name=ALIEN)).note is Note.NO_REFERENCE
    money.asked(work_as, "ord_2", HUNDRED)
    assert decided(work_as, receipt()).note is Note.NO_REFERENCE


def test_a_virtual_account_names_the_payer_without_any_text(work_as: WorkAs) -> None:
    payment = money.asked(work_as, "ord_1", HUNDRED)
    number = virtual(work_as)

    made = decided(work_as, receipt(sub=number))

    assert [part.payment for part in made.parts] == [payment]
    assert (made.rung, made.note) == (Rung.VIRTUAL_ACCOUNT, None)


def test_a_virtual_account_of_one_order_takes_for_that_order_alone(work_as: WorkAs) -> None:
    money.asked(work_as, "ord_1", HUNDRED)
    other = money.asked(work_as, "ord_2", HUNDRED)

    made = decided(work_as, receipt(9_000, sub=virtual(work_as, "ord_2")))

    assert [part.payment for part in made.parts] == [other]


def test_of_a_buyers_payments_the_named_the_exact_or_all_are_met(work_as: WorkAs) -> None:
    one = money.asked(work_as, "ord_1", HUNDRED)
    other = money.asked(work_as, "ord_2", Money(5_000))
    number = virtual(work_as)

    named = decided(work_as, receipt(700, sub=number, said=one.reference))
    exact = decided(work_as, receipt(5_000, sub=number))
    everything = decided(work_as, receipt(15_000, sub=number))
    neither = decided(work_as, receipt(6_000, sub=number))

    assert [part.payment for part in named.parts] == [one]
    assert [part.payment for part in exact.parts] == [other]
    assert {part.payment for part in everything.parts} == {one, other}
    assert (neither.parts, neither.note) == ((), Note.SEVERAL_REFERENCES)


def test_a_third_party_is_held_even_on_a_virtual_account(work_as: WorkAs) -> None:
    money.asked(work_as, "ord_1", HUNDRED)

    assert decided(work_as, receipt(name=ALIEN, sub=virtual(work_as))).note is Note.PAYER_DIFFERS


def test_a_virtual_account_without_a_payment_or_without_an_owner_waits(work_as: WorkAs) -> None:
    assert decided(work_as, receipt(sub=virtual(work_as))).note is Note.NOT_AWAITED
    assert decided(work_as, receipt(sub="999")).note is Note.UNKNOWN_SUB_ACCOUNT
    assert decided(work_as, receipt(sub=CUSTODY)).note is Note.NO_REFERENCE


def test_what_is_met_by_one_line_is_not_awaited_by_the_next(work_as: WorkAs) -> None:
    payment = money.asked(work_as, "ord_1", HUNDRED)
    twice = receipt(said=payment.reference)
    ladder = Ladder(banking.settler(work_as), [twice], lock=False)

    first, second = ladder.decide(twice), ladder.decide(twice)

    assert (first.note, second.note) == (None, Note.NOT_AWAITED)


def test_suggestions_come_the_surest_first_and_say_who_is_an_alien(work_as: WorkAs) -> None:
    one, other = money.asked(work_as, "ord_1", HUNDRED), money.asked(work_as, "ord_2", HUNDRED)
    alien = receipt(name=ALIEN, said=other.reference)
    by_number = receipt(sub=virtual(work_as, "ord_1"), name=ALIEN)

    told = Ladder(banking.settler(work_as), [alien], lock=False).suggest(alien)
    owned = Ladder(banking.settler(work_as), [by_number], lock=False).suggest(by_number)

    assert [(each.payment, each.rung, each.alien) for each in told] == [
        (other, Rung.REFERENCE, True),
        (one, Rung.AMOUNT, True),
    ]
    assert owned[0].rung is Rung.VIRTUAL_ACCOUNT
    assert all(rung.label.en for rung in Rung)


def test_the_simulated_bank_tells_by_its_statement_what_came_to_which_number(
    session: Session, work_as: WorkAs
) -> None:
    payment = money.asked(work_as, "ord_1", HUNDRED)
    bank = Simulator(CUSTODY, RULES.number("settlement.virtual_digits"), date(2026, 7, 2))
    work = banking.settler(work_as)
    made = virtual_accounts.open_for(work, bank, payer_id="org_buyer")
    session.flush()

    bank.notify_in(made.number, HUNDRED, payer=Payer(BUYER_NAME, "62220000"), text="")
    intake.import_statement(work, account=CUSTODY, text=bank.statement(date(2026, 7, 2)))

    assert payment.state == payments.State.FUNDED
    assert bank.statement(date(2026, 7, 2)) == bank.statement(date(2026, 7, 2))


def test_open_payments_are_found_by_amount_on_an_index(session: Session, work_as: WorkAs) -> None:
    payment = money.asked(work_as, "ord_1", HUNDRED)
    seen: list[tuple[str, Any]] = []

    def note(_c: object, _u: object, statement: str, parameters: object, *_: object) -> None:
        if "amount_minor - " in statement:
            seen.append((statement, parameters))

    event.listen(session.get_bind(), "before_cursor_execute", note)
    banking.took(work_as, ("T1", HUNDRED.minor, ALIEN, "?"))
    event.remove(session.get_bind(), "before_cursor_execute", note)

    statement, parameters = seen[0]
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    else:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        connection.exec_driver_sql("SET LOCAL enable_sort = off")
        plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).all()
    assert "ix_payments_open_by_due" in str(plan)
    assert payment.state == State.AWAITING
