"""The provider's leg, every break by its name; and who looks into it until it is gone."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from kernel.errors import StepRefused
from kernel.money import Money
from settlement import fsck, ledger
from settlement.ledger import AccountRef, Row
from settlement.rails import balance_lines
from settlement.rails.balance_lines import ProviderBalanceLine
from settlement.rails.desks import DisputeWord
from settlement.rails.port import BalanceLine
from settlement.reconciling import breaks, closings, runs
from settlement.reconciling.breaks import Break
from settlement.reconciling.facts import Leg, Type
from settlement.refunding import chargebacks
from tests.settlement.money import WorkAs

DAY = date(2026, 7, 1)
NOON = datetime(2026, 7, 1, 4, tzinfo=UTC)
SOON, LATER = NOON + timedelta(days=1), NOON + timedelta(days=7)
PAID = Money(10_000)
WITH = "stripe"


def booked(work_as: WorkAs, amount: Money = PAID, *, object_id: str = "pi_1") -> None:
    """Book money that the provider's object tells of, and that belongs to nothing here yet."""
    source = AccountRef("1012.psp", WITH, amount.currency)
    waits = AccountRef("2241.suspense", object_id, amount.currency)
    rows = [Row(source, waits, amount)]
    ledger.post(work_as("system", at=NOON), "payment.over", object_id, rows, effective_on=DAY)


def told(
    work_as: WorkAs,
    amount: Money = PAID,
    *,
    line_id: str = "txn_1",
    object_id: str = "pi_1",
    fee: int = 0,
    at: datetime = NOON,
    on: datetime = SOON,
    converted: Money | None = None,
    kind: str = "charge",
) -> bool:
    """Let the provider tell of a movement; tells whether it was new."""
    line = BalanceLine(
        id=line_id,
        type=kind,
        source_id=object_id,
        amount=amount,
        fee=Money(fee, amount.currency),
        net=Money(amount.minor - fee, amount.currency),
        available_on=at,
        at=at,
        converted=converted,
    )
    return balance_lines.book(work_as("system", at=on), WITH, line, chargebacks)


def ran(work_as: WorkAs, at: datetime = SOON) -> list[Break]:
    """Reconcile up to a day; return the provider's breaks that are not cleared."""
    work = work_as("per_exchange_settler", at=at)
    work.session.flush()
    runs.run(work, at.date())
    work.session.flush()
    found = breaks.listed(work, leg=Leg.PROVIDER, after=None, limit=50).items
    return [it for it in found if it.state != breaks.State.CLEARED]


def found(work_as: WorkAs, at: datetime = SOON) -> tuple[str, str, Money]:
    (it,) = ran(work_as, at)
    return it.type, it.key, it.difference


def test_what_books_and_provider_both_say_leaves_nothing(session: Session, work_as: WorkAs) -> None:
    booked(work_as)
    told(work_as, fee=60)

    assert ran(work_as) == []
    assert ledger.balance(session, AccountRef("1012.psp", WITH)) == Money(9_940)
    assert fsck.check(session) == ()


def test_missing_here_is_what_the_provider_alone_tells(work_as: WorkAs) -> None:
    told(work_as)

    assert found(work_as) == (Type.MISSING_LEFT, "provider:pi_1/CNY", Money(-10_000))


def test_missing_there_is_on_its_way_at_first_and_a_break_later(work_as: WorkAs) -> None:
    booked(work_as)

    at_first = found(work_as)
    blocks_at_first = ran(work_as)[0].blocks
    later = found(work_as, LATER)

    assert at_first == (Type.TIMING, "provider:pi_1/CNY", PAID)
    assert later == (Type.MISSING_RIGHT, "provider:pi_1/CNY", PAID)
    assert (blocks_at_first, ran(work_as, LATER)[0].blocks) == (False, True)


@pytest.mark.parametrize("theirs", [9_999, 10_001])
def test_another_amount_is_found_with_its_sign(work_as: WorkAs, theirs: int) -> None:
    booked(work_as)
    told(work_as, Money(theirs))

    assert found(work_as) == (Type.AMOUNT, "provider:pi_1/CNY", Money(10_000 - theirs))


def test_another_fee_is_found_though_the_amount_agrees(work_as: WorkAs) -> None:
    booked(work_as)
    told(work_as, fee=60)
    row = Row(AccountRef("6603.psp_fee"), AccountRef("1012.psp", WITH), Money(5))
    ledger.post(work_as("system", at=NOON), "psp.fee", "pi_1", [row], effective_on=DAY)

    assert found(work_as) == (Type.FEE, "fee:pi_1/CNY", Money(5))


def test_another_currency_is_one_break_and_not_two(work_as: WorkAs) -> None:
    booked(work_as)
    told(work_as, Money(10_000, "HKD"))

    (it,) = ran(work_as)

    assert (it.type, it.key) == (Type.CURRENCY, "provider:pi_1")
    assert (it.left, it.currency) == (PAID, "CNY")


def test_what_was_converted_agrees_when_it_is_what_had_come_in(
    session: Session, work_as: WorkAs
) -> None:
    booked(work_as)
    told(work_as, Money(10_800, "HKD"), fee=80, converted=PAID)

    assert ran(work_as) == []
    assert ledger.balance(session, AccountRef("1012.psp", WITH, "HKD")) == Money(10_720, "HKD")


