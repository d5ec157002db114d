import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from kernel import ids
from kernel.money import Money
from settlement import bank_files
from settlement.bank_files import PayoutRow
from tests.conftest import NOON

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BODIES = st.text(ALPHABET, min_size=8, max_size=8)


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


def test_an_account_number_is_shown_by_its_tail() -> None:
    assert bank_files.masked("6217000012341") == "****2341"


# --- payout files


def test_a_payout_file_says_whom_where_how_much_and_under_which_code() -> None:
    row = PayoutRow("PX123", "演示·枫香科技", "62170000", "演示银行", Money(620_800_105))

    (read,) = csv.DictReader(io.StringIO(bank_files.payout_file([row])))

    assert list(read.values()) == [
        "PX123", "演示·枫香科技", "62170000", "演示银行", "6208001.05", "CNY", "PX123",
    ]  # fmt: skip
