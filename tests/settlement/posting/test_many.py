"""Many entries by one call: as if one after the other, and all or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import date
from decimal import Decimal
from hashlib import sha256

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from kernel.crypto import canonical
from kernel.engines import Engines
from kernel.money import Money
from settlement import fsck, ledger
from settlement.books import entries, periods, seals
from settlement.ledger import AccountRef, Posted, Row, ToPost
from tests.conftest import WorkAs, work_of
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


def test_more_rows_than_one_statement_takes_are_all_written_and_all_refused(
    session: Session, work_as: WorkAs
) -> None:
    work = work_as("system")
    asked = [arrived(f"l{number}", 10) for number in range(301)]
    asked += [bound_for(f"l{number}", "o", 10) for number in range(301)]
    beyond = [bound_for("l0", "p", 1)]

    with pytest.raises(ledger.Overdrawn):
        ledger.post_many(work, asked + beyond)
    refused = written(session)
    posted = ledger.post_many(work, asked)
    session.commit()

    assert refused == 0
    assert len({one.entry_id for one in posted}) == written(session) == 602
    assert on(session, escrow("o")) == 3010
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


def test_a_refused_overdraft_opens_no_month(session: Session, work_as: WorkAs) -> None:
    early = bound_for("l", "o", 6)._replace(effective_on=date(2026, 3, 1))

    with pytest.raises(ledger.Overdrawn):
        ledger.post_many(work_as("system"), [early])
    session.commit()

    assert session.scalars(select(periods.c.id)).all() == []


@on_postgresql
def test_money_that_comes_in_while_an_overdraft_is_looked_at_is_there(engines: Engines) -> None:
    with engines.writing() as session:
        received(work_of(session, "system"), "l", 5)
        session.commit()

    def bring(*_: object) -> None:
        with engines.writing() as other:
            more = arrived("more", 5)._replace(rows=[Row(CUSTODY, suspense("l"), Money(5))])
            ledger.post_many(work_of(other, "system"), [more])
            other.commit()

    with engines.writing() as session:
        event.listen(engines.write, "after_cursor_execute", bring, once=True)
        ledger.post_many(work_of(session, "system"), [bound_for("l", "o", 10)])
        session.commit()

    with engines.reading() as session:
        assert [on(session, ref) for ref in (suspense("l"), escrow("o"))] == [0, 10]
        assert fsck.check(session) == ()


def test_what_is_sealed_is_the_canonical_form_of_what_is_said(
    session: Session, work_as: WorkAs
) -> None:
    odd = 'a "line"\\ \n\x01\u2028 数据 🜁'
    posted = ledger.post_many(work_as("system"), [arrived(odd, 10)])
    session.commit()

    said = ledger.entry(session, posted[0].entry_id)
    content = {one.name: getattr(said, one.name) for one in fields(said)}
    content["effective_on"] = said.effective_on.isoformat()
    content["recorded_at"] = said.recorded_at.isoformat(timespec="microseconds")
    written = session.scalars(select(seals.c.content_hash)).one()
    assert written == sha256(canonical(content)).hexdigest()
    assert fsck.check(session) == ()


@pytest.mark.parametrize("fen", [1.5, 2.0, Decimal("2.5"), True])
def test_a_fraction_never_gets_as_far_as_a_database_that_would_round_it(fen: float) -> None:
    # PostgreSQL would store 1.5 as 2; a STRICT table of SQLite would not.
    with pytest.raises(TypeError):
        Money(fen)  # type: ignore[arg-type]  # what is refused


@on_postgresql
def test_two_hundred_entries_take_one_statement_as_one_does(
    session: Session, work_as: WorkAs
) -> None:
    work = work_as("system")
    received(work, "first", 1)
    with counted(session) as one:
        ledger.post_many(work, [arrived("l0", 10)])

    with counted(session) as many:
        ledger.post_many(work, [arrived(f"m{number}", 10) for number in range(200)])

    assert len(one) == len(many) == 1
