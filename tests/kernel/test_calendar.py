from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.calendar import Calendar, Day, Reckoning, UnpublishedYear

HOLIDAYS = (Path(__file__).parents[2] / "config" / "holidays.csv").read_text("utf-8")
CALENDAR = Calendar.parse(HOLIDAYS)
HEADER = "date,is_workday,name,source\n"

PUBLISHED_DAYS = st.dates(date(2024, 1, 1), date(2026, 6, 30))
FEW = st.integers(0, 40)


def days_of(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=step) for step in range((date(year + 1, 1, 1) - first).days)]


@pytest.mark.parametrize(("year", "workdays"), [(2024, 251), (2025, 248), (2026, 248)])
def test_a_published_year_has_its_number_of_working_days(year: int, workdays: int) -> None:
    assert sum(CALENDAR.is_workday(day) for day in days_of(year)) == workdays


def test_the_shipped_table_names_a_notice_for_every_day() -> None:
    notices = {(day.date.year, day.source) for day in CALENDAR.days}

    assert notices == {
        (2024, "国办发明电〔2023〕7号"),
        (2025, "国办发明电〔2024〕12号"),
        (2026, "国办发明电〔2025〕7号"),
    }
    assert all(day.name for day in CALENDAR.days)
    assert CALENDAR.last_published_year == 2026


def test_only_days_of_the_weekend_are_worked_in_exchange() -> None:
    assert all(day.date.weekday() >= 5 for day in CALENDAR.days if day.is_workday)


def test_the_holidays_of_2026_are_those_of_the_notice() -> None:
    spans = [((1, 1), 3), ((2, 15), 9), ((4, 4), 3), ((5, 1), 5), ((6, 19), 3)]
    spans += [((9, 25), 3), ((10, 1), 7)]
    off = {
        date(2026, *start) + timedelta(days=step)
        for start, length in spans
        for step in range(length)
    }
    worked = {(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)}

    rows = [day for day in CALENDAR.days if day.date.year == 2026]

    assert {day.date for day in rows if not day.is_workday} == off
    assert {day.date for day in rows if day.is_workday} == {date(2026, *day) for day in worked}


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (date(2026, 1, 30), 5, date(2026, 2, 6)),
        (date(2026, 2, 12), 5, date(2026, 2, 26)),
        (date(2026, 2, 13), 20, date(2026, 3, 19)),
        (date(2025, 9, 26), 5, date(2025, 10, 10)),
        (date(2025, 9, 30), 10, date(2025, 10, 21)),
        (date(2026, 9, 18), 3, date(2026, 9, 22)),
        (date(2024, 2, 8), 1, date(2024, 2, 9)),
    ],
)
def test_working_days_are_counted_from_the_day_after(start: date, days: int, end: date) -> None:
    assert CALENDAR.add(start, days) == end
    assert CALENDAR.between(start, end) == days
    assert CALENDAR.due(start, days) == Reckoning(end, provisional=False)


def test_a_limit_ends_with_the_last_millisecond_of_its_last_day() -> None:
    reckoning = CALENDAR.due(date(2026, 1, 30), 5)

    assert reckoning.ends_at == datetime(2026, 2, 6, 15, 59, 59, 999_000, tzinfo=UTC)


@given(PUBLISHED_DAYS, st.integers(1, 40))
def test_i_46_a_limit_ends_on_a_working_day(start: date, days: int) -> None:
    assert CALENDAR.is_workday(CALENDAR.add(start, days))


@given(PUBLISHED_DAYS, FEW, FEW)
def test_i_46_adding_n_then_m_working_days_is_adding_both(start: date, n: int, m: int) -> None:
    assert CALENDAR.add(CALENDAR.add(start, n), m) == CALENDAR.add(start, n + m)


@given(PUBLISHED_DAYS, FEW)
def test_counting_between_undoes_adding(start: date, days: int) -> None:
    end = CALENDAR.add(start, days)

    assert CALENDAR.between(start, end) == days
    assert CALENDAR.between(end, start) == -days


