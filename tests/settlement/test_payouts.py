import csv
import io

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.money import Money
from settlement import accounts, payouts
from settlement.accounts import NoVerifiedAccount
from settlement.bank import outgoing
from settlement.bank.outgoing import OutgoingFile
from settlement.escrow import Payable
from settlement.ledger import AccountRef, balance
from settlement.payouts import NothingToSend, Payout, PayoutFile, State
from tests.conftest import WorkAs
from tests.settlement import money

MERCHANT = AccountRef("2202.merchant", "org_developer")
EARNED = Money(6_208_001)


@pytest.fixture
def earned(work_as: WorkAs) -> None:
    """Let everybody have earned their part of the story."""
    money.everybodys_accounts(work_as)
    money.paid(work_as)
    money.accepted(work_as)
    money.settled(work_as)


def sent(work_as: WorkAs) -> OutgoingFile:
    return outgoing.send(work_as("per_exchange_settler", at=money.DUE))


@pytest.mark.usefixtures("earned")
def test_what_is_asked_for_stands_in_transit(session: Session, work_as: WorkAs) -> None:
    payout = money.requested(work_as)

    assert (payout.state, payout.amount) == (State.REQUESTED, EARNED)
    assert payout.account_masked.startswith("****")
    assert balance(session, MERCHANT) == Money(0)
    assert balance(session, payout.transit) == EARNED


@pytest.mark.usefixtures("earned")
def test_part_of_what_is_there_can_be_asked_for(session: Session, work_as: WorkAs) -> None:
    money.requested(work_as, amount=Money(1_000_000))

    assert balance(session, MERCHANT) == Money(5_208_001)


@pytest.mark.usefixtures("earned")
def test_too_little_is_not_paid(work_as: WorkAs) -> None:
    money.requested(work_as)

    for amount in (Money(9_999), None):
        with pytest.raises(Invalid) as told:
            money.requested(work_as, amount=amount)
        assert told.value.pointer == "/amount"


def test_without_a_verified_account_nothing_is_paid(work_as: WorkAs) -> None:
    with pytest.raises(NoVerifiedAccount):
        money.requested(work_as)


def test_only_settlement_officers_ask_send_and_draw_files(work_as: WorkAs) -> None:
    merchant = work_as("per_developer_signer")

    with pytest.raises(StepNotAllowed):
        payouts.request(merchant, payable=Payable.MERCHANT, party_id="org_developer")
    with pytest.raises(StepNotAllowed):
        outgoing.send(merchant)
    with pytest.raises(StepNotAllowed):
        payouts.file_text(merchant, "pof_none")


@pytest.mark.usefixtures("earned")
def test_who_asked_does_not_approve(session: Session, work_as: WorkAs) -> None:
    payout = money.requested(work_as)

    with pytest.raises(StepRefused) as told:
        payouts.take(work_as("per_exchange_settler"), payout.id, "approve")

    assert [refusal.code for refusal in told.value.refusals] == ["FOUR_EYES"]
    with pytest.raises(IntegrityError):
        session.execute(update(Payout).values(checker="per_exchange_settler"))


@pytest.mark.usefixtures("earned")
def test_an_account_retired_meanwhile_gets_nothing(session: Session, work_as: WorkAs) -> None:
    early, late = (
        money.requested(work_as, amount=Money(10_000)),
        money.approved(work_as, money.requested(work_as, amount=Money(20_000))),
    )
    accounts.take(work_as("per_developer_signer"), early.account_id, "retire", reason="换户")
    session.flush()

    with pytest.raises(StepRefused) as told:
        money.approved(work_as, early)
    with pytest.raises(NothingToSend):
        sent(work_as)

    assert [refusal.code for refusal in told.value.refusals] == ["ACCOUNT_NOT_VERIFIED"]
    assert late.state == State.APPROVED