def test_another_amount_converted_than_had_come_in_is_found(work_as: WorkAs) -> None:
    booked(work_as)
    told(work_as, Money(10_700, "HKD"), converted=Money(9_900))

    assert found(work_as) == (Type.FX, "provider:pi_1/CNY", Money(100))


def test_one_movement_told_twice_under_two_ids_is_a_duplicate(work_as: WorkAs) -> None:
    booked(work_as)
    told(work_as)
    told(work_as, line_id="txn_2")

    assert found(work_as) == (Type.DUPLICATE, "provider:pi_1/CNY", Money(-10_000))


def test_one_line_told_again_is_kept_once(session: Session, work_as: WorkAs) -> None:
    booked(work_as)

    new = [told(work_as, fee=60), told(work_as, fee=60)]

    assert new == [True, False]
    assert session.scalar(select(func.count()).select_from(ProviderBalanceLine)) == 1
    assert ran(work_as) == []


def test_what_the_provider_tells_late_of_a_closed_day_is_found_all_the_same(
    work_as: WorkAs,
) -> None:
    booked(work_as)
    told(work_as)
    assert ran(work_as) == []
    closings.close(work_as("per_exchange_checker", at=LATER), SOON.date())

    told(work_as, Money(700), line_id="txn_9", object_id="pi_9", on=LATER)
    first = ran(work_as, LATER)
    again = ran(work_as, LATER + timedelta(days=1))

    assert [(it.type, it.key, it.day) for it in first] == [
        (Type.MISSING_LEFT, "provider:pi_9/CNY", DAY)
    ]
    assert [it.id for it in again] == [it.id for it in first]
    with pytest.raises(closings.DayNotClosable):
        closings.close(work_as("per_exchange_checker", at=LATER), SOON.date() + timedelta(days=1))


def test_a_fee_booked_for_a_closed_day_is_late(session: Session, work_as: WorkAs) -> None:
    booked(work_as)
    told(work_as)
    assert ran(work_as) == []
    closings.close(work_as("per_exchange_checker", at=LATER), SOON.date())
    session.flush()

    told(work_as, Money(0), line_id="txn_fee", kind="adjustment", fee=30, at=SOON, on=LATER)
    ran(work_as, LATER)

    everything = breaks.listed(work_as("per_exchange_settler"), after=None, limit=9).items
    assert (Leg.TRADE, Type.LATE) in {(it.leg, it.type) for it in everything}


def test_what_a_dispute_takes_and_its_fee_agree(session: Session, work_as: WorkAs) -> None:
    booked(work_as)
    told(work_as)
    word = DisputeWord(
        provider=WITH,
        dispute_id="dp_1",
        charge_object="pi_1",
        order_id=None,
        amount=PAID,
        state="needs_response",
        evidence_due=None,
    )
    chargebacks.seen(work_as("system", at=NOON), word)
    session.flush()
    told(work_as, Money(-10_000), line_id="txn_d", object_id="dp_1", fee=1_500, kind="dispute")

    assert ran(work_as) == []


def test_a_break_of_the_provider_has_an_age_an_owner_and_an_end(work_as: WorkAs) -> None:
    told(work_as)
    (it,) = ran(work_as, LATER)
    settler = work_as("per_exchange_settler", at=LATER)

    breaks.assign(settler, it.id, owner="per_exchange_checker")
    age = breaks.age(it, settler.calendar, LATER.date())
    breaks.take(settler, it.id, "explain", cause="对方误记，已去函")
    explained = (it.owner, it.state, it.blocks)
    booked(work_as)
    left = ran(work_as, LATER)

    assert age == 5
    assert explained == ("per_exchange_checker", breaks.State.EXPLAINED, False)
    assert (left, it.state) == ([], breaks.State.CLEARED), "it agrees now"


def test_a_large_break_of_the_provider_is_cleared_by_another_with_its_entry(
    work_as: WorkAs,
) -> None:
    told(work_as, Money(100_001))
    (it,) = ran(work_as, LATER)
    settler, checker = (work_as(f"per_exchange_{who}", at=LATER) for who in ("settler", "checker"))
    breaks.take(settler, it.id, "explain", cause="漏记")

    with pytest.raises(StepRefused) as alone:
        breaks.take(settler, it.id, "clear", entry=7)
    breaks.take(checker, it.id, "clear", entry=7)

    assert [refusal.code for refusal in alone.value.refusals] == ["FOUR_EYES"]
    assert (it.state, it.entry_id) == (breaks.State.CLEARED, 7)


def test_many_objects_cost_as_many_selects_as_one(session: Session, work_as: WorkAs) -> None:
    costs = []
    for start, count in ((0, 1), (1, 8)):
        for number in range(start, start + count):
            booked(work_as, object_id=f"pi_{number}")
            told(work_as, line_id=f"txn_{number}", object_id=f"pi_{number}", fee=1)
        session.flush()
        selects: list[str] = []

        def hear(*heard: object, kept: list[str] = selects) -> None:
            kept.append(str(heard[2]))

        event.listen(session.get_bind(), "before_cursor_execute", hear)
        runs.run(work_as("per_exchange_settler", at=SOON), SOON.date())
        event.remove(session.get_bind(), "before_cursor_execute", hear)
        costs.append(sum(statement.startswith("SELECT") for statement in selects))

    assert costs[0] == costs[1]
