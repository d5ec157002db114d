"""Whoever can switch the guards off can change the books; not without being found."""

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from kernel.engines import Engines
from settlement import fsck, ledger
from settlement.ledger import AccountRef
from tests.conftest import WorkAs
from tests.settlement.bookkeeping import (
    CUSTODY,
    JULY,
    accept,
    account_id,
    escrow,
    head,
    on_postgresql,
    on_sqlite,
    paid_for,
    posting,
    received,
    seal,
    suspense,
)

SEPTEMBER = datetime(2026, 9, 2, 4, tzinfo=UTC)
LINE, ORDER = suspense("bsl_ord_1"), escrow("ord_1")
TURNOVER = AccountRef("9002.turnover", "ord_1")


@pytest.fixture(autouse=True)
def books(session: Session, work_as: WorkAs) -> None:
    """Entries 1 to 5: received, matched, accepted, taken back; and one in August."""
    work = work_as("system", at=SEPTEMBER)
    paid_for(work, "ord_1", 1000)
    taken = accept(work, "ord_1", 400)
    ledger.reverse(work, taken.entry_id, effective_on=JULY)
    received(work, "bsl_2", 7, on=date(2026, 8, 1))
    session.commit()


def tamper(engines: Engines, *statements: str) -> None:
    """Change the rows as somebody who may switch off every trigger, key and check."""
    if engines.sqlite:
        with closing(sqlite3.connect(str(engines.url.database), isolation_level=None)) as there:
            there.execute("PRAGMA ignore_check_constraints = ON")
            asked = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            triggers = there.execute(asked).fetchall()
            for name, _ in triggers:
                there.execute(f"DROP TRIGGER {name}")
            for statement in [*statements, *(sql for _, sql in triggers)]:
                there.execute(statement)
        return
    with engines.write.begin() as connection:
        unguarded(connection, *statements)


def unguarded(connection: Connection, *statements: str) -> None:
    """Run the statements on PostgreSQL without triggers, keys and checks."""
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    checks = text(
        "SELECT conrelid::regclass, conname FROM pg_constraint"
        " WHERE contype = 'c' AND conrelid::regclass::text LIKE 'ledger%'"
    )
    for table, name in connection.execute(checks).all():
        connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
    for statement in statements:
        connection.execute(text(statement))


def found(engines: Engines) -> list[tuple[str, str]]:
    with engines.reading() as session:
        return [(finding.code, finding.at) for finding in fsck.check(session)]


def test_books_that_nobody_tampered_with_are_clean(engines: Engines) -> None:
    assert found(engines) == []


