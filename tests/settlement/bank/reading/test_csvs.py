"""The exchange's own CSV, and which format a file is."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Invalid
from kernel.money import Money
from settlement.bank.reading import csvs, neutral, reader
from settlement.bank.reading.neutral import StatementFile, StatementRefused
from tests.conftest import RULES
from tests.settlement.money import CUSTODY, csv_of

GOOD = csv_of([("T1", 12_800_001, "演示·保险公司", "货款"), ("T2", -500, "某行", "费")])


def read(content: str | bytes, profile: str = "") -> StatementFile:
    given_bytes = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return reader.read(given_bytes, rules=RULES, account=CUSTODY, profile=profile)


def refused(content: str | bytes, profile: str = "") -> list[str]:
    with pytest.raises(StatementRefused) as told:
        read(content, profile)
    return [refusal.code for refusal in told.value.refusals]


def test_a_statement_is_read() -> None:
    found = read(GOOD)

    assert (found.account, found.number) == (CUSTODY, "2026-001")
    assert (found.opening, found.closing) == (Money(0), Money(12_799_501))
    assert [line.amount for line in found.lines] == [Money(12_800_001), Money(-500)]
    assert found.lines[0].booked_on == date(2026, 7, 1)
    assert found.lines[0].counterparty_account == "6222000000001234"


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

    found = read(text.replace("１，２３４．５", '"１，２３４．５"'))

    assert (found.account, found.closing) == (CUSTODY, Money(123_450))
    assert found.lines[0].booked_on == date(2026, 7, 1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_both_encodings_are_understood(encoding: str) -> None:
    assert csvs.decoded(GOOD.encode(encoding)) == GOOD


def test_bytes_in_no_encoding_are_refused() -> None:
    with pytest.raises(StatementRefused) as told:
        csvs.decoded(b"\xff\xff\xff")

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
        read("\n".join([*lines, *bad]))

    assert [refusal.code for refusal in told.value.refusals] == [
        "DATE", "DATE", "AMOUNT", "AMOUNT", "AMOUNT", "AMOUNT", "BANK_REF", "COLUMNS",
        "DUPLICATE_BANK_REF",
    ]  # fmt: skip
    assert told.value.refusals[0].en == "line 9, booked_on: not a date: 2026-02-30"
    assert told.value.refusals[0].zh.startswith("第 9 行“记账日期”：")


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
        (GOOD.replace("货款", "\ud800"), "ENCODING"),
        (GOOD.replace("货款", "长" * 301), "CHARACTERS"),
        (GOOD + "\r\n".join(f"X{n},2026-07-01,1,,a,1,x" for n in range(5_000)), "TOO_LONG"),
    ],
)
def test_what_is_no_statement_is_refused(text: str, code: str) -> None:
    assert refused(text) == [code]


# --- which format it is, and amounts


def test_a_file_that_is_too_large_is_not_looked_at() -> None:
    assert refused(b" " * (reader.BYTES_MAX + 1)) == ["TOO_LONG"]


def test_a_profile_that_nobody_described_is_refused() -> None:
    with pytest.raises(Invalid):
        read(GOOD, "no_such_bank")


def test_lines_without_a_reference_are_told_apart_by_how_often_they_stand_there() -> None:
    same = neutral.FileLine(1, "", date(2026, 7, 1), Money(100), "甲", "1", "x")
    made = neutral.finished(
        neutral.Problems(),
        StatementFile("1", "7", Money(0), Money(300), (same, same._replace(row=2), same)),
    )

    references = [line.bank_ref for line in made.lines]
    assert len(set(references)) == 3
    assert [reference[-2:] for reference in references] == ["-1", "-2", "-3"]
    assert len({reference[:-2] for reference in references}) == 1


@given(st.integers(0, 10**14 - 1))
def test_every_amount_is_read_as_it_is_written(minor: int) -> None:
    yuan, rest = divmod(minor, 100)

    assert neutral.fen(f"{yuan}.{rest:02}") == minor
    assert neutral.fen(f"{yuan:,}.{rest:02}") == minor
    assert neutral.signed_fen(f"-{yuan}.{rest:02}") == -minor


@given(st.text("0123456789.,-+ ", max_size=12))
def test_what_is_read_as_an_amount_is_one(text: str) -> None:
    minor = neutral.fen(text)

    if minor is not None:
        plain = text.replace(",", "")
        assert minor == round(float(plain) * 100)
        assert len(plain.partition(".")[2]) <= 2


@pytest.mark.parametrize("text", ["", "1.005", "1,00", ",1", "--1", "+-1", "1e5", "１", "1.2.3"])
def test_what_is_no_amount_is_none(text: str) -> None:
    assert neutral.fen(text) is None
    assert neutral.signed_fen(text) is None
