import pytest

from settlement import chart
from settlement.chart import CHART, Book, Guard, Kind


def test_the_chart_is_in_the_order_of_its_codes_and_names_none_twice() -> None:
    listed = [row.code for row in CHART.values()]

    assert listed == sorted(listed, key=lambda code: code[:4])
    assert len(set(listed)) == len(listed) == 40


def test_codes_that_begin_with_nine_are_the_memo_book_and_no_others() -> None:
    memo = {code for code, row in CHART.items() if row.kind.book is Book.MEMO}

    assert memo == {code for code in CHART if code.startswith("9")}


def test_a_guard_stands_on_the_side_on_which_the_account_grows() -> None:
    guarded = [row for row in CHART.values() if row.guard is not Guard.NONE]

    assert guarded
    for row in guarded:
        assert (row.guard is Guard.DEBIT) == row.kind.grows_by_debit, row.code


def test_every_debt_to_a_party_is_guarded_and_the_tax_is_not() -> None:
    owed = {code for code, row in CHART.items() if row.kind is Kind.LIABILITY}

    unguarded = {code for code in owed if CHART[code].guard is Guard.NONE}

    assert unguarded == {"2221.vat"}


def test_every_account_is_named_in_both_languages() -> None:
    for row in CHART.values():
        assert row.name.zh != row.name.en
        assert row.name.zh
        assert row.name.en


def test_an_account_is_found_by_its_code() -> None:
    found = chart.account("2241.escrow")

    assert (found.kind, found.guard, found.owner) == (Kind.LIABILITY, Guard.CREDIT, "order")


def test_a_code_that_the_chart_has_not_is_named() -> None:
    with pytest.raises(LookupError, match=r"2241\.nowhere"):
        chart.account("2241.nowhere")
