from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.journal import Event
from kernel.money import Money
from kernel.work import Rules
from settlement import batches, escrow, fsck, turnover
from settlement.batches import State
from settlement.dividing import reserves, settled
from settlement.dividing.settled import SplitShare
from settlement.ledger import AccountRef, balance
from tests.conftest import RULES, WorkAs
from tests.settlement import money
from tests.settlement.refunding import going_back


def ruled(**changed: int) -> Rules:
    return replace(
        RULES, values={**RULES.values, "settling": {**RULES.table("settling"), **changed}}
    )


def lines_due(work_as: WorkAs, number: int, amount: int = 1_000) -> None:
    money.paid(work_as, amount=Money(number * amount))
    lines = [money.line(f"orl_{n:03}", Money(amount)) for n in range(number)]
    money.accepted(work_as, "ord_1", *lines)


def on(session: Session, code: str, owner: str) -> int:
    return balance(session, AccountRef(code, owner)).minor


def test_a_batch_larger_than_a_page_is_posted_page_by_page(
    session: Session, work_as: WorkAs
) -> None:
    rules = ruled(chunk=3)
    lines_due(work_as, 8)
    batch = batches.compute(work_as("per_exchange_settler", at=money.DUE, rules=rules))
    session.flush()
    checker = work_as("per_exchange_checker", at=money.DUE, rules=rules)
    house = work_as("system", at=money.DUE, rules=rules)

    batches.take(checker, batch.id, "confirm")
    after_one = [one.state for one in escrow.of_order(session, "ord_1")]
    shown = batches.lines(checker, batch)
    told = Event(kind="settlement.confirmed", subject=batch.id)
    for _ in range(4):  # once more than there are pages: the last one does nothing
        batches.go_on(house, told)
        session.flush()

    assert after_one.count(escrow.State.SETTLED) == 3
    assert [line.entry_id is not None for line in shown] == [True] * 3 + [False] * 5
    assert (batch.state, batch.obligation_count) == (State.POSTED, 8)
    assert on(session, "2241.accepted", "ord_1") == 0
    kinds = money.kinds_of(session, batch.id)
    assert kinds.count("settlement.continued") == 2
    assert money.kinds_of(session, "ord_1").count("order.settled") == 1
    assert fsck.check(session) == ()


def test_what_rules_change_between_pages_waits_for_the_next_batch(
    session: Session, work_as: WorkAs
) -> None:
    lines_due(work_as, 4)
    batch = batches.compute(work_as("per_exchange_settler", at=money.DUE, rules=ruled(chunk=2)))
    session.flush()
    checker = work_as("per_exchange_checker", at=money.DUE, rules=ruled(chunk=2))
    batches.take(checker, batch.id, "confirm")
    changed = replace(ruled(chunk=2), version="other")

    batches.go_on(
        work_as("system", at=money.DUE, rules=changed),
        Event(kind="settlement.confirmed", subject=batch.id),
    )

    states = [one.state for one in escrow.of_order(session, "ord_1")]
    assert states.count(escrow.State.SETTLED) == 2
    assert batch.state == State.POSTED
    assert money.kinds_of(session, batch.id).count("settlement.line_dropped") == 2


def test_a_batch_takes_no_more_than_the_rules_say(session: Session, work_as: WorkAs) -> None:
    lines_due(work_as, 5)
    rules = ruled(chunk=2, batch_max=3)

    made = batches.compute(work_as("per_exchange_settler", at=money.DUE, rules=rules))

    assert (made.obligation_count, made.total) == (3, Money(3_000))
    assert len(batches.lines(work_as("per_exchange_auditor", rules=rules), made, limit=2)) == 2


def test_slices_of_one_line_are_settled_one_by_one(session: Session, work_as: WorkAs) -> None:
    money.paid(work_as, amount=Money(1_000))
    parts = escrow.slices(Money(1_000), [31, 31, 30])
    lines = [money.line("orl_1", part, seq=seq) for seq, part in enumerate(parts, 1)]

    money.accepted(work_as, "ord_1", *lines[:2])
    money.accepted(work_as, "ord_1", *lines)
    money.settled(work_as)

    assert (sum(parts, Money(0)), [part.minor for part in parts]) == (
        Money(1_000), [337, 337, 326],
    )  # fmt: skip
    assert {one.seq for one in escrow.of_order(session, "ord_1")} == {1, 2, 3}
    assert escrow.left(session, "ord_1") == Money(0)
    assert turnover.sides(session).counted == Money(1_000)


