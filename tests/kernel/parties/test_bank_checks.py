import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.parties import bank_checks
from kernel.parties.bank_checks import BankCheck, State
from tests.conftest import WorkAs


def asked(work_as: WorkAs, **given: str) -> BankCheck:
    work = work_as("per_buyer_editor")  # finance
    account = {"account_name": "演示·保险公司", "bank_name": "演示银行", "number": "62220000111122"}
    made = bank_checks.request(work, "org_buyer", **{**account, **given})
    work.session.flush()
    return made


def sent(work_as: WorkAs) -> tuple[BankCheck, int]:
    made = asked(work_as)
    teller = work_as("per_exchange_settler")
    number, amount_fen = bank_checks.order(teller, made.id)
    assert number == "62220000111122"
    bank_checks.take(teller, made.id, "send")
    return made, amount_fen


def test_who_reads_the_statement_knows_the_amount(work_as: WorkAs) -> None:
    made, amount_fen = sent(work_as)

    bank_checks.echo(work_as("per_buyer_editor"), made.id, amount_fen=amount_fen)

    assert 1 <= amount_fen <= 99
    assert made.state == State.VERIFIED
    assert made.number_masked == "**********1122"
    assert b"6222" not in made.number_sealed


def test_three_wrong_amounts_and_the_check_has_failed(work_as: WorkAs) -> None:
    made, amount_fen = sent(work_as)
    work = work_as("per_buyer_editor")
    wrong = amount_fen % 99 + 1

    states = [bank_checks.echo(work, made.id, amount_fen=wrong).state for _ in range(3)]

    assert states == [State.SENT, State.SENT, State.FAILED]
    assert made.tries == 3
    with pytest.raises(StepRefused):
        bank_checks.echo(work, made.id, amount_fen=amount_fen)
    with pytest.raises(StepRefused):
        bank_checks.echo(work, made.id, amount_fen=wrong)
    assert asked(work_as).state == State.REQUESTED


def test_nobody_else_says_the_amount_or_uses_up_the_tries(work_as: WorkAs) -> None:
    made, amount_fen = sent(work_as)
    made.tries = 2
    overseer, stranger = work_as("per_exchange_approver"), work_as("per_other_editor")

    for amount in (amount_fen, amount_fen % 99 + 1):
        with pytest.raises(StepNotAllowed):
            bank_checks.echo(overseer, made.id, amount_fen=amount)
        with pytest.raises(NotFound):
            bank_checks.echo(stranger, made.id, amount_fen=amount)
    with pytest.raises(StepNotAllowed):
        bank_checks.order(work_as("per_buyer_editor"), made.id)

    assert (made.state, made.tries) == (State.SENT, 2)


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"account_name": "别家公司"}, "/account_name"),
        ({"number": "1234567"}, "/number"),
        ({"number": "12345678x"}, "/number"),
    ],
)
def test_the_account_is_the_organisations_own(
    work_as: WorkAs, given: dict[str, str], pointer: str
) -> None:
    with pytest.raises(Invalid) as caught:
        asked(work_as, **given)

    assert caught.value.pointer == pointer


def test_one_check_is_open_at_a_time(work_as: WorkAs) -> None:
    made = asked(work_as)
    session = work_as("system").session

    with pytest.raises(StepRefused):
        asked(work_as)
    bank_checks.take(work_as("per_exchange_settler"), made.id, "cancel", reason="x")
    again = asked(work_as)
    with pytest.raises(IntegrityError):
        session.execute(
            text("UPDATE bank_checks SET state = 'sent' WHERE id = :id"), {"id": made.id}
        )

    assert again.id != made.id


def test_checks_are_listed_for_those_concerned(work_as: WorkAs) -> None:
    made = asked(work_as)
    bounds = {"after": None, "limit": 5}

    own = bank_checks.of(work_as("per_buyer_editor"), "org_buyer", **bounds)  # type: ignore[arg-type]  # as written
    waiting = bank_checks.waiting(work_as("per_exchange_settler"), **bounds)  # type: ignore[arg-type]  # as written

    assert own.items == waiting.items == [made]
    with pytest.raises(NotFound):
        bank_checks.of(work_as("per_other_editor"), "org_buyer", **bounds)  # type: ignore[arg-type]  # as written
    with pytest.raises(StepNotAllowed):
        bank_checks.waiting(work_as("per_buyer_editor"), **bounds)  # type: ignore[arg-type]  # as written
    with pytest.raises(NotFound):
        bank_checks.request(
            work_as("per_other_editor"), "org_buyer", account_name="x", bank_name="x", number="1"
        )
    with pytest.raises(NotFound):
        bank_checks.find(work_as("system").session, "bck_none")
