"""A test that cannot fail proves nothing: each guard is taken off, and its test must notice.

The promises are the tests, short and by name; a mutant says which guard is taken off and
which promise is broken by that. Every promise holds while the guards are on.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from threading import Timer

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.engines import Engines
from kernel.money import Money
from settlement import ledger, procedure, rules
from settlement.entries import Row
from settlement.posting import on_sqlite as to_sqlite
from settlement.posting import overdraft
from settlement.posting.asked import ToPost, refs
from settlement.sealing import blocks
from tests.conftest import work_of
from tests.settlement.bookkeeping import (
    CUSTODY,
    JULY,
    account_id,
    escrow,
    head,
    matched,
    on_postgresql,
    on_sqlite,
    posting,
    received,
    refusal,
    seal,
    suspense,
)
from tests.settlement.mutants import Mutant, doing, notices, promises, run, without

SEPTEMBER = datetime(2026, 9, 2, 4, tzinfo=UTC)
LINE, ORDER = suspense("l"), escrow("o")


@pytest.fixture(autouse=True)
def books(engines: Engines) -> None:
    """Ten yuan received, six of them matched."""
    with engines.writing() as session:
        work = work_of(session, "system")
        received(work, "l", 1000)
        matched(work, "l", "o", 600)
        session.commit()


# --- what is promised -------------------------------------------------------------------


def a_repeat_is_recognised(engines: Engines) -> None:
    with engines.writing() as session:
        again = received(work_of(session, "system"), "l", 1000)
        assert again.already


def a_repeat_is_recognised_when_the_money_has_gone(engines: Engines) -> None:
    with engines.writing() as session:
        again = matched(work_of(session, "system"), "l", "o", 600)
        assert again.already


def an_overdraft_is_refused_with_its_reason(engines: Engines) -> None:
    with engines.writing() as session, pytest.raises(ledger.Overdrawn):
        matched(work_of(session, "system"), "l", "p", 100_000)


def no_account_goes_below_zero(engines: Engines) -> None:
    refused(engines, "never_overdrawn", head(90), posting(90, ORDER, CUSTODY, "100000"))


def no_account_goes_below_zero_between_two_lines(engines: Engines) -> None:
    out, back = posting(90, ORDER, LINE, "601", n=2), posting(90, LINE, ORDER, "1", line=2, n=2)
    both = f"{out}, {back.split('VALUES ')[1]}"
    refused(engines, "never_overdrawn", head(90, n=2), both)


def half_an_entry_is_refused(engines: Engines) -> None:
    half = posting(90, CUSTODY, LINE, "1", n=2)
    refused(engines, "lines are missing", head(90, n=2), half, seal(90, n=2))


def an_entry_without_a_seal_is_refused(engines: Engines) -> None:
    whole = (head(90), posting(90, CUSTODY, LINE, "1"))
    refused(engines, "fk_ledger_entries_id_ledger_seals", *whole)


def a_pair_that_no_rule_knows_is_refused(engines: Engines) -> None:
    row = Row(CUSTODY, ORDER, Money(1))
    with engines.writing() as session, pytest.raises(ValueError, match="no rule"):
        ledger.post(work_of(session, "system"), "bank.received", "x", [row], effective_on=JULY)


def a_pair_that_no_rule_knows_is_refused_to_raw_sql(engines: Engines) -> None:
    refused(engines, "no posting rule", head(90), posting(90, CUSTODY, ORDER, "1"), seal(90))


def nothing_is_booked_in_a_closed_month(engines: Engines) -> None:
    with engines.writing() as session:
        ledger.close_period(work_of(session, "system", at=SEPTEMBER), "2026-07")
        session.commit()
    refused(engines, "period is not open", head(90), posting(90, CUSTODY, LINE, "1"), seal(90))


def a_balance_moves_by_postings_alone(engines: Engines) -> None:
    mine = account_id(ORDER)
    more = f"UPDATE ledger_balances SET credits = credits + 1 WHERE account_id = {mine}"

    refused(engines, "no posting explains the balance", more)


def an_entry_is_not_replaced(engines: Engines) -> None:
    refused(engines, "exists", head(1, source="other").replace("INSERT", "REPLACE", 1))


def an_amount_is_not_edited(engines: Engines) -> None:
    refused(engines, "append-only", "UPDATE ledger_postings SET amount = 1")


def an_event_is_there_once(engines: Engines) -> None:
    refused(engines, "uq_ledger_entries_event_source_id_seq", head(90, source="l"))


def a_low_id_is_locked_before_a_high_one(engines: Engines) -> None:
    lock = "SELECT 1 FROM ledger_balances WHERE account_id = {} FOR UPDATE"
    with engines.writing() as first, engines.writing() as poster, engines.writing() as third:
        low, high = sorted(first.scalars(text(f"SELECT {account_id(ref)}")).one()
                           for ref in (LINE, ORDER))  # fmt: skip
        first.execute(text(lock.format(low)))
        poster.execute(text("SET LOCAL lock_timeout = '400ms'"))
        on_the_high_one: list[Exception] = []

        def look() -> None:
            try:
                third.execute(text(lock.format(high) + " NOWAIT"))
            except DBAPIError as error:
                on_the_high_one.append(error)

        looking = Timer(0.2, look)
        looking.start()
        with pytest.raises(DBAPIError, match="lock timeout"):
            matched(work_of(poster, "system"), "l", "o", 1, key="while the low one is locked")
        looking.join()
        assert on_the_high_one == []


def nobody_closes_a_month_under_an_entry(engines: Engines) -> None:
    close = (
        "UPDATE ledger_periods SET status = 'closed', closed_at = now(), closed_by = 'x',"
        f" entries = 0, root_hash = '{'0' * 64}' WHERE id = '2026-07'"
    )
    with engines.writing() as poster, engines.writing() as closer:
        poster.execute(text(head(90)))
        closer.execute(text("SET LOCAL lock_timeout = '200ms'"))
        with pytest.raises(DBAPIError, match="lock timeout"):
            closer.execute(text(close))


def a_latecomer_is_sealed(engines: Engines) -> None:
    for number in (90, 80):  # the lower one commits later
        run(engines, head(number), posting(number, CUSTODY, LINE, "1"), seal(number))
        with engines.writing() as session:
            blocks.seal(work_of(session, "system"))
            session.commit()
    with engines.reading() as session:
        sealed = session.scalars(text("SELECT entry_id FROM ledger_block_entries")).all()
    assert set(sealed) == {1, 2, 80, 90}


# --- who breaks them --------------------------------------------------------------------


def every_key_is_free(self: to_sqlite.Sqlite, asked: Sequence[ToPost]) -> list[int | None]:
    last = self._row(to_sqlite._LAST_ENTRY)[0]
    return [last + number for number, _ in enumerate(asked, start=1)]


def claimed_last(self: to_sqlite.Sqlite, asked: Sequence[ToPost]) -> list[int | None]:
    """Look at the money first and at the key afterwards: what the design forbids."""
    overdraft.forbid_overdraft(asked, self.kept(refs(asked)))
    return THE_WRITING(self, asked)


THE_WRITING = to_sqlite.Sqlite.write
DROP = "ALTER TABLE ledger_{} DROP CONSTRAINT {}"
IN_ONE_ORDER = ("ORDER BY account_id", "ORDER BY account_id DESC")

SQLITE = {
    "no natural key": Mutant(
        a_repeat_is_recognised, doing(to_sqlite.Sqlite, "claim", every_key_is_free)
    ),
    "the key is claimed last": Mutant(
        a_repeat_is_recognised_when_the_money_has_gone,
        doing(to_sqlite.Sqlite, "write", claimed_last),
    ),
    "no overdraft is foreseen": Mutant(
        an_overdraft_is_refused_with_its_reason,
        doing(to_sqlite, "forbid_overdraft", lambda *_: None),
    ),
    "every pair is allowed": Mutant(
        a_pair_that_no_rule_knows_is_refused, doing(rules, "allows", lambda *_: True)
    ),
    "the trigger against REPLACE is gone": Mutant(
        an_entry_is_not_replaced, without("DROP TRIGGER ledger_entries_no_replace")
    ),
    "the trigger that explains balances is gone": Mutant(
        a_balance_moves_by_postings_alone, without("DROP TRIGGER ledger_balances_explained")
    ),
    "the trigger against editing is gone": Mutant(
        an_amount_is_not_edited, without("DROP TRIGGER ledger_postings_no_update")
    ),
    "the trigger on seals is gone": Mutant(
        half_an_entry_is_refused, without("DROP TRIGGER ledger_seals_check")
    ),
}
POSTGRESQL = {
    "no guard": Mutant(
        no_account_goes_below_zero,
        without(DROP.format("balances", "ck_ledger_balances_never_overdrawn")),
    ),
    "a guard that looks only at the end of a statement": Mutant(
        no_account_goes_below_zero_between_two_lines,
        without("ALTER TABLE ledger_postings DISABLE TRIGGER ledger_postings_apply"),
    ),
    "no seal is asked for": Mutant(
        an_entry_without_a_seal_is_refused,
        without(DROP.format("entries", "fk_ledger_entries_id_ledger_seals")),
    ),
    "the trigger on seals is off, and any pair goes": Mutant(
        a_pair_that_no_rule_knows_is_refused_to_raw_sql,
        without("ALTER TABLE ledger_seals DISABLE TRIGGER ledger_seals_check"),
    ),
    "one more posting rule": Mutant(
        a_pair_that_no_rule_knows_is_refused_to_raw_sql,
        without("INSERT INTO posting_rules VALUES ('bank.received', '1012.custody',"
                " '2241.escrow')"),
    ),
    "the trigger on seals is off, and closed months take entries": Mutant(
        nothing_is_booked_in_a_closed_month,
        without("ALTER TABLE ledger_seals DISABLE TRIGGER ledger_seals_check"),
    ),
    "no natural key in the database": Mutant(
        an_event_is_there_once,
        without(DROP.format("entries", "uq_ledger_entries_event_source_id_seq")),
    ),
    "the status of a month belongs to no key": Mutant(
        nobody_closes_a_month_under_an_entry,
        without("DROP INDEX uq_ledger_periods_id_status"),
    ),
    "locks as they come": Mutant(
        a_low_id_is_locked_before_a_high_one,
        without(procedure.POST.replace(*IN_ONE_ORDER)),
    ),
    "sealed by a range of ids": Mutant(
        a_latecomer_is_sealed, doing(blocks, "LOOK_BACK", 0)
    ),
}  # fmt: skip


@on_sqlite
@pytest.mark.parametrize("guard", SQLITE)
def test_a_guard_taken_off_is_noticed(
    engines: Engines, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    notices(engines, monkeypatch, SQLITE[guard], engines)


@on_postgresql
@pytest.mark.parametrize("guard", POSTGRESQL)
def test_a_guard_taken_off_is_noticed_there_too(
    engines: Engines, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    notices(engines, monkeypatch, POSTGRESQL[guard], engines)


@on_sqlite
@pytest.mark.parametrize("promise", promises(SQLITE.values()))
def test_every_promise_holds_while_its_guards_are_on(engines: Engines, promise: str) -> None:
    promises(SQLITE.values())[promise](engines)


@on_postgresql
@pytest.mark.parametrize("promise", promises(POSTGRESQL.values()))
def test_every_promise_holds_there_too(engines: Engines, promise: str) -> None:
    promises(POSTGRESQL.values())[promise](engines)


# --- how it is asked --------------------------------------------------------------------


def refused(engines: Engines, reason: str, *statements: str) -> None:
    """See raw SQL refused for this reason, at the latest by the commit; nothing stays."""
    with engines.writing() as session:
        assert reason in refusal(session, *statements)
