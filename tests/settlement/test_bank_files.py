import csv
import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import ids
from kernel.money import Money
from settlement import bank_files
from settlement.bank_files import PayoutRow, StatementRefused
from tests.conftest import NOON
from tests.settlement.money import CUSTODY, csv_of

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BODIES = st.text(ALPHABET, min_size=8, max_size=8)
GOOD = csv_of([("T1", 12_800_001, "演示·保险公司", "货款"), ("T2", -500, "某行", "费")])


def refused(text: str) -> list[str]:
    with pytest.raises(StatementRefused) as told:
        bank_files.read_statement(text)
    return [refusal.code for refusal in told.value.refusals]


# --- reference codes


def test_a_code_is_found_however_it_was_typed() -> None:
    code = bank_files.code("DX", ids.new("pay_", NOON))
    typed = f"货款 {code[:2].lower()}－{code[2:6]} {code[6:].lower()}，谢谢"

    found = bank_files.codes("DX", typed)

    assert found == [code]


def test_full_width_letters_and_misread_ones_are_understood() -> None:
    code = bank_files.code("DX", "pay_00001110")
    misread = code.replace("0", "O").replace("1", "l")
    wide = "".join(chr(ord(c) + 0xFEE0) for c in misread)

    assert bank_files.codes("DX", f"款{wide}") == [code]


def test_a_code_stands_once_however_often_it_is_written() -> None:
    one, other = bank_files.code("DX", "pay_AAAAAAAA"), bank_files.code("DX", "pay_BBBBBBBB")

    assert bank_files.codes("DX", f"{one} {other} {one}") == [one, other]
    assert bank_files.codes("PX", f"{one} {other}") == []


@given(body=BODIES, place=st.integers(0, 8), wrong=st.sampled_from(ALPHABET))
def test_one_wrong_character_makes_it_no_code(body: str, place: int, wrong: str) -> None:
    code = bank_files.code("DX", body)
    typed = code[: place + 2] + wrong + code[place + 3 :]

    assert bank_files.codes("DX", typed) == ([code] if typed == code else [])


def test_a_letter_outside_the_alphabet_makes_it_no_code() -> None:
    assert bank_files.codes("DX", "DXUUUUUUUUU") == []


def test_names_are_compared_without_marks_and_width() -> None:
    assert bank_files.same_name("演示·保险公司（湖南）", " 演示保险公司(湖南) ")
    assert not bank_files.same_name("演示·保险公司", "演示·保险")
    assert not bank_files.same_name("·", "…")


# --- statements


def test_a_statement_is_read() -> None:
    read = bank_files.read_statement(GOOD)

    assert (read.account, read.number) == (CUSTODY, "2026-001")
    assert (read.opening, read.closing) == (Money(0), Money(12_799_501))
    assert [line.amount for line in read.lines] == [Money(12_800_001), Money(-500)]
    assert read.lines[0].booked_on == date(2026, 7, 1)
    assert read.lines[0].counterparty_account == "****1234"


def test_english_titles_other_orders_and_other_ways_to_write_are_read() -> None:
    text = "\n".join(
        [
            "\ufeffcurrency,cny",
            "Closing,1234.5,,",
            "number,7",
            "opening,0",
            "account,43 0000-0000000001",
            "",
            "text,bank_ref,debit,credit,booked_on,counterparty_account,counterparty_name",
            "a,R1,0,１，２３４．５,20260701,,x",
        ]
    )

    read = bank_files.read_statement(text.replace("１，２３４．５", '"１，２３４．５"'))

    assert (read.account, read.closing) == (CUSTODY, Money(123_450))
    assert read.lines[0].booked_on == date(2026, 7, 1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_both_encodings_are_understood(encoding: str) -> None:
    assert bank_files.decoded(GOOD.encode(encoding)) == GOOD


def test_bytes_in_no_encoding_are_refused() -> None:
    with pytest.raises(StatementRefused) as told:
        bank_files.decoded(b"\xff\xff\xff")

    assert [refusal.code for refusal in told.value.refusals] == ["ENCODING"]


def test_every_bad_line_is_told_and_nothing_is_taken() -> None:
    lines = GOOD.splitlines()
    bad = [
        "T3,2026-02-30,1.00,,a,1,x",
        "T4,01.07.2026,1.00,,a,1,x",
        "T5,2026-07-01,1.00,1.00,a,1,x",
        "T6,2026-07-01,,,a,1,x",
        "T7,2026-07-01,-1.00,,a,1,x",
        "T8,2026-07-01,1.005,,a,1,x",
        ",2026-07-01,1.00,,a,1,x",
        "T9,2026-07-01,1.00,,a,1",
        "T1,2026-07-01,1.00,,a,1,x",
    ]

    with pytest.raises(StatementRefused) as told:
        bank_files.read_statement("\n".join([*lines, *bad]))

    assert [refusal.code for refusal in told.value.refusals] == [
        "DATE", "DATE", "AMOUNT", "AMOUNT", "AMOUNT", "AMOUNT", "BANK_REF", "COLUMNS",
        "DUPLICATE_BANK_REF",
    ]  # fmt: skip
    assert told.value.refusals[0].en == "line 9: not a date: 2026-02-30"
    assert told.value.refusals[0].zh.startswith("第 9 行：")


def test_a_balance_that_does_not_add_up_is_refused() -> None:
    assert refused(GOOD.replace("期末余额,127995.01", "期末余额,127995.02")) == ["BALANCE"]


def test_a_balance_that_is_none_is_refused() -> None:
    assert refused(GOOD.replace("期初余额,0.00", "期初余额,nil")) == ["AMOUNT"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "HEADS"),
        ("账号,1\n", "HEADS"),
        ("\n".join(GOOD.splitlines()[:5]), "HEADS"),
        (GOOD.replace("币种,CNY", "币种,USD"), "CURRENCY"),
        (GOOD.replace("币种,CNY", "币种,"), "HEADS"),
        (GOOD.replace("币种,CNY", "币种,CNY,USD"), "HEADS"),
        (GOOD.replace("附言\r\n", "备注\r\n"), "COLUMNS"),
        (GOOD.replace("货款", '"货款'), "CSV"),
        (GOOD.replace("货款", "货\x00款"), "CHARACTERS"),
        (GOOD.replace("货款", "\ud800"), "CHARACTERS"),
        (GOOD.replace("货款", "长" * 301), "CHARACTERS"),
        (GOOD + "\r\n".join(f"X{n},2026-07-01,1,,a,1,x" for n in range(5_000)), "TOO_LONG"),
    ],
)
def test_what_is_no_statement_is_refused(text: str, code: str) -> None:
    assert refused(text) == [code]


def test_an_account_number_is_shown_by_its_tail() -> None:
    assert bank_files.masked("6217000012341") == "****2341"


# --- payout files


def test_a_payout_file_says_whom_where_how_much_and_under_which_code() -> None:
    row = PayoutRow("PX123", "演示·枫香科技", "62170000", "演示银行", Money(620_800_105))

    (read,) = csv.DictReader(io.StringIO(bank_files.payout_file([row])))

    assert list(read.values()) == [
        "PX123", "演示·枫香科技", "62170000", "演示银行", "6208001.05", "CNY", "PX123",
    ]  # fmt: skip
