from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.errors import NotFound
from settlement import fsck, ledger, periods
from settlement.books import periods as months
from tests.conftest import WorkAs
from tests.settlement.bookkeeping import received

AUGUST = datetime(2026, 8, 2, 4, tzinfo=UTC)
LAST_MINUTE_OF_JULY = datetime(2026, 7, 31, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai
FAR = datetime(2027, 3, 1, 4, tzinfo=UTC)


def booked(session: Session, entry_id: int) -> tuple[str, bool]:
    entry = ledger.entry(session, entry_id)
    return entry.period_id, entry.late


def test_a_month_is_opened_when_it_is_first_needed(session: Session, work_as: WorkAs) -> None:
    work = work_as("system")

    first = received(work, "bsl_1", 1, on=date(2026, 7, 31))
    second = received(work, "bsl_2", 1, on=date(2026, 9, 1))

    assert booked(session, first.entry_id) == ("2026-07", False)
    assert booked(session, second.entry_id) == ("2026-09", False)
    assert list(session.scalars(select(months.c.id).order_by(months.c.id))) == [
        "2026-07",
        "2026-09",
    ]


def test_a_closed_month_says_when_by_whom_and_what_is_in_it(
    session: Session, work_as: WorkAs
) -> None:
    received(work_as("system"), "bsl_1", 1)
    received(work_as("system"), "bsl_2", 2)
    work = work_as("per_exchange_settler", at=AUGUST)

    root = ledger.close_period(work, "2026-07")
    session.commit()

    row = session.execute(select(months)).one()
    assert (row.status, row.closed_at, row.closed_by) == ("closed", AUGUST, "per_exchange_settler")
    assert (row.entries, row.root_hash) == (2, root)
    assert fsck.check(session) == ()


def test_what_comes_too_late_is_booked_in_the_oldest_open_month(
    session: Session, work_as: WorkAs
) -> None:
    work = work_as("system", at=FAR)
    for month in (7, 9, 10):
        received(work, f"bsl_{month}", 1, on=date(2026, month, 1))
    ledger.close_period(work, "2026-07")

    late = received(work, "bsl_a", 1, on=date(2026, 7, 15))
    even_later = received(work, "bsl_b", 1, on=date(2025, 1, 1))
    session.commit()

    assert booked(session, late.entry_id) == ("2026-09", True)
    assert booked(session, even_later.entry_id) == ("2026-09", True)
    assert fsck.check(session) == ()


def test_with_no_month_open_the_one_after_the_last_closed_is_opened(
    session: Session, work_as: WorkAs
) -> None:
    work = work_as("system", at=FAR)
    received(work, "bsl_1", 1, on=date(2026, 12, 31))
    ledger.close_period(work, "2026-12")

    late = received(work, "bsl_2", 1, on=date(2026, 12, 31))

    assert booked(session, late.entry_id) == ("2027-01", True)


def test_a_month_between_closed_and_open_ones_may_still_be_opened(
    session: Session, work_as: WorkAs
) -> None:
    work = work_as("system", at=FAR)
    received(work, "bsl_1", 1, on=date(2026, 7, 1))
    received(work, "bsl_2", 1, on=date(2026, 9, 1))
    ledger.close_period(work, "2026-07")

    on_time = received(work, "bsl_3", 1, on=date(2026, 8, 1))

    assert booked(session, on_time.entry_id) == ("2026-08", False)


def test_a_month_that_is_not_over_cannot_be_closed(session: Session, work_as: WorkAs) -> None:
    received(work_as("system"), "bsl_1", 1)

    with pytest.raises(ledger.PeriodNotClosable) as caught:
        ledger.close_period(work_as("system", at=LAST_MINUTE_OF_JULY), "2026-07")
    ledger.close_period(work_as("system", at=AUGUST), "2026-07")

    assert [refusal.code for refusal in caught.value.refusals] == ["PERIOD_NOT_OVER"]
    assert caught.value.zh == "该期间尚未结束"


def test_a_month_is_closed_once(session: Session, work_as: WorkAs) -> None:
    received(work_as("system"), "bsl_1", 1)
    ledger.close_period(work_as("system", at=AUGUST), "2026-07")

    with pytest.raises(ledger.PeriodNotClosable) as caught:
        ledger.close_period(work_as("system", at=AUGUST), "2026-07")

    assert [refusal.code for refusal in caught.value.refusals] == ["PERIOD_CLOSED"]


def test_months_are_closed_in_order_and_every_reason_is_given(
    session: Session, work_as: WorkAs
) -> None:
    received(work_as("system"), "bsl_1", 1)
    received(work_as("system"), "bsl_2", 1, on=date(2026, 8, 1))

    with pytest.raises(ledger.PeriodNotClosable, match="not over; 2026-07 is still open") as caught:
        ledger.close_period(work_as("system", at=AUGUST), "2026-08")

    assert [refusal.code for refusal in caught.value.refusals] == [
        "PERIOD_NOT_OVER",
        "EARLIER_PERIOD_OPEN",
    ]


def test_a_month_in_which_nothing_was_booked_cannot_be_closed(work_as: WorkAs) -> None:
    with pytest.raises(NotFound, match="2026-06"):
        ledger.close_period(work_as("system"), "2026-06")


def test_the_root_depends_on_every_entry(session: Session, work_as: WorkAs) -> None:
    connection = session.connection()
    nothing = periods.root(connection, "2026-07")
    received(work_as("system"), "bsl_1", 1)
    one = periods.root(connection, "2026-07")
    received(work_as("system"), "bsl_2", 1)
    two = periods.root(connection, "2026-07")

    assert [nothing[0], one[0], two[0]] == [0, 1, 2]
    assert len({nothing[1], one[1], two[1]}) == 3
