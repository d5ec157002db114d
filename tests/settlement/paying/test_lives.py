from datetime import date

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel.errors import StepRefused
from kernel.journal import Event
from kernel.money import Money
from settlement import accounts, escrow, fsck, payouts
from settlement.accounts import NoVerifiedAccount
from settlement.bank import outgoing
from settlement.dividing.settled import SplitShare
from settlement.ledger import AccountRef, balance
from settlement.paying import attempts, earnings
from settlement.payouts import Payout, State
from tests.conftest import WorkAs
from tests.settlement import money
from tests.settlement.refunding import going_back

MERCHANT = AccountRef("2202.merchant", "org_developer")
PAID_ON = date(2026, 7, 10)


@pytest.fixture
def sent(work_as: WorkAs) -> Payout:
    """Settle the story, and send the merchant's payout."""
    money.everybodys_accounts(work_as)
    going_back.settled_order(work_as)
    payout = money.approved(work_as, money.requested(work_as))
    outgoing.send(work_as("per_exchange_settler", at=money.DUE))
    money.made_session(work_as).flush()
    return payout


def pay(work_as: WorkAs, payout: Payout, line: str = "bsl_out") -> None:
    payouts.pay(
        work_as("per_exchange_settler", at=money.DUE),
        payout,
        bank_line_id=line,
        account=money.CUSTODY,
        booked_on=PAID_ON,
    )
    money.made_session(work_as).flush()


def come_back(work_as: WorkAs, payout: Payout) -> None:
    payouts.returned(
        work_as("per_exchange_settler", at=money.DUE),
        payout,
        bank_line_id="bsl_back",
        account=money.CUSTODY,
        booked_on=PAID_ON,
        reason="AC04",
    )
    money.made_session(work_as).flush()


def claimed(session: Session) -> int:
    session.flush()
    return sum(session.scalars(select(SplitShare.claimed_minor)))


def test_each_attempt_has_a_key_and_a_reference_of_its_own(
    session: Session, work_as: WorkAs, sent: Payout
) -> None:
    first = sent.reference
    checker = work_as("per_exchange_checker", at=money.DUE)
    payouts.take(checker, sent.id, "fail", reason="AC01")
    session.flush()

    payouts.take(checker, sent.id, "retry")
    session.flush()

    one, two = attempts.of(session, sent.id)
    assert (one.key, two.key) == (f"payout-{sent.id}-1", f"payout-{sent.id}-2")
    assert (one.reference, two.reference) == (first, sent.reference)
    assert (one.outcome, one.reason, two.outcome) == ("failed", "AC01", None)
    assert (sent.state, sent.maker, sent.checker) == (
        State.REQUESTED, "per_exchange_checker", None,
    )  # fmt: skip
    assert first != sent.reference
    assert payouts.locked(session, [first]) == {}
    assert (balance(session, sent.transit), claimed(session)) == (Money(6_208_001), 6_208_001)
    assert fsck.check(session) == ()


def test_what_comes_back_is_payable_again_and_its_account_is_not_trusted(
    session: Session, work_as: WorkAs, sent: Payout
) -> None:
    pay(work_as, sent)
    payouts.reconciled(work_as("system"), sent)
    session.flush()
    reconciled = sent.state

    come_back(work_as, sent)

    assert (reconciled, sent.state, sent.paid_on) == (State.RECONCILED, State.RETURNED, None)
    assert (balance(session, MERCHANT), claimed(session)) == (Money(6_208_001), 0)
    account = accounts.find(session, sent.account_id)
    assert account.state == accounts.State.RETIRED
    with pytest.raises(NoVerifiedAccount), session.begin_nested():
        payouts.take(work_as("per_exchange_settler"), sent.id, "retry")
    session.expire_all()
    assert [one.outcome for one in attempts.of(session, sent.id)] == ["returned"]
    assert fsck.check(session) == ()


