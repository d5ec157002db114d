from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from kernel.money import Money
from kernel.work import Work
from settlement import ledger
from settlement.bank import outgoing
from settlement.ledger import AccountRef, Row
from settlement.reconciling import breaks, closings, facts, runs
from settlement.reconciling.breaks import Break
from settlement.reconciling.facts import Leg, Type
from tests.settlement import money
from tests.settlement.money import BUYER_NAME, CUSTODY, WorkAs, csv_of, took

FIRST, SECOND = date(2026, 7, 1), date(2026, 7, 2)
THIRD = datetime(2026, 7, 3, 4, tzinfo=UTC)
FOURTH = datetime(2026, 7, 4, 4, tzinfo=UTC)
LATER = datetime(2026, 7, 9, 4, tzinfo=UTC)
CENT = Money(1)


def settler(work_as: WorkAs, at: datetime = THIRD) -> Work:
    return work_as("per_exchange_settler", at=at)


def checker(work_as: WorkAs, at: datetime = THIRD) -> Work:
    return work_as("per_exchange_checker", at=at)


def live(work_as: WorkAs) -> list[tuple[str, str, str]]:
    work_as("system").session.flush()
    found = breaks.listed(settler(work_as), after=None, limit=50).items
    return [(it.leg, it.type, it.key.partition(":")[0]) for it in found if it.state != "cleared"]


def one(work_as: WorkAs) -> Break:
    (found,) = breaks.listed(settler(work_as), after=None, limit=50).items
    return found


def codes(refused: pytest.ExceptionInfo[Any]) -> set[str]:
    return {refusal.code for refusal in refused.value.refusals}


@pytest.fixture
def story(work_as: WorkAs) -> None:
    """An order paid and accepted."""
    money.paid(work_as)
    money.accepted(work_as)


@pytest.mark.parametrize(
    ("ours", "theirs", "found", "difference"),
    [
        (Money(5), Money(5), None, None),
        (Money(5), Money(3), Type.AMOUNT, Money(2)),
        (Money(3), Money(5), Type.AMOUNT, Money(-2)),
        (Money(5), None, Type.MISSING_RIGHT, Money(5)),
        (None, Money(5), Type.MISSING_LEFT, Money(-5)),
        (Money(5), Money(5, "HKD"), Type.CURRENCY, Money(5)),
    ],
)
def test_two_sides_are_compared_line_by_line_and_the_sign_is_kept(
    ours: Money | None, theirs: Money | None, found: Type | None, difference: Money | None
) -> None:
    left, right = ({"k": side} if side else {} for side in (ours, theirs))

    told = list(facts.compare(Leg.BANK, "line", left, right, since=FIRST))

    assert [(fact.type, fact.difference) for fact in told] == (
        [(found, difference)] if found else []
    )


@pytest.mark.usefixtures("story")
def test_what_agrees_leaves_nothing_to_explain(work_as: WorkAs) -> None:
    made = runs.run(settler(work_as), SECOND)

    assert (made.found, made.blocking, live(work_as)) == (0, 0, [])
    assert made.first_on == FIRST


def test_the_same_books_give_the_same_digest(work_as: WorkAs) -> None:
    took(work_as, csv_of([("T-1", 500, BUYER_NAME, "无编号")]))

    first, again = (runs.run(settler(work_as), SECOND) for _ in range(2))
    other = runs.run(settler(work_as, LATER), date(2026, 7, 9))

    assert first.digest == again.digest
    assert (first.position, again.position) == (1, 2)
    assert other.digest != first.digest


def test_a_receipt_nobody_matched_is_on_its_way_at_first_and_a_break_later(
    work_as: WorkAs,
) -> None:
    took(work_as, csv_of([("T-1", 500, BUYER_NAME, "无编号")]))

    runs.run(settler(work_as), SECOND)
    at_first = live(work_as)
    runs.run(settler(work_as, LATER), date(2026, 7, 8))

    assert at_first == [("bank", "timing", "suspense")]
    assert live(work_as) == [("bank", "unmatched_receipt", "suspense")]
    assert one(work_as).difference == Money(500)