TAMPERINGS: dict[str, tuple[list[str], list[tuple[str, str]]]] = {
    "a balanced line is made smaller, between accounts that are not guarded": (
        [
            head(9, event="attack"),
            "INSERT INTO ledger_accounts (code, owner, currency, book, kind, guard)"
            " VALUES ('1002.bank', 'acc_2', 'CNY', 'money', 'asset', 'none')",
            posting(9, CUSTODY, AccountRef("1002.bank", "acc_2"), "5"),
            seal(9),
        ],
        [("ENTRY_EDITED", "entry 9"), ("POSTING_OFF_RULES", "attack: 1012.custody / 1002.bank")],
    ),
    "an amount": (
        ["UPDATE ledger_postings SET amount = amount + 1 WHERE entry_id = 5"],
        [
            ("ENTRY_EDITED", "entry 5"),
            ("BALANCE_DIFFERS", "2241.suspense bsl_2 CNY"),
        ],
    ),
    "a day": (
        ["UPDATE ledger_entries SET effective_on = '2026-07-02' WHERE id = 1"],
        [("ENTRY_EDITED", "entry 1")],
    ),
    "a person": (
        ["UPDATE ledger_entries SET person = 'per_other' WHERE id = 2"],
        [("ENTRY_EDITED", "entry 2")],
    ),
    "a day beyond its period": (
        ["UPDATE ledger_entries SET effective_on = '2026-08-02' WHERE id = 1"],
        [("ENTRY_EDITED", "entry 1"), ("ENTRY_BEFORE_ITS_DAY", "entry 1")],
    ),
    "the owner of an account": (
        ["UPDATE ledger_accounts SET owner = 'acc_thief' WHERE code = '1012.custody'"],
        [("ENTRY_EDITED", f"entry {number}") for number in (1, 5)],
    ),
    "a guard taken off": (
        ["UPDATE ledger_accounts SET guard = 'none' WHERE code = '2241.escrow'"],
        [("ACCOUNT_OFF_CHART", "2241.escrow")],
    ),
    "an account that is in no chart": (
        [
            "INSERT INTO ledger_accounts (code, owner, currency, book, kind, guard)"
            " VALUES ('6666.mine', '', 'CNY', 'money', 'asset', 'none')"
        ],
        [("ACCOUNT_OFF_CHART", "6666.mine")],
    ),
    "a balance": (
        [f"UPDATE ledger_balances SET credits = 9999 WHERE account_id = {account_id(ORDER)}"],
        [("BALANCE_DIFFERS", "2241.escrow ord_1 CNY")],
    ),
    "a balance that is gone": (
        [f"DELETE FROM ledger_balances WHERE account_id = {account_id(ORDER)}"],
        [("BALANCE_DIFFERS", "2241.escrow ord_1 CNY")],
    ),
    "a seal that is gone": (
        ["DELETE FROM ledger_seals WHERE entry_id = 2"],
        [("ENTRY_UNSEALED", "entry 2")],
    ),
    "an entry that is gone": (
        ["DELETE FROM ledger_entries WHERE id = 5"],
        [("SEAL_WITHOUT_ENTRY", "entry 5"), ("POSTING_WITHOUT_ENTRY", "entry 5 line 1")],
    ),
    "a line that is gone": (
        ["DELETE FROM ledger_postings WHERE entry_id = 5"],
        [
            ("ENTRY_EDITED", "entry 5"),
            ("LINES_MISSING", "entry 5"),
            ("BALANCE_DIFFERS", "2241.suspense bsl_2 CNY"),
        ],
    ),
    "an account that is gone": (
        [f"DELETE FROM ledger_accounts WHERE id = {account_id(CUSTODY)}"],
        [
            ("ENTRY_EDITED", "entry 1"),
            ("ENTRY_EDITED", "entry 5"),
            ("POSTING_WITHOUT_ACCOUNT", "entry 1 line 1"),
            ("POSTING_WITHOUT_ACCOUNT", "entry 5 line 1"),
            ("TRIAL_DIFFERS", "money CNY"),
        ],
    ),
    "a currency of one line": (
        ["UPDATE ledger_postings SET currency = 'USD' WHERE entry_id = 5"],
        [("ENTRY_EDITED", "entry 5"), ("POSTING_MIXED", "entry 5 line 1")],
    ),
    "an amount below nothing": (
        ["UPDATE ledger_postings SET amount = -7 WHERE entry_id = 5"],
        [
            ("ENTRY_EDITED", "entry 5"),
            ("POSTING_MIXED", "entry 5 line 1"),
            ("BALANCE_DIFFERS", "2241.suspense bsl_2 CNY"),
            ("BALANCE_OVERDRAWN", "2241.suspense bsl_2 CNY"),
        ],
    ),
    "both sides of a line the same": (
        ["UPDATE ledger_postings SET credit_id = debit_id WHERE entry_id = 5"],
        [
            ("ENTRY_EDITED", "entry 5"),
            ("POSTING_OFF_RULES", "bank.received: 1012.custody / 1012.custody"),
            ("POSTING_MIXED", "entry 5 line 1"),
            ("BALANCE_DIFFERS", "2241.suspense bsl_2 CNY"),
        ],
    ),
    "a memo account in a line of money": (
        [f"UPDATE ledger_postings SET credit_id = {account_id(TURNOVER)} WHERE entry_id = 5"],
        [
            ("ENTRY_EDITED", "entry 5"),
            ("POSTING_OFF_RULES", "bank.received: 1012.custody / 9002.turnover"),
            ("POSTING_MIXED", "entry 5 line 1"),
            ("BALANCE_DIFFERS", "2241.suspense bsl_2 CNY"),
            ("BALANCE_DIFFERS", "9002.turnover ord_1 CNY"),
            ("TRIAL_DIFFERS", "memo CNY"),
            ("TRIAL_DIFFERS", "money CNY"),
        ],
    ),
    "a reversal of less": (
        ["UPDATE ledger_postings SET amount = 1 WHERE entry_id = 4 AND line_no = 1"],
        [("ENTRY_EDITED", "entry 4"), ("REVERSAL_NOT_MIRROR", "entry 4")],
    ),
    "a reversal of what is not there": (
        ["UPDATE ledger_entries SET reverses = 77 WHERE id = 4"],
        [("ENTRY_EDITED", "entry 4"), ("REVERSAL_NOT_MIRROR", "entry 4")],
    ),
    "a reversal of a reversal": (
        [
            head(9, n=2, event="reversal", reverses=4),
            posting(9, ORDER, AccountRef("2241.accepted", "ord_1"), "400", n=2),
            posting(
                9,
                AccountRef("9001.counter", "org_buyer"),
                TURNOVER,
                "400",
                line=2,
                n=2,
                book="memo",
            ),
            seal(9, n=2),
        ],
        [("REVERSAL_OF_REVERSAL", "entry 9")],
    ),
    "a period that is gone": (
        ["DELETE FROM ledger_periods WHERE id = '2026-08'"],
        [("PERIOD_MISSING", "entry 5")],
    ),
    "a period closed before an earlier one": (
        [
            "UPDATE ledger_periods SET status = 'closed', closed_at = '2026-09-01',"
            f" closed_by = 'x', entries = 1, root_hash = '{'0' * 64}' WHERE id = '2026-08'"
        ],
        [("PERIOD_CHANGED", "period 2026-08"), ("PERIOD_OUT_OF_ORDER", "period 2026-08")],
    ),
}


