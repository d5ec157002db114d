"""What is written to the bank and comes back from it: reference codes, names, payout lists.

Pure text; nothing here knows an order or a database. `settlement.bank.reading` reads what
banks write.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable
from typing import Final, NamedTuple

from kernel.money import Money

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
_BODY: Final = 8
_MISREAD: Final = str.maketrans("OIL", "011")

_PAYOUT_COLUMNS: Final = ("付款编号", "收款户名", "收款账号", "开户行", "金额", "币种", "附言")


class PayoutRow(NamedTuple):
    """One payment that the bank is asked to make."""

    reference: str
    account_name: str
    account_number: str
    bank_name: str
    amount: Money


# --- reference codes --------------------------------------------------------------------


def code(prefix: str, record_id: str) -> str:
    """Return the code of a record for the text of a transfer (附言): "DX", 8 characters, a check.

    record_id: ends with a ULID, whose last eight characters (40 random bits) are taken.
    """
    body = record_id[-_BODY:]
    return f"{prefix}{body}{_check(body)}"


def codes(prefix: str, text: str) -> list[str]:
    """Return the different codes of `prefix` that stand in `text`, in order.

    Found after stripping spaces, marks, full width and case; O, I and L are read as 0, 1
    and 1. A code whose check character is wrong is not one.
    """
    plain = squeezed(text)
    found = re.findall(f"(?={prefix}([0-9A-Z]{{{_BODY + 1}}}))", plain)
    read = [rest.translate(_MISREAD) for rest in found]
    right = [rest for rest in read if "U" not in rest and _check(rest[:-1]) == rest[-1]]
    return list(dict.fromkeys(prefix + rest for rest in right))


def squeezed(text: str) -> str:
    """Return the letters and digits of `text`, upper case, full width made half."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).upper() if c.isalnum())


def same_name(one: str, other: str) -> bool:
    """Tell whether two account names are the same but for spaces, marks, width and case."""
    return squeezed(one) == squeezed(other) != ""


def masked(number: str) -> str:
    """Return an account number as it may be shown: its last four characters."""
    return f"****{number[-4:]}"


def _check(body: str) -> str:
    # ISO 7064's hybrid scheme, over 32 characters: every single wrong one is found.
    product = 32
    for character in body:
        product = (product + _ALPHABET.index(character)) % 32 or 32
        product = product * 2 % 33
    return _ALPHABET[(33 - product) % 32]


def account_number(text: str) -> str:
    """Return an account number without the spaces and hyphens that people put into it."""
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()


# --- payout files -----------------------------------------------------------------------


def yuan(amount: Money) -> str:
    """Return an amount, zero or more, in yuan with two decimals: "62080.01"."""
    return f"{amount.minor // 100}.{amount.minor % 100:02}"


def payout_file(rows: Iterable[PayoutRow]) -> str:
    """Return the CSV that is handed to the bank; each reference stands in its text as well."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_PAYOUT_COLUMNS)
    for reference, name, number, bank, amount in rows:
        writer.writerow([reference, name, number, bank, yuan(amount), amount.currency, reference])
    return out.getvalue()