@pytest.mark.usefixtures("earned")
def test_what_is_approved_goes_into_one_file(session: Session, work_as: WorkAs) -> None:
    merchants = money.approved(work_as, money.requested(work_as))
    operators = money.approved(work_as, money.requested(work_as, Payable.OPERATOR, "org_operator"))
    unapproved = money.requested(work_as, Payable.FISCAL, money.TREASURY)

    made = sent(work_as)
    session.flush()

    text = outgoing.content(work_as("per_exchange_checker"), made.id).decode()
    rows = {row["付款编号"]: row for row in csv.DictReader(io.StringIO(text))}
    assert (made.item_count, made.total) == (2, Money(8_691_201))
    assert set(rows) == {merchants.reference, operators.reference}
    assert rows[merchants.reference]["金额"] == "62080.01"
    assert rows[merchants.reference]["收款账号"].startswith("62170000")
    assert (merchants.state, unapproved.state) == (State.SENT, State.REQUESTED)
    assert made.digest == work_as("system").crypto.digest(text.encode())
    with pytest.raises(NothingToSend):
        sent(work_as)


@pytest.mark.usefixtures("earned")
def test_a_file_that_kept_no_rows_is_drawn_from_its_payouts(
    session: Session, work_as: WorkAs
) -> None:
    payout = money.approved(work_as, money.requested(work_as))
    work = work_as("per_exchange_settler", at=money.DUE)
    told = {"payout_count": 1, "total": EARNED, "digest": "-"}
    session.add(PayoutFile(id="pof_old", made_by="per_exchange_settler", made_at=money.DUE, **told))
    session.flush()
    payouts.LIFE.take("send", payout, work, file_id="pof_old")
    session.flush()

    text = outgoing.content(work, "pof_old").decode()

    assert text == payouts.file_text(work, "pof_old")
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["付款编号"], row["金额"]) == (payout.reference, "62080.01")


def test_a_file_that_is_not_there_is_missing(work_as: WorkAs) -> None:
    with pytest.raises(NotFound):
        payouts.file_text(work_as("per_exchange_settler"), "pof_none")


@pytest.mark.usefixtures("earned")
@pytest.mark.parametrize("sent_before", [False, True])
def test_a_payout_that_fails_is_payable_again(
    session: Session, work_as: WorkAs, sent_before: bool
) -> None:
    payout = money.requested(work_as)
    if sent_before:
        money.approved(work_as, payout)
        sent(work_as)
        session.flush()

    name = "fail" if sent_before else "cancel"
    payouts.take(work_as("per_exchange_checker"), payout.id, name, reason="账号有误")
    session.flush()
    again = money.requested(work_as)

    assert payout.state == (State.FAILED if sent_before else State.CANCELLED)
    assert (again.amount, again.reference == payout.reference) == (EARNED, False)


@pytest.mark.usefixtures("earned")
def test_only_the_bank_says_that_it_was_paid(work_as: WorkAs) -> None:
    payout = money.approved(work_as, money.requested(work_as))
    sent(work_as)

    with pytest.raises(StepNotAllowed):
        payouts.take(work_as("per_exchange_settler"), payout.id, "pay")


@pytest.mark.usefixtures("earned")
def test_what_everybody_has_to_get_is_listed(work_as: WorkAs) -> None:
    everything = payouts.earned(work_as("per_exchange_auditor"))
    own = payouts.earned(work_as("per_developer_editor"), party_id="org_operator")
    one = payouts.earned(work_as("per_exchange_auditor"), party_id="org_operator")

    assert [(item.payable, item.party_id, item.amount) for item in everything] == [
        (Payable.MERCHANT, "org_developer", EARNED),
        (Payable.OPERATOR, "org_operator", Money(2_483_200)),
        (Payable.FISCAL, money.TREASURY, Money(3_724_800)),
    ]
    assert [item.party_id for item in own] == ["org_developer"]
    assert [item.party_id for item in one] == ["org_operator"]


@pytest.mark.usefixtures("earned")
def test_payouts_are_seen_by_their_party_and_by_who_oversees(work_as: WorkAs) -> None:
    payout = money.requested(work_as)

    for person in ("per_developer_editor", "per_exchange_auditor"):
        assert payouts.seen(work_as(person), payout.id) is payout
        assert payouts.listed(work_as(person), after=None, limit=9).items == [payout]
    for payout_id in (payout.id, "pot_none"):
        with pytest.raises(NotFound):
            payouts.seen(work_as("per_other_editor"), payout_id)
    auditor = work_as("per_exchange_auditor")
    assert payouts.listed(auditor, state=State.PAID, after=None, limit=9).items == []
    assert payouts.listed(work_as("per_other_editor"), after=None, limit=9).items == []
