"""Exports of banks by profile, as CSV and as workbooks: what is read, and what is refused."""

import io
import zipfile
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest

from kernel.money import Money
from settlement.bank.reading import tables
from tests.settlement.bank.reading.test_csvs import read, refused
from tests.settlement.money import CUSTODY

TWO = f"""某银行账户明细
账号：,{CUSTODY},币种,CNY
交易日期,流水号,摘要,借方发生额,贷方发生额,余额,对方户名,对方账号
2026-07-01 09:30:00,S1,货款 DX1,,"１,０００．５０",1000.50,演示·保险公司,6222 0000 1
2026-07-01,S2,手续费,5.00,-,995.50,,
合计,,,5.00,1000.50,,,
"""
MARKED = f"""账号,{CUSTODY}
对账单号,2026-7
上期余额,"1,000.00"
本期余额,"1,200.00"
记账日,借贷标志,交易金额,账户余额,币种,对方名称,对方账户,子账号,附言
20260701,贷,100.00,"1,100.00",CNY,甲公司,62220001,{CUSTODY}000001,货款
20260701,来账,100.00,"1,200.00",CNY,甲公司,62220001,{CUSTODY}000001,货款
"""
SIGNED = """Date,Reference,Amount,Balance,Name,Account,Details
2026/07/02,R2,-40.00,60.00,B,2,out
2026/07/01,R1,+100.00,100.00,A,1,in
"""


def test_two_columns_are_read_with_full_width_digits_and_a_footer() -> None:
    found = read(TWO)

    assert (found.account, found.number) == (CUSTODY, "2026-07-01/2026-07-01")
    assert (found.opening, found.closing) == (Money(0), Money(99_550))
    assert [line.amount for line in found.lines] == [Money(100_050), Money(-500)]
    assert found.lines[0].counterparty_account == "622200001"


def test_equal_rows_of_a_gb18030_export_are_both_kept() -> None:
    found = read(MARKED.encode("gb18030"))

    assert (found.number, found.opening, found.closing) == (
        "2026-7",
        Money(100_000),
        Money(120_000),
    )
    assert [line.sub_account for line in found.lines] == [f"{CUSTODY}000001"] * 2
    assert len({line.bank_ref for line in found.lines}) == 2


def test_the_newest_first_is_turned_round() -> None:
    found = read(SIGNED)

    assert found.account == CUSTODY
    assert [line.bank_ref for line in found.lines] == ["R1", "R2"]
    assert (found.opening, found.closing) == (Money(0), Money(6_000))


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (TWO.replace("995.50,,", "995.51,,"), ["BALANCE"]),
        (TWO.replace("5.00,-", "5.005,-"), ["AMOUNT"]),
        (TWO.replace("5.00,-", "5.00,5.00"), ["AMOUNT"]),
        (TWO.replace("5.00,-", "-,-"), ["AMOUNT"]),
        (TWO.replace("币种,CNY", "币种,EUR"), ["CURRENCY"]),
        (TWO.replace("币种,CNY", ""), ["HEADS"]),
        (TWO.replace("2026-07-01,S2", "2026-02-30,S2"), ["DATE"]),
        (TWO.replace("2026-07-01,S2", "01.07.2026,S2"), ["DATE"]),
        (TWO.replace("S2", "S1"), ["DUPLICATE_BANK_REF"]),
        (TWO.replace("995.50,,", "many,,"), ["AMOUNT"]),
        (MARKED.replace("来账", "往来"), ["DIRECTION"]),
        (MARKED.replace("来账,100.00", "来账,-100.00"), ["AMOUNT"]),
        (MARKED.replace("来账,100.00", "来账,0"), ["AMOUNT"]),
        (MARKED.replace('"1,200.00",CNY', '"1,200.00",USD'), ["CURRENCY"]),
        (MARKED.replace('上期余额,"1,000.00"', '上期余额,"9.00"'), ["BALANCE"]),
        (MARKED.replace('上期余额,"1,000.00"', "上期余额,nil"), ["AMOUNT"]),
        (SIGNED.splitlines()[0], ["HEADS"]),
        ("a,b\n1,2\n", ["HEADS"]),
    ],
)
def test_what_does_not_fit_the_profile_is_refused(content: str, codes: list[str]) -> None:
    assert refused(content) == codes


def test_everything_that_is_wrong_is_told_at_once() -> None:
    bad = TWO.replace("2026-07-01,S2", "x,S2").replace("5.00,-", "five,-").replace("CNY", "USD")

    assert refused(bad) == ["CURRENCY", "DATE", "AMOUNT"]


def test_a_profile_that_is_named_must_fit() -> None:
    assert refused(TWO, "signed") == ["COLUMNS"]
    assert read(SIGNED, "signed").closing == Money(6_000)


def test_the_encoding_of_a_profile_is_kept_to() -> None:
    assert refused(MARKED.encode("utf-8") + b"\xff", "direction") == ["ENCODING"]


def workbook(*rows: list[Any]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_workbook_is_read_with_its_own_numbers_and_dates() -> None:
    content = workbook(
        ["账号", CUSTODY, "币种", "CNY"],
        ["交易日期", "流水号", "摘要", "借方发生额", "贷方发生额", "余额", "对方户名", "对方账号"],
        [date(2026, 7, 1), "R1", "款", None, 1234.56, 1234.56, "甲", 62220001],
        [
            datetime.fromisoformat("2026-07-01T09:30:00"),
            "R2",
            "款",
            234.5,
            None,
            1000.06,
            "甲",
            62220001,
        ],
    )

    found = read(content)

    assert [line.amount for line in found.lines] == [Money(123_456), Money(-23_450)]
    assert (found.form, found.closing) == ("xlsx", Money(100_006))


def test_what_is_no_workbook_is_refused() -> None:
    empty = io.BytesIO()
    with zipfile.ZipFile(empty, "w") as packed:
        packed.writestr("x", "y")

    assert refused(b"PK\x03\x04 and nothing") == ["XLSX"]
    assert refused(empty.getvalue()) == ["XLSX"]


def test_a_workbook_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "UNPACKED_MAX", 10)

    assert refused(workbook(["a"])) == ["TOO_LONG"]
