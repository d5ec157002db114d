"""Many entries by one call: as if one after the other, and all or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from kernel.money import Money
from settlement import fsck, ledger
from settlement.books import entries
from settlement.ledger import AccountRef, Posted, Row, ToPost
from tests.conftest import WorkAs
from tests.settlement.bookkeeping import (
    COMMISSION,
    CUSTODY,
    JULY,
    VAT,
    accepted,
    escrow,
    merchant,
    on,
    on_postgresql,
    received,
    suspense,
)


def arrived(line: str, fen: int) -> ToPost:
    return ToPost("bank.received", line, [Row(CUSTODY, suspense(line), Money(fen))], JULY)


def bound_for(line: str, order: str, fen: int) -> ToPost:
    rows = [Row(suspense(line), escrow(order), Money(fen))]
    return ToPost("bank.matched", f"{line} {order}", rows, JULY, order_id=order)


def taken(order: str, fen: int) -> ToPost:
    counter, turnover = AccountRef("9001.counter", "b"), AccountRef("9002.turnover", order)
    rows = [Row(escrow(order), accepted(order), Money(fen)), Row(counter, turnover, Money(fen))]
    return ToPost("line.accepted", order, rows, JULY, order_id=order)


def divided(order: str, fen: int) -> ToPost:
    shares = ((merchant("m"), fen - 53), (COMMISSION, 50), (VAT, 3))
    rows = [Row(accepted(order), share, Money(part)) for share, part in shares]
    return ToPost("line.settled", order, rows, JULY, order_id=order)


def written(session: Session) -> int:
    return session.scalars(select(func.count()).select_from(entries)).one()


@contextmanager
def counted(session: Session) -> Iterator[list[str]]:
    """Collect the statements that go to the database."""
    engine, seen = session.connection().engine, []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_an_order_goes_its_whole_way_by_one_call(session: Session, work_as: WorkAs) -> None:
    way = [arrived("l", 1000), bound_for("l", "o", 1000), taken("o", 1000), divided("o", 1000)]

    posted = ledger.post_many(work_as("system"), way)
    session.commit()

    first = posted[0].entry_id
    assert posted == [Posted(first + number, already=False) for number in range(4)]
    assert [on(session, account) for account in (merchant("m"), COMMISSION, VAT)] == [947, 50, 3]
    assert [one.event for one in ledger.entries_of(session, "o").items] == [
        "bank.matched", "line.accepted", "line.settled"
    ]  # fmt: skip
    assert fsck.check(session) == ()


def test_more_entries_than_are_written_together_are_the_same_entries(
    session: Session, work_as: WorkAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("settlement.posting.writing.PORTION", 3)
    asked = [arrived(f"l{number}", 10) for number in range(7)]
    asked += [bound_for(f"l{number}", "o", 10) for number in range(7)]

    posted = ledger.post_many(work_as("system"), asked)
    session.commit()

    assert [one.entry_id for one in posted] == sorted({one.entry_id for one in posted})
    assert on(session, escrow("o")) == 70
    assert fsck.check(session) == ()


def test_nothing_asked_is_nothing_posted(work_as: WorkAs) -> None:
    assert ledger.post_many(work_as("system"), []) == []


def test_a_repeat_among_many_is_told_that_it_is_one(session: Session, work_as: WorkAs) -> None:
    work = work_as("system")
    there = received(work, "l1", 10)

    posted = ledger.post_many(work, [arrived("l2", 5), arrived("l1", 10), arrived("l2", 5)])

    assert posted[1] == Posted(there.entry_id, already=True)
    assert posted[2] == Posted(posted[0].entry_id, already=True)
    assert not posted[0].already
    assert written(session) == 2


@pytest.mark.parametrize("twin", ["there", "asked"])
def test_the_same_event_with_other_content_refuses_all(
    session: Session, work_as: WorkAs, twin: str
) -> None:
    work = work_as("system")
    if twin == "there":
        received(work, "l1", 10)
    before = written(session)
    first = [arrived("l1", 10)] if twin == "asked" else []

    with pytest.raises(ledger.AlreadyPostedDifferently, match=r"bank\.received l1 0"):
        ledger.post_many(work, [arrived("l0", 1), *first, arrived("l1", 11)])

    assert written(session) == before
    assert on(session, suspense("l0")) == 0


def test_one_overdraft_refuses_all_and_the_transaction_goes_on(
    session: Session, work_as: WorkAs
) -> None:
    work = work_as("system")

    with pytest.raises(ledger.Overdrawn, match=r"CNY 0\.04 is there, CNY 0\.05 is asked"):
        ledger.post_many(work, [arrived("l", 10), bound_for("l", "o", 6), bound_for("l", "p", 5)])

    posted = ledger.post_many(work, [arrived("l", 10), bound_for("l", "o", 6)])
    session.commit()
    assert [one.already for one in posted] == [False, False]
    assert on(session, suspense("l")) == 4


def test_what_comes_later_in_the_call_cannot_be_used_before(work_as: WorkAs) -> None:
    with pytest.raises(ledger.Overdrawn):
        ledger.post_many(work_as("system"), [bound_for("l", "o", 6), arrived("l", 10)])


def test_one_entry_of_nothing_refuses_all(session: Session, work_as: WorkAs) -> None:
    with pytest.raises(ledger.NothingToPost):
        ledger.post_many(work_as("system"), [arrived("l1", 10), arrived("l2", 0)])

    assert written(session) == 0


def test_one_pair_that_no_rule_knows_refuses_all(session: Session, work_as: WorkAs) -> None:
    wrong = ToPost("bank.received", "x", [Row(CUSTODY, merchant("m"), Money(1))], JULY)

    with pytest.raises(ValueError, match="no rule debits"):
        ledger.post_many(work_as("system"), [arrived("l1", 10), wrong])

    assert written(session) == 0


@pytest.mark.parametrize("fen", [1.5, 2.0, Decimal("2.5"), True])
def test_a_fraction_never_gets_as_far_as_a_database_that_would_round_it(fen: float) -> None:
    # PostgreSQL would store 1.5 as 2; a STRICT table of SQLite would not.
    with pytest.raises(TypeError):
        Money(fen)  # type: ignore[arg-type]  # what is refused


@on_postgresql
def test_two_hundred_entries_take_as_many_statements_as_one(
    session: Session, work_as: WorkAs
) -> None:
    work = work_as("system")
    received(work, "first", 1)
    with counted(session) as one:
        ledger.post_many(work, [arrived("l0", 10)])

    with counted(session) as many:
        ledger.post_many(work, [arrived(f"m{number}", 10) for number in range(200)])

    assert len(one) == len(many) <= 8