def test_a_debit_that_nobody_knows_is_missing_on_our_side(work_as: WorkAs) -> None:
    took(work_as, csv_of([("T-1", -700, "某某", "未知")], opening=700))

    made = runs.run(settler(work_as), SECOND)

    assert made.blocking == 1
    assert live(work_as)[0][:2] == ("bank", "missing_left")
    assert one(work_as).difference == Money(700)


def test_what_only_we_have_booked_is_missing_at_the_bank(session: Session, work_as: WorkAs) -> None:
    posted(work_as, on=FIRST)

    runs.run(settler(work_as), SECOND)

    assert ("bank", "missing_right") in {each[:2] for each in live(work_as)}


def test_a_payment_that_says_more_than_the_books_is_found(
    session: Session, work_as: WorkAs
) -> None:
    payment = money.paid(work_as)
    session.flush()
    session.execute(
        text("UPDATE payments SET funded_minor = funded_minor - 1 WHERE id = :id"),
        {"id": payment.id},
    )
    session.expire_all()

    runs.run(settler(work_as), SECOND)

    assert live(work_as) == [("trade", "amount", "paid")]
    assert one(work_as).difference == Money(-1)


@pytest.mark.usefixtures("story")
def test_an_obligation_that_differs_from_its_entry_is_found(
    session: Session, work_as: WorkAs
) -> None:
    session.flush()
    session.execute(text("UPDATE obligations SET amount_minor = amount_minor + 5"))
    session.expire_all()

    runs.run(settler(work_as), SECOND)

    assert live(work_as) == [("trade", "amount", "accepted")]
    assert one(work_as).difference == Money(5)


@pytest.mark.usefixtures("story")
def test_a_payout_is_on_its_way_then_missing_then_there(work_as: WorkAs) -> None:
    soon, later = money.DUE, money.DUE + timedelta(days=6)
    money.settled(work_as)
    money.everybodys_accounts(work_as)
    payout = money.approved(work_as, money.requested(work_as))
    outgoing.send(work_as("per_exchange_settler", at=soon))
    work_as("system").session.flush()

    runs.run(settler(work_as, soon), soon.date())
    at_first = live(work_as)
    runs.run(settler(work_as, later), later.date())
    after_days = live(work_as)
    booked_on = soon.date()
    took(
        work_as,
        csv_of(
            [("T-out", -payout.amount.minor, payout.account_name, payout.reference)],
            number="out",
            opening=money.STORY.minor,
            on=booked_on.isoformat(),
        ),
    )
    runs.run(settler(work_as, later), later.date())

    assert at_first == [("trade", "timing", "sent")]
    assert after_days == [("trade", "missing_right", "sent")]
    assert live(work_as) == []


def test_less_held_than_owed_is_the_gravest_break(session: Session, work_as: WorkAs) -> None:
    money.paid(work_as)
    swept(work_as)

    runs.run(settler(work_as), SECOND)

    assert ("safeguard", "balance", "held") in live(work_as)


@pytest.mark.usefixtures("story")
def test_volume_that_the_money_does_not_bear_out_is_found(work_as: WorkAs) -> None:
    work = work_as("system", at=money.DUE)
    ledger.post(
        work,
        "line.accepted",
        "orl_made_up",
        [Row(AccountRef("9001.counter", "org_buyer"), AccountRef("9002.turnover", "x"), CENT)],
        effective_on=SECOND,
        order_id="ord_1",
    )

    runs.run(settler(work_as), SECOND)

    assert live(work_as) == [("volume", "amount", "volume")]
    assert one(work_as).difference == CENT


def test_a_break_is_explained_and_then_cleared_by_another_when_it_is_large(
    work_as: WorkAs,
) -> None:
    took(work_as, csv_of([("T-1", -1_000_001, "某某", "未知")], opening=2_000_000))
    runs.run(settler(work_as), SECOND)
    it = one(work_as)

    with pytest.raises(StepRefused):
        breaks.take(settler(work_as), it.id, "clear")
    breaks.take(settler(work_as), it.id, "explain", cause="银行误扣，已申请冲正")
    with pytest.raises(StepRefused) as refused:
        breaks.take(settler(work_as), it.id, "clear")
    breaks.take(checker(work_as), it.id, "clear", entry=12)

    assert codes(refused) == {"FOUR_EYES"}
    assert (it.state, it.entry_id, it.owner) == ("cleared", 12, "per_exchange_settler")


