import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from kernel.errors import NotFound, StepNotAllowed
from kernel.money import Money
from settlement.bank import statements
from settlement.bank.statements import Note
from tests.conftest import WorkAs
from tests.settlement import money
from tests.settlement.money import CUSTODY, csv_of, took


def test_every_note_has_its_words() -> None:
    assert all(note.label.zh and note.label.en for note in Note)


def test_statements_are_for_who_oversees(work_as: WorkAs) -> None:
    made = took(work_as, csv_of([]))

    assert statements.seen(work_as("per_hub_supervisor"), made.id) is made
    assert statements.listed(work_as("per_exchange_auditor"), after=None, limit=9).items == [made]
    for statement_id in (made.id, "bst_none"):
        with pytest.raises(NotFound):
            statements.seen(work_as("per_buyer_editor"), statement_id)
    for page in (statements.listed, statements.unexplained):
        with pytest.raises(StepNotAllowed):
            page(work_as("per_buyer_editor"), after=None, limit=9)


def test_lines_come_in_the_banks_order(session: Session, work_as: WorkAs) -> None:
    made = took(work_as, csv_of((f"T{n}", 100 + n, "x", "y") for n in range(5)))

    first = statements.lines(session, made, after=None, limit=3)
    rest = statements.lines(session, made, after=first.next, limit=3)

    assert [line.bank_ref for line in (*first.items, *rest.items)] == ["T0", "T1", "T2", "T3", "T4"]


def test_what_is_not_explained_is_listed_until_it_is(session: Session, work_as: WorkAs) -> None:
    payment = money.asked(work_as)
    took(
        work_as,
        csv_of(
            [
                ("T1", 900, money.BUYER_NAME, payment.reference),
                ("T2", 500, "某人", "不明"),
                ("T3", -40, "某行", "杂项"),
            ]
        ),
    )

    found = statements.unexplained(work_as("per_exchange_auditor"), after=None, limit=9).items

    assert sorted(line.bank_ref for line in found) == ["T2", "T3"]
    assert list(statements.suspense(session, [line.id for line in found]).values()) == [Money(500)]
    bank = statements.standing(session, CUSTODY)
    assert (bank.closing, bank.booked, bank.unexplained) == (Money(1360), Money(1400), Money(-40))
    assert bank.difference == Money(0)


def test_an_account_may_open_with_something_on_it(session: Session, work_as: WorkAs) -> None:
    took(work_as, csv_of([("T1", 100, "x", "y")], opening=5_000))

    bank = statements.standing(session, CUSTODY)

    assert (bank.unexplained, bank.difference) == (Money(5_000), Money(0))


def test_an_account_without_statements_has_no_standing(session: Session) -> None:
    with pytest.raises(NotFound):
        statements.standing(session, "none")


@pytest.mark.parametrize("table", ["bank_statements", "bank_lines", "bank_matches"])
def test_what_the_bank_said_is_never_changed(session: Session, work_as: WorkAs, table: str) -> None:
    money.paid(work_as)
    assert session.scalar(select(text("count(*)")).select_from(text(table)))

    with pytest.raises(DBAPIError):
        session.execute(text(f"DELETE FROM {table}"))
