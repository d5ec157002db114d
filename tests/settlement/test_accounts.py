from dataclasses import replace

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel.actor import Duty
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.parties import bank_checks
from settlement import accounts
from settlement.accounts import BankAccount, NoVerifiedAccount, State
from tests.conftest import WorkAs
from tests.settlement import money

OWN = {
    "party_id": "org_developer",
    "account_name": "演示 枫香科技",
    "bank_name": "演示银行",
    "number": "6217 0000-1234 567",
}


def registered(
    work_as: WorkAs, person: str = "per_developer_signer", **changed: str
) -> BankAccount:
    made = accounts.register(work_as(person), **{**OWN, **changed})
    money.made_session(work_as).flush()
    return made


def test_a_party_registers_and_a_settlement_officer_verifies(
    session: Session, work_as: WorkAs
) -> None:
    made = registered(work_as)

    accounts.take(work_as("per_exchange_checker"), made.id, "verify", evidence="小额打款")
    session.flush()

    assert made.state == State.VERIFIED
    assert made.verified_by == "per_exchange_checker"
    assert accounts.require_verified(session, "org_developer") is made


def test_the_number_is_sealed_and_only_its_tail_is_shown(work_as: WorkAs) -> None:
    made = registered(work_as)

    assert made.number_masked == "****4567"
    assert b"62170000" not in made.number_sealed
    assert accounts.number(work_as("system"), made) == "621700001234567"


def test_nobody_registers_an_account_for_somebody_else(work_as: WorkAs) -> None:
    for person in ("per_other_editor", "per_developer_editor", "per_exchange_auditor"):
        with pytest.raises(StepNotAllowed):
            registered(work_as, person)


def test_the_account_must_be_in_the_partys_own_name(work_as: WorkAs) -> None:
    with pytest.raises(Invalid) as told:
        registered(work_as, account_name="演示·别家")

    assert told.value.pointer == "/account_name"


@pytest.mark.parametrize("number", ["1234567", "x" * 35, "1234567＊"])
def test_what_is_no_number_is_refused(work_as: WorkAs, number: str) -> None:
    with pytest.raises(Invalid) as told:
        registered(work_as, number=number)

    assert told.value.pointer == "/number"


def test_an_account_of_nobody_is_refused(work_as: WorkAs) -> None:
    with pytest.raises(NotFound):
        registered(work_as, "per_exchange_settler", party_id="org_none")


def test_who_registered_an_account_does_not_verify_it(session: Session, work_as: WorkAs) -> None:
    made = registered(work_as, "per_exchange_settler")

    with pytest.raises(StepRefused) as told:
        accounts.take(work_as("per_exchange_settler"), made.id, "verify", evidence="x")

    assert [refusal.code for refusal in told.value.refusals] == ["FOUR_EYES"]
    with pytest.raises(IntegrityError):
        session.execute(update(BankAccount).values(verified_by="per_exchange_settler"))


def test_a_party_has_one_verified_account(session: Session, work_as: WorkAs) -> None:
    first, second = registered(work_as), registered(work_as, number="6217000099999999")
    checker = work_as("per_exchange_checker")
    accounts.take(checker, first.id, "verify", evidence="x")
    session.flush()

    with pytest.raises(StepRefused) as told:
        accounts.take(checker, second.id, "verify", evidence="x")
    accounts.take(work_as("per_developer_signer"), first.id, "retire", reason="换户")
    session.flush()
    accounts.take(checker, second.id, "verify", evidence="x")

    assert [refusal.code for refusal in told.value.refusals] == ["OTHER_ACCOUNT_VERIFIED"]
    assert accounts.require_verified(session, "org_developer") is second


def test_the_treasury_has_an_account_in_a_name_of_its_own(work_as: WorkAs) -> None:
    made = money.verified(work_as, money.TREASURY, "湖南省财政厅")

    assert made.state == State.VERIFIED


def test_without_a_verified_account_there_is_none(session: Session, work_as: WorkAs) -> None:
    registered(work_as)

    with pytest.raises(NoVerifiedAccount):
        accounts.require_verified(session, "org_developer")


def test_an_account_is_seen_by_its_party_and_by_who_oversees(work_as: WorkAs) -> None:
    made = registered(work_as)

    for person in ("per_developer_editor", "per_exchange_auditor"):
        assert accounts.seen(work_as(person), made.id) is made
        assert accounts.listed(work_as(person), after=None, limit=9).items == [made]
    for account_id in (made.id, "acc_none"):
        with pytest.raises(NotFound):
            accounts.seen(work_as("per_other_editor"), account_id)
    assert accounts.listed(work_as("per_other_editor"), after=None, limit=9).items == []


def told_back(work_as: WorkAs, number: str) -> str:
    """Let the party name the amount of a small transfer to an account; return the check's id."""
    officer = work_as("per_exchange_compliance")
    check = bank_checks.request(
        officer,
        "org_developer",
        account_name="演示·枫香科技",
        bank_name="演示银行",
        number=number,
    )
    officer.session.flush()
    teller = work_as("per_exchange_settler")
    bank_checks.take(teller, check.id, "send")
    _, amount = bank_checks.order(teller, check.id)
    work = work_as("per_developer_editor")
    finance = replace(work, actor=replace(work.actor, duties=frozenset({Duty.FINANCE})))
    bank_checks.echo(finance, check.id, amount_fen=amount)
    officer.session.flush()
    return check.id


def test_a_small_transfer_that_was_told_back_proves_an_account(
    session: Session, work_as: WorkAs
) -> None:
    made = registered(work_as)
    proof = told_back(work_as, "621700001234567")

    accounts.take(work_as("per_developer_signer"), made.id, "prove")
    session.flush()

    assert (made.state, made.verified_by) == (State.VERIFIED, proof)
    assert accounts.require_verified(session, "org_developer") is made


def test_a_transfer_to_another_account_proves_nothing(work_as: WorkAs) -> None:
    made = registered(work_as)
    told_back(work_as, "621700009999999")

    with pytest.raises(StepRefused) as told:
        accounts.take(work_as("per_developer_signer"), made.id, "prove")

    assert [refusal.code for refusal in told.value.refusals] == ["NOT_PROVED"]