def test_a_break_has_an_owner_and_an_age(work_as: WorkAs) -> None:
    took(work_as, csv_of([("T-1", -5, "某某", "未知")], opening=5))
    runs.run(settler(work_as), SECOND)
    it = one(work_as)

    breaks.assign(settler(work_as), it.id, owner="per_exchange_checker")
    mine = breaks.listed(settler(work_as), owner="per_exchange_checker", after=None, limit=5)

    assert mine.items == [it]
    assert breaks.age(it, settler(work_as).calendar, date(2026, 7, 8)) == 5
    with pytest.raises(StepNotAllowed):
        breaks.assign(work_as("per_buyer_signer"), it.id, owner=None)


def test_only_who_settles_reconciles_and_only_overseers_see(work_as: WorkAs) -> None:
    made = runs.run(settler(work_as), SECOND)
    work_as("system").session.flush()
    stranger = work_as("per_buyer_signer")

    with pytest.raises(StepNotAllowed):
        runs.run(stranger, SECOND)
    with pytest.raises(NotFound):
        runs.seen(stranger, made.id)
    with pytest.raises(NotFound):
        breaks.seen(stranger, "rcb_1")
    with pytest.raises(NotFound):
        closings.seen(stranger, "cld_1")
    with pytest.raises(NotFound):
        breaks.find(stranger.session, "rcb_1")
    assert runs.seen(work_as("per_exchange_auditor"), made.id) is made
    for module in (runs, breaks, closings):
        assert module.listed(stranger, after=None, limit=5).items == []


def test_a_day_to_come_and_one_too_far_are_refused(work_as: WorkAs) -> None:
    posted(work_as, on=date(2025, 5, 1))

    with pytest.raises(Invalid):
        runs.run(settler(work_as), date(2026, 7, 4))
    with pytest.raises(Invalid):
        runs.run(settler(work_as), SECOND)

    assert runs.yesterday(work_as("system", at=THIRD)) is None


@pytest.mark.usefixtures("story")
def test_the_house_reconciles_yesterday_once(work_as: WorkAs) -> None:
    house = work_as("system", at=THIRD)

    made = runs.yesterday(house)
    house.session.flush()
    again = runs.yesterday(house)

    assert made is not None
    assert (made.day, again) == (SECOND, None)


@pytest.mark.usefixtures("story")
def test_days_are_closed_in_order_by_another_and_keep_their_hash(
    session: Session, work_as: WorkAs
) -> None:
    for day in (FIRST, SECOND):
        runs.run(settler(work_as), day)
        session.flush()

    with pytest.raises(closings.DayNotClosable) as himself:
        closings.close(settler(work_as), FIRST)
    first = closings.close(checker(work_as), FIRST)
    session.flush()
    second = closings.close(checker(work_as), SECOND)
    session.flush()

    assert codes(himself) == {"FOUR_EYES"}
    assert closings.holds(checker(work_as), first)
    assert closings.holds(checker(work_as), second)
    with pytest.raises(closings.DayNotClosable) as twice:
        closings.close(checker(work_as), SECOND)
    with pytest.raises(closings.DayNotClosable) as today:
        closings.close(checker(work_as), date(2026, 7, 3))
    with pytest.raises(closings.DayNotClosable) as leapt:
        closings.close(checker(work_as, LATER), date(2026, 7, 8))
    assert codes(twice) == {"DAY_CLOSED"}
    assert codes(today) == {"DAY_NOT_OVER", "NOT_RECONCILED"}
    assert codes(leapt) == {"EARLIER_DAY_OPEN", "NOT_RECONCILED"}
    assert [each.day for each in closings.listed(checker(work_as), after=None, limit=5).items] == [
        SECOND,
        FIRST,
    ]
    assert closings.seen(checker(work_as), first.id) is first
    with pytest.raises(DBAPIError):
        session.execute(text("UPDATE closed_days SET root = 'x'"))