@on_sqlite
@pytest.mark.parametrize("what", TAMPERINGS)
def test_what_was_tampered_with_is_found_and_named(engines: Engines, what: str) -> None:
    statements, expected = TAMPERINGS[what]

    tamper(engines, *statements)

    there = found(engines)
    assert [finding for finding in expected if finding not in there] == [], there


@on_postgresql
def test_what_was_tampered_with_is_found_and_named_there_too(engines: Engines) -> None:
    for what, (statements, expected) in TAMPERINGS.items():
        with engines.write.connect() as connection, Session(connection) as session:
            unguarded(connection, *statements)
            there = fsck.check(session)
            connection.rollback()

        assert [finding for finding in expected if finding not in there] == [], what


@on_postgresql
def test_an_event_posted_twice_is_found(engines: Engines) -> None:
    tamper(
        engines,
        "ALTER TABLE ledger_entries DROP CONSTRAINT uq_ledger_entries_event_source_id_seq",
        head(9, event="bank.received", source="bsl_2"),
    )

    assert ("ENTRY_TWICE", "bank.received bsl_2 0") in found(engines)


@on_postgresql
def test_an_entry_reversed_twice_is_found(engines: Engines) -> None:
    tamper(
        engines,
        "ALTER TABLE ledger_entries DROP CONSTRAINT uq_ledger_entries_reverses",
        head(9, event="reversal", reverses=3),
    )

    assert ("REVERSAL_TWICE", "entry 3") in found(engines)


@on_sqlite
def test_an_entry_that_cannot_be_read_is_named_and_the_others_are_still_examined(
    engines: Engines,
) -> None:
    tamper(
        engines,
        "UPDATE ledger_entries SET recorded_at = 'yesterday' WHERE id = 2",
        "UPDATE ledger_entries SET person = 'per_other' WHERE id IN (1, 4)",
    )

    assert found(engines) == [
        ("ENTRY_EDITED", "entry 1"),
        ("ENTRY_UNREADABLE", "entry 2"),
        ("ENTRY_EDITED", "entry 4"),
    ]


def test_an_entry_slipped_into_a_closed_period_is_found(
    engines: Engines, session: Session, work_as: WorkAs
) -> None:
    work = work_as("system", at=SEPTEMBER)
    ledger.close_period(work, "2026-07")
    session.commit()
    before = found(engines)

    tamper(engines, "UPDATE ledger_entries SET period_id = '2026-07' WHERE id = 5")

    assert before == []
    assert ("PERIOD_CHANGED", "period 2026-07") in found(engines)


def test_a_trigger_that_is_missing_or_switched_off_is_found(engines: Engines) -> None:
    if engines.sqlite:
        with closing(sqlite3.connect(str(engines.url.database), isolation_level=None)) as there:
            there.execute("DROP TRIGGER ledger_postings_apply")
    else:
        with engines.write.begin() as connection:
            off = "ALTER TABLE ledger_postings DISABLE TRIGGER ledger_postings_apply"
            connection.execute(text(off))

    assert found(engines) == [("GUARD_MISSING", "ledger_postings_apply")]


def test_of_many_faults_of_one_kind_the_first_hundred_are_named(
    engines: Engines, session: Session, work_as: WorkAs
) -> None:
    for number in range(fsck.FINDINGS_MAX):
        received(work_as("system"), f"bsl_x{number}", 1)
    session.commit()

    tamper(engines, "UPDATE ledger_entries SET person = 'per_other'")

    edited = [at for code, at in found(engines) if code == "ENTRY_EDITED"]
    assert edited == [f"entry {number}" for number in range(1, fsck.FINDINGS_MAX + 1)]


def test_every_finding_says_in_both_languages_what_it_means(engines: Engines) -> None:
    for code, words in fsck.SAYS.items():
        assert fsck.Finding(code, "entry 1").words == words
        assert words.zh != words.en