@given(PUBLISHED_DAYS, st.integers(1, 40))
def test_i_46_days_worked_in_exchange_count_and_holidays_never_do(start: date, days: int) -> None:
    end = CALENDAR.add(start, days)

    counted = days
    for day in CALENDAR.days:
        if start < day.date <= end:
            ordinary = day.date.weekday() < 5
            counted += ordinary - day.is_workday
    span = [start + timedelta(days=step) for step in range(1, (end - start).days + 1)]
    assert counted == sum(day.weekday() < 5 for day in span)


def test_no_number_of_working_days_is_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        CALENDAR.add(date(2026, 1, 30), -1)


@pytest.mark.parametrize("year", [2023, 2027])
def test_an_unpublished_year_is_named_loudly(year: int) -> None:
    with pytest.raises(UnpublishedYear, match=f"{year}: import") as caught:
        CALENDAR.is_workday(date(year, 6, 1))

    assert caught.value.year == year
    assert f"{year}年" in caught.value.words.zh


def test_counting_into_an_unpublished_year_fails() -> None:
    with pytest.raises(UnpublishedYear, match="2027"):
        CALENDAR.add(date(2026, 12, 30), 5)
    with pytest.raises(UnpublishedYear, match="2027"):
        CALENDAR.between(date(2026, 12, 30), date(2027, 1, 8))


def test_a_provisional_answer_counts_weekends_alone_and_says_so() -> None:
    assert CALENDAR.add(date(2026, 12, 30), 5, provisional=True) == date(2027, 1, 6)
    assert CALENDAR.between(date(2026, 12, 30), date(2027, 1, 6), provisional=True) == 5
    assert CALENDAR.due(date(2026, 12, 30), 5) == Reckoning(date(2027, 1, 6), provisional=True)


def test_the_day_of_the_event_needs_no_published_year() -> None:
    assert CALENDAR.due(date(2023, 12, 31), 1) == Reckoning(date(2024, 1, 2), provisional=False)
    assert CALENDAR.due(date(2026, 12, 30), 1) == Reckoning(date(2026, 12, 31), provisional=False)


def test_a_few_rows_do_not_publish_a_year() -> None:
    started = Calendar.parse(HOLIDAYS + "2027-01-01,false,元旦,草稿\n")

    assert started.last_published_year == 2026
    with pytest.raises(UnpublishedYear, match="2027"):
        started.is_workday(date(2027, 1, 1))


def test_a_calendar_may_be_empty_and_then_knows_no_year() -> None:
    empty = Calendar.parse(HEADER)

    assert empty.due(date(2026, 1, 30), 5) == Reckoning(date(2026, 2, 6), provisional=True)
    with pytest.raises(ValueError, match="empty"):
        assert empty.last_published_year


def test_a_table_saved_by_a_spreadsheet_is_read_too() -> None:
    text = "\ufeff" + HEADER.strip() + "\r\n2026-10-01,false,国庆节,国办发明电〔2025〕7号\r\n\r\n"

    assert Calendar.parse(text).days == (
        Day(date(2026, 10, 1), False, "国庆节", "国办发明电〔2025〕7号"),
    )


@pytest.mark.parametrize(
    "row",
    [
        "2026-13-01,false,元旦,甲",
        "2026-01-01,no,元旦,甲",
        "2026-01-01,false,元旦",
        "2026-01-01,false,元旦,甲,乙",
    ],
)
def test_a_line_that_says_something_else_is_named(row: str) -> None:
    with pytest.raises(ValueError, match="line 3 of the calendar"):
        Calendar.parse(HEADER + "2026-10-01,false,国庆节,甲\n" + row + "\n")


@pytest.mark.parametrize("text", ["", "date,name\n", "2026-10-01,false,国庆节,甲\n"])
def test_a_table_without_its_heading_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="first line"):
        Calendar.parse(text)


def test_a_day_named_twice_is_refused() -> None:
    row = "2026-10-01,false,国庆节,甲\n"

    with pytest.raises(ValueError, match="twice"):
        Calendar.parse(HEADER + row + row)