def test_what_was_counted_before_is_not_counted_again(session: Session, work_as: WorkAs) -> None:
    money.paid(work_as, amount=Money(1_000))
    line = money.line("orl_1", Money(1_000))

    escrow.accept(work_as("system"), "ord_1", [line], counted=True)

    assert turnover.sides(session).counted == Money(0)
    going_back.requested(work_as, 400)
    assert escrow.of_order(session, "ord_1")[0].left == Money(600)


def test_what_is_new_or_prone_to_disputes_waits_longer(session: Session, work_as: WorkAs) -> None:
    due = []
    for number in range(5):
        money.paid(work_as, f"ord_{number}", Money(100))
        line = money.line(f"orl_{number}", Money(100), dispute_prone=number == 4)
        (made,) = money.accepted(work_as, f"ord_{number}", line)
        session.flush()
        due.append(made.due_on)

    new, trusted, prone = date(2026, 7, 10), date(2026, 7, 2), date(2026, 7, 8)
    assert due == [new, new, new, trusted, prone]


def test_a_part_is_kept_in_reserve_and_released(session: Session, work_as: WorkAs) -> None:
    rules = ruled(reserve_bp=1_000, reserve_days=30, deposit_fen=1_000)
    money.paid(work_as)
    money.accepted(work_as)
    batch = batches.compute(work_as("per_exchange_settler", at=money.DUE, rules=rules))
    session.flush()
    batches.take(work_as("per_exchange_checker", at=money.DUE, rules=rules), batch.id, "confirm")
    session.flush()

    def release(days: int) -> int:
        at = money.DUE + timedelta(days=days)
        return reserves.release_due(work_as("system", at=at, rules=rules), limit=9)

    assert on(session, "2202.reserve", "org_developer") == 620_800
    assert [one.amount_minor for one in reserves.of_party(session, "org_developer", limit=9)] == [
        620_800
    ]
    assert (release(29), release(30), release(31)) == (0, 1, 0)
    assert on(session, "2202.reserve", "org_developer") == 1_000
    assert on(session, "2202.merchant", "org_developer") == 6_207_001
    assert fsck.check(session) == ()


def test_a_refund_takes_the_reserve_before_it_is_owed(session: Session, work_as: WorkAs) -> None:
    money.everybodys_accounts(work_as)
    rules = ruled(reserve_bp=1_000, reserve_days=30)
    money.paid(work_as)
    money.accepted(work_as)
    batch = batches.compute(work_as("per_exchange_settler", at=money.DUE, rules=rules))
    session.flush()
    batches.take(work_as("per_exchange_checker", at=money.DUE, rules=rules), batch.id, "confirm")
    session.flush()
    money.requested(work_as)

    going_back.requested(work_as, money.STORY.minor, fee_refund=True)

    assert on(session, "2202.reserve", "org_developer") == 0
    assert on(session, "1221.party", "org_developer") == 5_587_201
    later = money.DUE + timedelta(days=31)
    assert reserves.release_due(work_as("system", at=later, rules=rules), limit=9) == 1
    assert on(session, "2202.merchant", "org_developer") == 0


def test_lines_from_before_shares_were_kept_get_theirs(session: Session, work_as: WorkAs) -> None:
    going_back.settled_order(work_as)
    session.flush()
    for share in session.scalars(select(SplitShare)).all():
        session.delete(share)
    session.flush()
    (obligation,) = escrow.of_order(session, "ord_1")

    before = settled.remaining(session, [obligation.id])
    going_back.requested(work_as, 1_000)

    assert before == money.STORY.minor
    assert settled.remaining(session, [obligation.id]) == money.STORY.minor - 1_000


def test_what_was_refunded_in_escrow_is_not_accepted(session: Session, work_as: WorkAs) -> None:
    money.paid(work_as, amount=Money(1_000))
    prices = [Money(600), Money(400)]
    whole = escrow.reduced(session, "ord_1", prices)
    refund: Any = going_back.requested(work_as, 100)

    left = escrow.reduced(session, "ord_1", prices)

    assert (whole, left, refund.amount) == (prices, [Money(540), Money(360)], Money(100))
