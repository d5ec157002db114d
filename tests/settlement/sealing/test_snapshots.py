"""Figures kept at the close of a month: the same as all the postings, and cheaper."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from kernel.engines import Engines
from settlement import fsck, ledger
from settlement.ledger import AccountRef
from settlement.sealing import snapshots
from tests.conftest import WorkAs, work_of
from tests.settlement.bookkeeping import (
    COMMISSION,
    CUSTODY,
    accept,
    accepted,
    escrow,
    matched,
    merchant,
    on,
    on_postgresql,
    received,
    refusal,
    settle,
)

FAR = datetime(2027, 3, 1, 4, tzinfo=UTC)
COUNTER = AccountRef("9001.counter", "org_buyer")


def july(session: Session, work_as: WorkAs) -> None:
    """An order settled in July; one more receipt in August, before July is closed."""
    work = work_as("system", at=FAR)
    received(work, "a", 1000)
    received(work, "august", 7, on=date(2026, 8, 1))
    matched(work, "a", "o", 1000)
    accept(work, "o", 1000)
    settle(work, "o", [(merchant("m"), 950), (COMMISSION, 50)])
    session.commit()


def test_balances_and_trial_balance_are_the_same_after_the_close(
    session: Session, work_as: WorkAs
) -> None:
    july(session, work_as)
    before = ledger.trial_balance(session)
    work = work_as("system", at=FAR)

    ledger.close_period(work, "2026-07")
    received(work, "late", 5)  # of July, booked in August
    session.commit()

    assert ledger.trial_balance(session) == ledger.trial_balance(session, kept=False)
    assert on(session, CUSTODY) == 1012
    assert on(session, COMMISSION) == 50
    assert on(session, COUNTER) == 1000
    assert before.difference == ledger.trial_balance(session).difference == 0
    assert fsck.check(session) == ()


def test_guarded_accounts_are_kept_together_and_others_one_by_one(
    session: Session, work_as: WorkAs
) -> None:
    july(session, work_as)

    ledger.close_period(work_as("system", at=FAR), "2026-07")

    kept = snapshots.snapshots
    rows = session.execute(select(kept.c.code, kept.c.owner, kept.c.debits, kept.c.credits))
    assert {(code, owner): (debits, credited) for code, owner, debits, credited in rows} == {
        ("1012.custody", "acc_1"): (1000, 0),
        ("2202.merchant", ""): (0, 950),
        ("2241.accepted", ""): (1000, 1000),
        ("2241.escrow", ""): (1000, 1000),
        ("2241.suspense", ""): (1000, 1000),
        ("6001.commission", ""): (0, 50),
        ("9001.counter", "org_buyer"): (1000, 0),
        ("9002.turnover", ""): (0, 1000),
    }


def test_every_close_adds_to_the_one_before(session: Session, work_as: WorkAs) -> None:
    july(session, work_as)
    work = work_as("system", at=FAR)

    for month in ("2026-07", "2026-08"):
        ledger.close_period(work, month)
    received(work, "c", 1, on=date(2026, 9, 9))
    session.commit()

    assert snapshots.last(session.connection()).period_id == "2026-08"
    assert on(session, CUSTODY) == 1008
    assert ledger.trial_balance(session) == ledger.trial_balance(session, kept=False)
    assert fsck.check(session) == ()


@on_postgresql
def test_who_was_slow_and_has_a_lower_id_than_the_tail_is_counted(engines: Engines) -> None:
    with engines.writing() as slow, engines.writing() as quick:
        received(work_of(quick, "system"), "july", 1)
        quick.execute(text("INSERT INTO ledger_periods (id, status) VALUES ('2026-08', 'open')"))
        quick.commit()
        late = received(work_of(slow, "system", at=FAR), "slow", 10, on=date(2026, 8, 1)).entry_id
        quick_work = work_of(quick, "system", at=FAR)
        received(quick_work, "quick", 100, on=date(2026, 8, 1))
        ledger.close_period(quick_work, "2026-07")
        quick.commit()
        slow.commit()

        assert late < snapshots.last(quick.connection()).tail_from
        assert on(quick, CUSTODY) == 111
        assert ledger.trial_balance(quick) == ledger.trial_balance(quick, kept=False)


def test_figures_are_kept_once_and_of_closed_months_alone(
    session: Session, work_as: WorkAs
) -> None:
    july(session, work_as)
    kept = "INSERT INTO ledger_snapshots VALUES ('{}', 'x', '', 'CNY', 'money', 1, 1)"
    closing = "INSERT INTO ledger_closings VALUES ('{}', 1, 1)"
    early = [refusal(session, one.format("2026-07")) for one in (kept, closing)]

    ledger.close_period(work_as("system", at=FAR), "2026-07")
    session.commit()

    late = [refusal(session, one.format("2026-07")) for one in (kept, closing)]
    assert all("kept once, of a closed period" in one for one in early + late)
    for table in ("ledger_snapshots", "ledger_closings"):
        assert "append-only" in refusal(session, f"DELETE FROM {table}")


def test_a_kept_figure_that_is_no_sum_is_found(session: Session, work_as: WorkAs) -> None:
    july(session, work_as)
    ledger.close_period(work_as("system", at=FAR), "2026-07")
    session.commit()
    assert fsck.check(session) == ()

    for table in ("ledger_snapshots",):
        trigger = f"{table}_no_update" if _sqlite(session) else f"{table}_append_only"
        where = "" if _sqlite(session) else f" ON {table}"
        refusal(session, f"UPDATE {table} SET debits = 3")  # the guard of our own connection is off
        session.execute(text(f"DROP TRIGGER {trigger}{where}"))
        session.execute(text(f"UPDATE {table} SET debits = 3 WHERE code = '6001.commission'"))
    session.commit()

    assert [(one.code, one.at) for one in fsck.check(session)] == [
        ("SNAPSHOT_DIFFERS", "2026-07 6001.commission CNY")
    ]


def test_accountants_see_debits_and_credits(session: Session, work_as: WorkAs) -> None:
    july(session, work_as)

    lines = session.execute(
        text("SELECT code, debit, credit FROM ledger_lines WHERE event = 'line.settled'"
             " ORDER BY line_no, debit IS NULL")
    ).all()  # fmt: skip
    trial = session.execute(
        text("SELECT book, currency, code, debits, credits FROM ledger_trial_balance"
             " ORDER BY book, currency, code")
    ).all()  # fmt: skip

    assert [tuple(line) for line in lines] == [
        ("2241.accepted", 950, None),
        ("2202.merchant", None, 950),
        ("2241.accepted", 50, None),
        ("6001.commission", None, 50),
    ]
    there = [(row.book, row.currency, row.code, row.debit, row.credit)
             for row in ledger.trial_balance(session).rows]  # fmt: skip
    assert [(*row[:3], int(row[3]), int(row[4])) for row in trial] == there


@pytest.mark.parametrize("ref", [escrow("nobody"), accepted("nobody"), AccountRef("2221.vat")])
def test_an_account_never_posted_to_has_nothing_after_the_close(
    session: Session, work_as: WorkAs, ref: AccountRef
) -> None:
    july(session, work_as)

    ledger.close_period(work_as("system", at=FAR), "2026-07")

    assert on(session, ref) == 0


def _sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
