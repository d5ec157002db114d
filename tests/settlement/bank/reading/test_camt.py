"""camt.053 in both versions: what moves money, and what is refused."""

import pytest

from kernel.money import Money
from settlement.bank.reading import camt
from tests.settlement.bank.reading import samples
from tests.settlement.bank.reading.test_csvs import read, refused
from tests.settlement.money import CUSTODY

IN = ("1000.50", "CRDT", "R1", "货款 DX1")
OUT = ("5.00", "DBIT", "R2", "费")


@pytest.mark.parametrize("version", camt.VERSIONS)
def test_both_versions_say_the_same(version: str) -> None:
    found = read(samples.camt(IN, OUT, version=version, closing="995.50"))

    assert (found.account, found.number, found.sequence) == (CUSTODY, "C053-1", 1)
    assert (found.opening, found.closing, found.form) == (Money(0), Money(99_550), "camt.053")
    came, went = found.lines
    assert (came.amount, came.counterparty_name) == (Money(100_050), "甲公司")
    assert (came.counterparty_account, came.bank_ref) == ("62220000", "R1")
    assert (came.text, came.end_to_end) == ("货款 DX1", "E2E-R1")
    assert went.amount == Money(-500)


def test_what_is_not_booked_moves_nothing() -> None:
    pending = samples.entry("7.00", "CRDT", "R9", "x", status="PDNG")

    assert read(samples.camt(IN, closing="1000.50", more=pending)).lines[0].bank_ref == "R1"


def test_an_overdrawn_balance_is_below_zero() -> None:
    found = read(samples.camt(OUT, opening="-1.00", closing="-6.00"))

    assert (found.opening, found.closing) == (Money(-100), Money(-600))


def test_several_transactions_of_an_entry_are_several_lines() -> None:
    more = samples.details([("1.00", "A"), ("2.50", "NOTPROVIDED")], whole="3.50")

    found = read(samples.camt(closing="3.50", more=more))

    assert [line.amount for line in found.lines] == [Money(100), Money(250)]
    assert [line.bank_ref for line in found.lines] == ["B1/1", "B1/2"]
    assert [line.end_to_end for line in found.lines] == ["A", ""]


def test_the_bank_says_what_is_a_fee_and_what_comes_back() -> None:
    family = "<Fmly><Cd>MDOP</Cd><SubFmlyCd>CHRG</SubFmlyCd></Fmly>"
    fee = f"<BkTxCd><Domn><Cd>PMNT</Cd>{family}</Domn></BkTxCd>"
    back = fee.replace("CHRG", "RRTN").replace("MDOP", "ICDT")
    more = samples.entry("1.00", "DBIT", "F", "x", more=fee)
    more += samples.entry("2.00", "CRDT", "B", "x", more=back)

    found = read(samples.camt(closing="1.00", more=more))

    assert [line.sort for line in found.lines] == ["fee", "return"]


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (samples.BOMB, ["XML"]),
        ("<Document", ["XML"]),
        ("<Document/>", ["FORMAT"]),
        (samples.camt(version="03"), ["FORMAT"]),
        (samples.camt().replace("Stmt>", "Rpt>"), ["FORMAT"]),
        (samples.camt(IN, closing="1000.51"), ["BALANCE"]),
        (samples.camt(("1.005", "CRDT", "R1", "x")), ["AMOUNT"]),
        (samples.camt(("many", "CRDT", "R1", "x")), ["AMOUNT"]),
        (samples.camt(("NaN", "CRDT", "R1", "x")), ["AMOUNT"]),
        (samples.camt(("-1.00", "CRDT", "R1", "x")), ["AMOUNT"]),
        (samples.camt(("0.00", "CRDT", "R1", "x")), ["AMOUNT"]),
        (samples.camt(("1.00", "BOTH", "R1", "x")), ["DIRECTION"]),
        (samples.camt(IN, IN, closing="2001.00"), ["DUPLICATE_BANK_REF"]),
        (samples.camt(more=samples.entry("1.00", "CRDT", "R", "x", on="2026-02-30")), ["DATE"]),
        (samples.camt(more=samples.entry("1.00", "CRDT", "R", "x", on="")), ["DATE"]),
        (samples.camt().replace("<Ccy>CNY", "<Ccy>USD"), ["CURRENCY"]),
        (samples.camt(IN).replace('Ccy="CNY">1000.50', 'Ccy="XXX">1000.50'), ["CURRENCY"]),
        (samples.camt().replace("<Id>C053-1</Id>", ""), ["HEADS"]),
        (samples.camt().replace(f"<Id>{CUSTODY}</Id>", ""), ["HEADS"]),
        (samples.camt().replace("OPBD", "ITBD").replace("CLBD", "ITAV"), ["HEADS", "HEADS"]),
        (samples.camt(more=samples.details([("1", "A"), ("1", "B")], whole="3")), ["DETAILS"]),
        (samples.camt(IN).replace('<Amt Ccy="CNY">1000.50</Amt>', ""), ["AMOUNT"]),
    ],
)
def test_what_is_wrong_is_told(content: str, codes: list[str]) -> None:
    assert refused(content) == codes


def test_everything_that_is_wrong_is_told_at_once_with_the_entry() -> None:
    bad = [("1.005", "CRDT", "R1", "x"), ("1.00", "NONE", "R2", "x"), ("0", "DBIT", "R3", "x")]

    assert refused(samples.camt(*bad)) == ["AMOUNT", "DIRECTION", "AMOUNT"]


def test_a_party_without_an_account_or_a_name_is_just_not_known() -> None:
    bare = samples.details([("1.00", "A")], whole="1.00")

    (line,) = read(samples.camt(closing="1.00", more=bare)).lines

    assert (line.counterparty_name, line.counterparty_account) == ("", "")
