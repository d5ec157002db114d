"""MT940: read by the library, and checked where the library forgives."""

from datetime import date

import pytest

from kernel.money import Money
from tests.settlement.bank.reading import samples
from tests.settlement.bank.reading.test_csvs import read, refused
from tests.settlement.money import CUSTODY

IN = ":61:2607010701C1000,50NTRFNONREF//B0001"
TOLD = ":86:/NAME/演示·保险公司/ACCT/6222 0000/EREF/E1/SUBA/99/REMI/货款 DX1"
FEE = ":61:260701D5,00NCHGown//B0002"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_statement_is_read(encoding: str) -> None:
    text = samples.mt940(IN, TOLD, FEE, ":86:手续费", closing="C260701CNY995,50")

    found = read(text.encode(encoding))

    assert (found.account, found.number, found.sequence) == (CUSTODY, "STMT12 00012/1", 12) or (
        found.number == "STMT12 12/1"
    )
    assert (found.opening, found.closing, found.form) == (Money(0), Money(99_550), "mt940")
    came, went = found.lines
    assert (came.amount, came.booked_on) == (Money(100_050), date(2026, 7, 1))
    assert (came.counterparty_name, came.counterparty_account) == ("演示·保险公司", "62220000")
    assert (came.text, came.end_to_end, came.sub_account) == ("货款 DX1", "E1", "99")
    assert (went.amount, went.text, went.sort) == (Money(-500), "手续费", "fee")
    assert went.end_to_end == "own"


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (samples.mt940(IN, closing="C260701CNY1000,51"), ["BALANCE"]),
        (samples.mt940(IN.replace("260701", "260231", 1)), ["DATE"]),
        (samples.mt940(IN.replace("1000,50", "1000,505")), ["AMOUNT"]),
        (samples.mt940(IN.replace("1000,50", "12x")), ["AMOUNT"]),
        (samples.mt940(IN.replace("1000,50", "0,00"), closing="C260701CNY0,"), ["AMOUNT"]),
        (samples.mt940(IN, IN, closing="C260701CNY2001,00"), ["DUPLICATE_BANK_REF"]),
        (samples.mt940(IN).replace(":60F:C260701CNY0,\r\n", ""), ["CURRENCY", "HEADS"]),
        (samples.mt940(IN).replace(":62F:", ":64:"), ["HEADS"]),
        (samples.mt940(IN).replace("CNY", "JPY"), ["CURRENCY", "CURRENCY", "CURRENCY"]),
        (samples.mt940(IN).replace(":28C:12/1\r\n", ""), ["HEADS"]),
        (samples.mt940(IN) + "\r\n" + samples.mt940(IN), ["FORMAT"]),
        (samples.mt940(IN, opening="garbage"), ["FORMAT"]),
    ],
)
def test_what_is_wrong_is_told(content: str, codes: list[str]) -> None:
    assert sorted(refused(content)) == sorted(codes)


def test_equal_lines_without_a_reference_are_both_kept() -> None:
    bare = ":61:260701C1,00NTRFNONREF"

    found = read(samples.mt940(bare, bare, closing="C260701CNY2,00"))

    assert len({line.bank_ref for line in found.lines}) == 2