def test_an_unexplained_break_keeps_the_day_open(session: Session, work_as: WorkAs) -> None:
    took(work_as, csv_of([("T-1", -5, "某某", "未知")], opening=5))
    runs.run(settler(work_as), SECOND)
    session.flush()

    with pytest.raises(closings.DayNotClosable) as refused:
        closings.close(checker(work_as), SECOND)
    breaks.take(checker(work_as), one(work_as).id, "explain", cause="银行手续费，待补记")
    closings.close(checker(work_as), SECOND)
    session.flush()
    runs.run(settler(work_as, LATER), date(2026, 7, 8))

    assert codes(refused) == {"UNEXPLAINED"}
    assert live(work_as) == [("bank", "missing_left", "line")]


@pytest.mark.usefixtures("story")
def test_what_is_booked_for_a_closed_day_is_late_and_the_day_stays_as_it_was(
    session: Session, work_as: WorkAs
) -> None:
    runs.run(settler(work_as), SECOND)
    session.flush()
    posted(work_as, on=SECOND, source="unseen")
    with pytest.raises(closings.DayNotClosable) as unseen:
        closings.close(checker(work_as), SECOND)
    runs.run(settler(work_as), SECOND)
    session.flush()
    for it in breaks.listed(settler(work_as), after=None, limit=9).items:
        breaks.take(settler(work_as), it.id, "explain", cause="银行次日入账")
    session.flush()
    closed = closings.close(checker(work_as), SECOND)
    session.flush()

    posted(work_as, on=SECOND, source="late")
    runs.run(settler(work_as, LATER), date(2026, 7, 8))

    assert codes(unseen) == {"BOOKED_SINCE"}
    assert closings.holds(checker(work_as), closed)
    assert ("trade", "late", "entry") in live(work_as)


def test_a_statement_that_does_not_follow_is_a_gap(session: Session, work_as: WorkAs) -> None:
    took(work_as, csv_of([("T-1", 500, BUYER_NAME, "无编号")]))
    took(work_as, csv_of([("T-2", 5, BUYER_NAME, "无编号")], number="2", opening=500))
    session.flush()
    as_owner(session, "UPDATE bank_statements SET opening_minor = 501 WHERE number = '2'")

    runs.run(settler(work_as), SECOND)

    assert ("bank", "gap") in {each[:2] for each in live(work_as)}


def test_a_balance_that_differs_though_every_line_agrees_is_found(
    session: Session, work_as: WorkAs
) -> None:
    took(work_as, csv_of([("T-1", 500, BUYER_NAME, "无编号")]))
    session.flush()
    as_owner(session, "UPDATE bank_statements SET closing_minor = 499")

    runs.run(settler(work_as), SECOND)

    assert ("bank", "balance", "balance") in live(work_as)


def posted(work_as: WorkAs, *, on: date, source: str = "bsl_nowhere") -> None:
    """Book a receipt that no statement tells of."""
    ledger.post(
        work_as("system", at=THIRD),
        "bank.received",
        source,
        [Row(AccountRef("1012.custody", CUSTODY), AccountRef("2241.suspense", source), Money(900))],
        effective_on=on,
    )


def swept(work_as: WorkAs) -> None:
    """Take money out of the supervised account that is not the exchange's own."""
    ledger.post(
        work_as("system", at=THIRD),
        "fees.swept",
        "swp_1",
        [Row(AccountRef("1002.bank", "own"), AccountRef("1012.custody", CUSTODY), Money(100))],
        effective_on=SECOND,
    )


def as_owner(session: Session, statement: str, *, table: str = "bank_statements") -> None:
    """Change what nobody may change, as somebody who can switch the triggers off."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    if sqlite:
        session.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_update"))
    else:
        session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    session.execute(text(statement))
    session.expire_all()
