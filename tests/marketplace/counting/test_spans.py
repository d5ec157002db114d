from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Invalid
from marketplace.counting import spans

DAYS = st.dates(min_value=date(2003, 1, 1), max_value=date(2900, 12, 31))
ONE_OF_EACH = "DWMQYT"


@pytest.mark.parametrize(
    ("code", "since", "until"),
    [
        ("D2026-07-13", date(2026, 7, 13), date(2026, 7, 13)),
        ("W2026-01", date(2025, 12, 29), date(2026, 1, 4)),
        ("W2026-53", date(2026, 12, 28), date(2027, 1, 3)),
        ("M2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("Q2026-4", date(2026, 10, 1), date(2026, 12, 31)),
        ("Y2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("T2026-07", date(2025, 8, 1), date(2026, 7, 31)),
        ("A", spans.FIRST, spans.LAST),
    ],
)
def test_a_period_has_its_days(code: str, since: date, until: date) -> None:
    found = spans.parse(code)

    assert (found.since, found.until) == (since, until)


@pytest.mark.parametrize(
    "code",
    ["", "2026", "W2025-53", "M2026-13", "M2026-00", "Q2026-5", "D2026-02-30", "Y1999", "AA"],
)
def test_what_is_no_period_is_refused(code: str) -> None:
    with pytest.raises(Invalid):
        spans.parse(code)


@given(DAYS)
def test_a_day_lies_in_each_of_its_periods(day: date) -> None:
    found = [spans.parse(code) for code in spans.codes_of(day)]

    assert len(found) == len({span.code for span in found}) == 18
    assert all(span.since <= day <= span.until for span in found)


@given(DAYS, st.sampled_from(ONE_OF_EACH))
def test_periods_of_a_kind_follow_each_other_without_a_gap(day: date, kind: str) -> None:
    span = spans.of(kind, day)
    before = span.before()

    assert before is not None
    assert before.until == span.since - timedelta(days=1)
    assert before.code < span.code


@given(DAYS, st.sampled_from(ONE_OF_EACH))
def test_the_year_before_is_a_period_of_the_same_kind(day: date, kind: str) -> None:
    span = spans.of(kind, day)
    earlier = span.year_before()

    if earlier is None:
        assert span.code.endswith(("-02-29", "-53"))
    else:
        assert earlier.kind == kind
        assert 357 <= (span.since - earlier.since).days <= 371


def test_before_all_time_there_is_nothing() -> None:
    ever = spans.parse(spans.EVER)

    assert ever.before() is None
    assert ever.year_before() is None
