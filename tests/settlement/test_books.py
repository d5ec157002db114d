"""What the databases refuse by themselves, whoever writes: raw SQL, and the intended reason."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from kernel.engines import Engines
from kernel.money import Money
from migrations import roles
from settlement import fsck, guards, ledger
from settlement.books import TABLES, entries, periods
from settlement.ledger import AccountRef
from settlement.rules import stored
from settlement.sealing import blocks
from tests.conftest import CRYPTO, WorkAs
from tests.settlement.bookkeeping import (
    CUSTODY,
    JULY,
    accept,
    accepted,
    account_id,
    escrow,
    head,
    on,
    on_postgresql,
    on_sqlite,
    paid_for,
    posting,
    received,
    refusal,
    run,
    seal,
    suspense,
    unguard,
)

SEPTEMBER = datetime(2026, 9, 2, 4, tzinfo=UTC)
LINE, ORDER, ACCEPTED = suspense("bsl_ord_1"), escrow("ord_1"), accepted("ord_1")
COUNTER, TURNOVER = AccountRef("9001.counter", "org_buyer"), AccountRef("9002.turnover", "ord_1")
BANK = AccountRef("1002.bank", "acc_2")
ACCOUNT = "INSERT INTO ledger_accounts (code, owner, currency, book, kind, guard) VALUES"


@pytest.fixture(autouse=True)
def books(session: Session, work_as: WorkAs) -> Iterator[None]:
    """Entries 1 to 3: 10 yuan received, matched, and 4 of them accepted; nothing else stays."""
    work = work_as("system")
    paid_for(work, "ord_1", 1000)
    accept(work, "ord_1", 400)
    session.commit()
    yield
    session.rollback()
    assert fsck.check(session) == ()
    assert [on(session, account) for account in (CUSTODY, LINE, ORDER)] == [1000, 0, 600]


def is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def test_rows_of_the_ledger_are_neither_changed_nor_deleted(session: Session) -> None:
    changes = [
        "UPDATE ledger_accounts SET guard = 'none'",
        "UPDATE ledger_entries SET order_id = 'ord_2'",
        "UPDATE ledger_postings SET amount = 1",
        "UPDATE ledger_seals SET content_hash = '" + "f" * 64 + "'",
    ]
    deletions = [f"DELETE FROM {table.name}" for table in TABLES]

    for statement in changes + deletions:
        assert "append-only" in refusal(session, statement), statement


@on_postgresql
def test_no_table_is_emptied_at_a_stroke(session: Session) -> None:
    for table in TABLES:
        assert "append-only" in refusal(session, f"TRUNCATE {table.name} CASCADE")


@on_postgresql
def test_an_insert_that_would_change_the_row_that_is_there_is_refused(session: Session) -> None:
    upsert = head(1) + " ON CONFLICT (id) DO UPDATE SET order_id = 'ord_2'"

    assert "append-only" in refusal(session, upsert)


@on_sqlite
def test_no_row_is_overwritten_by_replacing_it(engines: Engines) -> None:
    kept = [table.name for table in TABLES if table.name != "ledger_balances"]
    attacks = [f"INSERT OR REPLACE INTO {name} SELECT * FROM {name}" for name in kept]
    attacks += [
        "INSERT OR REPLACE INTO ledger_balances"
        " SELECT account_id, guard, 0, 0 FROM ledger_balances",
        "INSERT OR REPLACE INTO ledger_accounts"
        " SELECT id + 99, code, owner, currency, book, kind, guard FROM ledger_accounts",
        head(9, event="bank.received", source="bsl_ord_1").replace("INSERT", "REPLACE", 1),
    ]

    # A plain connection, without the pragma by which ours would catch the deletion.
    with closing(sqlite3.connect(str(engines.url.database))) as connection:
        for attack in attacks:
            with pytest.raises(sqlite3.IntegrityError, match=r"exists|sealed"):
                connection.execute(attack)
            connection.rollback()


def test_a_balance_is_moved_by_postings_alone(session: Session) -> None:
    reason = "no posting explains" if is_sqlite(session) else "append-only"

    for change in ("credits = credits + 1", "debits = debits - 1", "account_id = 99"):
        attack = f"UPDATE ledger_balances SET {change} WHERE account_id = {account_id(LINE)}"
        assert reason in refusal(session, attack), change


def test_a_balance_is_moved_by_the_posting_under_way_and_no_other(session: Session) -> None:
    reason = "no posting explains" if is_sqlite(session) else "append-only"
    under_way = [head(9), posting(9, CUSTODY, LINE, "1")]
    more = f"UPDATE ledger_balances SET credits = credits + 2 WHERE account_id = {account_id(LINE)}"
    other = (
        f"UPDATE ledger_balances SET credits = credits + 1 WHERE account_id = {account_id(ORDER)}"
    )

    assert reason in refusal(session, *under_way, more)
    assert reason in refusal(session, *under_way, other)


def test_a_balance_is_opened_with_its_account_and_at_zero(session: Session) -> None:
    reason = "begins at zero" if is_sqlite(session) else "append-only"
    hold = AccountRef("2241.hold", "hld_1")
    kept = "SELECT guard, debits, credits FROM ledger_balances WHERE account_id = "
    invented = (
        "INSERT INTO ledger_balances (account_id, guard, debits, credits)"
        f" VALUES ({account_id(CUSTODY)}, 'credit', 0, 5)"
    )

    assert reason in refusal(session, invented)
    run(session, f"{ACCOUNT} ('2241.hold', 'hld_1', 'CNY', 'money', 'liability', 'credit')")

    assert tuple(session.execute(text(kept + account_id(hold))).one()) == ("credit", 0, 0)


def test_an_entry_without_its_seal_does_not_commit(session: Session) -> None:
    assert "foreign key" in refusal(session, head(9), posting(9, CUSTODY, LINE, "1")).lower()


def test_a_seal_without_its_entry_is_refused(session: Session) -> None:
    reason = "the period is not open" if is_sqlite(session) else "fk_ledger_seals"

    assert reason in refusal(session, seal(99))


def test_an_entry_is_sealed_when_all_its_lines_are_there_and_then_it_does_not_grow(
    session: Session,
) -> None:
    first, second = (posting(9, CUSTODY, LINE, "1", line=line, n=2) for line in (1, 2))

    assert "lines are missing" in refusal(session, head(9, n=2), first, seal(9, n=2))
    assert "line_within_entry" in refusal(session, head(9), posting(9, CUSTODY, LINE, "1", line=2))
    assert "foreign key" in refusal(session, head(9), first).lower()
    full = "the entry is sealed" if is_sqlite(session) else "line_within_entry"
    assert full in refusal(session, posting(1, CUSTODY, LINE, "1", line=2))
    assert "exists" in refusal(session, head(9, n=2), first, second, seal(9, n=2), seal(9, n=2))


def test_an_entry_has_some_lines_and_not_too_many(session: Session) -> None:
    assert "lines_are_some" in refusal(session, head(9, n=0))
    assert "lines_are_some" in refusal(session, head(9, n=1001))


def test_an_amount_is_a_positive_number_of_fen(session: Session) -> None:
    run(session, f"{ACCOUNT} ('1002.bank', 'acc_2', 'CNY', 'money', 'asset', 'none')")

    for amount in ("0", "-5"):
        attack = posting(9, CUSTODY, BANK, amount)
        assert "amount_positive" in refusal(session, head(9), attack), amount


@on_sqlite
def test_half_a_fen_is_not_stored(session: Session) -> None:
    assert "REAL value" in refusal(session, head(9), posting(9, CUSTODY, LINE, "1.5"))


def test_a_line_is_between_two_accounts_of_its_currency_and_its_book(session: Session) -> None:
    foreign = posting(9, CUSTODY, LINE, "1", currency="USD")

    assert "two_accounts" in refusal(session, head(9), posting(9, CUSTODY, CUSTODY, "1"))
    assert "foreign key" in refusal(session, head(9), foreign).lower()
    for book in ("money", "memo"):
        mixed = posting(9, CUSTODY, TURNOVER, "1", book=book)
        assert "foreign key" in refusal(session, head(9), mixed).lower(), book


def test_an_account_is_one_that_could_be_in_the_chart_and_is_there_once(session: Session) -> None:
    attacks = {
        "'x', 'x', 'cny', 'money', 'asset', 'none'": ("currency_is_iso",),
        "'x', 'x', 'YUAN', 'money', 'asset', 'none'": ("currency_is_iso",),
        "'x', 'x', 'CNY', 'cash', 'asset', 'none'": ("book_is_known", "kind_belongs_to_book"),
        "'x', 'x', 'CNY', 'money', 'asset', 'both'": ("guard_is_known",),
        "'x', 'x', 'CNY', 'money', 'memo_debit', 'none'": ("kind_belongs_to_book",),
        "'x', 'x', 'CNY', 'memo', 'asset', 'none'": ("kind_belongs_to_book",),
        "'1012.custody', 'acc_1', 'CNY', 'money', 'asset', 'none'": ("exists",),
    }

    for values, reasons in attacks.items():
        refused = refusal(session, f"{ACCOUNT} ({values})")
        assert any(reason in refused for reason in reasons), refused


def test_the_same_event_is_not_posted_twice_and_says_something(session: Session) -> None:
    assert "exists" in refusal(session, head(9, event="bank.received", source="bsl_ord_1"))
    assert "key_says_something" in refusal(session, head(9, source=""))
    assert "key_says_something" in refusal(session, head(9, event=""))
    assert "seq_not_negative" in refusal(session, head(9, seq=-1))


def test_an_entry_is_reversed_once_and_only_by_a_reversal(session: Session) -> None:
    mirror = [
        head(9, n=2, event="reversal", reverses=3),
        posting(9, ACCEPTED, ORDER, "400", n=2),
        posting(9, TURNOVER, COUNTER, "400", n=2, line=2, book="memo"),
        seal(9, n=2),
    ]

    second = refusal(session, *mirror, head(10, event="reversal", reverses=3))

    assert ("exists" if is_sqlite(session) else "uq_ledger_entries_reverses") in second
    assert "reversal_says_so" in refusal(session, head(9, event="bank.matched", reverses=2))
    assert "reversal_says_so" in refusal(session, head(9, event="reversal"))
    assert "reverses_another" in refusal(session, head(9, event="reversal", reverses=9))


def test_a_reversal_is_the_whole_mirror(session: Session) -> None:
    reversal = head(9, n=2, event="reversal", reverses=3)
    money = posting(9, ACCEPTED, ORDER, "400", n=2)
    memo = posting(9, TURNOVER, COUNTER, "400", n=2, line=2, book="memo")
    attacks = {
        "in part": [money, memo.replace("400", "399")],
        "one line twice": [
            posting(9, ACCEPTED, ORDER, "200", n=2),
            posting(9, ACCEPTED, ORDER, "200", n=2, line=2),
        ],
        "on the same sides": [
            posting(9, ORDER, ACCEPTED, "400", n=2),
            posting(9, COUNTER, TURNOVER, "400", n=2, line=2, book="memo"),
        ],
        "from another account": [posting(9, ACCEPTED, CUSTODY, "400", n=2), memo],
    }

    for name, lines in attacks.items():
        assert "not the mirror" in refusal(session, reversal, *lines, seal(9, n=2)), name


def test_a_reversal_is_not_reversed_again(session: Session) -> None:
    there = [head(8), posting(8, CUSTODY, LINE, "5"), seal(8)]
    back = [head(9, event="reversal", reverses=8), posting(9, LINE, CUSTODY, "5"), seal(9)]
    again = [head(10, event="reversal", reverses=9), posting(10, CUSTODY, LINE, "5"), seal(10)]

    assert "a reversal is not reversed" in refusal(session, *there, *back, *again)


def test_no_account_is_overdrawn(session: Session) -> None:
    assert "never_overdrawn" in refusal(session, head(9), posting(9, ORDER, CUSTODY, "601"))


def test_an_entry_lies_in_a_period_that_is_open_and_not_before_its_day(
    session: Session, work_as: WorkAs
) -> None:
    early = head(9).replace("'2026-07-01'", "'2026-08-01'")
    line = posting(9, CUSTODY, LINE, "1")
    too_early = refusal(session, early, line, seal(9))

    ledger.close_period(work_as("system", at=SEPTEMBER), "2026-07")
    session.commit()

    assert "the period lies before the entry" in too_early
    assert "the period is not open" in refusal(session, head(9), line, seal(9))
    assert "foreign key" in refusal(session, head(9).replace("2026-07'", "2026-12'")).lower()


def test_a_period_closes_once_and_says_by_whom(session: Session) -> None:
    opening = "INSERT INTO ledger_periods (id, status) VALUES"
    attacks = {
        "UPDATE ledger_periods SET id = '2026-06'": "closes once, in order",
        "UPDATE ledger_periods SET status = 'open'": "closes once, in order",
        "UPDATE ledger_periods SET status = 'closed'": "closed_says_by_whom_and_what",
        "UPDATE ledger_periods SET status = 'shut'": "closes once, in order",
        f"{opening} ('2026-9', 'open')": "id_is_year_and_month",
        f"{opening} ('2026-09', 'closed')": "opens after the closed ones",
        f"{opening} ('2026-07', 'open')": "exists",
    }

    for attack, reason in attacks.items():
        assert reason in refusal(session, attack), attack


def test_periods_close_in_order_and_stay_closed(session: Session, work_as: WorkAs) -> None:
    work = work_as("system", at=SEPTEMBER)
    ledger.reverse(
        work, received(work, "bsl_2", 1, on=date(2026, 8, 1)).entry_id, effective_on=JULY
    )
    session.commit()
    close = (
        "UPDATE ledger_periods SET status = 'closed', closed_at = '2026-09-01', closed_by = 'x',"
        f" entries = 0, root_hash = '{'0' * 64}' WHERE id = "
    )
    again = "UPDATE ledger_periods SET closed_by = 'x' WHERE id = '2026-07'"
    earlier = "INSERT INTO ledger_periods (id, status) VALUES ('2026-06', 'open')"

    assert "closes once, in order" in refusal(session, close + "'2026-08'")
    ledger.close_period(work, "2026-07")
    session.commit()

    assert "closes once, in order" in refusal(session, again)
    assert "closes once, in order" in refusal(session, again.replace("closed_by", "status"))
    assert "opens after the closed ones" in refusal(session, earlier)


FORBIDDEN = (
    "UPDATE ledger_balances SET debits = 0",
    "INSERT INTO ledger_balances (account_id, guard, debits, credits) VALUES (1, 'none', 0, 0)",
    "UPDATE ledger_entries SET order_id = 'x'",
    "DELETE FROM ledger_postings",
    "TRUNCATE ledger_postings",
    "INSERT INTO posting_rules VALUES ('bank.received', '1012.custody', '2202.merchant')",
    "INSERT INTO currencies VALUES ('XXX', 2)",
    "UPDATE ledger_blocks SET root = ''",
    "ALTER TABLE ledger_postings DISABLE TRIGGER ALL",
    "DROP TRIGGER ledger_postings_apply ON ledger_postings",
    "DROP VIEW ledger_lines",
    "SET session_replication_role = replica",
)
MAKING = [
    "UPDATE ledger_periods SET status = 'open'",
    "UPDATE ledger_balances SET account_id = account_id",
]


@on_postgresql
def test_the_role_of_the_application_can_keep_books_and_not_rewrite_them(
    session: Session, work_as: WorkAs
) -> None:
    for statement in [*roles.statements("ledger_of_a_test"), "SET ROLE ledger_of_a_test"]:
        session.execute(text(statement))

    received(work_as("system"), "bsl_9", 7)
    blocks.seal(work_as("system"))
    ledger.close_period(work_as("system", at=SEPTEMBER), "2026-07")
    session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))

    assert on(session, suspense("bsl_9")) == 7
    assert fsck.check(session, CRYPTO) == ()
    for statement in FORBIDDEN:
        with pytest.raises(DBAPIError, match="InsufficientPrivilege"), session.begin_nested():
            session.execute(text(statement))
    for statement in MAKING:  # what may be locked may be updated; the triggers say no
        with pytest.raises(DBAPIError, match=r"in order|append-only"), session.begin_nested():
            session.execute(text(statement))


def test_a_role_has_a_plain_name() -> None:
    with pytest.raises(ValueError, match="not a plain name"):
        roles.statements("app; DROP TABLE ledger_entries")


@on_sqlite
def test_our_own_connection_may_not_change_what_is_fixed(session: Session, work_as: WorkAs) -> None:
    attacks = [
        *(f"DELETE FROM {table.name}" for table in TABLES),
        *(f"DROP TABLE {table.name}" for table in TABLES),
        "UPDATE ledger_balances SET debits = 0",
        "UPDATE ledger_entries SET order_id = 'x'",
        "UPDATE currencies SET exponent = 0",
        "ALTER TABLE ledger_postings ADD COLUMN x",
        "DROP TRIGGER ledger_postings_no_update",
        "DELETE FROM posting_rules",
        "DELETE FROM ledger_blocks",
        "PRAGMA writable_schema = ON",
        "PRAGMA ignore_check_constraints = ON",
        "PRAGMA foreign_keys = OFF",
        "PRAGMA recursive_triggers = OFF",
    ]

    for attack in attacks:
        with pytest.raises(DBAPIError, match="not authorized"):
            session.execute(text(attack))
    received(work_as("system"), "bsl_9", 7)
    ledger.close_period(work_as("system", at=SEPTEMBER), "2026-07")

    assert on(session, suspense("bsl_9")) == 7
    assert session.execute(text("PRAGMA foreign_keys")).scalar_one() == 1


def test_an_account_is_kept_in_a_currency_that_is_known(session: Session) -> None:
    unknown = refusal(session, f"{ACCOUNT} ('x', 'x', 'XXX', 'money', 'asset', 'none')")
    exponents = session.execute(text("SELECT code, exponent FROM currencies")).all()

    assert "foreign key" in unknown.lower()
    assert dict(tuple(row) for row in exponents) == stored.EXPONENTS
    assert all(f"{Money(1, code)}" in {f"{code} 1", f"{code} 0.{'0' * (places - 1)}1"}
               for code, places in stored.EXPONENTS.items())  # fmt: skip
    assert "append-only" in refusal(session, "UPDATE currencies SET exponent = 0")


def test_no_pair_is_sealed_that_no_rule_knows(session: Session) -> None:
    lines = (head(9), posting(9, CUSTODY, ORDER, "1"))

    assert "no posting rule" in refusal(session, *lines, seal(9))


def test_the_database_allows_what_the_release_does_and_no_more(session: Session) -> None:
    connection = session.connection()
    unguard(session)
    assert stored.there(connection) == stored.expected()

    session.execute(text("DELETE FROM posting_rules WHERE event = 'bank.matched'"))
    session.execute(text("INSERT INTO posting_rules VALUES ('bank.received', 'a', 'b')"))
    found = {finding.at for finding in fsck.check(session) if finding.code == "RULES_DIFFER"}
    stored.keep(connection)

    assert "bank.received: a / b" in found
    assert "bank.matched: 2241.suspense / 2241.escrow" in found
    assert stored.there(connection) == stored.expected()


def test_every_trigger_is_known_by_name() -> None:
    for dialect, ddl in (("sqlite", guards.DDL_SQLITE), ("postgresql", guards.DDL_POSTGRESQL)):
        created = sum("CREATE TRIGGER" in statement for statement in ddl)

        assert len(guards.triggers(dialect)) == created


def test_days_and_instants_come_back_as_they_went(session: Session, work_as: WorkAs) -> None:
    row = session.execute(entries.select().where(entries.c.id == 1)).one()
    period = session.execute(periods.select()).one()

    assert (row.effective_on, row.recorded_at) == (JULY, work_as("system").now)
    assert (period.status, period.closed_at) == ("open", None)
