"""What a trade leaves behind, found in the database: hands, use, days, content, vouchers, money."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import tasks
from kernel.parties.people import Membership
from marketplace.integrity import clues, ended, facts, flags, looking
from marketplace.integrity.flags import IntegrityFlag
from marketplace.orders import Order
from settlement import accounts, payments
from settlement.bank.statements import BankLine, BankMatch, Kind
from settlement.metering import subscriptions
from settlement.payouts import Payout
from tests.conftest import WorkAs
from tests.marketplace import make
from tests.marketplace.counting import watched
from tests.settlement import money

LATER = watched.DAY + timedelta(minutes=6)
NEW_YEAR = datetime(2027, 1, 4, 4, tzinfo=UTC)
MONTHLY = {"kind": "subscription", "price": {"minor": 31_000, "currency": "CNY"}, "period": "month"}


def traded(session: Session, *, at: datetime = watched.DAY, **said: Any) -> Order:
    product = make.listed(session, **said)
    return watched.accepted(session, make.paid(session, product), at=at)


def account(work_as: WorkAs, party: str, name: str, number: str) -> accounts.BankAccount:
    made = accounts.register(
        work_as("per_exchange_settler"), party_id=party, account_name=name,
        bank_name="演示银行", number=number,
    )  # fmt: skip
    work_as("system").session.flush()
    return made


def look(session: Session) -> set[str]:
    looking.look(watched.by(session, at=LATER), limit=50)
    session.flush()
    return {one.rule for one in session.scalars(select(IntegrityFlag))}


def test_one_person_on_both_sides_is_told(session: Session) -> None:
    order = traded(session)
    both = Membership(person_id="per_buyer_editor", organisation_id="org_developer", duties=[])
    session.add(both)

    assert look(session) == {"S4"}
    (flag,) = flags.of_order(session, order.id)
    assert flag.evidence == {"shared": [{"kind": "person", "id": "per_buyer_editor"}]}


@pytest.mark.parametrize(("number", "found"), [("6217 0000 7777 1", True),
                                               ("6217 1111 7777 1", False)])  # fmt: skip
def test_one_bank_account_on_both_sides_is_told_and_not_its_last_digits(
    session: Session, work_as: WorkAs, number: str, found: bool
) -> None:
    account(work_as, "org_developer", "演示·枫香科技", "6217 0000 7777 1")
    account(work_as, "org_buyer", money.BUYER_NAME, number)
    session.flush()
    traded(session)

    assert look(session) == ({"S4"} if found else set())


def test_what_was_never_used_is_told_when_its_time_is_over(session: Session) -> None:
    idle, used = (traded(session, price_plan=MONTHLY) for _ in range(2))
    plain = traded(session)
    for task in tasks.of_order(session, used.id):
        task.reads = 1
    subscriptions.earn_due(watched.by(session, at=NEW_YEAR), limit=50)
    session.flush()

    early = ended.look_at_unused(watched.by(session, at=watched.DAY))
    late = [ended.look_at_unused(watched.by(session, at=NEW_YEAR)) for _ in range(2)]
    session.flush()

    assert (early, late) == (0, [1, 0])
    assert [one.rule for one in flags.of_order(session, idle.id)] == ["S3"]
    assert flags.of_order(session, used.id) == flags.of_order(session, plain.id) == []


def test_a_rush_at_the_end_of_a_quarter_is_told_once_it_is_over(session: Session) -> None:
    early = [traded(session, at=datetime(2026, 8, 3, 4, tzinfo=UTC)) for _ in range(3)]
    late = [traded(session, at=datetime(2026, 9, day, 4, tzinfo=UTC)) for day in (28, 29, 30)]
    done = datetime(2026, 10, 1, 4, tzinfo=UTC)

    before = ended.look_at_quarter(watched.by(session, at=datetime(2026, 9, 30, 5, tzinfo=UTC)))
    after = [ended.look_at_quarter(watched.by(session, at=done)) for _ in range(2)]
    session.flush()

    assert (before, after) == (0, [3, 0])
    assert {one.order_id for one in session.scalars(select(IntegrityFlag))} == {
        order.id for order in late
    }
    assert not any(flags.of_order(session, order.id) for order in early)


def test_without_a_voucher_or_data_set_nothing_is_told(session: Session) -> None:
    order = traded(session)
    trade = facts.trade(session, order.id)
    assert trade is not None

    assert clues.twins(session, trade) == []
    assert clues.voucher(session, trade) == (0, False, [])
    assert clues.way_back(watched.by(session), trade, days=30, hops=3) == ([], [], 0)


def test_proceeds_that_pay_for_the_buyers_next_order_are_told(
    session: Session, work_as: WorkAs
) -> None:
    theirs = account(work_as, "org_developer", "演示·枫香科技", "6222 0000 0000 1234")
    first, second = traded(session), make.paid(session)
    session.execute(Payout.__table__.insert().values(  # type: ignore[attr-defined]
        id="pay_x", state="paid", version=1, payable="merchant", party_id="org_developer",
        amount_minor=900_000, amount_currency="CNY", attempt=1, reference="P-X",
        account_id=theirs.id, account_name=theirs.account_name,
        account_masked=theirs.number_masked, maker="per_a", requested_at=watched.DAY,
        checker="per_b", approved_at=watched.DAY, file_id=None, paid_on=watched.DAY.date(),
    ))  # fmt: skip
    statement = money.took(work_as, money.csv_of(
        [("T-x", 900_000, theirs.account_name, "代付")], number="n1", opening=0))  # fmt: skip
    session.flush()
    line = session.scalars(select(BankLine).where(BankLine.statement_id == statement.id)).one()
    payment = session.scalars(
        select(payments.Payment).where(payments.Payment.order_id == second.id)
    ).one()
    session.add(BankMatch(
        id="bmt_x", line_id=line.id, amount=line.amount, kind=Kind.PAYMENT, target=None,
        payment_id=payment.id, payout_id=None, by_hand=True, reason="代付",
        matched_by="per_exchange_settler", matched_at=watched.DAY,
    ))  # fmt: skip
    watched.accepted(session, second)

    assert look(session) == {"S8"}
    assert {one.order_id for one in session.scalars(select(IntegrityFlag))} == {
        first.id, second.id,
    }  # fmt: skip