def test_a_payout_that_was_sent_is_not_cancelled_and_a_cancelled_one_not_sent(
    session: Session, work_as: WorkAs, sent: Payout
) -> None:
    settler = work_as("per_exchange_settler", at=money.DUE)
    with pytest.raises(StepRefused):
        payouts.take(settler, sent.id, "cancel", reason="迟了")
    other = money.approved(
        work_as, money.requested(work_as, payouts.Payable.OPERATOR, "org_operator")
    )
    payouts.take(settler, other.id, "cancel", reason="误")
    session.flush()

    with pytest.raises(payouts.NothingToSend):
        outgoing.send(settler)
    with pytest.raises(StepRefused):
        pay(work_as, other)

    assert (sent.state, other.state) == (State.SENT, State.CANCELLED)


def test_another_bank_account_cancels_what_is_not_sent(
    session: Session, work_as: WorkAs, sent: Payout
) -> None:
    other = money.requested(work_as, payouts.Payable.OPERATOR, "org_operator")
    session.flush()

    for payout in (sent, other):
        gone = Event(kind="bank_account.retired", subject=payout.account_id)
        payouts.account_gone(work_as("system", at=money.DUE), gone)

    assert (sent.state, other.state) == (State.SENT, State.CANCELLED)
    assert balance(session, other.earned) == other.amount


def test_a_payout_is_held_and_released(session: Session, work_as: WorkAs, sent: Payout) -> None:
    other = money.approved(
        work_as, money.requested(work_as, payouts.Payable.OPERATOR, "org_operator")
    )
    settler = work_as("per_exchange_settler", at=money.DUE)

    payouts.take(settler, other.id, "hold", reason="核对")
    session.flush()
    held = (other.state, other.checker)
    payouts.take(settler, other.id, "release", reason="无误")

    assert (held, other.state) == ((State.HELD, None), State.REQUESTED)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(Payout).where(Payout.id == sent.id).values(checker=None))


def test_an_order_is_followed_to_the_payouts_that_pay_it(
    session: Session, work_as: WorkAs, sent: Payout
) -> None:
    pay(work_as, sent)

    ((payout, part),) = payouts.of_order(session, "ord_1")

    assert (payout, part.amount, part.account_code) == (sent, Money(6_208_001), "2202.merchant")
    assert payouts.of_order(session, "ord_none") == []
    assert escrow.explain(session, "ord_1").difference == Money(0)


def test_what_is_expected_and_owed_is_told_to_whom_it_concerns(
    work_as: WorkAs, sent: Payout
) -> None:
    money.paid(work_as, "ord_2", Money(700))
    money.accepted(work_as, "ord_2", money.line("orl_2", Money(700)))
    going_back.requested(work_as, money.STORY.minor, fee_refund=True)
    auditor, seller = work_as("per_exchange_auditor"), work_as("per_developer_editor")
    stranger = work_as("per_buyer_editor")

    def expected(work_of: str) -> list[tuple[date, int, int]]:
        found = earnings.expected(work_as(work_of), limit=9)
        return [(one.due_on, one.lines, one.amount.minor) for one in found]

    assert sent.state == State.SENT
    assert [one.amount.minor for one in earnings.owing(auditor)] == [6_208_001]
    assert earnings.owing(seller) == earnings.owing(auditor)
    assert (earnings.owing(stranger), expected("per_buyer_editor")) == ([], [])
    assert expected("per_developer_editor") == expected("per_exchange_auditor") == [
        (date(2026, 7, 10), 1, 700)
    ]  # fmt: skip


def test_a_payout_of_many_lines_is_made_of_them(session: Session, work_as: WorkAs) -> None:
    money.everybodys_accounts(work_as)
    money.paid(work_as, amount=Money(60_000))
    lines = [money.line(f"orl_{n:02}", Money(1_000)) for n in range(60)]
    money.accepted(work_as, "ord_1", *lines)
    money.settled(work_as)

    payout = money.requested(work_as, amount=Money(10_000))

    ((_, part),) = payouts.of_order(session, "ord_1")
    assert (part.amount, claimed(session)) == (payout.amount, 10_000)
